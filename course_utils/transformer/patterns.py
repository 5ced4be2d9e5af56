"""Reading attention patterns: a row for each query, which adds up to one over the keys that it can see.

1. `attention_at_offset`: how much goes to the token so many places back.
2. `attention_to`: how much goes to tokens of a kind, beside what spreading evenly would give them (`evenly`).
3. `looks_at`: the key that each query looks at most; `read_head` shows it for one head and one prompt.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course_utils import patching


def attention_at_offset(pattern: Float[Tensor, "batch head query key"], offset: int) -> Float[Tensor, "head"]:
    """Mean attention of each head to the key `offset` places back (0: the query itself), over queries that have one."""
    return pattern.diagonal(-offset, dim1=-2, dim2=-1).mean((0, -1))


def attention_to(
    pattern: Float[Tensor, "batch head query key"], kind: Bool[Tensor, "batch key"]
) -> Float[Tensor, "head"]:
    """How much of its attention each head gives to keys of a kind: summed over these keys, averaged over the queries
    of all prompts that can see at least one of them. Zero if no query can.
    """
    to_kind = (pattern * kind[:, None, None]).sum(-1)  # (batch, head, query)
    can_see = kind.cumsum(-1) > 0  # (batch, query): a query sees itself and what is before it
    return (to_kind * can_see[:, None]).sum((0, -1)) / can_see.sum().clamp(min=1)


def evenly(pattern: Float[Tensor, "batch head query key"]) -> Float[Tensor, "batch head query key"]:
    """The pattern of a head that looks at everything before it alike: the baseline for any other."""
    seen = torch.ones_like(pattern).tril()
    return seen / seen.sum(-1, keepdim=True)


def looks_at(pattern: Float[Tensor, "batch head query key"]) -> Int[Tensor, "batch head query"]:
    """The key that each query looks at most."""
    return pattern.argmax(-1)


@dataclass(frozen=True, repr=False)
class HeadReading:
    """Where one head looks on one prompt: for each query token the key token it looks at most, and how much.

    Attributes:
        tokens: the prompt. keys: (pos,) the place each looks at most. weights: (pos,) that attention.
    """

    head: str
    tokens: tuple[str, ...]
    keys: Int[Tensor, "pos"]
    weights: Float[Tensor, "pos"]

    def __repr__(self) -> str:
        rows = [
            f"  {q:>3} {self.tokens[q]!r:<12} → {k:>3} {self.tokens[k]!r:<12} {weight:.2f}"
            for q, (k, weight) in enumerate(zip(self.keys.tolist(), self.weights.tolist(), strict=True))
        ]
        return "\n".join([f"head {self.head}: each token, what it looks at most, how much", *rows])


def read_head(model: Any, tokens: Int[Tensor, "1 pos"], head: str) -> HeadReading:
    """Where head `head` (such as "2.1") looks on one prompt."""
    layer, number = patching.head(head, model)
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=[f"blocks.{layer}.attn.hook_pattern"])
    pattern = cache[f"blocks.{layer}.attn.hook_pattern"][0, number]
    weights, keys = pattern.max(-1)
    return HeadReading(head, tuple(model.tokenizer.decode([i]) for i in tokens[0].tolist()), keys, weights)
