"""The measurements of this lesson as plain functions of tensors and small models: what the exercises ask for.

1. `noise_heads`, `direct_path` – one head's output, or its message to the logits, exchanged.
2. `mean_ablate_except`, `faithfulness` – what is left when only a circuit is kept.
3. `incompleteness`, `minimality` – the two other criteria of Wang et al. (2022), from tabulated values.
4. `attribution_patch`, `integrated_gradients` – the effect of an exchange, estimated by gradients.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

Z = "blocks.{}.attn.hook_z"
Values = Mapping[frozenset[str], Tensor]  # the metric per prompt, by the set of parts that are left


def noise_heads(
    model: Any, clean: Int[Tensor, "batch pos"], other: Int[Tensor, "batch pos"]
) -> Float[Tensor, "layer head batch d_vocab"]:
    """The logits at the last position of `clean` when one head's z, at all positions, is that of `other`."""
    _, donor = model.run_with_cache(other)
    found = []
    for layer in range(model.cfg.n_layers):
        for head in range(model.cfg.n_heads):

            def put(z: Tensor, hook: Any, layer: int = layer, head: int = head) -> Tensor:
                z = z.clone()
                z[:, :, head] = donor["z", layer][:, :, head]
                return z

            found.append(model.run_with_hooks(clean, fwd_hooks=[(Z.format(layer), put)])[:, -1])
    return torch.stack(found).unflatten(0, (model.cfg.n_layers, model.cfg.n_heads))


def direct_path(
    model: Any, clean: Int[Tensor, "batch pos"], other: Int[Tensor, "batch pos"], head: tuple[int, int], mlps: str
) -> Float[Tensor, "batch pos d_vocab"]:
    """The logits on `clean` when one head tells them, along the direct path, what it writes in `other`.

    Every later head keeps its z of the clean run. So does every MLP with mlps="frozen"; with "recomputed" the MLPs of
    the sender's layer and after it read the message too.
    """
    at, number = head
    _, here = model.run_with_cache(clean)
    _, there = model.run_with_cache(other)
    message = (there["z", at] - here["z", at])[:, :, number] @ model.W_O[at, number]
    hooks = [(f"blocks.{at}.hook_attn_out", lambda out, hook: out + message)]
    for layer in range(at, model.cfg.n_layers):
        if layer > at:
            hooks.append((Z.format(layer), lambda z, hook, layer=layer: here["z", layer]))
        if mlps == "frozen":
            hooks.append((f"blocks.{layer}.hook_mlp_out", lambda out, hook, layer=layer: here["mlp_out", layer]))
    return model.run_with_hooks(clean, fwd_hooks=hooks)


def mean_ablate_except(
    z: Float[Tensor, "batch pos head d_head"],
    reference: Float[Tensor, "n pos head d_head"],
    keep: Bool[Tensor, "batch pos head"],
    template: Int[Tensor, "batch"],
    reference_template: Int[Tensor, "n"],
) -> Float[Tensor, "batch pos head d_head"]:
    """`z` where `keep` is true; elsewhere the mean over the reference prompts of the same template, by position."""
    means = torch.stack([reference[reference_template == which].mean(0) for which in template])
    return torch.where(keep[..., None], z, means)


def faithfulness(
    circuit: Float[Tensor, "batch"], whole: Float[Tensor, "batch"], empty: Float[Tensor, "batch"]
) -> Float[Tensor, ""]:
    """The share of the whole model's mean metric that a circuit keeps, counted from everything ablated."""
    return (circuit.mean() - empty.mean()) / (whole.mean() - empty.mean())


def incompleteness(
    values: Values, circuit: frozenset[str], model: frozenset[str], removed: frozenset[str]
) -> Float[Tensor, ""]:
    """|F(C∖K) − F(M∖K)|, of the means over prompts."""
    return (values[circuit - removed].mean() - values[model - removed].mean()).abs()


def minimality(values: Values, circuit: frozenset[str], part: str) -> Float[Tensor, ""]:
    """The largest |F(C∖(K∪{part})) − F(C∖K)|, of the means over prompts, over all K in C that leave the part in."""
    without = [left for left in values if left <= circuit and part in left]
    return torch.stack([(values[left - {part}].mean() - values[left].mean()).abs() for left in without]).max()


def attribution_patch(
    metric: nn.Module, base: Float[Tensor, "batch head d_head"], donor: Float[Tensor, "batch head d_head"]
) -> Float[Tensor, "head"]:
    """The first-order estimate of the effect of putting each head's donor value into the base run, a mean over prompts.

    Args:
        metric: from z (batch, head, d_head) to one number per prompt.
    """
    return ((donor - base) * _slope(metric, base)).sum(-1).mean(0)


def integrated_gradients(
    metric: nn.Module, base: Float[Tensor, "batch head d_head"], donor: Float[Tensor, "batch head d_head"], steps: int
) -> Float[Tensor, "head"]:
    """The same with the gradient averaged over the middles of `steps` equal pieces of the way from base to donor."""
    places = [base + (k + 0.5) / steps * (donor - base) for k in range(steps)]
    slope = torch.stack([_slope(metric, place) for place in places]).mean(0)
    return ((donor - base) * slope).sum(-1).mean(0)


def _slope(metric: nn.Module, at: Float[Tensor, "batch head d_head"]) -> Float[Tensor, "batch head d_head"]:
    """The gradient of each prompt's metric with respect to its own z."""
    with torch.enable_grad():
        at = at.detach().requires_grad_(True)
        (gradient,) = torch.autograd.grad(metric(at).sum(), at)
    return gradient
