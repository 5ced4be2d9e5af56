"""The text that the code models learn from: Python that is already on the machine.

1. List the modules of the standard library and of the permissively licensed packages in `PACKAGES`.
2. Drop what is no ordinary code, and set aside what is held out (`course_utils/python_text/modules.py`).
3. Remove from the training side every file that is nearly a copy of a held-out one.

Nothing of this text is committed; `sources()` names every package with its version and licence.
"""
from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from course_utils.python_text.modules import Module, read, standard_library, wanted

#: Distributions that arrive with the course, and may be read by anybody for any purpose.
PACKAGES = (
    "torch", "transformers", "transformer-lens", "scipy", "sympy", "scikit-learn", "numpy", "networkx",
    "matplotlib", "pandas", "datasets", "fonttools", "ipython", "jedi", "parso", "jupyter-server", "jupyterlab",
    "notebook", "nbconvert", "nbformat", "nbclient", "jupyter-client", "jupyter-core", "traitlets", "tornado",
    "pygments", "requests", "urllib3", "rich", "click", "jinja2", "fsspec", "huggingface-hub", "accelerate",
    "beartype", "einops", "jaxtyping", "ipywidgets", "ipykernel", "joblib", "prompt-toolkit", "mistune",
    "packaging", "markdown-it-py", "pyyaml", "pyparsing", "mpmath", "httpx", "anyio", "attrs", "beautifulsoup4",
    "python-dateutil", "sqlalchemy", "pydantic", "lark", "contourpy", "cycler", "tokenizers", "safetensors",
)
PERMISSIVE = re.compile(r"\b(MIT|BSD|Apache|ISC|PSF|Python Software Foundation|HPND|0BSD|Zlib)\b", re.I)
COPYLEFT = re.compile(r"\b(GPL|LGPL|AGPL|GNU|MPL|Mozilla)", re.I)
PACKAGE_CHARS = 600_000        # of one package at most, so that no house style wins
NEAR_COPY = 0.2                  # share of four-line windows in common that makes two files near-copies


@dataclass(frozen=True)
class Corpus:
    """Training and held-out modules, and what was left out of training for resembling the latter."""

    train: tuple[Module, ...]
    held_out: tuple[Module, ...]
    near_copies: tuple[str, ...]

    def fingerprint(self) -> str:
        """Twelve hexadecimal digits that change when any character of the corpus does."""
        digest = hashlib.sha256()
        for module in (*self.train, *self.held_out):
            digest.update(module.name.encode() + b"\0" + module.text.encode() + b"\0")
        return digest.hexdigest()[:12]


def cache_dir() -> Path:
    """Where tokens and running trainings' data are kept, outside the repository."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(base) / "mechinterp-course"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def licence(package: str) -> str:
    """The licence that an installed distribution declares, on one line; '' if it declares none."""
    about = importlib.metadata.metadata(package)
    classifiers = [c.split("::")[-1].strip() for c in about.get_all("Classifier", []) if c.startswith("License")]
    declared = about.get("License-Expression") or "; ".join(classifiers) or about.get("License") or ""
    return declared.strip().split("\n")[0][:80]


def sources() -> dict[str, dict[str, str]]:
    """{package: {version, licence}} of everything that is read here and is installed."""
    found = {"python": {"version": platform.python_version(), "licence": "PSF-2.0"}}
    for package in PACKAGES:
        try:
            version = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
        terms = licence(package)
        if PERMISSIVE.search(terms) and not COPYLEFT.search(terms):
            found[package] = {"version": version, "licence": terms}
    return found


def _distribution(package: str) -> list[Module]:
    files = importlib.metadata.distribution(package).files or []
    if not files:
        return []
    root = Path(files[0].locate()).parents[len(Path(files[0]).parts) - 1]
    return read(root, [Path(f) for f in files if ".." not in Path(f).parts and wanted(Path(f))],
                 package, PACKAGE_CHARS)


def shingles(text: str) -> set[int]:
    """Hashes of every window of four lines that say something."""
    lines = [line.strip() for line in text.split("\n")]
    lines = [line for line in lines if len(line) > 5]
    return {hash("\n".join(lines[i:i + 4])) for i in range(len(lines) - 3)}


def remove_near_copies(train: list[Module], held_out: list[Module]) -> tuple[list[Module], list[str]]:
    """Training modules that resemble no held-out one, and the names of those that do.

    Two files resemble each other when more than `NEAR_COPY` of the windows of either are in the other.
    """
    owners: dict[int, list[int]] = {}
    sizes = []
    for index, module in enumerate(held_out):
        windows = shingles(module.text)
        sizes.append(max(1, len(windows)))
        for window in windows:
            owners.setdefault(window, []).append(index)
    kept, dropped = [], []
    for module in train:
        windows = shingles(module.text)
        common = Counter(owner for window in windows for owner in owners.get(window, ()))
        shared = sum(window in owners for window in windows)
        near = shared > NEAR_COPY * max(1, len(windows)) or any(n > NEAR_COPY * sizes[i] for i, n in common.items())
        dropped.append(module.name) if near else kept.append(module)
    return kept, dropped


def corpus(packages: tuple[str, ...] | None = None) -> Corpus:
    """Everything there is to read here, split; `packages` limits it (the standard library is "python")."""
    modules: list[Module] = []
    for package in sources():
        if packages is None or package in packages:
            modules += standard_library() if package == "python" else _distribution(package)
    unique = list({m.text: m for m in reversed(modules)}.values())[::-1]
    held_out = [m for m in unique if m.held_out]
    train, near = remove_near_copies([m for m in unique if not m.held_out], held_out)
    return Corpus(tuple(train), tuple(held_out), tuple(near))
