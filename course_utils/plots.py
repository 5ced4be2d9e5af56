"""The one figure style of the course, safe for colour-blind readers.

Every figure in a notebook ends with `plots.show(fig, alt="…", caption="…")`. It displays the figure as a PNG of twice
the pixels that it is wide on the page (sharp on dense screens), with its caption below, closes it, and writes the one
line of alt text into the output twice, so that it survives wherever the notebook goes:

- in the output's metadata, `{"image/png": {"alt": "…"}}`, where nbconvert and the sites built on it read it
  (JupyterLab 4 does not: there the caption has to say enough);
- as the output's `text/plain`, which terminals, diffs and screen readers of raw files read.

A notebook whose `display_data` outputs hold an `image/png` without a non-empty `alt` has bypassed this function.
"""

import base64
import io
from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from course_utils.captions import Caption

# Okabe & Ito's eight colours, told apart by readers with any common colour blindness.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000", "#F0E442")
GREY = "#8A8A8A"

# The colour code of the course: what a colour means in a drawing, it means on every page. COLOURS and SERIES are for
# curves and bars that stand for none of these. tests/test_page_colours.py measures that colour-blind readers can tell
# them apart.
TOKEN = "#F2EFE6"  # a token, at the bottom of its column
STREAM = "#C9C9C9"  # the residual stream
HEAD = "#0072B2"  # an attention head, and what it moves
MLP = "#CC79A7"  # an MLP and its neurons
NOTE = "#E69F00"  # what a part has written into the stream for a later one to read
ANSWER = "#009E73"  # the answer, and what is right
EDITED = "#D55E00"  # what an experiment has put in (patched), and what is wrong
ABLATED = "#FFFFFF"  # what an experiment has taken out: hollow, dashed, crossed out
NULL = "#666666"  # what chance or a control gives
MARK = "#F0E442"  # the cell of a table that matters
INK = "#222222"  # text and outlines
SERIES = ("#332288", "#88CCEE", "#6E1A44", "#999933", "#000000", "#8C510A")  # features, seeds, conditions

SEQUENTIAL = "Blues"  # for amounts, white at zero: most of an attention pattern is near zero
DIVERGING = "PuOr"  # for signed values, white at zero

PAGE_DPI = 100  # pixels of the page to an inch of a figure: 7.2 inches fit a page of 800 pixels
DENSITY = 2  # pixels of the picture to a pixel of the page

_STYLE = {
    "figure.dpi": 100,
    "figure.figsize": (7.2, 3.2),
    "figure.constrained_layout.use": True,
    "figure.facecolor": "white",
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": plt.cycler(color=COLOURS),
    "legend.frameon": False,
    "legend.fontsize": 9,
    "image.cmap": SEQUENTIAL,
    "lines.linewidth": 1.8,
}


def style() -> None:
    """Make every later matplotlib figure look like the course's."""
    plt.rcParams.update(_STYLE)


def figure(
    rows: int = 1, columns: int = 1, width: float = 7.2, height: float = 3.2, **kwargs: Any
) -> tuple[Figure, Any]:
    """`plt.subplots` in the course's style, whatever the notebook's own style is. Sizes in inches."""
    with plt.rc_context(_STYLE):
        return plt.subplots(rows, columns, figsize=(width, height), **kwargs)


def show(fig: Figure, alt: str, caption: str = "") -> None:
    """Display `fig` with its one line of alternative text and its printed caption, and close it.

    Args:
        fig: a finished figure.
        alt: what a reader who cannot see it needs to know: one sentence, one line.
        caption: what everybody should see in it, in whole sentences.

    Raises:
        ValueError: if `alt` is empty or longer than one line.
    """
    if not alt.strip() or "\n" in alt:
        raise ValueError("alt text is one non-empty line that says what the figure shows")
    from IPython.display import display

    data = base64.b64encode(png(fig)).decode()
    wide = round(fig.get_figwidth() * PAGE_DPI)
    plt.close(fig)
    display(
        {"image/png": data, "text/plain": f"[figure] {alt}"},
        metadata={"image/png": {"alt": alt, "width": wide}},
        raw=True,
    )
    if caption:
        display(Caption(" ".join(caption.split())))


def png(fig: Figure) -> bytes:
    """The figure as PNG with a palette of at most 256 colours: a third of the size, and the same bytes every time."""
    stream, small, dpi = io.BytesIO(), io.BytesIO(), DENSITY * PAGE_DPI
    with plt.rc_context(_STYLE):
        fig.savefig(stream, format="png", dpi=dpi, metadata={"Software": None})
    image = Image.open(stream).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    image.save(small, format="png", optimize=True, dpi=(dpi, dpi))
    return small.getvalue()


