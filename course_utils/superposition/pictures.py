"""Drawings of how a toy works, each of one mechanism.

1. `share_figure` – the projections of all arrows onto one of them, stacked: interference and dimensionality.
2. `surface_figure` – the loss of two features in one dimension over its two weights, and where descent ends.
"""

import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from torch import Tensor

from .. import plots
from .phases import FILLS, read_phase
from .theory import PHASES
from .tradeoff import variance
from .waterline import upright

ENDS = (*FILLS[:2], plots.EDITED)  # of a path, by phase: the grey of the pair cannot be seen on the grey of the loss

def share_figure(W: Float[Tensor, "2 feature"]) -> Figure:
    """Left: every arrow's perpendicular onto the line of arrow 0. Right: the squares of the feet, stacked.

    Hatched: arrows whose feet lie on the other side of the middle, whose leaks are negative.
    """
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
        if W[1, i] < 0:
            right.patches[-1].set(hatch="///", alpha=0.55)
        written = max(bottom + part / 2, written + 0.055 * total)  # thin pieces: keep their words apart
        words = f"arrow {i}: {part:.2f}" + ", removed\nby the ReLU" * bool(W[1, i] < 0)
        right.text(0.3, written, words, va="center", fontsize=9, color=plots.INK)
        bottom += part
    own = float(W[1, 0].square())
    for low, high, text in ((0, own, f"D = {own:.2f} / {total:.2f}\n= {own / total:.2f}"),
                            (own, total, f"interference\n{total - own:.2f}")):  # fmt: skip
        right.plot([-0.3, -0.36, -0.36, -0.3], [low + 0.02, low + 0.02, high - 0.02, high - 0.02],
                   color=plots.INK, linewidth=1)  # fmt: skip
        right.text(-0.42, (low + high) / 2, text, ha="right", va="center", fontsize=9, color=plots.INK)
    right.set(xlim=(-1.35, 1.3), ylim=(0, total * 1.02), xticks=[], yticks=[])
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
    p: float, r: float, starts: Float[Tensor, "start 2"], steps: int = 2000, rate: float = 0.5
) -> tuple[Float[Tensor, "step start 2"], Float[Tensor, "start"]]:
    """Plain gradient descent on weights and biases: the paths of the weights, and the shares lost at their ends."""
    x, weight = _weighted_inputs(p)
    W, b = starts.clone(), torch.zeros_like(starts)
    importance, path = torch.tensor([1.0, r]), []
    for _ in range(steps):
        path.append(W)
        W, b = W.requires_grad_(), b.requires_grad_()
        error = x - torch.relu((W @ x.T)[..., None] * W[:, None] + b[:, None])  # (start, sample, feature)
        lost = (weight[:, None] * importance * error.square()).sum((1, 2))
        gW, gb = torch.autograd.grad(lost.sum(), (W, b))
        W, b = (W - rate * gW).detach(), (b - rate * gb).detach()
    return torch.stack(path).detach(), lost.detach() / ((1 + r) * variance(torch.tensor(p)))


def surface_figure(p: float, r: float, paths: Float[Tensor, "step start 2"], lost: Float[Tensor, "start"]) -> Figure:
    """The loss over both weights in grey, and the paths of `descend` in the colours of the phases in which they end."""
    side, across = torch.linspace(-1.7, 1.7, 69), torch.linspace(-2.0, 2.0, 81)
    over = 100 * surface(p, r, across, side).T  # rows: w2
    fig, ax = plots.figure(width=6.4, height=4.4)
    levels = [0, 10, 20, 30, 40, 50, 60, 80, 400]
    greys = plots.plt.get_cmap("Greys_r")(torch.linspace(0.3, 1, len(levels) - 1).numpy())
    filled = ax.contourf(across, side, over, levels=levels, colors=greys)
    fig.colorbar(filled, ax=ax, ticks=levels[:-1], shrink=0.8, label="% of the variance lost")
    phases, seen = read_phase(paths[-1, :, None]), set()
    for path, phase, share in zip(paths.unbind(1), phases.tolist(), lost.tolist(), strict=True):
        colour, end = ENDS[phase], path[-1]
        ax.plot(*path.T, color=colour, linewidth=1.6)
        ax.plot(*path[0], "o", color="white", markeredgecolor=colour, markersize=5)
        ax.plot(*end, "o", color=colour, markersize=7, zorder=4)
        place = (phase, *end.gt(0).tolist())
        if place not in seen:  # once for each end that is reached
            seen.add(place)
            right = bool(end[0] > 0)
            ax.annotate(f"loses {100 * share:.0f} %", tuple(end.tolist()), (9 if right else -9, 0), va="center",
                        textcoords="offset points", ha="left" if right else "right", fontsize=9, fontweight="bold",
                        color=plots.INK, bbox=dict(facecolor="white", edgecolor="none", pad=1.5))  # fmt: skip
    ax.set(xlabel="w₁", ylabel="w₂", xticks=[-1, 0, 1], yticks=[-1, 0, 1], aspect="equal")
    ax.set(xlim=(-2.0, 2.0), ylim=(-1.7, 1.7))
    found = [k for k in range(3) if (phases == k).any()]
    handles = [Line2D([], [], color=ENDS[k], linewidth=2, label=f"ends as: {PHASES[k]}") for k in found]
    fig.legend(handles=handles, loc="outside lower center", ncols=3)
    return fig
