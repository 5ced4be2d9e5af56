"""Many interventions in one forward, restarted where each of them first changes the run.

A run whose activations change at layer l and position p is unchanged below l and, where attention is causal, left of
p (elsewhere "from p on" means every position). So
1. the base run is made once and its keys, values and residual stream are kept (`Run`);
2. all interventions that share a first position go through the layers together: at each layer the ones that
   begin there join the batch (`Entry`), so it grows (`continue_runs`);
3. while an intervention has changed one position only, only that position is computed; from the first attention
   layer after it, the positions from p on, with the keys and values of earlier ones taken from the base run;
4. in the last layer only the positions that the metric reads get queries and an MLP; only its tokens are
   unembedded.
Nothing is approximated: the arithmetic left out is arithmetic whose result is known.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from .unrolled import Block, Unrolled, Visible, seen_by, softmax


@dataclass(frozen=True)
class Run:
    """The activations of one forward: `run["k"][layer]`, the last residual stream, `final`, and who saw whom."""

    sites: dict[str, list[Tensor]]
    final: Float[Tensor, "batch pos d_model"]
    visible: Visible

    def __getitem__(self, site: str) -> list[Tensor]:
        return self.sites[site]

    @staticmethod
    def of(
        model: Unrolled,
        tokens: Int[Tensor, "batch pos"],
        keep: Collection[str] = (),
        mask: Bool[Tensor, "batch pos"] | None = None,
    ) -> Run:
        visible = model.visible(tokens.shape[1], mask)
        final, sites = model.forward(model.embed(tokens), visible, keep=keep)
        return Run(sites, final, visible)


@dataclass(frozen=True)
class Entry:
    """Interventions that begin at one layer.

    stage: "pre" (before the attention), "mid" (before the MLP) or "post" (after it).
    resid: the changed residual stream, (n, batch, d_model) when one position per prompt has changed, else
        (n, batch, pos from the start of the chunk on, d_model).
    at: (n, batch) that one position; None when every position from the start on may have changed.
    """

    stage: str
    ids: list[int]
    resid: Tensor
    at: Int[Tensor, "n batch"] | None = None


@dataclass(frozen=True)
class Suffix:
    """Which part of the run a batch of interventions recomputes.

    start: the first position that changes in any of them. need: (batch, n) the positions that the metric reads.
    """

    start: int
    need: Int[Tensor, "batch n"]

    @property
    def need_here(self) -> Int[Tensor, "batch n"]:
        """`need` counted from `start`; what lies before it is clamped (and read from the base run later)."""
        return (self.need - self.start).clamp_min(0)


def take(x: Float[Tensor, "*n batch pos ..."], at: Int[Tensor, "batch m"], dim: int) -> Tensor:
    """x[…, b, at[b, j], …] for every prompt b: `dim` is the batch axis, the position axis follows it."""
    index = torch.arange(at.shape[0], device=at.device)[:, None]
    return x[(slice(None),) * dim + (index, at)]


def put(x: Float[Tensor, "batch pos ..."], at: Int[Tensor, "n batch"], value: Float[Tensor, "n batch ..."]) -> Tensor:
    """Copies of x, one for each row of value, with value[i, b] at position at[i, b]: (n, batch, pos, …)."""
    n, batch = at.shape
    out = x.expand(n, *x.shape).clone()
    out[torch.arange(n, device=at.device)[:, None], torch.arange(batch, device=at.device), at] = value
    return out


def continue_runs(
    model: Unrolled, base: Run, suffix: Suffix, entries: Callable[[int], list[Entry]]
) -> tuple[list[int], Float[Tensor, "n batch need d_model"]]:
    """Carry interventions from where they enter to the last residual stream at the positions of the metric.

    Returns the ids in the order of the rows, and the rows. `entries(layer)` is called once per layer, ascending.
    """
    rows: list[Entry] = []  # changed at every position of the suffix
    lone: list[Entry] = []  # changed at one position only
    for layer, block in enumerate(model.blocks):
        last = layer == model.n_layers - 1
        new = entries(layer)
        for entry in new:
            if entry.stage == "pre":
                (rows if entry.at is None else lone).append(entry)
        mid: list[Entry] = []
        if rows:
            all_rows = _join(rows)
            mid.append(replace(all_rows, resid=_attention(block, base, layer, suffix, all_rows.resid, last)))
        if lone:
            ones = _join(lone)
            mid.append(replace(ones, resid=_attention_of_one(block, base, layer, suffix, ones, last), at=None))
        rows, lone = [], []
        for entry in new:
            if entry.stage == "pre":
                continue
            if entry.at is not None:
                lone.append(replace(entry, resid=_mlp(block, entry.resid)) if entry.stage == "mid" else entry)
                continue
            if last:
                entry = replace(entry, resid=take(entry.resid, suffix.need_here, 1))
            (mid if entry.stage == "mid" else rows).append(entry)
        if mid:
            all_mid = _join(mid)
            rows.append(replace(all_mid, resid=_mlp(block, all_mid.resid)))
    if lone:
        ones = _join(lone)
        here = (suffix.need == ones.at[..., None])[..., None]  # (n, batch, need, 1)
        rows.append(replace(ones, resid=torch.where(here, ones.resid[:, :, None], take(base.final, suffix.need, 0))))
    done = _join([replace(entry, at=None) for entry in rows])
    resid = done.resid
    if (suffix.need < suffix.start).any():
        before = (suffix.need < suffix.start)[None, ..., None]
        resid = torch.where(before, take(base.final, suffix.need, 0)[None], resid)
    return done.ids, resid


def _join(parts: list[Entry]) -> Entry:
    if len(parts) == 1:
        return parts[0]
    at = None if parts[0].at is None else torch.cat([part.at for part in parts])
    ids = [i for part in parts for i in part.ids]
    return Entry(parts[0].stage, ids, torch.cat([part.resid for part in parts]), at)


def _mlp(block: Block, resid: Tensor) -> Tensor:
    return resid + block.mlp(resid) if block.has_mlp else resid


def _attention(block: Block, base: Run, layer: int, suffix: Suffix, resid: Tensor, last: bool) -> Tensor:
    """The residual stream after attention, for interventions that may have changed the whole suffix.

    resid is (n, batch, suffix, d_model); so is the result, or (n, batch, need, d_model) in the last layer.
    """
    n, batch = resid.shape[:2]
    if last:
        return _attention_of_queries(block, base, layer, suffix, resid)
    q, k, v = block.qkv(resid)
    visible = base.visible[..., suffix.start :, :]
    k, v = (_with_prefix(base[name][layer], suffix.start, x) for name, x in (("k", k), ("v", v)))
    z = block.attend(q.flatten(0, 1), k.flatten(0, 1), v.flatten(0, 1), visible)
    return resid + block.write(z).unflatten(0, (n, batch))


def _attention_of_queries(block: Block, base: Run, layer: int, suffix: Suffix, resid: Tensor) -> Tensor:
    """The last layer's attention: queries at the needed positions only, and no keys or values are formed.

    A score q·(W_K y + b_K) is (q W_K)·y + q·b_K, and a mixture of values is the values' map of the mixture, so
    with few queries both projections are made once per query and head in place of once per position.
    """
    queried = take(resid, suffix.need_here, 1)
    (q,) = block.qkv(queried, "q")  # (n, batch, need, head, d_head)
    n_heads = q.shape[-2]
    _, W_K, W_V = block.W_QKV.unflatten(0, (3, n_heads, -1))  # (head, d_head, d_model)
    _, b_K, b_V = block.b_QKV.unflatten(0, (3, n_heads, -1))
    y, start = block.ln1(resid), suffix.start
    asked = torch.einsum("nbmhe,hed->nbmhd", q, W_K)
    scores = torch.einsum("nbmhd,nbtd->nbmht", asked, y) + (q * b_K).sum(-1, keepdim=True)
    if start:
        before = torch.einsum("nbmhe,bjhe->nbmhj", q, base["k"][layer][:, :start])
        scores = torch.cat([before, scores], dim=-1)
    visible = seen_by(base.visible, start + suffix.need_here)  # (batch, 1, need, key)
    pattern = softmax((scores * block.scale).masked_fill(~visible.transpose(1, 2), float("-inf")))
    late = pattern[..., start:]
    mixed = torch.einsum("nbmht,nbtd->nbmhd", late, y)
    z = torch.einsum("nbmhd,hed->nbmhe", mixed, W_V) + late.sum(-1, keepdim=True) * b_V
    if start:
        z = z + torch.einsum("nbmhj,bjhe->nbmhe", pattern[..., :start], base["v"][layer][:, :start])
    return queried + block.write(z)


def _with_prefix(base: Tensor, start: int, suffix: Tensor) -> Tensor:
    """Keys or values of all positions: those before `start` from the base run."""
    if start == 0:
        return suffix
    return torch.cat([base[:, :start].expand(suffix.shape[0], -1, -1, -1, -1), suffix], dim=2)


def _attention_of_one(block: Block, base: Run, layer: int, suffix: Suffix, ones: Entry, last: bool) -> Tensor:
    """The same, for interventions that have so far changed one position per prompt."""
    resid, at = ones.resid, ones.at
    n, batch = at.shape
    q1, k1, v1 = block.qkv(resid)  # (n, batch, head, d_head)
    k, v = (put(base[name][layer], at, x) for name, x in (("k", k1), ("v", v1)))
    if last:
        here = (suffix.need == at[..., None])[..., None]  # (n, batch, need, 1)
        q = torch.where(here[..., None], q1[:, :, None], take(base["q"][layer], suffix.need, 0))
        before = torch.where(here, resid[:, :, None], take(base["resid_pre"][layer], suffix.need, 0))
        visible = seen_by(base.visible, suffix.need)
    else:
        q = put(base["q"][layer][:, suffix.start :], at - suffix.start, q1)
        before = put(base["resid_pre"][layer][:, suffix.start :], at - suffix.start, resid)
        visible = base.visible[..., suffix.start :, :]
    z = block.attend(q.flatten(0, 1), k.flatten(0, 1), v.flatten(0, 1), visible)
    return before + block.write(z).unflatten(0, (n, batch))


def bytes_per_cell(model: Unrolled, batch: int, length: int, start: int, read: int) -> int:
    """What one intervention holds at its fullest moment, in bytes.

    length: positions in the prompts; read: numbers unembedded per prompt.
    """
    block = model.blocks[0]
    d_mlp = 0 if block.W_in is None else block.W_in.shape[0]
    suffix, d_attn = length - start, model.n_heads * block.W_O.shape[1]
    attention = suffix * (4 * d_attn + 2 * model.d_model) + 2 * length * d_attn
    mlp = suffix * (2 * d_mlp + 3 * model.d_model)
    return batch * (max(attention, mlp) + suffix * model.d_model + 2 * read) * model.W_E.element_size()
