"""The lesson's widget: move density and importance, watch the columns of W. Works without a network.

The models were trained beforehand (`stored.plane`). The sliders can be moved with the arrow keys. `Plane.plot` draws a
part of the same models, for print and for readers without a running kernel.
"""

import base64
from typing import Any

import matplotlib.pyplot as plt

from .. import plots
from .measures import read_plane
from .stored import Plane, plane


def explore() -> Any:
    """Two sliders over the stored models of five features in two dimensions; `Plane.plot` shows a part of them."""
    import ipywidgets as widgets

    models = plane()
    density = widgets.SelectionSlider(
        options=[(f"{p:.2g}", i) for i, p in enumerate(models.probability)],
        value=6,
        description="density p",
        continuous_update=True,
    )
    decay = widgets.SelectionSlider(
        options=[(f"{c:.2g}", i) for i, c in enumerate(models.decay)], value=1, description="importance"
    )
    note = widgets.HTML("Importance of feature i: the second slider's number to the power i.")
    picture = widgets.HTML()

    def redraw(_: Any = None) -> None:
        picture.value = _image(models, density.value, decay.value)

    density.observe(redraw, "value")
    decay.observe(redraw, "value")
    redraw()
    return widgets.VBox([density, decay, note, picture])


def _image(models: Plane, i: int, j: int) -> str:
    W, shape = models.W[i, j], read_plane(models.W[i, j])
    fig, ax = plots.figure(width=3.4, height=3.4)
    plots.arrows(ax, W)
    data = base64.b64encode(plots.png(fig)).decode()
    plt.close(fig)
    says = f"p = {models.probability[i]:.2g}, importance {models.decay[j]:.2g}^i: {shape.name}, "
    says += f"{5 - len(shape.dropped)} of 5 features, loss {models.loss[i, j]:.4f}"
    width = round(fig.get_figwidth() * plots.PAGE_DPI)
    return f'<img width="{width}" alt="columns of W: {says}" src="data:image/png;base64,{data}"><div>{says}</div>'
