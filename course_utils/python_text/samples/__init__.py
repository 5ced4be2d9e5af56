"""Programs written for this course, varied in style, that no bundled model has read: `names()`, `read(name)`."""
from __future__ import annotations

from pathlib import Path

_FOLDER = Path(__file__).parent


def names() -> tuple[str, ...]:
    """What there is to read, sorted."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.py") if path.stem != "__init__"))


def read(name: str) -> str:
    """The text of one sample program.

    Raises:
        ValueError: there is none of this name.
    """
    if name not in names():
        raise ValueError(f"There is no sample called {name!r}: choose from {', '.join(names())}.")
    return (_FOLDER / f"{name}.py").read_text(encoding="utf-8")
