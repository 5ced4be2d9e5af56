"""A term of a logit difference, split by which bracket is open: evidence, and a preference that is always there.

Take two brackets A and B, and a part's mean term for the right one over the wrong one, x where A is open and y where
B is. Write x = e + p and y = e − p. Then

- e = (x + y) / 2, the **evidence**: what speaks for the right bracket, whichever it is;
- p = (x − y) / 2, the **preference**: what speaks for A whatever is open. It cancels in the mean over both.
"""

from __future__ import annotations

from dataclasses import dataclass

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
