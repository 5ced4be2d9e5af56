"""What the axes of a function's arguments and of its result are called, read from its annotations.

`Float[Tensor, "batch head query key"]` names four axes; `"*place d_model"` names the last one, and those before it
together.
"""

import inspect
import re
from collections.abc import Callable
from typing import Any, get_args

from torch import Tensor

from course_utils.grading.guard import underlying


def names(function: Callable, of: str, value: Any) -> list[str]:
    """A name for each axis of `value`, the argument called `of` (or "return"); "axis 0" where none is written."""
    if not isinstance(value, Tensor):
        return []
    unnamed = [f"axis {index}" for index in range(value.dim())]
    written = [name if not name.isdigit() else f"axis {index}" for index, name in enumerate(_written(function, of))]
    several = [index for index, name in enumerate(written) if name.startswith("*")]
    if not several:
        return written if len(written) == value.dim() else unnamed
    first, last = written[: several[0]], written[several[0] + 1 :]
    inside = value.dim() - len(first) - len(last)
    if inside < 0:
        return unnamed
    together = written[several[0]].strip("*")
    middle = [together] if inside == 1 else unnamed[len(first) : len(first) + inside]
    return [*first, *middle, *last]


def parts(function: Callable) -> list[str]:
    """The annotation of each tensor that it returns, as a text; empty where they are not written out."""
    found = getattr(underlying(function), "__annotations__", {}).get("return")
    if isinstance(found, str):
        return re.findall(r"\w+\[Tensor, ['\"][^'\"]*['\"]\]", found)
    return [f'Float[Tensor, "{getattr(one, "dim_str", "")}"]' for one in get_args(found)]


def returning(function: Callable, note: Any) -> Callable:
    """The function with another annotation of its result, for where a part of it, or a gradient, is described."""
    notes = dict(getattr(underlying(function), "__annotations__", {}))

    def part(*args: Any) -> Any:
        return function(*args)

    part.__annotations__ = notes | {"return": note}
    part.__signature__ = inspect.signature(function)
    return part


def like_argument(function: Callable, name: str) -> Callable:
    """The function, its result annotated as its argument `name` is: its gradient has the same axes."""
    return returning(function, getattr(underlying(function), "__annotations__", {}).get(name))


def _written(function: Callable, of: str) -> list[str]:
    """The names as they stand in the annotation, which `from __future__ import annotations` leaves as a text."""
    found = getattr(underlying(function), "__annotations__", {}).get(of)
    if isinstance(found, str):
        return (re.findall(r"\[Tensor, ['\"]([^'\"]*)['\"]\]", found) or [""])[0].split()
    return getattr(found, "dim_str", "").split()


def along(label: str) -> str:
    """The axis of that name, as it is called in a sentence."""
    return label if label.startswith("axis") else f"the axis {label}"


def sizes(function: Callable, arguments: dict[str, Any]) -> dict[str, int]:
    """How long each named axis of these arguments is; the whole numbers and lists among them by their own names."""
    found: dict[str, int] = {}
    for of, value in arguments.items():
        if isinstance(value, Tensor):
            labels = names(function, of, value)
            found |= {
                (label if not label.startswith("axis") else f"{label} of `{of}`"): size
                for label, size in zip(labels, value.shape, strict=True)
            }
        elif isinstance(value, int) and not isinstance(value, bool):
            found[f"`{of}`"] = value
        elif isinstance(value, list):
            found[f"the length of `{of}`"] = len(value)
    return found
