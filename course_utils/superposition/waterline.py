"""What a negative bias does: readings as bars, and a waterline below which nothing is output.

1. The bar of feature i is its reading, W_i · h.
2. The water stands at −b_i. ReLU(reading + b_i) is how far the bar stands out of the water, and nothing if it drowns.
3. A stroke at −b_i + x_i says how far the bar of an active feature has to stand out.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from torch import Tensor

from .. import plots
from .measures import polygon

WATER = "#E3E3E3"  # where the output is zero
LOWEST, HIGHEST = -1.0, 2.1  # of the readings that are shown


@dataclass(frozen=True)
class Dive:
    """One input on its way through a model of the plane, with a title."""

    title: str
    W: Float[Tensor, "2 feature"]
    b: Float[Tensor, "feature"]
    x: Float[Tensor, "feature"]

    @property
    def readings(self) -> Float[Tensor, "feature"]:
        """W_i · h, before bias and ReLU."""
        return self.W.T @ (self.W @ self.x)

    @property
    def output(self) -> Float[Tensor, "feature"]:
        return torch.relu(self.readings + self.b)


def upright(W: Float[Tensor, "2 feature"]) -> Float[Tensor, "2 feature"]:
    """The same model, turned so that arrow 0 points up. A turn changes no reading."""
    up = W[:, 0] / W[:, 0].norm()
    return torch.stack([torch.stack([up[1], -up[0]]), up]) @ W


def regular(W: Float[Tensor, "2 feature"]) -> Float[Tensor, "2 feature"]:
    """A regular polygon with arrows of length 1, in the order in which the arrows of W go around the circle."""
    around = torch.atan2(W[1], W[0]).argsort()
    return polygon(W.shape[1])[:, around.argsort()]


def waterline_figure(dives: list[Dive]) -> Figure:
    """A panel for each dive, two in a row, and the key to the picture below them."""
    rows = (len(dives) + 1) // 2
    fig, axes = plots.figure(rows, 2, height=0.5 + 3.0 * rows, sharey=True, squeeze=False)
    fig.get_layout_engine().set(hspace=0.06)
    for ax, dive in zip(axes.flat, dives, strict=False):
        _dive(ax, dive)
    for ax in axes[:, 0]:
        ax.set_ylabel("reading")
    for ax in axes.flat[len(dives) :]:
        ax.axis("off")
    key = [
        Patch(facecolor=WATER, edgecolor=plots.INK, label="under water: the output is 0"),
        Line2D([], [], color=plots.EDITED, linewidth=2.4, label="where an active bar has to end"),
        Line2D([], [], color=plots.INK, marker="D", linestyle="", label="hidden numbers h"),
    ]
    fig.legend(handles=key, loc="outside lower center", ncols=3, columnspacing=1.4)
    return fig


def _input(x: Float[Tensor, "feature"]) -> str:
    active = x.nonzero().flatten().tolist()
    return f"input: {' and '.join(map(str, active))} at {float(x[active[0]]):.2g}"


def _dive(ax: Axes, dive: Dive) -> None:
    readings, n = dive.readings, len(dive.x)
    colours = [plots.SERIES[i % len(plots.SERIES)] for i in range(n)]
    water = (-dive.b).tolist()
    ax.bar(range(n), [w - LOWEST for w in water], bottom=LOWEST, width=1.0, color=WATER, zorder=0)
    for i, (reading, level) in enumerate(zip(readings.tolist(), water, strict=True)):
        drowned = sorted((0.0, min(reading, level)))
        if reading < LOWEST:
            depth = f"{reading:.1f}".replace("-", "−")
            ax.text(i, LOWEST + 0.03, depth, ha="center", va="bottom", fontsize=8, zorder=5)
        ax.bar(i, drowned[1] - drowned[0], bottom=drowned[0], width=0.56, color=colours[i], alpha=0.35, zorder=1)
        if reading > level:
            ax.bar(i, reading - level, bottom=level, width=0.56, color=colours[i], zorder=2, label="out of the water")
        ax.hlines(level, i - 0.5, i + 0.5, color=plots.INK, linewidth=1.2, zorder=3)
        text = f"{reading - level:.2f}" if reading - level >= 0.005 else "0"
        goal = level + float(dive.x[i])
        above = max(reading, goal) + 0.06
        ax.text(i, above, text, ha="center", va="bottom", color=plots.INK, zorder=5)
        if dive.x[i] > 0:
            ax.hlines(goal, i - 0.47, i + 0.47, color=plots.EDITED, linewidth=2.4, zorder=4)
    ax.axhline(0, color=plots.INK, linewidth=0.6, linestyle=":", zorder=1)
    ax.set(xlim=(-0.5, n - 0.5), ylim=(LOWEST, HIGHEST), xticks=range(n), yticks=[-0.5, 0, 0.5, 1, 1.5])
    ax.set_xticklabels([f"{i}" for i in range(n)])
    ax.set_xlabel("feature", labelpad=1)
    ax.set_title(dive.title, loc="left", fontsize=11, pad=18)
    ax.text(0, 1.03, _input(dive.x), transform=ax.transAxes, color=plots.NULL)
    _arrows(ax.inset_axes((0.16, 0.49, 0.48, 0.51)), dive)


def _arrows(ax: Axes, dive: Dive) -> None:
    """The arrows, small, arrow 0 upwards, and h as a diamond."""
    W = upright(dive.W)
    ax.add_patch(plots.plt.Circle((0, 0), 1, fill=False, color=plots.GREY, linewidth=0.7, linestyle=":"))
    for i, (x, y) in enumerate(W.T.tolist()):
        colour, far = plots.SERIES[i % len(plots.SERIES)], 1 + 0.3 / (x * x + y * y) ** 0.5
        ax.plot([0, x], [0, y], color=colour, linewidth=1.8)
        ax.text(x * far, y * far, str(i), ha="center", va="center", fontsize=9, color=plots.INK)
    ax.plot(*(W @ dive.x).tolist(), "D", color=plots.INK, markeredgecolor="white", markersize=6, zorder=5)
    ax.set(xlim=(-1.7, 1.7), ylim=(-1.55, 1.7), aspect="equal")
    ax.axis("off")
