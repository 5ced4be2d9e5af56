"""What sparsity costs, and what width buys: results of many small trainings on `code-4l`, which draw themselves.

- `Frontier`: error against L0, for each kind of dictionary, over seeds.
- `Scaling`: error against width, a power law fitted to it, and how uncertain its exponent is.
- `Shuffled`: the same dictionary trained on vectors in the order of the text and in random order.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import plots

MARKS = ("o", "s", "D", "^", "v", "P")
COLOURS = {"ReLU with L1": plots.SERIES[3], "TopK": plots.INK, "BatchTopK": plots.SERIES[1],
           "Matryoshka": plots.SERIES[2], "JumpReLU": plots.COLOURS[2], "Gated": plots.SERIES[5]}  # fmt: skip


@dataclass(frozen=True)
class Frontier:
    """Dictionaries of one width and one length of training, three prices each.

    Attributes:
        kinds: their names. settings: k or penalty, (kind, setting).
        l0, unexplained, rise, dead: on held-out vectors; `rise` is that of the model's loss with the reconstruction in
            place, nats a token; (kind, setting, seed).
        cost: seconds of a training step over those of TopK's, timed in turns, (kind,).
    """

    kinds: tuple[str, ...]
    settings: Float[Tensor, "kind setting"]
    l0: Float[Tensor, "kind setting seed"]
    unexplained: Float[Tensor, "kind setting seed"]
    rise: Float[Tensor, "kind setting seed"]
    dead: Float[Tensor, "kind setting seed"]
    cost: Float[Tensor, "kind"]

    def at(self, l0: float, what: str = "unexplained") -> dict[str, list[float]]:
        """{kind: a value a seed} of one measure at an L0, on the line between the two nearest settings in log L0.

        Raises:
            ValueError: a kind has no dictionaries on both sides of this L0.
        """
        found = {}
        for i, kind in enumerate(self.kinds):
            values = []
            for seed in range(self.l0.shape[2]):
                order = self.l0[i, :, seed].argsort()
                x, y = self.l0[i, order, seed].log(), getattr(self, what)[i, order, seed]
                goal = torch.tensor(l0).log()
                if not x[0] <= goal <= x[-1]:
                    raise ValueError(f"{kind}: no dictionaries on both sides of L0 {l0}, from {x.exp().tolist()}.")
                j = min(int((x <= goal).sum()), len(x) - 1)
                values.append(torch.lerp(y[j - 1], y[j], (goal - x[j - 1]) / (x[j] - x[j - 1])).item())
            found[kind] = values
        return found

    def plot(self) -> Figure:
        """Error and rise of the loss against L0: a line for each kind through the means over seeds, a mark a seed."""
        fig, axes = plots.figure(1, 2, height=3.4)
        for ax, what in zip(axes, ("unexplained", "rise"), strict=True):
            for i, kind in enumerate(self.kinds):
                x, y, colour = self.l0[i], getattr(self, what)[i], COLOURS[kind]
                ax.plot(x, y, MARKS[i], color=colour, markersize=3, alpha=0.6)
                ax.plot(x.mean(1), y.mean(1), marker=MARKS[i], markersize=5, color=colour,
                        label=kind if what == "rise" else None)  # fmt: skip
            ax.set(xscale="log", yscale="log", xlabel="active latents (L0)")
            ticks = (0.2, 0.3, 0.4, 0.5, 0.6, 0.8) if what == "unexplained" else (0.2, 0.5, 1, 2, 5)
            low, high = ax.get_ylim()
            shown = [t for t in ticks if low <= t <= high]
            ax.set_yticks(shown, [f"{100 * t:.0f}" if what == "unexplained" else f"{t:g}" for t in shown])
            ax.set_yticks([], minor=True)
            ax.set_xticks([4, 8, 16, 32, 64], ["4", "8", "16", "32", "64"])
            ax.set_xticks([], minor=True)
        axes[0].set(ylabel="variance unexplained, %")
        axes[1].set(ylabel="loss above clean (nats a token)")
        fig.legend(loc="outside lower center", ncols=3)
        return fig


@dataclass(frozen=True)
class Scaling:
    """Error against width, everything else equal.

    Attributes:
        widths: latents. unexplained: on held-out vectors, (width, seed).
    """

    widths: Float[Tensor, "width"]
    unexplained: Float[Tensor, "width seed"]

    def fit(self, kept: Tensor | None = None) -> tuple[float, float]:
        """(a, b) of error = a · width^−b, by least squares on logarithms, all seeds of the widths that are kept."""
        kept = torch.ones(len(self.widths), dtype=torch.bool) if kept is None else kept
        return power_law(self.widths[kept], self.unexplained[kept])

    @property
    def local(self) -> list[float]:
        """The exponent between each width and the next; a power law has the same everywhere."""
        pairs = range(len(self.widths) - 1)
        return [power_law(self.widths[i : i + 2], self.unexplained[i : i + 2])[1] for i in pairs]


def power_law(x: Float[Tensor, "x"], y: Float[Tensor, "x seed"]) -> tuple[float, float]:
    """(a, b) of y = a · x^−b, by least squares on the logarithms of all entries."""
    log_x = x.double().log()[:, None].expand(y.shape).flatten()
    table = torch.stack([torch.ones_like(log_x), -log_x], 1)
    log_a, b = torch.linalg.lstsq(table, y.double().log().flatten()[:, None]).solution[:, 0].tolist()
    return float(torch.tensor(log_a).exp()), b


@dataclass(frozen=True)
class Shuffled:
    """The same dictionary, trained on the same vectors in random order and in the order of the text.

    Attributes:
        l0, unexplained, rise, dead: on held-out vectors, (order, seed): random order first.
    """

    l0: Float[Tensor, "order seed"]
    unexplained: Float[Tensor, "order seed"]
    rise: Float[Tensor, "order seed"]
    dead: Float[Tensor, "order seed"]
