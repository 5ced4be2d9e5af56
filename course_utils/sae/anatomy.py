"""One token taken apart: the latents that are active there, strongest first, and what is left after each.

    Anatomy.of(reading, words, place)      # a value that shows itself as bars

1. The activation x at the token is b_dec, plus one arrow for each active latent, plus what is left over.
2. Latents are added in the order of their strength; `left` is the squared length of what is still missing, as a share
   of that of x − b_dec.
3. Each latent gets a short reading from labelled text (`brief`): its best label, if that fits.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from matplotlib.patches import Rectangle
from torch import Tensor

from course_utils import plots
from course_utils.page.draw.sheet import SMALL, Picture, sheet
from course_utils.sae.label_words import WORDS
from course_utils.sae.metrics import DENSE
from course_utils.sae.model import SparseAutoencoder
from course_utils.sae.reading import Reading

SHOWN = 8  # of a token's latents, the strongest
LINE, TOP, BELOW = 0.29, 0.34, 0.42  # inches: a latent, above the first, below the last
LATENT, READING, BAR, WIDTH, LEFT = 0.7, 0.86, 2.75, 2.9, 6.95  # inches: where columns stand, the longest bar
MIDDLE = "center_baseline"  # words of one line stand equally high, with a tail or without
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
    """A few words on a latent, from the text that was read; a dash for a dense one that no label fits."""
    label, f1, *_ = reading.label(latent)
    if f1 >= FITS:
        return WORDS[label]
    share = (reading.f[:, 1:, latent] > 0).float().mean().item()
    return "–" if share > DENSE else "?"


def anatomy_bars(part: Anatomy, other: Anatomy, words: str) -> Picture:
    """A token's strongest latents, a line for each: number, reading, bar, and what is still missing after it.

    Args:
        other: another token; latents that are active there too are filled.
        words: what the other token is called.
    """
    page = sheet(TOP + (SHOWN + 1) * LINE + BELOW)
    most, shared = float(part.strength.max()), set(other.latents.tolist())

    def bar(x: float, y: float, wide: float, full: bool) -> None:
        page.ax.add_patch(Rectangle((x, y - 0.1), wide, 0.2, facecolor=plots.HEAD if full else "white",
                                    edgecolor=plots.HEAD, linewidth=1.2))  # fmt: skip

    def write(x: float, y: float, text: str, side: str = "left", quiet: bool = False) -> None:
        page.text((x, y), text, side=side, size=SMALL, colour=plots.NULL if quiet else plots.INK, halo=False,
                  up="center_baseline")  # words of one line stand equally high  # fmt: skip

    for x, name, side in ((LATENT, "latent", "right"), (READING, "reading", "left"), (BAR, "activation", "left"),
                          (LEFT, "still missing", "right")):  # fmt: skip
        write(x, page.height - 0.16, name, side, quiet=True)
    columns = (part.latents[:SHOWN], part.readings[:SHOWN], part.strength[:SHOWN], part.left[1 : SHOWN + 1])
    for i, (latent, text, value, left) in enumerate(zip(*columns, strict=True)):
        y, wide = page.height - TOP - (i + 0.5) * LINE, float(WIDTH * value / most)
        bar(BAR, y, wide, int(latent) in shared)
        write(LATENT, y, str(int(latent)), "right")
        write(READING, y, text, quiet=text in "?–")
        write(BAR + wide + 0.08, y, f"{value:.0f}")
        write(LEFT, y, f"{100 * left:.0f} %", "right")
    y = page.height - TOP - (SHOWN + 0.5) * LINE
    write(READING, y, f"and {len(part.latents) - SHOWN} more", quiet=True)
    write(LEFT, y, f"{100 * part.left[-1]:.0f} %", "right")
    for x, full, name in ((BAR - 1.2, True, f"also active at {words}"), (BAR + 1.6, False, "not active there")):
        bar(x, 0.17, 0.26, full)
        write(x + 0.36, 0.17, name)
    return page.picture("Eight bars, the activations of a token's strongest latents, and the share of the vector that "
                        "is missing after each.")  # fmt: skip
