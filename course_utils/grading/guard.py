"""Call a learner's function so that nothing it does can stop or dirty the notebook.

1. Remember random states, gradient mode, default dtype and device, and the function's globals.
2. Shadow `exit` and `quit`, cap new memory, silence printing, watch for calls of the reference.
3. Call. A watchdog thread interrupts the main thread at the time limit; from then on every line of
   the learner's frames raises, again and again, so that `except BaseException: continue` ends too.
4. Put everything back and say in one sentence what happened.

Meant for a learner in a hurry, not for an attacker: code in the same process can defeat any grader.
A C function that never returns, and `os._exit`, are beyond it.
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
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

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


def call(function: Callable, args: tuple = (), *, limit: float = LIMIT, reference: Callable | None = None) -> Outcome:
    """Call `function(*args)` guarded; `limit` in seconds of processor time (ten times that by the clock).

    With `reference`, a call of that very function from inside is noticed.
    """
    inner = underlying(function)
    namespace = getattr(inner, "__globals__", {})
    watch = _ReferenceWatch(reference)
    clock = _Clock(limit)
    printed = io.StringIO()
    outcome = None
    with _restored(namespace), _no_exit(namespace), _capped_memory():
        old_streams = sys.stdout, sys.stderr
        sys.stdout = sys.stderr = printed
        try:
            with clock, watch:
                outcome = Outcome(function(*args))
        except TimeUp:
            pass
        except NotImplementedError:
            outcome = Outcome(problem="Not attempted yet.", attempted=False)
        except KeyboardInterrupt:
            if clock.interrupted:
                raise
            outcome = Outcome(problem="Your function raised KeyboardInterrupt by itself.")
        except BaseException as error:  # whatever a learner's code may raise
            outcome = Outcome(problem=_explain(error, inner))
            traceback.clear_frames(error.__traceback__)  # let go of what it had allocated
        finally:
            sys.stdout, sys.stderr = old_streams
    if clock.expired:
        outcome = Outcome(
            problem=f"Your function was still running after {limit:.1f} s on a small input, so it was stopped. "
            "Look for a loop that never ends, or for work that can be done on whole tensors at once."
        )
    return Outcome(outcome.value, outcome.problem, outcome.attempted, watch.seen, _head(printed.getvalue()))


def underlying(function: Any) -> Any:
    """The plain function inside partials, bound methods, decorators and callable objects."""
    while True:
        if isinstance(function, functools.partial):
            function = function.func
        elif inspect.ismethod(function):
            function = function.__func__
        elif hasattr(function, "__wrapped__"):
            function = function.__wrapped__
        elif not hasattr(function, "__code__") and inspect.isfunction(
            method := inspect.getattr_static(type(function), "__call__", None)
        ):
            function = method
        else:
            return function


class _Clock:
    """Ends the block by raising TimeUp inside the learner's frames."""

    def __init__(self, limit: float) -> None:
        self.limit, self.expired, self.interrupted = limit, False, False
        self.done = threading.Event()

    def __enter__(self) -> None:
        self.active = threading.current_thread() is threading.main_thread()
        if not self.active:
            return  # Python runs signal handlers in the main thread only
        self.floor = sys._getframe(1)
        self.old_trace, self.old_handler = sys.gettrace(), signal.signal(signal.SIGINT, self._stop)
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()

    def _watch(self) -> None:
        cpu, wall = time.process_time(), time.perf_counter()
        while not self.done.wait(0.02):
            if not self.expired and self._importing():  # a first import is slow, and must not be broken off
                cpu, wall = time.process_time(), time.perf_counter()
            late = time.process_time() - cpu > self.limit or time.perf_counter() - wall > 10 * self.limit
            if late:
                self.expired = True
                _thread.interrupt_main()

    def _importing(self) -> bool:
        frame = sys._current_frames().get(threading.main_thread().ident)
        while frame is not None and frame is not self.floor:
            if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
                return True
            frame = frame.f_back
        return False

    def _stop(self, signum: int, frame: Any) -> None:
        if not self.expired:
            self.interrupted = True
            raise KeyboardInterrupt  # the learner pressed Stop
        self._arm(frame)

    def _arm(self, frame: Any) -> None:
        if self.done.is_set():
            return
        sys.settrace(self._trace)
        while frame is not None and frame is not self.floor:
            frame.f_trace = self._trace
            frame = frame.f_back

    def _trace(self, frame: Any, event: str, arg: Any) -> Callable | None:
        if self.done.is_set():
            return None
        if "weakref" in frame.f_code.co_filename:
            return None  # a destructor: nothing can be raised there
        if event == "line":  # raising on other events can leave the interpreter's own clean-up half done
            raise TimeUp(self._arm)
        return self._trace

    def __exit__(self, *error: Any) -> None:
        self.done.set()
        if not self.active:
            return
        sys.settrace(self.old_trace)
        self.thread.join()
        for _ in range(3):  # a signal sent just before arrives here, while the handler is still ours
            time.sleep(0)
        signal.signal(signal.SIGINT, self.old_handler)


