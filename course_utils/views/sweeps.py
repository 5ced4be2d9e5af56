"""A sweep of interventions, drawn, with the value and the bootstrap interval of every cell below it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import matplotlib

from course_utils import plots

from .legible import drawable, legible
from .table import Cell, show_tables, table

if TYPE_CHECKING:
    from course_utils.patching import Sweep

SAID = {"value": "", "effect": "change of the ", "recovery": "recovered share of the "}


def sweep(
    result: Sweep,
    quantity: str | None = None,
    labels: dict[str, Sequence[str]] | None = None,
    *,
    alt: str | None = None,
    caption: str = "",
) -> None:
    """Show a sweep, path patch or attribution of `course_utils.patching` over one to three axes.

    Args:
        result: what a question's `sweep`, `path_patch` or `attribute` returned.
        quantity: "value", "effect" or "recovery"; by default recovery where it was measured between two runs.
        labels: other labels for an axis, such as `{"position": tokens}`.
        alt: the figure's alternative text; by default the three cells that matter most.
        caption: printed below it: what to see.

    Raises:
        ValueError: not a sweep, no or more than three axes, no such quantity, or labels that do not fit an axis.
    """
    if not all(hasattr(result, name) for name in ("values", "axes", "interval", "plot")):
        raise ValueError(f"result is what a sweep of course_utils.patching returns, not {type(result).__name__}")
    quantity = quantity or result.usual
    values = result.get(quantity)
    names = _labels(result, labels or {})
    ticks = {axis: [drawable(str(name)) for name in given] for axis, given in (labels or {}).items()}
    fig = result.plot(quantity, labels=ticks)
    what = f"{SAID[quantity]}{result.metric}"
    plots.show(fig, alt or _alt(result, quantity, names, what), caption)

    prompts = result.values.shape[-1]
    low, high = result.interval(quantity)
    apart = min(range(3), key=lambda i: values.shape[i]) if values.ndim == 3 else None  # as the figure is drawn
    limit = float(values[values.isfinite()].abs().max()) if values.isfinite().any() else 0.0
    cmap = matplotlib.colormaps[plots.DIVERGING]
    tables = []
    for i in range(1 if apart is None else values.shape[apart]):
        part = [x if apart is None else x.select(apart, i) for x in (values, low, high)]
        part = [x.unsqueeze(0) if x.ndim == 1 else x for x in part]
        axes = [axis for number, axis in enumerate(result.names) if number != apart]
        fixed = "" if apart is None else f"{result.names[apart]} {names[result.names[apart]][i]}"
        rows = names[axes[0]] if len(axes) == 2 else [""]
        columns = names[axes[-1]]
        cells = [
            [
                Cell(_short(v), _detail(axes, (row, column), fixed, v, a, b, prompts), _shade(v, limit))
                for column, v, a, b in zip(columns, *line, strict=True)
            ]
            for row, *line in zip(rows, *(x.tolist() for x in part), strict=True)
        ]
        caption = f"{what}; {_shown(axes)}" + (f", at {fixed}" if fixed else "")
        tables.append(table(caption, axes[0] if len(axes) == 2 else "", rows, columns, cells, cmap))
    interval = "each with its 95 % bootstrap interval" if prompts > 1 else "of one prompt"
    show_tables(
        f"Exact values, {interval}",
        tables,
        f"A table of these {values.numel()} cells would be too large: select() fewer to have one.",
    )


def _labels(result: Sweep, other: dict[str, Sequence[str]]) -> dict[str, list[str]]:
    """What the entries of each axis are called."""
    if unknown := [axis for axis in other if axis not in result.names]:
        raise ValueError(f"there are labels for {unknown[0]!r}, but the axes are {', '.join(result.names)}")
    names = {}
    for axis in result.axes:
        names[axis.name] = [str(label) for label in axis.labels]
        if axis.name in other:
            if len(other[axis.name]) != len(axis.labels):
                raise ValueError(f"there are {len(other[axis.name])} labels for {len(axis.labels)} {axis.name}s")
            # both, since a token may stand at several positions
            names[axis.name] = [f"{x} {legible(str(y))}" for x, y in zip(axis.labels, other[axis.name], strict=True)]
    return names


def _alt(result: Sweep, quantity: str, names: dict[str, list[str]], what: str) -> str:
    cells = []
    for cell, value in result.top(3, quantity):
        at = [f"{axis} {names[axis][result.axis(axis).labels.index(label)]}" for axis, label in cell.items()]
        cells.append(f"{', '.join(at)} ({_short(value)})")
    return f"{result.title}: {what} over {_shown(result.names)}; the largest changes at {'; '.join(cells)}."


def _shown(axes: Sequence[str]) -> str:
    return " × ".join(axes)


def _detail(
    axes: Sequence[str], at: tuple[str, str], fixed: str, value: float, low: float, high: float, prompts: int
) -> str:
    places = [f"{axis} {name}" for axis, name in zip(axes, at[-len(axes) :], strict=True)]
    interval = f" [{low:.3g}, {high:.3g}]" if prompts > 1 else ""
    return f"{', '.join(filter(None, (fixed, *places)))}: {value:.3g}{interval}"


def _short(value: float) -> str:
    return f"{value:.2f}".replace("-0.00", "0.00") if abs(value) < 100 else f"{value:.3g}"


def _shade(value: Any, limit: float) -> float:
    """0 to 1, with zero in the middle."""
    return 0.5 if not limit or value != value else min(1.0, max(0.0, 0.5 + 0.5 * value / limit))
