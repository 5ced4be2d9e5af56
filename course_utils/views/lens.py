"""The logit lens as a table: which token each depth would name next, at each position, and how surely.

1. Logits become probabilities (the softmax leaves log-probabilities what they are).
2. The figure names the likeliest token in each cell, coloured by its probability.
3. The table below it lists the five likeliest in each cell.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import matplotlib
import torch
from jaxtyping import Float
from torch import Tensor

from course_utils import plots

from .legible import FONT, LEGEND, checked_tokens, drawable, legible
from .table import Cell, is_light, show_tables, table

NAMED = 5  # tokens in the detail of a cell
MOST_POSITIONS = 40
ACROSS = 12  # positions in one row of maps of the figure


def logit_lens(
    logits: Float[Tensor, "depth pos d_vocab"],
    tokens: Sequence[str],
    vocab: Any,
    *,
    layers: Sequence[str] | None = None,
    alt: str | None = None,
    caption: str = "",
) -> None:
    """Show what is read off the residual stream at each depth and position.

    Args:
        logits: of one prompt at each depth and position, such as `transformer.lens(model, cache)`, whose batch
            dimension of one may stay; log-probabilities and probabilities will also do.
        tokens: the text that was read, one string per position.
        vocab: the model whose tokens they are (its tokenizer decodes them), or a list with a string per token id.
        layers: the name of each depth; by default how many layers have been run, 0 and up.
        alt: the figure's alternative text; by default what the first and the last depth name at the end.
        caption: printed below it: what to see.

    Raises:
        ValueError: shapes, tokens or names that do not fit each other.
    """
    if isinstance(logits, Tensor) and logits.ndim == 4 and logits.shape[1] == 1:
        logits = logits[:, 0]
    if not isinstance(logits, Tensor) or logits.ndim != 3:
        raise ValueError(f"logits are (depth, position, d_vocab) of one prompt, not {_shape(logits)}")
    tokens = checked_tokens(tokens, logits.shape[1], MOST_POSITIONS)
    kind = "after" if layers is None else "layer"
    rows = [_layers(i) for i in range(len(logits))] if layers is None else [str(name) for name in layers]
    if len(rows) != len(logits) or not rows:
        raise ValueError(f"there are {len(rows)} names for {len(logits)} depths")
    values, ids = _probabilities(logits).topk(min(NAMED, logits.shape[-1]), dim=-1)
    names = _decoded(ids, vocab, logits.shape[-1])
    values = values.tolist()  # (depth, pos, rank), like names

    ends = [f"{kind} {rows[i]} {legible(names[i][-1][0])} ({values[i][-1][0]:.2f})" for i in (0, -1)]
    alt = alt or (
        f"Logit lens: the likeliest next token at {len(rows)} depths and {len(tokens)} positions. "
        f"After the last token, {legible(tokens[-1])}: {', '.join(ends)}."
    )
    plots.show(_figure(values, names, rows, tokens, kind), alt, caption)
    cmap = matplotlib.colormaps[plots.SEQUENTIAL]
    cells = [
        [
            Cell(
                legible(token[0]),
                f"{kind} {row}, position {i} {legible(tokens[i])}: "
                + ", ".join(f"{legible(t)} {p:.3f}" for t, p in zip(token, chance, strict=True)),
                chance[0],
            )
            for i, (token, chance) in enumerate(zip(line, chances, strict=True))
        ]
        for row, line, chances in zip(rows, names, values, strict=True)
    ]
    caption = f"the likeliest next token ({LEGEND})"
    show_tables(
        f"Exact values: the {len(values[0][0])} likeliest tokens of each cell",
        [table(caption, kind, rows, [legible(token) for token in tokens], cells, cmap)],
        "The table of this lens would be too large: show fewer positions or depths to have one.",
    )


def _layers(count: int) -> str:
    return f"{count} layer" + ("" if count == 1 else "s")


def _probabilities(logits: Float[Tensor, "depth pos d_vocab"]) -> Float[Tensor, "depth pos d_vocab"]:
    logits = logits.detach().float().cpu()
    if not logits.isfinite().any(-1).all() or logits.isnan().any() or (logits == torch.inf).any():
        raise ValueError("the logits hold NaN or infinity")
    sums = logits.sum(-1)
    if bool((logits >= 0).all()) and torch.allclose(sums, torch.ones_like(sums), atol=1e-3):
        return logits
    return logits.softmax(-1)


def _decoded(ids: Tensor, vocab: Any, d_vocab: int) -> list[list[list[str]]]:
    """The strings of (depth, pos, rank) token ids."""
    tokenizer = getattr(vocab, "tokenizer", None) or vocab
    if hasattr(tokenizer, "decode"):
        strings = {i: str(tokenizer.decode([i])) for i in ids.unique().tolist()}
    elif isinstance(tokenizer, Sequence) and len(tokenizer) == d_vocab:
        strings = {i: str(tokenizer[i]) for i in ids.unique().tolist()}
    else:
        raise ValueError(f"vocab is a model with a tokenizer, or a list of {d_vocab} strings")
    return [[[strings[i] for i in cell] for cell in line] for line in ids.tolist()]


def _figure(values: list, names: list, rows: list[str], tokens: list[str], kind: str) -> Any:
    """The likeliest token in each cell, at most ACROSS positions wide; the last depth on top."""
    count = -(-len(tokens) // ACROSS)
    across = -(-len(tokens) // count)
    fig, axes = plots.figure(count, 1, width=7.2, height=count * (0.9 + 0.27 * len(rows)), squeeze=False)
    cmap = matplotlib.colormaps[plots.SEQUENTIAL]
    letters = max(4, 70 // across)  # of 8-point type in a cell
    for block, ax in enumerate(axes[:, 0]):
        here = range(block * across, min((block + 1) * across, len(tokens)))
        shown = [[values[row][at][0] for at in here] for row in range(len(rows))]
        image = ax.imshow(shown, cmap=cmap, vmin=0, vmax=1, aspect="auto", interpolation="nearest", origin="lower")
        ax.set_xlim(-0.5, across - 0.5)
        for row in range(len(rows)):
            for column, at in enumerate(here):
                ax.text(
                    column, row, drawable(names[row][at][0], letters), ha="center", va="center", fontsize=8,
                    family=FONT, color="black" if is_light(cmap(shown[row][column])) else "white",
                )  # fmt: skip
        ax.set_xticks(range(len(here)), [drawable(tokens[at], letters) for at in here], family=FONT, fontsize=8)
        ax.set_yticks(range(len(rows)), [row.replace("$", r"\$") for row in rows], fontsize=8)
        ax.set_ylabel(kind)
        ax.spines[:].set_visible(False)
    axes[-1, 0].set_xlabel("token that was read")
    axes[0, 0].set_title("the likeliest next token")
    fig.colorbar(image, ax=list(axes[:, 0]), label="its probability")
    return fig


def _shape(value: Any) -> str:
    return str(tuple(value.shape)) if isinstance(value, Tensor) else type(value).__name__
