"""`course progress`: by lesson, what is passed, tried, not yet begun; what to do next; how well you predict."""

from typing import Any

from course_utils import learner_file, register
from course_utils.cli.checkout import Stop, root
from course_utils.cli.start import exercises


def progress() -> list[str]:
    """The stored progress against all declared exercises, as lines of text; nothing is written."""
    ids, asked = register.ids("exercise"), register.ids("prediction")
    kept = learner_file.read()
    done, predictions = _entries(kept, "exercises"), _entries(kept, "predictions")
    return [
        *table(ids, done, notebooks()),
        "",
        *_next(ids, done, notebooks()),
        _predicted({id: predictions[id] for id in asked if id in predictions}, len(asked)),
        f"Kept in {learner_file.path()}.",
    ]


def notebooks() -> dict[str, str]:
    """The exercise notebook of each lesson, by the lesson's short name, in order; none outside the course's folder."""
    try:
        return {path.stem.partition("_")[2]: path.stem for path in exercises(root())}
    except Stop:
        return {}


def table(ids: list[str], done: dict[str, dict], notebooks: dict[str, str]) -> list[str]:
    """One row for each lesson, below it the exercises that were tried without success so far."""
    lessons = sorted({_lesson(id) for id in ids}, key=lambda lesson: notebooks.get(lesson, f"~{lesson}"))
    width = max([len("lesson"), *(len(notebooks.get(lesson, lesson)) for lesson in lessons)])
    lines = [f"{'lesson':<{width}}  passed  tried  not yet"]
    for lesson in lessons:
        status = {id: done.get(id, {}).get("status") for id in ids if _lesson(id) == lesson}
        passed = sum(value == "passed" for value in status.values())
        tried = [id for id, value in status.items() if value == "failed"]
        rest = len(status) - passed - len(tried)
        lines.append(f"{notebooks.get(lesson, lesson):<{width}}  {passed:>6}  {len(tried):>5}  {rest:>7}")
        lines += [f"{'':<{width}}  {_tried(id, done[id])}" for id in tried]
    gone = [id for id in done if id not in ids]
    if gone:
        lines.append(f"and {len(gone)} that the course has no more: {', '.join(sorted(gone))}")
    return lines


def _tried(id: str, entry: dict) -> str:
    attempts, met = entry.get("attempts", 0), entry.get("misconceptions") or {}
    mistake = f"; most often: {max(met, key=met.get)}" if met else ""
    return f"{id}: {attempts} attempt{'s' * (attempts != 1)}{mistake}"


def _next(ids: list[str], done: dict[str, dict], notebooks: dict[str, str]) -> list[str]:
    left = [id for id in ids if done.get(id, {}).get("status") != "passed"]
    if not ids:
        return ["No exercises are declared yet."]
    if not left:
        return ["Every exercise is passed."]
    if not done:
        return ["Nothing graded yet: `course start` copies the exercises into my/, `course lab` opens them."]
    left.sort(key=lambda id: (done.get(id, {}).get("status") != "failed", notebooks.get(_lesson(id), "~")))
    place = f", in my/{notebooks[_lesson(left[0])]}.ipynb" if _lesson(left[0]) in notebooks else ""
    return [f"Next: {left[0]}{place}."]


def _predicted(predictions: dict[str, dict], asked: int) -> str:
    if not predictions:
        return f"No predictions yet, of the {asked} that the lessons ask for."
    from course_utils.grading.predictions import calibration  # imports torch

    made = sum("value" in entry for entry in predictions.values())
    return f"Predictions: {made} of {asked} made. {calibration(predictions)}"


def _entries(kept: dict, key: str) -> dict[str, dict]:
    """The stored entries that look as they should; a file edited by hand must not end in a traceback."""
    entries: Any = kept.get(key)
    return {id: entry for id, entry in entries.items() if isinstance(entry, dict)} if isinstance(entries, dict) else {}


def _lesson(id: str) -> str:
    return id.partition(".")[0]
