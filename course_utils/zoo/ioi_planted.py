"""Recipes of the planted IOI models: trained to implement a known circuit (interchange-intervention training).

Each step sees two runs. The first is plain: the loss is the right name's cross-entropy at END. In the second,
prompt by prompt and at random,

1. one node, or none, takes its value from the next prompt of the batch; the target is what the algorithm then
   answers (Geiger et al., 2022);
2. of everything else nothing, a random half, or all takes its value from that prompt, or the batch's mean; the
   target does not change (strictness). So nothing else can carry the answer.

The first two nodes are also shown what to carry, by a small loss on one direction of their values. Training stops
early when both promises hold on prompts that it does not train on.
"""
from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from . import ioi_words
from .cards import read_card, read_weights
from .ioi_interchange import (
    ROLES,
    Node,
    aligned,
    circuit,
    counterfactual,
    mean_values,
    node_mask,
    run,
    subset_answers,
    swapped_answers,
)
from .ioi_prompts import TEMPLATES, Layout, Prompts, draw, layout
from .plain import Plain, Shape
from .recipe import Recipe

WATCHED = 1024              # prompts for the curve
MEASURED = 1024             # prompts for the card
MEASURE_SEED = 20_221_101   # far from any training step's


def verify(model: Plain, plan: Layout, nodes: tuple[Node, ...], n: int, rng: torch.Generator) -> dict:
    """How well the model keeps the circuit's two promises, on n fresh pairs of prompts.

    Returns:
        "right": share of right answers. "swapped": for every set of nodes, the share of pairs in which exchanging
        their values gives the algorithm's answer; "swapped_differing": the same over the pairs in which that
        answer is another. "others_resampled" and "others_mean": over all subsets of everything else, the share of
        prompts whose answer changes: the largest, the mean, and the number of subsets.
    """
    base, donor = draw(plan, n, rng), draw(plan, n, rng)
    plain, z = run(model, base)
    answers = plain.argmax(-1).cpu()
    found = {"pairs": n, "right": (answers == base.answer).float().mean().item(), "swapped": {},
             "swapped_differing": {}}
    for choice in range(1, 8):
        chosen = [node for bit, node in enumerate(nodes) if choice >> bit & 1]
        roles = [node.role for node in chosen]
        want, label = counterfactual(base, donor, roles), " + ".join(roles)
        good = swapped_answers(model, base, donor, chosen) == want
        found["swapped"][label] = good.float().mean().item()
        found["swapped_differing"][label] = good[want != base.answer].float().mean().item()
    for label, values in (("others_resampled", run(model, donor)[1]), ("others_mean", mean_values(z))):
        changed = torch.cat([subset_answers(model, base[start:start + 64], values[:, start:start + 64], nodes)
                             != answers[start:start + 64] for start in range(0, n, 64)], 1).float().mean(1)
        found[label] = {"largest": changed.max().item(), "mean": changed.mean().item(), "subsets": len(changed),
                        "worst": int(changed.argmax())}
    return found


