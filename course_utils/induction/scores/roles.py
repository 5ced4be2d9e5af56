"""Needed, enough, specific: three questions about a set of heads, put to one number.

The number is what a repetition is worth to a model: its mean loss on a block of random tokens minus its loss on the
same block when it comes again (from the second token on). Nothing else tells the two apart.

1. *Needed*: how much of it is left without these heads?
2. *Enough*: how much of it is left with these heads alone, all others set to their mean?
3. *Specific*: what do these heads cost elsewhere? (`Ablations`, on code.)
"""

from collections.abc import Sequence
from typing import Any

from jaxtyping import Float, Int
from torch import Tensor

from course_utils.induction.scores.interventions import Head, ablate_heads
from course_utils.induction.scores.measures import token_losses
from course_utils.intervals import bootstrap_weights, interval


def repeat_gain(
    model: Any,
    tokens: Int[Tensor, "batch pos"],
    length: int,
    without: Sequence[Head] = (),
    reference: Int[Tensor, "n pos"] | None = None,
) -> Float[Tensor, "batch"]:
    """What the repetition is worth in each text, in nats: loss on the first block minus loss on the repeat.

    Args:
        tokens: made by `repeated_tokens` with blocks of `length`.
        without: heads that are set to their mean over `reference` (other texts of the same kind).
    """
    nats = token_losses(ablate_heads(model, tokens, without, "mean", reference), tokens)
    return nats[:, :length].mean(1) - nats[:, length + 1 :].mean(1)


def share_left(gain: Float[Tensor, "batch"], intact: Float[Tensor, "batch"]) -> tuple[float, float, float]:
    """Which share of the intact model's gain is left, with its 95 % interval (texts resampled, paired)."""
    weights = bootstrap_weights(len(gain))
    low, high = interval((weights @ gain.double()) / (weights @ intact.double()))
    return (gain.mean() / intact.mean()).item(), low.item(), high.item()
