"""A circuit as a value: parts at positions, and arrows whose weight is measured by path patching; and its drawing.

1. A `Part` is some heads at one position; an `Arrow` is what one part tells another through one of its inputs.
2. `measured_arrow` patches one path, MLPs on the way recomputed, and keeps the effect with its interval;
   `measured_diagram` does so for several.
3. `Diagram` holds the arrows, shows them as a table, and draws them: layers upwards, positions across.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from course_utils import patching, plots
from course_utils.page.draw.sheet import NORMAL, SMALL, WIDE, Picture, darker, sheet

INPUTS = {"q": "queries", "k": "keys", "v": "values", "": ""}
STEP = 0.95  # inches from one row of parts to the next


@dataclass(frozen=True)
class Part:
    """Heads that do the same thing at one position. `heads` is ("embed",) for the tokens, empty for the logits."""

    name: str
    heads: tuple[str, ...]
    at: str


LOGITS = Part("logits", (), "END")


@dataclass(frozen=True)
class Arrow:
    """What `sender` tells `receiver` through the input `reads` ("q", "k", "v", or "" of the logits).

    effect: change of the metric when the message is another prompt's, with a 95 % interval over prompts: (mean, low,
    high), as a share of the metric's clean mean.
    """

    sender: Part
    receiver: Part
    reads: str
    effect: tuple[float, float, float]

    @property
    def name(self) -> str:
        return f"{self.sender.name} → {self.receiver.name}" + (f", {INPUTS[self.reads]}" if self.reads else "")


def measured_arrow(ask: patching.Question, sender: Part, receiver: Part, reads: str = "") -> Arrow:
    """The arrow from one part to another, measured by path patching.

    Raises:
        ValueError: no input is named for a receiver of heads, or one is named for the logits.
    """
    if bool(receiver.heads) != bool(reads):
        raise ValueError("heads are read by one of their inputs, q, k or v; the logits have none")
    receivers = [f"{head}.{reads}" for head in receiver.heads] or "logits"
    found = ask.path_patch([list(sender.heads)], receivers, mlps="recomputed", positions=sender.at)
    low, high = found.interval("effect")
    clean = float(found.clean.mean())
    return Arrow(sender, receiver, reads, tuple(float(x) / clean for x in (found.effect()[0], low[0], high[0])))


def measured_diagram(
    groups: Mapping[str, tuple[patching.Question, Sequence[tuple[Part, Part, str]]]],
) -> Diagram:
    """Every arrow (sender, receiver, input) of each group, measured by the group's question."""
    return Diagram({by: [measured_arrow(ask, *ends) for ends in wanted] for by, (ask, wanted) in groups.items()})


@dataclass(frozen=True, repr=False)
class Diagram:
    """Measured arrows. `by` says what was exchanged ("S2 exchanged", "other names") for each group of them."""

    arrows: Mapping[str, Sequence[Arrow]]

    @property
    def parts(self) -> list[Part]:
        """All parts, in the order in which they are first named."""
        ends = [end for group in self.arrows.values() for arrow in group for end in (arrow.sender, arrow.receiver)]
        return list(dict.fromkeys(ends))

    def effect(self, name: str) -> float:
        """The mean effect of the arrow of that name.

        Raises:
            KeyError: there is none.
        """
        return {arrow.name: arrow.effect[0] for group in self.arrows.values() for arrow in group}[name]

    def rows(self) -> list[dict]:
        """For `page.table`: a row for each arrow."""
        return [
            {"message": arrow.name, "said at": arrow.sender.at, "changed": by, "effect": arrow.effect}
            for by, group in self.arrows.items()
            for arrow in group
        ]

    def __repr__(self) -> str:
        return "\n".join(f"{row['message']}: {row['effect'][0]:+.2f} ({row['changed']})" for row in self.rows())

    def draw(
        self, columns: Sequence[str], place: Mapping[str, tuple[float, float]], words: Mapping[str, str]
    ) -> Picture:
        """The drawing; arrows of the first group are black, the others grey.

        Args:
            columns: the words along the bottom.
            place: of each part, its column (0 and up, fractions allowed) and its row (0 and up).
            words: what is written under a part's name.

        Raises:
            KeyError: a part without a place.
        """
        rows = max(row for _, row in place.values())
        page = sheet(1.45 + STEP * rows + 0.35)
        spacing = (WIDE - 0.5) / len(columns)
        at = {name: (0.25 + spacing * (c + 0.5), 1.35 + STEP * r) for name, (c, r) in place.items()}
        for i, word in enumerate(columns):
            page.box((0.25 + spacing * (i + 0.5), 0.28), word, fill=plots.TOKEN, width=spacing - 0.08, size=SMALL)
        for by, group in self.arrows.items():
            for arrow in group:
                self._line(page, at, arrow, first=by == next(iter(self.arrows)))
        for part in self.parts:
            if part.heads != ("embed",):
                fill = plots.HEAD if part.heads else plots.ANSWER
                label = "\n".join(filter(None, (part.name, words.get(part.name, ""))))
                page.box(at[part.name], label, fill=fill, edge=darker(fill), width=1.45, height=0.5, size=SMALL)
        return page.picture(
            f"The measured circuit: {len(self.parts)} parts, from the tokens at the bottom to the logits at the top.",
            "The circuit as it was measured. At each arrow stands the change of the logit difference, as a share of "
            "its clean value, when this message alone is another prompt's.",
        )

    def _line(self, page: object, at: Mapping[str, tuple[float, float]], arrow: Arrow, first: bool) -> None:
        (x0, y0), (x1, y1) = at[arrow.sender.name], at[arrow.receiver.name]
        up = 0.0 if arrow.sender.heads == ("embed",) else 0.26
        strong = max(0.9, min(4.0, 4 * abs(arrow.effect[0])))
        start, end = (x0, y0 + up), (x1 + 0.35 * _sign(x0 - x1), y1 - 0.28)
        page.arrow(start, end, thick=strong, colour=plots.INK if first else plots.GREY)
        share = 0.72 if arrow.reads == "q" else 0.5
        middle = (start[0] + share * (end[0] - start[0]), start[1] + share * (end[1] - start[1]))
        label = f"{arrow.effect[0]:+.2f}" + (f" {arrow.reads.upper()}" if arrow.reads else "")
        page.text(middle, label.replace("-", "−"), size=NORMAL - 1.5)


def _sign(x: float) -> float:
    return float((x > 0.3) - (x < -0.3))
