"""Shares as marks on a line, and grids of numbers as heat maps.

1. `shares` – a share for each row, with its interval, for one or two kinds of text.
2. `grids` – numbered heat maps side by side, whose rows are the same.
"""

from collections.abc import Mapping, Sequence

from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import plots

Interval = tuple[float, float, float]


def shares(rows: Mapping[str, Mapping[str, Interval]], xlabel: str) -> Figure:
    """A line for each row, a mark with its interval for each kind of text.

    Args:
        rows: by name and by the kind of text, a share with its interval.
    """
    kinds = list(next(iter(rows.values())))
    fig, ax = plots.figure(height=0.75 + 0.34 * len(rows))
    for k, name in enumerate(rows):
        ax.axhline(-k, color=plots.TOKEN, linewidth=1, zorder=0)
        for which, kind in enumerate(kinds):
            middle, low, high = rows[name][kind]
            at = -k + (0.13 - 0.26 * which if len(kinds) > 1 else 0)
            colour = (plots.HEAD, plots.EDITED)[which]
            ax.plot([low, high], [at, at], color=colour, linewidth=2.5, solid_capstyle="butt")
            ax.plot(middle, at, "os"[which], color=colour, markersize=6, label=kind if k == 0 else None)
    for edge in (0, 1):
        ax.axvline(edge, color=plots.NULL, linewidth=0.8, linestyle=":")
    ax.set_yticks(range(0, -len(rows), -1), list(rows))
    ax.tick_params(axis="y", length=0)
    ax.set(xlabel=xlabel, xlim=(-0.12, 1.12), ylim=(0.6 - len(rows), 0.6))
    if len(kinds) > 1:
        ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return fig


def grids(
    maps: Mapping[str, tuple[Float[Tensor, "row column"], Sequence[str]]], rows: Sequence[str], ylabel: str,
    xlabels: Sequence[str], decimals: int = 2, least: float = 0.05,
) -> Figure:  # fmt: skip
    """Numbered heat maps side by side; a number below `least` in size is left out, so that the large ones are seen.

    Args:
        maps: by the title, the values and the names of the columns.
    """
    wide = [len(columns) for _, columns in maps.values()]
    fig, axes = plots.figure(1, len(maps), width=min(7.2, 1.3 + 0.62 * sum(wide) + 0.5 * len(wide)),
                             height=1.15 + 0.42 * len(rows), width_ratios=wide, squeeze=False)  # fmt: skip
    fig.get_layout_engine().set(wspace=0.1)
    for ax, (title, (values, columns)), xlabel in zip(axes[0], maps.items(), xlabels, strict=True):
        limit = values.abs().max().item()
        plots.heatmap(ax, values.clamp(min=0), signed=False, limit=limit, bar=False, aspect="auto")
        for i, line in enumerate(values.tolist()):
            for j, value in enumerate(line):
                if abs(value) >= least:
                    text = f"{value:.{decimals}f}".replace("-", "−")
                    ax.text(j, i, text, ha="center", va="center", color="w" if value > 0.55 * limit else plots.INK)
        ax.set_xticks(range(len(columns)), columns)
        ax.set_yticks(range(len(rows)), rows if ax is axes[0][0] else [""] * len(rows))
        ax.tick_params(length=0)
        ax.set(title=title, xlabel=xlabel, ylabel=ylabel if ax is axes[0][0] else "")
    return fig
