"""A prediction made by hand: choices to click, or a slider for a number, and a slider for how sure; recorded at once.

The widgets exist only in a kernel whose notebook is live. Nothing waits for them: a cell that asks is done as soon as
it has been shown, whether anybody answers or not.
"""

import html
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from course_utils import runtime

if TYPE_CHECKING:
    import ipywidgets

    from course_utils.grading.exercise import Prediction

STEPS = 100  # of a slider for a number


def live() -> bool:
    """Whether somebody may be there to click: the code runs in a notebook's kernel, and no autograder runs it."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return hasattr(shell, "kernel") and not runtime.strict()


def ask(asked: "Prediction", entry: dict, closed: str, record: Callable[[Any, float], str]) -> "ipywidgets.Widget":
    """The question as widgets.

    Args:
        asked: the declared question.
        entry: what is stored of it: `value` and `sure`, where it was answered.
        closed: where the answer has been measured already, the sentence that says so; else "".
        record: keeps (value, probability) and returns one sentence on what is kept.
    """
    import ipywidgets as widgets

    question = widgets.HTML(f"<b>Before you look:</b> {html.escape(asked.question)}")
    answer = _choices(asked, entry, bool(closed)) if asked.choices else _number(asked, entry, bool(closed))
    sure = widgets.IntSlider(
        value=round(100 * entry.get("sure", 0.5)), min=0, max=100, step=5, description="how sure (%)",
        continuous_update=False, disabled=bool(closed), style={"description_width": "initial"},
    )  # fmt: skip
    said = widgets.HTML(closed)

    def keep(change: dict) -> None:
        chosen = answer.value
        moved = asked.choices or change["owner"] is answer or "value" in entry
        if chosen is not None and moved:  # a number that nobody has touched is no prediction
            entry["value"] = chosen
            said.value = record(chosen, sure.value / 100)

    answer.observe(keep, "value")
    sure.observe(keep, "value")
    box = widgets.VBox([question, answer, sure, said])
    box.layout = widgets.Layout(border_left="4px solid #0072B2", padding="2px 12px", max_width="46em")
    return box


def _choices(asked: "Prediction", entry: dict, closed: bool) -> Any:
    import ipywidgets as widgets

    value = entry.get("value") if entry.get("value") in asked.choices else None
    buttons = widgets.ToggleButtons(options=asked.choices, value=value, disabled=closed)
    buttons.style.button_width = "auto"
    return buttons


def _number(asked: "Prediction", entry: dict, closed: bool) -> Any:
    import ipywidgets as widgets

    low, high = asked.between
    value = entry.get("value")
    return widgets.FloatSlider(
        value=value if isinstance(value, float) and low <= value <= high else (low + high) / 2, min=low, max=high,
        step=(high - low) / STEPS, readout_format=".2f", continuous_update=False, disabled=closed,
        layout=widgets.Layout(width="24em"),
    )  # fmt: skip
