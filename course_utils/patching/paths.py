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

from collections.abc import Callable, Sequence
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from .grid import count_cells
from .metrics import Metric, as_metric
from .nodes import Reader, Writer, reader, refuse_unknown, writer
from .path_runs import KEPT, Messages, each_receiver, receivers_together
from .result import Axis, Sweep
from .runs import Prompts, contrast, ready
from .unrolled import Unrolled


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
        length = int(metric.positions_of(question.base).max()) + 1
        has_mlp = not getattr(model.cfg, "attn_only", False)
        sent = ("resid_pre", "z") + ("mlp_out",) * has_mlp
        now = ready(model, question, metric, tuple(dict.fromkeys((*KEPT, *sent))), sent, length)
        if now is None:
            raise NotImplementedError("path patching needs a GPT-2-format or boot_native model of the plain kind")
        groups, sender_axes = _groups(senders, now.model)
        wanted, receiver_axes = _receivers(receivers, now.model, pairs)
        values = now.base_value.expand(len(groups), max(1, count_cells(receiver_axes)), -1).clone()
        start = int(question.first_change().min())
        if start < length:  # else nothing that is read can differ
            where = _where(positions, question.base)[:, start:length, None].to(now.base.final)
            messages = Messages(now, start, where, mlps == "recomputed" and has_mlp)
            fill = each_receiver if receiver_axes else receivers_together
            fill(messages, groups, wanted, values, now.budget(memory))
    axes = (*sender_axes, *receiver_axes)
    return Sweep(
        values=values.reshape(*(len(axis.labels) for axis in axes), -1).cpu(),
        axes=axes,
        base=now.base_value.cpu(),
        clean=now.ends[0].cpu(),
        corrupt=now.ends[1].cpu(),
        title=f"direct paths to {receivers if isinstance(receivers, str) else ', '.join(map(str, wanted))}, "
        f"{question.direction}",
        metric=metric.name,
        route="restart",
    )


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


def _where(positions: Sequence[int] | Tensor | None, tokens: Tensor) -> Float[Tensor, "batch pos"]:
    """1 where senders speak, else 0."""
    if positions is None:
        return torch.ones(tokens.shape, device=tokens.device)
    named = Metric(lambda logits: logits, positions).positions_of(tokens)
    return torch.zeros(tokens.shape, device=tokens.device).scatter_(1, named, 1.0)
