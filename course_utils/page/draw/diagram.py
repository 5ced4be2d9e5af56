"""A circuit as a diagram: layers upwards, positions across where they are known, arrows from writers to readers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from course_utils import plots
from course_utils.page.draw.sheet import NORMAL, SMALL, WIDE, Picture, darker, sheet

PORTS = {
    "q": -0.21,
    "k": 0.0,
    "v": 0.21,
    "mlp": 0.0,
    "logits": 0.0,
}  # where below a reader its inputs arrive, in inches
ROW = 1.05  # inches from one layer to the next
ABREAST = 7  # parts in a line; a layer with more has several lines
MOST_TOKENS = 10
LINE = 0.5  # inches from one of them to the next


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
    if len(tokens) > MOST_TOKENS:
        raise ValueError(
            f"A page has room for {MOST_TOKENS} tokens, not {len(tokens)}: leave out those that no part uses."
        )
    at = dict(at or {})
    if wrong := [name for name, place in at.items() if name not in nodes or not 0 <= place < len(tokens)]:
        raise ValueError(f"{wrong[0]!r} is no part of the circuit, or the prompt has no such position.")
    rows = [[node for node in nodes if _time(node) == time] for time in sorted({_time(node) for node in nodes})]
    base = 1.0 if tokens else 0.4
    spacing = (WIDE - 1.5) / max(1, len(tokens))
    columns = [0.95 + spacing * (i + 0.5) for i in range(len(tokens))]
    slots = [_slots(row, at, columns) for row in rows]
    lines = [1 + max(line for _, _, line in row) for row in slots]
    page = sheet(base + ROW * (len(rows) - 1) + LINE * sum(line - 1 for line in lines) + (0.6 if tokens else 0.4))
    for x, token in zip(columns, tokens, strict=True):
        page.box((x, 0.3), token, fill=plots.TOKEN, width=min(0.8, spacing - 0.06), height=0.34)
        page.stream(x, 0.52, page.height - 0.15)
    place, y = {}, base
    for row, high in zip(slots, lines, strict=True):
        page.text((0.1, y), _layer(row[0][0]), side="left", size=SMALL, colour=plots.NULL)
        place |= {node: (x, y + LINE * line) for node, x, line in row}
        y += ROW + LINE * (high - 1)
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
        width = max(min(0.66, spacing - 0.06), 0.095 * len(node) + (0.2 if spacing > 0.8 else 0.02))
        page.box(
            spot, node, fill=fill, edge=darker(fill), width=width, height=0.38, size=NORMAL if spacing > 0.8 else SMALL
        )
    what = f"{len(edges)} edges between {len(nodes)} parts" if edges else f"{len(nodes)} parts"
    order = sorted(nodes, key=_time)
    return page.picture(
        f"A circuit of {what}, from {order[0]} at the bottom to {order[-1]} at the top.",
        f"The circuit: {what}, layers from bottom to top."
        + (
            " The letter at an arrow says which input of the head it reaches: queries, keys or values." if edges else ""
        ),
    )


def _slots(row: list[str], at: Mapping[str, int], columns: Sequence[float]) -> list[tuple[str, float, int]]:
    """(part, x, line) for the parts of one layer: those with a position in its column, the others in lines above."""
    slots, used = [], Counter()
    for node in row:
        if node in at:
            slots.append((node, columns[at[node]], used[at[node]]))
            used[at[node]] += 1
    first = max(used.values(), default=0)
    free = [node for node in row if node not in at]
    abreast = -(-len(free) // max(1, -(-len(free) // ABREAST)))
    for i, node in enumerate(free):
        slots.append((node, 0.95 + (WIDE - 1.5) * (i % abreast + 0.5) / abreast, first + i // abreast))
    return slots


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
