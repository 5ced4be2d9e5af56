"""Attention patterns of the heads of one layer: a map for each head, and circuitsvis' view of them to explore."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from course_utils import plots

from . import bundle
from .legible import FONT, checked_tokens, drawable, legible

MOST_TOKENS = 64
MOST_NAMED = 24  # positions with their tokens on the axes of the figure; more have their numbers
UNSEEN = "#E6E6E6"
COLUMNS = 4  # maps in a row; half as many where they are few and their tokens need the room
HABITS = ("the first token", "the token before", "the same token")


def attention(
    pattern: Float[Tensor, "head query key"],
    tokens: Sequence[str],
    *,
    layer: int | None = None,
    alt: str | None = None,
    caption: str = "",
) -> None:
    """Show where each head looks: from each query position (row) to each key position (column).

    Args:
        pattern: attention probabilities of one prompt; a batch dimension of one before them will also do.
        tokens: the text that was read, one string per position.
        layer: the layer, for the heads' names: head 2 of layer 1 is "1.2".
        alt: the figure's alternative text; by default each head's main habit.
        caption: printed below it: what to see.

    Raises:
        ValueError: shapes that do not fit, or scores in place of probabilities.
    """
    pattern = _checked(pattern)
    tokens = checked_tokens(tokens, pattern.shape[-1], MOST_TOKENS)
    names = [f"{layer}.{head}" if layer is not None else f"head {head}" for head in range(len(pattern))]
    plots.show(_figure(pattern, tokens, names), alt or _alt(pattern, tokens, names, layer), caption)

    from IPython.display import display

    html = bundle.element(
        "AttentionHeads",
        attention=[[[round(x, 3) or 0 for x in row] for row in head] for head in pattern.tolist()],
        attentionHeadNames=names,
        tokens=[legible(token) for token in tokens],
        maskUpperTri=_is_causal(pattern),
    )
    display({"text/html": html, "text/plain": "[interactive attention patterns]"}, raw=True)


def _checked(pattern: Any) -> Float[Tensor, "head query key"]:
    if isinstance(pattern, Tensor) and pattern.ndim == 4 and pattern.shape[0] == 1:
        pattern = pattern[0]
    if not isinstance(pattern, Tensor) or pattern.ndim != 3 or pattern.shape[1] != pattern.shape[2] or not len(pattern):
        given = tuple(pattern.shape) if isinstance(pattern, Tensor) else type(pattern).__name__
        raise ValueError(f"a pattern is (head, query, key) of one prompt, not {given}")
    pattern = pattern.detach().float().cpu()
    sums = pattern.sum(-1)
    if not (pattern >= 0).all() or not torch.allclose(sums, torch.ones_like(sums), atol=1e-2):
        raise ValueError("each row of an attention pattern is positive and sums to 1: these may be scores")
    return pattern


def _is_causal(pattern: Float[Tensor, "head query key"]) -> bool:
    return not pattern.triu(1).any()


def _alt(pattern: Tensor, tokens: list[str], names: list[str], layer: int | None) -> str:
    where = "" if layer is None else f" of layer {layer}"
    habits = "; ".join(f"{name}: {_habit(head)}" for name, head in zip(names, pattern, strict=True))
    return (
        f"Attention patterns of {len(names)} heads{where} over {len(tokens)} tokens, from {legible(tokens[0])} "
        f"to {legible(tokens[-1])}. Mean attention of {habits}."
    )


def _habit(head: Float[Tensor, "query key"]) -> str:
    """Which of three places takes most of the attention from the second position on."""
    if len(head) == 1:
        return "to its only token"
    shares = (head[1:, 0].mean(), head.diagonal(-1).mean(), head.diagonal()[1:].mean())
    most = max(range(3), key=lambda i: shares[i])
    return f"{float(shares[most]):.2f} to {HABITS[most]}"


def _figure(pattern: Float[Tensor, "head query key"], tokens: list[str], names: list[str]) -> Any:
    """One map per head with the tokens along the outer axes; what a causal head cannot see is grey."""
    few = len(tokens) <= MOST_NAMED
    columns = min(len(names), COLUMNS // 2 if few and len(names) <= COLUMNS and len(tokens) > 10 else COLUMNS)
    rows = -(-len(names) // columns)
    side = 2.9 if columns <= COLUMNS // 2 else 7.2 / columns
    fig, axes = plots.figure(
        rows, columns, width=7.2, height=rows * side + 0.7, squeeze=False, sharex=True, sharey=True
    )
    later = torch.ones(pattern.shape[1:], dtype=torch.bool).triu(1)
    shown = pattern.masked_fill(later, torch.nan) if _is_causal(pattern) else pattern
    size = 7.5
    for i, ax in enumerate(axes.flat):
        if i >= len(names):
            ax.set_visible(False)
            continue
        ax.set_facecolor(UNSEEN)
        image = plots.heatmap(ax, shown[i], signed=False, limit=1, bar=False)
        ax.set_title(names[i])
        if few:
            ticks = [drawable(token, 8) for token in tokens]
            ax.set_xticks(range(len(ticks)), ticks, rotation=90, family=FONT, fontsize=size)
            ax.set_yticks(range(len(ticks)), ticks, family=FONT, fontsize=size)
        if i + columns >= len(names):  # nothing below it
            ax.set_xlabel("key")
            ax.tick_params(labelbottom=True)
        if i % columns == 0:
            ax.set_ylabel("query")
    fig.colorbar(image, ax=list(axes.flat), label="attention", shrink=0.8)
    return fig
