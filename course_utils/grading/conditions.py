"""On which inputs is a wrong function right? What sets them apart, where this is more than a coincidence.

Of a handful of inputs, many pairs have something in common. A condition is told only where so many others of its size
could have been picked that one of those tried would hardly fit by chance.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor

from course_utils.grading import axes
from course_utils.grading.trials import Trial

AT_ONCE = 2  # conditions that fit; of more, none is the reason
PLAIN, LIKELY, RARE = 3, 10, 100  # ways to choose as many inputs, at least: the likelier a condition, the fewer


def condition(trials: Sequence[Trial], reference: Callable) -> str:
    """One sentence, or ""."""
    trials = [trial for trial in trials if trial.declared]
    right, wrong = [t for t in trials if t.right], [t for t in trials if not t.right]
    if not right or not wrong:
        return ""
    ways = math.comb(len(trials), len(right))
    simple = all(trial.right for trial in trials[: len(right)])  # the first inputs, made by hand, have much in common
    fitting: dict[bool, list[str]] = {True: [], False: []}  # of those on which it is right, and on which it is wrong
    for said, holds, least in _conditions(trials, reference):
        if ways < least or (len(right) < 2 and least > PLAIN):  # right once may be chance: a zero where all is zero
            continue
        if least == RARE and simple:
            continue
        met = [holds(trial) for trial in trials]
        for which in (True, False):
            if met == [trial.right == which for trial in trials]:
                fitting[which].append(said)
    if sum(map(len, fitting.values())) > AT_ONCE:
        return ""
    if fitting[True]:
        return f"It is right on {len(right)} of {len(trials)} inputs: those in which {' and '.join(fitting[True])}."
    return f"It is wrong only on inputs in which {' and '.join(fitting[False])}." if fitting[False] else ""


def _conditions(trials: Sequence[Trial], reference: Callable) -> Iterator[tuple[str, Callable[[Trial], bool], int]]:
    lengths = [axes.sizes(reference, trial.arguments) for trial in trials]
    common = [name for name in lengths[0] if all(name in one for one in lengths)]

    def length(trial: Trial, name: str) -> int:
        return axes.sizes(reference, trial.arguments)[name]

    for name, value in trials[0].arguments.items():
        if isinstance(value, Tensor) and value.is_floating_point():
            yield f"`{name}` is float64", lambda t, name=name: t.arguments[name].dtype == torch.float64, PLAIN
        if isinstance(value, (str, bool)):
            for option in {trial.arguments[name] for trial in trials}:
                yield (
                    f"`{name}` is {option!r}",
                    lambda t, name=name, option=option: t.arguments[name] == option,
                    LIKELY,
                )
    for name in common:
        for value in (1, 0):
            yield f"{name} is {value}", lambda t, name=name, value=value: length(t, name) == value, LIKELY
    for name, value in trials[0].arguments.items():
        if isinstance(value, Tensor) and value.is_floating_point():
            yield f"`{name}` has negative numbers", lambda t, name=name: bool((t.arguments[name] < 0).any()), RARE
            yield f"`{name}` has zeros", lambda t, name=name: bool((t.arguments[name] == 0).any()), RARE
    for a, b in itertools.combinations(common, 2):
        yield f"{a} and {b} are equal", lambda t, a=a, b=b: length(t, a) == length(t, b), RARE
