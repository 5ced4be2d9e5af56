"""Exercise 9: with a budget of three head outputs, make the model close the other bracket. Scored by running it.

One of the lesson's three heads may not be used; which one, the learner's seed says. So the lesson's
heads are not the answer, and another learner's set is refused or does worse. In this model single effects nearly add
up: of 396 budgets and bars (6 seeds, two templates) the best single heads reach 94 to 100 % of a greedy search, and
they pass.
"""

import operator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_utils import transformer as tf
from course_utils.grading.kinds import Answer, wrong
from course_utils.transformer.exercises.model import code_model

BUDGET = 3
PAIRS = 16
LENGTH = 8  # tokens of a prompt
POOL = 150  # random sets, measured once, for the null: a single one that does well is fewer than one in a hundred

Nodes = frozenset


@dataclass(frozen=True)
class Operation:
    """What an answer is scored with: the two runs, a good set, and random ones with their scores."""

    runs: tf.Transplant
    best: tuple[tf.Node, ...]
    barred: tuple[int, int]
    pool: tuple[tuple[tf.Node, ...], ...]
    known: dict = field(default_factory=dict, repr=False)

    def score(self, nodes: Nodes) -> float:
        if nodes not in self.known:
            self._run([nodes])
        return self.known[nodes]

    def guess(self, number: int) -> Nodes:
        """One of the random sets; with the first of them all are scored."""
        if frozenset(self.pool[0]) not in self.known:
            self._run([frozenset(nodes) for nodes in self.pool])
        return frozenset(self.pool[number])

    def _run(self, sets: list[Nodes]) -> None:
        found = self.runs.recoveries(map(sorted, sets))
        self.known.update((nodes, max(0.0, value)) for nodes, value in zip(sets, found, strict=True))


def _truth(seed: int) -> Operation:
    model = code_model()
    runs = tf.Transplant.of(model, tf.bracket_pairs(model.tokenizer, PAIRS, seed, "call"))
    rng = torch.Generator().manual_seed(seed)
    barred = tf.barred_head(seed)
    layers, length, heads = len(runs.z), *runs.z[0].shape[1:3]
    nodes = [(layer, head, position) for layer in range(layers) for head in range(heads) for position in range(1, length)
             if (layer, head) != barred]  # fmt: skip
    pool = [tuple(nodes[i] for i in torch.randperm(len(nodes), generator=rng)[:BUDGET].tolist()) for _ in range(POOL)]
    return Operation(runs, tf.best_nodes(runs, BUDGET, without=barred), barred, tuple(pool))


def _whole(value: Any) -> int:
    value = value.item() if isinstance(value, (Tensor, np.ndarray)) else value
    if isinstance(value, (bool, np.bool_)):
        raise TypeError("a truth value is no number")
    return operator.index(value)


def _canonical(answer: Any) -> Any:
    if isinstance(answer, (str, bytes, dict)):
        raise TypeError("no set of nodes")
    nodes = (tuple(_whole(i) for i in node) for node in answer)
    return frozenset((*n[:2], n[2] + LENGTH) if len(n) == 3 and n[2] < 0 else n for n in nodes)  # −1 is the last


def _form(answer: Nodes, truth: Operation) -> str:
    layers, length, heads = len(truth.runs.z), *truth.runs.z[0].shape[1:3]
    for node in sorted(answer):
        if len(node) != 3:
            return f"A node has three numbers, layer, head and position; {node} has {len(node)}."
        if not (0 <= node[0] < layers and 0 <= node[1] < heads and 0 <= node[2] < length):
            return f"There is no node {node}: layers go up to {layers - 1}, heads to {heads - 1}, positions to {length - 1}."
        if node[:2] == truth.barred:
            return f"Head {node[0]}.{node[1]} is barred in your instance: its output may not be carried over."
    if len(answer) > BUDGET:
        return f"You name {len(answer)} nodes; the budget is {BUDGET}."
    return "" if answer else "You name no node."


def _score(answer: Nodes, truth: Operation) -> float:
    return truth.score(answer)


def _explain(answer: Nodes, truth: Operation) -> str:
    said = f"Together your nodes recover {truth.score(answer):.0%} of the difference."
    if len(answer) < BUDGET:
        return f"{said} You have used {len(answer)} of {BUDGET}."
    idle = min(answer, key=lambda node: truth.score(answer) - truth.score(answer - {node}))
    lost = truth.score(answer) - truth.score(answer - {idle})
    less = f"{lost:.0%} less" if lost >= 0.005 else "no less"
    return f"{said} {idle} contributes least: without it they recover {less}."


def _last(truth: Operation) -> int:
    return truth.runs.z[0].shape[1] - 1


def _by_vote(truth: Operation) -> Nodes:
    """The heads with the largest direct attribution, at the last position."""
    pairs = truth.runs.pairs
    votes = tf.attribution(truth.runs.model, pairs.clean, pairs.correct, pairs.wrong).heads()
    heads = [divmod(flat, votes.shape[1]) for flat in votes.flatten().argsort(descending=True).tolist()]
    return frozenset((*head, _last(truth)) for head in [head for head in heads if head != truth.barred][:BUDGET])


def _last_layer(truth: Operation) -> Nodes:
    layer = len(truth.runs.z) - 1
    heads = [head for head in range(truth.runs.z[0].shape[2]) if (layer, head) != truth.barred]
    return frozenset((layer, head, _last(truth)) for head in heads[:BUDGET])


def _one_head(truth: Operation) -> Nodes:
    layer, head, position = truth.best[0]
    return frozenset((layer, head, position - k) for k in range(BUDGET))


Answer(
    id="transformer.transplant",
    truth=_truth,
    effort=40,  # an answer may measure
    key=lambda truth: frozenset(truth.best),
    score=_score,
    null=lambda truth, rng: truth.guess(int(torch.randint(POOL, (), generator=rng))),
    canonical=_canonical,
    form=_form,
    explain=_explain,
    expects="Give up to three nodes, each (layer, head, position), for example {(0, 1, 7), (3, 3, -1)}.",
    share=0.95,
    why="Three heads with large votes come near 90 % of the key, and are what this exercise is to tell apart.",
    hints=(
        "One sweep tries every node alone: `patching.Question(model, mine.clean, mine.corrupt, mine.metric).sweep(\"z\", by=(\"layer\", \"head\", \"position\"))`. Print it, or ask it for `.top(10, \"recovery\")`.",
        "Do single effects add up? Try sets: `runs.recovery({(layer, head, position), …})`, and keep the node that adds most to those you have.",
    ),
    misconceptions=(
        wrong("by direct attribution", _by_vote,
              "These are the heads with the largest direct attribution. It misses heads that speak to later heads and not to the logits: patch them, and see."),
        wrong("at the opening bracket", lambda truth: frozenset((layer, head, truth.runs.pairs.opener) for layer, head, _ in truth.best),
              "The right heads, at the opening bracket. What they say there is not what is read at the end; a head acts where it *writes*, at the query."),
        wrong("one token early", lambda truth: frozenset((layer, head, position - 1) for layer, head, position in truth.best),
              "The right heads, one position too early. The logits are read at the last token; `mine.words` counts from 0."),
        wrong("one head at many positions", _one_head,
              "You spend the budget on one head. It acts at the last position only, and what else carries the bracket there is left in the corrupt run."),
        wrong("last layer", _last_layer,
              "The last layer stands nearest to the logits, but that does not make it the one that knows. Measure."),
        wrong("layer and head exchanged", lambda truth: frozenset((head, layer, position) for layer, head, position in truth.best),
              "Layer and head are exchanged: a node is (layer, head, position)."),
    ),
)  # fmt: skip
