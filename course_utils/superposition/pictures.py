"""Drawings of how a toy works, each of one mechanism.

1. `follow_figure` – inputs on their way through a model in the plane: readings, bias, output.
2. `share_figure` – the projections of all arrows onto one of them, stacked: interference and dimensionality.
3. `surface_figure` – the loss of two features in one dimension over its two weights, and where descent ends.
4. `noise_figure` – by how much features in random directions disturb one another, over their number.
"""

import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from .. import plots
from .theory import UNIFORM, disturbance, expected_interference, random_directions
from .tradeoff import variance

CUT = "#E3E3E3"  # where the output for feature 0 is zero


def upright(W: Float[Tensor, "2 feature"]) -> Float[Tensor, "2 feature"]:
    """The same model, turned so that arrow 0 points up. A turn changes no reading."""
    up = W[:, 0] / W[:, 0].norm()
    return torch.stack([torch.stack([up[1], -up[0]]), up]) @ W


def follow_figure(
    W: Float[Tensor, "2 feature"], b: Float[Tensor, "feature"], inputs: dict[str, Float[Tensor, "feature"]]
) -> Figure:
    """A column for each input: h among the arrows with its perpendiculars, then readings, bias added, output.

    Args:
        inputs: by their titles. A reading is the product of an arrow's length and the place of its perpendicular's
            foot; the ground is grey where the output for feature 0 is zero.
    """
    W = upright(W)
    fig, axes = plots.figure(4, len(inputs), height=6.6, height_ratios=[2.1, 1.1, 1.1, 0.75], squeeze=False)
    for column, (title, x) in zip(axes.T, inputs.items(), strict=True):
        h = W @ x
        _plane_with_feet(column[0], W, h, float(b[0]))
        column[0].set_title(title)
        readings = W.T @ h
        for ax, values in zip(column[1:], (readings, readings + b, torch.relu(readings + b)), strict=True):
            _bars(ax, values, x)
            ax.set_ylim(-2.2 if ax is not column[3] else -0.15, 2.0)
        column[3].set(xlabel="feature", xticks=range(len(x)))
    for ax, name in zip(axes[1:, 0], ("readings", "readings + bias", "output"), strict=True):
        ax.set_ylabel(name)
    return fig


def _plane_with_feet(ax: Axes, W: Float[Tensor, "2 feature"], h: Float[Tensor, "2"], bias: float) -> None:
    plots.arrows(ax, W)
    limit = ax.get_xlim()[1]
    border = -bias / float(W[:, 0].norm())  # below it the reading of feature 0 and its bias are negative together
    ax.axhspan(-limit, border, color=CUT, zorder=0)
    for i, w in enumerate(W.T):
        foot = w * (w @ h) / (w @ w)
        colour = plots.SERIES[i % len(plots.SERIES)]
        ax.plot([0, foot[0]], [0, foot[1]], ":", color=colour, linewidth=1)
        ax.plot([h[0], foot[0]], [h[1], foot[1]], ":", color=plots.INK, linewidth=1)
        ax.plot(*foot, "o", color="white", markeredgecolor=colour, markersize=4)
    ax.plot(*h, "D", color=plots.INK, markersize=6, zorder=5)
    ax.annotate("h", tuple(h.tolist()), (7, -3), textcoords="offset points", fontweight="bold", zorder=6)
    ax.set_axis_off()


def _bars(ax: Axes, values: Float[Tensor, "feature"], x: Float[Tensor, "feature"]) -> None:
    """Five bars in the colours of their features, with their numbers, and what went in as a line across each."""
    n = len(values)
    ax.bar(range(n), values.tolist(), width=0.62, color=[plots.SERIES[i % len(plots.SERIES)] for i in range(n)])
    ax.hlines(x.tolist(), [i - 0.45 for i in range(n)], [i + 0.45 for i in range(n)], color=plots.EDITED, linewidth=1.8)
    ax.axhline(0, color=plots.INK, linewidth=0.8)
    for i, v in enumerate(values.tolist()):
        text = f"{v:.2f}".replace("-", "−")
        above = max(v, float(x[i]), 0) + 0.08
        ax.text(i, above, text, ha="center", va="bottom", fontsize=8, color=plots.INK)
    ax.set(xticks=[], yticks=[])
    ax.spines[["left", "bottom"]].set_visible(False)
    ax.tick_params(length=0)


