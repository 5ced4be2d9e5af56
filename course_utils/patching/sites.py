"""How each site's replacement enters the residual stream, for the fast path.

Every single-site intervention is one of three beginnings (see `restart.Entry`): a new residual stream before
the attention (resid_pre), between attention and MLP (resid_mid, attn_out, and all that belongs to a head),
or after the MLP (resid_post, mlp_out, neurons). A head's intervention is first turned into that head's new z:
replaced (z), weighted anew (pattern, attn_scores), or attended anew (q, k, v); the difference, through W_O, is what
changes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from .grid import Cell
from .restart import Entry, Run, take
from .unrolled import PATTERN_SITES, Unrolled, seen_by, softmax

NEEDS = ("resid_pre", "q", "k", "v")  # what restarting reads from the base run, whatever the site
READS = {  # what else each site reads from it
    "resid_pre": (),
    "resid_mid": (),
    "resid_post": (),
    "attn_out": (),
    "mlp_out": ("resid_mid",),
    "post": ("resid_post",),
    "z": ("resid_mid",),
    "result": ("resid_mid", "z"),
    "q": ("resid_mid", "z"),
    "k": ("resid_mid", "z"),
    "v": ("resid_mid", "z", "pattern"),
    "pattern": ("resid_mid", "z"),
    "attn_scores": ("resid_mid", "z"),
}


def base_sites(site: str) -> tuple[str, ...]:
    """The activations of the base run that a sweep over `site` reads."""
    return tuple(dict.fromkeys((*NEEDS, *READS[site], site)))


def spreads(site: str) -> bool:
    """Whether a change at one position is at once felt at others (keys and values are read by them)."""
    return site in ("k", "v")


@dataclass(frozen=True)
class Replacement:
    """One site of one run replaced, at one position per prompt or at all from `start` on.

    position: (batch,) or None for every position.
    """

    model: Unrolled
    base: Run
    donor: list[Tensor]
    site: str
    start: int
    position: Int[Tensor, "batch"] | None

    @property
    def lone(self) -> Int[Tensor, "batch"] | None:
        """The one position at which the residual stream first changes; None when there are several."""
        return None if spreads(self.site) else self.position

    def part(self, x: Float[Tensor, "batch pos ..."]) -> Tensor:
        """x where the residual stream first changes: (batch, …) at the lone position, else (batch, suffix, …)."""
        return x[:, self.start :] if self.lone is None else take(x, self.lone[:, None], 0)[:, 0]

    def entry(self, layer: int, ids: list[int], cells: Sequence[Cell]) -> Entry:
        """The interventions of one layer: one for each cell, with its id."""
        base, new, site = self.base, self.donor[layer], self.site
        if site in ("resid_pre", "resid_mid", "resid_post"):
            return self._entry({"resid_pre": "pre", "resid_mid": "mid"}.get(site, "post"), ids, self.part(new))
        if site == "attn_out":
            return self._entry("mid", ids, self.part(base["resid_pre"][layer] + new))
        if site == "mlp_out":
            return self._entry("post", ids, self.part(base["resid_mid"][layer] + new))
        if site == "post":
            after, change = self.part(base["resid_post"][layer]), self.part(new) - self.part(base["post"][layer])
            W_out = self.model.blocks[layer].W_out
            if cells[0].neuron is None:
                return self._entry("post", ids, after + F.linear(change, W_out))
            neurons = [cell.neuron for cell in cells]
            written = torch.einsum("b...n,dn->nb...d", change[..., neurons], W_out[:, neurons])
            return self._entry("post", ids, after + written)
        mid = self.part(base["resid_mid"][layer])
        out = mid.new_empty(len(ids), *mid.shape)
        for source in {cell.source for cell in cells}:
            written = self._change_of_heads(layer, source)
            rows = [i for i, cell in enumerate(cells) if cell.source == source and cell.head is not None]
            if rows:
                out[rows] = mid + written([cells[i].head for i in rows])
            together = [i for i, cell in enumerate(cells) if cell.source == source and cell.head is None]
            if together:
                out[together] = mid + written(None)
        return self._entry("mid", ids, out)

    def _change_of_heads(self, layer: int, source: int | None) -> Callable[[list[int] | None], Tensor]:
        """A function of heads: what each writes differently, (head, batch, [suffix], d_model); of None: all at once."""
        W_O = self.model.blocks[layer].W_O
        if self.site == "result":
            old = torch.einsum("b...he,hed->b...hd", self.part(self.base["z"][layer]), W_O)
            change = self.part(self.donor[layer]) - old
            return lambda heads: change.sum(-2) if heads is None else change[..., heads, :].movedim(-2, 0)
        change = self.new_z(layer, source) - self.part(self.base["z"][layer])
        return lambda heads: (
            torch.einsum("b...he,hed->b...d", change, W_O)
            if heads is None
            else torch.einsum("b...he,hed->hb...d", change[..., heads, :], W_O[heads])
        )

    def _entry(self, stage: str, ids: list[int], resid: Tensor) -> Entry:
        """resid: one row for each id, or one for all of them."""
        n = len(ids)
        if resid.ndim == (3 if self.lone is None else 2):
            resid = resid.expand(n, *resid.shape)
        return Entry(stage, ids, resid, None if self.lone is None else self.lone.expand(n, -1))

    def new_z(self, layer: int, source: int | None) -> Float[Tensor, "batch *suffix head d_head"]:
        """z of all heads with the site replaced, at the lone position or over the suffix."""
        base, new, block = self.base, self.donor[layer], self.model.blocks[layer]
        if self.site == "z":
            return self.part(new)
        if self.site in PATTERN_SITES:
            if source is not None:
                row = base[self.site][layer].clone()
                row[..., source] = new[..., source]
                new = row
            rows = self.part(new.transpose(1, 2))  # (batch, [suffix], head, key)
            rows = softmax(rows) if self.site == "attn_scores" else rows
            return torch.einsum("b...hk,bkhe->b...he", rows, base["v"][layer])
        if self.site == "q":
            k, v = base["k"][layer], base["v"][layer]
            if self.lone is None:
                return block.attend(new[:, self.start :], k, v, base.visible[..., self.start :, :])
            return block.attend(self.part(new)[:, None], k, v, seen_by(base.visible, self.lone[:, None]))[:, 0]
        replaced = new
        if self.position is not None:  # keys and values: one position replaced, read by all that see it
            here = torch.arange(new.shape[1], device=new.device)[None] == self.position[:, None]
            replaced = torch.where(here[..., None, None], new, base[self.site][layer])
        if self.site == "v":
            pattern = base["pattern"][layer][:, :, self.start :]
            return torch.einsum("bhqk,bkhe->bqhe", pattern, replaced)
        visible = base.visible[..., self.start :, :]
        return block.attend(base["q"][layer][:, self.start :], replaced, base["v"][layer], visible)
