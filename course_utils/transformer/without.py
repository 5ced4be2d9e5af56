"""How the model does without some heads: for many sets of heads, each in a run of its own.

1. One run of all prompts of the pairs, clean and corrupt together: the mean of every head's z over them, and the
   stream of the clean ones before each layer. It is done once, for all sets.
2. For each set, the clean prompts from the first layer that has one of its heads; those heads write their means.
3. Only the logits that are compared are computed: of the closing tokens, at the last position.
"""

from __future__ import annotations

from collections.abc import Iterable
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


class Without:
    """The clean prompts of `pairs`, to be run without heads.

    Raises:
        ValueError: a hook is left on the model.
    """

    def __init__(self, model: Any, pairs: Pairs):
        self.model, self.pairs, self.net = model, pairs, bare(model)
        self.visible = self.net.visible(pairs.clean.shape[1])
        self.closers = torch.cat([pairs.correct, pairs.wrong]).unique()
        with torch.no_grad():
            end, kept = self.net.forward(self.net.embed(pairs.everyone), self.visible, keep=("resid_pre", "z"))
        #: before each layer and at the end, of the clean prompts: (n, pos, d_model)
        self.streams = [stream[: len(pairs)] for stream in (*kept["resid_pre"], end)]
        self.means = [z.mean(0) for z in kept["z"]]  # (pos, head, d_head)

    def heads(self, names: Iterable[str]) -> tuple[float, float]:
        """The share of prompts with the right bracket, and the mean lead, with these heads at their means.

        The means are over `pairs.everyone`, position by position, as in
        `ablated(model, pairs.clean, heads, "mean", pairs.everyone)`. Without names nothing is ablated.

        Raises:
            ValueError: a head that the model has not.
        """
        chosen = [patching.head(name, self.model) for name in names]
        by_layer = {layer: [head for at, head in chosen if at == layer] for layer, _ in chosen}

        def write_means(layer: int, z: Tensor) -> Tensor:
            if layer in by_layer:
                z = z.clone()
                z[:, :, by_layer[layer]] = self.means[layer][:, by_layer[layer]]
            return z

        first, n = min(by_layer, default=len(self.streams) - 1), len(self.pairs)
        stream = self.streams[first]
        with torch.no_grad():
            if by_layer:
                stream, _ = self.net.forward(stream, self.visible, {"z": write_means}, first_layer=first)
            logits = self.net.logits(stream[:, -1:], self.closers.expand(n, -1))[:, 0]  # (n, closer)
        is_right = self.closers[logits.argmax(-1)] == self.pairs.correct
        right, wrong = (logits[self.closers == answer[:, None]] for answer in (self.pairs.correct, self.pairs.wrong))
        return float(is_right.float().mean()), float((right - wrong).mean())
