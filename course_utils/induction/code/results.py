"""What was measured on `code-attn-2l` with held-out Python: along its training, and with heads taken away.

1. `Checkpoints` – losses and head scores at every saved step of the training.
2. `Ablations` – losses with one head, or several, set to zero or to their mean.
3. `ContextGain` – the loss of late tokens when only the last so many tokens are seen, with heads ablated: how much of
   what context gives is left.

All keep a value for every window, so that differences and shares have paired bootstrap intervals.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from jaxtyping import Float, Int
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import plots
from course_utils.induction.code.text import TextLosses
from course_utils.induction.toys.curves import crossing
from course_utils.intervals import bootstrap_weights, interval

RUNS: dict[str, tuple[tuple[int, int], ...]] = {
    "intact": (),
    **{f"{layer}.{head}": ((layer, head),) for layer in range(2) for head in range(4)},
    "0.2 + 1.1": ((0, 2), (1, 1)),
    "all of layer 1": tuple((1, head) for head in range(4)),
}
KINDS = ("zero", "mean")


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

    def halfway(self, score: Float[Tensor, "checkpoint"]) -> float:
        """The step at which a score first passes half of its largest value."""
        return crossing(self.step.float(), score.float(), float(score.max()) / 2).item()

    def plot(self) -> Figure:
        """Losses of repeated and new identifiers, the in-context-learning score, the heads' scores; 95 % intervals."""
        fig, axes = plots.figure(3, 1, height=6.2, sharex=True)
        weights = bootstrap_weights(len(self.losses.repeated_count))
        for ax, lines in zip(
            axes, [[("new", "new identifiers"), ("repeated", "repeated identifiers"), ("loss", "all tokens")],
                   [("icl", "in-context-learning score")]], strict=False,
        ):  # fmt: skip
            for (what, label), colour in zip(lines, plots.COLOURS, strict=False):
                low, high = interval(self.losses.estimate(what, weights))
                ax.plot(self.step, self.losses.estimate(what), color=colour, marker="o", markersize=3, label=label)
                ax.fill_between(self.step, low, high, color=colour, alpha=0.25, linewidth=0)
            ax.set(ylabel="nats per token" if ax is axes[0] else "nats")
        colours = iter(plots.COLOURS)
        for name, scores in (("prefix matching", self.prefix), ("previous token", self.previous)):
            layer, head = divmod(int(scores[-1].argmax()), scores.shape[-1])
            colour = next(colours)
            others = scores.flatten(1).clone()
            axes[2].plot(self.step, scores[:, layer, head], color=colour, marker="o", markersize=3,
                         label=f"{name}: {layer}.{head}")  # fmt: skip
            others[:, layer * scores.shape[-1] + head] = 0
            axes[2].plot(self.step, others.amax(1), color=colour, linestyle=":", label="best other head")
        axes[2].set(ylabel="score", xlabel="training steps", ylim=(-0.03, 1.03))
        for ax in axes:
            ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        return fig


