"""Known truths with two sides, for dictionaries that read or write in two places.

1. Features as in `planted`, each with a direction on the first side, on the second, or on both.
2. A transcoder reads the first side and writes the second: it should find what is on both, and leave out what is only
   on the first. A crosscoder reads and writes both: it should tell which features are on which side.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from course_utils.sae.matching import Matching, match_features
from course_utils.sae.planted import SALT

BOTH, FIRST, SECOND = 0, 1, 2
SIDES = ("both", "first only", "second only")


@dataclass(frozen=True)
class PairedTruth:
    """Known features on two sides. A source of batches: (first, second), or both side by side if `beside`.

    Attributes:
        first, second: unit directions; a row of zeros where the feature is not on this side.
        side: `BOTH`, `FIRST` or `SECOND`, of each feature.
        probability: how often each is active.
    """

    first: Float[Tensor, "feature d"]
    second: Float[Tensor, "feature d"]
    side: Int[Tensor, "feature"]
    probability: float
    beside: bool = False
    seed: int = 0

    @classmethod
    def draw(cls, both: int, first: int, second: int, d: int, probability: float, *, seed: int = 0) -> PairedTruth:
        """So many features on both sides, and on one alone; all directions drawn independently."""
        rng = torch.Generator().manual_seed(SALT + seed)
        side = torch.tensor([BOTH] * both + [FIRST] * first + [SECOND] * second)
        directions = F.normalize(torch.randn(2, len(side), d, generator=rng), dim=2)
        here = torch.stack([side != SECOND, side != FIRST])[..., None]
        return cls(*(directions * here), side, probability, seed=seed)

    def laid_beside(self) -> PairedTruth:
        """The same truth as a source for a crosscoder."""
        return replace(self, beside=True)

    def sample(
        self, size: int, generator: torch.Generator
    ) -> tuple[Float[Tensor, "row d"], Float[Tensor, "row d"], Float[Tensor, "row feature"]]:
        """Both sides, and the magnitudes, uniform on [0.5, 1.5] where a feature is active."""
        on = torch.rand(size, len(self.side), generator=generator) < self.probability
        f = on * (0.5 + torch.rand(on.shape, generator=generator))
        return f @ self.first, f @ self.second, f

    def batch(self, step: int, size: int) -> tuple[Tensor, Tensor]:
        """A fresh batch for every step."""
        rng = torch.Generator().manual_seed(SALT + self.seed * 1_000_003 + step)
        first, second, _ = self.sample(size, rng)
        if not self.beside:
            return first, second
        x = torch.cat([first, second], 1)
        return x, x

    def match(self, W_dec: Float[Tensor, "latent d_out"]) -> Matching:
        """Each feature's partner among decoder rows that write the second side, or both."""
        truth = torch.cat([self.first, self.second], 1) if self.beside else self.second
        return match_features(truth, W_dec)


def second_share(norms: Float[Tensor, "latent 2"]) -> Float[Tensor, "latent"]:
    """Of a latent's decoder lengths, the second source's part: 0 is the first alone, 1 the second alone."""
    return norms[:, 1] / norms.sum(1)
