"""What several exercises of lesson 5 draw: rows of two classes, far from the origin and correlated, and a quick probe."""

import torch
from torch import Tensor

from course_utils.grading.inputs import randn


def two_classes(
    rng: torch.Generator, rows: int, d: int, share: float = 0.35, dtype: torch.dtype = torch.float64
) -> tuple[Tensor, Tensor]:
    """(row, d) and (row,): a property that one direction tells in part; no mean is zero, and the classes differ in size."""
    mix = randn(rng, d, d, dtype=dtype) + torch.eye(d, dtype=dtype)
    x = randn(rng, rows, d, dtype=dtype) @ mix
    score = x @ randn(rng, d, dtype=dtype) + randn(rng, rows, dtype=dtype)
    y = score > score.quantile(1 - share)
    return x + y[:, None] * randn(rng, d, dtype=dtype) + 2, y


def nearer_mean(x: Tensor, y: Tensor):
    """A probe that is quick to fit: nearer to which class mean?"""
    yes, no = x[y].mean(0), x[~y].mean(0)
    return lambda rows: (rows - yes).square().sum(1) < (rows - no).square().sum(1)


def unit(v: Tensor) -> Tensor:
    return v / v.norm()
