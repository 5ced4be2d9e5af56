"""Resampling dead latents (Bricken et al. 2023): each is pointed at an input that is badly reconstructed."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course_utils.sae.model import SparseAutoencoder

ENCODER_SHARE = 0.2  # length of a revived latent's encoder, of the living ones' mean length


def resample_dead(
    x: Float[Tensor, "row d"],
    W_enc: Float[Tensor, "latent d"],
    b_enc: Float[Tensor, "latent"],
    W_dec: Float[Tensor, "latent d"],
    b_dec: Float[Tensor, "d"],
    average: Float[Tensor, "latent d"],
    dead: Bool[Tensor, "latent"],
    rows: Int[Tensor, "dead"],
) -> tuple[
    Float[Tensor, "latent d"], Float[Tensor, "latent"], Float[Tensor, "latent d"], Float[Tensor, "latent d"]
]:
    """New W_enc, b_enc, W_dec and average, with the dead latents, in order, pointed at `x[rows]`.

    The decoder gets the row's direction from b_dec, the encoder the same at a fifth of the living ones' mean length,
    the bias zero; `average`, Adam's running average of W_enc's gradient, forgets the dead. At least one latent lives.
    """
    toward = F.normalize(x[rows] - b_dec, dim=1)  # (dead, d)
    living = W_enc[~dead].norm(dim=1).mean()
    W_enc, b_enc, W_dec, average = (each.clone() for each in (W_enc, b_enc, W_dec, average))
    W_enc[dead] = ENCODER_SHARE * living * toward
    b_enc[dead] = 0.0
    W_dec[dead] = toward
    average[dead] = 0.0
    return W_enc, b_enc, W_dec, average


@torch.no_grad()
def resample(
    sae: SparseAutoencoder,
    adam: torch.optim.Adam,
    x: Float[Tensor, "batch d_in"],
    y: Float[Tensor, "batch d_out"],
    dead: Bool[Tensor, "latent"],
    generator: torch.Generator,
) -> None:
    """Point every dead latent at a row, drawn with probability in proportion to the square of its squared error.

    Different latents take different rows while there are rows enough. Where all are dead, the first is left as
    it is. In a transcoder the decoder takes the target's direction.
    """
    count = int(dead.sum())
    losses = (sae(x) - y).square().sum(1)
    weights = losses.square().cpu() + 1e-12
    rows = torch.multinomial(weights, count, replacement=count > len(x), generator=generator).to(x.device)
    if bool(dead.all()):
        dead = dead.clone()
        dead[0] = False  # one of them lends the others its length
        rows = rows[1:]
    average = adam.state[sae.W_enc]["exp_avg"] if sae.W_enc in adam.state else torch.zeros_like(sae.W_enc)
    new = resample_dead(x, sae.W_enc, sae.b_enc, sae.W_dec, sae.b_pre, average, dead, rows)
    for old, value in zip((sae.W_enc, sae.b_enc, sae.W_dec, average), new, strict=True):
        old.copy_(value)
    if sae.config.transcodes:
        sae.W_dec[dead] = F.normalize(y[rows] - sae.b_dec, dim=1)
    if sae.config.kind == "gated":
        sae.r_mag[dead], sae.b_mag[dead] = 0.0, 0.0
    if sae.config.kind == "jumprelu":
        sae.log_threshold[dead] = sae.log_threshold[~dead].mean()
    for parameter in sae.parameters():
        if len(parameter) == len(dead) and parameter in adam.state:
            for name in ("exp_avg", "exp_avg_sq"):
                adam.state[parameter][name][dead] = 0.0
