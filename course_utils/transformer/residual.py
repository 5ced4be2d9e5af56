"""The residual stream as a running sum: everything that writes into it, apart and added up.

1. `residual_stream` adds it up from plain tensors: embeddings, heads, attention biases, MLPs.
2. `components` takes every term apart from a cache, at one layer's end, with its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from einops import einsum
from jaxtyping import Float
from torch import Tensor


def residual_stream(
    embed: Float[Tensor, "batch pos d_model"],
    pos_embed: Float[Tensor, "batch pos d_model"],
    z: Float[Tensor, "layer batch pos head d_head"],
    W_O: Float[Tensor, "layer head d_head d_model"],
    b_O: Float[Tensor, "layer d_model"],
    mlp_out: Float[Tensor, "layer batch pos d_model"],
) -> Float[Tensor, "batch pos d_model"]:
    """The residual stream after the last layer: the sum of all that was written into it (Elhage et al. 2021).

    Each head adds its `z` through its own `W_O`, each attention layer one bias `b_O`, and each MLP its output, which
    has its bias in it already.
    """
    heads = einsum(z, W_O, "layer batch pos head d_head, layer head d_head d_model -> layer head batch pos d_model")
    return embed + pos_embed + heads.sum((0, 1)) + b_O.sum(0) + mlp_out.sum(0)


@dataclass(frozen=True, repr=False)
class Components:
    """What was written into the residual stream, term by term.

    Attributes:
        labels: "embed", "pos_embed", "2.1" (head 1 of layer 2), "b_O", "m3" (the MLP of layer 3).
        parts: (component, batch, pos, d_model); their sum is the residual stream.
    """

    labels: tuple[str, ...]
    parts: Float[Tensor, "component batch pos d_model"]

    def __getitem__(self, label: str) -> Float[Tensor, "batch pos d_model"]:
        if label not in self.labels:
            raise KeyError(f"there is no component {label!r}; there are {', '.join(self.labels)}")
        return self.parts[self.labels.index(label)]

    def total(self) -> Float[Tensor, "batch pos d_model"]:
        """The residual stream that they add up to."""
        return self.parts.sum(0)

    def __repr__(self) -> str:
        norms = self.parts.norm(dim=-1).mean((1, 2)).tolist()
        rows = [f"  {label:<10} {norm:8.2f}" for label, norm in zip(self.labels, norms, strict=True)]
        total = float(self.total().norm(dim=-1).mean())
        return "\n".join(
            [f"{len(rows)} components, mean length of what each writes", *rows, f"  {'sum':<10} {total:8.2f}"]
        )


def components(model: Any, cache: Mapping[str, Tensor], layer: int | None = None) -> Components:
    """Everything that has been written into the residual stream by the end of `layer` (None: of the last one).

    Args:
        model: a TransformerBridge, of which `W_O` and `b_O` are read.
        cache: of `model.run_with_cache(tokens)`, of that model.
    """
    last = model.cfg.n_layers - 1 if layer is None else layer
    labels, parts = ["embed"], [cache["hook_embed"]]
    if "hook_pos_embed" in cache:
        labels, parts = [*labels, "pos_embed"], [*parts, cache["hook_pos_embed"].expand_as(parts[0])]
    for at in range(last + 1):
        z = cache[f"blocks.{at}.attn.hook_z"]
        for head in range(model.cfg.n_heads):
            labels.append(f"{at}.{head}")
            parts.append(z[:, :, head] @ model.W_O[at, head])
        if f"blocks.{at}.hook_mlp_out" in cache:
            labels.append(f"m{at}")
            parts.append(cache[f"blocks.{at}.hook_mlp_out"])
    labels.append("b_O")
    parts.append(model.b_O[: last + 1].sum(0).expand_as(parts[0]))
    return Components(tuple(labels), torch.stack(list(parts)).detach())
