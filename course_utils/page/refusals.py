"""What can be refused by reading the source of a cell: checks that cannot fail, and answers that nobody computed.

1. `claim("…", True)`: the condition names nothing that was computed, so it holds or fails whatever happened.
2. `measured("lesson.question", "keys")`: the answer stands in the cell as a literal, where a learner reads it before
   predicting, and where it stays when the result changes.

A name that the same cell sets to a literal counts as that literal.
"""

import ast
from collections.abc import Iterator


def refusals(source: str) -> list[str]:
    """One sentence for each call in the cell `source` that is refused, in the order in which they stand."""
    tree = ast.parse(source)
    literals = _literal_names(tree)
    found = []
    for call, name, value in _calls(tree):
        if value is None or not _is_literal(value, literals):
            continue
        what = ast.unparse(call.args[0]) if call.args else "…"
        if name == "claim":
            found.append(
                f"The condition of claim({what}, …) is {ast.unparse(value)}, which holds or fails whatever was "
                "measured: compare something that was computed."
            )
        else:
            found.append(f"measured({what}, {ast.unparse(value)}) gives the answer away: pass what the cell computed.")
    return found


def constant_claim(source: str, line: int) -> bool:
    """Whether the call of `claim` that stands on this line of `source` has a condition that is a literal."""
    try:
        tree = ast.parse(source)
    except SyntaxError:  # the file was edited since it was read
        return False
    here = [c for c in _calls(tree) if c[1] == "claim" and c[0].lineno <= line <= c[0].end_lineno]
    return any(value is not None and _is_literal(value, _literal_names(tree)) for _, _, value in here)


def _calls(tree: ast.AST) -> Iterator[tuple[ast.Call, str, ast.expr | None]]:
    """(call, name, value) of every call of `claim` or `measured`, also through a module's name."""
    wanted = {"claim": "condition", "measured": "value"}
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for node in sorted(nodes, key=lambda node: (node.lineno, node.col_offset)):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name in wanted:
            given = {keyword.arg: keyword.value for keyword in node.keywords}
            yield node, name, node.args[1] if len(node.args) > 1 else given.get(wanted[name])


def _literal_names(tree: ast.AST) -> set[str]:
    """Names that are bound once, by a plain assignment of a literal."""
    bound: dict[str, list[ast.expr | None]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound.setdefault(node.id, []).append(None)
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            bound.setdefault(node.targets[0].id, []).append(node.value)
    return {
        name
        for name, values in bound.items()
        if len(values) == 2 and any(value is not None and _is_literal(value, set()) for value in values)
    }


def _is_literal(value: ast.expr, literals: set[str]) -> bool:
    """Whether nothing in the expression was computed elsewhere: no name but those of literals, no call."""
    return not any(
        isinstance(node, (ast.Call, ast.Await, ast.NamedExpr))
        or (isinstance(node, ast.Name) and node.id not in literals)
        for node in ast.walk(value)
    )
