"""Many features in more dimensions than can be drawn: which of them share dimensions, and how many.

1. Two kept features belong to one block if their arrows are far from a right angle, or if a chain of others links them.
2. Between blocks all arrows are nearly at right angles: WᵀW, with its rows sorted by block, has boxes on its diagonal.
3. The dimensionalities of a block sum to the number of dimensions that its features share.
4. Pictures: the blocks of models as boxes, and how runs fill their room.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from matplotlib.figure import Figure
from scipy.sparse.csgraph import connected_components
from torch import Tensor

from .. import plots
from .measures import DROPPED, column_norms, directions, feature_dimensionality

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


def blocks_figure(models: dict[str, Float[Tensor, "hidden feature"]]) -> Figure:
    """For each model WᵀW of the kept features, sorted by block, and a box around each block; all cells of one size."""
    most = max(len(_order(W)) for W in models.values())
    fig, axes = plots.figure(1, len(models), height=2.05, squeeze=False)
    for ax, (name, W) in zip(axes[0], models.items(), strict=True):
        order, start = _order(W), 0
        plots.heatmap(ax, (W.mT @ W)[order][:, order], limit=1.2, bar=False)
        for block in blocks(W):
            size = len(block.features)
            how = dict(fill=False, edgecolor=plots.INK, linewidth=2, clip_on=False)
            ax.add_patch(plots.plt.Rectangle((start - 0.5, start - 0.5), size, size, **how))
            start += size
        ax.set(xlim=(-0.5, most - 0.5), ylim=(most - 0.5, -0.5), xticks=[], yticks=range(start))
        ax.set_yticklabels(order.tolist(), fontsize=8)
        ax.set_title(f"{name}, {start} kept", loc="left")
        ax.tick_params(length=0, pad=2)
        ax.spines[:].set_visible(False)
    axes[0, 0].set_ylabel("feature")
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
