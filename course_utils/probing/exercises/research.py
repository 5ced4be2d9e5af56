"""Exercise 8: five sealed networks. Is the property absent, present and unused, or used?"""

from collections.abc import Sequence
from typing import Any

import torch

from course_utils import probing
from course_utils.grading.kinds import Answer, wrong

COUNT = 5


def _truth(seed: int) -> list[str]:
    return [network.reveal() for network in probing.sealed(seed, COUNT)]


def _canonical(answer: Any) -> list[str]:
    if isinstance(answer, str) or not isinstance(answer, Sequence):
        raise TypeError("no list")
    return [str(word).strip().lower() for word in answer]


def _form(answer: list[str], truth: list[str]) -> str:
    if len(answer) != COUNT:
        return f"There are {COUNT} networks, and your list has {len(answer)} entries."
    strange = [word for word in answer if word not in probing.KINDS]
    return f"{strange[0]!r} is none of the three words." if strange else ""


def _score(answer: list[str], truth: list[str]) -> float:
    return sum(a == b for a, b in zip(answer, truth, strict=True)) / COUNT


def _guessed(truth: list[str], rng: torch.Generator) -> list[str]:
    return [probing.KINDS[i] for i in torch.randint(3, (COUNT,), generator=rng).tolist()]


def _explain(answer: list[str], truth: list[str]) -> str:
    """Which of the two questions was answered wrongly, not for which network."""
    present = sum((a == "absent") != (b == "absent") for a, b in zip(answer, truth, strict=True))
    used = sum(a != b and "absent" not in (a, b) for a, b in zip(answer, truth, strict=True))
    parts = []
    if present:
        parts.append(f"for {present} of the {COUNT} you are wrong about whether a probe can read the property (judge it on inputs it was not trained on)")
    if used:
        parts.append(f"for {used} in which it can be read, you are wrong about whether the answer depends on it (exchange along the direction, between inputs that differ in the property)")
    return "; ".join(parts).capitalize() + "." if parts else ""  # fmt: skip


Answer(
    id="probing.sealed",
    truth=_truth,
    score=_score,
    canonical=_canonical,
    form=_form,
    null=_guessed,
    explain=_explain,
    expects='A list of five words, each "used", "unused" or "absent", in the order of the networks.',
    share=1.0,
    why="Each of the five can be settled by two experiments without noise, so that nothing is left to chance.",
    effort=60.0,
    hints=(
        "Two questions, two experiments. Is it there? Fit a probe on half of the inputs and judge it on the other half.",
        "Is it used? Fit a probe on all inputs, exchange along its direction between each input and one that differs in the property, and count how often `network.answer` turns.",
    ),
    misconceptions=(
        wrong("present is used", lambda truth: ["absent" if kind == "absent" else "used" for kind in truth], "You call every network in which a probe reads the property one that uses it. A probe shows that it is there; whether the answer depends on it, only an intervention shows."),
        wrong("never used", lambda truth: ["absent" if kind == "absent" else "unused" for kind in truth], "You found where the property can be read, and say of none of them that it is used. Exchange along the probe's direction and look at the answers."),
        wrong("the other two exchanged", lambda truth: [{"used": "unused", "unused": "used"}.get(kind, kind) for kind in truth], "You have used and unused the wrong way round: where the exchange turns the answers, the property is used."),
        wrong("absent is unused", lambda truth: ["unused" if kind == "absent" else kind for kind in truth], "You call networks in which nothing can be read \"unused\". A property that is not there is absent."),
    ),
)  # fmt: skip
