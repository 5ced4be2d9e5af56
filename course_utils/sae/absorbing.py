"""Absorption (Chanin et al. 2024): a latent that stands for a broad feature falls silent where a narrow latent fires,
whose decoder has taken the broad feature's direction in.

With a known truth it can be proved: the parent feature is active, its latent is silent, and another latent that is
active has the parent's direction in its decoder and carries it in the reconstruction.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

ALONG = 0.025  # cosine with the broad direction that an absorbing latent must exceed (Chanin et al. 2024)


@dataclass(frozen=True)
class Absorption:
    """Where a broad feature's latent is silent although the feature is there, and who carries it instead.

    Attributes:
        missed: the main latent is silent although the feature is there.
        absorbed: of these, the rows in which another latent carries most of what is there along the direction.
        carrier: the latent that carries it, per row; −1 where there is none.
    """

    missed: Bool[Tensor, "row"]
    absorbed: Bool[Tensor, "row"]
    carrier: Float[Tensor, "row"]
    present: int

    @property
    def rate(self) -> float:
        """Absorbed rows as a share of those in which the feature is there."""
        return self.absorbed.sum().item() / max(1, self.present)


def detect_absorption(
    f: Float[Tensor, "row latent"],
    W_dec: Float[Tensor, "latent d"],
    direction: Float[Tensor, "d"],
    present: Bool[Tensor, "row"],
    main: int,
) -> Bool[Tensor, "row"]:
    """The rows in which the feature `direction` is present, latent `main` is silent, and another latent carries it.

    A latent carries it where its own contribution along the direction, f_j · (decoder row · direction), is the largest
    of all, its decoder's cosine with the direction exceeds `ALONG`, and it makes up at least half of the sum of all
    positive contributions.

    Args:
        direction: of any length; its unit vector is used.
    """
    along = F.normalize(W_dec, dim=1) @ F.normalize(direction, dim=0)
    contribution = (f * (W_dec @ F.normalize(direction, dim=0))).clamp(min=0)
    contribution = torch.where(along > ALONG, contribution, 0.0)
    largest, total = contribution.amax(1), contribution.sum(1)
    return present & (f[:, main] == 0) & (largest > 0) & (largest >= 0.5 * total)


def absorption(
    f: Float[Tensor, "row latent"],
    W_dec: Float[Tensor, "latent d"],
    direction: Float[Tensor, "d"],
    present: Bool[Tensor, "row"],
    main: int,
) -> Absorption:
    """`detect_absorption` with what is needed to judge it."""
    absorbed = detect_absorption(f, W_dec, direction, present, main)
    contribution = f * (W_dec @ F.normalize(direction, dim=0))
    carrier = torch.where(absorbed, contribution.argmax(1), -1)
    return Absorption(present & (f[:, main] == 0), absorbed, carrier, int(present.sum()))
