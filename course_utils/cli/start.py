"""Copy exercises into my/, where the learner works; never touch what is there.

1. A notebook that is missing in my/ is copied.
2. One that is there stays as it is. `my/.versions.json` remembers which versions the learner has been given;
   when the course's exercise is none of them, it is put beside the learner's with a date in its name.
3. A version is a hash of the cells, so that line endings and metadata make no new version, and so that
   a version that lies in my/ under any name is recognised even when the record is lost.
"""

import hashlib
import json
import os
import shutil
from datetime import date
from pathlib import Path

from course_utils.cli.checkout import Stop

RECORD = ".versions.json"


def start(root: Path, wanted: list[str] | None = None, today: date | None = None) -> list[str]:
    """Bring the wanted exercises (all, where none is named) into my/; returns a sentence for each.

    Raises:
        Stop: there is no such exercise, or my/ cannot be written.
    """
    mine = root / "my"
    try:
        mine.mkdir(exist_ok=True)
        record = _read(mine)
        lines = [_bring(exercise, mine, record, today or date.today()) for exercise in _chosen(root, wanted or [])]
        _write(mine, record)
    except OSError as error:
        why = error.strerror or error
        raise Stop(f"The folder {mine} cannot be written ({why}): check its owner and the disk.") from None
    return lines


def exercises(root: Path) -> list[Path]:
    """The built exercise notebooks, in the order of the lessons."""
    return sorted(path for path in (root / "exercises").glob("*.ipynb") if not path.name.startswith("."))


def version(notebook: Path) -> str:
    """A hash of the cells' kinds and text; of the bytes, where the file is no notebook."""
    content = notebook.read_bytes()
    try:
        cells = [(cell["cell_type"], "".join(cell["source"])) for cell in json.loads(content)["cells"]]
    except (ValueError, KeyError, TypeError):
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()


def _chosen(root: Path, wanted: list[str]) -> list[Path]:
    there = exercises(root)
    if not there:
        raise Stop(f"There are no exercises in {root / 'exercises'}: is this a complete copy of the course?")
    if not wanted:
        return there
    chosen = []
    for name in wanted:
        short = name.removesuffix(".ipynb")
        number = short.zfill(2) if short.isdecimal() else None
        found = [path for path in there if path.stem == short or path.stem.split("_", 1)[0] == number
                 or path.stem.split("_", 1)[-1] == short]  # fmt: skip
        if not found:
            raise Stop(f"There is no exercise {name!r}: there is {', '.join(path.stem for path in there)}.")
        chosen += [path for path in found if path not in chosen]
    return chosen


def _bring(exercise: Path, mine: Path, record: dict[str, list[str]], today: date) -> str:
    own, new = mine / exercise.name, version(exercise)
    given = record.setdefault(exercise.stem, [])
    there = sorted(mine.glob(f"{exercise.stem}*.ipynb"))
    if not own.exists():
        _copy(exercise, own)
        line = f"{_short(own)} is new: open it and begin."
    elif new in given or new in map(version, there):
        line = f"{_short(own)} is there already and stays as it is."
    else:
        beside = _free(mine, f"{exercise.stem}.{today.isoformat()}")
        _copy(exercise, beside)
        line = (
            f"{_short(own)} is yours and stays as it is; the course's exercise has changed since, "
            f"and the new one lies beside it: {_short(beside)}."
        )
    if new not in given:
        given.append(new)
    return line


def _free(mine: Path, stem: str) -> Path:
    """`stem.ipynb`, or with -2, -3, … where that name is taken."""
    path, count = mine / f"{stem}.ipynb", 1
    while path.exists():
        count += 1
        path = mine / f"{stem}-{count}.ipynb"
    return path


def _copy(source: Path, target: Path) -> None:
    """Copy under a name that appears only when the copy is complete."""
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        shutil.copyfile(source, partial)
        partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)


def _short(path: Path) -> str:
    return f"my/{path.name}"


def _read(mine: Path) -> dict[str, list[str]]:
    try:
        found = json.loads((mine / RECORD).read_text(encoding="utf8"))
    except (OSError, ValueError):
        return {}
    return {name: list(given) for name, given in found.items()} if isinstance(found, dict) else {}


def _write(mine: Path, record: dict[str, list[str]]) -> None:
    new = mine / f"{RECORD}.{os.getpid()}"
    new.write_text(json.dumps(record, indent=1, sort_keys=True), encoding="utf8")
    new.replace(mine / RECORD)
