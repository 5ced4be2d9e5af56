"""The work of path patching: what arrives at each reader, and the rest of the run after it has spoken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from jaxtyping import Float
from torch import Tensor

from .nodes import LAST, Reader, Writer
from .restart import Entry, Run, Suffix, continue_runs, take
from .runs import Ready
from .unrolled import Unrolled

KEPT = ("resid_pre", "resid_mid", "q", "k", "v", "z", "pattern")


@dataclass(frozen=True)
class Messages:
    """The base run, and what senders write differently in the donor's. `start`: the first position that can differ."""

    now: Ready
    donor: dict[str, list[Tensor]]
    start: int
    where: Float[Tensor, "batch suffix 1"]  # 1 at the senders' positions, else 0
    recompute_mlps: bool

    @property
    def model(self) -> Unrolled:
        return self.now.model

    @property
    def base(self) -> Run:
        return self.now.base

    def written(self, sender: Writer) -> Float[Tensor, "batch suffix d_model"]:
        """Donor minus base of one writer."""
        donor = self.donor
        if sender.layer is None:
            difference = donor["resid_pre"][0] - self.base["resid_pre"][0]
        elif sender.head is None:
            difference = donor["mlp_out"][sender.layer] - self.base["mlp_out"][sender.layer]
        else:
            z = donor["z"][sender.layer] - self.base["z"][sender.layer]
            difference = z[:, :, sender.head] @ self.model.blocks[sender.layer].W_O[sender.head]
        return difference[:, self.start :] * self.where

    def arriving(
        self, groups: Sequence[tuple[Writer, ...]], times: Sequence[int]
    ) -> Iterator[tuple[int, Float[Tensor, "group batch suffix d_model"]]]:
        """For each time, in order, the difference that each group of senders makes to the residual stream then."""
        total = torch.zeros((len(groups), *self.base["resid_pre"][0][:, self.start :].shape)).to(self.base.final)
        for now in range(-1, 2 * self.model.n_layers + 1):
            if now in times:
                yield now, total
            layer, is_mlp = divmod(now, 2)
            block = self.model.blocks[layer] if 0 <= now < 2 * self.model.n_layers else None
            step = torch.zeros_like(total)
            if self.recompute_mlps and is_mlp and block is not None and block.has_mlp:
                mid = self.base["resid_mid"][layer][:, self.start :]
                step += block.mlp(mid + total) - block.mlp(mid)
            for i, group in enumerate(groups):
                here = [sender for sender in group if sender.time == now]
                if here:  # an MLP that is itself a sender says what it said in the donor run
                    step[i] = sum(self.written(sender) for sender in here)
            total = total + step


def _time(wanted: Reader, model: Unrolled) -> int:
    return min(wanted.time, 2 * model.n_layers) if wanted.time < LAST else 2 * model.n_layers


