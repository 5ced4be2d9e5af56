"""Does the model compute what its weights say? Only then is the plain forward taken in its place.

1. Nothing is left on it that acts during a forward: no hook of TransformerLens's or torch's and no `forward` put on a
   module, whatever it does.
2. On all prompts of the question the plain forward's logits are the model's own. A mask, a weight behind a
   parametrisation, or anything else that no hook list shows is found here.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.modules.module as torch_modules
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn.modules.dropout import _DropoutNd
from transformer_lens.hook_points import HookPoint

from .restart import take

TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-4, torch.bfloat16: 0.1, torch.float16: 0.02}
OWN = ("torch.", "transformer_lens.", "transformers.")  # libraries whose hooks are part of their models
TOOLS = "transformer_lens.tools."  # but what these hook is an intervention, as of a learned subspace
LOGITS_AT_ONCE = 2**26  # numbers that one forward of the check may return


def hooks_on(model: Any) -> list[str]:
    """Where somebody has left a hook, or a `forward` of their own, on the model."""
    found = []
    for name, module in model.named_modules():
        acting = [vars(module)["forward"]] if "forward" in vars(module) else []
        for hooks in (module._forward_hooks, module._forward_pre_hooks, module._backward_hooks):
            acting += hooks.values()
        if isinstance(module, HookPoint):  # what these hold is registered with torch in a wrapper
            acting += (handle.user_hook for handle in (*module.fwd_hooks, *module.bwd_hooks))
        if any(map(_foreign, acting)):
            found.append(getattr(module, "name", None) or name or "the model")
    everywhere = (torch_modules._global_forward_hooks, torch_modules._global_forward_pre_hooks)
    if any(_foreign(hook) for one in everywhere for hook in one.values()):
        found.append("all modules")
    return found


def _foreign(hook: Any) -> bool:
    while hasattr(hook, "func"):  # a partial
        hook = hook.func
    place = str(getattr(hook, "__module__", ""))
    return not place.startswith(OWN) or place.startswith(TOOLS)


def refuse_no_bridge(model: Any) -> None:
    """Raises ValueError when it is none."""
    if not (isinstance(model, nn.Module) and hasattr(model, "hook_dict") and hasattr(model, "cfg")):
        raise ValueError(f"model is a TransformerBridge (zoo.load returns one), not {type(model).__name__}")


def refuse_model(model: Any) -> None:
    """Raises ValueError when it is no bridge, or would drop out activations at random."""
    refuse_no_bridge(model)
    if next(model.parameters()).is_meta:
        raise ValueError("the model is on the meta device, so it has no weights: load it on a real one")
    refuse_dropout(model)


def refuse_dropout(model: Any) -> None:
    """Raises ValueError when the model would drop out activations at random.

    A module may be a Dropout, or call torch's function with a rate that it keeps in a number of its own.
    """
    for module in model.modules():
        rates = [module.p] if isinstance(module, _DropoutNd) else []
        rates += (value for name, value in vars(module).items() if "drop" in name and isinstance(value, float))
        if module.training and any(rate > 0 for rate in rates):
            raise ValueError("the model is in training mode and has dropout: call model.eval() first")


def mark_of(model: Any) -> tuple:
    """Changes whenever a weight is replaced, or changed in place."""
    return tuple((x.data_ptr(), x._version) for x in (*model.parameters(), *model.buffers()))


def run_model(
    model: Any, tokens: Int[Tensor, "batch pos"], mask: Bool[Tensor, "batch pos"] | None
) -> Float[Tensor, "batch pos d_vocab"]:
    """The logits of the model itself.

    Raises:
        ValueError: it does not run, since its weights are of several types.
    """
    try:
        return model(tokens) if mask is None else model(tokens, attention_mask=mask.long())
    except RuntimeError:
        kinds = sorted({str(x.dtype) for x in model.parameters()})
        if len(kinds) == 1:
            raise
        raise ValueError(f"the model does not run, its weights being of {', '.join(kinds)}: make them alike") from None


def refuse_no_number(values: Tensor, what: str) -> None:
    """Raises ValueError when one of these values is infinite or not a number."""
    if not (finite := values.isfinite()).all():
        prompt = int((~finite).nonzero()[0, 0])
        raise ValueError(f"{what} is not a finite number for prompt {prompt}: look at the metric and at the weights")


def read_logits(
    logits: Float[Tensor, "batch pos d_vocab"], need: Int[Tensor, "batch n"], ids: Int[Tensor, "batch token"] | None
) -> Float[Tensor, "batch n token"]:
    """The logits that a metric reads, out of all of them."""
    logits = take(logits, need, 0)
    return logits if ids is None else logits.gather(-1, ids[:, None].expand(-1, need.shape[1], -1))


def agrees(
    model: Any,
    tokens: Int[Tensor, "batch pos"],
    mask: Bool[Tensor, "batch pos"] | None,
    ours: Float[Tensor, "batch n token"],
    need: Int[Tensor, "batch n"],
    ids: Int[Tensor, "batch token"] | None,
) -> bool:
    """Whether the model says the same as `ours` on these prompts, as near as its precision lets it."""
    tolerance = TOLERANCE.get(ours.dtype, 0.1)
    step = max(1, LOGITS_AT_ONCE // (tokens.shape[1] * model.cfg.d_vocab))
    for first in range(0, len(tokens), step):
        rows = slice(first, first + step)
        here = None if mask is None else mask[rows]
        theirs = read_logits(run_model(model, tokens[rows], here), need[rows], None if ids is None else ids[rows])
        if not near(ours[rows], theirs, tolerance):
            return False
    return True


def near(ours: Tensor, theirs: Tensor, tolerance: float) -> bool:
    """Whether the two differ by no more than rounding; infinite logits must be the same."""
    size = theirs.abs().masked_fill(~theirs.isfinite(), 0.0).max()
    return torch.allclose(ours, theirs, rtol=tolerance, atol=tolerance * (1 + float(size)))
