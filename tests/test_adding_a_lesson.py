"""docs/adding-a-lesson.md is true: the files on that page make a lesson that is built, graded, proven and listed."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "adding-a-lesson.md").read_text(encoding="utf8")


def files_on_the_page() -> dict[str, str]:
    """Path → content of every code block that a path in backticks introduces."""
    return dict(re.findall(r"`((?:course_utils|lessons)/[\w/]+\.py)`:\n\n```python\n(.*?)```", PAGE, re.S))


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """The course with the page's lesson in it; weights and built notebooks are not needed."""
    root = tmp_path_factory.mktemp("course")
    skip = shutil.ignore_patterns("__pycache__", "weights", "[0-9][0-9]_*")
    for name in ("course_utils", "lessons"):
        shutil.copytree(ROOT / name, root / name, ignore=skip)
    shutil.copy(ROOT / "pyproject.toml", root)
    (root / "course_utils" / "zoo" / "weights").symlink_to(ROOT / "course_utils" / "zoo" / "weights")
    for path, text in files_on_the_page().items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf8")
    return root


def run(copy: Path, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command], cwd=copy, capture_output=True, text=True, timeout=280,
        env={"PYTHONPATH": str(copy), "COURSE_HOME": str(copy / "home"), "PATH": "/usr/bin:/bin", "HOME": str(copy)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_page_lists_fewer_than_twenty_files_and_shows_those_that_every_lesson_has():
    listed = re.findall(r"^\| `([^`]+)`", PAGE, re.M)
    assert 5 < len(listed) < 20
    shown = set(files_on_the_page())
    assert {"lessons/99_tiny/lesson.py", "lessons/99_tiny/exercises.py", "course_utils/tiny/__init__.py"} < shown
    assert len(shown) == 6


def test_the_lesson_is_built_graded_and_needs_no_second_build(copy):
    said = run(copy, "lessons/build.py", "99")
    assert "Every notebook is what its source gives." in said
    solved = nbformat.read(copy / "solutions" / "99_tiny.ipynb", as_version=4)
    shown = "".join(str(cell.get("outputs", "")) for cell in solved.cells)
    assert "passed" in shown.lower()
    blank = (copy / "exercises" / "99_tiny.ipynb").read_text(encoding="utf8")
    assert "return 2 * x" not in blank and "tiny.double" in blank
    assert "executed" not in run(copy, "lessons/build.py", "99")


def test_its_exercise_is_proven_and_listed(copy):
    proof = run(copy, "-m", "course_utils.grading.proof", "tiny.double")
    assert re.search(r"tiny\.double +2 +2 ", proof)
    progress = run(copy, "-c", "from course_utils.cli import main; main(['progress'])")
    assert re.search(r"tiny +0 +0 +1\n", progress)
