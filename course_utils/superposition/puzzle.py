"""The puzzle with which the lesson opens: five numbers through two, and how much of them is lost.

1. `squeeze_figure` – the model as a bottleneck, and the two losses that linear algebra knows; the third is a question.
2. `answer_figure` – the same with the numbers of a trained model, the arrows that it learned, and what it loses.
"""

import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from .. import plots
from .arrow_panels import arrow_panel

NAMES = ("always the mean", "best linear\nsqueeze", "trained\nmodel")


def squeeze_figure(x: Float[Tensor, "5"], shares: list[float | None]) -> Figure:
    """Left, an example on its way through the model. Right, % of the variance lost; None is drawn as a question."""
    fig, (left, right) = plots.figure(1, 2, height=2.9, width_ratios=[1.35, 1])
    _network(left, x)
    _bars(right, shares)
    return fig


def answer_figure(W: Float[Tensor, "2 5"], b: Float[Tensor, "5"], x: Float[Tensor, "5"], shares: list[float]) -> Figure:
    """The example with the numbers of a trained model; its five arrows, and h as a diamond; % of the variance lost."""
    fig, (left, middle, right) = plots.figure(1, 3, height=3.1, width_ratios=[1.25, 1.05, 0.8])
    h = W @ x
    _network(left, x, h, torch.relu(W.T @ h + b))
    arrow_panel(middle, W)
    middle.plot(*h.tolist(), "D", color=plots.INK, markeredgecolor="white", markersize=8, zorder=5)
    _bars(right, shares)
    return fig


def _network(
    ax: Axes, x: Float[Tensor, "5"], h: Float[Tensor, "2"] | None = None, x_hat: Float[Tensor, "5"] | None = None
) -> None:
    """Five numbers, two, five; what is not known yet is a question mark."""
    heights = (2.7, 1.3)
    for i, y in enumerate((4, 3, 2, 1, 0)):
        colour = plots.SERIES[i % len(plots.SERIES)]
        for middle in heights:
            ax.plot([0, 1], [y, middle], color=plots.STREAM, linewidth=1, zorder=0)
            ax.plot([1, 2], [middle, y], color=plots.STREAM, linewidth=1, zorder=0)
        answer = None if x_hat is None else float(x_hat[i])
        for place, value in ((0, float(x[i])), (2, answer or 0)):
            ax.plot(place, y, "o", markersize=15, markerfacecolor="white", markeredgecolor=colour)
            strength = min(value / float(x.max()), 1)
            ax.plot(place, y, "o", markersize=15, color=colour, alpha=strength, zorder=3)
            ax.text(place, y, str(i), ha="center", va="center", fontsize=8, zorder=4,
                    color="white" if strength > 0.5 else plots.INK)  # fmt: skip
        ax.text(-0.27, y, f"{float(x[i]):.2g}", ha="right", va="center")
        ax.text(2.27, y, "?" if answer is None else f"{answer:.2f}" if answer else "0", ha="left", va="center")
    for k, y in enumerate(heights):
        ax.plot(1, y, "o", markersize=15, color=plots.STREAM, markeredgecolor=plots.INK)
        if h is not None:
            value = f"{float(h[k]):.2f}".replace("-", "−")
            ax.text(1, y + (0.42 if k == 0 else -0.42), value, ha="center", va="bottom" if k == 0 else "top")
    for place, text in ((0, "five in"), (1, "two"), (2, "five out")):
        ax.text(place, 4.8, text, ha="center", fontweight="bold")
    for place, text in ((0.5, "matrix"), (1.5, "transpose,\nbias, ReLU")):
        ax.text(place, -0.75, text, ha="center", va="top", fontsize=9)
    ax.set(xlim=(-0.6, 2.75), ylim=(-1.6, 5.3))
    ax.axis("off")


def _bars(ax: Axes, shares: list[float | None]) -> None:
    for y, share in enumerate(shares):
        ax.barh(y, share or 0, color=plots.INK if y == 2 else plots.GREY, height=0.5)
        ax.text((share or 0) + 3, y, "?" if share is None else f"{share:.0f} %", va="center",
                fontweight="bold" if y == 2 else "normal")  # fmt: skip
    ax.set(xlim=(0, 135), xticks=[], ylim=(2.6, -0.6))
    ax.set_title("variance lost", loc="left")
    ax.set_yticks(range(3), NAMES)
    ax.spines[["bottom", "left"]].set_visible(False)
    ax.tick_params(length=0)
