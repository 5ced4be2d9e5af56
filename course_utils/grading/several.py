"""A function that returns several tensors: which of them are right, and in which way each of the others is wrong.

A tensor may be wrong only in the rows that a mask among the arguments marks, or only in the others; then the pattern
of the error is looked for in these rows alone.
"""

import ast
from collections.abc import Callable, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from course_utils.grading import axes, guard
from course_utils.grading.compare import difference
from course_utils.grading.mutations import parse
from course_utils.grading.patterns import pattern, relation
from course_utils.grading.trials import ATOL, RTOL, Trial


def several(trials: Sequence[Trial], reference: Callable, right_on: Callable[[dict], bool]) -> str:
    """A sentence for each tensor of the result that is wrong, after one that names the right ones; "" for other results.

    `right_on` says whether the function is right on other arguments.
    """
    count = len(trials[0].expected) if trials and isinstance(trials[0].expected, tuple) else 0
    if count < 2 or not all(_comparable(trial, count) for trial in trials):
        return ""
    names = [f"`{name}`" for name in _names(reference)]
    names = names if len(names) == count else [f"value {index}" for index in range(count)]
    notes = axes.parts(reference)
    split = [[_entry(trial, index) for trial in trials] for index in range(count)]
    right = [name for name, entry in zip(names, split, strict=True) if all(trial.right for trial in entry)]
    alike: dict[str, list[str]] = {}  # what is said → of which
    for index, (name, entry) in enumerate(zip(names, split, strict=True)):
        if name not in right:
            single = axes.returning(reference, notes[index] if len(notes) == count else None)
            alike.setdefault(_how(entry, single, right_on), []).append(name)
    said = [f"Right: {', '.join(right)}."] if right else []
    return " ".join(said + [f"{', '.join(of)}: {how}" for how, of in alike.items()])


def _comparable(trial: Trial, count: int) -> bool:
    given, expected = trial.given, trial.expected
    return (
        isinstance(given, (tuple, list))
        and len(given) == count
        and all(isinstance(g, Tensor) and isinstance(e, Tensor) and g.shape == e.shape for g, e in zip(given, expected))  # noqa: B905
    )


def _entry(trial: Trial, index: int) -> Trial:
    given, expected = trial.given[index], trial.expected[index]
    return replace(trial, given=given, expected=expected, right=not difference(given, expected, RTOL, ATOL))


def _how(entry: Sequence[Trial], reference: Callable, right_on: Callable[[dict], bool]) -> str:
    """In which way one of the tensors is wrong: what follows its name and a colon."""
    wrong = [trial for trial in entry if not trial.right]
    if said := next((d for t in wrong if "differ" not in (d := difference(t.given, t.expected, RTOL, ATOL))), ""):
        return said
    for mask, value in ((mask, value) for mask in _masks(wrong, reference) for value in (True, False)):
        if all(_only_where(trial, trial.arguments[mask] == value) for trial in wrong):
            inside = [_rows(trial, trial.arguments[mask] == value) for trial in wrong]
            return f"wrong only where `{mask}` is {value}. {relation(inside, reference)}".rstrip()
    said = pattern(entry, reference, right_on)
    return f"wrong. {said}".rstrip()


def _masks(wrong: Sequence[Trial], reference: Callable) -> list[str]:
    """The arguments that hold one truth value for each row of the result."""
    found = []
    for name, value in wrong[0].arguments.items():
        if isinstance(value, Tensor) and value.dtype == torch.bool and value.dim() == 1:
            rows = axes.names(reference, "return", wrong[0].expected)[:1]
            if axes.names(reference, name, value) == rows and all(
                len(t.arguments[name]) == len(t.expected) for t in wrong
            ):
                found.append(name)
    return found


def _only_where(trial: Trial, mask: Tensor) -> bool:
    given, expected = trial.pair
    off = ~torch.isclose(given, expected, rtol=RTOL, atol=ATOL, equal_nan=True)
    return not bool(mask.all()) and not bool(off[~mask].any())


def _rows(trial: Trial, mask: Tensor) -> Trial:
    return replace(trial, given=trial.given[mask], expected=trial.expected[mask])


def _names(reference: Callable) -> list[str]:
    """What the reference's last `return` calls the values that it returns; none where these are no names."""
    tree = parse(guard.underlying(reference))
    returned = [node.value for node in ast.walk(tree) if isinstance(node, ast.Return)] if tree else []
    last = returned[-1] if returned else None
    named = isinstance(last, ast.Tuple) and all(isinstance(one, ast.Name) for one in last.elts)
    return [one.id for one in last.elts] if named else []
