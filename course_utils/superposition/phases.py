"""Two features in one dimension: what training finds beside what the closed forms predict.

1. A trained model is in one of three phases: it keeps feature 1, keeps feature 2, or makes an antipodal pair of them.
2. `PhaseDiagram` compares the phases over a grid of densities and importances with those of `theory.predict_phase`.
3. The starts tell why single runs go astray.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from torch import Tensor

from .. import plots
from .theory import PHASES, phase_losses, predict_phase
from .training import Toy, Trained

FILLS = (plots.SERIES[0], plots.SERIES[2], "#6E6E6E")  # of the three phases


@dataclass(frozen=True)
class PhaseDiagram:
    """Phases 0 (keep feature 1), 1 (keep feature 2), 2 (antipodal pair) over density p and importance r."""

    p: Float[Tensor, "p"]
    r: Float[Tensor, "r"]
    per_seed: Int[Tensor, "seed p r"]
    measured: Int[Tensor, "p r"]  # of the lowest-loss seed
    predicted: Int[Tensor, "p r"]

    @staticmethod
    def toy(p: Float[Tensor, "p"], r: Float[Tensor, "r"]) -> Toy:
        """Two features in one dimension, one instance for each point of the grid."""
        P, R = torch.meshgrid(p, r, indexing="ij")
        return Toy(2, 1, P.reshape(-1, 1).expand(-1, 2), torch.stack([torch.ones(P.numel()), R.flatten()], 1))

    @classmethod
    def of(cls, trained: Trained, p: Float[Tensor, "p"], r: Float[Tensor, "r"]) -> "PhaseDiagram":
        grid = (len(p), len(r))
        predicted = predict_phase(*torch.meshgrid(p, r, indexing="ij"))
        return cls(
            p, r, read_phase(trained.W).unflatten(-1, grid), read_phase(trained.best().W[0]).view(grid), predicted
        )

    def agreement(self) -> float:
        """The share of the grid where the best run is in the predicted phase, or in one that is equally good."""
        return 1 - self.worse(self.measured).float().mean().item()

    def failures_by_start(self, start: Float[Tensor, "seed instance 1 2"]) -> dict[str, float]:
        """The share that misses a pair where one is predicted, of runs whose two weights start alike and of others."""
        same = (start[..., 0, :].prod(-1) > 0).view(self.per_seed.shape)
        wanted = (self.predicted == 2).expand_as(same)
        missed = self.per_seed != 2
        return {
            name: missed[group & wanted].float().mean().item()
            for name, group in (("same sign", same), ("opposite signs", ~same))
        }

    def errors_by_place(self) -> dict[str, int]:
        """How many single runs end outside the predicted phase: on its boundary, where one is kept, where a pair is.

        A point lies on the boundary if a neighbour above, below, left or right of it has another predicted phase.
        """
        edge = torch.zeros_like(self.predicted, dtype=torch.bool)
        for axis in (0, 1):
            count = self.predicted.shape[axis] - 1
            first, second = self.predicted.narrow(axis, 0, count), self.predicted.narrow(axis, 1, count)
            for begin in (0, 1):
                edge.narrow(axis, begin, count).logical_or_(first != second)
        wrong = (self.per_seed != self.predicted).sum(0)
        places = {"boundary": edge, "dense": ~edge & (self.predicted < 2), "sparse": ~edge & (self.predicted == 2)}
        return {name: int(wrong[where].sum()) for name, where in places.items()}

    def worse(self, phase: Int[Tensor, "p r"]) -> Bool[Tensor, "p r"]:
        """Where a phase has a higher loss than the predicted one; not where the two are equally good."""
        losses = phase_losses(*torch.meshgrid(self.p, self.r, indexing="ij"))
        return losses.gather(0, phase[None])[0] > 1.0001 * losses.amin(0)

    def plot(self) -> Figure:
        """The map of the formulas as areas, and a dot for the best run at each point of the grid."""
        fine_p, fine_r = torch.logspace(0, -2, 200), torch.logspace(-1, 1, 200)
        areas = predict_phase(*torch.meshgrid(fine_p, fine_r, indexing="ij"))
        last = torch.tensor([len(self.p) - 1, len(self.r) - 1])
        fig, ax = plots.figure(width=6.0, height=3.9)
        extent = (0, float(last[0]), 0, float(last[1]))
        ax.imshow(areas.T.numpy(), cmap=ListedColormap(FILLS), alpha=0.3, extent=extent, origin="lower", aspect="auto")
        for phase, fill in enumerate(FILLS):
            at = (self.measured == phase).nonzero()
            ax.plot(*at.T, "o", color=fill, markersize=6, label=PHASES[phase])
        for i, j in self.worse(self.measured).nonzero().tolist():
            ax.plot(i, j, "o", color=plots.INK, markersize=12, fillstyle="none", markeredgewidth=1.6, clip_on=False)
        fig.legend(loc="outside lower center", ncols=3)
        dense_to_rare, edges = [[0, (n - 1) // 2, n - 1] for n in (len(self.p), len(self.r))]
        ax.set(xticks=dense_to_rare, yticks=edges, ylabel="importance r of feature 2", xlim=(-0.6, last[0] + 0.6),
               ylim=(-0.6, last[1] + 0.6))  # fmt: skip
        ax.set_xticklabels([f"{self.p[k]:.2g}" for k in dense_to_rare])
        ax.set_yticklabels([f"{self.r[k]:.2g}" for k in edges])
        ax.set_xlabel("density p (rarer to the right)")
        return fig


def read_phase(W: Float[Tensor, "*stack 1 2"]) -> Int[Tensor, "*stack"]:
    """The phase of a trained pair in one dimension: antipodal if both weights exceed 0.5, else the larger is kept."""
    size = W[..., 0, :].abs()
    return torch.where((size > 0.5).all(-1), 2, (size[..., 1] > size[..., 0]).long())
