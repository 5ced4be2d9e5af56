"""Interchange along directions: give a representation another's component there, and leave everything else."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor


def interchange(
    base: Float[Tensor, "row d"], donor: Float[Tensor, "row d"], directions: Float[Tensor, "k d"]
) -> Float[Tensor, "row d"]:
    """`base` with the part of `donor` that lies in the span of `directions`, row by row (Geiger et al. 2021).

    The directions need be neither of length 1 nor orthogonal to each other.

    Raises:
        ValueError: the directions do not span as many dimensions as there are directions.
    """
    if torch.linalg.matrix_rank(directions) < len(directions):
        raise ValueError("The directions depend on each other, or one is zero: leave out what the others span.")
    basis = torch.linalg.qr(directions.mT).Q
    return base + (donor - base) @ basis @ basis.mT
