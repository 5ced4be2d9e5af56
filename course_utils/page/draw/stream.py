"""The transformer as one stream that every part reads from and adds to; one head opened; one MLP opened."""

from __future__ import annotations

from course_utils import plots
from course_utils.page.draw.sheet import SMALL, Picture, Sheet, darker, sheet

LAYER = 1.0  # inches from one layer to the next
MIDDLE = 3.9  # where the stream runs
MLP_INK = darker(plots.MLP, 0.6)


def transformer(n_layers: int = 4, n_heads: int = 4, mlps: bool = True, highlight: tuple[str, ...] = ()) -> Picture:
    """One position's stream, upwards, with the heads of each layer on its left and the MLP on its right.

    Args:
        n_layers: 1 to 6; n_heads: of a layer, 1 to 6.
        mlps: whether the model has them.
        highlight: parts that are filled, such as "2.2" or "m0"; without any, all are.

    Raises:
        ValueError: more layers or heads than can be read on a page, or a part that the model has not.
    """
    if not (1 <= n_layers <= 6 and 1 <= n_heads <= 6):
        raise ValueError(f"1 to 6 layers of 1 to 6 heads can be drawn legibly, not {n_layers} of {n_heads}.")
    names = [f"{layer}.{head}" for layer in range(n_layers) for head in range(n_heads)]
    names += [f"m{layer}" for layer in range(n_layers)] if mlps else []
    if unknown := [name for name in highlight if name not in names]:
        raise ValueError(f"This model has no part {unknown[0]!r}: it has {', '.join(names)}.")
    top = 1.25 + LAYER * n_layers
    page = sheet(top + 1.0)
    page.stream(MIDDLE, 0.62, top)
    page.arrow((MIDDLE, top - 0.05), (MIDDLE, top + 0.25), colour=plots.STREAM, thick=5)
    page.box((MIDDLE, 0.36), "embedding of the token + of its position", fill=plots.TOKEN, width=3.5, size=SMALL)
    page.box((MIDDLE, top + 0.46), "final norm, unembedding: logits", fill=plots.TOKEN, width=2.9, size=SMALL)
    width = min(0.56, 2.4 / n_heads)
    left = MIDDLE - 0.75 - width * n_heads
    for layer in range(n_layers):
        low = 0.95 + LAYER * layer
        page.text((left - 0.16, low + 0.3), f"layer {layer}", side="right", size=SMALL, bold=True)
        for head in range(n_heads):
            name = f"{layer}.{head}"
            at = (left + width * (head + 0.5), low + 0.3)
            _part(page, at, name, plots.HEAD, width - 0.07, highlight)
        page.arrow((MIDDLE, low + 0.17), (MIDDLE - 0.74, low + 0.17), thick=1.0)
        page.arrow((MIDDLE - 0.74, low + 0.43), (MIDDLE - 0.05, low + 0.43), thick=2.6)
        _tick(page, low - 0.02, "pre")
        if mlps:
            _tick(page, low + 0.63, "mid")
            page.arrow((MIDDLE, low + 0.6), (MIDDLE + 0.72, low + 0.6), thick=1.0)
            page.arrow((MIDDLE + 0.72, low + 0.86), (MIDDLE + 0.05, low + 0.86), thick=2.6)
            _part(page, (MIDDLE + 1.05, low + 0.72), f"m{layer}", plots.MLP, 0.6, highlight)
    _tick(page, 0.95 + LAYER * n_layers - 0.02, "post")
    page.text((5.55, 1.42), "heads read the stream\n(thin arrow) and add\nto it (thick arrow)", side="left",
              size=SMALL, colour=plots.HEAD)  # fmt: skip
    if mlps:
        page.text((5.55, 0.95 + LAYER * n_layers - 0.42), "MLPs do the same,\neach position\nby itself", side="left",
                  size=SMALL, colour=MLP_INK)  # fmt: skip
    parts = f"{n_heads} heads" + (" and an MLP" if mlps else "")
    return page.picture(
        f"A grey stream runs upwards through {n_layers} layers; in each, {parts} read from it and add to it.",
        "The residual stream of one position, from the embedding (below) to the logits (above). Every head and every "
        "MLP reads what has been added so far, and adds its own output."
        if mlps
        else "The residual stream of one position, from the embedding (below) to the logits (above). Every head reads "
        "what has been added so far, and adds its own output.",
    )


