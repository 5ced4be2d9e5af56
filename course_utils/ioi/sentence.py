"""The example sentence, with the parts of a model in the columns of its words and arrows between them.

Every circuit of lesson 4 is drawn on it, and the lesson's own grows from one section to the next:

1. `EXAMPLE` is the sentence, and `OTHER` the one in which Mary gives. `WORDS` are the columns; the last one, END, is as
   wide as several, since most parts work there.
2. A `Spot` says where a part stands: its column, its layer, and a shift to the right and upwards in inches.
3. A `Line` goes from a part, or from a word, to a part; its label stands on the line.
4. `on_sentence` draws them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from course_utils import plots
from course_utils.page.draw.sheet import SMALL, WIDE, Picture, Sheet, darker, sheet, width_of

EXAMPLE = "When Mary and John went to the store, John gave a book to"
OTHER = EXAMPLE.replace(", John", ", Mary")
WORDS = ("Mary", "and", "John", "went …", ",", "John", "gave …", "to")
LEFT, SPACING, END_LEFT = 0.62, 0.6, 4.86  # inches: the first column, from one to the next, where END's begins
END = (END_LEFT + WIDE) / 2
LOW, LAYER = 0.62, 1.0  # inches: where layer 0 begins, from one layer to the next
LAYERS = ("layer 0", "layer 1", "layer 2")
HIGH = 0.34  # inches: of a part of one line
COLOURS = {"head": plots.HEAD, "note": plots.NOTE, "MLP": plots.MLP, "logits": plots.ANSWER, "open": "#FFFFFF"}

Point = tuple[float, float]


@dataclass(frozen=True)
class Spot:
    """Where a part stands and what is written in it. `column` counts `WORDS`; right and up are inches.

    kind: one of `COLOURS`; "open" is a part that is not known yet.
    """

    column: int
    layer: int
    right: float = 0.0
    up: float = 0.0
    text: str = ""
    kind: str = "head"
    width: float = 0.0


@dataclass(frozen=True)
class Line:
    """An arrow. `start` is a part's name or a word's column, `end` a part's name; the ports are sides of the boxes.

    label: what stands on it, at the share `at` of its way, or so many inches `aside`, to the right. bend: how far it
    bulges to its right, as a share of its length. thick: points. crossed: whether it is crossed out, where its label
    would stand.
    """

    start: str | int
    end: str
    label: str = ""
    colour: str = plots.INK
    thick: float = 1.8
    bend: float = 0.0
    at: float = 0.5
    ports: tuple[str, str] = ("top", "bottom")
    slide: tuple[float, float] = (0.0, 0.0)
    crossed: bool = False
    aside: float = 0.0


def on_sentence(
    parts: Mapping[str, Spot], lines: Sequence[Line], alt: str, layers: Sequence[str] = LAYERS
) -> Picture:
    """The drawing; the part "logits" stands above the last layer, in the column of END.

    Args:
        layers: what is written beside each, from the bottom.

    Raises:
        KeyError: a line from or to a part that is not there.
    """
    top = LOW + LAYER * len(layers)
    page = sheet(top + 0.68)
    page.ax.axvspan(END_LEFT, WIDE - 0.02, ymin=0.02, ymax=top / page.height, color="#F6F6F4", zorder=0)
    for i, name in enumerate(layers):
        y = LOW + LAYER * i
        page.text((0.05, y + LAYER / 2), name, side="left", size=SMALL, colour=plots.NULL, halo=False)
        page.line([(0.05, y), (WIDE - 0.02, y)], colour="#E4E4E4", thick=0.8, behind=True)
    for column, word in enumerate(WORDS):
        x = _x(column)
        page.stream(x, 0.46, top)
        page.box((x, 0.28), "", fill=plots.TOKEN, width=max(0.42, width_of(word, SMALL)), height=0.34)
        page.text((x, 0.24), word, size=SMALL, bold=column in (0, 2, 5), up="baseline", halo=False)
    spots = dict(parts) | {"logits": Spot(len(WORDS) - 1, len(layers), up=-0.22, kind="logits", width=0.9)}
    size = {name: _size(name, spot) for name, spot in spots.items()}
    middle = {name: _middle(spot) for name, spot in spots.items()}
    for line in lines:
        _draw(page, line, middle, size)
    for name, spot in spots.items():
        fill = COLOURS[spot.kind]
        page.box(middle[name], spot.text or name, fill=fill, edge=darker(fill), width=size[name][0],
                 height=size[name][1], size=SMALL, dashed=spot.kind == "open")  # fmt: skip
    return page.picture(alt)


def _x(column: int) -> float:
    return END if column == len(WORDS) - 1 else LEFT + SPACING * (column + 0.45)


def _middle(spot: Spot) -> Point:
    return _x(spot.column) + spot.right, LOW + LAYER * (spot.layer + 0.5) + spot.up


def _size(name: str, spot: Spot) -> tuple[float, float]:
    text = spot.text or name
    return spot.width or width_of(text, SMALL) + 0.04, HIGH + 0.15 * text.count("\n")


def _draw(page: Sheet, line: Line, middle: Mapping[str, Point], size: Mapping[str, tuple[float, float]]) -> None:
    if isinstance(line.start, int):
        start = (_x(line.start) + line.slide[0], 0.46)
    else:
        start = _port(middle[line.start], size[line.start], line.ports[0], line.slide[0])
    end = _port(middle[line.end], size[line.end], line.ports[1], line.slide[1])
    page.arrow(start, end, colour=line.colour, bend=line.bend, thick=line.thick)
    if line.label or line.crossed:
        (x0, y0), (x1, y1), t = start, end, line.at
        x2 = (x0 + x1) / 2 + line.bend * (y1 - y0)
        y2 = (y0 + y1) / 2 - line.bend * (x1 - x0)
        spot = tuple((1 - t) ** 2 * a + 2 * t * (1 - t) * c + t * t * b for a, b, c in ((x0, x1, x2), (y0, y1, y2)))
        if line.crossed:
            page.cross(spot)
        else:
            page.text((spot[0] + line.aside, spot[1]), line.label, size=SMALL, colour=line.colour, bold=True)


def _port(at: Point, size: tuple[float, float], side: str, slide: float) -> Point:
    """The middle of a box's side, moved along it by `slide` inches."""
    (x, y), (wide, high) = at, size
    sides = {"top": (x + slide, y + high / 2), "bottom": (x + slide, y - high / 2 - 0.03),
             "left": (x - wide / 2 - 0.03, y + slide), "right": (x + wide / 2 + 0.03, y + slide)}  # fmt: skip
    return sides[side]
