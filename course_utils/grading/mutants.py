"""Which small changes of a reference would its grader let pass? The other half of the mutation proof.

1. Take the exercise's reference and the functions of the same file that it calls.
2. Make every small change of their source (`mutations.py`) on lines that the grader's inputs reach, and bend each
   number that goes in or comes out: sizes only, cut off below 0, above 1 or above 100, small ones as 0.
3. A mutant that passes on one of SEEDS seeds has survived. It equals the reference for a reason that the
   declaration states under `survivors`, or an input is missing that would tell the two apart.

`python -m course_utils.grading.mutants [lesson or id …]` prints the survivors that nothing accounts for. Libraries
(mutmut, cosmic-ray) change files on disk and run a test command for each change, and know neither axes nor clamps.
"""

import fnmatch
import inspect
import math
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any

import torch
from torch import Tensor

from course_utils.grading import guard
from course_utils.grading.exercise import Exercise, declared, fresh
from course_utils.grading.function import Function
from course_utils.grading.mutations import build, changes, parse
from course_utils.grading.sampler import Sampler

SEEDS = 3


@dataclass(frozen=True)
class Mutant:
    """A changed reference: `name` says what was changed, `line` where in its file (0 where nowhere in particular)."""

    name: str
    line: int
    function: Callable


@dataclass(frozen=True)
class Survey:
    """What became of the mutants of one exercise.

    Attributes:
        survivors: mutants that pass. unexplained: those among them that no reason of the declaration covers.
        idle: patterns of the declaration that cover no survivor.
        seconds: the time that it took.
    """

    id: str
    mutants: int
    survivors: tuple[Mutant, ...]
    unexplained: tuple[Mutant, ...]
    idle: tuple[str, ...]
    seconds: float

    def __repr__(self) -> str:
        head = f"{self.id}: {self.mutants} mutants, {len(self.survivors)} survive, {len(self.unexplained)} unexplained"
        lines = [f"    line {mutant.line or '-':>3}  {mutant.name}" for mutant in self.unexplained]
        lines += [f"    no survivor is called {pattern}" for pattern in self.idle]
        return "\n".join([f"{head} ({self.seconds:.1f} s)", *lines])


def survey(exercise: Exercise) -> Survey:
    """Try every mutant of the exercise's reference on the inputs of the first `SEEDS` seeds."""
    start = time.perf_counter()
    found = list(mutants(exercise))
    survivors = [one for one in found if _survives(exercise, one.function)]
    unexplained = [m for m in survivors if not any(_covers(pattern, m.name) for pattern in exercise.survivors)]
    idle = [p for p in exercise.survivors if not any(_covers(p, mutant.name) for mutant in survivors)]
    seconds = time.perf_counter() - start
    return Survey(exercise.id, len(found), tuple(survivors), tuple(unexplained), tuple(idle), seconds)


def _survives(exercise: Exercise, mutant: Callable) -> bool:
    seeds = range(SEEDS)
    if isinstance(exercise, Function):
        case = exercise.cases(0)[0]
        ran, _, stopped = exercise.output(mutant, case)
        if stopped is not None:
            return False  # with an exception, whatever the seed
        if exercise.difference(ran, case.expected):
            seeds = seeds[1:]
    return any(exercise.agrees(mutant, seed) for seed in seeds)


def _covers(pattern: str, name: str) -> bool:
    """`pattern` with * for anything; brackets stand for themselves."""
    return fnmatch.fnmatchcase(name, pattern.replace("[", "[[]"))


def mutants(exercise: Exercise) -> Iterator[Mutant]:
    """All mutants of a function's or a sampler's reference; an answer has none."""
    if not isinstance(exercise, (Function, Sampler)):
        return
    reference = guard.underlying(exercise.reference)
    function = isinstance(exercise, Function)
    arguments = [case.args for case in exercise.cases(0)] if function else list(exercise.inputs(torch.Generator().manual_seed(0)))
    yield from _of_source(reference, arguments)
    if function:
        yield from _bent(exercise, reference, arguments)


def _of_source(reference: FunctionType, arguments: list[tuple]) -> Iterator[Mutant]:
    family = _family(reference)
    unused = list(inspect.signature(reference).parameters)[len(arguments[0]) :]
    reached = _reached(family, reference, arguments)
    for member in family:
        first = member.__code__.co_firstlineno - 1
        for change in changes(parse(member), unused if member is reference else ()):
            if not reached[member].intersection(line + first for line in change.lines):
                continue  # the grader's inputs never come here: an option that the exercise does not ask for
            if not (space := build(change.tree, member)):
                continue
            for other in family:  # they call one another, and the changed one among them
                if other is not member:
                    space[other.__name__] = _moved(other, space)
            where = "" if member is reference else f"{member.__name__}: "
            yield Mutant(where + change.name, change.lines.start + first, space[reference.__name__])


