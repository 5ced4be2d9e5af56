"""What one input showed: the arguments, what was expected, what was given, and whether the two agree."""

from dataclasses import dataclass, replace
from numbers import Real
from typing import Any

import torch
from torch import Tensor

RTOL, ATOL = 1e-3, 1e-5


@dataclass(frozen=True)
class Trial:
    """One input. `declared` says that it is one of the exercise's own, not one of these made large or small."""

    arguments: dict[str, Any]
    expected: Any
    given: Any
    right: bool
    declared: bool = True

    @property
    def tensors(self) -> "Trial":
        """The same with plain numbers as tensors."""
        return replace(self, expected=_tensor(self.expected), given=_tensor(self.given))

    @property
    def comparable(self) -> bool:
        return (
            isinstance(self.expected, Tensor)
            and isinstance(self.given, Tensor)
            and self.given.shape == self.expected.shape
            and self.given.numel() > 0
            and not self.expected.is_complex()
            and not self.given.is_complex()
        )

    @property
    def pair(self) -> tuple[Tensor, Tensor]:
        """Given and expected, as float64."""
        return self.given.detach().double(), self.expected.detach().double()


def same(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and torch.allclose(a, b, rtol=RTOL, atol=ATOL, equal_nan=True)


def _tensor(value: Any) -> Any:
    if isinstance(value, Real) and not isinstance(value, bool):
        return torch.tensor(float(value), dtype=torch.float64)
    return value
