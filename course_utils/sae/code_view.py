"""A few lines of code with the background of each token as dark as a number for it: a neuron, a latent, a label.

`shaded_code` shows one program for several numbers, `shaded_panels` a program for each. Within a panel the largest
value is darkest unless a larger `top` is given, and what is not above zero is white.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import matplotlib.pyplot as plt
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import plots

WIDE, LINE, CHARACTER = 7.2, 0.21, 0.083  # inches: the page, a line of code, a character of it
TITLE, NOTE, GAP, SIZE = 0.3, 0.2, 0.16, 9.5


@dataclass(frozen=True)
class Panel:
    """One program and one number for each of its tokens.

    Attributes:
        title: above it. words: the tokens, in order. values: their numbers. note: a line below.
        colour: of the background; a latent's unless another is given. asked: tokens that are framed and numbered.
        top: the number that is darkest, where panels are to be compared.
    """

    title: str
    words: Sequence[str]
    values: Float[Tensor, "token"]
    note: str = ""
    colour: str = plots.HEAD
    asked: Sequence[int] = ()
    top: float = 0.0

    @property
    def step(self) -> float:
        """From line to line, in inches: numbers stand between the lines."""
        return LINE * (1.75 if self.asked else 1)

    @property
    def lines(self) -> int:
        return "".join(self.words).rstrip("\n").count("\n") + 1

    @property
    def height(self) -> float:
        """In inches."""
        return TITLE + self.step * self.lines + (NOTE if self.note else 0) + GAP


def shaded_code(
    words: Sequence[str], values: Mapping[str, Float[Tensor, "token"]], columns: int = 2, top: float = 0.0
) -> Figure:
    """The code that `words` spell, once for each entry of `values`, whose keys are the titles.

    Args:
        words: the tokens, in order.
        values: {title: a number for each token}.
        columns: panels beside one another.
        top: the number that is darkest, where entries are to be compared; otherwise each has its own.
    """
    return shaded_panels([Panel(title, words, numbers, top=top) for title, numbers in values.items()], columns)


def shaded_panels(panels: Sequence[Panel], columns: int = 2) -> Figure:
    """Several programs, `columns` of them beside one another; a row is as high as its highest panel."""
    rows = [panels[i : i + columns] for i in range(0, len(panels), columns)]
    heights = [max(panel.height for panel in row) for row in rows]
    fig = plt.figure(figsize=(WIDE, sum(heights)), facecolor="white")
    fig.set_layout_engine("none")
    ax = fig.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, WIDE), ylim=(sum(heights), 0))
    ax.axis("off")
    top = 0.0
    for row, height in zip(rows, heights, strict=True):
        for i, panel in enumerate(row):
            _draw(ax, panel, 0.1 + i * WIDE / columns, top)
        top += height
    return fig


def _aside(asked: Sequence[int], place: int) -> float:
    """By how much a number moves away from that of a neighbouring token, in inches."""
    return 0.05 * ((place - 1 in asked) - (place + 1 in asked))


def _draw(ax: Axes, panel: Panel, left: float, top: float) -> None:
    """Type is set character by character, so that it agrees with the backgrounds whatever the font's width."""
    ax.text(left, top + 0.16, panel.title, fontsize=10, fontweight="bold", va="center", color=plots.INK)
    below = top + TITLE + panel.step * panel.lines + NOTE / 2
    if panel.note:
        ax.text(left, below, panel.note, fontsize=9, va="center", color=plots.NULL)
    line = column = 0
    shares = panel.values / max(float(panel.values.max()), panel.top, 1e-9)
    for place, (word, share) in enumerate(zip(panel.words, shares.tolist(), strict=True)):
        for i, piece in enumerate(word.split("\n")):
            line, column = (line + 1, 0) if i else (line, column)
            x, y = left + column * CHARACTER, top + TITLE + line * panel.step
            if place in panel.asked and piece:
                ax.add_patch(plt.Rectangle((x, y), len(piece) * CHARACTER, LINE * 0.92, fill=False, linewidth=1.2,
                                           edgecolor=panel.colour))  # fmt: skip
                middle = x + len(piece) * CHARACTER / 2 + _aside(panel.asked, place)
                ax.text(middle, y + LINE * 1.3, str(panel.asked.index(place) + 1), fontsize=9, fontweight="bold",
                        ha="center", va="center", color=panel.colour)  # fmt: skip
            if share > 0 and piece:
                ax.add_patch(plt.Rectangle((x, y), len(piece) * CHARACTER, LINE * 0.92, color=panel.colour,
                                           alpha=0.55 * share, linewidth=0))  # fmt: skip
            for j, character in enumerate(piece):
                ax.text(x + (j + 0.5) * CHARACTER, y + LINE * 0.46, character.replace("$", r"\$"), family="monospace",
                        fontsize=SIZE, ha="center", va="center", color=plots.INK)  # fmt: skip
            column += len(piece)
