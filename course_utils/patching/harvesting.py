"""Activations of a model, at the speed of a plain forward pass.

1. A hook's name says where ("blocks.2.hook_resid_pre"). What the unrolled forward knows it computes, and it runs no
   layer beyond; any other hook, and any other model, goes through `run_with_cache`.
2. The first position of a context is left out: it is the token that starts every context, and its activation is the
   same everywhere and many times as long as the others.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_utils.patching.trust import hooks_on
from course_utils.patching.unrolled import Unrolled, Unsupported, unroll

CONTEXTS = 32  # in one forward pass
_HOOK = re.compile(r"^blocks\.(\d+)\.(.+)$")
_SITES = {
    "hook_resid_pre": "resid_pre", "hook_resid_mid": "resid_mid", "hook_resid_post": "resid_post",
    "hook_attn_out": "attn_out", "hook_mlp_out": "mlp_out", "mlp.hook_in": "mlp_in", "mlp.hook_post": "post",
    "attn.hook_z": "z",
}  # fmt: skip


@torch.no_grad()
def harvest(
    model: Any, hooks: str | Sequence[str], tokens: Int[Tensor, "context pos"], *, start: int = 1
) -> Float[Tensor, "row d"] | list[Float[Tensor, "row d"]]:
    """The activations at `hooks`, positions from `start` on, one vector a row; a list where a list was asked for.

    Heads (hook_z) are laid side by side.
    """
    names = [hooks] if isinstance(hooks, str) else list(hooks)
    run = _plain(model, names) or _hooked(model, names)
    device = model.cfg.device
    parts = [[a[:, start:].flatten(0, 1) for a in run(some.to(device))] for some in tokens.split(CONTEXTS)]
    found = [torch.cat(rows) for rows in zip(*parts, strict=True)]
    return found[0] if isinstance(hooks, str) else found


def _plain(model: Any, names: Sequence[str]) -> Any:
    """A function from tokens to activations by the unrolled forward; None where that does not know how."""
    wanted = []
    for name in names:
        match = _HOOK.match(name)
        if match is None or match[2] not in _SITES:
            return None
        wanted.append((int(match[1]), _SITES[match[2]]))
    net = plain_forward(model)
    if net is None or max(layer for layer, _ in wanted) >= net.n_layers:
        return None
    if any(site in ("mlp_in", "post", "mlp_out") and not net.blocks[layer].has_mlp for layer, site in wanted):
        return None
    return lambda tokens: _run(net, wanted, tokens)


def plain_forward(model: Any) -> Unrolled | None:
    """The model's weights as a plain forward pass; None where it would not be what the model does.

    That is so for an architecture that the plain forward does not know, and while a hook is left on the model.
    """
    try:
        return None if hooks_on(model) else unroll(model)
    except Unsupported:
        return None


def _run(net: Unrolled, wanted: Sequence[tuple[int, str]], tokens: Tensor) -> list[Tensor]:
    """Only the layers that are needed."""
    needed = max(layer + (site != "resid_pre") for layer, site in wanted)
    keep = {"resid_mid" if site == "mlp_in" else site for _, site in wanted}
    visible = net.visible(tokens.shape[1])
    out, kept = replace(net, blocks=net.blocks[:needed]).forward(net.embed(tokens), visible, keep=keep)
    found = []
    for layer, site in wanted:
        if site == "mlp_in":
            found.append(net.blocks[layer].ln2(kept["resid_mid"][layer]))
        else:  # the stream before a layer that was not run is what came out
            found.append(out if layer == needed else kept[site][layer].flatten(2))
    return found


def _hooked(model: Any, names: Sequence[str]) -> Any:
    def run(tokens: Tensor) -> list[Tensor]:
        _, cache = model.run_with_cache(tokens, names_filter=lambda name: name in names)
        return [cache[name].flatten(2) for name in names]

    return run
