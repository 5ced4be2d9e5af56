"""Ending what does not end: a time limit that reaches into the learner's own frames, and a cap on new memory.

1. A watchdog, one thread for all calls, looks at the clock; from a quarter of the limit on it sends the main thread a
   signal, again and again. The signal is one that is ignored by default, so that Stop stays the learner's.
2. Its handler gives time back where something is being imported or compiled. (To walk along the main thread's frames
   from another thread can crash the interpreter.) Past the limit it switches tracing on, and the tracer raises at
   the next line of the learner's.
3. Raising switches tracing off. A handler that swallows the exception switches it on again, through the end of
   the exception's life; so does every new call, through the profiler; so does the next signal.
4. Where no line is ever reached, because a C function waits, the handler itself raises.
5. While Python collects garbage the time stands still: with a heap as large as a notebook's that takes half a second,
   and it falls on whoever happens to be called.
"""

import _thread
import gc
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from signal import signal as install  # itself, also within a call, where `signal.signal` is another
from types import CodeType
from typing import Any

import torch

try:
    import resource
except ImportError:  # Windows
    resource = None

HEADROOM = 2 << 30  # bytes that one call may add to the process
PATIENCE = 60  # seconds by the clock that imports and compilations may take in one call
COLLECTING = 5  # seconds by the clock that one collection of garbage may; a destructor that loops is stopped after it
COMPILER = os.path.join(os.path.dirname(torch.__file__), "_dynamo", "convert_frame.py")
SIGNAL = getattr(signal, "SIGURG", None) or signal.SIGBREAK  # the second on Windows, where it is only simulated
PREPARES = {"<frozen importlib._bootstrap>", COMPILER}
HERE = os.path.dirname(__file__)


def processor_seconds() -> float:
    """Processor time of the main thread; of the whole process where a thread's cannot be asked for.

    Helper threads of a matrix product do not count, or a machine with many cores would use up a limit sooner.
    """
    if not hasattr(time, "pthread_getcpuclockid"):
        return time.process_time()
    return time.clock_gettime(time.pthread_getcpuclockid(threading.main_thread().ident))


def timed(function: Callable[[], Any]) -> tuple[float, Any]:
    """Processor seconds that it takes, and its value; what takes long is run again, without its first imports."""
    taken = []
    for _ in range(2):
        start = processor_seconds()
        value = function()
        taken.append(processor_seconds() - start)
        if taken[0] < 0.05:
            break
    return min(taken), value


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


def quietly(function: Callable[[], Any], default: Any) -> Any:
    """The function's value, or `default` where it raises anything or takes longer than 0.3 seconds.

    For the small things that are a learner's code too: an object's `__repr__`, an exception's `__str__`.
    """
    clock = Clock(0.3, None, lambda: None)
    value = default
    try:
        with clock:
            value = function()
    except BaseException:
        if clock.interrupted:
            raise
    return default if clock.expired else value