@dataclass(frozen=True)
class Ablations:
    """Heads taken away at every position.

    Attributes:
        losses: on held-out windows; runs (kind, run) in the order of `KINDS` and `RUNS`.
        repeat, first: mean loss of the repeat (from its second token) and of the first block of random tokens.
        prefix: prefix-matching score of head 1.1 then.
    """

    losses: TextLosses
    repeat: Float[Tensor, "kind run prompt"]
    first: Float[Tensor, "kind run prompt"]
    prefix: Float[Tensor, "kind run"]

    def row(self, run: str, kind: str = "mean") -> TextLosses:
        """The losses of one run."""
        return self.losses[KINDS.index(kind)][list(RUNS).index(run)]

    def cost(self, what: str, kind: str = "mean") -> dict[str, tuple[float, float, float]]:
        """{run: (mean, low, high)} of the change against the intact model, paired by window (95 %).

        Args:
            what: "loss", "icl", "repeated", "new", "gain" (see `TextLosses.estimate`), or "repeat" for random tokens.
        """
        if what == "repeat":
            values = self.repeat[KINDS.index(kind)].double()
            centre, draws = values.mean(-1), bootstrap_weights(values.shape[-1]) @ values.mT
        else:
            losses = self.losses[KINDS.index(kind)]
            centre = losses.estimate(what)
            draws = losses.estimate(what, bootstrap_weights(len(losses.repeated_count)))
        low, high = interval(draws - draws[:, :1])
        change = centre - centre[0]
        return {run: (change[k].item(), low[k].item(), high[k].item()) for k, run in enumerate(RUNS)}

    def plot(self, kind: str = "mean") -> Figure:
        """What each ablation costs, in nats: on repeated random tokens and on code."""
        panels = [("repeat", "random tokens,\nrepeated"), ("repeated", "code: repeated\nidentifiers"),
                  ("new", "code: new\nidentifiers"), ("loss", "code: all\ntokens")]  # fmt: skip
        names = list(RUNS)[1:]
        fig, axes = plots.figure(1, len(panels), height=3.4, sharey=True)
        for ax, (what, title) in zip(axes, panels, strict=True):
            cost = self.cost(what, kind)
            for y, name in enumerate(names):
                mean, low, high = cost[name]
                colour = plots.COLOURS[5] if name in ("0.2", "1.1", "0.2 + 1.1") else plots.COLOURS[0]
                ax.barh(y, mean, color=colour, xerr=[[mean - low], [high - mean]], error_kw=dict(linewidth=1))
            ax.axvline(0, color="black", linewidth=0.8)
            ax.set(title=title, yticks=range(len(names)), yticklabels=names, xlabel="nats")
        axes[0].invert_yaxis()
        axes[0].set(ylabel=f"{kind}-ablated")
        return fig


@dataclass(frozen=True)
class ContextGain:
    """The loss of late tokens when a model sees BOS and only the last `width` tokens before them.

    Attributes:
        width: how many tokens are seen; the last is the whole context.
        loss: mean over the late tokens of each window, heads mean-ablated as in `GAIN_RUNS`.
    """

    width: Int[Tensor, "width"]
    loss: Float[Tensor, "run width window"]

    def gain(self, beyond: int, weights: Float[Tensor, "draw window"] | None = None) -> Float[Tensor, "..."]:
        """What context further back than `beyond` tokens saves, in nats, for each run: (run,) or (draw, run).

        Raises:
            ValueError: a width that was not measured.
        """
        if beyond not in self.width.tolist():
            raise ValueError(f"measured were {', '.join(map(str, self.width.tolist()))} tokens")
        saved = (self.loss[:, self.width.tolist().index(beyond)] - self.loss[:, -1]).double()  # (run, window)
        return saved.mean(-1) if weights is None else weights @ saved.mT

    def remaining(self, run: str, beyond: int) -> tuple[float, float, float]:
        """The share of the intact model's gain that is left in `run`, with its 95 % interval."""
        k = GAIN_RUNS.index(run)
        draws, centre = self.gain(beyond, bootstrap_weights(self.loss.shape[-1])), self.gain(beyond)
        low, high = interval(draws[:, k] / draws[:, 0])
        return (centre[k] / centre[0]).item(), low.item(), high.item()

    def plot(self, runs: Sequence[str] | None = None) -> Figure:
        """Loss against how much is seen, one line for each run, with 95 % intervals."""
        fig, ax = plots.figure(height=3.4)
        weights = bootstrap_weights(self.loss.shape[-1])
        for run, colour in zip(runs or GAIN_RUNS, plots.COLOURS, strict=False):
            values = self.loss[GAIN_RUNS.index(run)].double()
            low, high = interval(weights @ values.mT)
            ax.plot(self.width, values.mean(-1), color=colour, marker="o", markersize=4, label=run)
            ax.fill_between(self.width, low, high, color=colour, alpha=0.2, linewidth=0)
        ax.set_xscale("log", base=2)
        ax.set_xticks(self.width.tolist(), [*map(str, self.width.tolist()[:-1]), "all"])
        ax.set(xlabel="tokens of context that are seen", ylabel="loss of a late token (nats)")
        ax.legend(title="mean-ablated")
        return fig


GAIN_RUNS = ("intact", "0.2", "1.1", "1.2", "all of layer 1")
