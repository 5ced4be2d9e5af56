"""Weight files and the cards that vouch for them.

A model is a folder: `card.json`, `tokenizer.json`, `model.safetensors` and, for some, `checkpoints/`. The card
holds the SHA-256 of every file. Whatever is wrong with a file is said in one sentence that ends with what to do.
"""
from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load as parse_safetensors
from safetensors.torch import save as to_safetensors
from torch import Tensor

FORMAT = 1          # of cards; a card with a higher number was written by a later version of the course
WEIGHTS = Path(__file__).parent / "weights"
_REPAIR = "restore it with `git checkout -- {path}`, or train it again with `python -m models.{maker} {name}`"


class ZooError(RuntimeError):
    """A model cannot be loaded; the message says why and what to do."""


def _advice(folder: Path, path: Path) -> str:
    maker = "sae" if folder.parent.name == "dictionaries" else "train"
    return _REPAIR.format(path=path, name=folder.name, maker=maker)


def read_card(folder: Path) -> dict:
    """The card of the model in `folder`.

    Raises:
        ZooError: it is missing, unreadable, or from a later version.
    """
    path = folder / "card.json"
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ZooError(f"{path} is missing: {_advice(folder, path)}.") from None
    except (OSError, ValueError):
        raise ZooError(f"{path} is not a readable card: {_advice(folder, path)}.") from None
    if not isinstance(card, dict) or not isinstance(card.get("format"), int) or "files" not in card:
        raise ZooError(f"{path} is not a card of this course: {_advice(folder, path)}.")
    if card["format"] > FORMAT:
        raise ZooError(f"{path} was written by a later version of the course (format {card['format']}, this one "
                       f"reads up to {FORMAT}): update the course with `git pull` and `make lab`.")
    return card


def write_card(folder: Path, card: dict) -> None:
    """Write `card`, with the hashes of all other files in `folder`, in one move."""
    files = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.name not in ("card.json", "card.tmp")):
        data = path.read_bytes()
        files[path.relative_to(folder).as_posix()] = {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)}
    temporary = folder / "card.tmp"
    temporary.write_text(json.dumps({**card, "format": FORMAT, "files": files}, indent=1, ensure_ascii=False) + "\n",
                         encoding="utf-8")
    os.replace(temporary, folder / "card.json")


def checked_bytes(folder: Path, card: dict, relative: str) -> bytes:
    """The content of one file of the model, exactly as the card knows it.

    Raises:
        ZooError: it is missing, truncated or altered.
    """
    path, entry = folder / relative, card["files"].get(relative)
    if entry is None:
        raise ZooError(f"The card of {folder.name} does not know {relative}: {_advice(folder, folder)}.")
    try:
        data = path.read_bytes()
    except OSError:
        raise ZooError(f"{path} is missing: {_advice(folder, path)}.") from None
    if len(data) < entry["bytes"]:
        raise ZooError(f"{path} is truncated ({len(data):,} of {entry['bytes']:,} bytes): {_advice(folder, path)}.")
    if hashlib.sha256(data).hexdigest() != entry["sha256"]:
        raise ZooError(f"{path} is not the file that its card describes (its SHA-256 differs): "
                       f"{_advice(folder, path)}.")
    return data


def read_weights(folder: Path, card: dict, relative: str) -> dict[str, Tensor]:
    """The tensors of one weight file, in the precision in which they are stored."""
    data = checked_bytes(folder, card, relative)
    try:
        return parse_safetensors(data)
    except SafetensorError:
        path = folder / relative
        raise ZooError(f"{path} is no safetensors file: {_advice(folder, path)}.") from None


def write_weights(path: Path, weights: dict[str, Tensor]) -> None:
    """Store tensors in half precision."""
    path.parent.mkdir(parents=True, exist_ok=True)
    halves = {name: value.detach().cpu().half().contiguous() for name, value in weights.items()}
    path.write_bytes(to_safetensors(halves, metadata={"format": "pt"}))


def checkpoint_file(step: int) -> str:
    """Where the weights after `step` steps lie in a model's folder."""
    return f"checkpoints/step-{step:06d}.safetensors"
