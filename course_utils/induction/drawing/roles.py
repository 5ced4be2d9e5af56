"""Three questions about each head side by side, and grids of numbers as heat maps.

1. `three_questions` – is a head needed, enough, specific: a row for each head.
2. `grids` – numbered heat maps side by side, whose rows are the same.
"""

from collections.abc import Mapping, Sequence

from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import plots
from course_utils.induction.drawing.circuit import ROLE_COLOURS

Interval = tuple[float, float, float]


def three_questions(
    needed: Mapping[str, Interval],
    enough: Mapping[str, Interval],
    specific: Mapping[str, tuple[Interval, Interval]],
    circuit: int = 4,
) -> Figure:
    """A row for each head: what is lost without it, what it and those above it keep, and what else it costs.

    Args:
        needed: by the head's name, the share of a behaviour that is lost without it.
        enough: the share that is left with this head and those above it, all others taken away.
        specific: the extra loss without it, where the behaviour is asked for and elsewhere (nats).
        circuit: how many of the first rows belong to the circuit; a dotted line divides them from the others.
    """
    fig, axes = plots.figure(1, 3, height=1.35 + 0.34 * len(needed), sharey=True, width_ratios=[1, 1, 1.15])
    for ax, values in zip(axes, (needed, enough), strict=False):
        for k, (name, (middle, low, high)) in enumerate(values.items()):
            colour = ROLE_COLOURS[name[-3:]] if k < circuit else plots.STREAM
            ax.barh(-k, 100 * middle, 0.62, color=colour)
            ax.plot([100 * low, 100 * high], [-k, -k], color=plots.INK, linewidth=1)
            number, below = f"{round(100 * middle)}".replace("-", "−"), round(100 * middle) < 0
            place = min(0, 100 * low) - 5 if below else max(0, 100 * high) + 5
            ax.text(place, -k, number, va="center", ha="right" if below else "left", fontsize=9)
        ax.set(xlim=(-32, 132), xticks=(0, 50, 100), xlabel="% of the gain")
    for k, pair in enumerate(specific.values()):
        for (middle, low, high), shift, colour, marker, label in zip(
            pair, (0.13, -0.13), (plots.INK, plots.GREY), "os", ("known pairs", "unknown pairs"), strict=True
        ):
            axes[2].plot([low, high], [shift - k] * 2, color=colour, linewidth=2.5, solid_capstyle="butt")
            axes[2].plot(middle, shift - k, marker, color=colour, markersize=6, label=label if k == 0 else None)
    axes[2].set(xlabel="nats per token")
    axes[2].legend(loc="lower right", handletextpad=0.2)
    titles = (
        "needed?\nlost without it",
        "enough?\nleft with it and\nthose above only",
        "specific?\nextra loss without it,\non code",
    )
    for ax, title in zip(axes, titles, strict=True):
        ax.set_title(title)
        ax.axvline(0, color=plots.NULL, linewidth=0.8)
        ax.axhline(0.5 - circuit, color=plots.NULL, linewidth=0.8, linestyle=":")
        ax.tick_params(axis="y", length=0)
    axes[0].set_yticks(range(0, -len(needed), -1), list(needed))
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
