"""Taking heads away in a forward of the model itself: by zeros, by their mean over stated prompts, or by what they say
on other prompts.

    with model.hooks(fwd_hooks=patching.ablation_hooks(model, ["2.2"], "mean", reference)):
        logits = model(tokens)

Sweeps and circuits do the same for many sets of heads at once; this is for what is read from the run afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from .nodes import head
from .places import short
from .prompts import as_tokens
from .trust import refuse_model

ABLATIONS = ("zero", "mean", "resample")
Hook = tuple[str, Callable[[Tensor, Any], Tensor]]


def ablation_hooks(
    model: Any, heads: Iterable[Any], ablation: str, reference: Int[Tensor, "prompt pos"] | None = None
) -> list[Hook]:
    """Forward hooks, for `run_with_hooks` or `model.hooks`, that take these heads away at every position.

    Args:
        heads: as `head` reads them: "2.1", "L2H1" or (2, 1); none is allowed, and ablates nothing.
        ablation: "zero"; "mean" over the reference prompts; "resample" from them, the i-th prompt from the i-th.
        reference: token ids, as long as the prompts that will be run.

    Raises:
        ValueError: another ablation, a head that the model does not have, or no reference where one is needed; from the
            hooks, prompts of another size than the reference.
    """
    refuse_model(model)
    if ablation not in ABLATIONS:
        raise ValueError(f"ablation is one of {', '.join(ABLATIONS)}, not {ablation!r}")
    if (reference is None) != (ablation == "zero"):
        raise ValueError(f"{ablation} ablation {'takes no' if ablation == 'zero' else 'needs'} reference prompts")
    by_layer: dict[int, list[int]] = {}
    if not isinstance(heads, Iterable) or isinstance(heads, str):
        raise ValueError(f"heads are a list such as ['2.1', '0.3'], not {short(heads)}")
    for name in heads:
        layer, number = head(name, model)
        by_layer.setdefault(layer, []).append(number)
    names = {layer: f"blocks.{layer}.attn.hook_z" for layer in by_layer}
    said: dict[int, Tensor] = {}
    resampled = ablation == "resample" and names
    if reference is not None and names:
        reference = as_tokens(model, reference, "reference prompts")
        with torch.no_grad():
            _, cache = model.run_with_cache(reference, names_filter=list(names.values()))
        said = {layer: cache[name].mean(0) if ablation == "mean" else cache[name] for layer, name in names.items()}

    def hook(layer: int) -> Callable[[Tensor, Any], Tensor]:
        def edit(z: Float[Tensor, "batch pos head d_head"], hook: Any) -> Tensor:
            z = z.clone()
            wanted = said[layer].shape[-3] if said else z.shape[1], len(said[layer]) if resampled else len(z)
            if wanted != (z.shape[1], len(z)):
                raise ValueError(
                    f"the reference has {len(reference)} prompts of {reference.shape[1]} tokens, "
                    f"but {len(z)} of {z.shape[1]} are run"
                )
            z[:, :, by_layer[layer]] = said[layer][..., by_layer[layer], :] if said else 0.0
            return z

        return edit

    return [(name, hook(layer)) for layer, name in names.items()]


def ablated(
    model: Any,
    tokens: Int[Tensor, "batch pos"],
    heads: Iterable[Any],
    ablation: str,
    reference: Int[Tensor, "prompt pos"] | None = None,
) -> Float[Tensor, "batch pos d_vocab"]:
    """The logits of a run in which these heads, together, are taken away. The model is left as it was."""
    with torch.no_grad(), model.hooks(fwd_hooks=ablation_hooks(model, heads, ablation, reference)):
        return model(as_tokens(model, tokens, "prompts"))
