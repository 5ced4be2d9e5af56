"""The runs of a question, shared by everything that is asked of it.

Each set of prompts is run once, by the plain forward, and the activations that were asked for are kept; a later
method that needs more makes its run anew, with both. Before each use the model is looked at (`trust`): where its
weights have changed the runs are made again, and where it no longer computes what its weights say they are refused.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from .restart import Run, bytes_per_cell, take
from .trust import agrees, hooks_on, mark_of, refuse_dropout, refuse_no_number
from .unrolled import Unrolled, Unsupported, unroll

if TYPE_CHECKING:
    from .question import Question

MEMORY = {"cpu": 256 * 2**20, "cuda": 4 * 2**30}  # bytes for the interventions of one chunk
AGAIN = 2  # prompts of each set that are compared once more on later use


def exactly(method: Callable) -> Callable:
    """A method that runs outside inference mode and without gradients, whatever the caller's modes are."""

    @functools.wraps(method)
    def wrapped(self: Question, *args: Any, **options: Any) -> Any:
        with torch.inference_mode(False), torch.no_grad():
            return method(self, *args, **options)

    return wrapped


def put_in(
    question: Question,
    site: str,
    base: Float[Tensor, "batch ..."],
    source: Float[Tensor, "n ..."] | None,
    visible: Tensor,
    own: Tensor | Callable | None,
) -> Float[Tensor, "batch ..."]:
    """What may be put in at one layer.

    Args:
        base: the activation of the run that is changed. source: of the donor, or of the reference prompts.
        own: a tensor, or a function of the donor's and the base run's activation.

    Raises:
        ValueError: a value of one's own that does not fit the activation.
    """
    if question.ablation == "zero":
        new = torch.zeros_like(base)
    else:
        new = question.mean(source) if question.ablation == "mean" else source
    if own is not None:
        given = own(new.clone(), base.clone()) if callable(own) else own
        try:
            if isinstance(given, Tensor) and given.is_complex():  # torch would drop the imaginary part
                raise TypeError
            new = torch.as_tensor(given, dtype=base.dtype, device=base.device).expand_as(base)
        except (TypeError, ValueError, RuntimeError):
            said = tuple(given.shape) if isinstance(given, Tensor) else type(given).__name__
            raise ValueError(f"values= must fit {site} of one layer, {tuple(base.shape)}, not {said}") from None
    if site == "attn_scores":  # a key that is not seen stays unseen
        new = torch.where(visible, new, base)
    odd = new.isnan() if site == "attn_scores" else ~new.isfinite()  # a score of -inf hides a key
    if own is not None and odd.any():
        said = "NaN" if new.isnan().any() else "infinity"
        raise ValueError(f"values= puts {said} in at {site}, and nothing can be said of what comes after it")
    return new


@dataclass
class Kept:
    """What has been run so far. mark: of the weights then; words: embeddings then; checked: on all prompts."""

    mark: tuple = ()
    words: Tensor = field(default_factory=lambda: torch.zeros(0))
    checked: bool = False
    runs: dict[tuple[str, int], Run] = field(default_factory=dict)


@dataclass(frozen=True)
class Ready:
    """A question with its runs made: what every fast path starts from.

    base: the run that is changed, with the activations asked for. other: the run whose activations are put in, when
    resampling. ends: the metric of the clean run, and of the corrupt one (None where there is none). need, ids: the
    positions and tokens that the metric reads. reference: of a mean, the run of these sites.
    """

    model: Unrolled
    question: Question
    base: Run
    other: Run | None
    ends: tuple[Tensor, Tensor | None]
    need: Int[Tensor, "batch n"]
    ids: Int[Tensor, "batch token"] | None
    reference: Callable[[tuple[str, ...]], Run]

    @property
    def base_value(self) -> Float[Tensor, "batch"]:
        return self.ends[self.question.direction == "denoising"]

    @property
    def length(self) -> int:
        return self.base.final.shape[1]

    def read(self, final: Float[Tensor, "*cells batch need d_model"]) -> Float[Tensor, "*cells batch"]:
        """The metric of last residual streams at the needed positions."""
        return self.question.metric.of(self.model.logits(final, self.ids))

    def replacements(
        self, sites: tuple[str, ...], own: Tensor | Callable | None = None
    ) -> dict[str, list[Tensor]]:
        """For each site the activations that may be put in, (batch, …) per layer; `own`: values given by the user."""
        base, source = self.base, None
        if self.question.ablation != "zero":
            source = self.reference(sites) if self.question.ablation == "mean" else self.other
        return {
            site: [
                put_in(self.question, site, old, None if source is None else source[site][i], base.visible, own)
                for i, old in enumerate(base[site])
            ]
            for site in sites
        }

    def budget(self) -> int:
        """The bytes that one chunk of interventions may hold."""
        return self.question.memory or MEMORY.get(self.base.final.device.type, MEMORY["cpu"])

    def bytes_per_cell(self, start: int = 0) -> int:
        """What one intervention holds that recomputes the positions from `start` on."""
        width = self.need.shape[1] * (self.model.W_U.shape[1] if self.ids is None else self.ids.shape[1])
        return bytes_per_cell(self.model, len(self.need), self.length, start, width)


