"""In which way are the numbers wrong? A pattern that holds on every input that shows a difference, in one sentence.

1. A relation between what was given and what was expected: twice as large, transposed, shifted, a root forgotten.
2. Where it is wrong: the last entry along an axis, the diagonal, where a zero is expected, above a cap.
3. On which inputs it is wrong: those with more than one prompt, those where two axes are not of the same length.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from course_utils.grading import axes

RTOL, ATOL = 1e-3, 1e-5


@dataclass(frozen=True)
class Trial:
    """One input: the arguments by name, what was expected, what was given, and whether the two agree."""

    arguments: dict[str, Any]
    expected: Any
    given: Any
    right: bool


def pattern(trials: Sequence[Trial], reference: Callable) -> str:
    """One or two sentences on how the wrong ones are wrong, or ""."""
    wrong = [trial for trial in trials if not trial.right and _comparable(trial)]
    if not wrong or len(wrong) < sum(not trial.right for trial in trials):
        return _inputs(trials, reference)
    said = _relation(wrong, reference) or _cap(wrong) or _alike(wrong, reference) or _places(wrong, reference)
    said = said or _close(wrong)
    return " ".join(part for part in (said, _inputs(trials, reference)) if part)


def _comparable(trial: Trial) -> bool:
    return (
        isinstance(trial.expected, Tensor)
        and isinstance(trial.given, Tensor)
        and trial.given.shape == trial.expected.shape
        and trial.given.numel() > 0
        and not trial.expected.is_complex()
        and not trial.given.is_complex()
    )


def _same(a: Tensor, b: Tensor) -> bool:
    return a.shape == b.shape and torch.allclose(a, b, rtol=RTOL, atol=ATOL, equal_nan=True)


def _pair(trial: Trial) -> tuple[Tensor, Tensor]:
    return trial.given.detach().double(), trial.expected.detach().double()


def _telling(wrong: Sequence[Trial]) -> bool:
    """Whether there are enough different numbers for a relation to be none by chance."""
    return sum(len(trial.expected.unique()) for trial in wrong) >= 3


# Relations


def _relation(wrong: Sequence[Trial], reference: Callable) -> str:
    if not _telling(wrong):
        return ""
    pairs = [_pair(trial) for trial in wrong]
    if any(expected.dtype == torch.bool for expected in (trial.expected for trial in wrong)):
        return "Every truth value is turned round." if all(_same(g, 1 - e) for g, e in pairs) else ""
    for said, of in SIMPLE:
        if all(_same(given, made) for given, e in pairs if (made := of(e)) is not None) and not any(
            of(e) is None for _, e in pairs
        ):
            return said
    return _factor(wrong, pairs, reference) or _offset(pairs) or _moved(wrong, pairs, reference)


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


def _factor(wrong: Sequence[Trial], pairs: list, reference: Callable) -> str:
    factors = []
    for given, expected in pairs:
        at = expected.abs() > 1e-9
        if not at.any() or not _same(given, expected * (c := (given[at] / expected[at]).median())):
            return ""
        factors.append(float(c))
    if (
        all(math.isclose(c, factors[0], rel_tol=1e-3) for c in factors)
        and len(set(_known_sizes(wrong, reference))) != 1
    ):
        return f"Every number is {_times(factors[0])} what it should be."
    lengths = [axes.sizes(reference, trial.arguments) for trial in wrong]
    for name in set.intersection(*(set(one) for one in lengths)):
        for said, of in BY_LENGTH:
            if all(
                n[name] > 1 and math.isclose(c, of(n[name]), rel_tol=1e-3)
                for c, n in zip(factors, lengths, strict=True)
            ):
                return said.format(name=name)
    if all(math.isclose(c, factors[0], rel_tol=1e-3) for c in factors):
        return f"Every number is {_times(factors[0])} what it should be."
    return "Within each input, every number is off by the same factor."


def _known_sizes(wrong: Sequence[Trial], reference: Callable) -> list[str]:
    """The sizes that could explain a factor; where there is one input only, none can be told from a plain number."""
    return [""] if len(wrong) == 1 else [str(sorted(axes.sizes(reference, trial.arguments).items())) for trial in wrong]


BY_LENGTH: tuple[tuple[str, Callable[[int], float]], ...] = (
    ("Every number is too large by the factor {name}: is there a sum where a mean is asked for?", lambda n: n),
    ("Every number is too small by the factor {name}: is there a mean where a sum is asked for?", lambda n: 1 / n),
    (
        "Every number is n / (n − 1) of what it should be, with n the length of {name}: `var` and `std` divide by "
        "n − 1 unless they are told not to (correction=0).",
        lambda n: n / (n - 1),
    ),
    (
        "Every number is off by √(n / (n − 1)), with n the length of {name}: `var` and `std` divide by n − 1 unless "
        "they are told not to (correction=0).",
        lambda n: math.sqrt(n / (n - 1)),
    ),
    (
        "Every number is off by √((n − 1) / n), with n the length of {name}: `var` and `std` divide by n − 1 unless "
        "they are told not to (correction=0).",
        lambda n: math.sqrt((n - 1) / n),
    ),
    ("Every number is (n − 1) / n of what it should be, with n = {name}: what is divided by?", lambda n: (n - 1) / n),
    ("Every number is too large by √{name}.", math.sqrt),
    ("Every number is too small by √{name}.", lambda n: 1 / math.sqrt(n)),
)


def _times(factor: float) -> str:
    names = {2.0: "twice", 0.5: "half of", 3.0: "three times", 4.0: "four times", 0.25: "a quarter of"}
    near = next((said for value, said in names.items() if math.isclose(value, factor, rel_tol=1e-3)), "")
    return near or f"{factor:.4g} times"


def _offset(pairs: list) -> str:
    offsets = []
    for given, expected in pairs:
        off = (given - expected).median()
        if not _same(given, expected + off) or given.numel() < 2:
            return ""
        offsets.append(float(off))
    side = "large" if offsets[0] > 0 else "small"
    if all(math.isclose(off, offsets[0], rel_tol=1e-3) for off in offsets):
        return f"Every number is too {side} by {abs(offsets[0]):.4g}."
    return "Within each input, every number is off by the same amount."


def _moved(wrong: Sequence[Trial], pairs: list, reference: Callable) -> str:
    for back in range(1, min(expected.dim() for _, expected in pairs) + 1):
        label = axes.names(reference, "return", wrong[0].expected)[-back]
        along = label if label.startswith("axis") else f"the axis {label}"
        for said, of in (
            (f"The numbers are right and stand one place too late along {along}.", lambda e, k=back: e.roll(1, -k)),
            (f"The numbers are right and stand one place too early along {along}.", lambda e, k=back: e.roll(-1, -k)),
            (f"The numbers are right and in reverse order along {along}.", lambda e, k=back: e.flip(-k)),
        ):
            if all(_same(given, of(expected)) for given, expected in pairs):
                return said
    if all(e.numel() > 2 and _same(g.flatten().sort().values, e.flatten().sort().values) for g, e in pairs):
        return "The numbers are right and stand in the wrong places."
    return ""


# Places


def _places(wrong: Sequence[Trial], reference: Callable) -> str:
    masks = [~torch.isclose(*_pair(trial), rtol=RTOL, atol=ATOL, equal_nan=True) for trial in wrong]
    if all(mask.all() for mask in masks) and all(mask.numel() > 1 for mask in masks):
        return ""
    if all(mask.numel() < 2 for mask in masks):
        return ""
    expected = [trial.expected for trial in wrong]
    dims = min(mask.dim() for mask in masks)
    for back in range(1, dims + 1):
        hit = [mask.movedim(-back, 0).flatten(1).any(1) if mask.dim() > 1 else mask for mask in masks]
        label = axes.names(reference, "return", expected[0])[-back]
        along = label if label.startswith("axis") else f"the axis {label}"
        for said, place in (("last", -1), ("first", 0)):
            if all(len(one) > 1 and one[place] and one.sum() == 1 for one in hit):
                return f"All is right but the {said} entry along {along}."
            if all(len(one) > 2 and not one[place] and one.sum() == len(one) - 1 for one in hit):
                return f"Only the {said} entry along {along} is right."
    if dims > 1 and all(mask.shape[-1] == mask.shape[-2] > 1 for mask in masks):
        eyes = [torch.eye(mask.shape[-1], dtype=torch.bool).expand_as(mask) for mask in masks]
        if all(not mask[~eye].any() for mask, eye in zip(masks, eyes, strict=True)):
            return "All is right but the diagonal."
        if all(not mask[eye].any() for mask, eye in zip(masks, eyes, strict=True)):
            return "Only the diagonal is right."
    for said, where in WHERE:
        inside = [where(one.double()) for one in expected]
        if any((~i & ~m).any() for i, m in zip(inside, masks, strict=True)) and all(
            not (m & ~i).any() for i, m in zip(inside, masks, strict=True)
        ):
            return said
    return ""


WHERE: tuple[tuple[str, Callable[[Tensor], Tensor]], ...] = (
    ("It is wrong only where the right number is 0.", lambda e: e == 0),
    ("It is wrong only where the right number is negative.", lambda e: e < 0),
    ("It is wrong only where the right number is positive.", lambda e: e > 0),
)


def _alike(wrong: Sequence[Trial], reference: Callable) -> str:
    """Numbers that are the same along an axis along which they should differ."""
    dims = min(trial.expected.dim() for trial in wrong)
    for back in range(1, dims + 1):
        labels = axes.names(reference, "return", wrong[0].expected)
        pairs = [_pair(trial) for trial in wrong]
        if all(
            e.shape[-back] > 1
            and _same(g, g.narrow(-back, 0, 1).expand_as(g))
            and not _same(e, e.narrow(-back, 0, 1).expand_as(e))
            for g, e in pairs
        ):
            along = labels[-back] if labels[-back].startswith("axis") else f"the axis {labels[-back]}"
            return f"Along {along} your numbers are all the same; they should differ."
    return ""


def _cap(wrong: Sequence[Trial]) -> str:
    for said, extreme, beyond in (
        ("above", max, lambda e, c: e > c),
        ("below", min, lambda e, c: e < c),
    ):
        ends = [extreme(trial.given.double().flatten().tolist()) for trial in wrong]
        if all(math.isclose(end, ends[0], abs_tol=1e-6) for end in ends) and all(
            _same(g, torch.where(beyond(e, ends[0]), ends[0], e)) for g, e in map(_pair, wrong)
        ):
            return f"What lies {said} {ends[0]:.4g} is cut off there; it should not be."
    return ""


def _close(wrong: Sequence[Trial]) -> str:
    worst = 0.0
    for given, expected in map(_pair, wrong):
        size = expected.abs().max()
        if size == 0:
            return ""
        worst = max(worst, float((given - expected).abs().max() / size))
    if worst > 0.02:
        return ""
    return (
        f"It is close, off by {100 * worst:.2g} % of the largest number at most: look for an epsilon that is missing or "
        "stands in the wrong place, for a rounding, or for a lower precision."
    )


# Inputs


def _inputs(trials: Sequence[Trial], reference: Callable) -> str:
    """What sets the inputs on which it is right apart from those on which it is wrong."""
    right, wrong = [t for t in trials if t.right], [t for t in trials if not t.right]
    if not right or not wrong or len(right) + len(wrong) < 4:
        return ""
    for said, holds in _conditions(trials, reference):
        if len(wrong) >= 2 and all(map(holds, right)) and not any(map(holds, wrong)):
            return f"It is right on {len(right)} of {len(trials)} inputs: those in which {said}."
        if len(right) >= 2 and all(map(holds, wrong)) and not any(map(holds, right)):
            return f"It is wrong only on inputs in which {said}."
    return ""


def _conditions(trials: Sequence[Trial], reference: Callable) -> Iterator[tuple[str, Callable[[Trial], bool]]]:
    lengths = [axes.sizes(reference, trial.arguments) for trial in trials]
    common = [name for name in lengths[0] if all(name in one for one in lengths)]

    def length(trial: Trial, name: str) -> int:
        return axes.sizes(reference, trial.arguments)[name]

    for name in common:
        for value in (1, 0):
            yield f"{name} is {value}", lambda t, name=name, value=value: length(t, name) == value
    for a, b in itertools.combinations(common, 2):
        yield f"{a} and {b} are equal", lambda t, a=a, b=b: length(t, a) == length(t, b)
    for name, value in trials[0].arguments.items():
        if isinstance(value, (str, bool)):
            for option in {trial.arguments[name] for trial in trials}:
                yield f"`{name}` is {option!r}", lambda t, name=name, option=option: t.arguments[name] == option
        if isinstance(value, Tensor) and value.is_floating_point():
            yield f"`{name}` is float64", lambda t, name=name: t.arguments[name].dtype == torch.float64
            yield f"`{name}` has zeros", lambda t, name=name: bool((t.arguments[name] == 0).any())
            yield f"`{name}` has negative numbers", lambda t, name=name: bool((t.arguments[name] < 0).any())
