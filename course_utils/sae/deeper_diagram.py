"""The deeper notebook's drawings: six ways to keep activations, absorption, and three coders side by side."""

from __future__ import annotations

import torch
from jaxtyping import Float
from matplotlib.patches import Rectangle
from torch import Tensor

from course_utils import plots
from course_utils.page.draw.sheet import SMALL, Picture, Sheet, sheet
from course_utils.sae.activations import batchtopk, jumprelu, topk

PRE = ((2.0, 0.6, 0.4, 0.1, -1.0), (0.3, 0.2, 0.1, -0.5, -0.5))  # two vectors of five pre-activations
GATE = ((1.0, -0.4, 0.6, -0.3, -1.0), (0.5, -0.2, 0.3, -0.5, -0.5))  # what a gated dictionary decides by
THRESHOLDS = (0.9, 0.5, 0.15, 0.3, 0.6)  # JumpReLU's, one a latent
BAR, UNIT = 0.17, 0.36  # inches of a bar's width and of one unit
PARENT, CHILD, ALONG = plots.SERIES[0], plots.SERIES[2], plots.HEAD


def kept_by() -> dict[str, Float[Tensor, "row latent"]]:
    """What each kind keeps of `PRE`."""
    pre, gate = torch.tensor(PRE), torch.tensor(GATE)
    return {
        "ReLU with L1": pre.relu(),
        "TopK, k = 2": topk(pre, 2),
        "BatchTopK, k = 2": batchtopk(pre, 2),
        "Matryoshka": batchtopk(pre, 2),
        "JumpReLU": jumprelu(pre, torch.tensor(THRESHOLDS), 0.1),
        "gated": pre.relu() * (gate > 0),
    }


