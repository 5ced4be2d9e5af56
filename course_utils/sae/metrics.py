"""How good a dictionary is, in numbers. Every ratio is one of sums, never a mean of ratios.

Activations f are (row, latent), targets and reconstructions (row, d).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import plots

DENSE = 0.1  # a latent that is active more often than this is called dense


def l0(f: Float[Tensor, "row latent"]) -> Float[Tensor, ""]:
    """Active latents of a row, on average."""
    return (f > 0).sum(1).to(f.dtype).mean()


def fvu(y: Float[Tensor, "row d"], y_hat: Float[Tensor, "row d"]) -> Float[Tensor, ""]:
    """Fraction of variance unexplained: squared errors over squared distances from the mean, summed over all rows."""
    return (y - y_hat).square().sum() / (y - y.mean(0)).square().sum()


def cosine(y: Float[Tensor, "row d"], y_hat: Float[Tensor, "row d"]) -> Float[Tensor, ""]:
    """Cosine between target and reconstruction, on average over rows."""
    return F.cosine_similarity(y, y_hat, dim=1).mean()


def loss_recovered(
    clean: Float[Tensor, "token"], spliced: Float[Tensor, "token"], ablated: Float[Tensor, "token"]
) -> Float[Tensor, ""]:
    """Which share of what an ablation costs the reconstruction saves: 1 if it costs nothing, 0 if as much.

    Args:
        clean, spliced, ablated: the model's loss at each token, as it is, with the reconstruction in the activation's
            place, and with the ablation (say which: zero or mean) in its place.
    """
    return (ablated.mean() - spliced.mean()) / (ablated.mean() - clean.mean())


def shrinkage(f: Float[Tensor, "row feature"], truth: Float[Tensor, "row feature"]) -> Float[Tensor, ""]:
    """Activation over true magnitude, where both are there: 1 is faithful, below 1 is shrunk. Misses do not count."""
    on = (truth > 0) & (f > 0)
    return f[on].sum() / truth[on].sum()


@dataclass(frozen=True)
class Density:
    """How often each latent is active, in shares of the rows."""

    share: Float[Tensor, "latent"]
    rows: int

    @classmethod
    def of(cls, f: Float[Tensor, "row latent"]) -> Density:
        return cls((f > 0).float().mean(0), len(f))

    @property
    def dead(self) -> float:
        """The share of latents that no row activates."""
        return (self.share == 0).float().mean().item()

    @property
    def dense(self) -> float:
        """The share of latents that more than one row in ten activates."""
        return (self.share > DENSE).float().mean().item()

    def plot(self) -> Figure:
        """A histogram over latents, with those that are never active apart at the left."""
        fig, ax = plots.figure(height=2.6)
        lowest, limit = 1 / self.rows, torch.tensor(DENSE).log10().item()
        logs = self.share[self.share > 0].log10()
        left = torch.tensor(lowest).log10().item()
        edges = torch.linspace(left, 0, 26)
        step = float(edges[1] - edges[0])
        ax.hist(logs.numpy(), bins=edges.numpy(), color=plots.HEAD, rwidth=0.95)
        ax.bar(left - 1.5 * step, int((self.share == 0).sum()), width=0.95 * step, color=plots.GREY)
        ax.axvline(limit, color=plots.NULL, linestyle=":")
        ax.text(limit + 0.03, ax.get_ylim()[1] * 0.92, "dense", color=plots.NULL)
        ticks = [-3.0, -2.0, -1.0, 0.0]
        ax.set_xticks([left - 1.5 * step, *ticks], ["never", "0.1 %", "1 %", "10 %", "100 %"])
        ax.set(xlabel="share of the tokens at which a latent is active", ylabel="latents")
        return fig


@dataclass(frozen=True)
class Quality:
    """The usual numbers of one dictionary on one set of rows."""

    l0: float
    unexplained: float
    cosine: float
    dead: float
    dense: float
    rows: int

    @classmethod
    @torch.no_grad()
    def of(cls, sae, x: Float[Tensor, "row d_in"], y: Float[Tensor, "row d_out"] | None = None) -> Quality:
        """Of a `SparseAutoencoder` on inputs x (and targets y, for a transcoder)."""
        y = x if y is None else y
        parts = [sae.encode(part) for part in x.split(4096)]
        f = torch.cat(parts)
        y_hat = torch.cat([sae.decode(part) for part in parts])
        density = Density.of(f)
        return cls(l0(f).item(), fvu(y, y_hat).item(), cosine(y, y_hat).item(), density.dead, density.dense, len(x))
