"""A plain, fast transformer to train with: fused attention, no hooks.

The parameters bear the names of TransformerLens's native model (`tok_embed`, `pos`, `layers.0.attn.q`, …,
`head`), so that weights move between the two without translation.
"""
from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from course_utils.zoo.shape import Shape, initial_weights, to_gpt2

Mask = Bool[Tensor, "batch pos"] | None


class _Norm(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return F.layer_norm(x, x.shape[-1:], eps=1e-5)


def _norm(shape: Shape) -> nn.Module:
    return {"LN": lambda: nn.LayerNorm(shape.d_model), "LNPre": _Norm, "": nn.Identity}[shape.norm]()


def _small_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Causal attention in two batched products, each (batch, head, pos, d_head) in bfloat16."""
    length, scale = q.shape[2], 1 / math.sqrt(q.shape[3])
    future = torch.full((length, length), -1e9, dtype=q.dtype, device=q.device).triu(1)
    with torch.autocast(q.device.type, enabled=False):
        mask = future.expand(q.shape[0] * q.shape[1], length, length)
        scores = torch.baddbmm(mask, q.flatten(0, 1), k.flatten(0, 1).mT, alpha=scale)
        return (scores.softmax(-1) @ v.flatten(0, 1)).view_as(q)


class Attention(nn.Module):
    """Self-attention with separate, biased projections."""

    def __init__(self, shape: Shape):
        super().__init__()
        self.shape = shape
        width = shape.n_heads * shape.d_head
        self.q, self.k, self.v = (nn.Linear(shape.d_model, width) for _ in range(3))
        self.o = nn.Linear(width, shape.d_model)

    def _heads(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        split = (*x.shape[:2], self.shape.n_heads, self.shape.d_head)
        return tuple(linear(x).view(split).transpose(1, 2)              # (batch, head, pos, d_head)
                     for linear in (self.q, self.k, self.v))

    def z(self, x: Float[Tensor, "batch pos d_model"], mask: Mask = None) -> Float[Tensor, "batch pos head d_head"]:
        """What each head has gathered, before `o` writes it."""
        q, k, v = self._heads(x)
        if not self.shape.causal:
            z = F.scaled_dot_product_attention(q, k, v, attn_mask=None if mask is None else mask[:, None, None])
        elif q.dtype == torch.bfloat16 and q.device.type == "cpu":    # there the fused kernel is the slower one
            z = _small_attention(q, k, v)
        else:
            z = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return z.transpose(1, 2)

    def forward(self, x: Float[Tensor, "batch pos d_model"], mask: Mask = None) -> Float[Tensor, "batch pos d_model"]:
        return self.o(self.z(x, mask).flatten(2))

    def pattern(self, x: Float[Tensor, "batch pos d_model"]) -> Float[Tensor, "batch head query key"]:
        """The attention that `forward` does not keep."""
        q, k, _ = self._heads(x)
        scores = q @ k.transpose(-1, -2) / math.sqrt(self.shape.d_head)
        future = torch.ones(scores.shape[-2:], dtype=torch.bool, device=x.device).triu(1)
        return scores.masked_fill(future, -torch.inf).softmax(-1)


class MLP(nn.Module):
    """Two linear maps with GPT-2's GELU between them."""

    def __init__(self, shape: Shape):
        super().__init__()
        self.fc_in = nn.Linear(shape.d_model, shape.d_mlp)
        self.fc_out = nn.Linear(shape.d_mlp, shape.d_model)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc_out(F.gelu(self.fc_in(x), approximate="tanh"))


class Block(nn.Module):
    """Attention, then the MLP if there is one, each reading a normalised residual stream and adding to it."""

    def __init__(self, shape: Shape):
        super().__init__()
        self.ln1, self.attn = _norm(shape), Attention(shape)
        if shape.d_mlp:
            self.ln2, self.mlp = _norm(shape), MLP(shape)

    def forward(self, x: Tensor, mask: Mask = None) -> Tensor:
        x = x + self.attn(self.ln1(x), mask)
        return x + self.mlp(self.ln2(x)) if hasattr(self, "mlp") else x


class Plain(nn.Module):
    """A transformer. `seed` fixes the initial weights."""

    def __init__(self, shape: Shape, seed: int = 0):
        super().__init__()
        self.shape = shape
        self.tok_embed = nn.Embedding(shape.d_vocab, shape.d_model)
        self.pos = nn.Embedding(shape.n_ctx, shape.d_model)
        self.layers = nn.ModuleList(Block(shape) for _ in range(shape.n_layers))
        self.ln_out = _norm(shape)
        self.head = nn.Linear(shape.d_model, shape.d_out or shape.d_vocab, bias=False)
        if shape.tied:
            self.head.weight = self.tok_embed.weight
        self.load_state_dict(initial_weights(shape, seed))

    def embed(self, tokens: Int[Tensor, "batch pos"]) -> Float[Tensor, "batch pos d_model"]:
        return self.tok_embed(tokens) + self.pos.weight[: tokens.shape[1]]

    def forward(self, tokens: Int[Tensor, "batch pos"], mask: Mask = None) -> Float[Tensor, "batch pos d_out"]:
        """Logits. mask: False where a token is padding; for models that are not causal."""
        x = self.embed(tokens)
        for layer in self.layers:
            x = layer(x, mask)
        return self.head(self.ln_out(x))

    def patterns(self, tokens: Int[Tensor, "batch pos"]) -> Float[Tensor, "layer batch head query key"]:
        """Every head's attention."""
        x, found = self.embed(tokens), []
        for layer in self.layers:
            found.append(layer.attn.pattern(layer.ln1(x)))
            x = layer(x)
        return torch.stack(found)


def native_weights(model: Plain) -> dict[str, Tensor]:
    """A state dict for TransformerLens's native model."""
    return {name: value.detach().clone() for name, value in model.state_dict().items()}


def gpt2_weights(model: Plain) -> dict[str, Tensor]:
    """A state dict for `transformers.GPT2LMHeadModel` (tied head left out)."""
    return to_gpt2(native_weights(model), model.shape)
