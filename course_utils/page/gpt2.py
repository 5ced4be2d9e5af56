"""Now on GPT-2: what is published, beside the lesson's own model and, where its weights are, GPT-2 itself.

1. The published result, with its source.
2. `measure` applied to the lesson's own model.
3. The same `measure` applied to GPT-2 small, if the weights are on this machine or Colab may fetch them.

Where they are not, the first two rows stand, and one line says how to get the third.
"""

from collections.abc import Callable, Mapping
from typing import Any

from course_utils import runtime, zoo
from course_utils.page.tables import Table, table

GPT2 = "gpt2"
HOW = 'GPT-2 small itself is measured here once `zoo.load("gpt2")` has been run with a network (0.5 GB).'


def beside_gpt2(
    measure: Callable[[Any], Any],
    own: Mapping[str, Any],
    published: Mapping[str, Any],
    *,
    source: str,
    unit: str | Mapping[str, str] = "",
    caption: str = "",
) -> Table:
    """The lesson's main number on its own model, on GPT-2 as published, and on GPT-2 as measured here.

    Args:
        measure: from a model to an entry, or to a dictionary of entries by column, as `table` takes them.
        own: the lesson's model, by the name that is shown: {"code-4l": model}.
        published: what is known of GPT-2 small, by column; text where it is no number.
        source: author, year and place of the published result.
        unit: of every number, or by column.
        caption: what to see.

    Raises:
        ValueError: nothing published or no source, or `measure` gives other columns than are published.
    """
    if not published or not source.strip():
        raise ValueError("The published result and its source stand beside what is measured: give both.")
    rows = [_row("GPT-2 small, published", published, source)]
    rows += [_row(name, _measured(measure(model), published), "measured here") for name, model in own.items()]
    gpt2 = _gpt2()
    if gpt2 is not None:
        rows.append(_row("GPT-2 small", _measured(measure(gpt2), published), "measured here"))
    return table(rows, unit=unit, caption=" ".join([caption, *([] if gpt2 is not None else [HOW])]).strip())


def _row(name: str, entries: Mapping[str, Any], source: str) -> dict[str, Any]:
    return {"model": name, **entries, "source": source}


def _measured(found: Any, published: Mapping[str, Any]) -> Mapping[str, Any]:
    """What was measured, by the published columns."""
    if not isinstance(found, Mapping) and len(published) == 1:
        return {next(iter(published)): found}
    if not isinstance(found, Mapping) or set(found) != set(published):
        shown = ", ".join(map(str, found)) if isinstance(found, Mapping) else repr(found)
        raise ValueError(f"Measured were {shown}, but published are {', '.join(published)}: they are compared.")
    return {name: found[name] for name in published}


def _gpt2() -> Any:
    """GPT-2 small, where it may be loaded; else None."""
    if not zoo.cached(GPT2) and not runtime.in_colab():
        return None
    try:
        return zoo.load(GPT2)
    except zoo.ZooError:
        return None
