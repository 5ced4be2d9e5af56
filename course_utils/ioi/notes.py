"""Notes: what a later word holds of a name, and what heads do with it.

1. `renamed` – a prompt for each name, with that name in one role and another name in the other.
2. `forged` – the logits when heads of layer 0 write a note from another prompt.
3. `copying_notes` – of several heads that read the note alone, the share of names that they raise, and that they lower.
4. `note_scores` – how a head's message to other heads' queries matches each name's note; `mlp_answers` – how it moves
   each name's logit, straight and through the MLPs that read it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_utils.ioi.behaviour import roles
from course_utils.ioi.prompts import Prompts, corrupt
from course_utils.ioi.readings import copying_score, unembedding


def renamed(prompts: Prompts, role: str) -> Prompts:
    """One prompt for each name: that name is the one of `role`, and the next but six in the list is the other.

    Args:
        prompts: at least as many as there are names; of these the words beside the names are kept.
        role: "IO", or "S" (S1 and S2 both).

    Raises:
        ValueError: too few prompts, or another role.
    """
    names = prompts.layout.names
    if role not in ("IO", "S") or len(prompts) < len(names):
        raise ValueError(f"the role is IO or S, and {len(names)} prompts are needed")
    one, other = names, names.roll(-7)
    io, s = (one, other) if role == "IO" else (other, one)
    some = prompts[: len(names)]
    some = replace(some, tokens=some.tokens.clone(), names=torch.stack([io, s, s], 1))
    rows = torch.arange(len(names))
    for where, who in (("IO", io), ("S1", s), ("S2", s)):
        some.tokens[rows, some.positions[where]] = who
    return some


@torch.no_grad()
def forged(
    model: Any,
    tokens: Int[Tensor, "batch pos"],
    donor: Int[Tensor, "batch pos"],
    at: Sequence[int],
    heads: Sequence[int] = (0, 1, 2, 3),
) -> Float[Tensor, "batch d_vocab"]:
    """The last position's logits when heads of layer 0 write at some positions what they write there on the donor."""
    name = "blocks.0.attn.hook_z"
    _, other = model.run_with_cache(donor, names_filter=name)

    def forge(z: Tensor, hook: Any) -> Tensor:  # (batch, position, head, d_head)
        for position in at:
            z[:, position, list(heads)] = other[name][:, position, list(heads)]
        return z

    return model.run_with_hooks(tokens, fwd_hooks=[(name, forge)])[:, -1]


@torch.no_grad()
def copying_notes(
    model: Any, prompts: Prompts, heads: Sequence[tuple[int, int]], role: str, place: str, k: int = 5
) -> dict[str, tuple[float, float]]:
    """The shares of names that each head puts among its k most raised, and k most lowered, when it reads a note alone.

    Args:
        role: of the name that is noted, as for `renamed`. place: of the note, one of `roles`, such as "after IO".
    """
    some, found = renamed(prompts, role), {}
    _, cache = model.run_with_cache(some.tokens, names_filter=lambda name: name.endswith("hook_resid_pre"))
    rows, names, reads = torch.arange(len(some)), some.layout.names, unembedding(model)
    for layer, head in heads:
        stream = model.blocks[layer].ln1(cache["resid_pre", layer][rows, roles(some)[place]])
        out = (stream @ model.W_V[layer, head] + model.b_V[layer, head]) @ model.W_O[layer, head]
        written = ((out - out.mean(-1, keepdim=True)) @ reads)[:, names]
        found[f"{layer}.{head}"] = (float(copying_score(written, k)), float(copying_score(-written, k)))
    return found


@torch.no_grad()
def note_scores(
    model: Any, prompts: Prompts, sender: tuple[int, int], readers: Sequence[tuple[int, int]]
) -> Float[Tensor, "giver name"]:
    """What a head's message at END adds to the readers' attention scores: by who gives, and whose note is read.

    The message is what the sender writes, less its mean over givers; the scale of the readers' norm is held. Scores are
    those before the softmax, to the note of IO, averaged over the readers. Each row is centred: a softmax does not see
    what all its scores have in common.

    Args:
        prompts: at least as many as there are names. sender: of a layer below the readers'.
    """
    gives, noted = renamed(prompts, "S"), renamed(prompts, "IO")
    at_end, at_note = (model.run_with_cache(some.tokens)[1] for some in (gives, noted))
    rows, end, note = torch.arange(len(gives)), gives.positions["END"], roles(noted)["after IO"]
    message = at_end["z", sender[0]][rows, end, sender[1]] @ model.W_O[sender]  # (giver, d_model)
    message = message - message.mean(0)
    scores = []
    for layer, head in readers:
        scale = at_end[f"blocks.{layer}.ln1.hook_scale"][rows, end]
        read = (message - message.mean(-1, keepdim=True)) / scale * model.blocks[layer].ln1.weight
        query, key = read @ model.W_Q[layer, head], at_note["k", layer][rows, note, head]
        scores.append(query @ key.T / model.cfg.d_head**0.5)
    found = torch.stack(scores).mean(0)
    return found - found.mean(1, keepdim=True)


@torch.no_grad()
def mlp_answers(model: Any, prompts: Prompts, sender: tuple[int, int], n: int = 8) -> Float[Tensor, "giver name"]:
    """How a head's message at END moves each name's logit, straight and through the MLPs, by who gives.

    All heads are frozen in runs in which a third person gives; only the message changes, and the MLPs and the final
    norm are computed anew. Each column is less its mean over givers, each row less its mean over names.

    Args:
        prompts: at least as many as there are names. sender: of layer 0. n: how many of the prompts are averaged over.
    """
    gives = renamed(prompts, "S")
    some = corrupt(prompts[:n], "third", torch.Generator().manual_seed(0))
    (_, told), (_, base) = (model.run_with_cache(one.tokens) for one in (gives, some))
    head, W_O = sender[1], model.W_O[sender]
    message = told["z", 0][torch.arange(len(gives)), gives.positions["END"], head] @ W_O  # (giver, d_model)
    rows, end = torch.arange(n), some.positions["END"]
    mid = base["resid_mid", 0][rows, end] - base["z", 0][rows, end, head] @ W_O
    stream = (mid[:, None] + message).flatten(0, 1)[:, None]  # (prompt and giver, 1, d_model)
    for layer, block in enumerate(model.blocks):
        if layer:
            stream = stream + base["attn_out", layer][rows, end].repeat_interleave(len(gives), 0)[:, None]
        stream = stream + block.mlp(block.ln2(stream))
    logits = (model.ln_final(stream)[:, 0] @ model.W_U + model.b_U)[:, prompts.layout.names]
    found = logits.view(n, len(gives), -1).mean(0)
    found = found - found.mean(0)
    return found - found.mean(1, keepdim=True)
