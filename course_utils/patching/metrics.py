"""What is read from a run: metrics as functions of the logits at stated positions and tokens.

A `Metric` says which positions and which tokens it reads, so that nothing else is unembedded, and maps those
logits to one number per prompt. Ready-made ones: `logit_diff`, `logit`, `log_prob`; `metric(fn)` makes one
from any function. Over several positions the ready-made ones are means.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from .places import Positions, as_places, copied, whole_numbers

Ids = Int[Tensor, "batch"] | Int[Tensor, "batch n"] | Sequence[int]


@dataclass(frozen=True)
class Metric:
    """One number per prompt, from the logits at `positions` into `tokens`.

    Args:
        fn: maps logits (batch, position, token) to values (batch,).
        positions: see `places`; None: every position.
        tokens: (batch, token) ids whose logits `fn` reads, or None for the whole vocabulary.
        name: what the axis of a plot says.
        batched: `fn` also accepts any number of leading axes, which saves a call per cell.
    """

    fn: Callable[[Float[Tensor, "batch pos token"]], Float[Tensor, "batch"]]
    positions: Positions | None = None
    tokens: Int[Tensor, "batch token"] | None = None
    name: str = "metric"
    batched: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "positions", copied(self.positions))

    def positions_of(self, tokens: Int[Tensor, "batch pos"]) -> Int[Tensor, "batch n"]:
        """The positions that are read, one row per prompt, counted from the start.

        Raises:
            ValueError: as `as_places`.
        """
        if self.positions is None:
            return torch.arange(tokens.shape[1], device=tokens.device).expand(len(tokens), -1)
        return as_places(self.positions, tokens, "the metric")

    def tokens_of(self, tokens: Int[Tensor, "batch pos"], d_vocab: int) -> Int[Tensor, "batch token"] | None:
        """The token ids that are read, on the prompts' device.

        Raises:
            ValueError: stated for another number of prompts, or not in the vocabulary.
        """
        if self.tokens is None:
            return None
        ids = self.tokens.to(tokens.device).clone()
        if len(ids) != len(tokens):
            raise ValueError(f"the metric states tokens for {len(ids)} prompts, but there are {len(tokens)}")
        if ((ids < 0) | (ids >= d_vocab)).any():
            raise ValueError(f"the metric reads a token that the model cannot say: its ids run from 0 to {d_vocab - 1}")
        return ids

    def of(self, logits: Float[Tensor, "*cells batch pos token"]) -> Float[Tensor, "*cells batch"]:
        """Values for one run, or for a stack of runs.

        Raises:
            ValueError: `fn` does not return one value per prompt.
        """
        if self.batched or logits.ndim == 3:
            out = self._call(logits)
        else:
            cells = [self._call(cell) for cell in logits.flatten(0, -4)]
            out = torch.stack(cells).unflatten(0, logits.shape[:-3])
        return out

    def _call(self, logits: Tensor) -> Tensor:
        out, expected = self.fn(logits), tuple(logits.shape[:-2])
        if not isinstance(out, Tensor) or tuple(out.shape) != expected or not out.is_floating_point():
            said = f"{out.dtype} {tuple(out.shape)}" if isinstance(out, Tensor) else type(out).__name__
            raise ValueError(
                f"a metric returns one real value per prompt, shape {expected}, but {self.name!r} returned {said}"
            )
        return out


def as_metric(value: Metric | Callable[[Tensor], Tensor] | None) -> Metric:
    """A Metric as it is; a plain function of all the logits, (batch, pos, d_vocab) -> (batch,), as one.

    Raises:
        ValueError: neither.
    """
    if value is None:
        raise ValueError("say what to measure: metric=logit_diff(correct, wrong), or a function of the logits")
    if not callable(value) and not isinstance(value, Metric):
        raise ValueError(f"a metric is made by logit_diff, logit, log_prob or metric, not {type(value).__name__}")
    return value if isinstance(value, Metric) else metric(value)


def metric(fn: Callable[[Tensor], Tensor], positions: Positions | None = None, name: str | None = None) -> Metric:
    """Any function of the logits at these positions (None: all), (batch, position, d_vocab) -> (batch,)."""
    return Metric(fn, positions, None, name or getattr(fn, "__name__", "metric"))


def logit_diff(correct: Ids, wrong: Ids, position: Positions = -1) -> Metric:
    """Logit of the correct token minus that of the wrong one (of several: minus their mean).

    Args:
        correct: (batch,) token ids.
        wrong: (batch,) or (batch, n) token ids.
        position: where it is read, see `places`; over several positions the mean is taken.
    """
    correct, wrong = _ids(correct, "correct"), _ids(wrong, "wrong", several=True)
    if len(correct) != len(wrong):
        raise ValueError(f"there are correct tokens for {len(correct)} prompts, but wrong ones for {len(wrong)}")
    return Metric(
        lambda logits: (logits[..., 0] - logits[..., 1:].mean(-1)).mean(-1),
        position,
        torch.cat([correct, wrong.to(correct.device)], dim=1),
        "logit difference",
        batched=True,
    )


def logit(token: Ids, position: Positions = -1) -> Metric:
    """The logit of one token per prompt (over several positions: the mean)."""
    return Metric(lambda logits: logits[..., 0].mean(-1), position, _ids(token, "token"), "logit", batched=True)


def log_prob(token: Ids, position: Positions = -1) -> Metric:
    """The log-probability, in nats, of one token per prompt; it reads the whole vocabulary.

    Args:
        token: (batch,) ids, or (batch, n), one for each of n positions.
        position: where it is read, see `places`; over several positions the mean is taken.
    """
    token = _ids(token, "token", several=True)

    def value(logits: Float[Tensor, "*cells batch pos d_vocab"]) -> Float[Tensor, "*cells batch"]:
        if token.shape[1] not in (1, logits.shape[-2]):
            raise ValueError(f"log_prob has {token.shape[1]} tokens a prompt for {logits.shape[-2]} positions")
        if len(token) != logits.shape[-3] or int(token.max()) >= logits.shape[-1]:
            raise ValueError(
                f"log_prob has tokens for {len(token)} prompts up to id {int(token.max())}, but the logits are of "
                f"{logits.shape[-3]} prompts and {logits.shape[-1]} tokens"
            )
        ids = token.to(logits.device).expand(logits.shape[:-1])[..., None]
        return logits.log_softmax(-1).gather(-1, ids)[..., 0].mean(-1)

    return Metric(value, position, None, "log-probability", batched=True)


def _ids(value: Any, what: str, several: bool = False) -> Int[Tensor, "batch n"]:
    ids = whole_numbers(value, f"{what} ids")
    if ids.ndim not in ((1, 2) if several else (1,)) or ids.numel() == 0:
        shapes = "(batch,) or (batch, n)" if several else "(batch,)"
        raise ValueError(f"{what} ids have the shape {shapes}, not {tuple(ids.shape)}")
    if (ids < 0).any():
        raise ValueError(f"{what} ids are counted from 0, but {int(ids.min())} is among them")
    with torch.inference_mode(False):  # gradients of a metric are taken also where inference mode was on
        ids = ids.clone()
    return ids if ids.ndim == 2 else ids[:, None]
