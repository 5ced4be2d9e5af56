"""A crowd: twelve heads in two layers, several of which do the same work, so that one may be missed and two may not.

1. Two heads of the first layer look at the token before. Two heads of the second are induction heads.
2. Which of the first two each of the second two listens to differs from crowd to crowd (`WIRINGS`), and attention does
   not show it: it takes an intervention.
3. The other heads look at the same token, at BOS, at fixed distances; one matches prefixes and copies nothing, one
   copies and counts positions.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

import torch

from course_utils.induction.toys.model import Weights, as_bridge
from course_utils.induction.unknown.planted import Head, planted
from course_utils.induction.unknown.sealed import accuracy

LENGTH = 16  # of the blocks that a crowd is examined with
HeadName = tuple[int, int]

# where each of the two previous-token heads writes, and what each of the two induction heads reads
WIRINGS = {
    "two chains": (("first", "second"), ("first", "second")),
    "one feeds both": (("first", "second"), ("first", "first")),
    "one by its queries": (("first", "second"), ("first", "pointer")),
    "both feed both": (("first", "first"), ("first", "first")),
}


@dataclass(frozen=True)
class Revealed:
    """The wiring, the heads of each role, and which ablations leave less than half of a block of `LENGTH` right."""

    wiring: str
    roles: dict[str, frozenset[HeadName]]
    breaks: tuple[bool, ...]


@dataclass(frozen=True)
class Crowd:
    """One crowd, and twelve ablations of it, each a set of heads. `reveal()` gives the answer."""

    weights: Weights = field(repr=False)
    ablations: tuple[frozenset[HeadName], ...]
    _roles: dict[str, frozenset[HeadName]] = field(repr=False)  # private: neither looking nor Tab gives them away
    _wiring: str = field(repr=False)

    @cached_property
    def model(self) -> Any:
        """As a TransformerLens bridge, with all its hooks."""
        return as_bridge(self.weights)

    @cached_property
    def _breaks(self) -> tuple[bool, ...]:
        return tuple(accuracy(self.weights, LENGTH, sorted(heads)) < 0.5 for heads in self.ablations)

    def reveal(self) -> Revealed:
        """How it was built, and which ablations break it: the answer."""
        return Revealed(self._wiring, self._roles, self._breaks)


@lru_cache(maxsize=64)
def crowd(seed: int) -> Crowd:
    """The crowd number `seed`. The same number gives the same one."""
    dice = torch.Generator().manual_seed(seed)
    wiring = [*WIRINGS, *list(WIRINGS)[:3] * 2][int(torch.randint(10, (), generator=dice))]  # the last is seldom
    writes, reads = WIRINGS[wiring]
    first = [
        *(Head("back", 1, ("token", space)) for space in writes),
        Head("earlier", None, ("position", "pointer"), sharp=2.0),
        Head("back", 2, ("position", "position"), gain=0.1),
        Head("back", 0, ("position", "position"), gain=0.2),
        Head("rest", None, ("token", "output"), gain=-0.5),
    ]
    second = [
        *(_induction(space) for space in reads),
        Head("match", ("token", writes[1]), ("token", "first")),  # matches prefixes; what it moves is read by nobody
        Head("earlier", None, ("token", "output"), gain=-0.3, sharp=1.3),
        Head("back", 3, ("token", "first")),
        Head("back", 7, ("token", "output"), gain=0.3),  # copies; in blocks of eight it looks at the right place
    ]
    weights, place = planted([first, second], dice)
    head = [[(layer, at) for at in row] for layer, row in enumerate(place)]
    roles = {
        "previous": frozenset(head[0][:2]),
        "induction": frozenset(head[1][:2]),
        "same token": frozenset((head[0][2], head[1][3])),
    }
    return Crowd(weights, _ablations(head, dice), roles, wiring)


def rivals(seed: int) -> tuple[Crowd, ...]:
    """Three crowds from one seed, so that a guess of all their wirings together is seldom right."""
    return tuple(crowd(3 * seed + k) for k in range(3))


def _induction(space: str) -> Head:
    if space == "pointer":
        return Head("follow", space, ("token", "output"), sharp=3.0)
    return Head("match", ("token", space), ("token", "output"))


def _ablations(head: Sequence[Sequence[HeadName]], dice: torch.Generator) -> tuple[frozenset[HeadName], ...]:
    """Singles and pairs that tell the wirings apart, in an order that tells nothing."""
    (p, q, same, *_), (i, j, silent, negative, *_) = head
    sets = [(p,), (q,), (i,), (p, q), (i, j), (p, i), (p, j), (q, i), (q, j), (p, same), (q, same), (silent, negative)]
    return tuple(frozenset(sets[k]) for k in torch.randperm(len(sets), generator=dice))
