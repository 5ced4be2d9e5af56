"""Random inputs that several exercises of lesson 3 draw."""

import torch
from torch import Tensor


def looking(offset: int, length: int, share: float = 0.75) -> Tensor:
    """One head that gives `share` of its attention to `offset` positions back, and the rest to BOS."""
    rows = torch.zeros(1, 1, length, length)
    rows[..., 0] = 1 - share
    for query in range(length):
        rows[..., query, max(query - offset, 0)] += share
    return rows
