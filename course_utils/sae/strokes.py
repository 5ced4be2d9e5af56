"""An effect beside its null, in a row: a grey stroke for each null edit, a blue dot for the latent's own, its rank."""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import plots


def stroke_row(ax: Axes, y: int, null: Float[Tensor, "other"], own: float) -> None:
    """Row `y`: the null, the latent's own effect, and its rank among them at the right end, bold where p < 0.05."""
    rank, of = 1 + int((null >= own).sum()), 1 + len(null)
    ax.plot(null, [y] * len(null), "|", color=plots.GREY, markersize=10, alpha=0.7,
            label=f"another direction ({len(null)} of them)" if y == 0 else None)  # fmt: skip
    ax.plot(own, y, "o", color=plots.HEAD, markersize=9, label="the latent's own direction" if y == 0 else None)
    ax.text(1.02, y, f"{rank} of {of}", transform=ax.get_yaxis_transform(), fontsize=10, va="center",
            fontweight="bold" if rank / of < 0.05 else "normal")  # fmt: skip


def strokes_axis(fig: Figure, ax: Axes, names: Sequence[str]) -> None:
    """Names of the rows, from top to bottom, the axis, the column of ranks, and the legend."""
    ax.set(yticks=range(len(names)), yticklabels=names, xscale="log", ylim=(len(names) - 0.5, -0.5),
           xlabel="KL from the untouched prediction, nats, on a logarithmic axis")  # fmt: skip
    ax.text(1.02, -0.75, "rank", transform=ax.get_yaxis_transform(), fontsize=10, va="center")
    fig.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=2)
