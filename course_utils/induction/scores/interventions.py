"""Taking heads away, and telling one head what another would have said.

1. `ablate_heads` runs a model with some heads' outputs set to zero, or to their mean, at every position.
2. `path_patch_qkv` asks by which input receivers hear senders: the senders' outputs of another sequence are put into
   the receivers' queries, keys or values alone, along the direct path (`course_utils.patching`).
   `path_patch` is the smallest case of it, by hand.
3. `repeat_log_prob` is what both are read by: the log-probability of the repeat's tokens, from its second on.

Heads are (layer, head) pairs.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_utils import patching
from course_utils.patching import Axis, Metric, Question, Sweep

Head = tuple[int, int]


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
    if ablation == "zero":
        return patching.ablated(model, tokens, heads, ablation)
    return patching.ablated(model, tokens, heads, ablation, tokens if reference is None else reference)


def repeat_log_prob(tokens: Int[Tensor, "batch pos"], length: int) -> Metric:
    """For `course_utils.patching`: the mean log-probability of the repeat's tokens, from its second on, in nats.

    Args:
        tokens: prompts made by `repeated_tokens` with blocks of `length`.
    """
    read = [range(length + 1, 2 * length)]
    return replace(patching.log_prob(tokens[:, length + 2 :], read), name="log-probability of the repeat")


def path_patch_qkv(
    model: Any,
    clean: Int[Tensor, "batch pos"],
    other: Int[Tensor, "batch pos"],
    metric: Metric,
    senders: Sequence[Head],
    receivers: Sequence[Head],
) -> Sweep:
    """The metric on `clean` when the senders tell one input of the receivers what they would say in `other`.

    Everything else keeps its clean value: the senders still speak cleanly to the receivers' two other inputs, and to
    every other head. The effect (`.effect()`) is negative where the receivers needed the message. Heads that share a
    job must be taken together: one of them alone may change nothing, since the others still do it.

    Args:
        other: sequences of the same length that share nothing with `clean`, such as other repeated blocks.
        senders, receivers: (layer, head) pairs, which send and receive together; senders in an earlier layer.

    Returns:
        a Sweep with one axis, "input": "q", "k", "v".
    """
    names = [[f"{layer}.{head}" for layer, head in senders]]
    ask = Question(model, clean, other, metric, direction="noising")
    found = [ask.path_patch(names, [f"{layer}.{head}.{one}" for layer, head in receivers]) for one in "qkv"]
    title = f"direct paths from {names[0]} to the q, k, v of {[f'{layer}.{head}' for layer, head in receivers]}"
    return replace(
        found[0],
        values=torch.cat([sweep.values for sweep in found]),
        axes=(Axis("input", tuple("qkv")),),
        title=title.replace("'", ""),
    )


def by_input(sweep: Sweep) -> dict[str, tuple[float, float, float]]:
    """The effect on each input, in nats: {"queries": (mean, low, high), …}; 95 % intervals, prompts resampled."""
    names, (low, high) = ("queries", "keys", "values"), sweep.interval()
    rows = zip(sweep.effect().tolist(), low.tolist(), high.tolist(), strict=True)
    return dict(zip(names, rows, strict=True))


@torch.no_grad()
def path_patch(
    model: Any,
    clean: Int[Tensor, "batch pos"],
    other: Int[Tensor, "batch pos"],
    sender: Head,
    receiver: Head,
    reads: str,
) -> Float[Tensor, "batch pos d_vocab"]:
    """The logits on `clean` when one input of the receiver, and nothing else, reads the sender as it writes in `other`.

    By hooks, for a sender in the layer right before the receiver's, of an attention-only model: between the two nothing
    else can carry the message. `path_patch_qkv` does the same for heads further apart.

    Args:
        other: sequences as long as `clean`.
        sender, receiver: (layer, head).
        reads: "q", "k" or "v".

    Raises:
        ValueError: another input, a sender that is not in the layer before, or MLPs in between.
    """
    (early, writer), (late, reader) = sender, receiver
    if late != early + 1 or not model.cfg.attn_only:
        raise ValueError("the sender must be in the layer right before the receiver's, with no MLP in between")
    if reads not in ("q", "k", "v"):
        raise ValueError(f"a head reads by its q, k or v, not by {reads!r}")
    z, resid = f"blocks.{early}.attn.hook_z", f"blocks.{late}.hook_resid_pre"
    _, there = model.run_with_cache(other, names_filter=[z])
    _, here = model.run_with_cache(clean, names_filter=[z, resid])
    message = (there[z] - here[z])[:, :, writer] @ model.W_O[early, writer]  # (batch, pos, d_model)
    W, b = {"q": (model.W_Q, model.b_Q), "k": (model.W_K, model.b_K), "v": (model.W_V, model.b_V)}[reads]
    made = model.blocks[late].ln1(here[resid] + message) @ W[late, reader] + b[late, reader]

    def put(old: Float[Tensor, "batch pos head d_head"], hook: Any) -> Tensor:
        new = old.clone()
        new[:, :, reader] = made
        return new

    return model.run_with_hooks(clean, fwd_hooks=[(f"blocks.{late}.attn.hook_{reads}", put)])
