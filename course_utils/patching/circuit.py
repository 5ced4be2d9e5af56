"""Circuits as values: sets of nodes, or sets of edges, that can be combined, printed, drawn and run.

circuit = Circuit.nodes("9.9", "9.6", "m0")            # heads and MLPs; the embedding always counts as in
circuit = Circuit.edges("embed->0.1.q", "0.1->logits")  # writer -> reader
circuit | other, circuit & other, circuit - other, circuit ^ other, circuit <= other, "9.9" in circuit
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from .nodes import Reader, Writer, all_readers, all_writers, reader, writer
from .places import short, whole_number
from .result import Sweep
from .trust import refuse_no_bridge

Edge = tuple[Writer, Reader]


def edge(name: Any) -> Edge:
    """An edge from `"0.1->1.2.k"` or a pair (writer, reader).

    Raises:
        ValueError: it is neither, or the writer does not come before the reader.
    """
    parts = name.split("->") if isinstance(name, str) else name
    if not isinstance(parts, (tuple, list)) or len(parts) != 2:
        raise ValueError(f"an edge is 'writer->reader' or a pair of them, not {name!r}")
    sender, receiver = writer(parts[0]), reader(parts[1])
    if sender.time >= receiver.time:
        raise ValueError(f"{sender} does not come before {receiver}, so there is no edge between them")
    return sender, receiver


def _part(cell: dict[str, Any], ranking: Sweep) -> Writer | Edge:
    """The node or edge that a cell of a ranking stands for.

    Raises:
        ValueError: its axes name none.
    """
    names, sender = set(cell), None
    if names in ({"layer", "head"}, {"layer"}) and (len(names) == 2 or ranking.title.startswith("mlp_out")):
        return Writer(cell["layer"], cell.get("head"))
    if "sender" in names:
        sender = writer(cell["sender"])
    elif {"sender layer", "sender head"} <= names:
        sender = Writer(cell["sender layer"], cell["sender head"])
    others = names - {"sender", "sender layer", "sender head"}
    if sender is not None and not others:
        return sender
    if sender is not None and others == {"receiver"}:
        return sender, reader(cell["receiver"])
    if sender is not None and others == {"input", "receiver layer", "receiver head"}:
        return sender, Reader(cell["input"], cell["receiver layer"], cell["receiver head"])
    raise ValueError(
        "parts are ranked by layer and head, by sender, or by sender and receiver, "
        f"not by {', '.join(ranking.names) or 'nothing'}"
    )


@dataclass(frozen=True, repr=False)
class Circuit:
    """A set of nodes (heads and MLPs) or a set of edges; made by `nodes`, `edges`, `whole`, `mlps` or `top`."""

    parts: frozenset
    of: str  # "nodes" or "edges"

    @staticmethod
    def nodes(*names: Any) -> Circuit:
        """Of heads such as "9.6" or (9, 6) and MLPs such as "m3"; one list of them will also do."""
        names = names[0] if len(names) == 1 and isinstance(names[0], (list, set, frozenset)) else names
        parts = frozenset(writer(name) for name in names)
        if Writer() in parts:
            raise ValueError("the embedding is part of every circuit of nodes: leave it out")
        return Circuit(parts, "nodes")

    @staticmethod
    def edges(*names: Any) -> Circuit:
        """Of edges such as "0.1->1.2.k" or ("m3", "logits"); one list of them will also do."""
        names = names[0] if len(names) == 1 and isinstance(names[0], (list, set, frozenset)) else names
        return Circuit(frozenset(edge(name) for name in names), "edges")

    @staticmethod
    def whole(model: Any, of: str = "nodes") -> Circuit:
        """Every node, or every edge, of a model."""
        refuse_no_bridge(model)
        shape = model.cfg.n_layers, model.cfg.n_heads, not getattr(model.cfg, "attn_only", False)
        writers = all_writers(*shape)
        if of == "nodes":
            return Circuit(frozenset(writers[1:]), of)
        if of != "edges":
            raise ValueError(f"a circuit is of nodes or of edges, not of {of!r}")
        return Circuit(frozenset((w, r) for r in all_readers(*shape) for w in writers if w.time < r.time), of)

    @staticmethod
    def mlps(model: Any) -> Circuit:
        """Every MLP of a model: `heads | Circuit.mlps(model)` is a circuit of heads that leaves the MLPs alone."""
        return Circuit(frozenset(w for w in Circuit.whole(model) if w.head is None), "nodes")

    @staticmethod
    def top(ranking: Sweep, k: int) -> Circuit:
        """The k parts with the largest absolute effect, of any ranking of parts: heads by layer and head, MLPs by
        layer (mlp_out), senders alone, or edges from sender to receiver.

        Raises:
            ValueError: the axes do not name parts, or there are fewer than k of them.
        """
        if not isinstance(ranking, Sweep):
            raise ValueError(f"a ranking is what a sweep, path_patch or attribution returns, not {short(ranking)}")
        k = whole_number(k, "k, the number of parts,", 1)
        ranked = [_part(cell, ranking) for cell, _ in ranking.top(ranking.values[..., 0].numel())]
        existing = [part for part in ranked if isinstance(part, Writer) or part[0].time < part[1].time]
        if len(existing) < k:
            raise ValueError(f"this ranking has only {len(existing)} parts, so there is no circuit of {k}")
        return Circuit(frozenset(existing[:k]), "nodes" if isinstance(existing[0], Writer) else "edges")

    def _with(self, other: Circuit, combine: Callable[[frozenset, frozenset], frozenset]) -> Circuit:
        if not isinstance(other, Circuit):
            raise ValueError(f"a circuit is combined with a circuit, not with {short(other)}")
        if self.of != other.of:
            raise ValueError("a circuit of nodes and a circuit of edges cannot be combined")
        return Circuit(combine(self.parts, other.parts), self.of)

    def __or__(self, other: Circuit) -> Circuit:
        return self._with(other, frozenset.union)

    def __and__(self, other: Circuit) -> Circuit:
        return self._with(other, frozenset.intersection)

    def __sub__(self, other: Circuit) -> Circuit:
        return self._with(other, frozenset.difference)

    def __xor__(self, other: Circuit) -> Circuit:
        return self._with(other, frozenset.symmetric_difference)

    def __le__(self, other: Circuit) -> bool:
        return self == self & other

    def __lt__(self, other: Circuit) -> bool:
        return self <= other and self != other

    def __contains__(self, part: Any) -> bool:
        return (writer(part) if self.of == "nodes" else edge(part)) in self.parts

    def __len__(self) -> int:
        return len(self.parts)

    def __iter__(self) -> Iterator:
        """The parts in the order in which the model computes them."""
        return iter(sorted(self.parts) if self.of == "nodes" else sorted(self.parts, key=lambda e: (e[1], e[0])))

    def __repr__(self) -> str:
        lines = [f"a circuit of {len(self)} {self.of}"]
        if self.of == "nodes":
            for layer in sorted({node.layer for node in self}):
                lines.append(f"  layer {layer}: " + "  ".join(str(n) for n in self if n.layer == layer))
        else:
            for receiver in sorted({r for _, r in self}):
                lines.append(f"  {receiver} ← " + "  ".join(str(w) for w, r in self if r == receiver))
        return "\n".join(lines)

    def plot(self) -> Any:
        """Draw it, layers from bottom to top, and return the figure; `page.draw.circuit` shows more."""
        from course_utils.page import draw

        return draw.circuit(self).fig
