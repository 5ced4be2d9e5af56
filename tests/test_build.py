"""From source to notebooks: the same sources give the same, blank ones hold no answer, bad ones are refused."""

import ast
import base64
import io
import json
import re
import shutil
import sys
from pathlib import Path

import build
import from_source
import jupytext
import nbformat
import pytest
import run_notebook
from from_source import SourceError, solution_lines
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from PIL import Image, PngImagePlugin

ROOT = Path(__file__).resolve().parents[1]
EXECUTED = sorted([*ROOT.glob("notebooks/*.ipynb"), *ROOT.glob("solutions/*.ipynb")])
LESSONS = sorted(path.parent.name for path in ROOT.glob("lessons/[0-9][0-9]_*/lesson.py"))

TITLE = "# %% [markdown]\n# # Tiny\n\n# %% setup\n"
CONTENTS = TITLE.replace("# %% setup", "# %% [markdown] contents\n\n# %% setup")  # lessons have them
LESSON = f"""{CONTENTS}
# %% [markdown]
# ## A figure
# Text.

# %% figure
from course_utils import plots

fig, ax = plots.figure()
ax.plot([1, 2])
plots.show(fig, alt="A line that rises from 1 to 2.", caption="A line.")

# %%
import sys

print("a line")
print(" 50%|#####     | 1/2 [00:01<00:01]", file=sys.stderr)
"""
EXERCISES = f'''{TITLE}
# %%
from course_utils.runtime import strict


def grade(exercise, answer):
    """A stand-in for the course's own."""
    try:
        right = answer(3) == 9
    except NotImplementedError:
        right = False
    assert right or not strict(), exercise
    print(exercise, "passed" if right else "not attempted")


# %% [markdown]
# ## 1. Square

# %%
def square(x: int) -> int:
    """The square of `x`."""
    ### BEGIN SOLUTION
    print(the_answer_in_full := x * x)
    return the_answer_in_full
    ### END SOLUTION


# %%
grade("tiny.square", square)
'''


PACKAGE = ROOT / "tests" / "course_utils"  # none: the tests that are about it bring their own


def points(exercise):
    return {"tiny.square": 2}[exercise]


def write(root, lesson=LESSON, exercises=EXERCISES):
    """A course with one lesson in the folder `root`."""
    folder = root / "lessons" / "01_tiny"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "lesson.py").write_text(lesson, encoding="utf8")
    (folder / "exercises.py").write_text(exercises, encoding="utf8")
    shutil.copy(ROOT / "pyproject.toml", root)
    return root


