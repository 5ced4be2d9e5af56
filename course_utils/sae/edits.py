"""An edit of one latent as two numbers: what it does where the latent is active, and what it does elsewhere.

1. `LEVELS`: the latent is clamped, where it is active, to these multiples of its mean activation.
2. Or its direction is projected out of every vector.
3. The nulls: other latents, active about as often; pushed along as far as the lowest clamp pushes, or projected out.
"""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float, Int
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import plots
from course_utils.sae.comparison import Spread

LEVELS = (0, -1, -2, -4)  # of the clamps, in units of the mean activation
LOWEST, PROJECTED = len(LEVELS) - 1, len(LEVELS)  # rows of `Edits.own`
ACTIVE, SILENT = 0, 1  # the places at which a rise was measured


@dataclass(frozen=True)
class Edits:
    """The rise of the loss after edits of some latents, nats.

    Attributes:
        own: mean with its 95 % interval (modules resampled), (latent, edit, place, end): clamps, then projecting out.
        null: the same edits as the lowest clamp and projecting out, with other latents, (latent, edit, other, place).
        contexts, modules: on how many.
    """

    latent: Int[Tensor, "latent"]
    own: Float[Tensor, "latent edit place 3"]
    null: Float[Tensor, "latent 2 other place"]
    contexts: int
    modules: int

    def of(self, latent: int, edit: int) -> tuple[Spread, Spread]:
        """The rise where the latent is active, and where it is silent: mean, low, high."""
        active, silent = self.own[self.latent.tolist().index(latent), edit].tolist()
        return tuple(active), tuple(silent)

    def others(self, latent: int, edit: int) -> tuple[Float[Tensor, "other"], Float[Tensor, "other"]]:
        """The same for each of the others; `edit` is `LOWEST` or `PROJECTED`."""
        found = self.null[self.latent.tolist().index(latent), [LOWEST, PROJECTED].index(edit)]
        return found[:, ACTIVE], found[:, SILENT]

    def plot(self, names: dict[int, str]) -> Figure:
        """A panel for each latent: the rise where it is active against the rise where it is silent."""
        fig, axes = plots.figure(1, len(names), height=3.5)
        for ax, (latent, name) in zip(axes, names.items(), strict=True):
            for edit, mark, colour, words in ((LOWEST, "s", plots.GREY, "null: pushed along another, as far as −4 ×"),
                                              (PROJECTED, "x", plots.NULL, "null: another projected out")):  # fmt: skip
                active, silent = self.others(latent, edit)
                ax.plot(silent, active, mark, color=colour, label=words, fillstyle="none", markersize=4, zorder=1)
            clamps = [self.of(latent, edit) for edit in range(len(LEVELS))]
            ax.plot([silent[0] for _, silent in clamps], [active[0] for active, _ in clamps], color=plots.HEAD)
            for both in clamps:
                _cross(ax, *both, "o", plots.HEAD, "clamped to 0, −1, −2, −4 ×" if both is clamps[0] else None)
            _cross(ax, *self.of(latent, PROJECTED), "D", plots.SERIES[2], "projected out")
            for level, (active, silent) in zip(LEVELS, clamps, strict=True):
                ax.annotate(f"{level} ×".replace("-", "−").replace("0 ×", "0"), (silent[0], active[0]), (-7, 4),
                            textcoords="offset points", color=plots.HEAD, ha="right", fontsize=10)  # fmt: skip
            ax.axhline(0, color=plots.GREY, linewidth=0.6, zorder=0)
            ax.axvline(0, color=plots.GREY, linewidth=0.6, zorder=0)
            ax.margins(0.12)
            ax.locator_params(axis="x", nbins=4)
            ax.set(xlabel="rise where silent, nats", title=f"{latent}: {name}")
        axes[0].set(ylabel="rise where active, nats")
        fig.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=2)
        return fig


def _cross(ax: Axes, active: Spread, silent: Spread, mark: str, colour: str, words: str | None) -> None:
    (y, low, high), (x, left, right) = active, silent
    ax.errorbar(x, y, [[y - low], [high - y]], [[x - left], [right - x]], fmt=mark, color=colour, markersize=5,
                elinewidth=1, label=words)  # fmt: skip
