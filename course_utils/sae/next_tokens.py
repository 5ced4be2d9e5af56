"""The likeliest next tokens in several cases, beside one another: the same tokens in the same order in every panel."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import plots
from course_utils.sae.reading import visible


def next_tokens(
    predictions: Mapping[str, Float[Tensor, "token"]], decode: Callable[[list[int]], str], edited: str, most: int = 3
) -> Figure:
    """A panel for each prediction.

    Args:
        predictions: {title: probabilities}. Every token is shown that is among the `most` likeliest of any of them.
        decode: token ids to text. edited: the title of the panel in the colour of a latent.
    """
    shown = list(dict.fromkeys(int(i) for p in predictions.values() for i in p.topk(most).indices))
    fig, axes = plots.figure(1, len(predictions), height=0.55 + 0.27 * len(shown), sharey=True)
    for ax, (title, p) in zip(axes, predictions.items(), strict=True):
        shares = (100 * p[shown]).tolist()
        ax.barh(range(len(shown)), shares, color=plots.HEAD if title == edited else plots.STREAM, height=0.7)
        for y, share in enumerate(shares):
            ax.text(share + 3, y, f"{share:.0f} %" if share > 1 else "< 1 %", va="center", fontsize=10)
        ax.set(xlim=(0, 118), xticks=[], title=title)
    axes[0].set(yticks=range(len(shown)), ylim=(len(shown) - 0.5, -0.5),
                yticklabels=[visible(decode([i])).replace("␣", "blank") for i in shown])  # fmt: skip
    return fig
