"""What has to be there *while a model learns* for the change to come: training with one thing made possible, or barred.

An ablation of a finished model shows what it uses. Whether the same thing is needed to *learn* the behaviour takes an
intervention on the training (`models/stored/formation.py` makes the result).

1. *Smeared keys* (Olsson et al. 2022): each key is mixed with the key of the position before, in a proportion that is
   learned for each head. What a previous-token head would write is then in the key already, and one layer should do.
2. *Deaf keys*: the keys of the second layer are made from the embeddings alone, so that no head of the first layer
   can reach them. K-composition is barred; everything else is as it was.
3. *Deaf queries* is the matched control: the queries are cut off in the same way.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_utils.induction.toys.curves import crossing

CONDITIONS = {
    "one layer": "no second layer",
    "one layer, smeared keys": "the key also holds the token before",
    "two layers": "as in section 3",
    "two layers, deaf queries": "layer 1's queries read the embeddings only",
    "two layers, deaf keys": "layer 1's keys read the embeddings only",
}


@dataclass(frozen=True)
class Formation:
    """Accuracy on the repeat along the training, (record, condition, seed), conditions as in `CONDITIONS`."""

    step: Int[Tensor, "record"]
    accuracy: Float[Tensor, "record condition seed"]

    @property
    def seeds(self) -> int:
        return self.accuracy.shape[-1]

    def change(self, condition: str, level: float = 0.5) -> Float[Tensor, "seed"]:
        """The step at which the accuracy passes a level, one half by default, seed by seed; NaN where it never does."""
        rows = self.along(condition).unbind(1)
        return torch.stack([crossing(self.step.float(), row, level) for row in rows])

    def along(self, condition: str) -> Float[Tensor, "record seed"]:
        """The accuracy at every record."""
        return self.accuracy[:, list(CONDITIONS).index(condition)]

    def final(self, condition: str) -> Float[Tensor, "seed"]:
        """The accuracy at the end."""
        return self.along(condition)[-1]
