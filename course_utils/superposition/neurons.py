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
from .tradeoff import variance
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
    unexplained = left / variance(toy.probability)
    return Neurons(toy, W.detach(), (toy.importance * left).sum(-1), unexplained, linear)


def neurons_figure(models: dict[str, Float[Tensor, "neuron feature"]]) -> Figure:
    """The weights of each model, a dot in each that counts, and beside each row how many these are."""
    fig, axes = plots.figure(1, len(models), height=2.6, sharey=True, squeeze=False)
    for ax, (name, W) in zip(axes[0], models.items(), strict=True):
        counts = W.abs() >= RESPONDS * W.abs().amax(1, keepdim=True)
        image = plots.heatmap(ax, W, limit=1.2, bar=False, aspect="auto")
        for dark in (False, True):
            y, x = (counts & ((W.abs() > 0.75) == dark)).nonzero().T
            ax.plot(x, y, "o", color="white" if dark else plots.INK, markersize=3.5)
        for y, count in enumerate(counts.sum(1).tolist()):
            ax.text(W.shape[1] - 0.1, y, str(count), va="center", fontweight="bold")
        ax.set(yticks=range(len(W)), xticks=range(W.shape[1]), xlabel="feature")
        ax.set_title(name, loc="left", fontsize=10)
        ax.text(W.shape[1] - 0.1, -0.75, "dots", fontsize=8)
        ax.tick_params(labelsize=8)
    for ax in axes[0, 1:]:
        ax.tick_params(axis="y", length=0)
    fig.get_layout_engine().set(wspace=0.1)
    axes[0, 0].set_ylabel("neuron")
    fig.colorbar(image, ax=axes[0].tolist(), shrink=0.9, label="weight")
    return fig
