"""Exercises 14 and 15: find the circuit of a sealed model; predict interventions on it before they are run."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from course_utils import ioi, patching
from course_utils.grading.kinds import Answer, wrong
from course_utils.ioi.behaviour import asked
from course_utils.ioi.planted import ROLES
from course_utils.ioi.sealed import Node, answers, true_edges
from course_utils.patching import Circuit
from course_utils.patching.circuit import edge

PROMPTS = 24  # on which a proposal is run
PRICE = 0.02  # of a node, in shares of the logit difference

# 14 · the circuit of the sealed model


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


def _whole(value: Any) -> int:
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, bool) or int(value) != value:
        raise TypeError("no whole number")
    return int(value)


def _canonical(answer: Any) -> Proposal:
    if not isinstance(answer, Mapping) or set(answer) != {"nodes", "edges"}:
        raise TypeError("no dict with nodes and edges")
    nodes = {(_whole(layer), _whole(head), str(at)) for layer, head, at in answer["nodes"]}
    edges = {"{}->{}".format(*map(str, edge(one))) for one in answer["edges"]}
    return {"nodes": nodes, "edges": edges}


def _form(answer: Proposal, truth: Research) -> str:
    for layer, head, at in sorted(answer["nodes"]):
        if not (0 <= layer < 3 and 0 <= head < 4):
            return f"There is no head {layer}.{head}: layers go from 0 to 2, heads from 0 to 3."
        if at not in ioi.roles(truth.model.prompts):
            return f"{at!r} is no position here; the names are {', '.join(ioi.roles(truth.model.prompts))}."
    return ""


def _f1(given: set, true: set) -> float:
    return 2 * len(given & true) / (len(given) + len(true)) if given or true else 1.0


def _score(answer: Proposal, truth: Research) -> float:
    """A third each: nodes (F1), edges (F1), and what the nodes keep of the behaviour less a price for each."""
    nodes = frozenset(answer["nodes"])
    worth = max(0.0, truth.kept(nodes) - PRICE * len(nodes))
    return (_f1(set(nodes), set(truth.nodes.values())) + _f1(answer["edges"], set(truth.edges)) + worth) / 3


def _explain(answer: Proposal, truth: Research) -> str:
    """How much, not which: that is for measuring."""
    nodes, edges = answer["nodes"] & set(truth.nodes.values()), answer["edges"] & truth.edges
    return (
        f"{len(nodes)} of your {len(answer['nodes'])} nodes and {len(edges)} of your {len(answer['edges'])} edges are "
        f"true; alone, your nodes keep {truth.kept(frozenset(answer['nodes'])):.0%} of the logit difference."
    )


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
    share=0.95,
    why="Every node and edge of a sealed model can be found with certainty, and a proposal with one wrong edge reaches about nine tenths.",
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


# 15 · interventions, predicted


def _names(answer: Any) -> list[int]:
    answer = answer.tolist() if hasattr(answer, "tolist") else answer
    if isinstance(answer, (str, Mapping, set, frozenset)):
        raise TypeError("no sequence")
    return [_token(name) for name in answer]


def _token(name: Any) -> int:
    if not isinstance(name, str):
        return _whole(name)
    found = ioi.words.encode(name.strip())
    if len(found) != 1:
        raise TypeError("no single name")
    return found[0]


def _six(answer: list[int], truth: ioi.Sealed) -> str:
    wanted = len(truth.exchanges)
    return "" if len(answer) == wanted else f"Give {wanted} names, one for each of the sealed model's `exchanges`."


def _right(answer: list[int], truth: ioi.Sealed) -> float:
    return sum(a == b for a, b in zip(answer, answers(truth), strict=True)) / len(answer)


def _how_many(answer: list[int], truth: ioi.Sealed) -> str:
    right = round(_right(answer, truth) * len(answer))
    return f"{right} of {len(answer)} are right. Ask of each exchange which of its nodes are in the circuit, and what each of them carries."


def _candidates(truth: ioi.Sealed, rng: torch.Generator) -> list[int]:
    """One of the four names of the two prompts at random, for each exchange."""
    rows = [
        [*truth.prompts.names[e.base][:2].tolist(), *truth.prompts.names[e.donor][:2].tolist()] for e in truth.exchanges
    ]
    return [row[int(torch.randint(4, (), generator=rng))] for row in rows]


def _each(pick: Any) -> Any:
    def predicted(truth: ioi.Sealed) -> list[int]:
        return [
            pick(truth.prompts[torch.tensor([e.base])], truth.prompts[torch.tensor([e.donor])], e, truth)
            for e in truth.exchanges
        ]

    return predicted


def _as_if(roles_of: Any) -> Any:
    """The algorithm's answers if the nodes carried what a mistake takes them to carry."""

    def pick(base: ioi.Prompts, donor: ioi.Prompts, e: ioi.Exchange, truth: ioi.Sealed) -> int:
        role = {(n.layer, n.head, n.position): n.role for n in truth.reveal()}
        return int(ioi.counterfactual(base, donor, roles_of([role[node] for node in e.nodes if node in role])))

    return _each(pick)


Answer(
    id="ioi.exchanges",
    truth=ioi.sealed,
    key=lambda truth: list(answers(truth)),
    score=_right,
    null=_candidates,
    canonical=_names,
    form=_six,
    explain=_how_many,
    share=1.0,
    why="Each of the six answers follows from the circuit, so par is all of them.",
    own=ioi.exchanged,
    expects="Give six names (or token ids), in the order of the sealed model's `exchanges`.",
    hints=(
        "Which of the exchange's nodes are in the circuit? The others carry nothing that matters.",
        "The node at S2 and the first one at END carry *which place* holds the repeated name, the first or the second; the last one carries *the name itself*.",
        "If the last node is exchanged, its name is said, whatever the others are. Otherwise, if a place is exchanged, the base prompt's name at the *other* place is said.",
    ),
    misconceptions=(
        wrong("nothing changes", _as_if(lambda roles: []), "You answer as if nothing had been exchanged. Some of the exchanges hold a node of the circuit."),
        wrong("the donor's answer always", _each(lambda base, donor, e, truth: int(donor.answer)), "You give the donor's answer each time. Only the last head carries a name; the others carry a place, which is then read in the *base* prompt."),
        wrong("the other name of the base always", _each(lambda base, donor, e, truth: int(base.wrong)), "You turn the answer round each time. Some exchanges hold no node of the circuit, and one kind of node carries the name itself."),
        wrong("every node carries the name", _as_if(lambda roles: ["output"] if roles else []), "You let every node of the circuit carry the name. The first two carry a place; the name that stands there is the base prompt's."),
        wrong("every node carries a place", _as_if(lambda roles: ["detection"] if roles else []), "You let every node of the circuit carry a place. The last one carries a name: the donor's."),
        wrong("detection overlooked", _as_if(lambda roles: [role for role in roles if role != "detection"]), "You leave out the node at S2. It is in the circuit, and what it says is passed on."),
        wrong("inhibition overlooked", _as_if(lambda roles: [role for role in roles if role != "inhibition"]), "You leave out the first node at END. What it carries is heard by the last one."),
    ),
)  # fmt: skip
