"""The likeliest next tokens in several cases, beside one another: the same tokens in the same order in every panel."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import plots
from course_utils.sae.reading import visible


def next_tokens(
    predictions: Mapping[str, Float[Tensor, "*draw token"]], decode: Callable[[list[int]], str], edited: str,
    most: int = 3,
) -> Figure:  # fmt: skip
    """A panel for each prediction.

    Args:
        predictions: {title: probabilities}. Every token is shown that is among the `most` likeliest of any of them. Of
            several draws the bar is the mean, and each is a stroke below it.
        decode: token ids to text. edited: the title of the panel in the colour of a latent.
    """
    draws = {title: p[None] if p.ndim == 1 else p for title, p in predictions.items()}
    shown = list(dict.fromkeys(int(i) for p in draws.values() for i in p.mean(0).topk(most).indices))
    fig, axes = plots.figure(1, len(predictions), height=0.55 + 0.32 * len(shown), sharey=True)
    for ax, (title, p) in zip(axes, draws.items(), strict=True):
        shares = (100 * p[:, shown].mean(0)).tolist()
        several = len(p) > 1
        at = [y - 0.12 * several for y in range(len(shown))]
        ax.barh(at, shares, color=plots.HEAD if title == edited else plots.STREAM, height=0.7 - 0.2 * several)
        for y, share in enumerate(shares):
            if several:
                ax.plot(100 * p[:, shown[y]], [y + 0.3] * len(p), "|", color=plots.SERIES[5], markersize=6, alpha=0.7)
            words = f"{share:.0f} %" if share > 1 else "< 1 %"
            ax.text(share + 3, at[y], words, va="center", fontsize=10)
        ax.set(xlim=(0, 118), xticks=[], title=title)
    axes[0].set(yticks=range(len(shown)), ylim=(len(shown) - 0.5, -0.5),
                yticklabels=[_written(decode([i])) for i in shown])  # fmt: skip
    return fig


def _written(token: str) -> str:
    """As `visible`, with the blank before a word."""
    return "␣" * (token.startswith(" ") and bool(token.strip())) + visible(token)
