"""Computing in superposition: |x| from ReLU neurons (Elhage et al. 2022).

1. x is sparse and signed: 0 with probability 1 − p, else uniform on [−1, 1]. The target is |x|, feature by feature.
2. One hidden layer: a = ReLU(W_in x), y = ReLU(W_out a + b). One feature alone needs two neurons, since
   |x| = ReLU(x) + ReLU(−x); k neurons without superposition therefore serve k/2 features.
3. A feature counts as computed when the network leaves less than a quarter of the variance of |xᵢ| unexplained; one
   neuron alone, ReLU(x), leaves about half.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from .. import plots
from ..progress_bar import Progress


@dataclass(frozen=True)
class AbsNets:
    """A stack of networks trained to compute |x|.

    Attributes:
        probability: density p of each instance. W_in: (seed, instance, neuron, feature).
        W_out: (seed, instance, feature, neuron). b: (seed, instance, feature).
        unexplained: mean squared error over the variance of |xᵢ|, (seed, instance, feature).
    """

    probability: Float[Tensor, "instance"]
    W_in: Float[Tensor, "seed instance neuron feature"]
    W_out: Float[Tensor, "seed instance feature neuron"]
    b: Float[Tensor, "seed instance feature"]
    unexplained: Float[Tensor, "seed instance feature"]

    def computed(self) -> Float[Tensor, "seed instance"]:
        """How many features each network computes: less than a quarter of their variance is left unexplained."""
        return (self.unexplained < 0.25).sum(-1).float()

    def best(self, instance: int) -> int:
        """The seed with the smallest error at one density."""
        return int(self.unexplained[:, instance].sum(-1).argmin())

    def plot(self, null: "AbsNets") -> Figure:
        """W_in of the best dense and sparse networks, and how many features each seed computes, with the null."""
        dense, sparse = 0, len(self.probability) - 1
        neurons, features = self.W_in.shape[-2:]
        fig, axes = plots.figure(1, 3, width=7.6, height=2.9, width_ratios=[1, 1, 0.9])
        for ax, k in zip(axes, (dense, sparse), strict=False):
            W, left = self.W_in[self.best(k), k], self.unexplained[self.best(k), k]
            plots.heatmap(ax, W[:, left.argsort()], limit=1.5, bar=k == sparse, label="input weight", aspect="auto")
            ax.set(
                title=f"best at p = {self.probability[k]:.2g}",
                xlabel="feature (best computed first)",
                ylabel="neuron",
                yticks=range(neurons),
            )
        for k, (label, counts) in enumerate(
            [
                ("dense", self.computed()[:, dense]),
                ("sparse", self.computed()[:, sparse]),
                ("null", null.computed()[:, -1]),
            ]
        ):
            spread = k + 0.3 * torch.linspace(-1, 1, len(counts))
            axes[2].plot(spread, counts, "o", color=plots.INK, markersize=5, label=label)
        axes[2].axhline(neurons / 2, color=plots.GREY, linestyle=":")
        words = "without\nsuperposition"
        axes[2].annotate(words, (2.35, neurons / 2 + 0.1), ha="right", va="bottom", fontsize=8)
        axes[2].set(
            xticks=range(3),
            xticklabels=["dense", "sparse", "linear"],
            ylim=(-0.4, features * 0.6),
            ylabel=f"features computed, of {features}",
        )
        return fig


def signed_batch(
    u: Float[Tensor, "*stack batch feature"], p: Float[Tensor, "*stack 1 1"]
) -> Float[Tensor, "*stack batch feature"]:
    """Sparse signed features from uniform draws: 0 with probability 1 − p, else uniform on [−1, 1]."""
    return torch.where(u < p, 2 * u / p - 1, 0.0)


def abs_forward(x: Tensor, W_in: Tensor, W_out: Tensor, b: Tensor, linear: bool = False) -> Tensor:
    """y = ReLU(W_out ReLU(W_in x) + b); `linear` leaves the inner ReLU out, which is the null."""
    a = x @ W_in.mT
    return torch.relu((a if linear else torch.relu(a)) @ W_out.mT + b[..., None, :])


def train_abs(
    features: int,
    neurons: int,
    probability: tuple[float, ...],
    *,
    seeds: int = 1,
    steps: int = 1000,
    batch: int = 512,
    lr: float = 1e-2,
    linear: bool = False,
    show: bool = True,
) -> AbsNets:
    """Train networks to compute |x|, one per density and seed, with autograd."""
    p = torch.tensor(probability)
    k = len(p)
    generator = torch.Generator().manual_seed(5)
    start = (2 / (features + neurons)) ** 0.5
    W_in = (torch.randn(seeds, k, neurons, features, generator=generator) * start).requires_grad_()
    W_out = (torch.randn(seeds, k, features, neurons, generator=generator) * start).requires_grad_()
    b = torch.zeros(seeds, k, features, requires_grad=True)
    optimizer = torch.optim.Adam([W_in, W_out, b], lr=lr, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    what = f"training {seeds * k} networks of {neurons} neurons on {features} features"
    for _ in Progress(steps, what, show):
        x = signed_batch(torch.rand(seeds, 1, batch, features, generator=generator), p[:, None, None])
        error = (abs_forward(x, W_in, W_out, b, linear) - x.abs()).square()
        optimizer.zero_grad()
        (error.sum() / batch).backward()
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        x = signed_batch(torch.rand(1, 1, 8192, features, generator=generator), p[:, None, None])
        error = (abs_forward(x, W_in, W_out, b, linear) - x.abs()).square().mean(-2)
        unexplained = error / (p / 3 - p.square() / 4)[:, None]
    return AbsNets(p, W_in.detach(), W_out.detach(), b.detach(), unexplained)
