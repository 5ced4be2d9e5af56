"""Build the notebooks from the sources: python lessons/build.py [--check] [LESSON …]

For every lessons/NN_name/:
    lesson.py     →  notebooks/NN_name.ipynb          executed
    deeper.py     →  notebooks/NN_name_deeper.ipynb   executed, where there is one
    exercises.py  →  solutions/NN_name.ipynb          executed, answers kept; what a teacher gives to nbgrader
                  →  exercises/NN_name.ipynb          answers and outputs removed
and from the words that all lessons define, docs/glossary.md.

A notebook is executed again only when its code cells, or what these reach of the package, have changed (depends.py).
--check builds nothing; it names every file that is not what its source gives, and ends with 1 if there is one.
"""

import argparse
import sys
import time
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import nbformat
from contents import glossary
from depends import Package, fingerprint, own_package
from from_source import SourceError, blank, exercises, lesson, words
from nbformat import NotebookNode
from run_notebook import RunError, clean, execute, flaws

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Target:
    """One notebook to build: where it belongs, its cells without outputs, how it is executed."""

    path: Path
    nb: NotebookNode
    strict: bool = False
    executed: bool = True


def targets(
    root: Path, wanted: list[str], points: Callable[[str], float], package: Path | None = None
) -> Iterator[Target]:
    """All notebooks that the sources under `root` give, or those of the `wanted` lessons (`01`, `01_superposition`).

    Raises:
        SourceError: a source is refused, or there is no such lesson.
    """
    address = source_address(root)
    course = Package(package) if package else own_package(package_folder())
    folders = lesson_folders(root)
    unknown = [name for name in wanted if not any(_is(folder, name) for folder in folders)]
    if unknown:
        raise SourceError(f"there is no lesson {unknown[0]!r}: there is {', '.join(f.name for f in folders)}.")
    for folder in folders:
        if wanted and not any(_is(folder, name) for name in wanted):
            continue
        for script, name in texts(folder):
            nb = lesson(script, address)
            _stamp(nb, folder.name, course)
            yield Target(root / "notebooks" / f"{name}.ipynb", nb)
        name = f"{folder.name}.ipynb"
        if (folder / "exercises.py").exists():
            solved = exercises(folder / "exercises.py", address, points)
            yield Target(root / "exercises" / name, blank(solved), executed=False)
            _stamp(solved, folder.name, course)
            yield Target(root / "solutions" / name, solved, strict=True)


def texts(folder: Path) -> Iterator[tuple[Path, str]]:
    """(script, name of its notebook) of what there is to read in a lesson's folder: the core, and the deeper part."""
    yield folder / "lesson.py", folder.name
    if (folder / "deeper.py").exists():
        yield folder / "deeper.py", f"{folder.name}_deeper"


def glossary_text(root: Path) -> str:
    """What docs/glossary.md says, the words of all lessons; nothing where they define none."""
    scripts = [text for folder in lesson_folders(root) for text in texts(folder)]
    return glossary((name, *words(script)) for script, name in scripts)


def lesson_folders(root: Path) -> list[Path]:
    return sorted(path.parent for path in (root / "lessons").glob("[0-9][0-9]_*/lesson.py"))


def build(target: Target, say: Callable[[str], None] = print) -> list[str]:
    """Bring one notebook up to date, executing it where needed; returns what is wrong with it.

    Raises:
        RunError: a cell failed; the file stays as it was.
    """
    old, nb = read(target.path), target.nb
    begun = time.perf_counter()
    ran = False
    if target.executed:
        if _same_run(old, nb):
            for new_cell, old_cell in zip(_code(nb), _code(old), strict=True):
                new_cell.outputs, new_cell.execution_count = old_cell.outputs, old_cell.execution_count
        else:
            metadata = nb.metadata.copy()
            execute(nb, strict=target.strict)
            nb.metadata = metadata
            clean(nb)
            ran = True
    text = nbformat.writes(nb) + "\n"
    if old is None or target.path.read_text(encoding="utf8") != text:
        target.path.parent.mkdir(exist_ok=True)
        target.path.write_text(text, encoding="utf8", newline="\n")
        seconds = f", executed in {time.perf_counter() - begun:.0f} s" if ran else ""
        say(f"{_short(target.path)}: {len(text.encode()) // 1000} kB{seconds}")
    return [f"{_short(target.path)}: {flaw}." for flaw in flaws(nb)]


