"""A result of the wrong shape: what the axes are called, and whether an axis too many, or their order, is all."""

import itertools
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from course_utils.grading import axes
from course_utils.grading.trials import Trial, same


def shape(trials: Sequence[Trial], reference: Callable) -> str:
    """One or two sentences on results whose shapes are not the expected ones, or ""."""
    off = [t for t in trials if isinstance(t.given, Tensor) and isinstance(t.expected, Tensor)]
    off = [t for t in off if t.given.shape != t.expected.shape and t.given.layout == torch.strided]
    if not off or any(t.given.is_complex() or t.expected.is_complex() or t.given.device.type == "meta" for t in off):
        return ""
    labels = axes.names(reference, "return", off[0].expected)
    named = labels and not all(label.startswith("axis") for label in labels)
    said = f"The axes asked for are ({', '.join(labels)})." if named else ""
    said = "One number is asked for." if not labels else said
    more = _order(off, reference) or _too_many(off) or _flat(off)
    return " ".join(part for part in (said, more) if part)


def _order(off: Sequence[Trial], reference: Callable) -> str:
    dims = off[0].expected.dim()
    if any(t.given.dim() != dims or t.expected.dim() != dims for t in off):
        return ""
    for order in itertools.permutations(range(dims)):
        if all(same(t.pair[0].permute(order), t.pair[1]) for t in off):
            return "The numbers are right; the axes stand in another order."
    return ""


def _too_many(off: Sequence[Trial]) -> str:
    extra = {t.given.dim() - t.expected.dim() for t in off}
    if extra != {1}:
        return ""
    for axis in range(min(t.given.dim() for t in off)):
        for said, gone in (
            ("It has an axis of length 1 too many", lambda g, a: g.squeeze(a)),
            (f"It is right but for axis {axis}, which is left over: average over it", lambda g, a: g.mean(a)),
            (f"It is right but for axis {axis}, which is left over: add up along it", lambda g, a: g.sum(a)),
        ):
            if all(same(gone(t.pair[0], axis), t.pair[1]) for t in off):
                return f"{said}."
    return ""


def _flat(off: Sequence[Trial]) -> str:
    if all(t.given.numel() == t.expected.numel() and same(t.pair[0].flatten(), t.pair[1].flatten()) for t in off):
        return "The numbers are right, in their order too; only the shape is not."
    return ""
