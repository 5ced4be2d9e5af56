"""Many interventions in one forward, restarted where each of them first changes the run.

A causal decoder whose activations change at layer l and position p is unchanged below l, and left of p. So
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

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from .unrolled import SITES, Block, Unrolled, causal


@dataclass(frozen=True)
class Run:
    """The activations of one forward: `run["k"][layer]`, and the last residual stream, `final`."""

    sites: dict[str, list[Tensor]]
    final: Float[Tensor, "batch pos d_model"]

    def __getitem__(self, site: str) -> list[Tensor]:
        return self.sites[site]

    @staticmethod
    def of(model: Unrolled, tokens: Int[Tensor, "batch pos"], keep: tuple[str, ...] = SITES) -> Run:
        final, sites = model.forward(model.embed(tokens), keep=keep)
        return Run(sites, final)


@dataclass(frozen=True)
class Entry:
    """Interventions that begin at one layer.

    stage: "pre" (before the attention), "mid" (before the MLP) or "post" (after it).
    resid: the changed residual stream, (n, batch, d_model) when one position per prompt has changed, else
        (n, batch, pos from the start of the chunk on, d_model).
    """

    stage: str
    ids: list[int]
    resid: Tensor


@dataclass(frozen=True)
class Suffix:
    """Which part of the run a batch of interventions recomputes.

    start: the first position that changes in any prompt; need: (batch, n) the positions that the metric reads;
    position: (batch,) the one changed position, or None when every position from `start` on may have changed.
    """

    start: int
    need: Int[Tensor, "batch n"]
    position: Int[Tensor, "batch"] | None

    @property
    def need_here(self) -> Int[Tensor, "batch n"]:
        """`need` counted from `start`; what lies before it is clamped (and read from the base run later)."""
        return (self.need - self.start).clamp_min(0)


def take(x: Float[Tensor, "*n batch pos ..."], at: Int[Tensor, "batch m"], dim: int) -> Tensor:
    """x[…, b, at[b, j], …] for every prompt b: `dim` is the batch axis, the position axis follows it."""
    index = torch.arange(at.shape[0], device=at.device)[:, None]
    return x[(slice(None),) * dim + (index, at)]


def put(x: Tensor, at: Int[Tensor, "batch"], value: Tensor) -> Tensor:
    """A copy of x (batch, pos, …), one for each of value (n, batch, …), with value at position at[b]."""
    out = x.expand(value.shape[0], *x.shape).clone()
    out[:, torch.arange(at.shape[0], device=at.device), at] = value
    return out


def continue_runs(
    model: Unrolled, base: Run, suffix: Suffix, entries: Callable[[int], list[Entry]]
) -> tuple[list[int], Float[Tensor, "n batch need d_model"]]:
    """Carry interventions from where they enter to the last residual stream at the positions of the metric.

    Returns the ids in the order of the rows, and the rows. `entries(layer)` is called once per layer, ascending.
    """
    rows: list[tuple[list[int], Tensor]] = []  # changed at every position of the suffix
    lone: list[tuple[list[int], Tensor]] = []  # changed at suffix.position only
    for layer, block in enumerate(model.blocks):
        last = layer == model.n_layers - 1
        new = entries(layer)
        into = lone if suffix.position is not None else rows
        into += [(entry.ids, entry.resid) for entry in new if entry.stage == "pre"]
        mid: list[tuple[list[int], Tensor]] = []
        if rows:
            ids, resid = _join(rows)
            mid.append((ids, _attention(block, base, layer, suffix, resid, last)))
        if lone:
            ids, resid = _join(lone)
            mid.append((ids, _attention_of_one(block, base, layer, suffix, resid, last)))
        rows, lone = [], []
        for entry in new:
            if entry.stage == "pre":
                continue
            resid = entry.resid
            if suffix.position is not None:
                lone.append((entry.ids, _mlp(block, resid) if entry.stage == "mid" else resid))
                continue
            if last:
                resid = take(resid, suffix.need_here, 1)
            if entry.stage == "mid":
                mid.append((entry.ids, resid))
            else:
                rows.append((entry.ids, resid))
        if mid:
            ids, resid = _join(mid)
            rows.append((ids, _mlp(block, resid)))
    if lone:
        ids, resid = _join(lone)
        final = take(base.final, suffix.need, 0).expand(len(ids), -1, -1, -1)
        here = (suffix.need == suffix.position[:, None])[None, ..., None]
        rows.append((ids, torch.where(here, resid[:, :, None], final)))
    ids, resid = _join(rows)
    if (suffix.need < suffix.start).any():
        before = (suffix.need < suffix.start)[None, ..., None]
        resid = torch.where(before, take(base.final, suffix.need, 0)[None], resid)
    return ids, resid


def _join(parts: list[tuple[list[int], Tensor]]) -> tuple[list[int], Tensor]:
    if len(parts) == 1:
        return parts[0]
    return [i for ids, _ in parts for i in ids], torch.cat([x for _, x in parts])


def _mlp(block: Block, resid: Tensor) -> Tensor:
    return resid + block.mlp(resid) if block.has_mlp else resid


def visible_to(at: Int[Tensor, "batch m"], length: int) -> Tensor:
    """(batch, 1, m, length): the keys that the queries at these positions may see."""
    keys = torch.arange(length, device=at.device)
    return (keys[None, None] <= at[..., None])[:, None]


def _attention(block: Block, base: Run, layer: int, suffix: Suffix, resid: Tensor, last: bool) -> Tensor:
    """The residual stream after attention, for interventions that may have changed the whole suffix.

    resid is (n, batch, suffix, d_model); so is the result, or (n, batch, need, d_model) in the last layer.
    """
    n, batch, length = resid.shape[:3]
    if last:
        queried = take(resid, suffix.need_here, 1)
        (q,) = block.qkv(queried, "q")
        k, v = block.qkv(resid, "kv")
        visible = visible_to(suffix.start + suffix.need_here, suffix.start + length)
        visible = visible.expand(n, *visible.shape).flatten(0, 1)
    else:
        queried = resid
        q, k, v = block.qkv(resid)
        visible = causal(suffix.start + length, resid.device)[suffix.start :]
    k, v = (_with_prefix(base[name][layer], suffix.start, x) for name, x in (("k", k), ("v", v)))
    z = block.attend(q.flatten(0, 1), k.flatten(0, 1), v.flatten(0, 1), visible)
    return queried + block.write(z).unflatten(0, (n, batch))


def _with_prefix(base: Tensor, start: int, suffix: Tensor) -> Tensor:
    """Keys or values of all positions: those before `start` from the base run."""
    if start == 0:
        return suffix
    return torch.cat([base[:, :start].expand(suffix.shape[0], -1, -1, -1, -1), suffix], dim=2)


def _attention_of_one(block: Block, base: Run, layer: int, suffix: Suffix, resid: Tensor, last: bool) -> Tensor:
    """The same, for interventions that have so far changed one position per prompt: resid is (n, batch, d_model)."""
    n, batch = resid.shape[:2]
    q1, k1, v1 = block.qkv(resid)  # (n, batch, head, d_head)
    k, v = (put(base[name][layer], suffix.position, x) for name, x in (("k", k1), ("v", v1)))
    if last:
        here = (suffix.need == suffix.position[:, None])[None, ..., None]  # (1, batch, need, 1)
        q = torch.where(here[..., None], q1[:, :, None], take(base["q"][layer], suffix.need, 0)[None])
        before = torch.where(here, resid[:, :, None], take(base["resid_pre"][layer], suffix.need, 0)[None])
        visible = visible_to(suffix.need, k.shape[2])
        visible = visible.expand(n, *visible.shape).flatten(0, 1)
    else:
        at = suffix.position - suffix.start
        q = put(base["q"][layer][:, suffix.start :], at, q1)
        before = put(base["resid_pre"][layer][:, suffix.start :], at, resid)
        visible = causal(k.shape[2], resid.device)[suffix.start :]
    z = block.attend(q.flatten(0, 1), k.flatten(0, 1), v.flatten(0, 1), visible)
    return before + block.write(z).unflatten(0, (n, batch))


def bytes_per_cell(model: Unrolled, batch: int, length: int, start: int, read: int, lone: bool = False) -> int:
    """What one intervention holds at its fullest moment, in bytes.

    length: positions in the prompts; read: numbers unembedded per prompt.
    """
    block = model.blocks[0]
    d_mlp = 0 if block.W_in is None else block.W_in.shape[0]
    suffix, d_attn = length - start, model.n_heads * block.W_O.shape[1]
    attention = suffix * (4 * d_attn + 2 * model.d_model) + 2 * length * d_attn
    mlp = suffix * (2 * d_mlp + 3 * model.d_model)
    return batch * (max(attention, mlp) + suffix * model.d_model + 2 * read) * model.W_E.element_size()
