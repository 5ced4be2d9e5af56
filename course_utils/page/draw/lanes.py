"""Streams as two lanes each, what entered an MLP and its output, with those lanes lit that an experiment sets.

1. In each panel stand the streams of some positions. The run is corrupt (pale); above a dashed line, after the MLP, a
   lane that the experiment exchanges is green.
2. Above each panel stands the answer's number, below it what has been exchanged.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from course_utils import plots
from course_utils.page.draw.sheet import NORMAL, SMALL, WIDE, Picture, Sheet, darker, sheet, width_of

LOW, CUT, TOP = 1.0, 1.72, 2.42  # where lanes begin, are exchanged, and end
BETWEEN = 0.24  # inches between the two lanes of a stream
FADED = "#F0C9AE"  # what has stayed corrupt: paler than what an experiment puts in

Lane = tuple[int, bool]  # (which stream, whether the lane of what the MLP made)


def lanes(panels: Mapping[str, tuple[Collection[Lane], float]], tokens: Sequence[str], mlp: str = "m0") -> Picture:
    """Which of two lanes was exchanged, and how much of the answer came back.

    Args:
        panels: by the words below, such as "at [": (the lanes that are clean, recovery). A lane is (stream, True) for
            what the MLP made, (stream, False) for what entered it.
        tokens: of the streams, from left to right, in every panel.
        mlp: its name.

    Raises:
        ValueError: a lane of a stream that is not there, or more panels than can be read on a page.
    """
    if any(not 0 <= stream < len(tokens) for lit, _ in panels.values() for stream, _ in lit):
        raise ValueError(f"There are {len(tokens)} streams.")
    if len(panels) > 6:
        raise ValueError(f"A page has room for six panels, not {len(panels)}.")
    page, wide = sheet(3.0), WIDE / len(panels)
    for i, (words, (lit, recovery)) in enumerate(panels.items()):
        middle = wide * (i + 0.5)
        for k, token in enumerate(tokens):
            x = middle + 0.56 * (k - (len(tokens) - 1) / 2)
            _stream(page, x, token, (k, False) in lit, (k, True) in lit)
        page.text((middle, 2.72), f"recovery {abs(recovery):.2f}", size=NORMAL, bold=True, halo=False)
        page.text((middle, 0.26), words, size=SMALL, halo=False)
        half = 0.28 * len(tokens) + 0.12
        page.line([(middle - half, CUT), (middle + half, CUT)], dashed=True, thick=1.0)
        if i:
            page.line([(wide * i, 0.1), (wide * i, 2.9)], colour="#E4E4E4", thick=0.8, behind=True)
    told = "; ".join(f"{' '.join(words.split())}: {abs(recovery):.2f}" for words, (_, recovery) in panels.items())
    return page.picture(
        f"Streams of two lanes, what entered {mlp} and what it made. Recovery with some lanes clean: {told}.",
        f"Each stream has two lanes: what entered {mlp}, and its output.",
    )


def _stream(page: Sheet, x: float, token: str, entered: bool, made: bool) -> None:
    for shift, clean in ((-BETWEEN / 2, entered), (BETWEEN / 2, made)):
        low = LOW if shift < 0 else LOW + 0.42
        for start, end, colour in ((low, CUT, FADED), (CUT, TOP, plots.ANSWER if clean else FADED)):
            page.ax.plot([x + shift] * 2, [start, end], color=colour, linewidth=6, solid_capstyle="butt", zorder=1.5)
    page.box((x + BETWEEN / 2, LOW + 0.36), "", fill=plots.MLP, edge=darker(plots.MLP), width=0.2, height=0.2)
    page.line([(x - BETWEEN / 2, LOW + 0.2), (x + BETWEEN / 2, LOW + 0.26)], thick=1.4)
    page.box((x, LOW - 0.26), token, fill=plots.TOKEN, width=max(0.3, min(0.54, width_of(token, SMALL))), height=0.3,
             size=SMALL)  # fmt: skip
