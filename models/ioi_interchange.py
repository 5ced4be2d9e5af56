"""Running a model with some of its heads' outputs exchanged: how a planted circuit is trained and verified."""
from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course_utils.ioi.planted import PlantedNode
from course_utils.ioi.prompts import Prompts
from models.plain import Plain


def run(model: Plain, prompts: Prompts, mask: Bool[Tensor, "layer batch pos head"] | None = None,
        donor: Float[Tensor, "layer batch pos head d_head"] | None = None
        ) -> tuple[Float[Tensor, "batch d_vocab"], Float[Tensor, "layer batch pos head d_head"]]:
    """Logits at END and every z; where `mask` holds, z is the donor's."""
    device = model.pos.weight.device
    x, kept = model.embed(prompts.tokens.to(device)), []
    for number, layer in enumerate(model.layers):
        z = layer.attn.z(layer.ln1(x))
        if mask is not None:
            z = torch.where(mask[number, ..., None], donor[number], z)
        kept.append(z)
        x = x + layer.attn.o(z.flatten(2))
    end = x[torch.arange(len(prompts), device=device), prompts.positions["END"].to(device)]
    return model.head(model.ln_out(end)), torch.stack(kept)


def aligned(z: Float[Tensor, "layer batch pos head d_head"], base: Prompts, donor: Prompts, order: Tensor,
            nodes: Sequence[PlantedNode]) -> Float[Tensor, "layer batch pos head d_head"]:
    """The donors' z (row `order[i]` for base prompt i), each node's value moved to where the base has that node."""
    taken, rows = z[:, order], torch.arange(len(base), device=z.device)
    moved = taken.clone()
    for node in nodes:
        here, there = (p.positions[node.position].to(z.device) for p in (base, donor))
        moved[node.layer, rows, here, node.head] = taken[node.layer, rows, there, node.head]
    return moved


def node_mask(
    base: Prompts, nodes: Sequence[PlantedNode], layers: int, heads: int
) -> Bool[Tensor, "layer batch pos head"]:
    """True at the nodes."""
    mask = torch.zeros(layers, *base.tokens.shape, heads, dtype=torch.bool)
    for node in nodes:
        mask[node.layer, torch.arange(len(base)), base.positions[node.position], node.head] = True
    return mask


@torch.no_grad()
def swapped_answers(model: Plain, base: Prompts, donor: Prompts, nodes: Sequence[PlantedNode]) -> Int[Tensor, "batch"]:
    """The model's answers to `base` with these nodes' values taken from `donor`, prompt by prompt."""
    device = model.pos.weight.device
    values = aligned(run(model, donor)[1], base, donor, torch.arange(len(base), device=device), nodes)
    mask = node_mask(base, nodes, model.shape.n_layers, model.shape.n_heads).to(device)
    return run(model, base, mask, values)[0].argmax(-1).cpu()


@torch.no_grad()
def subset_answers(model: Plain, base: Prompts, values: Float[Tensor, "layer batch pos head d_head"],
                   nodes: Sequence[PlantedNode]) -> Int[Tensor, "subset batch"]:
    """The model's answers for every subset of all that is not a node, replaced by `values`.

    A member of a subset is one head at all positions, except, for a head that bears a node, at the node's.
    Subset number s replaces head h of layer l if bit l · n_heads + h of s is set. Layers share their work: each
    runs once for every choice in the layers below it.
    """
    layers, heads = model.shape.n_layers, model.shape.n_heads
    device, batch = model.pos.weight.device, len(base)
    free = ~node_mask(base, nodes, layers, heads).to(device)
    choices = torch.tensor(list(product((False, True), repeat=heads)), device=device).flip(1)   # bit h is column h
    x = model.embed(base.tokens.to(device))[None]                               # (variant, batch, pos, d_model)
    rows, end = torch.arange(batch, device=device), base.positions["END"].to(device)
    for number, layer in enumerate(model.layers):
        last = number == layers - 1
        z = layer.attn.z(layer.ln1(x.flatten(0, 1))).unflatten(0, (-1, batch))
        new, open_here = values[number][None], free[number][None]
        if last:
            z, new, open_here, x = z[:, rows, end], new[:, rows, end], open_here[:, rows, end], x[:, rows, end]
        chosen = choices.view(len(choices), 1, *(1,) * (z.ndim - 3), heads) & open_here
        z = torch.where(chosen[..., None], new[None], z[None])          # (choice, variant, batch, [pos], head, d_head)
        x = (x[None] + layer.attn.o(z.flatten(-2))).flatten(0, 1)               # later layers: the higher bits
    return model.head(model.ln_out(x)).argmax(-1).cpu()


def mean_values(z: Float[Tensor, "layer batch pos head d_head"]) -> Float[Tensor, "layer batch pos head d_head"]:
    """Each head's mean over the batch, position by position, for every prompt."""
    return z.mean(1, keepdim=True).expand_as(z)
