"""A term of a logit difference, split by which bracket is open: evidence, and a preference that is always there.

Take two brackets A and B, and a part's mean term for the right one over the wrong one, a where A is open and b where
B is. Write a = e + p and b = e − p. Then

- e = (a + b) / 2, the **evidence**: what speaks for the right bracket, whichever it is;
- p = (a − b) / 2, the **preference**: what speaks for A whatever is open. It cancels in the mean over both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from course_utils import plots

from .pairs import Pairs
from .readout import Attribution


@dataclass(frozen=True, repr=False)
class Split:
    """Mean terms of each part for two brackets.

    Attributes:
        first, second: the closing brackets.
        terms: by part, (where the first is right, where the second is right), in logits; "all" is their sum, the lead.
    """

    first: str
    second: str
    terms: dict[str, tuple[float, float]]

    def evidence(self, part: str) -> float:
        """What speaks for the right bracket, whichever it is."""
        return sum(self.terms[part]) / 2

    def preference(self, part: str) -> float:
        """What speaks for the first bracket whatever is open."""
        one, other = self.terms[part]
        return (one - other) / 2

    def rows(self) -> dict[str, dict[str, float]]:
        """For `table`."""
        a, b = self.first, self.second
        return {
            part: {
                f"{a} over {b}, where {a} is right": terms[0],
                f"{b} over {a}, where {b} is right": terms[1],
                "evidence": self.evidence(part),
                f"preference for {a}": self.preference(part),
            }
            for part, terms in self.terms.items()
        }

    def plot(self, parts: Sequence[str]) -> Any:
        """Two bars for each of these parts: its evidence and its preference."""
        fig, ax = plots.figure(height=2.7)
        bars = ((-0.2, self.evidence, "evidence", 1), (0.2, self.preference, f"preference for {self.first}", 0))
        for shift, of, label, colour in bars:
            ax.bar([i + shift for i in range(len(parts))], [of(part) for part in parts], 0.4, label=label,
                   color=plots.SERIES[colour])  # fmt: skip
        ax.axhline(0, color="black", linewidth=0.8)
        ax.set_xticks(range(len(parts)), parts)
        ax.set(xlabel="head or MLP", ylabel="logits")
        ax.legend(loc="upper center", ncols=2)
        return fig

    def __repr__(self) -> str:
        return "\n".join(f"{part:6} {one:+.2f} {other:+.2f}" for part, (one, other) in self.terms.items())


def split(found: Attribution, pairs: Pairs, first: int, second: int, names: tuple[str, str]) -> Split:
    """The terms of `found`, which is of these pairs, where `first` is right and `second` wrong, and the other way.

    Args:
        first, second: token ids of two closing brackets; names: how they are written.

    Raises:
        ValueError: the pairs hold none of one of the two kinds.
    """
    here = (pairs.correct == first) & (pairs.wrong == second)
    there = (pairs.correct == second) & (pairs.wrong == first)
    if not (here.any() and there.any()):
        raise ValueError("these pairs do not hold both brackets, each once right and once wrong: take more pairs")
    terms = {part: (float(found[part][here].mean()), float(found[part][there].mean())) for part in found.labels}
    terms["all"] = (float(found.total()[here].mean()), float(found.total()[there].mean()))
    return Split(*names, terms)
