"""Would one small change make this answer right? Then say where, and leave the change to the learner.

1. Parse the learner's function, and make its small changes one at a time (`mutations.py`), with those added that undo
   what slips most easily: a variable of a loop that a hook sees too late, a `return` inside a loop, `.T` on a stack,
   an axis of length 1 that is missing, `var` and `std` with n − 1, an argument never handed on.
2. The first change with which the answer passes tells what all else was right but for.
"""

import ast
import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from course_utils.grading import guard
from course_utils.grading.limits import processor_seconds
from course_utils.grading.mutations import build, changes, parse

SECONDS = 2.0  # of processor time for the whole search
TRIES = 400

SAID = {
    "late": "A function that is made in a loop reads the loop's variable when it is called, and finds its last value. "
    "Give each its own: a default argument (`def hook(z, hook, head=head)`) or functools.partial.",
    "return": "The `return` stands inside the loop, so that only the loop's first round is run.",
    "stack": "`.T` turns round all axes of a stack of matrices; `.mT` turns round the last two.",
    "broadcast": "An axis is missing: shapes are laid over each other from the right, and `[:, None]` puts an axis of "
    "length 1 where the other has more.",
    "variance": "`var` and `std` divide by n − 1 unless they are told not to (`correction=0`).",
    "unused": "An argument of your function is not handed on.",
    "constant": "Look at the number in it.",
    "axis": "Look at the axes in it.",
    "keyword": "Look at its keyword arguments.",
    "name": "Look at the names in it: is each the one that you mean?",
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
        return f"All is right but for one small thing in line {self.line} of your function, `{text}`. {SAID[self.kind]}"


def repair(function: Callable, passes: Callable[[Callable], bool]) -> Repair | None:
    """The first small change of `function` with which it passes; None where there is none, or no source or time."""
    inner = guard.underlying(function)
    tree = parse(inner)
    if tree is None or inner is not function:
        return None
    start = processor_seconds()
    for number, change in enumerate(changes(tree, more=usual)):
        if number >= TRIES or processor_seconds() - start > SECONDS:
            return None
        if (space := build(change.tree, inner)) and passes(space[tree.name]):
            return Repair(change.lines.start, change.before, change.kind)
    return None


def usual(node: ast.AST, parent: ast.AST, tree: ast.FunctionDef) -> Iterator[tuple[str, Any]]:
    """What undoes the usual slips at this node: (kind, what stands there instead), a list for several statements."""
    match node:
        case ast.For(target=target, body=body):
            if bound := _bound(node, target):
                yield "late", bound
            if isinstance(body[-1], ast.Return):
                yield "return", [_without_last(node), body[-1]]
        case ast.ListComp() | ast.DictComp() | ast.SetComp() | ast.GeneratorExp():
            if bound := _bound(node, node.generators[0].target):
                yield "late", bound
        case ast.Attribute(value=value, attr="T") if isinstance(node.ctx, ast.Load):
            yield "stack", ast.Attribute(value, "mT", ast.Load())
        case ast.Call(func=ast.Attribute(attr="var" | "std")):
            yield "variance", _called_with(node, "correction", ast.Constant(0))
        case ast.Call(func=ast.Attribute(attr="mean" | "sum" | "norm" | "amax"), keywords=keywords):
            if not any(keyword.arg == "keepdim" for keyword in keywords):
                yield "keyword", _called_with(node, "keepdim", ast.Constant(True))
    if isinstance(node, ast.Call):
        for name in _unused(tree):
            yield "unused", _called_with(node, name, ast.Name(name, ast.Load()))
    if isinstance(parent, (ast.BinOp, ast.Compare)) and isinstance(node, (ast.Name, ast.Attribute, ast.Call)):
        for index in ("[:, None]", "[..., None]", "[:, :, None]", "[:, None, None]", "[None]"):
            yield "broadcast", ast.parse(f"({ast.unparse(node)}){index}", mode="eval").body


def _bound(loop: ast.AST, target: ast.AST) -> ast.AST | None:
    """The loop, with its variables bound in every function that is made inside; None where none reads them."""
    names = {node.id for node in ast.walk(target) if isinstance(node, ast.Name)}
    names |= {
        node.id
        for statement in getattr(loop, "body", [])
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    new, found = copy.deepcopy(loop), False
    for inner in ast.walk(new):
        if not isinstance(inner, (ast.Lambda, ast.FunctionDef)):
            continue
        body = inner.body if isinstance(inner.body, list) else [inner.body]
        loads = [node for part in body for node in ast.walk(part) if isinstance(node, ast.Name)]
        own = {node.id for node in loads if isinstance(node.ctx, ast.Store)} | {arg.arg for arg in inner.args.args}
        for name in sorted(names & {node.id for node in loads if isinstance(node.ctx, ast.Load)} - own):
            inner.args.kwonlyargs.append(ast.arg(name))
            inner.args.kw_defaults.append(ast.Name(name, ast.Load()))
            found = True
    return new if found else None


def _without_last(loop: ast.For) -> ast.For:
    new = copy.copy(loop)
    new.body = loop.body[:-1] or [ast.Pass()]
    return new


def _called_with(call: ast.Call, name: str, value: ast.AST) -> ast.Call:
    new = copy.copy(call)
    new.keywords = [keyword for keyword in call.keywords if keyword.arg != name] + [ast.keyword(name, value)]
    return new


def _unused(tree: ast.FunctionDef) -> list[str]:
    read = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return [arg.arg for arg in tree.args.args if arg.arg not in read]


def never_read(function: Callable, reference: Callable, count: int) -> list[str]:
    """Arguments that the function takes and never looks at, though the reference does."""
    inner = guard.underlying(function)
    tree, own = parse(inner), parse(guard.underlying(reference))
    if tree is None or own is None:
        return []
    positions = [arg.arg for arg in tree.args.args]
    theirs = {arg.arg for arg in own.args.args[:count]} - set(_unused(own))
    wanted = [arg.arg for arg in own.args.args][:count]
    return [
        name
        for name in _unused(tree)
        if wanted[positions.index(name) : positions.index(name) + 1] and wanted[positions.index(name)] in theirs
    ]
