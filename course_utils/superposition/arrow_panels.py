"""Arrows of a model in a small panel: its title and what it has dropped always stand in the same places."""

from jaxtyping import Float
from matplotlib.axes import Axes
from torch import Tensor

from .. import plots
from .measures import DROPPED, column_norms

LIMIT = 1.6  # trained arrows are shorter than this, their numbers included
NUMBER = 0.3  # from the tip of an arrow to its number


def arrow_panel(ax: Axes, W: Float[Tensor, "2 feature"], title: str = "") -> None:
    """The columns of W, the title above the circle, and below it the features whose arrows are shorter than 0.3."""
    kept = [i for i, length in enumerate(column_norms(W).tolist()) if length >= DROPPED]
    dropped = [i for i in range(W.shape[1]) if i not in kept]
    colours = [plots.SERIES[i % len(plots.SERIES)] for i in kept]
    plots.arrows(ax, W[:, kept], labels=[""] * len(kept), colours=colours)
    for i, (x, y) in zip(kept, W[:, kept].T.tolist(), strict=True):
        far = 1 + NUMBER / (x * x + y * y) ** 0.5
        ax.text(x * far, y * far, str(i), ha="center", va="center", color=plots.INK, fontsize=9, fontweight="bold")
    for x, y in W[:, dropped].T.tolist():
        ax.plot([0, x], [0, y], color=plots.GREY, linewidth=1)
        ax.plot(x, y, "o", color=plots.NULL, markersize=5, markerfacecolor="white")
    ax.set(xlim=(-LIMIT, LIMIT), ylim=(-LIMIT, LIMIT))
    ax.set_axis_off()
    ax.set_title(title, loc="center", pad=2)
    if dropped:
        words = f"feature{'s' * (len(dropped) > 1)} {', '.join(map(str, dropped))} dropped"
        ax.text(0, -1.55, words, ha="center", va="top", fontsize=9, color=plots.NULL)
