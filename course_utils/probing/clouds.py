"""Two classes of vectors as clouds in a plane.

1. `slanted` – the vectors in a plane in which the two clouds lie aslant.
2. `draw` – some of the points, and the means of all.
3. `border` – the line where a linear probe changes its answer.
"""

import torch
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from torch import Tensor

from course_utils import plots


def slanted(x: Float[Tensor, "row d"], y: Bool[Tensor, "row"]) -> Float[Tensor, "row 2"]:
    """The vectors, centred, in a plane of the difference of the class means (second) and a direction halfway between
    it and the one along which vectors of one class vary most (first)."""
    gap = x[y].mean(0) - x[~y].mean(0)
    gap = gap / gap.norm()
    within = x - torch.where(y[:, None], x[y].mean(0), x[~y].mean(0))
    within = within - torch.outer(within @ gap, gap)
    aslant = torch.linalg.eigh(within.mT @ within).eigenvectors[:, -1] + gap
    two = x @ torch.stack([aslant / aslant.norm(), gap], 1)
    return two - two.mean(0)


def draw(ax: Axes, points: Float[Tensor, "row 2"], y: Bool[Tensor, "row"], count: int = 600) -> None:
    """`count` of the points, drawn at random with seed 0, and the means of all."""
    drawn = torch.randperm(len(points), generator=torch.Generator().manual_seed(0))[:count]
    for some, colour in ((~y, plots.SERIES[3]), (y, plots.SERIES[0])):
        ax.plot(*points[drawn[some[drawn]]].T, ".", ms=3, color=colour, alpha=0.5)
        ax.plot(*points[some].mean(0), "o", ms=9, mec="white", color=colour, zorder=4)
    ax.set(xticks=[], yticks=[], aspect="equal", adjustable="datalim")


def border(ax: Axes, normal: Float[Tensor, "2"], value: Float[Tensor, ""]) -> None:
    """The line of all points whose product with `normal` is `value`."""
    foot = value * normal / normal.square().sum()
    ax.axline(foot.tolist(), (foot + torch.stack([-normal[1], normal[0]])).tolist(), color=plots.EDITED, lw=2)
