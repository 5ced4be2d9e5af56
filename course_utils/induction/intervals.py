"""Bootstrap intervals for means and for anything that is made of means (Efron 1979).

The units that were measured (windows, prompts, seeds) are drawn anew with replacement, many times. A draw is a row of
weights that sum to one, so that a resampled mean is `weights @ values`. One set of draws serves every number made
from the same units: differences and ratios keep their pairing.
"""

import torch
from jaxtyping import Float
from torch import Tensor


def bootstrap_weights(units: int, draws: int = 2000, seed: int = 0) -> Float[Tensor, "draw unit"]:
    """How often each unit was drawn, as a share, in double precision."""
    generator = torch.Generator().manual_seed(seed)
    chosen = torch.randint(units, (draws, units), generator=generator)
    counts = torch.zeros(draws, units, dtype=torch.float64)
    return counts.scatter_add_(1, chosen, torch.ones_like(chosen, dtype=torch.float64)) / units


def interval(resampled: Float[Tensor, "draw *rest"], level: float = 0.95) -> tuple[Tensor, Tensor]:
    """The percentiles (low, high) between which the share `level` of the draws lies."""
    tail = (1 - level) / 2
    low, high = resampled.quantile(torch.tensor([tail, 1 - tail], dtype=resampled.dtype), dim=0)
    return low, high


def mean_interval(values: Float[Tensor, "unit"], level: float = 0.95) -> tuple[float, float, float]:
    """The mean of `values` and its bootstrap interval: (mean, low, high)."""
    low, high = interval(bootstrap_weights(len(values)) @ values.double(), level)
    return values.mean().item(), low.item(), high.item()
