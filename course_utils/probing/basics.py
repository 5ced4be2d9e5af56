"""The methods of this lesson as one would first write them: one layer, or a loop. The fast ones stand in `fit`."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float
from torch import Tensor

STEPS = 30  # of Newton's method: from a start at zero, far more than it takes


def mass_mean(x: Float[Tensor, "row d"], y: Bool[Tensor, "row"]) -> Float[Tensor, "d"]:
    """The mean of the rows where y is true minus the mean of the others (Marks & Tegmark 2023)."""
    return x[y].mean(0) - x[~y].mean(0)


def mass_mean_iid(x: Float[Tensor, "row d"], y: Bool[Tensor, "row"]) -> Float[Tensor, "d"]:
    """The same through the inverse of the covariance within the classes."""
    yes, no = x[y].mean(0), x[~y].mean(0)
    within = torch.where(y[:, None], x - yes, x - no)
    return torch.linalg.solve(within.mT @ within / len(x), yes - no)


def fit_logistic(
    x: Float[Tensor, "layer row d"], y: Bool[Tensor, "row label"], penalty: float
) -> tuple[Float[Tensor, "layer label d"], Float[Tensor, "layer label"]]:
    """Directions and biases that minimise the summed cross-entropy + penalty/2 · |direction|², by Newton's method."""
    layers, d = len(x), x.shape[2]
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


def interchange(
    base: Float[Tensor, "row d"], donor: Float[Tensor, "row d"], direction: Float[Tensor, "d"]
) -> Float[Tensor, "row d"]:
    """`base` with the donor's component along one direction, row by row."""
    u = direction / direction.norm()
    return base + ((donor - base) @ u)[:, None] * u


def leace(x: Float[Tensor, "row d"], y: Bool[Tensor, "row"]) -> Float[Tensor, "row d"]:
    """The rows without the property, changed as little as possible (Belrose et al. 2023); x spans all d dimensions."""
    centred = x - x.mean(0)
    values, vectors = torch.linalg.eigh(centred.mT @ centred / len(x))
    white, root = (vectors / values.sqrt()) @ vectors.mT, (vectors * values.sqrt()) @ vectors.mT
    u = white @ mass_mean(x, y)
    u = u / u.norm()
    return x - torch.outer(centred @ white @ u, u) @ root


def erase_and_measure(
    x: Float[Tensor, "row d"], y: Bool[Tensor, "row"], train: Bool[Tensor, "row"],
    eraser: Callable[[Tensor, Tensor], Callable[[Tensor], Tensor]],
    fit: Callable[[Tensor, Tensor], Callable[[Tensor], Tensor]],
) -> Float[Tensor, "2"]:  # fmt: skip
    """Accuracy of a probe before erasing, and of a new one after it, on rows that nothing was fitted on.

    Args:
        train: the rows to fit on; the others judge.
        eraser: from rows and labels to a map of rows.
        fit: from rows and labels to a function that says yes or no to rows.
    """
    right = []
    for rows in (x, eraser(x[train], y[train])(x)):
        says = fit(rows[train], y[train])
        right.append((says(rows[~train]) == y[~train]).to(x).mean())
    return torch.stack(right)


def least_squares(x: Float[Tensor, "row d"], y: Bool[Tensor, "row"]) -> Float[Tensor, "d"]:
    """The direction that least squares to the label gives for centred rows; the shortest, where there are several."""
    return torch.linalg.lstsq(x, y.to(x), driver="gelsd").solution


def inlp(x: Float[Tensor, "row d"], y: Bool[Tensor, "row"], rounds: int) -> Float[Tensor, "row d"]:
    """The rows after so many rounds of: fit a probe to what is left, take its direction out (Ravfogel et al. 2020)."""
    left = x - x.mean(0)
    for _ in range(rounds):
        v = least_squares(left, y)
        left = left - torch.outer(left @ v, v) / (v @ v)
    return left + x.mean(0)
