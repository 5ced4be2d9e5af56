"""What a training looked like: the measurements of every seed at every recorded step, and when the change came."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
from jaxtyping import Float, Int
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import plots


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

    def change(self, level: float = 0.5) -> Float[Tensor, "seed"]:
        """The step at which the accuracy first rises above `level`, between records by a straight line; NaN if never.

        Raises:
            ValueError: a level that is not between 0 and 1.
        """
        if not 0 < level < 1:
            raise ValueError(f"an accuracy lies between 0 and 1, and so must the level, not {level}")
        return torch.stack([crossing(self.step.float(), row, level) for row in self.accuracy.unbind(1)])

    def duration(self, low: float = 0.1, high: float = 0.9) -> Float[Tensor, "seed"]:
        """How many steps pass between the accuracies `low` and `high`: short against the step itself is abrupt."""
        return self.change(high) - self.change(low)

    def plot(self, title: str = "") -> Figure:
        """Losses, accuracy and head scores against steps, one line for each seed, the step of the change dotted."""
        fig, axes = plots.figure(2, 1, height=4.2, sharex=True)
        panels = [
            ("nats per token", [("loss on the repeat", self.loss, plots.SERIES[0]),
                                ("loss on the first block", self.loss_first, plots.SERIES[1])]),
            ("share", [("accuracy on the repeat", self.accuracy, plots.SERIES[4]),
                       ("prefix matching, best head", self.best_prefix(), plots.HEAD),
                       ("previous token, best head", self.best_previous(), plots.NOTE)]),
        ]  # fmt: skip
        for ax, (unit, lines) in zip(axes, panels, strict=True):
            for name, values, colour in lines:
                for seed, row in enumerate(values.unbind(1)):
                    label = name if seed == 0 else None
                    ax.plot(self.step, row, color=colour, linewidth=1.2, alpha=0.8, label=label)
            for step in self.change().tolist():
                ax.axvline(step, color=plots.GREY, linewidth=0.8, linestyle=":")
            ax.set(ylabel=unit)
            ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        axes[0].set(title=title)
        axes[-1].set(xlabel="training steps")
        return fig


def crossing(x: Float[Tensor, "record"], y: Float[Tensor, "record"], level: float) -> Float[Tensor, ""]:
    """The x at which y first rises above `level`, by a straight line between records; NaN if it never does."""
    above = (y > level).nonzero()
    if len(above) == 0:
        return torch.tensor(torch.nan)
    k = int(above[0])
    return x[0] if k == 0 else x[k - 1] + (level - y[k - 1]) / (y[k] - y[k - 1]) * (x[k] - x[k - 1])
