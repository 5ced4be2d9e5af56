"""An effect and its null, in a row: a stroke for each null edit, a blue dot for the latent's own, its rank."""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import plots


def stroke_row(ax: Axes, y: int, null: Float[Tensor, "other"], own: float) -> None:
    """Row `y`: the null, the latent's own effect, and its rank at the right end, bold where p < 0.05."""
    rank, of = 1 + int((null >= own).sum()), 1 + len(null)
    ax.plot(null, [y] * len(null), "|", color=plots.NULL, markersize=9, alpha=0.45,
            label=f"{len(null)} other directions" if y == 0 else None)  # fmt: skip
    ax.text(1.08, y, str(rank), transform=ax.get_yaxis_transform(), fontsize=10, va="center", ha="right",
            fontweight="bold" if rank / of < 0.05 else "normal")  # fmt: skip
    ax.plot(own, y, "o", color=plots.HEAD, markersize=8, label="the latent's own direction" if y == 0 else None)


def strokes_axis(fig: Figure, ax: Axes, names: Sequence[str]) -> None:
    """Names of the rows, from top to bottom, the axis, the column of ranks, and the legend."""
    ax.set(yticks=range(len(names)), yticklabels=names, xscale="log", ylim=(len(names) - 0.5, -0.5),
           xlabel="KL from the untouched prediction, nats, on a logarithmic axis")  # fmt: skip
    ax.text(1.08, -0.75, "rank", transform=ax.get_yaxis_transform(), fontsize=10, va="center", ha="right")
    fig.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=2)
