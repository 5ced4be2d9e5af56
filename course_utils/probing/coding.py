"""Online code length: how many bits it takes to send the labels to somebody who learns as they come."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

import torch
from jaxtyping import Bool, Float
from torch import Tensor

Learn = Callable[[Tensor, Tensor], Callable[[Tensor], Tensor]]


def online_code_length(
    x: Float[Tensor, "row d"], y: Bool[Tensor, "row"], ends: Sequence[int], learn: Learn
) -> Float[Tensor, ""]:
    """Bits to send y to one who has x already (Voita & Titov 2020).

    The rows before `ends[0]` cost one bit each. Every later block, up to the next of `ends`, is sent by a probe that
    has learned from all rows before it, at −log₂ of the probability that it gives to the true label.

    Args:
        learn: from rows and labels to a function that gives the probability of *true* for rows.
    """
    bits = torch.tensor(float(ends[0]), dtype=x.dtype)
    for start, end in pairwise(ends):
        p = learn(x[:start], y[:start])(x[start:end])
        bits = bits - torch.where(y[start:end], p, 1 - p).log2().sum()
    return bits
