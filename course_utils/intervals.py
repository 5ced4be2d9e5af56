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
from jaxtyping import Float, Int
from torch import Tensor

DRAWS = 2000


def bootstrap_weights(
    units: int, draws: int = DRAWS, seed: int = 0, clusters: Sequence[Any] | Tensor | None = None
) -> Float[Tensor, "draw unit"]:
    """The weight of each unit in each draw, in double precision.

    Args:
        clusters: a label for each unit; units with the same label are drawn together. None: each unit by itself.

    Raises:
        ValueError: no unit, or not one label for each.
    """
    counts, cluster = _drawn(units, draws, seed, clusters)
    counts = counts[:, cluster]
    return counts / counts.sum(1, keepdim=True)


def _drawn(
    units: int, draws: int, seed: int, clusters: Sequence[Any] | Tensor | None
) -> tuple[Float[Tensor, "draw cluster"], Int[Tensor, "unit"]]:
    """How often each cluster was drawn, and the cluster of each unit."""
    if units < 1:
        raise ValueError("an interval needs at least one unit to draw from")
    labels = range(units) if clusters is None else numbered(clusters)
    if labels is None:
        raise ValueError(f"clusters are labels, one for each unit and in their order, not {type(clusters).__name__}")
    if len(labels) != units:
        raise ValueError(f"there are {len(labels)} cluster labels for {units} units")
    things = max(labels) + 1
    chosen = torch.randint(things, (draws, things), generator=torch.Generator().manual_seed(seed))
    counts = torch.zeros(draws, things, dtype=torch.float64)
    return counts.scatter_add_(1, chosen, torch.ones_like(chosen, dtype=torch.float64)), torch.tensor(labels)


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


def interval(resampled: Float[Tensor, "draw *rest"], level: float = 0.95) -> tuple[Tensor, Tensor]:
    """The percentiles (low, high) between which the share `level` of the draws lies."""
    tail = (1 - level) / 2
    low, high = resampled.quantile(torch.tensor([tail, 1 - tail], dtype=resampled.dtype), dim=0)
    return low, high


def mean_interval(
    values: Float[Tensor, "unit"], level: float = 0.95, clusters: Sequence[Any] | Tensor | None = None
) -> tuple[float, float, float]:
    """The mean of `values` and its bootstrap interval: (mean, low, high). `clusters`: as in `bootstrap_weights`."""
    counts, cluster = _drawn(len(values), DRAWS, 0, clusters)
    sums = torch.zeros(2, counts.shape[1], dtype=torch.float64)  # by cluster: of the values, and of the units
    sums.index_add_(1, cluster, torch.stack([values.double(), torch.ones_like(values, dtype=torch.float64)]))
    low, high = interval((counts @ sums[0]) / (counts @ sums[1]), level)
    return values.mean().item(), low.item(), high.item()
