"""What λ does on a known truth: activations, active latents and features found, against λ, beside TopK.

1. `Priced`: one training, measured.
2. `Prices`: trainings for several λ on several truths, with the line that one latent alone would follow, and with the
   error against the active latents beside that of TopK for several k (`trade_off`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import plots
from course_utils.sae.matching import match_features
from course_utils.sae.metrics import Quality
from course_utils.sae.planted import Truth
from course_utils.sae.training import Training

ROWS, SEED, FOUND = 4000, 10_001, 0.9  # vectors that no training has seen; the cosine from which a feature is found


@dataclass(frozen=True)
class Priced:
    """One dictionary on one truth.

    Attributes:
        found: the share of features that are found. factor: activation over true strength, of found features.
        l0, unexplained, dead: as in `Quality`.
        scale: by what the trainer divides the vectors.
    """

    MEASURES: ClassVar[tuple[str, ...]] = ("found", "factor", "l0", "unexplained", "dead", "scale")

    found: float
    factor: float
    l0: float
    unexplained: float
    dead: float
    scale: float

    @classmethod
    @torch.no_grad()
    def of(cls, truth: Truth, done: Training) -> Priced:
        x, strength = truth.sample(ROWS, torch.Generator().manual_seed(SEED))
        pairs = match_features(truth.directions, done.sae.W_dec)
        kept = pairs.cosine > FOUND
        f, strength = done.sae.encode(x)[:, pairs.latent[kept]], strength[:, kept]
        both = (f > 0) & (strength > 0)
        quality = Quality.of(done.sae, x)
        factor = f[both].sum() / strength[both].sum()  # nan where no feature is found
        return cls(pairs.found(), factor.item(), quality.l0, quality.unexplained, quality.dead,
                   x.square().sum(1).mean().sqrt().item())  # fmt: skip


@dataclass(frozen=True)
class Prices:
    """`Priced` for several λ and, last, for TopK: each (shape, truth).

    Attributes:
        penalty: the λ of every shape but the last.
        active: features that are there in a vector, on average, in the truth.
    """

    penalty: Float[Tensor, "penalty"]
    found: Float[Tensor, "shape truth"]
    factor: Float[Tensor, "shape truth"]
    l0: Float[Tensor, "shape truth"]
    unexplained: Float[Tensor, "shape truth"]
    dead: Float[Tensor, "shape truth"]
    scale: Float[Tensor, "shape truth"]
    active: float

    @property
    def alone(self) -> Float[Tensor, "penalty"]:
        """Σ f over Σ m for f = m − λ/2, over strengths m, uniform on ½ … 1½, at which f is above 0.

        λ/2 is meant in the units of the strengths: the trainer's data are divided by `scale`.
        """
        shift = self.penalty * self.scale.mean() / 2
        mean = (shift.clamp(min=0.5) + 1.5) / 2  # of the strengths that are answered at all
        return 1 - shift / mean

    def at(self, penalty: float) -> dict[str, Float[Tensor, "truth"]]:
        """Every measure for one λ."""
        row = int((self.penalty - penalty).abs().argmin())
        return {name: getattr(self, name)[row] for name in Priced.MEASURES}

    @property
    def topk(self) -> dict[str, Float[Tensor, "truth"]]:
        """Every measure of TopK."""
        return {name: getattr(self, name)[-1] for name in Priced.MEASURES}

    def error_with(self, l0: float) -> float:
        """The unexplained share of ReLU with L1 at `l0` active latents: interpolated over log L0, means over truths."""
        at, error = self.l0[:-1].mean(1).flip(0).log(), self.unexplained[:-1].mean(1).flip(0)
        return float(np.interp(float(torch.tensor(l0).log()), at.numpy(), error.numpy()))

    def trade_off(self, kept: Mapping[int, Mapping[str, Float[Tensor, "truth"]]]) -> Figure:
        """Error against active latents, both kinds.

        Args:
            kept: {k: every measure of TopK}.
        """
        fig, ax = plots.figure(height=3.0)
        ks = sorted(kept)
        curves = {
            "ReLU with L1": (self.l0[:-1].mean(1), self.unexplained[:-1].mean(1), [f"λ = {v:g}" for v in
                             self.penalty.tolist()], plots.SERIES[3], (6, 4), "left"),
            "TopK": (torch.stack([kept[k]["l0"].mean() for k in ks]),
                     torch.stack([kept[k]["unexplained"].mean() for k in ks]), [f"k = {k}" for k in ks],
                     plots.INK, (-6, -14), "right"),
        }  # fmt: skip
        for name, (l0, error, labels, colour, shift, side) in curves.items():
            ax.plot(l0, 100 * error, "o-", color=colour, markersize=5, label=name)
            for x, y, text in zip(l0.tolist(), error.tolist(), labels, strict=True):
                crossed = name == "TopK" and self.active < x < 1.3 * self.active  # by the dotted line
                ax.annotate(text, (x, 100 * y), (6, 4) if crossed else shift, textcoords="offset points", fontsize=9,
                            color=colour, ha="left" if crossed else side)  # fmt: skip
        ax.axvline(self.active, linestyle=":", color=plots.NULL)
        ax.text(self.active * 1.03, 60, "features that are there", fontsize=9, color=plots.NULL, va="top")
        ax.set(xlabel="active latents a vector (L0), on a logarithmic axis",
               ylabel="variance unexplained, %", xscale="log", ylim=(0, 62), xlim=(0.7, 32))  # fmt: skip
        ax.set_xticks([1, 2, 5, 10, 20], ["1", "2", "5", "10", "20"])
        ax.set_xticks([], minor=True)
        ax.legend()
        return fig

    def plot(self) -> Figure:
        """Activation over true strength against λ, measured and as one latent alone would answer, and that of TopK."""
        fig, ax = plots.figure(height=3.0)
        plots.band(ax, self.penalty, self.factor[:-1].T, colour=plots.SERIES[3])
        ax.plot(self.penalty, self.alone, ":", color=plots.NULL)
        topk = float(self.factor[-1].mean())
        ax.axhline(topk, color=plots.INK)
        ax.axhline(1, color=plots.GREY, linewidth=0.6)
        words = {"faithful": (0.97, 1.03, plots.NULL), "TopK, k = 3": (0.97, topk - 0.08, plots.INK),
                 "one latent alone: m − λ/2": (0.075, 0.76, plots.NULL),
                 "ReLU with L1, measured": (0.052, float(self.factor[0].mean()) - 0.11, plots.SERIES[3])}  # fmt: skip
        for text, (x, y, colour) in words.items():
            side = "right" if x > 0.5 else "left"
            ax.text(x, y, text, color=colour, fontsize=10, ha=side, va="bottom")
        ax.set(ylabel="activation / true strength", xlabel="λ, on a logarithmic axis", xscale="log", ylim=(0, 1.15))
        ax.set_xticks(self.penalty.tolist(), [f"{v:g}" for v in self.penalty.tolist()])
        ax.set_xticks([], minor=True)
        return fig
