"""Several drawings of one thing that changes: side by side in print, under a slider where the notebook is live."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib.image
import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from course_utils import plots
from course_utils.captions import Caption
from course_utils.grading.asking import live
from course_utils.page.draw.sheet import NORMAL, WIDE, Picture

HEAD = 0.3  # inches above a frame, for its label


@dataclass(frozen=True, repr=False)
class Frames:
    """Pictures in order, as (PNG, width in inches, height in inches), with a label each."""

    images: tuple[tuple[bytes, float, float], ...]
    labels: tuple[str, ...]
    alt: str
    caption: str = ""

    def still(self) -> Picture:
        """All frames on one sheet, row by row."""
        widest, tallest = (max(image[i] for image in self.images) for i in (1, 2))
        columns = max(1, min(len(self.images), int(WIDE / widest + 1e-6)))
        rows = -(-len(self.images) // columns)
        columns = -(-len(self.images) // rows)  # four are two and two, not three and one
        width, height = columns * widest, rows * (tallest + HEAD)
        fig = plt.figure(figsize=(width, height), facecolor="white")
        fig.set_layout_engine("none")
        for i, ((png, wide, high), label) in enumerate(zip(self.images, self.labels, strict=True)):
            left, top = (i % columns) * widest, height - (i // columns) * (tallest + HEAD)
            ax = fig.add_axes((left / width, (top - HEAD - high) / height, wide / width, high / height))
            ax.imshow(matplotlib.image.imread(io.BytesIO(png)), interpolation="none", aspect="auto")
            ax.axis("off")
            fig.text((left + wide / 2) / width, (top - HEAD / 2) / height, label.replace("$", r"\$"), ha="center",
                     va="center", fontsize=NORMAL, fontweight="bold", color=plots.INK)  # fmt: skip
        return Picture(fig, self.alt, self.caption)

    def __repr__(self) -> str:
        return f"[figure] {self.alt}"

    def _ipython_display_(self) -> None:
        from IPython.display import display

        if not live():
            self.still().show()
            return
        still = self.still()
        bundle = {"image/png": base64.b64encode(plots.png(still.fig)).decode(), "text/plain": repr(self)}
        wide = round(still.fig.get_figwidth() * plots.PAGE_DPI)
        plt.close(still.fig)
        view = _slider(self)._repr_mimebundle_()
        display(
            bundle | view | {"text/plain": repr(self)},
            metadata={"image/png": {"alt": self.alt, "width": wide}},
            raw=True,
        )
        if self.caption:
            display(Caption(self.caption))


def frames(
    draw: Callable[[Any], Picture | Figure],
    values: Sequence[Any],
    labels: Sequence[str],
    *,
    alt: str,
    caption: str = "",
) -> Frames:
    """Draw the same thing for several values.

    Args:
        draw: from a value to a drawing or a figure; small ones (2.4 inches) stand side by side.
        values: at least two; labels: what is written above each.
        alt: one line on what the frames show together.
        caption: what to see as it changes.

    Raises:
        ValueError: fewer than two values, or not as many labels.
    """
    if len(values) < 2 or len(values) != len(labels):
        raise ValueError(
            f"There are {len(values)} values and {len(labels)} labels; a change takes two or more of each."
        )
    images = []
    for value in values:
        drawn = draw(value)
        fig = drawn.fig if isinstance(drawn, Picture) else drawn
        images.append((plots.png(fig), *map(float, fig.get_size_inches())))
        plt.close(fig)
    return Frames(tuple(images), tuple(map(str, labels)), alt, " ".join(caption.split()))


def _slider(shown: Frames) -> Any:
    import ipywidgets as widgets

    slider = widgets.SelectionSlider(
        options=[(label, i) for i, label in enumerate(shown.labels)],
        layout=widgets.Layout(width="34em", max_width="100%"),
    )
    picture = widgets.HTML()

    def redraw(_: Any = None) -> None:
        png, wide, _high = shown.images[slider.value]
        alt = html.escape(f"{shown.labels[slider.value]}: {shown.alt}")
        data = base64.b64encode(png).decode()
        picture.value = f'<img width="{round(wide * plots.PAGE_DPI)}" alt="{alt}" src="data:image/png;base64,{data}">'

    slider.observe(redraw, "value")
    redraw()
    return widgets.VBox([slider, picture])
