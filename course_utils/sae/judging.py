"""The two questions put to a dictionary of `code-4l`, as values: do its latents tell labels, and do they act?

- `LabelScores`: F1 of the best latent for each exact label on held-out modules, beside the best neuron of all MLPs, the
  best of as many random directions, the best latent of a dictionary of the untrained model, a set of latents, a probe.
- `CausalTable`: for the best latent of each label, what its removal does, beside others of about the same frequency.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import plots
from course_utils.patching.harvesting import harvest
from course_utils.sae.effects import kl_along, matched_latents, share_at_least
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


@dataclass(frozen=True)
class CausalTable:
    """What removing one latent does where it is active, beside matched other latents (same places, same length).

    Attributes:
        labels: what each latent is best at. latent: which.
        kl: how far the prediction moves at the edited positions, nats, (latent,). null_kl: likewise, (latent, null).
        together: at which share of these positions the other latent is active too. ratio: how often it is active over
            how often the latent is.
        own_beside, beside: each latent's effect and that of another latent that is active together with it, both at
            the positions where both are, (latent, other).
        positions: where the latent is active.
    """

    labels: tuple[str, ...]
    latent: Int[Tensor, "latent"]
    kl: Float[Tensor, "latent"]
    null_kl: Float[Tensor, "latent null"]
    together: Float[Tensor, "latent null"]
    ratio: Float[Tensor, "latent null"]
    own_beside: Float[Tensor, "latent other"]
    beside: Float[Tensor, "latent other"]
    positions: Int[Tensor, "latent"]

    @property
    def p(self) -> Float[Tensor, "latent"]:
        """As in `share_at_least`, for each latent."""
        return share_at_least(self.null_kl, self.kl)

    @property
    def fair(self) -> Float[Tensor, "latent"]:
        """p, as above, beside the latents that are active together with each."""
        return share_at_least(self.beside - self.own_beside, torch.zeros(len(self.labels)))

    def against_both(self) -> Figure:
        """The first latent's two nulls: those active together with it, and those active about as often."""
        return far_rows({f"{self.beside.shape[1]} active with it": self.beside[0] / self.own_beside[0],
                         f"{self.null_kl.shape[1]} active as often": self.null_kl[0] / self.kl[0]})  # fmt: skip

    def plot(self, names: Mapping[int, str]) -> Figure:
        """For each latent those that are active together with it, in the order of their p.

        Args:
            names: {latent: what it is called}.
        """
        order = sorted(range(len(self.labels)), key=lambda i: float(self.fair[i]))
        ratio = self.beside / self.own_beside
        return far_rows({f"{names[int(self.latent[i])]}: {int(self.latent[i])}": ratio[i] for i in order})


def far_rows(rows: Mapping[str, Float[Tensor, "other"]]) -> Figure:
    """Rows of dots, the effects of other directions as multiples of a latent's own; how many are as far is printed."""
    fig, ax = plots.figure(height=0.9 + 0.5 * len(rows))
    for y, ratio in enumerate(rows.values()):
        far = ratio >= 1
        lift = torch.linspace(-0.24, 0.24, 5)[torch.arange(len(ratio)) % 5]
        for some, colour in ((~far, plots.GREY), (far, plots.EDITED)):
            ax.plot(ratio[some], (y + lift)[some], "o", color=colour, markersize=4, alpha=0.7)
        ax.text(1.02, y, f"{int(far.sum())} of {len(ratio)}", transform=ax.get_yaxis_transform(), va="center")
    ax.axvline(1, color=plots.HEAD, linewidth=1.6)
    ax.text(1, -0.7, "the latent itself", color=plots.HEAD, ha="center", va="bottom", fontweight="bold")
    ax.text(1.02, -0.7, "as far", transform=ax.get_yaxis_transform(), va="bottom")
    ax.set(yticks=range(len(rows)), yticklabels=list(rows), ylim=(len(rows) - 0.4, -0.65), xscale="log",
           xlabel="effect of the other direction over that of the latent, on a logarithmic axis")  # fmt: skip
    return fig


@torch.no_grad()
def causal_table(
    dictionary: Dictionary, tokens: Int[Tensor, "context pos"], labels: tuple[str, ...], latents: list[int],
    near: int, beside: int, places: int,
) -> CausalTable:  # fmt: skip
    """Take each latent away where it is active, and as much along others.

    Args:
        near: how many others of about the same frequency. beside: how many, at most, that are active together with
            it, at `places` or more.
    """
    f, W_dec = dictionary.encode(tokens), dictionary.sae.W_dec
    share, kl, together, ratio = (f[:, 1:] > 0).float().mean((0, 1)), [], [], []
    for latent in latents:
        others = matched_latents(share, latent, near)
        here, at = f[..., latent], f[..., latent] > 0
        kl.append(kl_along(dictionary, tokens, here, at, W_dec[[latent, *others.tolist()]]).mean(1))
        together.append((f[at][:, others] > 0).float().mean(0))
        ratio.append(share[others] / share[latent])
    own, null = torch.stack(kl).split([1, len(others)], 1)
    pairs = torch.stack([_beside(dictionary, tokens, f, latent, beside, places) for latent in latents], 1)
    return CausalTable(labels, torch.tensor(latents), own[:, 0], null, torch.stack(together), torch.stack(ratio),
                       *pairs, (f[..., latents] > 0).sum((0, 1)))  # fmt: skip


def _beside(
    dictionary: Dictionary, tokens: Tensor, f: Tensor, latent: int, count: int, places: int
) -> Float[Tensor, "2 other"]:
    """The latent's effect and another's where both are active, as much taken away along either."""
    both = (f > 0) & (f[..., [latent]] > 0)
    often = both.sum((0, 1))
    often[latent] = 0
    others = (often >= places).nonzero()[:, 0]
    drawn = others[torch.randperm(len(others), generator=torch.Generator().manual_seed(0))[:count]].tolist()
    W_dec = dictionary.sae.W_dec
    pairs = (kl_along(dictionary, tokens, f[..., latent], both[..., j], W_dec[[latent, j]]).mean(1) for j in drawn)
    return torch.stack(list(pairs), 1)
