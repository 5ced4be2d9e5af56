"""The dictionaries that come with the course: `load`, their cards, what they were measured to do.

They lie in `course_utils/zoo/weights/dictionaries/NAME/`, checked against their cards as the models are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_utils import zoo
from course_utils.patching.harvesting import harvest
from course_utils.python_text import modules
from course_utils.sae.config import Config
from course_utils.sae.metrics import Quality
from course_utils.sae.model import SparseAutoencoder
from course_utils.zoo.cards import WEIGHTS, read_card, read_weights

DICTIONARIES = WEIGHTS / "dictionaries"


@dataclass(frozen=True)
class Dictionary:
    """A trained dictionary and where it reads: `model`'s activation at `hook` (and writes, if `target` is another)."""

    name: str
    sae: SparseAutoencoder
    model: Any = field(repr=False)
    hook: str
    target: str | None

    def read(self, text: str) -> tuple[Int[Tensor, "1 pos"], list[str]]:
        """A text as the model reads it, and its tokens as words; the first, which begins every context, is empty."""
        ids = self.model.tokenizer(text)["input_ids"]
        return torch.tensor([ids]), ["", *(self.model.tokenizer.decode([i]) for i in ids[1:])]

    def activations(
        self, tokens: Int[Tensor, "context pos"]
    ) -> tuple[Float[Tensor, "row d_in"], Float[Tensor, "row d_out"]]:
        """Inputs and targets of all positions but the first of each context; one object for an autoencoder."""
        if self.target is None:
            x = harvest(self.model, self.hook, tokens)
            return x, x
        x, y = harvest(self.model, [self.hook, self.target], tokens)
        return x, y

    def encode(self, tokens: Int[Tensor, "context pos"]) -> Float[Tensor, "context pos latent"]:
        """Activations at every position; the first of each context, at which it was not trained, is zero."""
        x = harvest(self.model, self.hook, tokens)
        f = torch.cat([self.sae.encode(part) for part in x.split(4096)])
        f = f.view(len(tokens), tokens.shape[1] - 1, -1)
        return torch.nn.functional.pad(f, (0, 0, 1, 0))


def available(folder: Path = DICTIONARIES) -> tuple[str, ...]:
    """Names of the shipped dictionaries."""
    return tuple(sorted(path.parent.name for path in folder.glob("*/card.json")))


def card(name: str, folder: Path = DICTIONARIES) -> dict:
    """The card of one: model and hook, configuration, training, what it was measured to do.

    Raises:
        ZooError: there is none of this name.
    """
    if name not in available(folder):
        raise zoo.ZooError(f"There is no dictionary {name!r}: choose from {', '.join(available(folder)) or 'none'}.")
    return read_card(folder / name)


def load(name: str, folder: Path = DICTIONARIES) -> Dictionary:
    """A shipped dictionary with its model, on the CPU, in single precision.

    Raises:
        ZooError: no such dictionary, or a damaged file; the message says what to do.
    """
    about = card(name, folder)
    sae = SparseAutoencoder(Config(**about["config"]), torch.Generator())  # a loader leaves the global dice alone
    weights = read_weights(folder / name, about, "dictionary.safetensors")
    sae.load_state_dict({key: value.float() for key, value in weights.items()})
    model = zoo.load(about["model"], "cpu", checkpoint=about["checkpoint"])
    return Dictionary(name, sae.eval().requires_grad_(False), model, about["hook"], about["target"])


def held_out_contexts(
    model: Any, limit: int | None = None
) -> tuple[Int[Tensor, "context pos"], Int[Tensor, "context"]]:
    """Whole contexts of the standard library's held-out modules, and the module that each is from.

    With a `limit`, that many contexts spread evenly over all of them.
    """
    n_ctx, rows, owner = model.cfg.n_ctx, [], []
    for index, name in enumerate(modules.held_out_modules()):
        ids = model.tokenizer(modules.read_module(name))["input_ids"]
        body = torch.tensor(ids[1:])
        count = len(body) // (n_ctx - 1)
        if count:
            body = body[: count * (n_ctx - 1)].view(count, -1)
            rows.append(torch.nn.functional.pad(body, (1, 0), value=ids[0]))
            owner += [index] * count
    tokens, owners = torch.cat(rows), torch.tensor(owner)
    if limit is not None and limit < len(tokens):
        kept = torch.linspace(0, len(tokens) - 1, limit).long()
        tokens, owners = tokens[kept], owners[kept]
    return tokens, owners


def held_out_facts(name: str, folder: Path = DICTIONARIES) -> dict:
    """What a card says was measured: the quality on every held-out context."""
    dictionary = load(name, folder)
    tokens, _ = held_out_contexts(dictionary.model)
    x, y = dictionary.activations(tokens)
    return {"on": f"{len(tokens)} contexts of the standard library's held-out modules"} | {
        key: round(value, 4) for key, value in vars(Quality.of(dictionary.sae, x, y)).items()
    }
