"""The four heads of `code-attn-2l`, drawn.

1. `circuit` – the heads and their messages to 1.1, in the same place before and after it is known what they say.
2. `circuits_alone` – the same in small, with heads missing.
"""

from collections.abc import Mapping, Sequence

from course_utils import plots
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
COLUMNS = [0.7 + 1.1 * i for i in range(6)]
HALF = 0.78  # of the width of a message, inches


def circuit(
    tokens: Sequence[str], lost: Mapping[str, float], known: bool, attention: float | None = None,
    chance: float | None = None,
) -> Picture:  # fmt: skip
    """The four heads of `code-attn-2l` over `X A B … X A`, layers upwards.

    Args:
        tokens: X, A and B.
        lost: nats that are lost without a message, by the names of `MESSAGES`; one that is left out is not drawn.
        known: whether each message says what it says, with an arrow from where its head looks; otherwise a question
            mark and the loss.
        attention: of 1.1 from the second A to B. chance: the probability of B there.
    """
    page = sheet(5.1)
    x, a, b = tokens
    words = (f"after {a}", f"two after {x}", f"{b}, copied", f"{a}, copied", f"after {x}")
    said = dict(zip(MESSAGES, words, strict=True))
    for place, token in zip(COLUMNS, (x, a, b, "…", x, a), strict=True):
        page.stream(place, 0.5, 4.5)
        page.box((place, 0.28), token, fill=plots.TOKEN, width=0.66, bold=token != "…", size=12)
    page.line([(0.35, 2.72), (7.1, 2.72)], colour=plots.STREAM, dashed=True, behind=True)
    page.text((0.18, 1.7), "layer 0", turn=90, size=SMALL, colour=plots.NULL)
    page.text((0.18, 3.6), "layer 1", turn=90, size=SMALL, colour=plots.NULL)
    for end in (2, 5):
        rows = [row for _, _, to, row, _ in MESSAGES.values() if to == end]
        high = 1.14 + 0.5 * len(rows)
        page.box((COLUMNS[end], (0.98 + high) / 2), "", fill="#FAFAFA", edge=plots.STREAM, width=2 * HALF + 0.14,
                 height=high - 0.98)  # fmt: skip
        page.ax.patches[-1].set_zorder(0.8)  # behind the streams and the arrows
    for name, nats in lost.items():
        _message(page, name, said[name] if known else f"?      −{nats:.1f}", known)
    key, query = COLUMNS[2], COLUMNS[5]
    page.dot((key, 3.05), MATCH, 9)
    page.text((key - 0.14, 3.05), "key (K)", side="right")
    page.dot((query, 3.05), MATCH, 9)
    page.text((query - 0.14, 3.05), "query (Q)", side="right")
    page.dot((key, 3.45), MATCH, 9)
    page.text((key - 0.14, 3.45), "value (V)", side="right")
    page.arrow((key + 0.06, 3.47), (query - 0.32, 3.95), colour=MATCH, bend=-0.14,
               thick=1.2 + (4 * attention if attention else 1.6))  # fmt: skip
    share = f"\nattention {attention:.2f}" if attention is not None else ""
    above = ((key + query) / 2 - 0.1, 4.32 + 0.08 * bool(share))
    page.text(above, f"1.1 looks at {b} and copies it{share}", colour=MATCH, bold=True)
    page.box((query, 4.0), b, fill=plots.ANSWER, width=0.6, height=0.34, bold=True)
    page.arrow((query, 4.52), (query, 4.7))
    likely = f", probability {chance:.2f}" if chance is not None else ""
    page.text((query + 0.4, 4.88), f"next token: {b}{likely}", side="right", bold=True, halo=False, size=12)
    drawn = ", ".join(f"{name}: {said[name]}" if known else f"{name}, {nats:.1f} nats" for name, nats in lost.items())
    return page.picture(f"The circuit on {x} {a} {b} … {x} {a}. Messages to 1.1: {drawn}. Head 1.1 copies {b}.")


def _message(page: Sheet, name: str, words: str, known: bool) -> None:
    """What one head has written: its name, the words, and a badge for the input of 1.1 that reads it."""
    colour, begin, end, row, letter = MESSAGES[name]
    x, y = COLUMNS[end], 1.27 + 0.5 * row
    page.box((x, y), "", fill=colour, width=2 * HALF, height=0.36)
    ink = plots.INK if plots.is_light(colour) else PAPER
    page.text((x - HALF + 0.06, y), name[:3], side="left", size=SMALL, bold=True, colour=ink, halo=False)
    page.text((x - HALF + 0.36, y), words, side="left", size=SMALL, colour=ink, halo=False)
    page.box((x + HALF - 0.15, y), letter, fill=MATCH, width=0.24, height=0.26, size=SMALL, bold=True)
    if not known:
        return
    line = darker(colour, 0.6) if colour == SAME else colour
    if begin == end:
        page.arrow((x + 0.12, 0.47), (x + 0.12, y - 0.2), colour=line, thick=2.4)
    else:
        page.arrow((COLUMNS[begin] + 0.03, 0.62 + 0.12 * row), (x - HALF - 0.02, y), colour=line, bend=-0.12, thick=2.4)


def circuits_alone(left: Mapping[tuple[str, ...], tuple[float, float, float]]) -> Picture:
    """The same circuit in small, once for each set of heads that is kept; what is missing is hollow and dashed.

    Args:
        left: the share of the gain that is left with these heads alone, with its interval.
    """
    page = sheet(2.55)
    step = 7.2 / len(left)
    for k, (heads, (share, low, high)) in enumerate(left.items()):
        xs = [0.2 + step * k + 0.28 * i for i in range(6)]
        for x, token in zip(xs, ("X", "A", "B", "…", "X", "A"), strict=True):
            page.stream(x, 0.92, 1.98)
            page.text((x, 0.76), token, size=SMALL, bold=True, halo=False)
        for name, (colour, begin, end, row, _) in MESSAGES.items():
            at, kept = (xs[end], 1.08 + 0.2 * row), name[:3] in heads
            if kept and begin != end:
                page.arrow((xs[begin], at[1] - 0.1), (at[0] - 0.08, at[1]), colour=colour, thick=1.6)
            edge = darker(colour, 0.6) if colour == SAME else colour
            page.box(at, "", fill=colour if kept else PAPER, width=0.2, height=0.15, edge=edge, dashed=not kept)
        page.arrow((xs[2], 1.65), (xs[5] - 0.06, 1.86), colour=MATCH, bend=-0.25, thick=2.2)
        page.text(((xs[0] + xs[5]) / 2, 2.36), " ".join(heads), size=SMALL, bold=True, halo=False)
        middle = (xs[0] + xs[5]) / 2
        page.text((middle, 0.42), f"{share:.2f} left".replace("-", "−"), bold=True, halo=False)
        interval = f"{low:.2f} to {high:.2f}".replace("-", "−")
        page.text((middle, 0.16), interval, size=SMALL, colour=plots.NULL, halo=False)
    alt = "; ".join(f"{', '.join(heads)}: {share:.2f}" for heads, (share, _, _) in left.items())
    return page.picture(f"Share of the gain from repetition left with these heads alone: {alt}.")
