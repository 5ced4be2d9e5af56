"""Features as arrows: two on a line, whose negative part a ReLU cuts away, and several in a plane."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from torch import Tensor

from course_utils import plots
from course_utils.page.draw.sheet import SMALL, Picture, Sheet, sheet

A, B = plots.SERIES[0], plots.SERIES[2]
CUT = "#E3E3E3"  # what the ReLU sets to zero


def features_on_a_line(a: str = "A", b: str = "B") -> Picture:
    """Two features that share one dimension, pointing opposite ways, and how a ReLU reads each of them."""
    page = sheet(3.7)
    y, middle, unit = 2.92, 3.6, 1.9
    page.arrow((middle - 2.9, y), (middle + 2.9, y), colour=plots.STREAM, thick=2.4, behind=True)
    page.arrow((middle, y), (middle + unit, y), colour=A, thick=4)
    page.arrow((middle, y), (middle - unit, y), colour=B, thick=4)
    page.dot((middle, y), plots.INK, 6)
    for x, number in ((middle - unit, "−1"), (middle, "0"), (middle + unit, "+1")):
        page.text((x, y - 0.26), number, size=SMALL, halo=False)
    page.text((middle + unit / 2, y + 0.24), f"{a} writes +1", colour=A, bold=True, halo=False)
    page.text((middle - unit / 2, y + 0.24), f"{b} writes −1", colour=B, bold=True, halo=False)
    page.text((middle, 3.5), "one hidden dimension h for two features", halo=False)
    for left, name, colour, sign in ((0.95, a, A, 1), (4.25, b, B, -1)):
        _reading(page, left, name, colour, sign)
    other = "When only one of the two is active, both are read rightly."
    return page.picture(
        f"{a} points right and {b} left on one line; a ReLU reads each of them and sets the other side to zero.",
        f"Two features in one dimension. {a} pushes the hidden number h to the right, {b} to the left. Each is read "
        f"through a ReLU, which sets the other's side (grey) to zero. {other} When both are, they pull "
        f"against each other.",
    )


def _reading(page: Sheet, left: float, name: str, colour: str, sign: int) -> None:
    """A small graph of ReLU(±h), with what is read when only this one, or only the other, is active."""
    width, low, height = 2.1, 0.6, 1.5
    middle, unit = left + width / 2, 0.85
    cut = (left, middle) if sign > 0 else (middle, left + width)
    page.ax.axvspan(*cut, ymin=low / page.height, ymax=(low + height) / page.height, color=CUT, zorder=0)
    page.arrow((left - 0.1, low), (left + width + 0.15, low), thick=1.2)
    page.arrow((middle, low - 0.02), (middle, low + height + 0.12), thick=1.2)
    page.text((left + width + 0.28, low), "h", size=SMALL, halo=False)
    page.text((middle + sign * 0.12, low + height + 0.2), f"ReLU({'' if sign > 0 else '−'}h) reads {name}",
              colour=colour, bold=True, halo=False)  # fmt: skip
    page.line(
        [(middle - sign * 1.05, low), (middle, low), (middle + sign * 1.05, low + 1.05 / unit)], colour=colour, thick=3
    )
    page.dot((middle + sign * unit, low + 1), colour, 9)
    page.dot((middle - sign * unit, low), colour, 9)
    page.text(
        (middle + sign * (unit + 0.12), low + 0.93), "1", size=SMALL, side="left" if sign > 0 else "right", halo=False
    )
    page.text((middle - sign * unit, low + 0.22), "0", size=SMALL, halo=False)
    for at, number in ((middle - unit, "−1"), (middle + unit, "+1")):
        page.text((at, low - 0.2), number, size=SMALL, halo=False)
    side = left + (0.02 if sign > 0 else width - 0.02)
    page.text((side + sign * 0.45, low + 1.05), "cut to zero", size=SMALL, colour=plots.NULL, halo=False)


def features_in_a_plane(
    W: Float[Tensor, "2 feature"], read: int = 0, bias: float = 0.0, labels: Sequence[str] | None = None
) -> Picture:
    """The columns of W as arrows, and where the ReLU that reads one of them gives zero.

    Args:
        W: a feature's column is the arrow that it adds to the two hidden dimensions.
        read: the feature that is read: by ReLU(w · h + bias) with its own arrow w.
        labels: at the arrows' tips; by default their numbers.
    """
    fig, ax = plots.figure(width=4.4, height=4.4)
    cut_plane(ax, W, read, bias, labels)
    names = list(labels or range(W.shape[1]))
    given = _numbers(W)[:, read] @ _numbers(W) + bias
    heard = [str(name) for i, name in enumerate(names) if i != read and given[i] > 1e-6]
    others = "all others end there"
    if heard:
        end, are = ("ends", "is") if len(heard) == 1 else ("end", "are")
        others = f"{' and '.join(heard)} {end} outside, and {are} heard with it"
    return Picture(
        fig,
        f"{len(names)} arrows in a plane; the half-plane in which the reader of {names[read]} gives zero is grey.",
        f"The {len(names)} arrows that the features add. Where the ground is grey, the ReLU that reads {names[read]} "
        f"gives zero: {others}.",
    )


def cut_plane(
    ax: Axes, W: Float[Tensor, "2 feature"], read: int, bias: float = 0.0, labels: Sequence[str] | None = None
) -> None:
    """Draw `features_in_a_plane` into given axes."""
    weights = _numbers(W)
    plots.arrows(ax, weights, labels=labels)
    grid = np.linspace(*ax.get_xlim(), 400)
    x, y = np.meshgrid(grid, grid)
    given = weights[0, read] * x + weights[1, read] * y + bias
    ax.contourf(x, y, given, levels=[-np.inf, 0], colors=[CUT], zorder=0)


def _numbers(W: Float[Tensor, "2 feature"]) -> np.ndarray:
    return np.asarray(W.detach().cpu() if hasattr(W, "detach") else W, dtype=float)
