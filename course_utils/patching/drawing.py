"""Figures of sweeps, in the course's style. Each function returns the matplotlib figure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils import plots

if TYPE_CHECKING:
    from .result import Sweep

NAMES = {"value": "", "effect": "change of the\n", "recovery": "recovered share of the\n"}
MOST_TICKS = 24


def plot_sweep(sweep: Sweep, quantity: str | None, ax: Any, labels: dict[str, Sequence]) -> Any:
    """A heat map for two axes, bars for one, a row of maps for three.

    Raises:
        ValueError: more axes than can be drawn: fix some with `select`.
    """
    quantity = quantity or sweep.usual
    if len(sweep.axes) not in (1, 2, 3):
        raise ValueError(f"one to three axes can be drawn, not {', '.join(sweep.names)}: fix some with select()")
    values = sweep.get(quantity).double().numpy()
    title = f"{NAMES[quantity]}{sweep.metric}"
    if len(sweep.axes) == 1:
        return _bars(sweep, quantity, values, title, ax, labels)
    if len(sweep.axes) == 2:
        fig, ax = plots.figure(height=3.6) if ax is None else (ax.figure, ax)
        image = _map(ax, sweep, sweep.names, values, _limit(values), labels)
        ax.set_title(sweep.title)
        fig.colorbar(image, ax=ax, label=title)
        return fig
    # three axes: one map for each entry of the shortest
    apart = min(range(3), key=lambda i: values.shape[i])
    if ax is not None:
        raise ValueError("three axes are drawn as several maps, so no single ax can hold them: fix one with select()")
    columns = min(4, values.shape[apart])
    rows = -(-values.shape[apart] // columns)
    fig, grid = plots.figure(rows, columns, width=max(7.2, 2.6 * columns), height=2.6 * rows, squeeze=False)
    names = tuple(name for i, name in enumerate(sweep.names) if i != apart)
    for i, one in enumerate(grid.flat):
        if i >= values.shape[apart]:
            one.set_visible(False)
            continue
        image = _map(one, sweep, names, values.take(i, axis=apart), _limit(values), labels)
        one.set_title(f"{sweep.names[apart]} {_labels(sweep, sweep.names[apart], labels)[i]}")
    fig.colorbar(image, ax=list(grid.flat), label=title)
    fig.suptitle(sweep.title)
    return fig


def _limit(values: np.ndarray) -> float:
    return float(np.nanmax(np.abs(values), initial=0)) or 1.0


def _labels(sweep: Sweep, name: str, labels: dict[str, Sequence]) -> list[str]:
    return [str(x) for x in labels.get(name, sweep.axis(name).labels)]


def _ticks(axis: Any, names: list[str]) -> None:
    step = -(-len(names) // MOST_TICKS)
    axis.set_ticks(range(0, len(names), step), names[::step])


def _map(ax: Any, sweep: Sweep, names: tuple[str, str], values: np.ndarray, limit: float, labels: dict) -> Any:
    image = ax.imshow(values, cmap=plots.DIVERGING, vmin=-limit, vmax=limit, aspect="auto", interpolation="nearest")
    ax.set(xlabel=names[1], ylabel=names[0])
    if names[0] == "layer":
        ax.invert_yaxis()  # layers run upwards, as in every drawing of the course
    _ticks(ax.yaxis, _labels(sweep, names[0], labels))
    across = _labels(sweep, names[1], labels)
    _ticks(ax.xaxis, across)
    if any(len(name) > 3 for name in across):
        ax.tick_params(axis="x", rotation=60)
    return image


def _bars(sweep: Sweep, quantity: str, values: np.ndarray, title: str, ax: Any, labels: dict) -> Any:
    fig, ax = plots.figure() if ax is None else (ax.figure, ax)
    low, high = (x.double().numpy() for x in sweep.interval(quantity))
    error = np.stack([values - low, high - values]).clip(min=0)
    ax.bar(range(len(values)), values, yerr=error, color=plots.COLOURS[0], ecolor=plots.GREY)
    ax.axhline(0, color="black", linewidth=0.8)
    ax.set(xlabel=sweep.names[0], ylabel=title, title=f"{sweep.title} (bars: 95 % over prompts)")
    _ticks(ax.xaxis, _labels(sweep, sweep.names[0], labels))
    return fig
