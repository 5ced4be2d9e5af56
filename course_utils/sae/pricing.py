"""What λ does on a known truth: activations, active latents and features found, against λ, beside TopK.

1. `Priced`: one training, measured.
2. `Prices`: trainings for several λ on several truths, with the line that one latent alone would follow.
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

    def against(self, kept: Mapping[int, Mapping[str, Tensor]]) -> Figure:
        """Features found, and what is unexplained, against L0: a dot a training, a line through the means over truths.

        Args:
            kept: {k: every measure}, of TopK.
        """
        fig, axes = plots.figure(1, 2, height=2.9)
        for ax, measure, title in zip(axes, ("found", "unexplained"), ("features found, %", "variance unexplained, %"),
                                      strict=True):  # fmt: skip
            l0, topk = (torch.stack([kept[k][name] for k in sorted(kept)]) for name in ("l0", measure))
            both = {"L1, seven λ": (self.l0[:-1], getattr(self, measure)[:-1], plots.SERIES[3], "s"),
                    f"TopK, k = {', '.join(map(str, sorted(kept)))}": (l0, topk, plots.INK, "o")}  # fmt: skip
            for name, (at, value, colour, mark) in both.items():
                ax.plot(at, 100 * value, mark, color=colour, markersize=4, alpha=0.6)
                ax.plot(at.mean(1), 100 * value.mean(1), color=colour, linewidth=1.4, label=name)
            ax.set(xscale="log", ylim=(0, None), xlabel="active latents (L0), logarithmic axis", title=title)
            ax.set_xticks([1, 2, 3, 5, 10, 20], ["1", "2", "3", "5", "10", "20"])
            ax.set_xticks([], minor=True)
        axes[1].legend()
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
            side = "left" if x > 0.5 else "right"  # the axis runs from large λ to small
            ax.text(x, y, text, color=colour, fontsize=10, ha=side, va="bottom")
        ax.set(ylabel="activation / true strength", xlabel="λ, on a logarithmic axis", xscale="log", ylim=(0, 1.15))
        ax.set_xticks(self.penalty.tolist(), [f"{v:g}" for v in self.penalty.tolist()])
        ax.set_xticks([], minor=True)
        ax.invert_xaxis()
        return fig
