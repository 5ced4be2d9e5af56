"""Drawings of how a toy works, each of one mechanism.

1. `gram_figure` – two models that differ by a turn, and the matrix WᵀW that they have in common.
2. `share_figure` – the projections of all arrows onto one of them, stacked: interference and dimensionality.
3. `surface_figure` – the loss of two features in one dimension over its two weights, and where descent ends.
"""

import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from torch import Tensor

from .. import plots
from .arrow_panels import arrow_panel
from .phases import FILLS, read_phase
from .theory import PHASES
from .tradeoff import variance
from .waterline import upright

ENDS = (*FILLS[:2], plots.EDITED)  # of a path, by phase: the grey of the pair cannot be seen on the grey of the loss


def gram_figure(W: Float[Tensor, "2 feature"], degrees: float) -> Figure:
    """The arrows of a model, the same arrows after a turn, and the one matrix WᵀW that both have."""
    turn = torch.deg2rad(torch.tensor(degrees))
    R = torch.stack([torch.stack([turn.cos(), -turn.sin()]), torch.stack([turn.sin(), turn.cos()])])
    fig, axes = plots.figure(1, 3, height=2.9, width_ratios=[1, 1, 1.25])
    for ax, arrows, title in ((axes[0], W, "W"), (axes[1], R @ W, f"turned by {degrees:.0f}°")):
        arrow_panel(ax, arrows, title)
    G = W.T @ W
    plots.heatmap(axes[2], G, limit=1.4)
    for i, row in enumerate(G.tolist()):
        for j, value in enumerate(row):
            text = f"{value:.1f}".replace("-", "−")
            axes[2].text(j, i, text, ha="center", va="center", color="white" if abs(value) > 0.9 else plots.INK)
    ticks = range(len(G))
    axes[2].set(xticks=ticks, yticks=ticks)
    axes[2].set_title("$W^T W$ of both", loc="center", pad=9)
    axes[2].tick_params(length=0)
    axes[2].spines[:].set_visible(False)
    return fig


def share_figure(models: dict[str, Float[Tensor, "2 feature"]]) -> Figure:
    """For each model every arrow's perpendicular onto the line of arrow 0, and the squares of the feet as one bar."""
    fig, axes = plots.figure(2, len(models), height=3.6, height_ratios=[2.6, 1], squeeze=False)
    longest = max(float(upright(W)[1].square().sum()) for W in models.values())
    for (name, W), above, below in zip(models.items(), *axes, strict=True):
        W = upright(W)
        arrow_panel(above, W, name)
        above.set_ylim(-1.25, 1.6)
        above.plot([0, 0], [-1.15, 1.15], color=plots.GREY, linewidth=0.8, zorder=0)
        left, parts = 0.0, W[1].square().tolist()
        for i, (x, y) in enumerate(W.T.tolist()):
            colour = plots.SERIES[i % len(plots.SERIES)]
            above.plot([x, 0], [y, y], ":", color=plots.INK, linewidth=1)
            above.plot(0, y, "o", markerfacecolor="white", markeredgecolor=colour, markersize=4 + 3 * (i % 2), zorder=4)
            below.barh(0, parts[i], left=left, height=0.6, color=colour, edgecolor="white")
            left += parts[i]
        own, others = parts[0], left - parts[0]
        below.text(own / 2, 0, f"{own:.3g}", ha="center", va="center", color="white", fontweight="bold")
        at = own + others / 2 if others > 1e-6 else own + 0.5
        below.text(at, 0.42, f"interference {abs(others):.3g}", ha="center", va="bottom")
        below.text(0, -0.5, f"D = {own:.3g} / {left:.3g} = {own / left:.2g}", va="top", fontweight="bold")
        below.set(xlim=(-0.02, 1.06 * longest), ylim=(-1.1, 0.9))
        below.axis("off")
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
    biases = torch.linspace(-0.6, 0.5, 56)
    h = w1[:, None, None] * x[:, 0] + w2[None, :, None] * x[:, 1]  # (a, b, sample)
    loss = torch.zeros(len(w1), len(w2))
    for i, w, importance in ((0, w1[:, None, None], 1.0), (1, w2[None, :, None], r)):
        costs = [((x[:, i] - torch.relu(w * h + b)).square() * weight).sum(-1) for b in biases]
        loss += importance * torch.stack(costs).amin(0)
    return loss / ((1 + r) * variance(torch.tensor(p)))


def descend(
    p: float, r: float, starts: Float[Tensor, "start 2"], steps: int = 800, rate: float = 1.0
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
    high = max(1.7, float(paths[0, :, 1].abs().max()) + 0.15)  # every start is seen
    side, across = torch.linspace(-high, high, 53), torch.linspace(-2.2, 2.2, 61)
    over = 100 * surface(p, r, across, side).T  # rows: w2
    fig, ax = plots.figure(width=6.4, height=4.8)
    levels = [0, 10, 20, 30, 40, 60, 80, 120, 400]
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
            edge = 2.12 if right else -2.12  # at the frame, where no start lies
            ax.text(edge, float(end[1]), f"loses {100 * share:.0f} %", va="center", ha="right" if right else "left",
                    fontsize=9, fontweight="bold", color=plots.INK,
                    bbox=dict(facecolor="white", edgecolor="none", pad=1.5))  # fmt: skip
    ax.set(xlabel="w₁", ylabel="w₂", xticks=[-1, 0, 1], yticks=[-1, 0, 1], aspect="equal")
    ax.set(xlim=(-2.2, 2.2), ylim=(-high, high))
    found = [k for k in range(3) if (phases == k).any()]
    handles = [Line2D([], [], color=ENDS[k], linewidth=2, label=f"ends as: {PHASES[k]}") for k in found]
    fig.legend(handles=handles, loc="outside lower center", ncols=3)
    return fig
