"""Taking heads away, and telling one head what another would have said.

1. `ablate_heads` runs a model with some heads' outputs set to zero, or to their mean, at every position.
2. `path_patch_qkv` asks by which input the receiver hears the sender: the sender's output of another sequence is put
   into the receiver's query, key or value alone, along the direct path (`course_utils.patching.path_patch`).
3. `repeat_log_prob` is what both are read by: the log-probability of the repeat's tokens, from its second on.

Heads are (layer, head) pairs, or "layer.head".
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from .. import patching
from ..patching import Metric, Sweep

Head = tuple[int, int]


@torch.no_grad()
def ablate_heads(
    model: Any,
    tokens: Int[Tensor, "batch pos"],
    heads: Sequence[Head],
    ablation: str = "zero",
    reference: Int[Tensor, "n pos"] | None = None,
) -> Float[Tensor, "batch pos d_vocab"]:
    """The logits when each of `heads` writes nothing of its own, at all positions.

    Args:
        model: a TransformerLens bridge; left as it was.
        heads: (layer, head) pairs; none is allowed, and ablates nothing.
        ablation: "zero", or "mean": at each position what the head writes there on average over `reference`.
        reference: prompts as long as `tokens`; `tokens` themselves if None.

    Raises:
        ValueError: another ablation, or a head that the model does not have.
    """
    if ablation not in ("zero", "mean"):
        raise ValueError(f"ablation is 'zero' or 'mean', not {ablation!r}")
    for layer, head in heads:
        if not (0 <= layer < model.cfg.n_layers and 0 <= head < model.cfg.n_heads):
            raise ValueError(f"this model has no head {layer}.{head}")
    names = {layer: f"blocks.{layer}.attn.hook_z" for layer, _ in heads}
    means: dict[int, Tensor] = {}
    if ablation == "mean":
        asked = tokens if reference is None else reference
        _, cache = model.run_with_cache(asked, names_filter=list(names.values()))
        means = {layer: cache[name].mean(0) for layer, name in names.items()}  # (pos, head, d_head)

    def silence(z: Float[Tensor, "batch pos head d_head"], hook: Any, layer: int) -> Tensor:
        z, mine = z.clone(), [head for at, head in heads if at == layer]
        z[:, :, mine] = means[layer][:, mine] if means else 0.0
        return z

    hooks = [(name, partial(silence, layer=layer)) for layer, name in names.items()]
    return model.run_with_hooks(tokens, fwd_hooks=hooks)


def repeat_log_prob(tokens: Int[Tensor, "batch pos"], length: int) -> Metric:
    """For `course_utils.patching`: the mean log-probability of the repeat's tokens, from its second on, in nats.

    Args:
        tokens: prompts made by `repeated_tokens` with blocks of `length`.
    """
    read = range(length + 1, 2 * length)
    truth = tokens[:, length + 2 :]

    def mean_log_prob(logits: Float[Tensor, "*cells batch pos d_vocab"]) -> Float[Tensor, "*cells batch"]:
        wanted = truth.to(logits.device).expand(logits.shape[:-1])[..., None]
        return logits.log_softmax(-1).gather(-1, wanted)[..., 0].mean(-1)

    return Metric(mean_log_prob, tuple(read), None, "log-probability of the repeat", batched=True)


def path_patch_qkv(
    model: Any,
    clean: Int[Tensor, "batch pos"],
    other: Int[Tensor, "batch pos"],
    metric: Metric,
    sender: Head,
    receiver: Head,
    inputs: str = "qkv",
) -> Sweep:
    """The metric on `clean` when the sender tells one input of the receiver what it would say in `other`.

    Everything else keeps its clean value: the sender still speaks cleanly to the receiver's two other inputs, and to
    every other head. The effect (`.effect()`) is negative where the receiver needed the message.

    Args:
        other: sequences of the same length that share nothing with `clean`, such as other repeated blocks.
        sender, receiver: (layer, head); the sender in an earlier layer.
        inputs: which of the receiver's inputs, each by itself.

    Returns:
        a Sweep with the axis "receiver": "1.0.q", "1.0.k", "1.0.v".
    """
    (early, here), (late, there) = sender, receiver
    return patching.path_patch(
        model,
        clean,
        other,
        metric,
        senders=[f"{early}.{here}"],
        receivers=[f"{late}.{there}.{one}" for one in inputs],
        pairs=True,
        direction="noising",
    ).select(sender=f"{early}.{here}")


def path_patch_k(
    model: Any,
    clean: Int[Tensor, "batch pos"],
    other: Int[Tensor, "batch pos"],
    metric: Metric,
    sender: Head,
    receiver: Head,
) -> Float[Tensor, "batch"]:
    """The metric of each prompt of `clean` when the receiver's keys hear the sender as in `other`: `path_patch_qkv`."""
    return path_patch_qkv(model, clean, other, metric, sender, receiver, "k").values[0]
