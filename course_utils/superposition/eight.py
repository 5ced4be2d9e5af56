"""Eight features in three dimensions: do they form a square antiprism, or are they only spread evenly?

1. Dimensionalities cannot tell: eight features that fill three dimensions have 3/8 each on average in any shape.
2. The angles can. Sort the cosines of all pairs: a shape gives the same list however it is turned and numbered.
3. The null is a set of arrows of equal length that fill three dimensions evenly and have no other shape.
4. `body_figure` draws a block in its own three dimensions, from the side and from above.
"""

import math

import torch
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from .. import plots
from .measures import column_norms, directions

LONG = 0.5  # a kept arrow that is shorter than this is no corner


def antiprism() -> Float[Tensor, "3 8"]:
    """A square above a square that is turned by 45°, as high as makes the eight corners fill space evenly."""
    angle = torch.arange(8) * math.pi / 2 + (torch.arange(8) >= 4) * math.pi / 4
    height = torch.where(torch.arange(8) < 4, 1.0, -1.0) / math.sqrt(3)
    return torch.stack([math.sqrt(2 / 3) * angle.cos(), math.sqrt(2 / 3) * angle.sin(), height])


def evenly_spread(count: int, n: int, d: int, generator: torch.Generator) -> Float[Tensor, "count d n"]:
    """Sets of n random unit arrows, moved until W Wᵀ is a multiple of the identity: they fill d dimensions evenly."""
    W = torch.randn(count, d, n, generator=generator)
    for _ in range(60):
        left, _, right = torch.linalg.svd(W, full_matrices=False)
        W = torch.nn.functional.normalize(left @ right, dim=-2)
    return W


def sorted_cosines(W: Float[Tensor, "d n"]) -> Float[Tensor, "pair"]:
    """The cosines of all pairs of columns, from the smallest to the largest."""
    unit = directions(W)
    first, second = torch.triu_indices(W.shape[1], W.shape[1], 1)
    return (unit.mT @ unit)[first, second].sort().values


def from_antiprism(W: Float[Tensor, "hidden 8"]) -> float:
    """Root mean square difference of the sorted cosines from those of the antiprism."""
    return (sorted_cosines(W) - sorted_cosines(antiprism())).square().mean().sqrt().item()


def eight_figure(found: list[Float[Tensor, "hidden 8"]], null: Float[Tensor, "count 3 8"]) -> Figure:
    """Sorted cosines: of the antiprism, of what was found, and of evenly spread arrows."""
    fig, ax = plots.figure(height=3.0)
    rank = range(1, 29)
    for k, W in enumerate(null):
        label = "evenly spread at random" if k == 0 else None
        ax.plot(rank, sorted_cosines(W), color=plots.GREY, linewidth=0.6, alpha=0.25, label=label)
    ax.plot(rank, sorted_cosines(antiprism()), color=plots.INK, linewidth=2.4, label="square antiprism")
    for k, W in enumerate(found):
        label = "blocks of eight, trained" if k == 0 else None
        ax.plot(rank, sorted_cosines(W), "o-", color=plots.SERIES[1], markersize=3.5, linewidth=1, label=label)
    ax.set(xlabel="pair of arrows, sorted", ylabel="cosine", ylim=(-1.05, 1.05))
    ax.legend(loc="upper left")
    return fig


def in_space(W: Float[Tensor, "hidden feature"]) -> Float[Tensor, "3 feature"]:
    """The three dimensions that a block fills, turned so that its long arrows end in two levels, above and below."""
    _, S, V = torch.linalg.svd(W, full_matrices=False)
    space = S[:3, None] * V[:3]
    long = directions(space)[:, column_norms(space) > LONG]
    axes = torch.nn.functional.normalize(torch.randn(20_000, 3, generator=torch.Generator().manual_seed(0)), dim=1)
    height = (axes @ long).abs()
    up = axes[(height.amax(1) - height.amin(1)).argmin()]  # along it all are equally high or low
    first = space[:, column_norms(space).argmax()]
    right = torch.nn.functional.normalize(first - (first @ up) * up, dim=0)
    return torch.stack([right, torch.linalg.cross(up, right), up]) @ space


def body_figure(W: Float[Tensor, "hidden feature"], labels: list[int]) -> Figure:
    """A block of features in its own three dimensions: left from the side, right from above. Short arrows are grey."""
    space = in_space(W)
    fig, axes = plots.figure(1, 2, height=3.4)
    for ax, title, tilt, turn in zip(axes, ("from the side", "from above"), (25.0, 90.0), (65.0, 0.0), strict=True):
        _body(ax, _seen(space, tilt, turn), space, labels)
        ax.set_title(title, loc="center")
    return fig


def _seen(space: Float[Tensor, "3 feature"], tilt: float, turn: float) -> Float[Tensor, "2 feature"]:
    """What an eye sees that looks down at it by so many degrees, after the body has turned upon its axis."""
    a, t = math.radians(turn), math.radians(tilt)
    x, y = math.cos(a) * space[0] - math.sin(a) * space[1], math.sin(a) * space[0] + math.cos(a) * space[1]
    return torch.stack([x, math.sin(t) * y + math.cos(t) * space[2]])


def _body(ax: Axes, seen: Float[Tensor, "2 feature"], space: Float[Tensor, "3 feature"], labels: list[int]) -> None:
    long, height = column_norms(space) > LONG, space[2]
    levels = ((height > 0, plots.SERIES[0]), (height < 0, plots.SERIES[5]))
    for level, colour in levels:
        corners = seen[:, long & level]
        around = torch.atan2(corners[1] - corners[1].mean(), corners[0] - corners[0].mean()).argsort()
        outline = corners[:, around]
        ax.fill(*outline, color=colour, alpha=0.14)
        ax.plot(*torch.cat([outline, outline[:, :1]], 1), color=colour, linewidth=1.2)
    for i, (x, y) in enumerate(seen.T.tolist()):
        colour = plots.GREY if not long[i] else levels[0][1] if height[i] > 0 else levels[1][1]
        far = 1 + 0.15 / max((x * x + y * y) ** 0.5, 0.2)
        ax.plot([0, x], [0, y], color=colour, linewidth=2.4 if long[i] else 1.4)
        ax.plot(x, y, "o", color=colour, markersize=6 if long[i] else 4)
        if x * x + y * y > 0.03:  # else it points at the reader
            ax.text(x * far, y * far, str(labels[i]), ha="center", va="center", fontweight="bold")
    ax.set(aspect="equal", xlim=(-1.5, 1.5), ylim=(-1.35, 1.35))
    ax.axis("off")
