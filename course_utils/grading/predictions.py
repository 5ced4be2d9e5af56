"""Predict before you run: a prediction is recorded, scored by what the figure measures, and kept for calibration."""

import html
import math
from dataclasses import dataclass
from numbers import Real
from typing import Any

from course_utils import runtime, store
from course_utils.grading.exercise import Prediction, find


@dataclass(frozen=True)
class Note:
    """One or two lines that show themselves in a notebook or a terminal."""

    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        lines = html.escape(self.text).replace("\n", "<br>")
        return f'<div style="border-left:4px solid #999;padding:2px 12px;max-width:60em">{lines}</div>'


def predict(id: str, value: Any = None, sure: float = 0.7) -> Note:
    """Record a prediction; `sure` is the probability, 0 to 1, that you give it. None skips.

    Raises ValueError for a value that is no choice or number, or a `sure` outside 0 to 1.
    """
    asked = find(id, Prediction.registry)
    choices = f" ({' · '.join(asked.choices)})" if asked.choices else f" (a number, right within ±{asked.tolerance:g})"
    if value is None:
        return Note(f"{asked.question}{choices}\nNo prediction yet: put yours in place of None, or read on.")
    if asked.choices:
        value = str(value)
        if value not in asked.choices:
            raise ValueError(f"{value!r} is none of the choices: {', '.join(asked.choices)}.")
    elif not isinstance(value, Real) or not math.isfinite(value):
        raise ValueError(f"{value!r} is not a number.")
    else:
        value = float(value)
    if not isinstance(sure, Real) or not 0 <= sure <= 1:
        raise ValueError(f"`sure` is a probability between 0 and 1, not {sure!r}.")

    def change(state: dict) -> None:
        entry = state.setdefault("predictions", {}).setdefault(id, {})
        if "seen" not in entry:  # once the figure has been seen, the prediction stands
            entry.update(value=value, sure=float(sure))

    state = {} if runtime.strict() else store.record(change)
    kept = state.get("predictions", {}).get(id, {"value": value})
    if "value" not in kept:
        return Note(f"{asked.question}\nYou say {value}. The figure has been seen already, so it is not counted.")
    if kept["value"] != value:
        return Note(
            f"{asked.question}\nThe figure has been seen; what counts is your first prediction, {kept['value']}."
        )
    return Note(f"{asked.question}\nYou say {value}, with {sure:.0%} confidence.")


def measured(id: str, value: Any) -> Note:
    """Report what a figure's cell measured: scores the prediction and shows the calibration so far.

    Raises ValueError when the measured value is none of the declared choices.
    """
    asked = find(id, Prediction.registry)
    if asked.choices and value not in asked.choices:
        raise ValueError(f"Measured {value!r}, which is none of the declared choices: {', '.join(asked.choices)}.")
    shown = value if asked.choices else f"{value:.3g}"

    def change(state: dict) -> None:
        entry = state.setdefault("predictions", {}).setdefault(id, {})
        entry["seen"] = True
        if "value" in entry and "right" not in entry:
            guess = entry["value"]
            entry["right"] = guess == value if asked.choices else abs(guess - float(value)) <= asked.tolerance

    predictions = {} if runtime.strict() else store.record(change).get("predictions", {})
    entry = predictions.get(id, {})
    if "right" not in entry:
        return Note(f"Measured: {shown}. (No prediction was made.)")
    verdict = "right" if entry["right"] else "not what you predicted"
    return Note(
        f"Measured: {shown}. You said {entry['value']}, {entry['sure']:.0%} sure: {verdict}.\n"
        + calibration(predictions)
    )


def calibration(predictions: dict) -> str:
    """One line on how often the scored predictions were right, against how sure the learner was."""
    scored = [entry for entry in predictions.values() if "right" in entry]
    if not scored:
        return "No predictions scored yet."
    right, sure = sum(e["right"] for e in scored), sum(e["sure"] for e in scored) / len(scored)
    brier = sum((e["sure"] - e["right"]) ** 2 for e in scored) / len(scored)
    return (
        f"So far {right} of {len(scored)} right; you were {sure:.0%} sure on average. "
        f"Brier score {brier:.2f} (0 is best, 0.25 is what a coin earns)."
    )
