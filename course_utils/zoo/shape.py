"""The architecture of a bundled model: its shape, the weights that its training began with, and GPT-2's names for them.

Weights bear the names of TransformerLens's native model (`tok_embed`, `pos`, `layers.0.attn.q`, …, `head`).
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Shape:
    """Architecture. `d_mlp = 0` means attention only; `tied` means that unembedding is embedding transposed.

    `d_out` counts the classes that are told apart; 0: logits are of the tokens. Without `causal` every token attends to
    every other.
    """

    n_layers: int
    d_model: int
    n_heads: int
    d_head: int
    n_ctx: int
    d_vocab: int
    d_mlp: int = 0
    norm: str = "LN"            # "LN" learns scale and bias, "LNPre" only normalises, "" does neither
    tied: bool = False
    d_out: int = 0
    causal: bool = True

    def parameters(self) -> dict[str, tuple[int, ...]]:
        """The shape of every weight, by its native name, in the order in which they are drawn."""
        width, norm = self.n_heads * self.d_head, {"weight": (self.d_model,), "bias": (self.d_model,)}
        found: dict[str, tuple[int, ...]] = {"tok_embed.weight": (self.d_vocab, self.d_model)}
        found["pos.weight"] = (self.n_ctx, self.d_model)

        def add(name: str, out: int, into: int) -> None:
            found.update({f"{name}.weight": (out, into), f"{name}.bias": (out,)})

        def add_norm(name: str) -> None:
            if self.norm == "LN":
                found.update({f"{name}.{kind}": size for kind, size in norm.items()})

        for layer in (f"layers.{i}" for i in range(self.n_layers)):
            add_norm(f"{layer}.ln1")
            for part in "qkv":
                add(f"{layer}.attn.{part}", width, self.d_model)
            add(f"{layer}.attn.o", self.d_model, width)
            if self.d_mlp:
                add_norm(f"{layer}.ln2")
                add(f"{layer}.mlp.fc_in", self.d_mlp, self.d_model)
                add(f"{layer}.mlp.fc_out", self.d_model, self.d_mlp)
        add_norm("ln_out")
        found["head.weight"] = (self.d_out or self.d_vocab, self.d_model)
        return found


def initial_weights(shape: Shape, seed: int) -> dict[str, Tensor]:
    """The weights of the untrained model, under their native names: what writes to the stream is scaled by depth."""
    rng, depth = torch.Generator().manual_seed(seed), math.sqrt(2 * shape.n_layers)
    found = {}
    for name, size in shape.parameters().items():
        if len(size) < 2:
            found[name] = torch.ones(size) if name.endswith("weight") else torch.zeros(size)
            continue
        std = 0.02 if name.startswith(("tok_embed", "pos", "head")) else 0.8 / math.sqrt(size[1])
        if name.endswith(("attn.o.weight", "fc_out.weight")):
            std /= depth
        found[name] = torch.randn(size, generator=rng) * std
    if shape.tied:
        found["head.weight"] = found["tok_embed.weight"]
    return found


def to_gpt2(state: dict[str, Tensor], shape: Shape) -> dict[str, Tensor]:
    """Native weights under the names of `transformers.GPT2LMHeadModel` (tied head left out), matrices as (in, out)."""
    found = {"transformer.wte.weight": state["tok_embed.weight"], "transformer.wpe.weight": state["pos.weight"]}
    if not shape.tied:
        found["lm_head.weight"] = state["head.weight"]
    for kind in ("weight", "bias"):
        found[f"transformer.ln_f.{kind}"] = state[f"ln_out.{kind}"]
        for i in range(shape.n_layers):
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
    """The inverse of `to_gpt2`, for a tied head."""
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


def gpt2_config(shape: Shape) -> dict:
    """What `transformers.GPT2Config` needs to know of a shape."""
    return dict(vocab_size=shape.d_vocab, n_positions=shape.n_ctx, n_embd=shape.d_model, n_layer=shape.n_layers,
                n_head=shape.n_heads, n_inner=shape.d_mlp, activation_function="gelu_new", resid_pdrop=0.0,
                embd_pdrop=0.0, attn_pdrop=0.0, layer_norm_epsilon=1e-5, bos_token_id=0, eos_token_id=0,
                tie_word_embeddings=shape.tied, architectures=["GPT2LMHeadModel"], model_type="gpt2")
