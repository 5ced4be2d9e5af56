"""Why three features do not share a plane as a triangle: what its collisions cost, beside a pair and one alone.

1. In either arrangement every feature is returned exactly when it is active alone; only collisions cost anything.
2. In the pair a collision costs 1/6 for each of the two. In the triangle the leaks are half as large, and it costs 1/16
   for each; but three pairs of features can collide, and 3/8 is more than 1/3.
3. A simulation cuts the loss by which features are active: the pieces of the bars in the picture.
"""

import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from .. import plots
from .arrow_panels import arrow_panel
from .measures import polygon
from .model import forward, generate_batch
from .tradeoff import SAMPLES, variance
from .waterline import upright

GREYS = ("#3A3A3A", "#8F8F8F", "#C9C9C9", "#F4F4F4")  # of the pieces, one after another


def triangle(length: float = 1.0) -> Float[Tensor, "2 3"]:
    """Three arrows of this length, a third of a circle apart."""
    return upright(length * polygon(3))


def pair_and_one(length: float = 1.0) -> Float[Tensor, "2 3"]:
    """An antipodal pair of arrows of this length on one line, and one arrow of length 1 at right angles to it."""
    return torch.tensor([[0.0, 0.0, 1.0], [length, -length, 0.0]])


def collisions(W: Float[Tensor, "2 feature"], p: float) -> dict[tuple[int, ...], float]:
    """The share of the variance that is lost, without a bias, in the samples in which these features are active.

    Active features that neither lose anything nor disturb another are not named.
    """
    x = generate_batch(torch.full((1, W.shape[1]), p), SAMPLES, torch.Generator().manual_seed(0))[0]
    n, whole = W.shape[1], len(x) * W.shape[1] * float(variance(torch.tensor(p)))
    error = (x - forward(x, W, torch.zeros(n))).square().sum(1)
    disturbs = (W.mT @ W).fill_diagonal_(0).abs().amax(0) > 1e-6  # (feature,)
    code = ((x > 0) & disturbs).int() @ (1 << torch.arange(n, dtype=torch.int32))  # a number for each set of features
    found = {}
    for k, total in enumerate(torch.zeros(1 << n).index_add_(0, code, error).tolist()):
        found[tuple(i for i in range(n) if k >> i & 1)] = total / whole
    order = sorted(found, key=lambda who: (len(who), who))
    return {who: found[who] for who in order if found[who] > 1e-6}


def three_figure(p: float) -> Figure:
    """The arrows of a triangle and of a pair beside a single feature, and what each loses, cut by collision."""
    cases = {"triangle": triangle(), "pair and single": pair_and_one()}
    fig, axes = plots.figure(1, 3, height=2.4, width_ratios=[1, 1, 1.5])
    for ax, (name, W) in zip(axes, cases.items(), strict=False):
        arrow_panel(ax, W, name)
    bars = axes[2]
    for y, W in enumerate(cases.values()):
        left = 0.0
        for (who, share), fill in zip(collisions(W, p).items(), GREYS, strict=False):
            bars.barh(y, 100 * share, left=left, height=0.6, color=fill, edgecolor=plots.INK, linewidth=0.8)
            name = "all" if len(who) == W.shape[1] else " & ".join(map(str, who))
            bars.text(left + 50 * share, y, name, ha="center", va="center", fontsize=8,
                      color=plots.INK if plots.is_light(fill) else "white")  # fmt: skip
            left += 100 * share
        bars.text(left + 0.1, y, f"{left:.1f} %", va="center", fontweight="bold")
    bars.set_yticks(range(2), cases)
    bars.tick_params(axis="y", length=0)
    bars.set(ylim=(1.6, -0.6), xlim=(0, 1.25 * bars.get_xlim()[1]), xlabel="% of the variance lost")
    bars.set_title(f"p = {p:g}", loc="left")
    return fig
