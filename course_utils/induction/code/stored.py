"""What is too heavy to measure in a lesson ships as a small file; `models/stored/` makes it again."""

from functools import lru_cache
from pathlib import Path

from jaxtyping import Float
from torch import Tensor

from course_utils import stored
from course_utils.induction.code.along import Checkpoints
from course_utils.induction.code.results import Ablations, ContextGain, HeadSets, PairLosses
from course_utils.induction.code.text import TextLosses
from course_utils.induction.toys.formation import Formation
from course_utils.induction.toys.seeds import Spread

FOLDER = Path(__file__).parents[1] / "stored_results"
SHA256 = {
    "ablations": "69307bd48624b255358550d4779ec15dc0d97ac824a5406fba1f5ece8a4d18f0",
    "checkpoints": "b512a9ebbff597ef21928a0108be376ac71714c9a5bc83d96c348efb444ff660",
    "context_gain": "a458594394c28de9448dc11c30587f5e976a3509a1e15d06946ed6ffc1efdf31",
    "formation": "58edc7378110458a3e0dd04379fc77eb702d628f488c55fca7648584ddb4e99d",
    "head_sets": "31cdb4ed78af782abb55490a332191885ef5709ed0ea1c84b9280477480568db",
    "long_blocks": "6425be3eb039f02f51654b52fcbb37f6a8e63ca3eb71717cef9a5d97e5214dcf",
    "pair_losses": "489a76b989f2e9b1f241d3a4ede5971ef48b6138dce2ded8270bf362e3473387",
    "spread": "89b43f8705921b131f0c77ef1dc9a7afb176f95d89a3681bcc2d219479bd4dfe",
}


@lru_cache
def spread() -> Spread:
    """The live training over many seeds, with one-layer controls."""
    return Spread(**_load("spread"))


@lru_cache
def formation() -> Formation:
    """The live training with keys smeared, or with an input of the second layer cut off."""
    return Formation(**_load("formation"))


@lru_cache
def long_blocks() -> Float[Tensor, "seed length"]:
    """Accuracy of toys of one layer, trained on blocks of 16 to 31 alone, on blocks of 8 to 31."""
    return _load("long_blocks")["accuracy"]


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
def pair_losses() -> PairLosses:
    """`code-attn-2l` with heads taken away, where a pair of tokens has stood together before and where not."""
    return PairLosses(**_load("pair_losses"))


@lru_cache
def head_sets() -> HeadSets:
    """What every set of the heads of `code-attn-2l` keeps of the gain from repetition, on five drawings of texts."""
    return HeadSets(**_load("head_sets"))


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
