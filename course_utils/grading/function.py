"""Exercises whose answer is a function: outputs and gradients against the reference, on inputs from small to large."""

import inspect
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from course_utils.grading import axes, guard
from course_utils.grading.compare import difference, in_form
from course_utils.grading.counterexample import Counterexample
from course_utils.grading.diagnosis import diagnosis, lost_gradient
from course_utils.grading.exercise import Exercise, Misconception, Verdict, changed, fresh, unfit
from course_utils.grading.limits import timed
from course_utils.grading.repeated import interleaved, turned, unsteady
from course_utils.grading.rounding import finite, largest, rounded_off
from course_utils.grading.trials import Trial
from course_utils.grading.variants import NOISE, nearly, resized, variants, variety

REAL, POSITIVE, UNIT = (-math.inf, math.inf), (0.0, math.inf), (0.0, 1.0)  # ranges of an argument

GRADIENT = "The values agree,"  # how every sentence about gradients begins


@dataclass(frozen=True)
class Ran:
    """What a function gave: its value, and the gradients that are compared; None where none flows.

    `slack` is what an answer may be off by besides, where an input was made so large that small numbers are left over
    from large ones that cancel.
    """

    value: Any
    gradients: tuple[Tensor, ...] | None = ()
    slack: float = 0.0


@dataclass(frozen=True)
class Case:
    """One input, `declared` or made from one of these, what is expected, and the processor time that it takes."""

    args: tuple
    expected: Ran | None
    seconds: float
    declared: bool = True


