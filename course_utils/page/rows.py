"""From what was measured to rows: a name, and for each column a number, a text, or nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any


@dataclass(frozen=True)
class Number:
    """A number, and the ends of its interval where it has one."""

    value: float
    low: float | None = None
    high: float | None = None

    @property
    def has_interval(self) -> bool:
        return self.low is not None


Entry = Number | str | None
Rows = list[tuple[str, dict[str, Entry]]]


def as_rows(value: Any, columns: Sequence[str] | None, unit: str | Mapping[str, str]) -> tuple[str, Rows]:
    """(what the rows are, the rows), of everything that `table` takes.

    Raises:
        ValueError: there are no rows, they differ in their columns, or an entry is of another kind.
    """
    value = value.rows() if callable(getattr(value, "rows", None)) else value
    corner = ""
    if hasattr(value, "iterrows"):  # a pandas DataFrame
        corner = str(value.index.name or "")
        value = {str(name): dict(row) for name, row in value.iterrows()}
    elif isinstance(value, Sequence) and not isinstance(value, str) and all(isinstance(r, Mapping) for r in value):
        corner = str(next(iter(value[0]), "")) if value else ""
        pairs = [(row.get(corner), {key: row[key] for key in row if key != corner}) for row in value]
        value = {str(name): row for name, row in pairs}
        if len(value) != len(pairs):
            raise ValueError(f"Two rows have the same {corner}, so that a reader cannot tell them apart.")
    if not isinstance(value, Mapping) or not value:
        raise ValueError("A table has at least one row: give a dictionary of rows, or a list of them.")
    only = unit if isinstance(unit, str) and unit else "value"
    rows = [(str(name), _entries(row, columns, only)) for name, row in value.items()]
    for name, row in rows:
        if list(row) != list(rows[0][1]):
            raise ValueError(f"The row {name!r} has the columns {', '.join(row)}, the first {', '.join(rows[0][1])}.")
    return corner, rows


def _entries(row: Any, columns: Sequence[str] | None, only: str) -> dict[str, Entry]:
    row = row.tolist() if hasattr(row, "tolist") else row
    if isinstance(row, Mapping):
        if missing := [name for name in columns or () if name not in row]:
            raise ValueError(f"There is no column {missing[0]!r}: the columns are {', '.join(map(str, row))}.")
        return {str(name): entry(row[name]) for name in columns or row}
    if columns is None:
        return {only: entry(row)}
    row = list(row) if isinstance(row, Sequence) and not isinstance(row, str) and len(columns) > 1 else [row]
    if len(row) != len(columns):
        raise ValueError(f"A row of {len(row)} entries does not fit the {len(columns)} columns.")
    return dict(zip(map(str, columns), map(entry, row), strict=True))


def entry(value: Any) -> Entry:
    """One entry: a number, a number with its interval, a text, or nothing.

    Raises:
        ValueError: it is of another kind.
    """
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None or isinstance(value, (str, Number)):
        return value
    if isinstance(value, Real):
        return Number(float(value))
    parts = list(value) if isinstance(value, Sequence) else []
    parts = [part.item() if hasattr(part, "item") else part for part in parts]
    if len(parts) == 3 and all(isinstance(part, Real) and not isinstance(part, bool) for part in parts):
        number, low, high = map(float, parts)
        if low > high:
            raise ValueError(f"The interval of {number:g} ends below its beginning: give (value, low, high).")
        return Number(number, low, high)
    raise ValueError(f"An entry is a text, a number, None or (value, low, high), not {value!r}.")
