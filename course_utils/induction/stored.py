"""What is too heavy to measure in a lesson ships as a small file; `recipes` makes it again.

`load` checks the file's SHA-256 against the one recorded here, so that a result and its recipe cannot drift apart.
"""

import hashlib
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from .code_results import Ablations, Checkpoints, ContextGain
from .code_text import TextLosses
from .seeds import Spread

FOLDER = Path(__file__).parent / "stored_results"
SHA256 = {
    "ablations": "75652fb4150aacc2d6b4336fd825fc86eb9ddeabb86c0f6366ccf48ae216b6ba",
    "checkpoints": "15d29453198464ce38b7e29eec07e266d5b88e1109f95511e3a6eadb5192ad0e",
    "context_gain": "fc662a6d1f81201e51832b13ce596d91c8e260cd6c69951421183cac0ce81f19",
    "spread": "89b43f8705921b131f0c77ef1dc9a7afb176f95d89a3681bcc2d219479bd4dfe",
}


@lru_cache
def spread() -> Spread:
    """The live training over many seeds, with one-layer controls."""
    return Spread(**load("spread"))


@lru_cache
def checkpoints() -> Checkpoints:
    """`code-attn-2l` at each of its checkpoints, on held-out modules."""
    arrays = load("checkpoints")
    return Checkpoints(losses=_losses(arrays), **arrays)


@lru_cache
def ablations() -> Ablations:
    """`code-attn-2l` with heads taken away, on held-out modules and on repeated random tokens."""
    arrays = load("ablations")
    return Ablations(losses=_losses(arrays), **arrays)


@lru_cache
def context_gain() -> ContextGain:
    """`code-attn-2l` with heads taken away, when only the last so many tokens are seen."""
    return ContextGain(**load("context_gain"))


def _losses(arrays: dict[str, Tensor]) -> TextLosses:
    """Take the arrays of a TextLosses out of a stored result."""
    names = [name for name in arrays if name.startswith("losses_")]
    return TextLosses(**{name.removeprefix("losses_"): arrays.pop(name) for name in names})


def load(name: str) -> dict[str, Tensor]:
    """The arrays of one stored result, in single precision, whole numbers as such.

    Raises:
        RuntimeError: if the file is missing or is not the one that was recorded.
    """
    path = FOLDER / f"{name}.npz"
    again = f"get the file back from the repository, or make it again: python -m course_utils.induction.recipes {name}"
    if not path.exists():
        raise RuntimeError(f"the stored result {path} is missing; {again}")
    if hashlib.sha256(path.read_bytes()).hexdigest() != SHA256[name]:
        raise RuntimeError(
            f"the stored result {path} is not the one this version of the course was written for; {again}"
        )
    with np.load(path) as arrays:
        return {
            key: torch.from_numpy(value if value.dtype == np.int64 else value.astype(np.float32))
            for key, value in arrays.items()
        }
