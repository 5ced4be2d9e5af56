"""Results of the lesson's experiments: frozen values that know how to summarise and draw themselves.

1. `Shapes` – five features in two dimensions: which shape appears, how often over seeds.
2. `PairGeometry` – pairs of features that come together, or never do.
"""

from collections import Counter
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from .. import plots
from .arrow_panels import number_places
from .measures import DROPPED, PlaneReading, column_norms, directions, read_plane
from .training import Trained

# Greys, one of them dotted: colours stand for features, and for nothing else.
_SHAPE_FILLS = {
    "no regular shape": ("white", "..."), "square": ("#B5B5B5", ""), "pentagon": ("#3A3A3A", ""),
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
        return Counter(_shape(reading) for reading in self.readings[instance])

    def plot(self) -> Figure:
        """For each density the best model as arrows, and below it how many of the runs form each shape."""
        k, seeds = self.best.toy.instances, len(self.readings[0])
        fig, ax = plots.figure(height=3.6)
        bottom = torch.zeros(k)
        for shape, (grey, hatch) in _SHAPE_FILLS.items():
            runs = torch.tensor([self.counts(i)[shape] for i in range(k)])
            ax.bar(range(k), runs, bottom=bottom, color=grey, hatch=hatch, label=shape, ec=plots.INK, linewidth=0.8)
            bottom += runs
        for i, W in enumerate(self.best.W[0]):
            _icon(ax.inset_axes((i / k, 0.63, 1 / k, 0.37)), W)  # above its bar
        ax.set(xlim=(-0.5, k - 0.5), ylim=(0, 1.65 * seeds), yticks=[0, seeds // 2, seeds])
        ax.set_ylabel(f"runs, of {seeds}", y=0.3)
        ax.set(xticks=range(k), xticklabels=[f"{p:.2g}" for p in self.best.toy.probability[:, 0]])
        ax.set_xlabel("density p (rarer to the right)")
        ax.spines["left"].set_bounds(0, seeds)
        ax.text(-0.01, 0.815, "best run", transform=ax.transAxes, ha="right", va="center")
        fig.legend(ncols=3, fontsize=9, columnspacing=1.0, loc="outside lower center")
        return fig


def _icon(ax: Axes, W: Float[Tensor, "2 feature"]) -> None:
    """The arrows that are kept, small, in the colours of their features and with their numbers."""
    ax.add_patch(plots.plt.Circle((0, 0), 1, fill=False, color=plots.GREY, linewidth=0.7, linestyle=":"))
    kept = (column_norms(W) >= DROPPED).nonzero().flatten().tolist()
    for i, place in zip(kept, number_places(W[:, kept], 0.44), strict=True):
        x, y = W[:, i].tolist()
        ax.plot([0, x], [0, y], color=plots.SERIES[i % len(plots.SERIES)], linewidth=2.2)
        ax.text(*place, str(i), ha="center", va="center", fontsize=8, color=plots.INK)
    ax.set(xlim=(-1.8, 1.8), ylim=(-1.8, 1.8), aspect="equal")
    ax.axis("off")


def _shape(reading: PlaneReading) -> str:
    return {4: "square", 5: "pentagon"}.get(reading.polygon, "no regular shape")


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
        for ax, (kind, cosine) in zip(axes, self.cosine.items(), strict=True):
            for i in range(len(self.probability)):
                values = cosine[:, i].flatten()
                x = i + 0.5 * (torch.rand(len(values), generator=generator) - 0.5)
                ax.plot(x, values, "o", color=plots.GREY, markersize=3, alpha=0.5)
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
