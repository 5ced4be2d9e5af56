"""Small changes of a function's source, one at a time: what a slip of the pen, or of thought, makes of it.

1. Parse the function; leave out its docstring and its annotations.
2. For each node of the tree, list what could stand there by mistake: another comparison, an axis or a constant one
   off, a term or a call left out, two names exchanged, a sum for a mean, a bound or a `keepdim` forgotten.
3. For each of these, copy the tree with that one change made.

Read forwards, the changes of a reference are wrong answers (`mutants.py`); read backwards, a change of a wrong answer
that makes it right is what was wrong with it (`repairs.py`).
"""

import ast
import copy
import inspect
import textwrap
import warnings
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from types import FunctionType
from typing import Any

MODULES = {"torch", "math", "np", "numpy", "einops", "functools", "itertools", "F", "nn", "random"}
SILENT = {"generator", "device", "dtype", "requires_grad", "strict"}  # keywords that no result tells apart
NEAR = 3  # names on either side of one that may be written in its place
COMPARISONS = {
    ast.Lt: (ast.LtE, ast.Gt), ast.LtE: (ast.Lt, ast.GtE), ast.Gt: (ast.GtE, ast.Lt), ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
}  # fmt: skip
OPERATIONS = {
    ast.Add: (ast.Sub,), ast.Sub: (ast.Add,), ast.Mult: (ast.Div,), ast.Div: (ast.Mult,), ast.Pow: (ast.Mult,),
    ast.MatMult: (), ast.FloorDiv: (ast.Div,), ast.Mod: (), ast.BitAnd: (ast.BitOr,), ast.BitOr: (ast.BitAnd,),
}  # fmt: skip
ORDERED = (ast.Sub, ast.Div, ast.Pow, ast.MatMult)
FUNCTIONS = {
    "mean": ("sum", "amax"), "sum": ("mean",), "max": ("min",), "min": ("max",), "amax": ("amin",), "amin": ("amax",),
    "argmax": ("argmin",), "argmin": ("argmax",), "any": ("all",), "all": ("any",), "square": ("abs",),
    "abs": ("square",), "relu": ("abs",), "exp": ("expm1",), "log": ("log1p",), "sqrt": ("square",),
    "softmax": ("log_softmax",), "log_softmax": ("softmax",), "std": ("var",), "var": ("std",), "rand": ("randn",),
    "randn": ("rand",), "T": ("mT",), "cumsum": ("cumprod",), "floor": ("ceil",), "ceil": ("floor",),
    "eigvals": ("svdvals",), "zeros_like": ("ones_like",), "ones_like": ("zeros_like",), "norm": ("sum",),
}  # fmt: skip


@dataclass(frozen=True)
class Change:
    """One small change of a function: `kind` names the sort, `before` and `after` are the texts, `tree` the result."""

    kind: str
    lines: range  # of the statement, counted from the function's first
    before: str
    after: str
    tree: ast.FunctionDef

    @property
    def name(self) -> str:
        return f"`{self.before}` → `{self.after}`" if self.after else f"`{self.before}` left out"


