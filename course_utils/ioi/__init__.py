"""Indirect object identification: prompts with positions, their corruptions, and the truth about planted circuits.

    from course_utils import ioi, zoo
    model = zoo.load("ioi-natural")
    clean = ioi.make_ioi_batch(model.tokenizer, 64, torch.Generator().manual_seed(0))
    other = ioi.corrupt(clean, "ABC", torch.Generator().manual_seed(1))
    truth = ioi.planted_circuit("ioi-planted")              # its three nodes: layer, head, position

1. `words`, `prompts` – what the sentences are made of; prompts with the positions of their roles; corruptions.
2. `planted` – the algorithm that the planted models were trained to implement, and its counterfactual answers.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from course_utils import zoo
from course_utils.ioi.planted import ROLES, PlantedNode, counterfactual
from course_utils.ioi.prompts import CORRUPTIONS, ORDERS, TEMPLATES, Prompts, corrupt, draw, layout
from course_utils.ioi.words import MEN, NAMES, OBJECTS, PLACES, WOMEN

__all__ = ["CORRUPTIONS", "MEN", "NAMES", "OBJECTS", "ORDERS", "PLACES", "ROLES", "TEMPLATES", "WOMEN",
           "PlantedNode", "Prompts", "corrupt", "counterfactual", "make_ioi_batch", "planted_circuit", "planted_models"]


def make_ioi_batch(tokenizer: Any, n: int, rng: torch.Generator, templates: Sequence[str] = TEMPLATES[:1],
                   orders: Sequence[str] = ORDERS) -> Prompts:
    """n prompts with exactly one right answer each, read by any tokenizer to which names are single tokens.

    Args:
        tokenizer: of a model from the zoo, or Hugging Face's of GPT-2.
        templates: of `TEMPLATES`, or others with the slots {A}, {B}, {S} and, if wanted, {place} and {object}.
            Templates of unequal length are padded after END.
        orders: "ABBA" (IO first), "BABA" (subject first), or both.

    Raises:
        ValueError: a name, place or object is more than one token, or an unknown order.
    """
    plan = layout(lambda text: tokenizer.encode(text, add_special_tokens=False), tokenizer.bos_token_id, templates)
    return draw(plan, n, rng, orders)


def planted_models() -> tuple[str, ...]:
    """Names of the bundled models whose circuit was planted."""
    return tuple(name for name in zoo.available() if "circuit" in zoo.card(name)["data"])


def planted_circuit(name: str) -> tuple[PlantedNode, ...]:
    """The true circuit of a planted model, from its card: detection, inhibition, output.

    Raises:
        ValueError: nothing was planted in this model.
    """
    data = zoo.card(name)["data"]
    if "circuit" not in data:
        raise ValueError(f"nothing was planted in {name!r}; planted models are {', '.join(planted_models())}")
    return tuple(PlantedNode(**node) for node in data["circuit"])
