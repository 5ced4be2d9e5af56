"""Exercises whose answer is a value: scored against a computed truth, a random null and the best answer's score."""

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

from course_utils import runtime
from course_utils.grading import guard
from course_utils.grading.compare import difference, show, wrong_kind
from course_utils.grading.exercise import Exercise, Verdict

NULL_DRAWS = 499
FURTHER_DRAWS = 4500  # where so few cannot tell on which side of LIMIT guessing is
LIMIT, DOUBTFUL = 0.01, (0.005, 0.05)


@dataclass(frozen=True, eq=False, kw_only=True)
class Answer(Exercise):
    """An exercise whose answer is a value, or a function of no argument that returns it.

    Where the answer may be a `rule`, a function that needs arguments is taken for the value itself.
    Passes with at least `share` of the key's score and, where a `null` is declared, p < 0.01 against it: fewer than one
    guess in a hundred does as well, by 499 draws of `null`, and by 4999 where these leave it open.
    An exercise with another `share` says why in `why`. `expects` describes the form of an answer; `canonical`
    brings the ways to write one answer into one form, before anything else looks at it, and raises where it cannot.
    `effort` says by how much longer than usual the answer may compute, where it is the fruit of measurements.
    `own` is the course's own function that returns an answer; an answer that calls it is no attempt. `alike` says why
    the answer is the same for every learner, where it is; every other one differs by seed, and the proof sees to it.
    `chance` says that it is a measurement, which may be right for another seed without coming from there.
    """

    truth: Callable[[int], Any]
    score: Callable[[Any, Any], float]
    expects: str
    key: Callable[[Any], Any] = lambda truth: truth
    null: Callable[[Any, torch.Generator], Any] | None = None
    canonical: Callable[[Any], Any] = lambda answer: answer
    form: Callable[[Any, Any], str] = lambda answer, truth: ""
    explain: Callable[[Any, Any], str] = lambda answer, truth: ""
    share: float = 0.8
    why: str = ""
    effort: float = 1.0
    own: Callable | None = None
    alike: str = ""
    chance: bool = False
    rule: bool = False

    def check(self, answer: Any, seed: int, watch: bool = True) -> Verdict:
        given = answer
        returns = callable(given) and not isinstance(given, torch.nn.Module)
        if self.rule and returns:
            returns = not _wants_arguments(given)
        function = given if returns else lambda: given
        outcome = guard.call(function, limit=self.effort * guard.LIMIT, reference=self.own if watch else None)
        if outcome.used_reference and not outcome.problem:
            said = f"This calls the course's own `{self.own.__name__}`; write the steps yourself."
            return Verdict(False, said, attempted=False)
        if outcome.problem:
            return Verdict(False, outcome.problem, attempted=outcome.attempted, printed=outcome.printed)
        if outcome.left:
            said = f"Your function leaves {' and '.join(outcome.left)} changed; put it back."
            return Verdict(False, said, printed=outcome.printed)
        answer = outcome.value
        if answer is None or answer is Ellipsis or inspect.isgenerator(answer):
            answer = None if answer is Ellipsis else answer
            return Verdict(False, f"{wrong_kind(answer, 'an answer')} {self.expects}")
        outcome = guard.call(self.canonical, (answer,), limit=10)
        if outcome.problem:
            ran = self.rule and callable(answer) and not outcome.problem.startswith("Your function raised")
            said = outcome.problem if ran else f"The answer {show(answer)} cannot be read."
            return Verdict(False, f"{said} {self.expects}")
        answer = outcome.value
        truth = self.known(seed)
        said = guard.call(self.form, (answer, truth), limit=10)
        if said.problem or said.value:
            return Verdict(False, f"{said.value or f'The answer {show(answer)} cannot be read.'} {self.expects}")
        reached = guard.call(self.score, (answer, truth), limit=10)
        if reached.problem or not math.isfinite(reached.value):
            return Verdict(False, f"The answer {show(answer)} cannot be scored. {self.expects}")
        par, null = self.cached((seed, "par"), lambda: self._par(truth, seed))
        enough = reached.value >= self.share * par - 1e-9
        p = _as_good(null, reached.value)
        if enough and DOUBTFUL[0] < p < DOUBTFUL[1]:
            # Guesses that hit the very truth, as one in 576 of a sealed circuit, come up four times in 499 draws for
            # one learner in a hundred. To leave them out would let whatever can be guessed pass; more draws settle it.
            null = null + self.cached((seed, "further"), lambda: self._guesses(truth, seed + 1, FURTHER_DRAWS))
            p = _as_good(null, reached.value)
        if enough and p < LIMIT:
            return Verdict(True, f"Score {reached.value:.2f}; par is {par:.2f}.")
        for known in self.misconceptions:
            theirs = self.cached((seed, known.name), lambda known=known: known.make(truth))
            if not difference(answer, theirs, 1e-6, 1e-9):
                return Verdict(False, known.say, known.name)
        if self._published(answer, seed):
            said = (
                "This is the answer that the published notebook shows. It was made for another seed; yours is made "
                "from your own, so measure what you were given."
            )
            return Verdict(False, said)
        said = guard.call(self.explain, (answer, truth), limit=10).value or ""
        if not null and said:
            return Verdict(False, said)
        guessed = p >= LIMIT and reached.value > 0
        guessing = f" {100 * p:.0f} of 100 guesses at random score as much." if guessed else ""
        return Verdict(False, f"{said} Score {reached.value:.2f}; it takes {self.share * par:.2f}.{guessing}".strip())

    def known(self, seed: int) -> Any:
        """The truth of this seed, computed once."""
        return self.cached((seed, "truth"), lambda: self.truth(seed))

    def _published(self, answer: Any, seed: int) -> bool:
        """Whether it is right for the seed of the published notebooks, and the learner's is another."""
        other = runtime.published_seed_for(self.id)
        if self.alike or self.chance or other == seed:
            return False
        truth = self.known(other)
        fits = guard.call(lambda: not self.form(answer, truth) and self.score(answer, truth), limit=10)
        best = float(self.score(self.key(truth), truth))
        return not fits.problem and fits.value is not False and fits.value >= self.share * best - 1e-9 and best > 0

    def _par(self, truth: Any, seed: int) -> tuple[float, list[float]]:
        null = self._guesses(truth, seed, NULL_DRAWS) if self.null else []
        return float(self.score(self.key(truth), truth)), null

    def _guesses(self, truth: Any, seed: int, draws: int) -> list[float]:
        rng = torch.Generator().manual_seed(seed)
        return [self.score(self.null(truth, rng), truth) for _ in range(draws)]


def _wants_arguments(answer: Callable) -> bool:
    """Whether it cannot be called without any: then it is the answer itself, and not what returns it."""
    try:
        signature = inspect.signature(answer)
    except (TypeError, ValueError):
        return False  # some built-in functions have no signature to look at
    try:
        signature.bind()
    except TypeError:
        return True
    return False


def _as_good(null: list[float], reached: float) -> float:
    """The share of guesses with at least this score, the answer itself counted as one; 0 where nothing is guessed."""
    return (1 + sum(other >= reached for other in null)) / (1 + len(null)) if null else 0.0
