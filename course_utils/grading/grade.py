"""`grade`: check one answer, record the progress, show a report; in strict mode raise and record nothing."""

import contextlib
from datetime import datetime
from typing import Any

import torch

from course_utils import learner_file, runtime
from course_utils.grading.exercise import Exercise, find
from course_utils.grading.report import NotPassed, Report
from course_utils.grading.session import remember


def grade(id: str, answer: Any, hint: int = 0) -> Report:
    """Mark the answer to exercise `id` and return a report that shows itself; `hint=n` adds the n-th hint.

    Raises TypeError for arguments in the wrong order, KeyError for an unknown id and, in strict mode (`COURSE_STRICT=1`, or under an autograder),
    NotPassed unless the answer passes.
    """
    if not isinstance(id, str) or not isinstance(hint, int):
        raise TypeError('Give the exercise by name, then your answer: grade("superposition.loss", loss, hint=1).')
    exercise = find(id, Exercise.registry)
    off = torch.autocast("cpu", enabled=False)
    with torch.inference_mode(False), torch.enable_grad(), off, _on_cpu():  # whatever the notebook has switched on
        verdict = exercise.check(answer, runtime.seed_for(id))
    status = "passed" if verdict.passed else "failed" if verdict.attempted else "not attempted"
    report = Report(
        id=id,
        status=status,
        message=verdict.message,
        misconception=verdict.misconception,
        counterexample=verdict.counterexample,
        printed="" if verdict.passed else verdict.printed,
        hint=_hint(exercise, hint),
        hints_left=max(0, len(exercise.hints) - hint),
    )
    remember(id, answer, verdict.passed)
    if runtime.strict():
        if status != "passed":
            raise NotPassed(f"{id}: {report.message}")
        return report
    _record(report, hint)
    return report


def _hint(exercise: Exercise, number: int) -> str:
    if not number:
        return ""
    if not exercise.hints:
        return "there is none for this exercise."
    return exercise.hints[min(max(number, 1), len(exercise.hints)) - 1]


def _record(report: Report, hint: int) -> None:
    def change(state: dict) -> None:
        entry = state.setdefault("exercises", {}).setdefault(report.id, {"attempts": 0, "misconceptions": {}})
        now = datetime.now().isoformat(timespec="seconds")
        if report.status != "not attempted":
            entry["attempts"] += 1
        entry["hints"] = max(hint, entry.get("hints", 0))
        if entry.get("status") != "passed":  # once passed, passed: later experiments take nothing away
            entry["status"] = report.status
        if report.status == "passed":
            entry.setdefault("passed_at", now)
        if report.misconception:
            entry["misconceptions"][report.misconception] = entry["misconceptions"].get(report.misconception, 0) + 1
        entry["last"] = now

    learner_file.record(change)


def _on_cpu() -> contextlib.AbstractContextManager:
    return torch.device("cpu") if torch.get_default_device().type != "cpu" else contextlib.nullcontext()
