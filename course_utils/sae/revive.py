"""Resampling dead latents (Bricken et al. 2023): each is pointed at an input that is badly reconstructed."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor

from course_utils.sae.model import SparseAutoencoder

ENCODER_SHARE = 0.2  # length of a revived latent's encoder, of the living ones' mean length


@torch.no_grad()
def resample(
    sae: SparseAutoencoder,
    adam: torch.optim.Adam,
    x: Float[Tensor, "batch d_in"],
    y: Float[Tensor, "batch d_out"],
    dead: Bool[Tensor, "latent"],
    generator: torch.Generator,
) -> None:
    """Point every dead latent at the error of a row, drawn with probability in proportion to its squared error.

    Different latents take different rows while there are rows enough. The encoder gets the row's direction at a fifth
    of the living latents' mean length and a bias of zero; Adam forgets what it knew of these latents.
    """
    count = int(dead.sum())
    losses = (sae(x) - y).square().sum(1)
    weights = losses.square().cpu() + 1e-12
    rows = torch.multinomial(weights, count, replacement=count > len(x), generator=generator).to(x.device)
    living = sae.W_enc[~dead].norm(dim=1).mean() if bool((~dead).any()) else x.new_ones(())
    sae.W_dec[dead] = F.normalize(y[rows] - sae.b_dec, dim=1)
    sae.W_enc[dead] = F.normalize(x[rows] - sae.b_pre, dim=1) * ENCODER_SHARE * living
    sae.b_enc[dead] = 0.0
    if sae.config.kind == "gated":
        sae.r_mag[dead], sae.b_mag[dead] = 0.0, 0.0
    if sae.config.kind == "jumprelu":
        sae.log_threshold[dead] = sae.log_threshold[~dead].mean() if bool((~dead).any()) else sae.log_threshold.mean()
    for parameter in sae.parameters():
        if len(parameter) == len(dead) and parameter in adam.state:
            for name in ("exp_avg", "exp_avg_sq"):
                adam.state[parameter][name][dead] = 0.0
