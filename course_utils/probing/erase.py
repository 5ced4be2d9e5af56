"""Take a property out of a representation, so that no linear probe finds it.

1. `leace`: the least change after which every linear probe is at chance (Belrose et al. 2023).
2. `inlp`: fit a probe, project its direction out, and again (Ravfogel et al. 2020).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from course_utils.probing.fit import fit_logistic


@dataclass(frozen=True)
class Eraser:
    """x ↦ x − (x − mean) @ taken."""

    mean: Float[Tensor, "d"]
    taken: Float[Tensor, "d d"]

    def __call__(self, x: Float[Tensor, "*row d"]) -> Float[Tensor, "*row d"]:
        """The representation without the property."""
        return x - (x - self.mean) @ self.taken


def leace(x: Float[Tensor, "row d"], y: Bool[Tensor, "row"]) -> Eraser:
    """The eraser of a binary property with the smallest mean squared change (Belrose et al. 2023, theorem 4.3).

    In coordinates in which x is white, the covariance with y is one direction: it is projected out there.

    Raises:
        ValueError: y is the same on all rows.
    """
    if y.all() or not y.any():
        raise ValueError("The property is the same on all rows: there is nothing to erase.")
    mean, z = x.mean(0), y.to(x)
    centred = x - mean
    values, vectors = torch.linalg.eigh((centred.mT @ centred / len(x)).double())
    there = values > values.amax() * 1e-6
    root = values.clamp(min=0).sqrt()
    white = (vectors * torch.where(there, 1 / root, 0.0)) @ vectors.mT
    back = (vectors * torch.where(there, root, 0.0)) @ vectors.mT
    along = white @ (centred.mT @ (z - z.mean()) / len(x)).double()
    along = along / along.norm()
    return Eraser(mean, (torch.outer(white @ along, along) @ back).to(x))


def inlp(x: Float[Tensor, "row d"], y: Bool[Tensor, "row"], rounds: int) -> Eraser:
    """Iterative nullspace projection: `rounds` logistic probes, each on what the ones before have left."""
    mean, left, taken = x.mean(0), x - x.mean(0), []
    for _ in range(rounds):
        found = fit_logistic(left[None], y[:, None]).directions[0, 0]
        for other in taken:
            found = found - (found @ other) * other
        unit = found / found.norm()
        taken.append(unit)
        left = left - torch.outer(left @ unit, unit)
    basis = torch.stack(taken)
    return Eraser(mean, basis.mT @ basis)
