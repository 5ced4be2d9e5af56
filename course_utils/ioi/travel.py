"""The example on its way through the circuit, by who gives, each frame with what was measured on this very prompt.

1. `score_parts` – what one head's message adds to another head's scores.
2. `travelled` – one run of a prompt: attention of layer 0, the scores of a mover with and without the message of
   0.2, and the logits in the end.
3. `travel_drawn` – a column of two frames for each giver: the giver is read, then the other note, whose name is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_utils import plots
from course_utils.page.draw.sheet import NORMAL, SMALL, WIDE, Picture, Sheet, darker, sheet, width_of

EXAMPLE = "When Mary and John went to the store, John gave a book to"
OTHER = EXAMPLE.replace(", John", ", Mary")
MARY, AND, JOHN, COMMA, GIVER = 2, 3, 4, 9, 10  # positions, the starting token being 0
XS = (0.38, 0.92, 1.46, 1.95, 2.45, 3.18)  # inches from a frame's left edge
FRAME = (WIDE / 2, 2.62)
UPPER = 1.94  # inches: the height of the upper two frames
NOTES, MOVER, TOP = 0.98, 1.5, 1.84  # inches from a frame's lower edge
NOTE_INK = darker(plots.NOTE, 0.8)


@dataclass(frozen=True)
class Travel:
    """What was measured on one prompt; pairs are of (Mary, John), or of (the note at “and”, that at the comma).

    noted: attention of layer 0's heads, averaged: from “and” to Mary, and from the comma to John and to Mary.
    giver: attention of 0.2 from END to S2.
    before, message: the mover's score of each note without the message of 0.2, and what the message adds.
    looks: the mover's attention to the notes. logits: in the end.
    """

    noted: tuple[float, float, float]
    giver: float
    before: tuple[float, float]
    message: tuple[float, float]
    looks: tuple[float, float]
    logits: tuple[float, float]

    @property
    def scores(self) -> tuple[float, float]:
        """The mover's scores as they are: before the message, and what it adds."""
        return self.before[0] + self.message[0], self.before[1] + self.message[1]


@torch.no_grad()
def score_parts(
    model: Any,
    tokens: Int[Tensor, "batch pos"],
    sender: tuple[int, int],
    reader: tuple[int, int],
    places: Sequence[int],
) -> tuple[Float[Tensor, "batch place"], Float[Tensor, "batch place"]]:
    """The scores that a head gives to places from the last token, as what the message of another head adds to them, and
    what they are before it. The scale of the reader's norm is held.

    Args:
        sender: (layer, head), of a layer below the reader's.
    """
    _, cache = model.run_with_cache(tokens)
    layer, head = reader
    written = cache["z", sender[0]][:, -1, sender[1]] @ model.W_O[sender]
    scale = cache[f"blocks.{layer}.ln1.hook_scale"][:, -1]
    read = (written - written.mean(-1, keepdim=True)) / scale * model.blocks[layer].ln1.weight
    keys = cache["k", layer][:, places, head]
    message = torch.einsum("be,bpe->bp", read @ model.W_Q[layer, head], keys) / model.cfg.d_head**0.5
    return message, cache[f"blocks.{layer}.attn.hook_attn_scores"][:, head, -1, places] - message


@torch.no_grad()
def travelled(model: Any, text: str = EXAMPLE) -> Travel:
    """Measure the example, or `OTHER`, in which Mary gives: the message of head 0.2, and the mover 1.2."""
    say, sender, mover = model.tokenizer, (0, 2), (1, 2)
    tokens = torch.tensor([[say.bos_token_id, *say.encode(text, add_special_tokens=False)]])
    logits, cache = model.run_with_cache(tokens)
    message, before = score_parts(model, tokens, sender, mover, (AND, COMMA))
    first = cache["pattern", 0][0].mean(0)
    looks = cache["pattern", mover[0]][0, mover[1], -1, [AND, COMMA]]
    names = [say.encode(f" {name}", add_special_tokens=False)[0] for name in ("Mary", "John")]
    return Travel(
        (float(first[AND, MARY]), float(first[COMMA, JOHN]), float(first[COMMA, MARY])),
        float(cache["pattern", sender[0]][0, sender[1], -1, GIVER]),
        *(tuple(pair.tolist()) for pair in (before[0], message[0], looks, logits[0, -1, names])),
    )


def travel_drawn(columns: Mapping[str, Travel]) -> Picture:
    """Two frames for each giver, Mary or John, the earlier one above."""
    page = sheet(FRAME[1] + UPPER)
    for column, (giver, found) in enumerate(columns.items()):
        left, answer = FRAME[0] * column, "John" if giver == "Mary" else "Mary"
        _frame(page, left, FRAME[1], f"{giver} gives: head 0.2 reads it", UPPER, giver, ())
        _notes(page, left, FRAME[1], found.noted if not column else None)
        _giver(page, left, FRAME[1], found.giver)
        _frame(page, left, 0.0, f"Mover 1.2: the answer is {answer}", FRAME[1], giver, (1, 3))
        _notes(page, left, 0.0, None)
        _scores(page, left, 0.0, found)
        _said(page, left, found, answer)
    page.line([(FRAME[0], 0.1), (FRAME[0], page.height - 0.1)], colour="#DDDDDD", behind=True)
    page.line([(0.1, FRAME[1]), (WIDE - 0.1, FRAME[1])], colour="#DDDDDD", behind=True)
    return page.picture(
        "Two columns of two frames. Left, John gives: 0.2 reads John at the last word, the mover reads Mary's note, "
        "and Mary is said. Right, Mary gives: the mover reads the note at the comma, and John is said."
    )


