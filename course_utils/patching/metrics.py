"""What is read from a run: metrics as functions of the logits at stated positions and tokens.

A `Metric` says which positions and which tokens it reads, so that nothing else is unembedded, and maps those
logits to one number per prompt. Ready-made ones: `logit_diff`, `logit`, `log_prob`; `metric(fn)` makes one
from any function.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

Positions = int | Sequence[int] | Tensor


@dataclass(frozen=True)
class Metric:
    """One number per prompt, from the logits at `positions` into `tokens`.

    Args:
        fn: maps logits (batch, position, token) to values (batch,).
        positions: an int, a sequence of ints (the same for each prompt), or a tensor (batch,) or
            (batch, position). Negative ones count from the end.
        tokens: (batch, token) ids whose logits `fn` reads, or None for the whole vocabulary.
        name: what the axis of a plot says.
        batched: `fn` also accepts any number of leading axes, which saves a call per cell.
    """

    fn: Callable[[Float[Tensor, "batch pos token"]], Float[Tensor, "batch"]]
    positions: Positions = -1
    tokens: Int[Tensor, "batch token"] | None = None
    name: str = "metric"
    batched: bool = False

    def positions_of(self, tokens: Int[Tensor, "batch pos"]) -> Int[Tensor, "batch n"]:
        """The positions that are read, one row per prompt, counted from the start.

        Raises:
            ValueError: a position outside the prompts, or a tensor for another number of prompts.
        """
        batch, length = tokens.shape
        at = torch.as_tensor(self.positions, dtype=torch.long, device=tokens.device)
        if at.ndim == 0:
            at = at.expand(batch, 1)
        elif at.ndim == 1:
            per_prompt = isinstance(self.positions, Tensor)
            at = at[:, None] if per_prompt else at.expand(batch, -1)
        if at.shape[0] != batch:
            raise ValueError(f"the metric states positions for {at.shape[0]} prompts, but there are {batch}")
        if ((at < -length) | (at >= length)).any():
            raise ValueError(f"the metric reads a position outside the prompts, which have {length} tokens")
        return at % length

    def tokens_of(self, tokens: Int[Tensor, "batch pos"]) -> Int[Tensor, "batch token"] | None:
        """The token ids that are read, on the prompts' device.

        Raises:
            ValueError: stated for another number of prompts.
        """
        if self.tokens is None:
            return None
        ids = torch.as_tensor(self.tokens, device=tokens.device)
        if ids.shape[0] != tokens.shape[0]:
            raise ValueError(f"the metric states tokens for {ids.shape[0]} prompts, but there are {tokens.shape[0]}")
        return ids

    def of(self, logits: Float[Tensor, "*cells batch pos token"]) -> Float[Tensor, "*cells batch"]:
        """Values for one run, or for a stack of runs.

        Raises:
            ValueError: `fn` does not return one value per prompt.
        """
        if self.batched or logits.ndim == 3:
            out = self.fn(logits)
        else:
            cells = logits.flatten(0, -4)
            out = torch.stack([self.fn(cell) for cell in cells]).unflatten(0, logits.shape[:-3])
        if out.shape != logits.shape[:-2]:
            raise ValueError(
                f"a metric returns one value per prompt, shape {tuple(logits.shape[:-2])}, "
                f"but {self.name!r} returned {tuple(out.shape)}"
            )
        return out


def as_metric(value: Metric | Callable[[Tensor], Tensor]) -> Metric:
    """A Metric as it is; a plain function of the logits at the last position as one."""
    return value if isinstance(value, Metric) else metric(value)


def metric(fn: Callable[[Tensor], Tensor], positions: Positions = -1, name: str | None = None) -> Metric:
    """Any function of the whole-vocabulary logits: `fn(logits (batch, position, d_vocab)) -> (batch,)`."""
    return Metric(fn, positions, None, name or getattr(fn, "__name__", "metric"))


def logit_diff(correct: Int[Tensor, "batch"], wrong: Int[Tensor, "batch *n"], position: int | Tensor = -1) -> Metric:
    """Logit of the correct token minus that of the wrong one (of several: minus their mean).

    Args:
        correct: (batch,) token ids.
        wrong: (batch,) or (batch, n) token ids.
        position: where it is read; an int, or one per prompt.
    """
    correct, wrong = torch.as_tensor(correct).reshape(-1, 1), torch.as_tensor(wrong)
    wrong = wrong.reshape(correct.shape[0], -1).to(correct.device)
    return Metric(
        lambda logits: logits[..., 0, 0] - logits[..., 0, 1:].mean(-1),
        position,
        torch.cat([correct, wrong], dim=1),
        "logit difference",
        batched=True,
    )


def logit(token: Int[Tensor, "batch"], position: int | Tensor = -1) -> Metric:
    """The logit of one token per prompt."""
    return Metric(
        lambda logits: logits[..., 0, 0], position, torch.as_tensor(token).reshape(-1, 1), "logit", batched=True
    )


def log_prob(token: Int[Tensor, "batch"], position: int | Tensor = -1) -> Metric:
    """The log-probability of one token per prompt; it reads the whole vocabulary at that position."""
    token = torch.as_tensor(token).reshape(-1)

    def value(logits: Float[Tensor, "*cells batch pos d_vocab"]) -> Float[Tensor, "*cells batch"]:
        final = logits[..., 0, :].log_softmax(-1)
        ids = token.to(logits.device).expand(final.shape[:-1])
        return final.gather(-1, ids[..., None])[..., 0]

    return Metric(value, position, None, "log-probability", batched=True)
