"""Where superposition begins, for twice as many equally important features as dimensions.

1. `CriticalDensity` follows ‖W‖²_F/m over the density: 2 where all are kept in pairs, 1 where half of them are.
2. The first pencil compares an ideal pair, W = (1, −1) and b = 0, with keeping one feature: a switch at p = 4/7.
3. The second pencil lets the pair choose its length and bias, (w, −w) and b: its loss is an average over the sizes of
   the two features, taken on a fixed grid, and the best (w, b) is found by descent. Nothing is drawn at random.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

import torch
from jaxtyping import Bool, Float
from matplotlib.figure import Figure
from scipy.stats import t
from torch import Tensor

from .. import plots
from .training import Trained

IDEAL_SWITCH = Fraction(4, 7)  # p/3 − p²/4 = p²/3
GRID = 200  # sizes of each feature; the loss changes by less than 1e-5 from 200 to 400


@dataclass(frozen=True)
class Pair:
    """The best symmetric pair at one density: w, b, and its loss for both features together, of importance 1."""

    weight: float
    bias: float
    loss: float


def pair_loss(p: float, weight: Tensor, bias: Tensor) -> Tensor:
    """The loss of W = (w, −w), b for two features of density p, uniform on [0, 1] when active, both of importance 1."""
    u = (torch.arange(GRID, dtype=torch.float64) + 0.5) / GRID
    off = torch.zeros(1, dtype=torch.float64)

    def wrong(own: Tensor, other: Tensor) -> Tensor:
        return (torch.relu(weight**2 * (own - other) + bias) - own).square().mean()

    alone, silent = wrong(u, off), wrong(off, u) * p * (1 - p) + wrong(off, off) * (1 - p) ** 2
    return 2 * (p**2 * wrong(u[:, None], u) + p * (1 - p) * alone + silent)


@lru_cache(maxsize=256)
def best_pair(p: float) -> Pair:
    """The (w, b) with the lowest loss at density p, found from w = 1, b = 0."""
    value = torch.tensor([1.0, 0.0], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([value], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = pair_loss(p, value[0], value[1])
        loss.backward()
        return loss

    optimizer.step(closure)
    weight, bias = value.detach().tolist()
    return Pair(weight, bias, pair_loss(p, *value.detach()).item())


def pair_crowding(p: float) -> float:
    """‖W‖² of the best pair in its one dimension, 2 w²."""
    return 2 * best_pair(p).weight ** 2


def pair_density(level: float) -> float:
    """The density at which ‖W‖² of the best pair falls through `level`, between 1 and 2; by bisection."""
    low, high = 0.4, 0.9
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if pair_crowding(middle) > level else (low, middle)
    return low


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
        return cls(p, crowded, torch.stack([crossing_density(p, row, halfway) for row in crowded]))

    @property
    def mean(self) -> float:
        return self.crossing.mean().item()

    @property
    def spread(self) -> float:
        """Standard deviation over seeds."""
        return self.crossing.std().item()

    def mean_interval(self) -> tuple[float, float, float]:
        """The mean over runs, and the ends of its 95 % interval (Student's t): an interval of the *mean*."""
        n = len(self.crossing)
        reach = float(t.ppf(0.975, n - 1)) * self.spread / n**0.5
        return self.mean, self.mean - reach, self.mean + reach

    def at(self, level: float) -> "CriticalDensity":
        """The same runs, with another level of ‖W‖²/m that counts as half-way."""
        crossed = [crossing_density(self.probability, row, level) for row in self.crowding]
        return CriticalDensity(self.probability, self.crowding, torch.stack(crossed))

    def plot(self, here: "CriticalDensity", even: Bool[Tensor, "seed instance"]) -> Figure:
        """These runs in grey, runs trained `here` by whether they are even pairs, and what the formulas say."""
        fig, ax = plots.figure(height=4.2)
        generator = torch.Generator().manual_seed(0)
        for k, p in enumerate(self.probability.tolist()):
            x = p + 0.012 * torch.rand(len(self.crowding), generator=generator) - 0.015
            label = f"{len(self.crowding)} stored runs" if k == 0 else None
            ax.plot(x, self.crowding[:, k], ".", color=plots.GREY, markersize=3, alpha=0.45, label=label)
            for kind, marker, colour, name in ((True, "o", plots.SERIES[0], "five even pairs"),
                                               (False, "x", plots.SERIES[5], "anything else")):  # fmt: skip
                values = here.crowding[even[:, k] == kind, k]
                x = p + 0.005 + 0.012 * torch.rand(len(values), generator=generator)
                words = f"trained here: {name}" if k == 0 else None
                ax.plot(x, values, marker, color=colour, markersize=4, label=words)
        fine = torch.linspace(float(self.probability.min()), float(self.probability.max()), 33)
        own, switch = [pair_crowding(p) for p in fine.tolist()], float(IDEAL_SWITCH)
        ax.plot(fine, own, color=plots.INK, label="pair that chooses its length and bias")
        steps = [fine[0], switch, switch, fine[-1]]
        ax.plot(steps, [2, 2, 1, 1], "--", color=plots.NULL, label="pair with W = (1, −1), b = 0")
        ax.axhline(1.5, color=plots.GREY, linewidth=0.8, linestyle=":")
        ax.set(xlabel="density p", ylabel="‖W‖² / m", ylim=(0.95, 2.12))
        ax.legend(fontsize=8)
        return fig


def curves_figure() -> Figure:
    """The loss of one feature kept, of the fixed pair, and of the pair that chooses, as shares of the variance."""
    p = torch.linspace(0.2, 1.0, 41)
    total = 2 * (p / 3 - p.square() / 4)
    chosen = torch.tensor([best_pair(round(float(q), 4)).loss for q in p])
    fig, ax = plots.figure(height=3.2)
    ax.plot(p, torch.full_like(p, 50.0), color=plots.GREY)
    ax.plot(p, 100 * p.square() / 3 / total, "--", color=plots.NULL)
    ax.plot(p, 100 * chosen / total, color=plots.INK)
    ax.plot(float(IDEAL_SWITCH), 50, "o", color=plots.INK, markersize=6)
    ax.annotate("4/7", (float(IDEAL_SWITCH), 50), (0.545, 54), ha="right")
    ax.text(0.21, 52, "one feature kept", color=plots.NULL)
    ax.text(0.72, 80, "fixed pair", color=plots.NULL, ha="right")
    ax.text(0.75, 40, "pair that chooses its length and bias", color=plots.INK, ha="center")
    ax.set(xlabel="density p", ylabel="% of the variance lost", xlim=(0.2, 1.0), ylim=(0, 100))
    return fig


def crossing_density(p: Float[Tensor, "x"], y: Float[Tensor, "x"], level: float) -> Float[Tensor, ""]:
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


LEVELS = (1.35, 1.4, 1.45, 1.55, 1.6, 1.65)  # of ‖W‖²/m, without the 1.5 of the lesson


def own_level(seed: int) -> float:
    """The level of ‖W‖²/m that a learner's experiment follows."""
    return LEVELS[seed % len(LEVELS)]
