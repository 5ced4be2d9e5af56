"""A plane: strengths read off by products, two ways to rebuild, arrows that turn, a penalty, and a pair never apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from torch import Tensor

from course_utils import plots
from course_utils.page.draw.sheet import Picture
from course_utils.sae.matching import match_features
from course_utils.sae.model import SparseAutoencoder
from course_utils.sae.planted import Truth

L1 = plots.SERIES[3]  # ReLU with an L1 penalty, in every figure of the lesson
LATENT = plots.HEAD


def read_off(directions: Float[Tensor, "feature 2"], points: Mapping[str, Float[Tensor, "2"]]) -> Picture:
    """Strengths read by products and a ReLU, and the arrows that they give, head to tail: a panel for each vector.

    Args:
        points: {title: the vector}.
    """
    fig, axes = plots.figure(1, len(points), height=3.3)
    for ax, (title, point) in zip(axes, points.items(), strict=True):
        products, start = directions @ point, torch.zeros(2)
        for i, (row, product) in enumerate(zip(directions, products.tolist(), strict=True)):
            ax.plot(*torch.stack([torch.zeros(2), 1.15 * row]).T, color=plots.SERIES[i], linewidth=1.4, alpha=0.45)
            ax.text(*(1.2 * row + torch.tensor([0.0, 0.12 if row[1] > 0 else -0.1])), f"direction {i}\nproduct "
                    f"{_half(product)}", fontsize=10, color=plots.INK, ha="center",
                    va="bottom" if row[1] > 0 else "top")  # fmt: skip
            if product > 0:
                ax.plot(*torch.stack([point, product * row]).T, ":", color=plots.GREY, linewidth=1.4)
                end = start + product * row
                _arrow(ax, start, end)
                start = end
        ax.plot(*point, "*", color=plots.INK, markersize=22, zorder=3)
        ax.plot(*start, "D", color=LATENT, markersize=6, zorder=4)
        whole = torch.allclose(start, point, atol=1e-4)
        ax.text(*(point - torch.tensor([0.2, 0.0])), "x", fontsize=12, ha="right", va="center")
        ax.text(*(start + torch.tensor([0.2, 0.0] if whole else [0.06, -0.16])), "x̂", fontsize=12, color=LATENT,
                ha="left", va="center")  # fmt: skip
        ax.set(xlim=(-1.7, 1.7), ylim=(-1.2, 1.75), aspect="equal", xticks=[], yticks=[])
        ax.set_title(title, loc="left")
        ax.spines[:].set_visible(False)
    return Picture(fig, "The first vector lies on direction 0 and comes back whole; of the sum of two directions "
                        "each is read as one half, and half of the vector comes back.")  # fmt: skip


def _half(value: float) -> str:
    """1, ½, −½ and −1 as they are written by hand."""
    return {2: "1", 1: "½", -1: "−½", -2: "−1"}.get(round(2 * value), f"{value:.2f}")


def _arrow(ax: Axes, start: Tensor, end: Tensor, colour: str = LATENT) -> None:
    ax.annotate("", end.tolist(), start.tolist(),
                arrowprops=dict(arrowstyle="-|>", color=colour, linewidth=2.2, shrinkA=0, shrinkB=0))  # fmt: skip


def turned(
    x: Float[Tensor, "row 2"], trainings: Mapping[str, tuple[Sequence[Float[Tensor, "latent 2"]], Sequence[int]]]
) -> Picture:
    """The directions of a dictionary at the end of training, and the arcs on which their tips came there.

    Args:
        x: vectors, drawn as dots.
        trainings: {title: (the directions after each step, the latent that is matched to each true direction)}.
    """
    fig, axes = plots.figure(1, len(trainings), height=3.5)
    for ax, (title, (path, order)) in zip(axes, trainings.items(), strict=True):
        ax.plot(*x.T, ".", color=plots.GREY, markersize=3, zorder=0)
        tips = torch.stack(list(path))[:, order]  # (step, feature, 2)
        for i in range(tips.shape[1]):
            ax.plot(*tips[:, i].T, color=plots.SERIES[i], linewidth=1.6)
            ax.plot(*tips[0, i], "o", color=plots.SERIES[i], markersize=8, markerfacecolor="white", zorder=3)
            _arrow(ax, torch.zeros(2), tips[-1, i], plots.SERIES[i])
        ax.set(xlim=(-1.5, 1.5), ylim=(-1.35, 1.65), aspect="equal", xticks=[], yticks=[])
        ax.set_title(title, loc="left")
        ax.spines[:].set_visible(False)
    return Picture(fig, "Left, three arrows end on the three rays of dots; right, a ray has no arrow.")


def two_ways(directions: Float[Tensor, "feature 2"], feature: int) -> Picture:
    """One direction rebuilt by right, left, up and down, and by the directions themselves; used arrows head to tail."""
    square = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0], [0.0, -1.0]])
    fig, axes = plots.figure(1, 2, height=2.7)
    for ax, rows, name in zip(axes, (square, directions), ("right, left, up, down", "the three rays"), strict=True):
        f = (rows @ directions[feature]).relu()  # (direction,)
        for row in rows:
            ax.plot(*torch.stack([torch.zeros(2), 1.2 * row]).T, color=plots.GREY, linewidth=1, alpha=0.5)
        start = torch.zeros(2)
        for i in f.nonzero()[:, 0].tolist():
            end = start + f[i] * rows[i]
            _arrow(ax, start, end)
            ax.text(*((start + end) / 2 + torch.tensor([-0.1, 0.1])), f"{f[i]:.2f}", color=LATENT, ha="right")
            start = end
        ax.plot(*directions[feature], "*", color="black", markersize=12)
        count, cost = int((f > 1e-6).sum()), float(f.sum())
        ax.set(xlim=(-1.35, 1.35), ylim=(-1.3, 1.3), aspect="equal", xticks=[], yticks=[])
        ax.set_title(f"{name}\n{count} active, strengths {cost:.2f} together", loc="left")
        ax.spines[:].set_visible(False)
    return Picture(fig, "Left, two arrows reach the star, one to the left and one down; right, one arrow does.")


def in_pair_plane(ax: Axes, truth: Truth, sae: SparseAutoencoder, pair: int, rows: int = 20_000) -> None:
    """The vectors that hold one pair and nothing else, the pair's two directions, and the latent along their sum."""
    both = truth.directions[2 * pair : 2 * pair + 2]
    across, up = both[1] - both[0], both.sum(0)
    frame = torch.stack([across / across.norm(), up / up.norm()])  # (2, d), at right angles
    _, strengths = truth.sample(rows, torch.Generator().manual_seed(4))
    here = strengths[(strengths[:, 2 * pair] > 0) & ((strengths > 0).sum(1) == 2)]
    ax.plot(*(here @ truth.directions @ frame.T).T, ".", color=plots.GREY, markersize=3, zorder=1)
    for row, name in zip(both, "AB", strict=True):
        x, y = (frame @ row).tolist()
        ax.annotate("", (x, y), (0, 0), arrowprops=dict(arrowstyle="-|>", color=plots.SERIES[0], linewidth=2.2))
        ax.text(1.18 * x, 1.18 * y, name, color=plots.SERIES[0], fontweight="bold", ha="center", va="center")
    latent = match_features(pair_sums(truth), sae.W_dec).latent[pair]
    x, y = (frame @ sae.W_dec[latent]).tolist()
    ax.plot([0, 2.35 * x], [0, 2.35 * y], "--", color=LATENT, linewidth=1.2, zorder=2)
    ax.annotate("", (x, y), (0, 0), arrowprops=dict(arrowstyle="-|>", color=LATENT, linewidth=2.2))
    ax.text(2.35 * x + 0.08, 2.35 * y, "latent", color=LATENT, fontweight="bold", ha="left", va="center")