def _family(reference: FunctionType) -> list[FunctionType]:
    """The reference and the functions of its own file that it calls, and that these call."""
    found, waiting = [], [reference]
    while waiting:
        one = waiting.pop(0)
        if one in found or parse(one) is None:
            continue
        found.append(one)
        named = (one.__globals__.get(name) for name in one.__code__.co_names)
        waiting += [f for f in named if inspect.isfunction(f) and f.__module__ == reference.__module__]
    return found


def _moved(function: FunctionType, space: dict) -> FunctionType:
    new = FunctionType(function.__code__, space, function.__name__, function.__defaults__, function.__closure__)
    new.__kwdefaults__ = function.__kwdefaults__
    return new


def _reached(family: list[FunctionType], reference: Callable, arguments: list[tuple]) -> dict[FunctionType, set[int]]:
    """The lines of each function that run on these arguments, those of functions inside it among them."""
    owner = {code: one for one in family for code in _codes(one.__code__)}
    seen = {one: set() for one in family}

    def trace(frame: Any, event: str, arg: Any) -> Any:
        if frame.f_code not in owner:
            return None
        seen[owner[frame.f_code]].add(frame.f_lineno)
        return trace

    old = sys.gettrace()
    sys.settrace(trace)
    try:
        for args in arguments:
            reference(*(fresh(value) for value in args))
    finally:
        sys.settrace(old)
    return seen


def _codes(code: CodeType) -> list[CodeType]:
    inner = (one for one in code.co_consts if isinstance(one, CodeType))
    return [code, *(deeper for one in inner for deeper in _codes(one))]


# Numbers bent on their way in or out: how, and between which bounds nothing is changed by it

BENT: dict[str, tuple[Callable[[Any], Any], float, float]] = {
    "its size": (abs, 0, math.inf),
    "at least 0": (lambda value: _clamp(value, 0, None), 0, math.inf),
    "at most 1": (lambda value: _clamp(value, None, 1), -math.inf, 1),
    "at most 100": (lambda value: _clamp(value, None, 100), -math.inf, 100),
    "0 below a hundredth": (lambda value: value * (abs(value) >= 0.01), 0.01, math.inf),
}


def _bends_of(exercise: Function, name: str) -> Iterator[tuple[str, Callable]]:
    """The ways to bend what is called `name` that its stated range does not rule out."""
    low, high = exercise.ranges.get(name, (-math.inf, math.inf))
    yield from ((how, bend) for how, (bend, least, most) in BENT.items() if low < least or high > most)


def _clamp(value: Any, low: float | None, high: float | None) -> Any:
    if isinstance(value, Tensor):
        return value.clamp(low, high)
    return type(value)(max(value, low) if high is None else min(value, high))


def _bends(value: Any) -> bool:
    return value.is_floating_point() if isinstance(value, Tensor) else isinstance(value, float)


def _bent(exercise: Function, reference: Callable, arguments: list[tuple]) -> Iterator[Mutant]:
    def inward(index: int, bend: Callable) -> Callable:
        return lambda *args: reference(*(bend(v) if i == index else v for i, v in enumerate(args)))

    def outward(bend: Callable) -> Callable:
        return lambda *args: bend(reference(*args))

    for index, name in enumerate(exercise.names[: len(arguments[0])]):
        if all(_bends(args[index]) for args in arguments if index < len(args)):
            for how, bend in _bends_of(exercise, name):
                yield Mutant(f"{name}: {how}", 0, inward(index, bend))
    outputs = [reference(*(fresh(value) for value in args)) for args in arguments]
    if all(_bends(output) for output in outputs):
        for how, bend in _bends_of(exercise, "result"):
            yield Mutant(f"result: {how}", 0, outward(bend))
    if all(isinstance(output, Tensor) and output.dim() for output in outputs) and outputs[0].dtype == torch.float32:
        yield Mutant("result: in float64", 0, outward(Tensor.double))


if __name__ == "__main__":
    wanted = sys.argv[1:]
    chosen = [e for e in declared() if not wanted or {e.id, e.id.partition(".")[0]} & set(wanted)]
    surveys = []
    for exercise in chosen:
        if (found := survey(exercise)).mutants:
            print(found, flush=True)
            surveys.append(found)
    sys.exit(any(found.unexplained or found.idle for found in surveys))
