"""Many features in more dimensions than can be drawn: which of them share dimensions, and how many.

1. Two kept features belong to one block if their arrows are far from a right angle, or if a chain of others links them.
2. Between blocks all arrows are nearly at right angles: WᵀW, with its rows sorted by block, has boxes on its diagonal.
3. The dimensionalities of a block sum to the number of dimensions that its features share.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
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

    def blocks(self, instance: int) -> list[tuple[Block, ...]]:
        """The blocks of every run at one density."""
        return [blocks(W) for W in self.trained.W[:, instance]]

    def plot(self, null: Float[Tensor, "hidden feature"]) -> Figure:
        """WᵀW of the best run at each density, and of `null`: kept features, sorted by block, on one scale."""
        densities = self.best.toy.probability[:, 0].tolist()
        models = {f"p = {p:.2g}": W for p, W in zip(densities, self.best.W[0], strict=True)} | {"at random": null}
        fig, axes = plots.figure(1, len(models), height=2.5, squeeze=False)
        found = [blocks(W) for W in models.values()]
        sizes = [sum(len(block.features) for block in one) for one in found]
        for ax, (name, W), one, size in zip(axes[0], models.items(), found, sizes, strict=True):
            image = _boxes(ax, W, one)
            ax.set(xlim=(-0.7, max(sizes) - 0.3), ylim=(max(sizes) - 0.3, -0.7))
            of, colour = ("directions", plots.NULL) if W is null else ("kept", plots.INK)
            ax.set_title(f"{name}\n{size} {of}", loc="left", color=colour)
        axes[0, 0].set_ylabel("feature")
        fig.colorbar(image, ax=axes[0].tolist(), shrink=0.8, label="$W_i\\cdot W_j$")
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


def _boxes(ax: Axes, W: Float[Tensor, "hidden feature"], found: tuple[Block, ...]) -> AxesImage:
    order = [i for block in found for i in block.features]
    image = plots.heatmap(ax, (W.mT @ W)[order][:, order], limit=1.2, bar=False)
    start = 0
    for block in found:
        size = len(block.features)
        how = dict(fill=False, edgecolor=plots.INK, linewidth=1.4, clip_on=False)
        ax.add_patch(plots.plt.Rectangle((start - 0.5, start - 0.5), size, size, **how))
        start += size
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    return image
