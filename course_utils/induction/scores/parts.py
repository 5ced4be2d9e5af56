"""Attention scores taken apart: which part of the query meets which part of the key (Elhage et al. 2021).

1. What a head of the second layer reads is a sum: the token's embedding, the position's, what each head of the first
   layer wrote, the biases. With its scale held, the norm keeps it a sum.
2. Queries and keys are linear in it, so that a score q·k / √d_head is a sum over pairs: this part of the query with
   that part of the key. Nothing is left out.
3. A score matters against the other scores of its row. So we ask of each pair by how much it prefers the place that
   holds the answer to the other places.
"""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


@dataclass(frozen=True)
class ScoreParts:
    """The attention scores of one head of the second layer on repeated tokens, pair by pair.

    Attributes:
        parts: of what the head reads, in the order of the first two axes of `score`.
        score: before the softmax; (query part, key part, batch, query, key).
        length: of the repeated block.
    """

    parts: tuple[str, ...]
    score: Float[Tensor, "part part batch query key"]
    length: int

    def total(self) -> Float[Tensor, "batch query key"]:
        """The whole scores."""
        return self.score.sum((0, 1))

    def preference(self) -> Float[Tensor, "part part batch"]:
        """By how much each pair prefers the right place: its score there minus its mean over the other visible places.

        Averaged over the queries of the repeat from its second token on. BOS, where a head rests, is left out.
        """
        queries = torch.arange(self.length + 2, 2 * self.length + 1)
        right = queries - (self.length - 1)
        rows = self.score[..., queries, :]
        here = rows.gather(-1, right[:, None].expand(*rows.shape[:-1], 1))[..., 0]
        others = (torch.arange(rows.shape[-1]) <= queries[:, None]).float()
        others[:, 0], others[torch.arange(len(queries)), right] = 0, 0
        return (here - (rows * others).sum(-1) / others.sum(-1)).mean(-1)


@torch.no_grad()
def score_parts(model: Any, tokens: Int[Tensor, "batch pos"], length: int, head: int) -> ScoreParts:
    """Take the scores of a head of the second layer apart.

    Args:
        model: attention only, without a norm or with one whose weights are folded (`zoo.load` gives such).
        tokens: made by `repeated_tokens` with blocks of `length`.

    Raises:
        ValueError: a model with MLPs, or with another norm.
    """
    if not model.cfg.attn_only or model.cfg.normalization_type not in (None, "LNPre"):
        raise ValueError("the parts add up in a model of attention only, whose norm has no weights of its own")
    _, cache = model.run_with_cache(tokens)
    z, stream = cache["blocks.0.attn.hook_z"], cache["blocks.1.hook_resid_pre"]
    read = {"token": cache["hook_embed"], "position": cache["hook_pos_embed"]}
    read |= {f"0.{h}": z[:, :, h] @ model.W_O[0, h] for h in range(model.cfg.n_heads)}
    read["bias"] = model.b_O[0].expand_as(stream)
    if model.cfg.normalization_type is not None:
        centred = {name: part - part.mean(-1, keepdim=True) for name, part in read.items()}
        scale = cache["blocks.1.ln1.hook_scale"]
        read = {name: part / scale for name, part in centred.items()}
    sides = []
    for W, b in ((model.W_Q, model.b_Q), (model.W_K, model.b_K)):
        side = torch.stack([part.expand_as(stream) @ W[1, head] for part in read.values()])
        side[-1] += b[1, head]
        sides.append(side)
    score = torch.einsum("ibqd,jbkd->ijbqk", *sides) / model.cfg.d_head**0.5
    return ScoreParts(tuple(read), score, length)
