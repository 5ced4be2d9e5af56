"""Exercise 8: seven sealed networks. Is the property absent, present and unused, or used?"""

from collections.abc import Callable, Sequence
from typing import Any

import torch

from course_utils import probing
from course_utils.grading.kinds import Answer, wrong

COUNT = 7  # of five a perfect answer could be guessed too often for p < 0.01
WORDS = {"absent": (False, False), "unused": (True, False), "used": (True, True)}  # is it present? is it used?
Found = list[tuple[bool, bool]]


def _truth(seed: int) -> Found:
    return [WORDS[network.reveal()] for network in probing.sealed(seed, COUNT)]


def _canonical(answer: Any) -> Found:
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
        parts.append(f"for {used} in which it can be read, you are wrong about whether the answer depends on it (exchange along the direction, between inputs that differ in the property)")
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
    expects='A list of seven words, each "used", "unused" or "absent", in the order of the networks; or of pairs (present, used).',
    share=1.0,
    why="Each of the seven can be settled by two experiments without noise, so that nothing is left to chance.",
    effort=4.0,
    hints=(
        "Two questions, two experiments. Is it there? Fit a probe on half of the inputs and judge it on the other half.",
        "Is it used? Fit a probe on all inputs, exchange along its direction between each input and one that differs in the property, and count how often `network.answer` turns.",
    ),
    misconceptions=(
        wrong("present is used", _always("used", "unused"), "You call every network in which a probe reads the property one that uses it. A probe shows that it is there; whether the answer depends on it, only an intervention shows."),
        wrong("never used", _always("unused", "used"), "You found where the property can be read, and say of none of them that it is used. Exchange along the probe's direction and look at the answers."),
        wrong("all used", _always("used", *WORDS), "You say \"used\" of all seven. All three kinds are among them."),
        wrong("the other two exchanged", lambda truth: [(there, there and not used) for there, used in truth], "You have used and unused the wrong way round: where the exchange turns the answers, the property is used."),
        wrong("absent is unused", _always("unused", "absent"), "You call networks in which nothing can be read \"unused\". A property that is not there is absent."),
    ),
)  # fmt: skip