class _ReferenceWatch:
    """Notices whether the reference's own code runs inside the block, through any alias or wrapper."""

    def __init__(self, reference: Callable | None) -> None:
        self.code = getattr(underlying(reference), "__code__", None) if reference else None
        self.seen = False

    def __enter__(self) -> None:
        self.old = sys.getprofile()
        if self.code is not None:
            sys.setprofile(self._profile)

    def _profile(self, frame: Any, event: str, arg: Any) -> None:
        if frame.f_code is self.code:
            self.seen = True

    def __exit__(self, *error: Any) -> None:
        sys.setprofile(self.old)


@contextlib.contextmanager
def _restored(namespace: dict) -> Iterator[None]:
    names = dict(namespace)
    state = random.getstate(), np.random.get_state(), torch.get_rng_state()
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []
    grad, dtype, device = torch.is_grad_enabled(), torch.get_default_dtype(), torch.get_default_device()
    threads, depth = torch.get_num_threads(), sys.getrecursionlimit()
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
        for name in namespace.keys() - names.keys():
            del namespace[name]
        for name, value in names.items():
            if namespace.get(name, names) is not value:
                namespace[name] = value


@contextlib.contextmanager
def _no_exit(namespace: dict) -> Iterator[None]:
    def leave(code: Any = None) -> None:
        raise SystemExit(code)

    for name in ("exit", "quit"):  # IPython's own do not raise: they ask the kernel to stop
        if name not in namespace or type(namespace[name]).__name__ in ("ExitAutocall", "ZMQExitAutocall", "Quitter"):
            namespace[name] = leave
    yield  # `_restored` takes them out again


@contextlib.contextmanager
def _capped_memory() -> Iterator[None]:
    if torch.cuda.is_available():  # its driver reserves addresses by the terabyte, which the cap would forbid
        yield
        return
    try:
        import resource

        with open("/proc/self/statm", encoding="ascii") as file:
            size = int(file.read().split()[0]) * resource.getpagesize()
        soft, hard = resource.getrlimit(resource.RLIMIT_AS)
        cap = size + HEADROOM
        cap = min([cap] + [limit for limit in (soft, hard) if limit != resource.RLIM_INFINITY])
        resource.setrlimit(resource.RLIMIT_AS, (cap, hard))
    except (ImportError, OSError, ValueError):  # not Linux: the time limit is what remains
        yield
        return
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


def _explain(error: BaseException, inner: Any) -> str:
    if isinstance(error, SystemExit):
        return "Your function called exit(), which would end the notebook; return a value instead."
    if isinstance(error, RecursionError):
        return "Your function calls itself without end; give the recursion a case in which it stops."
    if isinstance(error, MemoryError) or "can't allocate memory" in str(error):
        return f"Your function asked for more than {HEADROOM >> 30} GB of memory; check the shapes that it builds."
    code = getattr(inner, "__code__", None)
    frames = [f for f in traceback.extract_tb(error.__traceback__) if code is None or f.filename == code.co_filename]
    place = ""
    if frames and frames[-1].filename != __file__:
        line = (frames[-1].line or linecache.getline(frames[-1].filename, frames[-1].lineno)).strip()
        place = f" in line {frames[-1].lineno} of {frames[-1].name}: `{line}`"
    text = " ".join(str(error).split())
    return f"Your function raised {type(error).__name__}{': ' + text[:300] if text else ''}{place}."


def _head(text: str, lines: int = 12) -> str:
    kept = text.splitlines()
    return "\n".join(line[:160] for line in kept[:lines]) + ("\n…" if len(kept) > lines else "")
