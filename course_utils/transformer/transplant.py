"""A handful of head outputs, taken from the clean run and put into the corrupt one together.

A sweep tries one cell at a time. Effects of single cells need not add up, so a set of them has to be tried as a set:
`transplant` does that, and `best_nodes` looks for a good set greedily, adding the node that helps most each time.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from course_utils import patching

from .pairs import Pairs

Node = tuple[int, int, int]  # layer, head, position


@dataclass(frozen=True)
class Transplant:
    """Two runs over the same pairs, kept so that many sets of nodes can be tried.

    Attributes:
        z: of each layer, the clean run's (n, pos, head, d_head).
        clean, corrupt: mean logit differences, in favour of the clean prompt's closing token.
    """

    model: Any = field(repr=False)
    pairs: Pairs
    z: tuple[Float[Tensor, "n pos head d_head"], ...] = field(repr=False)
    clean: float
    corrupt: float

    @classmethod
    def of(cls, model: Any, pairs: Pairs) -> Transplant:
        """Make the two runs."""
        names = [f"blocks.{layer}.attn.hook_z" for layer in range(model.cfg.n_layers)]
        with torch.no_grad():
            logits, cache = model.run_with_cache(pairs.clean, names_filter=names)
            other = model(pairs.corrupt)
        z = tuple(cache[name] for name in names)
        return cls(model, pairs, z, float(pairs.difference(logits).mean()), float(pairs.difference(other).mean()))

    def recovery(self, nodes: Iterable[Node]) -> float:
        """What these nodes recover together: 0 is the corrupt run, 1 the clean one. Positions may count from the end.

        Raises:
            ValueError: a node that there is not.
        """
        return self.recoveries([nodes])[0]

    def recoveries(self, sets: Iterable[Iterable[Node]]) -> list[float]:
        """The recovery of each of several sets of nodes, ten at a time in one run."""
        sets = [list(nodes) for nodes in sets]
        _, pos, heads, _ = self.z[0].shape
        for layer, head, position in itertools.chain(*sets):
            if not (0 <= layer < len(self.z) and 0 <= head < heads and -pos <= position < pos):
                raise ValueError(f"there is no node {(layer, head, position)}: layer, head, position")
        return [value for i in range(0, len(sets), 10) for value in self._recoveries(sets[i : i + 10])]

    def _recoveries(self, sets: list[list[Node]]) -> list[float]:
        count = len(self.pairs.corrupt)

        def put(layer: int) -> Callable[[Tensor, Any], Tensor]:
            def edit(z: Tensor, hook: Any) -> Tensor:
                edited = z.clone().unflatten(0, (len(sets), count))
                for number, nodes in enumerate(sets):
                    for _, head, position in (node for node in nodes if node[0] == layer):
                        edited[number, :, position, head] = self.z[layer][:, position, head]
                return edited.flatten(0, 1)

            return edit

        hooks = [(f"blocks.{layer}.attn.hook_z", put(layer)) for layer in {node[0] for node in itertools.chain(*sets)}]
        with torch.no_grad(), self.model.hooks(fwd_hooks=hooks):
            logits = self.model(self.pairs.corrupt.repeat(len(sets), 1)).unflatten(0, (len(sets), count))
        reached = [float(self.pairs.difference(one).mean()) for one in logits]
        return [(value - self.corrupt) / (self.clean - self.corrupt) for value in reached]


CARRIERS = ((2, 2), (1, 0), (3, 2))  # the heads of `code-4l` that bring most of an open bracket to the end (lesson 0)


def barred_head(seed: int) -> tuple[int, int]:
    """The head that the exercise's instance of this seed does without: one of the three."""
    return CARRIERS[seed % len(CARRIERS)]


def best_nodes(
    transplant: Transplant, budget: int, among: int = 12, without: tuple[int, int] | None = None
) -> tuple[Node, ...]:
    """A good set of `budget` nodes, found greedily among those that do most alone; none of the head `without`.

    Greedy search may miss a better set: two nodes may be worth something together only.
    """
    model, pairs = transplant.model, transplant.pairs
    ask = patching.Question(model, pairs.clean, pairs.corrupt, pairs.metric)
    alone = ask.sweep("z", by=("layer", "head", "position")).recovery()
    if without is not None:
        alone[without] = -torch.inf
    order = alone.flatten().argsort(descending=True, stable=True)[:among]
    left = [tuple(int(i) for i in torch.unravel_index(flat, alone.shape)) for flat in order]
    chosen: list[Node] = []
    for _ in range(budget):
        found = transplant.recoveries([*chosen, node] for node in left)
        best = left[found.index(max(found))]
        chosen.append(best)
        left.remove(best)
    return tuple(chosen)
