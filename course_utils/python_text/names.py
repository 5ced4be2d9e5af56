"""What each name in a Python text does, by the parser; part of `labels.py`."""
from __future__ import annotations

import ast
from bisect import bisect_left
from itertools import pairwise

import numpy as np

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class _Places:
    """From the parser's (line, byte column) to a place in the text, and from there to a Python token."""

    def __init__(self, text: str, pieces: list):
        self.lines = text.split("\n")
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line) + 1)
        self.pieces = pieces
        self.begins = [piece.start for piece in pieces]

    def at(self, line: int, column: int) -> int:
        return self.starts[line - 1] + len(self.lines[line - 1].encode()[:column].decode())

    def span(self, node: ast.AST) -> tuple[int, int]:
        return self.at(node.lineno, node.col_offset), self.at(node.end_lineno, node.end_col_offset)

    def within(self, start: int, end: int) -> list:
        """Python tokens that begin in [start, end)."""
        return self.pieces[bisect_left(self.begins, start):bisect_left(self.begins, end)]

    def of(self, node: ast.AST) -> list:
        return self.within(*self.span(node))


def mark_names(tree: ast.Module, text: str, pieces: list, flags: dict[str, np.ndarray]) -> None:
    """Set the flags that only the parser knows. Changes `flags`, and `kind` of soft keywords in `pieces`."""
    places = _Places(text, pieces)

    def mark(piece, *labels: str) -> None:
        if piece is not None and piece.kind == "name":          # a name in an f-string has no piece of its own
            for label in labels:
                flags[label][piece.start:piece.end] = True

    def first(found: list, *strings: str):
        """The name that follows the first of these strings."""
        for before, piece in pairwise(found):
            if before.string in strings:
                return piece
        return None

    def first_name(node: ast.AST):
        start, _ = places.span(node)
        found = places.within(start, start + 1)
        return found[0] if found else None

    def called(node: ast.Call) -> None:
        if isinstance(node.func, ast.Name):
            mark(first_name(node.func), "call")
        elif isinstance(node.func, ast.Attribute):
            mark(_last(places.of(node.func)), "call")

    for node in ast.walk(tree):
        match node:
            case ast.Name():
                label = {ast.Load: "use", ast.Store: "definition"}.get(type(node.ctx))
                mark(first_name(node), *filter(None, (label,)))
            case ast.Attribute():
                mark(_last(places.of(node)), "attribute")
            case ast.arg():
                mark(first_name(node), "definition", "parameter")
            case ast.Import() | ast.ImportFrom():
                _mark_import(node, places, mark)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                mark(first(places.of(node), "def"), "definition", "function_name")
            case ast.ClassDef():
                mark(first(places.of(node), "class"), "definition", "class_name")
            case ast.ExceptHandler() if node.name:
                after = places.span(node.type)[1]
                mark(first(places.within(after, places.at(*_start(node.body[0]))), "as"), "definition")
            case ast.MatchAs() | ast.MatchStar() if node.name:
                mark(_last(places.of(node)), "definition")
            case ast.MatchMapping() if node.rest:
                mark(first(places.of(node), "**"), "definition")
            case ast.Match():
                first_name(node).kind = "keyword"
                for branch in node.cases:
                    before = places.within(places.span(node)[0], places.span(branch.pattern)[0])
                    _last([piece for piece in before if piece.string == "case"]).kind = "keyword"
            case _ if type(node).__name__ == "TypeAlias":
                first_name(node).kind = "keyword"
            case _ if type(node).__name__ in ("TypeVar", "ParamSpec", "TypeVarTuple"):
                mark(next((p for p in places.of(node) if p.string == node.name), None), "definition")
        if isinstance(node, ast.Call):
            called(node)
        if isinstance(node, (ast.Module, *_SCOPES)) and ast.get_docstring(node, clean=False) is not None:
            for piece in places.of(node.body[0]):
                flags["in_docstring"][piece.start:piece.end] = piece.kind == "string"


def _last(found: list):
    return found[-1] if found else None


def _start(node: ast.AST) -> tuple[int, int]:
    return node.lineno, node.col_offset


def _mark_import(node: ast.Import | ast.ImportFrom, places: _Places, mark) -> None:
    """Every name of the statement is an import; the ones that it binds are definitions."""
    for piece in places.of(node):
        mark(piece, "import")
    for alias in node.names:
        found = [piece for piece in places.of(alias) if piece.kind == "name"]
        if found:
            mark(found[-1] if alias.asname else found[0], "definition")
