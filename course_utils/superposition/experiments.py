"""Results of the lesson's experiments: frozen values that know how to summarise and draw themselves.

1. `Shapes` – five features in two dimensions: which shape appears, how often over seeds.
2. `PhaseDiagram` – two features in one dimension: what training finds beside what the closed forms predict.
3. `PairGeometry` – pairs of features that come together, or never do.
4. `CriticalDensity` – where superposition starts as features become rarer, with its spread over seeds.
"""

from collections import Counter
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from torch import Tensor

from .. import plots
from .measures import DROPPED, Reading, column_norms, directions, read_plane
from .theory import PHASES, predict_phase
from .training import Toy, Trained

_SHAPE_COLOURS = dict(zip(["two alone", "one pair", "square", "pentagon", "other"], plots.COLOURS, strict=False))


@dataclass(frozen=True)
class Shapes:
    """Which shape the columns form, for every density and seed. `best` holds the lowest-loss model of each density."""

    best: Trained
    readings: tuple[tuple[Reading, ...], ...]  # (instance, seed)

    @classmethod
    def of(cls, trained: Trained) -> "Shapes":
        each = range(trained.toy.instances)
        return cls(trained.best(), tuple(tuple(read_plane(W) for W in trained.W[:, i]) for i in each))

    def best_readings(self) -> tuple[Reading, ...]:
        return tuple(read_plane(W) for W in self.best.W[0])

    def counts(self, instance: int) -> Counter[str]:
        return Counter(_shape(reading, self.best.toy.features) for reading in self.readings[instance])

    def plot(self) -> Figure:
        """Above: the best model of each density as arrows. Below: how often each shape appeared over the seeds."""
        k = self.best.toy.instances
        fig, axes = plots.figure(3, (k + 1) // 2, height=6.2, height_ratios=[1, 1, 0.9], squeeze=False)
        for i, ax in enumerate(axes[:2].flat):
            ax.set_axis_off()
            if i < k:
                plots.arrows(ax, self.best.W[0, i], title=f"p = {self.best.toy.probability[i, 0]:.2g}")
        grid = axes[2, 0].get_gridspec()
        for ax in axes[2]:
            ax.remove()
        below, seeds = fig.add_subplot(grid[2, :]), len(self.readings[0])
        bottom = torch.zeros(k)
        for shape, colour in _SHAPE_COLOURS.items():
            share = torch.tensor([self.counts(i)[shape] / seeds for i in range(k)])
            below.bar(range(k), share, bottom=bottom, color=colour, label=shape, edgecolor="white")
            bottom += share
        below.set(xticks=range(k), xticklabels=[f"{p:.2g}" for p in self.best.toy.probability[:, 0]])
        below.set(xlabel="density p (dense on the left, sparse on the right)", ylabel=f"share of {seeds} seeds")
        below.legend(ncols=5, loc="lower center", bbox_to_anchor=(0.5, 1.0))
        return fig


def _shape(reading: Reading, features: int) -> str:
    kept = features - len(reading.dropped)
    if reading.polygon in (4, 5):
        return {4: "square", 5: "pentagon"}[reading.polygon]
    if kept == 2 and not reading.antipodal:
        return "two alone"
    return "one pair" if kept == 3 and len(reading.antipodal) == 1 else "other"


@dataclass(frozen=True)
class PhaseDiagram:
    """Phases 0 (keep feature 1), 1 (keep feature 2), 2 (antipodal pair) over density p and importance r."""

    p: Float[Tensor, "p"]
    r: Float[Tensor, "r"]
    per_seed: Int[Tensor, "seed p r"]
    measured: Int[Tensor, "p r"]  # of the lowest-loss seed
    predicted: Int[Tensor, "p r"]

    @staticmethod
    def toy(p: Float[Tensor, "p"], r: Float[Tensor, "r"]) -> Toy:
        """Two features in one dimension, one instance for each point of the grid."""
        P, R = torch.meshgrid(p, r, indexing="ij")
        return Toy(2, 1, P.reshape(-1, 1).expand(-1, 2), torch.stack([torch.ones(P.numel()), R.flatten()], 1))

    @classmethod
    def of(cls, trained: Trained, p: Float[Tensor, "p"], r: Float[Tensor, "r"]) -> "PhaseDiagram":
        grid = (len(p), len(r))
        predicted = predict_phase(*torch.meshgrid(p, r, indexing="ij"))
        return cls(
            p, r, read_phase(trained.W).unflatten(-1, grid), read_phase(trained.best().W[0]).view(grid), predicted
        )

    def agreement(self) -> float:
        return (self.measured == self.predicted).float().mean().item()

    def agreement_per_seed(self) -> Float[Tensor, "seed"]:
        return (self.per_seed == self.predicted).float().mean((-1, -2))

    def always_antipodal(self) -> float:
        """How often the answer "always antipodal" would be right: the null."""
        return (self.measured == 2).float().mean().item()

    def balanced_accuracy(self) -> float:
        """The agreement averaged over the three phases, so that the common one does not drown the others."""
        hit = self.measured == self.predicted
        phases = [k for k in range(3) if (self.measured == k).any()]
        return sum(hit[self.measured == k].float().mean().item() for k in phases) / len(phases)

    def plot(self) -> Figure:
        fig, axes = plots.figure(1, 3, height=3.3, sharey=True)
        colours = ListedColormap([plots.COLOURS[0], plots.COLOURS[1], "#DDDDDD"])
        edges = [0, (len(self.r) - 1) / 2, len(self.r) - 1]
        panels = [
            ("predicted", self.predicted),
            ("one seed", self.per_seed[0]),
            (f"best of {len(self.per_seed)} seeds", self.measured),
        ]
        for ax, (title, phase) in zip(axes, panels, strict=True):
            ax.imshow(phase.numpy(), cmap=colours, vmin=0, vmax=2, aspect="auto")
            wrong = (phase != self.predicted).nonzero()
            ax.plot(wrong[:, 1], wrong[:, 0], "x", color="black", markersize=5)
            ax.set(
                title=title,
                xticks=edges,
                xlabel="importance r of feature 2",
                xticklabels=[f"{self.r[round(e)]:.2g}" for e in edges],
            )
        rows = [0, (len(self.p) - 1) // 2, len(self.p) - 1]
        axes[0].set(ylabel="density p", yticks=rows, yticklabels=[f"{self.p[k]:.2g}" for k in rows])
        handles = [Patch(color=colours(k), label=PHASES[k]) for k in range(3)]
        fig.legend(handles=handles, loc="outside lower center", ncols=3)
        return fig


def read_phase(W: Float[Tensor, "*stack 1 2"]) -> Int[Tensor, "*stack"]:
    """The phase of a trained pair in one dimension: antipodal if both weights exceed 0.5, else the larger is kept."""
    size = W[..., 0, :].abs()
    return torch.where((size > 0.5).all(-1), 2, (size[..., 1] > size[..., 0]).long())


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


@dataclass(frozen=True)
class CriticalDensity:
    """Where n = 2m equally important features begin to share dimensions, seed by seed."""

    probability: Float[Tensor, "instance"]
    crowding: Float[Tensor, "seed instance"]
    crossing: Float[Tensor, "seed"]

    @classmethod
    def of(cls, trained: Trained, halfway: float = 1.5) -> "CriticalDensity":
        p = trained.toy.probability[:, 0]
        crowded = trained.W.square().sum((-1, -2)) / trained.toy.hidden
        return cls(p, crowded, torch.stack([crossing(p, row, halfway) for row in crowded]))

    @property
    def mean(self) -> float:
        return self.crossing.mean().item()

    @property
    def spread(self) -> float:
        """Standard deviation over seeds."""
        return self.crossing.std().item()

    def interval(self) -> tuple[float, float]:
        """The mean over seeds, plus and minus two standard deviations over seeds."""
        return self.mean - 2 * self.spread, self.mean + 2 * self.spread

    def plot(self, theory: float | None = None) -> Figure:
        fig, ax = plots.figure(height=3)
        plots.band(ax, self.probability, self.crowding, label=f"trained: mean and range of {len(self.crowding)} seeds")
        ax.axhline(1.5, color=plots.GREY, linewidth=0.8, linestyle=":")
        ax.axvspan(*self.interval(), color=plots.COLOURS[1], alpha=0.35, linewidth=0, label="crossing: mean ± 2 sd")
        if theory is not None:
            ax.axvline(theory, color="black", linestyle="--", linewidth=1.2, label=f"closed forms: {theory:.3f}")
        ax.set(xlabel="density p", ylabel="‖W‖² / m\n(1: alone, 2: in pairs)")
        ax.legend()
        return fig


def crossing(p: Float[Tensor, "x"], y: Float[Tensor, "x"], level: float) -> Float[Tensor, ""]:
    """The largest p at which y, read from dense to sparse, first rises above `level`; linear between grid points.

    Raises:
        ValueError: if y does not cross the level inside the grid.
    """
    order = p.argsort()
    p, y = p[order], y[order]
    above = (y > level).nonzero()
    if len(above) == 0 or int(above.max()) == len(p) - 1:
        raise ValueError("the curve does not cross the level inside the grid: widen the range of densities")
    k = int(above.max())
    return p[k] + (y[k] - level) / (y[k] - y[k + 1]) * (p[k + 1] - p[k])


def represented(W: Float[Tensor, "*stack hidden feature"]) -> Int[Tensor, "*stack"]:
    """How many features have a direction at all (a column of norm at least 0.3)."""
    return (column_norms(W) >= DROPPED).sum(-1)
