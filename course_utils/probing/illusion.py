"""A planted model in which a learned direction deceives (after Makelov et al. 2023).

Its site is a hidden vector h in which three directions matter. Along the first, *disconnected* one stands the property,
±1, and no weight reads it. Along the second, *dormant* one stands nothing, and the output weight there is large. The
answer comes past the site, by another path, as through the residual stream around an MLP; or, where the site is
`on_path`, along the third direction of h. Bystanders and noise fill the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from course_utils.probing.subspace import Halves, Site

WIDTH, BYSTANDERS, NOISE, STRENGTH = 12, 4, 0.1, 2.0  # STRENGTH: the output weight of the dormant direction


@dataclass(frozen=True)
class Illusion:
    """Hidden vectors of inputs, and how the answer comes about.

    Attributes:
        h: what stands at the site.
        past: what comes past it.
        label: the property; the model's answer is the same on every row.
        disconnected, dormant, real: unit vectors.
        weights: what the output reads of h.
    """

    h: Float[Tensor, "row d"]
    past: Float[Tensor, "row"]
    label: Bool[Tensor, "row"]
    disconnected: Float[Tensor, "d"]
    dormant: Float[Tensor, "d"]
    real: Float[Tensor, "d"]
    weights: Float[Tensor, "d"]

    @property
    def inputs(self) -> Float[Tensor, "row d_plus_1"]:
        """Rows of h, and last what comes past the site."""
        return torch.cat([self.h, self.past[:, None]], 1)

    @property
    def site(self) -> Site:
        """Where h stands."""
        model = Halves(lambda x: x[:, :-1], lambda h, x: self.answer(h, x[:, -1]))
        return Site(model, "hook_h", model)

    def answer(self, h: Float[Tensor, "row d"], past: Float[Tensor, "row"]) -> Float[Tensor, "row"]:
        """The output: yes where it is positive."""
        return past + h @ self.weights


def illusion(seed: int, on_path: bool = False, rows: int = 512) -> Illusion:
    """The model with directions, property and noise drawn by the seed."""
    rng = torch.Generator().manual_seed(seed)
    disconnected, dormant, real, *rest = torch.linalg.qr(torch.randn(WIDTH, WIDTH, generator=rng)).Q.mT
    label = torch.rand(rows, generator=rng) < 0.5
    sign = 2.0 * label - 1
    others = 2.0 * (torch.rand(rows, BYSTANDERS, generator=rng) < 0.5) - 1
    h = torch.outer(sign, disconnected) + others @ torch.stack(rest[:BYSTANDERS])
    h = h + NOISE * torch.randn(rows, WIDTH, generator=rng)
    weights = STRENGTH * dormant
    if on_path:
        return Illusion(h + torch.outer(sign, real), 0 * sign, label, disconnected, dormant, real, weights + real)
    return Illusion(h, sign, label, disconnected, dormant, real, weights)
