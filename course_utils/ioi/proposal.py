"""What a proposed circuit is worth: the share of the answer's probability that it keeps, less a price for each node.

1. A node is a head at one of the eight positions that have a name. Everything else of every head is set to its mean
   over prompts with three other names; the MLPs are left alone.
2. `Bench.kept` is the share of the log-probability of IO that is left, between everything ablated (0) and the whole
   model (1).
3. `Bench.worth` takes a price off for each node, so that a circuit that names everything is worth nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import torch

from course_utils import patching, zoo
from course_utils.ioi.behaviour import asked
from course_utils.ioi.prompts import make_ioi_batch
from course_utils.patching import Circuit

Node = tuple[int, int, str]  # layer, head, role of the position
PRICE = 0.01
_AT_END = ((0, 2), (0, 3), (1, 0), (1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3))
START = frozenset(  # what the lesson's sections found in `ioi-natural`: where its search begins
    {
        *((layer, head, "END") for layer, head in _AT_END),
        (0, 3, "after S2"),
        *((0, head, role) for head in range(4) for role in ("after IO", "after S1")),
        *((layer, head, "before S2") for layer in (0, 1) for head in range(4)),
    }
)
FOUND = frozenset(  # where it ends: bench("ioi-natural", 48).grown(START), four minutes
    {
        *((layer, head, "END") for layer, head in ((0, 2), (1, 0), (1, 2), (1, 3), (2, 1), (2, 3))),
        (0, 2, "after IO"),
        (0, 0, "before S2"),
        (0, 2, "before S2"),
    }
)


@dataclass(frozen=True)
class Bench:
    """A model with prompts on which proposed circuits are run. `bench` makes one."""

    question: patching.Question
    whole: float
    empty: float
    known: dict[frozenset[Node], float] = field(default_factory=dict, repr=False)

    def kept(self, nodes: Iterable[Node]) -> float:
        """The share of the log-probability of IO that these nodes and the MLPs keep; it can fall below 0.

        Raises:
            ValueError: no such head or position.
        """
        chosen = frozenset(nodes)
        if chosen not in self.known:
            at: dict[str, list[str]] = {}
            for layer, head, role in sorted(chosen):
                at.setdefault(f"{layer}.{head}", []).append(role)
            places = {
                head: torch.cat([self.question.places(role) for role in held], dim=1) for head, held in at.items()
            }
            circuit = Circuit.nodes(list(at)) | Circuit.mlps(self.question.model)
            self.known[chosen] = float(self.question.run(circuit, at=places).mean())
        return (self.known[chosen] - self.empty) / (self.whole - self.empty)

    def worth(self, nodes: Iterable[Node]) -> float:
        """What they keep, less the price of each node."""
        chosen = frozenset(nodes)
        return self.kept(chosen) - PRICE * len(chosen)

    def all_nodes(self) -> frozenset[Node]:
        """Every head at every position that has a name."""
        cfg = self.question.model.cfg
        return frozenset(
            (layer, head, role)
            for layer in range(cfg.n_layers)
            for head in range(cfg.n_heads)
            for role in self.question.positions
        )

    def grown(self, start: Iterable[Node] = (), without: Iterable[tuple[int, int]] = (), most: int = 30) -> frozenset:
        """Search: add the node that adds most worth, then drop what is not worth its price, until nothing helps."""
        barred = set(without)
        pool = [node for node in sorted(self.all_nodes()) if node[:2] not in barred]
        chosen = frozenset(node for node in start if node[:2] not in barred)
        for _ in range(most):
            steps = [chosen | {node} for node in pool if node not in chosen] + [chosen - {node} for node in chosen]
            best = max(steps, key=self.worth)
            if self.worth(best) <= self.worth(chosen):
                break
            chosen = best
        return chosen


def bench(name: str, n: int = 64, seed: int = 0) -> Bench:
    """The bench of one bundled model, on n prompts of the first template."""
    model = zoo.load(name, device="cpu").requires_grad_(False)
    return bench_of(model, n, seed)


def bench_of(model: Any, n: int = 64, seed: int = 0) -> Bench:
    """The bench of a model that is loaded already."""
    clean = make_ioi_batch(model.tokenizer, n, torch.Generator().manual_seed(seed))
    question = asked(
        model, clean, "ABC", seed, ablation="mean", metric=patching.log_prob(clean.answer, clean.positions["END"])
    )
    whole, empty = question.run([Circuit.whole(model), Circuit.mlps(model)]).mean(-1).tolist()
    return Bench(question, whole, empty)