class Clock:
    """Ends the block by raising TimeUp inside the learner's frames; notices calls of the reference on the way."""

    def __init__(self, limit: float, reference: CodeType | None, at_expiry: Callable[[], None]) -> None:
        self.limit, self.code, self.at_expiry = limit, reference, at_expiry
        self.asked = self.late = self.expired = self.interrupted = self.saw_reference = self.over = False
        self.place = self.halted = None

    def __enter__(self) -> None:
        self.floor = sys._getframe(1)
        self.begun = time.perf_counter()
        self._begin()
        self.old_trace, self.old_profile = sys.gettrace(), sys.getprofile()
        self.active = threading.current_thread() is threading.main_thread()
        if self.active:  # Python runs signal handlers in the main thread only
            self.old_handlers = install(signal.SIGINT, self._stop), install(SIGNAL, self._end)
            self.old_signal, signal.signal = signal.signal, self._signal
            WATCHDOG.watch(self)
        gc.callbacks.append(self._collect)
        if self.code is not None:
            sys.setprofile(self._profile)

    def _begin(self) -> None:
        self.cpu, self.wall = processor_seconds(), time.perf_counter()

    def _spent(self) -> float:
        """The share of the limit that is used up."""
        cpu, wall, halted = processor_seconds(), time.perf_counter(), self.halted
        if halted and wall - halted[1] < COLLECTING:
            cpu, wall = halted
        return max(cpu - self.cpu, (wall - self.wall) / 10) / self.limit

    def _collect(self, phase: str, info: dict) -> None:
        """What the garbage collector calls before and after: young objects take no time worth giving back."""
        if info["generation"] < 2:
            return
        halted, self.halted = self.halted, None
        if phase == "start":
            self.halted = processor_seconds(), time.perf_counter()
        elif halted:
            self.cpu += processor_seconds() - halted[0]
            self.wall += time.perf_counter() - halted[1]

    def look(self) -> None:
        """What the watchdog does at every turn."""
        spent = self._spent()
        if spent > 1 and not self.late:
            self.late = True
            sys.setrecursionlimit(sys.getrecursionlimit() + 2000)  # room for the handler at the end of a recursion
        if spent > 0.25 or self.expired:
            self.asked = True
            self._send()

    def _preparing(self, frame: Any) -> bool:
        """Whether something is imported or compiled: slow the first time, and not to be broken off."""
        while frame is not None and frame is not self.floor:
            if frame.f_code.co_filename in PREPARES:
                return True
            frame = frame.f_back
        return False

    def _send(self) -> None:
        if hasattr(signal, "pthread_kill"):  # ends a sleep or a wait too
            signal.pthread_kill(threading.main_thread().ident, SIGNAL)
        else:
            _thread.interrupt_main(SIGNAL)

    def _stop(self, signum: int, frame: Any) -> None:
        self.interrupted = True
        raise KeyboardInterrupt  # the learner pressed Stop

    def _end(self, signum: int, frame: Any) -> None:
        if self.over:
            return
        if not self.expired:
            if time.perf_counter() - self.begun < PATIENCE and self._preparing(frame):
                self._begin()
            if self._spent() < 1:
                return
            self.expired = True
        self.at_expiry()
        place, self.place = self.place, (id(frame), getattr(frame, "f_lasti", None))
        if place == self.place:  # it waits inside a C function, where no line is ever reached
            raise TimeUp(self._arm)
        sys.setprofile(self._rearm)
        self._arm(frame)

    def _signal(self, signum: int, handler: Any) -> Any:
        """Stands for `signal.signal` meanwhile: the clock's two handlers stay."""
        own = {signal.SIGINT: self._stop, SIGNAL: self._end}
        return own[signum] if signum in own else self.old_signal(signum, handler)

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
        if self._collect in gc.callbacks:  # what is called may have emptied the list
            gc.callbacks.remove(self._collect)
        if not self.active:
            return
        WATCHDOG.leave(self)
        for _ in range(3 * self.asked):  # a signal sent just before arrives here, while the handler is still ours
            time.sleep(0)
        signal.signal = self.old_signal
        for signum, handler in zip((signal.SIGINT, SIGNAL), self.old_handlers, strict=True):
            install(signum, handler)


class Watchdog:
    """The thread that looks at running clocks every 20 ms. It starts with the first, and ends when none ran for a second.

    A thread for each call would be simpler, and cost more than most of the calls.
    """

    def __init__(self) -> None:
        self.clocks: list[Clock] = []
        self.lock = threading.Lock()
        self.thread = None

    def watch(self, clock: Clock) -> None:
        with self.lock:
            self.clocks.append(clock)
            if self.thread is None or not self.thread.is_alive():  # a forked process has the object and no thread
                self.thread = threading.Thread(target=self._run, daemon=True)
                self.thread.start()

    def leave(self, clock: Clock) -> None:
        """After this no signal of this clock is sent."""
        with self.lock:
            self.clocks.remove(clock)

    def _run(self) -> None:
        idle = 0
        while idle < 50:
            time.sleep(0.02)
            with self.lock:
                if self.clocks:
                    self.clocks[-1].look()  # the innermost
                idle = 0 if self.clocks else idle + 1
                if idle == 50:
                    self.thread = None


WATCHDOG = Watchdog()


def _untouchable(frame: Any) -> bool:
    """Our own frames, and destructors, in which nothing can be raised."""
    return frame.f_code.co_filename.startswith(HERE) or "weakref" in frame.f_code.co_filename


class MemoryCap:
    """At most HEADROOM more memory within the block, on Linux; elsewhere the time limit is what remains."""

    def __init__(self) -> None:
        self.old = None

    def __enter__(self) -> None:
        if resource is None or torch.cuda.is_available():  # a driver reserves addresses by the terabyte
            return
        try:
            with open("/proc/self/statm", "rb", buffering=0) as file:
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
