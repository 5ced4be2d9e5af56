"""Call a learner's function so that nothing it does can stop or dirty the notebook.

1. Remember random states, modes and settings, and the function's globals (`state.py`).
2. Shadow `exit` and `quit`, keep what is printed, and set the limits of `limits.py`.
3. Call, make plain data of what comes back (`plain.py`), and turn whatever is raised into a sentence (`explain.py`).
4. Put everything back.

Meant for a learner in a hurry, not for an attacker: code in the same process can defeat any grader.
A C function that never returns, `os._exit`, a recursion inside its own `finally`, and on Python 3.12 or
newer a recursion that swallows exceptions at every level are beyond it.
"""

import functools
import inspect
import io
import random
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from course_utils.grading.explain import explained
from course_utils.grading.limits import Clock, MemoryCap, TimeUp
from course_utils.grading.plain import plain
from course_utils.grading.state import restored

LIMIT = 0.5  # seconds of processor time for one call, on top of what the reference needs


@dataclass(frozen=True)
class Outcome:
    """What came of one call: a value, or one sentence on why there is none; and the settings that it `left` changed."""

    value: Any = None
    problem: str = ""
    attempted: bool = True
    used_reference: bool = False
    printed: str = ""
    left: tuple[str, ...] = ()


class _Printed(io.StringIO):
    """Keeps what is printed, also by one who closes it."""

    def close(self) -> None:
        pass


def call(
    function: Callable,
    args: tuple = (),
    *,
    limit: float = LIMIT,
    reference: Callable | None = None,
    seed: int | None = None,
) -> Outcome:
    """Call `function(*args)` guarded; `limit` in seconds of processor time (ten times that by the clock).

    With `reference`, a call of that very function from inside is noticed. With `seed`, the generators of
    Python, numpy and torch start from it.
    """
    inner = underlying(function)
    cap = MemoryCap()
    clock = Clock(limit, getattr(underlying(reference), "__code__", None), cap.lift)
    printed = _Printed()
    outcome, left = None, []
    with restored(inner, left):
        old_streams = sys.stdout, sys.stderr
        sys.stdout = sys.stderr = printed
        if seed is not None:
            random.seed(seed), np.random.seed(seed % 2**32), torch.manual_seed(seed)
        try:
            with clock, cap:
                outcome = Outcome(plain(function(*args)))
        except TimeUp:
            pass
        except KeyboardInterrupt:
            if clock.interrupted:
                raise
            outcome = Outcome(problem="Your function raised KeyboardInterrupt by itself.")
        except BaseException as error:  # whatever a learner's code may raise
            said, attempted = explained(error, inner)
            outcome = Outcome(problem=said, attempted=attempted)
            traceback.clear_frames(error.__traceback__)  # let go of what it had allocated
        finally:
            sys.stdout, sys.stderr = old_streams
    if clock.expired:
        outcome = Outcome(
            problem=f"Your function was still running after {limit:.1f} s on an input that takes the course's own a moment, "
            "so it was stopped. Look for a loop that never ends, or for work that can be done on whole tensors at once."
        )
    return replace(outcome, used_reference=clock.saw_reference, printed=_head(printed.getvalue()), left=tuple(left))


def underlying(function: Any) -> Any:
    """The plain function inside partials, bound methods, decorators and callable objects."""
    for _ in range(20):  # an object may wrap itself
        if isinstance(function, functools.partial):
            function = function.func
        elif inspect.ismethod(function):
            function = function.__func__
        elif inspect.getattr_static(function, "__wrapped__", None) is not None:
            function = function.__wrapped__
        elif not hasattr(function, "__code__") and inspect.isfunction(
            method := inspect.getattr_static(type(function), "__call__", None)
        ):
            function = method
        else:
            break
    return function


def source(function: Any) -> str:
    """Its source text, of the plain function inside. Raises OSError or TypeError where there is none."""
    return inspect.getsource(underlying(function))


def _head(text: str, lines: int = 12) -> str:
    kept = text.splitlines()
    return "\n".join(line[:160] for line in kept[:lines]) + ("\n…" if len(kept) > lines else "")
