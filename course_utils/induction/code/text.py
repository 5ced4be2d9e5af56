"""Losses of a model on Python text, where what was seen before helps, and where it does not.

1. The text is cut into windows of the model's context, each begun by the starting token.
2. Python's own tokenizer says which tokens belong to names (identifiers). Of their second and later tokens, some
   belong to a name that stood in this window before (*repeated*), the others do not (*new*).
3. A model's losses are kept window by window, so that every mean has its interval.

The in-context-learning score is Olsson et al.'s (2022), with their positions 50 and 500 of 512 scaled to this context
and each averaged over 16 neighbouring tokens, since one token of some hundred windows is mostly noise.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course_utils.induction.scores.measures import token_losses
from course_utils.intervals import bootstrap_weights
from course_utils.python_text import samples
from course_utils.python_text.contexts import labelled_contexts, name_masks

AROUND = 8  # the score averages so many tokens to either side


@dataclass(frozen=True)
class Windows:
    """Text for a model: tokens, which of them are later parts of repeated or of new names, and which file each is from.

    Windows of one file are not independent; what is resampled for an interval is the files (`module`).
    """

    tokens: Int[Tensor, "window pos"]
    repeated: Bool[Tensor, "window pos"]
    new: Bool[Tensor, "window pos"]
    module: Int[Tensor, "window"]

    def __len__(self) -> int:
        return len(self.tokens)

    def __getitem__(self, which: slice) -> "Windows":
        return Windows(self.tokens[which], self.repeated[which], self.new[which], self.module[which])


def code_windows(model: Any, texts: Sequence[str] | None = None) -> Windows:
    """Whole windows of Python text in the tokens of a code model; by default of the sample programs.

    Args:
        model: a bridge with its tokenizer.
        texts: whole Python files. What is left over at the end of each is dropped.
    """
    texts = [samples.read(name) for name in samples.names()] if texts is None else texts
    tokens, labels = labelled_contexts(texts, model.tokenizer, model.cfg.n_ctx, limit=sys.maxsize)
    return Windows(tokens, *name_masks(tokens, labels, model.tokenizer.backend_tokenizer), labels["text"])


@dataclass(frozen=True)
class TextLosses:
    """Losses in nats, per window (the last axis), for any number of models or ablations (`*run`).

    Attributes:
        mean: over all tokens. early, late: over the 16 tokens around the score's two positions.
        repeated, new: summed over the later tokens of repeated and of new names.
        repeated_count, new_count: how many those are; the same for every run.
        module: which file each window is from.
    """

    mean: Float[Tensor, "*run window"]
    early: Float[Tensor, "*run window"]
    late: Float[Tensor, "*run window"]
    repeated: Float[Tensor, "*run window"]
    new: Float[Tensor, "*run window"]
    repeated_count: Float[Tensor, "window"]
    new_count: Float[Tensor, "window"]
    module: Int[Tensor, "window"]

    @classmethod
    def of(cls, loss: Float[Tensor, "window pos-1"], windows: Windows) -> "TextLosses":
        """From the loss of every token but the first of each window."""
        early, late = score_positions(windows.tokens.shape[1])
        repeated, new = windows.repeated[:, 1:], windows.new[:, 1:]
        return cls(
            mean=loss.mean(1),
            early=loss[:, max(0, early - AROUND) : early + AROUND].mean(1),
            late=loss[:, late - AROUND : late + AROUND].mean(1),
            repeated=(loss * repeated).sum(1),
            new=(loss * new).sum(1),
            repeated_count=repeated.sum(1).float(),
            new_count=new.sum(1).float(),
            module=windows.module,
        )

    @classmethod
    def stacked(cls, runs: Sequence["TextLosses"]) -> "TextLosses":
        """Several runs over the same windows."""
        last = runs[0]
        names = [field.name for field in fields(cls)[:5]]
        each = {name: torch.stack([getattr(run, name) for run in runs]) for name in names}
        return cls(**each, repeated_count=last.repeated_count, new_count=last.new_count, module=last.module)

    def __getitem__(self, run: int) -> "TextLosses":
        each = {field.name: getattr(self, field.name)[run] for field in fields(self)[:5]}
        return replace(self, **each)

    def weights(self) -> Float[Tensor, "draw window"]:
        """Draws for intervals: the files are resampled, each with all of its windows."""
        return bootstrap_weights(len(self.module), clusters=self.module)

    def estimate(self, what: str, weights: Float[Tensor, "draw window"] | None = None) -> Float[Tensor, "..."]:
        """One number for each run: "loss", "icl", "repeated", "new" (nats per token), or "gain", new minus repeated.

        Shape (*run), or (draw, *run) with weights.

        Args:
            weights: of the windows, from `weights()`; all equal if None.

        Raises:
            ValueError: another word.
        """
        if weights is None:
            weights = torch.full((len(self.repeated_count),), 1 / len(self.repeated_count), dtype=torch.float64)

        def mean(values: Tensor) -> Tensor:
            out = values.double() @ weights.mT if weights.ndim > 1 else values.double() @ weights
            return out.movedim(-1, 0) if weights.ndim > 1 else out

        def ratio(total: Tensor, count: Tensor) -> Tensor:
            below = mean(count)  # () or (draw,), beside (*run) or (draw, *run)
            return mean(total) / below[(..., *[None] * (total.ndim - 1))]

        makers: dict[str, Callable[[], Tensor]] = {
            "loss": lambda: mean(self.mean),
            "icl": lambda: mean(self.late) - mean(self.early),
            "repeated": lambda: ratio(self.repeated, self.repeated_count),
            "new": lambda: ratio(self.new, self.new_count),
            "gain": lambda: ratio(self.new, self.new_count) - ratio(self.repeated, self.repeated_count),
        }
        if what not in makers:
            raise ValueError(f"an estimate is one of {', '.join(makers)}, not {what!r}")
        return makers[what]()


def score_positions(n_ctx: int) -> tuple[int, int]:
    """Where the in-context-learning score reads: Olsson et al.'s 50 and 500 of 512, scaled to a context of n_ctx."""
    return round(n_ctx * 50 / 512), round(n_ctx * 500 / 512)


@torch.no_grad()
def losses_of(
    model: Any, tokens: Int[Tensor, "window pos"], hooks: Sequence[tuple[str, Callable]] = (), batch: int = 32
) -> Float[Tensor, "window pos-1"]:
    """The loss of every token but the first, a few windows at a time, with `hooks` in place if there are any."""
    device = model.W_E.device
    parts = [tokens[start : start + batch].to(device) for start in range(0, len(tokens), batch)]
    return torch.cat([token_losses(model.run_with_hooks(p, fwd_hooks=list(hooks)), p).cpu() for p in parts])
