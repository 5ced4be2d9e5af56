"""Drawings: the residual stream as a bus that every component reads from and adds to; a number for every head."""

from __future__ import annotations

from typing import Any

from jaxtyping import Float
from matplotlib.patches import FancyBboxPatch
from torch import Tensor

from course_utils import plots

HEADS, MLP, ENDS = plots.COLOURS[0], plots.COLOURS[1], "#5F5F5F"
LAYER = 3.25  # width of a layer, in drawing units
BUS = 0.34  # thickness of the stream


def draw_stream(n_layers: int = 4, n_heads: int = 4, highlight: tuple[str, ...] = ()) -> Any:
    """A transformer as heads (above) and MLPs (below) that read from one stream (thin) and add to it (thick).

    Args:
        highlight: labels to be filled, such as "2.2" or "m0".
    """
    fig, ax = plots.figure(width=7.2, height=2.9)
    end = n_layers * LAYER + 0.75
    ax.arrow(-1.3, 0, end + 2.2, 0, width=BUS, head_width=0.8, head_length=0.45, color="#D0D0D0", zorder=1)
    ax.text(-1.2, 0, "residual stream", va="center", fontsize=7.5, zorder=6)
    _box(ax, -1.2, -2.0, 1.5, 0.8, "embedding\n+ position", ENDS)
    _wire(ax, -0.45, -1.2, -BUS / 2, wide=True)
    for layer in range(n_layers):
        left = 1.15 + layer * LAYER
        width = 1.7 / n_heads
        for head in range(n_heads):
            x, name = left + head * width, f"{layer}.{head}"
            _box(ax, x, 1.1, width * 0.88, 0.62, name, HEADS, name in highlight)
            _wire(ax, x + 0.13 * width, BUS / 2, 1.1)
            _wire(ax, x + 0.68 * width, 1.1, BUS / 2, wide=True)
        _box(ax, left + 1.98, -1.95, 0.8, 0.75, f"m{layer}", MLP, f"m{layer}" in highlight)
        _wire(ax, left + 2.18, -BUS / 2, -1.2)
        _wire(ax, left + 2.6, -1.2, -BUS / 2, wide=True)
        ax.text(left + 0.85, 1.95, f"layer {layer}", ha="center", fontsize=9, fontweight="bold")
        for place, what in ((left - 0.14, "pre"), (left + 1.8, "mid")):
            ax.plot([place, place], [-0.3, 0.3], color="black", linewidth=0.8, zorder=4)
            ax.text(place + 0.05, -0.4, what, ha="right", va="top", fontsize=7, zorder=4)
    ax.plot([end + 0.25] * 2, [-0.3, 0.3], color="black", linewidth=0.8, zorder=4)
    ax.text(end + 0.3, -0.4, "post", ha="right", va="top", fontsize=7)
    _box(ax, end + 0.1, -2.0, 1.75, 0.8, "final norm,\nunembedding", ENDS)
    _wire(ax, end + 0.75, -BUS / 2, -1.2)
    ax.text(end + 1.95, -1.6, "logits", va="center", fontsize=8, color=ENDS)
    ax.text(-1.3, 1.41, "heads read (thin)\nand add (thick)", va="center", fontsize=7.5, color=HEADS)
    ax.text(2.7, -1.55, "so do\nMLPs", va="center", ha="right", fontsize=7.5, color="#9A6700")
    ax.set(xlim=(-1.4, end + 2.9), ylim=(-2.2, 2.4))
    ax.axis("off")
    return fig


def draw_heads(
    ax: Any, values: Float[Tensor, "layer head"], label: str = "", *, numbers: bool = False, **kwargs: Any
) -> None:
    """A map with a cell for every head; with `numbers`, shares from 0 to 1, written into the cells.

    Further arguments are those of `plots.heatmap`.
    """
    layers, heads = values.shape
    options = dict(signed=False, limit=1) if numbers else {}
    plots.heatmap(ax, values, label=label, **(options | kwargs))
    ax.set(xlabel="head", ylabel="layer", xticks=range(heads), yticks=range(layers))
    for i, value in enumerate(values.flatten().tolist() if numbers else ()):
        shade = "white" if value < 0.65 else "black"
        ax.text(i % heads, i // heads, f"{value:.2f}", ha="center", va="center", color=shade)


def _box(ax: Any, x: float, y: float, width: float, height: float, text: str, colour: str, full: bool = False) -> None:
    style = dict(boxstyle="round,pad=0,rounding_size=0.08", linewidth=1.2, edgecolor=colour, zorder=5)
    ax.add_patch(FancyBboxPatch((x, y), width, height, facecolor=colour if full else "white", **style))
    ax.text(
        x + width / 2, y + height / 2, text, ha="center", va="center", fontsize=6.6, zorder=6,
        color="white" if full else "black", fontweight="bold" if full else "normal",
    )  # fmt: skip


def _wire(ax: Any, x: float, start: float, end: float, wide: bool = False) -> None:
    arrow = dict(arrowstyle="-|>" if wide else "->", linewidth=1.6 if wide else 0.7, color="#404040", shrinkA=0)
    ax.annotate("", (x, end), (x, start), arrowprops=arrow | dict(shrinkB=0, mutation_scale=7), zorder=3)
