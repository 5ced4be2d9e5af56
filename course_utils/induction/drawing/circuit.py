"""The four heads of `code-attn-2l`, drawn: what each of their messages to 1.1 says."""

from collections.abc import Sequence

from course_utils import plots
from course_utils.page.draw.induction import COLUMNS
from course_utils.page.draw.sheet import PAPER, SMALL, Picture, Sheet, darker, sheet

# Message to an input of 1.1: (its colour, column it is from, column it is written to, row, input).
ONE_BACK, TWO_BACK, SAME, MATCH = plots.NOTE, darker(plots.NOTE, 0.62), plots.TOKEN, plots.HEAD
MESSAGES = {
    "0.2 to keys": (ONE_BACK, 1, 2, 1, "K"),
    "0.3 to keys": (TWO_BACK, 0, 2, 2, "K"),
    "0.0 to values": (SAME, 2, 2, 0, "V"),
    "0.0 to queries": (SAME, 5, 5, 0, "Q"),
    "0.2 to queries": (ONE_BACK, 4, 5, 1, "Q"),
}
ROLE_COLOURS = {"0.2": ONE_BACK, "1.1": MATCH, "0.3": TWO_BACK, "0.0": plots.NULL}
HALF = 0.87  # of the width of a message, inches
ROLES = {"0.2": "previous-token", "1.1": "induction", "0.3": "two-back", "0.0": "copier"}


def circuit(tokens: Sequence[str], lost: Sequence[str], attention: float, chance: float) -> Picture:
    """The four heads of `code-attn-2l` over `X A B … X A`, layers upwards, with what each message says.

    Args:
        tokens: X, A and B. lost: the messages that count, by the names of `MESSAGES`; another is not drawn.
        attention: of 1.1 from the second A to B. chance: the probability of B there.
    """
    page = sheet(5.6)
    x, a, b = tokens
    words = (f"after {a}", f"{x} two before", f"{b}, copied", f"{a}, copied", f"after {x}")
    said = dict(zip(MESSAGES, words, strict=True))
    for place, token, letter in zip(COLUMNS, (x, a, b, "…", x, a), ("X", "A", "B", "", "X", "A"), strict=True):
        page.stream(place, 0.6, 5.0 if place == COLUMNS[5] else 4.55)  # the others end below the words
        page.box((place, 0.4), token, fill=plots.TOKEN, width=0.66, bold=token != "…", size=12)
        if a != "A":
            page.text((place, 0.1), letter, size=SMALL, colour=plots.NULL, halo=False)
    page.line([(0.35, 3.18), (7.1, 3.18)], colour=plots.STREAM, dashed=True, behind=True)
    page.text((0.18, 1.9), "layer 0", turn=90, size=SMALL, colour=plots.NULL)
    page.text((0.18, 4.05), "layer 1", turn=90, size=SMALL, colour=plots.NULL)
    for name in lost:
        _message(page, name, said[name])
    key, query = COLUMNS[2], COLUMNS[5]
    for at, label in (((key, 3.52), "key (K)"), ((query, 3.52), "query (Q)"), ((key, 3.92), "value (V)")):
        page.dot(at, MATCH, 9)
        page.text((at[0] - 0.14, at[1]), label, side="right")
    page.arrow((key + 0.06, 3.94), (query - 0.32, 4.45), colour=MATCH, bend=-0.14, thick=1.2 + 4 * attention)
    page.text(((key + query) / 2 - 0.3, 4.92), f"induction head 1.1 looks at {b}, copies it\nattention {attention:.2f}",
              colour=MATCH, bold=True)  # fmt: skip
    page.box((query, 4.5), b, fill=plots.ANSWER, width=0.6, height=0.34, bold=True)
    page.arrow((query, 5.02), (query, 5.2))
    page.text((query + 0.4, 5.4), f"next token: {b}, probability {chance:.2f}", side="right", bold=True, halo=False,
              size=12)  # fmt: skip
    drawn = ", ".join(f"head {name}, {said[name]}" for name in lost)
    return page.picture(f"The circuit on {x} {a} {b} … {x} {a}. Messages: {drawn}. The induction head copies {b}.")


def _message(page: Sheet, name: str, words: str) -> None:
    """What one head has written: its name, the words, and a badge for the input of 1.1 that reads it."""
    colour, begin, end, row, letter = MESSAGES[name]
    x, y = COLUMNS[end], 1.34 + 0.6 * row
    page.box((x, y), "", fill=colour, width=2 * HALF, height=0.5)
    ink = plots.INK if plots.is_light(colour) else PAPER
    head = f"{ROLES[name[:3]]} {name[:3]}"
    page.text((x - HALF + 0.07, y + 0.11), head, side="left", size=SMALL, bold=True, colour=ink, halo=False)
    page.text((x - HALF + 0.07, y - 0.11), words, side="left", size=SMALL, colour=ink, halo=False)
    page.box((x + HALF - 0.15, y - 0.11), letter, fill=MATCH, width=0.24, height=0.23, size=SMALL, bold=True)
    line = darker(colour, 0.6) if colour == SAME else colour
    if begin == end:
        page.arrow((x + 0.12, 0.59), (x + 0.12, y - 0.27), colour=line, thick=2.4)
    else:
        page.arrow((COLUMNS[begin] + 0.03, 0.74 + 0.12 * row), (x - HALF - 0.02, y), colour=line, bend=-0.12, thick=2.4)
