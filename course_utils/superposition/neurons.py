"""The toy model with neurons: a ReLU on the hidden layer makes its coordinates differ from other directions.

1. x̂ = ReLU(Wᵀ ReLU(W x) + b) (Elhage et al. 2022, "Superposition in a privileged basis"); without the inner ReLU it
   is the model of the rest of the lesson, and the control.
2. A neuron answers to a feature if its weight for it is at least a quarter of its largest one.
3. A neuron that answers to one feature is monosemantic, one that answers to several is polysemantic.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from matplotlib.figure import Figure
from torch import Tensor

from .. import plots
from ..progress_bar import Progress
from .training import Recipe, Toy

RESPONDS = 0.25  # of a neuron's largest weight: a smaller one does not count


@dataclass(frozen=True)
class Neurons:
    """Trained models with a ReLU on the hidden layer, or without it (`linear`).

    Attributes:
        W: (seed, instance, neuron, feature). final_loss: (seed, instance).
        unexplained: mean squared error over the feature's variance, (seed, instance, feature).
    """

    toy: Toy
    W: Float[Tensor, "seed instance neuron feature"]
    final_loss: Float[Tensor, "seed instance"]
    unexplained: Float[Tensor, "seed instance feature"]
    linear: bool

    def answers_to(self) -> Int[Tensor, "seed instance neuron"]:
        """To how many features each neuron answers: weights of at least a quarter of its largest one."""
        size = self.W.abs()
        return (size >= RESPONDS * size.amax(-1, keepdim=True)).sum(-1)

    def kept(self, threshold: float = 0.25) -> Int[Tensor, "seed instance"]:
        """How many features have less than `threshold` of their variance left unexplained."""
        return (self.unexplained < threshold).sum(-1)

    def best(self, instance: int) -> Float[Tensor, "neuron feature"]:
        """W of the seed with the lowest loss, its neurons sorted by the feature to which they answer most."""
        W = self.W[self.final_loss[:, instance].argmin(), instance]
        return W[W.abs().argmax(-1).argsort()]


def train_neurons(toy: Toy, recipe: Recipe, *, seeds: int = 1, linear: bool = False, show: bool = True) -> Neurons:
    """Train the model with a ReLU on the hidden layer, with autograd; `linear` leaves that ReLU out."""
    p, importance = toy.probability[:, None], toy.importance[:, None]  # (instance, 1, feature)
    generator = torch.Generator().manual_seed(29)
    start = torch.randn(seeds, toy.instances, toy.hidden, toy.features, generator=generator)
    W = (start * (2 / (toy.features + toy.hidden)) ** 0.5).requires_grad_()
    b = torch.zeros(seeds, toy.instances, 1, toy.features, requires_grad=True)
    optimizer = torch.optim.Adam([W, b], lr=recipe.lr, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, recipe.steps)

    def error(size: int) -> Float[Tensor, "seed instance batch feature"]:
        x = (1 - torch.rand(seeds, 1, size, toy.features, generator=generator) / p).clamp(min=0)
        h = x @ W.mT
        return (torch.relu((h if linear else torch.relu(h)) @ W + b) - x).square()

    what = f"training {seeds * toy.instances} models of {toy.hidden} {'numbers' if linear else 'neurons'}"
    for _ in Progress(recipe.steps, what, show):
        optimizer.zero_grad()
        ((importance * error(recipe.batch)).sum() / recipe.batch).backward()
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        left = error(8192).mean(-2)  # (seed, instance, feature)
    unexplained = left / (toy.probability / 3 - toy.probability.square() / 4)
    return Neurons(toy, W.detach(), (toy.importance * left).sum(-1), unexplained, linear)


def neurons_figure(model: Neurons, neuron: int = 0) -> Figure:
    """Above, W of the best model of each density, what counts outlined. Below, one of its neurons, as bars."""
    k = model.toy.instances
    fig, axes = plots.figure(2, k, height=4.6, height_ratios=[1.25, 1], sharex=True, sharey="row", squeeze=False)
    for i, (above, below) in enumerate(zip(*axes, strict=True)):
        W = model.best(i)
        limit = RESPONDS * W.abs().amax(1, keepdim=True)
        plots.heatmap(above, W, limit=1.2, bar=False, aspect="auto")
        for y, x in (W.abs() >= limit).nonzero().tolist():
            cell = plots.plt.Rectangle((x - 0.42, y - 0.42), 0.84, 0.84, fill=False, edgecolor=plots.INK, linewidth=1.3)
            above.add_patch(cell)
        above.add_patch(plots.plt.Rectangle((-0.5, neuron - 0.5), model.toy.features, 1, fill=False, clip_on=False,
                                            edgecolor=plots.MLP, linewidth=3, zorder=3))  # fmt: skip
        above.set_title(f"p = {model.toy.probability[i, 0]:.2g}")
        line = float(limit[neuron])
        counts = W[neuron].abs() >= line
        fills = [plots.INK if one else "#D9D9D9" for one in counts.tolist()]
        below.bar(range(model.toy.features), W[neuron], color=fills)
        below.axhspan(-line, line, color="#EFEFEF", zorder=0)
        for edge in (-line, line):
            below.axhline(edge, color=plots.NULL, linewidth=0.7, zorder=3)
        below.axhline(0, color=plots.INK, linewidth=0.8)
        said = f"responds to {int(counts.sum())}"
        below.text(0.99, 1.0, said, transform=below.transAxes, ha="right", va="top", fontweight="bold",
                   bbox=dict(facecolor="white", edgecolor="none", pad=1))  # fmt: skip
        above.set(yticks=range(model.toy.hidden))
        below.set(xlabel="feature", xticks=range(model.toy.features))
    axes[0, 0].set_ylabel("neuron")
    axes[1, 0].set_ylabel(f"weights of neuron {neuron}")
    return fig
