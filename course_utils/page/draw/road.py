"""The road of one token's content through a model: from its own stream to the last one, where the answer is read.

1. Two streams are drawn, that of the token and the last one; the other tokens of the prompt stand at the bottom.
2. An MLP on one of the two streams rewrites what stands there: above it the stream has the colour of a note. What goes
   past the first MLP unread is a curve around it, crossed out.
3. Heads carry to the last stream; a line is as thick as what an experiment found on it.
4. The numbers of an experiment stand on the heads' lines, beside the MLPs and at the end.
5. Only the parts that are given stand in it; all else is grey.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from course_utils import plots
from course_utils.page.draw.sheet import NORMAL, SMALL, Picture, Sheet, darker, sheet, width_of

LAYER = 0.68  # inches from one layer to the next
LOW = 0.8  # where layer 0 begins
HEAD_AT, MLP_AT = 0.17, 0.5  # of a layer: how high its heads and its MLP stand
LEFT, LAST = 0.72, 5.5  # where the tokens begin; the last stream
ASIDE = 0.52  # from a head to the stream that it writes to
INK_OF_MLP = darker(plots.MLP, 0.6)


def road(
    tokens: Sequence[str], source: int, heads: Mapping[str, str], *, n_layers: int = 4,
    thick: Mapping[str, float] | None = None, mlps: Mapping[tuple[str, int], str] | None = None,
    key: str = "", skipped: str = "", answer: str = "", to_logits: str = "",
) -> Picture:  # fmt: skip
    """What is known of the road from one token to the answer.

    Args:
        tokens: of the prompt; source: the position whose content travels to the last one.
        heads: by name, such as "2.2", with what is written on the line that it brings; empty for nothing.
        thick: what an experiment found on a head's line, 0 to 1; a head without it has a thin line.
        mlps: (name, position) of the source or of the last token, with a number that is written beside it.
        key: what the numbers are, written in the upper left corner.
        skipped: words at the crossed road around the source's first MLP; empty for none.
        answer: what the last position's logits give; to_logits: a number beside them.

    Raises:
        ValueError: a source that is the last token or none, or an MLP at another position.
    """
    thick, mlps = dict(thick or {}), dict(mlps or {})
    last = len(tokens) - 1
    if not 0 <= source < last:
        raise ValueError(f"The source is an earlier token than the last one, {last}; {source} is not.")
    if any(at not in (source, last) for _, at in mlps):
        raise ValueError(f"Only the streams of the positions {source} and {last} are drawn, and MLPs stand on them.")
    top = LOW + LAYER * n_layers
    page, xs = sheet(top + 0.72), _places(tokens)
    for layer in range(n_layers):
        page.text((0.08, LOW + LAYER * (layer + 0.45)), f"layer {layer}", side="left", size=SMALL, colour=plots.NULL)
        page.line([(LEFT, LOW + LAYER * layer), (LAST + 0.1, LOW + LAYER * layer)], colour="#E8E8E8", thick=0.8,
                  behind=True)  # fmt: skip
    for i, (x, token) in enumerate(zip(xs, tokens, strict=True)):
        drawn = i in (source, last)
        page.stream(x, 0.45, top) if drawn else page.line([(x, 0.45), (x, 0.62)], colour=plots.STREAM, thick=3)
        page.box((x, 0.27), token, fill=plots.TOKEN, width=_wide(token), height=0.34, bold=drawn, size=SMALL)
    for at in (source, last):
        _translations(page, xs[at], [name for name, where in mlps if where == at], top)
    for name, words in heads.items():
        _head(page, name, xs[source], words, thick.get(name, 0.0))
    for (name, at), number in mlps.items():
        _mlp(page, xs[at], name, number)
    if skipped:
        _bypass(page, xs[source], min(int(name[1:]) for name, at in mlps if at == source), skipped)
    page.arrow((LAST, top - 0.02), (LAST, top + 0.2), colour=plots.STREAM, thick=2.6)
    page.text((LAST - 0.42, top + 0.4), "norm, unembedding", side="right", size=SMALL, halo=False)
    page.box((LAST, top + 0.4), answer or "logits", fill=plots.ANSWER if answer else plots.TOKEN, width=0.62,
             height=0.34, bold=bool(answer), size=NORMAL if answer else SMALL)  # fmt: skip
    if to_logits:
        page.text((LAST + 0.38, top + 0.4), to_logits, side="left", size=SMALL, bold=True, colour=INK_OF_MLP)
    page.text((0.08, top + 0.4), key, side="left", size=SMALL, bold=True, halo=False)
    known = [f"head {name} from {tokens[source]}" for name in heads]
    known += [f"{name} at {tokens[at]}" for name, at in mlps]
    return page.picture(
        f"The road from {tokens[source]} to the end of the prompt: {', '.join(known)}.",
        f"What is known of the road from {tokens[source]} to the answer, layers from bottom to top.",
    )


def _height(name: str) -> float:
    layer = int(name[1:] if name.startswith("m") else name.partition(".")[0])
    return LOW + LAYER * layer + (MLP_AT if name.startswith("m") else HEAD_AT)


def _places(tokens: Sequence[str]) -> list[float]:
    """The middle of each column, the last at its place."""
    widths = [_wide(token) for token in tokens]
    room = LAST + widths[-1] / 2 - LEFT - sum(widths)
    lefts = LEFT + np.cumsum([0.0, *(width + room / (len(widths) - 1) for width in widths[:-1])])
    return [float(left + width / 2) for left, width in zip(lefts, widths, strict=True)]


def _wide(token: str) -> float:
    return max(0.32, width_of(token, SMALL))


def _translations(page: Sheet, x: float, names: Sequence[str], top: float) -> None:
    """Above its first MLP a stream has the colour of a note."""
    if names:
        low = min(_height(name) for name in names)
        page.ax.plot([x, x], [low, top], color=plots.NOTE, linewidth=7, solid_capstyle="round", zorder=1.5)


def _head(page: Sheet, name: str, source: float, words: str, share: float) -> None:
    """A head at the last stream, and its line from the source."""
    y, box = _height(name), LAST - ASIDE
    page.line([(source, y), (box - 0.2, y)], colour=plots.HEAD, thick=1.6 + 14 * share)
    page.dot((source, y), colour=plots.HEAD, size=7)
    page.arrow((box + 0.2, y), (LAST - 0.03, y), colour=plots.HEAD, thick=2.2)
    page.box((box, y), name, fill=plots.HEAD, width=0.42, height=0.27, size=SMALL)
    if words:
        page.text(((source + box) / 2 + 0.1, y), words, size=SMALL, bold=True, colour=plots.HEAD)


def _mlp(page: Sheet, x: float, name: str, number: str) -> None:
    y = _height(name)
    page.box((x, y), name, fill=plots.MLP, edge=darker(plots.MLP), width=0.42, height=0.27, size=SMALL)
    if number:
        page.text((x + 0.27, y), number, side="left", size=SMALL, bold=True, colour=INK_OF_MLP)


def _bypass(page: Sheet, x: float, layer: int, words: str) -> None:
    """A curve past the MLP, on its left, crossed out."""
    y, turn = _height(f"m{layer}"), np.linspace(0, np.pi, 40)
    curve = [(x - 0.46 * float(np.sin(t)) ** 0.5, y - 0.29 * float(np.cos(t))) for t in turn]
    page.line(curve, colour=plots.STREAM, thick=4)
    page.cross((x - 0.46, y))
    page.text((x - 0.66, y), words, side="right", size=SMALL, bold=True)
