"""A stream after its first MLP: the sum of what went into the MLP and what came out, and where each is exchanged."""

from __future__ import annotations

import numpy as np

from course_utils import plots
from course_utils.page.draw.sheet import SMALL, Picture, Point, Sheet, darker, sheet, width_of

STREAM_AT, MLP_AT = 2.35, 5.25  # where the stream and the MLP stand
FORK, SUM, TOP = 1.12, 3.12, 3.62  # how high the MLP reads, and adds; the end of the stream


def mlp_lanes(token: str, name: str = "m0", d_model: int = 192, d_mlp: int = 768) -> Picture:
    """The input of an MLP goes on, on the bypass; its output is added: A and B are where one is exchanged.

    Args:
        token: at whose position; name: of the MLP, "m0".
        d_model, d_mlp: entries of a stream, and neurons.
    """
    page = sheet(TOP + 0.42)
    page.box((STREAM_AT, 0.3), token, fill=plots.TOKEN, width=max(0.42, width_of(token)), bold=True)
    page.stream(STREAM_AT, 0.52, SUM)
    page.ax.plot([STREAM_AT] * 2, [SUM, TOP], color=plots.STREAM, linewidth=7, solid_capstyle="butt", zorder=1)
    page.ax.plot([STREAM_AT] * 2, [SUM, TOP], color=plots.NOTE, linewidth=3, solid_capstyle="butt", zorder=1.5)
    page.arrow((STREAM_AT, TOP - 0.02), (STREAM_AT, TOP + 0.22), colour=plots.STREAM, thick=4)
    page.line([(STREAM_AT, FORK), (MLP_AT, FORK)], colour=plots.STREAM, thick=4)
    page.arrow((MLP_AT, FORK - 0.02), (MLP_AT, FORK + 0.3), colour=plots.STREAM, thick=4)
    _opened(page, name, d_model, d_mlp)
    page.line([(MLP_AT, SUM - 0.27), (MLP_AT, SUM)], colour=plots.NOTE, thick=4)
    page.arrow((MLP_AT, SUM), (STREAM_AT + 0.17, SUM), colour=plots.NOTE, thick=4)
    _sum(page, (STREAM_AT, SUM))
    for at, letter in (((STREAM_AT, 2.2), "A"), ((3.15, SUM), "B")):
        page.box(at, letter, fill=plots.EDITED, width=0.3, height=0.28, size=SMALL, bold=True)
    page.text((STREAM_AT + 0.3, 0.72), "the embedding, and what layer 0's heads add", side="left", size=SMALL)
    bypass = f"the bypass: what {name}\nreads goes on unchanged"
    page.text((STREAM_AT - 0.25, 2.2), bypass, side="right", size=SMALL, bold=True)
    page.text((4.25, SUM + 0.2), f"the output of {name}", size=SMALL, bold=True, colour=darker(plots.NOTE, 0.6))
    page.text((STREAM_AT + 0.3, TOP + 0.12), "what layers 1 to 3 read: the sum of both", side="left", size=SMALL)
    return page.picture(
        f"The stream of {token} forks: one lane goes on past {name}, the other through it, and the two are added. "
        "A marks the lane that goes past, B the one that comes out.",
        f"The stream of {token} in layer 0, after its heads. At A the bypass alone is exchanged, at B the "
        f"output of {name} alone.",
    )  # fmt: skip


def _opened(page: Sheet, name: str, d_model: int, d_mlp: int) -> None:
    """The MLP as three steps, from bottom to top."""
    steps = (f"W_in: {d_model} to {d_mlp}", "negative: nearly zero", f"W_out: {d_mlp} to {d_model}")
    for y, words in zip(np.linspace(FORK + 0.48, SUM - 0.45, 3).tolist(), steps, strict=True):
        page.box((MLP_AT, y), words, fill="#FFFFFF", edge=plots.MLP, width=1.95, height=0.34, size=SMALL)
    page.text((MLP_AT + 1.15, (FORK + SUM) / 2 + 0.02), name, side="left", bold=True, colour=darker(plots.MLP, 0.6))


def _sum(page: Sheet, at: Point) -> None:
    page.ax.plot(*at, "o", color="#FFFFFF", markeredgecolor=plots.INK, markersize=17, zorder=5)
    page.text(at, "+", bold=True, size=13, halo=False)
