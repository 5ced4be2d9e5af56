"""A plain, fast transformer to train with: fused attention, no hooks.

The parameters bear the names of TransformerLens's native model (`tok_embed`, `pos`, `layers.0.attn.q`, …,
`head`), so that weights move between the two without translation; `gpt2_weights` translates to GPT-2's names.
"""
from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor, nn


@dataclass(frozen=True)
class Shape:
    """Architecture. `d_mlp = 0` means attention only; `tied` means that unembedding is embedding transposed."""

    n_layers: int
    d_model: int
    n_heads: int
    d_head: int
    n_ctx: int
    d_vocab: int
    d_mlp: int = 0
    norm: str = "LN"            # "LN" learns scale and bias, "LNPre" only normalises, "" does neither
    tied: bool = False

    def as_dict(self) -> dict:
        return asdict(self)


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
    """Causal self-attention with separate, biased projections."""

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

    def z(self, x: Float[Tensor, "batch pos d_model"]) -> Float[Tensor, "batch pos head d_head"]:
        """What each head has gathered, before `o` writes it."""
        q, k, v = self._heads(x)
        if q.dtype == torch.bfloat16 and q.device.type == "cpu":    # there the fused kernel is the slower one
            z = _small_attention(q, k, v)
        else:
            z = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return z.transpose(1, 2)

    def forward(self, x: Float[Tensor, "batch pos d_model"]) -> Float[Tensor, "batch pos d_model"]:
        return self.o(self.z(x).flatten(2))

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

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.ln1(x))
        return x + self.mlp(self.ln2(x)) if hasattr(self, "mlp") else x


class Plain(nn.Module):
    """A decoder-only transformer. `seed` fixes the initial weights."""

    def __init__(self, shape: Shape, seed: int = 0):
        super().__init__()
        self.shape = shape
        self.tok_embed = nn.Embedding(shape.d_vocab, shape.d_model)
        self.pos = nn.Embedding(shape.n_ctx, shape.d_model)
        self.layers = nn.ModuleList(Block(shape) for _ in range(shape.n_layers))
        self.ln_out = _norm(shape)
        self.head = nn.Linear(shape.d_model, shape.d_vocab, bias=False)
        self._initialise(seed)
        if shape.tied:
            self.head.weight = self.tok_embed.weight

    @torch.no_grad()
    def _initialise(self, seed: int) -> None:
        rng = torch.Generator().manual_seed(seed)
        depth = math.sqrt(2 * self.shape.n_layers)
        for name, parameter in self.named_parameters():
            if parameter.ndim < 2:
                continue
            std = 0.02 if name.startswith(("tok_embed", "pos", "head")) else 0.8 / math.sqrt(parameter.shape[1])
            if name.endswith(("attn.o.weight", "fc_out.weight")):
                std /= depth
            parameter.copy_(torch.randn(parameter.shape, generator=rng) * std)
        for name, parameter in self.named_parameters():
            if name.endswith("bias"):
                parameter.zero_()

    def embed(self, tokens: Int[Tensor, "batch pos"]) -> Float[Tensor, "batch pos d_model"]:
        return self.tok_embed(tokens) + self.pos.weight[: tokens.shape[1]]

    def forward(self, tokens: Int[Tensor, "batch pos"]) -> Float[Tensor, "batch pos d_vocab"]:
        x = self.embed(tokens)
        for layer in self.layers:
            x = layer(x)
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
    """A state dict for `transformers.GPT2LMHeadModel` (tied head left out); GPT-2 keeps matrices as (in, out)."""
    state = model.state_dict()
    found = {"transformer.wte.weight": state["tok_embed.weight"], "transformer.wpe.weight": state["pos.weight"]}
    if not model.shape.tied:
        found["lm_head.weight"] = state["head.weight"]
    for kind in ("weight", "bias"):
        found[f"transformer.ln_f.{kind}"] = state[f"ln_out.{kind}"]
        for i in range(model.shape.n_layers):
            ours, theirs = f"layers.{i}", f"transformer.h.{i}"
            qkv = torch.cat([state[f"{ours}.attn.{part}.{kind}"] for part in "qkv"])
            found[f"{theirs}.attn.c_attn.{kind}"] = qkv.mT if kind == "weight" else qkv
            for a, b in (("attn.o", "attn.c_proj"), ("mlp.fc_in", "mlp.c_fc"), ("mlp.fc_out", "mlp.c_proj")):
                value = state[f"{ours}.{a}.{kind}"]
                found[f"{theirs}.{b}.{kind}"] = value.mT if kind == "weight" else value
            found[f"{theirs}.ln_1.{kind}"] = state[f"{ours}.ln1.{kind}"]
            found[f"{theirs}.ln_2.{kind}"] = state[f"{ours}.ln2.{kind}"]
    return {name: value.detach().clone().contiguous() for name, value in found.items()}


def from_gpt2(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The inverse of `gpt2_weights`, for a tied head."""
    found = {"tok_embed.weight": weights["transformer.wte.weight"], "pos.weight": weights["transformer.wpe.weight"],
             "head.weight": weights.get("lm_head.weight", weights["transformer.wte.weight"])}
    for name, value in weights.items():
        part, _, kind = name.removeprefix("transformer.").rpartition(".")
        if part == "ln_f":
            found[f"ln_out.{kind}"] = value
        elif part.startswith("h."):
            _, i, inner = part.split(".", 2)
            value = value.mT if value.ndim == 2 else value
            if inner == "attn.c_attn":
                for letter, third in zip("qkv", value.chunk(3), strict=True):
                    found[f"layers.{i}.attn.{letter}.{kind}"] = third
            else:
                found[f"layers.{i}.{_FROM_GPT2[inner]}.{kind}"] = value
    return found


_FROM_GPT2 = {"attn.c_proj": "attn.o", "mlp.c_fc": "mlp.fc_in", "mlp.c_proj": "mlp.fc_out", "ln_1": "ln1",
              "ln_2": "ln2"}
