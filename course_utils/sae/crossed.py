"""A crosscoder over two layers of `code-4l`: which latents are in one layer, and which in both."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import plots
from course_utils.sae.comparison import Spread, spread

MOSTLY = 0.3  # a latent with less of its length than this in one layer counts as mostly the other's


@dataclass(frozen=True)
class Crossed:
    """Crosscoders of the residual stream before the second and before the fourth block, over seeds.

    Attributes:
        share: of each latent's decoder lengths the later layer's part, (seed, latent).
        kept: cosine between its two directions, (seed, latent).
        null_share, null_kept: likewise, where the later layer's vectors were given to other tokens, so that nothing
            can be in both.
        unexplained, null_unexplained: on the vectors of training, (seed,).
    """

    share: Float[Tensor, "seed latent"]
    kept: Float[Tensor, "seed latent"]
    null_share: Float[Tensor, "seed latent"]
    null_kept: Float[Tensor, "seed latent"]
    unexplained: Float[Tensor, "seed"]
    null_unexplained: Float[Tensor, "seed"]

    def rows(self) -> dict[str, dict[str, Spread]]:
        """Mean over seeds, lowest, highest; shares of latents in %."""
        table = {}
        for name, share in (("the same token", self.share), ("null: another token's", self.null_share)):
            both = (share > MOSTLY) & (share < 1 - MOSTLY)
            table[name] = {
                "mostly earlier, %": spread((100 * (share <= MOSTLY).float().mean(1)).tolist()),
                "both, %": spread((100 * both.float().mean(1)).tolist()),
                "mostly later, %": spread((100 * (share >= 1 - MOSTLY).float().mean(1)).tolist()),
            }
        return table

    def plot(self) -> Figure:
        """A histogram of the shares, all seeds together, with the null as an outline."""
        fig, ax = plots.figure(height=2.6)
        edges = torch.linspace(0, 1, 41).numpy()
        ax.hist(self.share.flatten().numpy(), edges, color=plots.SERIES[1], label="the same token's vectors")
        ax.hist(
            self.null_share.flatten().numpy(), edges, histtype="step", color=plots.NULL, label="null: another token's"
        )
        ax.set(xlabel="the later layer's share of a latent's decoder lengths", ylabel="latents")
        ax.legend()
        return fig
