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
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import plots
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

    def change(self, condition: str) -> Float[Tensor, "seed"]:
        """The step at which the accuracy passes one half, seed by seed; NaN where it never does."""
        rows = self.accuracy[:, list(CONDITIONS).index(condition)].unbind(1)
        return torch.stack([crossing(self.step.float(), row, 0.5) for row in rows])

    def final(self, condition: str) -> Float[Tensor, "seed"]:
        """The accuracy at the end."""
        return self.accuracy[-1, list(CONDITIONS).index(condition)]

    def plot(self) -> Figure:
        """Accuracy against steps, one line for each seed, one colour for each condition."""
        fig, ax = plots.figure(height=3.2)
        colours = (plots.NULL, plots.SERIES[1], plots.SERIES[0], plots.SERIES[2], plots.EDITED)
        for k, (name, colour) in enumerate(zip(CONDITIONS, colours, strict=True)):
            for seed, row in enumerate(self.accuracy[:, k].unbind(1)):
                label = name.replace(", ", ",\n") if seed == 0 else None
                ax.plot(self.step, row, color=colour, linewidth=1.3, alpha=0.8, label=label)
        ax.set(xlabel="training step", ylabel="accuracy on the repeat", ylim=(-0.03, 1.03))
        ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        return fig
