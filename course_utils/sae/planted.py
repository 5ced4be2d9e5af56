"""Activations whose features are known, because we made them: x = Σ magnitude · direction.

1. `Truth`: sparse features along random unit directions, as many as you like in as few dimensions; independent, or in
   pairs that are often active together, or in a hierarchy (a child is active only where its parent is).
2. `recover`: how much of the truth a dictionary finds, beside PCA, ICA and random directions given the same number of
   tries (both signs of each axis, since an axis has no sign).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from course_utils.sae.matching import match_features, mean_max_cosine

SALT = 715_225_739  # a truth must not be drawn from the same numbers as a dictionary's start of the same seed
CORRELATIONS = ("independent", "pairs", "hierarchy")


@dataclass(frozen=True)
class Truth:
    """Known features. A source of batches: `batch(step, size)`.

    Attributes:
        directions: unit vectors, one a feature.
        probability: how often each feature is active (a child: where its parent is).
        correlation: "independent"; "pairs" (features 2i and 2i + 1 are active together with probability `together`,
            and otherwise one of them alone); "hierarchy" (see `parent`).
        parent: for each feature the one without which it is never active, or −1.
        noise: standard deviation of what is added to every coordinate.
    """

    directions: Float[Tensor, "feature d"]
    probability: Float[Tensor, "feature"]
    parent: Int[Tensor, "feature"]
    correlation: str = "independent"
    together: float = 0.8
    noise: float = 0.0
    seed: int = 0

    @classmethod
    def draw(
        cls,
        features: int,
        d: int,
        probability: float = 0.05,
        *,
        correlation: str = "independent",
        together: float = 0.8,
        children: int = 0,
        noise: float = 0.0,
        seed: int = 0,
    ) -> Truth:
        """Random directions. In a hierarchy the first feature of every group of 1 + `children` is the parent.

        Raises:
            ValueError: an unknown correlation, or features that do not divide into pairs or groups.
        """
        if correlation not in CORRELATIONS:
            raise ValueError(f"There is no correlation {correlation!r}: choose one of {', '.join(CORRELATIONS)}.")
        group = {"independent": 1, "pairs": 2, "hierarchy": 1 + children}[correlation]
        if features % group or (correlation == "hierarchy" and children < 1):
            raise ValueError(f"{features} features do not divide into groups of {group}; a hierarchy has children.")
        rng = torch.Generator().manual_seed(SALT + seed)
        directions = F.normalize(torch.randn(features, d, generator=rng), dim=1)
        each = torch.arange(features)
        first = each - each % group
        parent = torch.where((correlation == "hierarchy") & (each != first), first, -1)
        p = torch.full((features,), float(probability))
        if correlation == "hierarchy":
            p[parent >= 0] = 1 / (children + 1)  # children exclude one another; a parent is alone as often as with one
        return cls(directions, p, parent, correlation, together, noise, seed)

    def magnitudes(self, size: int, generator: torch.Generator) -> Float[Tensor, "row feature"]:
        """How strongly each feature is active in each row: uniform on [0.5, 1.5] where it is."""
        n = len(self.probability)
        on = torch.rand(size, n, generator=generator) < self.probability
        if self.correlation == "pairs":
            one = on[:, 0::2]
            both = torch.rand(one.shape, generator=generator) < self.together
            which = torch.rand(one.shape, generator=generator) < 0.5
            on = torch.stack([one & (both | which), one & (both | ~which)], 2).flatten(1)
        if self.correlation == "hierarchy":
            on = self._families(size, generator)
        return on * (0.5 + torch.rand(size, n, generator=generator))

    def _families(self, size: int, generator: torch.Generator) -> Tensor:
        """Parents as they come; of each active parent's children at most one."""
        heads = (self.parent < 0).nonzero()[:, 0]
        group = len(self.parent) // len(heads)
        active = torch.rand(size, len(heads), generator=generator) < self.probability[heads]
        chosen = torch.randint(group, active.shape, generator=generator)  # 0: the parent alone
        child = F.one_hot(chosen, group).bool() & active[..., None]
        child[..., 0] = active
        return child.flatten(1)

    def batch(self, step: int, size: int) -> tuple[Tensor, Tensor]:
        """A fresh batch for every step; input and target are one."""
        x, _ = self.sample(size, torch.Generator().manual_seed(SALT + self.seed * 1_000_003 + step))
        return x, x

    def sample(
        self, size: int, generator: torch.Generator
    ) -> tuple[Float[Tensor, "row d"], Float[Tensor, "row feature"]]:
        """Vectors, and the magnitudes that they were made from."""
        f = self.magnitudes(size, generator)
        x = f @ self.directions
        if self.noise:
            x = x + self.noise * torch.randn(x.shape, generator=generator)
        return x, f


@dataclass(frozen=True)
class Recovery:
    """How much of a truth one set of directions finds."""

    mean_max: float
    matched: float
    found: float

    @classmethod
    def of(cls, truth: Truth, learned: Float[Tensor, "latent d"]) -> Recovery:
        """Mean of the best cosines; mean cosine of an optimal matching; share of features matched above 0.9."""
        pairs = match_features(truth.directions, learned)
        return cls(mean_max_cosine(truth.directions, learned).item(), pairs.cosine.mean().item(), pairs.found())


def pca_directions(x: Float[Tensor, "row d"]) -> Float[Tensor, "both d"]:
    """Principal axes, each in both senses."""
    axes = torch.linalg.eigh(torch.cov(x.T)).eigenvectors.T
    return torch.cat([axes, -axes])


def ica_directions(x: Float[Tensor, "row d"], seed: int = 0) -> Float[Tensor, "both d"]:
    """The mixing directions that FastICA finds, each in both senses: never more axes than dimensions."""
    from sklearn.decomposition import FastICA

    found = FastICA(whiten="unit-variance", random_state=seed, max_iter=500, tol=1e-3).fit(x.double().numpy())
    axes = F.normalize(torch.from_numpy(found.mixing_).T.float(), dim=1)
    return torch.cat([axes, -axes])


def random_directions(count: int, d: int, generator: torch.Generator) -> Float[Tensor, "count d"]:
    """Unit vectors in no particular direction: what chance finds with as many tries."""
    return F.normalize(torch.randn(count, d, generator=generator), dim=1)


def baselines(truth: Truth, tries: int, rows: int = 20_000, seed: int = 0) -> dict[str, Recovery]:
    """What PCA, ICA and `tries` random directions find of a truth."""
    rng = torch.Generator().manual_seed(seed)
    x, _ = truth.sample(rows, rng)
    return {
        "PCA": Recovery.of(truth, pca_directions(x)),
        "ICA": Recovery.of(truth, ica_directions(x, seed)),
        "random": Recovery.of(truth, random_directions(tries, x.shape[1], rng)),
    }
