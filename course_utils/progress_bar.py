"""One progress bar for everything that takes a while: tqdm's, in a notebook or a terminal; elsewhere it is silent."""

import sys
import time
from collections.abc import Iterator

from tqdm.auto import tqdm


class Progress:
    """Iterate over `range(total)`, or what `first` leaves of it, while showing how far it is.

    In a notebook one sentence stays: what was done and how long it took.
    """

    def __init__(self, total: int, what: str, show: bool = True, first: int = 0) -> None:
        self.total, self.what, self.done, self.note = total, what, first, ""
        self._notebook = show and "ipykernel" in sys.modules
        hidden = not (self._notebook or (show and sys.stderr.isatty()))
        self._bar = tqdm(total=total, initial=first, desc=what, leave=False, disable=hidden, mininterval=0.2)
        self._started = time.perf_counter()

    def __iter__(self) -> Iterator[int]:
        try:
            while self.done < self.total:
                yield self.done
                self.done += 1
                self._bar.update()
        finally:
            self._bar.close()
            if self._notebook:
                print(self.sentence())

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._started

    def say(self, note: str) -> None:
        """Put a word beside the bar."""
        self.note = note
        self._bar.set_postfix_str(note, refresh=False)

    def sentence(self) -> str:
        state = "" if self.done == self.total else f" (stopped at {self.done:,} of {self.total:,})"
        return f"{self.what}: {self.seconds:.1f} s{state} {self.note}".rstrip()
