"""Does a given value agree with the expected one, and if not, what is the first thing to say?

Order of the questions: kind of value, shape, device, dtype, not-a-number, numbers. The dtype is that of the reference,
since later cells go on with what passed; the numbers are compared in float64.
"""

import inspect
from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from course_utils.grading.limits import quietly
from course_utils.grading.plain import Foreign

NUMBERS = (bool, int, float)
SMALL = 16  # entries that one checks by hand


def difference(given: Any, expected: Any, rtol: float, atol: float) -> str:
    """One sentence on the first difference, or "" where `given` agrees with `expected`."""
    try:
        return _difference(given, expected, rtol, atol)
    except Exception:  # values may misbehave in every way
        return f"It returns {_article(kind(given))} that cannot be compared; expected {show(expected)}."


def _difference(given: Any, expected: Any, rtol: float, atol: float) -> str:
    if isinstance(expected, Tensor):
        return _tensor_difference(given, expected, rtol, atol)
    if isinstance(expected, NUMBERS):
        if isinstance(given, (Tensor, np.ndarray)) and given.ndim == 0 and getattr(given, "is_meta", False) is False:
            given = given.item()
        if not isinstance(given, Real):
            return wrong_kind(given, "a number")
        return _tensor_difference(
            torch.tensor(float(given)).double(), torch.tensor(float(expected)).double(), rtol, atol
        )
    if isinstance(expected, Sequence) and not isinstance(expected, str):
        if not isinstance(given, (list, tuple)):
            tensors = " tensors" if all(isinstance(one, Tensor) for one in expected) else ""
            return wrong_kind(given, f"a {type(expected).__name__} of {len(expected)}{tensors}")
        if len(given) != len(expected):
            return f"It returns {len(given)} values; expected {len(expected)}."
        if _plain(expected) and _plain(given):
            places = [i for i, two in enumerate(zip(given, expected, strict=True)) if difference(*two, rtol, atol)]
            return (
                f"Entry {places[0]} is {_show(given[places[0]], True)}; expected {_show(expected[places[0]], True)}."
                if places
                else ""
            )
        for index, (left, right) in enumerate(zip(given, expected, strict=True)):
            if said := difference(left, right, rtol, atol):
                return f"Value {index} of {len(expected)}: {said}"
        return ""
    if isinstance(expected, dict):
        if not isinstance(given, dict) or given.keys() != expected.keys():
            return wrong_kind(given, f"a dict with the keys {sorted(map(str, expected))}")
        found = (
            f"Entry {key!r}: {said}" for key in expected if (said := difference(given[key], expected[key], rtol, atol))
        )
        return next(found, "")
    if type(given) is not type(expected):
        return wrong_kind(given, f"a {type(expected).__name__}")
    return "" if given == expected else f"It returns {show(given)}; expected {show(expected)}."


def alike(given: Any, expected: Any) -> bool:
    """Whether `given` is of the kind of `expected`, all through, so that two such values can be compared."""
    if isinstance(expected, Tensor) and isinstance(given, Tensor):
        return given.device == expected.device and given.layout == expected.layout
    if isinstance(expected, NUMBERS) or (isinstance(expected, Tensor) and expected.dim() == 0):
        return isinstance(given, Real)
    if isinstance(expected, Sequence) and not isinstance(expected, str):
        same = isinstance(given, (list, tuple)) and len(given) == len(expected)
        return same and all(alike(*two) for two in zip(given, expected, strict=True))
    return type(given) is type(expected)


