"""A field for a name of the reader's own, and below it how likely the model finds each part of a program with it.

It works in a running notebook, without a network; for print, the lesson draws the same figure for its own name.
"""

import base64
import html
from collections.abc import Callable, Mapping
from typing import Any

import matplotlib.pyplot as plt
import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_utils import plots
from course_utils.induction.code.names import with_name
from course_utils.induction.drawing.program import expected
from course_utils.induction.scores.measures import token_losses

Reader = Callable[[Int[Tensor, "1 pos"]], Float[Tensor, "1 pos d_vocab"]]  # from tokens to logits


def try_name(model: Any, others: Mapping[str, Reader], name: str = "wozzle_frint") -> Any:
    """A field for a name, and the probability of each part of the program: of the model, beside one of `others`.

    Args:
        model: a model of code. others: what is drawn beside it; a list to choose from, if there are several.
        name: what stands in the field at first.
    """
    import ipywidgets as widgets

    field = widgets.Text(value=name, description="name", continuous_update=False)
    beside = widgets.Dropdown(options=list(others), description="beside it")
    picture = widgets.HTML()

    def redraw(_: Any = None) -> None:
        try:
            picture.value = _picture(model, beside.value, others[beside.value], field.value.strip())
        except ValueError as refused:
            picture.value = html.escape(str(refused))

    for control in (field, beside):
        control.observe(redraw, "value")
    redraw()
    return widgets.VBox([field, *([beside] if len(others) > 1 else []), picture])


@torch.no_grad()
def _picture(model: Any, title: str, other: Reader, name: str) -> str:
    """The figure as HTML, and a line with the mean probability of the returning name's parts after its first."""
    program = with_name(model, name)
    chance = {who: (-token_losses(reads(program.tokens), program.tokens)[0]).exp()
              for who, reads in ((title, other), ("the model", model))}  # fmt: skip
    fig = expected(program, chance)
    width, data = round(fig.get_figwidth() * plots.PAGE_DPI), base64.b64encode(plots.png(fig)).decode()
    plt.close(fig)
    again = list(program.names[1])[1:]
    if not again:
        says = f"{name} is a single part."
    else:
        means = ", ".join(f"{who} {values[again].mean():.2f}" for who, values in chance.items())
        says = f"{name}: mean probability of the parts after the first, when the name returns: {means}"
    return f'<img width="{width}" alt="{says}" src="data:image/png;base64,{data}"><div>{says}</div>'
