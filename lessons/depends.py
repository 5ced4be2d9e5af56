"""What a notebook executes, as one fingerprint: equal fingerprints mean that its outputs are still right.

1. From the names that the code cells use, `Package.reach` follows imports, names and attributes of modules to all
   top-level statements of the package that may run for them. A class counts whole, with its methods; what a module
   does for its effect (a call, a loop) counts wherever the module is imported. The id of an exercise or a prediction
   ("induction.heard") reaches the statement that declares it.
2. A string that is the name of a bundled model stands for the model's card, which holds the checksums of its files;
   one that is the name of another data file stands for its content. Sample programs count all together.
3. The fingerprint is a hash of the code cells, these statements and these data. Comments, docstrings and the place
   of a statement do not count: prose executes nothing, and neither does moving a function.

What it does not see: other packages, modules of this one that are imported by a name computed at run time, and which
models there are (`zoo.available()`), on purpose: adding a model executes nothing.
"""

import ast
import hashlib
from collections import defaultdict
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from nbformat import NotebookNode
from statements import Import, Module, Target, Uses, canonical, modules_of, targets

SAMPLES = "samples"  # a folder of programs that are read as text


def fingerprint(nb: NotebookNode, course: "Package") -> str:
    """A hash of everything in this repository that can change the outputs of `nb`."""
    cells = [ast.parse(cell.source) for cell in nb.cells if cell.cell_type == "code"]
    reached = course.reach(cells)
    digest = hashlib.sha256(canonical(cells).encode())
    for text in sorted(map(course.text, reached.statements)):
        digest.update(b"\0" + text.encode())
    for file in course.data(reached):
        content = file.read_bytes()
        if file.suffix in (".py", ".json"):
            content = content.replace(b"\r\n", b"\n")
        digest.update(f"\0{file.name}\0".encode() + hashlib.sha256(content).digest())
    return digest.hexdigest()


@cache
def own_package(folder: Path) -> "Package":
    """The course's own package, read once: it does not change while notebooks are built."""
    return Package(folder)


@dataclass(frozen=True)
class Reached:
    """What executing some code may run and read: statements, the modules where they stand, strings in them."""

    statements: frozenset[ast.stmt]
    modules: frozenset[str]
    strings: frozenset[str]


