"""Exercise 10: when does the change come? Read off the checkpoints of `code-attn-2l`, measured here again."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

from course_utils import induction as ind
from course_utils import zoo
from course_utils.induction.exercises.heads import whole
from course_utils.grading.kinds import Answer, wrong

MODEL = "code-attn-2l"
LENGTH, PROMPTS = 50, 16
MEASURES = ("previous", "prefix", "accuracy")
TOLERANCE = {"previous": 35, "prefix": 35, "accuracy": 450}  # steps


@lru_cache(maxsize=1)
def curves() -> tuple[Tensor, dict[str, Tensor]]:
    """The steps of the checkpoints, and at each the best head's two scores and the accuracy on repeated tokens."""
    steps = zoo.checkpoints(MODEL)
    found = [ind.head_scores(zoo.load(MODEL, "cpu", checkpoint=step), LENGTH, PROMPTS) for step in steps]
    values = {
        "previous": torch.stack([scores.previous.max() for scores in found]),
        "prefix": torch.stack([scores.prefix.max() for scores in found]),
        "accuracy": torch.tensor([scores.accuracy for scores in found]),
    }
    return torch.tensor(steps), values


def half_way(steps: Tensor, values: Tensor) -> float:
    """The first step at which a curve passes half of its final value, on straight lines between checkpoints."""
    half = values[-1] / 2
    after = int((values >= half).nonzero()[0])
    if after == 0:
        return float(steps[0])
    low, high = values[after - 1], values[after]
    return float(steps[after - 1] + (half - low) / (high - low) * (steps[after] - steps[after - 1]))


def _truth(seed: int) -> dict[str, float]:
    steps, values = curves()
    return {name: half_way(steps, values[name]) for name in MEASURES}


def _canonical(answer: Any) -> dict[str, float]:
    if not isinstance(answer, Mapping):
        raise TypeError("no dict")
    return {str(name): _number(value) for name, value in answer.items()}


def _number(value: Any) -> float:
    if isinstance(value, (str, bytes)):
        raise TypeError("a string is no number")
    try:
        return float(whole(value))
    except TypeError:
        return float(value)


def _form(answer: dict[str, float], truth: dict[str, float]) -> str:
    if set(answer) != set(MEASURES):
        return f"Give a dict with exactly the keys {', '.join(MEASURES)}."
    last = zoo.checkpoints(MODEL)[-1]
    if any(not 0 <= value <= last for value in answer.values()):
        return f"Steps lie between 0 and {last}."
    return ""


def _score(answer: dict[str, float], truth: dict[str, float]) -> float:
    """The share of the three steps that are right within their tolerance."""
    return sum(abs(answer[name] - truth[name]) <= TOLERANCE[name] for name in MEASURES) / len(MEASURES)


def _explain(answer: dict[str, float], truth: dict[str, float]) -> str:
    wrong_ones = [name for name in MEASURES if abs(answer[name] - truth[name]) > TOLERANCE[name]]
    if not wrong_ones:
        return ""
    name = wrong_ones[0]
    side = "late" if answer[name] > truth[name] else "early"
    return f"{answer[name]:.0f} is too {side} for `{name}` (right within {TOLERANCE[name]} steps)."


def _guess(truth: dict[str, float], rng: torch.Generator) -> dict[str, float]:
    """Three steps from the range in which any checkpoint shows a change, in the right order: a hard null."""
    low, high = 1000.0, 4340.0
    steps = sorted((low + (high - low) * torch.rand(3, generator=rng)).tolist())
    return dict(zip(MEASURES, steps, strict=True))


def _largest_jump(name: str) -> float:
    steps, values = curves()
    rises = (values[name][1:] - values[name][:-1]) / (steps[1:] - steps[:-1])
    return float(steps[1:][rises.argmax()])


def _first_checkpoint(name: str) -> float:
    steps, values = curves()
    return float(steps[int((values[name] >= values[name][-1] / 2).nonzero()[0])])


def _each(step: Any) -> Any:
    return lambda truth: {name: step(name) for name in MEASURES}


def _at_a_half(name: str) -> float:
    steps, values = curves()
    above = (values[name] >= 0.5).nonzero()
    return float(steps[int(above[0])]) if len(above) else float(steps[-1])


Answer(
    id="induction.phase_change",
    alike="The checkpoints are the same for everybody.",
    truth=_truth,
    score=_score,
    null=_guess,
    canonical=_canonical,
    form=_form,
    explain=_explain,
    expects='For example {"previous": 700, "prefix": 800, "accuracy": 900}, in training steps.',
    share=1.0,
    why="Each step is measured with an error far below its tolerance, so par is all three.",
    equivalent=("off by one",),  # one training step more
    hints=(
        "Half of what? Of the value at the last checkpoint, each curve its own. Find the first checkpoint at or above it.",
        "The crossing lies between that checkpoint and the one before. On a straight line between (s0, v0) and (s1, v1) it is s0 + (half − v0) / (v1 − v0) · (s1 − s0).",
        "Accuracy is the last of the three: knowing where to look comes before being believed.",
    ),
    misconceptions=(
        wrong("one step for all", _each(lambda name: _truth(0)["prefix"]),
              "You give one step for all three. They do not come together: the induction head needs the previous-token head's notes first."),
        wrong("order turned round", lambda truth: dict(zip(MEASURES, sorted(truth.values(), reverse=True), strict=True)),
              "Your order is the wrong way round. Look again at which curve rises first."),
        wrong("previous and prefix exchanged", lambda truth: truth | {"previous": truth["prefix"], "prefix": truth["previous"]},
              "`previous` and `prefix` are exchanged. The previous-token head comes first; the induction head reads what it writes."),
        wrong("half in place of half-way", _each(_at_a_half),
              "You look for a score of 0.5. Half of the final value is meant, which is another number for each curve."),
        wrong("largest jump", _each(_largest_jump),
              "You give the checkpoint after the steepest rise. That is another definition of the change; half-way to the final value is asked for."),
        wrong("no interpolation", _each(_first_checkpoint),
              "You give the first checkpoint past the half-way value. The crossing lies before it: on a straight line between that checkpoint and the one before."),
        wrong("last checkpoint", _each(lambda name: float(curves()[0][-1])),
              "This is the end of the training. When was each curve half-way there?"),
        wrong("number of the checkpoint", lambda truth: {name: float(sum(int(step) <= truth[name] for step in curves()[0])) for name in MEASURES},
              "These are numbers of checkpoints. Give training steps: the checkpoints are not evenly spaced."),
    ),
)  # fmt: skip
