"""The induction circuit: A B … A, and what makes the model say B (Elhage et al. 2021; Olsson et al. 2022)."""

from __future__ import annotations

from collections.abc import Sequence

from course_utils import plots
from course_utils.page.draw.sheet import SMALL, Picture, Sheet, darker, sheet

COLUMNS = [0.7 + 1.1 * i for i in range(6)]  # the same places in every drawing of the circuit


def induction_circuit(
    previous: str = "0.2", induction: str = "1.1", steps: int = 3, tokens: Sequence[str] = ("…", "A", "B")
) -> Picture:
    """Layers upwards, positions from left to right: the note that one head leaves, and the head that finds it.

    Args:
        previous, induction: the names of the two heads.
        steps: how much to show: 0 the task, 1 the note, 2 and what the later head searches for, 3 and what it copies.
        tokens: what stands before A, A itself, and B; below words the letters are written too.

    Raises:
        ValueError: another number of steps.
    """
    if steps not in (0, 1, 2, 3):
        raise ValueError(f"The circuit has three steps, so that it is shown up to 0, 1, 2 or 3, not {steps!r}.")
    page = sheet(3.2 if steps == 0 else 4.3)
    top, (before, a, b) = page.height - 0.6, tokens
    first, second, third = COLUMNS[1], COLUMNS[2], COLUMNS[5]
    for x, token, letter in zip(COLUMNS, (before, a, b, "…", before, a), ("", "A", "B", "", "", "A"), strict=True):
        page.stream(x, 0.7, top)
        page.box((x, 0.48), token, fill=plots.TOKEN, width=0.66, bold=token != "…", size=12)
        if letter and a != "A":
            page.text((x, 0.13), letter, size=SMALL, colour=plots.NULL, halo=False)
    if steps == 0:
        return _task(page, a, b, third)
    page.line([(0.35, 2.02), (6.75, 2.02)], colour=plots.STREAM, dashed=True, behind=True)
    page.text((0.18, 1.3), "layer 0", turn=90, size=SMALL, colour=plots.NULL)
    page.text((0.18, 2.85), "layer 1", turn=90, size=SMALL, colour=plots.NULL)
    page.arrow((first, 1.0), (second - 0.06, 1.42), colour=plots.NOTE, bend=-0.3, thick=2.6)
    page.text(
        (first - 0.1, 1.42), f"previous-token\nhead {previous}", side="right", size=SMALL, colour=darker(plots.NOTE),
        bold=True,
    )  # fmt: skip
    page.box((second, 1.66), f"after {a}", fill=plots.NOTE, width=0.9, height=0.34)
    alt = f"Two {a} {b} pairs of columns. Head {previous} carries {a} to the {b} after it, noted there as “after {a}”."
    if steps >= 2:
        page.dot((second, 2.28), plots.HEAD, 9)
        page.text((second - 0.14, 2.28), "key: the note", side="right")
        page.dot((third, 2.28), plots.HEAD, 9)
        page.text((third - 0.14, 2.28), f"query: “who\nstands after {a}?”", side="right")
        alt += f" At the second {a} the query of head {induction} asks who stands after {a}; its key is that note."
    if steps == 3:
        page.arrow((second, 2.42), (third - 0.08, 2.92), colour=plots.HEAD, bend=-0.2, thick=2.6)
        middle = ((second + third) / 2 - 0.35, 3.42)
        page.text(middle, f"induction head {induction}\ncopies “{b}”", colour=plots.HEAD, bold=True)
        page.box((third, 3.16), b, fill=plots.ANSWER, width=0.5, height=0.36, bold=True)
        page.arrow((third, 3.76), (third, 3.96))
        page.text((third + 0.4, 4.12), f"next token: {b}", side="right", bold=True, halo=False, size=12)
        alt += f" Head {induction} copies {b} from there, and the model names {b} as the next token."
    caption = (
        f"The plan, from the bottom up. In layer 0, head {previous} looks one position back and leaves a note at {b}: "
        f"“after {a}”."
    )
    if steps >= 2:
        caption += f" In layer 1, at the second {a}, head {induction} asks who stands after {a}, and finds the note."
    if steps == 3:
        caption += f" It copies the token that stands there, {b}, into the stream, from where it becomes the answer."
    return page.picture(alt, caption)


def _task(page: Sheet, a: str, b: str, last: float) -> Picture:
    """Before any head has written: what each place holds is its own token."""
    second, high = COLUMNS[2], 1.3
    page.text((0.18, high), "holds", turn=90, size=SMALL, colour=plots.NULL, halo=False)
    for x, token in ((COLUMNS[1], a), (second, b), (last, a)):
        page.box((x, high), f"“{token}”", fill=plots.TOKEN, width=0.72, height=0.34)
    page.arrow((second, 1.52), (last - 0.1, 2.3), colour=plots.HEAD, bend=-0.26, thick=2.2)
    wanted = f"the second {a} should look at {b}, which came after the first"
    page.text((0.4, 2.9), wanted, side="left", size=SMALL, colour=plots.HEAD, bold=True, halo=False)
    page.text((last, 2.9), f"next token: {b}?", bold=True, halo=False, size=12)
    page.text((second + 0.42, high), "no trace of\nwhat came before", side="left", size=SMALL, colour=plots.EDITED)
    return page.picture(
        f"Columns of {a} {b} … {a}; at {b} the stream holds {b} alone, so that nothing says that {a} stood before it.",
        f"The task. At the second {a} a head should look at {b}. But before any head has written, the place of {b} "
        f"holds “{b}” and its number, and nothing of the {a} before it.",
    )
