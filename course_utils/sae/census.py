"""A whole dictionary at once: how often each latent is active, and how well its best label fits.

    Census.of(reading).plot((378, 9))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import plots
from course_utils.sae.anatomy import FITS
from course_utils.sae.metrics import DENSE
from course_utils.sae.reading import Reading
from course_utils.sae.units import f1_score

DENSE_ONLY = "dense, no name"


@dataclass(frozen=True)
class Census:
    """Every latent of a dictionary on labelled text.

    Attributes:
        share: of tokens at which each latent is active. f1: of its best label, where "active" is the prediction.
    """

    share: Float[Tensor, "latent"]
    f1: Float[Tensor, "latent"]

    @classmethod
    def of(cls, reading: Reading) -> Census:
        """Of the dictionary of a reading."""
        on, flags = (reading.rows > 0).float(), reading.labels.flags.float()
        f1 = f1_score(on.T @ flags, on.sum(0)[:, None], flags.sum(0))
        return cls(on.mean(0), f1.amax(1))

    @property
    def kinds(self) -> dict[str, Tensor]:
        """{"named", `DENSE_ONLY`, "?", "dead"}: which latents are of each kind, as masks; each is of one."""
        named, dead = self.f1 >= FITS, self.share == 0
        dense = (self.share > DENSE) & ~named
        return {"named": named, DENSE_ONLY: dense, "?": ~(named | dense | dead), "dead": dead}

    def plot(self, marked: Sequence[int]) -> Figure:
        """A dot for each latent; some with their numbers."""
        fig, ax = plots.figure(height=2.6)
        colours = {"named": plots.HEAD, DENSE_ONLY: plots.NOTE, "?": plots.GREY}
        for kind, mask in self.kinds.items():
            if kind in colours:  # the dead are nowhere
                label = f"{kind}: {int(mask.sum())}"
                ax.plot(100 * self.share[mask], self.f1[mask], "o", color=colours[kind], markersize=3, label=label)
        for latent in marked:
            at = (100 * float(self.share[latent]), float(self.f1[latent]))
            lift = 7 if at[1] >= FITS else -16
            ax.plot(*at, "o", color=plots.HEAD, markersize=7, fillstyle="none")
            ax.annotate(str(latent), at, (0, lift), textcoords="offset points", fontweight="bold", ha="center")
        ax.axhline(FITS, color=plots.INK, linewidth=1, linestyle=":")
        ax.set(xscale="log", xlabel="active at so many % of tokens", ylabel="F1 of the best label", ylim=(0, 1))
        ax.set_xticks([0.01, 0.1, 1, 10, 100], ["0.01", "0.1", "1", "10", "100"])
        ax.legend(loc="upper left", fontsize=10)
        return fig
