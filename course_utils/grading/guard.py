"""Call a learner's function so that nothing it does can stop or dirty the notebook.

1. Remember random states, gradient mode, default dtype and device, and the function's globals.
2. Shadow `exit` and `quit`, keep what is printed, and set the limits of `limits.py`.
3. Call, and turn whatever the function raises into one sentence with the line on which it happened.
4. Put everything back.

Meant for a learner in a hurry, not for an attacker: code in the same process can defeat any grader.
A C function that never returns, `os._exit`, a recursion inside its own `finally`, and on Python 3.12 or
newer a recursion that swallows exceptions at every level are beyond it.
"""

import contextlib
import functools
import inspect
import io
import linecache
import random
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from course_utils.grading.limits import HEADROOM, Clock, MemoryCap, TimeUp

LIMIT = 0.5  # seconds of processor time for one call, on top of what the reference needs


@dataclass(frozen=True)
class Outcome:
    """What came of one call: a value, or one sentence on why there is none."""

    value: Any = None
    problem: str = ""
    attempted: bool = True
    used_reference: bool = False
    printed: str = ""


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
    printed = io.StringIO()
    outcome = None
    with _restored(inner):
        old_streams = sys.stdout, sys.stderr
        sys.stdout = sys.stderr = printed
        if seed is not None:
            random.seed(seed), np.random.seed(seed % 2**32), torch.manual_seed(seed)
        try:
            with clock, cap:
                outcome = Outcome(function(*args))
        except TimeUp:
            pass
        except KeyboardInterrupt:
            if clock.interrupted:
                raise
            outcome = Outcome(problem="Your function raised KeyboardInterrupt by itself.")
        except BaseException as error:  # whatever a learner's code may raise
            outcome = _explain(error, inner)
            traceback.clear_frames(error.__traceback__)  # let go of what it had allocated
        finally:
            sys.stdout, sys.stderr = old_streams
    if clock.expired:
        outcome = Outcome(
            problem=f"Your function was still running after {limit:.1f} s on a small input, so it was stopped. "
            "Look for a loop that never ends, or for work that can be done on whole tensors at once."
        )
    return replace(outcome, used_reference=clock.saw_reference, printed=_head(printed.getvalue()))


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


@contextlib.contextmanager
def _restored(inner: Any) -> Iterator[None]:
    """Put random states, modes and the globals of the function and of the notebook back; shadow `exit` in them."""
    spaces = {id(space): space for space in (getattr(inner, "__globals__", {}), vars(sys.modules["__main__"]))}
    before = {key: dict(space) for key, space in spaces.items()}
    state = random.getstate(), np.random.get_state(), torch.get_rng_state()
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []
    grad, dtype, device = torch.is_grad_enabled(), torch.get_default_dtype(), torch.get_default_device()
    threads, depth = torch.get_num_threads(), sys.getrecursionlimit()
    strict, anomaly = torch.are_deterministic_algorithms_enabled(), torch.is_anomaly_enabled()
    for space in spaces.values():
        for name in ("exit", "quit"):  # IPython's own do not raise: they ask the kernel to stop
            if name not in space or type(space[name]).__name__ in ("ExitAutocall", "ZMQExitAutocall", "Quitter"):
                space[name] = _leave
    try:
        yield
    finally:
        sys.setrecursionlimit(depth)
        random.setstate(state[0])
        np.random.set_state(state[1])
        torch.set_rng_state(state[2])
        if cuda:
            torch.cuda.set_rng_state_all(cuda)
        torch.set_grad_enabled(grad)
        torch.set_default_dtype(dtype)
        if torch.get_default_device() != device:
            torch.set_default_device(device)
        if torch.get_num_threads() != threads:
            torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(strict)
        torch.autograd.set_detect_anomaly(anomaly)
        for key, space in spaces.items():
            for name in space.keys() - before[key].keys():
                del space[name]
            space.update((name, value) for name, value in before[key].items() if space.get(name, before) is not value)


def _leave(code: Any = None) -> None:
    raise SystemExit(code)


def _explain(error: BaseException, inner: Any) -> Outcome:
    code = getattr(inner, "__code__", None)
    stack = traceback.extract_tb(error.__traceback__)
    frames = [f for f in stack if code is None or f.filename == code.co_filename]
    try:
        text = " ".join(str(error).split())[:300]
    except Exception:
        text = "with a message that cannot be shown"
    if isinstance(error, NotImplementedError) and not text and frames and frames[-1] == stack[-1]:
        return Outcome(problem="Not attempted yet.", attempted=False)
    if isinstance(error, SystemExit):
        said = "Your function called exit(), which would end the notebook; return a value instead."
    elif isinstance(error, RecursionError):
        said = "Your function calls itself without end; give the recursion a case in which it stops."
    elif isinstance(error, MemoryError) or "can't allocate memory" in text:
        said = f"Your function asked for more than {HEADROOM >> 30} GB of memory; check the shapes that it builds."
    elif "leaf Variable that requires grad" in text:
        said = "Your function changes one of its inputs in place; work on a copy (`.clone()`)."
    else:
        place = ""
        if frames and frames[-1].filename != __file__:
            line = (frames[-1].line or linecache.getline(frames[-1].filename, frames[-1].lineno)).strip()
            place = f" in line {frames[-1].lineno} of {frames[-1].name}: `{line}`"
        said = f"Your function raised {type(error).__name__}{': ' + text if text else ''}{place}."
    return Outcome(problem=said)


def _head(text: str, lines: int = 12) -> str:
    kept = text.splitlines()
    return "\n".join(line[:160] for line in kept[:lines]) + ("\n…" if len(kept) > lines else "")
