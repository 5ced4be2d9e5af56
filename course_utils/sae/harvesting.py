"""A model's activations as a source of batches: harvested many contexts at a time, from all over the text, and shuffled
together, so that one batch holds vectors from everywhere. Step n's batch depends on n alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

from course_utils.patching.harvesting import harvest


@dataclass(frozen=True)
class Stream:
    """A source of batches: a model's activations, harvested round by round.

    Args:
        hook: where the input is read. target: where the target is, for a transcoder.
        sources: further hooks, whose vectors are laid beside the first's, for a crosscoder.
        tokens: the contexts. shuffle: False serves them in the order of the text, one context after the other.
        contexts: how many are harvested at a time; 1 024 contexts of 255 vectors in 192 dimensions take 200 MB.
    """

    model: Any
    hook: str
    tokens: Int[Tensor, "context pos"]
    target: str | None = None
    sources: tuple[str, ...] = ()
    contexts: int = 1024
    shuffle: bool = True
    seed: int = 0
    _round: dict[int, list[Tensor]] = field(default_factory=dict, repr=False, compare=False)

    def batch(self, step: int, size: int) -> tuple[Tensor, Tensor]:
        """Batch number `step`."""
        contexts = min(self.contexts, len(self.tokens))
        each = contexts * (self.tokens.shape[1] - 1) // size
        if each == 0:
            raise ValueError(f"{contexts} contexts hold no batch of {size}: give more, or a smaller batch.")
        number, place = divmod(step, each)
        if number not in self._round:
            self._round.clear()
            self._round[number] = self._harvest(number, contexts)
        rows = [part[place * size : (place + 1) * size] for part in self._round[number]]
        return (rows[0], rows[0]) if self.target is None else (rows[0], rows[1])

    def _harvest(self, number: int, contexts: int) -> list[Tensor]:
        rng = torch.Generator().manual_seed(self.seed * 1_000_003 + number)
        each = len(self.tokens) // contexts  # rounds in which every context is read once
        epoch, place = divmod(number, each)
        order = torch.arange(len(self.tokens))
        if self.shuffle:
            order = torch.randperm(len(order), generator=torch.Generator().manual_seed(self.seed * 7_919 + epoch))
        chosen = self.tokens[order[place * contexts : (place + 1) * contexts]]
        found = harvest(self.model, [self.hook, *self.sources, *([self.target] if self.target else [])], chosen)
        inputs = torch.cat(found[: 1 + len(self.sources)], 1) if self.sources else found[0]
        parts = [inputs, *found[1 + len(self.sources) :]]
        if self.shuffle:
            mixed = torch.randperm(len(inputs), generator=rng)
            parts = [part[mixed] for part in parts]
        return parts
