"""Positions in prompts: one way to state them, for metrics, axes, senders and circuits.

- an int: the same position in every prompt;
- (batch,): one for each prompt;
- (batch, n), or (1, n) for all prompts alike: n of them for each prompt.

Lists and tensors mean the same. Negative positions count from the end.
"""

from __future__ import annotations

import copy
import operator
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

Positions = int | Sequence[int] | Sequence[Sequence[int]] | Int[Tensor, "batch"] | Int[Tensor, "batch n"]


def whole_numbers(value: Any, what: str) -> Int[Tensor, "..."]:
    """An integer tensor.

    Raises:
        ValueError: it is none, or holds booleans or fractions.
    """
    try:
        out = torch.as_tensor(value)
    except (TypeError, ValueError, RuntimeError):
        raise ValueError(f"{what} are whole numbers, all rows of one length, not {short(value)}") from None
    odd = out.dtype == torch.bool or out.is_floating_point() or out.is_complex()
    if odd and (out.numel() or isinstance(value, Tensor)):  # an empty list is of no type yet
        raise ValueError(f"{what} are whole numbers, not of type {str(out.dtype).removeprefix('torch.')}")
    return out.long()


def whole_number(value: Any, what: str, least: int = 0) -> int:
    """An int.

    Raises:
        ValueError: it is none, or too small.
    """
    try:
        number = operator.index(value)
    except TypeError:
        number = None
    if number is None or number < least:
        raise ValueError(f"{what} is a whole number of at least {least}, not {short(value)}")
    return number


def copied(value: Any) -> Any:
    """The same in memory of its own, so that what the caller does to theirs afterwards changes nothing."""
    try:
        return value.clone() if isinstance(value, Tensor) else copy.deepcopy(value)
    except TypeError:  # a generator, say: it is refused where it is read
        return value


def short(value: Any) -> str:
    """A value as a message shows it: on one line, of at most sixty characters."""
    return " ".join(repr(value).split())[:60]


def as_places(positions: Positions, tokens: Int[Tensor, "batch pos"], what: str) -> Int[Tensor, "batch n"]:
    """The positions of each prompt, counted from the start, on the prompts' device.

    Args:
        what: whose positions they are, for the message.

    Raises:
        ValueError: none at all, for another number of prompts, or outside the prompts.
    """
    batch, length = tokens.shape
    at = whole_numbers(positions, f"{what}'s positions").to(tokens.device)
    if at.ndim > 2 or at.numel() == 0:
        raise ValueError(f"{what}'s positions are an int, one per prompt, or rows of them, not {short(positions)}")
    if at.ndim == 0:
        at = at.expand(batch, 1)
    elif at.ndim == 1:
        if len(at) != batch:
            raise ValueError(
                f"{what}'s positions are stated for {len(at)} prompts, but there are {batch}; "
                "several positions of every prompt are written [[…]]"
            )
        at = at[:, None]
    elif len(at) not in (1, batch):
        raise ValueError(f"{what}'s positions are stated for {len(at)} prompts, but there are {batch}")
    if ((at < -length) | (at >= length)).any():
        raise ValueError(f"{what} has a position outside the prompts, which have {length} tokens")
    return (at % length).expand(batch, -1)
