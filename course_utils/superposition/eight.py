"""Eight features in three dimensions: do they form a square antiprism, or are they only spread evenly?

1. Dimensionalities cannot tell: eight features that fill three dimensions have 3/8 each on average in any shape.
2. The angles can. Sort the cosines of all pairs: a shape gives the same list however it is turned and numbered.
3. The null is a set of arrows of equal length that fill three dimensions evenly and have no other shape.
"""

import math

import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from .. import plots
from .measures import directions


def antiprism() -> Float[Tensor, "3 8"]:
    """A square above a square that is turned by 45°, as high as makes the eight corners fill space evenly."""
    angle = torch.arange(8) * math.pi / 2 + (torch.arange(8) >= 4) * math.pi / 4
    height = torch.where(torch.arange(8) < 4, 1.0, -1.0) / math.sqrt(3)
    return torch.stack([math.sqrt(2 / 3) * angle.cos(), math.sqrt(2 / 3) * angle.sin(), height])


def evenly_spread(count: int, n: int, d: int, generator: torch.Generator) -> Float[Tensor, "count d n"]:
    """Sets of n random unit arrows, moved until W Wᵀ is a multiple of the identity: they fill d dimensions evenly."""
    W = torch.randn(count, d, n, generator=generator)
    for _ in range(60):
        left, _, right = torch.linalg.svd(W, full_matrices=False)
        W = torch.nn.functional.normalize(left @ right, dim=-2)
    return W


def sorted_cosines(W: Float[Tensor, "d n"]) -> Float[Tensor, "pair"]:
    """The cosines of all pairs of columns, from the smallest to the largest."""
    unit = directions(W)
    first, second = torch.triu_indices(W.shape[1], W.shape[1], 1)
    return (unit.mT @ unit)[first, second].sort().values


def from_antiprism(W: Float[Tensor, "hidden 8"]) -> float:
    """Root mean square difference of the sorted cosines from those of the antiprism."""
    return (sorted_cosines(W) - sorted_cosines(antiprism())).square().mean().sqrt().item()


def eight_figure(found: list[Float[Tensor, "hidden 8"]], null: Float[Tensor, "count 3 8"]) -> Figure:
    """Sorted cosines: of the antiprism, of what was found, and of evenly spread arrows."""
    fig, ax = plots.figure(height=3.0)
    rank = range(1, 29)
    for k, W in enumerate(null):
        label = "evenly spread at random" if k == 0 else None
        ax.plot(rank, sorted_cosines(W), color=plots.GREY, linewidth=0.6, alpha=0.25, label=label)
    ax.plot(rank, sorted_cosines(antiprism()), color=plots.INK, linewidth=2.4, label="square antiprism")
    for k, W in enumerate(found):
        label = "blocks of eight, trained" if k == 0 else None
        ax.plot(rank, sorted_cosines(W), "o-", color=plots.SERIES[1], markersize=3.5, linewidth=1, label=label)
    ax.set(xlabel="pair of arrows, sorted", ylabel="cosine", ylim=(-1.05, 1.05))
    ax.legend(loc="upper left")
    return fig
