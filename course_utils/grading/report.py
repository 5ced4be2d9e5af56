"""What the learner sees: a report that shows itself as HTML in a notebook and as text in a terminal."""

import html
import textwrap
from dataclasses import dataclass

from course_utils.grading.counterexample import Counterexample

COLOURS = {"passed": "#0072B2", "failed": "#D55E00", "not attempted": "#777777"}  # told apart by colour-blind eyes


@dataclass(frozen=True)
class Report:
    """The result of `grade`. `status` is "passed", "failed" or "not attempted"."""

    id: str
    status: str
    message: str
    misconception: str | None = None
    counterexample: Counterexample | None = None
    printed: str = ""
    hint: str = ""
    hints_left: int = 0

    def _rows(self) -> list[tuple[str, str]]:
        rows = self.counterexample.rows() if self.counterexample else []
        if self.printed:
            rows.append(("it printed", self.printed))
        return rows

    def _hint(self) -> str:
        if self.hint:
            return f"Hint: {self.hint}"
        more = f"{self.hints_left} hint{'s' * (self.hints_left != 1)}" if self.hints_left else ""
        return f"{more} at hand: add hint=1 to the call." if more and self.status != "passed" else ""

    def __repr__(self) -> str:
        lines = [f"{self.id}: {self.status}", *textwrap.wrap(self.message, 96)]
        if self.counterexample:
            lines.append(self.counterexample.title)
        width = max((len(label) for label, _ in self._rows()), default=0)
        for label, value in self._rows():
            lines.append(f"  {label:>{width}}  " + value.replace("\n", "\n" + " " * (width + 4)))
        return "\n".join([*lines, *textwrap.wrap(self._hint(), 96)])

    def _repr_html_(self) -> str:
        colour = COLOURS[self.status]
        parts = [
            f'<div style="border-left:4px solid {colour};padding:4px 12px;margin:4px 0;max-width:60em">',
            f'<b style="color:{colour}">{self.status.capitalize()}</b> · <code>{html.escape(self.id)}</code>',
            f'<div style="margin-top:4px">{_code_marks(self.message)}</div>',
        ]
        if self.counterexample:
            parts.append(f'<div style="margin-top:6px">{self.counterexample.title}</div>')
        if rows := self._rows():
            cell = '<td style="text-align:left;vertical-align:top;padding:1px 12px 1px 0">'
            code = '<code style="white-space:pre-wrap">'
            table = "".join(
                f"<tr>{cell}{html.escape(label)}</td>{cell}{code}{html.escape(value)}</code></td></tr>"
                for label, value in rows
            )
            parts.append(f"<table>{table}</table>")
        if hint := self._hint():
            parts.append(f'<div style="margin-top:6px;font-style:italic">{_code_marks(hint)}</div>')
        return "".join(parts) + "</div>"


class NotPassed(AssertionError):
    """Raised by `grade` in strict mode for every status but "passed"."""


def _code_marks(text: str) -> str:
    pieces = html.escape(text).split("`")
    return "".join(f"<code>{piece}</code>" if index % 2 else piece for index, piece in enumerate(pieces))
