"""Results of the lesson's experiments: frozen values that know how to summarise and draw themselves.

1. `Shapes` – five features in two dimensions: which shape appears, how often over seeds.
2. `CrowdedModels` – more dimensions than can be drawn: what is kept, and what it pays, read off WᵀW.
3. `PairGeometry` – pairs of features that come together, or never do.
"""

from collections import Counter
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from matplotlib.figure import Figure
from torch import Tensor

from .. import plots
from .measures import DROPPED, PlaneReading, column_norms, directions, feature_dimensionality, interference, read_plane
from .training import Trained

# Greys, from few arrows to many, every other one hatched: colours stand for features, and for nothing else.
_SHAPE_FILLS = {
    "two alone": ("white", ""), "one pair": ("white", "///"), "square": ("#B5B5B5", ""), "pentagon": ("#3A3A3A", ""),
    "other": ("white", "..."),
}  # fmt: skip


@dataclass(frozen=True)
class Shapes:
    """Which shape the columns form, for every density and seed. `best` holds the lowest-loss model of each density."""

    best: Trained
    readings: tuple[tuple[PlaneReading, ...], ...]  # (instance, seed)

    @classmethod
    def of(cls, trained: Trained) -> "Shapes":
        each = range(trained.toy.instances)
        return cls(trained.best(), tuple(tuple(read_plane(W) for W in trained.W[:, i]) for i in each))

    def best_readings(self) -> tuple[PlaneReading, ...]:
        return tuple(read_plane(W) for W in self.best.W[0])

    def counts(self, instance: int) -> Counter[str]:
        return Counter(_shape(reading, self.best.toy.features) for reading in self.readings[instance])

    def plot(self) -> Figure:
        """Above: the best model of each density as arrows. Below: how often each shape appeared over the seeds."""
        k = self.best.toy.instances
        fig, axes = plots.figure(3, (k + 1) // 2, height=5.0, height_ratios=[1, 1, 0.75], squeeze=False)
        for i, ax in enumerate(axes[:2].flat):
            ax.set_axis_off()
            if i < k:
                plots.arrows(ax, self.best.W[0, i], title=f"p = {self.best.toy.probability[i, 0]:.2g}")
        grid = axes[2, 0].get_gridspec()
        for ax in axes[2]:
            ax.remove()
        below, seeds = fig.add_subplot(grid[2, :]), len(self.readings[0])
        bottom = torch.zeros(k)
        for shape, (grey, hatch) in _SHAPE_FILLS.items():
            share = torch.tensor([self.counts(i)[shape] / seeds for i in range(k)])
            below.bar(range(k), share, bottom=bottom, color=grey, hatch=hatch, label=shape, ec=plots.INK, linewidth=0.8)
            bottom += share
        below.set(xticks=range(k), xticklabels=[f"{p:.2g}" for p in self.best.toy.probability[:, 0]])
        below.set(xlabel="density p (dense on the left, sparse on the right)", ylabel=f"share of {seeds} seeds")
        below.legend(ncols=5, loc="lower center", bbox_to_anchor=(0.5, 1.0))
        return fig


def _shape(reading: PlaneReading, features: int) -> str:
    kept = features - len(reading.dropped)
    if reading.polygon in (4, 5):
        return {4: "square", 5: "pentagon"}[reading.polygon]
    if kept == 2 and not reading.antipodal:
        return "two alone"
    return "one pair" if kept == 3 and len(reading.antipodal) == 1 else "other"


@dataclass(frozen=True)
class CrowdedModels:
    """Models in which no plane can be drawn, one instance for each density. `best` holds the lowest-loss runs."""

    trained: Trained
    best: Trained

    @classmethod
    def of(cls, trained: Trained) -> "CrowdedModels":
        return cls(trained, trained.best())

    def rows(self) -> dict[str, dict[str, object]]:
        """For each density: features kept (mean and range over runs), and interference and ΣD of the best run."""
        count, rows = represented(self.trained.W).float(), {}
        for k, (p, W) in enumerate(zip(self.trained.toy.probability[:, 0].tolist(), self.best.W[0], strict=True)):
            kept = column_norms(W) >= DROPPED
            rows[f"p = {p:.2g}"] = {
                "features kept": (count[:, k].mean(), count[:, k].min(), count[:, k].max()),
                "by the best run": kept.sum(),
                "interference, kept": interference(W)[kept].mean(),
                "sum of D": feature_dimensionality(W).sum(),
            }
        return rows

    def plot(self) -> Figure:
        """Above WᵀW; in the middle the lengths of the columns; below the interference of the features that are kept."""
        n, k = self.best.toy.features, self.best.toy.instances
        fig, axes = plots.figure(3, k, height=6.0, height_ratios=[2.3, 0.8, 0.9], sharex=True)
        for i, (above, middle, below) in enumerate(axes.T):
            W = self.best.W[0, i]
            ticks = range(0, n, 5)
            image = plots.heatmap(above, W.mT @ W, limit=1.2, bar=False)
            above.set(title=f"p = {self.best.toy.probability[i, 0]:.2g}", xticks=ticks, yticks=ticks)
            above.tick_params(labelbottom=True)
            length, leak = column_norms(W), interference(W)
            middle.bar(range(n), length, color=plots.GREY)
            kept = [j for j in range(n) if length[j] >= DROPPED]
            below.plot(kept, leak[kept], "o", color=plots.INK, markersize=4, clip_on=False)
            middle.set(ylim=(0, 1.5))
            below.set(xlabel="feature", ylim=(0, 3))
        fig.colorbar(image, ax=list(axes[0]), location="top", shrink=0.4, aspect=30, label="entry of $W^T W$")
        axes[0, 0].set_ylabel("feature")
        axes[1, 0].set_ylabel("length")
        axes[2, 0].set_ylabel("interference")
        return fig


@dataclass(frozen=True)
class PairGeometry:
    """Cosine between the two features of each pair, (seed, instance, pair), for three ways in which pairs occur."""

    probability: tuple[float, ...]
    cosine: dict[str, Float[Tensor, "seed instance pair"]]
    best: dict[str, Float[Tensor, "instance pair"]]  # of the lowest-loss seed

    @classmethod
    def of(cls, trained: dict[str, Trained]) -> "PairGeometry":
        p = tuple(next(iter(trained.values())).toy.probability[:, 0].tolist())
        return cls(
            p, {k: _within(t.W) for k, t in trained.items()}, {k: _within(t.best().W[0]) for k, t in trained.items()}
        )

    def plot(self) -> Figure:
        fig, axes = plots.figure(1, len(self.cosine), height=2.9, sharey=True)
        generator = torch.Generator().manual_seed(0)
        for ax, (kind, cosine), colour in zip(axes, self.cosine.items(), plots.COLOURS, strict=False):
            for i in range(len(self.probability)):
                values = cosine[:, i].flatten()
                x = i + 0.5 * (torch.rand(len(values), generator=generator) - 0.5)
                ax.plot(x, values, "o", color=colour, markersize=3, alpha=0.5)
                ax.plot(
                    [i] * self.best[kind].shape[-1],
                    self.best[kind][i],
                    "D",
                    color="black",
                    markersize=5,
                    fillstyle="none",
                )
            ax.set(
                title=kind,
                xticks=range(len(self.probability)),
                xticklabels=[f"{p:.2g}" for p in self.probability],
                xlabel="density p",
            )
            ax.axhline(0, color=plots.GREY, linewidth=0.8, linestyle=":")
        axes[0].set(ylabel="cosine within the pair", ylim=(-1.15, 1.15))
        return fig


def _within(W: Float[Tensor, "*stack hidden feature"]) -> Float[Tensor, "*stack pair"]:
    unit = directions(W)
    return (unit[..., 0::2] * unit[..., 1::2]).sum(-2)


def represented(W: Float[Tensor, "*stack hidden feature"]) -> Int[Tensor, "*stack"]:
    """How many features have a direction at all (a column of norm at least 0.3)."""
    return (column_norms(W) >= DROPPED).sum(-1)
