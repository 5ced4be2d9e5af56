"""Tables that show themselves: HTML in a notebook, aligned text in a terminal.

1. `rows.as_rows` brings what was measured into rows: names, and an entry for each column.
2. Numbers get as many decimals as their column needs to show its largest one with three digits (two below one).
3. An entry (value, low, high) is a number with its interval: in a column of its own where one column has intervals,
   below the number where several have them.
4. What matters is marked, in yellow, which no drawing uses; a column whose name begins with "null" is grey.

The colours are translucent or inherited, so that a table is readable in light, in dark, and in print.
"""

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from course_utils import plots
from course_utils.captions import Caption, inline
from course_utils.page.rows import Entry, Number, as_rows

Mark = str | Collection[str | tuple[str, str]] | Callable[[float], bool]
RULE = "1px solid #88888855"
WHOLE = "border-collapse:collapse;margin:6px 0;font-size:.95em;width:auto"
NO_BREAK = "\u202f"  # between thousands


@dataclass(frozen=True)
class Column:
    """A column's name and unit, and whether numbers stand in it."""

    name: str
    unit: str = ""
    numeric: bool = True


@dataclass(frozen=True)
class Cell:
    """What stands in a cell; `below` is the interval in small type."""

    text: str
    below: str = ""
    marked: bool = False


@dataclass(frozen=True, repr=False)
class Table:
    """A finished table; its `rows` are (name, cells)."""

    corner: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    unit: str = ""  # of every number
    caption: str = ""

    def __repr__(self) -> str:
        head = [
            ", ".join(filter(None, (self.corner, self._in_unit))),
            *(f"{c.name} ({c.unit})" if c.unit else c.name for c in self.columns),
        ]
        body = [[name, *(_in_text(cell) for cell in cells)] for name, cells in self.rows]
        widths = [max(len(line[i]) for line in [head, *body]) for i in range(len(head))]
        left = [True, *(not column.numeric for column in self.columns)]
        lines = [
            "  ".join(
                text.ljust(width) if is_left else text.rjust(width)
                for text, width, is_left in zip(line, widths, left, strict=True)
            ).rstrip()
            for line in [head, ["─" * width for width in widths], *body]
        ]
        return "\n".join([*lines, *([self.caption] if self.caption else [])])

    @property
    def _in_unit(self) -> str:
        return f"in {self.unit}" if self.unit else ""

    def _repr_html_(self) -> str:
        corner = inline(self.corner) + (_small(self._in_unit, "<br>" if self.corner else "") if self.unit else "")
        head = "".join(_header(column) for column in self.columns)
        body = "".join(
            f'<tr><th scope="row" style="{_style(True, True, all(cell.marked for cell in cells))}">{inline(name)}</th>'
            + "".join(_cell(cell, column) for cell, column in zip(cells, self.columns, strict=True))
            + "</tr>\n"
            for name, cells in self.rows
        )
        return (
            f'<div style="overflow-x:auto"><table style="{WHOLE}">'
            f'\n<thead><tr><th scope="col" style="{_style(left=True)}">{corner}</th>{head}</tr></thead>'
            f"\n<tbody>{body}</tbody></table></div>" + (Caption(self.caption)._repr_html_() if self.caption else "")
        )


def table(
    value: Any,
    *,
    columns: Sequence[str] | None = None,
    unit: str | Mapping[str, str] = "",
    corner: str = "",
    mark: Mark = (),
    signed: bool = False,
    decimals: int | Mapping[str, int] | None = None,
    interval: str = "95 % interval",
    caption: str = "",
) -> Table:
    """What was measured, as a table.

    Args:
        value: a dictionary from row names to dictionaries by column, to sequences (then `columns` names their
            entries), or to single numbers; a list of dictionaries, whose first entry names the row; a value with a
            method `rows()` that gives one of these (results of the course have it); a pandas DataFrame. An entry is
            text, a number, None for what there is not, or (value, low, high) for a number with its interval.
        columns: the columns to show, in this order; by default all.
        unit: of every number, or of each column that has one.
        corner: what the rows are, above their names.
        mark: the name of the row that matters; or several names and (row, column) pairs; or a function that says of
            a number whether it matters.
        signed: whether numbers above zero get a plus.
        decimals: of every number, or by column; by default as many as three digits take.
        interval: what the intervals are, above them.
        caption: what to see in the table.

    Raises:
        ValueError: no rows, rows with other columns, or a mark, unit or column that the table has not.
    """
    first, named_rows = as_rows(value, columns, unit)
    names = list(named_rows[0][1])
    _check(names, [name for name, _ in named_rows], unit, decimals, mark)
    one_unit = unit if isinstance(unit, str) and names != [unit] else ""
    places = _decimals(names, named_rows, shared=bool(one_unit), given=decimals)
    with_interval = [n for n in names if any(isinstance(r[n], Number) and r[n].has_interval for _, r in named_rows)]
    apart = with_interval[0] if len(with_interval) == 1 else None
    shown_columns: list[Column] = []
    for name in names:
        numeric = any(isinstance(row[name], Number) for _, row in named_rows)
        shown_columns.append(Column(name, "" if isinstance(unit, str) else unit.get(name, ""), numeric))
        if name == apart:
            shown_columns.append(Column(interval))
    lines = []
    for row, entries in named_rows:
        cells = []
        for name in names:
            text, ends = _shown(entries[name], places[name], signed)
            marked = _is_marked(mark, row, name, entries[name])
            cells.append(Cell(text, "" if name == apart else ends, marked))
            if name == apart:
                cells.append(Cell(ends or "–", "", marked))
        lines.append((row, tuple(cells)))
    return Table(corner or first, tuple(shown_columns), tuple(lines), one_unit, " ".join(caption.split()))