@dataclass(frozen=True, kw_only=True)
class PlantedRecipe(Recipe):
    """A model that implements the algorithm of `ioi_interchange` at `nodes`."""

    nodes: tuple[Node, ...]
    templates: tuple[str, ...] = TEMPLATES[:1]

    family = "ioi"

    @cached_property
    def plan(self) -> Layout:
        return layout(ioi_words.encode, 0, self.templates)

    def loss(self, model: Plain, step: int) -> Tensor:
        """Cross-entropy of the plain run and of the intervened one, in nats."""
        rng, device = self.generator(step), model.pos.weight.device
        base = draw(self.plan, self.batch, rng)
        order = torch.arange(self.batch).roll(-1)
        donor = base[order]
        mask, role = self._interventions(base, rng)
        target = base.answer
        for number, name in enumerate(ROLES):
            target = torch.where(role == number, counterfactual(base, donor, [name]), target)
        with torch.autocast(device.type, enabled=False):
            logits, z = run(model, base)
            values = aligned(z, base, donor, order.to(device), self.nodes)
            nodes = node_mask(base, self.nodes, self.shape.n_layers, self.shape.n_heads)
            averaged = (torch.rand(self.batch, generator=rng) < 0.25)[:, None, None] & ~nodes
            values = torch.where(averaged.to(device)[..., None], mean_values(z), values)
            intervened, _ = run(model, base, mask.to(device), values)
            return (F.cross_entropy(logits, base.answer.to(device)) + F.cross_entropy(intervened, target.to(device))
                    + 0.5 * self._hint(z, base))

    def _hint(self, z: Tensor, base: Prompts) -> Tensor:
        """Cross-entropy of reading which name is repeated off the first two nodes, along one fixed direction each.

        Without it the three steps have to be found all at once, and for a thousand steps they are not.
        """
        first, rows, total = base.first.float().to(z.device), torch.arange(len(base)), z.new_zeros(())
        for node in self.nodes[:2]:
            left, right = z[node.layer, rows, base.positions[node.position], node.head].chunk(2, dim=-1)
            total = total + F.binary_cross_entropy_with_logits(left.sum(-1) - right.sum(-1), first)
        return total

    def _interventions(self, base: Prompts, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """Where the second run is changed, (layer, batch, pos, head), and which role is (3: none), (batch,)."""
        layers, heads, n = self.shape.n_layers, self.shape.n_heads, len(base)
        share = torch.tensor([0.0, 0.5, 1.0, 1.0])[torch.randint(4, (n,), generator=rng)][None, :, None, None]
        by_head = torch.rand(n, generator=rng)[None, :, None, None] < 0.5
        fine = torch.rand(layers, *base.tokens.shape, heads, generator=rng) < share
        coarse = torch.rand(layers, n, 1, heads, generator=rng) < share
        mask = torch.where(by_head, coarse, fine)
        role = torch.randint(len(ROLES) + 1, (n,), generator=rng)
        for number, node in enumerate(self.nodes):
            here = node_mask(base, [node], layers, heads)
            mask = torch.where(here, (role == number)[None, :, None, None], mask)
        return mask, role

    def watch(self, model: Plain) -> dict[str, float]:
        """The worst of the first promise, and the second over random subsets, on prompts not trained on."""
        rng = torch.Generator().manual_seed(MEASURE_SEED + 1)
        base, donor = draw(self.plan, WATCHED, rng), draw(self.plan, WATCHED, rng)
        logits, _ = run(model, base)
        plain = logits.argmax(-1).cpu()
        swapped = []
        for node in self.nodes:
            want = counterfactual(base, donor, [node.role])
            differs = want != base.answer
            good = swapped_answers(model, base, donor, [node]) == want
            swapped.append(good[differs].float().mean().item())
        mask, _ = self._interventions(base, rng)
        mask &= ~node_mask(base, self.nodes, self.shape.n_layers, self.shape.n_heads)
        others = run(model, base, mask.to(logits.device), run(model, donor)[1])[0].argmax(-1).cpu()
        return {"right": (plain == base.answer).float().mean().item(), "swapped": min(swapped),
                "others": (others != plain).float().mean().item()}

    def done(self, watched: dict[str, float]) -> bool:
        """Perfect on what is watched, which the card's measurement then repeats with more prompts and all subsets."""
        return watched["right"] == watched["swapped"] == 1.0 and watched["others"] == 0.0

    def write_extras(self, folder: Path) -> None:
        """The word tokenizer."""
        ioi_words.write(folder)

    def data_facts(self) -> dict:
        """The prompts, and the truth that was planted."""
        return {"templates": list(self.templates), "orders": ["ABBA", "BABA"], "names": len(ioi_words.NAMES),
                "circuit": [node.as_dict() for node in self.nodes]}

    def evaluate(self, folder: Path) -> dict:
        """`verify` on fresh prompts, with the weights as stored."""
        model = Plain(self.shape).eval()
        model.load_state_dict({name: value.float() for name, value in
                               read_weights(folder, read_card(folder), "model.safetensors").items()})
        rng = torch.Generator().manual_seed(MEASURE_SEED)
        with torch.no_grad():
            return verify(model, self.plan, self.nodes, MEASURED, rng)


def _planted(letter: str, seed: int, heads: tuple[int, int, int], **changes) -> PlantedRecipe:
    return PlantedRecipe(**{
        "name": f"ioi-planted-{letter}",
        "purpose": "Identifies indirect objects by a planted circuit: to score methods against the truth.",
        "shape": Shape(n_layers=3, d_model=64, n_heads=4, d_head=16, n_ctx=24, d_vocab=len(ioi_words.vocabulary()),
                       norm="LNPre"),
        "nodes": circuit(*enumerate(heads)), "seed": seed, "steps": 3000, "minutes": 4, "batch": 128,
        "learning_rate": 3e-3, "decay": 0.4, "watch_every": 100, **changes})


RECIPES = (
    _planted("a", 1, (2, 0, 3)),
    _planted("b", 2, (0, 3, 1)),
    _planted("c", 3, (3, 2, 0)),
    _planted("two-templates", 4, (1, 1, 2), templates=TEMPLATES[:2]),
)
