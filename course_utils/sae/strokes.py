"""An effect and its two nulls, in a row: a stroke for each null edit, a blue dot for the latent's own, its ranks."""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import plots

APART = 0.19  # of a row: how far each null stands from its middle
COLOURS = {"taken away": plots.NULL, "added": plots.SERIES[2]}


def stroke_row(ax: Axes, y: int, nulls: dict[str, Float[Tensor, "other"]], own: float) -> None:
    """Row `y`: each null, the latent's own effect, and its ranks at the right end, bold where p < 0.05.

    Args:
        nulls: {a key of `COLOURS`: the effects of the null}, from top to bottom.
    """
    for i, (name, null) in enumerate(nulls.items()):
        rank, of, colour = 1 + int((null >= own).sum()), 1 + len(null), COLOURS[name]
        ax.plot(null, [y + APART * (2 * i - 1)] * len(null), "|", color=colour, markersize=8, alpha=0.6,
                label=f"{len(null)} others, {name}" if y == 0 else None)  # fmt: skip
        ax.text(1.04 + 0.1 * i, y, str(rank), transform=ax.get_yaxis_transform(), fontsize=10, va="center",
                ha="center", color=colour, fontweight="bold" if rank / of < 0.05 else "normal")  # fmt: skip
    ax.plot(own, y, "o", color=plots.HEAD, markersize=8, label="the latent's own direction" if y == 0 else None)


def strokes_axis(fig: Figure, ax: Axes, names: Sequence[str]) -> None:
    """Names of the rows, from top to bottom, the axis, the column of ranks, and the legend."""
    ax.set(yticks=range(len(names)), yticklabels=names, xscale="log", ylim=(len(names) - 0.5, -0.5),
           xlabel="KL from the untouched prediction, nats, on a logarithmic axis")  # fmt: skip
    ax.text(1.09, -0.75, "rank", transform=ax.get_yaxis_transform(), fontsize=10, va="center", ha="center")
    fig.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=3)