def written(number: float, decimals: int, signed: bool = False) -> str:
    """A number as the course writes it: a real minus, no minus before zero, thin blanks between thousands."""
    if math.isnan(number):
        return "–"
    if math.isinf(number):
        return "∞" if number > 0 else "−∞"
    text = f"{abs(number):,.{decimals}f}"
    zero = float(text.replace(",", "")) == 0
    if abs(number) < 10_000:
        text = text.replace(",", "")  # a year, 1 463 steps: read well without
    sign = "" if zero else "−" if number < 0 else "+" if signed else ""
    return sign + text.replace(",", NO_BREAK)


def _check(names: list[str], rows: list[str], unit: Any, decimals: Any, mark: Mark) -> None:
    wanted = [*(unit if isinstance(unit, Mapping) else ()), *(decimals if isinstance(decimals, Mapping) else ())]
    if not callable(mark):
        for one in [mark] if isinstance(mark, str) else mark:
            row, *column = [one] if isinstance(one, str) else one
            if row not in rows:
                raise ValueError(f"There is no row {row!r} to mark: the rows are {', '.join(rows)}.")
            wanted += column
    if missing := [name for name in wanted if name not in names]:
        raise ValueError(f"There is no column {missing[0]!r}: the columns are {', '.join(names)}.")


def _decimals(names: list[str], rows: list, shared: bool, given: int | Mapping[str, int] | None) -> dict[str, int]:
    """How many decimals each column shows; one unit for all columns means as many in all."""
    if isinstance(given, int):
        return dict.fromkeys(names, given)
    numbers = {n: [r[n].value for _, r in rows if isinstance(r[n], Number)] for n in names}
    if shared:
        everything = [value for values in numbers.values() for value in values]
        numbers = dict.fromkeys(names, everything)
    places: dict[str, int] = {}
    for name, values in numbers.items():
        before = list(places.values())[-1:] if is_null(name) else []  # a null is compared with the number before it
        places[name] = (given or {}).get(name, *(before or [_enough(values)]))
    return places


def _enough(values: list[float]) -> int:
    finite = [abs(value) for value in values if math.isfinite(value)]
    largest = max(finite, default=0.0)
    if largest == 0 or all(value == int(value) for value in finite):
        return 0
    return min(8, max(0, (2 if largest >= 1 else 1) - math.floor(math.log10(largest))))


def _shown(entry: Entry, decimals: int, signed: bool) -> tuple[str, str]:
    """The text of an entry and of its interval."""
    if entry is None:
        return "–", ""
    if isinstance(entry, str):
        return entry, ""
    ends = ""
    if entry.has_interval:
        ends = f"{written(entry.low, decimals, signed)} to {written(entry.high, decimals, signed)}"
    return written(entry.value, decimals, signed), ends


def _is_marked(mark: Mark, row: str, column: str, entry: Entry) -> bool:
    if callable(mark):
        return isinstance(entry, Number) and bool(mark(entry.value))
    return row == mark if isinstance(mark, str) else row in mark or (row, column) in mark


def _in_text(cell: Cell) -> str:
    return ("* " if cell.marked else "") + cell.text + (f" [{cell.below}]" if cell.below else "")


def is_null(column: str) -> bool:
    """Whether a column of that name holds what chance or a control gives."""
    return column.lower().startswith("null")


def _style(left: bool, bold: bool = False, marked: bool = False) -> str:
    style = f"padding:4px 12px;text-align:{'left' if left else 'right'};border-bottom:{RULE};vertical-align:top"
    style += f";font-weight:{600 if bold else 400}"
    style += ";white-space:normal;max-width:26em" if left else ";white-space:nowrap"
    return style + (f";background:{plots.MARK}66" if marked else "")


def _header(column: Column) -> str:
    name = _faint(inline(column.name), is_null(column.name)).replace("95 %", "95&nbsp;%")
    style = _style(left=not column.numeric, bold=True).replace("nowrap", "normal")
    align = "right" if column.numeric else "left"
    unit = _small(column.unit) if column.unit else ""
    return f'<th scope="col" align="{align}" style="{style}">{name}{unit}</th>'


def _cell(cell: Cell, column: Column) -> str:
    text = _faint(inline(cell.text), is_null(column.name)) + (_small(cell.below) if cell.below else "")
    style = _style(left=not column.numeric, bold=cell.marked and column.numeric, marked=cell.marked)
    return f'<td align="{"right" if column.numeric else "left"}" style="{style}">{text}</td>'


def _faint(text: str, faint: bool) -> str:
    return f'<span style="opacity:.7">{text}</span>' if faint else text


def _small(text: str, before: str = "<br>") -> str:
    return f'{before}<span style="font-size:.8em;font-weight:400;opacity:.8">{inline(text)}</span>'
