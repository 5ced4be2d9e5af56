"""From a lesson's source, a jupytext percent script, to the cells of its notebooks.

1. Read the script with jupytext, put the common setup cell where the source says `# %% setup`, and fold the other
   cells as their kinds want it (cell_kinds.py).
2. Give every cell an id from the section it stands in, so that the same source gives the same ids.
3. In a lesson, fill in the contents and the words where the source marks their places (contents.py), and turn open
   captions into text.
4. In exercises, mark cells for nbgrader: a cell with `### BEGIN SOLUTION` is an answer, one that calls
   `grade("lesson.name", …)` is worth the points of that exercise, and text is locked.
5. `blank` takes the answers out with nbgrader's own preprocessors.

What would make a bad notebook is refused with a sentence that names the file and the cell: above all an answer
without its marks, which nbgrader would silently replace whole, or leave in the exercises.
"""

import ast
import copy
import re
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlparse

import cell_kinds
import contents
import jupytext
from nbformat import NotebookNode, validate
from nbformat.v4 import new_notebook
from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import ClearSolutions, IncludeHeaderFooter, InstantiateTests, SaveCells

MAX_LINES = 30  # of an open code cell of exercises; an experiment of a lesson has fewer
NOTEBOOK_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
}
SETUP = """\
LEARNER = ""  # @param {{type:"string"}}
import importlib.metadata, os, subprocess, sys
if "google.colab" in sys.modules:  # Colab: add the course, and keep what Colab runs on
    keep = "torch numpy ipykernel ipython tornado pyzmq".split()
    keep = [f"{{name}}=={{importlib.metadata.version(name)}}" for name in keep]
    course = {course}
    subprocess.check_call([sys.executable, "-mpip", "install", "-q", course, *keep])
from course_utils import runtime; runtime.setup(LEARNER)"""


class SourceError(Exception):
    """One sentence on what is wrong with a source, and where."""


def setup_cell(address: str) -> str:
    """The first code cell; `address` is where Colab installs the course from, unless COURSE_SOURCE says otherwise.

    A placeholder (RFC 2606 keeps example.org for such) is nothing that a reader should see: then only the variable is.
    """
    placeholder = urlparse(address).hostname in ("example.org", "example.com")
    known = 'os.environ["COURSE_SOURCE"]' if placeholder else f'os.environ.get("COURSE_SOURCE", "git+{address}")'
    return SETUP.format(course=known)


def lesson(script: Path, address: str) -> NotebookNode:
    """The cells of a lesson, not executed. `address` is where Colab installs the course from."""
    nb = _read(script, address)
    for cell in nb.cells:
        if _marks(cell.source):
            raise SourceError(f"{script}: cell {cell.id!r} has solution marks, which belong into exercises.py.")
    _check_form(script, nb)
    contents.fill_contents(nb)
    contents.print_captions(nb)
    return _finished(nb)


def words(script: Path) -> tuple[str, list[contents.Word]]:
    """The title of a lesson and the words that it defines."""
    nb = _read(script, "")
    title = nb.cells[0].source.splitlines()[0].removeprefix("# ").strip()
    return title, contents.words(nb)


