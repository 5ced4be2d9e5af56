"""Two pictures of what an exchange asks: the partners of a prompt, and how far an exchange can move the answer."""

from __future__ import annotations

from collections.abc import Mapping

from course_utils import plots
from course_utils.page.draw.sheet import SMALL, WIDE, Picture, sheet, width_of

PARTNERS = {
    "clean": ("Mary", "John", "John", "Mary (IO)"),
    "flip": ("Mary", "John", "Mary", "John (S)"),
    "third": ("Mary", "John", "Anna", "none"),
    "ABC": ("Lisa", "Paul", "Anna", "none"),
}
ASKS = (
    ("noising, flip", 1.0, -1.0, "clean run, head from flip"),
    ("noising, ABC", 1.0, 0.0, "clean run, head from ABC"),
    ("denoising, flip", -1.0, 1.0, "flipped run, head from clean"),
    ("denoising, ABC", 0.0, 1.0, "ABC run, head from clean"),
)


def partners_drawn() -> Picture:
    """The example, its positions labelled, and its three partners; the words that changed are filled."""
    page = sheet(0.42 * len(PARTNERS) + 0.5)
    for i, (kind, (first, second, giver, answer)) in enumerate(PARTNERS.items()):
        y, x = page.height - 0.7 - 0.42 * i, 0.85
        page.text((0.1, y), kind, side="left", up="baseline", size=SMALL, bold=True, halo=False)
        words = ("When", first, "and", second, "went to the store,", giver, "gave a book to")
        clean = ("", "Mary", "", "John", "", "John", "")
        for word, before, label in zip(words, clean, ("", "IO", "", "S1", "", "S2", "END"), strict=True):
            wide = 0.62 if before else width_of(word, SMALL) - 0.34 * (len(word) > 8)
            if before:
                fill = plots.EDITED if word != before else plots.TOKEN
                page.box((x + wide / 2, y + 0.04), "", fill=fill, width=0.56, height=0.3)
                colour = plots.INK if word == before else "white"
                bold = word != before
                page.text((x + wide / 2, y), word, size=SMALL, bold=bold, up="baseline", colour=colour, halo=False)
            else:
                page.text((x + wide / 2, y), word, size=SMALL, up="baseline", halo=False)
            if label and i == 0:
                above = x + wide - 0.1 if label == "END" else x + wide / 2
                page.text((above, y + 0.36), label, size=SMALL, bold=True, halo=False)
            x += wide + 0.04
        page.text((WIDE - 0.1, y), answer, side="right", up="baseline", size=SMALL, halo=False)
    page.text((WIDE - 0.1, page.height - 0.34), "answer", side="right", size=SMALL, bold=True, halo=False)
    return page.picture(
        "The example and its partners flip, third and ABC; one or three names are marked as changed."
    )


def asks_drawn(measured: Mapping[str, Mapping[str, float]]) -> Picture:
    """What one exchange could do to the logit difference, in grey, and what the exchange of each head does, in colour.

    Args:
        measured: for each name of `ASKS`, by head: the change, as a share of the clean logit difference.
    """
    heads = list(next(iter(measured.values())))
    high = 0.16 * len(heads) + 0.36
    page = sheet(high * len(ASKS) + 0.55)
    middle, unit = 4.7, 1.7
    for value, label in ((-1, "−1: says S"), (0, "0: undecided"), (1, "1: says IO")):
        x = middle + unit * value
        page.line([(x, 0.1), (x, page.height - 0.42)], colour="#DDDDDD", thick=0.9, behind=True)
        page.text((x, page.height - 0.22), label, size=SMALL, bold=True, halo=False)
    for i, (name, start, end, words) in enumerate(ASKS):
        top = page.height - 0.5 - high * i
        page.text((0.1, top - 0.18), name, side="left", size=SMALL, bold=True, halo=False)
        page.text((0.1, top - 0.37), words, side="left", size=SMALL, colour=plots.NULL, halo=False)
        x, whole = middle + unit * start, middle + unit * end
        page.line([(x, top - 0.1), (whole, top - 0.1)], colour=plots.STREAM, thick=5)
        for k, (head, colour) in enumerate(zip(heads, (plots.HEAD, plots.SERIES[5]), strict=True)):
            y, change = top - 0.26 - 0.16 * k, measured[name][head]
            page.arrow((x, y), (x + unit * change, y), colour=colour, thick=2.4)
            aside = 0.1 if start < end else -0.1  # the head's name stands behind the arrow's start
            page.text((x - aside, y), head, side="right" if aside > 0 else "left", size=SMALL, colour=colour, bold=True,
                      halo=False)  # fmt: skip
        page.dot((x, top - 0.1), colour=plots.INK, size=6)
    return page.picture(
        "Four exchanges on a scale from minus one to one. Grey: noising could go down from one, denoising up to one, "
        "with flip twice as far as with ABC. Coloured arrows: how far the exchange of each head goes."
    )
