"""The lesson's experiments on known truths, as values that show themselves.

- `RecoveryCurves`: how much of a truth is found, against one thing that is varied, over seeds, beside baselines.
- `Shrunk`: activations against true magnitudes.
- `Families`: absorption, proved on a planted hierarchy.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import plots
from course_utils.sae.absorbing import detect_absorption
from course_utils.sae.matching import match_features
from course_utils.sae.metrics import shrinkage
from course_utils.sae.planted import Truth
from course_utils.sae.training import Training

COLOURS = {"topk": plots.INK, "relu": plots.SERIES[3], "ICA": plots.SERIES[0], "PCA": plots.SERIES[2],
           "random": plots.GREY}  # fmt: skip
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
    """What became of parents in a planted hierarchy.

    Attributes:
        main: the latent that stands for each parent, chosen by F1 where the parent is alone.
        absorbed: of the rows with the parent and one of its children, the share in which the parent's latent is silent
            and another carries the parent's direction; per parent.
        alone: of the rows with the parent alone, the share in which its latent is active.
        null: the share absorbed in rows with the parent and none of its children: whatever is called absorption there
            is crowding, since no latent of a child has a reason to stand for the parent.
    """

    main: Int[Tensor, "parent"]
    absorbed: Float[Tensor, "parent"]
    alone: Float[Tensor, "parent"]
    null: Float[Tensor, "parent"]

    @classmethod
    @torch.no_grad()
    def of(cls, truth: Truth, done: Training, most: int, rows: int = 16_000) -> Families:
        """Counted in vectors with no more than `most` features; parents' latents are chosen on other vectors."""
        choosing, judging = (truth.sample(rows, torch.Generator().manual_seed(seed)) for seed in (10_004, 10_002))
        code, few = done.sae.encode(judging[0]), (judging[1] > 0).sum(1) <= most
        first, parents = done.sae.encode(choosing[0]), (truth.parent < 0).nonzero()[:, 0]
        main, absorbed, alone, null = [], [], [], []
        for parent in parents.tolist():
            chosen = _stands_for(first, *_with_and_without(truth, choosing[1], parent)[1:])
            with_child, without, _ = (rows & few for rows in _with_and_without(truth, judging[1], parent))
            main.append(chosen)
            for share, there in ((absorbed, with_child), (null, without)):
                found = detect_absorption(code, done.sae.W_dec, truth.directions[parent], there, chosen)
                share.append(found.sum() / there.sum())
            alone.append((code[without, chosen] > 0).float().mean())
        return cls(torch.tensor(main), torch.stack(absorbed), torch.stack(alone), torch.stack(null))


@dataclass(frozen=True)
class AbsorptionByKind:
    """`Families` of several kinds of dictionary, each the mean over parents, (kind, seed)."""

    kinds: tuple[str, ...]
    absorbed: Float[Tensor, "kind seed"]
    null: Float[Tensor, "kind seed"]
    alone: Float[Tensor, "kind seed"]
    unexplained: Float[Tensor, "kind seed"]
    l0: Float[Tensor, "kind seed"]


def _with_and_without(truth: Truth, f: Tensor, parent: int) -> tuple[Tensor, Tensor, Tensor]:
    """The rows with a parent and one of its children, with the parent alone, and without the parent."""
    there = f[:, parent] > 0
    child = (f[:, truth.parent == parent] > 0).any(1)
    return there & child, there & ~child, ~there


def _stands_for(code: Tensor, alone: Tensor, absent: Tensor) -> int:
    """The latent that tells best (by F1) where the parent is alone from where it is not there at all."""
    kept = alone | absent
    on, flag = (code[kept] > 0).float(), alone[kept].float()
    return int((2 * (flag @ on) / (on.sum(0) + flag.sum()).clamp(min=1)).argmax())
