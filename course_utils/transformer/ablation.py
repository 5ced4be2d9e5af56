"""Taking heads away: by zeros, by their mean over stated prompts, or by what they say on other prompts.

with model.hooks(fwd_hooks=ablation_hooks(model, ["2.2"], "mean", reference)):
    logits = model(tokens)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

KINDS = ("zero", "mean", "resample")
Hook = tuple[str, Callable[[Tensor, Any], Tensor]]


def mean_ablate(
    z: Float[Tensor, "batch pos head d_head"],
    reference: Float[Tensor, "prompt pos head d_head"],
    heads: Sequence[int],
) -> Float[Tensor, "batch pos head d_head"]:
    """`z` with these heads replaced by their mean over the reference prompts, position by position.

    The other heads keep what they say. `z` itself is left as it is.
    """
    ablated = z.clone()
    ablated[:, :, heads] = reference.mean(0)[:, heads]
    return ablated


def zero_ablate(
    z: Float[Tensor, "batch pos head d_head"], heads: Sequence[int]
) -> Float[Tensor, "batch pos head d_head"]:
    """`z` with these heads silenced."""
    return mean_ablate(z, torch.zeros_like(z[:1]), heads)


def resample_ablate(
    z: Float[Tensor, "batch pos head d_head"], other: Float[Tensor, "batch pos head d_head"], heads: Sequence[int]
) -> Float[Tensor, "batch pos head d_head"]:
    """`z` with these heads saying what they say on other prompts, one for each prompt."""
    ablated = z.clone()
    ablated[:, :, heads] = other[:, :, heads]
    return ablated


def ablation_hooks(
    model: Any, heads: Sequence[str], kind: str = "mean", reference: Int[Tensor, "prompt pos"] | None = None
) -> list[Hook]:
    """Forward hooks, for `run_with_hooks` or `model.hooks`, that take these heads away at every position.

    Args:
        heads: names such as "2.1", layer and head.
        kind: "zero"; "mean" over the reference prompts; "resample" from them, the i-th prompt from the i-th.
        reference: token ids, as long as the prompts that will be run.

    Raises:
        ValueError: another kind, a head that the model does not have, or no reference where one is needed.
    """
    if kind not in KINDS:
        raise ValueError(f"kind is one of {', '.join(KINDS)}, not {kind!r}")
    if (reference is None) != (kind == "zero"):
        raise ValueError(f"{kind} ablation {'takes no' if kind == 'zero' else 'needs'} reference prompts")
    by_layer: dict[int, list[int]] = {}
    for name in heads:
        layer, head = head_of(model, name)
        by_layer.setdefault(layer, []).append(head)
    said: dict[int, Tensor] = {}
    if reference is not None:
        with torch.no_grad():
            _, cache = model.run_with_cache(reference, names_filter=[_hook_z(layer) for layer in by_layer])
        said = {layer: cache[_hook_z(layer)] for layer in by_layer}

    def hook(layer: int) -> Callable[[Tensor, Any], Tensor]:
        def edit(z: Tensor, hook: Any) -> Tensor:
            if kind == "zero":
                return zero_ablate(z, by_layer[layer])
            change = mean_ablate if kind == "mean" else resample_ablate
            return change(z, said[layer], by_layer[layer])

        return edit

    return [(_hook_z(layer), hook(layer)) for layer in by_layer]


def ablated(
    model: Any,
    tokens: Int[Tensor, "batch pos"],
    heads: Sequence[str],
    kind: str = "mean",
    reference: Int[Tensor, "prompt pos"] | None = None,
) -> Float[Tensor, "batch pos d_vocab"]:
    """The logits of a run in which these heads, together, are taken away. The model is left as it was."""
    with torch.no_grad(), model.hooks(fwd_hooks=ablation_hooks(model, heads, kind, reference)):
        return model(tokens)


def head_of(model: Any, name: str) -> tuple[int, int]:
    """(layer, head) of a name such as "2.1".

    Raises:
        ValueError: no such name, or no such head in this model.
    """
    layer, dot, head = str(name).partition(".")
    if not (dot and layer.isdecimal() and head.isdecimal()):
        raise ValueError(f"a head is named by its layer and number, such as '2.1', not {name!r}")
    if int(layer) >= model.cfg.n_layers or int(head) >= model.cfg.n_heads:
        raise ValueError(
            f"there is no head {name}: this model has {model.cfg.n_layers} layers of {model.cfg.n_heads} heads"
        )
    return int(layer), int(head)


def _hook_z(layer: int) -> str:
    return f"blocks.{layer}.attn.hook_z"
