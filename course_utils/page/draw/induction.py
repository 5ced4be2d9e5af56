"""The induction circuit: A B … A, and what makes the model say B (Elhage et al. 2021; Olsson et al. 2022)."""

from __future__ import annotations

from course_utils import plots
from course_utils.page.draw.sheet import SMALL, Picture, darker, sheet

TOKENS = ("BOS", "…", "A", "B", "…", "A")


def induction_circuit(previous: str = "0.2", induction: str = "1.1", steps: int = 3) -> Picture:
    """Layers upwards, positions from left to right: the note that one head leaves, and the head that finds it.

    Args:
        previous, induction: the names of the two heads.
        steps: how much to show: 1 the note, 2 and what the later head searches for, 3 and what it copies.

    Raises:
        ValueError: another number of steps.
    """
    if steps not in (1, 2, 3):
        raise ValueError(f"The circuit has three steps, so that it is shown up to 1, 2 or 3, not {steps!r}.")
    page = sheet(4.1)
    xs = [0.75 + 1.0 * i for i in range(len(TOKENS))]
    first, second, third = xs[2], xs[3], xs[5]
    for x, token in zip(xs, TOKENS, strict=True):
        page.stream(x, 0.5, 3.5)
        page.box((x, 0.28), token, fill=plots.TOKEN, width=0.66, bold=token in "AB", size=12)
    page.line([(0.35, 1.82), (5.95, 1.82)], colour=plots.STREAM, dashed=True, behind=True)
    page.text((0.2, 1.1), "layer 0", turn=90, size=SMALL, colour=plots.NULL)
    page.text((0.2, 2.65), "layer 1", turn=90, size=SMALL, colour=plots.NULL)
    page.arrow((first, 0.8), (second - 0.06, 1.22), colour=plots.NOTE, bend=-0.3, thick=2.6)
    page.text(
        (first - 0.12, 1.22), f"previous-token\nhead {previous}", side="right", colour=darker(plots.NOTE), bold=True
    )
    page.box((second, 1.46), "after A", fill=plots.NOTE, width=0.84, height=0.34)
    alt = f"Two A B pairs of columns. Head {previous} carries A to the B after it, where it is noted as “after A”."
    if steps >= 2:
        page.dot((second, 2.08), plots.HEAD, 9)
        page.text((second - 0.14, 2.08), "key: the note", side="right")
        page.dot((third, 2.08), plots.HEAD, 9)
        page.text((third + 0.14, 2.2), "query:\n“who stands\nafter an A?”", side="left")
        alt += f" At the second A the query of head {induction} asks who stands after an A; its key is that note."
    if steps == 3:
        page.arrow((second, 2.2), (third - 0.08, 2.72), colour=plots.HEAD, bend=-0.25, thick=2.6)
        page.text(
            ((second + third) / 2 - 0.25, 3.12), f"induction head {induction}\ncopies “B”", colour=plots.HEAD, bold=True
        )
        page.box((third, 2.96), "B", fill=plots.ANSWER, width=0.5, height=0.36, bold=True)
        page.arrow((third, 3.56), (third, 3.76))
        page.text((third, 3.92), "next token: B", bold=True, halo=False, size=12)
        alt += f" Head {induction} copies B from there, and the model names B as the next token."
    caption = (
        f"The plan, from the bottom up. In layer 0, head {previous} looks one position back and leaves a note at B: "
        "“after A”."
    )
    if steps >= 2:
        caption += f" In layer 1, at the second A, head {induction} asks who stands after an A, and finds the note."
    if steps == 3:
        caption += " It copies the token that stands there, B, into the stream, from where it becomes the answer."
    return page.picture(alt, caption)
