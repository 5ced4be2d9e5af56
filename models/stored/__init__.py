"""The makers of the stored results: `superposition`, `sae` (with `sae_shipped`, `sae_code`), `induction` (with
`formation`, `spread`).

Each result is one function that returns arrays, and one command that writes them:

    python -m models.stored NAME …     # prints the hash that the lesson's room must record; without a name, all

`sae` and `induction` need the held-out modules of the standard library that runs them (stored: Python 3.11), so that
another version of Python gives slightly other numbers.
"""

import hashlib
from pathlib import Path

import numpy as np
from torch import Tensor

from models.stored import induction, sae, superposition

MAKERS = {name: (room, make) for room in (superposition, induction, sae) for name, make in room.MAKERS.items()}


def save(folder: Path, name: str, arrays: dict[str, Tensor]) -> str:
    """Write a result, each array in the precision that its maker gave it, and return the file's SHA-256."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}.npz"
    np.savez_compressed(path, **{key: value.numpy() for key, value in arrays.items()})
    return hashlib.sha256(path.read_bytes()).hexdigest()
