"""Whole numbers in an answer, however they are written."""

from typing import Any


def whole(value: Any) -> int:
    """A number of Python, numpy or torch that is whole. Raises TypeError where it is none."""
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, bool) or int(value) != value:
        raise TypeError("no whole number")
    return int(value)
