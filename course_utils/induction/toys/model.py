"""The lesson's model: attention only, no LayerNorm, no biases (Elhage et al. 2021).

1. Each token and each position is a direction in the residual stream: x = W_E[token] + W_pos[position].
2. Each head of a layer reads x, looks at earlier positions, and adds what it finds to x.
3. What stands in x at the end is read off by W_U.

`Weights` is nothing but the matrices, so that they can be written by hand, trained many at once, or turned into a
TransformerLens bridge with all its hooks.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor


@dataclass(frozen=True)
class Weights:
    """The matrices of one model, or of a stack of them (`*stack`, for instance one per seed); TransformerLens's names.

    A query is x W_Q, a key x W_K, a score q·k / √d_head, what is moved x W_V W_O. BOS is token 0.

    Raises:
        ValueError: if the shapes do not belong to one model.
    """

    W_E: Float[Tensor, "*stack d_vocab d_model"]
    W_pos: Float[Tensor, "*stack n_ctx d_model"]
    W_Q: Float[Tensor, "*stack layer head d_model d_head"]
    W_K: Float[Tensor, "*stack layer head d_model d_head"]
    W_V: Float[Tensor, "*stack layer head d_model d_head"]
    W_O: Float[Tensor, "*stack layer head d_head d_model"]
    W_U: Float[Tensor, "*stack d_model d_vocab"]

    def __post_init__(self) -> None:
        d_vocab, d_model = self.W_E.shape[-2:]
        layers, heads, _, d_head = self.W_Q.shape[-4:]
        wanted = {
            "W_E": (d_vocab, d_model),
            "W_pos": (self.n_ctx, d_model),
            **dict.fromkeys(("W_Q", "W_K", "W_V"), (layers, heads, d_model, d_head)),
            "W_O": (layers, heads, d_head, d_model),
            "W_U": (d_model, d_vocab),
        }
        for name, shape in wanted.items():
            found = tuple(getattr(self, name).shape)
            if found != (*self.stack, *shape):
                raise ValueError(f"{name} has shape {found}; beside the other matrices it must be {self.stack + shape}")

    @property
    def stack(self) -> tuple[int, ...]:
        return tuple(self.W_E.shape[:-2])

    @property
    def d_vocab(self) -> int:
        return self.W_E.shape[-2]

    @property
    def d_model(self) -> int:
        return self.W_E.shape[-1]

    @property
    def n_ctx(self) -> int:
        return self.W_pos.shape[-2]

    @property
    def n_layers(self) -> int:
        return self.W_Q.shape[-4]

    @property
    def n_heads(self) -> int:
        return self.W_Q.shape[-3]

    @property
    def d_head(self) -> int:
        return self.W_Q.shape[-1]

    @property
    def W_QK(self) -> Float[Tensor, "*stack layer head d_model d_model"]:
        """W_Q W_Kᵀ: what stands at the query (rows) looks for what at the key (columns)."""
        return self.W_Q @ self.W_K.mT

    @property
    def W_OV(self) -> Float[Tensor, "*stack layer head d_model d_model"]:
        """W_V W_O: what is read at the key (rows) is written as what (columns)."""
        return self.W_V @ self.W_O

    def __getitem__(self, index: Any) -> "Weights":
        """One model of the stack (or, with a slice, some of them)."""
        if not self.stack:
            raise IndexError("this is one model, not a stack of them")
        return Weights(**{field.name: getattr(self, field.name)[index] for field in fields(self)})

    @classmethod
    def joined(cls, stacks: Sequence["Weights"]) -> "Weights":
        """Several stacks as one."""
        return cls(**{field.name: torch.cat([getattr(s, field.name) for s in stacks]) for field in fields(cls)})

    def to(self, *where: Any) -> "Weights":
        """The same weights on another device or in another dtype."""
        return Weights(**{field.name: getattr(self, field.name).to(*where) for field in fields(self)})

    def rotated(self, rotation: Float[Tensor, "d_model d_model"]) -> "Weights":
        """The same model in another orthonormal basis of the residual stream: it computes exactly the same."""
        out, into = rotation, rotation.mT
        return Weights(
            W_E=self.W_E @ out,
            W_pos=self.W_pos @ out,
            W_Q=into @ self.W_Q,
            W_K=into @ self.W_K,
            W_V=into @ self.W_V,
            W_O=self.W_O @ out,
            W_U=into @ self.W_U,
        )


@dataclass(frozen=True)
class ForwardPass:
    """What a model did with some tokens: logits for the next token, and where each head looked."""

    logits: Float[Tensor, "*stack batch pos d_vocab"]
    pattern: Float[Tensor, "*stack layer batch head query key"]


def run(weights: Weights, tokens: Int[Tensor, "*stack batch pos"]) -> ForwardPass:
    """The forward pass, step by step. A stack reads either tokens of its own for each model, or the same for all.

    Raises:
        ValueError: tokens longer than the model's context.
    """
    length, stack = tokens.shape[-1], weights.stack
    if length > weights.n_ctx:
        raise ValueError(f"the model's context is {weights.n_ctx} tokens long, and these are {length}")
    tokens = tokens.expand(*stack, *tokens.shape[-2:])
    wide = (*tokens.shape, weights.d_model)
    embedded = weights.W_E[..., None, :, :].expand(*tokens.shape[:-1], -1, -1)
    x = embedded.gather(-2, tokens[..., None].expand(wide)) + weights.W_pos[..., None, :length, :]
    future = torch.ones(length, length, dtype=torch.bool, device=tokens.device).triu(1)
    patterns = []
    for layer in range(weights.n_layers):
        at = x[..., None, :, :]  # (*stack, batch, 1, pos, d_model): each head reads the same
        q, k, v = (at @ W[..., layer, :, :, :].unsqueeze(-4) for W in (weights.W_Q, weights.W_K, weights.W_V))
        scores = q @ k.mT / weights.d_head**0.5
        pattern = scores.masked_fill(future, -torch.inf).softmax(-1)  # (*stack, batch, head, query, key)
        x = x + (pattern @ v @ weights.W_O[..., layer, :, :, :].unsqueeze(-4)).sum(-3)
        patterns.append(pattern)
    return ForwardPass(x @ weights.W_U[..., None, :, :], torch.stack(patterns, len(stack)))


def as_bridge(weights: Weights, device: torch.device | str | None = None) -> Any:
    """The same model as a TransformerLens bridge in evaluation mode, with all its hooks.

    Raises:
        ValueError: for a stack; take one of its models, `weights[0]`.
    """
    import transformer_lens.model_bridge.sources.native  # noqa: F401  (gives the bridge its boot_native)
    from transformer_lens.config import TransformerBridgeConfig
    from transformer_lens.model_bridge import TransformerBridge

    if weights.stack:
        raise ValueError(f"this is a stack of {weights.stack} models: choose one of them, as in weights[0]")
    if device is None:
        device = weights.W_E.device
    config = TransformerBridgeConfig(
        d_model=weights.d_model, d_head=weights.d_head, n_heads=weights.n_heads, n_layers=weights.n_layers,
        n_ctx=weights.n_ctx, d_vocab=weights.d_vocab, attn_only=True, normalization_type=None, act_fn="relu",
        init_weights=False, device=str(device),
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):  # building a model draws weights that are then replaced
        bridge = TransformerBridge.boot_native(config, dtype=weights.W_E.dtype)
    with torch.no_grad():
        for parameter in bridge.parameters():
            parameter.zero_()
        bridge.W_E.copy_(weights.W_E)
        bridge.W_pos.copy_(weights.W_pos)
        bridge.W_U.copy_(weights.W_U)
        for layer, block in enumerate(bridge.blocks):
            for name in ("W_Q", "W_K", "W_V"):
                linear = getattr(block.attn, name[-1].lower()).original_component
                linear.weight.copy_(getattr(weights, name)[layer].mT.flatten(0, 1))
            block.attn.o.original_component.weight.copy_(weights.W_O[layer].flatten(0, 1).mT)
    return bridge.eval()
