"""Neurons of a real model, on text: what are the strongest tokens of one, and is it different from other directions?

1. `programs` – the course's sample programs, cut into a model's contexts, with what each token belongs to.
2. `turned` – the null: the same activations in random coordinates, each of them a mixture of all neurons.
3. `strongest_figure` – for each of some neurons its activation at every token, and its strongest token of each program.
"""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from .. import plots
from ..python_text import samples
from ..python_text.contexts import labelled_contexts

LINES = 8  # of a column
BEFORE, AFTER = 15, 12  # characters shown before the token that counts, and from its beginning on


@dataclass(frozen=True)
class Programs:
    """The sample programs as a model reads them; tokens are numbered through, without the first one of each context."""

    tokens: Int[Tensor, "context pos"]
    words: list[str]  # of each token
    program: Int[Tensor, "token"]
    in_docstring: Bool[Tensor, "token"]

    def best(self, values: Float[Tensor, "token *neuron"]) -> Float[Tensor, "program *neuron"]:
        """The largest value in each program."""
        return torch.stack([values[self.program == k].amax(0) for k in self.program.unique()])

    def strongest(self, values: Float[Tensor, "token"]) -> list[int]:
        """The strongest token of each program, strongest first."""
        found = [int(values.masked_fill(self.program != k, -torch.inf).argmax()) for k in self.program.unique()]
        return sorted(found, key=lambda i: -float(values[i]))

    def above_half(self, values: Float[Tensor, "token"]) -> list[int]:
        """The tokens at which the value is more than half its largest."""
        return (values > values.max() / 2).nonzero().flatten().tolist()

    def line(self, token: int) -> tuple[str, int, int]:
        """The text around a token, on one line; where in it the token begins and ends."""
        before = "".join(self.words[max(0, token - BEFORE) : token])[-BEFORE:].rjust(BEFORE)
        after = "".join(self.words[token : token + AFTER])[:AFTER]
        return (before + after).replace("\n", "⏎"), BEFORE, BEFORE + min(AFTER, len(self.words[token]))


def programs(model: Any) -> Programs:
    """The twelve sample programs, as far as they fill contexts of the model."""
    texts = [samples.read(name) for name in samples.names()]
    size = model.cfg.n_ctx
    tokens, labels = labelled_contexts(texts, model.tokenizer, size, limit=10**6)
    words = [model.tokenizer.decode([i]) for i in tokens[:, 1:].flatten().tolist()]
    return Programs(tokens, words, labels["text"].repeat_interleave(size - 1), labels["in_docstring"][:, 1:].flatten())


def turned(values: Float[Tensor, "token d"], seed: int = 0) -> Float[Tensor, "token d"]:
    """The same activations in random coordinates at right angles."""
    d = values.shape[1]
    return values @ torch.linalg.qr(torch.randn(d, d, generator=torch.Generator().manual_seed(seed))).Q


def strongest_figure(text: Programs, columns: dict[str, Float[Tensor, "token"]]) -> Figure:
    """A column for each neuron: its activation at every token, and below the strongest tokens in their lines."""
    fig, axes = plots.figure(2, len(columns), height=3.3, height_ratios=[1, 3.2], squeeze=False)
    for (name, values), above, below in zip(columns.items(), *axes, strict=True):
        above.plot(values, color=plots.MLP, linewidth=0.5)
        above.set(xticks=[], xlim=(0, len(values)), ylim=(float(values.min()), float(values.max()) * 1.05))
        above.set_title(name, loc="left")
        below.set(xlim=(-3, BEFORE + AFTER), ylim=(LINES, 0))
        below.axis("off")
        for row, token in enumerate(text.strongest(values)[:LINES]):
            line, first, last = text.line(token)
            below.text(-0.6, row + 0.5, f"{values[token]:.1f}", ha="right", va="center", fontsize=8, color=plots.NULL)
            below.add_patch(Rectangle((first, row + 0.06), last - first, 0.88, color=plots.MLP, alpha=0.45, linewidth=0))
            for i, sign in enumerate(line):
                below.text(i + 0.5, row + 0.5, sign.replace("$", r"\$"), family="monospace", fontsize=8.5, ha="center",
                           va="center")  # fmt: skip
    axes[0, 0].set_ylabel("activation")
    return fig
