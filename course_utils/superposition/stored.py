"""What is too heavy to train in a lesson ships as a small file; `models/stored/` makes it again."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import plots, stored

from .critical import CriticalDensity
from .measures import dimensions_per_feature
from .training import Toy, Trained

SHAPES = {
    "alone 1": 1.0,
    "tetrahedron 3/4": 3 / 4,
    "triangle 2/3": 2 / 3,
    "digon 1/2": 1 / 2,
    "pentagon 2/5": 2 / 5,
    "antiprism 3/8": 3 / 8,
}
FOLDER = Path(__file__).parent / "stored_results"
SHA256 = {
    "sweep": "e2043142177e63396effbfb469c9cde0029199249f5d07a274137ad633d78ea2",
    "critical": "f8229aa26e06ed217cc70151e12614c72791b4b862c0e9fbf5fe2918ae2c101f",
    "plane": "4bdaa178b7cba2e0b19ec8a1fda1e306ca6f6e573280801f18a62fd2a851f1dc",
}


@dataclass(frozen=True)
class DensitySweep:
    """The canonical sweep: 200 equally important features in 20 dimensions, from dense to sparse, over seeds.

    Attributes:
        probability: density p of each instance. dimensionality: Dᵢ, (seed, instance, feature).
        per_feature: D* = m / ‖W‖²_F, (seed, instance). loss: final loss, (seed, instance).
    """

    probability: Float[Tensor, "instance"]
    dimensionality: Float[Tensor, "seed instance feature"]
    per_feature: Float[Tensor, "seed instance"]
    loss: Float[Tensor, "seed instance"]

    def share_at(self, value: float) -> Float[Tensor, "seed instance"]:
        """Of the represented features (D above 0.1), the share whose D lies within 0.01 of `value`."""
        kept = self.dimensionality > 0.1
        close = kept & ((self.dimensionality - value).abs() < 0.01)
        return close.sum(-1) / kept.sum(-1).clamp(min=1)

    def plot(self, live: Trained | None = None) -> Figure:
        """Left: D* against 1/p. Right: every feature's D, all seeds, beside the dimensionalities of ideal shapes."""
        fig, (left, right) = plots.figure(1, 2, height=4.2, width_ratios=[0.8, 1.2])
        x = 1 / self.probability
        plots.band(left, x, self.per_feature, label=f"200 in 20, {len(self.per_feature)} seeds")
        if live is not None:
            there, per_feature = 1 / live.toy.probability[:, 0], dimensions_per_feature(live.W)
            label = f"{live.toy.features} in {live.toy.hidden}, trained here"
            plots.band(left, there, per_feature, label=label, colour=plots.COLOURS[5], marker="s")
        left.set(
            xlabel="1/p (sparser to the right)",
            ylabel="D* = m / ‖W‖²  (dimensions per feature)",
            ylim=(0, 1.05),
        )
        left.legend()
        for k, D in enumerate(self.dimensionality.unbind(1)):
            D = D[D > 0.02]
            spread = x[k] * (1 + 0.05 * torch.linspace(-1, 1, len(D)))
            right.plot(spread, D, ".", markersize=2.5, alpha=0.5, color=plots.COLOURS[0])
        for name, value in SHAPES.items():
            right.axhline(value, color=plots.GREY, linewidth=0.7, linestyle=":")
            nudge = {"pentagon 2/5": 0.012, "antiprism 3/8": -0.015}.get(name, 0.0)  # keep the two labels apart
            right.annotate(
                name, (1.01, value + nudge), xycoords=("axes fraction", "data"), fontsize=8, va="center", color="black"
            )
        right.set(xlabel="1/p (sparser to the right)", ylabel="dimensionality D of each feature", ylim=(0, 1.05))
        for ax in (left, right):
            ax.set_xscale("log")
            ax.set_xticks([1, 2, 5, 10, 20], ["1", "2", "5", "10", "20"])
            ax.set_xticks([], minor=True)
        return fig


@dataclass(frozen=True)
class Plane:
    """Five features in two dimensions, the best of 8 seeds, over densities p and importances I_i = decay^i.

    W: (density, decay, hidden, feature). loss: (density, decay).
    """

    probability: Float[Tensor, "density"]
    decay: Float[Tensor, "decay"]
    W: Float[Tensor, "density decay 2 5"]
    loss: Float[Tensor, "density decay"]

    def plot(self, densities: tuple[int, ...] = (0, 2, 6), decays: tuple[int, ...] = (0, 4)) -> Figure:
        """Some of the models: one row for each importance, one column for each density."""
        fig, axes = plots.figure(len(decays), len(densities), width=5.8, height=3.9)
        for y, c in enumerate(decays):
            for x, p in enumerate(densities):
                title = f"p = {self.probability[p]:.2g}" if y == 0 else ""
                plots.arrows(axes[y, x], self.W[p, c], title=title)
                axes[y, x].set(xticks=[], yticks=[], xlim=(-1.6, 1.6), ylim=(-1.6, 1.6))
                axes[y, x].spines[:].set_visible(False)
            axes[y, 0].set_ylabel(f"importance × {self.decay[c]:.2g}")
        return fig


def canonical(features: int = 200, hidden: int = 20, instances: int = 20) -> Toy:
    """The published sweep's densities, p = 20^(−k/19): from every feature always active to one in twenty."""
    return Toy(features, hidden, tuple((20 ** -torch.linspace(0, 1, instances)).tolist()))


@lru_cache
def density_sweep() -> DensitySweep:
    """The stored sweep (20 instances, 10 000 steps each, several seeds)."""
    return DensitySweep(**_load("sweep"))


@lru_cache
def plane() -> Plane:
    """The stored grid behind the lesson's widget."""
    return Plane(**_load("plane"))


@lru_cache
def critical() -> CriticalDensity:
    """Where superposition sets in for 10 features in 5 dimensions, over 256 seeds."""
    return CriticalDensity(**_load("critical"))


def _load(name: str) -> dict[str, Tensor]:
    return stored.load(FOLDER, name, SHA256[name])