def _frame(page: Sheet, left: float, low: float, title: str, high: float, giver: str, hidden: Sequence[int]) -> None:
    """Title, words and streams of a frame; the streams of `hidden` columns make room for numbers."""
    page.text((left + 0.14, low + high - 0.2), title, side="left", size=NORMAL, bold=True, halo=False)
    for i, (x, word) in enumerate(zip(XS, ("Mary", "and", "John", ",", giver, "to"), strict=True)):
        if i not in hidden:
            page.stream(left + x, low + 0.42, low + (min(TOP, high - 0.45) if i == 5 else NOTES))
        page.box((left + x, low + 0.26), "", fill=plots.TOKEN, width=max(0.36, width_of(word, SMALL)), height=0.32)
        page.text((left + x, low + 0.215), word, size=SMALL, bold=len(word) == 4, up="baseline", halo=False)


def _notes(page: Sheet, left: float, low: float, noted: tuple[float, float, float] | None) -> None:
    """The two notes; with the arrows and the attention by which they were written where it is given."""
    for name, note, text in ((0, 1, "Mary"), (2, 3, "John")):
        page.box((left + XS[note], low + NOTES), text, fill=plots.NOTE, width=0.5, height=0.3, size=SMALL)
        if noted:
            page.arrow((left + XS[name], low + 0.44), (left + XS[note] - 0.04, low + NOTES - 0.18),
                       colour=NOTE_INK, bend=-0.25, thick=2.2)  # fmt: skip
    if noted:
        page.arrow((left + XS[0], low + 0.44), (left + XS[3] - 0.1, low + NOTES + 0.18), colour=NOTE_INK, bend=-0.62,
                   thick=1.1)  # fmt: skip
        spots = ((XS[1] + 0.06, -0.31), (XS[3] + 0.09, -0.31), (XS[1] + 0.1, 0.5))
        for (x, up), share in zip(spots, noted, strict=True):
            page.text((left + x, low + NOTES + up), f"{share:.2f}", size=SMALL, colour=NOTE_INK, bold=True)


def _giver(page: Sheet, left: float, low: float, share: float) -> None:
    page.arrow((left + XS[4], low + 0.44), (left + XS[5] - 0.24, low + NOTES - 0.04), colour=plots.HEAD, thick=2.6)
    page.text((left + XS[4] + 0.45, low + 0.6), f"{share:.2f}", size=SMALL, colour=plots.HEAD, bold=True)
    page.box((left + XS[5], low + NOTES), "0.2", fill=plots.HEAD, width=0.42, height=0.3, size=SMALL)


def _scores(page: Sheet, left: float, low: float, found: Travel) -> None:
    """The message, the mover, what it looks at, and how each score comes about."""
    x, y = left + XS[5], low + MOVER
    page.arrow((x, low + NOTES + 0.16), (x, y - 0.17), thick=2.6)
    page.box((x, low + NOTES), "0.2", fill=plots.HEAD, width=0.42, height=0.3, size=SMALL)
    page.box((x, y), "1.2", fill=plots.HEAD, width=0.42, height=0.3, size=SMALL)
    for note, share in zip((1, 3), found.looks, strict=True):
        start = (left + XS[note], low + NOTES + 0.17)
        page.arrow(start, (x - 0.24, y), colour=plots.HEAD, bend=-0.12, thick=0.9 + 3.0 * share)
    for note, before, change, score in zip((1, 3), found.before, found.message, found.scores, strict=True):
        sign = "−" if change < 0 else "+"
        page.text((left + XS[note] - 0.02, low + NOTES - 0.27), f"{score:.1f} =", size=SMALL, bold=True)
        page.text((left + XS[note] - 0.02, low + NOTES - 0.43), f"{before:.1f} {sign} {abs(change):.1f}", size=SMALL)


def _said(page: Sheet, left: float, found: Travel, answer: str) -> None:
    page.arrow((left + XS[5], MOVER + 0.16), (left + XS[5], TOP + 0.04), thick=2.6)
    page.box((left + XS[5] - 0.02, TOP + 0.2), answer, fill=plots.ANSWER, width=0.62, height=0.32, size=SMALL)
    for k, name in enumerate(("Mary", "John")):
        at = (left + 1.4, TOP + 0.23 - 0.19 * k)
        page.text(at, f"logit of {name} {found.logits[k]:.1f}", size=SMALL, bold=name == answer)
