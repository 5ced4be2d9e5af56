"""A latent that marks the token `)`, taken away at the `)` that close a bracket and at those in strings and comments.

1. `take_away`: at every `)` of some contexts at which the latent is active its part is removed; the KL from the clean
   prediction is noted place by place, with what the `)` is there for.
2. The null: at the same places a vector of the same length is removed along each of the latents that are active most
   nearly as often. There are many of them, so that the result does not hang on which few were drawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import plots
from course_utils.intervals import bootstrap_weights
from course_utils.sae.effects import kl_along, matched_latents, share_at_least
from course_utils.sae.shipped import Dictionary
from course_utils.sae.strokes import stroke_row, strokes_axis
from course_utils.sae.units import Labels

KINDS = ("closes a bracket", "in a string", "in a comment")
DRAWS = 2000  # resamples of modules


@dataclass(frozen=True)
class TakenAway:
    """How far the prediction moves at each `)`, in nats.

    Attributes:
        kl: along the latent's own direction. kind: index into `KINDS`. module: which module the place is from.
        null: mean over the places of a kind, along each other latent's direction. others: which latents.
    """

    kl: Float[Tensor, "place"]
    kind: Int[Tensor, "place"]
    module: Int[Tensor, "place"]
    null: Float[Tensor, "kind other"]
    others: Int[Tensor, "other"]

    def places(self, kind: int) -> int:
        return int((self.kind == kind).sum())

    def mean(self, kind: int) -> tuple[float, float, float]:
        """Mean KL over the places of a kind, with a 95 % interval (modules resampled)."""
        here = self.kind == kind
        owners, at = self.module[here].unique(return_inverse=True)
        sums = torch.zeros(len(owners), 2, dtype=torch.double)
        sums.index_add_(0, at, torch.stack([self.kl[here].double(), torch.ones(int(here.sum())).double()], 1))
        again = bootstrap_weights(len(owners), DRAWS) @ sums
        low, high = (again[:, 0] / again[:, 1]).quantile(torch.tensor([0.025, 0.975], dtype=torch.double)).tolist()
        return self.kl[here].mean().item(), low, high

    def further(self, kind: int) -> int:
        """How many of the others move the prediction at least as far."""
        return int((self.null[kind] >= self.mean(kind)[0]).sum())

    @property
    def p(self) -> Float[Tensor, "kind"]:
        """As in `share_at_least`, for each kind of place."""
        own = torch.tensor([self.mean(i)[0] for i in range(len(KINDS))])
        return share_at_least(self.null, own)

    def plot(self) -> Figure:
        """A row for each kind of place, as in `strokes`, with the 95 % interval over modules."""
        fig, ax = plots.figure(height=2.2)
        for i in range(len(KINDS)):
            mean, low, high = self.mean(i)
            stroke_row(ax, i, self.null[i], mean, self.p[i].item(), (low, high))
        names = [f"that {KINDS[0]}", *KINDS[1:]]
        strokes_axis(fig, ax, [f"“)” {name} ({self.places(i)})" for i, name in enumerate(names)])
        return fig


@torch.no_grad()
def take_away(
    dictionary: Dictionary, tokens: Int[Tensor, "context pos"], labels: Labels, latent: int, count: int
) -> TakenAway:
    """Take a latent away at every `)`; only contexts that hold a `)` which closes nothing are looked at.

    Args:
        count: how many other latents make the null: those whose frequency is nearest (in logarithm).
    """
    f = dictionary.encode(tokens)
    others = matched_latents((f[:, 1:] > 0).float().mean((0, 1)), latent, count)
    kinds = _kinds(dictionary, tokens, labels)
    kept = (kinds > 0).any(1)
    module = torch.nn.functional.pad(labels.module.view(len(tokens), -1), (1, 0))[kept]
    at = (kinds[kept] >= 0) & (f[kept][..., latent] > 0)
    directions = dictionary.sae.W_dec[torch.cat([torch.tensor([latent]), others])]
    kl = kl_along(dictionary, tokens[kept], f[kept][..., latent], at, directions)
    kind = kinds[kept][at]
    null = torch.stack([kl[1:, kind == i].mean(1) for i in range(len(KINDS))])
    return TakenAway(kl[0], kind, module[at], null, others)


def _kinds(dictionary: Dictionary, tokens: Tensor, labels: Labels) -> Int[Tensor, "context pos"]:
    """For each `)` the index of its kind; −1 elsewhere."""
    flag = {name: labels.flags[:, labels.names.index(name)].view(len(tokens), -1)
            for name in ("closes", "in_string", "in_comment")}  # fmt: skip
    paren = tokens[:, 1:] == dictionary.model.tokenizer.convert_tokens_to_ids(")")
    kinds = torch.full(paren.shape, -1)
    for i, name in enumerate(flag):
        kinds[paren & flag[name] & (kinds < 0)] = i
    return torch.nn.functional.pad(kinds, (1, 0), value=-1)