def wrong_kind(given: Any, wanted: str) -> str:
    """The sentence for a value of the wrong kind."""
    if given is None:
        return f"It returns None; is a `return` missing? Expected {wanted}."
    if inspect.iscoroutine(given) or inspect.isasyncgen(given):
        return f"It is an `async` function; write a plain `def` that returns {wanted}."
    if inspect.isgenerator(given):
        return f"It returns a generator, because it uses `yield`; `return` {wanted} instead."
    if isinstance(given, np.ndarray):
        return f"It returns a numpy array; expected {wanted} (torch.from_numpy makes one)."
    if isinstance(given, Tensor) and wanted.endswith("tensors"):
        return f"It returns one tensor of shape {tuple(given.shape)}; expected {wanted}: return them apart."
    if isinstance(given, Tensor) and wanted.startswith(("a list", "a tuple")):
        return f"It returns a tensor; expected {wanted} (`.tolist()` makes plain numbers of a tensor)."
    if isinstance(given, (set, frozenset)) and wanted.startswith(("a list", "a tuple")):
        return f"It returns a set, which has no order; expected {wanted}."
    if type(given).__module__ == "torch.return_types":
        name = type(given).__name__
        return f"It returns both values and indices, as `{name}` along an axis does; expected {wanted}. Which one is asked for?"
    if isinstance(given, (list, tuple)) and wanted.startswith("a tensor"):
        return f"It returns a {type(given).__name__} of {len(given)}; expected {wanted}. `torch.stack` makes one of tensors, `torch.tensor(…, dtype=…)` of plain numbers."
    return f"It returns {_article(kind(given))}; expected {wanted}."


def in_form(given: Any, expected: Any) -> Any:
    """`given` as what was asked for, where the same numbers stand in another precision, or in a list or a tuple."""
    if not isinstance(expected, Tensor) or not expected.is_floating_point():
        return given
    if isinstance(given, Tensor):
        return given.to(expected.dtype) if given.is_floating_point() and given.device == expected.device else given
    if not isinstance(given, (list, tuple)) or expected.dim() != 1 or len(given) != len(expected):
        return given
    single = all(isinstance(one, Real) or (isinstance(one, Tensor) and one.dim() == 0) for one in given)
    return torch.tensor([float(one) for one in given], dtype=expected.dtype) if single else given


def kind(value: Any) -> str:
    """The name of its class."""
    return value.kind if isinstance(value, Foreign) else type(value).__name__


def _tensor_difference(given: Any, expected: Tensor, rtol: float, atol: float) -> str:
    if isinstance(given, Real) and expected.dim() == 0:
        given = torch.tensor(float(given)) if expected.is_floating_point() else torch.tensor(given)
    if not isinstance(given, Tensor):
        return wrong_kind(given, f"a tensor of shape {tuple(expected.shape)}")
    if given.shape != expected.shape:
        return f"It returns shape {tuple(given.shape)}; expected {tuple(expected.shape)}."
    if given.device != expected.device:
        return f"It returns a tensor on device {given.device}; the inputs are on {expected.device}."
    if given.layout != torch.strided:
        return f"It returns a tensor of layout {given.layout}; call .to_dense() on it."
    number = expected.dim() == 0 and expected.is_floating_point() and given.is_floating_point()
    free = number or expected.numel() == 0  # a single number goes on in any precision, and where there is none, none is lost
    if given.dtype != expected.dtype and not free:
        return _dtype_difference(given, expected)
    wide = torch.complex128 if expected.is_complex() else torch.float64
    left, right = given.detach().to(wide), expected.detach().to(wide)
    if torch.isnan(left).any() and not torch.isnan(right).any():
        return (
            f"It returns nan in {int(torch.isnan(left).sum())} of {left.numel()} entries; look for a division by zero."
        )
    if torch.isinf(left).any() and not torch.isinf(right).any():
        where = f"{int(torch.isinf(left).sum())} of {left.numel()} entries"
        return f"It returns infinity in {where}; look for a division by zero."
    if torch.allclose(left, right, rtol=rtol, atol=atol, equal_nan=True):
        return ""
    if not expected.is_floating_point() and not expected.is_complex():
        count = int((left != right).sum())
        what = "truth value" if expected.dtype == torch.bool else "number"
        return f"The numbers differ: another {what} is expected in {count} of {left.numel()} places."
    worst = (left - right).abs().nan_to_num(0, 0).max().item()
    return f"The numbers differ, by up to {worst:.3g}."


