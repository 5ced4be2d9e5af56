"""What a recipe is: everything about one model that the training loop does not know.

A family of models is one file (`code_models.py` is one) that subclasses `Recipe` and lists its instances in
`RECIPES`; `FAMILIES` below names the files. A recipe says how to get its data, what the loss of step *n* is
(a function of the step alone, so that a resumed run repeats an uninterrupted one), what to watch on the way,
and what to measure at the end.
"""
from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor

from course_utils.zoo.shape import Shape
from models.plain import Plain, gpt2_weights, native_weights

FAMILIES = ("code_models", "ioi_planted", "ioi_natural", "brackets")


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """One trainable model. Subclasses give `loss`, and what else they need."""

    name: str
    purpose: str                        # one sentence for the card
    shape: Shape
    steps: int                          # what two quiet cores do in `minutes`
    minutes: float
    batch: int
    learning_rate: float = 2e-3
    optimiser: str = "adamw"            # or "muon": AdamW for embeddings, Muon for the matrices between
    warmup: int = 100
    decay: float = 0.3                  # share of the steps over which the rate falls to zero
    weight_decay: float = 0.01
    seed: int = 0
    checkpoints: tuple[int, ...] = ()   # steps after which weights are kept, besides the last
    watch_every: int = 100
    layout: str = "native"              # or "gpt2": how the weights are named in the file

    family: ClassVar[str] = ""

    def prepare(self) -> None:
        """Fetch or build the data; called once before training or evaluation."""

    def model(self) -> Plain:
        """The untrained model."""
        return Plain(self.shape, self.seed)

    def loss(self, model: Plain, step: int) -> Tensor:
        """Scalar training loss of step `step`; nothing but the step and the weights may change it."""
        raise NotImplementedError

    def watch(self, model: Plain) -> dict[str, float]:
        """A few quick numbers for the training curve."""
        return {}

    def done(self, watched: dict[str, float]) -> bool:
        """Whether what was just watched is good enough for the rate to begin its fall now, so that the end is near."""
        return False

    def weights(self, model: Plain) -> dict[str, Tensor]:
        """What goes into the weight file."""
        return (gpt2_weights if self.layout == "gpt2" else native_weights)(model)

    def write_extras(self, folder: Path) -> None:
        """Tokenizer, configuration: whatever lies beside the weights."""

    def data_facts(self) -> dict:
        """What the card says about the data."""
        return {}

    def evaluate(self, folder: Path) -> dict:
        """What the card says the finished model was measured to do."""
        return {}

    def generator(self, step: int) -> torch.Generator:
        """Random numbers that belong to one step of this recipe."""
        return torch.Generator().manual_seed(self.seed * 1_000_003 + step)


def recipes() -> dict[str, Recipe]:
    """All recipes by name."""
    found = {}
    for family in FAMILIES:
        for recipe in importlib.import_module(f".{family}", __package__).RECIPES:
            found[recipe.name] = recipe
    return found


def recipe(name: str) -> Recipe:
    """The recipe of this name.

    Raises:
        ValueError: there is none; the message lists those that there are.
    """
    known = recipes()
    if name not in known:
        raise ValueError(f"There is no recipe called {name!r}; there are: {', '.join(sorted(known))}.")
    return known[name]
