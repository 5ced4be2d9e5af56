"""What a dictionary is trained to make small, for data scaled to mean square 1.

1. Reconstruction: the squared error of each row, summed over its numbers; the mean over rows is the fraction of the
   variance that is left, since the data's mean square is 1. Nested: the mean of this over all widths.
2. The price of being active: λ Σ f · ‖decoder‖ ("relu"), λ Σ gate ("gated"), λ · number ("jumprelu"); none if counted.
3. Auxiliary-k (Gao et al. 2024): dead latents reconstruct, on their own, what is left of the error.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from course_utils.sae import activations
from course_utils.sae.model import SparseAutoencoder
from course_utils.sae.sparse import Code


@dataclass(frozen=True)
class Terms:
    """One batch's objective: `total` to differentiate, its parts, and how often each latent was active."""

    total: Float[Tensor, ""]
    reconstruction: Float[Tensor, ""]
    l0: float
    counts: Float[Tensor, "latent"]


def objective(
    sae: SparseAutoencoder,
    x: Float[Tensor, "batch d_in"],
    y: Float[Tensor, "batch d_out"],
    *,
    penalty: float,
    dead: Bool[Tensor, "latent"] | None = None,
    aux: float = 0.0,
) -> Terms:
    """The objective of one batch; `penalty` stands in for the configuration's (it warms up).

    Args:
        dead: latents that auxiliary-k may use; None for none.
        aux: its weight.
    """
    if sae.config.counted:
        terms, error = _counted(sae, x, y)
    else:
        terms, error = _paid(sae, x, y, penalty)
    if aux and dead is not None and bool(dead.any()):
        extra = aux * _auxiliary(sae, x, error.detach(), dead)
        terms = Terms(terms.total + extra, terms.reconstruction, terms.l0, terms.counts)
    return terms


def squared_error(error: Float[Tensor, "batch d"]) -> Float[Tensor, ""]:
    """The squared length of a row's error, on average over rows."""
    return error.square().sum() / len(error)


def _counted(sae: SparseAutoencoder, x: Tensor, y: Tensor) -> tuple[Terms, Tensor]:
    code = sae.code(x)
    if sae.config.kind == "batchtopk" and sae.training:
        _follow_threshold(sae, code)
    edges = (0, *sae.config.nested, sae.config.n_latents)
    y_hat, losses = sae.b_dec.expand_as(y), []
    for low, high in pairwise(edges):
        part = code if len(edges) == 2 else code.inside(low, high)
        y_hat = y_hat + sae.decode(part) - sae.b_dec
        losses.append(squared_error(y_hat - y))
    counts = code.counts()
    return Terms(torch.stack(losses).mean(), losses[-1].detach(), float(counts.sum()) / len(x), counts), y - y_hat


@torch.no_grad()
def _follow_threshold(sae: SparseAutoencoder, code: Code) -> None:
    """BatchTopK's threshold: a running mean of the smallest activation that a batch keeps."""
    smallest = code.values[code.values > 0].min()
    sae.threshold.lerp_(smallest, 0.01 if float(sae.threshold) > 0 else 1.0)


def _paid(sae: SparseAutoencoder, x: Tensor, y: Tensor, penalty: float) -> tuple[Terms, Tensor]:
    pre = sae.pre(x)
    f = sae.activate(pre)
    edges = (*sae.config.nested, sae.config.n_latents)
    losses = []
    for width in edges:
        y_hat = f[:, :width] @ sae.W_dec[:width] + sae.b_dec
        losses.append(squared_error(y_hat - y))
    total = torch.stack(losses).mean()
    if sae.config.kind == "relu":
        total = total + penalty * (f * sae.source_norms().sum(1)).sum() / len(x)
    elif sae.config.kind == "gated":
        gate = F.relu(pre)
        total = total + penalty * gate.sum() / len(x)
        alone = gate @ sae.W_dec.detach() + sae.b_dec.detach()  # what the gate's own values would reconstruct
        total = total + squared_error(alone - y)
    else:
        on = activations.step(pre, sae.log_threshold.exp(), sae.config.bandwidth)
        total = total + penalty * on.sum() / len(x)
    counts = (f.detach() > 0).sum(0)
    return Terms(total, losses[-1].detach(), float(counts.sum()) / len(x), counts), y - y_hat


def _auxiliary(sae: SparseAutoencoder, x: Tensor, error: Tensor, dead: Tensor) -> Tensor:
    """How much of the error the dead latents fail to reconstruct, as a share of it."""
    k = min(int(dead.sum()), sae.config.out // 2)
    pre = F.linear(x - sae.b_pre, sae.W_enc[dead], sae.b_enc[dead])
    values, latents = pre.topk(k, sorted=False)
    f = torch.zeros_like(pre).scatter(1, latents, values.relu())
    return squared_error(f @ sae.W_dec[dead] - error) / squared_error(error).clamp(min=1e-12)
