"""What was measured on `code-attn-2l` with held-out Python and with heads taken away.

1. `Ablations` – losses with one head, or several, set to zero or to their mean.
2. `ContextGain` – the loss of late tokens when only the last so many tokens are seen, with heads ablated: how much of
   what context gives is left.

Both keep a value for every window, so that differences and shares have paired intervals, from resampled modules.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from jaxtyping import Float, Int
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import plots
from course_utils.induction.code.text import TextLosses
from course_utils.intervals import bootstrap_weights, interval

RUNS: dict[str, tuple[tuple[int, int], ...]] = {
    "intact": (),
    **{f"{layer}.{head}": ((layer, head),) for layer in range(2) for head in range(4)},
    "0.2 + 1.1": ((0, 2), (1, 1)),
    "all of layer 1": tuple((1, head) for head in range(4)),
}
KINDS = ("zero", "mean")
TEXTS = {"repeat": "random tokens, repeated", "repeated": "repeated names", "new": "new names", "loss": "all of code"}


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

    def row(self, run: str) -> TextLosses:
        """The losses of one run with mean ablation."""
        return self.losses[KINDS.index("mean")][list(RUNS).index(run)]

    def cost(self, what: str, kind: str = "mean") -> dict[str, tuple[float, float, float]]:
        """{run: (mean, low, high)} of the change against the intact model, paired (95 %, modules or prompts resampled).

        Args:
            what: "loss", "icl", "repeated", "new", "gain" (see `TextLosses.estimate`), or "repeat" for random tokens.
        """
        if what == "repeat":
            values = self.repeat[KINDS.index(kind)].double()
            centre, draws = values.mean(-1), bootstrap_weights(values.shape[-1]) @ values.mT
        else:
            losses = self.losses[KINDS.index(kind)]
            centre = losses.estimate(what)
            draws = losses.estimate(what, losses.weights())
        low, high = interval(draws - draws[:, :1])
        change = centre - centre[0]
        return {run: (change[k].item(), low[k].item(), high[k].item()) for k, run in enumerate(RUNS)}

    def rows(self) -> dict[str, dict[str, tuple[float, float, float]]]:
        """What the mean ablation of each head, or of several, costs in nats on each kind of text."""
        cost = {title: self.cost(what) for what, title in TEXTS.items()}
        return {run: {title: cost[title][run] for title in cost} for run in list(RUNS)[1:]}


@dataclass(frozen=True)
class ContextGain:
    """The loss of late tokens when a model sees BOS and only the last `width` tokens before them.

    Attributes:
        width: how many tokens are seen; the last is the whole context.
        loss: mean over the late tokens of each window, heads mean-ablated as in `GAIN_RUNS`.
        module: which file each window is from.
    """

    width: Int[Tensor, "width"]
    loss: Float[Tensor, "run width window"]
    module: Int[Tensor, "window"]

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
        """The share of the intact model's gain that is left in `run`, with its 95 % interval (modules resampled)."""
        k = GAIN_RUNS.index(run)
        draws, centre = self.gain(beyond, bootstrap_weights(len(self.module), clusters=self.module)), self.gain(beyond)
        low, high = interval(draws[:, k] / draws[:, 0])
        return (centre[k] / centre[0]).item(), low.item(), high.item()

    def plot(self, runs: Sequence[str] = ("intact", "1.1", "0.2", "1.2")) -> Figure:
        """Loss against how much is seen, one line for each run, with 95 % intervals."""
        fig, ax = plots.figure(height=3.4)
        weights = bootstrap_weights(len(self.module), clusters=self.module)
        colours = {"intact": plots.INK, "1.1": plots.HEAD, "0.2": plots.NOTE}
        for run in runs:
            colour = colours.get(run, plots.NULL)
            values = self.loss[GAIN_RUNS.index(run)].double()
            low, high = interval(weights @ values.mT)
            ax.plot(self.width, values.mean(-1), color=colour, marker="o", markersize=4,
                    label=run if run == "intact" else f"without {run}")  # fmt: skip
            ax.fill_between(self.width, low, high, color=colour, alpha=0.2, linewidth=0)
        ax.set_xscale("log", base=2)
        ax.set_xticks(self.width.tolist(), [*map(str, self.width.tolist()[:-1]), "all"])
        ax.set(xlabel="tokens of context that are seen", ylabel="loss of a late token (nats)")
        ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        return fig


GAIN_RUNS = ("intact", "0.2", "1.1", "1.2", "all of layer 1")
