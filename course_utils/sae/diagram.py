"""Drawings: a sparse autoencoder, and the paths by which what a latent writes reaches the prediction."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.patches import Rectangle

from course_utils import plots
from course_utils.page.draw.sheet import SMALL, Picture, Sheet, sheet

LATENTS, ACTIVE = 12, (2, 6, 9)  # how many are drawn, and which of them are active
VECTOR = (0.55, 0.2, 0.9, 0.35, 0.7)  # greys of the vector's numbers
REBUILT = (0.42, 0.34, 0.74, 0.24, 0.58)  # nearly the same ones


def autoencoder() -> Picture:
    """x (d) → f (latent), mostly zero → x̂ (d)."""
    page = sheet(3.3)
    _column(page, 0.75, VECTOR, "x", "d numbers")
    _latents(page, 3.6)
    _column(page, 6.45, REBUILT, "x̂", "d numbers")
    page.arrow((1.15, 1.65), (3.2, 1.65), thick=1.6)
    page.arrow((4.0, 1.65), (6.05, 1.65), thick=1.6)
    for x, name, question, weights in ((2.15, "encoder", "how much of each?", "W_enc, b_enc, ReLU"),
                                       (5.05, "decoder", "sum of the arrows", "W_dec, b_dec")):
        page.text((x, 2.07), name, bold=True, halo=False)
        page.text((x, 1.83), question, size=SMALL, halo=False)
        page.text((x, 1.4), weights, size=SMALL, colour=plots.NULL, halo=False)
    return page.picture(
        "A vector x goes through an encoder to many latents, of which three are active; a decoder sums their "
        "directions to the reconstruction.",
    )


def two_paths(parts: Sequence[str]) -> Picture:
    """What a latent writes runs along the stream to the unembedding; each part of the later blocks reads the stream."""
    page, stream, above = sheet(1.75), 0.55, 1.3
    page.line([(1.2, stream), (5.75, stream)], colour=plots.STREAM, thick=7, behind=True)
    page.arrow((1.2, stream), (5.75, stream), colour=plots.HEAD, thick=2)
    for at, text, colour in (((3.5, 0.2), "the direct path", plots.HEAD),
                             ((0.62, stream), "what the\nlatent writes", plots.HEAD),
                             ((6.5, stream), "unembedding,\nprediction", plots.INK)):  # fmt: skip
        page.text(at, text, colour=colour, size=SMALL, halo=False)
    for i, part in enumerate(parts):
        x = 1.95 + 1.15 * i
        page.box((x, above), part, fill=plots.MLP if part.startswith("MLP") else plots.TOKEN, width=1.02, size=SMALL)
        page.arrow((x - 0.26, stream + 0.06), (x - 0.26, above - 0.2), thick=1.3)
        page.arrow((x + 0.26, above - 0.2), (x + 0.26, stream + 0.06), thick=1.3)
    return page.picture(f"A line from what the latent writes to the prediction. Above it {len(parts)} boxes, "
                        f"{', '.join(parts)}, each with an arrow from the line and one back to it.")  # fmt: skip


def _column(page: Sheet, x: float, values: tuple[float, ...], name: str, below: str) -> None:
    for i, value in enumerate(values):
        page.ax.add_patch(_square(x, 2.21 - 0.28 * i, 0.28, str(1 - 0.6 * value)))
    page.text((x, 2.55), name, bold=True, halo=False)
    page.text((x, 0.78), below, size=SMALL, colour=plots.NULL, halo=False)


def _latents(page: Sheet, x: float) -> None:
    for i in range(LATENTS):
        fill = plots.HEAD if i in ACTIVE else "#FFFFFF"
        page.ax.add_patch(_square(x, 2.86 - 0.22 * i, 0.22, fill))
    page.text((x, 3.1), "f", bold=True, halo=False)
    page.text((x, 0.15), "many latents, few active", size=SMALL, colour=plots.NULL, halo=False)


def _square(x: float, y: float, size: float, fill: str) -> Rectangle:
    return Rectangle((x - size / 2, y - size / 2), size, size, facecolor=fill, edgecolor=plots.INK, linewidth=0.8)
