"""Inside an MLP: what some of its neurons carry from one prompt of a pair to the other.

1. Run the corrupt prompts, in which the other bracket stands.
2. At that bracket, give some neurons of one MLP the values that they have in the clean run.
3. Measure how far the logit difference comes from the corrupt run's (0) to the clean run's (1).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_utils import patching

from .pairs import Pairs


def post(layer: int) -> str:
    """The hook point of an MLP's neurons, after the nonlinearity: (batch, pos, d_mlp)."""
    return f"blocks.{layer}.mlp.hook_post"


def at_opener(model: Any, tokens: Int[Tensor, "n pos"], opener: int, layer: int = 0) -> Float[Tensor, "n d_mlp"]:
    """The neurons' activations at the open bracket."""
    with torch.no_grad():
        _, cache = model.run_with_cache(tokens, names_filter=post(layer))
    return cache[post(layer)][:, opener]


def neuron_recovery(model: Any, pairs: Pairs, sets: Sequence[Sequence[int]], layer: int = 0) -> list[float]:
    """For each set of neurons, what they recover together, patched at the open bracket from clean into corrupt.

    Args:
        sets: of neurons of that layer's MLP, by number; each set is tried by itself.

    Returns:
        shares of the gap between the two runs' mean logit differences: 0 is the corrupt run, 1 the clean one.
    """
    clean = at_opener(model, pairs.clean, pairs.opener, layer)
    with torch.no_grad():
        low, high = (float(pairs.difference(model(side)).mean()) for side in (pairs.corrupt, pairs.clean))
        found = []
        for neurons in sets:
            chosen = torch.as_tensor(list(neurons), dtype=torch.long)

            def put(x: Tensor, hook: Any, chosen: Tensor = chosen) -> Tensor:
                x = x.clone()
                x[:, pairs.opener, chosen] = clean[:, chosen]
                return x

            logits = model.run_with_hooks(pairs.corrupt, fwd_hooks=[(post(layer), put)])
            found.append((float(pairs.difference(logits).mean()) - low) / (high - low))
    return found


def neuron_order(model: Any, pairs: Pairs, layer: int = 0) -> Int[Tensor, "d_mlp"]:
    """The neurons by what each recovers alone at the open bracket, the largest first."""
    ask = patching.Question(model, pairs.clean, pairs.corrupt, pairs.metric)
    alone = ask.sweep("post", by=("layer", "position", "neuron"), layers=[layer], positions=[pairs.opener])
    return alone.recovery().flatten().argsort(descending=True, stable=True)


def vocabulary_activations(model: Any, layer: int = 0) -> Float[Tensor, "d_vocab d_mlp"]:
    """Each neuron's activation at each token of the vocabulary, standing alone behind the start token."""
    ids = torch.arange(model.cfg.d_vocab)
    prompts = torch.stack([torch.full_like(ids, model.tokenizer.bos_token_id), ids], 1)
    return at_opener(model, prompts, 1, layer)


def neuron_readings(model: Any, pairs: Pairs, neurons: Sequence[int], layer: int = 0) -> list[dict[str, Any]]:
    """For `table`, a row for each neuron: its mean activation at each open bracket, and which tokens make it active.

    The share is of the whole vocabulary, each token alone behind the start token (`vocabulary_activations`).
    """
    active, there = vocabulary_activations(model, layer), at_opener(model, pairs.clean, pairs.opener, layer)
    opened, rows = pairs.clean[:, pairs.opener], []
    for neuron in neurons:
        texts = (model.tokenizer.decode([i]).strip() for i in active[:, neuron].argsort(descending=True).tolist())
        top = list(itertools.islice((text for text in texts if text and "\ufffd" not in text), 4))  # whole characters
        means = {sign: float(there[opened == sign, neuron].mean()) for sign in opened.unique().tolist()}
        rows.append(
            {"neuron": str(neuron)}
            | {f"at `{model.tokenizer.decode([sign]).strip()}`": mean for sign, mean in means.items()}
            | {"share of tokens above 1": float((active[:, neuron] > 1).float().mean())}
            | {"most active at": "  ".join(f"`{text}`" for text in top)}
        )
    return rows
