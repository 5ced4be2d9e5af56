"""What undoes the usual slips: changes of a wrong answer that are worth trying, beside the small ones of `mutations.py`.

`usual` and `last` belong to one node of the tree; `throughout` changes the same thing wherever it stands.
"""

import ast
import copy
from collections.abc import Iterator
from typing import Any

from course_utils.grading.mutations import Change

ALONG = {"mean", "sum", "norm", "amax", "amin", "max", "min", "argmax", "argmin", "var", "std", "softmax", "log_softmax",
         "cumsum", "prod", "normalize", "median", "sort", "argsort", "topk", "stack", "cat", "flip", "all", "any",
         "logsumexp", "scatter", "gather", "unsqueeze", "squeeze", "roll"}  # fmt: skip
FOLDING = {"mean", "sum", "norm", "amax", "amin", "max", "min", "var", "std", "median", "prod"}
PAIRS = {"max", "min", "sort", "topk", "median"}
AXES = (0, 1, 2, -1, -2)


def usual(node: ast.AST, parent: ast.AST, tree: ast.FunctionDef) -> Iterator[tuple[str, Any]]:
    """(kind, what stands there instead) for this node; a list for several statements."""
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
        case ast.Constant(value=float() as value):
            yield from (("constant", ast.Constant(other)) for other in (0.0, 1.0, 1e-30) if other != value)
    if isinstance(node, ast.Call):
        yield from _axes(node)
        for name in unused(tree):
            yield "unused", _called_with(node, name, ast.Name(name, ast.Load()))
    if not isinstance(node, ast.expr) or isinstance(getattr(node, "ctx", None), ast.Store):
        return
    entries = isinstance(parent, ast.BinOp) and not isinstance(parent.op, ast.MatMult)
    if (entries or isinstance(parent, ast.Compare)) and not isinstance(node, ast.Constant):
        for index in ("[:, None]", "[..., None]", "[:, :, None]", "[:, None, None]", "[None]"):
            yield "broadcast", ast.parse(f"({ast.unparse(node)}){index}", mode="eval").body
    if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.MatMult):
        yield "transpose", ast.Attribute(node, "mT", ast.Load())
    if _counts(node):
        yield from (("count", ast.BinOp(node, op(), ast.Constant(1))) for op in (ast.Sub, ast.Add))
    if isinstance(node, ast.Subscript) and isinstance(node.slice, (ast.Constant, ast.UnaryOp)):
        for fold in ("sum", "mean"):
            yield "one", ast.Call(ast.Attribute(node.value, fold, ast.Load()), [ast.Constant(0)], [])


def rarer(node: ast.AST, parent: ast.AST, tree: ast.FunctionDef) -> Iterator[tuple[str, Any]]:
    """Factors and squares that are missing, and steps that are missing at the end; tried last."""
    if isinstance(parent, ast.Return) and isinstance(node, ast.expr):
        first = tree.args.args[0].arg if tree.args.args else "x"
        for kind, step in (
            ("axis", ".squeeze(-1)"), ("axis", ".squeeze(1)"), ("axis", ".squeeze(0)"),
            ("negative", ".relu()"), ("over", ".mean()"), ("over", ".sum()"), ("over", ".mean(-1)"), ("over", ".sum(-1)"),
            ("over", ".mean(0)"), ("over", ".sum(0)"), ("shape", f".view_as({first})"), ("plain", ".tolist()"),
            ("root", ".sqrt()"), ("root", ".square()"), ("mT", ".mT"), ("pick", ".values"), ("pick", ".indices"),
        ):  # fmt: skip
            yield f"last {kind}", ast.parse(f"({ast.unparse(node)}){step}", mode="eval").body
    inside = isinstance(parent, ast.BinOp) and isinstance(parent.op, (ast.Mult, ast.Div, ast.Add, ast.Sub))
    if inside and isinstance(node, (ast.Name, ast.Call, ast.BinOp, ast.Attribute, ast.Subscript)):
        yield "square", ast.BinOp(node, ast.Pow(), ast.Constant(2))
        yield "factor", ast.BinOp(node, ast.Div(), ast.Constant(2))
        yield "factor", ast.BinOp(ast.Constant(2), ast.Mult(), node)
    elif isinstance(parent, ast.Call) and isinstance(node, (ast.Name, ast.BinOp)) and node in parent.args:
        yield "square", ast.BinOp(node, ast.Pow(), ast.Constant(2))


