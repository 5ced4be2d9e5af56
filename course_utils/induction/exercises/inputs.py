"""Random inputs that several exercises of lesson 3 draw: attention patterns, and small models with LayerNorm and biases."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

Inputs = Iterator[tuple]


def randn(rng: torch.Generator, *size: int, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(size, generator=rng, dtype=dtype)


def pattern(
    rng: torch.Generator, batch: int, heads: int, length: int, sharp: float = 2.0, dtype: torch.dtype = torch.float32
) -> Tensor:
    """A causal attention pattern, (batch, head, query, key): rows sum to 1, nothing above the diagonal."""
    scores = sharp * randn(rng, batch, heads, length, length, dtype=dtype)
    future = torch.ones(length, length, dtype=torch.bool).triu(1)
    return scores.masked_fill(future, -torch.inf).softmax(-1)


def looking(offset: int, length: int, share: float = 0.75) -> Tensor:
    """One head that gives `share` of its attention to `offset` positions back, and the rest to BOS."""
    rows = torch.zeros(1, 1, length, length)
    rows[..., 0] = 1 - share
    for query in range(length):
        rows[..., query, max(query - offset, 0)] += share
    return rows


@lru_cache(maxsize=32)
def small_model(seed: int, norm: str | None = "LN", heads: int = 3, layers: int = 2, size: float = 0.6) -> Any:
    """A random attention-only bridge: 11 tokens, 12 positions, d_model 10, d_head 4, biases everywhere.

    Args:
        size: of the weights; at 4 the logits pass 100.
    """
    import transformer_lens.model_bridge.sources.native  # noqa: F401  (gives the bridge its boot_native)
    from transformer_lens.config import TransformerBridgeConfig
    from transformer_lens.model_bridge import TransformerBridge

    config = TransformerBridgeConfig(
        d_model=10, d_head=4, n_heads=heads, n_layers=layers, n_ctx=12, d_vocab=11, attn_only=True, act_fn="relu",
        normalization_type=norm, init_weights=False, device="cpu",
    )  # fmt: skip
    rng = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):  # building a model draws weights that are then replaced
        bridge = TransformerBridge.boot_native(config)
    with torch.no_grad():
        for parameter in bridge.parameters():
            parameter.copy_(size * torch.randn(parameter.shape, generator=rng))
    return bridge.requires_grad_(False).eval()


def some_tokens(rng: torch.Generator, batch: int, length: int) -> Tensor:
    return torch.randint(11, (batch, length), generator=rng)
