"""Loss against density: which way of keeping features costs least, and where one takes over from another.

1. Every loss is a share of the variance of all features, weighted by their importance: 0 is a perfect copy, 1 is what
   remains when every feature is answered by its mean.
2. For two equal features in one dimension both losses are formulas: dropping one, and the antipodal pair.
3. For five features in the plane the square and the two arrows are formulas; pentagons are measured.
4. What a model loses is shared out by cause: collisions, leaks of a feature that is alone, and its own output.
"""

import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from .. import plots
from .critical import IDEAL_SWITCH
from .measures import polygon
from .model import forward, generate_batch, loss
from .theory import UNIFORM, phase_losses
from .training import Trained

SAMPLES = 200_000
NO_BIAS = 0.92  # the best length of a rare pentagon's arrows if it may have no bias


def variance(p: Float[Tensor, "*grid"]) -> Float[Tensor, "*grid"]:
    """p/3 − p²/4: the variance of a feature that is uniform on [0, 1] with probability p, and else 0."""
    return p * UNIFORM.square - (p * UNIFORM.mean).square()


def share_lost(
    W: Float[Tensor, "hidden feature"],
    b: Float[Tensor, "feature"],
    p: float,
    importance: Float[Tensor, "feature"],
) -> float:
    """The share of the features' variance that a model loses at density p, on 200 000 fresh samples."""
    x = generate_batch(torch.full((1, len(b)), p), SAMPLES, torch.Generator().manual_seed(0))[0]
    return (loss(x, forward(x, W, b), importance) / (importance.sum() * variance(torch.tensor(p)))).item()


def causes(
    W: Float[Tensor, "hidden feature"],
    b: Float[Tensor, "feature"],
    p: float,
    importance: Float[Tensor, "feature"],
) -> dict[str, float]:
    """The share of the variance that a model loses through each cause, on 200 000 fresh samples; the sum is the loss.

    "collisions" are samples with two or more active features. In all others an error at a feature that is silent is a
    leak, and an error at the active feature is its own.
    """
    x = generate_batch(torch.full((1, len(b)), p), SAMPLES, torch.Generator().manual_seed(0))[0]
    error = importance * (x - forward(x, W, b)).square() / (importance.sum() * variance(torch.tensor(p)))
    active = x > 0
    several = active.sum(1, keepdim=True) > 1
    where = {"own output": ~several & active, "leaks": ~several & ~active, "collisions": several.expand_as(active)}
    return {name: ((error * there).sum() / len(x)).item() for name, there in where.items()}


def square_share(p: Float[Tensor, "*grid"], importance: Float[Tensor, "5"]) -> Float[Tensor, "*grid"]:
    """Two antipodal pairs of length 1 and no bias; the least important of five features is answered by its mean."""
    collide = p.square() * UNIFORM.smaller * importance[:4].sum()
    return (collide + importance[4] * variance(p)) / (importance.sum() * variance(p))


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


def plane_figure(trained: Trained, parted: int = 4) -> Figure:
    """Five features in two dimensions: what the best trained models lose, beside three models made by hand.

    Args:
        trained: one instance for each density, with the importance 0.9^i; its best run of each density is drawn.
        parted: on the right, for so many of the lowest densities, a bar shows what is lost through each cause.
    """
    best, importance = trained.best(), trained.toy.importance[0]
    p = trained.toy.probability[:, 0]
    last = float(p.min())
    fine, coarse = (torch.logspace(0, float(p.min().log10()), points) for points in (200, 13))
    two = importance[2:].sum() / importance.sum()
    unbiased = [share_lost(NO_BIAS * polygon(5), torch.zeros(5), float(q), importance) for q in coarse]
    measured = [
        share_lost(W, b, q, importance) for W, b, q in zip(best.W[0], best.b[0], p.tolist(), strict=True)
    ]  # fmt: skip
    fig, (ax, right) = plots.figure(1, 2, height=3.6, width_ratios=[1.4, 1])
    ax.plot(fine, 100 * two.expand(len(fine)), "--", color=plots.GREY)
    ax.plot(fine, 100 * square_share(fine, importance), "-.", color=plots.GREY)
    ax.plot(coarse, [100 * v for v in unbiased], ":", color=plots.GREY)
    ax.plot(p, [100 * v for v in measured], "o-", color=plots.INK, zorder=4)
    for text, height in (
        ("two arrows", 100 * two),
        ("pentagon,\nno bias", 100 * unbiased[-1] + 11),
        ("square", 100 * square_share(fine[-1], importance)),
        ("trained", 100 * measured[-1]),
    ):
        ax.text(last * 0.85, float(height), text, va="center", fontsize=9, color=plots.INK)
    _axes(ax)
    ax.set_xlim(1.15, last * 0.27)
    ax.set_xticks([1, 0.3, 0.1, 0.03], ["1", "0.3", "0.1", "0.03"])
    rare = range(len(p) - parted, len(p))
    _budgets(right, [causes(best.W[0, k], best.b[0, k], float(p[k]), importance) for k in rare])
    names = [f"{float(p[k]):.2g}" for k in rare]
    right.set(xticks=range(parted), xlabel="density p", yticks=[0, 5, 10, 15])
    right.set_xticklabels(names, fontsize=9)
    right.set_title("trained, by cause", loc="left")
    return fig


CAUSES = {"own output": "#3A3A3A", "leaks": "#8F8F8F", "collisions": "#E3E3E3"}  # and their greys


def _budgets(ax: Axes, lost: list[dict[str, float]]) -> None:
    """A bar for each density, cut by cause; the causes are named beside the last bar."""
    for k, shares in enumerate(lost):
        bottom = 0.0
        for name, fill in CAUSES.items():
            height = 100 * shares[name]
            ax.bar(k, height, bottom=bottom, width=0.7, color=fill, edgecolor=plots.INK, linewidth=0.8)
            if k == len(lost) - 1:
                ax.text(k + 0.45, bottom + height / 2, name, va="center", fontsize=9)
            bottom += height
    ax.set_xlim(-0.6, len(lost) + 0.75)


def _axes(ax: Axes) -> None:
    ax.set_xscale("log")
    ax.set(xlim=(1.05, 0.0095), ylim=(0, 100), ylabel="% of the variance lost")
    ax.set_xticks([1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01], ["1", "0.5", "0.2", "0.1", "0.05", "0.02", "0.01"])
    ax.set_xticks([], minor=True)
    ax.set_xlabel("density p (rarer to the right)")

