"""The test of a latent by intervention: take it away where it is active, and see whether what it stands for goes.

1. `latent_effect`: the latent's contribution f · decoder row is removed from the activation wherever it is active;
   everything else, the reconstruction error included, stays.
2. The null: at the same positions a vector of the same length is removed, along the decoder rows of other latents that
   are active about as often. Position by position it is an edit of the same size.
3. `Bench` measures how far the next-token distribution moves there (nats), the loss, the logit of named tokens, and, as
   the side effect, the loss where the latent is not active.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course_utils.sae.shipped import Dictionary
from course_utils.sae.splice import Site

CONTEXTS = 16  # in one forward pass


def latent_effect(
    x: Float[Tensor, "row d"],
    f: Float[Tensor, "row latent"],
    W_dec: Float[Tensor, "latent d"],
    latent: int,
    to: float = 0.0,
) -> Float[Tensor, "row d"]:
    """The activation with one latent set to `to`: x + (to − f) · decoder row. Set to 0, it is taken away.

    The part of x that the dictionary does not reconstruct stays as it is.
    """
    return x + (to - f[:, latent, None]) * W_dec[latent]


def matched_latents(share: Float[Tensor, "latent"], latent: int, count: int) -> Int[Tensor, "count"]:
    """The other living latents whose frequency is nearest to this one's (in logarithm), the nearest first."""
    distance = (share.clamp(min=1e-9).log() - share[latent].clamp(min=1e-9).log()).abs()
    distance[latent] = torch.inf
    distance[share == 0] = torch.inf
    return distance.argsort(stable=True)[:count]


def clamped(dictionary: Dictionary, latent: int, level: float) -> Callable[[Tensor], Tensor]:
    """The edit that sets a latent to `level` wherever it is active."""

    def edit(there: Float[Tensor, "context pos d"]) -> Float[Tensor, "context pos d"]:
        now = torch.stack([dictionary.sae.encode(rows)[:, latent] for rows in there])
        return there + torch.where(now > 0, level - now, 0.0)[..., None] * dictionary.sae.W_dec[latent]

    return edit


def along(dictionary: Dictionary, other: int, edit: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """The edit that pushes the same vectors as far as `edit` does, against the direction of another latent."""

    def pushed(there: Float[Tensor, "context pos d"]) -> Float[Tensor, "context pos d"]:
        return there - (edit(there) - there).norm(dim=-1, keepdim=True) * dictionary.sae.W_dec[other]

    return pushed


def projected(dictionary: Dictionary, latent: int, mean: Float[Tensor, "d"]) -> Callable[[Tensor], Tensor]:
    """The edit that removes what differs from the mean along the latent's direction, everywhere."""
    row = dictionary.sae.W_dec[latent]
    return lambda there: there - ((there - mean) @ row)[..., None] * row


@dataclass(frozen=True)
class Effect:
    """What one edit of the activation does to the model, at the positions where it was made and elsewhere.

    Attributes:
        kl: KL(clean ‖ edited) of the next-token distribution, mean over edited positions, nats.
        loss: change of the loss of the next token there, nats.
        logit: change of the named tokens' mean logit there, relative to the mean over all tokens.
        elsewhere: change of the loss at later positions of the same contexts that were not edited, nats.
    """

    kl: float
    loss: float
    logit: float
    elsewhere: float


@dataclass(frozen=True)
class Bench:
    """A dictionary on some contexts, ready for many interventions: activations and clean predictions are kept.

    Attributes:
        x: (context, pos, d). f: (context, pos, latent), zero at position 0. clean: log-probabilities.
    """

    dictionary: Dictionary
    site: Site
    tokens: Int[Tensor, "context pos"]
    x: Float[Tensor, "context pos d"]
    f: Float[Tensor, "context pos latent"]
    clean: Float[Tensor, "context pos d_vocab"]

    @classmethod
    @torch.no_grad()
    def of(cls, dictionary: Dictionary, tokens: Int[Tensor, "context pos"]) -> Bench:
        site = Site(dictionary.model, dictionary.hook)
        x = torch.cat([site.activations(some) for some in tokens.split(CONTEXTS)])
        clean = torch.cat([site.logits(t, a) for t, a in zip(tokens.split(CONTEXTS), x.split(CONTEXTS), strict=True)])
        return cls(dictionary, site, tokens, x, dictionary.encode(tokens), clean.log_softmax(-1))

    @property
    def share(self) -> Float[Tensor, "latent"]:
        """How often each latent is active."""
        return (self.f[:, 1:] > 0).float().mean((0, 1))

    def where(self, latent: int) -> Bool[Tensor, "context pos"]:
        """The positions at which a latent is active."""
        return self.f[..., latent] > 0

    def edited(
        self, at: Bool[Tensor, "context pos"], shift: Float[Tensor, "context pos d"], named: Int[Tensor, "token"] | None
    ) -> Effect:
        """The effect of adding `shift` to the activation; it must be zero outside `at`."""
        rows = at.any(1)  # contexts that are not touched predict what they did
        tokens, x, clean, here = self.tokens[rows], self.x[rows], self.clean[rows], at[rows]
        sums = torch.zeros(4, dtype=torch.double)
        counts = torch.zeros(2, dtype=torch.double)
        for some in torch.arange(len(tokens)).split(CONTEXTS):
            logits = self.site.logits(tokens[some], x[some] + shift[rows][some])
            sums_here, counts_here = _compare(clean[some], logits, tokens[some], here[some], named)
            sums, counts = sums + sums_here, counts + counts_here
        kl, loss, logit, elsewhere = sums.tolist()
        inside, outside = (max(1.0, float(c)) for c in counts)
        return Effect(kl / inside, loss / inside, logit / inside, elsewhere / outside)

    def ablate(self, latent: int, named: Int[Tensor, "token"] | None = None, along: int | None = None) -> Effect:
        """Take `latent` away where it is active; with `along`, remove as much of another latent's direction instead."""
        direction = self.dictionary.sae.W_dec[latent if along is None else along]
        shift = -self.f[..., latent, None] * direction
        return self.edited(self.where(latent), shift, named)


def _compare(clean: Tensor, logits: Tensor, tokens: Tensor, at: Tensor, named: Tensor | None) -> tuple[Tensor, Tensor]:
    """Sums over edited positions of (KL, change of loss, change of named logits), over later ones of change of loss."""
    new = logits.log_softmax(-1)
    kl = (clean.exp() * (clean - new)).sum(-1)
    target = tokens[:, 1:, None]
    worse = (clean[:, :-1].gather(2, target) - new[:, :-1].gather(2, target))[..., 0]
    after = (at.cumsum(1) > 0) & ~at
    named_change = torch.zeros_like(kl)
    if named is not None:
        centred_new, centred_old = (v - v.mean(-1, keepdim=True) for v in (new, clean))
        named_change = (centred_new[..., named] - centred_old[..., named]).mean(-1)
    sums = [kl[at].sum(), worse[at[:, :-1]].sum(), named_change[at].sum(), worse[after[:, :-1]].sum()]
    return torch.stack(sums).double(), torch.tensor([at.sum(), after[:, :-1].sum()], dtype=torch.double)
