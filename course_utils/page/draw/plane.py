"""Features as arrows: two on a line that they share, and several in a plane."""

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


def features_on_a_line(a: str, b: str, cases: Sequence[tuple[float, float]]) -> Picture:
    """Two features that share one dimension, pointing opposite ways: a line for each case, and what is read off it."""
    row = 0.86
    page = sheet(0.6 + row * len(cases))
    top = page.height - 0.2
    page.text((2.75, top), "the hidden number h", halo=False)
    for x, name, colour in ((4.95, a, A), (6.3, b, B)):
        page.text((x, top), name, colour=colour, bold=True, halo=False)
        page.text((x, top - 0.24), "reading → output", size=SMALL, colour=plots.NULL, halo=False)
    for k, sizes in enumerate(cases):
        _case(page, page.height - 0.92 - row * k, (a, b), sizes)
    return page.picture(
        f"{a} pushes a point on a line to the right, {b} to the left; alone each is read rightly, together neither.",
        f"Two features in one dimension. {a} pushes the hidden number h to the right, {b} to the left. The reading of "
        f"{a} is h, that of {b} is −h, and the output of a negative reading is 0. When only one of the two is active, "
        f"both outputs are right. When both are, they pull against each other.",
    )


def _case(page: Sheet, y: float, names: tuple[str, str], sizes: tuple[float, float]) -> None:
    """One line: what is active on the left, the push of each feature on it, the readings and outputs on the right."""
    middle, unit, h = 2.75, 1.3, sizes[0] - sizes[1]
    active = [f"{name} = {size:g}" for name, size in zip(names, sizes, strict=True) if size]
    page.text((0.08, y), "\n".join(active), side="left", bold=True, halo=False)
    page.line([(middle - unit, y), (middle + unit, y)], colour=plots.STREAM, thick=2.4, behind=True)
    for number in (-1, 0, 1):
        page.line([(middle + number * unit, y - 0.06), (middle + number * unit, y + 0.06)], colour=plots.STREAM)
        page.text((middle + number * unit, y - 0.21), f"{number}".replace("-", "−"), size=SMALL, halo=False)
    both = all(sizes)
    if sizes[0]:
        page.arrow((middle, y + 0.1 * both), (middle + unit * sizes[0], y + 0.1 * both), colour=A, thick=4)
    if sizes[1]:
        start = middle + unit * sizes[0]
        page.arrow((start, y - 0.1 * both), (start - unit * sizes[1], y - 0.1 * both), colour=B, thick=4)
    page.dot((middle + unit * h, y), plots.INK, 9)
    page.text((middle + unit * h, y + 0.29), f"h = {h:.1f}".replace("-", "−"), size=SMALL, halo=False)
    for x, reading, size in ((4.95, h, sizes[0]), (6.3, -h, sizes[1])):
        wrong = abs(max(reading, 0) - size)
        words = f"{reading:.1f} → {max(reading, 0):.1f}".replace("-", "−")
        page.text((x, y + 0.1), words, halo=False)
        colour = plots.EDITED if wrong > 1e-6 else plots.ANSWER
        page.text((x, y - 0.14), f"wrong by {wrong:.1f}" if wrong > 1e-6 else "right", size=SMALL, colour=colour,
                  bold=True, halo=False)  # fmt: skip


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
