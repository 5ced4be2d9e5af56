"""Exercises whose answer draws: named statistics in units of their sampling error, never a fixed seed."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch

from course_utils.grading.compare import difference
from course_utils.grading.exercise import Exercise, Misconception, Verdict, fresh, same, unfit
from course_utils.grading.limits import processor_seconds

Z_LIMIT = 5.0  # standard errors; of ten statistics one is beyond it by chance in about 2e5 gradings


@dataclass(frozen=True)
class Stat:
    """A named statistic of a sample: its value, its expectation, and its standard error under the reference."""

    name: str
    value: float
    expected: float
    error: float

    @property
    def z(self) -> float:
        z = (float(self.value) - float(self.expected)) / float(self.error)
        return z if math.isfinite(z) else math.inf


@dataclass(frozen=True, eq=False, kw_only=True)
class Sampler(Exercise):
    """An exercise whose answer draws; `statistics(sample, *args)` lists what must hold for its draws."""

    reference: Callable
    inputs: Callable[[torch.Generator], Iterable[tuple]]
    statistics: Callable[..., list[Stat]]

    def check(self, answer: Any, seed: int, watch: bool = True) -> Verdict:
        inputs = list(self.inputs(torch.Generator().manual_seed(seed)))
        if said := unfit(answer, self.reference, inputs[0]):
            return Verdict(False, said)
        found, first = [], None
        for number, args in enumerate(inputs):
            start = processor_seconds()
            expected = self._draw(self.reference, args, seed, number)[0]
            seconds = processor_seconds() - start
            sample, verdict = self._draw(answer, args, seed, number, seconds, self.reference if watch else None)
            if verdict is not None:
                return verdict
            if said := difference(sample, expected, 0.0, 1e30):
                return Verdict(False, said)
            again, verdict = self._draw(answer, args, seed + 1, number, seconds)
            if verdict is not None or (said := difference(again, expected, 0.0, 1e30)):
                return verdict or Verdict(False, f"At its second call: {said}")
            if expected.numel() > 50 and torch.equal(sample, again):
                said = "Two calls give the same numbers; draw anew at every call, and set no seed inside."
                return Verdict(False, said)
            stats = self.statistics(sample, *args)
            off = max(stats, key=lambda stat: abs(stat.z))
            if abs(off.z) > Z_LIMIT and first is None:
                wanted = f"expected {off.expected:.4g} ± {off.error:.2g}"
                first = f"{off.name}: {off.value:.4g}, {wanted} ({abs(off.z):.0f} standard errors away)."
            found += stats
        if first is None:
            return Verdict(True, f"{len(found)} statistics of your draws are as they should be.")
        distance, known = min(
            ((self._distance(found, self._mistaken(known, inputs, seed)), known) for known in self.misconceptions),
            key=lambda pair: pair[0],
            default=(math.inf, None),
        )
        if distance < Z_LIMIT:
            return Verdict(False, f"{known.say} ({first})", known.name)
        return Verdict(False, first)

    def _draw(
        self,
        function: Callable,
        args: tuple,
        seed: int,
        number: int,
        seconds: float = 1.0,
        reference: Callable | None = None,
    ) -> tuple[Any, Verdict | None]:
        inputs = tuple(fresh(value) for value in args)
        outcome, verdict = self.call(function, inputs, seconds, reference, seed=1_000_003 * seed + number)
        if verdict is None and not all(same(*pair) for pair in zip(args, inputs, strict=True)):
            return None, Verdict(False, "Your function changes one of its inputs in place; work on a copy.")
        return outcome.value, verdict

    def _mistaken(self, known: Misconception, inputs: list[tuple], seed: int) -> list[Stat]:
        def compute() -> list[Stat]:
            draws = [self._draw(known.make, args, seed + 2, number)[0] for number, args in enumerate(inputs)]
            return [stat for draw, args in zip(draws, inputs, strict=True) for stat in self.statistics(draw, *args)]

        return self.cached((seed, known.name), compute)

    @staticmethod
    def _distance(ours: list[Stat], theirs: list[Stat]) -> float:
        far = (abs(a.value - b.value) / math.hypot(a.error, b.error) for a, b in zip(ours, theirs, strict=True))
        return max((d if math.isfinite(d) else math.inf) for d in far)
