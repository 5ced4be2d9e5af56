"""Random inputs that several exercises of lesson 5 draw: rows of two classes, far from the origin and correlated."""

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
