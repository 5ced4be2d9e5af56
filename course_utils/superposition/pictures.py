"""Drawings of how a toy works, each of one mechanism.

1. `share_figure` – the projections of all arrows onto one of them, stacked: interference and dimensionality.
2. `surface_figure` – the loss of two features in one dimension over its two weights, and where descent ends.
"""

import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from .. import plots
from .tradeoff import variance
from .waterline import upright


def share_figure(W: Float[Tensor, "2 feature"]) -> Figure:
    """Left: every arrow's perpendicular onto the line of arrow 0. Right: the squares of the feet, stacked."""
    W = upright(W)
    fig, (left, right) = plots.figure(1, 2, height=3.4, width_ratios=[1.2, 1])
    plots.arrows(left, W)
    left.axvline(0, color=plots.GREY, linewidth=0.8, zorder=0)
    for i, (x, y) in enumerate(W.T.tolist()):
        colour = plots.SERIES[i % len(plots.SERIES)]
        left.plot([x, 0], [y, y], ":", color=plots.INK, linewidth=1)
        left.plot(0, y, "o", markerfacecolor="none", markeredgecolor=colour, markersize=5 + 4 * (i % 2), zorder=4)
    left.set_axis_off()
    bottom, total, written = 0.0, float(W[1].square().sum()), 0.0
    for i, part in enumerate(W[1].square().tolist()):
        colour = plots.SERIES[i % len(plots.SERIES)]
        right.bar(0, part, bottom=bottom, width=0.5, color=colour, edgecolor="white")
        written = max(bottom + part / 2, written + 0.055 * total)  # thin pieces: keep their words apart
        right.text(0.3, written, f"arrow {i}: {part:.2f}", va="center", fontsize=9, color=plots.INK)
        bottom += part
    own = float(W[1, 0].square())
    for low, high, text in ((0, own, f"D = {own:.2f} / {total:.2f}\n= {own / total:.2f}"),
                            (own, total, f"interference\n{total - own:.2f}")):  # fmt: skip
        right.plot([-0.3, -0.36, -0.36, -0.3], [low + 0.02, low + 0.02, high - 0.02, high - 0.02],
                   color=plots.INK, linewidth=1)  # fmt: skip
        right.text(-0.42, (low + high) / 2, text, ha="right", va="center", fontsize=9, color=plots.INK)
    right.set(xlim=(-1.35, 1.1), ylim=(0, total * 1.02), xticks=[], yticks=[])
    right.spines[["left", "bottom"]].set_visible(False)
    return fig


def _weighted_inputs(p: float, points: int = 12) -> tuple[Float[Tensor, "sample 2"], Float[Tensor, "sample"]]:
    """Two features on a grid of midpoints, and the probability of each sample: an average without chance."""
    q = (torch.arange(points) + 0.5) / points
    one = torch.stack([q, torch.zeros(points)], 1)
    x = torch.cat([torch.zeros(1, 2), one, one.flip(1), torch.cartesian_prod(q, q)])
    alone, both = p * (1 - p) / points, (p / points) ** 2
    weight = torch.cat([torch.tensor([(1 - p) ** 2]), torch.full((2 * points,), alone), torch.full((points**2,), both)])
    return x, weight


def surface(p: float, r: float, w1: Float[Tensor, "a"], w2: Float[Tensor, "b"]) -> Float[Tensor, "a b"]:
    """The share of the variance lost by W = (w1, w2), each output with its best bias (on a grid of biases)."""
    x, weight = _weighted_inputs(p)
    biases = torch.linspace(-0.6, 0.5, 111)
    h = w1[:, None, None] * x[:, 0] + w2[None, :, None] * x[:, 1]  # (a, b, sample)
    loss = torch.zeros(len(w1), len(w2))
    for i, w, importance in ((0, w1[:, None, None], 1.0), (1, w2[None, :, None], r)):
        costs = [((x[:, i] - torch.relu(w * h + b)).square() * weight).sum(-1) for b in biases]
        loss += importance * torch.stack(costs).amin(0)
    return loss / ((1 + r) * variance(torch.tensor(p)))


def descend(
    p: float, r: float, start: tuple[float, float], steps: int = 4000, rate: float = 0.5
) -> tuple[Float[Tensor, "step 2"], float]:
    """Plain gradient descent on weights and biases: the path of the weights, and the share lost at its end."""
    x, weight = _weighted_inputs(p)
    W, b = torch.tensor(start), torch.zeros(2)
    importance, path = torch.tensor([1.0, r]), []
    for _ in range(steps):
        path.append(W)
        W, b = W.requires_grad_(), b.requires_grad_()
        error = x - torch.relu((x @ W)[:, None] * W + b)
        loss = (weight[:, None] * importance * error.square()).sum()
        gW, gb = torch.autograd.grad(loss, (W, b))
        W, b = (W - rate * gW).detach(), (b - rate * gb).detach()
    return torch.stack(path).detach(), loss.item() / ((1 + r) * float(variance(torch.tensor(p))))


def surface_figure(p: float, r: float, starts: dict[str, tuple[float, float]]) -> Figure:
    """The loss over both weights in grey, and the path of descent from each start; the name stands at the start."""
    side, across = torch.linspace(-1.4, 1.4, 57), torch.linspace(-1.4, 2.0, 69)
    lost = 100 * surface(p, r, across, side).T  # rows: w2
    fig, ax = plots.figure(width=5.6, height=4.4)
    levels = [0, 10, 20, 30, 40, 50, 60, 80, 400]
    greys = plots.plt.get_cmap("Greys_r")(torch.linspace(0.3, 1, len(levels) - 1).numpy())
    filled = ax.contourf(across, side, lost, levels=levels, colors=greys)
    fig.colorbar(filled, ax=ax, ticks=levels[:-1], shrink=0.8, label="% of the variance lost")
    ground = dict(facecolor="white", edgecolor="none", pad=1.5)
    for name, start in starts.items():
        path, end = descend(p, r, start)
        ax.plot(*path.T, color=plots.EDITED, linewidth=2.2)
        ax.plot(*path[0], "o", color="white", markeredgecolor=plots.EDITED, markersize=7)
        ax.plot(*path[-1], "o", color=plots.EDITED, markersize=7)
        for text, at, place in ((name, path[0], (-9, 0)), (f"loses {100 * end:.0f} %", path[-1], (9, 0))):
            side_of = "right" if place[0] < 0 else "left"
            ax.annotate(text, tuple(at.tolist()), place, textcoords="offset points", ha=side_of, va="center",
                        fontsize=9, fontweight="bold", color=plots.INK, bbox=ground)  # fmt: skip
    ax.set(xlabel="w₁", ylabel="w₂", xticks=[-1, 0, 1], yticks=[-1, 0, 1], xlim=(-1.4, 2.0), aspect="equal")
    return fig
