"""What to say of a wrong function that is no known misconception: how it is wrong, and where the mistake may stand.

1. The pattern of the error over all inputs (`patterns.py`), of each tensor that is returned (`several.py`); else how
   far the numbers are apart.
2. Arguments that are never read.
3. The one small change that would make it right, if there is one: its place, not the change (`repairs.py`).
"""

from collections.abc import Callable, Sequence
from typing import Any

from course_utils.grading import guard
from course_utils.grading.explain import ADVICE
from course_utils.grading.patterns import pattern
from course_utils.grading.repairs import never_read, repair
from course_utils.grading.several import several
from course_utils.grading.trials import Trial

VAGUE = ("function", "operation", "order", "call", "name", "axis")
SEEN = ("It returns nan", "It returns shape")


def diagnosis(
    said: str,
    trials: Sequence[Trial],
    answer: Any,
    reference: Callable,
    passes: Callable[[Callable], bool],
    right_on: Callable[[dict], bool],
    told: str = "",
) -> str:
    """`said`, the first thing to say, followed or replaced by what is more to the point.

    `passes` says whether another function would pass, `right_on` whether this one is right on other arguments.
    `told` is what the exercise itself makes of the numbers: it stands in place of a pattern.
    """
    count = len(trials[0].arguments) if trials else 0
    looked = not told and ("The numbers differ" in said or said.startswith(SEEN))
    seen = pattern(trials, reference, right_on) if looked else told
    if not told and said.startswith("Value ") and (parts := several(trials, reference, right_on)):
        said, seen = parts, ""
    found = repair(answer, passes)
    if told and found is not None and found.kind in VAGUE:  # what the exercise says is more to the point
        found = None
    if found is not None:  # then general advice on exceptions is not needed
        said = next((said.removesuffix(advice).strip() for _, advice in ADVICE if said.endswith(advice)), said)
    unread = [f"`{name}`" for name in never_read(answer, reference, count)]
    parts = [said, seen, found.say if found else ""]
    parts += [f"Your function never looks at {' and '.join(unread)}."] if unread else []
    return " ".join(part for part in parts if part)


def lost_gradient(answer: Callable) -> str:
    """Why no gradient flows through it, by what its source says."""
    try:
        text = guard.source(answer)
    except (OSError, TypeError):
        text = ""
    cuts = ("torch.no_grad", "inference_mode", ".detach()", ".item()", ".data", ".tolist()", "torch.tensor(")
    found = next((f": `{cut.strip('(')}` cuts it off" for cut in cuts if cut in text), "")
    rest = "" if found else ": keep to tensor operations, without .item(), .detach() or torch.no_grad()"
    return f"The gradient does not flow through it{found}{rest}."
