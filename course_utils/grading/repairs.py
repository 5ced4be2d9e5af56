"""Would one small change make this answer right? Then say where, and leave the change to the learner.

1. Parse the learner's function, and make its small changes one at a time (`mutations.py`), with those added that undo
   what slips most easily (`slips.py`): a variable of a loop that a hook sees too late, a `return` inside a loop, `.T` on
   a stack, an axis of length 1 that is missing, a wrong axis. What is rarer, and what might fit by chance, comes last.
2. The first change with which the answer passes tells what all else was right but for.
"""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from course_utils.grading import guard
from course_utils.grading.limits import processor_seconds
from course_utils.grading.mutations import Change, build, changes, parse
from course_utils.grading.slips import rarer, throughout, unused, usual

SECONDS = 2.5  # of processor time for the whole search
TRIES = 600
LATER = ("broadcast",)  # after all else that may be meant: what is made larger fits by chance where it is then added up
DOUBTFUL = ("comparison", "condition", "logic", "factor", "square")  # kinds that fit by chance more often than others

SAID = {
    "late": "A function that is made in a loop reads the loop's variable when it is called, and finds its last value. "
    "Give each its own: a default argument (`def hook(z, hook, head=head)`) or functools.partial.",
    "return": "The `return` stands inside the loop, so that only the loop's first round is run.",
    "stack": "`.T` turns round all axes of a stack of matrices; `.mT` turns round the last two.",
    "broadcast": "An axis is missing: shapes are laid over each other from the right, and `[:, None]` puts an axis of "
    "length 1 where the other has more.",
    "variance": "`var` and `std` divide by n − 1 unless they are told not to (`correction=0`).",
    "transpose": "Is it to be turned round there (`.mT`)?",
    "count": "Is it one too many, or one too few?",
    "one": "One entry is taken there; is it about all of them?",
    "pair": "Along an axis this returns two things, values and indices: take one (`.values`, `.indices`).",
    "factor": "A factor is missing there, or one too many.",
    "square": "Look at the powers in it.",
    "axes": "Another axis is meant, wherever it stands.",
    "stacks": "`.T` turns round all axes of a stack of matrices; `.mT` turns round the last two.",
    "float": "What comes in may have another precision; keep it.",
    "variances": "`var` and `std` divide by n − 1 unless they are told not to (`correction=0`).",
    "last axis": "One last step is missing: an axis of length 1 is left over. Drop it (`[:, 0]`, or `.squeeze(…)`).",
    "last negative": "One last step is missing: what is to become of negative numbers?",
    "last over": "One last step is missing: what is left over is to be averaged, or added up.",
    "last shape": "One last step is missing: the shape that is asked for.",
    "last plain": "One last step is missing: plain numbers are asked for, no tensor.",
    "last root": "One last step is missing: look at the powers.",
    "last mT": "One last step is missing: which axis comes first?",
    "last pick": "One last step is missing: values or indices?",
    "unused": "An argument of your function is not handed on.",
    "constant": "Look at the number in it.",
    "axis": "Look at the axes in it.",
    "keepdim": "`keepdim=True` keeps the axis, with length 1, so that the result still meets what it was made from.",
    "keyword": "Look at its keyword arguments.",
    "name": "Look at the names in it: is each the one that you mean?",
    "condition": "Look at this condition: is it asked for, and does it compare what it should?",
    "comparison": "Look at the comparison.",
    "operation": "Look at the operation.",
    "order": "Look at the order of what is in it.",
    "function": "Is it the function that is asked for?",
    "call": "Does every step in it belong there?",
    "term": "Does every term in it belong there?",
    "sign": "Look at its sign.",
    "index": "Look at its indices.",
    "logic": "Look at its `and` and `or`.",
    "statement": "Does it belong there?",
}


@dataclass(frozen=True)
class Repair:
    """The place of the one mistake: its line in the learner's function, the text, and what sort it is."""

    line: int
    text: str
    kind: str

    @property
    def say(self) -> str:
        text = self.text.splitlines()[0]
        text = text if len(text) <= 80 else text[:79] + "…"
        where = f"in line {self.line} of your function, `{text}`" if self.kind not in EVERYWHERE else f"`{text}`"
        return f"All is right but for one small thing {where}. {SAID[self.kind]}"


EVERYWHERE = ("axes", "stacks", "float", "variances")


def repair(function: Callable, passes: Callable[[Callable], bool]) -> Repair | None:
    """The first small change of `function` with which it passes; None where there is none, or no source or time."""
    inner = guard.underlying(function)
    tree = parse(inner)
    if tree is None or inner is not function:
        return None
    start = processor_seconds()
    for number, change in enumerate(_in_order(tree)):
        if number >= TRIES or processor_seconds() - start > SECONDS:
            return None
        if (space := build(change.tree, inner)) and passes(space[tree.name]):
            asked = _condition(tree, change)
            return Repair(change.lines.start, asked or change.before, "condition" if asked else change.kind)
    return None


def _condition(tree: ast.FunctionDef, change: Change) -> str:
    """The condition in which the change stands, or "": then whether it is asked for at all matters more than its parts."""
    for node in ast.walk(tree):
        test = node.test if isinstance(node, (ast.If, ast.While, ast.IfExp)) else None
        if test is not None and change.lines.start in range(test.lineno, test.end_lineno + 1) and change.before in ast.unparse(test):
            return ast.unparse(test)
    return ""


def _in_order(tree: ast.FunctionDef) -> Iterator[Change]:
    """First what is most likely meant; doubtful kinds, and those that are rare, last."""
    kept = []
    for change in changes(tree, more=usual):
        if change.kind in (*LATER, *DOUBTFUL):
            kept.append(change)
        else:
            yield change
    yield from throughout(tree)
    yield from sorted(kept, key=lambda change: (*LATER, *DOUBTFUL).index(change.kind))
    yield from changes(tree, more=rarer, own=False)


def never_read(function: Callable, reference: Callable, count: int) -> list[str]:
    """Arguments that the function takes and never looks at, though the reference does."""
    inner = guard.underlying(function)
    tree, own = parse(inner), parse(guard.underlying(reference))
    if tree is None or own is None:
        return []
    positions = [arg.arg for arg in tree.args.args]
    theirs = {arg.arg for arg in own.args.args[:count]} - set(unused(own))
    wanted = [arg.arg for arg in own.args.args][:count]
    return [
        name
        for name in unused(tree)
        if wanted[positions.index(name) : positions.index(name) + 1] and wanted[positions.index(name)] in theirs
    ]
