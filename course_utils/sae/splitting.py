"""What becomes of a label when the dictionary gets wider, and whether two trainings find the same dictionary.

- `Splits`: F1 of the best latent for broad labels and for their parts, by width, over seeds; and the same for
  dictionaries of the untrained model.
- `SplitsAtRate`: the same in dictionaries whose k grows with their width.
- `Shared`: the share of latents that two seeds have in common, by width, beside a null.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import plots
from course_utils.sae.comparison import Spread, spread
from course_utils.sae.units import Labels

KEYWORDS = ("def", "return", "if", "for", "in", "import", "not", "class")
CLOSERS = (")", "]", "}")
GAP = 0.065  # in F1, at least, between the names of two lines


def with_parts(model: object, tokens: Int[Tensor, "context pos"], labels: Labels) -> Labels:
    """Labels with their parts: single keywords, single kinds of closing brackets ("keyword: def", "closes: )")."""
    words = [model.tokenizer.decode([i]).strip() for i in range(model.cfg.d_vocab)]
    flat = tokens[:, 1:].flatten()
    names, flags = list(labels.names), [labels.flags]
    for label, prefix, parts in (("kind_keyword", "keyword", KEYWORDS), ("closes", "closes", CLOSERS)):
        whole: Bool[Tensor, "row"] = labels.flags[:, labels.names.index(label)]
        for part in parts:
            of = torch.tensor([word == part for word in words])
            names.append(f"{prefix}: {part}")
            flags.append((whole & of[flat])[:, None])
    return Labels(tuple(names), torch.cat(flags, 1), labels.module)


def _of(labels: tuple[str, ...], f1: Float[Tensor, "*some label"], label: str) -> Float[Tensor, "*some"]:
    alike = [i for i, name in enumerate(labels) if name.startswith(label + ":")]
    chosen = [labels.index(label)] if label in labels else alike
    return f1[..., chosen].mean(-1)


@dataclass(frozen=True)
class Splits:
    """F1 of the best latent on the modules that chose nothing.

    Attributes:
        f1: (width, seed, label). untrained: dictionaries of the untrained model, of `control` latents, (seed, label).
    """

    labels: tuple[str, ...]
    widths: Int[Tensor, "width"]
    f1: Float[Tensor, "width seed label"]
    untrained: Float[Tensor, "seed label"]
    control: int

    def of(self, label: str) -> Float[Tensor, "width seed"]:
        """One label by width; "keyword" stands for the mean over single keywords."""
        return _of(self.labels, self.f1, label)

    def untrained_of(self, label: str) -> Float[Tensor, "seed"]:
        """The same in dictionaries of the untrained model."""
        return _of(self.labels, self.untrained, label)

    def beside_untrained(self, labels: tuple[str, ...]) -> dict[str, dict[str, Spread]]:
        """One row a label: the trained model and the untrained one, dictionaries equally wide and equally trained."""
        width, table = self.widths.tolist().index(self.control), {}
        for label in labels:
            i = self.labels.index(label)
            table[label] = {"trained": spread(self.f1[width, :, i].tolist()),
                            "null: random model": spread(self.untrained[:, i].tolist())}  # fmt: skip
        return table

    def plot(self, labels: Mapping[str, str], at_rate: SplitsAtRate) -> Figure:
        """F1 against width, a line for each label, named at its end: mean over seeds with the range.

        Args:
            labels: {label: what it is called in the figure}.
            at_rate: drawn dashed, in the same colours.
        """
        fig, ax = plots.figure(height=3.2)
        ends = sorted((float(self.of(label)[-1].mean()), i) for i, label in enumerate(labels))
        height = -1.0
        for end, i in ends:
            label, words = list(labels.items())[i]
            plots.band(ax, self.widths, self.of(label).T, colour=plots.SERIES[i])
            ax.plot(at_rate.widths, at_rate.of(label).mean(1), "o--", color=plots.SERIES[i], fillstyle="none")
            ax.plot(self.control, self.untrained_of(label).mean(), "x", color=plots.SERIES[i])
            height = max(end, height + GAP)
            ax.text(1.07 * float(self.widths[-1]), height, words, color=plots.SERIES[i], va="center")
        ax.set(xscale="log", xlabel="latents", ylabel="F1 of the best latent", ylim=(0, 1.03))
        ax.set_xticks(self.widths.tolist(), [str(w) for w in self.widths.tolist()])
        ax.set_xticks([], minor=True)
        return fig


@dataclass(frozen=True)
class Shared:
    """How much of a dictionary another training, from another start and in another order, finds again.

    Attributes:
        shared: the share of latents whose partner has a cosine above 0.7 in encoder and decoder, (width, pair).
        decoder: the share whose partner has one in the decoder, matched by the decoder alone, (width, pair).
        null: likewise, with as many directions drawn from the data's covariance in place of the second's decoder.
    """

    widths: Int[Tensor, "width"]
    shared: Float[Tensor, "width pair"]
    decoder: Float[Tensor, "width pair"]
    null: Float[Tensor, "width pair"]


@dataclass(frozen=True)
class SplitsAtRate:
    """Labels by width with k in proportion to the width, so that a latent is active equally often on average.

    Attributes:
        f1: (width, seed, label), of the best latent.
        broad: how often the best latent for all keywords says yes at each of `KEYWORDS`, (width, seed, keyword).
    """

    labels: tuple[str, ...]
    widths: Int[Tensor, "width"]
    f1: Float[Tensor, "width seed label"]
    broad: Float[Tensor, "width seed keyword"]

    def of(self, label: str) -> Float[Tensor, "width seed"]:
        """One label by width; "keyword" stands for the mean over single keywords."""
        return _of(self.labels, self.f1, label)
