"""Two pictures of what an exchange asks: the partners of a prompt, and how far an exchange can move the answer."""

from __future__ import annotations

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
    page.text((WIDE - 0.1, page.height - 0.2), "right answer", side="right", size=SMALL, bold=True, halo=False)
    return page.picture(
        "The example and its partners flip, third and ABC; one or three names are marked as changed."
    )


def asks_drawn() -> Picture:
    """From where to where one exchange could move the logit difference, for two directions and two partners."""
    page = sheet(0.42 * len(ASKS) + 0.8)
    middle, unit = 4.55, 1.75
    for value, label in ((-1, "−1: says S"), (0, "0: undecided"), (1, "1: says IO")):
        x = middle + unit * value
        page.line([(x, 0.1), (x, page.height - 0.42)], colour="#DDDDDD", thick=0.9, behind=True)
        page.text((x, page.height - 0.22), label, size=SMALL, bold=True, halo=False)
    for i, (name, start, end, words) in enumerate(ASKS):
        y = page.height - 0.66 - 0.42 * i
        page.text((0.1, y + 0.09), name, side="left", size=SMALL, bold=True, halo=False)
        page.text((0.1, y - 0.09), words, side="left", size=SMALL, colour=plots.NULL, halo=False)
        page.dot((middle + unit * start, y), colour=plots.INK, size=8)
        colour = plots.EDITED if name.startswith("noising") else plots.ANSWER
        page.arrow((middle + unit * start, y), (middle + unit * end, y), colour=colour, thick=3.0)
    return page.picture(
        "Four arrows on a scale from minus one to one: noising goes down from one, denoising up to one; flip goes "
        "twice as far as ABC."
    )
