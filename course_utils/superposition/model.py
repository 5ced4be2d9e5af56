"""The toy model of superposition (Elhage et al. 2022, transformer-circuits.pub/2022/toy_model).

1. A **feature** is one coordinate of x. It is 0 with probability 1 − p, else uniform on [0, 1].
2. n features are squeezed into m < n hidden dimensions, h = W x, and read back, x̂ = ReLU(Wᵀ h + b).
3. The loss is Σᵢ Iᵢ (xᵢ − x̂ᵢ)², with Iᵢ the importance of feature i: summed over features, averaged over the batch.
4. Nothing else. What the columns of W do as p falls is the lesson.

Every function takes a whole stack of models at once: W has shape (..., hidden, feature).
"""

import torch
from jaxtyping import Float
from torch import Tensor


def generate_batch(
    probability: Float[Tensor, "instance feature"], batch: int, generator: torch.Generator | None = None
) -> Float[Tensor, "instance batch feature"]:
    """Sparse features: each is 0 with probability 1 − p and otherwise uniform on [0, 1], all independently.

    Args:
        probability: p, the probability that a feature is active, for every instance and feature.
        batch: how many samples each instance gets.
        generator: source of randomness; torch's global one if None.
    """
    size = (probability.shape[0], batch, probability.shape[1])
    device, dtype = probability.device, probability.dtype
    magnitude = torch.rand(size, generator=generator, device=device, dtype=dtype)
    active = torch.rand(size, generator=generator, device=device, dtype=dtype) < probability[:, None, :]
    return torch.where(active, magnitude, 0.0)


def forward(
    x: Float[Tensor, "*instance batch feature"],
    W: Float[Tensor, "*instance hidden feature"],
    b: Float[Tensor, "*instance feature"],
) -> Float[Tensor, "*instance batch feature"]:
    """x̂ = ReLU(Wᵀ W x + b), for every sample of the batch (Elhage et al. 2022)."""
    h = x @ W.mT  # (..., batch, hidden)
    return torch.relu(h @ W + b[..., None, :])


def loss(
    x: Float[Tensor, "*instance batch feature"],
    x_hat: Float[Tensor, "*instance batch feature"],
    importance: Float[Tensor, "feature"],
) -> Float[Tensor, "*instance"]:
    """Σᵢ Iᵢ (xᵢ − x̂ᵢ)²: summed over features, averaged over the batch, one number per instance."""
    return (importance * (x - x_hat).square()).sum(-1).mean(-1)