def each_receiver(
    messages: Messages,
    groups: list[tuple[Writer, ...]],
    wanted: list[Reader],
    values: Float[Tensor, "group receiver batch"],
    memory: int,
) -> None:
    """Fill `values`, one cell for every pair."""
    model, base, start = messages.model, messages.base, messages.start
    need = messages.now.need
    step = max(1, memory // messages.now.bytes_per_cell(start))
    suffix = Suffix(start, need)
    at_time: dict[int, list[int]] = {}
    for j, one in enumerate(wanted):
        at_time.setdefault(_time(one, model), []).append(j)
    for first in range(0, len(groups), step):
        chunk = range(first, min(first + step, len(groups)))
        for now, total in messages.arriving([groups[i] for i in chunk], list(at_time)):
            speak = [i for i in chunk if any(s.time < now for s in groups[i])]
            if not speak:
                continue
            delta = total[[i - first for i in speak]]
            for rows, cells in _begin(messages, now, delta, [wanted[j] for j in at_time[now]], need, step):
                where = [(speak[s], at_time[now][r]) for s, r in cells]
                senders, readers = (list(x) for x in zip(*where, strict=True))
                if now == 2 * model.n_layers:
                    final = rows
                else:
                    layer, is_mlp = divmod(now, 2)
                    stage = "post" if is_mlp else "mid"
                    entry = Entry(stage, list(range(len(cells))), rows)
                    _, final = continue_runs(
                        model, base, suffix, lambda at, layer=layer, entry=entry: [entry] if at == layer else []
                    )
                values[senders, readers] = messages.now.read(final)


def _begin(
    messages: Messages, now: int, delta: Tensor, wanted: list[Reader], need: Tensor, step: int
) -> Iterator[tuple[Tensor, list[tuple[int, int]]]]:
    """The residual stream just after each receiver has spoken, in chunks: rows, and (sender, receiver) of each.

    delta: (sender, batch, suffix, d_model), what has arrived at the receivers' time.
    """
    model, base, start = messages.model, messages.base, messages.start
    if now == 2 * model.n_layers:
        before = (need < start)[None, ..., None]
        difference = take(delta, (need - start).clamp_min(0), 1).masked_fill(before, 0)
        yield take(base.final, need, 0) + difference, [(s, 0) for s in range(len(delta))]
        return
    layer, is_mlp = divmod(now, 2)
    block = model.blocks[layer]
    mid = base["resid_mid"][layer][:, start:]
    if is_mlp:
        yield mid + block.mlp(mid + delta), [(s, 0) for s in range(len(delta))]
        return
    for which in "qkv":
        heads = [(r, one.head) for r, one in enumerate(wanted) if one.input == which]
        if not heads:
            continue
        (new,) = block.qkv(base["resid_pre"][layer][:, start:] + delta, which)
        change = _z(messages, layer, which, new) - base["z"][layer][:, start:]  # (sender, batch, suffix, head, d_head)
        per_turn = max(1, step // len(heads))
        for first in range(0, len(change), per_turn):
            part = change[first : first + per_turn]
            for some in range(0, len(heads), step):
                chosen = heads[some : some + step]
                index = [head for _, head in chosen]
                rows = mid + torch.einsum("sbthe,hed->shbtd", part[..., index, :], block.W_O[index]).flatten(0, 1)
                yield rows, [(first + s, r) for s in range(len(part)) for r, _ in chosen]


def _z(messages: Messages, layer: int, which: str, new: Tensor) -> Tensor:
    """z of all heads with q, k or v replaced over the suffix: (sender, batch, suffix, head, d_head)."""
    base, start, block = messages.base, messages.start, messages.model.blocks[layer]
    n, batch = new.shape[:2]
    q, k, v = base["q"][layer], base["k"][layer], base["v"][layer]
    if which != "q":
        old = {"k": k, "v": v}[which]
        new = torch.cat([old[:, :start].expand(n, -1, -1, -1, -1), new], dim=2)
    if which == "v":
        return torch.einsum("bhqk,nbkhe->nbqhe", base["pattern"][layer][:, :, start:], new)
    parts = {"q": q[:, start:].expand(n, -1, -1, -1, -1), "k": k.expand(n, -1, -1, -1, -1), which: new}
    values = v.expand(n, -1, -1, -1, -1)
    visible = base.visible[..., start:, :]
    z = block.attend(parts["q"].flatten(0, 1), parts["k"].flatten(0, 1), values.flatten(0, 1), visible)
    return z.unflatten(0, (n, batch))


def receivers_together(
    messages: Messages,
    groups: list[tuple[Writer, ...]],
    wanted: list[Reader],
    values: Float[Tensor, "group one batch"],
    memory: int,
) -> None:
    """Fill `values`: each group of senders to all receivers at once."""
    model, base, start = messages.model, messages.base, messages.start
    need = messages.now.need
    times = sorted({_time(one, model) for one in wanted})
    first_layer = min(times) // 2
    step = max(1, memory // (2 * messages.now.bytes_per_cell()))
    for first in range(0, len(groups), step):
        chunk = groups[first : first + step]
        set_to: dict[tuple[str, int], list[tuple[int | None, Tensor]]] = {}
        at_logits: Tensor | float = 0.0
        for now, delta in messages.arriving(chunk, times):
            if now == 2 * model.n_layers:
                at_logits = delta
                continue
            layer, is_mlp = divmod(now, 2)
            block = model.blocks[layer]
            if is_mlp:
                set_to["mlp_out", layer] = [(None, block.mlp(base["resid_mid"][layer][:, start:] + delta))]
                continue
            new = dict(zip("qkv", block.qkv(base["resid_pre"][layer][:, start:] + delta), strict=True))
            for one in wanted:
                if one.layer == layer and one.input in new:
                    set_to.setdefault((one.input, layer), []).append((one.head, new[one.input][..., one.head, :]))

        def edit(layer: int, value: Tensor, site: str, set_to: dict = set_to) -> Tensor:
            if (site, layer) not in set_to:
                return value
            value = value.clone()
            for head, new in set_to[site, layer]:
                target = value[:, start:] if head is None else value[:, start:, head]
                target.copy_(new.flatten(0, 1))
            return value

        if first_layer < model.n_layers:
            resid = base["resid_pre"][first_layer].repeat(len(chunk), 1, 1)
            edits = {site: partial(edit, site=site) for site, _ in set_to}
            final, _ = model.forward(resid, base.visible, edits, first_layer=first_layer)
        else:
            final = base.final.repeat(len(chunk), 1, 1)
        final = final.unflatten(0, (len(chunk), -1))
        final[:, :, start:] += at_logits
        values[first : first + step, 0] = messages.now.read(take(final, need, 1))
