"""Probes with one hidden layer, for many layers and many labels at once.

As in `fit`, what would be a loop over layers × labels is one solve, in coordinates in which the rows are white. Unlike
there the problem is not convex: what is found is a minimum near the start, and another seed may find another.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from course_utils.probing.fit import _checked, _Whitened
from course_utils.probing.solver import lbfgs


@dataclass(frozen=True)
class HiddenProbes:
    """Probes of every layer that say yes where outer · relu(inner @ x + inner_bias) + bias is above 0.

    Attributes:
        inner: the units' directions, for each label in each layer.
        inner_bias: likewise.
        outer: by how much each unit, where it is active, raises the log odds.
        bias: for each label in each layer.
    """

    inner: Float[Tensor, "layer label unit d"]
    inner_bias: Float[Tensor, "layer label unit"]
    outer: Float[Tensor, "layer label unit"]
    bias: Float[Tensor, "layer label"]

    def logits(self, x: Float[Tensor, "layer row d"]) -> Float[Tensor, "layer row label"]:
        """The log odds that each probe gives to each row."""
        units = torch.baddbmm(self.inner_bias.flatten(1)[:, None], x, self.inner.flatten(1, 2).mT).relu()
        return _summed(units, self.outer) + self.bias[:, None]

    def loss(self, x: Float[Tensor, "layer row d"], y: Bool[Tensor, "row label"]) -> Float[Tensor, "layer label"]:
        """Cross-entropy with the labels, in nats a row."""
        logits = self.logits(x)
        return F.binary_cross_entropy_with_logits(logits, y.to(logits).expand_as(logits), reduction="none").mean(1)


def fit_hidden(
    x: Float[Tensor, "layer row d"], y: Bool[Tensor, "row label"], units: int, penalty: float = 1.0, seed: int = 0,
    *, tolerance: float = 1e-5, steps: int = 200,
) -> HiddenProbes:  # fmt: skip
    """A probe with so many hidden ReLU units for every label on every layer.

    Each minimises the summed cross-entropy + penalty/2 · (|inner|² + |outer|²); biases are free. Longer inner and
    shorter outer weights are the same function, so that at a minimum the penalty is on the sum of |inner| · |outer|.
    All start at the same random units, whichever other labels are asked for.

    Args:
        seed: of the start.
        tolerance, steps: when the solver stops (`solver.lbfgs`).

    Raises:
        ValueError: the rows of x and y differ, or there is no unit.
    """
    _checked(x, y)
    if units < 1:
        raise ValueError(f"A hidden layer has at least one unit, not {units}: without one it is fit_logistic.")
    (layers, rows, d), labels = x.shape, y.shape[1]
    white = _Whitened(x, penalty)
    target = y.to(x)
    sizes = [units * d, units, units, 1]

    def parts(point: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        inner, inner_bias, outer, bias = point.view(layers, labels, -1).split(sizes, 2)
        return inner.reshape(layers, labels * units, d), inner_bias.flatten(1), outer, bias[..., 0]

    def evaluate(point: Tensor, _going: Tensor) -> tuple[Tensor, Tensor]:
        inner, inner_bias, outer, bias = parts(point)
        active = torch.baddbmm(inner_bias[:, None], white.rows, inner.mT).relu_()
        logits = _summed(active, outer) + bias[:, None]
        held, pull = white.penalty(inner)
        held = held.view(layers, labels, units).sum(2) + penalty / rows * outer.square().sum(2) / 2
        loss = (F.softplus(logits) - target * logits).sum(1) / rows + held
        miss = (logits.sigmoid() - target) / rows
        per_unit = active.view(layers, rows, labels, units)
        slope_outer = torch.einsum("lrk,lrku->lku", miss, per_unit) + penalty / rows * outer
        back = ((per_unit > 0) * outer[:, None] * miss[..., None]).flatten(2)
        slope_inner = (back.mT @ white.rows + pull).view(layers, labels, units * d)
        slope_bias = back.sum(1).view(layers, labels, units)
        slope = torch.cat([slope_inner, slope_bias, slope_outer, miss.sum(1)[..., None]], 2)
        return loss.flatten(), slope.flatten(0, 1)

    rng = torch.Generator().manual_seed(seed)
    one = torch.cat([torch.randn(units * d, generator=rng) / d**0.5, torch.randn(units, generator=rng),
                     torch.randn(units, generator=rng) / units**0.5, torch.zeros(1)])  # fmt: skip
    found = lbfgs(evaluate, one.to(x).repeat(layers * labels, 1), tolerance=tolerance, steps=steps)
    inner, inner_bias, outer, bias = parts(found)
    inner = inner @ white.map.mT
    inner_bias = inner_bias - (inner @ white.centre.mT)[..., 0]
    shape = (layers, labels, units)
    return HiddenProbes(inner.view(*shape, d), inner_bias.view(shape), outer, bias)


def _summed(units: Float[Tensor, "layer row label*unit"], outer: Float[Tensor, "layer label unit"]) -> Tensor:
    """What each label's units say together."""
    return torch.einsum("lrku,lku->lrk", units.view(*units.shape[:2], *outer.shape[1:]), outer)
