"""How many features fit into many dimensions: readings among random directions, and the angles of real ones.

1. Angles between random directions: any in the plane, ever nearer to a right angle as dimensions are added.
2. Give n features random directions in d dimensions. A reading is disturbed by those of the others that are active.
   With the best length and the best waterline: draw some readings as bars, and the loss over the number of features.
3. Lay the angles of a language model's token directions over those of random ones.
4. Directions that were pushed apart, beside random ones and the least overlap that any set can have.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from .. import plots
from .real_models import Cosines
from .theory import Packing, random_directions, welch_bound
from .tradeoff import variance
from .waterline import WATER

D, P = 768, 0.01  # as wide as GPT-2 small; density


def random_readings(
    n: int, p: float = P, samples: int = 500, read: int = 20, seed: int = 0
) -> Float[Tensor, "reading"]:
    """Readings of features that are off, among n features in random directions: one draw, `read` of them read."""
    generator = torch.Generator().manual_seed(seed)
    W = random_directions(n, D, generator)
    overlap = W[:, :read].mT @ W  # (read, feature)
    overlap.fill_diagonal_(0)  # the one that is read is off
    x = (1 - torch.rand(samples, n, generator=generator) / p).clamp(min=0)  # uniform on [0, 1] with probability p
    return (x @ overlap.mT).flatten()


def readings_of(x: Float[Tensor, "shown"], n: int, p: float = P, seed: int = 0) -> Float[Tensor, "shown"]:
    """Readings of the first features, of strengths x, among n in random directions; the others are active as chance
    will have it, each with probability p."""
    generator = torch.Generator().manual_seed(seed)
    W = random_directions(n, D, generator)
    others = (1 - torch.rand(n - len(x), generator=generator) / p).clamp(min=0)
    return W[:, : len(x)].mT @ (W @ torch.cat([x, others]))


@dataclass(frozen=True)
class Crowd:
    """n features of density p in random directions: the best length and waterline, the same for all, and the loss.

    `silent` and `active` are the shares of the variance that are lost at silent and at active features.
    """

    n: int
    p: float
    length: float
    water: float
    silent: float
    active: float

    @property
    def lost(self) -> float:
        return self.silent + self.active


def crowd(n: int, p: float) -> Crowd:
    """Length and waterline are chosen on one draw of directions, and the loss is measured on another."""
    tried = [(1 + 0.04 * i, 0.03 * j) for i in range(20) for j in range(36)]  # squared length, waterline
    chosen, fresh = (random_readings(n, p, samples=300, seed=seed) for seed in (0, 1))
    square, water = min(tried, key=lambda setting: sum(_lost(chosen, p, *setting)))
    return Crowd(n, p, square**0.5, water, *_lost(fresh, p, square, water))


def _lost(noise: Float[Tensor, "reading"], p: float, square: float, water: float) -> tuple[float, float]:
    x = (torch.arange(20) + 0.5) / 20  # strengths of an active feature
    silent = torch.relu(square * noise - water).square().mean()
    active = (torch.relu(square * (noise[:1500, None] + x) - water) - x).square().mean()
    return tuple((torch.stack([(1 - p) * silent, p * active]) / variance(torch.tensor(p))).tolist())


def crowd_figure(
    x: Float[Tensor, "shown"], readings: Float[Tensor, "shown"], found: Crowd, measured: list[Crowd]
) -> Figure:
    """Left, readings of some features as bars above a waterline. Right, the loss over the number of features.

    Args:
        x: how active the features are whose readings are drawn.
        readings: what they are with arrows of length 1, among as many others as `found` has.
        found: gives length and waterline of the bars.
        measured: crowds of several sizes, a curve for each density.
    """
    fig, (left, right) = plots.figure(1, 2, height=3.3, width_ratios=[1.45, 1])
    fig.get_layout_engine().set(wspace=0.08)
    _bars(left, x, readings, found)
    left.set_title(f"p = {found.p:g}", loc="left")
    left.set_xlabel(f"{len(x)} of the {found.n:,} features")
    for p, style in zip(sorted({one.p for one in measured}, reverse=True), ("o-", "s-"), strict=True):
        sizes = {one.n: 100 * one.lost for one in measured if one.p == p}
        right.plot(list(sizes), list(sizes.values()), style, color=plots.INK, markersize=5)
        right.text(1.3 * max(sizes), sizes[max(sizes)], f"p = {p:g}", va="center")
    linear = [10 ** (2.6 + k / 40) for k in range(57)]
    right.plot(linear, [100 * max(1 - D / size, 0) for size in linear], "--", color=plots.NULL)
    right.text(1.3e4, 92, "best linear\nsqueeze", color=plots.NULL, va="center", ha="left")
    right.set(xscale="log", xlabel="number of features", ylabel="% of the variance lost", ylim=(-2, 102))
    right.set_xlim(400, 7e4)
    right.set_xticks([1_000, 10_000], ["1,000", "10,000"])
    return fig


def _bars(ax: Axes, x: Float[Tensor, "shown"], readings: Float[Tensor, "shown"], found: Crowd) -> None:
    """Readings as bars: active features in colour with a stroke where they have to end, false ones in orange."""
    level, readings = found.water, found.length**2 * readings
    ax.axhspan(-1, level, color=WATER, zorder=0)
    for active, colour in ((True, plots.SERIES[0]), (False, plots.EDITED)):
        at = ((x > 0) == active).nonzero().flatten()
        ax.bar(at, readings[at].clamp(max=level), width=0.8, color=colour if active else "#9A9A9A", zorder=1)
        out = at[readings[at] > level]
        ax.bar(out, readings[out] - level, bottom=level, width=0.8, color=colour, zorder=2)
    on = x.nonzero().flatten()
    ax.hlines(level + x[on], on - 2.5, on + 2.5, color=plots.INK, linewidth=1.8, zorder=4)
    ax.axhline(level, color=plots.INK, linewidth=1.0, zorder=3)
    ax.set(xlim=(-1, len(x)), ylim=(-0.9, 1.9), xticks=[], yticks=[0, 1], ylabel="reading")


def right_angles_figure(dimensions: tuple[int, ...] = (2, 10, 100, D)) -> Figure:
    """Histograms of the angles between two random directions, for a growing number of dimensions."""
    fig, axes = plots.figure(1, len(dimensions), height=1.75, sharex=True)
    for ax, d in zip(axes, dimensions, strict=True):
        pairs = [random_directions(20_000, d, torch.Generator().manual_seed(s)) for s in (0, 1)]
        ax.hist(_degrees((pairs[0] * pairs[1]).sum(0)), bins=90, range=(0, 180), color=plots.NULL)
        ax.set(xticks=[0, 90, 180], xticklabels=["0", "90", "180"], yticks=[])
        ax.set_title(f"{d} dimensions")
        ax.spines["left"].set_visible(False)
    fig.supxlabel("angle between two random directions (degrees)", fontsize=10)
    return fig


def angles_figure(tokens: Cosines, name: str) -> Figure:
    """Left, angles of random directions in 2, 20 and 768 dimensions. Right, those of a model's tokens."""
    fig, (left, right) = plots.figure(1, 2, height=3.0)
    how = dict(range=(0, 180), density=True)
    for d, colour in zip((2, 20, D), ("#A8A8A8", "#777777", "#222222"), strict=True):
        pairs = [random_directions(20_000, d, torch.Generator().manual_seed(s)) for s in (0, 1)]
        left.hist(_degrees((pairs[0] * pairs[1]).sum(0)), bins=90, color=colour, label=f"{d} dimensions", **how)
    right.hist(_degrees(tokens.random), bins=90, color="#8A8A8A", label=f"random, {tokens.d} dimensions", **how)
    for cosine, style, label in ((tokens.raw, "-", "as they are"), (tokens.centred, "--", "centred")):
        right.hist(_degrees(cosine), bins=90, histtype="step", color=plots.EDITED, linestyle=style, linewidth=1.6,
                   label=label, **how)  # fmt: skip
    for ax, title in ((left, "random directions"), (right, f"tokens of {name}")):
        ax.set_title(title, loc="left")
        ax.set(xlabel="angle between two directions (degrees)", xticks=range(0, 181, 30))
        ax.set_ylim(0, 1.45 * ax.get_ylim()[1])  # room for the legend
        ax.legend(fontsize=8, loc="upper left")
    left.set_ylabel("share per degree")
    return fig


