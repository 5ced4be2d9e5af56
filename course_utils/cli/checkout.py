"""Where the course lies: the folder with the notebooks and exercises, which are no part of the package."""

from pathlib import Path

import course_utils

NAME = 'name = "mechinterp-course"'


class Stop(Exception):
    """One sentence that says what is missing and what to do; shown in place of a traceback."""


def root(here: Path | None = None) -> Path:
    """The course's folder: the current folder or the nearest above it, else where the package was installed from.

    Raises:
        Stop: neither is the course.
    """
    here = (here or Path.cwd()).resolve()
    installed_from = Path(course_utils.__file__).resolve().parents[1]
    for folder in (here, *here.parents, installed_from):
        if _is_course(folder):
            return folder
    raise Stop(
        f"The course's notebooks are neither in {here} nor above it: go to the folder that you downloaded "
        "or cloned the course into, and run the command there."
    )


def _is_course(folder: Path) -> bool:
    try:
        return NAME in (folder / "pyproject.toml").read_text(encoding="utf8")
    except OSError:
        return False
