"""Call a learner's function so that nothing it does can stop or dirty the notebook.

1. Remember random states, gradient mode, default dtype and device, and the function's globals.
2. Shadow `exit` and `quit`, cap new memory, silence printing, watch for calls of the reference.
3. Call. A watchdog thread interrupts the main thread at the time limit; from then on every line of
   the learner's frames raises, again and again, so that `except BaseException: continue` ends too.
4. Put everything back and say in one sentence what happened.

Meant for a learner in a hurry, not for an attacker: code in the same process can defeat any grader.
A C function that never returns, `os._exit`, a recursion inside its own `finally`, and on Python 3.12 or
newer a recursion that swallows exceptions at every level are beyond it.
"""

import _thread
import contextlib
import functools
import inspect
import io
import linecache
import random
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

try:
    import resource
except ImportError:  # Windows
    resource = None

LIMIT = 0.5  # seconds of processor time for one call, on top of what the reference needs
HEADROOM = 2 << 30  # bytes that one call may add to the process


class TimeUp(BaseException):
    """Raised inside the learner's frames when the time limit has passed.

    Raising it switches tracing off. When a handler swallows it, its end of life switches tracing on
    again, while execution stands in the handler: the next line to raise lies outside the `try`.
    """

    def __init__(self, rearm: Callable[[Any], None]) -> None:
        super().__init__("time limit")
        self.rearm = rearm

    def __del__(self) -> None:
        self.rearm(sys._getframe().f_back)


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
    cap = _MemoryCap()
    clock = _Clock(limit, reference, cap.lift)
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


class _Clock:
    """Ends the block by raising TimeUp inside the learner's frames; notices calls of the reference on the way."""

    def __init__(self, limit: float, reference: Callable | None, at_expiry: Callable[[], None]) -> None:
        self.limit, self.at_expiry = limit, at_expiry
        self.code = getattr(underlying(reference), "__code__", None) if reference else None
        self.expired = self.interrupted = self.saw_reference = self.over = False
        self.place = None
        self.done = threading.Event()

    def __enter__(self) -> None:
        self.floor = sys._getframe(1)
        self.old_trace, self.old_profile = sys.gettrace(), sys.getprofile()
        self.active = threading.current_thread() is threading.main_thread()
        if self.active:  # Python runs signal handlers in the main thread only
            self.old_handler = signal.signal(signal.SIGINT, self._stop)
            self.thread = threading.Thread(target=self._watch, daemon=True)
            self.thread.start()
        if self.code is not None:
            sys.setprofile(self._profile)

    def _watch(self) -> None:
        cpu, wall = time.process_time(), time.perf_counter()
        while not self.done.wait(0.02):
            if not self.expired and self._importing():  # a first import is slow, and must not be broken off
                cpu, wall = time.process_time(), time.perf_counter()
            late = time.process_time() - cpu > self.limit or time.perf_counter() - wall > 10 * self.limit
            if late and not self.expired:
                self.expired = True
                sys.setrecursionlimit(sys.getrecursionlimit() + 2000)  # room for the handler at the end of a recursion
            if self.expired:
                self._interrupt()

    def _importing(self) -> bool:
        frame = sys._current_frames().get(threading.main_thread().ident)
        while frame is not None and frame is not self.floor:
            if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
                return True
            frame = frame.f_back
        return False

    def _interrupt(self) -> None:
        if hasattr(signal, "pthread_kill"):  # ends a sleep or a wait too
            signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)
        else:
            _thread.interrupt_main()

    def _stop(self, signum: int, frame: Any) -> None:
        if not self.expired:
            self.interrupted = True
            raise KeyboardInterrupt  # the learner pressed Stop
        if self.over:
            return
        self.at_expiry()
        place, self.place = self.place, (id(frame), getattr(frame, "f_lasti", None))
        if place == self.place:  # it waits inside a C function, where no line is ever reached
            raise TimeUp(self._arm)
        sys.setprofile(self._rearm)
        self._arm(frame)

    def _profile(self, frame: Any, event: str, arg: Any) -> None:
        if frame.f_code is self.code:
            self.saw_reference = True

    def _arm(self, frame: Any) -> None:
        if self.over:
            return
        sys.settrace(self._trace)
        while frame is not None and frame is not self.floor:
            frame.f_trace = self._trace
            frame = frame.f_back

    def _trace(self, frame: Any, event: str, arg: Any) -> Callable | None:
        if self.over or _untouchable(frame):
            return None
        if event == "line":  # raising on other events can leave the interpreter's own clean-up half done
            raise TimeUp(self._arm)
        return self._trace

    def _rearm(self, frame: Any, event: str, arg: Any) -> None:
        if event == "call" and not _untouchable(frame):  # raising switched tracing off, this is still on
            self._arm(frame)

    def __exit__(self, *error: Any) -> None:
        self.over = True  # first of all, and without allocating anything
        sys.settrace(self.old_trace)
        sys.setprofile(self.old_profile)
        self.done.set()
        if not self.active:
            return
        self.thread.join()
        for _ in range(3):  # a signal sent just before arrives here, while the handler is still ours
            time.sleep(0)
        signal.signal(signal.SIGINT, self.old_handler)


def _untouchable(frame: Any) -> bool:
    """Our own frames, and destructors, in which nothing can be raised."""
    return frame.f_code.co_filename == __file__ or "weakref" in frame.f_code.co_filename


class _MemoryCap:
    """At most HEADROOM more memory within the block, on Linux; elsewhere the time limit is what remains."""

    def __init__(self) -> None:
        self.old = None

    def __enter__(self) -> None:
        if resource is None or torch.cuda.is_available():  # a driver reserves addresses by the terabyte
            return
        try:
            with open("/proc/self/statm", encoding="ascii") as file:
                size = int(file.read().split()[0]) * resource.getpagesize()
        except OSError:
            return
        self.old = resource.getrlimit(resource.RLIMIT_AS)
        cap = min([size + HEADROOM] + [limit for limit in self.old if limit != resource.RLIM_INFINITY])
        resource.setrlimit(resource.RLIMIT_AS, (cap, self.old[1]))

    def lift(self) -> None:
        if self.old is not None:
            resource.setrlimit(resource.RLIMIT_AS, self.old)

    def __exit__(self, *error: Any) -> None:
        self.lift()


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
