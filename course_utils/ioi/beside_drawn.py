"""Two circuits side by side, small and thinned: the one of the lesson's model, and GPT-2 small's published one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import hypot

from course_utils import plots
from course_utils.page.draw.sheet import NORMAL, SMALL, WIDE, Picture, Point, Sheet, darker, sheet, width_of

XS = (0.38, 0.92, 1.46, 2.0, 2.5, 3.14)  # inches from a panel's left edge, of its words
ROWS = (0.98, 1.72, 2.42, 3.1)  # inches: parts, from the lowest layers to the highest
LOGITS = 3.72
NOTE_INK = darker(plots.NOTE, 0.8)

Boxes = Mapping[str, tuple[float, int, float, str]]  # by what is written: x, row, width, colour
Arrow = tuple[Point, Point, str, str, float]  # from, to, label, colour, bend


def beside_drawn() -> Picture:
    """Left, the giver is read off the word itself. Right, a repetition is noticed (Wang et al. 2022, figure 2)."""
    page = sheet(4.3)
    ours = {
        "note": (XS[1], 0, 0.5, plots.NOTE), "note ": (XS[3], 0, 0.5, plots.NOTE), "0.2": (XS[5], 0, 0.42, plots.HEAD),
        "movers": (2.92, 1, 0.72, plots.HEAD), "2.1–2.3": (3.03, 3, 0.7, plots.HEAD),
        "MLPs": (3.22, 2, 0.5, plots.MLP),
    }  # fmt: skip
    _panel(page, 0.0, "the lesson's model", ("Mary", "and", "John", ",", "John", "to"), ours, (
        ((XS[0], 0.44), (XS[1] - 0.06, 0.81), "", NOTE_INK, -0.25),
        ((XS[2], 0.44), (XS[3] - 0.06, 0.81), "", NOTE_INK, -0.25),
        ((XS[4], 0.44), (XS[5] - 0.24, 0.94), "V", plots.INK, 0.0),
        ((XS[5] - 0.04, 1.15), (2.96, 1.54), "Q", plots.INK, 0.0),
        ((XS[5] + 0.14, 1.15), (3.32, 2.24), "", plots.INK, 0.16),
        ((XS[1], 1.15), (2.53, 1.75), "V", NOTE_INK, -0.14),
        ((XS[3] + 0.1, 1.15), (2.53, 1.66), "K", NOTE_INK, -0.1),
        ((XS[3] - 0.1, 1.15), (2.66, 3.08), "V", NOTE_INK, -0.22),
        ((2.56, 1.88), (2.56, 3.54), "", plots.INK, 0.0),
        ((3.42, 2.58), (3.42, 3.68), "", plots.INK, 0.08),
        ((3.03, 3.27), (3.03, 3.54), "", NOTE_INK, 0.0),
    ))  # fmt: skip
    theirs = {
        "previous\ntoken": (1.46, 0, 0.84, plots.HEAD), "duplicate\ntoken": (2.42, 0, 0.88, plots.HEAD),
        "induction": (2.42, 1, 0.94, plots.HEAD), "S-inhibition": (2.92, 2, 1.14, plots.HEAD),
        "name movers": (2.92, 3, 1.16, plots.HEAD),
    }  # fmt: skip
    _panel(page, WIDE / 2, "GPT-2 small", ("Mary", "John", "went", "…", "John", "to"), theirs, (
        ((XS[1], 0.44), (1.3, 0.72), "", plots.INK, 0.0),
        ((XS[1] + 0.1, 0.44), (2.2, 0.72), "", plots.INK, 0.05),
        ((XS[4], 0.44), (XS[4], 0.72), "", plots.INK, 0.0),
        ((1.5, 1.25), (1.93, 1.7), "K", plots.INK, -0.1),
        ((2.42, 1.9), (2.7, 2.24), "V", plots.INK, 0.0),
        ((2.88, 1.0), (3.24, 2.24), "V", plots.INK, 0.35),
        ((2.92, 2.6), (2.92, 2.92), "Q", plots.INK, 0.0),
        ((XS[0], 0.44), (2.3, 3.1), "V", NOTE_INK, -0.28),
        ((2.92, 3.28), (2.92, 3.54), "", plots.INK, 0.0),
    ))  # fmt: skip
    page.line([(WIDE / 2, 0.1), (WIDE / 2, 4.2)], colour="#DDDDDD", behind=True)
    return page.picture(
        "Two circuits over one sentence. Left: notes of both names; 0.2 reads the second John and tells the movers. "
        "Right: previous-token, duplicate-token and induction heads find the repetition, S-inhibition heads pass it on."
    )


def _panel(
    page: Sheet, left: float, title: str, words: Sequence[str], boxes: Boxes, arrows: Sequence[Arrow]
) -> None:
    page.text((left + 0.14, page.height - 0.18), title, side="left", size=NORMAL, bold=True, halo=False)
    for i, (x, word) in enumerate(zip(XS, words, strict=True)):
        page.stream(left + x, 0.42, LOGITS - 0.2 if i == len(XS) - 1 else ROWS[1])
        page.box((left + x, 0.26), "", fill=plots.TOKEN, width=max(0.36, width_of(word, SMALL)), height=0.32)
        page.text((left + x, 0.215), word, size=SMALL, bold=word in ("Mary", "John"), up="baseline", halo=False)
    page.box((left + 2.95, LOGITS), "logits", fill=plots.ANSWER, width=0.9, height=0.32, size=SMALL)
    for start, end, label, colour, bend in arrows:
        (x0, y0), (x1, y1) = ((left + x, y) for x, y in (start, end))
        page.arrow((x0, y0), (x1, y1), colour=colour, bend=bend)
        if label:
            long = hypot(x1 - x0, y1 - y0)
            aside = bend / 2 - (0.13 / long if long < 0.8 else 0.0)  # beside a short arrow, on a long one
            at = ((x0 + x1) / 2 + aside * (y1 - y0), (y0 + y1) / 2 - aside * (x1 - x0))
            page.text(at, label, size=SMALL, colour=colour, bold=True, halo=long >= 0.8)
    for text, (x, row, width, fill) in boxes.items():
        high = 0.3 + 0.17 * text.count("\n")
        page.box((left + x, ROWS[row]), text, fill=fill, width=width, height=high, size=SMALL)
