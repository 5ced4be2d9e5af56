"""Further inputs, made from one that the author declared: what nobody thinks of.

Read from the names of the axes and the ranges of the arguments; every one of them lies within what is asked:

1. An axis of length 1, or two axes of one argument of the same length, so that a matrix is square.
2. Numbers that are 0, whole vectors that are 0, a slice that is tiny; a plain number that is 0, or 1.5.
3. The same examples in the other order: the same shapes, for an answer that keeps something by shape.

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
TINY = (0.005, 1e-4)  # below a threshold of 1 %; of 0.001
NOISE = 1e-6  # an input so little different must have nearly the same answer: no ties, nothing ill-conditioned

Args = tuple[Any, ...]


def variants(
    reference: Callable, names: tuple[str, ...], args: Args, ranges: Mapping[str, tuple[float, float]], seed: int
) -> Iterator[Args]:
    """Such inputs, in a fixed order; which numbers are 0 depends on the seed."""
    rng = torch.Generator().manual_seed(seed)
    names = names[: len(args)]  # the others have defaults
    labels = [axes.names(reference, name, value) for name, value in zip(names, args, strict=True)]
    free = [_free(name, value, ranges) for name, value in zip(names, args, strict=True)]
    length = {axis: size for of, value in zip(labels, args, strict=True) for axis, size in zip(of, _shape(value), strict=True)}
    simple = all(isinstance(value, (Tensor, int, float)) for value in args)  # no model, whose sizes would not follow
    loose = [axis for axis in length if axis in ALONE or (simple and _only_free(axis, labels, free))]

    for axis in loose:
        if length[axis] > 1:
            yield _cut(args, labels, {axis: 1})
    for one, other in combinations(loose, 2):
        if length[one] != length[other]:
            yield _cut(args, labels, dict.fromkeys((one, other), min(length[one], length[other])))

    for index, value in enumerate(args):
        if isinstance(value, float) and ranges.get(names[index], (0.0, 1.0))[1] == math.inf:
            yield from (_with(args, index, number) for number in (0.0, 1.5))
        if free[index] and value.dim():
            yield _with(args, index, value * (torch.rand(value.shape, generator=rng) > 1 / 3))
            if value.dim() > 1:
                yield _with(args, index, value * (torch.rand((*value.shape[:-1], 1), generator=rng) > 1 / 3))
            for axis in range(value.dim()):
                at = int(torch.randint(value.shape[axis], (), generator=rng))
                for by in TINY:
                    yield _with(args, index, value + (by - 1) * _slice(value, axis, at))

    for axis in sorted(EXAMPLES & set(length)):
        yield tuple(
            value.flip([at for at, name in enumerate(of) if name == axis]) if axis in of else value
            for value, of in zip(args, labels, strict=True)
        )


def nearly(args: Args) -> Args:
    """The same input, but for noise in every real number."""
    rng = torch.Generator().manual_seed(0)

    def moved(value: Any) -> Any:
        if not isinstance(value, Tensor) or not value.is_floating_point():
            return value
        size = value.abs().amax() if value.any() else 1.0
        noise = torch.randn(value.shape, generator=rng, dtype=torch.float64).to(value.dtype)
        return value * (1 + NOISE * noise) + 1e-3 * NOISE * size * noise

    return tuple(map(moved, args))


def _shape(value: Any) -> tuple[int, ...]:
    return tuple(value.shape) if isinstance(value, Tensor) else ()


def _free(name: str, value: Any, ranges: Mapping[str, tuple[float, float]]) -> bool:
    endless = ranges.get(name, (0.0, 1.0))[1] == math.inf
    return isinstance(value, Tensor) and value.is_floating_point() and endless


def _only_free(axis: str, labels: list[list[str]], free: list[bool]) -> bool:
    return not axis.startswith("axis") and all(one for of, one in zip(labels, free, strict=True) if axis in of)


def _cut(args: Args, labels: list[list[str]], to: dict[str, int]) -> Args:
    def cut(value: Any, of: list[str]) -> Any:
        for at, axis in enumerate(of):
            value = value.narrow(at, 0, to[axis]) if axis in to else value
        return value.clone() if of else value

    return tuple(cut(value, of) for value, of in zip(args, labels, strict=True))


def _with(args: Args, index: int, value: Any) -> Args:
    return (*args[:index], value, *args[index + 1 :])


def _slice(value: Tensor, axis: int, at: int) -> Tensor:
    """The value, 0 but for one slice."""
    kept = torch.zeros(value.shape[axis], dtype=value.dtype).index_fill(0, torch.tensor([at]), 1)
    return value * kept.view([-1 if k == axis else 1 for k in range(value.dim())])
