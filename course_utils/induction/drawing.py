"""What the heads of `code-attn-2l` do, drawn.

1. `looked_up` – a name that comes twice, and where a head looks from its second coming.
2. `two_token_circuit` – a match of two tokens, where the plan of an induction head has one.
"""

from collections.abc import Mapping, Sequence

from course_utils import plots
from course_utils.page.draw.sheet import SMALL, Picture, sheet

TOKENS = ("…", "X", "A", "B", "…", "X", "A")


def two_token_circuit(this: float, before: float) -> Picture:
    """Layers upwards, positions from left to right: two notes at B, a query with two parts, and the copy.

    Args:
        this, before: by how much the match of the current token, and of the one before it, prefers the right place.
    """
    page = sheet(4.9)
    xs = [0.8 + 0.9 * i for i in range(len(TOKENS))]
    x, a, b, last = xs[1], xs[2], xs[3], xs[6]
    for place, token in zip(xs, TOKENS, strict=True):
        page.stream(place, 0.5, 4.3)
        page.box((place, 0.28), token, fill=plots.TOKEN, width=0.6, bold=token in "XAB", size=12)
    page.line([(0.35, 2.4), (6.9, 2.4)], colour=plots.STREAM, dashed=True, behind=True)
    page.text((0.2, 1.45), "layer 0", turn=90, size=SMALL, colour=plots.NULL)
    page.text((0.2, 3.4), "layer 1", turn=90, size=SMALL, colour=plots.NULL)
    page.arrow((a, 0.75), (b - 0.06, 1.2), colour=plots.HEAD, bend=-0.3, thick=2.4)
    page.text((a + 0.28, 0.72), "0.2", side="left", colour=plots.HEAD, bold=True, halo=False)
    page.box((b, 1.36), "after A", fill=plots.NOTE, width=0.84, height=0.3)
    page.arrow((x, 0.9), (b - 0.08, 1.85), colour=plots.HEAD, bend=-0.25, thick=2.4)
    page.text((x + 0.14, 1.78), "0.3", side="left", colour=plots.HEAD, bold=True, halo=False)
    page.box((b, 2.0), "two after X", fill=plots.NOTE, width=1.14, height=0.3)
    page.text((last - 0.34, 0.78), "0.0", side="right", colour=plots.HEAD, bold=True, halo=False)
    page.arrow((last - 0.3, 0.82), (last - 0.04, 1.2), colour=plots.HEAD, bend=-0.3, thick=2.4)
    page.box((last, 1.36), "A, copied", fill=plots.NOTE, width=0.94, height=0.3)
    page.arrow((xs[5], 0.9), (last - 0.08, 1.85), colour=plots.HEAD, bend=-0.25, thick=2.4)
    page.text((xs[5] + 0.12, 1.78), "0.2", side="left", colour=plots.HEAD, bold=True, halo=False)
    page.box((last, 2.0), "after X", fill=plots.NOTE, width=0.84, height=0.3)
    page.dot((b, 2.95), plots.HEAD, 9)
    page.text((b - 0.12, 2.95), "key", side="right", halo=False)
    page.dot((last, 2.95), plots.HEAD, 9)
    page.text((last + 0.12, 3.12), "query", side="left", halo=False)
    middle = (b + last) / 2
    page.text((middle, 2.82), f"“A, copied” meets “after A”: {this:.1f}", size=SMALL)
    page.text((middle, 2.58), f"“after X” meets “two after X”: {before:.1f}", size=SMALL)
    page.arrow((b, 3.07), (last - 0.08, 3.62), colour=plots.HEAD, bend=-0.2, thick=2.6)
    page.text((middle - 0.45, 4.02), "head 1.1 looks at B and copies it", colour=plots.HEAD, bold=True)
    page.box((last, 3.82), "B", fill=plots.ANSWER, width=0.5, height=0.34, bold=True)
    page.arrow((last, 4.32), (last, 4.5))
    page.text((last, 4.66), "next token: B", bold=True, halo=False, size=12)
    return page.picture(
        "At B, head 0.2 notes “after A” and 0.3 “two after X”. At the second A the query holds A, copied by 0.0, "
        "and 0.2's note “after X”. Head 1.1 matches both pairs and copies B.",
    )


def looked_up(
    earlier: Sequence[str],
    later: Sequence[str],
    weights: Mapping[tuple[int, int], float],
    chance: Sequence[float],
    first: int,
    head: str = "1.1",
) -> Picture:
    """Two rows of tokens: where a head looks from each token of the later row, as thick as its attention.

    Args:
        earlier: upper row. later: lower row, set below the earlier token of the same place from `first` on.
        weights: attention from token i of the later row to token j of the earlier one, by (i, j).
        chance: the probability of each token's successor, below the lower row.
    """
    page = sheet(3.5)
    step = 6.3 / len(earlier)
    xs = [0.95 + step * j for j in range(len(earlier))]
    high, low = 2.9, 1.1
    page.text((0.05, high), "first\ntime", side="left", size=SMALL, colour=plots.NULL)
    page.text((0.05, low), "second\ntime", side="left", size=SMALL, colour=plots.NULL)
    page.text((0.05, 0.5), "probability of\nthe next token", side="left", size=SMALL, colour=plots.NULL)
    for x, token in zip(xs, earlier, strict=True):
        page.box((x, high), token, fill=plots.TOKEN, width=step - 0.07, height=0.34)
    for i, (token, p) in enumerate(zip(later, chance, strict=True)):
        page.box((xs[first + i], low), token, fill=plots.TOKEN, width=step - 0.07, height=0.34, bold=True)
        page.text((xs[first + i], 0.5), f"{p:.2f}", halo=False)
    for (i, j), weight in weights.items():
        ends, colour = [(xs[first + i], low + 0.2), (xs[j], high - 0.2)], plots.HEAD if j else plots.STREAM
        page.line(ends, colour=colour, thick=0.6 + 10 * weight, behind=not j)
        if j and weight >= 0.3:
            at = ((ends[0][0] + ends[1][0]) / 2, (low + high) / 2 + 0.1)
            page.text(at, f"{weight:.2f}", size=SMALL, colour=plots.HEAD, bold=True)
    return page.picture(
        f"From each part of the returning name head {head} looks at the part that followed it the first time.",
    )
