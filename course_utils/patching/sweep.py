"""Sweeps: one intervention per cell over sites, layers, heads and positions.

1. The question is checked and completed (`contrast`), the base run's baseline taken.
2. Cells are enumerated from the axes in `by`; what is not an axis is patched all at once.
3. Cells whose position no replacement can change, or that no read position can see, keep the baseline.
4. The rest goes through the fast path, position by position, in chunks of a stated memory; or, where the
   architecture is not known to it, through TransformerLens's hooks, one forward per cell.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from jaxtyping import Float, Int
from torch import Tensor

from .hooked import hooked_replacements, hooked_run
from .metrics import Metric, as_metric
from .restart import Suffix, continue_runs, take
from .result import Axis, Sweep
from .runs import Contrast, Prompts, Ready, contrast, read_logits, ready
from .sites import Replacement, base_sites
from .unrolled import HEAD_SITES, RESIDUAL_SITES, SITES


class Cell(NamedTuple):
    """One intervention: indices into the axes, None where everything is patched at once."""

    layer: int | None
    head: int | None
    position: int | None
    source: int | None


@dataclass(frozen=True)
class Grid:
    """All cells of a sweep. `places[i]` is the position of axis entry i in each prompt."""

    axes: tuple[Axis, ...]
    cells: dict[int, Cell]  # by flat index
    places: tuple[Int[Tensor, "batch"], ...]


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
    groups: Tensor | None = None,
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


def count_cells(axes: Sequence[Axis]) -> int:
    """The number of cells."""
    count = 1
    for axis in axes:
        count *= len(axis.labels)
    return count


def refuse_missing_site(model: Any, site: str) -> None:
    if site not in SITES:
        raise ValueError(f"a site is one of {', '.join(SITES)}, not {site!r}")
    if site in ("resid_mid", "mlp_out") and getattr(model.cfg, "attn_only", False):
        raise ValueError(f"this model has attention only, so it has no {site}")


def make_grid(
    cfg: Any,
    site: str,
    by: Sequence[str] | None,
    tokens: Int[Tensor, "batch pos"],
    layers: Sequence[int] | None = None,
    heads: Sequence[int] | None = None,
    positions: Sequence[int] | Mapping[str, int | Tensor] | None = None,
) -> Grid:
    """The cells of a sweep, in the order of `by`.

    Raises:
        ValueError: an axis that the site does not have.
    """
    if by is None:
        by = ("layer", "position") if site in RESIDUAL_SITES else ("layer", "head")
    by = (by,) if isinstance(by, str) else tuple(by)
    has = ["layer", "position"] + ["head"] * (site in HEAD_SITES) + ["source"] * (site == "pattern")
    for name in by:
        if name not in has or by.count(name) > 1:
            raise ValueError(f"{site} can be swept by each of {', '.join(has)} once, but by= says {', '.join(by)}")
    for name, given in (("layer", layers), ("head", heads), ("position", positions)):
        if given is not None and name not in by:
            raise ValueError(f"{name}s= chooses entries of an axis, but {name!r} is not in by={by}")
    length = tokens.shape[1]
    named = positions if isinstance(positions, Mapping) else {p: p for p in (positions or range(length))}
    places = [_place(at, tokens) for at in named.values()]
    labels = {
        "layer": tuple(range(cfg.n_layers) if layers is None else layers),
        "head": tuple(range(cfg.n_heads) if heads is None else heads),
        "position": tuple(named),
        "source": tuple(range(length)),
    }
    for name, limit in (("layer", cfg.n_layers), ("head", cfg.n_heads)):
        if any(not 0 <= i < limit for i in labels[name]):
            raise ValueError(f"{name}s are counted from 0 to {limit - 1}")
    indices = {**labels, "position": range(len(places))}
    cells = {}
    for flat, combination in enumerate(itertools.product(*(indices[name] for name in by))):
        at = dict(zip(by, combination, strict=True))
        cells[flat] = Cell(at.get("layer"), at.get("head"), at.get("position"), at.get("source"))
    return Grid(tuple(Axis(name, labels[name]) for name in by), cells, tuple(places))


def _place(at: int | Tensor, tokens: Int[Tensor, "batch pos"]) -> Int[Tensor, "batch"]:
    batch, length = tokens.shape
    place = torch.as_tensor(at, dtype=torch.long, device=tokens.device).expand(batch)
    if ((place < -length) | (place >= length)).any():
        raise ValueError(f"a position lies outside the prompts, which have {length} tokens")
    return place % length


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
    for index in [None, *range(len(grid.places))]:
        cells = [(f, c) for f, c in live.items() if c.position == index and f not in layerless]
        cells.sort(key=lambda item: item[1].layer)
        place = None if index is None else grid.places[index]
        start = first_change if place is None else int(place.min())
        how = Replacement(now.model, now.base, donor, site, start, place)
        step = max(1, memory // now.bytes_per_cell(start))
        for first in range(0, len(cells), step):
            entries = _entries(how, cells[first : first + step])
            order, rows = continue_runs(now.model, now.base, Suffix(start, now.need, how.lone), entries)
            values[order] = now.read(rows)


def _entries(how: Replacement, chunk: list[tuple[int, Cell]]) -> Callable[[int], list]:
    def entries(layer: int) -> list:
        here = [(flat, cell) for flat, cell in chunk if cell.layer == layer]
        if not here:
            return []
        ids = [flat for flat, _ in here]
        return [how.entry(layer, ids, [c.head for _, c in here], [c.source for _, c in here])]

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
