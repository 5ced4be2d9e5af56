"""Neurons of a real model, on text: what are the strongest tokens of one, and is it different from other directions?

1. `programs` – the course's sample programs, cut into a model's contexts; which tokens lie in names in capital letters.
2. `activations` – the neurons of one layer at every token; `spikes` – how much of their variance lies in few tokens.
3. `turned` – the null: the same activations in random coordinates, each of them a mixture of all neurons.
"""

import re
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ..python_text import samples
from ..python_text.contexts import labelled_contexts

CAPITALS = re.compile(r"(?<!\w)[A-Z][A-Z_]+(?!\w)")  # a name in capital letters, of two or more


@dataclass(frozen=True)
class Programs:
    """The sample programs as a model reads them; tokens are numbered through, without the first one of each context."""

    tokens: Int[Tensor, "context pos"]
    words: list[str]  # of each token
    program: Int[Tensor, "token"]

    def above_half(self, values: Float[Tensor, "token"]) -> list[int]:
        """The tokens at which the value is more than half its largest."""
        return (values > values.max() / 2).nonzero().flatten().tolist()

    def in_capitals(self) -> Bool[Tensor, "token"]:
        """Tokens that lie in a name in capital letters, or directly behind one."""
        found = []
        for k in self.program.unique().tolist():
            words = [self.words[i] for i in (self.program == k).nonzero().flatten().tolist()]
            names, start = [name.span() for name in CAPITALS.finditer("".join(words))], 0
            for word in words:
                end = start + len(word)
                found.append(any(start <= last and first < end for first, last in names))
                start = end
        return torch.tensor(found)

    def lines_around(self, token: int) -> slice:
        """The tokens of the line in which a token stands, and of the lines before and after it."""
        ends = [i for i, word in enumerate(self.words) if "\n" in word]
        here = sum(end < token for end in ends)
        return slice(ends[here - 2] + 1, ends[here + 1])


def programs(model: Any) -> Programs:
    """The twelve sample programs, as far as they fill contexts of the model."""
    texts = [samples.read(name) for name in samples.names()]
    size = model.cfg.n_ctx
    tokens, labels = labelled_contexts(texts, model.tokenizer, size, limit=10**6)
    words = [model.tokenizer.decode([i]) for i in tokens[:, 1:].flatten().tolist()]
    return Programs(tokens, words, labels["text"].repeat_interleave(size - 1))


def activations(model: Any, text: Programs, layer: int = 1) -> Float[Tensor, "token neuron"]:
    """The neurons of one layer's MLP, behind the activation function, without the first token of each context."""
    where = f"blocks.{layer}.mlp.hook_post"
    with torch.no_grad():
        _, cache = model.run_with_cache(text.tokens, names_filter=where, stop_at_layer=layer + 1)
    return cache[where][:, 1:].flatten(0, 1)


def spikes(values: Float[Tensor, "token neuron"]) -> Float[Tensor, "neuron"]:
    """The share of each neuron's variance that lies in the strongest hundredth of the tokens."""
    squares = (values - values.mean(0)).square()
    return squares.topk(len(squares) // 100, dim=0).values.sum(0) / squares.sum(0)


def turned(values: Float[Tensor, "token d"], seed: int = 0) -> Float[Tensor, "token d"]:
    """The same activations in random coordinates at right angles."""
    d = values.shape[1]
    return values @ torch.linalg.qr(torch.randn(d, d, generator=torch.Generator().manual_seed(seed))).Q
