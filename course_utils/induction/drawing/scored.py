"""What scores show: toys as they form, and the heads of whole models.

1. `forming` – accuracy and head scores along the training, above the attention of one head at a few moments.
2. `head_maps` – every head of several models, layers upwards, as large as its scores.
"""

from collections.abc import Mapping

from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import plots
from course_utils.induction.toys.curves import Curves


def forming(two: Curves, one: Curves, patterns: Mapping[int, Float[Tensor, "query key"]], length: int) -> Figure:
    """Accuracy with two layers and with one, and the best scores with two; below, attention patterns.

    Args:
        patterns: of one head by the training step, on BOS and a block of `length` tokens, twice.
    """
    fig, rows = plots.figure(2, 1, height=4.9, height_ratios=[1, 1.4])
    fig.get_layout_engine().set(hspace=0.06)
    ax = rows[0]
    lines = (
        ("accuracy, two layers", two.accuracy, plots.INK, 1.8),
        ("accuracy, one layer", one.accuracy, plots.GREY, 1.8),
        ("two layers: prefix\nmatching, best head", two.best_prefix()[:, :1], plots.HEAD, 1.8),
        ("two layers: previous\ntoken, best head", two.best_previous()[:, :1], plots.NOTE, 1.8),
    )
    for name, values, colour, width in lines:
        for seed, row in enumerate(values.unbind(1)):
            ax.plot(two.step, row, color=colour, linewidth=width, label=None if seed else name)
    ax.set(xlabel="training step", ylabel="accuracy, or score", ylim=(-0.03, 1.03))
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    rows[1].axis("off")
    spec = rows[1].get_subplotspec().subgridspec(1, len(patterns))
    for k, (step, pattern) in enumerate(patterns.items()):
        ax.axvline(step, color=plots.NULL, linewidth=1, linestyle=":", zorder=0)
        small = fig.add_subplot(spec[k])
        plots.heatmap(small, pattern, signed=False, limit=1, bar=False)
        small.set_title(f"two layers, step {step}", fontsize=10)
        middles = (0, (length + 1) / 2, (3 * length + 1) / 2)
        small.set_xticks(middles[1:], ("block", "repeat"), fontsize=9)
        small.set_yticks(middles, ("", "", "") if k else ("BOS", "block", "repeat"), fontsize=9)
        small.tick_params(length=0)
        for line in (0.5, length + 0.5):  # where the block begins, and where it begins again
            small.axhline(line, color=plots.NULL, linewidth=0.8, linestyle=":")
            small.axvline(line, color=plots.NULL, linewidth=0.8, linestyle=":")
        small.set(xlabel="token looked at", ylabel="" if k else "token that looks")
    return fig


def head_maps(maps: Mapping[str, tuple[Float[Tensor, "layer head"], Float[Tensor, "layer head"]]]) -> Figure:
    """One panel for each model: blue circles for prefix matching, orange ones for the token before; area is the score.

    Args:
        maps: by the panel's title, the prefix-matching and the previous-token scores.
    """
    fig, axes = plots.figure(1, len(maps), height=3.1, width_ratios=[1, 1, 1.5][: len(maps)], squeeze=False)
    axes = axes[0]
    for ax, (title, scores) in zip(axes, maps.items(), strict=True):
        layers, heads = scores[0].shape
        large = 600 / max(4, heads) ** 0.9
        for values, colour in zip(scores, (plots.HEAD, plots.NOTE), strict=True):
            for layer in range(layers):
                for head in range(heads):
                    ax.plot(head, layer, ".", color=plots.STREAM, markersize=2, zorder=1)
                    ax.scatter(head, layer, s=large * values[layer, head].item(), color=colour, linewidth=0, zorder=2)
        ax.set(title=title, xlabel="head", xlim=(-0.7, heads - 0.3), ylim=(-0.7, layers - 0.3))
        every = 1 if heads <= 4 else 2
        ax.set(xticks=range(0, heads, every), yticks=range(0, layers, 1 if layers <= 4 else 2))
    axes[0].set(ylabel="layer")
    for name, colour in (("prefix matching", plots.HEAD), ("previous token", plots.NOTE)):
        axes[0].scatter([], [], s=60, color=colour, linewidth=0, label=name)
    fig.legend(loc="outside lower center", ncols=2)
    return fig
