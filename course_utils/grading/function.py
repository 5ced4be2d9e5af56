"""Exercises whose answer is a function: outputs and gradients against the reference, on inputs from small to large."""

import inspect
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from course_utils.grading import guard
from course_utils.grading.compare import difference
from course_utils.grading.exercise import Counterexample, Exercise, Misconception, Verdict, fresh, same, unfit
from course_utils.grading.limits import processor_seconds

REAL, POSITIVE, UNIT = (-math.inf, math.inf), (0.0, math.inf), (0.0, 1.0)  # ranges of an argument
SCALES = (1000.0, 0.003)  # beyond a cap at 100, below a threshold of 0.01


@dataclass(frozen=True)
class Case:
    args: tuple
    expected: Any
    seconds: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Function(Exercise):
    """An exercise whose answer is a function, compared with `reference` within rtol and atol.

    `inputs(rng)` yields tuples of positional arguments, small to large, from a seeded torch.Generator.
    `grads` lists the arguments with respect to which gradients are compared too. `ranges` says between which bounds
    an argument, or the "result", lies by its nature: {"W": REAL, "p": UNIT}. Arguments whose stated range has no end
    are also tried very large and very small, so that a cap or a threshold far from `inputs` is noticed.
    """

    reference: Callable
    inputs: Callable[[torch.Generator], Iterable[tuple]]
    rtol: float = 1e-4
    atol: float = 1e-6
    grads: tuple[int, ...] = ()
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def check(self, answer: Any, seed: int, watch: bool = True) -> Verdict:
        cases = self.cases(seed)
        if said := unfit(answer, self.reference, cases[0].args):
            return Verdict(False, said)
        outputs, first = [], None
        for case in cases:
            output, printed, verdict = self.output(answer, case, self.reference if watch else None)
            if verdict is not None:
                if not verdict.attempted:
                    return verdict
                if first is not None:
                    break  # a smaller input already shows what is wrong
                stopped = Counterexample(self.names, fresh(case.args), stopped=True)
                return replace(verdict, counterexample=stopped)
            outputs.append(output)
            said = self._difference(output, case.expected)
            if said and first is None:
                expected, given = self._shown(case.expected, output)
                example = Counterexample(self.names, fresh(case.args), fresh(expected), given)
                first = Verdict(False, said, counterexample=example, printed=printed)
        if first is None:
            return Verdict(True, f"Agrees with the reference on {len(cases)} inputs.")
        if known := self._known(outputs, cases, seed):
            return replace(first, message=known.say, misconception=known.name)
        return first

    def agrees(self, answer: Any, seed: int) -> bool:
        """Whether `answer` passes on the inputs of `seed`; no further input is tried after one on which it fails."""
        for case in self.cases(seed):
            output, _, verdict = self.output(answer, case)
            if verdict is not None or self._difference(output, case.expected):
                return False
        return True

    def _known(self, outputs: list, cases: list[Case], seed: int) -> Misconception | None:
        """The misconception whose outputs agree with these; where they stop short, its next one must fail too."""
        for known in self.misconceptions:
            theirs = self.cached((seed, known.name), lambda known=known: [self.output(known.make, c)[0] for c in cases])
            if len(outputs) < len(cases) and theirs[len(outputs)] is not None:
                continue
            if all(not self._difference(ours, their) for ours, their in zip(outputs, theirs, strict=False)):
                return known
        return None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(inspect.signature(self.reference).parameters)

    def cases(self, seed: int) -> list[Case]:
        """The inputs of `seed` with the reference's outputs and the processor time that it took."""

        def compute() -> list[Case]:
            made = []
            for args in self.all_inputs(seed):
                start = processor_seconds()
                output, _, verdict = self.output(self.reference, Case(args, None, 60.0))
                if verdict is not None:
                    raise AssertionError(f"{self.id}: the reference fails on its own input: {verdict.message}")
                made.append(Case(args, output, processor_seconds() - start))
            return made

        return self.cached((seed, "cases"), compute)

    def all_inputs(self, seed: int) -> list[tuple]:
        """The declared inputs, and a varied one with each argument of endless range enlarged and reduced in turn."""
        declared = list(self.inputs(torch.Generator().manual_seed(seed)))
        varied = max(declared, key=_variety)
        endless = [index for index, name in enumerate(self.names) if self.ranges.get(name, UNIT)[1] == math.inf]
        return declared + [
            tuple(value * by if i == index else value for i, value in enumerate(varied))
            for index in endless
            for by in SCALES
        ]

    def output(
        self, function: Callable, case: Case, reference: Callable | None = None
    ) -> tuple[Any, str, Verdict | None]:
        """The function's value, paired with its gradients where these are compared; what it printed; or a verdict."""
        args = tuple(fresh(value, index in self.grads) for index, value in enumerate(case.args))
        outcome, verdict = self.call(function, args, case.seconds, reference)
        value, printed = outcome.value, outcome.printed
        if verdict is not None:
            return None, printed, verdict
        for name, before, after in zip(self.names, case.args, args, strict=False):
            if not same(before, after):
                said = f"Your function changes its input `{name}` in place; work on a copy (`{name}.clone()`)."
                return None, printed, Verdict(False, said, printed=printed)
        if not self.grads or not isinstance(value, Tensor):
            return value, printed, None
        if not value.requires_grad:
            return (value, "no gradient"), printed, None
        leaves = [args[index] for index in self.grads]
        found = guard.call(_gradients, (value, leaves), limit=guard.LIMIT + 30 * case.seconds)
        if found.problem:
            return None, printed, Verdict(False, found.problem)
        return (value.detach(), found.value), printed, None

    def _difference(self, given: Any, expected: Any) -> str:
        if not (self.grads and isinstance(expected, tuple)):
            return difference(given, expected, self.rtol, self.atol)
        if not isinstance(given, tuple) or len(given) != 2:
            return difference(given, expected[0], self.rtol, self.atol)
        if said := difference(given[0], expected[0], self.rtol, self.atol):
            return said
        if isinstance(expected[1], str) or isinstance(given[1], str):
            return (
                ""
                if given[1] is expected[1]
                else "The gradient does not flow through it: keep to tensor operations, without .item() or .detach()."
            )
        largest = max(float(gradient.abs().max()) for gradient in expected[1] if gradient.numel())
        said = difference(given[1], expected[1], self.rtol, self.atol + self.rtol * largest)  # sums that cancel
        return f"The values agree, the gradients do not. {said}" if said else ""

    def _shown(self, expected: Any, given: Any) -> tuple[Any, Any]:
        """What a counterexample shows of both: the values, or the gradients where only these differ."""
        if not (self.grads and isinstance(expected, tuple)):
            return expected, given
        pair = given if isinstance(given, tuple) and len(given) == 2 else (given, None)
        only_gradients = isinstance(pair[1], tuple) and not difference(pair[0], expected[0], self.rtol, self.atol)
        return (expected[1], pair[1]) if only_gradients else (expected[0], pair[0])


def _variety(args: tuple) -> int:
    """How many different numbers the tensors hold; of more than a few hundred, none."""
    found = sum(len(value.unique()) for value in args if isinstance(value, Tensor))
    return found if found < 400 else 0


def _gradients(value: Tensor, leaves: list[Tensor]) -> tuple[Tensor, ...]:
    weights = torch.linspace(0.5, 1.5, value.numel(), dtype=value.dtype, device=value.device).view(value.shape)
    found = torch.autograd.grad((value * weights).sum(), leaves, allow_unused=True)
    return tuple(torch.zeros_like(leaf) if g is None else g for leaf, g in zip(leaves, found, strict=True))
