"""How often the model is right without some heads: several sets of heads, each in a run of its own.

1. One run of all prompts of the pairs, clean and corrupt together: the mean of every head's z over them, and the
   stream of the clean ones before each layer.
2. For each set, the clean prompts from the first layer that has one of its heads; those heads write their means.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from course_utils import patching

from .pairs import Pairs


def shares_without(model: Any, pairs: Pairs, sets: Sequence[Iterable[str]]) -> list[float]:
    """The share of clean prompts with the right bracket, with the heads of each set at their means.

    Args:
        sets: of heads such as "2.2"; an empty one ablates nothing. The means are over `pairs.everyone`, position by
            position, as in `ablated(model, pairs.clean, heads, "mean", pairs.everyone)`.

    Raises:
        ValueError: a head that the model has not.
    """
    chosen = [[patching.head(name, model) for name in one] for one in sets]
    layers = range(model.cfg.n_layers)
    z, before = ([f"blocks.{layer}.{point}" for layer in layers] for point in ("attn.hook_z", "hook_resid_pre"))
    with torch.no_grad():
        _, cache = model.run_with_cache(pairs.everyone, names_filter=[*z, *before])
        streams = [cache[name][: len(pairs)] for name in before]  # of the clean prompts: (n, pos, d_model)
        means = [cache[name].mean(0) for name in z]  # (pos, head, d_head)
        found = []
        for one in chosen:
            by_layer = {layer: [head for at, head in one if at == layer] for layer, _ in one}
            hooks = [(z[layer], _writes(gone, means[layer])) for layer, gone in by_layer.items()]
            first = min(by_layer, default=0)
            found.append(pairs.right(model.run_with_hooks(streams[first], fwd_hooks=hooks, start_at_layer=first)))
    return found


def _writes(heads: list[int], means: Tensor) -> Any:
    """A hook after which these heads have their means."""

    def hook(z: Tensor, hook: Any) -> Tensor:
        z = z.clone()
        z[:, :, heads] = means[:, heads]
        return z

    return hook
