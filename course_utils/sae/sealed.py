"""Sealed problems: vectors made from features that nobody shows you, as many problems as you like."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import torch
from jaxtyping import Float
from torch import Tensor

from course_utils.sae.matching import match_features
from course_utils.sae.planted import Truth


@dataclass(frozen=True)
class Sealed:
    """Vectors x of shape (row, d), made from sparse features along `features` unknown unit directions."""

    x: Float[Tensor, "row d"]
    features: int
    _truth: Truth = field(repr=False)

    def reveal(self) -> Truth:
        """The features that the rows were made from: for after the exercise, which does not accept it."""
        return self._truth


@lru_cache(maxsize=16)
def sealed(seed: int, rows: int = 20_000) -> Sealed:
    """The sealed problem number `seed`: 28 to 36 features in 20 dimensions, two or more of them active in each row.

    2.4 on average. A row with one active feature would be that feature's direction, to be picked out of the data.
    """
    dice = torch.Generator().manual_seed(seed)
    features = int(torch.randint(28, 37, (), generator=dice))
    truth = Truth.draw(features, 20, 1 / features, seed=seed)
    found = []
    while sum(map(len, found)) < rows:
        x, f = truth.sample(rows, dice)
        found.append(x[(f > 0).sum(1) >= 2])
    return Sealed(torch.cat(found)[:rows], features, truth)


def share_found(truth: Truth, directions: Float[Tensor, "latent d"]) -> float:
    """The share of true features whose partner in the best one-to-one matching has a cosine above 0.9."""
    return match_features(truth.directions, directions.float()).found()
