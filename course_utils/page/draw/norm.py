"""The norm as geometry: it brings every stream to one length, so that what is left is stretched when a part goes."""

from __future__ import annotations

from math import hypot

from course_utils import plots
from course_utils.page.draw.sheet import SMALL, Picture, Sheet, darker, sheet

TALL = 1.8  # inches: the length that the norm gives
LOW = 0.72  # where the axes begin
PANELS = (0.42, 2.82, 5.22)  # the corners of the three panels


def norm_stretches(rest: tuple[float, float] = (3, 4), part: tuple[float, float] = (2, 8)) -> Picture:
    """A stream that is a sum of two arrows: whole, without one of them, and brought to its length again.

    Args:
        rest, part: (along the direction that the answer reads, across it), of positive numbers. The norm's length is
            that of their sum, so that the whole stream stays as it is.

    Raises:
        ValueError: a number that is not positive: the arrows would leave the drawing.
    """
    if min(*rest, *part) <= 0:
        raise ValueError("Both arrows go to the right and upwards: give positive numbers.")
    whole = rest[0] + part[0], rest[1] + part[1]
    length = hypot(*whole)
    unit, grown = TALL / length, length / hypot(*rest)
    stretched = rest[0] * grown, rest[1] * grown
    page = sheet(3.0)
    titles = ("the whole stream", "one part taken away", "after the norm")
    for left, title, tip in zip(PANELS, titles, (whole, rest, stretched), strict=True):
        _panel(page, left, title, f"{tip[0]:.2g}", tip[0] * unit)

    def at(panel: int, tip: tuple[float, float]) -> tuple[float, float]:
        return PANELS[panel] + tip[0] * unit, LOW + tip[1] * unit

    corners = [(left, LOW) for left in PANELS]
    for panel in range(2):
        page.arrow(corners[panel], at(panel, rest), colour=plots.HEAD, thick=3)
    middle = at(0, (rest[0] + 0.55 * part[0], rest[1] + 0.55 * part[1]))
    page.line([at(0, rest), at(0, whole)], colour=plots.MLP, thick=3)
    page.arrow(at(0, rest), middle, colour=plots.MLP, thick=3)
    page.arrow(corners[0], at(0, whole), colour=plots.INK, thick=1.6)
    page.arrow(corners[2], at(2, stretched), colour=plots.HEAD, thick=3)
    for panel, tip in enumerate((whole, rest, stretched)):
        x, y = at(panel, tip)
        page.line([(x, y), (x, LOW)], colour=plots.NULL, thick=0.9, dashed=True, behind=True)
    x, y = at(0, (rest[0] + part[0] / 2, rest[1] + part[1] / 2))
    page.text((x + 0.18, y - 0.2), "the part", side="left", size=SMALL, bold=True, colour=darker(plots.MLP, 0.6),
              halo=False)  # fmt: skip
    for panel in (0, 1):
        x, y = at(panel, rest)
        page.text((x + (0.12 if panel else 0.36), y - 0.1), "the rest", side="left", size=SMALL, bold=True,
                  colour=plots.HEAD, halo=False)  # fmt: skip
    page.text((PANELS[2] + 0.06, LOW + 1.28), "the rest,\nstretched", side="left", size=SMALL, bold=True,
              colour=plots.HEAD, halo=False)  # fmt: skip
    return page.picture(
        f"Three panels: a long arrow of two parts whose shadow is {whole[0]:.2g}; one part alone, with the shadow "
        f"{rest[0]:.2g}; that part stretched to the old length, with the shadow {stretched[0]:.2g}.",
        "A stream as the sum of two arrows. To the right: the direction in which the two brackets differ. Upwards: all "
        "else. The arc is the length to which the norm brings every stream. Green: the shadow on the direction, which "
        "is the lead.",
    )


def _panel(page: Sheet, left: float, title: str, lead: str, shadow: float) -> None:
    from matplotlib.patches import Arc

    page.text((left - 0.1, 2.74), title, side="left", up="baseline", bold=True, halo=False)
    page.arrow((left, LOW), (left + TALL + 0.12, LOW), thick=0.9)
    page.arrow((left, LOW), (left, LOW + TALL + 0.02), thick=0.9)
    page.ax.add_patch(Arc((left, LOW), 2 * TALL, 2 * TALL, theta1=0, theta2=90, color=plots.STREAM, linewidth=2.5))
    page.line([(left, LOW - 0.02), (left + shadow, LOW - 0.02)], colour=plots.ANSWER, thick=6)
    page.text((left + shadow / 2, LOW - 0.28), f"lead {lead}", bold=True, colour=darker(plots.ANSWER), halo=False)
