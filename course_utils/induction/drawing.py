"""The circuit that `code-attn-2l` uses, drawn: a match of two tokens, where the plan of an induction head has one."""

from course_utils import plots
from course_utils.page.draw.sheet import SMALL, Picture, sheet

TOKENS = ("…", "X", "A", "B", "…", "X", "A")


def two_token_circuit(this: float, before: float) -> Picture:
    """Layers upwards, positions from left to right: two notes at B, a query with two parts, and the copy.

    Args:
        this, before: by how much the match of the current token, and of the one before it, prefers the right place.
    """
    page = sheet(4.7)
    xs = [0.8 + 0.9 * i for i in range(len(TOKENS))]
    x, a, b, last = xs[1], xs[2], xs[3], xs[6]
    for place, token in zip(xs, TOKENS, strict=True):
        page.stream(place, 0.5, 4.1)
        page.box((place, 0.28), token, fill=plots.TOKEN, width=0.6, bold=token in "XAB", size=12)
    page.line([(0.35, 2.5), (6.9, 2.5)], colour=plots.STREAM, dashed=True, behind=True)
    page.text((0.2, 1.45), "layer 0", turn=90, size=SMALL, colour=plots.NULL)
    page.text((0.2, 3.3), "layer 1", turn=90, size=SMALL, colour=plots.NULL)
    page.arrow((a, 0.75), (b - 0.06, 1.2), colour=plots.HEAD, bend=-0.3, thick=2.4)
    page.text((a - 0.06, 1.08), "0.2", side="right", colour=plots.HEAD, bold=True)
    page.box((b, 1.36), "after A", fill=plots.NOTE, width=0.84, height=0.3)
    page.arrow((x, 0.9), (b - 0.08, 1.85), colour=plots.HEAD, bend=-0.25, thick=2.4)
    page.text((x + 0.1, 1.72), "0.3", side="right", colour=plots.HEAD, bold=True)
    page.box((b, 2.0), "two after X", fill=plots.NOTE, width=1.14, height=0.3)
    page.text((last - 0.36, 0.82), "0.0", side="right", colour=plots.HEAD, bold=True)
    page.arrow((last - 0.3, 0.82), (last - 0.04, 1.2), colour=plots.HEAD, bend=-0.3, thick=2.4)
    page.box((last, 1.36), "A, anew", fill=plots.NOTE, width=0.84, height=0.3)
    page.arrow((xs[5], 0.9), (last - 0.08, 1.85), colour=plots.HEAD, bend=-0.25, thick=2.4)
    page.text((xs[5] - 0.06, 1.5), "0.2", side="right", colour=plots.HEAD, bold=True)
    page.box((last, 2.0), "after X", fill=plots.NOTE, width=0.84, height=0.3)
    page.dot((b, 2.75), plots.HEAD, 9)
    page.dot((last, 2.75), plots.HEAD, 9)
    middle = (b + last) / 2
    page.text((middle, 2.83), f"“after A” with “A”:  {this:.1f}", size=SMALL)
    page.text((middle, 2.62), f"“two after X” with “after X”:  {before:.1f}", size=SMALL)
    page.arrow((b, 2.87), (last - 0.08, 3.42), colour=plots.HEAD, bend=-0.2, thick=2.6)
    page.text((middle - 0.1, 3.78), "head 1.1 copies “B”", colour=plots.HEAD, bold=True)
    page.box((last, 3.62), "B", fill=plots.ANSWER, width=0.5, height=0.34, bold=True)
    page.arrow((last, 4.12), (last, 4.3))
    page.text((last, 4.46), "next token: B", bold=True, halo=False, size=12)
    return page.picture(
        "At B, head 0.2 notes “after A” and 0.3 “two after X”. At the second A the query holds A, written anew by 0.0, "
        "and 0.2's note “after X”. Head 1.1 matches both pairs and copies B.",
    )