def targets(root, points=points):
    return list(build.targets(root, [], points, package=PACKAGE))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A course with one built and executed lesson; not to be changed."""
    root = write(tmp_path_factory.mktemp("tiny"))
    assert [flaw for target in targets(root) for flaw in build.build(target)] == []
    return root


@pytest.fixture
def no_execution(monkeypatch):
    """Executing gives no outputs, takes no time, and is recorded."""
    executed = []
    monkeypatch.setattr(build, "execute", lambda nb, strict: executed.append(nb.metadata.course.lesson))
    return executed


def notebook(root, kind):
    return nbformat.read(root / kind / "01_tiny.ipynb", as_version=4)


# --- the notebooks of this course


def test_no_notebook_is_without_source():
    assert build.leftovers(ROOT) == []


@pytest.mark.parametrize("name", LESSONS)
def test_the_notebooks_are_what_their_sources_give(name):
    wanted = list(build.targets(ROOT, [name], build.declared_points))
    assert [problem for target in wanted for problem in build.check(target)] == []


@pytest.mark.parametrize("name", LESSONS)
def test_the_exercises_hold_no_answer(name):
    solutions = ROOT / "solutions" / f"{name}.ipynb"
    if not solutions.exists():
        pytest.skip("a lesson without exercises")
    solved = nbformat.read(solutions, as_version=4)
    blank = nbformat.read(ROOT / "exercises" / f"{name}.ipynb", as_version=4)
    assert_no_answer(solved, blank)


def assert_no_answer(solved, blank):
    """No line of an answer is left anywhere in the file, unless it also stands outside the answers."""
    assert [cell.id for cell in blank.cells] == [cell.id for cell in solved.cells]
    given = set()  # lines that a learner may see: everything outside the solution regions
    for cell in solved.cells:
        given.update(set(map(str.strip, cell.source.splitlines())) - set(map(str.strip, solution_lines(cell.source))))
    everything = json.dumps(blank)
    answers = [cell for cell in solved.cells if cell.metadata.get("nbgrader", {}).get("solution")]
    assert answers
    for cell in answers:
        lines = {line.strip() for line in solution_lines(cell.source)} - {""}
        assert lines, cell.id
        left = next(other for other in blank.cells if other.id == cell.id).source
        assert "raise NotImplementedError()" in left
        assert not lines & (set(map(str.strip, left.splitlines())) - given), cell.id
        for line in lines:
            if len(line) >= 15 and line not in given:
                assert json.dumps(line)[1:-1] not in everything, (cell.id, line)
    for cell in blank.cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None
        assert set(cell.metadata) <= {"nbgrader", "deletable", "editable", "tags", "jupyter", "cellView"}
    assert "SOLUTION" not in everything
    assert "course" not in blank.metadata


@pytest.mark.parametrize(
    "path", sorted(ROOT.glob("notebooks/*.ipynb")) + sorted(ROOT.glob("solutions/*.ipynb")), ids=str
)
def test_committed_notebooks_are_light_and_carry_their_outputs(path):
    nb = nbformat.read(path, as_version=4)
    nbformat.validate(nb)
    assert run_notebook.flaws(nb) == []
    code = [cell for cell in nb.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    title, *setup = code[0].source.splitlines()
    assert title.startswith("# @title ") and setup[0].startswith('LEARNER = ""')
    assert len(setup) <= 8
    assert max(map(len, code[0].source.splitlines())) <= 88  # the width of a cell on a page of 800 pixels
    assert "example.org" not in code[0].source
    for cell in code:
        ast.parse(cell.source)


# --- what the build gives


def test_three_notebooks_from_two_scripts(tiny):
    lesson, solved, blank = (notebook(tiny, kind) for kind in ("notebooks", "solutions", "exercises"))
    assert [cell.source for cell in lesson.cells[3:4]] == ["## A figure\nText."]
    assert lesson.cells[2].source == blank.cells[1].source == solved.cells[1].source
    assert lesson.cells[2].outputs[0].text.startswith("cpu · your seed 0 · ")
    assert solved.cells[-1].outputs[0].text == "9\ntiny.square passed\n"
    assert build.leftovers(tiny) == []
    assert_no_answer(solved, blank)


def test_outputs_are_repeatable_and_figures_have_alt_text(tiny):
    figure, printed = notebook(tiny, "notebooks").cells[4:]
    output, _ = figure.outputs  # and its caption
    assert output.metadata["image/png"]["alt"] == "A line that rises from 1 to 2."
    with Image.open(io.BytesIO(base64.b64decode(output.data["image/png"]))) as image:
        assert "Software" not in image.info
    assert [(o.name, o.text) for o in printed.outputs] == [("stdout", "a line\n")]


def test_building_again_executes_nothing_and_writes_nothing(tiny, no_execution):
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in tiny.glob("*/*.ipynb")}
    said = []
    assert [flaw for target in targets(tiny) for flaw in build.build(target, said.append)] == []
    assert (no_execution, said) == ([], [])
    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in before} == before


def test_the_same_sources_give_the_same_notebooks(tmp_path):
    first, second = (targets(write(tmp_path / name)) for name in ("one", "two"))
    assert [nbformat.writes(target.nb) for target in first] == [nbformat.writes(target.nb) for target in second]


def test_cell_ids_are_valid_unique_and_named_after_their_section():
    source = (
        TITLE + "\n# %% [markdown]\n# ## Étude: 5 in 2!\n\n# %%\n1\n\n# %% [markdown]\n# ## Étude: 5 in 2\n\n# %%\n2\n"
    )
    nb = new_notebook(cells=jupytext.reads(source, fmt="py:percent").cells)
    from_source._name_cells(nb)
    ids = [cell.id for cell in nb.cells]
    assert ids == ["tiny", "tiny-1", "etude-5-in-2", "etude-5-in-2-1", "etude-5-in-2-again", "etude-5-in-2-again-1"]
    assert all(re.fullmatch(r"[a-zA-Z0-9-_]{1,64}", name) for name in ids)


def test_editing_one_section_leaves_the_ids_of_the_others(tmp_path):
    before = [cell.id for cell in targets(write(tmp_path))[0].nb.cells]
    longer = LESSON.replace("# ## A figure", "# ## New\n\n# %%\n1\n\n# %% [markdown]\n# ## A figure")
    after = [cell.id for cell in targets(write(tmp_path, lesson=longer))[0].nb.cells]
    assert [name for name in after if not name.startswith("new")] == before


def test_cells_are_marked_for_nbgrader(tiny):
    marks = {cell.id: cell.metadata.get("nbgrader") for cell in notebook(tiny, "solutions").cells}
    assert marks["setup"] is None  # LEARNER is the learner's to change
    nothing = {"schema_version": 3, "task": False, "grade": False, "solution": False, "locked": False}
    assert marks["1-square"] == nothing | {"locked": True, "grade_id": "1-square"}
    assert marks["answer-tiny-square"] == nothing | {"solution": True, "grade_id": "answer-tiny-square"}
    expected = nothing | {"grade": True, "locked": True, "points": 2, "grade_id": "grade-tiny-square"}
    assert marks["grade-tiny-square"] == expected


def test_colab_installs_from_the_address_in_pyproject(tmp_path):
    root = write(tmp_path)
    project = root / "pyproject.toml"
    address = build.source_address(ROOT)
    project.write_text(project.read_text(encoding="utf8").replace(address, "https://host/elsewhere"), encoding="utf8")
    assert 'os.environ.get("COURSE_SOURCE", "git+https://host/elsewhere")' in targets(root)[0].nb.cells[2].source


def test_an_address_that_is_only_a_placeholder_is_not_shown(tmp_path):
    root = write(tmp_path)
    project = root / "pyproject.toml"
    settings = project.read_text(encoding="utf8").replace(build.source_address(ROOT), "https://example.org/course")
    project.write_text(settings, encoding="utf8")
    source = targets(root)[0].nb.cells[2].source
    assert "example.org" not in source and 'course = os.environ["COURSE_SOURCE"]' in source


# --- what is executed again


def test_only_what_a_notebook_runs_decides_whether_it_is_executed_again(tiny, tmp_path, no_execution):
    """tests/test_build_depends.py has what counts as a change; this, that the build heeds it."""
    root = shutil.copytree(tiny, tmp_path / "copy")
    outputs = [cell.outputs for cell in notebook(root, "notebooks").cells if cell.cell_type == "code"]

    def rebuilt(lesson):
        no_execution.clear()
        for target in targets(write(root, lesson=lesson)):
            build.build(target, lambda said: None)
        return len(no_execution)

    longer = LESSON.replace("# Text.", "# Another text.\n\n# %% [markdown]\n# More of it.")
    assert rebuilt(longer) == 0
    built = notebook(root, "notebooks").cells
    assert built[4].source == "More of it."
    assert [cell.outputs for cell in built if cell.cell_type == "code"] == outputs
    assert rebuilt(longer.replace("a line", "another line")) == 1
    assert rebuilt(longer.replace("a line", "another line")) == 0


def test_a_notebook_is_executed_again_when_the_package_changes(tmp_path, no_execution, monkeypatch):
    package = tmp_path / "course_utils"
    monkeypatch.setattr("test_build.PACKAGE", package)
    package.mkdir()
    for name, text in {"__init__.py": "", "plots.py": "def figure():\n    return 1\n", "runtime.py": ""}.items():
        (package / name).write_text(text, encoding="utf8")
    root = write(tmp_path)

    def rebuilt():
        no_execution.clear()
        for target in targets(root):
            build.build(target, lambda said: None)
        return len(no_execution)

    assert (rebuilt(), rebuilt()) == (2, 0)
    (package / "plots.py").write_text("def figure():\n    return 2\n", encoding="utf8")
    assert [problem.split()[0] for target in targets(root) for problem in build.check(target)] == [
        "notebooks/01_tiny.ipynb"
    ]
    assert (rebuilt(), rebuilt()) == (1, 0)


def test_changed_points_keep_the_outputs(tiny, tmp_path, no_execution):
    root = shutil.copytree(tiny, tmp_path / "copy")
    outputs = [cell.get("outputs") for cell in notebook(root, "solutions").cells]
    for target in targets(root, lambda exercise: 5):
        build.build(target, lambda said: None)
    solved = notebook(root, "solutions")
    assert solved.cells[-1].metadata.nbgrader.points == 5
    assert [cell.get("outputs") for cell in solved.cells] == outputs
    assert no_execution == []


@pytest.mark.parametrize(
    ("kind", "old", "new", "word"),
    [
        ("notebooks", "a line", "b line", "not what"),
        ("notebooks", '"made_from": "', '"made_from": "0', "older"),
        ("notebooks", '"kernelspec"', '"kernel_spec"', "not what"),
        ("solutions", "grade-tiny-square", "grade-tiny-squares", "not what"),
        ("exercises", "YOUR CODE HERE", "your code here", "not what"),
        ("exercises", '"execution_count": null', '"execution_count": 3', "not what"),
    ],
)
def test_a_file_edited_by_hand_is_noticed(tiny, tmp_path, kind, old, new, word):
    root = shutil.copytree(tiny, tmp_path / "copy")
    path = root / kind / "01_tiny.ipynb"
    text = path.read_text(encoding="utf8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf8")
    problems = [problem for target in targets(root) for problem in build.check(target)]
    assert len(problems) == 1
    assert word in problems[0] and problems[0].startswith(f"{kind}/01_tiny.ipynb is ")


def test_missing_and_broken_and_left_over_files_are_noticed(tiny, tmp_path):
    root = shutil.copytree(tiny, tmp_path / "copy")
    (root / "notebooks" / "01_tiny.ipynb").unlink()
    (root / "solutions" / "01_tiny.ipynb").write_text("{", encoding="utf8")
    problems = [problem for target in targets(root) for problem in build.check(target)]
    assert [problem.split()[0] for problem in problems] == ["notebooks/01_tiny.ipynb", "solutions/01_tiny.ipynb"]
    shutil.rmtree(root / "lessons" / "01_tiny")
    assert build.leftovers(root) == [
        f"{kind}/01_tiny.ipynb has no source: delete it." for kind in ("exercises", "solutions")
    ]


def test_the_kernel_is_the_running_pythons(tmp_path, monkeypatch):
    elsewhere = tmp_path / "jupyter" / "kernels" / "python3"
    elsewhere.mkdir(parents=True)
    (elsewhere / "kernel.json").write_text('{"argv": ["no such python"], "display_name": "other"}', encoding="utf8")
    for name in ("JUPYTER_PATH", "JUPYTER_DATA_DIR"):
        monkeypatch.setenv(name, str(tmp_path / "jupyter"))
    monkeypatch.setenv("COURSE_STRICT", "1")
    monkeypatch.setenv("JUPYTERHUB_USER", "the builder")
    cell = "import os, sys; print(sys.executable, os.environ.get('JUPYTERHUB_USER'))"
    nb = new_notebook(cells=[new_code_cell(cell), new_code_cell("from course_utils import runtime; runtime.strict()")])
    run_notebook.execute(nb, strict=False)
    assert nb.cells[0].outputs[0].text.split() == [sys.executable, "None"]
    assert nb.cells[1].outputs[0].data["text/plain"] == "False"


def test_a_failing_cell_is_named_and_nothing_is_written(tmp_path):
    root = write(tmp_path, lesson=CONTENTS + "\n# %% [markdown]\n# ## Sum\n\n# %%\n1 / 0\n")
    with pytest.raises(run_notebook.RunError, match=r"cell 'sum-1' failed.*"):
        build.build(targets(root)[0])
    assert not (root / "notebooks").exists()


# --- what is refused


def exercise(cell, call='grade("tiny.f", f)'):
    return f"{TITLE}\n# %%\n{cell}\n\n# %%\n{call}\n"


ANSWER = "def f(x):\n    ### BEGIN SOLUTION\n    return x\n    ### END SOLUTION"


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (exercise("def f(x):\n    return x"), "no cell with ### BEGIN SOLUTION"),
        (exercise("from math import sqrt as f"), "no cell with ### BEGIN SOLUTION"),
        (exercise(ANSWER + "\n\n# %%\ndef f(x):\n    return x"), "no cell with ### BEGIN SOLUTION"),
        (exercise(ANSWER.replace("    ### END SOLUTION", "")), "do not fit"),
        (exercise(ANSWER.replace("    ### BEGIN SOLUTION\n", "")), "do not fit"),
        (exercise(ANSWER.replace("return", "### BEGIN SOLUTION\n    return")), "do not fit"),
        (exercise(ANSWER + "\n### BEGIN SOLUTION\ny = 1\n### END SOLUTION"), "not inside a function"),
        (exercise("if True:\n" + ANSWER.replace("def f(x):\n", "")), "not inside a function"),
        (exercise(ANSWER, 'grade("tiny.f", f)\ngrade("tiny.g", f)'), "one grade cell, of its own"),
        (exercise(ANSWER, 'grade("tiny.f", f)\n\n# %%\ngrade("tiny.f", f)'), "one grade cell, of its own"),
        (exercise(ANSWER + '\ngrade("tiny.f", f)'), "one grade cell, of its own"),
        (exercise(ANSWER).replace("# %%\ndef", '# %% nbgrader={"solution": true}\ndef'), "nbgrader metadata"),
        (exercise(ANSWER).replace("# # Tiny", "# # Tiny\n# ### BEGIN SOLUTION"), "text with solution marks"),
        (exercise(ANSWER + "\n" * 2 + "x = 1\n" * 30), "30 are the most"),
        (exercise("def f(x:\n    return x"), "does not parse"),
        (exercise(ANSWER).replace("# # Tiny", "# Tiny"), "the first cell is the title"),
        (exercise(ANSWER).replace("# %% setup", "# %%\n1"), "the first code cell"),
        (exercise(ANSWER).replace("# %% setup", "# %%\n1\n\n# %% setup"), "the first code cell"),
        (exercise(ANSWER) + "\n# %% setup\n", "the first code cell"),
    ],
)
def test_a_source_that_would_make_a_bad_notebook_is_refused(tmp_path, source, sentence):
    root = write(tmp_path, exercises=source)
    with pytest.raises(SourceError, match=sentence) as error:
        targets(root, lambda exercise: 1)
    assert "exercises.py: " in str(error.value)


def test_the_same_source_without_the_fault_is_accepted(tmp_path):
    root = write(tmp_path, exercises=exercise(ANSWER))
    assert len(targets(root, lambda exercise: 1)) == 3


def test_a_lesson_has_no_answers(tmp_path):
    with pytest.raises(SourceError, match=r"belong into exercises\.py"):
        targets(write(tmp_path, lesson=f"{CONTENTS}\n# %%\n{ANSWER}\n"))


def test_an_unknown_lesson_is_named(tmp_path):
    with pytest.raises(SourceError, match="there is no lesson '07': there is 01_tiny"):
        list(build.targets(write(tmp_path), ["07"], points))


# --- outputs


def png(**text):
    info = PngImagePlugin.PngInfo()
    for key, value in text.items():
        info.add_text(key, value)
    stream = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(stream, format="png", pnginfo=info)
    return base64.b64encode(stream.getvalue()).decode()


def with_output(output):
    return new_notebook(cells=[new_markdown_cell("# T"), new_code_cell("1", id="cell", outputs=[output])])


def display(**data):
    return new_output("display_data", data={key.replace("_", "/"): value for key, value in data.items()})


@pytest.mark.parametrize(
    ("output", "word"),
    [
        (display(image_png=png(), text_plain="<Figure>"), "alt text"),
        (new_output("stream", name="stderr", text="UserWarning: old\n"), "prints a warning: UserWarning: old"),
        (display(text_plain="<matplotlib.lines.Line2D at 0x7f3a2c1b9d90>"), "memory address"),
        (display(text_html="<div></div><script>1</script>"), "script"),
        (new_output("display_data", data={"application/javascript": "1"}), "script"),
        (new_output("stream", text="x" * 900_001), "the largest cells: cell"),
    ],
)
def test_flawed_outputs_are_named(output, word):
    (flaw,) = run_notebook.flaws(with_output(output))
    assert word in flaw and "cell" in flaw


def test_cleaning_removes_what_no_page_can_show():
    widget = {"application/vnd.jupyter.widget-view+json": {"model_id": "1"}, "text/plain": "interactive(…)"}
    for gone in (
        new_output("display_data", data=widget),
        new_output("display_data", data={"application/javascript": "1"}),
        display(text_html="<script>1</script>", text_plain="<circuitsvis.Render>"),
        new_output("stream", name="stderr", text=" 10%|#   | 1/10 [00:01<00:09, 1.0it/s]\n"),
    ):
        nb = with_output(gone)
        nb.metadata["widgets"] = {"state": {}}
        run_notebook.clean(nb)
        assert nb.cells[1].outputs == []
        assert "widgets" not in nb.metadata


def test_cleaning_keeps_the_rest():
    kept = [
        new_output("stream", text="a\n"),
        display(text_html="<b>report</b>", text_plain="report"),
        new_output("display_data", data={"image/png": png(Software="m 1.0"), "text/html": "<script></script>"}),
    ]
    nb = new_notebook(cells=[new_code_cell("1", outputs=kept)])
    run_notebook.clean(nb)
    text, report, figure = nb.cells[0].outputs
    assert (text.text, report.data["text/html"]) == ("a\n", "<b>report</b>")
    assert list(figure.data) == ["image/png"]
    with Image.open(io.BytesIO(base64.b64decode(figure.data["image/png"]))) as image:
        assert image.info == {}
        assert image.getpixel((5, 5)) == (255, 0, 0)


# --- the command


def test_the_command_says_what_is_out_of_date(tiny, tmp_path, capsys, monkeypatch, no_execution):
    monkeypatch.setattr(build, "declared_points", points)
    monkeypatch.setattr(build, "package_folder", lambda: PACKAGE)
    root = shutil.copytree(tiny, tmp_path / "copy")
    assert build.main(["--check", "01"], root) == 0
    assert capsys.readouterr().out == "Every notebook is what its source gives.\n"
    write(root, lesson=LESSON.replace("a line", "another line"))
    assert build.main(["--check"], root) == 1
    assert capsys.readouterr().err.startswith("notebooks/01_tiny.ipynb is older than its source")
    assert build.main(["01_tiny"], root) == 0
    assert no_execution == ["01_tiny"]
    assert build.main(["--check"], root) == 0
    assert build.main(["02"], root) == 1
