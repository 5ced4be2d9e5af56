"""A teacher hands the built solutions to nbgrader as they are: released without answers, and graded fairly."""

import os
import shutil
import sys
from pathlib import Path

import build
import nbformat
import pytest
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from test_build import targets, write
from traitlets.config import Config

from course_utils import runtime

ROOT = Path(__file__).resolve().parents[1]
EXERCISES = sorted(path.parent.name for path in ROOT.glob("lessons/[0-9][0-9]_*/exercises.py"))

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:Object of type .* not in session:sqlalchemy.exc.SAWarning"),  # nbgrader's own
]


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """nbgrader with a course folder and an exchange of its own, offline; on a hub whose user is the teacher."""
    folder = tmp_path_factory.mktemp("nbgrader")
    for name in ("home", "exchange", "course"):
        (folder / name).mkdir()
    (folder / "exchange").chmod(0o777)
    config = Config()
    config.CourseDirectory.root = str(folder / "course")
    config.CourseDirectory.course_id = "course"
    config.Exchange.root = str(folder / "exchange")
    config.Exchange.assignment_dir = str(folder / "home")
    config.Exchange.cache = str(folder / "home" / "cache")
    config.Execute.timeout = 300
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")  # it calls alembic
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.setenv("JUPYTERHUB_USER", "teacher")
        patch.setenv("JUPYTER_CONFIG_DIR", str(folder / "home"))
        yield NbGraderAPI(CourseDirectory(config=config), config=config)


def done(result):
    assert result["success"], result.get("error") or result.get("log")


def scores(course, assignment, **submissions):
    """Make `assignment`, submit a notebook for every student, grade; (score, points) of each."""
    root = Path(course.coursedir.root)
    done(course.generate_assignment(assignment))
    for student, notebook in submissions.items():
        folder = root / "submitted" / student / assignment
        folder.mkdir(parents=True)
        shutil.copy(notebook or root / "release" / assignment / f"{assignment}.ipynb", folder / f"{assignment}.ipynb")
        done(course.autograde(assignment, student))
    with Gradebook(course.coursedir.db_url, "course") as book:
        found = {student: book.find_submission(assignment, student) for student in submissions}
        return {student: (submission.score, submission.max_score) for student, submission in found.items()}


def source_of(course, solutions):
    folder = Path(course.coursedir.root, "source", solutions.stem)
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(solutions, folder)
    return solutions.stem


def cells_without_outputs(path):
    return [(cell.id, cell.source, cell.metadata) for cell in nbformat.read(path, as_version=4).cells]


def test_a_lesson_goes_through_nbgrader(course, tmp_path, monkeypatch, capsys):
    """With a stand-in for the grading engine, so that this is about the notebooks alone."""
    root = write(tmp_path / "tiny")
    monkeypatch.setattr(build, "execute", lambda nb, strict: None)
    for target in targets(root)[1:]:
        build.build(target)
    solutions = root / "solutions" / "01_tiny.ipynb"
    wrong = nbformat.read(root / "exercises" / "01_tiny.ipynb", as_version=4)
    for cell in wrong.cells:
        cell.source = cell.source.replace("raise NotImplementedError()", "return 8")
    wrong.cells[-1].source = "print('I mark myself')"  # a locked cell comes back
    nbformat.write(wrong, tmp_path / "wrong.ipynb")

    assignment = source_of(course, solutions)
    found = scores(course, assignment, solved=solutions, wrong=tmp_path / "wrong.ipynb")
    assert found == {"solved": (2, 2), "wrong": (0, 2)}

    released = Path(course.coursedir.root, "release", assignment, f"{assignment}.ipynb")
    assert cells_without_outputs(released) == cells_without_outputs(root / "exercises" / "01_tiny.ipynb")
    graded = Path(course.coursedir.root, "autograded", "solved", assignment, f"{assignment}.ipynb")
    monkeypatch.setattr(runtime, "_learner", "solved")  # the seed is the student's, not the teacher's
    seed = f"your seed {runtime.learner_seed()} · "
    assert seed in nbformat.read(graded, as_version=4).cells[1].outputs[0].text


@pytest.mark.parametrize("name", EXERCISES)
def test_every_lesson_is_released_without_answers_and_with_a_point_for_each_exercise(course, name):
    assignment = source_of(course, ROOT / "solutions" / f"{name}.ipynb")
    done(course.generate_assignment(assignment))
    done(course.release_assignment(assignment))
    released = Path(course.coursedir.root, "release", assignment, f"{assignment}.ipynb")
    assert cells_without_outputs(released) == cells_without_outputs(ROOT / "exercises" / f"{name}.ipynb")
    graded = [
        cell for cell in nbformat.read(released, as_version=4).cells if cell.metadata.get("nbgrader", {}).get("grade")
    ]
    with Gradebook(course.coursedir.db_url, "course") as book:
        assert book.find_assignment(assignment).max_score == sum(cell.metadata.nbgrader.points for cell in graded) > 0


def test_the_solutions_get_full_points_and_the_blank_exercises_none(course):
    """One lesson through nbgrader's own kernels: that the solutions of all of them pass in strict mode, and that the
    blank exercises are not attempted, is seen where nbval runs them."""
    name = EXERCISES[0]
    assignment = source_of(course, ROOT / "solutions" / f"{name}.ipynb")
    found = scores(course, assignment, solved=ROOT / "solutions" / f"{name}.ipynb", blank=None)
    points = found["solved"][1]
    assert points > 0
    assert found == {"solved": (points, points), "blank": (0, points)}
