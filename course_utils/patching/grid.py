"""The cells of a sweep: which layers, heads and positions are patched, one at a time or together."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from jaxtyping import Int
from torch import Tensor

from .places import Positions, as_places, short, whole_numbers
from .result import Axis
from .unrolled import HEAD_SITES, MLP_SITES, PATTERN_SITES, SITES

Selection = Sequence[int] | Int[Tensor, "n"]


class Cell(NamedTuple):
    """One intervention: indices into the axes, None where everything is patched at once."""

    layer: int | None = None
    head: int | None = None
    position: int | None = None
    source: int | None = None
    neuron: int | None = None


@dataclass(frozen=True)
class Grid:
    """All cells of a sweep. `places[i]` is the position of axis entry i in each prompt."""

    axes: tuple[Axis, ...]
    cells: dict[int, Cell]  # by flat index
    places: tuple[Int[Tensor, "batch"], ...]


def count_cells(axes: Sequence[Axis]) -> int:
    """The number of cells."""
    return math.prod(len(axis.labels) for axis in axes)


def refuse_missing_site(model: Any, site: str) -> None:
    """Raises ValueError when there is no such site."""
    if site not in SITES:
        raise ValueError(f"a site is one of {', '.join(SITES)}, not {site!r}")
    if site in MLP_SITES and getattr(model.cfg, "attn_only", False):
        raise ValueError(f"this model has attention only, so it has no {site}")


def heads_of(site: str, cfg: Any) -> int:
    """How many heads a site has: keys and values may be shared by several queries."""
    shared = getattr(cfg, "n_key_value_heads", None) if site in ("k", "v") else None
    return shared or cfg.n_heads


def axes_of(site: str) -> tuple[str, ...]:
    """The axes that a site can be swept by."""
    return (
        "layer",
        "position",
        *(["head"] * (site in HEAD_SITES)),
        *(["source"] * (site in PATTERN_SITES)),
        *(["neuron"] * (site == "post")),
    )


def make_grid(
    cfg: Any,
    site: str,
    by: Sequence[str] | None,
    tokens: Int[Tensor, "batch pos"],
    layers: Selection | None,
    heads: Selection | None,
    neurons: Selection | None,
    positions: Selection | Mapping[str, Positions] | None,
    named: Mapping[str, Positions] | None,
) -> Grid:
    """The cells of a sweep, in the order of `by`.

    Args:
        named: the question's own positions, taken where `positions` states none.

    Raises:
        ValueError: an axis that the site does not have, or entries that an axis does not have.
    """
    has = axes_of(site)
    if by is None:
        by = ("layer", "head" if "head" in has else "neuron" if "neuron" in has else "position")
    if not isinstance(by, Iterable):
        raise ValueError(f"by= is an axis or several, of {', '.join(has)}, not {short(by)}")
    by = (by,) if isinstance(by, str) else tuple(by)
    for name in by:
        if name not in has or by.count(name) > 1:
            said = ", ".join(map(str, by))
            raise ValueError(f"{site} can be swept by each of {', '.join(has)} once, but by= says {said}")
    for name, given in (("layer", layers), ("head", heads), ("neuron", neurons), ("position", positions)):
        if given is not None and name not in by:
            raise ValueError(f"{name}s= chooses entries of an axis, but {name!r} is not in by={by}")
    if "neuron" in by and not cfg.d_mlp:
        raise ValueError("the model's configuration does not say how many neurons its MLPs have (cfg.d_mlp)")
    where = _positions(positions if positions is not None else named, tokens) if "position" in by else {}
    labels = {
        "layer": _chosen(layers, cfg.n_layers, "layer"),
        "head": _chosen(heads, heads_of(site, cfg), "head"),
        "neuron": _chosen(neurons, cfg.d_mlp, "neuron") if "neuron" in by else (),
        "position": tuple(where),
        "source": tuple(range(tokens.shape[1])),
    }
    indices = {**labels, "position": range(len(where))}
    combinations = itertools.product(*(indices[name] for name in by))
    cells = {flat: Cell(**dict(zip(by, one, strict=True))) for flat, one in enumerate(combinations)}
    return Grid(tuple(Axis(name, labels[name]) for name in by), cells, tuple(where.values()))


def _chosen(given: Selection | None, limit: int, name: str) -> tuple[int, ...]:
    """The entries of an axis.

    Raises:
        ValueError: none, or some that do not exist.
    """
    if given is None:
        return tuple(range(limit))
    chosen = whole_numbers(list(given) if isinstance(given, range) else given, f"{name}s")
    if chosen.ndim != 1 or not len(chosen):
        raise ValueError(f"{name}s= is a list of at least one {name}, not {short(given)}")
    if ((chosen < 0) | (chosen >= limit)).any():
        raise ValueError(f"{name}s are counted from 0 to {limit - 1}")
    return tuple(chosen.tolist())


def _positions(
    given: Selection | Mapping[str, Positions] | None, tokens: Int[Tensor, "batch pos"]
) -> dict[Any, Int[Tensor, "batch"]]:
    """The place of each entry of the axis in each prompt."""
    if given is None:
        given = range(tokens.shape[1])
    if not isinstance(given, Mapping):
        given = whole_numbers(list(given) if isinstance(given, range) else given, "positions")
        if given.ndim != 1:
            raise ValueError("positions= is a list of ints, the same in all prompts, or names with a position each")
        given = {p: p for p in given.tolist()}
    if not given:
        raise ValueError("positions= states no position at all")
    places = {name: as_places(at, tokens, f"position {name!r}") for name, at in given.items()}
    for name, at in places.items():
        if at.shape[1] != 1:
            raise ValueError(f"an entry of the position axis is one position per prompt, but {name!r} is {at.shape[1]}")
    return {name: at[:, 0] for name, at in places.items()}


def edit_of(site: str, cell: Cell, grid: Grid, donor: Sequence[Tensor]) -> Callable[[int, Tensor], Tensor]:
    """The intervention of one cell as an edit of the whole activation, for a forward that recomputes all."""
    dims = {"head": 1, "position": 2, "source": 3} if site in PATTERN_SITES else {"position": 1, "head": 2, "neuron": 2}

    def edit(layer: int, value: Tensor) -> Tensor:
        if cell.layer not in (None, layer):
            return value
        chosen = torch.ones_like(value, dtype=torch.bool)
        for name, dim in dims.items():
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
