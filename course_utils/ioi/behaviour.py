"""What the model does: the logit difference, the probability of the answer, and whether it is right.

1. `logit_diff` – of the indirect object (IO) and the subject (S), at the last token of each prompt.
2. `behaviour` – that, the probability of IO and the share of right answers, per prompt.
3. `asked` – a `patching.Question` about such prompts, with the positions of their roles.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course_utils import patching
from course_utils.intervals import mean_interval
from course_utils.ioi.prompts import Prompts, corrupt


def logit_diff(
    logits: Float[Tensor, "batch pos d_vocab"],
    end: Int[Tensor, "batch"],
    right: Int[Tensor, "batch"],
    wrong: Int[Tensor, "batch"],
) -> Float[Tensor, "batch"]:
    """Logit of the right name minus logit of the wrong one, at position `end` of each prompt."""
    rows = torch.arange(len(logits), device=logits.device)
    return logits[rows, end, right] - logits[rows, end, wrong]


@dataclass(frozen=True, repr=False)
class Behaviour:
    """Per prompt: the logit difference, the probability of the right name, and whether it ranks first of all tokens."""

    logit_diff: Float[Tensor, "batch"]
    probability: Float[Tensor, "batch"]
    right: Bool[Tensor, "batch"]

    def entries(self) -> dict[str, tuple[float, float, float]]:
        """Mean and 95 % bootstrap interval over prompts, by column."""
        return {
            "logit difference": mean_interval(self.logit_diff),
            "P(IO)": mean_interval(self.probability),
            "IO above S": mean_interval((self.logit_diff > 0).float()),
            "IO above all": mean_interval(self.right.float()),
        }

    def rows(self) -> dict[str, dict[str, tuple[float, float, float]]]:
        """One row, for `page.table`."""
        return {f"{len(self.right)} prompts": self.entries()}

    def __repr__(self) -> str:
        return ", ".join(f"{name} {value:.3g} ({a:.3g} to {b:.3g})" for name, (value, a, b) in self.entries().items())


@torch.no_grad()
def behaviour(model: Any, prompts: Prompts) -> Behaviour:
    """What the model says after these prompts. (ValueError where they have no right answer.)"""
    logits, end = model(prompts.tokens), prompts.positions["END"]
    rows = torch.arange(len(prompts))
    return Behaviour(
        logit_diff(logits, end, prompts.answer, prompts.wrong),
        logits[rows, end].softmax(-1)[rows, prompts.answer],
        logits[rows, end].argmax(-1) == prompts.answer,
    )


def roles(prompts: Prompts) -> dict[str, Int[Tensor, "batch"]]:
    """The positions that have a name here: IO, S1, S2, END, the ones just after the three names, and before S2."""
    at = prompts.positions
    after = {f"after {role}": at[role] + 1 for role in ("IO", "S1", "S2")}
    return at | after | {"before S2": at["S2"] - 1}


def asked(
    model: Any,
    clean: Prompts,
    family: str = "flip",
    seed: int = 0,
    *,
    ablation: str = "resample",
    direction: str | None = None,
    metric: patching.Metric | None = None,
) -> patching.Question:
    """A question about these prompts: what changes if parts of the run come from prompts with other names?

    Args:
        family: of `corrupt`; with ablation="mean" the mean is taken over the corrupted prompts.
        seed: of the corruption.
        ablation, direction: as in `patching.Question`.
        metric: what is read; the logit difference of IO and S at END unless stated.
    """
    other = corrupt(clean, family, torch.Generator().manual_seed(seed)).tokens
    metric = metric or patching.logit_diff(clean.answer, clean.wrong, clean.positions["END"])
    how: dict[str, Any] = {"metric": metric, "positions": roles(clean), "ablation": ablation}
    if ablation == "resample":
        return patching.Question(model, clean.tokens, other, direction=direction, **how)
    return patching.Question(model, clean.tokens, reference=other if ablation == "mean" else None, **how)
