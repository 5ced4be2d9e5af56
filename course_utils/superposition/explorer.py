"""The lesson's sliders: what training found at each density and importance, and a pentagon to set by hand.

They work without a network, and can be moved with the arrow keys. For print, and for readers without a running kernel,
the page draws the models with equal importances itself, and has a table of pentagons by hand.
"""

import base64
from typing import Any

import matplotlib.pyplot as plt
import torch
from matplotlib.figure import Figure

from .. import plots
from .measures import polygon, read_plane
from .stored import Plane, plane
from .tradeoff import share_lost
from .waterline import Dive, waterline_figure


def explore() -> Any:
    """Two sliders over the stored models of five features in two dimensions."""
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
    return _panel((density, decay), lambda: _image(models, density.value, decay.value), note)


def try_pentagon(p: float) -> Any:
    """Two sliders, the length of five arrows at 72° and their bias: the readings of two inputs, and what is lost."""
    import ipywidgets as widgets

    how = dict(step=0.01, continuous_update=False)
    length = widgets.FloatSlider(value=1, min=0.8, max=1.3, description="length", **how)
    bias = widgets.FloatSlider(value=0, min=-0.4, max=0, description="bias", **how)

    def draw() -> str:
        W, b = length.value * polygon(5), torch.full((5,), bias.value)
        inputs = torch.eye(5)[0] * torch.tensor([[0.8], [0.2]])  # (sample, feature)
        fig = waterline_figure([Dive(title, W, b, x) for title, x in zip(("strong", "weak"), inputs, strict=True)])
        return _html(fig, "readings", f"loses {100 * share_lost(W, b, p, torch.ones(5)):.1f} % of the variance")

    return _panel((length, bias), draw)


def _panel(sliders: tuple[Any, Any], draw: Any, *notes: Any) -> Any:
    """The sliders, notes, and what `draw` gives, which is drawn again whenever a slider is moved."""
    import ipywidgets as widgets

    picture = widgets.HTML(draw())
    for slider in sliders:
        slider.observe(lambda _: setattr(picture, "value", draw()), "value")
    return widgets.VBox([*sliders, *notes, picture])


def _image(models: Plane, i: int, j: int) -> str:
    W, shape = models.W[i, j], read_plane(models.W[i, j])
    fig, ax = plots.figure(width=3.4, height=3.4)
    plots.arrows(ax, W)
    says = f"p = {models.probability[i]:.2g}, importance {models.decay[j]:.2g}^i: {shape.name}, "
    says += f"{5 - len(shape.dropped)} of 5 features, loss {models.loss[i, j]:.4f}"
    return _html(fig, "columns of W", says)


def _html(fig: Figure, what: str, says: str) -> str:
    """A picture as HTML, and below it the line that says what it shows."""
    width, data = round(fig.get_figwidth() * plots.PAGE_DPI), base64.b64encode(plots.png(fig)).decode()
    plt.close(fig)
    return f'<img width="{width}" alt="{what}: {says}" src="data:image/png;base64,{data}"><div>{says}</div>'
