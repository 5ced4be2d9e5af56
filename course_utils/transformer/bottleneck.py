"""What passes through the first layer's MLP from one prompt of a pair to the other, and what passes it by.

The stream after layer 0 is a sum of two: what entered the MLP (`resid_mid`) and what the MLP made of it (`mlp_out`).
One of them is taken from the clean run, at some positions, and the rest of the corrupt run is computed from there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from .pairs import Pairs
from .without import bare


def through_first_mlp(model: Any, pairs: Pairs) -> dict[str, float]:
    """Recovery of the mean logit difference, 0 for the corrupt run and 1 for the clean one, by what was exchanged.

    "opener", "last" and "both": the output of the MLP there; "everywhere": at all positions; "past it": what entered
    it, at all positions, while its own output stays corrupt.

    Raises:
        ValueError: a hook is left on the model.
    """
    net = bare(model)
    visible, n = net.visible(pairs.clean.shape[1]), len(pairs)
    answers = torch.stack([pairs.correct, pairs.wrong], 1)  # (n, 2)

    def leads(streams: Tensor) -> list[float]:
        """The mean logit difference of each block of n rows, from the stream after layer 0 on."""
        end, _ = net.forward(streams, visible, first_layer=1)
        logits = net.logits(end[:, -1:], answers.repeat(len(streams) // n, 1))[:, 0]
        return [float(x) for x in (logits[:, 0] - logits[:, 1]).unflatten(0, (-1, n)).mean(1)]

    with torch.no_grad():
        first = replace(net, blocks=net.blocks[:1])
        after, kept = first.forward(net.embed(pairs.everyone), visible, keep=("resid_mid", "mlp_out"))
        entered, made = ((kept[site][0][:n] - kept[site][0][n:]) for site in ("resid_mid", "mlp_out"))
        opener, last, everywhere = [pairs.opener], [-1], list(range(pairs.clean.shape[1]))
        places = {"opener": opener, "last": last, "both": opener + last, "everywhere": everywhere}
        changes = []
        for difference, at in [(made, at) for at in places.values()] + [(entered, everywhere)]:
            change = torch.zeros_like(difference)
            change[:, at] = difference[:, at]
            changes.append(change)
        high, low, *found = leads(torch.cat([after, *(after[n:] + change for change in changes)]))
    return {name: (x - low) / (high - low) for name, x in zip([*places, "past it"], found, strict=True)}
