"""The whole model over a prompt: a stream for each position, layers upwards, and the parts that a lesson has found.

1. Without parts, every column shows where its heads and MLPs sit: the model as it is, all positions alike.
2. With parts, only those are drawn: a head fetches from an earlier column and writes sideways into a later one, an MLP
   stands on its own column. What is not measured yet is dashed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from course_utils import plots
from course_utils.page.draw.sheet import NORMAL, SMALL, WIDE, Picture, Sheet, darker, sheet, width_of

LAYER = 0.62  # inches from one layer to the next
LOW = 0.82  # where layer 0 begins
ASIDE = 0.62  # how far to the left of a column a head that writes into it stands
LABELS = 0.8  # inches for the names of the layers


def columns(
    tokens: Sequence[str], n_layers: int = 4, heads: Mapping[str, tuple[int, int]] | None = None,
    mlps: Sequence[tuple[str, int]] = (), labels: Mapping[object, str | tuple[str, str]] | None = None,
    dashed: Sequence[str] = (), crossed: Mapping[int, str] | None = None, answer: str = "", marked: Sequence[int] = (),
) -> Picture:  # fmt: skip
    """The streams of a prompt, with no part or with those that matter.

    Args:
        tokens: of the prompt, from left to right; n_layers: 1 to 6.
        heads: by name, such as "2.2": (position that it reads, later position that it writes to).
        mlps: (name, position), such as ("m0", 3).
        labels: what is written at the arrow of a head, by its name (or two texts: where it reads, where it writes),
            and beside an MLP, by (name, position).
        dashed: heads of which something is not known yet.
        crossed: positions whose embedding is crossed out, with the words beside.
        answer: what the last position's logits give; empty for none.
        marked: positions whose column is set off.

    Raises:
        ValueError: more layers or tokens than can be read on a page, or a position that is not there or lies ahead.
    """
    heads, labels, crossed = dict(heads or {}), dict(labels or {}), dict(crossed or {})
    last = len(tokens) - 1
    if any(not 0 <= read < write <= last for read, write in heads.values()):
        raise ValueError("A head reads an earlier position of the prompt and writes to a later one.")
    if any(not 0 <= at <= last for at in (*(at for _, at in mlps), *crossed, *marked)):
        raise ValueError(f"The prompt has positions 0 to {last}.")
    xs = _places(tokens)
    if not 1 <= n_layers <= 6 or xs is None:
        raise ValueError(f"1 to 6 layers over a short prompt can be drawn legibly, not {n_layers} over {len(tokens)}.")
    top = LOW + LAYER * n_layers
    page = sheet(top + 0.75)
    for layer in range(n_layers):
        y = LOW + LAYER * layer
        page.text((0.08, y + LAYER / 2), f"layer {layer}", side="left", size=SMALL, colour=plots.NULL)
        page.line([(LABELS, y), (WIDE - 0.1, y)], colour="#E4E4E4", thick=0.8, behind=True)
    for i, (x, token) in enumerate(zip(xs, tokens, strict=True)):
        if i in marked:
            page.line([(x, 0.45), (x, top)], colour="#FAF5B0", thick=26, behind=True)
        page.stream(x, 0.45, top)
        page.box((x, 0.28), token, fill=plots.TOKEN, width=_wide(token), height=0.34, bold=i in marked, size=SMALL)
    if not (heads or mlps):
        _all_parts(page, xs, n_layers, min(marked, default=last - 2))
    for name, (read, write) in heads.items():
        _head(page, name, xs[read], xs[write], labels.get(name, ""), name in dashed)
    for name, at in mlps:
        spot = (xs[at], LOW + LAYER * int(name[1:]) + 0.46)
        page.box(spot, name, fill=plots.MLP, edge=darker(plots.MLP), width=0.42, height=0.27, size=SMALL)
        if label := labels.get((name, at)):
            aside, side = (-0.27, "right") if at == last else (0.25, "left")
            page.text((spot[0] + aside, spot[1]), label, side=side, size=SMALL, bold=True, halo=False)
    for at, words in crossed.items():
        page.cross((xs[at], LOW - 0.12))
        page.text((xs[at] + 0.18, LOW - 0.12), words, side="left", size=SMALL, bold=True)
    page.arrow((xs[-1], top - 0.02), (xs[-1], top + 0.2), colour=plots.STREAM, thick=2.6)
    page.text((xs[-1] - 0.4, top + 0.38), "norm, unembedding", side="right", size=SMALL, halo=False)
    page.box((xs[-1], top + 0.38), answer or "logits", fill=plots.ANSWER if answer else plots.TOKEN, width=0.62,
             height=0.34, bold=bool(answer), size=NORMAL if answer else SMALL)  # fmt: skip
    shown = [*(f"head {h} from {tokens[r]} to {tokens[w]}" for h, (r, w) in heads.items())]
    shown += [f"{name} at {tokens[at]}" for name, at in mlps]
    return page.picture(
        f"{len(tokens)} streams side by side through {n_layers} layers: {', '.join(shown) or 'every part as a dot'}.",
        "A stream for each token, layers from bottom to top.",
    )


def _places(tokens: Sequence[str]) -> list[float] | None:
    """The middle of each column; None where they do not fit."""
    widths = [_wide(token) for token in tokens]
    room = WIDE - LABELS - 0.3 - ASIDE
    gap = (room - sum(widths)) / max(1, len(tokens) - 1)
    if gap < 0.04:
        return None
    lefts = LABELS + 0.05 + np.cumsum([0.0, *(width + gap for width in widths[:-1])])
    xs = [float(left + width / 2) for left, width in zip(lefts, widths, strict=True)]
    return [*xs[:-1], xs[-1] + ASIDE]


def _wide(token: str) -> float:
    return max(0.32, width_of(token, SMALL))


def _all_parts(page: Sheet, xs: Sequence[float], n_layers: int, source: int) -> None:
    """Four heads and an MLP as dots on every stream of every layer, and one head that reads another stream."""
    for x in xs:
        for layer in range(n_layers):
            y = LOW + LAYER * layer
            for k in range(4):
                page.dot((x - 0.12 + 0.08 * k, y + 0.2), colour=plots.HEAD, size=4)
            page.dot((x, y + 0.44), colour=plots.MLP, size=7)
    if 0 <= source < len(xs) - 1:  # as an example, one head at the last stream that reads another
        low, reader = LOW + LAYER * (n_layers // 2) + 0.07, xs[-1] + 0.04
        page.line([(xs[source], low), (reader, low)], colour=plots.HEAD, thick=2.2)
        page.arrow((reader, low), (reader, low + 0.12), colour=plots.HEAD, thick=1.4)
        page.dot((xs[source], low), colour=plots.HEAD, size=5)
        page.dot((reader, low + 0.13), colour=plots.HEAD, size=6)


def _head(page: Sheet, name: str, read: float, write: float, label: str | tuple[str, str], dashed: bool) -> None:
    """A head beside the column that it writes to, with a line from the column that it reads."""
    y = LOW + LAYER * int(name.partition(".")[0]) + 0.16
    box = write - ASIDE + 0.16
    if dashed:
        page.line([(read, y), (box - 0.22, y)], colour=plots.HEAD, thick=1.8, dashed=True)
    else:
        page.line([(read, y), (box - 0.22, y)], colour=plots.HEAD, thick=2.2)
    page.dot((read, y), colour=plots.HEAD, size=6)
    page.arrow((box + 0.21, y), (write - 0.04, y), colour=plots.HEAD, thick=2.2)
    page.box((box, y), name, fill=plots.ABLATED if dashed else plots.HEAD, edge=plots.HEAD, width=0.42, height=0.27,
             size=SMALL, dashed=dashed)  # fmt: skip
    texts = [("center", (read + box) / 2, label)]
    if isinstance(label, tuple):
        texts = [("left", read + 0.3, label[0]), ("right", box - 0.32, label[1])]
    for side, x, text in texts:
        if text:
            page.text((x, y + 0.13), text, side=side, size=SMALL, bold=True, colour=plots.HEAD, halo=False)
