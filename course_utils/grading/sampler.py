"""Exercises whose answer draws. What must hold of every row is judged exactly; what only tends to, by its error.

1. Rules: exact, in every row; one row that breaks one fails.
2. Statistics: in units of their sampling error, never with a fixed seed.
3. Independence: between columns, along the batch, and between two calls (`independence.py`).
"""

import inspect
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from course_utils.grading.compare import difference, show
from course_utils.grading.exercise import Exercise, Misconception, Verdict, changed, fresh, unfit
from course_utils.grading.independence import Columns, Stat, along_the_batch, pairs, threshold, too_even, triples
from course_utils.grading.limits import timed

Z_LIMIT = 5.0  # standard errors: two samples nearer than this in everything may be drawn alike
CHANCE = 1e-6  # that some statistic of one grading is off by chance


@dataclass(frozen=True)
class Rule:
    """What holds without exception. `name` is a sentence without its full stop; `holds` says where, batch axis first
    or as the sample's own axes are."""

    name: str
    holds: Tensor

    def broken(self, sample: Tensor) -> str:
        """One sentence with the first place at which it does not hold, else ""."""
        if bool(self.holds.all()):
            return ""
        places = (~self.holds).nonzero()
        place = tuple(places[0].tolist())
        what = sample[place] if self.holds.shape == sample.shape[: self.holds.dim()] else None
        shown = f": {show(what, brief=True)}" if what is not None and what.numel() <= 64 else ""
        where = f"in {len(places)} of {self.holds.numel()} places, first at {list(place)}{shown}"
        return f"{self.name}: not so {where}."

    @property
    def share(self) -> Stat:
        """The share that holds, as if a coin decided it: by this, usual mistakes are told apart."""
        count = max(self.holds.numel(), 1)
        return Stat(self.name, self.holds.double().mean().item() if self.holds.numel() else 1.0, 1.0, 0.5 / count**0.5)


@dataclass(frozen=True, eq=False, kw_only=True)
class Sampler(Exercise):
    """An exercise whose answer draws.

    `rules(sample, *args)` lists what holds in every row, `statistics(sample, *args)` what holds on average, and
    `independent(sample, *args)` gives columns, one number for each draw along the batch, that are independent of one
    another and from draw to draw: {"feature 1's size": …}.
    """

    reference: Callable
    inputs: Callable[[torch.Generator], Iterable[tuple]]
    statistics: Callable[..., list[Stat]]
    rules: Callable[..., list[Rule]] = lambda sample, *args: []
    independent: Callable[..., Columns] = lambda sample, *args: {}

    def check(self, answer: Any, seed: int, watch: bool = True) -> Verdict:
        inputs = list(self.inputs(torch.Generator().manual_seed(seed)))
        if said := unfit(answer, self.reference, inputs[0]):
            return Verdict(False, said)
        found, first, twice, frozen = [], "", [], True
        for number, args in enumerate(inputs):
            seconds, (expected, _) = timed(lambda n=number, a=args: self._draw(self.reference, a, seed, n))
            sample, verdict = self._draw(answer, args, seed, number, seconds, self.reference if watch else None)
            if verdict is None and (said := difference(sample, expected, 0.0, 1e30)):
                verdict = Verdict(False, said)
            if verdict is not None:
                return verdict
            again, verdict = self._draw(answer, args, seed + 1, number, seconds)
            if verdict is None and (said := difference(again, expected, 0.0, 1e30)):
                verdict = Verdict(False, said)
            if verdict is not None:
                return replace(verdict, message=f"At its second call: {verdict.message}")
            frozen = frozen and torch.equal(sample, again)
            first = first or next((s for s in (r.broken(sample) for r in self.rules(sample, *args)) if s), "")
            found.append(self.described(sample, args))
            twice.append((self.independent(sample, *args), self.independent(again, *args)))
        if frozen:
            return Verdict(False, "Two calls give the same numbers; draw anew at every call, and set no seed inside.")
        first = first or self._off([stat for stats in found for stat in stats])
        if not first:
            first = next((said for pair in twice if (said := along_the_batch(*pair) or too_even(*pair))), "")
            first = first or self._off([stat for columns, _ in twice for stat in triples(columns)])
            count = sum(map(len, found))
            return (
                Verdict(False, first)
                if first
                else Verdict(True, f"{count} statistics of your draws are as they should be.")
            )
        return self._named(found, inputs, seed, first)

    def described(self, sample: Tensor, args: tuple) -> list[Stat]:
        """All that is measured of one sample: shares of the rules, the statistics, correlations within a draw."""
        shares = [rule.share for rule in self.rules(sample, *args)]
        return shares + list(self.statistics(sample, *args)) + pairs(self.independent(sample, *args))

    @staticmethod
    def _off(stats: list[Stat]) -> str:
        """The statistic that is furthest off, in a sentence, where it is further off than chance allows."""
        off = max(stats, key=lambda stat: abs(stat.z), default=None)
        if off is None or abs(off.z) <= threshold(len(stats), CHANCE):
            return ""
        wanted = f"expected {off.expected:.4g} ± {off.error:.2g}"
        return f"{off.name}: {off.value:.4g}, {wanted} ({abs(off.z):.0f} standard errors away)."

    def _named(self, found: list[list[Stat]], inputs: list[tuple], seed: int, first: str) -> Verdict:
        """The misconception whose samples look like these, if there is one."""
        distances = [(self._distance(found, self._mistaken(m, inputs, seed)), m) for m in self.misconceptions]
        distance, known = min(distances, key=lambda pair: pair[0], default=(math.inf, None))
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
        names = inspect.signature(self.reference).parameters
        told = (changed(*one) for one in zip(names, args, inputs, strict=False))
        if verdict is None and (said := next((one for one in told if one), "")):
            return None, Verdict(False, said)
        return outcome.value, verdict

    def _mistaken(self, known: Misconception, inputs: list[tuple], seed: int) -> list[list[Stat]]:
        def compute() -> list[list[Stat]]:
            draws = [self._draw(known.make, args, seed + 2, number)[0] for number, args in enumerate(inputs)]
            return [self.described(draw, args) for draw, args in zip(draws, inputs, strict=True)]

        return self.cached((seed, known.name), compute)

    @staticmethod
    def _distance(ours: list[list[Stat]], theirs: list[list[Stat]]) -> float:
        """The largest difference of a statistic, in standard errors; infinite where not the same ones are there."""
        pairs_ = [(a, b) for one, other in zip(ours, theirs, strict=True) for a, b in zip(one, other, strict=True)]
        far = (abs(a.value - b.value) / math.hypot(a.error, b.error) for a, b in pairs_)
        return max((d if math.isfinite(d) else math.inf) for d in far)
