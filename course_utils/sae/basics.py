"""A sparse autoencoder as functions: what `SparseAutoencoder` of kind "relu" computes, one line each."""

from __future__ import annotations

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor


def pre_activations(
    x: Float[Tensor, "row d"], W_enc: Float[Tensor, "latent d"], b_enc: Float[Tensor, "latent"],
    b_pre: Float[Tensor, "d"],
) -> Float[Tensor, "row latent"]:  # fmt: skip
    """W_enc (x − b_pre) + b_enc."""
    return F.linear(x - b_pre, W_enc, b_enc)


def encode(
    x: Float[Tensor, "row d"], W_enc: Float[Tensor, "latent d"], b_enc: Float[Tensor, "latent"],
    b_dec: Float[Tensor, "d"],
) -> Float[Tensor, "row latent"]:  # fmt: skip
    """f = ReLU(W_enc (x − b_dec) + b_enc): how much of each latent is in each row."""
    return F.relu(pre_activations(x, W_enc, b_enc, b_dec))


def decode(
    f: Float[Tensor, "row latent"], W_dec: Float[Tensor, "latent d"], b_dec: Float[Tensor, "d"]
) -> Float[Tensor, "row d"]:
    """x̂ = f W_dec + b_dec."""
    return f @ W_dec + b_dec


def loss(
    x: Float[Tensor, "row d"], x_hat: Float[Tensor, "row d"], f: Float[Tensor, "row latent"],
    W_dec: Float[Tensor, "latent d"], penalty: float,
) -> Float[Tensor, ""]:  # fmt: skip
    """‖x − x̂‖² + λ Σᵢ fᵢ ‖decoder row i‖, summed within a row, averaged over rows (Bricken et al. 2023).

    The length of the decoder's row is in the penalty, so that making it long and the activation small saves nothing.
    """
    return ((x - x_hat).square().sum(1) + penalty * (f * W_dec.norm(dim=1)).sum(1)).mean()
