"""How often the model is right without some heads: several sets of heads, each in a run of its own.

1. One run of all prompts of the pairs, clean and corrupt together: the mean of every head's z over them, and the
   stream of the clean ones before each layer.
2. For each set, the clean prompts from the first layer that has one of its heads; those heads write their means.
3. Only the logits that are compared are computed: of the closing tokens, at the last position.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from course_utils import patching
from course_utils.patching.harvesting import plain_forward
from course_utils.patching.unrolled import Unrolled

from .pairs import Pairs


def bare(model: Any) -> Unrolled:
    """The model's weights as a plain forward pass.

    Raises:
        ValueError: it would not be what the model does, as while a hook is left on it.
    """
    net = plain_forward(model)
    if net is None:
        raise ValueError("something acts on this model that its weights do not show, as a hook that was left on it: "
                         "call model.reset_hooks(), or load the model again")  # fmt: skip
    return net


def shares_without(model: Any, pairs: Pairs, sets: Sequence[Iterable[str]]) -> list[float]:
    """The share of clean prompts with the right bracket, with the heads of each set at their means.

    Args:
        sets: of heads such as "2.2"; an empty one ablates nothing. The means are over `pairs.everyone`, position by
            position, as in `ablated(model, pairs.clean, heads, "mean", pairs.everyone)`.

    Raises:
        ValueError: a head that the model has not, or a hook that is left on the model.
    """
    chosen = [[patching.head(name, model) for name in one] for one in sets]
    net = bare(model)
    visible = net.visible(pairs.clean.shape[1])
    closers = torch.cat([pairs.correct, pairs.wrong]).unique()
    with torch.no_grad():
        _, kept = net.forward(net.embed(pairs.everyone), visible, keep=("resid_pre", "z"))
        streams = [stream[: len(pairs)] for stream in kept["resid_pre"]]  # of the clean prompts: (n, pos, d_model)
        means = [z.mean(0) for z in kept["z"]]  # (pos, head, d_head)
        found = []
        for one in chosen:
            by_layer = {layer: [head for at, head in one if at == layer] for layer, _ in one}

            def write_means(layer: int, z: Tensor, by_layer: dict[int, list[int]] = by_layer) -> Tensor:
                if layer in by_layer:
                    z = z.clone()
                    z[:, :, by_layer[layer]] = means[layer][:, by_layer[layer]]
                return z

            first = min(by_layer, default=0)
            stream, _ = net.forward(streams[first], visible, {"z": write_means}, first_layer=first)
            logits = net.logits(stream[:, -1:], closers.expand(len(pairs), -1))[:, 0]  # (n, closer)
            found.append(float((closers[logits.argmax(-1)] == pairs.correct).float().mean()))
    return found