def packing_figure(packed: dict[int, Packing], d: int, goal: float) -> Figure:
    """The largest |cos| over the number of directions in d dimensions: random, promised, optimised, least possible."""
    n = list(packed)
    fig, ax = plots.figure(height=3.2)
    curves = (
        ("random", [k.start for k in packed.values()], "s-", plots.NULL, "top"),
        ("promised by the bound", [(4 * math.log(k) / d) ** 0.5 for k in n], "--", plots.NULL, "bottom"),
        ("optimised", [k.coherence for k in packed.values()], "o-", plots.INK, "bottom"),
        ("least possible", [welch_bound(k, d) for k in n], ":", plots.INK, "top"),
    )
    for name, values, style, colour, up in curves:
        ax.plot(n, values, style, color=colour)
        ax.text(n[-1] + 4, values[-1], name, va=up, color=colour, fontsize=9)
    ax.axhline(goal, color=plots.EDITED, linewidth=1.2)
    ax.text(n[0], goal + 0.01, f"|cos| = {goal:g}", color=plots.EDITED, fontsize=9, va="bottom")
    ax.set(xlabel=f"number of directions in {d} dimensions", ylabel="largest |cos| of any two", ylim=(0, 0.7))
    ax.set(xlim=(n[0] - 5, n[-1] + 65), xticks=n)
    return fig


def _degrees(cosine: Float[Tensor, "pair"]) -> object:
    return torch.rad2deg(cosine.clamp(-1, 1).arccos()).numpy()
