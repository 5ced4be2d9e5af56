"""Sealed models: a W whose structure you have to find, made fresh from a seed, as many as you like.

1. Train small blocks whose shape is known: antipodal pairs (2 features in 1 dimension) and one polygon in a plane.
2. Put them side by side, each with hidden dimensions of its own, and add features that were dropped.
3. Rotate the hidden space and shuffle the features: no row of W means anything now, and no label is left.
"""

from dataclasses import dataclass
from functools import lru_cache

import torch
from jaxtyping import Float
from torch import Tensor

from .measures import read_plane
from .training import Recipe, Toy, train


@dataclass(frozen=True)
class Groups:
    """Which features belong together. Every feature is in exactly one place; those in none are alone in a dimension.

    Attributes:
        dropped: features without a direction.
        pairs: antipodal pairs, each with its smaller feature first.
        polygon: the features of the one polygon (three: a triangle; five: a pentagon).
    """

    dropped: frozenset[int]
    pairs: frozenset[tuple[int, int]]
    polygon: frozenset[int]


@dataclass(frozen=True)
class Sealed:
    """An unlabelled trained model: W of shape (hidden, feature) and b of shape (feature,). `groups` is the answer."""

    W: Float[Tensor, "hidden feature"]
    b: Float[Tensor, "feature"]
    groups: Groups


PAR = 1.0  # every feature of a sealed model can be placed with certainty from WᵀW


@lru_cache(maxsize=8)
def sealed(seed: int) -> Sealed:
    """The sealed model number `seed`: 1 or 2 antipodal pairs, a triangle or a pentagon, 1 to 3 dropped features."""
    dice = torch.Generator().manual_seed(seed)
    roll = lambda low, high: int(torch.randint(low, high + 1, (), generator=dice))  # noqa: E731
    n_pairs, corners, n_dropped, n_alone = roll(1, 2), 3 if roll(0, 1) else 5, roll(1, 3), roll(0, 1)
    blocks = [_pair(roll(0, 10**6)) for _ in range(n_pairs)] + [_polygon(corners, roll(0, 10**6))]
    blocks += [(torch.tensor([[1.0 + 0.05 * torch.rand((), generator=dice)]]), torch.zeros(1)) for _ in range(n_alone)]
    W = torch.block_diag(*[block for block, _ in blocks])
    remains = 0.02 * torch.randn(len(W), n_dropped, generator=dice)  # a dropped feature is short, not exactly zero
    W, b = torch.cat([W, remains], 1), torch.cat([bias for _, bias in blocks] + [torch.full((n_dropped,), 0.05)])
    rotation = torch.linalg.qr(torch.randn(len(W), len(W), generator=dice)).Q
    shuffle = torch.randperm(W.shape[1], generator=dice)
    place = {int(old): new for new, old in enumerate(shuffle)}
    pairs = frozenset((min(a, b), max(a, b)) for a, b in ((place[2 * k], place[2 * k + 1]) for k in range(n_pairs)))
    polygon = frozenset(place[2 * n_pairs + k] for k in range(corners))
    dropped = frozenset(place[W.shape[1] - 1 - k] for k in range(n_dropped))
    return Sealed((rotation @ W)[:, shuffle].contiguous(), b[shuffle], Groups(dropped, pairs, polygon))


def agreement(answer: Groups, truth: Groups, features: int) -> float:
    """The share of features that the answer puts into the right place, with the right companions."""
    return sum(_place(answer, i) == _place(truth, i) for i in range(features)) / features


def _place(groups: Groups, feature: int) -> tuple[str, frozenset[int]]:
    if feature in groups.dropped:
        return "dropped", frozenset()
    if feature in groups.polygon:
        return "polygon", groups.polygon
    for pair in groups.pairs:
        if feature in pair:
            return "pair", frozenset(pair)
    return "alone", frozenset()


def _pair(seed: int) -> tuple[Tensor, Tensor]:
    """An antipodal pair, trained; the best of four starts, since one alone may keep a single feature."""
    model = _quickly(Toy(2, 1, (0.2,)), seed)
    if (model.W[0, 0] < -0.3).any() and (model.W[0, 0] > 0.3).any():
        return model.W[0, 0], model.b[0, 0]
    return _pair(seed + 1)


def _polygon(corners: int, seed: int) -> tuple[Tensor, Tensor]:
    """A regular polygon, trained: `corners` sparse features in a plane."""
    model = _quickly(Toy(corners, 2, (0.04,)), seed)
    return (model.W[0, 0], model.b[0, 0]) if read_plane(model.W[0, 0]).polygon == corners else _polygon(corners, seed + 1)


def _quickly(toy: Toy, seed: int):  # noqa: ANN202 - the Trained of one instance
    return train(toy, Recipe(steps=300, batch=256, lr=0.05, anneal=True), seeds=4, first_seed=seed, device="cpu", show=False).best()
