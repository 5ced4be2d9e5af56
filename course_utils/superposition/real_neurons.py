"""Neurons of a real model, on text: what are the strongest tokens of one, and is it different from other directions?

1. `programs` – the course's sample programs, cut into a model's contexts, with what each token belongs to.
2. `turned` – the null: the same activations in random coordinates, each of them a mixture of all neurons.
3. `strongest_lines` – for each of some neurons its strongest token of each program, to be laid side by side.
"""

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ..python_text import samples
from ..python_text.contexts import labelled_contexts

LINES = 8  # of a column
AROUND = 14  # characters shown before the token that counts, and after it


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

    def line(self, token: int) -> str:
        """The text around a token, which stands between « and », on one line."""
        before = "".join(self.words[max(0, token - AROUND) : token])[-AROUND:]
        after = "".join(self.words[token + 1 : token + AROUND])[:AROUND]
        return f"{before}«{self.words[token]}»{after}".replace("\n", "⏎")


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


def strongest_lines(text: Programs, columns: dict[str, Float[Tensor, "token"]]) -> list[dict[str, str]]:
    """The rows of a table with a column for each neuron: its strongest token of each program, in its line."""
    found = {name: text.strongest(values)[:LINES] for name, values in columns.items()}
    return [{"": str(k + 1)} | {name: text.line(places[k]) for name, places in found.items()} for k in range(LINES)]
