"""Where is it wrong? The last entry along an axis, the diagonal, where a zero is expected, beyond a cap."""

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from course_utils.grading import axes
from course_utils.grading.trials import ATOL, RTOL, Trial, same

ENOUGH = 5  # entries along an axis, over all inputs, before one of them is called the only one
CHANCE = 20  # in how many tries one might fall on that entry by chance, at least


def cap(wrong: Sequence[Trial], right: Sequence[Trial]) -> str:
    """Numbers that are cut off above or below a bound, where there are others that are not."""
    if any(not trial.expected.is_floating_point() for trial in wrong):
        return ""
    for said, extreme, beyond in (
        ("above", max, lambda e, c: e > c),
        ("below", min, lambda e, c: e < c),
    ):
        ends = [extreme(trial.given.double().flatten().tolist()) for trial in wrong]
        if all(math.isclose(end, ends[0], abs_tol=1e-6) for end in ends) and all(
            same(g, torch.where(beyond(e, ends[0]), ends[0], e)) for g, e in (trial.pair for trial in wrong)
        ):
            inside = (e[~beyond(e, ends[0])] for _, e in (trial.pair for trial in [*wrong, *right]))
            if _beyond([e for _, e in (trial.pair for trial in right)], beyond, ends[0]):
                continue  # others lie there too, and are not cut off
            if len(_beyond([e for _, e in (trial.pair for trial in wrong)], beyond, ends[0])) < 2:
                continue  # a single number that is wrong may be the last one by chance
            if any(bool(((one - ends[0]).abs() > ATOL).any()) for one in inside):
                return f"What lies {said} {ends[0]:.4g} is cut off there; it should not be."
    return ""


def _beyond(expected: Sequence[Tensor], beyond: Callable, end: float) -> set[float]:
    """The different numbers that lie beyond the bound, by more than rounding."""
    off = ATOL + RTOL * abs(end)
    return {value for e in expected for value in e[beyond(e, end) & ((e - end).abs() > off)].tolist()}


def alike(wrong: Sequence[Trial], reference: Callable) -> str:
    """Numbers that are the same along an axis along which they should differ."""
    if len(wrong) < 2:
        return ""
    dims = min(trial.expected.dim() for trial in wrong)
    labels = axes.names(reference, "return", wrong[0].expected)
    for back in range(1, dims + 1):
        if all(
            e.shape[-back] > 1
            and same(g, g.narrow(-back, 0, 1).expand_as(g))
            and not same(e, e.narrow(-back, 0, 1).expand_as(e))
            for g, e in (trial.pair for trial in wrong)
        ):
            return f"Along {axes.along(labels[-back])} your numbers are all the same; they should differ."
    return ""


def places(wrong: Sequence[Trial], reference: Callable) -> str:
    """Where the wrong entries stand; of the inputs that were made large or small from one and the same, one counts."""
    made = [trial for trial in wrong if not trial.declared]
    wrong = [trial for trial in wrong if trial.declared or trial is made[0]]
    masks = [~torch.isclose(*trial.pair, rtol=RTOL, atol=ATOL, equal_nan=True) for trial in wrong]
    if all(mask.all() for mask in masks) or all(mask.numel() < 2 for mask in masks):
        return ""
    return _along_an_axis(masks, wrong, reference) or _diagonal(masks) or _sort(masks, wrong)


def _along_an_axis(masks: list[Tensor], wrong: Sequence[Trial], reference: Callable) -> str:
    for back in range(1, min(mask.dim() for mask in masks) + 1):
        hit = [mask.movedim(-back, 0).flatten(1).any(1) if mask.dim() > 1 else mask for mask in masks]
        if sum(map(len, hit)) < ENOUGH or math.prod(map(len, hit)) < CHANCE:
            continue
        along = axes.along(axes.names(reference, "return", wrong[0].expected)[-back])
        for said, place in (("last", -1), ("first", 0)):
            if all(len(one) > 1 and one[place] and one.sum() == 1 for one in hit):
                return f"All is right but the {said} entry along {along}."
            if all(len(one) > 2 and not one[place] and one.sum() == len(one) - 1 for one in hit):
                return f"Only the {said} entry along {along} is right."
    return ""


def _diagonal(masks: list[Tensor]) -> str:
    if any(mask.dim() < 2 or not mask.shape[-1] == mask.shape[-2] > 1 for mask in masks):
        return ""
    eyes = [torch.eye(mask.shape[-1], dtype=torch.bool).expand_as(mask) for mask in masks]
    if sum(mask.numel() for mask in masks) < 2 * ENOUGH:
        return ""
    if all(not mask[~eye].any() for mask, eye in zip(masks, eyes, strict=True)):
        return "All is right but the diagonal."
    if all(not mask[eye].any() and mask[~eye].all() for mask, eye in zip(masks, eyes, strict=True)):
        return "Only the diagonal is right."
    return ""


def _sort(masks: list[Tensor], wrong: Sequence[Trial]) -> str:
    """Whether only zeros, or only numbers of one sign, are wrong; that sums of squares are wrong where they are
    not 0 says nothing."""
    expected = [trial.expected.double() for trial in wrong]
    if wrong[0].expected.dtype == torch.bool:
        sorts = (("False", lambda e: e == 0), ("True", lambda e: e > 0))
    else:
        negative = any(bool((one < 0).any()) for one in expected)
        sorts = (("0", lambda e: e == 0),)
        sorts += (("negative", lambda e: e < 0), ("positive", lambda e: e > 0)) if negative else ()
    for name, where in sorts:
        inside = [where(one) for one in expected]
        if name in ("negative", "positive") and sum(int(mask.sum()) for mask in masks) < ENOUGH:
            continue  # a few numbers may have one sign by chance
        if any((~i & ~m).any() for i, m in zip(inside, masks, strict=True)) and all(
            not (m & ~i).any() for i, m in zip(inside, masks, strict=True)
        ):
            what = "answer" if wrong[0].expected.dtype == torch.bool else "number"
            return f"It is wrong only where the right {what} is {name}."
    return ""


def close(wrong: Sequence[Trial]) -> str:
    """Numbers that are off by little everywhere."""
    worst = 0.0
    for given, expected in (trial.pair for trial in wrong):
        size = expected.abs().max()
        if size == 0 or not given.isfinite().all():
            return ""
        worst = max(worst, float((given - expected).abs().max() / size))
    if worst > 0.02:
        return ""
    return (
        f"It is close, off by {100 * worst:.2g} % of the largest number at most: look for an epsilon that is missing or "
        "stands in the wrong place, for a rounding, or for a lower precision."
    )
