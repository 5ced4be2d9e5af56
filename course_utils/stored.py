"""What is too heavy to compute in a lesson ships as a small file, made again by `python -m models.stored NAME`.

`load` checks the file's SHA-256 against the one that the lesson's room records, so that a result and the words written
about it cannot drift apart.
"""

import hashlib
from pathlib import Path

import numpy as np
import torch
from torch import Tensor


def load(folder: Path, name: str, sha256: str) -> dict[str, Tensor]:
    """The arrays of one stored result, in single precision, whole numbers as such.

    Raises:
        RuntimeError: if the file is missing or is not the one that was recorded.
    """
    path = folder / f"{name}.npz"
    again = f"get the file back from the repository, or make it again: python -m models.stored {name}"
    if not path.exists():
        raise RuntimeError(f"the stored result {path} is missing; {again}")
    if hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        raise RuntimeError(f"the stored result {path} is not the one that this version was written for; {again}")
    with np.load(path) as arrays:
        return {
            key: torch.from_numpy(value if value.dtype == np.int64 else value.astype(np.float32))
            for key, value in arrays.items()
        }
