"""An effect beside its null, in a row: one grey stroke for each null edit, a blue dot for the latent's own, its p."""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import plots


def stroke_row(
    ax: Axes, y: int, null: Float[Tensor, "other"], own: float, p: float, interval: tuple[float, float] | None = None
) -> None:
    """Row `y`: the null, the latent's own effect with its interval, and p at the right end."""
    ax.plot(null, [y] * len(null), "|", color=plots.GREY, markersize=10, alpha=0.7,
            label=f"another direction ({len(null)} of them)" if y == 0 else None)  # fmt: skip
    bars = None if interval is None else [[own - interval[0]], [interval[1] - own]]
    ax.errorbar(own, y, xerr=bars, fmt="o", color=plots.HEAD, markersize=9,
                label="the latent's own direction" if y == 0 else None)  # fmt: skip
    ax.text(1.02, y, f"{p:.4f}", transform=ax.get_yaxis_transform(), fontsize=10, va="center",
            fontweight="bold" if p < 0.05 else "normal")  # fmt: skip


def strokes_axis(fig: Figure, ax: Axes, names: Sequence[str]) -> None:
    """Names of the rows, from top to bottom, the axis, the column of p, and the legend."""
    ax.set(yticks=range(len(names)), yticklabels=names, xscale="log", ylim=(len(names) - 0.5, -0.5),
           xlabel="KL from the untouched prediction, nats, on a logarithmic axis")  # fmt: skip
    ax.text(1.02, -0.75, "p", transform=ax.get_yaxis_transform(), fontsize=10, fontstyle="italic", va="center")
    fig.legend(*ax.get_legend_handles_labels(), loc="outside upper center", ncols=2)