def _dtype_difference(given: Tensor, expected: Tensor) -> str:
    was, wanted = _name(given.dtype), _name(expected.dtype)
    if given.is_floating_point() and expected.is_floating_point():
        return (
            f"It returns {was} where {wanted} came in, and what comes next may stop there, or lose digits: make new "
            f"tensors with `dtype=` that of the input, or end with `.to(torch.{wanted})`."
        )
    whole = not expected.is_floating_point() and not expected.is_complex() and expected.dtype != torch.bool
    if whole and given.is_floating_point() and not torch.equal(given, given.round()):
        return f"It returns numbers such as {given.flatten()[0].item():.3g}; whole numbers are asked for ({wanted}): places or codes, not the values that stand there."
    if whole and not given.is_complex() and given.dtype != torch.bool:
        return (
            f"It returns {was}; whole numbers of {wanted} are asked for (`dtype=torch.long`, or `.long()` at the end)."
        )
    if given.is_complex() and expected.is_floating_point():
        return f"It returns complex numbers; real ones ({wanted}) are asked for: their real parts, or their sizes."
    if expected.is_floating_point() and not given.is_floating_point():
        return f"It returns {was}; numbers of {wanted} are asked for. Are these places or counts where values should stand?"
    if expected.dtype == torch.bool:
        return f"It returns {was}; truth values are asked for (bool): no numbers, and no list of places."
    return f"It returns dtype {was}; expected {wanted}."


def _plain(values: Sequence) -> bool:
    """Whether there are only numbers in it, or short rows of them."""
    rows = [one if isinstance(one, (list, tuple)) else (one,) for one in values]
    return all(len(row) <= 4 and all(isinstance(number, Real) for number in row) for row in rows)


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _article(name: str) -> str:
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


def first_place(given: Any, expected: Any) -> tuple[int, ...] | None:
    """The first index at which two tensors of one shape differ by more than a tenth of the largest difference.

    None where they are small, alike, or no such tensors.
    """
    if not (isinstance(given, Tensor) and isinstance(expected, Tensor)) or given.device.type == "meta":
        return None
    if given.shape != expected.shape or expected.numel() <= SMALL:
        return None
    if given.layout != torch.strided:
        return None
    gap = (given.detach().to(torch.complex128) - expected.detach().to(torch.complex128)).abs()
    gap = gap.nan_to_num(torch.inf, torch.inf)
    return tuple((gap > 0.1 * gap.max()).nonzero()[0].tolist()) if gap.max() > 0 else None


def show(value: Any, brief: bool = False, digits: int = 4) -> str:
    """A value small enough to check by hand, with shape and dtype; `brief` leaves out tensors of many numbers."""
    try:
        return _show(value, brief, digits)
    except Exception:  # values may misbehave in every way
        return f"{_article(kind(value))} that cannot be shown"


def _show(value: Any, brief: bool, digits: int = 4) -> str:
    if isinstance(value, Tensor):
        if value.device.type == "meta" or value.layout != torch.strided:
            return f"tensor of shape {tuple(value.shape)} on {value.device}, {value.layout}"
        if brief and value.numel() > SMALL:
            return f"tensor of shape {tuple(value.shape)}, {_name(value.dtype)}"
        data = value.detach().cpu()
        if data.numel() > 64:
            data = data.flatten()[:8]
        rounded = torch.round(data.double(), decimals=digits) + 0.0 if data.is_floating_point() else data
        text = str(rounded.tolist()).replace(".0,", ",").replace(".0]", "]")
        more = " …" if data.numel() < value.numel() else ""
        return f"{text}{more}  ({_name(value.dtype)}, shape {tuple(value.shape)})"
    if isinstance(value, nn.Module):
        return f"{_article(type(value).__name__)} of {sum(p.numel() for p in value.parameters()):,} parameters"
    if isinstance(value, float):
        return f"{value:.{digits}g}"
    if isinstance(value, (list, tuple)):
        opened, closed = "[]" if isinstance(value, list) else "()"
        inside = ", ".join(_show(item, brief, digits) for item in value[:8])
        return f"{opened}{inside}{', …' * (len(value) > 8)}{closed}"
    if isinstance(value, np.ndarray):
        return f"{_show(torch.from_numpy(value), brief, digits) if value.dtype.kind in 'bif' else 'array'}, in numpy"
    text = " ".join(quietly(lambda: repr(value), f"{_article(kind(value))} that cannot be shown").split())
    return text if len(text) <= 200 else text[:199] + "…"
