"""The match of two tokens at a token that comes twice in a row: which place agrees with both questions?"""

from collections.abc import Sequence

from course_utils import plots
from course_utils.induction.drawing.circuit import HALF, MATCH, ONE_BACK, SAME, TWO_BACK
from course_utils.page.draw.sheet import PAPER, SMALL, Picture, Sheet, sheet

EARLIER = (0.24, 0.72, 1.55, 2.8, 4.05)  # the places of the first name, inches
LATER = (5.0, 6.25)  # the asking token, and the one before it
WIDTH, LOW, HIGH = 1.16, 1.5, 2.25  # of a note; the heights of the two questions


def two_ticks(tokens: Sequence[str], first: int, asking: int, attention: float, chance: float) -> Picture:
    """The notes at three places of an earlier name beside the two questions of the returning one, ticked where equal.

    Args:
        tokens: five, of the earlier name: the third of them is the token that asks when the name returns.
        first: the position of the first of them. asking: the position of the one that asks.
        attention: from there to the place with two ticks. chance: the probability of the token at that place.
    """
    page, (before, asked) = sheet(4.0), tokens[1:3]
    for k, (x, token) in enumerate(zip(EARLIER, tokens, strict=True)):
        _place(page, x, token, first + k, 0.42 if k < 2 else 0.66, 2.68 if k >= 2 else 0.7)
    _place(page, LATER[0], before, asking - 1, 0.42, 0.7)
    _place(page, LATER[1], asked, asking, 0.66, 3.3)
    page.text((4.66, 0.62), "…", bold=True, halo=False)
    ticks = []
    for y, shift, head, colour, words in (
        (LOW, 1, "previous-\ntoken 0.2", ONE_BACK, "after {}"),
        (HIGH, 2, "two-back\n0.3", TWO_BACK, "{} two before"),
    ):
        page.line([(EARLIER[2], y), (LATER[1], y)], colour=MATCH, thick=1.4, dashed=True, behind=True)
        page.text((0.03, y), head, side="left", size=SMALL, bold=True)
        wanted = asked if shift == 1 else before
        ticks.append([tokens[k - shift] == wanted for k in (2, 3, 4)])
        for k, agrees in zip((2, 3, 4), ticks[-1], strict=True):
            _note(page, EARLIER[k], y, words.format(tokens[k - shift]), colour, agrees)
    _question(page, LOW, "copier 0.0", f"{asked}, copied", SAME)
    _question(page, HIGH, "previous-token 0.2", f"after {before}", ONE_BACK)
    for k, both in zip((2, 3, 4), zip(*ticks, strict=True), strict=True):
        page.text((EARLIER[k], 2.87), "✓" * sum(both), size=14, bold=True, colour=plots.ANSWER)
    best = next(k for k, both in zip((2, 3, 4), zip(*ticks, strict=True), strict=True) if all(both))
    x = EARLIER[best]
    page.arrow((x, 3.06), (LATER[1] - 0.36, 3.42), colour=MATCH, bend=-0.16, thick=1.2 + 4 * attention)
    page.text(((x + LATER[1]) / 2 - 0.65, 3.82), f"induction head 1.1, attention {attention:.2f}", colour=MATCH,
              bold=True, halo=False)  # fmt: skip
    page.box((LATER[1], 3.45), tokens[best], fill=plots.ANSWER, width=0.6, height=0.34, bold=True)
    page.text((LATER[1] + 0.1, 3.82), f"probability {chance:.2f}", bold=True, halo=False)
    return page.picture(
        f"Three places of the earlier name with two notes each, beside the two questions of the returning {asked}. "
        f"{tokens[best]} alone has a tick at both, and the induction head looks there."
    )


def _place(page: Sheet, x: float, token: str, position: int, width: float, top: float) -> None:
    page.stream(x, 0.6, top)
    page.box((x, 0.62), token, fill=plots.TOKEN, width=width, bold=True, size=12)
    page.text((x, 0.24), str(position), size=SMALL, colour=plots.NULL, halo=False)


def _note(page: Sheet, x: float, y: float, words: str, colour: str, agrees: bool) -> None:
    """A note, with a tick in its corner where it agrees with the question of its row."""
    page.box((x, y), "", fill=colour, width=WIDTH, height=0.34)
    page.text((x, y), words, size=SMALL, colour=plots.INK if plots.is_light(colour) else PAPER, halo=False)
    if agrees:
        page.box((x + WIDTH / 2 - 0.06, y + 0.17), "✓", fill=plots.ANSWER, width=0.26, height=0.25, size=12, bold=True)


def _question(page: Sheet, y: float, head: str, words: str, colour: str) -> None:
    """What a head has written at the asking token, which the queries read."""
    x = LATER[1]
    page.box((x, y), "", fill=colour, width=2 * HALF, height=0.5)
    page.text((x - HALF + 0.07, y + 0.11), head, side="left", size=SMALL, bold=True, halo=False)
    page.text((x - HALF + 0.07, y - 0.11), words, side="left", size=SMALL, halo=False)
    page.box((x + HALF - 0.15, y - 0.11), "Q", fill=MATCH, width=0.24, height=0.23, size=SMALL, bold=True)
