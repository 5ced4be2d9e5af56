"""Probes for many layers and many labels at once.

Every function takes the activations of all layers, (layer, row, d), and labels of the rows, and gives a `Probes`: a
direction and a bias for each layer and label. What would be a loop over layers × labels is one solve.

1. `fit_logistic`, `fit_multinomial`: the convex problems that scikit-learn's LogisticRegression solves, with the same
   penalty; solved in coordinates in which the rows are white, where few steps suffice.
2. `fit_ridge`: least squares to ±1.
3. `mass_mean`, `mass_mean_iid`: the difference of the class means, plain and through the inverse of the covariance
   within the classes (Marks & Tegmark 2023).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course_utils.probing.solver import lbfgs


@dataclass(frozen=True)
class Probes:
    """Linear probes of every layer: a row says yes where direction · x + bias is above 0.

    Attributes:
        directions: one for each label (or class) in each layer.
        bias: likewise.
    """

    directions: Float[Tensor, "layer label d"]
    bias: Float[Tensor, "layer label"]

    def logits(self, x: Float[Tensor, "layer row d"]) -> Float[Tensor, "layer row label"]:
        """The log odds that each probe gives to each row (a least-squares probe: its prediction of ±1)."""
        return torch.baddbmm(self.bias[:, None], x, self.directions.mT)

    def loss(self, x: Float[Tensor, "layer row d"], y: Bool[Tensor, "row label"]) -> Float[Tensor, "layer label"]:
        """Cross-entropy with the labels, in nats a row."""
        logits = self.logits(x)
        return F.binary_cross_entropy_with_logits(logits, y.to(logits).expand_as(logits), reduction="none").mean(1)


def fit_logistic(
    x: Float[Tensor, "layer row d"], y: Bool[Tensor, "row label"], penalty: float = 1.0, *, tolerance: float = 1e-5
) -> Probes:
    """Logistic regression of every label on every layer.

    Each minimises the summed cross-entropy + penalty/2 · |direction|² (scikit-learn's C is 1/penalty).

    Raises:
        ValueError: the rows of x and y differ, or a label is the same on all rows (its bias would grow for ever).
    """
    _checked(x, y)
    if not (y.any(0) & ~y.all(0)).all():
        raise ValueError("Each label must be true on some rows and false on some: the best bias is infinite otherwise.")
    rows, labels = y.shape
    white = _Whitened(x, penalty)
    target = y.to(x).mT.contiguous()

    def evaluate(point: Tensor, going: Tensor) -> tuple[Tensor, Tensor]:
        v, going = point.view(len(x), labels, -1), going.view(len(x), labels)
        loss, slope = v.new_zeros(len(x), labels), torch.zeros_like(v)
        for layer in going.any(1).nonzero()[:, 0].tolist():
            some = going[layer]
            w, y_is, seen = v[layer, some], target[some], white.rows[layer]
            logits = torch.addmm(w[:, -1:], w[:, :-1], seen.mT)  # (label, row)
            held, pull = white.penalty(w[None, :, :-1], layer)
            loss[layer, some] = (F.softplus(logits) - y_is * logits).sum(1) / rows + held[0]
            miss = (logits.sigmoid() - y_is) / rows
            slope[layer, some] = torch.cat([miss @ seen + pull[0], miss.sum(1, keepdim=True)], 1)
        return loss.flatten(), slope.flatten(0, 1)

    base = torch.logit(target.mean(1)).expand(len(x), labels)
    start = torch.cat([torch.zeros(*base.shape, x.shape[2]).to(x), base[..., None]], 2)
    return white.back(lbfgs(evaluate, start.flatten(0, 1), tolerance=tolerance).view_as(start))


def fit_multinomial(
    x: Float[Tensor, "layer row d"], y: Int[Tensor, "row"], penalty: float = 1.0, *, tolerance: float = 1e-5
) -> Probes:
    """Multinomial logistic regression on every layer: one direction for each of the classes 0, 1, ….

    Raises:
        ValueError: the rows of x and y differ, or a class below the largest has no row.
    """
    _checked(x, y[:, None])
    classes = int(y.max()) + 1
    counts = torch.bincount(y, minlength=classes)
    if (counts == 0).any():
        raise ValueError(f"No row is of class {int(counts.argmin())}: number the classes from 0 without gaps.")
    rows = len(y)
    white = _Whitened(x, penalty)
    target = F.one_hot(y, classes).to(x)

    def evaluate(point: Tensor, _going: Tensor) -> tuple[Tensor, Tensor]:
        v = point.view(len(x), classes, -1)
        logits = torch.baddbmm(v[..., -1:].mT, white.rows, v[..., :-1].mT)
        held, pull = white.penalty(v[..., :-1])
        log_p = logits.log_softmax(2)
        loss = -(log_p * target).sum((1, 2)) / rows + held.sum(1)
        miss = (log_p.exp() - target) / rows
        slope = torch.cat([miss.mT @ white.rows + pull, miss.sum(1)[..., None]], 2)
        return loss, slope.flatten(1)

    start = torch.zeros(len(x), classes, x.shape[2] + 1).to(x)
    start[..., -1] = (counts / rows).log().to(x)
    return white.back(lbfgs(evaluate, start.flatten(1), tolerance=tolerance).view_as(start))


def fit_ridge(x: Float[Tensor, "layer row d"], y: Bool[Tensor, "row label"], penalty: float = 1.0) -> Probes:
    """Least squares to +1 and −1, with penalty · |direction|² beside the summed squares."""
    _checked(x, y)
    target = 2 * y.to(x) - 1
    centre, middle = x.mean(1, keepdim=True), target.mean(0)
    z = x - centre
    gram = z.mT @ z + penalty * torch.eye(x.shape[2]).to(x)
    directions = torch.cholesky_solve(z.mT @ (target - middle), torch.linalg.cholesky(gram)).mT
    return Probes(directions, middle - (directions @ centre.mT)[..., 0])


def mass_mean(x: Float[Tensor, "layer row d"], y: Bool[Tensor, "row label"]) -> Probes:
    """The mean where the label is true minus the mean where it is false; the bias puts 0 halfway between them."""
    _checked(x, y)
    yes, no = _means(x, y)
    return _through_the_middle(yes - no, yes, no)


def mass_mean_iid(x: Float[Tensor, "layer row d"], y: Bool[Tensor, "row label"]) -> Probes:
    """The difference of the means through the inverse of the covariance within the classes (Fisher 1936).

    Right for new rows of the same distribution where both classes have one covariance.
    """
    _checked(x, y)
    yes, no = _means(x, y)
    found = []
    for label in range(y.shape[1]):
        within = x - torch.where(y[:, label, None], yes[:, label, None], no[:, label, None])
        covariance = within.mT @ within / len(y)
        found.append((torch.linalg.pinv(covariance, hermitian=True) @ (yes - no)[:, label, :, None])[..., 0])
    return _through_the_middle(torch.stack(found, 1), yes, no)


def _checked(x: Tensor, y: Tensor) -> None:
    if x.ndim != 3 or y.ndim != 2 or x.shape[1] != y.shape[0]:
        raise ValueError(
            f"Activations are (layer, row, d) and labels (row, label) of the same rows; these are {tuple(x.shape)} and "
            f"{tuple(y.shape)}."
        )


def _means(x: Tensor, y: Tensor) -> tuple[Float[Tensor, "layer label d"], Float[Tensor, "layer label d"]]:
    flags = y.to(x)
    return flags.T @ x / flags.sum(0)[:, None], (1 - flags).T @ x / (1 - flags).sum(0)[:, None]


def _through_the_middle(directions: Tensor, yes: Tensor, no: Tensor) -> Probes:
    return Probes(directions, -(directions * (yes + no) / 2).sum(-1))


class _Whitened:
    """Rows in coordinates in which their second moments, and the penalty's, are about the unit matrix.

    direction = map · v, so that a penalty on the direction is a quadratic form in v.
    """

    def __init__(self, x: Tensor, penalty: float) -> None:
        self.centre = x.mean(1, keepdim=True)
        rows = x - self.centre
        moments = rows.mT @ rows / x.shape[1]
        values, vectors = torch.linalg.eigh(moments.double())
        floor = values.amax(1, keepdim=True) * 1e-10
        scale = (values.clamp(min=0) + 4 * penalty / x.shape[1] + floor).rsqrt()
        self.map = (vectors * scale[:, None]).to(x)
        self.rows = rows @ self.map
        self.weight = (penalty / x.shape[1] * scale.square())[:, None].to(x)

    def penalty(self, v: Tensor, layer: int | slice = slice(None)) -> tuple[Tensor, Tensor]:
        pull = self.weight[layer] * v
        return (pull * v).sum(2) / 2, pull

    def back(self, found: Tensor) -> Probes:
        directions = found[..., :-1] @ self.map.mT
        return Probes(directions, found[..., -1] - (directions @ self.centre.mT)[..., 0])
