"""What stands between encoder and decoder, written densely: the plain twins of the sparse path, and the rest.

Pre-activations are (batch, latent); every function returns activations of the same shape, none below zero.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def topk(pre: Float[Tensor, "batch latent"], k: int) -> Float[Tensor, "batch latent"]:
    """The k largest of each row, the others and the negative ones zero; among equals the first latents win."""
    kept = pre.argsort(dim=1, descending=True, stable=True)[:, :k]
    return torch.zeros_like(pre).scatter(1, kept, pre.gather(1, kept).relu())


def batchtopk(pre: Float[Tensor, "batch latent"], k: int) -> Float[Tensor, "batch latent"]:
    """The k · batch largest of all, wherever they stand; negative ones zero; among equals the first win."""
    flat = pre.flatten()
    kept = flat.argsort(descending=True, stable=True)[: k * len(pre)]
    return torch.zeros_like(flat).scatter(0, kept, flat[kept].relu()).view_as(pre)


def jumprelu(
    pre: Float[Tensor, "batch latent"], threshold: Float[Tensor, "latent"], bandwidth: float
) -> Float[Tensor, "batch latent"]:
    """`pre` where it exceeds the threshold, else 0 (Rajamanoharan et al. 2024b).

    The threshold's gradient is a straight-through one: −θ/ε for each activation within ε/2 of θ.
    """
    return _JumpReLU.apply(pre, threshold, bandwidth)


def step(
    pre: Float[Tensor, "batch latent"], threshold: Float[Tensor, "latent"], bandwidth: float
) -> Float[Tensor, "batch latent"]:
    """1 where `pre` exceeds the threshold, else 0; the threshold's straight-through gradient is −1/ε near θ."""
    return _Step.apply(pre, threshold, bandwidth)


def _near(pre: Tensor, threshold: Tensor, bandwidth: float) -> Bool[Tensor, "batch latent"]:
    return (pre - threshold).abs() < bandwidth / 2


class _JumpReLU(torch.autograd.Function):
    @staticmethod
    def forward(ctx, pre, threshold, bandwidth):
        ctx.save_for_backward(pre, threshold)
        ctx.bandwidth = bandwidth
        return pre * ((pre > threshold) & (pre > 0))

    @staticmethod
    def backward(ctx, grad):
        pre, threshold = ctx.saved_tensors
        near = _near(pre, threshold, ctx.bandwidth)
        to_threshold = -(threshold / ctx.bandwidth) * (grad * near).sum(0)
        return grad * ((pre > threshold) & (pre > 0)), to_threshold, None


class _Step(torch.autograd.Function):
    @staticmethod
    def forward(ctx, pre, threshold, bandwidth):
        ctx.save_for_backward(pre, threshold)
        ctx.bandwidth = bandwidth
        return (pre > threshold).to(pre.dtype)

    @staticmethod
    def backward(ctx, grad):
        pre, threshold = ctx.saved_tensors
        near = _near(pre, threshold, ctx.bandwidth)
        return torch.zeros_like(pre), -(1 / ctx.bandwidth) * (grad * near).sum(0), None
