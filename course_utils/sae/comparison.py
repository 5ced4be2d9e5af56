"""Dictionaries of several shapes, trained on the same known truths and compared: the lesson's first experiments.

1. Every shape is trained once on every truth.
2. Each measure is a list over truths; a table shows its mean with the lowest and the highest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from matplotlib.figure import Figure

from course_utils import plots
from course_utils.sae.config import Config
from course_utils.sae.experiments import Shrunk
from course_utils.sae.metrics import Quality
from course_utils.sae.planted import Recovery, Truth
from course_utils.sae.training import Recipe, Training, train

ROWS = 4000  # vectors that no training has seen, on which activity is measured
UNSEEN = 10_003  # their seed
Spread = tuple[float, float, float]


def spread(values: Sequence[float]) -> Spread:
    """Mean, lowest, highest."""
    return sum(values) / len(values), min(values), max(values)


@dataclass(frozen=True)
class Comparison:
    """What became of each shape on each truth.

    Attributes:
        runs: {shape: one training a truth}.
    """

    truths: tuple[Truth, ...]
    runs: dict[str, tuple[Training, ...]]

    @classmethod
    def train(cls, truths: Sequence[Truth], shapes: Mapping[str, Config], recipe: Recipe) -> Comparison:
        """Train every shape on every truth, on the CPU."""
        runs = {
            name: tuple(train(shape, truth, recipe, device="cpu", show=False) for truth in truths)
            for name, shape in shapes.items()
        }
        return cls(tuple(truths), runs)

    def found(self, name: str) -> list[float]:
        """The share of true features that one shape finds, for each truth."""
        return [
            Recovery.of(truth, done.sae.W_dec).found for truth, done in zip(self.truths, self.runs[name], strict=True)
        ]

    def strengths(self, name: str) -> list[Shrunk]:
        """Activations beside true strengths, for each truth."""
        return [Shrunk.of(truth, done) for truth, done in zip(self.truths, self.runs[name], strict=True)]

    def quality(self, name: str) -> list[Quality]:
        """L0, error and dead latents on vectors that were not seen, for each truth."""
        fresh = [truth.sample(ROWS, torch.Generator().manual_seed(UNSEEN))[0] for truth in self.truths]
        return [Quality.of(done.sae, x) for x, done in zip(fresh, self.runs[name], strict=True)]

    def rows(self) -> dict[str, dict[str, Spread]]:
        """One row a shape: mean over truths, lowest, highest."""
        table = {}
        for name in self.runs:
            quality = self.quality(name)
            table[name] = {
                "features found, %": spread([100 * share for share in self.found(name)]),
                "activation / true": spread([each.factor for each in self.strengths(name)]),
                "L0": spread([each.l0 for each in quality]),
                "unexplained, %": spread([100 * each.unexplained for each in quality]),
                "dead, %": spread([100 * each.dead for each in quality]),
            }
        return table

    def plot(self) -> Figure:
        """For each shape, on the first truth: each active feature as a dot, activation against true strength."""
        fig, axes = plots.figure(1, len(self.runs), height=3.4, sharey=True, squeeze=False)
        for ax, name in zip(axes[0], self.runs, strict=True):
            first = self.strengths(name)[0]
            ax.plot(first.true[:1500], first.learned[:1500], ".", color=plots.SERIES[0], markersize=3, alpha=0.4)
            ax.plot([0.4, 1.6], [0.4, 1.6], color=plots.GREY, linestyle=":")
            ax.set(xlabel="true strength", title=name)
        axes[0, 0].set(ylabel="activation of the matched latent")
        return fig
