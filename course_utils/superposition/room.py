"""How many features fit into many dimensions: readings among random directions, and the angles of real ones.

1. Give n features random directions in d dimensions. A reading is disturbed by those of the others that are active.
2. Draw the readings of a feature that is off, and of the same feature at 0.5: two hills, apart or merged; and the share
   of readings on the wrong side, over the number of features.
3. Lay the angles of a language model's token directions over those of random ones.
4. Directions that were pushed apart, beside random ones and the least overlap that any set can have.
"""

import math

import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from .. import plots
from .real_models import Cosines
from .theory import Packing, expected_interference, random_directions, welch_bound

D, P, SIZE = 768, 0.01, 0.5  # as wide as GPT-2 small; density; how active the feature is that is read


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


def wrong_side(off: Float[Tensor, "reading"]) -> float:
    """The share of readings, half of them off and half of them on, that lie beyond the middle between the two."""
    return ((off > SIZE / 2).float().mean() + (off + SIZE < SIZE / 2).float().mean()).item() / 2


def expected_wrong_side(n: int, p: float = P) -> float:
    """The same share, if the noise is normal and has the mean square of `expected_interference`."""
    return math.erfc(SIZE / 2 / math.sqrt(2 * expected_interference(n, p, D))) / 2


def readings_figure(off: Float[Tensor, "reading"], wrong: dict[float, dict[int, float]]) -> Figure:
    """Left, readings of a feature that is off and of the same one on. Right, wrong readings over features, by density.

    Args:
        off: readings of features that are off.
        wrong: for each density and number of features the measured share on the wrong side; lines are expected ones.
    """
    fig, (left, right) = plots.figure(1, 2, height=3.2, width_ratios=[1, 1.25])
    how = dict(bins=60, range=(-0.8, 1.3), density=True)
    left.hist(off.numpy(), color="#BDBDBD", **how)
    left.hist((off + SIZE).numpy(), histtype="step", color=plots.SERIES[0], linewidth=1.8, **how)
    left.axvline(SIZE / 2, color=plots.INK, linewidth=0.9, linestyle=":")
    top = left.get_ylim()[1]
    left.text(-0.3, 0.75 * top, "off", ha="right", color=plots.NULL, fontweight="bold")
    left.text(0.82, 0.75 * top, "on", color=plots.SERIES[0], fontweight="bold")
    left.set(yticks=[], xlabel="reading", xticks=[0, 0.5, 1], ylabel="share of readings")
    left.spines["left"].set_visible(False)
    n = [round(10 ** (2.5 + k / 20)) for k in range(51)]
    for (p, found), style in zip(wrong.items(), ("-", "--"), strict=True):
        right.plot(n, [100 * expected_wrong_side(k, p) for k in n], style, color=plots.INK)
        right.plot(list(found), [100 * v for v in found.values()], "o", color=plots.INK, markersize=5)
        at = min(n, key=lambda k, p=p: abs(expected_wrong_side(k, p) - 0.2 + 14 * p))
        right.text(at * 0.85, 100 * expected_wrong_side(at, p), f"p = {p:g}", ha="right")
    right.axvline(D, color=plots.GREY, linewidth=0.9, linestyle=":")
    right.text(D * 1.06, 34, f"{D} dimensions", color=plots.NULL, fontsize=9)
    right.set(xscale="log", xlabel="number of features", ylabel="% of readings on the wrong side", ylim=(-1, 37))
    right.set_xticks([1_000, 10_000, 100_000], ["1,000", "10,000", "100,000"])
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
