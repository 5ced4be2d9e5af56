"""Mean ablation of heads, as a function of what they say; `patching.ablation_hooks` puts it into a run."""

from __future__ import annotations

from collections.abc import Sequence

from jaxtyping import Float
from torch import Tensor


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
