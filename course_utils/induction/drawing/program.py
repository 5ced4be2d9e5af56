"""A program's tokens, drawn.

1. `expected` – the probability of every token, for two readers.
2. `looked_up` – a name that comes twice, and where a head looks from its second coming.
"""

from collections.abc import Mapping, Sequence

from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import plots
from course_utils.induction.code.names import Program
from course_utils.page.draw.sheet import SMALL, Picture, sheet


def expected(program: Program, chance: Mapping[str, Float[Tensor, "pos"]]) -> Figure:
    """Bars of the probability of each token, side by side for two readers; both comings of name and argument shaded.

    Args:
        program: its tokens; the first of a name and of an argument is set off below.
        chance: the probability of each before it is seen, by who reads, or when.
    """
    count = len(program.parts)
    fig, ax = plots.figure(height=3.0)
    for span, label in zip((*program.names, *program.arguments), ("name", "name, again", "", ""), strict=True):
        ax.axvspan(span.start - 0.5, span.stop - 0.5, color=plots.TOKEN, linewidth=0)
        if len(span) > 4:  # else it would run into another
            ax.text((span.start + span.stop - 1) / 2, 1.03, label, ha="center", fontsize=9)
    for k, (title, values) in enumerate(chance.items()):
        places = [place + 0.42 * (k - 0.5) for place in range(count)]
        ax.bar(places, values.tolist(), 0.4, color=(plots.GREY, plots.SERIES[0])[k], label=title)
    ax.set(ylabel="probability", ylim=(0, 1.15), xlim=(-0.6, count - 0.4), yticks=(0, 0.5, 1))
    ax.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=len(chance))
    ax.set_xticks(range(count), program.parts, rotation=90, fontsize=9, family="monospace")
    ax.tick_params(axis="x", length=0, pad=3)
    for k in (span.start for span in program.names + program.arguments):
        ax.get_xticklabels()[k].set(color=plots.EDITED, fontweight="bold")
    return fig


def looked_up(
    earlier: Sequence[str],
    later: Sequence[str],
    weights: Mapping[tuple[int, int], float],
    chance: Sequence[float],
    first: int,
    head: str = "1.1",
) -> Picture:
    """Two rows of tokens: where a head looks from each token of the later row, as thick as its attention.

    Args:
        earlier: upper row. later: lower row, set below the earlier token of the same place from `first` on.
        weights: attention from token i of the later row to token j of the earlier one, by (i, j).
        chance: the probability of each token's successor, below the lower row.
    """
    page = sheet(3.2)
    step = 6.3 / len(earlier)
    xs = [0.95 + step * j for j in range(len(earlier))]
    high, low = 2.9, 1.1
    page.text((0.05, high), "first\ntime", side="left", size=SMALL, colour=plots.NULL)
    page.text((0.05, low), "second\ntime", side="left", size=SMALL, colour=plots.NULL)
    page.text((0.05, 0.5), "probability of\nthe next token", side="left", size=SMALL, colour=plots.NULL)
    for x, token in zip(xs, earlier, strict=True):
        page.box((x, high), token, fill=plots.TOKEN, width=step - 0.07, height=0.34)
    for i, (token, p) in enumerate(zip(later, chance, strict=True)):
        page.box((xs[first + i], low), token, fill=plots.TOKEN, width=step - 0.07, height=0.34, bold=True)
        page.text((xs[first + i], 0.5), f"{p:.2f}", halo=False)
    for (i, j), weight in weights.items():
        ends = [(xs[first + i], low + 0.2), (xs[j], high - 0.2)]
        page.line(ends, colour=plots.HEAD, thick=0.6 + 10 * weight)
        if weight >= 0.3:
            at = [start + 0.14 * (end - start) for start, end in zip(*ends, strict=True)]
            page.text((at[0], at[1]), f"{weight:.2f}", size=SMALL, colour=plots.HEAD, bold=True)
    return page.picture(
        f"From each part of the returning name head {head} looks at the part that followed it the first time.",
    )