class Package:
    """A Python package in a folder, whose statements can be followed."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.modules = folder, {}
        for path in sorted(folder.rglob("*.py")):
            parts = (folder.name, *path.relative_to(folder).with_suffix("").parts)
            inside = parts[-1] == "__init__"
            if inside or path.parent.name != SAMPLES:
                name = ".".join(parts[:-1] if inside else parts)
                self.modules[name] = Module(name, ast.parse(path.read_text(encoding="utf8")), inside)
        self._texts: dict[ast.AST, str] = {}
        self._uses: dict[ast.AST, Uses] = {}

    def reach(self, cells: list[ast.Module]) -> Reached:
        """What executing `cells` may run of this package."""
        return _Search(self, cells).reached()

    def uses(self, tree: ast.AST) -> Uses:
        if tree not in self._uses:
            self._uses[tree] = Uses(tree)
        return self._uses[tree]

    def text(self, statement: ast.stmt) -> str:
        if statement not in self._texts:
            self._texts[statement] = canonical(statement)
        return self._texts[statement]

    def data(self, reached: Reached) -> list[Path]:
        """The files that are read: cards of models and stored results by their names, samples all together."""
        found = {card for name, card in self._cards.items() if name in reached.strings}
        rooms = {name.split(".")[1] for name in reached.modules if "." in name}  # who runs nothing there reads nothing
        for path in self._others:
            if path.relative_to(self.folder).parts[0] in rooms and {path.stem, path.name} & reached.strings:
                found.add(path)
        for name in reached.modules:
            if name.endswith(f".{SAMPLES}"):
                found |= set(self.folder.joinpath(*name.split(".")[1:]).glob("*.py"))
        return sorted(found)

    @cached_property
    def _cards(self) -> dict[str, Path]:
        return {path.parent.name: path for path in self.folder.rglob("card.json")}

    @cached_property
    def _others(self) -> list[Path]:
        """Data files that belong to no model."""
        of_models = {card.parent for card in self._cards.values()}
        files = (path for path in self.folder.rglob("*") if path.suffix not in (".py", ".pyc") and path.is_file())
        return [path for path in files if not of_models & set(path.parents)]

    @cached_property
    def declarations(self) -> dict[str, list[tuple[ast.stmt, Module]]]:
        """By the id of an exercise or a prediction, the statements that declare it."""
        found = defaultdict(list)
        for module in self.modules.values():
            for text, statements in module.declares.items():
                found[text] += [(statement, module) for statement in statements]
        return found


class _Search:
    """One walk through a package, from some code to all that it reaches."""

    def __init__(self, package: Package, cells: list[ast.Module]) -> None:
        self.package = package
        self.statements: set[ast.stmt] = set()
        self.modules: set[str] = set()  # with a statement that is reached
        self.touched: set[str] = set()  # imported
        self.whole: set[str] = set()  # used as a value
        self.strings: set[str] = set()
        self.waiting: list[tuple[ast.stmt, Module]] = []
        code = ast.Module([statement for cell in cells for statement in cell.body], [])
        self._follow(Uses(code), None)
        while self.waiting:
            statement, module = self.waiting.pop()
            self._follow(self.package.uses(statement), module)

    def reached(self) -> Reached:
        return Reached(frozenset(self.statements), frozenset(self.modules), frozenset(self.strings))

    def _follow(self, uses: Uses, module: Module | None) -> None:
        self._import(uses.imports, module)
        own = targets(uses.imports, module)
        for chain in uses.chains:
            if chain[0] in own:
                self._resolve(own[chain[0]], chain[1:])
            elif module:
                self._name(module, chain[0], chain[1:])
        for text in uses.strings - self.strings:
            self.strings.add(text)
            for statement, declaring in self.package.declarations.get(text, ()):
                self._touch(declaring.name)
                self._take(statement, declaring)

    def _import(self, imports: list[Import], importer: Module | None) -> None:
        for name in modules_of(imports, importer):
            self._touch(name)
        if "*" in (own := targets(imports, importer)):
            self._resolve(own["*"], ())

    def _touch(self, name: str) -> None:
        """Importing a module runs it and the packages around it, and what these import."""
        parts = name.split(".")
        for depth in range(1, len(parts) + 1):
            module = self.package.modules.get(".".join(parts[:depth]))
            if module and module.name not in self.touched:
                self.touched.add(module.name)
                for statement in module.always:
                    self._take(statement, module)
                self._import(module.imports, module)

    def _take(self, statement: ast.stmt, module: Module) -> None:
        if statement not in self.statements and not isinstance(statement, Import):
            self.statements.add(statement)
            self.modules.add(module.name)
            self.waiting.append((statement, module))

    def _name(self, module: Module, name: str, rest: tuple[str, ...]) -> None:
        """A global name of a module is used, and of what it stands for the attributes `rest`."""
        for statement in module.binds.get(name, ()):
            self._take(statement, module)
        if module.targets.get(name, (module.name, name)) != (module.name, name):
            self._resolve(module.targets[name], rest)
        elif name not in module.binds:  # `from . import name`, or imported elsewhere: a module of this folder
            self._resolve((f"{module.name}.{name}",), rest)

    def _resolve(self, target: Target, rest: tuple[str, ...]) -> None:
        module = self.package.modules.get(target[0])
        if module is None:
            return
        self._touch(module.name)
        chain = (*target[1:], *rest)
        if chain:
            self._name(module, chain[0], chain[1:])
        elif module.name not in self.whole:  # the module itself is a value here: anything in it may be used
            self.whole.add(module.name)
            for name in (*module.binds, *module.targets):
                self._name(module, name, ())
