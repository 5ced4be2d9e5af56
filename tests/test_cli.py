"""`course`: the learner's folder is never overwritten, and whatever is wrong is said in one sentence."""

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest

from course_utils import learner_file, zoo
from course_utils.cli import checkout, doctor, lab, main, progress
from course_utils.cli.checkout import Stop
from course_utils.cli.start import start, version
from course_utils.grading.exercise import Prediction, declared
from course_utils.zoo import cards

ROOT = Path(__file__).parents[1]
DAY = date(2026, 11, 20)


def notebook(*cells: str, **metadata) -> str:
    made = [{"cell_type": "code", "id": str(i), "metadata": {}, "outputs": [], "execution_count": None, "source": text}
            for i, text in enumerate(cells)]  # fmt: skip
    return json.dumps({"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A small checkout with two exercises; the current folder is inside it."""
    (tmp_path / "pyproject.toml").write_text(f"[project]\n{checkout.NAME}\n")
    for folder in ("exercises", "notebooks"):
        (tmp_path / folder).mkdir()
    for name in ("00_transformer", "01_superposition"):
        (tmp_path / "exercises" / f"{name}.ipynb").write_text(notebook("1 + 1", name))
        (tmp_path / "notebooks" / f"{name}.ipynb").write_text(notebook("2"))
    monkeypatch.chdir(tmp_path / "notebooks")
    return tmp_path


def listing(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.ipynb")}


# ---- start


def test_missing_exercises_are_copied_and_only_those_that_were_asked_for(course):
    lines = start(course, ["1"], DAY)
    assert lines == ["my/01_superposition.ipynb is new: open it and begin."]
    built = listing(course / "exercises")
    assert listing(course / "my") == {"01_superposition.ipynb": built["01_superposition.ipynb"]}
    start(course, [], DAY)
    assert listing(course / "my") == built


@pytest.mark.parametrize("name", ["1", "01", "superposition", "01_superposition", "01_superposition.ipynb"])
def test_an_exercise_goes_by_its_number_and_its_name(course, name):
    start(course, [name], DAY)
    assert list(listing(course / "my")) == ["01_superposition.ipynb"]


def test_an_unknown_exercise_is_named_beside_those_that_exist(course):
    with pytest.raises(Stop, match=r"no exercise '07': there is 00_transformer, 01_superposition"):
        start(course, ["07"], DAY)


def test_what_the_learner_wrote_is_never_overwritten_and_a_newer_exercise_lies_beside_it(course):
    start(course, [], DAY)
    own, built = course / "my/01_superposition.ipynb", course / "exercises/01_superposition.ipynb"
    own.write_text(notebook("my answer"))
    assert "stays as it is" in start(course, ["1"], DAY)[0]
    assert len(listing(course / "my")) == 2

    built.write_text(notebook("a better exercise"))
    (line,) = start(course, ["1"], DAY)
    assert "my/01_superposition.2026-11-20.ipynb" in line
    assert own.read_text() == notebook("my answer")
    assert (course / "my/01_superposition.2026-11-20.ipynb").read_bytes() == built.read_bytes()


def test_a_version_is_offered_once_also_on_another_day_and_after_it_was_deleted(course):
    start(course, [], DAY)
    (course / "exercises/01_superposition.ipynb").write_text(notebook("second"))
    start(course, [], DAY)
    before = listing(course / "my")
    (course / "my/01_superposition.2026-11-20.ipynb").write_text(notebook("worked on"))
    start(course, [], date(2026, 12, 1))
    assert listing(course / "my").keys() == before.keys()
    (course / "my/01_superposition.2026-11-20.ipynb").unlink()
    start(course, [], date(2026, 12, 1))
    assert listing(course / "my").keys() == before.keys() - {"01_superposition.2026-11-20.ipynb"}


def test_two_versions_on_one_day_get_two_names(course):
    start(course, ["1"], DAY)
    for text in ("second", "third"):
        (course / "exercises/01_superposition.ipynb").write_text(notebook(text))
        start(course, ["1"], DAY)
    names = sorted(listing(course / "my"))
    assert names == [
        "01_superposition.2026-11-20-2.ipynb",
        "01_superposition.2026-11-20.ipynb",
        "01_superposition.ipynb",
    ]
    assert (course / "my" / names[0]).read_text() == notebook("third")


@pytest.mark.parametrize("record", [None, "", "[]", "{broken"])
def test_without_its_record_the_folder_itself_tells_which_versions_are_there(course, record):
    start(course, ["1"], DAY)
    (course / "exercises/01_superposition.ipynb").write_text(notebook("second"))
    start(course, ["1"], DAY)
    before = listing(course / "my")
    path = course / "my/.versions.json"
    path.unlink() if record is None else path.write_text(record)
    start(course, ["1"], date(2026, 12, 1))
    assert listing(course / "my") == before


def test_a_version_is_what_the_cells_say(tmp_path):
    one, same, other = (tmp_path / name for name in ("one.ipynb", "same.ipynb", "other.ipynb"))
    one.write_text(notebook("a\nb", "c"))
    built_elsewhere = json.loads(notebook("a\nb", "c", kernelspec={"name": "python3"}))
    built_elsewhere["cells"][0]["source"] = ["a\n", "b"]
    same.write_bytes(json.dumps(built_elsewhere, indent=1).replace("\n", "\r\n").encode())
    other.write_text(notebook("a", "b\nc"))
    assert version(one) == version(same) != version(other)


def test_a_failed_copy_leaves_nothing_behind(course, monkeypatch):
    def full(source, target):
        Path(target).write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("course_utils.cli.start.shutil.copyfile", full)
    with pytest.raises(Stop, match="No space left on device"):
        start(course, [], DAY)
    assert list((course / "my").iterdir()) == []


# ---- the folder of the course


def test_the_course_is_found_from_inside_it_and_from_anywhere_by_its_installation(course, tmp_path_factory):
    assert checkout.root() == course.resolve()
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    assert checkout.root(elsewhere) == ROOT


def test_a_package_without_its_course_says_where_to_go(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(checkout.course_utils, "__file__", str(tmp_path / "site-packages/course_utils/__init__.py"))
    assert main(["start"]) == 1
    said = capsys.readouterr().err
    assert "neither in" in said and "Traceback" not in said and len(said.splitlines()) == 1


# ---- the command


def test_start_from_the_command_line_prints_what_it_did(course, capsys):
    assert main(["start", "01"]) == 0
    assert capsys.readouterr().out == "my/01_superposition.ipynb is new: open it and begin.\n"


@pytest.mark.parametrize("arguments", [[], ["begin"], ["start", "--fast"], ["doctor", "me"]])
def test_what_the_command_does_not_know_is_refused(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert "usage: course" in capsys.readouterr().err


def test_the_installed_command_starts_without_importing_torch(course):
    question = "import sys; from course_utils.cli import main; main(['start']); print(' '.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", question], cwd=course, capture_output=True, text=True, check=True)
    heavy = {"torch", "numpy", "matplotlib", "IPython", "transformer_lens", "packaging"}
    assert not heavy & set(done.stdout.splitlines()[-1].split())


# ---- lab


def test_lab_runs_this_pythons_jupyterlab_at_the_course(course, monkeypatch):
    started = []
    monkeypatch.setattr(lab, "_become", lambda command: started.append(command) or 3)
    assert main(["lab", "--no-browser"]) == 3
    assert main(["lab"]) == 3
    first, second = started
    assert first[:3] == [sys.executable, "-m", "jupyterlab"]
    assert f"--ServerApp.root_dir={course.resolve()}" in first and "--no-browser" in first
    assert "--LabApp.default_url=/lab/tree/notebooks/00_transformer.ipynb" in first
    assert not any("default_url" in option for option in second), "later it opens where the learner was"
    assert listing(course / "my") == listing(course / "exercises")


@pytest.mark.skipif(os.name != "posix", reason="Windows cannot replace a process")
def test_lab_replaces_the_process_and_gives_back_its_exit_code():
    question = """
import sys
from course_utils.cli.lab import _become
_become([sys.executable, "-c", "import os; print(os.getpid()); exit(3)"])
"""
    running = subprocess.Popen([sys.executable, "-c", question], stdout=subprocess.PIPE, text=True)
    printed, _ = running.communicate(timeout=60)
    assert running.returncode == 3
    assert int(printed) == running.pid, "signals to the one reach the other"


def test_lab_without_jupyterlab_says_what_to_install(course, monkeypatch, capsys):
    monkeypatch.setattr(lab.importlib.util, "find_spec", lambda name: None)
    assert main(["lab"]) == 1
    said = capsys.readouterr().err
    assert 'pip install -e ".[lab]"' in said and len(said.splitlines()) == 1


# ---- progress


IDS = ["superposition.loss", "superposition.forward", "superposition.interference", "transformer.dla"]
NOTEBOOKS = {"transformer": "00_transformer", "superposition": "01_superposition"}


def test_the_table_counts_by_lesson_and_names_what_was_tried():
    done = {
        "superposition.loss": {"status": "passed", "attempts": 2},
        "superposition.forward": {"status": "failed", "attempts": 3, "misconceptions": {"no ReLU": 1, "no bias": 2}},
        "superposition.interference": {"status": "not attempted"},
        "superposition.older": {"status": "passed"},
    }
    assert progress.table(IDS, done, NOTEBOOKS) == [
        "lesson            passed  tried  not yet",
        "00_transformer         0      0        1",
        "01_superposition       1      1        1",
        "                  superposition.forward: 3 attempts; most often: no bias",
        "and 1 that the course has no more: superposition.older",
    ]


def test_without_the_course_around_it_the_table_goes_by_the_lessons_names():
    assert progress.table(IDS, {}, {})[1:] == [
        "superposition       0      0        3",
        "transformer         0      0        1",
    ]


def test_what_was_graded_and_predicted_is_shown(capsys):
    def change(state):
        state["exercises"] = {"superposition.loss": {"status": "passed", "attempts": 1}}
        state["predictions"] = {id: {"value": 1, "sure": 0.8, "right": True} for id in Prediction.registry}

    declared()
    learner_file.update(change)
    assert main(["progress"]) == 0
    shown = capsys.readouterr().out
    assert "01_superposition" in shown and "Next: " in shown and str(learner_file.path()) in shown
    if count := len(Prediction.registry):
        assert f"Predictions: {count} of {count} made. So far {count} of {count} right" in shown


ODD = ['{"exercises": 3, "predictions": null}', '{"exercises": {"superposition.loss": 1}}']


@pytest.mark.parametrize("content", [None, "{}", "[]", "{half", *ODD])
def test_progress_is_friendly_when_there_is_none_or_the_file_is_odd(content, capsys):
    if content is not None:
        learner_file.home().mkdir(parents=True)
        learner_file.path().write_text(content)
    assert main(["progress"]) == 0
    shown = capsys.readouterr().out
    assert "Nothing graded yet" in shown and "predictions" in shown


# ---- models


def test_models_prints_every_bundled_model_from_its_card(capsys):
    assert main(["models"]) == 0
    said = capsys.readouterr().out
    assert zoo.available()
    for name in zoo.available():
        assert f"{name} " in said and f"{zoo.card(name)['tokens']:,}" in said


# ---- doctor


def test_doctor_on_this_machine_says_ten_lines_and_that_it_can_run_the_course(capsys, monkeypatch):
    monkeypatch.chdir(ROOT)
    code = main(["doctor"])
    *findings, verdict = capsys.readouterr().out.splitlines()
    assert len(findings) == 10
    assert code == 0, "\n".join(findings)
    assert verdict == "This machine can run the course."
    assert not any(line.startswith("✗") for line in findings)


def finding(name: str) -> doctor.Finding:
    return doctor._examined(getattr(doctor, f"_{name}"))


def test_every_broken_finding_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_DEVICE", "abacus")
    monkeypatch.setattr(doctor.sys, "version_info", (3, 9, 2))
    needs = ["torch>=99", "no-such-package>=1", "nbgrader; extra == 'x'"]
    monkeypatch.setattr(doctor.metadata, "requires", lambda name: needs)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: SimpleNamespace(free=1e6))
    broken = {name: finding(name) for name in ("python", "packages", "device", "disk")}
    for name, found in broken.items():
        assert found.state == "broken" and found.to_do, name
    assert "torch" in broken["packages"].is_so and "no-such-package is missing" in broken["packages"].is_so
    assert "nbgrader" not in broken["packages"].is_so, "an extra that was not asked for is no fault"
    assert "3.9.2" in broken["python"].is_so and "abacus" in broken["device"].is_so
    lines = doctor.shown(list(broken.values()))
    assert all("→" in line for line in lines[:-1]) and lines[-1].startswith("The course cannot run here yet")


def test_an_examination_that_breaks_is_itself_a_finding(monkeypatch):
    monkeypatch.setattr(doctor.metadata, "requires", lambda name: 1 / 0)
    found = finding("packages")
    assert found.state == "broken" and "ZeroDivisionError" in found.is_so and found.to_do


def test_doctor_tells_a_broken_progress_file_and_leaves_it_alone():
    learner_file.home().mkdir(parents=True)
    learner_file.path().write_text("{half")
    found = finding("progress")
    assert found.state == "note" and "cannot be read" in found.is_so
    assert learner_file.path().read_text() == "{half"


def test_doctor_names_the_model_file_that_is_damaged_and_how_to_restore_it(tmp_path, monkeypatch):
    monkeypatch.setattr(cards, "WEIGHTS", tmp_path)
    assert finding("models").state == "note", "a course without models still teaches lesson 1"
    (tmp_path / ".work").mkdir()  # an unfinished training
    folder = tmp_path / "tiny"
    folder.mkdir()
    (folder / "model.safetensors").write_bytes(b"weights")
    cards.write_card(folder, {"name": "tiny"})
    assert finding("models").state == "fine"
    (folder / "model.safetensors").write_bytes(b"weirdts")
    found = finding("models")
    assert found.state == "broken" and "tiny/model.safetensors is not the file" in found.is_so
    assert "git checkout" in found.to_do


def test_doctor_writes_nothing(progress_of_its_own):
    doctor.diagnose()
    assert not progress_of_its_own.exists()
