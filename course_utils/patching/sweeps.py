"""Sweeps: one intervention per cell over sites, layers, heads and positions.

1. The question is checked and completed (`contrast`), the base run's baseline taken.
2. Cells are enumerated from the axes in `by`; what is not an axis is patched all at once.
3. Cells whose position no replacement can change, or that no read position can see, keep the baseline.
4. The rest goes through the fast path, position by position, in chunks of a stated memory; or, where the
   architecture is not known to it, through TransformerLens's hooks, one forward per cell.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from .grid import Cell, Grid, count_cells, make_grid, refuse_missing_site
from .hooked import hooked_replacements, hooked_run
from .metrics import Metric, as_metric
from .restart import Entry, Suffix, continue_runs, take
from .result import Sweep
from .runs import Contrast, Prompts, Ready, contrast, read_logits, ready
from .sites import Replacement, base_sites

ENOUGH_WORK = {"cpu": 2e9, "cuda": 2e12}  # operations that are worth a pass through the layers of their own


def sweep(
    model: Any,
    site: str,
    clean: Prompts,
    corrupt: Prompts | None = None,
    metric: Metric | Callable[[Tensor], Tensor] | None = None,
    *,
    by: Sequence[str] | None = None,
    direction: str | None = None,
    ablation: str = "resample",
    reference: Prompts | None = None,
    groups: Int[Tensor, "batch"] | None = None,
    layers: Sequence[int] | None = None,
    heads: Sequence[int] | None = None,
    positions: Sequence[int] | Mapping[str, int | Tensor] | None = None,
    memory: int | None = None,
    route: str = "auto",
) -> Sweep:
    """The metric under one intervention per cell.

    Args:
        model: a TransformerBridge; left exactly as it was.
        site: resid_pre, resid_mid, attn_out, mlp_out, z, q, k, v or pattern.
        clean, corrupt: prompts as (batch, pos) token ids or strings, all of one length.
        metric: a `Metric`, or a function of the last position's logits (batch, 1, d_vocab) -> (batch,).
        by: the axes, of "layer", "head" (head sites), "position" (for a pattern, of the query) and "source"
            (pattern only: of the key). Default: layer and position for residual sites, layer and head for
            others. An axis left out is patched all at once.
        direction: "denoising" (default when resampling) or "noising".
        ablation: "resample" (exchange with the other prompts), "mean" (over `reference`, and within `groups`)
            or "zero"; the last two change the clean run.
        layers, heads, positions: only these. Positions may be named and differ from prompt to prompt:
            `{"S2": tensor of one position per prompt, "END": -1}`.
        memory: bytes that the interventions of one chunk may hold (default 256 MiB on a CPU, 4 GiB on a GPU);
            the activations of the two unpatched runs come on top.
        route: "auto", or "hooks" to go through TransformerLens, one forward per cell.

    Returns:
        a Sweep whose axes are those of `by`, in that order.

    Raises:
        ValueError: prompts of unequal length, an axis or a site that does not exist, ….
    """
    if metric is None:
        raise ValueError("say what to measure: metric=logit_diff(correct, wrong), or a function of the logits")
    metric = as_metric(metric)
    question = contrast(model, clean, corrupt, ablation, direction, reference, groups)
    refuse_missing_site(model, site)
    grid = make_grid(model.cfg, site, by, question.clean, layers, heads, positions)
    read = metric.positions_of(question.clean)
    live = _live_cells(grid, question, read)
    seen = [read.max(), *(grid.places[c.position].max() for c in live.values() if c.position is not None)]
    length = int(torch.stack(seen).max()) + 1  # later positions can be neither changed nor seen
    with torch.no_grad():
        now = None if route == "hooks" else ready(model, question, metric, base_sites(site), (site,), length)
        if now is None:
            ids = metric.tokens_of(question.clean)
            sets = (question.clean, question.corrupt)
            ends = [None if t is None else metric.of(read_logits(model(t), read, ids)) for t in sets]
        else:
            ends = now.ends
        base = ends[question.base is not question.clean]
        values = base.expand(count_cells(grid.axes), -1).clone()
        if live and now is not None:
            _restart(now, site, grid, live, values, now.budget(memory))
        elif live:
            _hooked(model, site, question, metric, grid, live, values)
    shape = [len(axis.labels) for axis in grid.axes]
    return Sweep(
        values=values.reshape(*shape, -1).cpu(),
        axes=grid.axes,
        base=base.cpu(),
        clean=ends[0].cpu(),
        corrupt=None if ends[1] is None else ends[1].cpu(),
        title=f"{site}, " + (question.direction if ablation == "resample" else f"{ablation} ablation"),
        metric=metric.name,
        route="hooks" if now is None else "restart",
    )


def _live_cells(grid: Grid, question: Contrast, read: Int[Tensor, "batch n"]) -> dict[int, Cell]:
    """The cells that can differ from the base run in at least one prompt."""
    changed, seen = question.first_change(), read.max(1).values
    live = [bool(((place >= changed) & (place <= seen)).any()) for place in grid.places]
    anywhere = bool((changed <= seen).any())
    return {
        flat: cell for flat, cell in grid.cells.items() if (anywhere if cell.position is None else live[cell.position])
    }


def _restart(
    now: Ready, site: str, grid: Grid, live: dict[int, Cell], values: Float[Tensor, "cell batch"], memory: int
) -> None:
    """Fill `values` by the fast path."""
    donor = now.replacements((site,))[site]
    first_change = min(int(now.question.first_change().min()), now.length - 1)
    layerless = {flat: cell for flat, cell in live.items() if cell.layer is None}
    for flat, cell in layerless.items():
        resid = now.model.embed(now.question.base[:, : now.length])
        final, _ = now.model.forward(resid, edit=edit_of(site, cell, grid, donor))
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
    starts = sorted(
        (first_change if index is None else int(grid.places[index].min()), -1 if index is None else index)
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
            heads, sources = [cell.head for _, cell in here], [cell.source for _, cell in here]
            out.append(how[index].entry(layer, [flat for flat, _ in here], heads, sources))
        return out

    return entries


def edit_of(site: str, cell: Cell, grid: Grid, donor: list[Tensor]) -> Callable[[str, int, Tensor], Tensor]:
    """The intervention of one cell as an edit of the whole activation, for a forward that recomputes all."""

    def edit(at: str, layer: int, value: Tensor) -> Tensor:
        if at != site or cell.layer not in (None, layer):
            return value
        chosen = torch.ones_like(value, dtype=torch.bool)
        axis = {"head": 1, "position": 2, "source": 3} if site == "pattern" else {"position": 1, "head": 2}
        for name, dim in axis.items():
            wanted = getattr(cell, name)
            if wanted is None:
                continue
            along = torch.arange(value.shape[dim], device=value.device)
            along = along.reshape([-1 if d == dim else 1 for d in range(value.ndim)])
            if name == "position":
                wanted = grid.places[wanted].reshape([-1] + [1] * (value.ndim - 1))
            chosen = chosen & (along == wanted)
        return torch.where(chosen, donor[layer].to(value.dtype), value)

    return edit


def _hooked(
    model: Any,
    site: str,
    question: Contrast,
    metric: Metric,
    grid: Grid,
    live: dict[int, Cell],
    values: Float[Tensor, "cell batch"],
) -> None:
    """Fill `values` with one TransformerLens forward per cell."""
    donor = hooked_replacements(model, site, question)
    need, ids = metric.positions_of(question.base), metric.tokens_of(question.base)
    for flat, cell in live.items():
        logits = hooked_run(model, question.base, site, edit_of(site, cell, grid, donor), cell.layer)
        values[flat] = metric.of(read_logits(logits, need, ids))
