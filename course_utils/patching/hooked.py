"""The same interventions through TransformerLens's hooks: for other architectures, and models with hooks on them.

1. The runs are made by the model itself, and what it has at the site, and before each layer, is kept.
2. A cell that puts in what is there already keeps the baseline.
3. Cells of one layer go through the model together, from that layer on, the blocks below it standing idle. Where
   somebody's hooks are on the model, which may count prompts or remember what they saw, each cell has a whole forward
   of its own; so it has where an unchanged run that is started in this way does not come out as it should.
4. An architecture that is not known here must first show that what is put in at the site reaches the logits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from jaxtyping import Float
from torch import Tensor

from .grid import Cell, Grid, count_cells, edit_of
from .runs import put_in
from .steers import HOOKS, hook_at, refuse_idle, refuse_other_shape
from .trust import TOLERANCE, hooks_on, read_logits, refuse_no_number, run_model
from .unrolled import FAMILIES

if TYPE_CHECKING:
    from .question import Question

CHUNK = {"cpu": 32 * 2**20, "cuda": 4 * 2**30}  # bytes; on a CPU larger ones leave its caches and are slower


@dataclass(frozen=True)
class Seen:
    """One forward of the model: its activations by hook point, and the logits that the metric reads."""

    at: dict[str, Tensor]
    logits: Float[Tensor, "batch n token"]


def hooked_sweep(
    question: Question, site: str, grid: Grid, own: Tensor | Callable | None
) -> tuple[Float[Tensor, "cell batch"], tuple[Tensor, Tensor | None]]:
    """The metric of every cell, and of the clean and the corrupt run.

    Raises:
        ValueError: a site that this model has no hook point for, or one that does not steer it.
    """
    if site == "result":
        if own is not None:
            raise ValueError("values of one's own for result need the plain forward: put them in at attn_out")
        site = "z"  # what a head writes is linear in its z
    model, layers = question.model, range(question.model.cfg.n_layers)
    names = [HOOKS[site].format(layer) for layer in layers]
    if missing := [name for name in names if name not in model.hook_dict]:
        raise ValueError(f"this model has no hook point {missing[0]}, so {site} cannot be patched in it")
    streams = [HOOKS["resid_pre"].format(layer) for layer in layers]
    wraps = None if hooks_on(model) or not set(streams) <= set(model.hook_dict) else _block_wraps(question)
    together = wraps is not None
    runs = {
        name: _see(question, name, dict.fromkeys([*names, *(streams if together else ())]))
        for name in ("clean", "corrupt", "reference")
        if getattr(question, name) is not None
    }
    ends = [runs[name].logits if name in runs else None for name in ("clean", "corrupt")]
    ends = [None if logits is None else question.metric.of(logits) for logits in ends]
    for name, values in zip(("clean", "corrupt"), ends, strict=True):
        if values is not None:
            refuse_no_number(values, f"{question.metric.name!r} of the {name} run")
    base, base_value = runs[question.base_name].at, ends[question.direction == "denoising"]
    which = {"mean": "reference", "resample": question.donor_name}.get(question.ablation)
    source = {} if which is None else runs[which].at
    refuse_other_shape(site, question.model.cfg, grid, {name: base[name] for name in names})
    donor = [put_in(question, site, base[name], source.get(name), _seen_keys(base[name]), own) for name in names]
    values = base_value.expand(count_cells(grid.axes), -1).clone()
    acts = [base[name] for name in names]
    live = {
        flat: cell
        for flat, cell in grid.cells.items()
        if any(not torch.equal(edit_of(site, cell, grid, donor)(i, acts[i]), acts[i]) for i in _of(cell, layers))
    }
    if model.cfg.architecture not in FAMILIES or site == "attn_scores":
        for layer in sorted({layer for cell in live.values() for layer in _of(cell, layers)}):
            refuse_idle(question, site, layer)
    by_layer: dict[int | None, list[int]] = {}
    for flat, cell in live.items():
        by_layer.setdefault(cell.layer if together else None, []).append(flat)
    for layer, cells in by_layer.items():
        edits = {flat: edit_of(site, live[flat], grid, donor) for flat in cells}
        done = layer is not None and _together(
            question, site, layer, wraps, acts[layer], base[streams[layer]], edits, base_value, values
        )
        if not done:
            for flat, edit in edits.items():
                hooks = [hook_at(site, i, edit) for i in _of(live[flat], layers)]
                with model.hooks(fwd_hooks=hooks):
                    values[flat] = question.metric.of(_logits(question, question.base_name))
    return values, tuple(ends)


def _seen_keys(scores: Float[Tensor, "batch head query key"]) -> Tensor:
    """Where attention scores are those of keys that are seen; some models hide keys by the lowest number there is."""
    return scores > torch.finfo(scores.dtype).min / 2


def _of(cell: Cell, layers: range) -> range | list[int]:
    """The layers that a cell changes."""
    return layers if cell.layer is None else [cell.layer]


def _logits(question: Question, which: str) -> Float[Tensor, "batch n token"]:
    """What the metric reads of these prompts (of the reference: the last position)."""
    logits = run_model(question.model, getattr(question, which), question.mask_of(which))
    return logits[:, -1:] if which == "reference" else read_logits(logits, question.need, question.ids)


def _see(question: Question, which: str, names: dict[str, None]) -> Seen:
    """One forward of these prompts."""
    seen: dict[str, Tensor] = {}

    def keep(value: Tensor, hook: Any, name: str) -> None:
        seen[name] = value.detach().clone()

    hooks = [(name, lambda value, hook, name=name: keep(value, hook, name)) for name in names]
    with question.model.hooks(fwd_hooks=hooks):
        logits = _logits(question, which)
    if missing := [name for name in names if name not in seen]:
        raise ValueError(f"this model never comes by its hook point {missing[0]}, so nothing can be put in there")
    return Seen(seen, logits)


def _together(
    question: Question,
    site: str,
    layer: int,
    wraps: bool,
    here: Float[Tensor, "batch ..."],
    stream: Float[Tensor, "batch pos d_model"],
    edits: dict[int, Callable[[int, Tensor], Tensor]],
    base_value: Float[Tensor, "batch"],
    values: Float[Tensor, "cell batch"],
) -> bool:
    """Fill in the cells of one layer, in batches; False where an unchanged run does not come out as it should.

    here: the site in the base run. stream: the residual stream before the layer.
    """
    model, batch = question.model, len(stream)
    mask = question.mask_of(question.base_name)
    budget = question.memory or CHUNK.get(stream.device.type, CHUNK["cpu"])
    step = max(2, budget // _bytes_per_cell(model, stream))
    flats, position = list(edits), 0
    while position < len(flats):
        control = position == 0  # one row more, in which nothing is changed
        chunk = flats[position : position + step - control]
        position += len(chunk)
        new = torch.cat([edits[flat](layer, here) for flat in chunk] + [here] * control)
        n = len(chunk) + control
        hook = hook_at(site, layer, lambda _, value, new=new: new)
        with _starting_at(model, layer, wraps), model.hooks(fwd_hooks=[hook]):
            more = {} if mask is None else {"attention_mask": mask.repeat(n, 1).long()}
            logits = model(stream.repeat(n, 1, 1), start_at_layer=layer, **more)
        ids = None if question.ids is None else question.ids.repeat(n, 1)
        read = read_logits(logits, question.need.repeat(n, 1), ids).unflatten(0, (n, batch))
        found = question.metric.of(read)
        if control:
            off = (found[-1] - base_value).abs().max()
            if not off <= TOLERANCE.get(stream.dtype, 0.1) * (1 + base_value.abs().max()):
                return False
        values[chunk] = found[: len(chunk)]
    return True


def _block_wraps(question: Question) -> bool | None:
    """Whether a block returns its residual stream in a tuple of one; None where it returns anything else."""
    returned: list[Any] = []
    handle = question.model.blocks[0].register_forward_hook(lambda module, given, out: returned.append(out))
    try:
        run_model(question.model, question.clean[:1], None)
    finally:
        handle.remove()
    out = returned[0] if returned else None
    wraps = isinstance(out, tuple) and len(out) == 1
    return wraps if wraps or isinstance(out, Tensor) else None


@contextmanager
def _starting_at(model: Any, layer: int, wraps: bool) -> Iterator[None]:
    """The blocks below this one hand on what they are given, in the form in which they otherwise return it."""

    def idle(hidden: Tensor, *args: Any, **kwargs: Any) -> Tensor | tuple[Tensor]:
        return (hidden,) if wraps else hidden

    below = list(model.blocks)[:layer]
    was = [vars(block).pop("forward", None) for block in below]
    try:
        for block in below:
            vars(block)["forward"] = idle  # setattr would reach through to the wrapped module
        yield
    finally:
        for block, own in zip(below, was, strict=True):
            vars(block).pop("forward", None)
            if own is not None:
                vars(block)["forward"] = own


def _bytes_per_cell(model: Any, stream: Float[Tensor, "batch pos d_model"]) -> int:
    """What one cell holds at the fullest moment of a forward."""
    cfg, (batch, length, d_model) = model.cfg, stream.shape
    width = 2 * cfg.d_vocab + 12 * d_model + 2 * (cfg.d_mlp or 0) + 2 * cfg.n_heads * length
    return batch * length * width * stream.element_size()