def plain_forward(question: Question) -> Unrolled:
    """The model's forward, from its weights as they are now.

    Raises:
        Unsupported: the architecture is not known, a hook is on the model, or hooks were asked for.
    """
    if question.route == "hooks":
        raise Unsupported("route='hooks' was asked for")
    if places := hooks_on(question.model):
        raise Unsupported(f"a hook is on {places[0]}", surprising=True)
    return unroll(question.model)


def ready(
    question: Question, base_sites: tuple[str, ...], donor_sites: tuple[str, ...], length: int | None = None
) -> Ready:
    """The question's runs with these sites kept.

    Args:
        length: positions that are run, where attention is causal; None: all.

    Raises:
        Unsupported: the plain forward does not compute what the model computes; the message says why.
    """
    refuse_dropout(question.model)
    plain, kept, mark = plain_forward(question), question._kept, mark_of(question.model)
    words = _words(question, plain)
    if kept.mark != mark or not torch.equal(kept.words, words):
        kept.mark, kept.words, kept.checked = mark, words, False
        kept.runs.clear()
    used = bool(kept.runs)
    found = _make(question, plain, base_sites, donor_sites, length if plain.causal else None)
    if not _checked(question, found):
        kept.runs.clear()
        kept.checked = False
        if used:  # weights changed behind torch's back
            return ready(question, base_sites, donor_sites, length)
        raise Unsupported("the model computes something else than its weights say", surprising=True)
    kept.checked = True
    return found


def _words(question: Question, plain: Unrolled) -> Float[Tensor, "word d_model"]:
    """The embeddings of all tokens of the question.

    Other weights act on all prompts, so that the first ones show when they change; an embedding acts on some alone.
    """
    sets = (question.clean, question.corrupt, question.reference)
    return plain.W_E[torch.cat([tokens.flatten() for tokens in sets if tokens is not None]).unique()]


def _make(
    question: Question, plain: Unrolled, base_sites: tuple[str, ...], donor_sites: tuple[str, ...], length: int | None
) -> Ready:
    need, ids = question.need, question.ids
    runs, ends = {}, []
    for name in ("clean", "corrupt"):
        tokens = getattr(question, name)
        if tokens is None:
            runs[name], values = None, None
        else:
            keep = base_sites if tokens is question.base else donor_sites if question.ablation == "resample" else ()
            runs[name] = _run(question, plain, name, keep, length)
            values = question.metric.of(plain.logits(take(runs[name].final, need, 0), ids))
            refuse_no_number(values, f"{question.metric.name!r} of the {name} run")
        ends.append(values)
    base, other = (runs["corrupt"], runs["clean"]) if question.direction == "denoising" else runs.values()
    if question.ablation == "resample" and question.corrupt is None:
        base = other = _run(question, plain, "clean", (*base_sites, *donor_sites), length)

    def reference(sites: tuple[str, ...]) -> Run:
        return _run(question, plain, "reference", sites, length)

    return Ready(plain, question, base, other, tuple(ends), need, ids, reference)


def _run(question: Question, plain: Unrolled, name: str, sites: tuple[str, ...], length: int | None) -> Run:
    """One set of prompts, run or found."""
    tokens = getattr(question, name)
    length = length or tokens.shape[1]
    run = question._kept.runs.get((name, length))
    if run is None or not set(sites) <= set(run.sites):
        keep = tuple(dict.fromkeys((*sites, *(run.sites if run else ()))))
        mask = question.mask_of(name)
        run = Run.of(plain, tokens[:, :length], keep, None if mask is None else mask[:, :length])
        question._kept.runs[name, length] = run
    return run


def _checked(question: Question, found: Ready) -> bool:
    """Whether the model agrees on all prompts, or, where that is known, still agrees on the first."""
    rows = slice(AGAIN if question._kept.checked else None)
    plain, need, ids = found.model, found.need, found.ids
    for name in ("clean", "corrupt", "reference"):
        tokens, mask = getattr(question, name), question.mask_of(name)
        if tokens is None:
            continue
        run = _run(question, plain, name, (), found.length if plain.causal else None)
        if name == "reference":
            need, ids = need.new_full((len(tokens), 1), found.length - 1), None
        which = None if ids is None else ids[rows]
        ours = plain.logits(take(run.final[rows], need[rows], 0), which)
        tokens, mask = tokens[rows, : found.length], None if mask is None else mask[rows, : found.length]
        if not agrees(question.model, tokens, mask, ours, need[rows], which):
            return False
    return True
