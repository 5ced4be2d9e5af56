"""What a model loses, and why.

1. Every loss is a share of the variance of all features, weighted by their importance: 0 is a perfect copy, 1 is what
   remains when every feature is answered by its mean.
2. For two equal features in one dimension both losses are formulas: dropping one, and the antipodal pair.
3. What a model loses is shared out: samples with several active features; else the active one's own output, and leaks.
"""

from functools import lru_cache

import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from .. import plots
from .critical import IDEAL_SWITCH
from .model import forward, generate_batch, loss
from .theory import UNIFORM, phase_losses

SAMPLES = 600_000


def variance(p: Float[Tensor, "*grid"]) -> Float[Tensor, "*grid"]:
    """p/3 − p²/4: the variance of a feature that is uniform on [0, 1] with probability p, and else 0."""
    return p * UNIFORM.square - (p * UNIFORM.mean).square()


@lru_cache(maxsize=1)
def _samples(p: float, features: int) -> tuple[Float[Tensor, "sample feature"], Float[Tensor, "feature"]]:
    """600 000 samples at density p, the same at every call, and their variances."""
    x = generate_batch(torch.full((1, features), p), SAMPLES, torch.Generator().manual_seed(0))[0]
    return x, x.var(0)


def share_lost(
    W: Float[Tensor, "hidden feature"],
    b: Float[Tensor, "feature"],
    p: float,
    importance: Float[Tensor, "feature"],
) -> float:
    """The share of the features' variance that a model loses at density p, on 600 000 fresh samples."""
    x, spread = _samples(p, len(b))
    return (loss(x, forward(x, W, b), importance) / (importance * spread).sum()).item()


def causes(
    W: Float[Tensor, "hidden feature"],
    b: Float[Tensor, "feature"],
    p: float,
    importance: Float[Tensor, "feature"],
) -> dict[str, float]:
    """The share of the variance that a model loses through each cause, on 600 000 fresh samples; the sum is the loss.

    "several active" is every error in samples with two or more active features. In all others an error at a feature
    that is silent is a leak, and an error at the active feature is its own.
    """
    x, spread = _samples(p, len(b))
    error = importance * (x - forward(x, W, b)).square() / (importance * spread).sum()
    active = x > 0
    several = active.sum(1, keepdim=True) > 1
    where = {"own output": ~several & active, "leaks": ~several & ~active, "several active": several.expand_as(active)}
    return {name: ((error * there).sum() / len(x)).item() for name, there in where.items()}


def pair_figure() -> Figure:
    """Two equal features in one dimension: the loss of dropping one, and of the antipodal pair, over density."""
    p = torch.logspace(0, -2, 200)
    drop, _, pair = phase_losses(p, torch.tensor(1.0)) / (2 * variance(p))
    fig, ax = plots.figure(height=3.2)
    ax.plot(p, 100 * drop, "--", color=plots.GREY)
    ax.plot(p, 100 * pair, color=plots.INK)
    ax.plot(float(IDEAL_SWITCH), 50, "o", color=plots.INK, markersize=6)
    ax.annotate("p = 4/7", (float(IDEAL_SWITCH), 50), (0.53, 54), ha="left")
    ax.text(0.02, 53, "drop one feature", color=plots.NULL, ha="center")
    ax.text(0.17, 17, "keep both as a pair", color=plots.INK)
    _axes(ax)
    return fig


CAUSES = {"own output": "#3A3A3A", "leaks": "#8F8F8F", "several active": "#E3E3E3"}  # and their greys


def causes_figure(lost: dict[str, dict[str, float]]) -> Figure:
    """A bar for each model, of what it loses, cut by cause."""
    fig, ax = plots.figure(height=0.9 + 0.48 * len(lost))
    for y, shares in enumerate(lost.values()):
        left = 0.0
        for name, fill in CAUSES.items():
            wide = 100 * shares[name]
            ax.barh(y, wide, left=left, height=0.62, color=fill, edgecolor=plots.INK, linewidth=0.8,
                    label=name if y == 0 else None)  # fmt: skip
            left += wide
        ax.text(left + 0.8, y, f"{left:.0f} %", va="center", fontweight="bold")
    ax.set(xlim=(0, 70), ylim=(len(lost) - 0.5, -0.5), xlabel="% of the variance lost")
    ax.set_yticks(range(len(lost)), lost)
    ax.tick_params(axis="y", length=0)
    ax.legend(loc="lower right", title="what goes wrong")
    return fig


def _axes(ax: Axes) -> None:
    ax.set_xscale("log")
    ax.set(xlim=(1.05, 0.0095), ylim=(0, 100), ylabel="% of the variance lost")
    ax.set_xticks([1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01], ["1", "0.5", "0.2", "0.1", "0.05", "0.02", "0.01"])
    ax.set_xticks([], minor=True)
    ax.set_xlabel("density p (rarer to the right)")

