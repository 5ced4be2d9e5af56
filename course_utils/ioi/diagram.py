"""A circuit's arrows: what one part tells another, its weight measured by path patching.

1. A `Part` is some heads at one position; an `Arrow` is what one part tells another through one of its inputs.
2. `measured_arrow` patches one path, MLPs on the way recomputed, and keeps the effect with its interval.
"""

from __future__ import annotations

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
