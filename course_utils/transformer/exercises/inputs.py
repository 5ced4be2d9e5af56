"""Random inputs that several exercises of lesson 0 draw."""


import torch
from torch import Tensor


def small_integers(rng: torch.Generator, *size: int) -> Tensor:
    """Small whole numbers, none of them zero, to check by hand."""
    sign = torch.randint(2, size, generator=rng) * 2 - 1
    return (sign * torch.randint(1, 4, size, generator=rng)).float()


