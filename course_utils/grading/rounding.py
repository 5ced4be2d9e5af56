"""How large the numbers of a result are, and what rounding may take from them."""

from typing import Any

import torch
from torch import Tensor

ROUNDINGS = 8  # of the largest number: what sums lose that cancel


def rounded_off(value: Any) -> float:
    """What some roundings of the largest number in it come to, in its own precision; 0 where nothing is rounded."""
    return max((ROUNDINGS * torch.finfo(one.dtype).eps * largest(one) for one in _floats(value)), default=0.0)


def largest(value: Any) -> float:
    """The largest real number in it, in size; 0 where there is none."""
    return max((float(one.detach().abs().nan_to_num(0.0, 0.0, 0.0).max()) for one in _floats(value)), default=0.0)


def finite(value: Any) -> bool:
    """Whether no number in it is infinite or none at all."""
    return all(bool(one.isfinite().all()) for one in _floats(value))


def _floats(value: Any) -> list[Tensor]:
    """The real numbers in a result, as tensors."""
    if isinstance(value, float):
        return [torch.tensor(value, dtype=torch.float64)]
    if isinstance(value, Tensor):
        return [value] if value.is_floating_point() and value.numel() else []
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return [one for part in parts for one in _floats(part)]