def six_kinds() -> Picture:
    """Two vectors of pre-activations in six panels, and what passes in blue."""
    page = sheet(4.5)
    notes = {"ReLU with L1": "all above zero pass;\nthe loss makes them small",
             "TopK, k = 2": "the two largest\nof each vector",
             "BatchTopK, k = 2": "the four largest\nof both vectors",
             "Matryoshka": "as BatchTopK; the first two\nlatents must also rebuild alone",
             "JumpReLU": "what is above its own threshold\n(orange) passes whole",
             "gated": "a second sum, the gate,\ndecides (○: closed)"}  # fmt: skip
    for i, (name, kept) in enumerate(kept_by().items()):
        left, base = 0.12 + 2.4 * (i % 3), 3.35 - 2.35 * (i // 3)
        page.text((left, base + 0.98), name, bold=True, side="left", up="baseline", halo=False)
        page.text((left, base - 0.46), notes[name], size=SMALL, side="left", up="top", colour=plots.NULL, halo=False)
        for row in range(2):
            _bars(page, (left + 0.05 + 1.1 * row, base), row, kept[row], name)
    return page.picture("Six panels with the same ten bars; what passes is blue: all positive, two of each, "
                        "four of both, those above a threshold of their own, or those whose gate is open.")  # fmt: skip


def _bars(page: Sheet, at: tuple[float, float], row: int, kept: Tensor, name: str) -> None:
    x, base = at
    for j, (value, passed) in enumerate(zip(PRE[row], kept.tolist(), strict=True)):
        fill = plots.HEAD if passed > 0 else "white"
        page.ax.add_patch(Rectangle((x + j * BAR, base), 0.8 * BAR, value * UNIT, facecolor=fill,
                                    edgecolor=plots.INK, linewidth=0.8))  # fmt: skip
        if name == "gated" and GATE[row][j] <= 0:
            page.ax.plot(x + (j + 0.4) * BAR, base + max(value, 0) * UNIT + 0.1, "o", color=plots.INK, fillstyle="none",
                         markersize=4.5)  # fmt: skip
    page.line([(x - 0.04, base), (x + 5 * BAR, base)], thick=0.8)
    for j, threshold in enumerate(THRESHOLDS if name == "JumpReLU" else ()):
        ends = [(x + (j - 0.1) * BAR, base + threshold * UNIT), (x + (j + 0.9) * BAR, base + threshold * UNIT)]
        page.line(ends, colour=plots.NOTE, thick=2)
    if name == "Matryoshka":
        page.ax.add_patch(Rectangle((x - 0.05, base - 0.08), 2 * BAR + 0.03, 0.9, facecolor="none",
                                    edgecolor=plots.NOTE, linewidth=1.4))  # fmt: skip


def absorbed() -> Picture:
    """A parent and a child that never comes without it: two latents for the two, or one for their sum."""
    page = sheet(3.15)
    parent, child = (1.1, 0.35), (0.35, 1.0)
    words = {
        "two latents": ("parent alone: 1 active latent", "parent and child: 2 active latents"),
        "absorption": ("parent alone: its latent is active", "parent and child: only the blue latent is"),
    }
    for left, (title, lines) in zip((0.5, 4.0), words.items(), strict=True):
        ox, oy = left + 0.35, 1.05
        end = (ox + parent[0] + child[0], oy + parent[1] + child[1])
        page.text((left, 2.92), title, bold=True, side="left", up="baseline", halo=False)
        page.arrow((ox, oy), (ox + parent[0], oy + parent[1]), colour=PARENT, thick=3)
        page.text((ox + parent[0] + 0.1, oy + parent[1] - 0.12), "parent", colour=PARENT, side="left", halo=False)
        if title == "absorption":
            page.line([(ox, oy), (ox + child[0], oy + child[1])], colour=CHILD, dashed=True)
            page.arrow((ox, oy), (end[0] - 0.08, end[1] - 0.07), colour=ALONG, thick=3)
        else:
            page.arrow((ox, oy), (ox + child[0], oy + child[1]), colour=CHILD, thick=3)
        page.text((ox + child[0] - 0.12, oy + child[1] + 0.14), "child", colour=CHILD, halo=False)
        for tip in (parent, child):
            page.line([(ox + tip[0], oy + tip[1]), end], dashed=True, colour=plots.GREY)
        page.ax.plot(*end, "*", color="black", markersize=13, zorder=6)
        for i, line in enumerate(lines):
            page.text((left, 0.5 - 0.28 * i), line, size=SMALL, side="left", halo=False)
    return page.picture("Left, a vector is the sum of a parent's and a child's arrow; right, one arrow along the sum "
                        "takes the place of both.")  # fmt: skip


def three_coders() -> Picture:
    """What goes in and what must come out: autoencoder, transcoder, crosscoder."""
    page = sheet(2.55)
    coders = (("autoencoder", ("x",), ("x̂",), "the same vector"),
              ("transcoder", ("MLP\ninput",), ("MLP\noutput",), "what the MLP writes"),
              ("crosscoder", ("layer A", "layer B"), ("layer A", "layer B"), "both layers at once"))  # fmt: skip
    for i, (name, reads, writes, says) in enumerate(coders):
        middle = 1.22 + 2.4 * i
        page.text((middle, 2.38), name, bold=True, halo=False)
        page.text((middle, 0.18), f"must give {says}", size=SMALL, colour=plots.NULL, halo=False)
        page.box((middle, 1.28), "f", fill=plots.HEAD, width=0.36, height=1.3)
        for side, parts in ((-1, reads), (1, writes)):
            for j, part in enumerate(parts):
                y = 1.28 if len(parts) == 1 else 1.72 - 0.88 * j
                x = middle + side * 0.76
                page.box((x, y), part, fill=plots.STREAM, width=0.66, height=0.52, size=SMALL)
                ends = ((x + 0.34, y), (middle - 0.2, y)) if side < 0 else ((middle + 0.2, y), (x - 0.34, y))
                page.arrow(*ends, thick=1.4)
    return page.picture("Three coders: one vector to itself, an MLP's input to its output, two layers to themselves "
                        "through one set of latents.")  # fmt: skip