def head_opened(name: str = "1.1", source: str = "A", destination: str = "B") -> Picture:
    """One attention head between two positions: which position it reads (Q and K), and what it moves (V and O)."""
    page = sheet(4.0)
    left, right = 0.75, 6.45
    for x, token in ((left, source), (right, destination)):
        page.stream(x, 0.52, 3.75)
        page.box((x, 0.28), token, fill=plots.TOKEN, width=0.7, bold=True, size=12)
    page.text((left + 0.45, 0.28), "an earlier position", side="left", size=SMALL, halo=False)
    page.text((right - 0.45, 0.28), "the position it writes to", side="right", size=SMALL, halo=False)
    for at, weight in (((1.6, 1.2), "W_K"), ((5.6, 1.2), "W_Q"), ((1.6, 2.75), "W_V"), ((5.6, 2.75), "W_O")):
        page.box(at, weight, fill=plots.HEAD, width=0.62, bold=True)
    page.arrow((left, 1.2), (1.28, 1.2), thick=1.2)
    page.arrow((right, 1.2), (5.92, 1.2), thick=1.2)
    page.arrow((left, 2.75), (1.28, 2.75), thick=1.2)
    page.arrow((5.92, 2.75), (right - 0.05, 2.75), colour=plots.HEAD, thick=2.8)
    page.box((3.6, 1.2), "score q · k / √d_head,\nsoftmax over positions", fill="#FFFFFF", edge=plots.HEAD, width=1.76,
             height=0.52, size=SMALL)  # fmt: skip
    page.arrow((1.92, 1.2), (2.71, 1.2))
    page.arrow((5.28, 1.2), (4.49, 1.2))
    page.text((2.3, 1.4), "key k", size=SMALL)
    page.text((4.88, 1.4), "query q", size=SMALL)
    page.box((3.6, 2.75), "sum of the values,\nweighted by attention", fill="#FFFFFF", edge=plots.HEAD, width=1.76,
             height=0.52, size=SMALL)  # fmt: skip
    page.arrow((1.92, 2.75), (2.71, 2.75))
    page.arrow((4.49, 2.75), (5.28, 2.75))
    page.text((2.3, 2.95), "value v", size=SMALL)
    page.text((4.88, 2.95), "z", size=SMALL)
    page.arrow((3.6, 1.48), (3.6, 2.47), colour=plots.HEAD, thick=2.2)
    page.text((3.72, 1.97), "attention: how much", side="left", size=SMALL)
    page.text((3.6, 0.7), "which position to read", colour=plots.HEAD, bold=True, halo=False)
    page.text((3.6, 3.3), "what to move", colour=plots.HEAD, bold=True, halo=False)
    page.text((3.6, 3.75), f"head {name}", bold=True, size=12, halo=False)
    return page.picture(
        f"Head {name} opened: W_Q and W_K give the attention score, W_V and W_O what is moved.",
        f"Head {name}, opened. Below: the query of the later position and the key of the earlier one decide how much "
        "is read. Above: the value says what is read, and W_O how it is added to the later position's stream.",
    )


def mlp_opened(name: str = "m0", neurons: int = 8, chosen: int = 5) -> Picture:
    """One MLP at one position: each neuron reads one direction, is cut or not, and adds another direction.

    Args:
        neurons: how many are drawn; chosen: the one that is followed.
    """
    page = sheet(3.05)
    stream, read, add = 0.75, 0.72, 2.36
    page.stream(stream, 0.2, 2.9)
    xs = [1.95 + i * (4.3 / (neurons - 1)) for i in range(neurons)]
    page.arrow((stream, read), (1.5, read), thick=1.2)
    page.box((4.1, read), "W_in: the direction that each neuron reads", fill="#FFFFFF", edge=plots.MLP,
             width=5.1, size=SMALL)  # fmt: skip
    page.box((4.1, add), "W_out: the direction that each neuron adds", fill="#FFFFFF", edge=plots.MLP, width=5.1,
             size=SMALL)  # fmt: skip
    for i, at in enumerate(xs):
        thick = 2.6 if i == chosen else 0.9
        page.arrow((at, read + 0.19), (at, 1.32), thick=thick)
        page.arrow((at, 1.75), (at, add - 0.2), thick=thick)
        page.ax.add_patch(_circle((at, 1.54), 0.2, plots.MLP if i == chosen else "#FFFFFF"))
    page.arrow((1.54, add), (stream + 0.06, add), thick=2.6)
    page.text((stream + 0.2, 0.3), "reads the stream, after the norm", side="left", size=SMALL, halo=False)
    page.text((stream + 0.2, 2.78), "adds to the stream", side="left", size=SMALL, halo=False)
    page.text((xs[0] - 0.3, 1.54), "neurons", side="right", size=SMALL, colour=MLP_INK, bold=True)
    page.text((6.85, 1.54), name, bold=True, size=12, halo=False)
    return page.picture(
        f"{name} opened: a row of neurons between the weights that read the stream and the weights that add to it.",
        f"{name}, opened, at one position. Each neuron (a circle) compares the stream with its own direction of W_in; "
        "its activation function keeps what is large; the neuron then adds that much of its direction of W_out.",
    )


def _part(page: Sheet, at: tuple[float, float], name: str, fill: str, width: float, highlight: tuple[str, ...]) -> None:
    full = not highlight or name in highlight
    page.box(
        at, name, fill=fill if full else "#FFFFFF", edge=darker(fill), width=width, size=SMALL, bold=name in highlight
    )


def _tick(page: Sheet, y: float, what: str) -> None:
    page.line([(MIDDLE - 0.1, y), (MIDDLE + 0.1, y)], thick=1.4)
    page.text((MIDDLE - 0.16, y), what, side="right", size=SMALL, colour=plots.NULL)


def _circle(at: tuple[float, float], radius: float, fill: str):
    from matplotlib.patches import Circle

    return Circle(at, radius, facecolor=fill, edgecolor=darker(plots.MLP), linewidth=1.5, zorder=4)
