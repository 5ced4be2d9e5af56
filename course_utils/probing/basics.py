"""The methods of this lesson as one would first write them: one layer, or a loop. The fast ones stand in `fit`."""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor

STEPS = 30  # of Newton's method: from a start at zero, far more than it takes


def mass_mean(x: Float[Tensor, "row d"], y: Bool[Tensor, "row"]) -> Float[Tensor, "d"]:
    """The mean of the rows where y is true minus the mean of the others (Marks & Tegmark 2023)."""
    return x[y].mean(0) - x[~y].mean(0)


def mass_mean_iid(x: Float[Tensor, "row d"], y: Bool[Tensor, "row"]) -> Float[Tensor, "d"]:
    """The same through the inverse of the covariance within the classes."""
    within = torch.cat([x[y] - x[y].mean(0), x[~y] - x[~y].mean(0)])
    covariance = within.mT @ within / len(x)
    return torch.linalg.solve(covariance, x[y].mean(0) - x[~y].mean(0))


def fit_logistic(
    x: Float[Tensor, "layer row d"], y: Bool[Tensor, "row label"], penalty: float
) -> tuple[Float[Tensor, "layer label d"], Float[Tensor, "layer label"]]:
    """Directions and biases that minimise the summed cross-entropy + penalty/2 · |direction|², by Newton's method."""
    layers, rows, d = x.shape
    target = y.to(x).T  # (label, row)
    inputs = torch.cat([x, torch.ones_like(x[..., :1])], 2)[:, None]  # (layer, 1, row, d + 1)
    ridge = penalty * torch.eye(d + 1).to(x)
    ridge[-1, -1] = 0
    w = torch.zeros(layers, len(target), d + 1).to(x)
    for _ in range(STEPS):
        p = (inputs @ w[..., None])[..., 0].sigmoid()
        slope = ((p - target)[..., None] * inputs).sum(2) + w @ ridge
        bend = (inputs * (p * (1 - p))[..., None]).mT @ inputs + ridge
        w = w - torch.linalg.solve(bend, slope)
    return w[..., :-1], w[..., -1]
