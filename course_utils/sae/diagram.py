"""Drawings: a sparse autoencoder, and the parts of the model that read what a latent contributes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

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


def who_reads(readers: Sequence[str], cases: Mapping[str, Collection[str]]) -> Picture:
    """The stream with what a latent contributes, and the parts that read it; below one another, for several cases.

    Args:
        readers: in the order of the model; the last is the unembedding.
        cases: {its name: the readers that miss the latent}.
    """
    page, high = sheet(1.3 * len(cases)), 1.3
    for row, (name, missing) in enumerate(cases.items()):
        stream = high * (len(cases) - row) - 1.05
        above = stream + 0.72
        page.line([(1.5, stream), (5.9, stream)], colour=plots.STREAM, thick=8, behind=True)
        page.line([(1.5, stream), (5.9, stream)], colour=plots.HEAD, thick=2)
        page.text((0.7, stream + 0.36), name, size=SMALL, bold=True, halo=False)
        for i, reader in enumerate(readers[:-1]):
            x = 2.15 + 1.1 * i
            page.box((x, above), reader, fill=plots.MLP if "MLP" in reader else plots.TOKEN, width=1.02, size=SMALL)
            _read(page, (x - 0.26, stream + 0.07), (x - 0.26, above - 0.2), reader in missing)
            page.arrow((x + 0.26, above - 0.2), (x + 0.26, stream + 0.07), thick=1.3)
        _read(page, (5.95, stream), (6.25, stream), readers[-1] in missing)
        page.text((6.7, stream), f"{readers[-1][:4]}-\n{readers[-1][4:]}", size=SMALL, halo=False)
    said = (f"{' '.join(name.split())}: crossed out {', '.join(gone) or 'nothing'}" for name, gone in cases.items())
    return page.picture(f"The residual stream, read by {', '.join(readers)}; the arrows to them, {'; '.join(said)}.")


def _read(page: Sheet, start: tuple[float, float], end: tuple[float, float], missed: bool) -> None:
    """An arrow into a reader: blue with what the latent contributes, dashed and crossed out without it."""
    if missed:
        page.line([start, end], colour=plots.INK, thick=1.3, dashed=True)
        page.cross(((start[0] + end[0]) / 2, (start[1] + end[1]) / 2))
    else:
        page.arrow(start, end, colour=plots.HEAD, thick=2)


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
