"""Whether the model depends on a latent more than on the others that are active at the same token.

1. At a token at which the latent is active, its part is subtracted from the vector: x − f · d.
2. Its rivals are the other latents that are active there. Along each one's direction as much is subtracted, so that
   all of these pushes are equally long.
3. `pushes`: how far each moves the next-token prediction there (KL divergence, nats), the latent's own first.
4. `Rivals`: over many tokens, each of another context, the share of its rivals that move the prediction less.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import plots
from course_utils.intervals import mean_interval
from course_utils.sae.shipped import Dictionary
from course_utils.sae.splice import Site

WITHIN = 128  # places of a context that are tried; 0, the starting token, is not


@torch.no_grad()
def pushes(
    dictionary: Dictionary, tokens: Int[Tensor, "pos"], x: Float[Tensor, "pos d"], f: Float[Tensor, "latent"],
    place: int, latent: int,
) -> Float[Tensor, "push"]:  # fmt: skip
    """KL(clean ‖ edited) of the prediction at `place`: the latent's part taken away, and as much along each rival.

    Args:
        x: the residual stream of `tokens`. f: the activations at `place`.
    """
    active = [latent, *(i for i in (f > 0).nonzero()[:, 0].tolist() if i != latent)]
    edited = x[: place + 1].repeat(len(active) + 1, 1, 1)  # later tokens do not matter here
    edited[1:, place] -= f[latent] * dictionary.sae.W_dec[active]
    there = torch.zeros(edited.shape[:2], dtype=torch.bool)
    there[:, place] = True
    site = Site(dictionary.model, dictionary.hook)
    clean, *new = site.log_probs(tokens[: place + 1].expand(len(edited), -1), edited, there)
    return (clean.exp() * (clean - torch.stack(new))).sum(-1)


@dataclass(frozen=True)
class Rivals:
    """For some latents, how many rivals each beats, at tokens of different contexts.

    Attributes:
        latent: which. beaten: the share of the rivals that move the prediction less than the latent does.
        module: that each token is from; intervals resample these.
    """

    latent: Int[Tensor, "latent"]
    beaten: Float[Tensor, "latent token"]
    module: Int[Tensor, "latent token"]

    @property
    def rows(self) -> dict[int, tuple[float, float, float]]:
        """{latent: mean of `beaten`, with its 95 % interval}."""
        each = zip(self.latent.tolist(), self.beaten, self.module, strict=True)
        return {latent: mean_interval(beaten, clusters=module) for latent, beaten, module in each}

    def plot(self, names: Mapping[int, str], drawn: Sequence[int]) -> Figure:
        """A row for each latent of `names`, its mean with the interval; below, the means of `drawn` in one row."""
        rows, written = self.rows, [f"{name}: {latent}" for latent, name in names.items()]
        others = [100 * rows[latent][0] for latent in drawn]
        fig, ax = plots.figure(height=0.75 + 0.36 * (len(names) + 1))
        for y, latent in enumerate(names):
            mean, low, high = (100 * value for value in rows[latent])
            ax.errorbar(mean, y, xerr=[[mean - low], [high - mean]], fmt="o", color=plots.HEAD, markersize=8)
        ax.plot(others, [len(names)] * len(others), "o", color=plots.NULL, markersize=7, alpha=0.5)
        ax.axvline(50, color=plots.INK, linestyle=":", linewidth=1)
        ax.set(yticks=range(len(names) + 1), yticklabels=[*written, f"{len(others)} drawn at random"],
               ylim=(len(names) + 0.5, -0.6), xlim=(-3, 103), xlabel="rivals that it beats, %")  # fmt: skip
        return fig


def rivals_of(
    dictionary: Dictionary, tokens: Int[Tensor, "context pos"], module: Int[Tensor, "context"], latents: Sequence[int],
    count: int,
) -> Rivals:  # fmt: skip
    """Each latent against its rivals at `count` tokens, each drawn from another context in which it is active."""
    tokens = tokens[:, :WITHIN]
    x, f = Site(dictionary.model, dictionary.hook).activations(tokens), dictionary.encode(tokens)
    f[:, 0] = 0
    beaten, modules = [], []
    for latent in latents:
        rng = torch.Generator().manual_seed(0)
        on = (f[..., latent] > 0).float()
        contexts = on.any(1).nonzero()[:, 0]
        drawn = contexts[torch.randperm(len(contexts), generator=rng)[:count]]
        places = torch.multinomial(on[drawn], 1, generator=rng)[:, 0]
        at = zip(drawn.tolist(), places.tolist(), strict=True)
        found = [pushes(dictionary, tokens[c], x[c], f[c, p], p, latent) for c, p in at]
        beaten.append(torch.stack([(kl[1:] < kl[0]).float().mean() for kl in found]))
        modules.append(module[drawn])
    return Rivals(torch.tensor(latents), torch.stack(beaten), torch.stack(modules))
