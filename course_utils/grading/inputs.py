"""What generators of random inputs draw, whatever the lesson: tensors, ids, and small models to intervene on."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

Inputs = Iterator[tuple]


def rand(rng: torch.Generator, *size: int, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.rand(size, generator=rng, dtype=dtype)


def randn(rng: torch.Generator, *size: int, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(size, generator=rng, dtype=dtype)


def ids(rng: torch.Generator, high: int, *size: int) -> Tensor:
    return torch.randint(high, size, generator=rng)


def patterns(
    rng: torch.Generator, batch: int, heads: int, length: int, sharp: float = 2.0, dtype: torch.dtype = torch.float32
) -> Tensor:
    """Causal attention patterns, (batch, head, query, key): rows add up to one, nothing above the diagonal."""
    scores = sharp * randn(rng, batch, heads, length, length, dtype=dtype)
    later = torch.ones(length, length, dtype=torch.bool).triu(1)
    return scores.masked_fill(later, -torch.inf).softmax(-1)


@lru_cache(maxsize=32)
def small_model(
    seed: int, norm: str | None = "LN", heads: int = 3, layers: int = 2, size: float = 0.6, mlps: bool = False
) -> Any:
    """A random bridge: 11 tokens, 12 positions, d_model 10, d_head 4, biases everywhere.

    Args:
        size: of the weights; at 4 the logits pass 100.
        mlps: with MLPs of 14 neurons, or with attention only.
    """
    import transformer_lens.model_bridge.sources.native  # noqa: F401  (gives the bridge its boot_native)
    from transformer_lens.config import TransformerBridgeConfig
    from transformer_lens.model_bridge import TransformerBridge

    kind = {"d_mlp": 14, "act_fn": "gelu_new"} if mlps else {"attn_only": True, "act_fn": "relu"}
    config = TransformerBridgeConfig(
        d_model=10, d_head=4, n_heads=heads, n_layers=layers, n_ctx=12, d_vocab=11, normalization_type=norm,
        init_weights=False, device="cpu", **kind,
    )  # fmt: skip
    rng = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):  # building a model draws weights that are then replaced
        bridge = TransformerBridge.boot_native(config)
    with torch.no_grad():
        for parameter in bridge.parameters():
            parameter.copy_(size * torch.randn(parameter.shape, generator=rng))
    return bridge.requires_grad_(False).eval()