def check(target: Target) -> list[str]:
    """A sentence for everything in which the file is not what its source gives; outputs are not compared."""
    old = read(target.path)
    if old is None:
        return [f"{_short(target.path)} is missing: run make notebooks."]
    found = [f"{_short(target.path)}: {flaw}." for flaw in flaws(old)]
    if target.executed and not _same_run(old, target.nb):
        found.append(f"{_short(target.path)} is older than its source or what that imports: run make notebooks.")
    elif without_outputs(old) != without_outputs(target.nb) or (not target.executed and old != target.nb):
        found.append(f"{_short(target.path)} is not what its source gives: run make notebooks.")
    return found


def keep_glossary(root: Path, write: bool) -> list[str]:
    """Write the glossary where it is not what the lessons give, or say that it is not."""
    path, text = root / "docs" / "glossary.md", glossary_text(root)
    if text == (path.read_text(encoding="utf8") if path.exists() else ""):
        return []
    if not write:
        return [f"{_short(path)} is not what the lessons give: run make notebooks."]
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf8", newline="\n")
    return []


def leftovers(root: Path) -> list[str]:
    """Notebooks that no source gives any more."""
    found = []
    for folder, script in (("notebooks", "lesson"), ("exercises", "exercises"), ("solutions", "exercises")):
        for path in sorted((root / folder).glob("*.ipynb")):
            deeper = folder == "notebooks" and path.stem.endswith("_deeper")
            lesson = root / "lessons" / path.stem.removesuffix("_deeper" if deeper else "")
            if not (lesson / ("deeper.py" if deeper else f"{script}.py")).exists():
                found.append(f"{_short(path)} has no source: delete it.")
    return found


def read(path: Path) -> NotebookNode | None:
    """The notebook at `path`; None where there is none, or a broken one."""
    try:
        return nbformat.read(path, as_version=4)
    except (OSError, ValueError, nbformat.ValidationError):
        return None


def without_outputs(nb: NotebookNode) -> NotebookNode:
    """A copy as it was before it was executed."""
    nb = nbformat.from_dict(nbformat.reads(nbformat.writes(nb), as_version=4))
    for cell in nb.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return nb


def source_address(root: Path) -> str:
    """Where the course is published: the Source of pyproject.toml."""
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf8"))["project"]["urls"]["Source"]


def package_folder() -> Path:
    return Path(find_spec("course_utils").submodule_search_locations[0])


def declared_points(exercise: str) -> float:
    """What the exercise is worth by its declaration."""
    from course_utils.grading.exercise import Exercise, find

    return find(exercise, Exercise.registry).points


def _stamp(nb: NotebookNode, name: str, course: Package) -> None:
    nb.metadata["course"] = {"lesson": name, "made_from": fingerprint(nb, course)}


def _same_run(old: NotebookNode | None, new: NotebookNode) -> bool:
    """Whether the outputs of `old` are still those of `new`."""
    return (
        old is not None
        and old.metadata.get("course", {}).get("made_from") == new.metadata.course["made_from"]
        and len(_code(old)) == len(_code(new))
    )


def _code(nb: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in nb.cells if cell.cell_type == "code"]


def _is(folder: Path, name: str) -> bool:
    return folder.name == name or folder.name.startswith(f"{name}_")


def _short(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("lessons", nargs="*", metavar="LESSON", help="such as 01; all where none is named")
    parser.add_argument("--check", action="store_true", help="build nothing, say what is out of date")
    chosen = parser.parse_args(arguments)
    found = [] if chosen.lessons else leftovers(root)
    try:
        for target in targets(root, chosen.lessons, declared_points):
            try:
                found += check(target) if chosen.check else build(target)
            except RunError as error:
                found.append(f"{_short(target.path)}: {error}")
        if not chosen.lessons:
            found += keep_glossary(root, write=not chosen.check)
    except SourceError as error:
        found.append(str(error))
    print("\n".join(found) or "Every notebook is what its source gives.", file=sys.stderr if found else sys.stdout)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
