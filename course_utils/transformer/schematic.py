"""A number for every head, as a map whose layers run upwards, as in every drawing of the course."""

from __future__ import annotations

from typing import Any

from jaxtyping import Float
from torch import Tensor

from course_utils import plots


def draw_heads(
    ax: Any, values: Float[Tensor, "layer head"], label: str = "", *, numbers: bool = False, **kwargs: Any
) -> None:
    """A map with a cell for every head; with `numbers`, shares from 0 to 1, written into the cells.

    Further arguments are those of `plots.heatmap`.
    """
    layers, heads = values.shape
    options = dict(signed=False, limit=1) if numbers else {}
    image = plots.heatmap(ax, values, label=label, **(dict(origin="lower") | options | kwargs))
    ax.set(xlabel="head", ylabel="layer", xticks=range(heads), yticks=range(layers))
    for i, value in enumerate(values.flatten().tolist() if numbers else ()):
        shade = "black" if plots.is_light(image.to_rgba(value)[:3]) else "white"
        written = f"{round(value, 2) + 0.0:.2f}".replace("-", "−")
        ax.text(i % heads, i // heads, written, ha="center", va="center", color=shade)
