"""GPT-2 small's published figures (Wang et al. 2022), each beside what is measured here, where its weights are.

1. `CLASSES` – the 26 heads in seven classes, with the position at which each class works.
2. `ROWS` – a figure of the paper, how near a measurement on our prompts is expected, and how it is measured.
3. `paper_rows` – the table's rows; without a model the measured column says that it is empty.

The paper's prompts are of 15 sentences and more than 100 000 in number; ours are of one sentence, so that the widths
in `within` are wider than sampling alone would make them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from course_utils import patching
from course_utils.ioi.behaviour import asked, behaviour
from course_utils.ioi.prompts import TEMPLATES, Prompts, make_ioi_batch
from course_utils.ioi.readings import copying_score, looks, read_and_written
from course_utils.patching import Circuit

MOVERS = ("9.9", "10.0", "9.6")
CLASSES: dict[str, tuple[tuple[str, ...], str]] = {
    "name movers": (MOVERS, "END"),
    "backup name movers": (("10.10", "10.6", "10.2", "10.1", "11.2", "9.7", "9.0", "11.9"), "END"),
    "negative name movers": (("10.7", "11.10"), "END"),
    "S-inhibition": (("7.3", "7.9", "8.6", "8.10"), "END"),
    "induction": (("5.5", "5.8", "5.9", "6.9"), "S2"),
    "duplicate token": (("0.1", "0.10", "3.0"), "S2"),
    "previous token": (("2.2", "4.11"), "after S1"),
}
EMPTY = "empty: no weights here"


@dataclass(frozen=True)
class Row:
    """A figure of the paper, the width within which it is expected, and its measurement."""

    figure: str
    paper: float
    within: float
    measure: Callable[[Any, Prompts], float]


def circuit_kept(model: Any, prompts: Prompts) -> float:
    """Faithfulness of the published circuit, each class at its position, the mean over ABC prompts elsewhere."""
    ask = asked(model, prompts, "ABC", ablation="mean")
    at = {head: place for heads, place in CLASSES.values() for head in heads}
    return ask.faithfulness(Circuit.nodes(list(at)) | Circuit.mlps(model), at=at).recovered


def lost_without_movers(model: Any, prompts: Prompts) -> float:
    """The share of the logit difference that goes when the three name movers are set to their means."""
    ask = asked(model, prompts, "ABC", ablation="mean")
    whole = Circuit.whole(model)
    with_all, without = ask.run([whole, whole - Circuit.nodes(list(MOVERS))]).mean(-1).tolist()
    return 1 - without / with_all


def _mean_look(model: Any, prompts: Prompts, heads: tuple[str, ...], place: str) -> float:
    return sum(looks(model, prompts, patching.head(head))[place] for head in heads) / len(heads)


def _copying(model: Any, prompts: Prompts) -> float:
    names = prompts.layout.names
    written = [read_and_written(model, names, *patching.head(head)) for head in MOVERS]
    return sum(float(copying_score(one, 5)) for one in written) / len(written)


ROWS = (
    Row("logit difference", 3.56, 0.5, lambda model, p: float(behaviour(model, p).logit_diff.mean())),
    Row("share with IO above S", 0.993, 0.02, lambda model, p: behaviour(model, p).entries()["IO above S"][0]),
    Row("P(IO)", 0.49, 0.1, lambda model, p: float(behaviour(model, p).probability.mean())),
    Row("attention of the name movers, END to IO", 0.59, 0.1, lambda model, p: _mean_look(model, p, MOVERS, "IO")),
    Row("attention of S-inhibition heads, END to S2", 0.51, 0.1,
        lambda model, p: _mean_look(model, p, CLASSES["S-inhibition"][0], "S2")),
    Row("copy score of the name movers", 0.95, 0.05, _copying),
    Row("faithfulness of the circuit", 0.87, 0.1, circuit_kept),
    Row("lost without the three name movers", 0.05, 0.05, lost_without_movers),
)  # fmt: skip


def paper_rows(model: Any | None, n: int = 64) -> list[dict[str, Any]]:
    """For `page.table`: paper, measured, within, and whether they agree. model: GPT-2 small, or None."""
    if model is None:
        return [
            {"figure": row.figure, "paper": f"{row.paper:g}", "measured": EMPTY, "within": f"{row.within:g}"}
            for row in ROWS
        ]
    prompts = make_ioi_batch(model.tokenizer, n, torch.Generator().manual_seed(0), TEMPLATES[:1])
    return [
        {"figure": row.figure, "paper": f"{row.paper:g}", "measured": f"{row.measure(model, prompts):.3g}",
         "within": f"{row.within:g}"}
        for row in ROWS
    ]  # fmt: skip
