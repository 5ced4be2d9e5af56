"""Random inputs that several exercises of lesson 2 draw. No bias is zero: a forgotten one must show."""

from __future__ import annotations

import torch
from torch import Tensor

from course_utils.grading.inputs import randn

NEVER_NEGATIVE = "An activation is never negative."
SQUARED = "The difference is squared."
LAST = "The axes of a matrix are two: the last is axis 1."


def weights(rng: torch.Generator, latents: int, d: int, dtype: torch.dtype = torch.float32) -> tuple[Tensor, ...]:
    """W_enc, b_enc, b_dec."""
    return randn(rng, latents, d, dtype=dtype), randn(rng, latents, dtype=dtype), randn(rng, d, dtype=dtype)


def codes(rng: torch.Generator, rows: int, latents: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """Activations, most of them zero."""
    return (randn(rng, rows, latents, dtype=dtype) - 0.7).relu()
