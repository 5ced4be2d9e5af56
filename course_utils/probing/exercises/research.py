"""Exercises 9 and 10: nine sealed networks, and where three others will err."""

from collections.abc import Callable, Sequence
from typing import Any

import torch

from course_utils.grading.kinds import Answer, wrong
from course_utils.probing.narrow import Narrow, with_errors
from course_utils.probing.planted import sealed_kinds

COUNT = 9  # seven or more hold the property, so that a probe and a coin settle all in fewer than one in a hundred
WORDS = {"absent": (False, False), "unused": (True, False), "used": (True, True)}  # is it present? is it used?
Found = list[tuple[bool, bool]]


def _truth(seed: int) -> Found:
    return [WORDS[kind] for kind in sealed_kinds(seed, COUNT)]


def _canonical(answer: Any) -> Found:
    answer = answer.tolist() if isinstance(answer, torch.Tensor) else answer
    if isinstance(answer, str) or not isinstance(answer, Sequence):
        raise TypeError("no list")
    return [WORDS[one.strip().lower()] if isinstance(one, str) else (bool(one[0]), bool(one[1])) for one in answer]


def _form(answer: Found, truth: Found) -> str:
    if len(answer) != COUNT:
        return f"There are {COUNT} networks, and your list has {len(answer)} entries."
    return "What is not present cannot be used." if (False, True) in answer else ""


def _score(answer: Found, truth: Found) -> float:
    return sum(a == b for a, b in zip(answer, truth, strict=True)) / COUNT


def _guessed(truth: Found, rng: torch.Generator) -> Found:
    return [list(WORDS.values())[i] for i in torch.randint(3, (COUNT,), generator=rng).tolist()]


def _explain(answer: Found, truth: Found) -> str:
    """Which of the two questions was answered wrongly, not for which network."""
    present = sum(a[0] != b[0] for a, b in zip(answer, truth, strict=True))
    used = sum(a[0] and b[0] and a[1] != b[1] for a, b in zip(answer, truth, strict=True))
    parts = []
    if present:
        parts.append(f"for {present} of the {COUNT} you are wrong about whether a probe can read the property (judge it on inputs it was not trained on)")
    if used:
        parts.append(f"for {used} in which it can be read, you are wrong about whether the answer depends on it (exchange along the direction; only pairs that differ in the property count: in the others nothing should turn)")
    return "; ".join(parts).capitalize() + "." if parts else ""  # fmt: skip


def _always(word: str, *kinds: str) -> Callable[[Found], Found]:
    """Says `word` of every network of these kinds, and the truth of the others."""
    return lambda truth: [WORDS[word] if one in [WORDS[kind] for kind in kinds] else one for one in truth]


Answer(
    id="probing.sealed",
    truth=_truth,
    score=_score,
    canonical=_canonical,
    form=_form,
    null=_guessed,
    explain=_explain,
    own=sealed_kinds,
    expects='A list of nine words, each "used", "unused" or "absent", in the order of the networks; or of pairs (present, used).',
    share=1.0,
    why="Each of the nine can be settled by two experiments without noise, so that nothing is left to chance.",
    effort=4.0,
    hints=(
        "Two questions, two experiments. Is it there? Fit a probe on half of the inputs and judge it on the other half.",
        "Is it used? Fit a probe on all inputs, exchange along its direction between each input and one that differs in the property, and count how often `network.answer` turns.",
    ),
    misconceptions=(
        wrong("present is used", _always("used", "unused"), "You call every network in which a probe reads the property one that uses it. A probe shows that it is there; whether the answer depends on it, only an intervention shows."),
        wrong("never used", _always("unused", "used"), "You found where the property can be read, and say of none of them that it is used. Exchange along the probe's direction and look at the answers, in pairs that differ in the property: only these count."),
        wrong("all used", _always("used", *WORDS), "You say \"used\" of all nine. All three kinds are among them."),
        wrong("the other two exchanged", lambda truth: [(there, there and not used) for there, used in truth], "You have used and unused the wrong way round: where the exchange turns the answers, the property is used."),
        wrong("absent is unused", _always("unused", "absent"), "You call networks in which nothing can be read \"unused\". A property that is not there is absent."),
    ),
)  # fmt: skip


# 10 · foretell_errors

Errors = list[torch.Tensor]
Truth = list[tuple[Narrow, torch.Tensor]]  # each network, and on which of its unusual inputs it is wrong


def _errs(truth: Truth) -> Errors:
    return [errs for _, errs in truth]


def _as_flags(answer: Any) -> Errors:
    flags = [torch.as_tensor(one).flatten() for one in answer]
    if not all(((one == 0) | (one == 1)).all() for one in flags):
        raise ValueError("neither true nor false")
    return [one.bool() for one in flags]


