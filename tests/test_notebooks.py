"""Run All works in every notebook, blank exercises included, and the machinery that says so notices what does not.

nbval runs the notebooks themselves: they stand in pyproject's `testpaths`, so that `pytest -n 2 --dist loadfile`
runs them beside the tests, one notebook on one worker. For the notebooks alone:

    python -m pytest -n 2 --dist loadfile notebooks exercises solutions
"""

import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

ROOT = Path(__file__).resolve().parents[1]
WHERE_AM_I = (
    "import os\nfrom course_utils import learner_file, runtime",
    "assert learner_file.home() != learner_file.Path('MINE') and learner_file.read() == {}",
    "assert os.environ['HF_HUB_OFFLINE'] == '1' and runtime.learner_seed() != 0",
)
NOTEBOOKS = {
    "notebooks/good": ("1 + 1", "print('drifts')"),
    "notebooks/error": ("assert 1 + 1 == 3, 'a claim'",),
    "notebooks/drifted": ("# NBVAL_CHECK_OUTPUT\nprint('now')",),
    "notebooks/dead": ("import os; os._exit(1)",),
    "exercises/where": (*WHERE_AM_I, "assert not runtime.strict()"),
    "solutions/where": (*WHERE_AM_I, "assert runtime.strict()"),
    "exercises/blank": ("print('Not attempted yet.')", "print('passed')"),
}
GRADED = "exercises/blank"


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """What pytest says about NOTEBOOKS, with this repository's settings but a shorter time limit."""
    root = tmp_path_factory.mktemp("course")
    for name, sources in NOTEBOOKS.items():
        sources = [source.replace("MINE", str(root / "mine")) for source in sources]
        then = [new_output("stream", text="then\n")]
        graded = {"nbgrader": {"grade": True}} if name == GRADED else {}
        cells = [new_code_cell(source, outputs=then, execution_count=1, metadata=graded) for source in sources]
        path = root / f"{name}.ipynb"
        path.parent.mkdir(exist_ok=True)
        nbformat.write(new_notebook(cells=cells), path)
    settings = ["-p", "conftest", "-c", "pyproject.toml", "--rootdir", str(root), "--nbval-cell-timeout=5", "-rA"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *settings, *map(str, sorted(root.glob("*/*.ipynb")))],
        cwd=ROOT, env=os.environ | {"COURSE_HOME": str(root / "mine")}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return re.sub(r"\S*/(?=(notebooks|exercises|solutions)/)", "", done.stdout + done.stderr)


def test_the_notebooks_are_among_what_pytest_runs(pytestconfig):
    assert pytestconfig.getini("testpaths") == ["tests", "notebooks", "exercises", "solutions"]
    options = pytestconfig.option
    assert options.nbval_lax
    assert options.nbval_current_env
    assert options.nbval_cell_timeout <= 300


def test_a_good_notebook_passes_and_its_time_is_printed(report):
    assert "PASSED notebooks/good.ipynb::Cell 0" in report
    assert "PASSED notebooks/good.ipynb::Cell 1" in report  # what a cell prints may change unless it is marked
    assert re.search(r"^notebooks/good.ipynb: \d+ s \(budget 60 s\)$", report, re.M)


@pytest.mark.parametrize(
    ("name", "words"),
    [("error", "a claim"), ("drifted", "mismatch"), ("dead", "Kernel died|Timeout of 5 seconds exceeded")],
)
def test_a_bad_notebook_fails(report, name, words):
    assert f"FAILED notebooks/{name}.ipynb::Cell 0" in report
    assert re.search(words, report)


@pytest.mark.parametrize("kind", ["exercises", "solutions"])
def test_a_notebook_runs_as_a_new_learners_offline(report, kind):
    passed = re.findall(rf"^PASSED {kind}/where.ipynb::Cell \d", report, re.M)
    assert len(passed) == len(NOTEBOOKS[f"{kind}/where"]), report


def test_a_blank_exercise_must_say_that_it_was_not_attempted(report):
    assert f"PASSED {GRADED}.ipynb::Cell 0" in report
    assert f"FAILED {GRADED}.ipynb::Cell 1" in report and "a blank exercise is graded with 'passed" in report


# --- what belongs to one lesson


def one_lesson(root, *arguments):
    """What pytest says of a small course with two lessons, with this repository's settings."""
    files = {
        "lessons/03_induction/lesson.py": "",
        "lessons/01_in/lesson.py": "",
        "tests/test_induction_heads.py": "def test_a(): pass\n",
        "tests/test_induction.py": "def test_a(): pass\n",
        "tests/test_in_heads.py": "1 / 0\n",  # of the other lesson: not even read
        "tests/test_all.py": (
            "import pytest\n"
            "@pytest.mark.parametrize('x', ['03_induction', 'induction.heads', 'in.heads', '01_in', 'inductions'])\n"
            "def test_each(x): pass\n"
            "def test_induction(): pass\n"
        ),
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf8")
    for name in ("03_induction", "03_induction_deeper", "01_in"):
        (root / "notebooks").mkdir(exist_ok=True)
        nbformat.write(new_notebook(cells=[new_code_cell("1")]), root / "notebooks" / f"{name}.ipynb")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "conftest", "-c", "pyproject.toml", "--rootdir", str(root), "-rA",
         "-p", "no:cacheprovider", str(root), *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout + done.stderr


def test_a_lesson_alone_can_be_tested(tmp_path):
    said = one_lesson(tmp_path, "--lesson", "03")
    assert sorted(re.findall(r"^PASSED \S*?((?:tests|notebooks)/\S+)", said, re.M)) == [
        "notebooks/03_induction.ipynb::Cell",
        "notebooks/03_induction_deeper.ipynb::Cell",
        "tests/test_all.py::test_each[03_induction]",
        "tests/test_all.py::test_each[induction.heads]",
        "tests/test_induction.py::test_a",
        "tests/test_induction_heads.py::test_a",
    ], said
    assert "of lesson 03_induction" in said


def test_an_unknown_lesson_is_named(tmp_path):
    assert "there is no lesson '07': there is 01_in, 03_induction." in one_lesson(tmp_path, "--lesson", "07")
