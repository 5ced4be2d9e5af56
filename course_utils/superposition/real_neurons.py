"""Neurons of a real model: are its coordinates different from other directions?

1. Take the activations of a language model on text: of the neurons of each MLP, and of the residual stream.
2. Ask each coordinate which share of its variance comes from the strongest hundredth of all tokens. A coordinate that
   is silent most of the time has a large share; of normally distributed numbers it is a twelfth.
3. The nulls: the same activations after a random turn, whose coordinates are mixtures of all, and an untrained model.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from ..python_text import samples

CONTEXTS = 15  # of the sample programs


def spikes(values: Float[Tensor, "token coordinate"]) -> Float[Tensor, "coordinate"]:
    """Of each coordinate's variance, the share that comes from the hundredth of the tokens where it is farthest out."""
    squares = (values - values.mean(0)).square().T.contiguous()  # (coordinate, token)
    return squares.topk(len(values) // 100, dim=1).values.sum(1) / squares.sum(1)


def turned(values: Float[Tensor, "token d"], seed: int = 0) -> Float[Tensor, "token d"]:
    """The same activations in random coordinates at right angles."""
    d = values.shape[1]
    return values @ torch.linalg.qr(torch.randn(d, d, generator=torch.Generator().manual_seed(seed))).Q


def program_tokens(model: Any, contexts: int = CONTEXTS) -> Tensor:
    """The course's sample programs, one after another, cut into contexts that each begin with the first token."""
    each = [model.tokenizer(samples.read(name))["input_ids"] for name in samples.names()]
    first, size = each[0][0], model.cfg.n_ctx - 1
    tokens = torch.tensor([token for ids in each for token in ids[1:]])[: contexts * size]
    return torch.nn.functional.pad(tokens.view(-1, size), (1, 0), value=first)


@torch.no_grad()
def layer_spikes(model: Any) -> dict[str, dict[str, Float[Tensor, "coordinate"]]]:
    """`spikes` of each layer's neurons and of the residual stream halfway, as they are and after a turn."""
    names = {f"blocks.{k}.mlp.hook_post": f"neurons, layer {k}" for k in range(model.cfg.n_layers)}
    names[f"blocks.{model.cfg.n_layers // 2 - 1}.hook_resid_post"] = "residual stream"
    _, cache = model.run_with_cache(program_tokens(model), names_filter=lambda name: name in names)
    values = {title: cache[name][:, 1:].flatten(0, 1).float() for name, title in names.items()}
    return {title: {"as they are": spikes(v), "turned": spikes(turned(v))} for title, v in values.items()}
