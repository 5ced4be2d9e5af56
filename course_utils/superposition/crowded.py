"""Many features in more dimensions than can be drawn: which of them share dimensions, and how many.

1. Two kept features belong to one block if their arrows are far from a right angle, or if a chain of others links them.
2. Between blocks all arrows are nearly at right angles: WᵀW, with its rows sorted by block, has boxes on its diagonal.
3. The dimensionalities of a block sum to the number of dimensions that its features share.
4. Two pictures: the dimensionality of every kept feature at all densities, and the blocks of one model.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from scipy.sparse.csgraph import connected_components
from torch import Tensor

from .. import plots
from .measures import DROPPED, column_norms, directions, feature_dimensionality
from .training import Trained

SHARING = 0.2  # two arrows with a larger |cos| than this share dimensions


@dataclass(frozen=True)
class Block:
    """Features that share dimensions among themselves and with no others, and the sum of their dimensionalities."""

    features: tuple[int, ...]
    dimensions: float


def blocks(W: Float[Tensor, "hidden feature"]) -> tuple[Block, ...]:
    """The blocks of the kept features, small ones first."""
    kept = (column_norms(W) >= DROPPED).nonzero().flatten()
    unit, D = directions(W[:, kept]), feature_dimensionality(W)
    count, label = connected_components(((unit.mT @ unit).abs() > SHARING).numpy(), directed=False)
    groups = [kept[torch.from_numpy(label) == k] for k in range(count)]
    found = [Block(tuple(group.tolist()), float(D[group].sum())) for group in groups]
    return tuple(sorted(found, key=lambda block: (len(block.features), block.features)))


def even_pairs(W: Float[Tensor, "hidden feature"]) -> bool:
    """Whether all features are kept in pairs, with arrows that differ in length by less than 15 %."""
    length = column_norms(W)
    paired = sum(len(block.features) for block in blocks(W) if len(block.features) == 2)
    return paired == W.shape[1] and bool(length.max() < 1.15 * length.min())


@dataclass(frozen=True)
class CrowdedModels:
    """Models in which no plane can be drawn, one instance for each density. `best` holds the lowest-loss runs."""

    trained: Trained
    best: Trained

    @classmethod
    def of(cls, trained: Trained) -> "CrowdedModels":
        return cls(trained, trained.best())

    def plot(self, null: Float[Tensor, "draw hidden feature"]) -> Figure:
        """A column for each density, and a last one for `null`, whose first draw stands for its best run.

        In it D of every kept feature, a column of dots for each run and a row for the best one, and a stroke where all
        features of the best run would have the same.
        """
        densities = self.best.toy.probability[:, 0].tolist()
        names = [f"{p:.2g}" for p in densities] + [f"{null.shape[-1]} at\nrandom"]
        columns = [*zip(self.trained.W.unbind(1), self.best.W[0], strict=True), (null, null[0])]
        fig, ax = plots.figure(height=3.6)
        for k, (stack, shown) in enumerate(columns):
            order, hidden = _order(shown), len(shown)
            ax.text(k, 1.1, f"{len(order)} kept" if stack is not null else "", ha="center", fontsize=9)
            for run, W in enumerate(stack):
                D, x = feature_dimensionality(W)[_order(W)], k - 0.3 + 0.6 * run / (len(stack) - 1)
                ax.plot([x] * len(D), D, "o", color=plots.GREY, markersize=2.5, alpha=0.6, markeredgewidth=0)
            across = k + 0.3 * torch.linspace(-1, 1, len(order))
            ax.plot(across, feature_dimensionality(shown)[order], "o", color=plots.SERIES[0], markersize=4, zorder=4)
            ax.hlines(hidden / len(order), k - 0.4, k + 0.4, color=plots.NULL, linewidth=2, zorder=3)
        for value in (1, 1 / 2, 2 / 5):
            ax.axhline(value, color=plots.GREY, linewidth=0.7, linestyle=":", zorder=0)
        ax.set(xlim=(-0.5, len(columns) - 0.5), ylim=(0, 1.18), xticks=range(len(columns)), xticklabels=names)
        ax.set_yticks([0, 2 / 5, 1 / 2, 1], ["0", "pentagon  2/5", "pair  1/2", "alone  1"])
        ax.set_xlabel("density p (rarer to the right)")
        ax.set_ylabel("D of each kept feature")
        ax.spines["left"].set_bounds(0, 1.05)
        marks = (
            Line2D([], [], marker="o", linestyle="", color=plots.SERIES[0], markersize=4, label="best run"),
            Line2D([], [], marker="o", linestyle="", color=plots.GREY, markersize=2.5, label="all runs"),
            Line2D([], [], color=plots.NULL, linewidth=2, label="an even share"),
        )
        fig.legend(handles=marks, ncols=3, loc="outside lower center")
        return fig


def blocks_figure(W: Float[Tensor, "hidden feature"]) -> Figure:
    """WᵀW of the kept features, sorted by block, a box around each block, and D of the feature of each row."""
    order, start = _order(W), 0
    fig, ax = plots.figure(width=4.2, height=3.4)
    plots.heatmap(ax, (W.mT @ W)[order][:, order], limit=1.2, bar=False)
    for block in blocks(W):
        size = len(block.features)
        how = dict(fill=False, edgecolor=plots.INK, linewidth=2.5, clip_on=False)
        ax.add_patch(plots.plt.Rectangle((start - 0.5, start - 0.5), size, size, **how))
        start += size
    ax.set(xticks=[])
    ax.set_yticks(range(len(order)), [f"D = {D:.2f}" for D in feature_dimensionality(W)[order].tolist()])
    ax.yaxis.tick_right()
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return fig


def shares_figure(models: dict[str, Float[Tensor, "run hidden feature"]]) -> Figure:
    """A panel for each entry, in it a bar for each run: its blocks, as long as their dimensionalities sum to."""
    fig, axes = plots.figure(1, len(models), height=2.3, sharey=True, squeeze=False)
    for ax, (name, stack) in zip(axes[0], models.items(), strict=True):
        hidden = stack.shape[-2]
        for run, W in enumerate(stack):
            left = 0.0
            for block in blocks(W):
                size = len(block.features)
                grey = {2: "#F4F4F4", 5: "#BDBDBD", 8: "#5A5A5A"}.get(size, "white")
                ax.barh(run, block.dimensions, left=left, height=0.86, color=grey, edgecolor=plots.INK, linewidth=0.8)
                colour = plots.INK if plots.is_light(grey) else "white"
                ax.text(left + block.dimensions / 2, run, str(size), ha="center", va="center", fontsize=8, color=colour)
                left += block.dimensions
        ax.set(xlim=(0, hidden + 0.1), xticks=range(hidden + 1), yticks=[], ylim=(len(stack) - 0.5, -0.5))
        ax.set_title(name, loc="left")
        ax.tick_params(labelsize=8)
        ax.spines["left"].set_visible(False)
    axes[0, 0].set_ylabel(f"{len(stack)} runs")
    fig.supxlabel("dimensions", fontsize=10)
    return fig


def _order(W: Float[Tensor, "hidden feature"]) -> Int[Tensor, "kept"]:
    """The kept features, sorted by block."""
    return torch.tensor([i for block in blocks(W) for i in block.features])
