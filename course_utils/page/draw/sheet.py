"""A sheet to draw on, measured in inches, and the few shapes of which every drawing is made.

A point of type is 1/72 inch here too, so that what fits on the sheet fits on the page; a sheet of 7.2 inches fills a
page of 800 pixels. Type is never smaller than `SMALL`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.text import Text

from course_utils import plots

WIDE = 7.2  # inches: the width of a page
SMALL, NORMAL, LARGE = 10.0, 11.0, 13.0  # points of type
PAPER = "#FFFFFF"

Point = tuple[float, float]


@dataclass(frozen=True, repr=False)
class Picture:
    """A finished drawing that shows itself, with the alt text for those who cannot see it and its caption."""

    fig: Figure
    alt: str
    caption: str = ""

    def captioned(self, caption: str) -> Picture:
        """The same drawing with another caption."""
        return replace(self, caption=caption)

    def show(self) -> None:
        """Display it; the last line of a cell does so by itself."""
        plots.show(self.fig, self.alt, self.caption)

    _ipython_display_ = show

    def __repr__(self) -> str:
        return f"[figure] {self.alt}"


@dataclass(frozen=True)
class Sheet:
    """Paper of `width` × `height` inches; the origin is its lower left corner."""

    ax: Axes
    width: float
    height: float

    def text(self, at: Point, text: str, *, size: float = NORMAL, colour: str = plots.INK, bold: bool = False,
             side: str = "center", up: str = "center", turn: float = 0, halo: bool = True) -> Text:  # fmt: skip
        """Words; with `halo` on a white ground, so that a line behind them does not cross them out."""
        ground = dict(facecolor=PAPER, edgecolor="none", pad=1.2) if halo else None
        return self.ax.text(
            *at, text.replace("$", r"\$"), fontsize=size, color=colour, fontweight="bold" if bold else "normal",
            ha=side, va=up, rotation=turn, bbox=ground, zorder=6, linespacing=1.15,
        )  # fmt: skip

    def box(self, at: Point, text: str, *, fill: str, width: float, height: float = 0.36, edge: str = "",
            size: float = NORMAL, bold: bool = False, dashed: bool = False) -> None:  # fmt: skip
        """A rounded box around words, centred at `at`; white or black words, whichever is easier to read."""
        x, y = at[0] - width / 2, at[1] - height / 2
        self.ax.add_patch(
            FancyBboxPatch(
                (x, y), width, height, boxstyle=f"round,pad=0,rounding_size={min(0.09, height / 3)}", facecolor=fill,
                edgecolor=edge or darker(fill), linewidth=1.4, linestyle=(0, (3, 2)) if dashed else "-", zorder=4,
            )
        )  # fmt: skip
        colour = plots.INK if plots.is_light(fill) else PAPER
        self.text(at, text, size=size, bold=bold, colour=colour, halo=False)

    def arrow(self, start: Point, end: Point, *, colour: str = plots.INK, bend: float = 0.0, thick: float = 1.8,
              behind: bool = False) -> None:  # fmt: skip
        """An arrow; `bend` is how far it bulges to its right, as a share of its length."""
        self.ax.add_patch(
            FancyArrowPatch(
                start, end, connectionstyle=f"arc3,rad={bend}", arrowstyle="-|>",
                mutation_scale=9 + 2.2 * thick, linewidth=thick, color=colour, shrinkA=0, shrinkB=0,
                zorder=1 if behind else 3, capstyle="butt", joinstyle="miter",
            )
        )  # fmt: skip

    def line(self, points: Sequence[Point], *, colour: str = plots.INK, thick: float = 1.2, dashed: bool = False,
             behind: bool = False) -> None:  # fmt: skip
        """A line through points."""
        xs, ys = zip(*points, strict=True)
        style = (0, (3, 2)) if dashed else "-"
        self.ax.plot(
            xs, ys, color=colour, linewidth=thick, linestyle=style, zorder=0.5 if behind else 2, solid_capstyle="round"
        )

    def stream(self, x: float, low: float, high: float) -> None:
        """The residual stream of one position, upwards."""
        self.ax.plot([x, x], [low, high], color=plots.STREAM, linewidth=7, solid_capstyle="round", zorder=1)

    def dot(self, at: Point, colour: str = plots.INK, size: float = 7) -> None:
        self.ax.plot(*at, "o", color=colour, markersize=size, zorder=5)

    def cross(self, at: Point) -> None:
        """Crossed out: what an experiment has taken away."""
        (x, y), size = at, 0.13
        for sign in (1, -1):
            self.ax.plot(
                [x - size, x + size], [y - sign * size, y + sign * size], color=plots.INK, linewidth=2, zorder=7
            )

    def picture(self, alt: str, caption: str = "") -> Picture:
        return Picture(self.ax.figure, alt, caption)


def sheet(height: float) -> Sheet:
    """An empty sheet, as wide as the page and so many inches high."""
    fig = plt.figure(figsize=(WIDE, height), facecolor=PAPER)
    fig.set_layout_engine("none")
    ax = fig.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, WIDE), ylim=(0, height))
    ax.axis("off")
    return Sheet(ax, WIDE, height)


def darker(colour: str, share: float = 0.72) -> str:
    """The same hue with less light, for an outline."""
    return "#" + "".join(f"{round(int(colour[i : i + 2], 16) * share):02x}" for i in (1, 3, 5))


def width_of(text: str, size: float = NORMAL) -> float:
    """How many inches a line of type takes, a little more than less."""
    return 0.0095 * size * max(map(len, text.split("\n"))) + 0.06
