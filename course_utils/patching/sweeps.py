"""Sweeps: one intervention per cell over sites, layers, heads and positions.

1. Cells are enumerated from the axes in `by`; what is not an axis is patched all at once.
2. Where attention is causal, cells whose position no replacement can change, or that no read position can see, keep
   the baseline.
3. The rest goes through the fast path, position by position, in chunks of a stated memory; or, where the plain
   forward cannot stand for the model, through TransformerLens's hooks.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float, Int
from torch import Tensor

from .grid import Cell, Grid, Selection, count_cells, edit_of, make_grid, refuse_missing_site
from .hooked import hooked_sweep
from .places import Positions
from .restart import Entry, Suffix, continue_runs, take
from .result import Sweep
from .runs import Ready, exactly, ready
from .sites import Replacement, base_sites
from .unrolled import Unsupported

if TYPE_CHECKING:
    from .question import Question

ENOUGH_WORK = {"cpu": 2e9, "cuda": 2e12}  # operations that are worth a pass through the layers of their own


@exactly
def sweep(
    self: Question,
    site: str,
    by: Sequence[str] | None = None,
    *,
    layers: Selection | None = None,
    heads: Selection | None = None,
    neurons: Selection | None = None,
    positions: Selection | Mapping[str, Positions] | None = None,
    values: Tensor | Callable[[Tensor, Tensor], Tensor] | None = None,
) -> Sweep:
    """The metric under one intervention per cell.

    Args:
        site: resid_pre, resid_mid, resid_post, attn_out, mlp_out; of heads z, result, q, k, v, pattern, attn_scores;
            of an MLP's neurons after their activation, post.
        by: the axes, of "layer", "position" (for patterns and scores, of the query), "head" (head sites), "source"
            (patterns and scores: of the key) and "neuron" (post). Default: layer and head for head sites, layer and
            neuron for post, layer and position for others. An axis left out is patched all at once.
        layers, heads, neurons, positions: only these. Positions may be named and differ from prompt to prompt:
            `{"S2": one position per prompt, "END": -1}`; the default is the question's own, or all.
        values: what is put in, in place of the donor's activation: a tensor that fits the activation of a layer,
            (batch, pos, …), or a function of the donor's and of the base run's activation.

    Returns:
        a Sweep whose axes are those of `by`, in that order.

    Raises:
        ValueError: an axis, a site or an entry that does not exist, or resampling without corrupt prompts.
    """
    refuse_missing_site(self.model, site)
    self.refuse_without_donor(values)
    grid = make_grid(self.model.cfg, site, by, self.clean, layers, heads, neurons, positions, self.positions)
    try:
        reads = [self.need.max(), *(place.max() for place in grid.places)]
        length = int(torch.stack(reads).max()) + 1 if values is None else None  # later ones are not seen
        now = ready(self, base_sites(site), (site,), length)
        route, ends = "restart", now.ends
        found = now.base_value.expand(count_cells(grid.axes), -1).clone()
        _restart(now, site, grid, values, found)
    except Unsupported as why:
        if why.surprising:
            warnings.warn(f"{why}, so the model is run as it is, through TransformerLens's hooks", stacklevel=3)
        route, (found, ends) = "hooks", hooked_sweep(self, site, grid, values)
    return Sweep(
        values=found.reshape(*(len(axis.labels) for axis in grid.axes), -1).cpu(),
        axes=grid.axes,
        base=ends[self.direction == "denoising"].cpu(),
        clean=ends[0].cpu(),
        corrupt=None if ends[1] is None else ends[1].cpu(),
        title=f"{site}, {self.how if values is None else 'own values'}",
        metric=self.metric.name,
        route=route,
    )


def _live_cells(now: Ready, site: str, grid: Grid, first_change: Int[Tensor, "batch"]) -> dict[int, Cell]:
    """The cells that can differ from the base run in at least one prompt."""
    if bool((first_change == now.question.clean.shape[1]).all()):
        return {}
    if not now.model.causal:
        return grid.cells
    seen = now.need.max(1).values
    live = [bool(((place >= first_change) & (place <= seen)).any()) for place in grid.places]
    anywhere = bool((first_change <= seen).any())
    return {
        flat: cell
        for flat, cell in grid.cells.items()
        if (anywhere if cell.position is None else live[cell.position])
        and (cell.source is None or cell.source < now.length)
    }


def _restart(
    now: Ready, site: str, grid: Grid, own: Tensor | Callable | None, values: Float[Tensor, "cell batch"]
) -> None:
    """Fill `values` by the fast path."""
    changes = now.question.first_change() if own is None else torch.zeros_like(now.need[:, 0])
    live = _live_cells(now, site, grid, changes)
    if not live:
        return
    donor, memory = now.replacements((site,), own)[site], now.budget()
    first_change = min(int(changes.min()), now.length - 1) if now.model.causal else 0
    layerless = {flat: cell for flat, cell in live.items() if cell.layer is None}
    for flat, cell in layerless.items():
        edit = edit_of(site, cell, grid, donor)
        final, _ = now.model.forward(now.base["resid_pre"][0], now.base.visible, {site: edit})
        values[flat] = now.read(take(final, now.need, 0))
    by_place: dict[int | None, list[tuple[int, Cell]]] = {}
    for flat, cell in live.items():
        if flat not in layerless:
            by_place.setdefault(cell.position, []).append((flat, cell))
    for group in _groups_of_places(now, grid, by_place, first_change):
        start = min(start for start, _ in group)
        cells = sorted((c for _, index in group for c in by_place[index]), key=lambda item: item[1].layer)
        how = {
            index: Replacement(now.model, now.base, donor, site, start, None if index is None else grid.places[index])
            for _, index in group
        }
        step = max(1, memory // now.bytes_per_cell(start))
        for first in range(0, len(cells), step):
            entries = _entries(how, cells[first : first + step])
            order, rows = continue_runs(now.model, now.base, Suffix(start, now.need), entries)
            values[order] = now.read(rows)


def _groups_of_places(
    now: Ready, grid: Grid, by_place: dict[int | None, list], first_change: int
) -> list[list[tuple[int, int | None]]]:
    """Positions to be run together, each with its start.

    Alone, a position recomputes the fewest others; together they need fewer, larger steps. So they are joined as
    long as their work is too little to keep the device busy.
    """
    causal = now.model.causal
    starts = sorted(
        (first_change if index is None or not causal else int(grid.places[index].min()), -1 if index is None else index)
        for index in by_place
    )
    block = now.model.blocks[0]
    weights = sum(w.numel() for w in (block.W_QKV, block.W_O, block.W_in, block.W_out) if w is not None)
    per_position = len(now.need) * now.model.n_layers * weights  # two operations a weight, half the layers
    enough = ENOUGH_WORK.get(now.base.final.device.type, ENOUGH_WORK["cpu"])
    groups: list[list[tuple[int, int | None]]] = []
    work = enough
    for start, number in starts:
        index = None if number < 0 else number
        if work >= enough:
            groups.append([])
            work = 0
        groups[-1].append((start, index))
        work += len(by_place[index]) * (now.length - groups[-1][0][0]) * per_position
    return groups


def _entries(how: dict[int | None, Replacement], chunk: list[tuple[int, Cell]]) -> Callable[[int], list[Entry]]:
    together: dict[int, dict[int | None, list[tuple[int, Cell]]]] = {}
    for flat, cell in chunk:
        together.setdefault(cell.layer, {}).setdefault(cell.position, []).append((flat, cell))

    def entries(layer: int) -> list[Entry]:
        out = []
        for index, here in together.get(layer, {}).items():
            out.append(how[index].entry(layer, [flat for flat, _ in here], [cell for _, cell in here]))
        return out

    return entries


