"""Random inputs that several exercises of lesson 0 draw."""

from collections.abc import Iterator

import torch
from torch import Tensor

Inputs = Iterator[tuple]


def randn(rng: torch.Generator, *size: int, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(size, generator=rng, dtype=dtype)


def small_integers(rng: torch.Generator, *size: int) -> Tensor:
    """Small whole numbers, none of them zero, to check by hand."""
    sign = torch.randint(2, size, generator=rng) * 2 - 1
    return (sign * torch.randint(1, 4, size, generator=rng)).float()


def ids(rng: torch.Generator, high: int, *size: int) -> Tensor:
    return torch.randint(high, size, generator=rng)


def patterns(rng: torch.Generator, batch: int, heads: int, length: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Attention patterns, (batch, head, query, key): each row adds up to one over the keys up to its query."""
    scores = 2 * randn(rng, batch, heads, length, length, dtype=dtype)
    later = torch.ones(length, length, dtype=torch.bool).triu(1)
    return scores.masked_fill(later, -torch.inf).softmax(-1)