def throughout(tree: ast.FunctionDef) -> Iterator[Change]:
    """The same change wherever one thing stands: an axis, `.T`, a dtype, the n − 1 of a variance."""
    for found in sorted({axis for call in _calls(tree) if (axis := _axis(call)) is not None}):
        if sum(_axis(call) == found for call in _calls(tree)) > 1:
            for axis in AXES:
                if axis != found:
                    yield _everywhere(
                        tree, "axes", lambda call, a=axis, f=found: _with_axis(call, a, f), f"axis {found}"
                    )
    yield _everywhere(tree, "stacks", lambda node: _renamed(node, "T", "mT"), ".T")
    yield _everywhere(tree, "float", _without_float, ".float()")
    yield _everywhere(tree, "variances", _corrected, "var and std")


def _everywhere(tree: ast.FunctionDef, kind: str, change: Any, text: str) -> Change:
    new = copy.deepcopy(tree)
    for node in ast.walk(new):
        for name, value in ast.iter_fields(node):
            if isinstance(value, list):
                setattr(node, name, [change(one) if isinstance(one, ast.AST) else one for one in value])
            elif isinstance(value, ast.AST):
                setattr(node, name, change(value))
    return Change(kind, range(tree.lineno, tree.lineno + 1), text, "", new)


def _calls(tree: ast.AST) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call) and _name(node) in ALONG]


def _name(call: ast.Call) -> str:
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def _axis(call: ast.Call) -> int | None:
    """The axis that a call like `x.sum(0)` or `F.normalize(x, dim=0)` names."""
    places = [keyword.value for keyword in call.keywords if keyword.arg == "dim"] + call.args[-1:]
    for value in places:
        try:
            axis = ast.literal_eval(value)
        except ValueError:
            continue
        if isinstance(axis, int) and not isinstance(axis, bool):
            return axis
    return None


def _with_axis(node: ast.AST, axis: int, found: int) -> ast.AST:
    if not (isinstance(node, ast.Call) and _name(node) in ALONG and _axis(node) == found):
        return node
    value = ast.parse(str(axis), mode="eval").body
    if any(keyword.arg == "dim" for keyword in node.keywords):
        return _called_with(node, "dim", value)
    new = copy.copy(node)
    new.args = [*node.args[:-1], value]
    return new


def _axes(call: ast.Call) -> Iterator[tuple[str, ast.AST]]:
    """Another axis, an axis where none is given, keepdim, values or indices of a pair."""
    name = _name(call)
    if name in ALONG and (found := _axis(call)) is not None:
        yield from (("axis", _with_axis(call, axis, found)) for axis in AXES if axis != found)
    elif name in FOLDING and isinstance(call.func, ast.Attribute) and not call.args and not call.keywords:
        yield from (("axis", _called_with(call, "dim", ast.parse(str(a), mode="eval").body)) for a in AXES)
    if name in {"mean", "sum", "norm", "amax"} and not any(keyword.arg == "keepdim" for keyword in call.keywords):
        yield "keepdim", _called_with(call, "keepdim", ast.Constant(True))
    if name in PAIRS:
        yield from (("pair", ast.Attribute(call, which, ast.Load())) for which in ("values", "indices"))


def _counts(node: ast.AST) -> bool:
    """Whether it says how many there are: len(x), x.shape[0], x.numel()."""
    if isinstance(node, ast.Call):
        return _name(node) in {"len", "numel", "size"}
    return isinstance(node, ast.Subscript) and getattr(node.value, "attr", "") == "shape"


def _renamed(node: ast.AST, old: str, new: str) -> ast.AST:
    if isinstance(node, ast.Attribute) and node.attr == old:
        return ast.Attribute(node.value, new, node.ctx)
    return node


def _without_float(node: ast.AST) -> ast.AST:
    while isinstance(node, ast.Call) and _name(node) == "float" and isinstance(node.func, ast.Attribute):
        node = node.func.value
    return node


def _corrected(node: ast.AST) -> ast.AST:
    if isinstance(node, ast.Call) and _name(node) in {"var", "std"}:
        return _called_with(node, "correction", ast.Constant(0))
    return node


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


def unused(tree: ast.FunctionDef) -> list[str]:
    read = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return [arg.arg for arg in tree.args.args if arg.arg not in read]
