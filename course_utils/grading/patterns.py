"""In which way is it wrong? A pattern that holds on every input that shows a difference, in one or two sentences.

1. A relation between what was given and what was expected: twice as large, transposed, shifted, a root forgotten.
2. Where it is wrong (`places.py`), or how its shape is (`shapes.py`).
3. On which inputs it is wrong (`conditions.py`).
"""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from course_utils.grading import axes
from course_utils.grading.conditions import condition
from course_utils.grading.places import alike, cap, close, places
from course_utils.grading.shapes import shape
from course_utils.grading.trials import Trial, same

TELLING = 3  # different numbers that a relation must explain, to be none by chance


def pattern(trials: Sequence[Trial], reference: Callable, right_on: Callable[[dict], bool]) -> str:
    """How the wrong ones are wrong, or ""; `right_on` says whether the function is right on other arguments."""
    trials = [trial.tensors for trial in trials]
    wrong = [trial for trial in trials if not trial.right]
    said = ""
    if wrong and all(trial.comparable for trial in wrong):
        right = [trial for trial in trials if trial.right and trial.comparable]
        if _telling(wrong) and (said := cap(wrong, right)):
            return said
        said = _some_signs(wrong, right) or _every(relation(wrong, reference), right) or alike(wrong, reference) or places(wrong, reference) or close(wrong)
    elif wrong:
        said = shape(trials, reference)
    return " ".join(part for part in (said, condition(trials, reference, right_on)) if part)


def _telling(wrong: Sequence[Trial]) -> bool:
    return sum(len(trial.expected.unique()) for trial in wrong) >= TELLING


def relation(wrong: Sequence[Trial], reference: Callable) -> str:
    """How what was given follows from what was expected, in a sentence that holds on all these inputs, or ""."""
    if not _telling(wrong):
        return ""
    pairs = [trial.pair for trial in wrong]
    if any(trial.expected.dtype == torch.bool for trial in wrong):
        if not all(any(bool((e == value).any()) for _, e in pairs) for value in (0, 1)):
            return ""  # of one of the two values nothing is known
        return "Every truth value is turned round." if all(same(g, 1 - e) for g, e in pairs) else ""
    for said, of in SIMPLE:
        if all(same(given, made) for given, e in pairs if (made := of(e)) is not None) and not any(
            of(e) is None for _, e in pairs
        ):
            return said
    if not any(trial.expected.is_floating_point() for trial in wrong) and (said := _codes(pairs)):
        return said
    return _factor(wrong, pairs, reference) or _offset(pairs) or _moved(wrong, pairs, reference)


def _some_signs(wrong: Sequence[Trial], right: Sequence[Trial]) -> str:
    """Signs that are turned round where one sort of number is right, and not where the other is."""
    pairs = [trial.pair for trial in wrong]
    others = [trial.pair[1] for trial in right]
    if not _telling(wrong) or wrong[0].expected.dtype == torch.bool or not all(same(g, -e) for g, e in pairs):
        return ""
    if all((e <= 0).all() for _, e in pairs) and any((e > 0).any() for e in others):
        return "Where a negative number is right, its sign is lost: is there an absolute value or a square?"
    return "Where it is wrong, every sign is turned round." if any((e != 0).any() for e in others) else ""


def _every(said: str, right: Sequence[Trial]) -> str:
    """`said`, but for what is said of every truth value where some inputs are right."""
    return "" if said.startswith("Every truth value") and right else said


SIMPLE: tuple[tuple[str, Callable[[Tensor], Tensor | None]], ...] = (
    ("Every sign is turned round.", lambda e: -e),
    ("The sizes are right, the signs are lost: is there an absolute value or a square?", lambda e: e.abs()),
    ("Everything is zero.", torch.zeros_like),
    ("Transposed, it would be right.", lambda e: e.mT if e.dim() > 1 and e.shape[-1] == e.shape[-2] > 1 else None),
    ("These are the squares of the right numbers: is a root missing?", lambda e: e.square()),
    ("These are the roots of the right numbers: is there a root too many?", lambda e: e.abs().sqrt() * e.sign()),
    ("It is upside down: every number is 1 divided by the right one.", lambda e: 1 / e if (e != 0).all() else None),
    ("These are the exponentials of the right numbers: is a logarithm missing?", lambda e: e.exp()),
    ("These are the logarithms of the right numbers.", lambda e: e.log() if (e > 0).all() else None),
    ("It is one minus the right number, everywhere.", lambda e: 1 - e),
)