def exercises(script: Path, address: str, points: Callable[[str], float]) -> NotebookNode:
    """The cells of an exercise notebook with its answers, not executed, marked for nbgrader.

    `points(id)` says what the declared exercise is worth.
    """
    nb = _read(script, address)
    answers: dict[str, NotebookNode] = {}  # the answer cell in which a name was last defined
    graded = set()
    for cell in nb.cells:
        if cell.cell_type == "markdown":
            if _marks(cell.source):
                raise SourceError(f"{script}: cell {cell.id!r} is text with solution marks; answers are code here.")
            _mark(cell, locked=True)
            continue
        names = {node.name for node in _walk(cell) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        if _marks(cell.source):
            _check_answer(script, cell)
            _mark(cell, solution=True)
            answers.update(dict.fromkeys(names, cell))
        else:
            for name in names:
                answers.pop(name, None)
        for exercise, given in _grade_calls(cell):
            if exercise in graded or "nbgrader" in cell.metadata:
                raise SourceError(f"{script}: {exercise!r} needs one grade cell, of its own, after its answer.")
            if given not in answers:
                raise SourceError(
                    f"{script}: {exercise!r} grades {given!r}, which no cell with ### BEGIN SOLUTION and "
                    "### END SOLUTION defines before it: the answer would stay in the exercises."
                )
            graded.add(exercise)
            _rename(nb, cell, f"grade-{_slug(exercise)}")
            if not answers[given].id.startswith("answer-"):  # one cell may hold the answers to two exercises
                _rename(nb, answers[given], f"answer-{_slug(exercise)}")
            _mark(cell, grade=True, locked=True, points=points(exercise))
    for cell in nb.cells:
        if "nbgrader" in cell.metadata:
            cell.metadata.nbgrader["grade_id"] = cell.id
    return _finished(nb)


def blank(solutions: NotebookNode) -> NotebookNode:
    """The notebook that learners get: nbgrader's own steps, but those that fill its database or need its files."""
    nb = copy.deepcopy(solutions)
    nb.metadata.pop("course", None)
    for step in GenerateAssignment().preprocessors:
        if step not in (IncludeHeaderFooter, InstantiateTests, SaveCells):
            nb, _ = step().preprocess(nb, {})
    return nb


def solution_lines(source: str) -> list[str]:
    """The lines between the solution marks of a cell."""
    found, inside = [], False
    for line in source.splitlines():
        if ClearSolutions().end_solution_delimeter in line:
            inside = False
        elif ClearSolutions().begin_solution_delimeter in line:
            inside = True
        elif inside:
            found.append(line)
    return found


def _read(script: Path, address: str) -> NotebookNode:
    nb = new_notebook(cells=jupytext.read(script, fmt="py:percent").cells, metadata=NOTEBOOK_METADATA)
    if not (nb.cells and nb.cells[0].cell_type == "markdown" and nb.cells[0].source.startswith("# ")):
        raise SourceError(f"{script}: the first cell is the title, a markdown cell that begins with '# '.")
    setups = [cell for cell in nb.cells if cell.metadata.get("title") == "setup"]
    code = [cell for cell in nb.cells if cell.cell_type == "code"]
    if len(setups) != 1 or code[0] is not setups[0] or code[0].source:
        raise SourceError(f"{script}: the first code cell, and only it, is an empty one that says '# %% setup'.")
    setups[0].source = setup_cell(address)
    _name_cells(nb)
    setups[0].id = "setup"
    for cell in nb.cells:
        if "nbgrader" in cell.metadata:
            raise SourceError(f"{script}: cell {cell.id!r} has nbgrader metadata; the build writes them.")
        title = cell.metadata.get("title", "")
        cell.metadata = NotebookNode({key: cell.metadata[key] for key in ("tags", "title") if key in cell.metadata})
        if cell.cell_type == "code":
            try:
                kind, closed = cell_kinds.kind_of(title)
            except ValueError as error:
                raise SourceError(f"{script}: cell {cell.id!r}: {error}.") from None
            _check_code(script, cell, cell_kinds.MAX_LINES.get(kind, MAX_LINES))
            cell_kinds.fold(cell, kind, closed)
        elif title not in ("", "contents", "words"):
            raise SourceError(f"{script}: {title!r} marks no text: only contents and words are marks of text cells.")
    return nb


def _finished(nb: NotebookNode) -> NotebookNode:
    """`nb` without the marks of its source, as valid as Jupyter wants it."""
    for cell in nb.cells:
        cell.metadata.pop("title", None)
    validate(nb)
    return nb


def _check_form(script: Path, nb: NotebookNode) -> None:
    """What a lesson may not hold; all of it in one go. Fills in its words.

    Raises:
        SourceError: a line for every fault.
    """
    wrong = []
    for cell, after in zip(nb.cells, [*nb.cells[1:], None], strict=True):
        if cell.cell_type == "code" and cell.id != "setup":
            kind = cell_kinds.kind(cell)
            faults = list(cell_kinds.faults(cell.source, kind, cell_kinds.is_closed(cell)))
            followed = after is not None and after.cell_type == "code" and cell_kinds.kind(after) == "caption"
            if kind == "figure" and not followed and not cell_kinds.captions(cell.source):
                faults.append("draws a figure without a caption, and no '# %% caption' cell follows it")
            wrong += [f"cell {cell.id!r} {fault}." for fault in faults]
    marks = [cell.metadata.get("title") for cell in nb.cells]
    if marks.count("contents") != 1:
        wrong.append("a lesson has one cell '# %% [markdown] contents' near its top, for its contents and minutes.")
    if marks.count("words") > 1:
        wrong.append("a lesson has one list of words, '# %% [markdown] words', at its end.")
    headings = [part.heading for part in contents.sections(nb.cells)]
    wrong += [f"two sections are called {name!r}." for name in dict.fromkeys(headings) if headings.count(name) > 1]
    wrong += contents.fill_words(nb)
    if wrong:
        raise SourceError("\n".join(f"{script}: {fault}" for fault in wrong))


def _name_cells(nb: NotebookNode) -> None:
    """Ids from the nearest heading above and the position below it."""
    section, count, taken = "top", 0, {"setup"}
    for cell in nb.cells:
        heading = re.search(r"^#{1,4} +(.+)$", cell.source, re.M) if cell.cell_type == "markdown" else None
        count += 1
        if heading:
            section, count = _slug(heading[1]), 0
        name = f"{section}-{count}" if count else section
        while name in taken:
            section += "-again"
            name = f"{section}-{count}" if count else section
        taken.add(name)
        cell.id = name


def _rename(nb: NotebookNode, cell: NotebookNode, name: str) -> None:
    if any(other.id == name for other in nb.cells if other is not cell):
        raise SourceError(f"two cells would be called {name!r}: the names of exercises must differ in a letter.")
    cell.id = name


def _slug(text: str) -> str:
    """Letters, digits and dashes, as Jupyter wants them in a cell's id."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")
    short = words if len(words) <= 40 else words[:41].rpartition("-")[0]
    return short or words[:40] or "section"


def _mark(cell: NotebookNode, **kind: bool | float) -> None:
    default = {"schema_version": 3, "grade": False, "solution": False, "locked": False, "task": False}
    cell.metadata["nbgrader"] = NotebookNode(default | kind)


def _marks(source: str) -> bool:
    return any(mark in source for mark in ("BEGIN SOLUTION", "END SOLUTION"))


def _walk(cell: NotebookNode) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(cell.source))


def _grade_calls(cell: NotebookNode) -> Iterator[tuple[str, str]]:
    """(exercise, name of what is graded) of every `grade("exercise", name)` in the cell."""
    for node in _walk(cell):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "grade":
            exercise, given = (*node.args, None, None)[:2]
            if isinstance(exercise, ast.Constant) and given is not None:
                yield str(exercise.value), ast.unparse(given)


def _check_code(script: Path, cell: NotebookNode, most: int) -> None:
    try:
        ast.parse(cell.source)
    except SyntaxError as error:
        raise SourceError(f"{script}: cell {cell.id!r} does not parse: {error}.") from None
    lines = len(cell.source.splitlines())
    if lines > most:
        raise SourceError(f"{script}: cell {cell.id!r} has {lines} lines; {most} are the most.")


def _check_answer(script: Path, cell: NotebookNode) -> None:
    """The marks are paired, and what is left without the answer does not stop a blank notebook."""
    emptied = copy.deepcopy(cell)
    lines = cell.source.splitlines()
    begins, ends = (sum(mark in line for line in lines) for mark in ("BEGIN SOLUTION", "END SOLUTION"))
    try:
        if begins != ends:
            raise RuntimeError(f"{begins} BEGIN SOLUTION and {ends} END SOLUTION")
        ClearSolutions(enforce_metadata=False).preprocess_cell(emptied, {"language": "python"}, 0)
        tree = ast.parse(emptied.source)
    except (RuntimeError, SyntaxError) as error:
        raise SourceError(f"{script}: the solution marks of cell {cell.id!r} do not fit: {error}.") from None
    in_functions = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for inner in ast.walk(node)
    }
    if any(isinstance(node, ast.Raise) and id(node) not in in_functions for node in ast.walk(tree)):
        raise SourceError(
            f"{script}: the answer of cell {cell.id!r} is not inside a function, so a blank notebook would stop there."
        )
