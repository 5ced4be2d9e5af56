"""Exercise 14: find the circuit of a sealed model."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from course_utils import ioi, patching
from course_utils.grading.kinds import Answer, wrong
from course_utils.ioi.behaviour import asked
from course_utils.ioi.exercises.whole import whole
from course_utils.ioi.planted import ROLES
from course_utils.ioi.proposal import FOUND
from course_utils.ioi.sealed import Node, true_edges
from course_utils.patching import Circuit
from course_utils.patching.circuit import edge

PROMPTS = 24  # on which a proposal is run
PRICE = 0.02  # of a node, in shares of the logit difference

@dataclass(frozen=True)
class Research:
    """The true circuit of a sealed model, and what scores a proposal."""

    model: ioi.Sealed
    nodes: dict[str, Node]
    edges: frozenset[str]
    ask: patching.Question
    known: dict[frozenset[Node], float] = field(default_factory=dict, repr=False)

    def kept(self, nodes: frozenset[Node]) -> float:
        """Faithfulness of these nodes, everything else at its mean over ABC prompts; never below 0 or above 1."""
        if nodes not in self.known:
            at: dict[str, list[str]] = {}
            for layer, head, role in sorted(nodes):
                at.setdefault(f"{layer}.{head}", []).append(role)
            places = {head: torch.cat([self.ask.places(role) for role in held], dim=1) for head, held in at.items()}
            found = self.ask.faithfulness(Circuit.nodes(list(at)), at=places).recovered
            self.known[nodes] = min(1.0, max(0.0, found))
        return self.known[nodes]


def _truth(seed: int) -> Research:
    model = ioi.sealed(seed)
    ask = asked(model.model, model.prompts[:PROMPTS], "ABC", 0, ablation="mean")
    return Research(model, {n.role: (n.layer, n.head, n.position) for n in model.reveal()}, true_edges(seed), ask)


Proposal = dict[str, Any]


def _key(truth: Research) -> Proposal:
    return {"nodes": set(truth.nodes.values()), "edges": set(truth.edges)}


def _edge(one: Any) -> str:
    """In one way of writing it; what cannot be read stays, so that `_form` can say which."""
    one = one.replace("→", "->").lower() if isinstance(one, str) else one
    try:
        return "{}->{}".format(*map(str, edge(one)))
    except ValueError:
        return str(one)


def _canonical(answer: Any) -> Proposal:
    if not isinstance(answer, Mapping) or set(answer) != {"nodes", "edges"}:
        raise TypeError("no dict with nodes and edges")
    nodes = {(whole(layer), whole(head), str(at)) for layer, head, at in answer["nodes"]}
    return {"nodes": nodes, "edges": set(map(_edge, answer["edges"]))}


def _form(answer: Proposal, truth: Research) -> str:
    for layer, head, at in sorted(answer["nodes"]):
        if not (0 <= layer < 3 and 0 <= head < 4):
            return f"There is no head {layer}.{head}: layers go from 0 to 2, heads from 0 to 3, and the layer comes first."
        if at not in ioi.roles(truth.model.prompts):
            return f"{at!r} is no position here; the names are {', '.join(ioi.roles(truth.model.prompts))}."
    for one in sorted(answer["edges"]):
        try:
            edge(one)
        except ValueError as error:
            return f"The edge {one!r} cannot be read: {error}."
    return ""


def _f1(given: set, true: set) -> float:
    return 2 * len(given & true) / (len(given) + len(true)) if given or true else 1.0


def _score(answer: Proposal, truth: Research) -> float:
    """A third each: nodes (F1), edges (F1), and what the nodes keep of the behaviour less a price for each."""
    nodes = frozenset(answer["nodes"])
    worth = max(0.0, truth.kept(nodes) - PRICE * len(nodes))
    return (_f1(set(nodes), set(truth.nodes.values())) + _f1(answer["edges"], set(truth.edges)) + worth) / 3


def _explain(answer: Proposal, truth: Research) -> str:
    """How much and of what kind, not which: that is for measuring."""
    nodes, edges = answer["nodes"] & set(truth.nodes.values()), answer["edges"] & truth.edges
    said = (
        f"{len(nodes)} of your {len(answer['nodes'])} nodes and {len(edges)} of your {len(answer['edges'])} edges are "
        f"true; alone, your nodes keep {truth.kept(frozenset(answer['nodes'])):.0%} of the logit difference."
    )
    return f"{said} {_kind(answer, truth)}".strip()


def _kind(answer: Proposal, truth: Research) -> str:
    """What sort of mistake it is, where it is one that people make."""
    given, true, edges = answer["nodes"], set(truth.nodes.values()), answer["edges"]
    right = given & true
    if given != true and {(layer, head, at) for head, layer, at in given} == true:
        return "Your nodes are (head, layer, position). Layer first, then head."
    if given == true and edges > truth.edges:
        return "The true edges are all there, and more. A weaker message is no edge, nor is one that was not measured."
    if given == true and edges < truth.edges:
        out = any(one.endswith("->logits") for one in truth.edges - edges)
        return "The nodes are right, and so are your edges; some are missing. " + (
            "How does the answer leave the circuit?" if out else "For each head that reads another, ask by which input."
        )
    if given == true:
        return "The nodes are right. Of the edges, only those count whose message alone turns the answer round."
    if given > true:
        return "The true nodes are all there, and more. What changes little when it is exchanged has its price."
    planted = [{(n.layer, n.head, n.position) for n in ioi.planted_circuit(name)} for name in ioi.planted_models()]
    if given in planted or ((0, 2, "END") in given and given <= FOUND):
        return "These are heads of the lesson's models. Yours has its own: measure it."
    if len(given) == len(true) and {node[:2] for node in given} == {node[:2] for node in true}:
        wrong_places = len(given - true)
        return f"The heads are right, {'one position is' if wrong_places == 1 else f'{wrong_places} positions are'} not."
    if len(given) == len(true) == len(right) + 1:
        return "One node is not: in the sweep by position, layer and head, another cell stands out more."
    return ""


def _dealt(truth: Research, rng: torch.Generator) -> Proposal:
    """A hard null: the right form, with the heads dealt out at random in their layers, and an input guessed."""
    heads = [int(torch.randint(4, (), generator=rng)) for _ in range(3)]
    reads = ["qkv"[int(torch.randint(3, (), generator=rng))] for _ in range(2)]
    nodes = {(layer, heads[layer], at) for layer, at in enumerate(("S2", "END", "END"))}
    edges = {
        f"0.{heads[0]}->1.{heads[1]}.{reads[0]}",
        f"1.{heads[1]}->2.{heads[2]}.{reads[1]}",
        f"2.{heads[2]}->logits",
    }
    return {"nodes": nodes, "edges": edges}


def _edges_read_by(truth: Research, inputs: str) -> set[str]:
    """The true edges with another input: detection → inhibition → output, read by these."""
    names = [f"{truth.nodes[role][0]}.{truth.nodes[role][1]}" for role in ROLES]
    return {f"{names[0]}->{names[1]}.{inputs[0]}", f"{names[1]}->{names[2]}.{inputs[1]}", f"{names[2]}->logits"}


def _other_input(truth: Research) -> str:
    used = next(one for one in truth.edges if one.startswith("0.")).rpartition(".")[2]
    return {"k": "v", "v": "k", "q": "k"}[used]


def _every_head(truth: Research) -> Proposal:
    nodes = {(layer, head, at) for layer in range(3) for head in range(4) for at in ("S2", "END")}
    return {"nodes": nodes, "edges": set(truth.edges)}


def _at(truth: Research, place: str) -> Proposal:
    return {"nodes": {(layer, head, place) for layer, head, _ in truth.nodes.values()}, "edges": set(truth.edges)}


def _without(truth: Research, role: str) -> Proposal:
    gone = f"{truth.nodes[role][0]}.{truth.nodes[role][1]}"
    return {
        "nodes": {node for name, node in truth.nodes.items() if name != role},
        "edges": {one for one in truth.edges if not one.startswith(gone) and f"->{gone}" not in one},
    }


Answer(
    id="ioi.sealed",
    truth=_truth,
    key=_key,
    score=_score,
    null=_dealt,
    canonical=_canonical,
    form=_form,
    explain=_explain,
    effort=20,
    share=0.97,
    why="Every node and edge of a sealed model can be found with certainty, and a proposal with one invented edge reaches 95 % of par.",
    own=ioi.Sealed.reveal,
    expects='Give {"nodes": {(0, 1, "S2"), …}, "edges": {"0.1->1.2.k", …, "2.3->logits"}}: heads as (layer, head, position), edges from a head to an input q, k or v of another, or to the logits.',
    hints=(
        "`ask.sweep(\"z\", by=(\"position\", \"layer\", \"head\")).top(6)` shows which heads matter at which position. Ask with flip, noising.",
        "Three nodes stand out. For the edges: `ask.path_patch([sender], [\"1.2.k\"], positions=\"S2\")` gives the effect of one message; try q, k and v for each pair.",
        "Is there a direct path from the head at S2 to the last one? A path counts as an edge when its message alone turns the answer round.",
    ),
    misconceptions=(
        wrong("all heads", _every_head, "You name every head at S2 and END. A circuit that names everything explains nothing: each node has its price, and most of yours are not true."),
        wrong("nothing", lambda truth: {"nodes": set(), "edges": set()}, "Your circuit is empty. Begin with a sweep over positions, layers and heads."),
        wrong("wrong positions", lambda truth: _at(truth, "S1"), "These are the right heads at S1. What they say there is not what is used: sweep by position too."),
        wrong("all at END", lambda truth: _at(truth, "END"), "You hold all heads to END. One of the three does its work earlier; sweep by position."),
        wrong("output alone", lambda truth: {"nodes": {truth.nodes["output"]}, "edges": {one for one in truth.edges if one.endswith("logits")}},
              "You name the head that speaks to the logits, and nothing before it. Who tells it which name to say? Patch paths to its inputs."),
        wrong("detection overlooked", lambda truth: _without(truth, "detection"), "You stop one step early. Who tells the head in the middle? Look at what changes at S2."),
        wrong("first step's input", lambda truth: _key(truth) | {"edges": _edges_read_by(truth, _other_input(truth) + "q")},
              "The nodes are right, and one edge enters by the wrong input. Where the middle head looks (keys) and what it takes from there (values) are different: patch the path into each."),
        wrong("last step's input", lambda truth: _key(truth) | {"edges": _edges_read_by(truth, next(one for one in truth.edges if one.startswith("0.")).rpartition(".")[2] + "v")},
              "The nodes are right, and the last head hears by another input than you say. What decides which name it copies: what it looks for, or what it copies?"),
        wrong("edges left out", lambda truth: _key(truth) | {"edges": set()}, "The nodes are right. A circuit is also who tells whom: add the edges, `\"0.1->1.2.k\"` and the like."),
        wrong("straight to the logits", lambda truth: _key(truth) | {"edges": {f"{layer}.{head}->logits" for layer, head, _ in truth.nodes.values()}},
              "You draw an edge from each node to the logits. That each matters for the logits does not say that it speaks to them directly: patch paths."),
    ),
)  # fmt: skip
