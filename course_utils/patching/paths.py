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

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import torch
from jaxtyping import Float
from torch import Tensor

from .attribution import ready_or_refuse
from .grid import count_cells
from .nodes import Reader, Writer, reader, refuse_unknown, sites_sent, writer
from .path_runs import KEPT, Messages, each_receiver, receivers_together
from .places import Positions
from .result import Axis, Sweep
from .runs import exactly
from .unrolled import Unrolled

if TYPE_CHECKING:
    from .question import Question


@exactly
def path_patch(
    self: Question,
    senders: str | Sequence[Any] = "heads",
    receivers: str | Sequence[Any] = "logits",
    *,
    pairs: bool = False,
    mlps: str = "frozen",
    positions: Positions | str | None = None,
) -> Sweep:
    """The metric when senders tell receivers, along the direct path, what they would say in the donor run.

    Args:
        senders: "heads" (each head alone: axes "sender layer", "sender head"), or a list (axis "sender") of
            writers such as "9.6", (9, 6), "m3", "embed", or of lists of them that send together.
        receivers: "logits"; a reader such as "9.6.q", "m3", or a list of them, which receive together; or any
            of "q", "k", "v", "qk", "qkv", …: those inputs of each head alone (axes "input", "receiver layer",
            "receiver head").
        pairs: each of the listed receivers alone (axis "receiver").
        mlps: "frozen", or "recomputed" when they are part of the direct path.
        positions: senders speak only at these: stated as `places` says, or one of the question's names.

    Returns:
        a Sweep. Where no sender comes before the receiver the value is the base run's (effect 0).

    Raises:
        ValueError: a part that the model does not have, no sender or receiver, or resampling without corrupt prompts.
        NotImplementedError: a model that the plain forward cannot stand for.
    """
    if mlps not in ("frozen", "recomputed"):
        raise ValueError(f"mlps is 'frozen' or 'recomputed', not {mlps!r}")
    self.refuse_without_donor()
    where = _where(self, positions)
    sent = sites_sent(self.model)
    now = ready_or_refuse(self, tuple(dict.fromkeys((*KEPT, *sent))), int(self.need.max()) + 1)
    groups, sender_axes = _groups(senders, now.model)
    wanted, receiver_axes = _receivers(receivers, now.model, pairs)
    values = now.base_value.expand(len(groups), max(1, count_cells(receiver_axes)), -1).clone()
    start = int(self.first_change().min())
    if start < now.length:  # else nothing that is read can differ
        start = start if now.model.causal else 0
        recomputed = mlps == "recomputed" and "mlp_out" in sent
        where = where[:, start : now.length, None].to(now.base.final)
        messages = Messages(now, now.replacements(sent), start, where, recomputed)
        fill = each_receiver if receiver_axes else receivers_together
        fill(messages, groups, wanted, values, now.budget())
    axes = (*sender_axes, *receiver_axes)
    return Sweep(
        values=values.reshape(*(len(axis.labels) for axis in axes), -1).cpu(),
        axes=axes,
        base=now.base_value.cpu(),
        clean=now.ends[0].cpu(),
        corrupt=None if now.ends[1] is None else now.ends[1].cpu(),
        title=f"direct paths to {receivers if isinstance(receivers, str) else ', '.join(map(str, wanted))}, {self.how}",
        metric=self.metric.name,
        route="restart",
    )


def _groups(senders: Any, model: Unrolled) -> tuple[list[tuple[Writer, ...]], tuple[Axis, ...]]:
    n_layers, n_heads = model.n_layers, model.n_heads
    if senders == "heads":
        groups = [(Writer(layer, head),) for layer in range(n_layers) for head in range(n_heads)]
        return groups, (Axis("sender layer", tuple(range(n_layers))), Axis("sender head", tuple(range(n_heads))))
    senders = [senders] if isinstance(senders, (str, tuple, Writer)) or not isinstance(senders, Iterable) else senders
    groups = [tuple(map(writer, s)) if isinstance(s, (list, set, frozenset)) else (writer(s),) for s in senders]
    if not groups or not all(groups):
        raise ValueError("senders= names no sender: give heads or MLPs, or leave it out for each head")
    refuse_unknown((w for group in groups for w in group), n_layers, n_heads, model.blocks[0].has_mlp)
    return groups, (Axis("sender", tuple("+".join(map(str, group)) for group in groups)),)


def _receivers(receivers: Any, model: Unrolled, pairs: bool) -> tuple[list[Reader], tuple[Axis, ...]]:
    layers, heads = range(model.n_layers), range(model.n_heads)
    if isinstance(receivers, str) and receivers and set(receivers) <= set("qkv"):
        wanted = [Reader(which, layer, head) for which in receivers for layer in layers for head in heads]
        axes = ("input", tuple(receivers)), ("receiver layer", tuple(layers)), ("receiver head", tuple(heads))
        return wanted, tuple(Axis(name, labels) for name, labels in axes)
    alone = isinstance(receivers, (str, tuple, Reader)) or not isinstance(receivers, Iterable)
    wanted = [reader(r) for r in ([receivers] if alone else receivers)]
    if not wanted:
        raise ValueError("receivers= names no receiver: give '9.6.q', 'm3' or 'logits'")
    refuse_unknown(wanted, model.n_layers, model.n_heads, model.blocks[0].has_mlp)
    return wanted, (Axis("receiver", tuple(map(str, wanted))),) if pairs else ()


def _where(question: Question, positions: Positions | str | None) -> Float[Tensor, "batch pos"]:
    """1 where senders speak, else 0."""
    tokens = question.clean
    if positions is None:
        return torch.ones(tokens.shape, device=tokens.device)
    return torch.zeros(tokens.shape, device=tokens.device).scatter_(1, question.places(positions), 1.0)
