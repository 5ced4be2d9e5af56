"""A few lines of code with every token on a ground as dark as a number for it: a neuron, a latent, a direction.

One panel for each number; within a panel the largest value is darkest, and what is not above zero is white.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import plots

WIDE, LINE, CHARACTER = 7.2, 0.21, 0.083  # inches: the page, a line of code, a character of it
TITLE, GAP, SIZE = 0.3, 0.16, 9.5


def shaded_code(words: Sequence[str], values: Mapping[str, Float[Tensor, "token"]], columns: int = 2) -> Figure:
    """The code that `words` spell, once for each entry of `values`, whose keys are the titles.

    Args:
        words: the tokens, in order.
        values: {title: a number for each token}.
        columns: panels beside one another.
    """
    lines = "".join(words).rstrip("\n").split("\n")
    rows = -(-len(values) // columns)
    each = TITLE + LINE * len(lines) + GAP
    fig = plt.figure(figsize=(WIDE, rows * each), facecolor="white")
    fig.set_layout_engine("none")
    ax = fig.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, WIDE), ylim=(rows * each, 0))
    ax.axis("off")
    for i, (title, numbers) in enumerate(values.items()):
        left, top = 0.1 + (i % columns) * WIDE / columns, (i // columns) * each
        ax.text(left, top + 0.16, title, fontsize=10, fontweight="bold", va="center", color=plots.INK)
        _panel(ax, words, numbers / max(float(numbers.max()), 1e-9), left, top + TITLE)
    return fig


def _panel(ax: Axes, words: Sequence[str], shares: Tensor, left: float, top: float) -> None:
    """Tokens set character by character, so that grounds and type agree whatever the font's width."""
    line = column = 0
    for word, share in zip(words, shares.tolist(), strict=True):
        for character in word:
            if character == "\n":
                line, column = line + 1, 0
                continue
            x, y = left + column * CHARACTER, top + line * LINE
            if share > 0:
                ax.add_patch(plt.Rectangle((x, y), CHARACTER, LINE * 0.92, color=plots.HEAD, alpha=0.75 * share,
                                           linewidth=0))  # fmt: skip
            ax.text(x + CHARACTER / 2, y + LINE * 0.46, character.replace("$", r"\$"), family="monospace",
                    fontsize=SIZE, ha="center", va="center", color=plots.INK)  # fmt: skip
            column += 1
