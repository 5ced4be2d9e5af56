"""Predict before you run: a prediction is recorded, scored by what the notebook measures, and kept for calibration.

1. `predict` puts the question. Where the notebook is live its answer is clicked (`asking.py`) and recorded at once; on
   a page the question and its choices stand there; from a program the answer is an argument. Nobody has to answer.
2. `measured` takes what the notebook computed, scores the prediction if there is one, and ends the matter: what is
   predicted after that is not counted.
3. `calibration` compares how sure the learner was with how often they were right.
"""

import html
import math
from dataclasses import dataclass
from numbers import Real
from typing import Any

from course_utils import learner_file, runtime
from course_utils.grading import asking
from course_utils.grading.exercise import Prediction, find

ENOUGH = 4  # scored predictions from which on it makes sense to speak of calibration
FRAME = "border-left:4px solid #0072B2;padding:3px 12px;margin:4px 0;max-width:46em;line-height:1.5"


@dataclass(frozen=True, repr=False)
class Note:
    """A few lines that show themselves in a notebook or a terminal; the first may be set in bold."""

    lines: tuple[str, ...]

    def __repr__(self) -> str:
        return "\n".join(self.lines)

    def _repr_html_(self) -> str:
        return f'<div style="{FRAME}">{"<br>".join(map(html.escape, self.lines))}</div>'


@dataclass(frozen=True, repr=False)
class PosedQuestion:
    """A question that shows itself: as buttons where the notebook is live, else as text."""

    asked: Prediction

    def __repr__(self) -> str:
        return f"Before you look: {self.asked.question}\n  {' · '.join(self._answers())}"

    def _repr_html_(self) -> str:
        pill = "display:inline-block;border:1px solid #888;border-radius:1em;padding:0 .8em;margin:3px .5em 3px 0"
        answers = "".join(f'<span style="{pill}">{html.escape(answer)}</span>' for answer in self._answers())
        return f'<div style="{FRAME}"><b>Before you look:</b> {html.escape(self.asked.question)}<br>{answers}</div>'

    def _answers(self) -> tuple[str, ...]:
        if self.asked.choices:
            return self.asked.choices
        low, high = self.asked.between
        return (f"a number from {low:g} to {high:g}, right within ±{self.asked.tolerance:g}",)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, Any]:
        bundle = {"text/plain": repr(self), "text/html": self._repr_html_()}
        if asking.live():
            entry = learner_file.read().get("predictions", {}).get(self.asked.id, {})
            closed = standing(entry) if "seen" in entry else ""
            widget = asking.ask(self.asked, entry, closed, lambda value, sure: record(self.asked.id, value, sure))
            bundle = widget._repr_mimebundle_() | bundle  # a front end that cannot show the widget shows the HTML
        return bundle


def predict(id: str, value: Any = None, sure: float = 0.5) -> PosedQuestion | Note:
    """Ask for a prediction, or record one that is given.

    Args:
        id: of the declared question.
        value: one of its choices, or a number in the range that it asks for; None asks.
        sure: the probability, 0 to 1, that you give it.

    Raises:
        ValueError: the value is no such choice or number, or `sure` is no probability.
    """
    asked = find(id, Prediction.registry)
    return PosedQuestion(asked) if value is None else Note((asked.question, record(id, value, sure)))


def record(id: str, value: Any, sure: float) -> str:
    """Keep a prediction; returns one sentence on what is kept.

    Raises:
        ValueError: the value is no such choice or number, or `sure` is no probability.
    """
    asked = find(id, Prediction.registry)
    value = _valid(asked, value)
    if asked.between and not asked.between[0] <= value <= asked.between[1]:
        raise ValueError("{:g} is not between {:g} and {:g}, which is asked for.".format(value, *asked.between))
    if not isinstance(sure, Real) or not 0 <= sure <= 1:
        raise ValueError(f"`sure` is a probability between 0 and 1, not {sure!r}.")

    def change(state: dict) -> None:
        entry = state.setdefault("predictions", {}).setdefault(id, {})
        if "seen" not in entry:  # once the answer has been seen, the prediction stands
            entry.update(value=value, sure=float(sure))

    state = {} if runtime.strict() else learner_file.record(change)
    kept = state.get("predictions", {}).get(id, {"value": value, "sure": sure})
    return standing(kept) if "seen" in kept else f"Recorded: {_written(value)}, {sure:.0%} sure."


def standing(entry: dict) -> str:
    """One sentence on a prediction whose answer has been measured already."""
    if "value" not in entry:
        return "The answer has been measured already, so that a prediction is not counted any more."
    return f"The answer has been measured; what counts is your first prediction, {_written(entry['value'])}."


def measured(id: str, value: Any) -> Note:
    """Report what was measured: scores the prediction, if one was made, and shows the calibration so far.

    Args:
        id: of the declared question.
        value: the choice, or the number, that the notebook computed.

    Raises:
        ValueError: it is none of the declared choices, or no number.
    """
    asked = find(id, Prediction.registry)
    value = _valid(asked, value)

    def change(state: dict) -> None:
        entry = state.setdefault("predictions", {}).setdefault(id, {})
        entry["seen"] = True
        if "value" in entry and "right" not in entry:
            guess = entry["value"]
            entry["right"] = guess == value if asked.choices else abs(guess - value) <= asked.tolerance

    predictions = {} if runtime.strict() else learner_file.record(change).get("predictions", {})
    entry = predictions.get(id, {})
    lines = [f"Measured: {_written(value)}."]
    if "right" in entry:
        verdict = "as you predicted" if entry["right"] else f"you predicted {_written(entry['value'])}"
        lines[0] = f"Measured: {_written(value)}; {verdict}, {entry['sure']:.0%} sure."
        if sum("right" in other for other in predictions.values()) >= ENOUGH:
            lines += calibration(predictions).split("\n")
    return Note(tuple(lines))


def calibration(predictions: dict) -> str:
    """How often the scored predictions were right, against how sure the learner was: a line, or two from eight on."""
    scored = [entry for entry in predictions.values() if "right" in entry]
    if not scored:
        return "No predictions scored yet."
    right, sure = sum(e["right"] for e in scored), sum(e["sure"] for e in scored) / len(scored)
    brier = sum((e["sure"] - e["right"]) ** 2 for e in scored) / len(scored)
    text = (
        f"So far {right} of {len(scored)} right; you were {sure:.0%} sure on average. "
        f"Brier score {brier:.2f} (0 is best, 0.25 is what a coin earns)."
    )
    halves = [[e["right"] for e in scored if (e["sure"] >= 0.7) == high] for high in (True, False)]
    if len(scored) >= 2 * ENOUGH and all(halves):
        high, low = (f"{sum(half)} of {len(half)}" for half in halves)
        text += f"\nWhere you were at least 70% sure, {high} were right; elsewhere {low}."
    return text


def _valid(asked: Prediction, value: Any) -> str | float:
    """The value as it is kept.

    Raises:
        ValueError: it is not what the question asks for.
    """
    if asked.choices:
        if str(value) not in asked.choices:
            raise ValueError(f"{value!r} is none of the choices: {', '.join(asked.choices)}.")
        return str(value)
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value):
        raise ValueError(f"{value!r} is not a number.")
    return float(value)


def _written(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.3g}"