@dataclass(frozen=True, eq=False, kw_only=True)
class Function(Exercise):
    """An exercise whose answer is a function, compared with `reference` within rtol and atol.

    `inputs(rng)` yields tuples of positional arguments, small to large, from a seeded torch.Generator.
    `grads` lists the arguments with respect to which gradients are compared too. `kinks` names those of them that have
    no gradient where they are 0, so that right answers differ there: what is given at 0 is not compared. `ranges` says between which bounds
    an argument, or the "result", lies by its nature: {"W": REAL, "p": UNIT}. Arguments whose stated range has no end
    are also tried very large and very small, so that a cap or a threshold far from `inputs` is noticed.
    Further inputs come from `variants`; `allows` says which of these the text of the exercise covers.
    `explain` looks at the inputs on which the numbers of an answer are wrong, and says what they show, or "".
    """

    reference: Callable
    inputs: Callable[[torch.Generator], Iterable[tuple]]
    rtol: float = 1e-4
    atol: float = 1e-6
    explain: Callable[[Sequence[Trial]], str] = lambda wrong: ""
    grads: tuple[int, ...] = ()
    kinks: tuple[str, ...] = ()
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    allows: Callable[..., bool] = lambda *args: True

    def check(self, answer: Any, seed: int, watch: bool = True) -> Verdict:
        cases = self.cases(seed)
        if said := unfit(answer, self.reference, cases[0].args):
            return Verdict(False, said)
        count = sum(case.declared for case in cases)
        ran, said, printed, stop = self._run(answer, cases[:count], watch)
        if stop is None and not any(said):
            more, told, out, stop = self._run(answer, cases[count:], watch)
            ran, said, printed = ran + more, said + told, printed + out
        if stop is not None and not stop.attempted:
            return stop
        if stop is None and not any(said):
            if kept := interleaved(self, answer, cases):
                return Verdict(False, kept)
            return Verdict(True, f"Agrees with the reference on {len(cases)} inputs.")
        first = self._first(cases, ran, said)
        if first is None:
            at = len(ran)
            raised = stop.message.startswith("Your function raised")
            more = self._diagnosis(stop.message, answer, seed, cases, ran, said) if raised else stop.message
            example = Counterexample(self.names, fresh(cases[at].args), stopped=True)
            return replace(stop, message=more, counterexample=example)
        example = self._example(cases[first], ran[first])
        if known := self._known(ran, cases, seed):
            return Verdict(False, known.say, known.name, example, printed=printed[first])
        if meant := self._meant(ran, cases, seed):
            known, form = meant
            return Verdict(False, f"{known.say} Besides, i{form[1:]}", known.name, example, printed=printed[first])
        right = [index for index, one in enumerate(said) if not one][:1]
        drifts = unsteady(self, answer, cases[first], ran[first])
        if drifts := drifts or next((turned(self, answer, cases[index], ran[index]) for index in right), None):
            return replace(drifts, counterexample=example, printed=printed[first])
        if len(ran) == count and stop is None:  # a mistake without a name: the more examples, the more there is to see
            more, told, _, _ = self._run(answer, cases[count:], False)
            ran, said = ran + more, said + told
        about = self._diagnosis(said[first], answer, seed, cases, ran, said)
        return Verdict(False, about, counterexample=example, printed=printed[first])

    def _run(self, answer: Any, cases: list[Case], watch: bool) -> tuple[list[Ran], list[str], list[str], Verdict | None]:
        """What it gives for each input, what is to be said of that, what it prints; and the verdict that stops it, if any."""
        ran, said, printed = [], [], []
        for case in cases:
            output, out, stop = self.output(answer, case, self.reference if watch else None)
            if stop is not None:
                return ran, said, printed, stop
            ran.append(output)
            said.append(self.difference(output, case.expected))
            printed.append(out)
        return ran, said, printed, None

    def _first(self, cases: list[Case], ran: list[Ran], said: list[str]) -> int | None:
        """Which input to show: values before gradients, declared ones and whole numbers before others, small before large."""
        wrong = [index for index, one in enumerate(said) if one]
        gradients = [said[index].startswith(GRADIENT) for index in wrong]
        order = [(late, not cases[index].declared, not _whole(cases[index].args), index) for late, index in zip(gradients, wrong, strict=True)]
        return min(order)[-1] if order else None

    def _example(self, case: Case, ran: Ran) -> Counterexample:
        labels = {name: axes.names(self.reference, name, v) for name, v in zip(self.names, case.args, strict=False)}
        labels["return"] = axes.names(self.reference, "return", case.expected.value)
        expected, given, of = case.expected.value, ran.value, ""
        if not ran.gradients and case.expected.gradients and not self._value_differs(ran, case.expected):
            expected, given, of = case.expected.gradients[0], None, f"gradient of `{self.names[self.grads[0]]}`"
        elif ran.gradients and not self._value_differs(ran, case.expected):
            at = self._first_gradient(ran, case.expected)
            expected, given = case.expected.gradients[at], ran.gradients[at]
            of = f"gradient of `{self.names[self.grads[at]]}`"
        return Counterexample(self.names, fresh(case.args), fresh(expected), given, of=of, labels=labels)

    def _diagnosis(self, first: str, answer: Any, seed: int, cases: list[Case], ran: list[Ran], said: list[str]) -> str:
        described: Callable = self.reference
        at = None  # which gradient it is about
        if first.startswith(GRADIENT) and not any(one.gradients for one, wrong in zip(ran, said, strict=False) if wrong):
            first = lost_gradient(answer)
        elif first.startswith(GRADIENT):
            where = next(i for i, one in enumerate(said) if one and ran[i].gradients)
            at = self._first_gradient(ran[where], cases[where].expected)
            described = axes.like_argument(self.reference, self.names[self.grads[at]])
        trials = [
            Trial(
                dict(zip(self.names, case.args, strict=False)),
                case.expected.value if at is None else case.expected.gradients[at],
                one.value if at is None else one.gradients[at],
                not wrong if at is None else not self._gradient_differs(one, case.expected, at),
                case.declared,
            )
            for case, one, wrong in zip(cases, ran, said, strict=False)
            if at is None or one.gradients
        ]

        def right_on(arguments: dict) -> bool:
            case = Case(tuple(arguments.values()), None, 1.0)
            (expected, _, no), (given, _, stop) = self.output(self.reference, case), self.output(answer, case)
            return no is None and stop is None and not self.difference(given, expected)

        apart = [trial for trial, one in zip(trials, said, strict=False) if "The numbers differ" in one]
        told = self.explain(apart) if apart and at is None else ""
        amiss = [index for index, one in enumerate(said) if one]
        return diagnosis(first, trials, answer, described, lambda other: self.agrees(other, seed, amiss), right_on, told)

    def agrees(self, answer: Any, seed: int, first: Sequence[int] = ()) -> bool:
        """Whether `answer` passes on the inputs of `seed`, tried on the `first` of them before others until one fails."""
        cases = dict(enumerate(self.cases(seed)))
        for case in [cases.pop(index) for index in first] + list(cases.values()):
            ran, _, verdict = self.output(answer, case)
            if verdict is not None or self.difference(ran, case.expected):
                return False
        return True

    def _known(self, ran: list[Ran], cases: list[Case], seed: int) -> Misconception | None:
        """The misconception whose outputs agree with these; where they stop short, its next one must fail too.

        Where an answer is wrong on declared inputs these alone tell: on further ones two ways of writing the same
        mistake may differ.
        """
        declared = [case for case in cases if case.declared]
        agree = (not self.difference(one, case.expected) for one, case in zip(ran, declared, strict=False))
        if len(ran) < len(declared) or not all(agree):
            cases, ran = declared, ran[: len(declared)]
        return next((known for known in self.misconceptions if self._like(known, ran, cases, seed)), None)

    def _like(self, known: Misconception, ran: list[Ran], cases: list[Case], seed: int) -> bool:
        """Whether the misconception gives these outputs, case by case until it does not."""
        theirs = self.cached((seed, known.name), list)
        for index, case in enumerate(cases):
            if index == len(theirs):
                theirs.append(self.output(known.make, case)[0])
            their = theirs[index]
            if index == len(ran):
                return their is None
            if their is None or self.difference(ran[index], replace(their, slack=case.expected.slack)):
                return False
        return True

    def _meant(self, ran: list[Ran], cases: list[Case], seed: int) -> tuple[Misconception, str] | None:
        """The misconception whose numbers these are in another form, and what to say of the form."""
        meant = [replace(one, value=in_form(one.value, case.expected.value)) for one, case in zip(ran, cases, strict=False)]
        forms = [difference(one.value, new.value, 0.0, math.inf) for one, new in zip(ran, meant, strict=True)]
        form = next((said for said in forms if said.startswith("It ")), "")
        known = self._known(meant, cases, seed) if form else None
        return (known, form) if known else None

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(inspect.signature(self.reference).parameters)

    def cases(self, seed: int) -> list[Case]:
        """The inputs of `seed` with the reference's outputs and the processor time that it took."""

        def compute() -> list[Case]:
            made = []
            declared = list(self.inputs(torch.Generator().manual_seed(seed)))
            varied = max(declared, key=variety)
            for number, args in enumerate([*declared, *resized(self.names, varied, self.ranges)]):
                case = Case(args, None, 60.0)
                seconds, (ran, _, verdict) = timed(lambda case=case: self.output(self.reference, case))
                if verdict is not None:
                    raise AssertionError(f"{self.id}: the reference fails on its own input: {verdict.message}")
                if number >= len(declared):
                    ran = replace(ran, slack=rounded_off(ran.value))
                made.append(Case(args, ran, seconds, number < len(declared)))
            others = variants(self.reference, self.names, varied, self.ranges, seed)
            found = (self._settled(args) for args in others if self.allows(*args))
            return made + [case for case in found if case is not None]

        return self.cached((seed, "cases"), compute)

    def _settled(self, args: tuple) -> Case | None:
        """The case of this input if the reference has an answer there that hardly moves when the input hardly does."""
        seconds, (ran, _, verdict) = timed(lambda: self.output(self.reference, Case(args, None, 60.0)))
        if verdict is not None or not finite((ran.value, ran.gradients or ())):
            return None
        for sign in (1, -1):
            near, _, verdict = self.output(self.reference, Case(nearly(args, sign), None, 60.0))
            if verdict is not None or self.difference(near, replace(ran, slack=20 * NOISE * largest(ran.value))):
                return None
        return Case(args, replace(ran, slack=rounded_off(ran.value)), seconds, False)

    def output(
        self, function: Callable, case: Case, reference: Callable | None = None
    ) -> tuple[Ran | None, str, Verdict | None]:
        """What the function gives, with gradients where these are compared; what it printed; or a verdict."""
        args = tuple(fresh(value, index in self.grads) for index, value in enumerate(case.args))
        outcome, verdict = self.call(function, args, case.seconds, reference)
        value, printed = outcome.value, outcome.printed
        if verdict is not None:
            return None, printed, verdict
        for index, (name, before, after) in enumerate(zip(self.names, case.args, args, strict=False)):
            if said := changed(name, before, after, index in self.grads):
                return None, printed, Verdict(False, said, printed=printed)
        if not self.grads or not isinstance(value, Tensor):
            return Ran(value), printed, None
        if not value.requires_grad:
            return Ran(value, None), printed, None
        leaves = [args[index] for index in self.grads]
        found = guard.call(_gradients, (value, leaves), limit=guard.LIMIT + 30 * case.seconds)
        if found.problem:
            return None, printed, Verdict(False, found.problem)
        named = zip([self.names[index] for index in self.grads], leaves, found.value, strict=True)
        smooth = (torch.where(leaf == 0, 0, g) if name in self.kinks else g for name, leaf, g in named)
        return Ran(value.detach(), tuple(smooth)), printed, None

    def difference(self, given: Ran, expected: Ran) -> str:
        """The first thing to say about a difference of the values, then of the gradients; "" where they agree."""
        if said := self._value_differs(given, expected):
            return said
        if not given.gradients or not expected.gradients:
            flat = not any(bool(one.any()) for one in given.gradients or expected.gradients or ())  # none is as good
            return "" if flat else f"{GRADIENT} no gradient flows."
        at = self._first_gradient(given, expected)
        if not (said := self._gradient_differs(given, expected, at)):
            return ""
        return f"{GRADIENT} the gradient of `{self.names[self.grads[at]]}` does not. {said}"

    def _value_differs(self, given: Ran, expected: Ran) -> str:
        return difference(given.value, expected.value, self.rtol, self.atol + expected.slack)

    def _first_gradient(self, given: Ran, expected: Ran) -> int:
        """Which of the gradients is the first that differs; the first of all where none does."""
        return next((k for k in range(len(self.grads)) if self._gradient_differs(given, expected, k)), 0)

    def _gradient_differs(self, given: Ran, expected: Ran, at: int) -> str:
        return difference(given.gradients[at], expected.gradients[at], *self._loose_for(expected))

    def _loose_for(self, expected: Ran) -> tuple[float, float]:
        """Tolerances of gradients: sums that cancel are as exact as their largest terms."""
        return self.rtol, self.atol + self.rtol * largest(expected.gradients)


def _whole(args: tuple) -> bool:
    """Whether an input can be reckoned with in the head: few numbers, all of them whole or quarters."""
    tensors = [value for value in args if isinstance(value, Tensor)]
    few = sum(value.numel() for value in tensors) <= 40
    return few and all(torch.equal(4 * value.double(), (4 * value.double()).round()) for value in tensors)


def _gradients(value: Tensor, leaves: list[Tensor]) -> tuple[Tensor, ...]:
    weights = torch.linspace(0.5, 1.5, value.numel(), dtype=value.dtype, device=value.device).view(value.shape)
    found = torch.autograd.grad((value * weights).sum(), leaves, allow_unused=True)
    return tuple(torch.zeros_like(leaf) if g is None else g for leaf, g in zip(leaves, found, strict=True))
