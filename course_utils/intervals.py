"""Bootstrap intervals for means and for anything that is made of means (Efron 1979).

What was measured independently is drawn anew with replacement, many times: each unit (prompt, seed), or each cluster
of units that belong together (the windows of one module), then whole. A draw is a row of weights that sum to one, so
that a resampled mean is `weights @ values`. One set of draws serves every number made from the same units:
differences and ratios keep their pairing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor


def bootstrap_weights(
    units: int, draws: int = 2000, seed: int = 0, clusters: Sequence[Any] | Tensor | None = None
) -> Float[Tensor, "draw unit"]:
    """The weight of each unit in each draw, in double precision.

    Args:
        clusters: a label for each unit; units with the same label are drawn together. None: each unit by itself.

    Raises:
        ValueError: no unit, or not one label for each.
    """
    if units < 1:
        raise ValueError("an interval needs at least one unit to draw from")
    generator = torch.Generator().manual_seed(seed)
    if clusters is None:
        return _counts(units, draws, generator) / units
    labels = numbered(clusters)
    if labels is None:
        raise ValueError(f"clusters are labels, one for each unit and in their order, not {type(clusters).__name__}")
    if len(labels) != units:
        raise ValueError(f"there are {len(labels)} cluster labels for {units} units")
    counts = _counts(max(labels) + 1, draws, generator)[:, labels]
    return counts / counts.sum(1, keepdim=True)


def numbered(labels: Any) -> list[int] | None:
    """A number for each label, the same for equal ones, from 0 on; None where these are no labels in a row."""
    found = labels.tolist() if hasattr(labels, "tolist") else labels  # of a tensor or an array
    if not isinstance(found, Iterable) or isinstance(found, (Mapping, Set)):
        return None
    # Tensors are hashed by who they are and not by what they hold, so that equal ones would be told apart.
    found = [label.tolist() if isinstance(label, Tensor) else label for label in found]
    try:
        number = {label: i for i, label in enumerate(dict.fromkeys(found))}
    except TypeError:
        return None
    return [number[label] for label in found]


def _counts(things: int, draws: int, generator: torch.Generator) -> Float[Tensor, "draw thing"]:
    """How often each thing was drawn."""
    chosen = torch.randint(things, (draws, things), generator=generator)
    counts = torch.zeros(draws, things, dtype=torch.float64)
    return counts.scatter_add_(1, chosen, torch.ones_like(chosen, dtype=torch.float64))


def interval(resampled: Float[Tensor, "draw *rest"], level: float = 0.95) -> tuple[Tensor, Tensor]:
    """The percentiles (low, high) between which the share `level` of the draws lies."""
    tail = (1 - level) / 2
    low, high = resampled.quantile(torch.tensor([tail, 1 - tail], dtype=resampled.dtype), dim=0)
    return low, high


def mean_interval(
    values: Float[Tensor, "unit"], level: float = 0.95, clusters: Sequence[Any] | Tensor | None = None
) -> tuple[float, float, float]:
    """The mean of `values` and its bootstrap interval: (mean, low, high). `clusters`: as in `bootstrap_weights`."""
    weights = bootstrap_weights(len(values), clusters=clusters)
    low, high = interval(weights @ values.double(), level)
    return values.mean().item(), low.item(), high.item()
