"""Further inputs, made from one that the author declared: what nobody thinks of.

Read from the names of the axes and the ranges of the arguments; every one of them lies within what is asked:

1. An axis of length 1, or two axes of the same length, so that a matrix is square or one axis passes for another.
2. Numbers that are 0, whole vectors or slices that are 0, a slice that is tiny; a plain number that is 0, or 1.5.
3. The same examples in the other order: the same shapes, for an answer that keeps something by shape.
4. Arguments of endless range very large and very small: beyond caps and below thresholds (`resized`).

Only axes that name independent examples, or that stand in arguments of endless range alone, are cut: what must be
normalised or causal stays whole.
"""

import math
from collections.abc import Callable, Iterator, Mapping
from itertools import combinations
from typing import Any

import torch
from torch import Tensor

from course_utils.grading import axes

ALONE = {"batch", "pair", "prompt", "context", "instance", "n"}  # one of these is enough
EXAMPLES = ALONE | {"row"}  # their entries do not know one another; but of labelled rows both labels are needed
SCALES = (1e6, 0.003)  # beyond a cap at 100 000, below a threshold of 0.01
TINY = (0.005, 1e-4)  # below a threshold of 1 %; of 0.001
NOISE = 1e-6  # an input so little different must have nearly the same answer: no ties, nothing ill-conditioned

Args = tuple[Any, ...]
Ranges = Mapping[str, tuple[float, float]]


def variants(reference: Callable, names: tuple[str, ...], args: Args, ranges: Ranges, seed: int) -> Iterator[Args]:
    """Such inputs, in a fixed order; which numbers are 0 depends on the seed."""
    rng = torch.Generator().manual_seed(seed)
    names = names[: len(args)]  # the others have defaults
    numbers = [isinstance(value, float) and endless(name, ranges) for name, value in zip(names, args, strict=True)]
    labels = [axes.names(reference, name, value) for name, value in zip(names, args, strict=True)]
    free = [_real(value) and endless(name, ranges) for name, value in zip(names, args, strict=True)]
    length = {axis: size for of, value in zip(labels, args, strict=True) for axis, size in zip(of, _shape(value), strict=True)}
    indexed = any(isinstance(value, Tensor) and value.dtype == torch.long for value in args)
    simple = all(isinstance(value, (Tensor, int, float)) for value in args)  # no model, whose sizes would not follow
    loose = [axis for axis in length if axis in ALONE or (simple and _only_free(axis, labels, free))]

    for axis in loose:
        if length[axis] > 1:
            yield _cut(args, labels, {axis: 1})
    for one, other in combinations(loose, 2):
        if length[one] != length[other]:
            same = max if indexed else min  # what is cut may be what an index points at
            yield _cut(args, labels, dict.fromkeys((one, other), same(length[one], length[other])))

    for index, value in enumerate(args):
        if numbers[index]:
            yield from (_with(args, index, number) for number in (0.0, 1.5))
        if free[index] and value.dim():
            yield _with(args, index, value * _holes(value.shape, rng))
            if value.dim() > 1:
                yield _with(args, index, value * _holes((*value.shape[:-1], 1), rng))
            for axis in range(value.dim()):
                at = int(torch.randint(value.shape[axis], (), generator=rng))
                for by in (0.0, *TINY)[value.dim() == 1 :]:
                    yield _with(args, index, value + (by - 1) * _slice(value, axis, at))

    for axis in sorted(EXAMPLES & set(length)):
        yield tuple(
            value.flip([at for at, name in enumerate(of) if name == axis]) if axis in of else value
            for value, of in zip(args, labels, strict=True)
        )


def resized(names: tuple[str, ...], args: Args, ranges: Ranges) -> list[Args]:
    """The input with each argument of endless range enlarged, and reduced; with all of them reduced."""
    chosen = [index for index, (name, _) in enumerate(zip(names, args, strict=False)) if endless(name, ranges)]
    every = dict.fromkeys(chosen, SCALES[-1])
    changes = [{index: by} for index in chosen for by in SCALES] + ([every] if len(every) > 1 else [])
    return [tuple(value * by[i] if i in by else value for i, value in enumerate(args)) for by in changes]


def variety(args: Args) -> tuple[int, int]:
    """How many of the tensors hold different numbers, and how many these are; of more than a few hundred, none."""
    found = [len(value.unique()) for value in args if isinstance(value, Tensor)]
    return (sum(count > 1 for count in found), sum(found)) if sum(found) < 400 else (0, 0)


def endless(name: str, ranges: Ranges) -> bool:
    """Whether the stated range of an argument has no end; one that is not stated has."""
    return ranges.get(name, (0.0, 1.0))[1] == math.inf


def nearly(args: Args, sign: int = 1) -> Args:
    """The same input, but for noise in every real number; of two that are equal, each sign lifts another one."""
    rng = torch.Generator().manual_seed(0)

    def moved(value: Any) -> Any:
        if not _real(value):
            return value
        size = value.abs().amax() if value.any() else 1.0
        noise = sign * torch.randn(value.shape, generator=rng, dtype=torch.float64).to(value.dtype)
        return value * (1 + NOISE * noise) + 1e-3 * NOISE * size * noise

    return tuple(map(moved, args))


def _shape(value: Any) -> tuple[int, ...]:
    return tuple(value.shape) if isinstance(value, Tensor) else ()


def _real(value: Any) -> bool:
    return isinstance(value, Tensor) and value.is_floating_point()


def _only_free(axis: str, labels: list[list[str]], free: list[bool]) -> bool:
    return not axis.startswith("axis") and all(one for of, one in zip(labels, free, strict=True) if axis in of)


def _cut(args: Args, labels: list[list[str]], to: dict[str, int]) -> Args:
    """With the axes of these names as long as that: cut off, or begun again from the front."""

    def cut(value: Any, of: list[str]) -> Any:
        for at, axis in enumerate(of):
            value = value.index_select(at, torch.arange(to[axis]) % value.shape[at]) if axis in to else value
        return value.clone() if of else value

    return tuple(cut(value, of) for value, of in zip(args, labels, strict=True))


def _with(args: Args, index: int, value: Any) -> Args:
    return (*args[:index], value, *args[index + 1 :])


def _holes(shape: tuple[int, ...], rng: torch.Generator) -> Tensor:
    """False at a third of the places, at one at least."""
    count = math.prod(shape)
    return (torch.randperm(count, generator=rng) >= max(1, count // 3)).view(shape)


def _slice(value: Tensor, axis: int, at: int) -> Tensor:
    """The value, 0 but for one slice."""
    kept = torch.zeros(value.shape[axis], dtype=value.dtype).index_fill(0, torch.tensor([at]), 1)
    return value * kept.view([-1 if k == axis else 1 for k in range(value.dim())])
