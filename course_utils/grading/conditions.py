"""On which inputs is a wrong function right? What sets them apart, where this is the reason and no coincidence.

Of a handful of inputs, many pairs have something in common. So a condition is tried out: an input on which the
function is wrong is made to meet it, by cutting that axis to the length in question, or by another dtype, and the
function must be right.
"""

import copy
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from course_utils.grading import axes
from course_utils.grading.axes import along
from course_utils.grading.trials import Trial

RARE = 100  # ways to choose as many inputs, at least, for a condition that cannot be tried out
Arguments = dict[str, Any]


@dataclass(frozen=True)
class Condition:
    """What may hold of an input; `meet` changes one so that it does, where that can be done."""

    said: str
    holds: Callable[[Arguments], bool]
    meet: Callable[[Arguments], Arguments] | None = None
    least: int = 1


def condition(trials: Sequence[Trial], reference: Callable, right_on: Callable[[Arguments], bool]) -> str:
    """One sentence, or "". `right_on` says whether the function agrees with the reference on these arguments."""
    trials = [trial for trial in trials if trial.declared and not (trial.right and _empty(trial.expected))]
    right, wrong = [t for t in trials if t.right], [t for t in trials if not t.right]
    if not right or not wrong:
        return ""
    ways = math.comb(len(trials), len(right))
    simple = all(trial.right for trial in trials[: len(right)])  # the first inputs, made by hand, have much in common
    for one in _conditions(trials, reference):
        if ways < one.least or (one.least == RARE and simple):
            continue
        met = [one.holds(trial.arguments) for trial in trials]
        if met == [trial.right for trial in trials] and _confirmed(one, wrong, right_on, True):
            return f"It is right where {one.said}."
        if met == [not trial.right for trial in trials] and len(right) > 1 and _confirmed(one, right, right_on, False):
            return f"It is wrong only where {one.said}."
    return ""


def _empty(expected: Any) -> bool:
    """Whether there is nothing in it that could be wrong."""
    return isinstance(expected, Tensor) and expected.numel() == 0


def _confirmed(one: Condition, trials: Sequence[Trial], right_on: Callable[[Arguments], bool], wanted: bool) -> bool:
    """Whether inputs that are made to meet the condition change sides."""
    if one.meet is None:
        return True
    try:
        return all(right_on(one.meet(trial.arguments)) == wanted for trial in trials[:3])
    except Exception:  # an input that cannot be cut down like this
        return False


def _conditions(trials: Sequence[Trial], reference: Callable) -> Iterator[Condition]:
    lengths = [axes.sizes(reference, trial.arguments) for trial in trials]
    common = [name for name in lengths[0] if all(name in one for one in lengths)]

    def length(arguments: Arguments, name: str) -> int:
        return axes.sizes(reference, arguments)[name]

    first = trials[0].arguments
    for name, value in first.items():
        if isinstance(value, Tensor) and value.is_floating_point():
            yield Condition(f"`{name}` is float64", lambda a, name=name: a[name].dtype == torch.float64, _doubled, least=3)
        if isinstance(value, (str, bool)):
            for option in sorted({trial.arguments[name] for trial in trials}):
                yield Condition(
                    f"`{name}` is {option!r}",
                    lambda a, name=name, option=option: a[name] == option,
                    lambda a, name=name, option=option: a | {name: option},
                )
    for name, size in itertools.product(common, (1, 0)):
        plain = name.strip("`") in first  # a whole number, which may stand for anything
        said = f"{name} is {size}" if plain or name.startswith("the length") else f"{along(name)} has length {size}"
        yield Condition(
            said,
            lambda a, name=name, size=size: length(a, name) == size,
            None if plain else lambda a, name=name, size=size: _cut(a, name, size, reference),
            RARE if plain else 1,
        )
    for name, value in first.items():
        if isinstance(value, Tensor) and value.is_floating_point():
            yield Condition(
                f"`{name}` has negative numbers", lambda a, name=name: bool((a[name] < 0).any()), least=RARE
            )
            yield Condition(f"`{name}` has zeros", lambda a, name=name: bool((a[name] == 0).any()), least=RARE)
    for a, b in itertools.combinations(common, 2):
        yield Condition(f"{a} and {b} are equal", lambda args, a=a, b=b: length(args, a) == length(args, b), least=RARE)


def _doubled(arguments: Arguments) -> Arguments:
    """The arguments in float64: one that is so already may be the only one, and right by chance."""
    new = {}
    for name, value in arguments.items():
        floats = isinstance(value, Tensor) and value.is_floating_point()
        new[name] = value.double() if floats else value
        if isinstance(value, nn.Module):
            new[name] = copy.deepcopy(value).double()
    return new


def _cut(arguments: Arguments, name: str, size: int, reference: Callable) -> Arguments:
    """The arguments with every axis of that name, or the list of that name, cut down to `size`."""
    new = {}
    for of, value in arguments.items():
        if isinstance(value, Tensor):
            for axis, label in enumerate(axes.names(reference, of, value)):
                if name in (label, f"{label} of `{of}`"):
                    value = value.narrow(axis, 0, size)
        elif isinstance(value, list) and name == f"the length of `{of}`":
            value = value[:size]
        new[of] = value
    return new
