"""Comparing dictionaries: with a known truth, and with one another.

A direction and its opposite are different features, since activations are never negative: cosines keep their sign.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from course_utils.sae.model import SparseAutoencoder

SHARED = 0.7  # cosine above which a matched pair counts as found (Paulo & Belrose 2025 ask it of encoder and decoder)


@dataclass(frozen=True)
class Matching:
    """A one-to-one assignment of learned directions to true ones.

    Attributes:
        latent: which row of the learned dictionary each true feature got; −1 where there were too few.
        cosine: of the pair; 0 where there is none.
    """

    latent: Int[Tensor, "feature"]
    cosine: Float[Tensor, "feature"]

    def found(self, above: float = 0.9) -> float:
        """The share of true features whose partner has a cosine above `above`."""
        return (self.cosine > above).float().mean().item()


def cosines(a: Float[Tensor, "m d"], b: Float[Tensor, "n d"]) -> Float[Tensor, "m n"]:
    """Cosine of every row of `a` with every row of `b`; 0 with a row of zeros."""
    return F.normalize(a, dim=1) @ F.normalize(b, dim=1).T


def mean_max_cosine(truth: Float[Tensor, "feature d"], learned: Float[Tensor, "latent d"]) -> Float[Tensor, ""]:
    """The best cosine of each true feature with any learned row, on average: one latent may serve several features."""
    return cosines(truth, learned).amax(1).mean()


def match_features(truth: Float[Tensor, "feature d"], learned: Float[Tensor, "latent d"]) -> Matching:
    """The one-to-one assignment with the largest sum of cosines (Hungarian method), each latent used once."""
    table = cosines(truth, learned)
    rows, columns = linear_sum_assignment(table.detach().double().cpu().numpy(), maximize=True)
    latent = torch.full((len(truth),), -1)
    cosine = table.new_zeros(len(truth))
    latent[rows] = torch.from_numpy(columns)
    cosine[rows] = table[rows, columns]
    return Matching(latent, cosine)


def matched_cosines(truth: Float[Tensor, "feature d"], learned: Float[Tensor, "latent d"]) -> Float[Tensor, "feature"]:
    """For each true feature, the cosine with its partner in the best one-to-one assignment; 0 without a partner."""
    return match_features(truth, learned).cosine


@dataclass(frozen=True)
class Agreement:
    """How much of one dictionary another one has.

    Attributes:
        decoder, encoder: cosines of the matched pairs (matched by both together).
        null: the decoder's cosines when the second dictionary's directions are drawn from the data's own covariance.
    """

    decoder: Float[Tensor, "latent"]
    encoder: Float[Tensor, "latent"]
    null: Float[Tensor, "latent"]

    @property
    def shared(self) -> float:
        """The share of latents whose partner is alike in encoder and decoder."""
        return ((self.decoder > SHARED) & (self.encoder > SHARED)).float().mean().item()

    @property
    def null_shared(self) -> float:
        """The share of latents that would find a partner among directions drawn from the data's covariance."""
        return (self.null > SHARED).float().mean().item()


def agreement(
    a: SparseAutoencoder, b: SparseAutoencoder, x: Float[Tensor, "row d"], generator: torch.Generator
) -> Agreement:
    """Match two dictionaries latent by latent; the null draws directions with the covariance of the rows `x`."""
    both = cosines(a.W_dec, b.W_dec) + cosines(a.W_enc, b.W_enc)
    rows, columns = linear_sum_assignment(both.double().numpy(), maximize=True)
    drawn = torch.randn(len(b.W_dec), len(x), generator=generator) @ (x - x.mean(0)) / len(x) ** 0.5
    pairs = [F.cosine_similarity(getattr(a, n)[rows], getattr(b, n)[columns], dim=1) for n in ("W_dec", "W_enc")]
    return Agreement(*pairs, match_features(a.W_dec, drawn).cosine)
