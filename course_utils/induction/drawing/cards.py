"""Four texts as cards: why one head of one layer cannot complete them all, and how two heads can.

1. `attention_table` – the scores of tokens for tokens, and the column that is not there.
2. `four_texts` – what a head adds up is a card for each place; two and two texts hold the same cards.
3. `two_that_subtract` – two heads that lower the tokens which cannot be the answer.
"""

from collections.abc import Mapping

from course_utils import plots
from course_utils.page.draw.sheet import PAPER, SMALL, WIDE, Picture, Sheet, sheet

CARD = {"A": plots.TOKEN, "B": plots.SERIES[1], "C": plots.SERIES[3], "D": plots.SERIES[2]}
PLACES = ("place 1", "place 2", "place 3", "place 4", "last")
STEP = 0.56  # inches from card to card


def attention_table() -> Picture:
    """A square for each pair of tokens, the row of A set off, and the column that a single head would need."""
    page = sheet(2.8)
    xs, ys = [2.0 + 0.62 * i for i in range(4)], [1.87 - 0.42 * i for i in range(4)]
    page.text((2.93, 2.65), "token that is looked at", size=SMALL, colour=plots.NULL, halo=False)
    page.text((0.15, 1.25), "token\nthat looks", side="left", size=SMALL, colour=plots.NULL, halo=False)
    for x, y, token in zip(xs, ys, "ABCD", strict=True):
        page.box((x, 2.33), token, fill=CARD[token], width=0.5, height=0.3, bold=True)
        page.box((1.38, y), token, fill=CARD[token], width=0.5, height=0.3, bold=True)
    for y, query in zip(ys, "ABCD", strict=True):
        for x in xs:
            page.box((x, y), "", fill=plots.HEAD if query == "A" else "#D6E6F2", width=0.54, height=0.34)
    ghost = 5.55
    page.box((ghost, 2.33), "B after A", fill=PAPER, edge=plots.INK, width=1.1, height=0.3, dashed=True)
    for y in ys:
        page.box((ghost, y), "", fill=PAPER, edge=plots.INK, width=1.1, height=0.34, dashed=True)
    page.text((ghost, 0.16), "no such column", size=SMALL, bold=True, halo=False)
    page.text((2.93, 0.16), "one score for each pair", size=SMALL, bold=True, halo=False)
    return page.picture(
        "A table of scores, token by token; a column for “B after A” is drawn dashed, since there is none."
    )


def four_texts(texts: Mapping[str, str], right: Mapping[str, str]) -> Picture:
    """Two texts on either side, and below each pair all its cards, place by place: the same cards twice.

    Args:
        texts: by name, four letters and the last; right: by name, the right answer.
    """
    page = sheet(3.5)
    answers = list(dict.fromkeys(right.values()))
    for side, answer in enumerate(answers):
        left = 0.1 + side * WIDE / 2
        xs = [left + 0.68 + STEP * i for i in range(5)]
        sign = "above" if side == 0 else "below"
        page.text((left + 1.75, 3.36), f"{answer} is right: sum {sign} zero", bold=True, halo=False)
        for x, place in zip(xs, PLACES, strict=True):
            page.text((x, 3.08), place.replace(" ", "\n"), size=SMALL, colour=plots.NULL, halo=False)
        names = [name for name in texts if right[name] == answer]
        for row, name in enumerate(names):
            page.text((left + 0.16, 2.66 - 0.42 * row), name, halo=False)
            _cards(page, xs, 2.66 - 0.42 * row, texts[name])
        page.arrow((xs[2], 1.98), (xs[2], 1.5), colour=plots.INK, thick=1.4)
        page.text((xs[2] + 0.12, 1.74), "all cards of both", side="left", size=SMALL, halo=False)
        piles = ["".join(sorted(pair)) for pair in zip(*(texts[name] for name in names), strict=True)]
        for row in range(2):
            _cards(page, xs, 1.22 - 0.42 * row, [pile[row] for pile in piles])
    page.text((WIDE / 2 + 0.03, 1.0), "=", size=20, bold=True, halo=False)
    page.text((WIDE / 2, 0.28), "The same cards, so the same total. It cannot be above zero and below zero.", bold=True,
              halo=False)  # fmt: skip
    return page.picture(
        "Four texts as rows of cards; the cards of the first two texts, put together, are those of the last two."
    )


def two_that_subtract(texts: Mapping[str, str], right: Mapping[str, str]) -> Picture:
    """The four texts with the tokens that two heads lower crossed out; what is left besides A and C is the answer.

    Args:
        texts: by name, four letters and the last; right: by name, the right answer.
    """
    page = sheet(2.75)
    xs = [1.15 + 0.8 * i for i in range(5)]
    for k, pair in enumerate(("first head", "second head")):
        middle = (xs[2 * k] + xs[2 * k + 1]) / 2
        page.text((middle, 2.6), pair, bold=True, colour=plots.HEAD, halo=False)
        page.line([(xs[2 * k] - 0.32, 2.44), (xs[2 * k + 1] + 0.32, 2.44)], colour=plots.HEAD, thick=2)
    page.text((6.1, 2.6), "still possible", bold=True, halo=False)
    for row, (name, text) in enumerate(texts.items()):
        y = 2.08 - 0.56 * row
        page.text((0.4, y), name, halo=False)
        lowered = [first if text[first] == "A" else first + 1 for first in (0, 2)]
        struck = [place for place in lowered if text[place] != "A"]
        kept = [place for place in range(5) if place not in struck]
        _cards(page, [xs[place] for place in kept], y, [text[place] for place in kept])
        for place in lowered:
            page.dot((xs[place], y + 0.25), plots.HEAD, 6)
        for place in struck:
            page.box((xs[place], y), text[place], fill=plots.ABLATED, edge=plots.NULL, width=0.46, height=0.34,
                     dashed=True)  # fmt: skip
            for slope in (-1, 1):
                ends = [(xs[place] - 0.2, y - 0.13 * slope), (xs[place] + 0.2, y + 0.13 * slope)]
                page.ax.plot(*zip(*ends, strict=True), color=plots.EDITED, linewidth=1.8, zorder=7)
        page.box((6.1, y), right[name], fill=plots.ANSWER, width=0.5, height=0.34, bold=True)
    return page.picture(
        "Four texts; in each, two heads cross out the token at place 2 or 4 that did not follow A."
    )


def _cards(page: Sheet, xs: list[float], y: float, letters: str | list[str]) -> None:
    for x, letter in zip(xs, letters, strict=True):
        page.box((x, y), letter, fill=CARD[letter], width=0.46, height=0.34, bold=True)