def pair_sums(truth: Truth) -> Float[Tensor, "pair d"]:
    """The sum of the two directions of each pair."""
    return truth.directions.view(len(truth.directions) // 2, 2, -1).sum(1)


def pair_failure(
    truth: Truth, sae: SparseAutoencoder, pair: int, measured: Mapping[str, Mapping[str, Sequence[float]]]
) -> Picture:
    """One pair in the plane of its directions, and what was found and rebuilt, beside independent features.

    Args:
        measured: {title of a panel: {under a bar: (a number for each truth)}}.
    """
    fig, axes = plots.figure(1, 1 + len(measured), height=3.0, width_ratios=(1.7, *[1] * len(measured)))
    in_pair_plane(axes[0], truth, sae, pair)
    axes[0].set(aspect="equal", xlim=(-1.35, 1.35), ylim=(-0.1, 2.5), xticks=[], yticks=[])
    axes[0].set_title("one pair, never apart", loc="left")
    axes[0].spines[:].set_visible(False)
    fig.get_layout_engine().set(wspace=0.12)
    for ax, (title, bars) in zip(axes[1:], measured.items(), strict=True):
        for x, values in enumerate(bars.values()):
            mean = sum(values) / len(values)
            ax.bar(x, mean, width=0.62, color=plots.STREAM)
            ax.plot([x + 0.08 * (i - 1) for i in range(len(values))], values, "o", color=plots.INK, markersize=4,
                    fillstyle="none", clip_on=False)  # fmt: skip
            ax.annotate(f"{mean:.0f}", (x, max(values)), (0, 9), textcoords="offset points", ha="center", fontsize=10)
        ax.set(xticks=range(len(bars)), xticklabels=list(bars), xlim=(-0.5, len(bars) - 0.5))
        ax.set_title(title, loc="left")
        most = max(max(values) for values in bars.values())
        ax.set_ylim(0, 1.25 * most)
        ax.set_yticks([tick for tick in MaxNLocator(4, integer=True).tick_values(0, most) if tick <= 1.01 * most])
        ax.tick_params(axis="x", labelsize=9)
    return Picture(fig, "Two arrows A and B, and a latent's arrow between them through the middle of the dots; bars: "
                        "hardly any features found when they come in pairs, and less variance left over.")  # fmt: skip
