"""Do the latents of a dictionary of `code-4l` tell labels?

`LabelScores`: F1 of the best latent for each exact label on held-out modules, beside the best neuron of all MLPs, the
best of as many random directions, the best latent of a dictionary of the untrained model, a set of latents, a probe.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_utils.patching.harvesting import harvest
from course_utils.sae.planted import random_directions
from course_utils.sae.shipped import Dictionary
from course_utils.sae.units import Labels, Units, probe

SET = 16  # latents of the best set, at most
DRAWN = 1000  # the seed of random directions: from seed 0 one would draw the model's own first embeddings again
CONTESTANTS = ("neuron", "random", "untrained", "latent", "set", "probe")
NAMES = {"neuron": "best neuron", "random": "null: best random direction", "untrained": "null: latent, random model",
         "latent": "best latent", "set": f"best set of ≤ {SET} latents", "probe": "probe"}  # fmt: skip


@dataclass(frozen=True)
class LabelScores:
    """F1 on the half of the modules that chose nothing; intervals resample modules.

    Attributes:
        f1, low, high: (contestant, label), contestants in the order of `CONTESTANTS`.
        base: the share of rows with each label. latent: the best latent. mlp: which MLP has the best neuron, from 0.
        size: how many the best set has.
    """

    labels: tuple[str, ...]
    f1: Float[Tensor, "contestant label"]
    low: Float[Tensor, "contestant label"]
    high: Float[Tensor, "contestant label"]
    base: Float[Tensor, "label"]
    latent: Int[Tensor, "label"]
    mlp: Int[Tensor, "label"]
    size: Int[Tensor, "label"]

    def of(self, contestant: str) -> dict[str, float]:
        """{label: F1} of one contestant."""
        return dict(zip(self.labels, self.f1[CONTESTANTS.index(contestant)].tolist(), strict=True))

    def apart(self, better: str, worse: str) -> list[str]:
        """The labels at which one contestant's whole interval lies above another's."""
        a, b = CONTESTANTS.index(better), CONTESTANTS.index(worse)
        return [name for i, name in enumerate(self.labels) if self.low[a, i] > self.high[b, i]]

    def _there(self) -> list[tuple[int, str]]:
        """The contestants that were measured, by index and name."""
        return [(c, name) for c, name in enumerate(CONTESTANTS) if not self.f1[c].isnan().any()]

    def rows(self) -> list[dict[str, object]]:
        """One row a label, where latents win most at the top."""
        gain = self.f1[CONTESTANTS.index("latent")] - self.f1[CONTESTANTS.index("neuron")]
        table = []
        for i in gain.argsort(descending=True).tolist():
            row: dict[str, object] = {"label": self.labels[i], "base rate": self.base[i].item()}
            for c, name in self._there():
                row[NAMES[name]] = (self.f1[c, i].item(), self.low[c, i].item(), self.high[c, i].item())
            table.append(row)
        return table


@torch.no_grad()
def score_labels(
    dictionary: Dictionary, untrained: Dictionary | None, tokens: Int[Tensor, "context pos"], labels: Labels,
) -> LabelScores:  # fmt: skip
    """Let every contestant answer every label. Without an `untrained` dictionary its scores are nan."""
    x, _ = dictionary.activations(tokens)
    latents = Units(_encoded(dictionary, x), labels)
    width = latents.values.shape[1]
    best = {"latent": [latents.best(name) for name in labels.names],
            "set": [latents.best_set(name, SET) for name in labels.names]}  # fmt: skip
    each = []  # MLP
    for layer in range(dictionary.model.cfg.n_layers):
        neurons = Units.signed(harvest(dictionary.model, f"blocks.{layer}.mlp.hook_post", tokens), labels)
        each.append([neurons.best(name) for name in labels.names])
        del neurons
    best["neuron"] = [max(found, key=lambda one: one.chosen_f1) for found in zip(*each, strict=True)]
    directions = random_directions(width, x.shape[1], torch.Generator().manual_seed(DRAWN))
    chance = Units((x - x.mean(0)) @ directions.T, labels)
    best["random"] = [chance.best(name) for name in labels.names]
    del chance
    if untrained is not None:
        others = Units(_encoded(untrained, untrained.activations(tokens)[0]), labels)
        best["untrained"] = [others.best(name) for name in labels.names]
        del others
    best["probe"] = [probe(x, labels, name) for name in labels.names]
    nothing = [None] * len(labels.names)
    found = {key: torch.tensor([[getattr(b, key) if b else torch.nan for b in best.get(name, nothing)]
                                for name in CONTESTANTS]) for key in ("f1", "low", "high")}  # fmt: skip
    return LabelScores(
        labels.names, **found, base=labels.flags.float().mean(0),
        latent=torch.tensor([b.units[0] for b in best["latent"]]),
        mlp=torch.tensor([found.index(b) for found, b in zip(zip(*each, strict=True), best["neuron"], strict=True)]),
        size=torch.tensor([len(b.units) for b in best["set"]]),
    )  # fmt: skip


def _encoded(dictionary: Dictionary, x: Tensor) -> Tensor:
    return torch.cat([dictionary.sae.encode(part) for part in x.split(4096)])