def parse(function: Callable) -> ast.FunctionDef | None:
    """The function's definition without docstring and annotations; None where it has no source of its own."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
    except (OSError, TypeError, SyntaxError, IndexError):
        return None
    if not isinstance(tree, ast.FunctionDef):
        return None
    if ast.get_docstring(tree) is not None:
        tree.body = tree.body[1:] or [ast.Pass()]
    tree.decorator_list = [one for one in tree.decorator_list if "grad" in ast.unparse(one)]
    tree.returns = None
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            node.annotation = None
    return tree


def build(tree: ast.FunctionDef, function: FunctionType) -> dict[str, Any]:
    """A copy of the globals and the closure of `function` in which `tree` is defined; empty where Python refuses it."""
    space = dict(function.__globals__)
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            space[name] = cell.cell_contents
        except ValueError:  # a cell that is not filled yet
            continue
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python warns of some changes that make no sense
            code = compile(ast.fix_missing_locations(ast.Module([tree], [])), function.__code__.co_filename, "exec")
        exec(code, space)
    except SyntaxError:
        return {}
    return space


def changes(
    tree: ast.FunctionDef, unused: Collection[str] = (), more: Callable | None = None, own: bool = True
) -> Iterator[Change]:
    """All small changes of `tree`, in the order of its nodes; those that read alike come once.

    `unused` names arguments that are never passed: no other name is exchanged with them. `more(node, parent, tree)`
    yields further (kind, what stands there instead) for a node, tried before the others; without `own`, these alone.
    """
    names = [name for name in _names(tree) if name not in unused]
    told = {ast.unparse(tree)}
    for index, (node, parent, lines) in enumerate(_places(tree)):
        for kind, other in (
            *(more(node, parent, tree) if more else ()),
            *(_others(node, parent, names) if own else ()),
        ):
            mutated = copy.deepcopy(tree)
            _replace(mutated, _places(mutated)[index][0], other)
            text = ast.unparse(mutated)
            if text not in told:
                told.add(text)
                yield Change(kind, lines, *_texts(parent, node, other), mutated)


def _texts(parent: ast.AST, node: ast.AST, other: ast.AST | None) -> tuple[str, str]:
    """What stood there and what stands there now; of a lone name or number with the expression around it."""
    lone = isinstance(node, (ast.Constant, ast.Name, ast.Slice, ast.UnaryOp, ast.Tuple))
    if isinstance(other, list):
        return ast.unparse(node), "\n".join(map(ast.unparse, other))
    if other is None or not lone or not isinstance(parent, (ast.expr, ast.keyword, ast.Return)):
        return ast.unparse(node), "" if other is None else ast.unparse(other)
    around = copy.deepcopy(parent)
    _replace(around, next(b for a, b in zip(ast.walk(parent), ast.walk(around), strict=True) if a is node), other)
    return ast.unparse(parent), ast.unparse(around)


def _names(tree: ast.FunctionDef) -> list[str]:
    """Its arguments and what it assigns to."""
    found = [arg.arg for arg in (*tree.args.posonlyargs, *tree.args.args, *tree.args.kwonlyargs)]
    found += [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    return [name for name in dict.fromkeys(found) if name not in SILENT]


def _places(tree: ast.FunctionDef) -> list[tuple[ast.AST, ast.AST, range]]:
    """(node, parent, lines of its statement) of everything below the body; of a compound statement its head."""
    found, waiting = [], [(statement, tree, range(0)) for statement in tree.body]
    while waiting:
        node, parent, lines = waiting.pop(0)
        if isinstance(node, ast.If) and isinstance(node.body[0], ast.Raise):
            continue  # refusing a wrong argument is no part of an exercise
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            lines = range(node.lineno, body[0].lineno if isinstance(body, list) else node.end_lineno + 1)
        found.append((node, parent, lines))
        waiting += [(child, node, lines) for child in ast.iter_child_nodes(node)]
    return found


def _replace(tree: ast.AST, node: ast.AST, other: ast.AST | list[ast.AST] | None) -> None:
    """Put `other` (several statements, or none) in the place of `node`."""
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is node:
                setattr(parent, name, copy.deepcopy(other))
                return
            if isinstance(value, list) and any(item is node for item in value):
                at = next(i for i, item in enumerate(value) if item is node)
                value[at : at + 1] = copy.deepcopy(other if isinstance(other, list) else [other] if other else [])
                if not value and name == "body":
                    value.append(ast.Pass())
                return


def _others(node: ast.AST, parent: ast.AST, names: list[str]) -> Iterator[tuple[str, ast.AST | None]]:
    match node:
        case ast.Compare(ops=[op]):
            kind = "condition" if isinstance(op, (ast.In, ast.NotIn)) else "comparison"
            yield from ((kind, _with(node, ops=[new()])) for new in COMPARISONS.get(type(op), ()))
        case ast.BinOp(left=left, op=op, right=right):
            yield from (("operation", _with(node, op=new())) for new in OPERATIONS.get(type(op), ()))
            yield "term", left
            yield "term", right
            if isinstance(op, ORDERED):
                yield "order", _with(node, left=right, right=left)
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as value)):
            yield from (("constant", new) for new in _numbers(-value))
        case ast.UnaryOp(operand=operand):
            yield "sign", operand
        case ast.BoolOp(op=op, values=values):
            yield "logic", _with(node, op=ast.Or() if isinstance(op, ast.And) else ast.And())
            yield from (("term", value) for value in values)
        case ast.Constant(value=bool() as value):
            yield "keyword", ast.Constant(not value)
        case ast.Constant(value=int() | float() as value) if not _negated(parent):
            kind = "condition" if isinstance(parent, ast.Compare) and value == 0 else "constant"
            yield from ((kind, new) for new in _numbers(value))
        case ast.Attribute(value=value, attr=attr) if isinstance(node.ctx, ast.Load) and not _called(node, parent):
            yield from (("function", _with(node, attr=new)) for new in FUNCTIONS.get(attr, ()))
            if attr in ("T", "mT", "real"):
                yield "call", value
        case ast.Call(func=func, args=args):
            yield from _calls(node, func, args)
        case ast.Tuple(elts=elements) if isinstance(parent, ast.Call) and len(elements) > 1:
            yield from (("axis", _with(node, elts=_without(elements, index))) for index in range(len(elements)))
        case ast.Subscript(value=value) if isinstance(node.ctx, ast.Load):
            yield "index", value
        case ast.Slice(lower=lower, upper=upper) if lower is not None or upper is not None:
            yield from (("index", _with(node, **{end: None})) for end in ("lower", "upper") if getattr(node, end))
        case ast.Name(id=name) if name in names and isinstance(node.ctx, ast.Load) and not _of_type(parent):
            kind = "condition" if isinstance(parent, ast.Compare) else "name"
            yield from ((kind, ast.Name(other, ast.Load())) for other in _near(name, names))
        case ast.AugAssign(op=op):
            yield from (("operation", _with(node, op=new())) for new in OPERATIONS.get(type(op), ()))
            yield "statement", None
        case ast.Expr() | ast.Assign(targets=[ast.Subscript()]):
            yield "statement", None


def _calls(node: ast.Call, func: ast.AST, args: list[ast.AST]) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(func, ast.Attribute):
        yield from (("function", _with(node, func=_with(func, attr=new))) for new in FUNCTIONS.get(func.attr, ()))
        if not (isinstance(func.value, ast.Name) and func.value.id in MODULES):
            yield "call", func.value
        elif args:
            yield "call", args[0]
    elif isinstance(func, ast.Name):
        yield from (("function", _with(node, func=_with(func, id=new))) for new in FUNCTIONS.get(func.id, ()))
        if args and not isinstance(args[0], ast.Starred):
            yield "call", args[0]
    for index, keyword in enumerate(node.keywords):
        if keyword.arg not in SILENT and not (isinstance(keyword.value, ast.Constant) and keyword.value.value is True):
            yield "keyword", _with(node, keywords=_without(node.keywords, index))
    for index in range(len(args) - 1):
        swapped = [*args[:index], args[index + 1], args[index], *args[index + 2 :]]
        yield "order", _with(node, args=swapped)


def _numbers(value: float) -> Iterator[ast.AST]:
    tiny = isinstance(value, float) and value < 0.001
    others = (0.0, 0.01) if tiny else (value + 1, value - 1) if isinstance(value, int) else (1.1 * value,)
    for other in others:
        yield ast.UnaryOp(ast.USub(), ast.Constant(-other)) if other < 0 else ast.Constant(other)


def _with(node: ast.AST, **fields: Any) -> ast.AST:
    new = copy.copy(node)
    for name, value in fields.items():
        setattr(new, name, value)
    return new


def _without(items: list, index: int) -> list:
    return items[:index] + items[index + 1 :]


def _near(name: str, names: list[str]) -> list[str]:
    """The names that are introduced just before and after it."""
    at = names.index(name)
    return names[max(0, at - NEAR) : at] + names[at + 1 : at + 1 + NEAR]


def _of_type(parent: ast.AST) -> bool:
    return isinstance(parent, ast.Attribute) and parent.attr in SILENT


def _negated(parent: ast.AST) -> bool:
    return isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.USub)


def _called(node: ast.AST, parent: ast.AST) -> bool:
    return isinstance(parent, ast.Call) and parent.func is node
