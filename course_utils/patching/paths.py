"""Path patching: what one component tells another, along the direct path between them (Wang et al. 2022).

1. The base run is the one that is changed, the donor run the one that the sender's output is taken from.
2. A sender's message is the difference that it writes, donor minus base. It is added to the input of the receivers
   alone; every other head in between keeps its output of the base run, and so does every MLP, unless
   `mlps="recomputed"` counts the MLPs in between as part of the direct path, as Wang et al. do.
3. The receivers are computed from that input, and everything after them is computed anew.

One receiver at a time (`pairs`), the rest of the run is batched and restarted as in sweeps. Receivers together are
set to what each of them would have computed from its own input, in one run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from .metrics import Metric, as_metric
from .nodes import LAST, Reader, Writer, reader, refuse_unknown, writer
from .restart import Entry, Run, Suffix, bytes_per_cell, continue_runs, take
from .result import Axis, Sweep
from .runs import Contrast, Prompts, contrast, unrolled_or_none
from .sweep import MEMORY, count_cells
from .unrolled import Unrolled, causal

KEPT = ("resid_pre", "resid_mid", "q", "k", "v", "z", "pattern")


@dataclass(frozen=True)
class Messages:
    """Two runs, and what senders write differently in them. `start`: the first position that can differ."""

    model: Unrolled
    base: Run
    donor: Run
    start: int
    where: Float[Tensor, "batch suffix 1"]  # 1 at the senders' positions, else 0
    recompute_mlps: bool

    def written(self, sender: Writer) -> Float[Tensor, "batch suffix d_model"]:
        """Donor minus base of one writer."""
        if sender.layer is None:
            difference = self.donor["resid_pre"][0] - self.base["resid_pre"][0]
        elif sender.head is None:
            difference = self.donor["mlp_out"][sender.layer] - self.base["mlp_out"][sender.layer]
        else:
            z = self.donor["z"][sender.layer] - self.base["z"][sender.layer]
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


def path_patch(
    model: Any,
    clean: Prompts,
    corrupt: Prompts,
    metric: Metric | Callable[[Tensor], Tensor],
    senders: str | Sequence[Any] = "heads",
    receivers: str | Sequence[Any] = "logits",
    *,
    pairs: bool = False,
    direction: str | None = None,
    mlps: str = "frozen",
    positions: Sequence[int] | Tensor | None = None,
    memory: int | None = None,
) -> Sweep:
    """The metric when senders tell receivers, along the direct path, what they would say in the other run.

    Args:
        senders: "heads" (each head alone: axes "sender layer", "sender head"), or a list (axis "sender") of
            writers such as "9.6", (9, 6), "m3", "embed", or of lists of them that send together.
        receivers: "logits"; a reader such as "9.6.q", "m3", or a list of them, which receive together; or any
            of "q", "k", "v", "qk", "qkv", …: those inputs of each head alone (axes "input", "receiver layer",
            "receiver head").
        pairs: each of the listed receivers alone (axis "receiver").
        direction: "denoising" (default: base run corrupt, messages clean) or "noising".
        mlps: "frozen", or "recomputed" when they are part of the direct path.
        positions: senders speak only at these: ints, or a tensor (batch,) or (batch, n).
        memory: as in `sweep`.

    Returns:
        a Sweep. Where no sender comes before the receiver the value is the base run's (effect 0).

    Raises:
        ValueError: a part that the model does not have, prompts of unequal length, ….
        NotImplementedError: an architecture that the unrolled forward does not know.
    """
    metric = as_metric(metric)
    if mlps not in ("frozen", "recomputed"):
        raise ValueError(f"mlps is 'frozen' or 'recomputed', not {mlps!r}")
    question = contrast(model, clean, corrupt, direction=direction)
    with torch.no_grad():
        plain = unrolled_or_none(model, [question.clean, question.corrupt], metric)
        if plain is None:
            raise NotImplementedError("path patching needs a GPT-2-format or boot_native model of the plain kind")
        groups, sender_axes = _groups(senders, plain)
        wanted, receiver_axes = _receivers(receivers, plain, pairs)
        ends = _ends(plain, question, metric)
        base = ends[question.base is question.corrupt]
        values = base.expand(len(groups), max(1, count_cells(receiver_axes)), -1).clone()
        messages = _messages(plain, question, metric, groups, mlps, positions)
        if messages is not None:
            fill = _each_receiver if receiver_axes else _receivers_together
            budget = memory or MEMORY.get(question.base.device.type, MEMORY["cpu"])
            fill(messages, groups, wanted, metric, question, values, budget)
    axes = (*sender_axes, *receiver_axes)
    return Sweep(
        values=values.reshape(*(len(axis.labels) for axis in axes), -1).cpu(),
        axes=axes,
        base=base.cpu(),
        clean=ends[0].cpu(),
        corrupt=ends[1].cpu(),
        title=f"direct paths to {receivers if isinstance(receivers, str) else ', '.join(map(str, wanted))}, "
        f"{question.direction}",
        metric=metric.name,
        route="restart",
    )


def _ends(model: Unrolled, question: Contrast, metric: Metric) -> list[Tensor]:
    """The metric of the clean and of the corrupt run."""
    out = []
    for tokens in (question.clean, question.corrupt):
        final, _ = model.forward(model.embed(tokens))
        out.append(metric.of(model.logits(take(final, metric.positions_of(tokens), 0), metric.tokens_of(tokens))))
    return out


def _groups(senders: Any, model: Unrolled) -> tuple[list[tuple[Writer, ...]], tuple[Axis, ...]]:
    n_layers, n_heads = model.n_layers, model.n_heads
    if senders == "heads":
        groups = [(Writer(layer, head),) for layer in range(n_layers) for head in range(n_heads)]
        return groups, (Axis("sender layer", tuple(range(n_layers))), Axis("sender head", tuple(range(n_heads))))
    senders = [senders] if isinstance(senders, (str, tuple, Writer)) else senders
    groups = [tuple(map(writer, s)) if isinstance(s, (list, set, frozenset)) else (writer(s),) for s in senders]
    refuse_unknown((w for group in groups for w in group), n_layers, n_heads, model.blocks[0].has_mlp)
    return groups, (Axis("sender", tuple("+".join(map(str, group)) for group in groups)),)


def _receivers(receivers: Any, model: Unrolled, pairs: bool) -> tuple[list[Reader], tuple[Axis, ...]]:
    layers, heads = range(model.n_layers), range(model.n_heads)
    if isinstance(receivers, str) and receivers and set(receivers) <= set("qkv"):
        wanted = [Reader(which, layer, head) for which in receivers for layer in layers for head in heads]
        axes = ("input", tuple(receivers)), ("receiver layer", tuple(layers)), ("receiver head", tuple(heads))
        return wanted, tuple(Axis(name, labels) for name, labels in axes)
    wanted = [reader(r) for r in ([receivers] if isinstance(receivers, (str, Reader)) else receivers)]
    refuse_unknown(wanted, model.n_layers, model.n_heads, model.blocks[0].has_mlp)
    return wanted, (Axis("receiver", tuple(map(str, wanted))),) if pairs else ()


def _messages(
    model: Unrolled, question: Contrast, metric: Metric, groups: list, mlps: str, positions: Any
) -> Messages | None:
    """The two runs, up to the last position that is read; None when nothing that is read can differ."""
    length = int(metric.positions_of(question.base).max()) + 1
    start = int(question.first_change().min())
    if start >= length:
        return None
    where = torch.ones(len(question.base), length, device=question.base.device)
    if positions is not None:
        named = Metric(lambda x: x, positions).positions_of(question.base)
        where = torch.zeros(len(question.base), question.base.shape[1], device=where.device).scatter_(1, named, 1.0)
    has_mlp = model.blocks[0].has_mlp
    sent = ("resid_pre", "z", "mlp_out")[: 2 + has_mlp]
    base = Run.of(model, question.base[:, :length], (*KEPT, *sent[2:]))
    donor = Run.of(model, question.donor[:, :length], sent)
    where = where[:, start:length, None].to(base.final.dtype)
    return Messages(model, base, donor, start, where, mlps == "recomputed" and has_mlp)


def _time(wanted: Reader, model: Unrolled) -> int:
    return min(wanted.time, 2 * model.n_layers) if wanted.time < LAST else 2 * model.n_layers


def _each_receiver(
    messages: Messages,
    groups: list[tuple[Writer, ...]],
    wanted: list[Reader],
    metric: Metric,
    question: Contrast,
    values: Float[Tensor, "group receiver batch"],
    memory: int,
) -> None:
    """Fill `values`, one cell for every pair."""
    model, base, start = messages.model, messages.base, messages.start
    need, ids = metric.positions_of(question.base), metric.tokens_of(question.base)
    batch, length = base["resid_pre"][0].shape[:2]
    read = need.shape[1] * (model.W_U.shape[1] if ids is None else ids.shape[1])
    step = max(1, memory // bytes_per_cell(model, batch, length, start, read))
    suffix = Suffix(start, need, None)
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
                values[senders, readers] = metric.of(model.logits(final, ids))


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
    """z over the suffix, of all heads, with q, k or v over the suffix replaced: (sender, batch, suffix, head, d_head)."""
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
    visible = causal(k.shape[1], k.device)[start:]
    z = block.attend(parts["q"].flatten(0, 1), parts["k"].flatten(0, 1), values.flatten(0, 1), visible)
    return z.unflatten(0, (n, batch))


def _receivers_together(
    messages: Messages,
    groups: list[tuple[Writer, ...]],
    wanted: list[Reader],
    metric: Metric,
    question: Contrast,
    values: Float[Tensor, "group one batch"],
    memory: int,
) -> None:
    """Fill `values`: each group of senders to all receivers at once."""
    model, base, start = messages.model, messages.base, messages.start
    need, ids = metric.positions_of(question.base), metric.tokens_of(question.base)
    batch, length = base["resid_pre"][0].shape[:2]
    times = sorted({_time(one, model) for one in wanted})
    first_layer = min(times) // 2
    step = max(1, memory // (2 * bytes_per_cell(model, batch, length, 0, need.shape[1] * (ids is None or 1))))
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

        def edit(site: str, layer: int, value: Tensor, set_to: dict = set_to) -> Tensor:
            if (site, layer) not in set_to:
                return value
            value = value.clone()
            for head, new in set_to[site, layer]:
                target = value[:, start:] if head is None else value[:, start:, head]
                target.copy_(new.flatten(0, 1))
            return value

        if first_layer < model.n_layers:
            resid = base["resid_pre"][first_layer].repeat(len(chunk), 1, 1)
            final, _ = model.forward(resid, edit=edit, first_layer=first_layer)
        else:
            final = base.final.repeat(len(chunk), 1, 1)
        final = final.unflatten(0, (len(chunk), batch))
        final[:, :, start:] += at_logits
        values[first : first + step, 0] = metric.of(model.logits(take(final, need, 1), ids))


