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
from ..progress import Progress
from .training import Recipe, Toy


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
        return (size >= 0.25 * size.amax(-1, keepdim=True)).sum(-1)

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


def neurons_figure(*models: Neurons) -> Figure:
    """W of the best model of each density, one row of panels for each kind of model; neurons are rows."""
    fig, axes = plots.figure(
        len(models), models[0].toy.instances, height=0.6 + 1.55 * len(models), sharex=True, sharey=True, squeeze=False
    )
    for y, model in enumerate(models):
        for k, ax in enumerate(axes[y]):
            plots.heatmap(ax, model.best(k), limit=1.2, bar=k == model.toy.instances - 1, label="weight", aspect="auto")
            ax.set(xticks=range(0, model.toy.features, 3), yticks=range(model.toy.hidden))
            if y == 0:
                ax.set_title(f"p = {model.toy.probability[k, 0]:.2g}")
            if y == len(models) - 1:
                ax.set_xlabel("feature")
        axes[y, 0].set_ylabel("hidden number\n(no ReLU)" if model.linear else "neuron\n(ReLU)")
    return fig


def compare_neurons(with_relu: Neurons, without: Neurons) -> dict[str, dict[str, object]]:
    """For each density: how many features a neuron answers to, with the inner ReLU and without; features returned."""

    def over_seeds(per_seed: Float[Tensor, "seed"]) -> tuple[float, float, float]:
        return per_seed.mean().item(), per_seed.min().item(), per_seed.max().item()

    return {
        f"p = {p:.2g}": {
            "features per neuron": over_seeds(with_relu.answers_to()[:, k].float().mean(-1)),
            "without the ReLU": over_seeds(without.answers_to()[:, k].float().mean(-1)),
            "features returned": over_seeds(with_relu.kept()[:, k].float()),
        }
        for k, p in enumerate(with_relu.toy.probability[:, 0].tolist())
    }
