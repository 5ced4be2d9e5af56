"""What was measured on `code-attn-2l` with held-out Python and with heads taken away.

1. `Ablations` – losses with one head, or several, set to zero or to their mean.
2. `PairLosses` – losses where a token and the one before it have stood together before, and where they have not.
3. `ContextGain` – the loss of late tokens when only the last so many tokens are seen, with heads ablated: how much of
   what context gives is left.
4. `HeadSets` – what each set of heads keeps of the gain from repetition by itself, on random tokens.

The first three keep a value for every window, so that differences and shares have paired intervals, from resampled
modules.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import torch
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
ALONE = {
    "0.2, 1.1": ((0, 2), (1, 1)),
    "0.0, 0.2, 0.3, 1.1": ((0, 0), (0, 2), (0, 3), (1, 1)),
    "0.0, 0.1, 0.2, 0.3, 1.1": ((0, 0), (0, 1), (0, 2), (0, 3), (1, 1)),
}
HEADS = tuple((layer, head) for layer in range(2) for head in range(4))
PAIR_RUNS: dict[str, tuple[tuple[int, int], ...]] = {
    "intact": (),
    **{f"{layer}.{head}": ((layer, head),) for layer, head in HEADS},
    **{f"{title} alone": tuple(head for head in HEADS if head not in kept) for title, kept in ALONE.items()},
}
PAIRS = ("known", "unknown")


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


@dataclass(frozen=True)
class PairLosses:
    """The loss on code, with heads set to their means, apart by whether there was something to look up.

    A pair is known where a token and the one before it have stood side by side earlier in the window.

    Attributes:
        total: summed over the tokens of each kind in `PAIRS`; runs as in `PAIR_RUNS`.
        count: how many tokens those are.
        module: which file each window is from.
    """

    total: Float[Tensor, "run kind window"]
    count: Float[Tensor, "kind window"]
    module: Int[Tensor, "window"]

    def loss(self, kind: str, weights: Float[Tensor, "draw window"] | None = None) -> Float[Tensor, "..."]:
        """Nats per token of a kind, for each run: (run,) or (draw, run)."""
        total, count = (values[..., PAIRS.index(kind), :].double() for values in (self.total, self.count))
        weights = torch.ones(1, len(count), dtype=torch.float64) if weights is None else weights
        return (weights @ total.mT / (weights @ count)[:, None]).squeeze(0)

    def cost(self, run: str, kind: str) -> tuple[float, float, float]:
        """The extra loss in `run` on a kind of tokens: (nats, low, high); 95 %, paired, modules resampled."""
        draws = self.loss(kind, bootstrap_weights(len(self.module), clusters=self.module))
        k, centre = list(PAIR_RUNS).index(run), self.loss(kind)
        low, high = interval(draws[:, k] - draws[:, 0])
        return (centre[k] - centre[0]).item(), low.item(), high.item()


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

    def plot(self, runs: Mapping[str, str]) -> Figure:
        """The share of the gain that is left in each run, by how far back the context reaches; 95 % intervals.

        Args:
            runs: their labels, by the name of the run.
        """
        fig, ax = plots.figure(height=2.6)
        distances = [n for n in (4, 8, 16, 32) if n in self.width.tolist()[:-1]]
        for run, colour, marker in zip(runs, (plots.EDITED, plots.GREY), "s^", strict=False):
            shares = [self.remaining(run, n) for n in distances]
            ax.plot(distances, [share[0] for share in shares], color=colour, marker=marker, markersize=4,
                    label=runs[run])  # fmt: skip
            ax.vlines(distances, [s[1] for s in shares], [s[2] for s in shares], color=colour, linewidth=2.5)
        ax.set_xscale("log", base=2)
        ax.set_xticks(distances, map(str, distances))
        ax.minorticks_off()
        ax.set(xlabel="context further back than (tokens)", ylabel="share of its gain left", ylim=(-0.05, 1.13))
        ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        return fig


GAIN_RUNS = ("intact", "0.2", "1.1", "1.2", "all of layer 1")


@dataclass(frozen=True)
class HeadSets:
    """What every set of heads keeps of the gain from repetition when all other heads are set to their means.

    Attributes:
        share: of the intact model's gain, for each drawing of random texts; sets in the order of `head_sets_in_order`.
    """

    share: Float[Tensor, "seed set"]

    def of_size(self, size: int) -> dict[tuple[tuple[int, int], ...], list[float]]:
        """{the heads that are kept: their share in each seed}, the best mean first."""
        rows = dict(zip(head_sets_in_order(), self.share.T.tolist(), strict=True))
        found = [kept for kept in rows if len(kept) == size]
        return {kept: rows[kept] for kept in sorted(found, key=lambda kept: -sum(rows[kept]))}


def head_sets_in_order() -> list[tuple[tuple[int, int], ...]]:
    """All 256 sets of the eight heads, the smaller first."""
    return [kept for size in range(len(HEADS) + 1) for kept in combinations(HEADS, size)]
