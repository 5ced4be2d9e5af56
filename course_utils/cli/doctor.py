"""`course doctor`: ten lines that say whether this machine can run the course, and what to do if not.

Each line is one `Finding`: fine, worth knowing, or broken (the course cannot run). An examination that fails
itself is a finding, never a traceback: a machine that needs a doctor is a machine where imports break.
"""

import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from course_utils import learner_file
from course_utils.cli.checkout import Stop, root
from course_utils.cli.start import exercises

DISTRIBUTION = "mechinterp-course"
GB = 1e9
MEMORY_NEEDED = 3  # GB, the budget of a notebook
MARKS = {"fine": "✓", "note": "·", "broken": "✗"}


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, how it is, and, where it is not fine, what to do."""

    what: str
    state: str  # "fine", "note" or "broken"
    is_so: str
    to_do: str = ""


def diagnose() -> list[Finding]:
    """Look at everything; takes the seconds that importing torch takes."""
    examinations = (_python, _packages, _jupyterlab, _device, _memory, _disk, _course, _models, _gpt2, _progress)
    return [_examined(examination) for examination in examinations]


def shown(findings: list[Finding]) -> list[str]:
    """The findings as lines of text, and one sentence at the end."""
    lines = []
    for finding in findings:
        to_do = f" → {finding.to_do}" if finding.to_do else ""
        lines.append(f"{MARKS[finding.state]} {finding.what:<11} {finding.is_so}{to_do}")
    broken = [finding.what for finding in findings if finding.state == "broken"]
    if broken:
        return [*lines, f"The course cannot run here yet: see {', '.join(broken)} above."]
    return [*lines, "This machine can run the course."]


def _examined(examination: Callable[[], Finding]) -> Finding:
    what = examination.__name__.strip("_")
    try:
        return examination()
    except Exception as error:  # the examination is of a machine that may be broken in any way
        text = " ".join(str(error).split())[:200]
        return Finding(what, "broken", f"could not be examined ({type(error).__name__}: {text})", _reinstall())


def _reinstall() -> str:
    return 'install the course again (`make lab`, or `pip install -e ".[lab]"` in its folder)'


def _python() -> Finding:
    from packaging.specifiers import SpecifierSet

    version = ".".join(map(str, sys.version_info[:3]))
    supported = metadata.metadata(DISTRIBUTION)["Requires-Python"]
    if version in SpecifierSet(supported):
        return Finding("python", "fine", f"{version}, {sys.executable}")
    return Finding("python", "broken", f"{version} is outside {supported}", "install a Python within it and begin anew")


def _packages() -> Finding:
    from packaging.requirements import Requirement

    found, wrong = [], []
    for line in metadata.requires(DISTRIBUTION) or []:
        need = Requirement(line)
        if need.marker and not need.marker.evaluate({"extra": ""}):
            continue
        try:
            version = metadata.version(need.name)
        except metadata.PackageNotFoundError:
            wrong.append(f"{need.name} is missing")
            continue
        if need.specifier.contains(version, prereleases=True):
            found.append(f"{need.name} {version}")
        else:
            wrong.append(f"{need.name} {version} is outside {need.specifier}")
    if wrong:
        return Finding("packages", "broken", "; ".join(wrong), _reinstall())
    return Finding("packages", "fine", ", ".join(found))


def _jupyterlab() -> Finding:
    if find_spec("jupyterlab") is None:
        return Finding("jupyterlab", "note", "not installed; other Jupyters do as well",
                       'for `course lab`, `pip install -e ".[lab]"` in the course\'s folder')  # fmt: skip
    return Finding("jupyterlab", "fine", metadata.version("jupyterlab"))


def _device() -> Finding:
    import torch

    from course_utils import runtime

    try:
        device = runtime.device()
    except RuntimeError as error:
        return Finding("device", "broken", str(error), "correct or unset the variable COURSE_DEVICE")
    works = (torch.ones(2, 3, device=device) @ torch.ones(3, 2, device=device)).sum().item() == 12
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else f"{torch.get_num_threads()} threads"
    if not works:
        return Finding("device", "broken", f"{device} multiplies wrongly", "set COURSE_DEVICE=cpu")
    return Finding("device", "fine", f"{device} ({name})")


def _memory() -> Finding:
    import psutil

    memory = psutil.virtual_memory()
    total, free = memory.total / GB, memory.available / GB
    text = f"{free:.1f} GB free of {total:.1f} GB; a notebook takes up to {MEMORY_NEEDED} GB"
    if total < MEMORY_NEEDED:
        return Finding("memory", "broken", text, "use a larger machine, or Colab (see README)")
    if free < MEMORY_NEEDED:
        return Finding("memory", "note", text, "close other programs and notebooks")
    return Finding("memory", "fine", text)


def _disk() -> Finding:
    free = shutil.disk_usage(_existing(learner_file.home())).free / GB
    if free < 0.1:
        return Finding("disk", "broken", f"{free:.2f} GB free where progress is kept", "make room")
    if free < 1:
        return Finding("disk", "note", f"{free:.2f} GB free", "make room before training models or fetching GPT-2")
    return Finding("disk", "fine", f"{free:.0f} GB free")


def _course() -> Finding:
    try:
        folder = root()
    except Stop as reason:
        return Finding("course", "note", "the package alone", str(reason))
    there = exercises(folder)
    if not there:
        return Finding("course", "broken", f"{folder} has no exercises", "fetch it again: the copy is incomplete")
    mine = sum((folder / "my" / path.name).exists() for path in there)
    to_do = "" if mine == len(there) else "`course start` copies the others into my/"
    state = "fine" if mine == len(there) else "note"
    return Finding("course", state, f"{folder}, {mine} of {len(there)} exercise notebooks begun", to_do)


def _models() -> Finding:
    from course_utils.zoo import ZooError
    from course_utils.zoo.cards import WEIGHTS, checked_bytes, read_card

    size, names = 0, []
    for folder in sorted(path.parent for path in WEIGHTS.rglob("*.safetensors") if path.parent.name != "checkpoints"):
        try:
            card = read_card(folder)
            size += sum(len(checked_bytes(folder, card, name)) for name in card["files"])
        except ZooError as error:
            said, _, to_do = str(error).rpartition(": ")
            return Finding("models", "broken", said, to_do)
        names.append(folder.name)
    if not names:
        return Finding("models", "note", "none is bundled", "`make models` trains them; lesson 1 needs none")
    return Finding("models", "fine", f"{', '.join(names)} ({size / 1e6:.0f} MB), each as its card says")


def _gpt2() -> Finding:
    from course_utils import zoo

    if zoo.cached("gpt2"):
        return Finding("gpt-2", "fine", "in the local cache")
    return Finding("gpt-2", "note", "not in the local cache; only the last section of a lesson asks for it, "
                   "and goes on without it")  # fmt: skip


def _progress() -> Finding:
    folder = learner_file.home()
    if not os.access(_existing(folder), os.W_OK):
        return Finding("progress", "broken", f"{folder} cannot be written",
                       "set COURSE_HOME to a folder of yours, or correct the owner")  # fmt: skip
    aside = sorted(folder.glob("*broken-*")) if folder.exists() else []
    try:
        kept = json.loads(learner_file.path().read_text(encoding="utf8"))
        count = len(kept.get("exercises", {}))
    except FileNotFoundError:
        return Finding("progress", "fine", f"none yet; it will be kept in {folder}")
    except (ValueError, AttributeError):
        return Finding("progress", "note", f"{learner_file.path()} cannot be read",
                       "nothing: the next use sets it aside and begins a new one")  # fmt: skip
    text = f"{count} exercise{'s' * (count != 1)} in {learner_file.path()}"
    if aside:
        return Finding("progress", "note", text, f"{len(aside)} broken file(s) set aside there may be deleted")
    return Finding("progress", "fine", text)


def _existing(folder: Path) -> Path:
    """The folder, or the nearest above it that exists."""
    return next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
