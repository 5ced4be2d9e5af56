"""Four texts as cards: why one head of one layer cannot complete them all, and how two heads can.

1. `four_texts` – what a head adds up is a card for each place; two and two texts hold the same cards.
2. `two_that_subtract` – two heads that lower the tokens which cannot be the answer.
"""

from collections.abc import Mapping, Sequence

from course_utils import plots
from course_utils.page.draw.sheet import NORMAL, SMALL, WIDE, Picture, Sheet, sheet

CARD = {"A": plots.TOKEN, "B": plots.SERIES[1], "C": plots.STREAM, "D": plots.SERIES[2]}
PLACES = ("position 1", " 2", " 3", " 4", " last")  # the word once, above the first
STEP = 0.55  # inches from card to card


def four_texts(texts: Mapping[str, str], right: Mapping[str, str], cards: Mapping[tuple[int, str], int]) -> Picture:
    """Two texts on either side with the numbers of a head's cards; below each pair all its cards, place by place.

    Args:
        texts: by name, four letters and the last; right: by name, the right answer.
        cards: by place (from 0) and letter, the number on the card; 0 where it is left out.
    """
    page = sheet(3.85)
    answers = list(dict.fromkeys(right.values()))
    for side, answer in enumerate(answers):
        left = 0.05 + side * WIDE / 2
        xs = [left + 0.5 + STEP * i for i in range(5)]
        sign = "above" if side == 0 else "below"
        page.text((left + 1.75, 3.7), f"{answer} is right: sum {sign} zero", bold=True, halo=False)
        for x, place in zip(xs, PLACES, strict=True):
            page.text((x, 3.39), place.replace(" ", "\n"), size=SMALL, colour=plots.NULL, halo=False)
        names = [name for name in texts if right[name] == answer]
        sums = [sum(cards.get(card, 0) for card in enumerate(texts[name])) for name in names]
        for row, (name, total) in enumerate(zip(names, sums, strict=True)):
            y = 2.89 - 0.52 * row
            page.text((xs[0] - 0.3, y), name, side="right", halo=False)
            _cards(page, xs, y, texts[name], [cards.get(card, 0) for card in enumerate(texts[name])])
            colour = plots.ANSWER if (total > 0) == (side == 0) else plots.EDITED
            verdict = _signed(total) + ("✓" if colour == plots.ANSWER else "✗")
            page.text((xs[4] + 0.3, y), verdict, side="left", bold=True, colour=colour, halo=False)
        page.arrow((xs[2], 2.05), (xs[2], 1.63), colour=plots.INK, thick=1.4)
        page.text((xs[2] + 0.12, 1.85), "both together", side="left", size=SMALL, halo=False)
        piles = ["".join(sorted(pair)) for pair in zip(*(texts[name] for name in names), strict=True)]
        for row in range(2):
            letters = [pile[row] for pile in piles]
            _cards(page, xs, 1.31 - 0.52 * row, letters, [cards.get(card, 0) for card in enumerate(letters)])
        page.text((xs[4] + 0.3, 1.05), _signed(sum(sums)), side="left", bold=True, halo=False)
    page.text((WIDE / 2 + 0.04, 1.05), "=", size=18, bold=True, halo=False)
    page.text((WIDE / 2, 0.3), "The same cards, so the same total, whatever their numbers.", bold=True, halo=False)
    return page.picture(
        "Four texts as rows of numbered cards; the cards of the first two, put together, are those of the last two."
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
    return page.picture("Four texts; in each, two heads cross out the token at place 2 or 4 that did not follow A.")


def _cards(page: Sheet, xs: list[float], y: float, letters: str | list[str], numbers: Sequence[int] = ()) -> None:
    for k, (x, letter) in enumerate(zip(xs, letters, strict=True)):
        number = f" {_signed(numbers[k])}" if numbers and numbers[k] else ""
        page.box((x, y), letter + number, fill=CARD[letter], width=0.52 if numbers else 0.46, height=0.34, bold=True,
                 size=SMALL if numbers else NORMAL)  # fmt: skip


def _signed(number: int) -> str:
    return f"{number:+d}".replace("-", "−") if number else "0"
