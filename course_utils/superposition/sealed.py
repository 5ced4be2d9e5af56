"""Sealed models: a W whose structure you have to find, made fresh from a seed, as many as you like.

1. Train small blocks whose shape is known: antipodal pairs (2 features in 1 dimension) and a pentagon (5 in a plane).
2. Put them side by side, each with hidden dimensions of its own, and add features that were dropped.
3. Rotate the hidden space and shuffle the features: no row of W means anything now, and no label is left.
"""

from dataclasses import dataclass, field
from functools import lru_cache

import torch
from jaxtyping import Float
from torch import Tensor

from .measures import read_plane
from .training import Recipe, Toy, Trained, train


@dataclass(frozen=True)
class Groups:
    """Which features belong together. Every feature is in one place; one that is nowhere has a dimension to itself.

    Attributes:
        dropped: features without a direction.
        pairs: antipodal pairs, each with its smaller feature first.
        pentagon: the five features of the pentagon; empty if there is none.
    """

    dropped: frozenset[int]
    pairs: frozenset[tuple[int, int]]
    pentagon: frozenset[int]


@dataclass(frozen=True)
class Sealed:
    """An unlabelled trained model: W of shape (hidden, feature) and b of shape (feature,)."""

    W: Float[Tensor, "hidden feature"]
    b: Float[Tensor, "feature"]
    _groups: Groups = field(repr=False)  # so that looking at the model does not show the answer

    def reveal(self) -> Groups:
        """The answer."""
        return self._groups


FEWEST = 10  # features of a sealed model: with fewer, a guess is right too often


@lru_cache(maxsize=128)
def sealed(seed: int) -> Sealed:
    """The sealed model number `seed`: antipodal pairs, perhaps a pentagon, features alone, and dropped ones."""
    dice = torch.Generator().manual_seed(seed)

    def roll(low: int, high: int) -> int:
        return int(torch.randint(low, high + 1, (), generator=dice))

    has_pentagon = roll(0, 3) > 0
    n_pairs, n_alone = (roll(1, 2), roll(0, 2)) if has_pentagon else (3, roll(1, 2))
    kept = 2 * n_pairs + 5 * has_pentagon + n_alone
    n_dropped = max(roll(1, 3), FEWEST - kept)
    blocks = [_pair(roll(0, 10**6)) for _ in range(n_pairs)]
    blocks += [_pentagon(roll(0, 10**6))] if has_pentagon else []
    blocks += [(1 + 0.05 * torch.rand(1, 1, generator=dice), torch.zeros(1)) for _ in range(n_alone)]
    W = torch.block_diag(*[block for block, _ in blocks])
    remains = 0.02 * torch.randn(len(W), n_dropped, generator=dice)  # a dropped feature is short, not exactly zero
    W, b = torch.cat([W, remains], 1), torch.cat([bias for _, bias in blocks] + [torch.full((n_dropped,), 0.05)])
    rotation = torch.linalg.qr(torch.randn(len(W), len(W), generator=dice)).Q
    shuffle = torch.randperm(W.shape[1], generator=dice)
    place = {int(old): new for new, old in enumerate(shuffle)}
    pairs = frozenset(tuple(sorted((place[2 * k], place[2 * k + 1]))) for k in range(n_pairs))
    pentagon = frozenset(place[2 * n_pairs + k] for k in range(5 * has_pentagon))
    dropped = frozenset(place[W.shape[1] - 1 - k] for k in range(n_dropped))
    return Sealed((rotation @ W)[:, shuffle].contiguous(), b[shuffle], Groups(dropped, pairs, pentagon))


def group_agreement(answer: Groups, truth: Groups, features: int) -> float:
    """The share of features that the answer puts into the right place, with the right companions."""
    return sum(_place(answer, i) == _place(truth, i) for i in range(features)) / features


def _place(groups: Groups, feature: int) -> tuple[str, frozenset[int]]:
    if feature in groups.dropped:
        return "dropped", frozenset()
    if feature in groups.pentagon:
        return "pentagon", groups.pentagon
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


def _pentagon(seed: int) -> tuple[Tensor, Tensor]:
    """A regular pentagon, trained: five sparse features in a plane."""
    model = _quickly(Toy(5, 2, (0.08,)), seed)
    return (model.W[0, 0], model.b[0, 0]) if read_plane(model.W[0, 0]).polygon == 5 else _pentagon(seed + 1)


def _quickly(toy: Toy, seed: int) -> Trained:
    """The best of four quick trainings."""
    return train(
        toy, Recipe(steps=250, batch=128, lr=0.05, anneal=True), seeds=4, first_seed=seed, device="cpu", show=False
    ).best()