def _codes(pairs: list[tuple[Tensor, Tensor]]) -> str:
    """Whole numbers that name the right things by other numbers."""
    met = {two for given, expected in pairs for two in zip(given.flatten().tolist(), expected.flatten().tolist())}  # noqa: B905
    calls = dict(met)
    if not 1 < len(calls) == len(met) == len(set(calls.values())) <= 6 or calls.keys() != set(calls.values()):
        return ""
    swapped = sorted(f"{given:.0f} stands where {meant:.0f} is meant" for given, meant in met if given != meant)
    return f"The numbers are exchanged: {', '.join(swapped)}."


def _factor(wrong: Sequence[Trial], pairs: list, reference: Callable) -> str:
    factors = []
    for given, expected in pairs:
        at = expected.abs() > 1e-9
        if not at.any() or not same(given, expected * (c := (given[at] / expected[at]).median())):
            return ""
        factors.append(float(c))
    constant = all(math.isclose(c, factors[0], rel_tol=1e-3) for c in factors)
    lengths = [axes.sizes(reference, trial.arguments) for trial in wrong]
    if constant and not (len(wrong) > 1 and all(one == lengths[0] for one in lengths)):
        return f"Every number is {_times(factors[0])} what it should be."
    for name in set.intersection(*(set(one) for one in lengths)):
        for said, of in BY_LENGTH:
            if all(
                n[name] > 1 and math.isclose(c, of(n[name]), rel_tol=1e-3)
                for c, n in zip(factors, lengths, strict=True)
            ):
                return said.format(name=name)
    if constant:
        return f"Every number is {_times(factors[0])} what it should be."
    several = any(len(expected.unique()) > 1 for _, expected in pairs)
    return "Within each input, every number is off by the same factor." if several else ""


BY_LENGTH: tuple[tuple[str, Callable[[int], float]], ...] = (
    ("Every number is too large by the factor {name}: is there a sum where a mean is asked for?", lambda n: n),
    ("Every number is too small by the factor {name}: is there a mean where a sum is asked for?", lambda n: 1 / n),
    (
        "Every number is n / (n − 1) of what it should be, with n the length of {name}: is something divided by n − 1, "
        "as `var` and `std` do unless they are told not to (correction=0)?",
        lambda n: n / (n - 1),
    ),
    (
        "Every number is off by √(n / (n − 1)), with n the length of {name}: n and n − 1 are exchanged; `var` and `std` "
        "divide by n − 1 unless they are told not to (correction=0).",
        lambda n: math.sqrt(n / (n - 1)),
    ),
    (
        "Every number is off by √((n − 1) / n), with n the length of {name}: n and n − 1 are exchanged; `var` and `std` "
        "divide by n − 1 unless they are told not to (correction=0).",
        lambda n: math.sqrt((n - 1) / n),
    ),
    ("Every number is (n − 1) / n of what it should be, with n = {name}: what is divided by?", lambda n: (n - 1) / n),
    ("Every number is too large by √{name}.", math.sqrt),
    ("Every number is too small by √{name}.", lambda n: 1 / math.sqrt(n)),
)


def _times(factor: float) -> str:
    names = {2.0: "twice", 0.5: "half of", 3.0: "three times", 4.0: "four times", 0.25: "a quarter of"}
    near = next((said for value, said in names.items() if math.isclose(value, factor, rel_tol=1e-3)), "")
    part = round(1 / factor) if 1e-3 < factor < 0.5 else 0
    if not near and part and math.isclose(part * factor, 1, rel_tol=1e-3):
        return f"1/{part} of"
    return near or f"{factor:.4g} times"


def _offset(pairs: list) -> str:
    offsets = []
    for given, expected in pairs:
        off = (given - expected).median()
        if not same(given, expected + off):
            return ""
        offsets.append(float(off))
    side = "large" if offsets[0] > 0 else "small"
    if all(math.isclose(off, offsets[0], rel_tol=1e-3) for off in offsets):
        return f"Every number is too {side} by {abs(offsets[0]):.4g}."
    several = all(len(expected.unique()) > 1 for _, expected in pairs)
    return "Within each input, every number is off by the same amount." if several else ""


def _moved(wrong: Sequence[Trial], pairs: list, reference: Callable) -> str:
    for back in range(1, min(expected.dim() for _, expected in pairs) + 1):
        along = axes.along(axes.names(reference, "return", wrong[0].expected)[-back])
        for said, of in (
            (f"The numbers are right and stand one place too late along {along}.", lambda e, k=back: e.roll(1, -k)),
            (f"The numbers are right and stand one place too early along {along}.", lambda e, k=back: e.roll(-1, -k)),
            (f"The numbers are right and in reverse order along {along}.", lambda e, k=back: e.flip(-k)),
        ):
            if all(same(given, of(expected)) for given, expected in pairs):
                return said
    several = any(len(e.unique()) > 2 for _, e in pairs)
    if several and all(same(g.flatten().sort().values, e.flatten().sort().values) for g, e in pairs):
        return "The numbers are right and stand in the wrong places."
    return ""
