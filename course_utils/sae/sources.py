"""Where a training's batches come from: each a function of the step's number alone, so that a resumed run repeats.

- `Rows`: vectors that are already in memory, in a new order every epoch.
- a planted truth (`planted.Truth`), which draws every batch afresh.
- `harvesting.Stream`: activations of a model, harvested as they are needed and shuffled.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import torch
from jaxtyping import Float
from torch import Tensor


class Source(Protocol):
    """Anything that gives batches: `batch(step, size)` returns input and target, one object for an autoencoder."""

    def batch(self, step: int, size: int) -> tuple[Tensor, Tensor]: ...


@dataclass(frozen=True)
class Rows:
    """Vectors in memory, in any precision. Each epoch has an order of its own; `shuffle=False` keeps theirs.

    Args:
        x: inputs, one a row. y: targets; None if the input is the target.
    """

    x: Float[Tensor, "row d_in"]
    y: Float[Tensor, "row d_out"] | None = None
    shuffle: bool = True
    seed: int = 0
    _order: dict[int, Tensor] = field(default_factory=dict, repr=False, compare=False)

    def batch(self, step: int, size: int) -> tuple[Tensor, Tensor]:
        """Batch number `step`; the rest of an epoch that fills no batch is left out.

        Raises:
            ValueError: there are fewer rows than one batch needs.
        """
        each = len(self.x) // size
        if each == 0:
            raise ValueError(f"There are {len(self.x)} rows, fewer than one batch of {size}.")
        epoch, place = divmod(step, each)
        rows = slice(place * size, (place + 1) * size)
        if self.shuffle:
            if epoch not in self._order:
                self._order.clear()
                rng = torch.Generator().manual_seed(self.seed * 1_000_003 + epoch)
                self._order[epoch] = torch.randperm(len(self.x), generator=rng)
            rows = self._order[epoch][rows]
        x = self.x[rows].float()
        return (x, x) if self.y is None else (x, self.y[rows].float())
