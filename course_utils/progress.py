"""One progress line for everything in the course that takes a while.

In a notebook the line is replaced in place and ends as one sentence that says what was done and how long it took;
in a terminal it is redrawn at most five times a second; with no terminal it is silent.
"""

import sys
import time
from collections.abc import Iterator
from typing import Any


class Progress:
    """Iterate over `range(total)` while showing how far it is. `say(text)` adds a word to the line."""

    def __init__(self, total: int, what: str, show: bool = True) -> None:
        self.total, self.what, self.done, self.note = total, what, 0, ""
        self.started = self.drawn = time.perf_counter()
        self._handle: Any = _notebook_line() if show else None
        self._terminal = show and self._handle is None and sys.stderr.isatty()

    def __iter__(self) -> Iterator[int]:
        try:
            for step in range(self.total):
                yield step
                self.done = step + 1
                now = time.perf_counter()
                if now - self.drawn > 0.2:
                    self.drawn = now
                    self._draw(self._line())
        finally:
            self._draw(self._last_line(), end="\n")

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.started

    def say(self, note: str) -> None:
        self.note = note

    def _line(self) -> str:
        filled = 24 * self.done // max(self.total, 1)
        left = self.seconds / max(self.done, 1) * (self.total - self.done)
        bar = "█" * filled + "░" * (24 - filled)
        return f"{self.what}  {bar}  {self.done:,}/{self.total:,}, {left:.0f} s left {self.note}"

    def _last_line(self) -> str:
        state = "" if self.done == self.total else f" (stopped at {self.done:,} of {self.total:,})"
        return f"{self.what}: {self.seconds:.1f} s{state} {self.note}".rstrip()

    def _draw(self, text: str, end: str = "") -> None:
        if self._handle is not None:
            self._handle.update({"text/plain": text}, raw=True)
        elif self._terminal:
            print("\r\x1b[K" + text, end=end, file=sys.stderr, flush=True)


def _notebook_line() -> Any:
    """A display handle when this runs in a notebook kernel, else None."""
    if "IPython" not in sys.modules:
        return None
    from IPython import get_ipython
    from IPython.display import display

    shell = get_ipython()
    if shell is None or not hasattr(shell, "kernel"):
        return None
    return display({"text/plain": "…"}, raw=True, display_id=True)
