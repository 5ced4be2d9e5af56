"""The cells of a sweep: which layers, heads and positions are patched, one at a time or together."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from jaxtyping import Int
from torch import Tensor

from .result import Axis
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
