"""Reading attention patterns: a row for each query, which adds up to one over the keys that it can see.

`attention_to`: how much goes to tokens of a kind, beside what spreading evenly would give them (`evenly`).
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float
from torch import Tensor


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
