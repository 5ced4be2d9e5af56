"""How often the model is right without some heads: many sets of heads in one forward.

1. The mean of every head's z over all prompts of the pairs, clean and corrupt together, from one run.
2. The clean prompts once for each set, all in one batch; in the rows of a set its heads have their means.
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
        ValueError: no set, or a head that the model has not.
    """
    chosen = [[patching.head(name, model) for name in one] for one in sets]
    if not chosen:
        raise ValueError("Give at least one set of heads; an empty set ablates nothing.")
    names = [f"blocks.{layer}.attn.hook_z" for layer in sorted({layer for one in chosen for layer, _ in one})]
    with torch.no_grad():
        means: dict[str, Tensor] = {}
        if names:
            _, cache = model.run_with_cache(pairs.everyone, names_filter=names)
            means = {name: cache[name].mean(0) for name in names}  # (pos, head, d_head)

        def take_away(z: Tensor, hook: Any) -> Tensor:
            rows = z.clone().unflatten(0, (len(chosen), -1))  # (set, prompt, pos, head, d_head)
            for row, one in zip(rows, chosen, strict=True):
                gone = [number for layer, number in one if f"blocks.{layer}.attn.hook_z" == hook.name]
                row[:, :, gone] = means[hook.name][:, gone]
            return rows.flatten(0, 1)

        hooks = [(name, take_away) for name in names]
        logits = model.run_with_hooks(pairs.clean.repeat(len(chosen), 1), fwd_hooks=hooks)
    return [pairs.right(some) for some in logits.split(len(pairs))]
