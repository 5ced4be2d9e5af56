"""Running a circuit: everything outside it is ablated, and the model computes what is left.

Circuit of nodes: the output of every head (its z) and MLP outside the circuit is replaced, at all positions, and that
of the nodes inside wherever `at` does not keep them; the embedding stays.
Circuit of edges: each reader gets, from every writer, what that writer says in this very run if the edge is in the
circuit, and the replacement if it is not.
Replacements come from the corrupt prompts ("resample"), from the mean over reference prompts ("mean"), or are zeros
("zero").
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from .attribution import ready_or_refuse
from .circuit import Circuit
from .nodes import Reader, Writer, all_readers, all_writers, refuse_unknown, sites_sent, writer
from .places import Positions, short
from .restart import Run, take
from .runs import exactly
from .unrolled import Block, Unrolled

if TYPE_CHECKING:
    from .question import Question


def run(
    self: Question, circuit: Circuit | Sequence[Circuit], *, at: Mapping[Any, Positions | str] | None = None
) -> Float[Tensor, "*circuits batch"]:
    """The metric of the clean prompts when only the circuit is left, per prompt; of several circuits, a row each.

    Args:
        at: nodes that are kept at stated positions only, such as `{"9.9": -1, "8.6": "S2"}`, and ablated at others;
            see `places`, or one of the question's names. For circuits of nodes.

    Raises:
        ValueError: no circuit, a part that the model does not have, a node in `at` that no circuit has, or
            resampling without corrupt prompts.
        NotImplementedError: a model that the plain forward cannot stand for.
    """
    circuits = [circuit] if isinstance(circuit, Circuit) else circuit
    out = run_circuits(self, circuits, kept_at(self, circuits, at))
    return out[0] if isinstance(circuit, Circuit) else out


def kept_at(
    question: Question, circuits: Sequence[Circuit], at: Mapping[Any, Positions | str] | None
) -> dict[Writer, Bool[Tensor, "batch pos"]]:
    """Where each restricted node of these circuits is kept.

    Raises:
        ValueError: what is no circuit, circuits of edges, or a node that none of them has or that is named twice.
    """
    if not isinstance(circuits, Sequence) or not circuits or not all(isinstance(one, Circuit) for one in circuits):
        raise ValueError("a circuit is made by Circuit.nodes('9.9', 'm3') or Circuit.edges('0.1->logits')")
    at = {} if at is None else at
    if not isinstance(at, Mapping):
        raise ValueError(f"at= names nodes and where they are kept, such as {{'9.9': -1}}, not {short(at)}")
    if at and any(one.of == "edges" for one in circuits):
        raise ValueError("at= states positions of nodes, but this is a circuit of edges")
    out = {}
    for name, positions in at.items():
        node = writer(name)
        if not any(node in one.parts for one in circuits):
            raise ValueError(f"at= holds {node} to positions, but it is not in the circuit")
        if node in out:
            raise ValueError(f"at= names {node} twice, in two spellings: state all its positions at once, as [[…]]")
        out[node] = torch.zeros_like(question.clean, dtype=torch.bool).scatter_(1, question.places(positions), True)
    return out


@exactly
def run_circuits(
    question: Question, circuits: Sequence[Circuit], places: dict[Writer, Bool[Tensor, "batch pos"]]
) -> Float[Tensor, "circuit batch"]:
    """The metric of each circuit, per prompt. places: of nodes that are kept there only.

    Raises:
        ValueError, NotImplementedError: as `run`.
    """
    question.refuse_without_donor()
    sent = sites_sent(question.model)
    now = ready_or_refuse(question.noising(), sent)
    model = now.model
    for one in circuits:
        parts = one.parts if one.of == "nodes" else [end for pair in one.parts for end in pair]
        refuse_unknown(parts, model.n_layers, model.n_heads, model.blocks[0].has_mlp)
    after = now.replacements(sent)
    step = max(1, now.budget() // (2 * now.bytes_per_cell()))
    out = [now.base.final.new_empty(0)] * len(circuits)
    by_nodes = [i for i, one in enumerate(circuits) if one.of == "nodes"]
    for first in range(0, len(by_nodes), step):
        chunk = by_nodes[first : first + step]
        final = _run_nodes(model, [circuits[i] for i in chunk], places, now.base, after)
        for i, values in zip(chunk, now.read(take(final, now.need, 1)), strict=True):
            out[i] = values
    for i, one in enumerate(circuits):
        if one.of == "edges":
            out[i] = now.read(take(_run_edges(model, one, now.base, after), now.need, 0))
    return torch.stack(out).cpu()


def _run_nodes(
    model: Unrolled,
    circuits: list[Circuit],
    places: dict[Writer, Tensor],
    base: Run,
    after: dict[str, list[Tensor]],
) -> Float[Tensor, "circuit batch pos d_model"]:
    """The last residual stream of each circuit of nodes, all in one forward."""
    n, batch = len(circuits), len(base.final)
    heads = torch.zeros(n, model.n_layers, model.n_heads, dtype=torch.bool, device=base.final.device)
    mlps = torch.zeros(n, model.n_layers, dtype=torch.bool, device=base.final.device)
    for i, circuit in enumerate(circuits):
        for node in circuit.parts:
            if node.head is None:
                mlps[i, node.layer] = True
            else:
                heads[i, node.layer, node.head] = True

    def only_inside(site: str, layer: int, value: Tensor) -> Tensor:
        if site == "z":  # (circuit, batch, pos, head, 1)
            inside = heads[:, None, None, layer, :, None].expand(n, *base.final.shape[:2], -1, 1)
        else:  # (circuit, batch, pos, 1)
            inside = mlps[:, None, None, layer, None].expand(n, *base.final.shape[:2], 1)
        for node, where in places.items():
            if node.layer == layer and (node.head is None) == (site == "mlp_out"):
                inside = inside.clone()
                part = inside[..., 0] if node.head is None else inside[..., node.head, 0]
                part &= where
        return torch.where(inside, value.unflatten(0, (n, batch)), after[site][layer]).flatten(0, 1)

    edits = {site: partial(only_inside, site) for site in ("z", "mlp_out")}
    final, _ = model.forward(base["resid_pre"][0].repeat(n, 1, 1), base.visible, edits)
    return final.unflatten(0, (n, batch))


def _run_edges(
    model: Unrolled, circuit: Circuit, base: Run, after: dict[str, list[Tensor]]
) -> Float[Tensor, "batch pos d_model"]:
    """The last residual stream of one circuit of edges."""
    has_mlp = model.blocks[0].has_mlp
    writers = all_writers(model.n_layers, model.n_heads, has_mlp)
    rank = {w: i for i, w in enumerate(writers)}
    readers = all_readers(model.n_layers, model.n_heads, has_mlp)
    row = {r: i for i, r in enumerate(readers)}
    inside = base.final.new_zeros(len(readers), len(writers))
    for sender, receiver in circuit.parts:
        inside[row[receiver], rank[sender]] = 1
    said = base["resid_pre"][0] - after["resid_pre"][0]  # what the writers so far say, minus their replacements
    said = said[:, None]
    replaced = after["resid_pre"][0]  # the residual stream if every writer so far were replaced

    def inputs(which: list[Reader]) -> Float[Tensor, "batch reader pos d_model"]:
        mask = inside[[row[r] for r in which], : said.shape[1]]
        return replaced[:, None] + torch.einsum("rw,bwtd->brtd", mask, said)

    for layer, block in enumerate(model.blocks):
        heads = range(model.n_heads)
        q, k, v = (_per_head(block, c, inputs([Reader("qkv"[c], layer, h) for h in heads])) for c in range(3))
        z = block.attend(q, k, v, base.visible)
        new = torch.einsum("bthe,hed->bhtd", z - after["z"][layer], block.W_O)
        said = torch.cat([said, new], dim=1)
        replaced = replaced + block.write(after["z"][layer])
        if has_mlp:
            out = block.mlp(inputs([Reader("mlp", layer)])[:, 0])
            said = torch.cat([said, (out - after["mlp_out"][layer])[:, None]], dim=1)
            replaced = replaced + after["mlp_out"][layer]
    return inputs([Reader("logits")])[:, 0]


def _per_head(
    block: Block, which: int, resid: Float[Tensor, "batch head pos d_model"]
) -> Float[Tensor, "batch pos head d_head"]:
    """q, k or v (0, 1, 2) when every head has an input of its own."""
    n_heads = block.W_O.shape[0]
    W = block.W_QKV.unflatten(0, (3, n_heads, -1))[which]
    b = block.b_QKV.unflatten(0, (3, n_heads, -1))[which]
    return torch.einsum("bhtd,hed->bthe", block.ln1(resid), W) + b
