"""A sparse autoencoder as a drawing: a vector, the few latents that are active, and the vector that they rebuild."""

from __future__ import annotations

from matplotlib.patches import Rectangle

from course_utils import plots
from course_utils.page.draw.sheet import SMALL, Picture, Sheet, sheet

ACTIVE = (2, 7, 11)  # of the latents that are drawn
VECTOR = (0.55, 0.2, 0.9, 0.35, 0.7)  # greys of the vector's numbers


def autoencoder() -> Picture:
    """x (d) → f (latent), mostly zero → x̂ (d)."""
    page = sheet(2.5)
    _column(page, 0.75, VECTOR, "x", "d numbers")
    _latents(page, 3.6)
    _column(page, 6.45, VECTOR, "x̂", "d numbers")
    page.arrow((1.15, 1.2), (3.1, 1.2), thick=1.6)
    page.arrow((4.1, 1.2), (6.05, 1.2), thick=1.6)
    page.text((2.1, 1.62), "encoder", bold=True, halo=False)
    page.text((2.1, 1.38), "how much of each?", size=SMALL, halo=False)
    page.text((2.1, 0.95), "W_enc, b_enc, ReLU", size=SMALL, colour=plots.NULL, halo=False)
    page.text((5.1, 1.62), "decoder", bold=True, halo=False)
    page.text((5.1, 1.38), "sum of the arrows", size=SMALL, halo=False)
    page.text((5.1, 0.95), "W_dec, b_dec", size=SMALL, colour=plots.NULL, halo=False)
    return page.picture(
        "A vector x goes through an encoder to many latents, of which three are active; a decoder sums their "
        "directions to the reconstruction.",
    )


def _column(page: Sheet, x: float, values: tuple[float, ...], name: str, below: str) -> None:
    for i, value in enumerate(values):
        page.ax.add_patch(_square(x, 1.9 - 0.28 * i, 0.28, str(1 - 0.6 * value)))
    page.text((x, 2.33), name, bold=True, halo=False)
    page.text((x, 0.3), below, size=SMALL, colour=plots.NULL, halo=False)


def _latents(page: Sheet, x: float) -> None:
    for i in range(14):
        column, row = divmod(i, 7)
        fill = plots.HEAD if i in ACTIVE else "#FFFFFF"
        page.ax.add_patch(_square(x - 0.14 + 0.28 * column, 1.95 - 0.25 * row, 0.25, fill))
    page.text((x, 2.33), "f", bold=True, halo=False)
    page.text((x, 0.14), "many latents, few active", size=SMALL, colour=plots.NULL, halo=False)


def _square(x: float, y: float, size: float, fill: str) -> Rectangle:
    return Rectangle((x - size / 2, y - size / 2), size, size, facecolor=fill, edgecolor=plots.INK, linewidth=0.8)
