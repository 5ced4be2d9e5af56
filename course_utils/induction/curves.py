"""What a training looked like: the measurements of every seed at every recorded step, and when the change came."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
from jaxtyping import Float, Int
from torch import Tensor


@dataclass(frozen=True)
class Curves:
    """Measurements on blocks of distinct random tokens, repeated once. Losses in nats; heads as (layer, head).

    Attributes:
        step: how many training steps had been taken.
        loss: mean loss of the repeat's tokens, from its second on. loss_first: of the first block's, which nothing
            predicts.
        accuracy: share of the repeat's tokens, from its second on, predicted first.
        icl: loss in the middle of the repeat minus loss in the middle of the first block.
        prefix, previous: prefix-matching and previous-token score of every head.
    """

    step: Int[Tensor, "*record"]
    loss: Float[Tensor, "*record seed"]
    loss_first: Float[Tensor, "*record seed"]
    accuracy: Float[Tensor, "*record seed"]
    icl: Float[Tensor, "*record seed"]
    prefix: Float[Tensor, "*record seed layer head"]
    previous: Float[Tensor, "*record seed layer head"]

    @classmethod
    def after(cls, records: Sequence["Curves"]) -> "Curves":
        """One after the other in time."""
        return cls(**{f.name: torch.stack([getattr(r, f.name) for r in records]) for f in fields(cls)})

    @classmethod
    def beside(cls, groups: Sequence["Curves"]) -> "Curves":
        """The seeds of several trainings with the same steps."""
        joined = {f.name: torch.cat([getattr(g, f.name) for g in groups], 1) for f in fields(cls)[1:]}
        return cls(step=groups[0].step, **joined)

    @property
    def seeds(self) -> int:
        return self.loss.shape[-1]

    def best_prefix(self) -> Float[Tensor, "record seed"]:
        """The prefix-matching score of the head that has most of it."""
        return self.prefix.flatten(-2).amax(-1)

    def best_previous(self) -> Float[Tensor, "record seed"]:
        """The previous-token score of the head that has most of it."""
        return self.previous.flatten(-2).amax(-1)
