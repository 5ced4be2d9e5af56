"""One class for every dictionary: autoencoder, transcoder, crosscoder, with any activation of `config.KINDS`.

    f = activation(W_enc (x − b_pre) + b_enc)        ŷ = f W_dec + b_dec

1. In an autoencoder y is x, and b_pre is b_dec; in a transcoder y is another vector and b_pre is a parameter.
2. Each row of W_dec is a unit vector, so that an activation says how much of its direction is there.
3. In a crosscoder x and y are several sources side by side; `source_norms` says how much of a latent is in which.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from course_utils.sae import activations, basics, sparse
from course_utils.sae.config import Config


class SparseAutoencoder(nn.Module):
    """A dictionary. Weights stand latent first: W_enc (latent, d_in), W_dec (latent, d_out).

    `encode`, `decode` and `forward` are dense and differentiable; `code` is the sparse form of `encode` for the
    kinds that count. A finished "batchtopk" dictionary uses `threshold`, one number for all latents, so that what a
    row becomes does not depend on its neighbours; while `training`, it counts over the batch.
    """

    precision = torch.float32  # of the encoder's product while training; the trainer may lower it

    def __init__(self, config: Config, generator: torch.Generator | None = None) -> None:
        super().__init__()
        self.config = config
        n, d_in, d_out = config.n_latents, config.d_in, config.out
        W_dec = F.normalize(torch.randn(n, d_out, generator=generator), dim=1)
        W_enc = W_dec.clone()
        if config.transcodes:
            W_enc = F.normalize(torch.randn(n, d_in, generator=generator), dim=1)
        self.W_enc, self.W_dec = nn.Parameter(W_enc), nn.Parameter(W_dec)
        self.b_enc, self.b_dec = nn.Parameter(torch.zeros(n)), nn.Parameter(torch.zeros(d_out))
        if config.transcodes:
            self.b_in = nn.Parameter(torch.zeros(d_in))
        if config.kind == "gated":
            self.r_mag, self.b_mag = nn.Parameter(torch.zeros(n)), nn.Parameter(torch.zeros(n))
        if config.kind == "jumprelu":
            self.log_threshold = nn.Parameter(torch.full((n,), 0.1).log())
        if config.kind == "batchtopk":
            self.register_buffer("threshold", torch.zeros(()))

    @property
    def b_pre(self) -> Float[Tensor, "d_in"]:
        """What is taken from the input before the encoder."""
        return self.b_in if self.config.transcodes else self.b_dec

    def pre(self, x: Float[Tensor, "batch d_in"]) -> Float[Tensor, "batch latent"]:
        """Pre-activations (of a gated dictionary: the gate's)."""
        return basics.pre_activations(x, self.W_enc, self.b_enc, self.b_pre)

    def activate(self, pre: Float[Tensor, "batch latent"]) -> Float[Tensor, "batch latent"]:
        """From pre-activations to activations."""
        kind, config = self.config.kind, self.config
        if kind == "relu":
            return F.relu(pre)
        if kind == "topk":
            return activations.topk(pre, config.k)
        if kind == "batchtopk":
            return activations.batchtopk(pre, config.k) if self.training else pre * (pre > self.threshold)
        if kind == "gated":
            magnitude = F.relu(self.r_mag.exp() * (pre - self.b_enc) + self.b_mag)
            return magnitude * (pre > 0)
        return activations.jumprelu(pre, self.log_threshold.exp(), config.bandwidth)

    def encode(self, x: Float[Tensor, "batch d_in"]) -> Float[Tensor, "batch latent"]:
        """Activations, every zero written out."""
        return self.activate(self.pre(x))

    def code(self, x: Float[Tensor, "batch d_in"]) -> sparse.Code:
        """Activations of a counting kind, only those that are there; counted as in training."""
        select = sparse.largest_of_each_row if self.config.kind == "topk" else sparse.largest_of_batch
        return sparse.encode(x, self.b_pre, self.W_enc, self.b_enc, select(self.config.k), self.precision)

    def decode(self, f: Float[Tensor, "batch latent"] | sparse.Code) -> Float[Tensor, "batch d_out"]:
        """The reconstruction of the target."""
        if isinstance(f, sparse.Code):
            return sparse.decode(f, self.W_dec) + self.b_dec
        return basics.decode(f, self.W_dec, self.b_dec)

    def forward(self, x: Float[Tensor, "batch d_in"]) -> Float[Tensor, "batch d_out"]:
        return self.decode(self.encode(x))

    def source_norms(self) -> Float[Tensor, "latent source"]:
        """The length of each latent's decoder in each source; of a plain autoencoder, its length."""
        return self.W_dec.unflatten(1, (self.config.sources, -1)).norm(dim=2)

    @torch.no_grad()
    def normalise(self) -> None:
        """Give every decoder row length 1."""
        self.W_dec.copy_(F.normalize(self.W_dec, dim=1))

    @torch.no_grad()
    def project_gradient(self) -> None:
        """Take from the decoder's gradient what would only change its rows' lengths."""
        self.W_dec.grad.copy_(without_parallel(self.W_dec.grad, self.W_dec))

    @torch.no_grad()
    def rescaled(self, x_scale: float, y_scale: float) -> SparseAutoencoder:
        """The same dictionary for inputs x_scale and targets y_scale times as large: no scale is left to carry."""
        new = SparseAutoencoder(self.config).to(self.W_enc.device)
        new.load_state_dict(self.state_dict())
        new.W_enc.mul_(y_scale / x_scale)
        new.b_enc.mul_(y_scale)
        new.b_dec.mul_(y_scale)
        if self.config.transcodes:
            new.b_in.mul_(x_scale)
        if self.config.kind == "gated":
            new.b_mag.mul_(y_scale)
        if self.config.kind == "jumprelu":
            new.log_threshold.add_(torch.tensor(y_scale).log())
        if self.config.kind == "batchtopk":
            new.threshold.mul_(y_scale)
        return new.train(self.training)


def without_parallel(grad: Float[Tensor, "latent d"], rows: Float[Tensor, "latent d"]) -> Float[Tensor, "latent d"]:
    """The part of each row of `grad` that is at right angles to the unit row of `rows`."""
    return grad - (grad * rows).sum(1, keepdim=True) * rows
