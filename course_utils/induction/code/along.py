"""A code model along its training: what it loses on names, and what its heads do.

1. `Checkpoints` keeps losses and head scores at every saved step.
2. "Half-way" needs two ends. `order` gives, for each quantity, the step at which it has made half of its way between
   two steps of your choice; the order of the quantities can depend on that choice.

Intervals resample modules; the head scores, from 32 prompts of random tokens, are taken as exact beside them.
"""

from dataclasses import dataclass

from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import plots
from course_utils.induction.code.text import TextLosses
from course_utils.intervals import interval

QUANTITIES = {
    "loss, new names": "new",
    "loss, repeated names": "repeated",
    "loss, all tokens": "loss",
    "in-context-learning score": "icl",
}


@dataclass(frozen=True)
class Checkpoints:
    """The training of a code model, seen through its checkpoints.

    Attributes:
        step: of each checkpoint. losses: on held-out windows, one run for each checkpoint.
        prefix, previous, accuracy: on random tokens, repeated once.
    """

    step: Int[Tensor, "checkpoint"]
    losses: TextLosses
    prefix: Float[Tensor, "checkpoint layer head"]
    previous: Float[Tensor, "checkpoint layer head"]
    accuracy: Float[Tensor, "checkpoint"]

    def at(self, step: int) -> int:
        """The place of a checkpoint.

        Raises:
            ValueError: there is none at this step.
        """
        if step not in self.step.tolist():
            raise ValueError(f"there is a checkpoint at {', '.join(map(str, self.step.tolist()))}, not at {step}")
        return self.step.tolist().index(step)

    def fallen(self, what: str, since: int, until: int) -> tuple[float, float, float]:
        """By how much a loss fell between two checkpoints, in nats: (mean, low, high)."""
        values, draws = self.losses.estimate(what), self.losses.estimate(what, self.losses.weights())
        first, last = self.at(since), self.at(until)
        low, high = interval(draws[:, first] - draws[:, last])
        return (values[first] - values[last]).item(), low.item(), high.item()

    def order(self, since: int, until: int) -> dict[str, tuple[float, float, float] | float]:
        """The step at which each quantity has made half of its way from one checkpoint to another.

        Losses with their 95 % interval; head scores without one.
        """
        ends = self.at(since), self.at(until)
        weights = self.losses.weights()
        found: dict[str, tuple[float, float, float] | float] = {}
        for name, what in QUANTITIES.items():
            centre = halfway(self.step, self.losses.estimate(what)[None], *ends)[0]
            low, high = interval(halfway(self.step, self.losses.estimate(what, weights), *ends))
            found[name] = (centre.item(), low.item(), high.item())
        for name, score in (("previous-token score of head 0.2", self.previous[:, 0, 2]),
                            ("prefix matching of head 1.1", self.prefix[:, 1, 1])):  # fmt: skip
            found[name] = halfway(self.step, score[None].double(), *ends).item()
        return found

    def plot(self) -> Figure:
        """Losses of repeated and new names, with 95 % intervals, above the heads' scores."""
        fig, axes = plots.figure(2, 1, height=3.7, sharex=True)
        for what, colour in (("new", plots.SERIES[1]), ("repeated", plots.SERIES[0])):
            self.line(axes[0], what, colour, f"{what} names")
        for name, what, scores, colour in (
            ("head 0.2", "previous\ntoken", self.previous, plots.NOTE),
            ("head 1.1", "prefix\nmatching", self.prefix, plots.HEAD),
        ):
            layer, head = divmod(int(scores[-1].argmax()), scores.shape[-1])
            others = scores.flatten(1).clone()
            others[:, layer * scores.shape[-1] + head] = 0
            axes[1].plot(self.step, scores[:, layer, head], color=colour, label=f"{name}, {what}")
            axes[1].plot(self.step, others.amax(1), color=colour, linestyle=":", label=f"other heads, {what}")
        axes[0].set(ylabel="loss (nats per token)", ylim=(0, None))
        axes[1].set(ylabel="score", xlabel="training step", ylim=(-0.03, 1.03))
        for ax in axes:
            ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        return fig

    def line(self, ax: Axes, what: str, colour: str, label: str = "") -> None:
        """One quantity of the losses against steps, with its 95 % interval (modules resampled)."""
        low, high = interval(self.losses.estimate(what, self.losses.weights()))
        ax.plot(self.step, self.losses.estimate(what), color=colour, label=label)
        ax.fill_between(self.step, low, high, color=colour, alpha=0.35, linewidth=0)


def halfway(
    step: Int[Tensor, "checkpoint"], values: Float[Tensor, "draw checkpoint"], first: int, last: int
) -> Float[Tensor, "draw"]:
    """The step at which each row first passes the middle between its values at two checkpoints, on straight lines."""
    share = (values - values[:, first, None]) / (values[:, last] - values[:, first])[:, None]
    share[:, : first + 1] = 0
    after = (share >= 0.5).int().argmax(1, keepdim=True)
    low, high = share.gather(1, after - 1)[:, 0], share.gather(1, after)[:, 0]
    before, behind = step[after[:, 0] - 1], step[after[:, 0]]
    return before + (0.5 - low) / (high - low) * (behind - before)
