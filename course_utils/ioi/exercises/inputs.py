"""Random inputs that several exercises of lesson 4 draw, and a small model with MLPs to intervene on."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

Inputs = Iterator[tuple]


def randn(rng: torch.Generator, *size: int, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(size, generator=rng, dtype=dtype)


def ids(rng: torch.Generator, high: int, *size: int) -> Tensor:
    return torch.randint(high, size, generator=rng)


@lru_cache(maxsize=16)
def small_model(seed: int, layers: int = 2, size: float = 0.6) -> Any:
    """A random bridge with MLPs: 11 tokens, 12 positions, d_model 10, three heads of 4, LayerNorm, biases everywhere."""
    import transformer_lens.model_bridge.sources.native  # noqa: F401  (gives the bridge its boot_native)
    from transformer_lens.config import TransformerBridgeConfig
    from transformer_lens.model_bridge import TransformerBridge

    config = TransformerBridgeConfig(
        d_model=10, d_head=4, n_heads=3, n_layers=layers, n_ctx=12, d_vocab=11, d_mlp=14, act_fn="gelu_new",
        normalization_type="LN", init_weights=False, device="cpu",
    )  # fmt: skip
    rng = torch.Generator().manual_seed(seed)
    with torch.random.fork_rng(devices=[]):  # building a model draws weights that are then replaced
        bridge = TransformerBridge.boot_native(config)
    with torch.no_grad():
        for parameter in bridge.parameters():
            parameter.copy_(size * torch.randn(parameter.shape, generator=rng))
    return bridge.requires_grad_(False).eval()
