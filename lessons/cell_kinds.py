"""The kinds of code cell, what a reader sees of each, and what each may hold.

The kind stands in the source after the cell's mark, `# %% figure`; without one a cell is an experiment.

    setup        the common first cell, empty in the source      folded
    figure       draws one figure                                folded
    prediction   asks, before the answer is known                folded
    caption      a printed caption                               folded
    claims       the conclusions, each with its condition        folded; its output opens to their list
    card         what the lesson leaves one with                 folded
    experiment   what a learner would type                       open

`answer` beside one of them (`# %% answer`, `# %% figure answer`) closes the *outputs*, which give a prediction away,
until they are clicked. A list of claims opens only when it is clicked and needs no such mark. Front ends fold in three ways, and every folded cell carries all three: JupyterLab and
Notebook 7 by metadata, Colab by metadata and a title in the first line, Sphinx sites (myst-nb) by tags. A front end
that knows none of them shows everything.
"""

import ast
import re
from collections.abc import Iterator

from nbformat import NotebookNode

from course_utils.page.refusals import refusals

TITLES = {
    "setup": "Setup. Your name, if you give one, picks your variant of some exercises",
    "figure": "Figure",
    "prediction": "Your prediction",
    "caption": "Caption",
    "claims": "Checked here",
    "card": "The lesson on a card",
}
MAX_LINES = {"setup": 8, "figure": 30, "prediction": 8, "caption": 12, "claims": 40, "card": 40}  # all told
EXPERIMENT_LINES = 14  # of code, comments and blank lines not counted
EXPERIMENT, ANSWER = "experiment", "answer"
OWN_CALLS = {"claim": "claims", "predict": "prediction"}  # what may be called in one kind of cell alone
WIDTH = re.compile(r"[<>^=]|^[+ ]?,?[1-9]\d*")  # of a format that pads: ">8", "8.3f"; ".2f" and "+.1%" do not


def kind_of(title: str) -> tuple[str, bool]:
    """(kind, whether its outputs stay closed) of what stands after `# %%`.

    Raises:
        ValueError: it names no kind.
    """
    words = title.split()
    closed = ANSWER in words
    kinds = [word for word in words if word != ANSWER] or [EXPERIMENT]
    if len(kinds) > 1 or kinds[0] not in (*TITLES, EXPERIMENT) or (closed and kinds[0] == "setup"):
        raise ValueError(
            f"{title!r} is no kind of cell: there are {', '.join(TITLES)}, nothing for an experiment, and {ANSWER!r} "
            "beside one of them for outputs that stay closed"
        )
    return kinds[0], closed


def fold(cell: NotebookNode, kind: str, closed: bool) -> None:
    """Give `cell`, in place, what folds its source and closes its outputs, with its kind as a tag."""
    tags = list(cell.metadata.get("tags", []))
    hidden = {}
    if kind in TITLES:
        cell.source = f"# @title {TITLES[kind]}\n{cell.source}"
        cell.metadata["cellView"] = "form"
        tags += [kind, "hide-input"]
        hidden["source_hidden"] = True
    if closed:
        cell.metadata["collapsed"] = True
        tags += [ANSWER, "hide-output"]
        hidden["outputs_hidden"] = True
    if hidden:
        cell.metadata["jupyter"] = NotebookNode(hidden)
    if tags:
        cell.metadata["tags"] = tags


def kind(cell: NotebookNode) -> str:
    """The kind of a code cell of a built notebook."""
    return next((tag for tag in cell.metadata.get("tags", ()) if tag in TITLES), EXPERIMENT)


def is_closed(cell: NotebookNode) -> bool:
    """Whether the outputs of a code cell of a built notebook stay closed."""
    return ANSWER in cell.metadata.get("tags", ())


def code_lines(source: str) -> int:
    """Lines that are not blank and not only a comment."""
    return sum(bool(line.strip()) and not line.lstrip().startswith("#") for line in source.splitlines())


def captions(source: str) -> int:
    """How many figures and tables of a code cell have a caption there; a drawing brings its own."""
    calls = list(_calls(ast.parse(source)))
    drawn = any(name == "captioned" or ast.unparse(call.func).startswith("draw.") for name, call in calls)
    return sum(len(caption_values(call)) for name, call in calls if name != "captioned") or int(drawn)


def caption_values(call: ast.Call) -> list[ast.expr]:
    """The captions that a call is given: `caption("…")`, `.captioned("…")`, `show(fig, "alt", "…")`, `caption="…"`."""
    place = {"caption": 0, "captioned": 0, "show": 2}.get(_name(call), len(call.args))
    return [*call.args[place : place + 1], *(each.value for each in call.keywords if each.arg == "caption")]


def faults(source: str, kind: str, closed: bool) -> Iterator[str]:
    """What a code cell of this kind, in a lesson of this form, may not hold: the end of a sentence for each."""
    tree = ast.parse(source)
    lines = code_lines(source)
    if kind == EXPERIMENT and lines > EXPERIMENT_LINES:
        less = "make it two cells, or move into the package what no learner would type"
        yield f"has {lines} lines of code; {EXPERIMENT_LINES} are the most for an experiment: {less}"
    if any(isinstance(node, ast.Assert) for node in ast.walk(tree)):
        yield "asserts: a conclusion is a claim, with its sentence, in a '# %% claims' cell"
    calls = list(_calls(tree))
    called = {name for name, _ in calls}
    if "print" in called and any(_prints_columns(tree)):
        yield "prints columns or prints in a loop: numbers that are compared are a table"
    for name, where in OWN_CALLS.items():
        if name in called and kind != where:
            yield f"calls {name}(), which belongs into a '# %% {where}' cell"
        if name not in called and kind == where:
            yield f"is marked {kind!r} and calls no {name}()"
    if kind in ("caption", "card") and kind not in called:
        yield f"is marked {kind!r} and calls no {kind}()"
    if kind != "card" and any(isinstance(call.func, ast.Name) and name == "card" for name, call in calls):
        yield "calls card(), which belongs into a '# %% card' cell"
    if "measured" in called and not closed:
        yield f"calls measured(), whose output gives a prediction away: mark it {ANSWER!r}"
    if kind == "claims" and closed and "measured" not in called:
        yield f"is marked {ANSWER!r} and calls no measured(): the list of claims is closed without it"
    for refused in refusals(source):
        yield f"is refused: {refused.rstrip('.')}"


def _calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """(last name of the function, call) of all calls: `page.claim(…)` and `claim(…)` are both "claim"."""
    return ((_name(node), node) for node in ast.walk(tree) if isinstance(node, ast.Call))


def _name(call: ast.Call) -> str:
    return getattr(call.func, "id", "") or getattr(call.func, "attr", "")


def _prints_columns(tree: ast.AST) -> Iterator[bool]:
    loops = (ast.For, ast.While, ast.comprehension, ast.ListComp, ast.GeneratorExp)
    for loop in ast.walk(tree):
        if isinstance(loop, loops):
            yield any(name == "print" for name, _ in _calls(loop))
    for name, call in _calls(tree):
        if name != "print":
            continue
        yield any(keyword.arg in ("end", "sep") for keyword in call.keywords)
        yield any(other in ("ljust", "rjust", "center", "expandtabs") for other, _ in _calls(call))
        for node in ast.walk(call):
            if isinstance(node, ast.FormattedValue) and node.format_spec:
                texts = [part.value for part in node.format_spec.values if isinstance(part, ast.Constant)]
                yield bool(texts) and bool(WIDTH.search(texts[0]))
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield "\t" in node.value
