"""How well a method finds a planted circuit: nodes ranked by its effect, scored against the truth.

1. A node is one head at one of the seven positions that have a name; the truth marks three of them.
2. `auc` – of any ranking; ties count half.
3. `ranking` – of a sweep; `weight_size` – a baseline that runs no prompt.
4. `methods` – every way to rank the nodes of a model, exact and estimated, with two such baselines.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from course_utils import patching
from course_utils.intervals import bootstrap_weights, interval
from course_utils.ioi.behaviour import asked
from course_utils.ioi.planted import PlantedNode
from course_utils.ioi.prompts import Prompts

BY = ("position", "layer", "head")


def auc(score: Float[Tensor, "node"], truth: Bool[Tensor, "node"]) -> Float[Tensor, ""]:
    """The probability that a true node scores higher than one that is not; a tie counts one half."""
    true, other = score[truth][:, None], score[~truth][None]
    return ((true > other).double() + (true == other).double() / 2).mean().to(score.dtype)


@dataclass(frozen=True, repr=False)
class Ranking:
    """A method's effect on each node for each prompt, (node, prompt), and which nodes are true."""

    effect: Float[Tensor, "node prompt"]
    truth: Bool[Tensor, "node"]

    @property
    def score(self) -> Float[Tensor, "node"]:
        """The size of the mean effect, by which nodes are ranked."""
        return self.effect.mean(-1).abs()

    @property
    def auc(self) -> float:
        return float(auc(self.score, self.truth))

    @property
    def found(self) -> int:
        """How many of the true nodes are among as many that rank highest."""
        k = int(self.truth.sum())
        return int(self.truth[self.score.topk(k).indices].sum())

    @property
    def last(self) -> int:
        """At which place of the ranking the last true node stands; nodes that score the same come before it."""
        return int((self.score >= self.score[self.truth].min()).sum())

    def interval(self, draws: int = 200) -> tuple[float, float]:
        """95 % bootstrap interval of the AUC, prompts resampled."""
        if self.effect.shape[-1] == 1:
            return self.auc, self.auc
        weights = bootstrap_weights(self.effect.shape[-1], draws=draws)
        scores = (self.effect.double() @ weights.T).abs()  # (node, draw)
        low, high = interval(torch.stack([auc(one, self.truth) for one in scores.T]))
        return float(low), float(high)

    def entries(self) -> dict[str, Any]:
        """For a row of a table."""
        return {"AUC": (self.auc, *self.interval()), "true nodes among the top three": float(self.found)}


def truth_of(nodes: Sequence[PlantedNode], sweep: patching.Sweep) -> Bool[Tensor, "position layer head"]:
    """Which cells of a sweep by position, layer and head are planted nodes."""
    marked = torch.zeros(sweep.values.shape[:-1], dtype=torch.bool)
    for node in nodes:
        marked[sweep.axis("position").labels.index(node.position), node.layer, node.head] = True
    return marked


def ranking(nodes: Sequence[PlantedNode], sweep: patching.Sweep) -> Ranking:
    """The nodes of a sweep by position, layer and head, ranked by its effects."""
    return Ranking(sweep.effect(per_prompt=True).flatten(0, 2), truth_of(nodes, sweep).flatten())


def weight_size(model: Any, nodes: Sequence[PlantedNode], sweep: patching.Sweep) -> Ranking:
    """A baseline that runs no prompt: every position of a head is ranked by the size of its W_V W_O."""
    shape = tuple(sweep.effect(per_prompt=True).shape[:-1])
    norm = torch.stack([(model.W_V[i] @ model.W_O[i]).flatten(1).norm(dim=1) for i in range(shape[1])])
    return Ranking(norm.detach().expand(shape).flatten()[:, None], truth_of(nodes, sweep).flatten())


def methods(model: Any, nodes: Sequence[PlantedNode], clean: Prompts, seed: int = 0) -> dict[str, Ranking]:
    """Every method's ranking of all heads at the positions of `roles`, in a planted model."""
    found = {}
    for family in ("flip", "ABC"):
        noising = asked(model, clean, family, seed, direction="noising")
        found[f"noising, {family}"] = noising.sweep("z", by=BY)
        found[f"denoising, {family}"] = asked(model, clean, family, seed).sweep("z", by=BY)
        found[f"attribution, {family}"] = noising.attribute("z", by=BY)
        found[f"integrated gradients, {family}"] = noising.attribute("z", by=BY, steps=10)
    found["mean ablation"] = asked(model, clean, "ABC", seed, ablation="mean").sweep("z", by=BY)
    found["zero ablation"] = zero = asked(model, clean, ablation="zero").sweep("z", by=BY)
    ranked = {name: ranking(nodes, sweep) for name, sweep in found.items()}
    ranked["null: size of W_V W_O"] = weight_size(model, nodes, zero)
    dice = torch.rand(len(ranked["zero ablation"].truth), 1, generator=torch.Generator().manual_seed(seed))
    return ranked | {"null: random": Ranking(dice, ranked["zero ablation"].truth)}
