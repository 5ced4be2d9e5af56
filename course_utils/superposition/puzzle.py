"""The puzzle with which the lesson opens: five numbers through two, and how much of them is lost.

1. `squeeze_figure` – the model as a bottleneck, and the two losses that linear algebra knows; the third is a question.
2. `answer_figure` – the arrows that a trained model learned, and what it loses.
"""

from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from .. import plots
from .arrow_panels import arrow_panel

NAMES = ("always the mean", "best linear\nsqueeze", "trained\nmodel")


def squeeze_figure(shares: list[float | None]) -> Figure:
    """Left, an example on its way through the model. Right, % of the variance lost; None is drawn as a question."""
    fig, (left, right) = plots.figure(1, 2, height=2.9, width_ratios=[1.35, 1])
    rows, example = [4, 3, 2, 1, 0], ("0", "0", "0.7", "0", "0")
    for i, y in enumerate(rows):
        colour = plots.SERIES[i % len(plots.SERIES)]
        for h in (2.7, 1.3):
            left.plot([0, 1], [y, h], color=plots.STREAM, linewidth=1, zorder=0)
            left.plot([1, 2], [h, y], color=plots.STREAM, linewidth=1, zorder=0)
        active = example[i] != "0"
        left.plot(0, y, "o", markersize=15, markerfacecolor=colour if active else "white", markeredgecolor=colour)
        left.plot(2, y, "o", markersize=15, markerfacecolor="white", markeredgecolor=colour)
        left.text(-0.2, y, example[i], ha="right", va="center")
        left.text(2.2, y, "?", ha="left", va="center")
    for h in (2.7, 1.3):
        left.plot(1, h, "o", markersize=15, color=plots.STREAM, markeredgecolor=plots.INK)
    for x, text in ((0, "five in"), (1, "two"), (2, "five out")):
        left.text(x, 4.8, text, ha="center", fontweight="bold")
    for x, text in ((0.5, "matrix"), (1.5, "transpose,\nbias, ReLU")):
        left.text(x, -0.75, text, ha="center", va="top", fontsize=9)
    left.set(xlim=(-0.6, 2.6), ylim=(-1.6, 5.3))
    left.axis("off")
    _bars(right, shares)
    return fig


def answer_figure(W: Float[Tensor, "2 5"], shares: list[float]) -> Figure:
    """Left, the five arrows. Right, % of the variance lost."""
    fig, (left, right) = plots.figure(1, 2, height=3.2, width_ratios=[1.15, 1])
    arrow_panel(left, W)
    left.set_axis_on()
    left.set(xlabel="hidden dimension 1", ylabel="hidden dimension 2")
    _bars(right, shares)
    return fig


def _bars(ax: Axes, shares: list[float | None]) -> None:
    for y, share in enumerate(shares):
        ax.barh(y, share or 0, color=plots.INK if y == 2 else plots.GREY, height=0.5)
        ax.text((share or 0) + 3, y, "?" if share is None else f"{share:.0f} %", va="center",
                fontweight="bold" if y == 2 else "normal")  # fmt: skip
    ax.set(xlim=(0, 122), xticks=[], ylim=(2.6, -0.6))
    ax.set_title("variance lost", loc="left")
    ax.set_yticks(range(3), NAMES)
    ax.spines[["bottom", "left"]].set_visible(False)
    ax.tick_params(length=0)
