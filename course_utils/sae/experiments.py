"""The lesson's experiments on known truths, as values that show themselves.

- `RecoveryCurves`: how much of a truth is found, against one thing that is varied, over seeds, beside baselines.
- `Shrunk`: activations against true magnitudes.
- `Families`: absorption, proved on a planted hierarchy.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import plots
from course_utils.sae.absorbing import absorption
from course_utils.sae.matching import match_features
from course_utils.sae.metrics import shrinkage
from course_utils.sae.planted import Truth
from course_utils.sae.training import Training

COLOURS = {"topk": plots.INK, "relu": plots.SERIES[3], "ICA": plots.SERIES[0], "PCA": plots.SERIES[2],
           "random": plots.GREY}  # fmt: skip
DRAWS = 40  # random directions beside a parent's
NAMES = {"topk": "TopK", "relu": "ReLU with L1", "random": "null: random"}


@dataclass(frozen=True)
class RecoveryCurves:
    """The share of true features that are found (matched one to one, cosine above 0.9), by method.

    Attributes:
        x: what was varied. cosine: mean cosine of the matching, (method, seed, x). found: the share, likewise.
    """

    methods: tuple[str, ...]
    x: Float[Tensor, "x"]
    cosine: Float[Tensor, "method seed x"]
    found: Float[Tensor, "method seed x"]

    def of(self, method: str) -> Float[Tensor, "seed x"]:
        """The share that one method finds."""
        return self.found[self.methods.index(method)]

    def plot(self, ax: Axes, xlabel: str) -> None:
        """A line for each method: mean over seeds, with the range from the lowest to the highest."""
        for method, found in zip(self.methods, self.found, strict=True):
            plots.band(ax, self.x, found, label=NAMES.get(method, method), colour=COLOURS[method])
        ax.set_xscale("log")
        ax.set_xticks(self.x.tolist(), [f"{v:g}" for v in self.x.tolist()])
        ax.set_xticks([], minor=True)
        ax.set(xlabel=xlabel, ylabel="share of true features found", ylim=(-0.03, 1.03))


@dataclass(frozen=True)
class Shrunk:
    """Activations of the matched latents beside the true magnitudes, where the feature is there.

    Attributes:
        true, learned: one entry wherever the feature and its latent are both active.
        missed: the share of active features whose latent is silent.
        features: how many have been found and are looked at.
    """

    true: Float[Tensor, "entry"]
    learned: Float[Tensor, "entry"]
    missed: float
    features: int

    @classmethod
    @torch.no_grad()
    def of(cls, truth: Truth, done: Training, rows: int = 4000, above: float = 0.9) -> Shrunk:
        """Of the features that the dictionary has found (matched with a cosine above `above`)."""
        x, f = truth.sample(rows, torch.Generator().manual_seed(10_001))
        pairs = match_features(truth.directions, done.sae.W_dec)
        kept = pairs.cosine > above
        learned, f = done.sae.encode(x)[:, pairs.latent[kept]], f[:, kept]
        both = (f > 0) & (learned > 0)
        missed = 1 - both.sum().item() / (f > 0).sum().item()
        return cls(f[both], learned[both], missed, int(kept.sum()))

    @property
    def factor(self) -> float:
        """Activation over true magnitude: 1 is faithful."""
        return shrinkage(self.learned, self.true).item()

    def plot(self, title: str = "") -> Figure:
        """Each active feature as a dot; the diagonal is faithful."""
        fig, ax = plots.figure(width=4, height=3.4)
        ax.plot(self.true[:1500], self.learned[:1500], ".", markersize=3, alpha=0.4)
        ax.plot([0.4, 1.6], [0.4, 1.6], color=plots.GREY, linestyle=":")
        ax.set(xlabel="true magnitude", ylabel="activation", title=title)
        return fig


@dataclass(frozen=True)
class Families:
    """What became of parents in a planted hierarchy; all shares are of vectors with a parent and one of its children.

    Attributes:
        main: the latent that stands for each parent, chosen by F1 for "the parent is there".
        missed: the share in which the parent's latent is silent; per parent, as all that follows.
        absorbed: in which besides the latent of the child that is there supplies at least half of what all add along
            the parent's direction. random: the same along random directions with the covariance of the vectors.
        anyone: as `random`, but whichever latent supplies the half.
        alone: the share of the vectors with the parent and no child in which the parent's latent is silent.
        lean: the mean cosine of the children's latents with their parent. others: with the other parents.
    """

    main: Int[Tensor, "parent"]
    missed: Float[Tensor, "parent"]
    absorbed: Float[Tensor, "parent"]
    random: Float[Tensor, "parent"]
    anyone: Float[Tensor, "parent"]
    alone: Float[Tensor, "parent"]
    lean: Float[Tensor, "parent"]
    others: Float[Tensor, "parent"]

    @classmethod
    @torch.no_grad()
    def of(cls, truth: Truth, done: Training, most: int, rows: int = 16_000) -> Families:
        """Counted in vectors with no more than `most` features; the latents are chosen on other vectors."""
        choosing, judging = (truth.sample(rows, torch.Generator().manual_seed(seed)) for seed in (10_004, 10_002))
        first, code, W_dec = done.sae.encode(choosing[0]), done.sae.encode(judging[0]), done.sae.W_dec
        stands = [_stands_for(first, there) for there in (choosing[1] > 0).T]  # a latent for each feature
        there = (judging[1] > 0) & ((judging[1] > 0).sum(1) <= most)[:, None]
        centred = choosing[0] - choosing[0].mean(0)
        drawn = torch.randn(DRAWS, rows, generator=torch.Generator().manual_seed(0)) @ centred
        parents, table = (truth.parent < 0).nonzero()[:, 0].tolist(), []
        for parent in parents:
            main, children = stands[parent], (truth.parent == parent).nonzero()[:, 0]
            child = there[:, children].any(1)
            silent = code[:, main] == 0
            missed, alone = child & silent, there[:, parent] & ~child
            own = torch.tensor([stands[i] for i in children])[there[missed][:, children].int().argmax(1)]
            every = torch.ones(len(own), dtype=torch.bool)
            carriers = [absorption(code[missed], W_dec, direction, every, main).carrier
                        for direction in (truth.directions[parent], *drawn)]  # fmt: skip
            by_child = torch.stack([carrier == own for carrier in carriers]).sum(1) / child.sum()
            by_any = torch.stack([carrier >= 0 for carrier in carriers]).sum(1) / child.sum()
            cosine = F.normalize(W_dec[[stands[i] for i in children]], dim=1) @ truth.directions[parents].T
            is_own = torch.tensor(parents) == parent
            table.append([missed.sum() / child.sum(), by_child[0], by_child[1:].mean(), by_any[1:].mean(),
                          (alone & silent).sum() / alone.sum(), cosine[:, is_own].mean(), cosine[:, ~is_own].mean()])
        return cls(torch.tensor([stands[parent] for parent in parents]), *torch.tensor(table).T)


@dataclass(frozen=True)
class AbsorptionByKind:
    """`Families` of several kinds of dictionary, each the mean over parents, (kind, seed)."""

    kinds: tuple[str, ...]
    missed: Float[Tensor, "kind seed"]
    absorbed: Float[Tensor, "kind seed"]
    random: Float[Tensor, "kind seed"]
    anyone: Float[Tensor, "kind seed"]
    alone: Float[Tensor, "kind seed"]
    lean: Float[Tensor, "kind seed"]
    others: Float[Tensor, "kind seed"]
    unexplained: Float[Tensor, "kind seed"]
    l0: Float[Tensor, "kind seed"]


def _stands_for(code: Tensor, there: Tensor) -> int:
    """The latent that tells best (by F1) where a feature is."""
    on, flag = (code > 0).float(), there.float()
    return int((2 * (flag @ on) / (on.sum(0) + flag.sum()).clamp(min=1)).argmax())