def is_light(colour: str | Sequence[float]) -> bool:
    """Whether black is easier to read on it than white (relative luminance as in WCAG 2)."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(colour)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return (luminance + 0.05) ** 2 > 0.05 * 1.05


def heatmap(
    ax: Axes,
    values: Any,
    *,
    signed: bool = True,
    limit: float | None = None,
    label: str = "",
    bar: bool = True,
    **kwargs: Any,
) -> Any:
    """A matrix as an image: diverging colours around zero if `signed`, else sequential from 0. Returns the image."""
    values = values.detach().cpu().numpy() if hasattr(values, "detach") else values
    limit = float(abs(values).max()) if limit is None else limit
    limits = dict(vmin=-limit, vmax=limit, cmap=DIVERGING) if signed else dict(vmin=0, vmax=limit, cmap=SEQUENTIAL)
    image = ax.imshow(values, interpolation="nearest", **(limits | kwargs))
    if bar:
        ax.figure.colorbar(image, ax=ax, label=label, shrink=0.85)
    return image


def arrows(
    ax: Axes, W: Any, *, labels: Sequence[str] | None = None, title: str = "", colours: Sequence[str] = SERIES
) -> None:
    """The columns of a (2, feature) matrix as arrows in the plane, each with a colour and its number at the tip.

    A column of length 0.3 or less is short and grey with a hollow dot, and is listed as dropped, in the corner that is
    furthest from all arrows.
    """
    W = W.detach().cpu().numpy() if hasattr(W, "detach") else W
    limit = max(1.5, 0.06 + 1.2 * float((W**2).sum(0).max()) ** 0.5)  # one scale for all arrows up to 1.2
    circle = plt.Circle((0, 0), 1, fill=False, color=GREY, linewidth=0.8, linestyle=":")
    ax.add_patch(circle)
    short: list[str] = []
    for i in range(W.shape[1]):
        x, y = float(W[0, i]), float(W[1, i])
        colour = colours[i % len(colours)]
        length = (x * x + y * y) ** 0.5
        name = labels[i] if labels else str(i)
        if length <= 0.3:
            short.append(name)
            ax.plot([0, x], [0, y], color=GREY, linewidth=1)
            ax.plot([x], [y], "o", color=GREY, markersize=5, markerfacecolor="white")
            continue
        ax.plot([0, x], [0, y], color=colour, linewidth=2.2, solid_capstyle="round")
        ax.plot([x], [y], "o", color=colour, markersize=5)
        ax.annotate(
            name, (x, y), (x * (1 + 0.2 / length), y * (1 + 0.2 / length)),
            ha="center", va="center", color=INK, fontsize=9, fontweight="bold",
        )  # fmt: skip
    if short:
        long = [w for w in W.T if (w**2).sum() > 0.3**2] or [W.sum(1)]
        corners = [(right, top) for top in (-1, 1) for right in (-1, 1)]

        def room(corner: tuple[int, int]) -> float:
            """From the middle of the words to the nearest tip; they are wider than high."""
            middle_x, middle_y = 0.6 * limit * corner[0], 0.9 * limit * corner[1]
            return min(float(((x - middle_x) / 2) ** 2 + (y - middle_y) ** 2) for x, y in long)

        right, top = max(corners, key=room)
        place = dict(xycoords="axes fraction", ha="right" if right > 0 else "left", va="top" if top > 0 else "bottom")
        at = (0.5 + 0.48 * right, 0.5 + 0.48 * top)
        ax.annotate(f"dropped: {', '.join(short)}", at, fontsize=8, color=NULL, **place)
    ax.set(
        xlim=(-limit, limit), ylim=(-limit, limit), aspect="equal", xticks=[-1, 0, 1], yticks=[-1, 0, 1], title=title
    )


def band(ax: Axes, x: Any, per_seed: Any, *, label: str = "", colour: str = COLOURS[0], marker: str = "o") -> None:
    """A line through the mean over seeds with the range from the lowest to the highest seed. per_seed: (seed, x)."""
    values = per_seed.detach().cpu().numpy() if hasattr(per_seed, "detach") else per_seed
    ax.plot(x, values.mean(0), marker=marker, markersize=4, color=colour, label=label)
    ax.fill_between(x, values.min(0), values.max(0), color=colour, alpha=0.2, linewidth=0)
