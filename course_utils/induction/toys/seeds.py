"""How much the live training varies: many seeds, what formed in each, and by which input it listens.

1. Every seed is trained by the lesson's own recipe; a one-layer control beside it.
2. In each trained model all heads of the first layer speak to all heads of the second by the direct path, as they would
   in another sequence: to their queries, their keys, or their values. Taken together, since the heads share the work.
3. Composition scores of all pairs, beside those of writers of one seed with readers of another.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_utils.induction.toys.curves import crossing


@dataclass(frozen=True)
class Spread:
    """Trainings over many seeds. Losses and effects in nats; inputs in the order q, k, v.

    Attributes:
        step: of each record. accuracy, icl, prefix, previous: of the models of two layers (the last two of their best
            head); accuracy is on the repeat, from its second token on.
        control: accuracy of the one-layer models, (record, control seed).
        patched: change of the log-probability of the repeat when one input hears another sequence.
        composition: mean score over all pairs of heads. unrelated: the same with writers from the next seed's model.
        copying: copying score of the second layer's heads.
        final_prefix: prefix-matching score of the second layer's heads.
    """

    step: Int[Tensor, "record"]
    accuracy: Float[Tensor, "record seed"]
    icl: Float[Tensor, "record seed"]
    prefix: Float[Tensor, "record seed"]
    previous: Float[Tensor, "record seed"]
    control: Float[Tensor, "record control"]
    patched: Float[Tensor, "seed 3"]
    composition: Float[Tensor, "seed 3"]
    unrelated: Float[Tensor, "seed 3"]
    copying: Float[Tensor, "seed head"]
    final_prefix: Float[Tensor, "seed head"]

    def change(self, level: float = 0.5) -> Float[Tensor, "seed"]:
        """The step at which the accuracy passes `level`, seed by seed; NaN if it never does."""
        return torch.stack([crossing(self.step.float(), row, level) for row in self.accuracy.unbind(1)])

    def duration(self) -> Float[Tensor, "seed"]:
        """Steps between an accuracy of 0.1 and one of 0.9."""
        return self.change(0.9) - self.change(0.1)
