"""The recipe of `brackets`: a bidirectional classifier that says at START whether a string of brackets is balanced.

Both halves of the definition are needed: as many brackets close as open, and at no point do more. A third of the
unbalanced strings differ from a balanced one in a single bracket, a third in two that were exchanged. Strings that a
hash of their brackets holds out are never trained on; on those the model is measured.
"""
from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.brackets import LENGTH, MOST, attention_mask, balanced, draw, held_out
from course_utils.zoo.shape import Shape
from models.evaluation import finished
from models.plain import Plain
from models.recipe import Recipe

WATCHED, MEASURED = 4_000, 200_000      # strings drawn for the curve and for the card, before those held out are chosen
MEASURE_SEED = 20_240_601


@dataclass(frozen=True, kw_only=True)
class BracketRecipe(Recipe):
    """A classifier of balanced brackets."""

    family = "brackets"

    def loss(self, model: Plain, step: int) -> Tensor:
        """Cross-entropy at START, in nats, over the strings that are not held out."""
        tokens = draw(self.batch, self.generator(step))
        tokens = tokens[~held_out(tokens)]
        labels, device = balanced(tokens).long(), model.pos.weight.device
        with torch.autocast(device.type, enabled=False):        # so small a model is slower in half precision
            logits = model(tokens.to(device), attention_mask(tokens).to(device))[:, 0]
        return F.cross_entropy(logits, labels.to(device))

    def watch(self, model: Plain) -> dict[str, float]:
        """Share of held-out strings told right."""
        right, _, _ = _told(model, WATCHED, MEASURE_SEED + 1)
        return {"right": right.float().mean().item()}

    def done(self, watched: dict[str, float]) -> bool:
        """Whether next to none of them is told wrong."""
        return watched["right"] > 0.999

    def data_facts(self) -> dict:
        """How strings are drawn."""
        return {"brackets": [2, MOST], "balanced": "half", "others": "two exchanged, one turned, or any order",
                "held out": "about one in sixteen of the strings of more than ten brackets, by a hash of them"}

    @torch.no_grad()
    def evaluate(self, folder: Path) -> dict:
        """Every different held-out string of a large sample, with the weights as stored."""
        right, tokens, margin = _told(finished(self, folder), MEASURED, MEASURE_SEED)
        kinds = balanced(tokens)
        rows = [{"what": f"held-out strings told right, {name}", "value": right[mask].float().mean().item(),
                 "beside": {"strings": int(mask.sum()), "wrong": int((~right[mask]).sum())}}
                for name, mask in (("balanced", kinds), ("unbalanced", ~kinds))]
        rows.append({"what": "smallest margin between the classes, in logits", "value": round(margin.min().item(), 3),
                     "beside": {"median": round(margin.median().item(), 3)}})
        return {"rows": rows}


def _told(model: Plain, n: int, seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Of the different held-out strings among n drawn: whether each is told right, its tokens, and by what margin."""
    tokens = draw(n, torch.Generator().manual_seed(seed))
    tokens = tokens[held_out(tokens)].unique(dim=0)
    device = model.pos.weight.device
    logits = torch.cat([model(part.to(device), attention_mask(part).to(device))[:, 0].float().cpu()
                        for part in tokens.split(2048)])
    margin = (logits[:, 1] - logits[:, 0]) * (2 * balanced(tokens).long() - 1)
    return margin > 0, tokens, margin


RECIPES = (
    BracketRecipe(
        name="brackets", purpose="Says whether brackets are balanced, reading them in both directions.",
        shape=Shape(n_layers=3, d_model=56, n_heads=2, d_head=28, n_ctx=LENGTH, d_vocab=5, d_mlp=56, d_out=2,
                    causal=False),
        steps=4400, minutes=5, batch=128, learning_rate=2e-3, decay=0.4, watch_every=200),
)
