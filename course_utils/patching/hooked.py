"""The same interventions through TransformerLens's hooks, one forward per cell: for every other architecture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from .runs import Contrast

HOOKS = {
    "resid_pre": "blocks.{}.hook_resid_pre",
    "resid_mid": "blocks.{}.hook_resid_mid",
    "attn_out": "blocks.{}.hook_attn_out",
    "mlp_out": "blocks.{}.hook_mlp_out",
    "z": "blocks.{}.attn.hook_z",
    "q": "blocks.{}.attn.hook_q",
    "k": "blocks.{}.attn.hook_k",
    "v": "blocks.{}.attn.hook_v",
    "pattern": "blocks.{}.attn.hook_pattern",
}


def hooked_replacements(model: Any, site: str, question: Contrast) -> list[Tensor]:
    """For each layer what may be put in at `site`, (batch, …), read by TransformerLens."""
    names = [HOOKS[site].format(layer) for layer in range(model.cfg.n_layers)]
    tokens = {"zero": question.base, "mean": question.reference, "resample": question.donor}[question.ablation]
    seen = hooked_cache(model, tokens, names)
    if question.ablation == "zero":
        return [torch.zeros_like(seen[name]) for name in names]
    if question.ablation == "mean":
        return [question.mean(seen[name]) for name in names]
    return [seen[name] for name in names]


def hooked_cache(model: Any, tokens: Int[Tensor, "batch pos"], names: list[str]) -> dict[str, Tensor]:
    """The activations at these hook points, in one forward."""
    seen: dict[str, Tensor] = {}

    def keep(value: Tensor, hook: Any, name: str) -> None:
        seen[name] = value.detach().clone()

    with model.hooks(fwd_hooks=[(name, lambda v, hook, name=name: keep(v, hook, name)) for name in names]):
        model(tokens)
    return seen


def hooked_run(
    model: Any,
    tokens: Int[Tensor, "batch pos"],
    site: str,
    edit: Callable[[str, int, Tensor], Tensor],
    layer: int | None = None,
) -> Float[Tensor, "batch pos d_vocab"]:
    """All logits of one forward with one site edited, in one layer or (None) in all of them."""
    layers = range(model.cfg.n_layers) if layer is None else [layer]

    def at(number: int) -> Callable:
        # In place: a bridge's hook_resid_mid sits on the MLP's branch, and what it returns does not reach the
        # residual stream, but the tensor that it is shown is the residual stream.
        return lambda value, hook: value.copy_(edit(site, number, value))

    with model.hooks(fwd_hooks=[(HOOKS[site].format(number), at(number)) for number in layers]):
        return model(tokens)
