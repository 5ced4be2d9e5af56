"""Random inputs that several exercises of lesson 1 draw."""

from collections.abc import Iterator

import torch
from torch import Tensor

Inputs = Iterator[tuple]


def rand(rng: torch.Generator, *size: int, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.rand(size, generator=rng, dtype=dtype)


def randn(rng: torch.Generator, *size: int, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(size, generator=rng, dtype=dtype)


def dropping(W: Tensor, *columns: int) -> Tensor:
    W = W.clone()
    W[..., list(columns)] = 0
    return W
