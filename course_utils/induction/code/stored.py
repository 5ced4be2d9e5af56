"""What is too heavy to measure in a lesson ships as a small file; `models/stored/` makes it again."""

from functools import lru_cache
from pathlib import Path

from torch import Tensor

from course_utils import stored
from course_utils.induction.code.results import Ablations, Checkpoints, ContextGain
from course_utils.induction.code.text import TextLosses
from course_utils.induction.toys.seeds import Spread

FOLDER = Path(__file__).parents[1] / "stored_results"
SHA256 = {
    "ablations": "75652fb4150aacc2d6b4336fd825fc86eb9ddeabb86c0f6366ccf48ae216b6ba",
    "checkpoints": "15d29453198464ce38b7e29eec07e266d5b88e1109f95511e3a6eadb5192ad0e",
    "context_gain": "fc662a6d1f81201e51832b13ce596d91c8e260cd6c69951421183cac0ce81f19",
    "spread": "89b43f8705921b131f0c77ef1dc9a7afb176f95d89a3681bcc2d219479bd4dfe",
}


@lru_cache
def spread() -> Spread:
    """The live training over many seeds, with one-layer controls."""
    return Spread(**_load("spread"))


@lru_cache
def checkpoints() -> Checkpoints:
    """`code-attn-2l` at each of its checkpoints, on held-out modules."""
    arrays = _load("checkpoints")
    return Checkpoints(losses=_losses(arrays), **arrays)


@lru_cache
def ablations() -> Ablations:
    """`code-attn-2l` with heads taken away, on held-out modules and on repeated random tokens."""
    arrays = _load("ablations")
    return Ablations(losses=_losses(arrays), **arrays)


@lru_cache
def context_gain() -> ContextGain:
    """`code-attn-2l` with heads taken away, when only the last so many tokens are seen."""
    return ContextGain(**_load("context_gain"))


def _losses(arrays: dict[str, Tensor]) -> TextLosses:
    """Take the arrays of a TextLosses out of a stored result."""
    names = [name for name in arrays if name.startswith("losses_")]
    return TextLosses(**{name.removeprefix("losses_"): arrays.pop(name) for name in names})


def _load(name: str) -> dict[str, Tensor]:
    return stored.load(FOLDER, name, SHA256[name])
