"""One token taken apart: the latents that are active there, strongest first, and what is left after each.

    Anatomy.of(reading, words, place)      # a value that shows itself as bars

1. The activation x at the token is b_dec, plus one arrow for each active latent, plus what is left over.
2. Latents are added in the order of their strength; `left` is the squared length of what is still missing, as a share
   of that of x − b_dec.
3. Each latent gets a short reading from labelled text (`brief`): how often it is active, or its best label.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from matplotlib.figure import Figure
from matplotlib.patches import ConnectionPatch, Patch
from torch import Tensor

from course_utils import plots
from course_utils.sae.label_words import WORDS
from course_utils.sae.metrics import DENSE
from course_utils.sae.model import SparseAutoencoder
from course_utils.sae.reading import Reading

SHOWN = 8  # of a token's latents, the strongest
EDGE = 1.2  # where an axis ends, in strongest activations
FITS = 0.4  # F1 from which a label is a reading


@dataclass(frozen=True)
class Anatomy:
    """A token's active latents.

    Attributes:
        word: the token. latents, strength: active latents, strongest first, and their activations.
        readings: what each seems to stand for.
        left: the share that is missing after 0, 1, 2, … latents.
    """

    word: str
    latents: Int[Tensor, "active"]
    strength: Float[Tensor, "active"]
    readings: tuple[str, ...]
    left: Float[Tensor, "count"]

    @classmethod
    def of(cls, reading: Reading, word: str, x: Float[Tensor, "d"]) -> Anatomy:
        """Of one activation x, of the token `word`."""
        sae = reading.dictionary.sae
        f = sae.encode(x[None])[0]
        latents = f.argsort(descending=True)[: int((f > 0).sum())]
        return cls(word, latents, f[latents], tuple(brief(reading, int(i)) for i in latents), left_over(sae, x))

    def rows(self) -> list[dict[str, object]]:
        """One row a latent."""
        names = zip(self.latents.tolist(), self.readings, self.strength.tolist(), self.left[1:].tolist(), strict=True)
        return [{"latent": str(i), "reading": text, "activation": f, "left, %": 100 * left}
                for i, text, f, left in names]  # fmt: skip


def left_over(sae: SparseAutoencoder, x: Float[Tensor, "d"]) -> Float[Tensor, "count"]:
    """|x − b_dec − the n strongest latents' arrows|² over |x − b_dec|², for n = 0, 1, 2, …"""
    f = sae.encode(x[None])[0]
    latents = f.argsort(descending=True)[: int((f > 0).sum())]
    arrows = f[latents, None] * sae.W_dec[latents]  # (active, d)
    missing = (x - sae.b_dec) - torch.cat([torch.zeros_like(arrows[:1]), arrows.cumsum(0)])
    return missing.square().sum(1) / (x - sae.b_dec).square().sum()


def brief(reading: Reading, latent: int) -> str:
    """A few words on a latent, from the text that was read."""
    on = reading.f[..., latent] > 0
    if (share := on[:, 1:].float().mean().item()) > DENSE:
        return f"at {100 * share:.0f} % of tokens"
    label, f1, *_ = reading.label(latent)
    return WORDS[label] if f1 >= FITS else "?"


def anatomies(parts: Sequence[Anatomy], titles: Sequence[str]) -> Figure:
    """Two tokens side by side, a line for each latent: number, reading, bar; what both have is filled and joined."""
    shared = set.intersection(*(set(part.latents.tolist()) for part in parts))
    most = max(float(part.strength.max()) for part in parts)
    fig, axes = plots.figure(1, len(parts), height=2.8)
    for ax, part, title in zip(axes, parts, titles, strict=True):
        latents, strength = part.latents[:SHOWN].tolist(), part.strength[:SHOWN].tolist()
        colours = [plots.HEAD if i in shared else "white" for i in latents]
        ax.barh(range(len(latents)), strength, color=colours, height=0.72, edgecolor=plots.HEAD, linewidth=1)
        for y, (latent, text, value) in enumerate(zip(latents, part.readings[:SHOWN], strength, strict=True)):
            ax.text(-1.28 * most, y, str(latent), ha="right", va="center", fontsize=9, color=plots.INK)
            ax.text(-1.22 * most, y, text, ha="left", va="center", fontsize=9, color=plots.INK)
            ax.text(value + 0.03 * most, y, f"{value:.0f}", va="center", fontsize=9, color=plots.INK)
        ax.text(-1.28 * most, -1.05, "latent", ha="right", va="center", fontsize=9, color=plots.NULL)
        ax.text(-1.22 * most, -1.05, "reading", ha="left", va="center", fontsize=9, color=plots.NULL)
        ax.text(0, -1.05, "activation", ha="left", va="center", fontsize=9, color=plots.NULL)
        ax.set(title=title, xlim=(-1.6 * most, EDGE * most), ylim=(len(latents) - 0.4, -1.6), xticks=[], yticks=[])
        ax.spines[["left", "bottom"]].set_visible(False)
    first, second = (part.latents.tolist() for part in parts)
    for latent in shared.intersection(first[:SHOWN], second[:SHOWN]):
        here, there = first.index(latent), second.index(latent)
        start = (min(float(parts[0].strength[here]) + 0.22 * most, EDGE * most), here)  # outside it is not drawn
        fig.add_artist(ConnectionPatch(start, (-1.58 * most, there), "data", "data", axesA=axes[0], axesB=axes[1],
                                       color=plots.HEAD, alpha=0.45, linewidth=1.2))  # fmt: skip
    filled = [Patch(facecolor=plots.HEAD, label="both tokens have it"),
              Patch(facecolor="white", edgecolor=plots.HEAD, label="only this one")]  # fmt: skip
    fig.legend(handles=filled, loc="outside lower center", ncols=2)
    return fig
