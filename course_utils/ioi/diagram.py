"""A circuit as a value: parts at positions, and arrows whose weight is measured by path patching.

1. A `Part` is some heads at one position; an `Arrow` is what one part tells another through one of its inputs.
2. `measured_arrow` patches one path, MLPs on the way recomputed, and keeps the effect with its interval;
   `measured_diagram` does so for several.
3. `Diagram` holds the arrows and shows them as a table; `circuit_drawings` draws them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from course_utils import patching

INPUTS = {"q": "queries", "k": "keys", "v": "values", "": ""}


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
    way: the change that leads to the other prompt's metric, as the same share: about −2 for a flipped prompt.
    """

    sender: Part
    receiver: Part
    reads: str
    effect: tuple[float, float, float]
    way: float

    @property
    def turn(self) -> tuple[float, float, float]:
        """How far the metric goes towards that of the other prompt: 0 not at all, 1 all the way."""
        mean, *ends = (x / self.way for x in self.effect)
        return mean, min(ends), max(ends)

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
    effect = tuple(float(x) / clean for x in (found.effect()[0], low[0], high[0]))
    return Arrow(sender, receiver, reads, effect, float(found.corrupt.mean()) / clean - 1)


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
        return self._named(name).effect[0]

    def turn(self, name: str) -> float:
        """Its mean turn (KeyError as for `effect`)."""
        return self._named(name).turn[0]

    def _named(self, name: str) -> Arrow:
        return {arrow.name: arrow for group in self.arrows.values() for arrow in group}[name]

    def rows(self) -> list[dict]:
        """For `page.table`: a row for each arrow."""
        return [
            {"message": arrow.name, "said at": arrow.sender.at, "changed": by, "effect": arrow.effect}
            for by, group in self.arrows.items()
            for arrow in group
        ]

    def __repr__(self) -> str:
        return "\n".join(f"{row['message']}: {row['effect'][0]:+.2f} ({row['changed']})" for row in self.rows())
