"""A latent in one strip: its strongest places, places drawn at random from all its activity, and a graph beside them.

    strip(reading, 1490)    # on the right: its activation against the place in the context

Every place is one line of text with the token that counts in the middle column; a line break is written ⏎.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import torch
from matplotlib.axes import Axes

from course_utils import plots
from course_utils.page.draw.sheet import SMALL, Picture, Sheet, sheet
from course_utils.sae.reading import BEFORE as TOKENS
from course_utils.sae.reading import Context, Reading

COUNT = 3  # places in a column
BEFORE, AFTER = 16, 11  # characters shown before the token that counts, and from its beginning on
CHARACTER, LINE, TYPE = 0.0765, 0.25, 9.0  # inches, inches, points
BEGINS = "text begins:"
LEFT, COLUMN, TOP, BELOW = 0.08, 2.52, 0.68, 0.47  # inches


def _by_place(ax: Axes, reading: Reading, latent: int) -> None:
    """The activation against the place in the context: median, and the band that holds eight of ten contexts."""
    band = reading.f[:, 1:, latent].quantile(torch.tensor([0.1, 0.5, 0.9]), dim=0)
    places = range(1, reading.f.shape[1])
    ax.plot(places, band[1], color=plots.HEAD, linewidth=1.5)
    ax.fill_between(places, band[0], band[2], color=plots.HEAD, alpha=0.2, linewidth=0)
    ax.set(xlabel="place in the context", xlim=(0, reading.f.shape[1]), ylim=(0, None))
    ax.set_title("activation", fontsize=SMALL, fontweight="normal", color=plots.NULL)


def strip(reading: Reading, latent: int) -> Picture:
    """A drawing of one latent."""
    about = reading.explain(latent, count=COUNT)
    height = TOP + COUNT * LINE + BELOW
    page = sheet(height)
    page.text((LEFT, height - 0.14), f"latent {latent}", bold=True, side="left", halo=False)
    most = max(max(context.activations) for context in about.top)
    for i, (title, contexts) in enumerate((("strongest", about.top), ("drawn at random", about.random))):
        left = LEFT + i * COLUMN
        page.text((left, height - 0.48), title, size=SMALL, side="left", up="baseline", colour=plots.NULL,
                  halo=False)  # fmt: skip
        for row, context in enumerate(contexts):
            _line(page, context, most, left, height - TOP - row * LINE)
    wide, start = page.width, LEFT + 2 * COLUMN + 0.42
    ax = page.ax.figure.add_axes(
        (start / wide, BELOW / height, (wide - start - 0.06) / wide, (height - BELOW - 0.34) / height)
    )
    ax.spines[["top", "right"]].set_visible(False)
    ax.tick_params(labelsize=9, length=2, pad=2)
    ax.xaxis.labelpad = 1
    _by_place(ax, reading, latent)
    return page.picture(f"Latent {latent}: three lines of code where it is strongest, three at random, a graph.")


def _line(page: Sheet, context: Context, most: float, left: float, top: float) -> None:
    """One place, its token in the middle column; what does not fit is left away."""
    value = context.activations[context.centre]
    page.text((left + 0.2, top - LINE / 2), f"{value:.0f}", size=9, side="right", colour=plots.NULL, halo=False)
    start = left + 0.3
    pieces = [_flat(token) for token in context.tokens]
    column = BEFORE - sum(map(len, pieces[: context.centre]))
    if context.centre < TOKENS and column >= len(BEGINS):  # fewer tokens stand before it than there is room for
        page.text((start + column * CHARACTER - 0.06, top - LINE / 2), BEGINS, size=9, side="right",
                  colour=plots.NULL, halo=False)  # fmt: skip
    for i, (piece, share) in enumerate(zip(pieces, context.activations, strict=True)):
        first, last = max(column, 0), min(column + len(piece), BEFORE + AFTER)
        if last > first:
            x, wide = start + first * CHARACTER, (last - first) * CHARACTER
            if share > 0:
                page.ax.add_patch(plt.Rectangle((x, top - LINE * 0.94), wide, LINE * 0.88, color=plots.HEAD,
                                                alpha=0.75 * min(1.0, share / most), linewidth=0))  # fmt: skip
            if i == context.centre:
                page.line([(x, top - LINE * 0.97), (x + wide, top - LINE * 0.97)], colour=plots.EDITED, thick=2)
            for j, sign in enumerate(piece[first - column : last - column]):
                page.ax.text(x + (j + 0.5) * CHARACTER, top - LINE / 2, sign.replace("$", r"\$"), family="monospace",
                             fontsize=TYPE, ha="center", va="center", color=plots.INK)  # fmt: skip
        column += len(piece)


def _flat(token: str) -> str:
    """A token in one line: each line break one sign, and several blanks no more than two."""
    flat = token.replace("\n", "⏎")
    while "   " in flat:
        flat = flat.replace("   ", "  ")
    return flat
