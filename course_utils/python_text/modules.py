"""The modules of the standard library, and which of them no model of the course was trained on.

1. List the modules, and drop what is no ordinary code: tests, tables of data, generated files.
2. A hash of the module's dotted name says whether it is held out, so that the split is the same on every machine and
   for every version.
"""

import hashlib
import re
import sysconfig
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

STDLIB_CHARS = 12_000_000
HELD_OUT_SHARE = 0.05

_SKIP_PARTS = {"test", "tests", "testing", "idle_test", "_vendor", "vendored", "_vendored_packages", "externals",
               "third_party", "encodings", "pydoc_data", "lib2to3", "site-packages", "__pycache__", "_inductor"}
_SKIP_NAMES = re.compile(r"^(test_.*|.*_test|conftest|_?version|modular_.*|_pydoc.*|.*_pb2|.*unidata.*|entities)$")
_HEADER = re.compile(r"\A(?:\s*#[^\n]*\n)+")


@dataclass(frozen=True)
class Module:
    """One Python file: its dotted `name`, the `package` that brought it, its `text`."""

    name: str
    package: str
    text: str

    @property
    def held_out(self) -> bool:
        return is_held_out(self.name)


def is_held_out(name: str) -> bool:
    """Whether the module of this dotted name is never trained on, on any machine."""
    value = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    return value / 2**64 < HELD_OUT_SHARE


def clean(text: str) -> str | None:
    """The text without its licence header, tabs and trailing blanks; None if it is no ordinary code."""
    text = text.replace("\r\n", "\n").expandtabs(8).lstrip("\ufeff")
    header = _HEADER.match(text)
    if header and re.search(r"copyright|licen[sc]e", header.group(), re.I):
        text = text[header.end():]
    lines = [line.rstrip() for line in text.strip().split("\n")]
    text = "\n".join(lines) + "\n"
    if not 400 <= len(text) <= 150_000 or max(map(len, lines)) > 500:
        return None
    counts = Counter(map(str.isdigit, text))
    if not text.isascii() and sum(ord(c) > 127 for c in text) > 0.01 * len(text):
        return None
    return text if counts[True] < 0.08 * len(text) else None


def _dotted(path: Path) -> str:
    parts = list(path.with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def wanted(path: Path) -> bool:
    return (path.suffix == ".py" and not _SKIP_NAMES.match(path.stem)
            and not _SKIP_PARTS.intersection(path.parts[:-1]))


def read(root: Path, paths: list[Path], package: str, limit: int) -> list[Module]:
    """Modules in an order fixed by their names' hashes, until `limit` characters are reached."""
    modules, total = [], 0
    for path in sorted(paths, key=lambda p: hashlib.sha256(b"order " + _dotted(p).encode()).digest()):
        try:
            text = clean((root / path).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError):
            continue
        if text is None or total + len(text) > limit:
            continue
        modules.append(Module(_dotted(path), package, text))
        total += len(text)
    return modules


def standard_library() -> list[Module]:
    root = Path(sysconfig.get_path("stdlib"))
    return read(root, [p.relative_to(root) for p in root.rglob("*.py") if wanted(p.relative_to(root))],
                 "python", STDLIB_CHARS)


def read_module(name: str) -> str:
    """The cleaned text of one standard-library module, such as `json.decoder`."""
    root = Path(sysconfig.get_path("stdlib"))
    path = root / Path(*name.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    text = clean(path.read_text(encoding="utf-8")) if path.is_file() else None
    if text is None:
        raise ValueError(f"{name!r} is not an ordinary Python module of this standard library; "
                         f"`held_out_modules()` lists some that are.")
    return text


@lru_cache(maxsize=1)
def held_out_modules() -> tuple[str, ...]:
    """Names of the standard library's held-out modules on this Python, sorted."""
    return tuple(sorted(m.name for m in standard_library() if m.held_out))
