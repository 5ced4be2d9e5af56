"""A question put to a model: which prompts, what is measured, and what takes the place of what.

`denoising` runs the corrupt prompts and puts clean activations in (what is sufficient to restore the behaviour?);
`noising` runs the clean prompts and takes something away (what is necessary?): by resampling (activations of
the corrupt prompts), by the mean over a stated set of prompts, or by zeros.

A `Question` is a value. Its two baselines and their activations are computed once and shared by its methods, each of
which stands in the file that computes it: `sweep`, `path_patch`, `attribute`, `attribute_edges`, `run`,
`faithfulness`, `completeness`, `minimality`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import cached_property
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from ..intervals import numbered
from .attribution import attribute
from .circuit_runs import run
from .criteria import completeness, faithfulness, minimality
from .edges import attribute_edges
from .metrics import Metric, as_metric
from .paths import path_patch
from .places import Positions, as_places, copied, short, whole_number
from .prompts import Prompts, as_tokens
from .runs import Kept
from .sweeps import sweep
from .trust import refuse_model

Mask = Bool[Tensor, "batch pos"] | Callable[[Tensor], Tensor]
ABLATIONS = ("resample", "mean", "zero")
DIRECTIONS = ("denoising", "noising")
ROUTES = ("auto", "hooks")


@dataclass(frozen=True, eq=False, repr=False)
class Question:
    """What is asked of a model.

    Args:
        model: a TransformerBridge; left exactly as it was.
        clean, corrupt: prompts as (batch, pos) token ids or strings, all of one length. Corrupt ones are needed for
            resampling only.
        metric: a `Metric`, or a function of all the logits, (batch, pos, d_vocab) -> (batch,).
        ablation: "resample" (exchange with the other prompts), "mean" (over `reference`) or "zero".
        direction: "denoising" (default when resampling) or "noising" (the only one for the others). Circuits are
            always run on the clean prompts, and what is outside them is taken from the corrupt ones.
        reference: prompts that a mean is taken over, position by position (padding is counted like any other token).
        groups: (batch,) labels; the mean is then taken within the reference prompts of the same label, and clean
            and reference have equally many prompts.
        positions: named positions, `{"S2": one per prompt, "END": -1}`: the default axis of sweeps by position, and
            names that senders and parts of circuits may be held to.
        attention_mask: (batch, pos), 0 where a token is padding, for clean and corrupt prompts alike; or a function
            that makes it from token ids, such as `lambda tokens: tokens != PAD`.
        memory: bytes that the interventions of one chunk may hold (default 256 MiB on a CPU, 4 GiB on a GPU); the
            activations of the unpatched runs come on top.
        route: "auto", or "hooks" to go through TransformerLens's hooks where there is such a way.

    Raises:
        ValueError: in one sentence, what does not fit together.
    """

    model: Any
    clean: Prompts
    corrupt: Prompts | None = None
    metric: Metric | Callable[[Tensor], Tensor] | None = None
    _: KW_ONLY
    ablation: str = "resample"
    direction: str | None = None
    reference: Prompts | None = None
    groups: Sequence[Any] | Int[Tensor, "batch"] | None = None
    positions: Mapping[str, Positions] | None = None
    attention_mask: Mask | None = None
    memory: int | None = None
    route: str = "auto"
    _kept: Kept = field(default_factory=Kept, init=False)

    def __post_init__(self) -> None:
        with torch.inference_mode(False):  # what is kept here takes part in gradients
            self._complete()

    def _complete(self) -> None:
        """Check everything, and bring it into one form."""
        refuse_model(self.model)
        default = "denoising" if self.ablation == "resample" and self.corrupt is not None else "noising"
        self._set(metric=as_metric(self.metric), direction=self.direction or default)
        for name, allowed in (("ablation", ABLATIONS), ("direction", DIRECTIONS), ("route", ROUTES)):
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} is one of {', '.join(allowed)}, not {getattr(self, name)!r}")
        if self.ablation != "resample" and self.direction == "denoising":
            raise ValueError(f"{self.ablation} ablation takes away from the clean run: its direction is noising")
        for name in ("clean", "corrupt", "reference"):
            given = getattr(self, name)
            if given is not None or name == "clean":
                self._set(**{name: as_tokens(self.model, given, f"{name} prompts")})
        self._compare_prompts()
        if self.groups is not None:
            self._set(groups=self._numbered(self.groups))
        if self.positions is not None and not (isinstance(self.positions, Mapping) and self.positions):
            raise ValueError("a question's positions have names: {'S2': one position per prompt, 'END': -1}")
        if self.positions is not None:
            self._set(positions={name: copied(at) for name, at in self.positions.items()})
        if not callable(self.attention_mask):
            self._set(attention_mask=copied(self.attention_mask))
        if self.memory is not None:
            self._set(memory=whole_number(self.memory, "memory, a number of bytes,", 1))
        for name in self.positions or ():
            self.places(name)
        self.need, self.ids, self.mask_of("clean")  # what does not fit is said here and not later
        for name in ("clean", "corrupt"):
            self._refuse_reading_padding(name)

    def _set(self, **values: Any) -> None:
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def _compare_prompts(self) -> None:
        clean, corrupt, reference = self.clean, self.corrupt, self.reference
        for name, tokens in (("corrupt", corrupt), ("reference", reference)):
            if tokens is not None and tokens.shape[1] != clean.shape[1]:
                raise ValueError(
                    f"clean and {name} prompts must have the same number of tokens, "
                    f"but they have {clean.shape[1]} and {tokens.shape[1]}"
                )
        if corrupt is not None and len(corrupt) != len(clean):
            raise ValueError(f"there are {len(clean)} clean prompts but {len(corrupt)} corrupt ones")
        if corrupt is None and self.direction == "denoising":
            raise ValueError("denoising changes the run of the corrupt prompts, but there are none")
        if (reference is None) == (self.ablation == "mean"):
            raise ValueError("a mean is taken over stated prompts: give reference= with ablation='mean', and only then")

    def _refuse_reading_padding(self, name: str) -> None:
        """Raises ValueError when a position that the metric states is padding, where the model says nothing."""
        mask = self.mask_of(name)
        if mask is None or self.metric.positions is None:
            return
        if not (kept := mask.gather(1, self.need)).all():
            prompt, at = (int(i) for i in (~kept).nonzero()[0])
            raise ValueError(
                f"the metric reads position {int(self.need[prompt, at])} of {name} prompt {prompt}, which the "
                "attention mask calls padding: state a position for each prompt"
            )

    def _numbered(self, groups: Any) -> Int[Tensor, "batch"]:
        if (labels := numbered(groups)) is None:
            raise ValueError(f"groups are labels, one for each prompt, not {short(groups)}")
        if self.reference is None or not len(labels) == len(self.clean) == len(self.reference):
            raise ValueError("groups label clean and reference prompts alike, so there must be equally many of each")
        return torch.tensor(labels, device=self.clean.device)

    @property
    def base_name(self) -> str:
        """Which prompts are run: "clean" or "corrupt"."""
        return "corrupt" if self.direction == "denoising" else "clean"

    @property
    def donor_name(self) -> str:
        """Whose activations are put in when resampling: the others', or without others those of the prompts run."""
        return "clean" if self.direction == "denoising" or self.corrupt is None else "corrupt"

    @property
    def base(self) -> Int[Tensor, "batch pos"]:
        """The prompts that are run."""
        return getattr(self, self.base_name)

    @property
    def donor(self) -> Int[Tensor, "batch pos"]:
        """The prompts whose activations are put in, when resampling."""
        return getattr(self, self.donor_name)

    @cached_property
    def need(self) -> Int[Tensor, "batch n"]:
        """The positions that the metric reads."""
        return self.metric.positions_of(self.clean)

    @cached_property
    def ids(self) -> Int[Tensor, "batch token"] | None:
        """The tokens whose logits it reads; None: the whole vocabulary."""
        return self.metric.tokens_of(self.clean, d_vocab_out(self.model))

    def first_change(self) -> Int[Tensor, "batch"]:
        """Where attention is causal, the first position at which a donor can differ (the length: nowhere)."""
        batch, length = self.clean.shape
        if self.ablation != "resample":
            return torch.zeros(batch, dtype=torch.long, device=self.clean.device)
        differs = self.base != self.donor
        return torch.where(differs.any(1), differs.int().argmax(1), length)

    def mean(self, activation: Float[Tensor, "n ..."]) -> Float[Tensor, "batch ..."]:
        """Per clean prompt, the mean over the reference prompts (of its group)."""
        if self.groups is None:
            return activation.mean(0, keepdim=True).expand(len(self.clean), *activation.shape[1:])
        means = [activation[self.groups == group].mean(0) for group in range(int(self.groups.max()) + 1)]
        return torch.stack(means)[self.groups]

    def places(self, at: Positions | str) -> Int[Tensor, "batch n"]:
        """Positions, stated or by one of the question's names.

        Raises:
            ValueError: no such name, or as `as_places`.
        """
        if isinstance(at, str):
            if at not in (self.positions or {}):
                names = ", ".join(self.positions or ()) or "none"
                raise ValueError(f"the question has no position {at!r}; it names {names}")
            return as_places(self.positions[at], self.clean, f"position {at!r}")
        return as_places(at, self.clean, "at=")

    def mask_of(self, name: str) -> Bool[Tensor, "n pos"] | None:
        """True where a token of these prompts ("clean", "corrupt" or "reference") is none of the padding.

        Raises:
            ValueError: a mask of another shape than the prompts, or that leaves a prompt without a token.
        """
        tokens, mask = getattr(self, name), self.attention_mask
        if mask is None or tokens is None:
            return None
        if not callable(mask) and name == "reference":
            raise ValueError("reference prompts need their own mask: give attention_mask as a function of token ids")
        given = mask(tokens) if callable(mask) else mask
        try:
            mask = torch.as_tensor(given, device=tokens.device)
        except (TypeError, ValueError, RuntimeError):
            mask = torch.zeros(0)
        if mask.shape != tokens.shape or not ((mask == 0) | (mask == 1)).all() or not mask.any(1).all():
            raise ValueError(
                f"an attention mask is 1 or 0 for each token of the {name} prompts, {tuple(tokens.shape)}, "
                "with a 1 in every row"
            )
        return None if mask.all() else mask.bool()

    @property
    def how(self) -> str:
        """What is put in, in two words."""
        return self.direction if self.ablation == "resample" else f"{self.ablation} ablation"

    def refuse_without_donor(self, values: Any = None) -> None:
        """Raises ValueError when there is nothing to put in."""
        if self.ablation == "resample" and self.corrupt is None and values is None:
            raise ValueError("resampling needs corrupt prompts, whose activations are exchanged with the clean ones")

    def noising(self) -> Question:
        """The same question with the clean prompts run. It shares the runs."""
        if self.direction == "noising":
            return self
        other = replace(self, direction="noising")
        other._set(_kept=self._kept)
        return other

    sweep = sweep
    path_patch = path_patch
    attribute = attribute
    attribute_edges = attribute_edges
    run = run
    faithfulness = faithfulness
    completeness = completeness
    minimality = minimality

    def __repr__(self) -> str:
        batch, length = self.clean.shape
        named = f", positions {', '.join(self.positions)}" if self.positions else ""
        return f"Question: {self.metric.name} on {batch} prompts of {length} tokens; {self.how}{named}"


def d_vocab_out(model: Any) -> int:
    """How many tokens (or classes) the logits are of."""
    out = getattr(model.cfg, "d_vocab_out", -1) or -1
    return out if out > 0 else model.cfg.d_vocab
