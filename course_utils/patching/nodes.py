"""Names of the parts of a transformer that write into the residual stream, and of those that read from it.

Writers: `embed`, `9.6` (head 6 of layer 9), `m3` (the MLP of layer 3). Readers: `9.6.q`, `9.6.k`, `9.6.v`,
`m3`, `logits`. Both are small frozen values made from these strings, printed as them, and ordered as the model
computes them, so that "can this writer reach that reader?" is a comparison of two numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import total_ordering
from typing import Any

LAST = 10**6  # later than any layer


@total_ordering
@dataclass(frozen=True)
class Writer:
    """`embed`, one head, or one MLP. `layer` and `head` are None where they do not apply."""

    layer: int | None = None
    head: int | None = None

    @property
    def time(self) -> int:
        """When it writes: twice the layer for heads, one more for MLPs, −1 for the embedding."""
        return -1 if self.layer is None else 2 * self.layer + (self.head is None)

    def __str__(self) -> str:
        if self.layer is None:
            return "embed"
        return f"m{self.layer}" if self.head is None else f"{self.layer}.{self.head}"

    __repr__ = __str__

    def __lt__(self, other: Writer) -> bool:
        return _order(self) < _order(other)


@total_ordering
@dataclass(frozen=True)
class Reader:
    """The q, k or v input of one head, the input of one MLP (`input` "mlp"), or the logits."""

    input: str
    layer: int | None = None
    head: int | None = None

    @property
    def time(self) -> int:
        """It reads everything that was written strictly before this time."""
        if self.layer is None:
            return 2 * LAST
        return 2 * self.layer + (self.input == "mlp")

    def __str__(self) -> str:
        if self.input == "logits":
            return "logits"
        return f"m{self.layer}" if self.input == "mlp" else f"{self.layer}.{self.head}.{self.input}"

    __repr__ = __str__

    def __lt__(self, other: Reader) -> bool:
        return _order(self) < _order(other)

    @property
    def owner(self) -> Writer | None:
        """The component that reads here (None for the logits)."""
        return None if self.layer is None else Writer(self.layer, self.head)


def _order(part: Writer | Reader) -> tuple:
    return part.time, -1 if part.head is None else part.head, getattr(part, "input", "")


def writer(name: Any) -> Writer:
    """A Writer from `"9.6"`, `(9, 6)`, `"m3"`, `"embed"`, or itself.

    Raises:
        ValueError: none of these.
    """
    if isinstance(name, Writer):
        return name
    if isinstance(name, tuple) and len(name) == 2:
        return Writer(int(name[0]), int(name[1]))
    if name == "embed":
        return Writer()
    if isinstance(name, str) and (match := re.fullmatch(r"(?:m(\d+)|(\d+)\.(\d+))", name)):
        mlp, layer, head = match.groups()
        return Writer(int(mlp)) if mlp else Writer(int(layer), int(head))
    raise ValueError(f"a writer is 'embed', '9.6' (a head) or 'm3' (an MLP), not {name!r}")


def reader(name: Any) -> Reader:
    """A Reader from `"9.6.q"`, `"m3"`, `"logits"`, or itself.

    Raises:
        ValueError: none of these.
    """
    if isinstance(name, Reader):
        return name
    if name == "logits":
        return Reader("logits")
    if isinstance(name, str) and (match := re.fullmatch(r"(?:m(\d+)|(\d+)\.(\d+)\.([qkv]))", name)):
        mlp, layer, head, which = match.groups()
        return Reader("mlp", int(mlp)) if mlp else Reader(which, int(layer), int(head))
    raise ValueError(f"a reader is '9.6.q' (or .k, .v), 'm3' (an MLP) or 'logits', not {name!r}")


def all_writers(n_layers: int, n_heads: int, mlps: bool) -> list[Writer]:
    """Every writer, in the order in which they write."""
    out = [Writer()]
    for layer in range(n_layers):
        out += [Writer(layer, head) for head in range(n_heads)] + [Writer(layer)] * mlps
    return out


def all_readers(n_layers: int, n_heads: int, mlps: bool) -> list[Reader]:
    """Every reader, in the order in which they read."""
    out = []
    for layer in range(n_layers):
        out += [Reader(which, layer, head) for which in "qkv" for head in range(n_heads)]
        out += [Reader("mlp", layer)] * mlps
    return [*out, Reader("logits")]


def refuse_unknown(parts: Iterable[Writer | Reader], n_layers: int, n_heads: int, mlps: bool) -> None:
    """Raises ValueError when one of the parts does not exist in such a model."""
    for part in parts:
        is_mlp = part.layer is not None and part.head is None
        if (part.layer or 0) >= n_layers or (part.head or 0) >= n_heads or (is_mlp and not mlps):
            raise ValueError(
                f"this model has no {part}: it has {n_layers} layers of {n_heads} heads"
                + ("" if mlps else " and no MLPs")
            )
