"""Python modules cut into top-level statements: what each binds, what each uses, and a text that tells them apart."""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

Import = ast.Import | ast.ImportFrom
Target = tuple[str, ...]  # (module,) or (module, name in it)
SAME_FOR_ALL = ("ctx", "kind", "type_comment", "type_params")  # says nothing, or not in every version of Python


def canonical(node: object) -> str:
    """A text for a syntax tree, the same whatever its comments, docstrings and places."""
    if isinstance(node, ast.AST):
        doc = docstring(node)
        fields = []
        for name, value in ast.iter_fields(node):
            if name == "body" and doc is not None:
                value = value[1:]
            if name not in SAME_FOR_ALL and value is not None and value != []:
                fields.append(f"{name}={canonical(value)}")
        return f"{type(node).__name__}({', '.join(fields)})"
    if isinstance(node, list):
        return f"[{', '.join(map(canonical, node))}]"
    return repr(node)


def docstring(node: ast.AST) -> ast.Constant | None:
    if isinstance(node, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.body:
        first = node.body[0]
        if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
            return first.value
    return None


class Uses(ast.NodeVisitor):
    """What a piece of code uses: chains of names (`tf.removal` is ("tf", "removal")), strings, imports of its own."""

    def __init__(self, tree: ast.AST) -> None:
        self.chains: set[tuple[str, ...]] = set()
        self.strings: set[str] = set()
        self.imports: list[Import] = []
        self.visit(tree)

    def generic_visit(self, node: ast.AST) -> None:
        doc = docstring(node)
        for child in ast.iter_child_nodes(node):
            if not (doc and isinstance(child, ast.Expr) and child.value is doc):
                self.visit(child)

    def visit_Name(self, node: ast.Name) -> None:
        self.chains.add((node.id,))

    def visit_Attribute(self, node: ast.Attribute) -> None:
        chain, inner = [node.attr], node.value
        while isinstance(inner, ast.Attribute):
            chain, inner = [inner.attr, *chain], inner.value
        if isinstance(inner, ast.Name):
            self.chains.add((inner.id, *chain))
        else:
            self.visit(inner)

    def visit_Import(self, node: ast.Import) -> None:
        self.imports.append(node)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        self.imports.append(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self.strings.add(node.value)


@dataclass(frozen=True, eq=False)
class Module:
    """A module of a package: its dotted name, its syntax tree, whether it is a folder's `__init__`."""

    name: str
    tree: ast.Module
    is_package: bool

    @cached_property
    def imports(self) -> list[Import]:
        """Those that run when the module does."""
        found = []
        for statement in self.tree.body:
            if isinstance(statement, Import):
                found.append(statement)
            elif not _defines(statement) and hasattr(statement, "body"):  # if, try, with and loops
                found += Uses(statement).imports
        return found

    @cached_property
    def targets(self) -> dict[str, Target]:
        """What the names that these bind stand for."""
        return targets(self.imports, self)

    @cached_property
    def binds(self) -> dict[str, list[ast.stmt]]:
        """The statements that give a name its value."""
        found: dict[str, list[ast.stmt]] = {}
        for statement in self.tree.body:
            for name in _bound(statement):
                found.setdefault(name, []).append(statement)
        return found

    @cached_property
    def always(self) -> list[ast.stmt]:
        """What runs at every import and may change something: all but imports and what only binds names."""
        return [statement for statement in self.tree.body if _acts(statement) and statement not in self.declaring]

    @cached_property
    def declares(self) -> dict[str, list[ast.stmt]]:
        """In a lesson's `exercises`: by the id of an exercise or a prediction, "lesson.name", its statements."""
        parts = self.name.split(".")
        found: dict[str, list[ast.stmt]] = {}
        if "exercises" in parts[2:3]:
            for statement in self.tree.body:
                for text in Uses(statement).strings:
                    if text.startswith(f"{parts[1]}.") and text.count(".") == 1:
                        found.setdefault(text, []).append(statement)
        return found

    @cached_property
    def declaring(self) -> list[ast.stmt]:
        return [statement for statements in self.declares.values() for statement in statements]


def targets(imports: Iterable[Import], importer: Module | None) -> dict[str, Target]:
    """What the names that imports bind stand for; "*" stands for the module of a star import."""
    found: dict[str, Target] = {}
    for node in imports:
        for alias in node.names:
            if isinstance(node, ast.ImportFrom):
                base = _base(node, importer)
                found[alias.asname or alias.name] = (base,) if alias.name == "*" else (base, alias.name)
            else:
                found[alias.asname or alias.name.split(".")[0]] = (
                    (alias.name,) if alias.asname else (alias.name.split(".")[0],)
                )
    return found


def modules_of(imports: Iterable[Import], importer: Module | None) -> Iterator[str]:
    """The dotted names of the modules that imports may run."""
    for node in imports:
        for alias in node.names:
            if isinstance(node, ast.ImportFrom):
                yield _base(node, importer)
                yield f"{_base(node, importer)}.{alias.name}"
            else:
                yield alias.name


def _base(node: ast.ImportFrom, importer: Module | None) -> str:
    """The module that `from … import` names, dots resolved."""
    if not node.level or importer is None:
        return node.module or ""
    parts = importer.name.split(".")
    up = node.level - importer.is_package
    return ".".join([*parts[: len(parts) - up], *filter(None, [node.module])])


def _defines(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)


def _bound(statement: ast.stmt) -> set[str]:
    if _defines(statement):
        return {statement.name}
    if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        aims = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return {node.id for aim in aims for node in ast.walk(aim) if isinstance(node, ast.Name)}
    names = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return names | {node.name for node in ast.walk(statement) if _defines(node)}


def _acts(statement: ast.stmt) -> bool:
    """Whether importing the module runs something for its effect; `__version__` is shown by every notebook."""
    if isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign):
        aims = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return any(not isinstance(aim, ast.Name | ast.Tuple) or getattr(aim, "id", "") == "__version__" for aim in aims)
    if isinstance(statement, ast.Expr):
        return not isinstance(statement.value, ast.Constant)
    if isinstance(statement, ast.If) and {"TYPE_CHECKING", "__name__"} & {c[-1] for c in Uses(statement.test).chains}:
        return False
    return not _defines(statement) and not isinstance(statement, Import)
