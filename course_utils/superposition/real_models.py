"""Directions in a real model, against random ones: how far from orthogonal are they?

1. Take pairs of columns of a matrix (d, n), for instance a language model's unembedding.
2. Compare their cosines with those of random directions in the same d: mean 0, standard deviation 1/√d.
3. Do it again with the mean column taken out, since one shared direction alone shifts all cosines.
"""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from .. import plots
from .theory import welch_bound


@dataclass(frozen=True)
class Cosines:
    """Cosines of random pairs of directions: as they are, with the mean direction removed, and of random directions."""

    d: int
    n: int
    raw: Float[Tensor, "pair"]
    centred: Float[Tensor, "pair"]
    random: Float[Tensor, "pair"]

    @classmethod
    def of(cls, W: Float[Tensor, "d n"], pairs: int = 50_000, seed: int = 0) -> "Cosines":
        generator = torch.Generator().manual_seed(seed)
        W = W.detach().float().cpu()
        d, n = W.shape
        first = torch.randint(n, (pairs,), generator=generator)
        second = (first + torch.randint(1, n, (pairs,), generator=generator)) % n  # never the same one twice
        mean = W.mean(1, keepdim=True)
        a, b = torch.randn(2, d, pairs, generator=generator)
        cosine = torch.nn.functional.cosine_similarity
        return cls(
            d,
            n,
            cosine(W[:, first], W[:, second], dim=0),
            cosine(W[:, first] - mean, W[:, second] - mean, dim=0),
            cosine(a, b, dim=0),
        )

    def __str__(self) -> str:
        rows = [("as they are", self.raw), ("mean direction removed", self.centred), ("random directions", self.random)]
        lines = [
            f"  {name:24} mean {c.mean():+.3f}   standard deviation {c.std():.3f}   largest |cos| {c.abs().max():.2f}"
            for name, c in rows
        ]
        return "\n".join([f"{self.n:,} directions in {self.d} dimensions (1/√d = {self.d**-0.5:.3f})", *lines])

    def plot(self, title: str) -> Figure:
        fig, axes = plots.figure(1, 2, height=2.7, sharey=True, sharex=True)
        for ax, (name, cosine) in zip(
            axes, (("as they are", self.raw), ("mean direction removed", self.centred)), strict=True
        ):
            ax.hist(
                cosine.numpy(),
                bins=120,
                range=(-1, 1),
                density=True,
                histtype="step",
                color=plots.COLOURS[0],
                label=title,
            )
            ax.hist(
                self.random.numpy(),
                bins=120,
                range=(-1, 1),
                density=True,
                histtype="step",
                color="black",
                linestyle="--",
                label="random",
            )
            ax.set(title=name, xlabel="cosine of two directions")
        axes[0].set(ylabel="density")
        axes[1].legend()
        return fig


def token_sizes(tokens: int, dimensions: int) -> dict[str, float | None]:
    """What the sizes of an unembedding tell before its weights are seen: the columns of `token_cosines`."""
    return {
        "directions per dimension": tokens / dimensions,
        "as they are": None,
        "centred": None,
        "null: random": dimensions**-0.5,
        "least possible": welch_bound(tokens, dimensions),
    }


def token_cosines(model: Any) -> dict[str, float | None]:
    """Root mean square cosines of a model's unembedding, beside random directions and the least possible."""
    cosines = Cosines.of(model.W_U)
    measured = {"as they are": _root_mean_square(cosines.raw), "centred": _root_mean_square(cosines.centred)}
    return token_sizes(cosines.n, cosines.d) | measured


def _root_mean_square(cosine: Float[Tensor, "pair"]) -> float:
    return cosine.square().mean().sqrt().item()
