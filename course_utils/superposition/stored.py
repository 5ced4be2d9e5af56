"""What is too heavy to train in a lesson ships as a small file; `models/stored/` makes it again."""

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import plots, stored

from .critical import CriticalDensity
from .measures import dimensions_per_feature
from .training import Toy, Trained

SHAPES = {"alone": 1.0, "tetrahedron": 3 / 4, "triangle": 2 / 3, "digon": 1 / 2, "pentagon": 2 / 5, "antiprism": 3 / 8}


def _around(corners: int, turn: float = 0.25, high: float = 1.0, up: float = 0.0) -> list[tuple[float, float]]:
    angles = [2 * math.pi * (k / corners + turn) for k in range(corners)]
    return [(math.cos(angle), high * math.sin(angle) + up) for angle in angles]


OUTLINES = {  # the arrows of each shape, those in space seen from the side
    "alone": [(0.0, 1.0)],
    "tetrahedron": [(0.0, 1.0), *_around(3, 0.05, 0.35, -0.45)],
    "triangle": _around(3),
    "digon": [(1.0, 0.0), (-1.0, 0.0)],
    "pentagon": _around(5),
    "antiprism": [*_around(4, 0.03, 0.3, 0.6), *_around(4, 0.155, 0.3, -0.6)],
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

    def plot(self, live: Trained) -> Figure:
        """Left: D* against 1/p. Right: every feature's D, all seeds, and regular shapes at their dimensionalities."""
        fig, (left, right, icons) = plots.figure(1, 3, height=4.4, width_ratios=[0.62, 1.2, 0.42])
        x = 1 / self.probability
        plots.band(left, x, self.per_feature, label="200 in 20, stored", colour=plots.SERIES[0])
        there, per_feature = 1 / live.toy.probability[:, 0], dimensions_per_feature(live.W)
        label = f"{live.toy.features} in {live.toy.hidden}, trained here"
        plots.band(left, there, per_feature, label=label, colour=plots.SERIES[5], marker="s")
        left.set(ylabel="m / ‖W‖²: dimensions per feature", ylim=(0, 1.05))
        left.legend(fontsize=8)
        for k, D in enumerate(self.dimensionality.unbind(1)):
            D = D[D > 0.02]
            spread = x[k] * (1 + 0.05 * torch.linspace(-1, 1, len(D)))
            right.plot(spread, D, ".", markersize=2.5, alpha=0.5, color=plots.SERIES[0])
        for value in SHAPES.values():
            right.axhline(value, color=plots.GREY, linewidth=0.7, linestyle=":")
        right.set(ylabel="dimensionality D of each feature", ylim=(0, 1.05))
        for ax in (left, right):
            ax.set(xlabel="1/p (rarer to the right)", xscale="log")
            ax.set_xticks([1, 2, 5, 10, 20], ["1", "2", "5", "10", "20"])
            ax.set_xticks([], minor=True)
        _shapes(icons)
        return fig


def _shapes(ax: Axes) -> None:
    """The regular shapes, small, one above the other; a line leads from each to its dimensionality."""
    places = dict(zip(SHAPES, (1.0, 0.84, 0.68, 0.5, 0.33, 0.14), strict=True))
    for (name, value), y in zip(SHAPES.items(), places.values(), strict=True):
        ax.plot([0, 0.22], [value, y], color=plots.GREY, linewidth=0.8, clip_on=False)
        for dx, dy in OUTLINES[name]:
            ax.plot([0.42, 0.42 + 0.17 * dx], [y, y + 0.062 * dy], color=plots.INK, linewidth=1.5, clip_on=False)
        ax.text(0.66, y, f"{name}\n{Fraction(value).limit_denominator(9)}", fontsize=8, va="center")
    ax.set(xlim=(0, 1.2), ylim=(0, 1.05))
    ax.axis("off")


@dataclass(frozen=True)
class Plane:
    """Five features in two dimensions, the best of 8 seeds, over densities p and importances I_i = decay^i.

    W: (density, decay, hidden, feature). loss: (density, decay).
    """

    probability: Float[Tensor, "density"]
    decay: Float[Tensor, "decay"]
    W: Float[Tensor, "density decay 2 5"]
    loss: Float[Tensor, "density decay"]


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
