"""Edge attribution patching (Syed et al. 2023) and EAP-IG (Hanna et al. 2024), for a batch of prompt pairs.

1. What each writer says differently in the donor run: its difference, (batch, writer, pos, d_model).
2. One forward and backward of the base run: the gradients at every q, k and v, and at the residual stream.
   Each is pulled back to the reader's own input, before its LayerNorm.
3. The score of an edge is the writer's difference times the reader's gradient; all edges into a layer are one
   matrix product.
With `steps`, 2 and 3 are averaged over points between the two runs' embeddings.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from jaxtyping import Float
from torch import Tensor

from .attribution import gradients, path_points, ready_or_refuse, refuse_path
from .nodes import Reader, Writer, all_readers, all_writers, sites_sent
from .restart import Run
from .result import Axis, Sweep
from .runs import exactly
from .unrolled import Norm, Unrolled

if TYPE_CHECKING:
    from .question import Question


@exactly
def attribute_edges(self: Question, *, by_position: bool = False, steps: int = 0) -> Sweep:
    """First-order estimates of patching every edge, writer to reader, of the residual stream's graph.

    Args:
        by_position: keep positions apart (an axis "position"); else an edge is patched at all of them.
        steps: 0 for EAP; m ≥ 1 for EAP-IG with m midpoints between the two runs' embeddings.

    Returns:
        a Sweep with axes "sender" (`embed`, `9.6`, `m3`), "receiver" (`9.6.q`, `m3`, `logits`) and perhaps
        "position"; where the writer comes after the reader there is no edge, and the effect is 0.

    Raises:
        ValueError: resampling without corrupt prompts, or a metric that cannot be differentiated.
        NotImplementedError: a model that the plain forward cannot stand for.
    """
    self.refuse_without_donor()
    refuse_path(steps, "inputs")
    sent = sites_sent(self.model)
    now = ready_or_refuse(self, sent)
    plain, base, has_mlp = now.model, now.base_value, now.model.blocks[0].has_mlp
    writers = all_writers(plain.n_layers, plain.n_heads, has_mlp)
    readers = all_readers(plain.n_layers, plain.n_heads, has_mlp)
    before, after = now.base, now.replacements(sent)
    batch, length = self.base.shape
    scores = base.new_zeros((batch, *([length] if by_position else []), len(writers), len(readers)))
    points = path_points(steps)
    per_prompt = length * plain.d_model * (len(writers) + 3 * plain.n_heads + 1) * base.element_size()
    step = max(1, now.budget() // per_prompt)
    for point in points:
        resid = torch.lerp(before["resid_pre"][0], after["resid_pre"][0], point)
        keep = ("resid_pre", "q", "k", "v") + ("resid_mid",) * has_mlp
        kept, slopes, last = gradients(now, resid, keep)
        for first in range(0, batch, step):
            some = slice(first, first + step)
            said = _differences(plain, before, after, some)
            for where, pulled in _pulled_back(plain, kept, slopes, last, some):
                _add(scores[some], said, pulled, where, writers, readers, by_position)
    scores = (scores / len(points)).movedim(0, -1)
    if by_position:
        scores = scores.movedim(0, 2)
    axes = [Axis("sender", tuple(map(str, writers))), Axis("receiver", tuple(map(str, readers)))]
    return Sweep(
        values=(base + scores).cpu(),
        axes=(*axes, *([Axis("position", tuple(range(length)))] if by_position else [])),
        base=base.cpu(),
        clean=now.ends[0].cpu(),
        corrupt=None if now.ends[1] is None else now.ends[1].cpu(),
        title="edges, estimated by gradients" + (" integrated over inputs" if steps else ""),
        metric=self.metric.name,
        route="gradient",
    )


def _differences(
    model: Unrolled, before: Run, after: dict[str, list[Tensor]], some: slice
) -> Float[Tensor, "batch writer pos d_model"]:
    """Donor minus base of every writer, in the order of `all_writers`."""
    out = [(after["resid_pre"][0][some] - before["resid_pre"][0][some])[:, None]]
    for layer, block in enumerate(model.blocks):
        z = after["z"][layer][some] - before["z"][layer][some]
        out.append(torch.einsum("bthe,hed->bhtd", z, block.W_O))
        if block.has_mlp:
            out.append((after["mlp_out"][layer][some] - before["mlp_out"][layer][some])[:, None])
    return torch.cat(out, dim=1)


def _pulled_back(model: Unrolled, kept: dict, slopes: dict, last: Tensor, some: slice):
    """Yield (the readers of one moment, the gradient at their inputs (batch, reader, pos, d_model))."""
    heads = range(model.n_heads)
    for layer, block in enumerate(model.blocks):
        slope = torch.stack([slopes[name][layer][some] for name in "qkv"], dim=2)  # (batch, pos, 3, head, d_head)
        W = block.W_QKV.unflatten(0, (3, model.n_heads, -1))
        W = W if block.ln1.weight is None else W * block.ln1.weight
        at_norm = torch.einsum("btche,ched->bchtd", slope, W).flatten(1, 2)
        resid = kept["resid_pre"][layer][some]
        yield [Reader(c, layer, h) for c in "qkv" for h in heads], through_norm(block.ln1, resid, at_norm)
        if block.has_mlp:  # all that resid_mid does, less what it does by going on as the residual stream
            after = last if layer == model.n_layers - 1 else slopes["resid_pre"][layer + 1]
            yield [Reader("mlp", layer)], (slopes["resid_mid"][layer] - after)[some][:, None]
    yield [Reader("logits")], last[some][:, None]


def through_norm(
    norm: Norm, resid: Float[Tensor, "batch pos d_model"], slope: Float[Tensor, "batch n pos d_model"]
) -> Float[Tensor, "batch n pos d_model"]:
    """Gradients just after a LayerNorm's division, pulled back to its input; `slope` is overwritten."""
    if norm.eps is None:
        return slope
    centred = resid - resid.mean(-1, keepdim=True)
    scale = (centred.pow(2).mean(-1, keepdim=True) + norm.eps).rsqrt()
    normal = (centred * scale)[:, None]
    along = torch.einsum("brtd,btd->brt", slope, normal[:, 0])[..., None] / slope.shape[-1]
    return slope.sub_(slope.mean(-1, keepdim=True)).addcmul_(along, normal, value=-1).mul_(scale[:, None])


def _add(
    scores: Tensor,
    said: Float[Tensor, "batch writer pos d_model"],
    pulled: Float[Tensor, "batch reader pos d_model"],
    where: list[Reader],
    writers: list[Writer],
    readers: list[Reader],
    by_position: bool,
) -> None:
    """Add the scores of all edges into these readers, which read at the same moment."""
    earlier = sum(w.time < where[0].time for w in writers)  # writers are in order of time
    first = readers.index(where[0])
    target = scores[..., :earlier, first : first + len(where)]
    said = said[:, :earlier]
    if by_position:
        target += torch.einsum("bwtd,brtd->btwr", said, pulled)
    else:
        target += said.flatten(2) @ pulled.flatten(2).transpose(1, 2)
