"""Sealed models: a planted circuit whose heads nobody has named, made fresh from a seed.

1. One of the planted models, its heads permuted within each layer: the same function with other names for its parts,
   and never those of a published model.
2. The truth: three nodes, and through which input each step reads the one before.
3. Interventions that have not been run: nodes exchanged between two prompts; the algorithm says what is answered.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

from course_utils import zoo
from course_utils.ioi.behaviour import asked
from course_utils.ioi.planted import PlantedNode, counterfactual
from course_utils.ioi.prompts import TEMPLATES, Prompts, draw, layout

BASES = ("ioi-planted", "ioi-planted-b", "ioi-planted-c")
Node = tuple[int, int, str]  # layer, head, and position, "S2" or "END"
EXCHANGES = 6  # interventions to predict


@dataclass(frozen=True)
class Exchange:
    """An intervention that has not been run: these nodes of `base` get the values that they have on `donor`.

    base, donor: rows of the sealed model's `prompts`.
    """

    nodes: tuple[Node, ...]
    base: int
    donor: int


@dataclass(frozen=True)
class Sealed:
    """A model that identifies indirect objects by three steps, prompts for it, and interventions to predict."""

    model: Any = field(repr=False)
    prompts: Prompts = field(repr=False)
    exchanges: tuple[Exchange, ...]
    _nodes: tuple[PlantedNode, ...] = field(repr=False)  # so that looking at the model does not show the answer

    def reveal(self) -> tuple[PlantedNode, ...]:
        """The true nodes: detection, inhibition, output."""
        return self._nodes

    def tell(self, row: int) -> str:
        """One of the prompts, as text."""
        ids = self.prompts.tokens[row]
        return self.model.tokenizer.decode(ids[ids != self.model.tokenizer.bos_token_id].tolist()).strip()


@lru_cache(maxsize=16)
def sealed(seed: int) -> Sealed:
    """The sealed model number `seed`."""
    dice = torch.Generator().manual_seed(seed)
    name = BASES[int(torch.randint(len(BASES), (), generator=dice))]
    base = zoo.load(name, device="cpu")
    published = [_where(_planted(other)) for other in zoo.available() if "circuit" in zoo.card(other)["data"]]
    moved = ()
    while not moved or _where(moved) in published:
        order = [torch.randperm(base.cfg.n_heads, generator=dice) for _ in range(base.cfg.n_layers)]
        moved = tuple(replace(n, head=int((order[n.layer] == n.head).nonzero())) for n in _planted(name))
    model = permuted(base, order)
    encode = model.tokenizer.encode
    plan = layout(lambda text: encode(text, add_special_tokens=False), model.tokenizer.bos_token_id, TEMPLATES[:1])
    prompts = draw(plan, 64, dice)
    return Sealed(model, prompts, _exchanges(moved, prompts, dice), moved)


def _planted(name: str) -> tuple[PlantedNode, ...]:
    return tuple(PlantedNode(**node) for node in zoo.card(name)["data"]["circuit"])


def _where(nodes: tuple[PlantedNode, ...]) -> list[Node]:
    return [(n.layer, n.head, n.position) for n in nodes]


def permuted(model: Any, order: list[Int[Tensor, "head"]]) -> Any:
    """A copy in which head i of a layer is the given model's head `order[layer][i]`."""
    made = copy.deepcopy(model).requires_grad_(False)
    width = model.cfg.d_head
    with torch.no_grad():
        for layer, new in enumerate(order):
            rows = (new[:, None] * width + torch.arange(width)).flatten()
            attn = made.blocks[layer].attn
            for part in (attn.q, attn.k, attn.v):
                part.weight.copy_(part.weight[rows].clone())
                part.bias.copy_(part.bias[rows].clone())
            attn.o.weight.copy_(attn.o.weight[:, rows].clone())
    return made


def _exchanges(nodes: tuple[PlantedNode, ...], prompts: Prompts, dice: torch.Generator) -> tuple[Exchange, ...]:
    """Six interventions on one true node, on two, and on decoys, on pairs of prompts whose orders differ."""
    true = {n.role: (n.layer, n.head, n.position) for n in nodes}
    decoys = [(layer, head, at) for layer in range(3) for head in range(4) for at in ("S2", "END")]
    decoys = [node for node in decoys if node not in true.values()]
    sets = [[true["detection"]], [true["inhibition"]], [true["output"]], [true["detection"], true["output"]],
            [], [true["inhibition"]]]  # fmt: skip
    made = []
    for number in torch.randperm(len(sets), generator=dice).tolist():
        some = [decoys[i] for i in torch.randperm(len(decoys), generator=dice)[:2].tolist()]
        chosen = tuple(sorted([*sets[number], *some]))
        first, second = ((prompts.first == value).nonzero()[:, 0] for value in (0, 1))
        pair = [int(rows[int(torch.randint(len(rows), (), generator=dice))]) for rows in (first, second)]
        base, donor = pair if int(torch.randint(2, (), generator=dice)) else pair[::-1]
        made.append(Exchange(chosen, base, donor))
    return tuple(made)


def answers(model: Sealed) -> tuple[int, ...]:
    """What the algorithm answers under each exchange, as token ids."""
    role = {(n.layer, n.head, n.position): n.role for n in model.reveal()}
    found = []
    for one in model.exchanges:
        base, donor = model.prompts[torch.tensor([one.base])], model.prompts[torch.tensor([one.donor])]
        found.append(int(counterfactual(base, donor, [role[node] for node in one.nodes if node in role])))
    return tuple(found)


@torch.no_grad()
def exchanged(model: Sealed, one: Exchange) -> int:
    """Run one exchange: the token that the model ranks first."""
    prompts, at = model.prompts, model.prompts.positions
    _, cache = model.model.run_with_cache(prompts.tokens[[one.donor]])

    def put(z: Tensor, hook: Any, layer: int) -> Tensor:
        z = z.clone()
        for where, head, position in one.nodes:
            if where == layer:
                z[0, at[position][one.base], head] = cache["z", layer][0, at[position][one.donor], head]
        return z

    hooks = [(f"blocks.{layer}.attn.hook_z", lambda z, hook, layer=layer: put(z, hook, layer))
             for layer in {node[0] for node in one.nodes}]  # fmt: skip
    logits = model.model.run_with_hooks(prompts.tokens[[one.base]], fwd_hooks=hooks)
    return int(logits[0, at["END"][one.base]].argmax())


@lru_cache(maxsize=16)
def true_edges(seed: int) -> frozenset[str]:
    """The edges of the sealed model's circuit: which input of each step reads the one before, and the logits.

    An edge counts when its path alone, patched from prompts with S2 exchanged, turns the answer round: the logit
    difference changes by more than its clean value.
    """
    model = sealed(seed)
    detection, inhibition, output = model.reveal()
    ask = asked(model.model, model.prompts, "flip", seed, direction="noising")
    clean = float(ask.sweep("z").clean.mean())
    edges = {f"{output.layer}.{output.head}->logits"}
    for sender, receiver in ((detection, inhibition), (inhibition, output)):
        name, reader = f"{sender.layer}.{sender.head}", f"{receiver.layer}.{receiver.head}"
        for reads in "qkv":
            effect = float(ask.path_patch([name], [f"{reader}.{reads}"], positions=sender.position).effect())
            if abs(effect) > clean:
                edges.add(f"{name}->{reader}.{reads}")
    return frozenset(edges)
