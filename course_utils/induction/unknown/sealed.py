"""Three sealed models: each has a previous-token head, one has an induction head, one solves its task another way.

1. The first layers of all three hold the same five kinds of head; so do four of the five heads of the second layers.
2. What differs is the fifth. It makes an induction head in one model, and only the beginning of one in another. In the
   third it completes the blocks of one length by counting positions.
3. `planted` disguises the weights, and the three models are shuffled.
4. `examine` finds out what a model does by running it. The exercise is marked by that, not by how it was built.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any

import torch

from course_utils.induction.scores.circuits import copying_score
from course_utils.induction.scores.measures import prefix_matching_score, repeat_accuracy, repeated_tokens
from course_utils.induction.toys.model import Weights, as_bridge, run
from course_utils.induction.unknown.planted import D_VOCAB, Head, planted

NAMES = ("A", "B", "C")
PROMPTS = 16  # in each measurement
WAYS = ("queries", "keys", "values")


@dataclass(frozen=True)
class Findings:
    """What there is to find out about one model.

    Attributes:
        induction: its induction heads, as (layer, head): they match prefixes at every block length, and copy.
        needs: the heads without any one of which (zero ablation) it gets less than half of a block of `length` right.
        accuracy: on the repeat of blocks of the other length.
        reads: the messages that its completing head cannot do without: (head of the first layer, "queries", "keys" or
            "values").
    """

    induction: frozenset[tuple[int, int]]
    needs: frozenset[tuple[int, int]]
    accuracy: float
    reads: frozenset[tuple[tuple[int, int], str]]


@dataclass(frozen=True)
class Sealed:
    """Three models named A, B and C. They are said to complete blocks of `length`; `other` is another length."""

    length: int
    other: int
    weights: dict[str, Weights] = field(repr=False)
    _built: dict[str, str] = field(repr=False)  # private, so that neither looking nor Tab gives the answer away

    @cached_property
    def models(self) -> dict[str, Any]:
        """The three as TransformerLens bridges, with all their hooks."""
        return {name: as_bridge(weights) for name, weights in self.weights.items()}

    @cached_property
    def _revealed(self) -> dict[str, tuple[str, Findings]]:
        return {name: (self._built[name], examine(self.weights[name], self.length, self.other)) for name in NAMES}

    def reveal(self) -> dict[str, tuple[str, Findings]]:
        """For each model how it was built, and what there is to find out about it: the answer."""
        return self._revealed


def _first_layer() -> list[Head]:
    return [
        Head("back", 1, ("token", "first")),
        Head("back", 2, ("token", "second"), sharp=1.2),
        Head("earlier", None, ("position", "pointer"), sharp=2.0),
        Head("back", 0, ("position", "position"), gain=0.2),
        Head("rest", None, ("token", "output"), gain=-0.5),
    ]


def _second_layer(fifth: Head, length: int) -> list[Head]:
    """Besides the fifth: one that copies and counts positions, but too weakly; one that looks and is not heard."""
    return [
        fifth,
        Head("earlier", None, ("token", "output"), gain=-0.3),
        Head("back", length - 1, ("token", "output"), gain=0.08),
        Head("match", ("token", "first"), ("token", "second")),
        Head("rest", None, ("token", "output"), gain=-0.5),
    ]


def _fifth_heads(length: int) -> dict[str, dict[str, Head]]:
    """For each kind of model, the ways to make it."""
    return {
        "induction": {
            "by its keys": Head("match", ("token", "first"), ("token", "output")),
            "by its keys, strongly": Head("match", ("token", "first"), ("token", "output"), sharp=1.3),
            "by its queries": Head("follow", "pointer", ("token", "output"), sharp=3.0),
        },
        "previous token only": {
            "looks and does not copy": Head("match", ("token", "first"), ("token", "second")),
            "copies and looks elsewhere": Head("earlier", None, ("token", "output"), gain=0.8),
        },
        "another way": {
            "in one step": Head("back", length - 1, ("token", "output")),
            "after one step": Head("back", length - 2, ("first", "output"), sharp=1.3),
            "after two steps": Head("back", length - 3, ("second", "output"), sharp=1.3),
        },
    }


@lru_cache(maxsize=64)
def sealed(seed: int) -> Sealed:
    """The three sealed models number `seed`. The same number gives the same models."""
    dice = torch.Generator().manual_seed(seed)

    def roll(low: int, high: int) -> int:
        return int(torch.randint(low, high + 1, (), generator=dice))

    length, other = roll(9, 14), roll(18, 26)
    weights, built = {}, {}
    kinds = _fifth_heads(length)
    order = [list(kinds)[k] for k in torch.randperm(3, generator=dice)]
    for name, kind in zip(NAMES, order, strict=True):
        ways = kinds[kind]
        way = list(ways)[roll(0, len(ways) - 1)]
        weights[name], _ = planted([_first_layer(), _second_layer(ways[way], length)], dice)
        built[name] = f"{kind}: {way}"
    return Sealed(length, other, weights, built)


def examine(weights: Weights, length: int, other: int) -> Findings:
    """Measure what a model does, at these two block lengths and at others where that is asked."""
    heads = [(layer, head) for layer in range(weights.n_layers) for head in range(weights.n_heads)]
    found = induction_heads(weights, (other - 8, length, other, other + 4))
    needs = []
    if accuracy(weights, length) > 0.5:
        needs = [head for head in heads if accuracy(weights, length, [head]) < 0.5]
    return Findings(found, frozenset(needs), accuracy(weights, other), messages(weights, length, needs))


def accuracy(weights: Weights, length: int, without: Sequence[tuple[int, int]] = ()) -> float:
    """The share of the repeat predicted right in blocks of `length`, when the heads `without` write nothing."""
    tokens, W_O = _blocks(length), weights.W_O.clone()
    for layer, head in without:
        W_O[layer, head] = 0.0
    return float(repeat_accuracy(run(replace(weights, W_O=W_O), tokens).logits, tokens, length))


def messages(weights: Weights, length: int, needs: Sequence[tuple[int, int]]) -> frozenset[tuple[tuple[int, int], str]]:
    """The messages from the first layer to one input of a needed head of the second without which it fails.

    Each alone is exchanged for what the sender writes in a text in which nothing repeats; the model fails where it gets
    less than half of a block of `length` right. (`scores.interventions.path_patch` does the same to a bridge.)
    """
    tokens = _blocks(length)
    dice = torch.Generator().manual_seed(1000 + length)
    other = repeated_tokens(D_VOCAB, PROMPTS, 2 * length, distinct=True, generator=dice)[:, : tokens.shape[1]]
    heads = range(weights.n_heads)
    start, strange = (weights.W_E[text] + weights.W_pos[: text.shape[1]] for text in (tokens, other))
    here, there = ([_writes(weights, (0, head), x, x, x) for head in heads] for x in (start, strange))
    stream = start + sum(here)
    found = []
    for reader in (head for layer, head in needs if layer == 1):
        rest = stream + sum(_writes(weights, (1, head), stream, stream, stream) for head in heads if head != reader)
        for sender in heads:
            changed = stream - here[sender] + there[sender]
            for way in WAYS:
                reads = [changed if way == one else stream for one in WAYS]
                logits = (rest + _writes(weights, (1, reader), *reads)) @ weights.W_U
                if repeat_accuracy(logits, tokens, length) < 0.5:
                    found.append(((0, sender), way))
    return frozenset(found)


def _writes(weights: Weights, head: tuple[int, int], *reads: torch.Tensor) -> torch.Tensor:
    """What a head adds to the stream, (batch, pos, d_model), when its queries, keys and values read these streams."""
    matrices = (weights.W_Q[head], weights.W_K[head], weights.W_V[head])
    q, k, v = (x @ W for x, W in zip(reads, matrices, strict=True))
    future = torch.ones(q.shape[1], q.shape[1], dtype=torch.bool).triu(1)
    scores = (q @ k.mT / weights.d_head**0.5).masked_fill(future, -torch.inf)
    return scores.softmax(-1) @ v @ weights.W_O[head]


def induction_heads(weights: Weights, lengths: Sequence[int], copying: float = 0.5) -> frozenset[tuple[int, int]]:
    """The heads that match prefixes at each of these lengths (score above 1/2), and copy (score above `copying`)."""
    scores = [prefix_matching_score(run(weights, _blocks(n)).pattern, n) for n in lengths]
    copies = copying_score(weights.W_E, weights.W_V, weights.W_O, weights.W_U)
    both = (torch.stack(scores).amin(0) > 0.5) & (copies > copying)
    return frozenset((layer, head) for layer, head in both.nonzero().tolist())


def _blocks(length: int) -> torch.Tensor:
    dice = torch.Generator().manual_seed(length)
    return repeated_tokens(D_VOCAB, PROMPTS, length, distinct=True, generator=dice)
