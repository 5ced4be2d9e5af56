"""What is patched into what: prompts, the run that is changed, and where the replacements come from.

`denoising` runs the corrupt prompts and puts clean activations in (what is sufficient to restore the behaviour?);
`noising` runs the clean prompts and takes something away (what is necessary?): by resampling (activations of
the corrupt prompts), by the mean over a stated set of prompts, or by zeros.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from .metrics import Metric
from .restart import Run, bytes_per_cell, take
from .unrolled import Unrolled, Unsupported, unroll

Prompts = Int[Tensor, "batch pos"] | str | Sequence[str]
ABLATIONS = ("resample", "mean", "zero")
DIRECTIONS = ("denoising", "noising")
TOLERANCE = {torch.float64: 1e-9, torch.float32: 1e-4, torch.bfloat16: 0.1, torch.float16: 0.02}
MEMORY = {"cpu": 256 * 2**20, "cuda": 4 * 2**30}  # bytes for the interventions of one chunk


def as_tokens(model: Any, prompts: Prompts, name: str = "prompts") -> Int[Tensor, "batch pos"]:
    """Token ids on the model's device, from a tensor, one string, or several of equal length.

    Raises:
        ValueError: the prompts have different lengths.
    """
    if isinstance(prompts, str):
        prompts = [prompts]
    if not isinstance(prompts, Tensor):
        rows = [torch.as_tensor(model.to_tokens(p)[0] if isinstance(p, str) else p) for p in prompts]
        lengths = sorted({len(row) for row in rows})
        if len(lengths) != 1:
            raise ValueError(f"{name} must all have the same number of tokens, but they have {lengths}")
        prompts = torch.stack(rows)
    tokens = prompts if prompts.ndim == 2 else prompts[None]
    return tokens.to(model.W_E.device)


@dataclass(frozen=True)
class Contrast:
    """One question: which run is changed, and by what.

    Args:
        clean, corrupt: (batch, pos) token ids; corrupt may be None for mean and zero ablation.
        ablation: "resample", "mean" or "zero". direction: "denoising" or "noising".
        reference: (n, pos) token ids that a mean is taken over, position by position.
        groups: (batch,) labels; the mean is then taken within the reference prompts of the same label, and
            clean and reference have equally many prompts.
    """

    clean: Int[Tensor, "batch pos"]
    corrupt: Int[Tensor, "batch pos"] | None
    ablation: str
    direction: str
    reference: Int[Tensor, "n pos"] | None = None
    groups: Tensor | None = None

    @property
    def base(self) -> Int[Tensor, "batch pos"]:
        """The prompts that are run."""
        return self.corrupt if self.direction == "denoising" else self.clean

    @property
    def donor(self) -> Int[Tensor, "batch pos"]:
        """The prompts whose activations are put in, when resampling."""
        return self.clean if self.direction == "denoising" else self.corrupt

    def first_change(self) -> Int[Tensor, "batch"]:
        """The first position at which a replacement can differ, per prompt (the length: nowhere)."""
        batch, length = self.clean.shape
        if self.ablation != "resample":
            return torch.zeros(batch, dtype=torch.long, device=self.clean.device)
        differs = self.clean != self.corrupt
        return torch.where(differs.any(1), differs.int().argmax(1), length)

    def mean(self, activation: Float[Tensor, "n ..."]) -> Float[Tensor, "batch ..."]:
        """Per clean prompt, the mean over the reference prompts (of its group)."""
        batch = self.clean.shape[0]
        if self.groups is None:
            return activation.mean(0, keepdim=True).expand(batch, *activation.shape[1:])
        same = (self.groups[:, None] == self.groups[None]).to(activation.dtype)
        weights = same / same.sum(1, keepdim=True)
        return torch.einsum("ij,j...->i...", weights, activation)


def contrast(
    model: Any,
    clean: Prompts,
    corrupt: Prompts | None = None,
    ablation: str = "resample",
    direction: str | None = None,
    reference: Prompts | None = None,
    groups: Int[Tensor, "batch"] | None = None,
) -> Contrast:
    """Check and complete a question.

    Raises:
        ValueError: in one sentence, what does not fit together.
    """
    if ablation not in ABLATIONS:
        raise ValueError(f"ablation is one of {', '.join(ABLATIONS)}, not {ablation!r}")
    direction = direction or ("denoising" if ablation == "resample" else "noising")
    if direction not in DIRECTIONS:
        raise ValueError(f"direction is one of {', '.join(DIRECTIONS)}, not {direction!r}")
    if ablation != "resample" and direction == "denoising":
        raise ValueError(f"{ablation} ablation takes something away from the clean run: its direction is noising")
    refuse_dropout(model)
    clean = as_tokens(model, clean, "clean prompts")
    sets = {"corrupt": corrupt, "reference": reference}
    sets = {name: None if p is None else as_tokens(model, p, f"{name} prompts") for name, p in sets.items()}
    for name, tokens in sets.items():
        if tokens is not None and tokens.shape[1] != clean.shape[1]:
            raise ValueError(
                f"clean and {name} prompts must have the same number of tokens, "
                f"but they have {clean.shape[1]} and {tokens.shape[1]}"
            )
    corrupt, reference = sets["corrupt"], sets["reference"]
    if corrupt is None and ablation == "resample":
        raise ValueError("resampling needs corrupt prompts, whose activations are exchanged with the clean ones")
    if corrupt is not None and corrupt.shape[0] != clean.shape[0]:
        raise ValueError(f"there are {clean.shape[0]} clean prompts but {corrupt.shape[0]} corrupt ones")
    if (reference is None) == (ablation == "mean"):
        raise ValueError("a mean is taken over stated prompts: give reference= with ablation='mean', and only then")
    if groups is not None:
        groups = torch.as_tensor(groups, device=clean.device)
        if reference is None or not len(groups) == clean.shape[0] == reference.shape[0]:
            raise ValueError("groups label clean and reference prompts alike, so there must be equally many of each")
    return Contrast(clean, corrupt, ablation, direction, reference, groups)


def refuse_dropout(model: Any) -> None:
    """Raises ValueError when the model would drop out activations at random."""
    for module in model.modules():
        if isinstance(module, nn.Dropout) and module.training and module.p > 0:
            raise ValueError("the model is in training mode and has dropout: call model.eval() first")


@dataclass(frozen=True)
class Ready:
    """A question with its two runs made: what every fast path starts from.

    base: the run that is changed, with the activations asked for. ends: the metric of the clean run, and of the
    corrupt one (None where there is none). need, ids: the positions and tokens that the metric reads.
    """

    model: Unrolled
    question: Contrast
    metric: Metric
    base: Run
    other: Run | None
    ends: tuple[Tensor, Tensor | None]
    need: Int[Tensor, "batch n"]
    ids: Int[Tensor, "batch token"] | None

    @property
    def base_value(self) -> Float[Tensor, "batch"]:
        return self.ends[self.question.base is not self.question.clean]

    @property
    def length(self) -> int:
        return self.base.final.shape[1]

    def read(self, final: Float[Tensor, "*cells batch need d_model"]) -> Float[Tensor, "*cells batch"]:
        """The metric of last residual streams at the needed positions."""
        return self.metric.of(self.model.logits(final, self.ids))

    def replacements(self, sites: tuple[str, ...]) -> dict[str, list[Tensor]]:
        """For each site the activations that may be put in: one tensor (batch, …) per layer."""
        if self.question.ablation == "resample":
            return {site: self.other[site] for site in sites}
        if self.question.ablation == "zero":
            return {site: [torch.zeros_like(x) for x in self.base[site]] for site in sites}
        kept = Run.of(self.model, self.question.reference[:, : self.length], sites)
        return {site: [self.question.mean(x) for x in kept[site]] for site in sites}

    def budget(self, memory: int | None) -> int:
        """The bytes that one chunk of interventions may hold."""
        return memory or MEMORY.get(self.base.final.device.type, MEMORY["cpu"])

    def bytes_per_cell(self, start: int = 0) -> int:
        """What one intervention holds that recomputes the positions from `start` on."""
        width = self.need.shape[1] * (self.model.W_U.shape[1] if self.ids is None else self.ids.shape[1])
        return bytes_per_cell(self.model, len(self.need), self.length, start, width)


def ready(
    model: Any,
    question: Contrast,
    metric: Metric,
    base_sites: tuple[str, ...],
    donor_sites: tuple[str, ...],
    length: int | None = None,
) -> Ready | None:
    """Make the two runs with the unrolled forward; None when it does not compute what the model computes.

    It is compared with the model itself on a prompt of each set, in one forward, so that hooks which the caller
    left on the model, and anything else that changes it, send the caller of this function another way.
    """
    try:
        unrolled = unroll(model)
    except Unsupported:
        return None
    need, ids = metric.positions_of(question.clean), metric.tokens_of(question.clean)
    sets = [question.clean] if question.corrupt is None else [question.clean, question.corrupt]
    runs, ends, firsts = [], [], []
    for tokens in sets:
        is_base, is_donor = tokens is question.base, question.ablation == "resample" and tokens is question.donor
        keep = base_sites if is_base else donor_sites if is_donor else ()
        runs.append(Run.of(unrolled, tokens[:, :length], keep))
        logits = unrolled.logits(take(runs[-1].final, need, 0), ids)
        ends.append(metric.of(logits))
        firsts.append(logits[:1])
    prompts = torch.stack([tokens[0, :length] for tokens in sets])
    where, which = (None if x is None else x[:1].expand(len(sets), -1) for x in (need, ids))
    if not _agrees(model, prompts, torch.cat(firsts), where, which):
        warnings.warn(
            "this model computes something else than its weights say (a hook left on it?), so it is run as it "
            "is, through TransformerLens's hooks, where there is such a way",
            stacklevel=3,
        )
        return None
    if question.corrupt is None:
        runs.append(None)
        ends.append(None)
    base, other = runs if question.base is question.clean else runs[::-1]
    return Ready(unrolled, question, metric, base, other, tuple(ends), need, ids)


def read_logits(
    logits: Float[Tensor, "batch pos d_vocab"], need: Int[Tensor, "batch n"], ids: Int[Tensor, "batch token"] | None
) -> Float[Tensor, "batch n token"]:
    """The logits that a metric reads, out of all of them."""
    logits = take(logits, need, 0)
    return logits if ids is None else logits.gather(-1, ids[:, None].expand(-1, need.shape[1], -1))


def _agrees(model: Any, tokens: Tensor, ours: Tensor, need: Tensor, ids: Tensor | None) -> bool:
    theirs = read_logits(model(tokens), need, ids)
    tolerance = TOLERANCE.get(ours.dtype, 0.1)
    return torch.allclose(ours, theirs, rtol=tolerance, atol=tolerance * (1 + float(theirs.abs().max())))
