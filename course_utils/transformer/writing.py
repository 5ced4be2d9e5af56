"""The hook that most interventions are: copy what was computed, write something else into it, and return it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor


def writing(
    new: Tensor | float, at: int | Sequence[int] | slice = slice(None), head: int | None = None
) -> Callable[[Tensor, Any], Tensor]:
    """A hook that writes `new` into (batch, pos, d_model), or with `head` into (batch, pos, head, d_head).

    Args:
        new: what broadcasts to what is replaced, such as (d_model,), (pos, d_model) or (batch, pos, d_model).
        at: the position or positions; all of them, if none is given.
        head: the head whose activations are replaced.
    """

    def hook(x: Tensor, hook: Any) -> Tensor:
        x = x.clone()
        x[(slice(None), at) if head is None else (slice(None), at, head)] = new
        return x

    return hook
