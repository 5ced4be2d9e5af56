"""How each site's replacement enters the residual stream, for the fast path.

Every single-site intervention is one of three beginnings (see `restart.Entry`): a new residual stream before
the attention (resid_pre), between attention and MLP (resid_mid, attn_out, and all that belongs to a head),
or after the MLP (mlp_out). A head's intervention is first turned into that head's new z:
replaced (z), weighted anew (pattern), or attended anew (q, k, v); the difference, through W_O, is what changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from .restart import Entry, Run, take
from .unrolled import HEAD_SITES, Unrolled, causal

NEEDS = ("resid_pre", "q", "k", "v")  # what restarting reads from the base run, whatever the site
READS = {  # what else each site reads from it
    "resid_pre": (),
    "resid_mid": (),
    "attn_out": (),
    "mlp_out": ("resid_mid",),
    "z": ("resid_mid", "z"),
    "q": ("resid_mid", "z"),
    "k": ("resid_mid", "z"),
    "v": ("resid_mid", "z", "pattern"),
    "pattern": ("resid_mid", "z", "pattern"),
}


def base_sites(site: str) -> tuple[str, ...]:
    """The activations of the base run that a sweep over `site` reads."""
    return tuple(dict.fromkeys((*NEEDS, *READS[site], site)))


def spreads(site: str) -> bool:
    """Whether a change at one position is at once felt at later ones (keys and values are read by them)."""
    return site in ("k", "v")


@dataclass(frozen=True)
class Replacement:
    """One site of one run replaced, at one position per prompt or at all from `start` on.

    position: (batch,) or None for every position. source: with site "pattern", the one key position whose
    probability is replaced, or None for the whole row.
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

    def entry(self, layer: int, ids: list[int], heads: Sequence[int | None], sources: Sequence[int | None]) -> Entry:
        """The interventions of one layer: one for each id, at its head (None: all heads together)."""
        base, new = self.base, self.donor[layer]
        n = len(ids)
        if self.site == "resid_pre":
            return self._entry("pre", ids, self._repeat(self.part(new), n))
        if self.site == "resid_mid":
            return self._entry("mid", ids, self._repeat(self.part(new), n))
        if self.site == "attn_out":
            return self._entry("mid", ids, self._repeat(self.part(base["resid_pre"][layer] + new), n))
        if self.site == "mlp_out":
            return self._entry("post", ids, self._repeat(self.part(base["resid_mid"][layer] + new), n))
        assert self.site in HEAD_SITES
        old = self.part(base["z"][layer])
        deltas = {s: self.new_z(layer, s) - old for s in set(sources)}  # (batch, [suffix], head, d_head)
        W_O = self.model.blocks[layer].W_O
        mid = self.part(base["resid_mid"][layer])
        out = mid.new_empty(n, *mid.shape)
        for source, delta in deltas.items():
            rows = [i for i in range(n) if sources[i] == source and heads[i] is not None]
            if rows:
                chosen = [heads[i] for i in rows]
                out[rows] = mid + torch.einsum("b...he,hed->hb...d", delta[..., chosen, :], W_O[chosen])
            together = [i for i in range(n) if sources[i] == source and heads[i] is None]
            if together:
                out[together] = mid + torch.einsum("b...he,hed->b...d", delta, W_O)
        return self._entry("mid", ids, out)

    def _entry(self, stage: str, ids: list[int], resid: Tensor) -> Entry:
        return Entry(stage, ids, resid, None if self.lone is None else self.lone.expand(len(ids), -1))

    def _repeat(self, x: Tensor, n: int) -> Tensor:
        return x.expand(n, *x.shape)

    def new_z(self, layer: int, source: int | None) -> Float[Tensor, "batch *suffix head d_head"]:
        """z of all heads with the site replaced, at the lone position or over the suffix."""
        base, new, block = self.base, self.donor[layer], self.model.blocks[layer]
        length = base["k"][layer].shape[1]
        everyone = causal(length, new.device)
        if self.site == "z":
            return self.part(new)
        if self.site == "pattern":
            if source is not None:
                row = base["pattern"][layer].clone()
                row[..., source] = new[..., source]
                new = row
            rows = self.part(new.transpose(1, 2))  # (batch, [suffix], head, key)
            return torch.einsum("b...hk,bkhe->b...he", rows, base["v"][layer])
        if self.site == "q":
            q, k, v = new, base["k"][layer], base["v"][layer]
            if self.lone is None:
                return block.attend(q[:, self.start :], k, v, everyone[self.start :])
            return block.attend(self.part(q)[:, None], k, v, everyone[self.lone][:, None, None])[:, 0]
        replaced = new
        if self.position is not None:  # keys and values: one position replaced, read by all later ones
            here = torch.arange(length, device=new.device)[None] == self.position[:, None]
            replaced = torch.where(here[..., None, None], new, base[self.site][layer])
        if self.site == "v":
            pattern = base["pattern"][layer][:, :, self.start :]
            return torch.einsum("bhqk,bkhe->bqhe", pattern, replaced)
        return block.attend(base["q"][layer][:, self.start :], replaced, base["v"][layer], everyone[self.start :])