def _one_for_each(answer: Errors, truth: Truth) -> str:
    sizes = [len(errs) for errs in _errs(truth)]
    return "" if [len(one) for one in answer] == sizes else f"There are {len(sizes)} networks with {sizes[0]} unusual inputs each."


def _share(answer: Errors, truth: Truth) -> float:
    return sum(torch.equal(one, errs) for one, errs in zip(answer, _errs(truth), strict=True)) / len(truth)


def _some_bit(truth: Truth, rng: torch.Generator) -> Errors:
    """Guesses which bit decides, and which way."""
    found = []
    for network, _ in truth:
        bit, way = int(torch.randint(8, (), generator=rng)), bool(torch.randint(2, (), generator=rng))
        found.append(network.unusual[:, bit] == way)
    return found


def _how_many(answer: Errors, truth: Truth) -> str:
    pairs = list(zip(answer, _errs(truth), strict=True))
    exact, opposite = (sum(torch.equal(one, way(errs)) for one, errs in pairs) for way in (torch.clone, torch.logical_not))
    said = f"For {exact} of the {len(truth)} networks everything is foretold rightly."
    if opposite:
        return f"{said} For {opposite} it is exactly the other way round: does the bit decide when it is set, or when it is not? And is anything turned besides the one property?"
    if exact < len(truth):
        said += " Compare where the answer turns with each column of `network.bits` and with its opposite, `~network.bits`; and only in pairs that differ in the property: in the others nothing should turn."
    return said


def _of_usual(truth: Truth) -> Errors:
    """Where the usual inputs follow the property, taken for the unusual ones'."""
    found = []
    for network, _ in truth:
        u, h = network.property, network.h
        found.append(network.answer(h - 2 * (h @ u)[:, None] * u) != network.answer(h))
    return found


def _set_bits_alone(truth: Truth) -> Errors:
    """The column that agrees most with where the answer turns, never a column's opposite."""
    turns = _of_usual(truth)
    found = []
    for (network, _), turned in zip(truth, turns, strict=True):
        agree = (network.bits == turned[:, None]).float().mean(0)
        found.append(network.unusual[:, int(agree.argmax())])
    return found


def _by_label(truth: Truth) -> Errors:
    """Takes the property itself for what decides: the usual inputs' bit that goes with it, as found by counting."""
    found = []
    for network, _ in truth:
        agree = (network.bits == network.label[:, None]).float().mean(0)
        found.append(network.unusual[:, int(agree.argmax())])
    return found


Answer(
    id="probing.foretell_errors",
    truth=with_errors,
    key=_errs,
    score=_share,
    canonical=_as_flags,
    form=_one_for_each,
    null=_some_bit,
    explain=_how_many,
    own=with_errors,
    expects="A list of three tensors, one for each network: for each of its unusual inputs True or False: will it be wrong?",
    share=1.0,
    why="The networks are exact, so that one who knows what decides foretells every answer.",
    effort=4.0,
    hints=(
        "The network is wrong where property and rival differ *and* it follows the property. They differ on every unusual input. So: on which inputs does it follow the property? That can be asked of usual inputs, too.",
        "Exchange the component along `network.property` between usual inputs that differ in the property. At some inputs the answer turns, at others it does not. Which bit of the input decides?",
        "Compare `turned` with each column of `network.bits`, and with its opposite. The column that always agrees gives the rule; apply it to `network.unusual`.",
    ),
    misconceptions=(
        wrong("wrong everywhere", lambda truth: [torch.ones_like(errs) for errs in _errs(truth)], "You expect every unusual input to go wrong, as if these networks always followed the property. Look at *where* the exchange turns the answer."),
        wrong("wrong nowhere", lambda truth: [torch.zeros_like(errs) for errs in _errs(truth)], "You expect no mistake, because there is none on usual inputs. There both rules give the same answer."),
        wrong("turned round", lambda truth: [~errs for errs in _errs(truth)], "It is the other way round: where the exchange along the property turns the answer, the network follows the property, and is wrong where the rival says otherwise."),
        wrong("of the usual inputs", _of_usual, "This says of the *usual* inputs where the network follows the property. Find the bit that decides there, and apply it to `network.unusual`."),
        wrong("opposites not looked at", _set_bits_alone, "You compare where the answer turns with the columns of `network.bits` alone. A bit may also decide by *not* being set: compare with `~network.bits` too."),
        wrong("first network's rule for all", lambda truth: [_errs(truth)[0] for _ in truth], "You give the first network's answer for all. In each another bit may decide."),
        wrong("the bit that goes with the property", _by_label, "You take the bit that goes most often with the property. What decides is where the *answer* turns."),
    ),
)  # fmt: skip