def share_figure(W: Float[Tensor, "2 feature"]) -> Figure:
    """Left: every arrow's perpendicular onto the line of arrow 0. Right: the squares of the feet, stacked."""
    W = upright(W)
    fig, (left, right) = plots.figure(1, 2, height=3.4, width_ratios=[1.2, 1])
    plots.arrows(left, W)
    left.axvline(0, color=plots.GREY, linewidth=0.8, zorder=0)
    for i, (x, y) in enumerate(W.T.tolist()):
        colour = plots.SERIES[i % len(plots.SERIES)]
        left.plot([x, 0], [y, y], ":", color=plots.INK, linewidth=1)
        left.plot(0, y, "o", color="white", markeredgecolor=colour, markersize=5, zorder=4)
    left.set_axis_off()
    bottom, total = 0.0, float(W[1].square().sum())
    for i, part in enumerate(W[1].square().tolist()):
        colour = plots.SERIES[i % len(plots.SERIES)]
        right.bar(0, part, bottom=bottom, width=0.5, color=colour, edgecolor="white")
        right.text(0.3, bottom + part / 2, f"arrow {i}: {part:.2f}", va="center", fontsize=9, color=plots.INK)
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
    side = torch.linspace(-1.4, 1.4, 57)
    lost = 100 * surface(p, r, side, side).T  # rows: w2
    fig, ax = plots.figure(width=5.0, height=4.5)
    levels = [0, 10, 20, 30, 35, 40, 50, 60, 80, 400]
    greys = plots.plt.get_cmap("Greys_r")(torch.linspace(0.3, 1, len(levels) - 1).numpy())
    ax.contourf(side, side, lost, levels=levels, colors=greys)
    lines = ax.contour(side, side, lost, levels=levels[1:-1], linewidths=0)  # only for its labels
    ax.clabel(lines, fmt="%d", fontsize=8, colors=plots.INK)
    ground = dict(facecolor="white", edgecolor="none", pad=1.5)
    for name, start in starts.items():
        path, end = descend(p, r, start)
        ax.plot(*path.T, color=plots.EDITED, linewidth=2.2)
        ax.plot(*path[0], "o", color="white", markeredgecolor=plots.EDITED, markersize=7)
        ax.plot(*path[-1], "o", color=plots.EDITED, markersize=7)
        for text, at, place in ((name, path[0], (-9, 0)), (f"{100 * end:.0f} %", path[-1], (0, -16))):
            side_of = "right" if place[0] else "center"
            ax.annotate(text, tuple(at.tolist()), place, textcoords="offset points", ha=side_of, va="center",
                        fontsize=9, fontweight="bold", color=plots.INK, bbox=ground)  # fmt: skip
    ax.set(xlabel="w₁", ylabel="w₂", xticks=[-1, 0, 1], yticks=[-1, 0, 1], aspect="equal")
    return fig


def noise_figure() -> Figure:
    """The root of the mean squared disturbance over the number of features: the formula, and random draws on it."""
    d = 768  # as wide as GPT-2 small
    n = torch.logspace(2, 6, 200)
    fig, ax = plots.figure(height=3.1)
    for p, style in ((0.1, "-"), (0.01, "--"), (0.001, ":")):
        noise = [expected_interference(round(float(k)), p, d) ** 0.5 for k in n]
        ax.plot(n, noise, style, color=plots.INK)
        for count in (300, 3000):
            W = random_directions(count, d, torch.Generator().manual_seed(count))
            ax.plot(count, disturbance(W, p).mean().sqrt(), "o", color=plots.INK, markersize=5)
        ax.text(1.1e6, noise[-1], f"p = {p:g}", va="center", fontsize=9)
        fits = 1 + round(UNIFORM.mean**2 * d / (p * UNIFORM.square))  # where the disturbance is as large as a feature
        ax.annotate(f"{fits:,}", (fits, UNIFORM.mean), (4, -13), textcoords="offset points", fontsize=9)
    ax.axhline(UNIFORM.mean, color=plots.EDITED, linewidth=1.4)
    ax.text(110, UNIFORM.mean * 1.1, "mean size of an active feature", color=plots.EDITED, fontsize=9)
    ax.set(xscale="log", yscale="log", xlim=(100, 4e6), ylim=(0.005, 10))
    ax.set(xlabel=f"number of features in {d} dimensions", ylabel="disturbance (root mean square)")
    ax.set_xticks([1e2, 1e3, 1e4, 1e5, 1e6], ["100", "1,000", "10,000", "100,000", "1,000,000"])
    ax.set_yticks([0.01, 0.1, 1, 10], ["0.01", "0.1", "1", "10"])
    return fig
