"""Does an answer depend on what it was called with before, or on chance? It may keep something, or draw."""

import functools
import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from course_utils.grading.compare import alike
from course_utils.grading.exercise import Verdict, fresh

if TYPE_CHECKING:
    from course_utils.grading.function import Case, Function, Ran

KEPT = (
    "Does it keep something from one call to the next, in a global name, an attribute of a function or a class, or a "
    "default argument? What a call needs must come from its own arguments"
)


def interleaved(exercise: "Function", answer: Callable, cases: list["Case"]) -> str:
    """One sentence where the first input, tried again after all others, gives something else than at first, else "".

    Another call comes between its forward and its backward pass, as where a layer is used twice in a model.
    """
    other = tuple(fresh(value) for value in cases[min(1, len(cases) - 1)].args)

    @functools.wraps(answer)  # so that it is the answer's own globals that are put back
    def twice(*args: Any) -> Any:
        value = answer(*args)
        answer(*other)
        return value

    ran, _, stop = exercise.output(twice, cases[0])
    said = stop.message if stop is not None else exercise.difference(ran, cases[0].expected)
    if not said:
        return ""
    keep = ", and what `backward` needs into `ctx` (`ctx.save_for_backward`)" if exercise.grads else ""
    return f"It is right once, and wrong on the first input when others have come between. {KEPT}{keep}. ({said})"


def unsteady(exercise: "Function", answer: Callable, case: "Case", ran: "Ran") -> Verdict | None:
    """A verdict on an answer that gives something else when it is called with the same input again, else None.

    The guard puts the random states back, so that one who draws would draw the same: a third call starts elsewhere.
    Nothing is said of values of a kind that is not asked for: two generators are never equal, two arrays raise.
    """
    if not alike(ran.value, case.expected.value):
        return None
    again, _, stop = exercise.output(answer, case)
    if stop is not None or exercise.difference(again, ran):
        return Verdict(False, f"Called twice with the same input, it gives two results. {KEPT}.")

    @functools.wraps(answer)
    def elsewhere(*args: Any) -> Any:
        random.seed(1), np.random.seed(1), torch.manual_seed(1)
        return answer(*args)

    again, _, stop = exercise.output(elsewhere, case)
    if stop is not None or exercise.difference(again, ran):
        return Verdict(False, "It draws: with other random numbers the same input gives another result. Work it out exactly.")
    return None


def turned(exercise: "Function", answer: Callable, case: "Case", ran: "Ran") -> Verdict | None:
    """A verdict on an answer that was right on this input and is not when it comes again, after others; else None."""
    again, _, stop = exercise.output(answer, case)
    if stop is not None or exercise.difference(again, ran):
        return Verdict(False, f"It was right on this input, and is not when that comes again after others. {KEPT}.")
    return None
