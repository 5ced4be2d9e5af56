"""Recipes of the planted IOI models: trained to implement a known circuit (interchange-intervention training).

Each step sees two runs. The first is plain: the loss is the right name's cross-entropy at END. In the second,
prompt by prompt and at random,

1. one node, or none, takes its value from the next prompt of the batch; the target is what the algorithm then
   answers (Geiger et al., 2022);
2. of everything else nothing, a random half, or all takes its value from that prompt, or the batch's mean; the
   target does not change (strictness). So nothing else can carry the answer.

The first two nodes are also shown what to carry, by a small loss on one direction of their values. When both
promises all but hold on prompts that it does not train on, the learning rate falls and training ends.
"""
from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.ioi import words as ioi_words
from course_utils.ioi.planted import ROLES, PlantedNode, counterfactual, planted_nodes
from course_utils.ioi.prompts import TEMPLATES, Layout, Prompts, draw, layout
from course_utils.zoo.shape import Shape
from models.evaluation import finished
from models.ioi_interchange import aligned, mean_values, node_mask, run, subset_answers, swapped_answers
from models.plain import Plain
from models.recipe import Recipe

WATCHED = 1024              # prompts for the curve
MEASURED = 512              # prompts for the card
MEASURE_SEED = 20_221_101   # far from any training step's


def verify(model: Plain, plan: Layout, nodes: tuple[PlantedNode, ...], n: int, rng: torch.Generator) -> dict:
    """How well the model keeps the circuit's two promises, on n fresh pairs of prompts.

    Returns:
        "right": share of right answers. "swapped": for every set of nodes, the share of pairs in which exchanging
        their values gives the algorithm's answer ("all"; "differing": of those pairs in which that is another
        answer). "others": over all subsets of everything else, resampled from other prompts or set to its mean,
        the share of prompts whose answer changes: the "largest" of all subsets (and which), the "mean". There are
        2^(layers · heads) subsets, tried on half of the bases; above 4096 on fewer, as they grow.
    """
    base, donor = draw(plan, n, rng), draw(plan, n, rng)
    logits, z = run(model, base)
    answers = logits.argmax(-1).cpu()
    found = {"pairs": n, "right": _share(answers == base.answer), "swapped": {}, "others": {}}
    for choice in range(1, 8):
        chosen = [node for bit, node in enumerate(nodes) if choice >> bit & 1]
        want = counterfactual(base, donor, [node.role for node in chosen])
        good = swapped_answers(model, base, donor, chosen) == want
        found["swapped"][" + ".join(node.role for node in chosen)] = {
            "all": _share(good), "differing": _share(good[want != base.answer])}
    wide = max(0, model.shape.n_layers * model.shape.n_heads - 12)
    few, chunk = min(n, max(32, n // 2 >> wide)), max(1, 64 >> wide)
    for kind, values in (("resampled", run(model, donor)[1]), ("mean", mean_values(z))):
        parts = [slice(start, min(start + chunk, few)) for start in range(0, few, chunk)]
        changed = torch.cat([subset_answers(model, base[part], values[:, part], nodes) != answers[part]
                             for part in parts], 1).float().mean(1)
        found["others"][kind] = {"prompts": few, "subsets": len(changed), "largest": changed.max().item(),
                                 "which": int(changed.argmax()), "mean": changed.mean().item()}
    return found


def rows(found: dict) -> list[dict]:
    """The lines of the table: what was measured, its value, and what stands beside it."""
    lines = [{"what": "the name that is not repeated is answered", "value": found["right"], "beside": {}}]
    lines += [{"what": f"{roles} exchanged: the algorithm's answer", "value": shares["all"],
               "beside": {"where it differs": shares["differing"]}} for roles, shares in found["swapped"].items()]
    lines += [{"what": f"everything else {kind}, worst of {shares['subsets']} subsets: answer changes",
               "value": shares["largest"], "beside": {"mean": shares["mean"]}}
              for kind, shares in found["others"].items()]
    return lines


def _share(good: Tensor) -> float:
    return good.float().mean().item()


@dataclass(frozen=True, kw_only=True)
class PlantedRecipe(Recipe):
    """A model that implements the algorithm of `ioi_interchange` at `nodes`."""

    nodes: tuple[PlantedNode, ...]
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
        first, prompt, total = base.first.float().to(z.device), torch.arange(len(base)), z.new_zeros(())
        for node in self.nodes[:2]:
            left, right = z[node.layer, prompt, base.positions[node.position], node.head].chunk(2, dim=-1)
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
            good = swapped_answers(model, base, donor, [node]) == want
            swapped.append(_share(good[want != base.answer]))
        mask, _ = self._interventions(base, rng)
        mask &= ~node_mask(base, self.nodes, self.shape.n_layers, self.shape.n_heads)
        others = run(model, base, mask.to(logits.device), run(model, donor)[1])[0].argmax(-1).cpu()
        return {"right": _share(plain == base.answer), "swapped": min(swapped), "others": _share(others != plain)}

    def done(self, watched: dict[str, float]) -> bool:
        """Good enough to settle; the card's measurement then asks all subsets."""
        return min(watched["right"], watched["swapped"]) >= 0.99 and watched["others"] <= 0.005

    def write_extras(self, folder: Path) -> None:
        """The word tokenizer."""
        ioi_words.write(folder)

    def data_facts(self) -> dict:
        """The prompts, and the truth that was planted."""
        return {"templates": list(self.templates), "orders": ["ABBA", "BABA"], "names": len(ioi_words.NAMES),
                "circuit": [node.as_dict() for node in self.nodes]}

    def evaluate(self, folder: Path) -> dict:
        """`verify` on fresh prompts, with the weights as stored."""
        with torch.no_grad():
            found = verify(finished(self, folder), self.plan, self.nodes, MEASURED,
                           torch.Generator().manual_seed(MEASURE_SEED))
        return {"rows": rows(found), **found}


def _planted(suffix: str, seed: int, *heads: tuple[int, int], **changes) -> PlantedRecipe:
    return PlantedRecipe(
        name=f"ioi-planted{suffix}", seed=seed, nodes=planted_nodes(*heads),
        purpose="Identifies indirect objects by a planted circuit: to score methods against the truth.",
        shape=Shape(n_layers=heads[-1][0] + 1, d_model=64, n_heads=4, d_head=16, n_ctx=24,
                    d_vocab=len(ioi_words.vocabulary()), norm="LNPre"),
        steps=3000, minutes=1, batch=128, learning_rate=3e-3, decay=0.2, **changes)


RECIPES = (
    _planted("", 1, (0, 2), (1, 0), (2, 3)),
    _planted("-b", 2, (0, 0), (1, 3), (2, 1)),
    _planted("-c", 3, (0, 3), (1, 2), (2, 0)),
    _planted("-two-templates", 4, (0, 1), (1, 1), (2, 2), templates=TEMPLATES[:2]),
)
