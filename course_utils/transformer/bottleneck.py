"""What passes through the first layer's MLP from one prompt of a pair to the other, and what passes it by.

The stream after layer 0 is a sum of two: what entered the MLP (`resid_mid`) and what the MLP made of it (`mlp_out`).
One of them is taken from the clean run, at some positions, and the rest of the corrupt run is computed from there.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .pairs import Pairs

ENTERED, MADE = "blocks.0.hook_resid_mid", "blocks.0.hook_mlp_out"


def through_first_mlp(model: Any, pairs: Pairs) -> dict[str, float]:
    """Recovery of the mean logit difference, 0 for the corrupt run and 1 for the clean one, by what was exchanged.

    "opener", "last" and "both": the output of the MLP there; "everywhere": at all positions; "past it": what entered
    it, at all positions, while its own output stays corrupt.
    """
    with torch.no_grad():
        runs = [model.run_with_cache(side, names_filter=[ENTERED, MADE]) for side in (pairs.clean, pairs.corrupt)]
        (clean, ours), (corrupt, twins) = runs
        high, low = (float(pairs.difference(logits).mean()) for logits in (clean, corrupt))
        opener, last, everywhere = [pairs.opener], [-1], list(range(pairs.clean.shape[1]))
        places = {"opener": opener, "last": last, "both": opener + last, "everywhere": everywhere}
        changes = []
        for name, at in [(MADE, at) for at in places.values()] + [(ENTERED, everywhere)]:
            change = torch.zeros_like(ours[name])
            change[:, at] = (ours[name] - twins[name])[:, at]
            changes.append(change)

        def add(stream: Tensor, hook: Any) -> Tensor:
            return stream + torch.cat(changes)

        hooks = [("blocks.1.hook_resid_pre", add)]
        logits = model.run_with_hooks(pairs.corrupt.repeat(len(changes), 1), fwd_hooks=hooks)
        found = [float(pairs.difference(some).mean()) for some in logits.split(len(pairs))]
    return {name: (x - low) / (high - low) for name, x in zip([*places, "past it"], found, strict=True)}
