"""Prompts in one form: token ids, (batch, pos), on the model's device."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

from .places import short, whole_numbers

Prompts = Int[Tensor, "batch pos"] | str | Sequence[str] | Sequence[Sequence[int]]


def as_tokens(model: Any, prompts: Prompts, name: str) -> Int[Tensor, "batch pos"]:
    """Token ids on the model's device, from a tensor, one string or list of ids, or several of equal length.

    Raises:
        ValueError: not prompts, of different lengths, longer than the model's context, or not of its vocabulary.
    """
    if isinstance(prompts, str):
        prompts = [prompts]
    if not isinstance(prompts, Tensor):
        rows = prompts.tolist() if hasattr(prompts, "tolist") else prompts  # of an array
        if not isinstance(rows, Sequence):
            raise ValueError(f"{name} are token ids or strings, not {short(prompts)}")
        rows = list(rows)
        if any(isinstance(row, str) for row in rows):
            if model.tokenizer is None:
                raise ValueError(f"this model has no tokenizer, so {name} must be token ids")
            rows = [model.to_tokens(row)[0].tolist() if isinstance(row, str) else row for row in rows]
        lengths = sorted({len(row) for row in rows if isinstance(row, (Sequence, Tensor)) and not _is_number(row)})
        if len(lengths) > 1:
            raise ValueError(f"{name} must all have the same number of tokens, but they have {lengths}")
        rows = [row.tolist() if isinstance(row, Tensor) else row for row in rows]
        prompts = whole_numbers(rows, name) if rows else torch.zeros(0, 0)
    if prompts.ndim not in (1, 2) or prompts.numel() == 0:
        raise ValueError(f"{name} are (batch, pos) token ids, at least one of them, not {tuple(prompts.shape)}")
    prompts = whole_numbers(prompts, name)
    if prompts.is_meta:
        raise ValueError(f"{name} are on the meta device, so they hold no ids")
    tokens = prompts if prompts.ndim == 2 else prompts[None]
    if tokens.shape[1] > model.cfg.n_ctx:
        raise ValueError(f"{name} have {tokens.shape[1]} tokens, but the model's context is {model.cfg.n_ctx}")
    if ((tokens < 0) | (tokens >= model.cfg.d_vocab)).any():
        raise ValueError(f"{name} hold an id outside the model's vocabulary, 0 to {model.cfg.d_vocab - 1}")
    return tokens.to(next(model.parameters()).device).clone()


def _is_number(row: Any) -> bool:
    return isinstance(row, Tensor) and row.ndim == 0
