"""Neurons of a real model: are its coordinates different from other directions?

1. Take the activations of one layer of a language model on text: of its MLP's neurons, and of the residual stream.
2. Ask each coordinate which share of its variance comes from the strongest hundredth of all tokens. A coordinate that
   is silent most of the time has a large share; of normally distributed numbers it is a twelfth.
3. The null: the same activations after a random turn, whose coordinates are mixtures of all. And the turn before the
   activation function, which tells what that function does to any direction.
"""

from typing import Any

import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from .. import plots
from ..python_text import samples

CONTEXTS = 30  # of the sample programs


def spikes(values: Float[Tensor, "token coordinate"]) -> Float[Tensor, "coordinate"]:
    """Of each coordinate's variance, the share that comes from the hundredth of the tokens where it is farthest out."""
    squares = (values - values.mean(0)).square()
    return squares.topk(len(squares) // 100, dim=0).values.sum(0) / squares.sum(0)


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
def layer_spikes(model: Any, layer: int) -> dict[str, Float[Tensor, "coordinate"]]:
    """`spikes` of a layer's neurons and of its residual stream, each as it is and after a turn."""
    names = {f"blocks.{layer}.{place}": place for place in ("mlp.hook_pre", "mlp.hook_post", "hook_resid_post")}
    _, cache = model.run_with_cache(program_tokens(model), names_filter=lambda name: name in names)
    pre, neurons, stream = (cache[name][:, 1:].flatten(0, 1).float() for name in names)
    before = torch.nn.functional.gelu(turned(pre), approximate="tanh")
    found = {"neurons": neurons, "neurons, turned": turned(neurons), "turned before": before,
             "stream": stream, "stream, turned": turned(stream)}  # fmt: skip
    return {name: spikes(values) for name, values in found.items()}


def spikes_figure(found: dict[str, Float[Tensor, "coordinate"]]) -> Figure:
    """Histograms of `layer_spikes`: left the neurons, right the residual stream, in grey after a turn."""
    fig, axes = plots.figure(1, 2, height=2.3, sharex=True)
    for ax, name, title in zip(axes, ("neurons", "stream"), ("neurons of the MLP", "residual stream"), strict=True):
        how = dict(bins=40, range=(0, 100))
        ax.hist(100 * found[f"{name}, turned"], color=plots.GREY, alpha=0.75, label="after a turn", **how)
        ax.hist(100 * found[name], color=plots.MLP if name == "neurons" else plots.INK, histtype="step",
                linewidth=2, label="as it is", **how)  # fmt: skip
        ax.set_title(title, loc="left")
        ax.set(yticks=[], xlabel="% of the variance in the strongest 1 % of tokens")
        ax.spines["left"].set_visible(False)
        ax.legend()
    return fig
