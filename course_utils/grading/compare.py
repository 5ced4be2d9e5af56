"""Does a given value agree with the expected one, and if not, what is the first thing to say?

Order of the questions: kind of value, shape, device, dtype, not-a-number, numbers. Numbers are
compared in float64, so that a right answer in another precision passes within the tolerance.
"""

import inspect
from collections.abc import Sequence
from numbers import Real
from typing import Any

import torch
from torch import Tensor, nn

NUMBERS = (bool, int, float)
SMALL = 16  # entries that one checks by hand


def difference(given: Any, expected: Any, rtol: float, atol: float) -> str:
    """One sentence on the first difference, or "" where `given` agrees with `expected`."""
    try:
        return _difference(given, expected, rtol, atol)
    except Exception:  # values may misbehave in every way
        return f"It returns {_article(type(given).__name__)} that cannot be compared; expected {show(expected)}."


def _difference(given: Any, expected: Any, rtol: float, atol: float) -> str:
    if isinstance(expected, Tensor):
        return _tensor_difference(given, expected, rtol, atol)
    if isinstance(expected, NUMBERS):
        if isinstance(given, Tensor) and given.dim() == 0 and given.device.type != "meta":
            given = given.item()
        if not isinstance(given, Real):
            return wrong_kind(given, "a number")
        return _tensor_difference(
            torch.tensor(float(given)).double(), torch.tensor(float(expected)).double(), rtol, atol
        )
    if isinstance(expected, Sequence) and not isinstance(expected, str):
        if not isinstance(given, (list, tuple)):
            return wrong_kind(given, f"a {type(expected).__name__} of {len(expected)}")
        if len(given) != len(expected):
            return f"It returns {len(given)} values; expected {len(expected)}."
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


def wrong_kind(given: Any, wanted: str) -> str:
    """The sentence for a value of the wrong kind."""
    if given is None:
        return f"It returns None; is a `return` missing? Expected {wanted}."
    if inspect.iscoroutine(given) or inspect.isasyncgen(given):
        return f"It is an `async` function; write a plain `def` that returns {wanted}."
    if inspect.isgenerator(given):
        return f"It returns a generator, because it uses `yield`; `return` {wanted} instead."
    if type(given).__name__ == "ndarray":
        return f"It returns a numpy array; expected {wanted} (torch.from_numpy makes one)."
    return f"It returns {_article(type(given).__name__)}; expected {wanted}."


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
    if _family(given) != _family(expected):
        return f"It returns dtype {_name(given.dtype)}; expected {_name(expected.dtype)}."
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
    worst = (left - right).abs().nan_to_num(0, 0).max().item()
    return f"The numbers differ, by up to {worst:.3g}."


def _family(tensor: Tensor) -> str:
    if tensor.dtype == torch.bool:
        return "bool"
    if tensor.is_complex():
        return "complex"
    return "float" if tensor.is_floating_point() else "integer"


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def _article(name: str) -> str:
    return f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


def worst_place(given: Any, expected: Any) -> tuple[int, ...] | None:
    """The index at which two tensors of one shape differ most; None where they are small, alike, or no such tensors."""
    if not (isinstance(given, Tensor) and isinstance(expected, Tensor)) or given.device.type == "meta":
        return None
    if given.shape != expected.shape or expected.numel() <= SMALL:
        return None
    if given.layout != torch.strided:
        return None
    gap = (given.detach().to(torch.complex128) - expected.detach().to(torch.complex128)).abs()
    gap = gap.nan_to_num(torch.inf, torch.inf)
    return tuple(int(i) for i in torch.unravel_index(gap.argmax(), gap.shape)) if gap.max() > 0 else None


def show(value: Any, brief: bool = False) -> str:
    """A value small enough to check by hand: numbers to four digits, with shape and dtype; `brief` leaves out the many."""
    try:
        return _show(value, brief)
    except Exception:  # values may misbehave in every way
        return f"{_article(type(value).__name__)} that cannot be shown"


def _show(value: Any, brief: bool) -> str:
    if isinstance(value, Tensor):
        if value.device.type == "meta" or value.layout != torch.strided:
            return f"tensor of shape {tuple(value.shape)} on {value.device}, {value.layout}"
        if brief and value.numel() > SMALL:
            return f"tensor of shape {tuple(value.shape)}, {_name(value.dtype)}"
        data = value.detach().cpu()
        if data.numel() > 64:
            data = data.flatten()[:8]
        rounded = torch.round(data.double(), decimals=4) + 0.0 if data.is_floating_point() else data
        text = str(rounded.tolist()).replace(".0,", ",").replace(".0]", "]")
        more = " …" if data.numel() < value.numel() else ""
        return f"{text}{more}  ({_name(value.dtype)}, shape {tuple(value.shape)})"
    if isinstance(value, nn.Module):
        return f"{_article(type(value).__name__)} of {sum(p.numel() for p in value.parameters()):,} parameters"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_show(item, brief) for item in value[:8]) + (", …]" if len(value) > 8 else "]")
    text = repr(value)
    return text if len(text) <= 200 else text[:199] + "…"
