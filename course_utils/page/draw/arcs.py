"""A prompt in a row, and arcs from the tokens that are read to those that read them, as thick as the attention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from course_utils import plots
from course_utils.page.draw.sheet import NORMAL, SMALL, WIDE, Picture, Sheet, sheet, width_of

GAP = 0.1  # inches between two tokens
MOST = 10.0  # points: how thick the arc of a weight of one is


def attention_arcs(
    tokens: Sequence[str], weights: Mapping[tuple[int, int], float], name: str = "", marked: Sequence[int] = ()
) -> Picture:
    """Who reads whom in one prompt.

    Args:
        tokens: as they are to be shown; `views.legible` makes blanks visible.
        weights: attention, 0 to 1, from position `destination` to position `source`, by (destination, source).
        name: the head's.
        marked: positions whose tokens are set in bold.

    Raises:
        ValueError: a weight outside 0 to 1, a position that is not there or lies ahead, or more tokens than fit.
    """
    for (destination, source), weight in weights.items():
        if not 0 <= source <= destination < len(tokens) or not 0 <= weight <= 1:
            raise ValueError(
                f"There is no attention of {weight} from position {destination} to {source} of {len(tokens)}."
            )
    widths = [max(0.34, width_of(token, NORMAL) + 0.1) for token in tokens]
    total = sum(widths) + GAP * (len(tokens) - 1)
    if total > WIDE - 0.2:
        raise ValueError(
            f"These {len(tokens)} tokens take {total:.1f} inches, a page has {WIDE - 0.2:.1f}: show fewer."
        )
    stretch = min(0.5, (WIDE - 0.3 - total) / max(1, len(tokens) - 1))
    lefts = np.cumsum([(WIDE - total - stretch * (len(tokens) - 1)) / 2, *(w + GAP + stretch for w in widths[:-1])])
    xs = [left + width / 2 for left, width in zip(lefts, widths, strict=True)]
    rise = {pair: 0.42 + 0.3 * abs(xs[pair[0]] - xs[pair[1]]) ** 0.9 for pair in weights}
    highest = max(rise.values(), default=0.4)
    page = sheet(0.75 + highest + 0.35)
    for i, (x, token, width) in enumerate(zip(xs, tokens, widths, strict=True)):
        page.box((x, 0.3), token, fill=plots.TOKEN, width=width, height=0.34, bold=i in marked)
    placed: list[tuple[float, float]] = []
    for (destination, source), weight in sorted(weights.items(), key=lambda item: item[1]):
        at = _arc(page, xs[source], xs[destination], rise[destination, source], weight)
        shown = weight >= (0.3 if source == destination else 0.1)  # a small loop has no room for its number
        if shown and all(abs(at[0] - x) > 0.42 or abs(at[1] - y) > 0.2 for x, y in placed):
            page.text(at, f"{weight:.2f}", size=SMALL, colour=plots.HEAD, bold=True)
            placed.append(at)
    strongest = max(weights, key=weights.get, default=None)
    head = f"head {name}" if name else "the head"
    alt = f"Arcs of attention of {head} over {len(tokens)} tokens."
    if strongest:
        alt += (
            f" The thickest, {weights[strongest]:.2f}, goes from {tokens[strongest[0]]} back to {tokens[strongest[1]]}."
        )
    caption = f"Which tokens {head} reads. An arrow points to the token that reads; the thicker, the more attention."
    return page.picture(alt.replace("\n", " "), caption)


def _arc(page: Sheet, source: float, destination: float, rise: float, weight: float) -> tuple[float, float]:
    """One arc with its arrowhead; returns its highest point."""
    low, thick = 0.5, 0.8 + (MOST - 0.8) * weight
    fade = 0.25 + 0.75 * weight
    if source == destination:
        source, destination = source - 0.12, destination + 0.12
    control = low + rise * 4 / 3
    path = Path([(source, low), (source, control), (destination, control), (destination, low + 0.12)], [1, 4, 4, 4])
    page.ax.add_patch(
        PathPatch(path, facecolor="none", edgecolor=plots.HEAD, linewidth=thick, alpha=fade, zorder=2, capstyle="butt")
    )
    page.ax.plot(
        destination,
        low + 0.07,
        marker="v",
        color=plots.HEAD,
        markersize=6 + thick * 0.7,
        alpha=max(fade, 0.5),
        zorder=3,
    )
    return (source + destination) / 2, low + rise
