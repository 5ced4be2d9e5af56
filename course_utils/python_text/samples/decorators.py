"""Decorators that are useful every day: retry, memoise, time, check types, deprecate."""
import functools
import inspect
import time
import warnings
from typing import Any, Callable, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


def retry(times: int = 3, wait: float = 0.0, on: tuple = (Exception,)):
    """Call again when one of the exceptions `on` is raised, at most `times` times in all."""

    def decorate(function: F) -> F:
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            for attempt in range(1, times + 1):
                try:
                    return function(*args, **kwargs)
                except on:
                    if attempt == times:
                        raise
                    time.sleep(wait)

        return wrapper

    return decorate


def memoise(function=None, *, size: int = 128):
    """Remember the last `size` results. Use as @memoise or as @memoise(size=10)."""
    if function is None:
        return functools.partial(memoise, size=size)
    memory: dict = {}

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        key = (args, tuple(sorted(kwargs.items())))
        if key in memory:
            memory[key] = memory.pop(key)       # the most recent one goes to the end
            wrapper.hits += 1
            return memory[key]
        result = memory[key] = function(*args, **kwargs)
        if len(memory) > size:
            del memory[next(iter(memory))]
        return result

    wrapper.hits = 0
    wrapper.clear = memory.clear
    return wrapper


class Timer:
    """A decorator with a state: how often, and how long in all."""

    def __init__(self, function: Callable):
        functools.update_wrapper(self, function)
        self.function = function
        self.calls = 0
        self.seconds = 0.0

    def __call__(self, *args, **kwargs):
        start = time.perf_counter()
        try:
            return self.function(*args, **kwargs)
        finally:
            self.calls += 1
            self.seconds += time.perf_counter() - start

    def __repr__(self) -> str:
        return f"<{self.function.__name__}: {self.calls} calls>"


def checked(function: F) -> F:
    """Compare each argument with its annotation, if that is a plain class."""
    signature = inspect.signature(function)

    @functools.wraps(function)
    def wrapper(*args, **kwargs):
        bound = signature.bind(*args, **kwargs)
        for name, value in bound.arguments.items():
            wanted = signature.parameters[name].annotation
            if isinstance(wanted, type) and wanted is not inspect.Parameter.empty:
                if not isinstance(value, wanted):
                    raise TypeError(f"{name} must be {wanted.__name__}, not {type(value).__name__}")
        return function(*args, **kwargs)

    return wrapper


def deprecated(instead: str) -> Callable[[F], F]:
    def decorate(function):
        @functools.wraps(function)
        def wrapper(*args, **kwargs):
            warnings.warn(f"{function.__name__} is old, use {instead}", DeprecationWarning, stacklevel=2)
            return function(*args, **kwargs)
        return wrapper
    return decorate


failures = iter([True, True, False])


@retry(times=3, on=(ConnectionError, TimeoutError))
def fetch(address: str) -> str:
    if next(failures):
        raise ConnectionError(address)
    return f"content of {address}"


@memoise(size=50)
def fibonacci(n: int) -> int:
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


@Timer
@checked
def area(width: float, height: float) -> float:
    return width * height


if __name__ == "__main__":
    print(fetch("example.org"))
    print(fibonacci(40), "with", fibonacci.hits, "hits")
    print(area(2.0, 3.5), area)
    try:
        area("2", 3.5)
    except TypeError as error:
        print("refused:", error)
