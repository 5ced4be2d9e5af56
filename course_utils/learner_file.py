"""One small JSON file that survives crashes: the learner's seed, grades and predictions.

1. `read` parses the file; one that cannot be parsed is moved aside under a new name, never deleted.
2. `update` takes a lock that ends with its process, reads, lets the caller change the dictionary, and writes a
   temporary file that replaces the old one in a single step, so that a crash leaves either the old or the new.
"""

import contextlib
import json
import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from filelock import FileLock


def home() -> Path:
    """The folder of the learner's progress: `COURSE_HOME`, else `~/.mechinterp-course`."""
    return Path(os.environ.get("COURSE_HOME") or Path.home() / ".mechinterp-course")


def path() -> Path:
    return home() / "progress.json"


def read() -> dict:
    """The stored dictionary; empty where there is none or where it was broken (then set aside)."""
    try:
        found = json.loads(path().read_text(encoding="utf8"))
        if _sound(found):
            return found
    except (ValueError, RecursionError):
        pass
    except OSError:
        return {}
    aside = path().with_name(f"progress.broken-{datetime.now():%Y%m%d-%H%M%S-%f}.json")
    with contextlib.suppress(FileNotFoundError):  # another notebook may have set it aside just now
        path().rename(aside)
        print(f"The progress file could not be read; it is kept as {aside} and a new one is begun.")
    return {}


def update(change: Callable[[dict], None]) -> dict:
    """Apply `change` to the stored dictionary in place and write it back; returns the new dictionary.

    Raises OSError when the folder cannot be written.
    """
    home().mkdir(parents=True, exist_ok=True)
    with FileLock(path().with_suffix(".lock")):
        state = read()
        change(state)
        new = path().with_suffix(f".{os.getpid()}.new")
        with new.open("w", encoding="utf8") as file:
            json.dump(state, file, indent=1, sort_keys=True)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path())
    return state


def record(change: Callable[[dict], None]) -> dict:
    """`update`, but a disk that cannot be written costs one sentence and not the learner's work; then {}."""
    try:
        return update(change)
    except OSError as error:
        print(f"The progress could not be recorded in {path()}: {error.strerror or error}.")
        return {}


def _sound(found: object) -> bool:
    """Whether this is the dictionary that the course writes: results by id, each a dictionary of its own."""
    if not isinstance(found, dict):
        return False
    groups = [found.get(key, {}) for key in ("exercises", "predictions")]
    return all(isinstance(g, dict) and all(isinstance(entry, dict) for entry in g.values()) for g in groups)
