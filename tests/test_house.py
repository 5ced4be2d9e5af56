"""The house: which way imports run, that there is no circle, that every room says what lives there."""

import ast
import subprocess
import sys
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from course_utils import register

ROOT = Path(__file__).parents[1]
SHARED = ("patching", "views", "zoo", "python_text", "page")  # rooms that topics stand on
TOPICS = sorted({*register.lessons(), "ioi"})


@cache
def modules() -> dict[str, Path]:
    """Every module of the package and the factory, by its dotted name; the sample programs are text, not modules."""
    files = [file for top in ("course_utils", "models") for file in (ROOT / top).rglob("*.py")]
    files = [file for file in files if "samples" not in file.parts or file.name == "__init__.py"]
    return {".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): file for file in files}


def imports(name: str, everywhere: bool = True) -> set[str]:
    """The modules that `name` imports; those inside functions only with `everywhere`."""
    tree, known, found = ast.parse(modules()[name].read_text(encoding="utf8")), modules(), set()
    package = name if modules()[name].name == "__init__.py" else name.rpartition(".")[0]
    guards = [node for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)]
    typing = {id(inner) for guard in guards for inner in ast.walk(guard)}
    for node in ast.walk(tree) if everywhere else tree.body:
        if id(node) in typing:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*base, *([node.module] if node.module else [])])
            found |= {f"{base}.{a.name}" if f"{base}.{a.name}" in known else base for a in node.names}
    return {other for other in found if other in known and other != name}


def room(name: str) -> str:
    """Where a module lives: "models", "exercises", "file" for a single file, else the name of its room."""
    parts = name.split(".")
    if parts[0] == "models":
        return "models"
    if "exercises" in parts:
        return "exercises"
    return parts[1] if len(parts) > 1 and (ROOT / "course_utils" / parts[1]).is_dir() else "file"


def allowed(importer: str, imported: str) -> bool:
    here, there = room(importer), room(imported)
    if here == there:
        return here != "exercises" or importer.split(".")[1] == imported.split(".")[1]
    below = {
        "models": {"exercises", *TOPICS, *SHARED, "file"},
        "exercises": {"grading", *SHARED, "file", *TOPICS},
        "cli": {"grading", "zoo", "file"},
        "grading": {"page", "file"},
        "file": set(),
    }
    if here == "exercises" and there in TOPICS:
        return importer.split(".")[1] == there
    return there in below.get(here, {*SHARED, "file"} if here in TOPICS else {*SHARED, "file", "grading"})


@pytest.mark.parametrize("name", sorted(modules()))
def test_imports_run_one_way(name):
    wrong = sorted(other for other in imports(name) if not allowed(name, other))
    assert not wrong, f"{name} ({room(name)}) must not import {', '.join(wrong)}"


def test_no_topic_room_imports_another_or_its_own_exercises():
    """Said by `allowed`; that `allowed` says so is what is tested here."""
    assert allowed("course_utils.induction.exercises.heads", "course_utils.induction.scores.heads")
    assert not allowed("course_utils.induction.scores.heads", "course_utils.induction.exercises.heads")
    assert not allowed("course_utils.superposition.model", "course_utils.transformer.residual")
    assert not allowed("course_utils.zoo.loading", "models.plain")
    assert not allowed("course_utils.grading.exercise", "course_utils.superposition.model")


def test_there_is_no_circle_of_imports():
    graph = {}
    for name in modules():
        inside = {other for other in imports(name, everywhere=False) if not name.startswith(f"{other}.")}
        graph[name] = inside
    list(TopologicalSorter(graph).static_order())  # raises CycleError


FOLDERS = sorted(file.parent for file in modules().values() if file.name == "__init__.py")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(ROOT)))
def test_every_folder_says_what_lives_there(folder):
    text = ast.get_docstring(ast.parse((folder / "__init__.py").read_text(encoding="utf8")))
    assert text, f"{folder.relative_to(ROOT)} does not say what lives there"
    others = [file.stem for file in folder.glob("*.py") if not file.stem.startswith("_")]
    if folder.name != "exercises" and "samples" not in folder.parts and len(others) > 1:
        missing = [name for name in others if f"`{name}`" not in text]
        assert not missing, f"{folder.relative_to(ROOT)} does not say what {', '.join(missing)} is"


def test_the_linter_reads_every_module():
    """A pattern that leaves out the built exercises/ once left out the rooms' exercises/ too."""
    command = [sys.executable, "-m", "ruff", "check", "--show-files", "."]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    unread = {str(file) for file in modules().values()} - set(done.stdout.split("\n"))
    assert {Path(file).name for file in unread} <= {"__init__.py"} and all("samples" in file for file in unread)
