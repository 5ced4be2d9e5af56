"""Names of the parts of a transformer that write into the residual stream, and of those that read from it.

Writers: `embed`, `9.6` (head 6 of layer 9), `m3` (the MLP of layer 3). Readers: `9.6.q`, `9.6.k`, `9.6.v`,
`m3`, `logits`. Both are small frozen values made from these strings, printed as them, and ordered as the model
computes them, so that "can this writer reach that reader?" is a comparison of two numbers.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import total_ordering
from typing import Any

from .trust import refuse_no_bridge

LAST = 10**6  # later than any layer


@total_ordering
@dataclass(frozen=True)
class Writer:
    """`embed`, one head, or one MLP. `layer` and `head` are None where they do not apply.

    Raises:
        ValueError: none of these.
    """

    layer: int | None = None
    head: int | None = None

    def __post_init__(self) -> None:
        if not _counted(self) or (self.layer is None and self.head is not None):
            raise ValueError(
                "a Writer is Writer() (the embedding), Writer(9, 6) (a head) or Writer(3) (an MLP), "
                f"not Writer({self.layer!r}, {self.head!r})"
            )

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
    """The q, k or v input of one head, the input of one MLP (`input` "mlp"), or the logits.

    Raises:
        ValueError: none of these.
    """

    input: str
    layer: int | None = None
    head: int | None = None

    def __post_init__(self) -> None:
        stated = tuple(part is not None for part in (self.layer, self.head))
        due = {"logits": (False, False), "mlp": (True, False), **dict.fromkeys("qkv", (True, True))}
        if not _counted(self) or not isinstance(self.input, str) or due.get(self.input) != stated:
            raise ValueError(
                "a Reader is Reader('q', 9, 6) (or 'k', 'v'), Reader('mlp', 3) or Reader('logits'), "
                f"not Reader({self.input!r}, {self.layer!r}, {self.head!r})"
            )

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


def _counted(part: Writer | Reader) -> bool:
    """Whether layer and head are counts where they are stated; they become Python's own ints."""
    for name in ("layer", "head"):
        if (value := getattr(part, name)) is not None:
            if (number := _count(value)) is None:
                return False
            object.__setattr__(part, name, number)
    return True


def _count(value: Any) -> int | None:
    """A whole number from 0 on, or None."""
    try:
        number = operator.index(value)
    except TypeError:
        return None
    return None if isinstance(value, bool) or number < 0 else number


HEAD = re.compile(r"L?(\d+)[.H](\d+)")
MLP = re.compile(r"m(\d+)")


def head(name: Any, model: Any = None) -> tuple[int, int]:
    """(layer, head) of `"9.6"`, `"L9H6"` or `(9, 6)`.

    Args:
        model: if given, a TransformerBridge that must have this head.

    Raises:
        ValueError: none of these, or not in this model, or a model that is no bridge.
    """
    found = (name.layer, name.head) if isinstance(name, Writer) else _pair(name)
    if found is None or None in found:
        raise ValueError(f"a head is named by its layer and number, such as '9.6', 'L9H6' or (9, 6), not {name!r}")
    if model is None:
        return found
    refuse_no_bridge(model)
    if found[0] >= model.cfg.n_layers or found[1] >= model.cfg.n_heads:
        raise ValueError(
            f"this model has no head {found[0]}.{found[1]}: it has {model.cfg.n_layers} layers of "
            f"{model.cfg.n_heads} heads, counted from 0"
        )
    return found


def _pair(name: Any) -> tuple[int, int] | None:
    """(layer, head), or None where it names no head."""
    if isinstance(name, str):
        match = HEAD.fullmatch(name.strip())
        return match and (int(match[1]), int(match[2]))
    name = name.tolist() if hasattr(name, "tolist") else name  # of a tensor or an array
    if isinstance(name, (tuple, list)) and len(name) == 2:
        pair = _count(name[0]), _count(name[1])
        return None if None in pair else pair
    return None


def writer(name: Any) -> Writer:
    """A Writer from a head's name (see `head`), `"m3"`, `"embed"`, or itself.

    Raises:
        ValueError: none of these.
    """
    if isinstance(name, Writer):
        return name
    if (pair := _pair(name)) is not None:
        return Writer(*pair)
    text = name.strip() if isinstance(name, str) else ""
    if text == "embed":
        return Writer()
    if match := MLP.fullmatch(text):
        return Writer(int(match[1]))
    raise ValueError(f"a writer is 'embed', '9.6' (a head) or 'm3' (an MLP), not {name!r}")


def reader(name: Any) -> Reader:
    """A Reader from a head's name and its input (`"9.6.q"`, `(9, 6, "q")`), `"m3"`, `"logits"`, or itself.

    Raises:
        ValueError: none of these.
    """
    if isinstance(name, Reader):
        return name
    text = name.strip() if isinstance(name, str) else ""
    if text == "logits":
        return Reader("logits")
    if match := MLP.fullmatch(text):
        return Reader("mlp", int(match[1]))
    owner, which = text.rpartition(".")[::2]
    if isinstance(name, tuple) and len(name) == 3:
        owner, which = tuple(name[:2]), name[2]
    if which in ("q", "k", "v") and (pair := _pair(owner)) is not None:
        return Reader(which, *pair)
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


def sites_sent(model: Any) -> tuple[str, ...]:
    """The activations that hold what the writers of this model say."""
    return ("resid_pre", "z") + ("mlp_out",) * (not getattr(model.cfg, "attn_only", False))
