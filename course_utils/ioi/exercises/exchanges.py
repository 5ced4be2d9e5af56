"""Exercise 15: predict interventions on a sealed model before they are run."""

from collections.abc import Mapping
from typing import Any

import torch

from course_utils import ioi
from course_utils.grading.kinds import Answer, wrong
from course_utils.ioi.exercises.whole import whole
from course_utils.ioi.sealed import answers


def _names(answer: Any) -> list[int]:
    answer = answer.tolist() if hasattr(answer, "tolist") else answer
    if isinstance(answer, (str, Mapping, set, frozenset)):
        raise TypeError("no sequence")
    return [_token(name) for name in answer]


def _token(name: Any) -> int:
    if not isinstance(name, str):
        return whole(name)
    found = ioi.words.encode(name.strip())
    if len(found) != 1:
        raise TypeError("no single name")
    return found[0]


def _six(answer: list[int], truth: ioi.Sealed) -> str:
    wanted = len(truth.exchanges)
    return "" if len(answer) == wanted else f"Give {wanted} names, one for each of the sealed model's `exchanges`."


def _all_right(answer: list[int], truth: ioi.Sealed) -> float:
    """1 or 0: a count of the right ones would lead from guess to guess, without an account."""
    return float(tuple(answer) == answers(truth))


def _told(answer: list[int], truth: ioi.Sealed) -> str:
    names = truth.prompts.layout.names.tolist()
    odd = next((f"Entry {number}, {one}, is no name's id. " for number, one in enumerate(answer) if one not in names), "")
    asked = "Of each exchange ask: which of its nodes are in the circuit, and what does each of these carry?"
    return f"{odd}Not all six are right. {asked}"


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


def _by_role(said: Any) -> Any:
    """What is said by base prompt, donor prompt, and the roles of those exchanged nodes that are in the circuit."""

    def pick(base: ioi.Prompts, donor: ioi.Prompts, e: ioi.Exchange, truth: ioi.Sealed) -> int:
        role = {(n.layer, n.head, n.position): n.role for n in truth.reveal()}
        return int(said(base, donor, [role[node] for node in e.nodes if node in role]))

    return _each(pick)


Answer(
    id="ioi.exchanges",
    truth=ioi.sealed,
    key=lambda truth: list(answers(truth)),
    score=_all_right,
    null=_candidates,
    canonical=_names,
    form=_six,
    explain=_told,
    effort=20,
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
        wrong("the donor's answer always", _each(lambda base, donor, e, truth: int(donor.answer)), "You give the donor's answer each time. Do all of the nodes matter, and does each of them carry a name?"),
        wrong("the other name of the base always", _each(lambda base, donor, e, truth: int(base.wrong)), "You turn the answer round each time. Do all of the nodes matter, and does each of them carry the same?"),
        wrong("every node carries the name", _as_if(lambda roles: ["output"] if roles else []), "You let every node of the circuit carry a name. Exchange them one at a time, between prompts with four different names: whose name is said?"),
        wrong("every node carries a place", _as_if(lambda roles: ["detection"] if roles else []), "You let every node of the circuit carry a place. Exchange them one at a time, between prompts with four different names: whose name is said?"),
        wrong("detection overlooked", _as_if(lambda roles: [role for role in roles if role != "detection"]), "You leave out the node at S2. It is in the circuit, and what it says is passed on."),
        wrong("places overlooked", _as_if(lambda roles: [role for role in roles if role == "output"]), "Where a place is exchanged, you say what the base prompt says anyway. Either you leave out the two nodes that carry a place, which are in the circuit, or you read the place the wrong way round: the *donor's* place of the repeated name is handed over, and of the *base* prompt the name at the other place is said."),
        wrong("a place before a name", _as_if(lambda roles: [role for role in roles if role != "output"] or roles), "Where a place and a name are exchanged together, you let the place decide. The last node comes after it, and what it carries is said as it is."),
        wrong("name and place exchanged", _as_if(lambda roles: ["detection"] if "output" in roles else ["output"] if roles else []), "You have the right nodes, and take the place for the name. Exchange them one at a time, between prompts with four different names: whose name is said?"),
        wrong("decoys count", _by_role(lambda base, donor, roles: donor.answer if "output" in roles else base.wrong), "You let every exchange change the answer. One of them holds no node of the circuit: which nodes did you find?"),
        wrong("base and donor exchanged", _by_role(lambda base, donor, roles: base.answer if "output" in roles else donor.wrong if roles else donor.answer), "You have base and donor the wrong way round: it is the *base* run that goes on, with some values of the donor's."),
        wrong("the donor's other name", _by_role(lambda base, donor, roles: donor.wrong if "output" in roles else base.wrong if roles else base.answer), "From the last node you take the donor's repeated name. What does it say on the donor prompt itself?"),
        wrong("a place read in the donor", _by_role(lambda base, donor, roles: donor.answer if "output" in roles else donor.wrong if roles else base.answer), "Where a place is exchanged, you look up the name in the donor prompt. The place is handed over, and the names are read in the *base* prompt."),
        wrong("ids one too small", lambda truth: [one - 1 for one in answers(truth)], "Your ids are each one too small. Give a name's id as the model's tokenizer has it, or the name itself."),
        wrong("places in the list of names", lambda truth: [truth.prompts.layout.names.tolist().index(one) for one in answers(truth)], "You count the names in their list. Give a name's id as the model's tokenizer has it, or the name itself."),
        wrong("in reverse order", lambda truth: list(answers(truth))[::-1], "These are the right names in reverse order. Give them in the order of `exchanges`."),
        wrong("ids one too large", lambda truth: [one + 1 for one in answers(truth)], "Your ids are each one too large. Give a name's id as the model's tokenizer has it, or the name itself."),
        wrong("inhibition overlooked", _as_if(lambda roles: [role for role in roles if role != "inhibition"]), "You leave out the first node at END. What it carries is heard by the last one."),
    ),
)  # fmt: skip
