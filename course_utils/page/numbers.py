"""Comparisons whose tolerance is as narrow as the words that they stand for, for the conditions of claims.

| the sentence says | the condition |
|---|---|
| about a third | `about(x, 1 / 3)`: within a tenth of it, 0.30 to 0.367 |
| 0.33 | `rounds_to(x, "0.33")`: these are its digits |
| a fifth to a third | `between(x, 1 / 5, 1 / 3)` |
| a is lower than b, and b than c | `rising(a, b, c)`: their intervals lie apart, in this order |
| a is higher than b, and b than c | `falling(a, b, c)` |
| at least, at most, less than, most | `>=`, `<=`, `<`, `max` |

The first three take one number or many (a list, a dictionary's values, an array, a tensor) and mean all of them.
"""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from numbers import Real
from typing import Any

TENTH = 0.1


def about(x: Any, value: float) -> bool:
    """Whether x, or every number in x, differs from `value` by at most a tenth of it.

    Raises:
        ValueError: `value` is zero, of which there is no tenth; or x holds no number.
    """
    if value == 0:
        raise ValueError("A tenth of zero is zero: say between which numbers it lies, with between(x, low, high).")
    return all(abs(number - value) <= TENTH * abs(value) * (1 + 1e-12) for number in numbers(x))


def between(x: Any, low: float, high: float) -> bool:
    """Whether x, or every number in x, is at least `low` and at most `high`.

    Raises:
        ValueError: `low` is not below `high`; or x holds no number.
    """
    if not low < high:
        raise ValueError(f"No number lies between {low} and {high}: give the lower one first.")
    return all(low <= number <= high for number in numbers(x))


def rounds_to(x: Any, digits: str) -> bool:
    """Whether x, or every number in x, is written `digits` when rounded to as many decimals, such as "0.33".

    Raises:
        ValueError: `digits` is no such number; or x holds no number.
    """
    written = digits.replace("−", "-").lstrip("+")
    float(written)
    decimals = len(written.partition(".")[2])
    return all(_unsigned_zero(f"{number:.{decimals}f}") == _unsigned_zero(written) for number in numbers(x))


def rising(*intervals: Sequence[float]) -> bool:
    """Whether each interval lies wholly below the next; each is (low, high), or (value, low, high).

    Raises:
        ValueError: fewer than two, or one that is no interval.
    """
    if len(intervals) < 2:
        raise ValueError("Two intervals at the least are compared.")
    ends = [_ends(interval) for interval in intervals]
    return all(lower[1] < upper[0] for lower, upper in itertools.pairwise(ends))


def falling(*intervals: Sequence[float]) -> bool:
    """Whether each interval lies wholly above the next; as `rising`."""
    return rising(*reversed(intervals))


def numbers(x: Any) -> list[float]:
    """Every number in x, in order.

    Raises:
        ValueError: there is none, or something in it is no number.
    """
    found = list(_flat(x))
    if not found:
        raise ValueError("There is no number to compare.")
    return found


def _flat(x: Any) -> Iterable[float]:
    if hasattr(x, "tolist"):
        x = x.tolist()
    if isinstance(x, Real):
        yield float(x)
    elif isinstance(x, Iterable) and not isinstance(x, (str, bytes)):
        for item in x.values() if isinstance(x, Mapping) else x:
            yield from _flat(item)
    else:
        raise ValueError(f"{x!r} is no number.")


def _ends(interval: Sequence[float]) -> tuple[float, float]:
    ends = numbers(interval)[-2:]
    if not 2 <= len(numbers(interval)) <= 3 or not ends[0] <= ends[1]:
        raise ValueError(f"{interval!r} is no interval: (low, high), or (value, low, high).")
    return ends[0], ends[1]


def _unsigned_zero(written: str) -> str:
    return written.lstrip("-") if float(written) == 0 else written
