"""Labels as rows of dots: what tells each label how well, with an example of the label in code beside its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from course_utils import plots
from course_utils.page.draw.sheet import SMALL, Picture, Sheet, sheet
from course_utils.sae.judging import CONTESTANTS, LabelScores
from course_utils.sae.label_words import EXAMPLES, WORDS

ROW, TOP, BOTTOM = 0.4, 0.78, 0.46  # inches: a label, above the first, below the last
NAMES, CODE, PLOT, CHARACTER = 1.64, 1.72, 2.86, 0.083  # inches: where names end, code and the graph begin
MARKS = {  # contestant: what the legend says, mark, colour, by how much it is lifted
    "latent": ("latent", "o", plots.HEAD, 0.27),
    "neuron": ("neuron", "s", plots.SERIES[3], 0.09),
    "list": ("token list", "D", plots.SERIES[5], -0.09),
    "untrained": ("latent of a random model", "x", plots.NULL, -0.27),
}


def label_rows(
    scores: LabelScores, lists: Mapping[str, tuple[float, float, float]], labels: Sequence[str]
) -> Picture:
    """Each label a row: F1 of the best of every kind, and of saying yes at every token.

    Those at which the latent beats the token list are bold.

    Args:
        lists: {label: F1 of the best list of tokens, with its interval}.
        labels: from top to bottom.
    """
    page = sheet(TOP + ROW * len(labels) + BOTTOM)
    ax = page.ax.figure.add_axes(
        (PLOT / page.width, BOTTOM / page.height, (page.width - PLOT - 0.12) / page.width,
         ROW * len(labels) / page.height)
    )  # fmt: skip
    for y, label in enumerate(labels):
        at = scores.labels.index(label)
        rows = {name: tuple(float(getattr(scores, end)[i, at]) for end in ("f1", "low", "high"))
                for i, name in enumerate(CONTESTANTS)} | {"list": lists[label]}  # fmt: skip
        if y % 2 == 0:
            ax.axhspan(y - 0.5, y + 0.5, color=plots.TOKEN, linewidth=0, zorder=0)
        for name, (words, *_) in MARKS.items():
            _mark(ax, name, y, rows[name], words if y == 0 else None)
        every = 2 * float(scores.base[at]) / (1 + float(scores.base[at]))
        ax.plot(every, y, "|", color=plots.INK, markersize=17, label="every token" if y == 0 else None)
        better = rows["latent"][1] > rows["list"][2]
        height = page.height - TOP - (y + 0.5) * ROW
        page.text((NAMES, height), WORDS[label], size=SMALL, side="right", bold=better, halo=False)
        _example(page, label, height)
    ax.set(xlim=(-0.02, 1.02), ylim=(len(labels) - 0.5, -0.5), yticks=[], xlabel="F1 on the modules held out")
    ax.tick_params(top=True, labeltop=True)
    ax.spines[["left", "right"]].set_visible(False)
    page.ax.figure.legend(*ax.get_legend_handles_labels(), loc="upper center", ncols=5, fontsize=9, handletextpad=0.2,
                          columnspacing=1.1, bbox_to_anchor=(0.5, 1.0), frameon=False)  # fmt: skip
    return page.picture("For each label, a row with its example and four marks for what tells it: a latent, a "
                        "neuron, a token list and a latent of a random model.")  # fmt: skip


def _mark(ax: Axes, name: str, y: int, value: tuple[float, float, float], words: str | None) -> None:
    _, mark, colour, lift = MARKS[name]
    f1, low, high = value
    ax.errorbar(f1, y - lift, xerr=[[max(f1 - low, 0.0)], [max(high - f1, 0.0)]], fmt=mark, color=colour, markersize=5,
                markeredgewidth=1.4, elinewidth=1.2, label=words)  # fmt: skip


def _example(page: Sheet, label: str, height: float) -> None:
    """The line of code, its part that has the label on green."""
    code, part = EXAMPLES[label]
    first = code.index(part)
    page.ax.add_patch(plt.Rectangle((CODE + first * CHARACTER, height - 0.1), len(part) * CHARACTER, 0.2,
                                    color=plots.ANSWER, alpha=0.45, linewidth=0))  # fmt: skip
    for i, sign in enumerate(code):
        page.ax.text(CODE + (i + 0.5) * CHARACTER, height, sign, family="monospace", fontsize=9.5, ha="center",
                     va="center", color=plots.INK)  # fmt: skip
