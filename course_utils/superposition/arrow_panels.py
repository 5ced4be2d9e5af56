"""Arrows of a model in a small panel: its title and what it has dropped always stand in the same places."""

import cmath

from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from torch import Tensor

from .. import plots
from .measures import DROPPED, column_norms

LIMIT = 1.6  # trained arrows are shorter than this, their numbers included
NUMBER = 0.3  # from the tip of an arrow to its number


def number_places(W: Float[Tensor, "2 feature"], gap: float) -> list[tuple[float, float]]:
    """Where the number of each arrow stands: behind its tip, turned aside where another number or arrow is."""
    tips, places = [complex(x, y) for x, y in W.T.tolist()], []
    for i, tip in enumerate(tips):
        ahead = tip / max(abs(tip), 1e-9)
        tried = [tip + (gap + 0.1 * far) * ahead * cmath.rect(1, turn)
                 for far in range(20) for turn in (0, 1, -1, 1.8, -1.8)]  # fmt: skip
        others = tips[:i] + tips[i + 1 :]

        def free(z: complex, others: list[complex] = others) -> bool:
            return all(abs(z - other) > 0.9 * gap for other in places) and all(
                _from_arrow(z, other) > 0.6 * gap for other in others
            )

        places.append(next(filter(free, tried), tried[0]))
    return [(z.real, z.imag) for z in places]


def _from_arrow(z: complex, tip: complex) -> float:
    """How far a point is from the nearest one of an arrow from the origin."""
    along = (z * tip.conjugate()).real / max(abs(tip) ** 2, 1e-12)
    return abs(z - min(max(along, 0.0), 1.0) * tip)


def arrow_panel(ax: Axes, W: Float[Tensor, "2 feature"], title: str = "", trained: bool = True) -> None:
    """The columns of W, the title above the circle, and below it the features whose arrows are shorter than 0.3.

    Of a model that is not `trained` yet no arrow counts as dropped, however short it is.
    """
    size = column_norms(W).tolist()
    kept = [i for i, length in enumerate(size) if length >= DROPPED]
    short = [i for i in range(W.shape[1]) if i not in kept]
    colours = [plots.SERIES[i % len(plots.SERIES)] for i in range(W.shape[1])]
    plots.arrows(ax, W[:, kept], labels=[""] * len(kept), colours=[colours[i] for i in kept])
    for i in short:
        x, y = W[:, i].tolist()
        ax.plot([0, x], [0, y], color=plots.GREY if trained else colours[i], linewidth=1 if trained else 2.2)
        dot = dict(color=plots.NULL, markerfacecolor="white") if trained else dict(color=colours[i])
        ax.plot(x, y, "o", markersize=5, **dot)
    shown = kept if trained else list(range(W.shape[1]))
    for i, place in zip(shown, number_places(W[:, shown], NUMBER), strict=True):
        ax.text(*place, str(i), ha="center", va="center", color=plots.INK, fontsize=9, fontweight="bold",
                path_effects=[withStroke(linewidth=3, foreground="white")])  # fmt: skip
    ax.set(xlim=(-LIMIT, LIMIT), ylim=(-LIMIT, LIMIT))
    ax.set_axis_off()
    ax.set_title(title, loc="center", pad=2)
    if short and trained:
        words = f"feature{'s' * (len(short) > 1)} {', '.join(map(str, short))} dropped"
        ax.text(0, -1.55, words, ha="center", va="top", fontsize=9, color=plots.NULL)
