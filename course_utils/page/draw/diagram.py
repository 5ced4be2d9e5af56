"""A circuit as a diagram: layers upwards, positions across where they are known, arrows from writers to readers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from course_utils import plots
from course_utils.page.draw.sheet import SMALL, WIDE, Picture, darker, sheet

PORTS = {
    "q": -0.21,
    "k": 0.0,
    "v": 0.21,
    "mlp": 0.0,
    "logits": 0.0,
}  # where below a reader its inputs arrive, in inches
ROW = 1.05  # inches from one layer to the next


def circuit(parts: Iterable[Any], tokens: Sequence[str] = (), at: Mapping[str, int] | None = None) -> Picture:
    """Draw a set of heads and MLPs, or of edges between them.

    Args:
        parts: a `patching.Circuit`, or names such as "0.2" and "m1", or edges such as "0.2->1.1.k" and "1.1->logits".
        tokens: of the prompt, written at the bottom.
        at: the position (0 and up) at which a part works, for as many parts as have one.

    Raises:
        ValueError: no parts, a name that is none, or a position that no token has.
    """
    names = [_name(part) for part in parts]
    edges = [tuple(side.strip() for side in name.split("->")) for name in names if "->" in name]
    nodes = list(dict.fromkeys([n for n in names if "->" not in n] + [_owner(end) for edge in edges for end in edge]))
    if not nodes:
        raise ValueError("A circuit without parts cannot be drawn.")
    at = dict(at or {})
    if wrong := [name for name, place in at.items() if name not in nodes or not 0 <= place < len(tokens)]:
        raise ValueError(f"{wrong[0]!r} is no part of the circuit, or the prompt has no such position.")
    heights = {time: i for i, time in enumerate(sorted({_time(node) for node in nodes}))}
    base = 1.0 if tokens else 0.4
    page = sheet(base + ROW * (len(heights) - 1) + (0.6 if tokens else 0.4))
    columns = [0.95 + (WIDE - 1.5) * (i + 0.5) / max(1, len(tokens)) for i in range(len(tokens))]
    for x, token in zip(columns, tokens, strict=True):
        page.box((x, 0.3), token, fill=plots.TOKEN, width=min(0.8, (WIDE - 1.6) / len(tokens) - 0.08), height=0.34)
        page.stream(x, 0.52, page.height - 0.15)
    place = {}
    for time, row in heights.items():
        here = [node for node in nodes if _time(node) == time]
        free = [node for node in here if node not in at]
        spread = {node: 0.95 + (WIDE - 1.5) * (i + 0.5) / len(free) for i, node in enumerate(free)}
        y = base + ROW * row
        page.text((0.1, y), _layer(here[0]), side="left", size=SMALL, colour=plots.NULL)
        for node in here:
            place[node] = (columns[at[node]] if node in at else spread[node], y)
    for sender, receiver in edges:
        kind = receiver.rpartition(".")[2] if receiver.count(".") == 2 else ""
        (x0, y0), (x1, y1) = place[sender], place[_owner(receiver)]
        page.arrow((x0, y0 + 0.19), (x1 + PORTS.get(kind, 0.0), y1 - (0.44 if kind else 0.2)), thick=1.6)
    for receiver in {receiver for _, receiver in edges if receiver.count(".") == 2}:
        owner, _, kind = receiver.rpartition(".")
        page.text(
            (place[owner][0] + PORTS[kind], place[owner][1] - 0.32), kind.upper(), size=SMALL, bold=True, halo=False
        )
    for node, spot in place.items():
        fill = _fill(node)
        page.box(spot, node, fill=fill, edge=darker(fill), width=max(0.66, 0.095 * len(node) + 0.2), height=0.38)
    what = f"{len(edges)} edges between {len(nodes)} parts" if edges else f"{len(nodes)} parts"
    order = sorted(nodes, key=_time)
    return page.picture(
        f"A circuit of {what}, from {order[0]} at the bottom to {order[-1]} at the top.",
        f"The circuit: {what}, layers from bottom to top."
        + (
            " The letter at an arrow says which input of the head it reaches: queries, keys or values." if edges else ""
        ),
    )


def _name(part: Any) -> str:
    return f"{part[0]}->{part[1]}" if isinstance(part, tuple) and len(part) == 2 else str(part)


def _owner(end: str) -> str:
    """The part that an edge ends at: "1.1" of "1.1.k", "m0" of "m0.mlp"."""
    head, _, kind = end.rpartition(".")
    return head if kind in PORTS and head else end


def _time(node: str) -> float:
    """When the model computes it: embedding, then heads and MLP of each layer, then the logits."""
    if node == "embed":
        return -1
    if node == "logits":
        return float("inf")
    layer, dot, head = node.partition(".")
    if node[:1] == "m" and node[1:].isdecimal():
        return 2 * int(node[1:]) + 1
    if dot and layer.isdecimal() and head.isdecimal():
        return 2 * int(layer)
    raise ValueError(
        f"A part of a circuit is a head such as '1.1', an MLP such as 'm0', 'embed' or 'logits', not {node!r}."
    )


def _layer(node: str) -> str:
    time = _time(node)
    if time < 0 or time == float("inf"):
        return ""
    return f"layer {int(time) // 2}" + (" MLP" if time % 2 else "")


def _fill(node: str) -> str:
    if node == "embed":
        return plots.TOKEN
    if node == "logits":
        return plots.ANSWER
    return plots.MLP if node.startswith("m") else plots.HEAD
