"""Reading latents: where a latent is active, what it promotes, what its best label is.

    reading = Reading.of(dictionary, texts)          # on labelled text
    reading.explain(42)                              # a value that shows itself

Contexts at which a latent is *most* active flatter it; so contexts drawn at random from all its activity stand beside
them, and its density, and the F1 of its best label.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_utils.python_text.labels import MEANINGS, LabelError, token_labels
from course_utils.sae.label_words import WORDS
from course_utils.sae.shipped import Dictionary
from course_utils.sae.units import Labels, f1_score

BEFORE, AFTER = 10, 4  # tokens shown around the one that counts
LABELS = tuple(name for name in MEANINGS if name not in ("kind_string", "kind_comment"))  # those say the same as in_…


@dataclass(frozen=True)
class Context:
    """One place where a latent is active."""

    tokens: tuple[str, ...]
    activations: tuple[float, ...]
    centre: int

    @property
    def text(self) -> str:
        return "".join(self.tokens)


@dataclass(frozen=True, repr=False)
class Explanation:
    """What there is to read about one latent.

    Attributes:
        top, random: contexts with its largest activations; and with activations drawn at random.
        density: the share of tokens at which it is active.
        promotes, suppresses: tokens whose logit its direction raises and lowers most, by the unembedding alone.
        label, f1, precision, recall: its best label ("active" means above 0), on the text that was read.
    """

    latent: int
    top: tuple[Context, ...]
    random: tuple[Context, ...]
    density: float
    promotes: tuple[tuple[str, float], ...]
    suppresses: tuple[tuple[str, float], ...]
    label: str
    f1: float
    precision: float
    recall: float

    @property
    def sentence(self) -> str:
        return (
            f"Latent {self.latent} is active at {100 * self.density:.1f} % of the tokens read here. Best label: "
            f"{WORDS[self.label]} (F1 {self.f1:.2f})."
        )

    def __repr__(self) -> str:
        lines = [self.sentence]
        for title, contexts in (("strongest", self.top), ("drawn at random", self.random)):
            lines.append(f"{title}:")
            for context in contexts:
                marked = [f"⟦{t}⟧" if i == context.centre else t for i, t in enumerate(context.tokens)]
                lines.append(f"  {context.activations[context.centre]:6.2f}  " + "".join(marked).replace("\n", "⏎"))
        lines.append("promotes: " + ", ".join(f"{token!r} {value:+.2f}" for token, value in self.promotes))
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        parts = [f'<div style="max-width:60em"><p><b>{html.escape(self.sentence)}</b></p>']
        most = max((max(c.activations) for c in self.top), default=1.0)
        columns = [("Strongest", self.top), ("Drawn at random from all activity", self.random)]
        for title, contexts in columns:
            boxes = "".join(_coloured(context, most) for context in contexts)
            parts.append(f'<p style="margin:10px 0 2px;opacity:.8">{title}</p><div style="{ROW}">{boxes}</div>')
        shown = " &ensp;".join(
            f'<code style="padding:0 3px">{html.escape(visible(t))}</code>&nbsp;{v:+.2f}' for t, v in self.promotes
        )
        parts.append(f'<p style="margin:6px 0"><span style="opacity:.8">Promotes:</span> {shown}</p>')
        return "".join(parts) + "</div>"


def visible(token: str) -> str:
    """A token of blanks and line breaks in signs that can be seen; any other without blanks around it."""
    if token.strip():
        return token.strip()
    lines = token.count("\n")
    blanks = len(token) - lines
    return "⏎" * lines + (f" + {blanks} blanks" if lines and blanks else "␣" * blanks)


@dataclass(frozen=True, repr=False)
class Places:
    """Some places in the text, each with what is around it, as a value that shows itself.

    Attributes:
        most: the activation that is darkest.
    """

    contexts: tuple[Context, ...]
    most: float

    def __repr__(self) -> str:
        return "\n".join(f"{i:3}  {context.text!r}" for i, context in enumerate(self.contexts, 1))

    def _repr_html_(self) -> str:
        boxes = (_coloured(context, self.most, str(i)) for i, context in enumerate(self.contexts, 1))
        return f'<div style="max-width:60em"><div style="{ROW}">{"".join(boxes)}</div></div>'


ROW = "display:flex;flex-wrap:wrap;gap:10px"
BOX = (
    "font-family:monospace;font-size:1em;white-space:pre-wrap;line-height:1.45;border:1px solid #c9c9c9;"
    "padding:4px 8px;margin:0;width:24em;overflow:hidden;text-align:left"
)


def _coloured(context: Context, most: float, title: str = "") -> str:
    """A few lines of code, each token's background as dark as its activation; the one that counts is underlined."""
    spans = []
    for place, (token, value) in enumerate(zip(context.tokens, context.activations, strict=True)):
        counts = place == context.centre
        line = "border-bottom:3px solid #D55E00;" if counts else ""
        ground = f"background:rgba(0,114,178,{0.75 * min(1.0, value / most):.2f});" if value > 0 else ""
        pieces = (visible(token) if counts and not token.strip() else token).split("\n")
        spans.append("\n".join(f'<span style="{ground}{line}">{html.escape(p)}</span>' if p else "" for p in pieces))
    title = title or f"activation {context.activations[context.centre]:.0f}"
    return f'<pre style="{BOX}"><span style="opacity:.7">{title}</span>\n{"".join(spans).strip()}</pre>'


@dataclass(frozen=True)
class Reading:
    """A dictionary on labelled text.

    Attributes:
        tokens, f: (context, pos) and (context, pos, latent); position 0 of a context is silent.
        flags: {label: (context, pos)}.
        module: the text that each context is from.
    """

    dictionary: Dictionary = field(repr=False)
    tokens: Int[Tensor, "context pos"]
    f: Float[Tensor, "context pos latent"]
    flags: dict[str, Tensor]
    module: Int[Tensor, "context"]

    @classmethod
    @torch.no_grad()
    def of(cls, dictionary: Dictionary, texts: Sequence[str], limit: int = 10**9) -> Reading:
        """Read texts, `limit` contexts of all together at most; texts of another version of Python are left out."""
        tokens, flags, module = labelled(dictionary.model, texts, limit)
        return cls(dictionary, tokens, dictionary.encode(tokens), flags, module)

    @cached_property
    def labels(self) -> Labels:
        """The labels of every position but the first of each context, as rows."""
        each = self.tokens.shape[1] - 1
        flags = torch.stack([self.flags[name][:, 1:].flatten() for name in LABELS], 1)
        return Labels(LABELS, flags, self.module.repeat_interleave(each))

    @property
    def rows(self) -> Float[Tensor, "row latent"]:
        """Activations of the same rows."""
        return self.f[:, 1:].flatten(0, 1)

    def explain(self, latent: int, count: int = 6, seed: int = 0) -> Explanation:
        """Everything there is to read about one latent."""
        activity = self.f[..., latent]
        top = top_contexts(activity, count)
        places = (activity > 0).nonzero()
        rng = torch.Generator().manual_seed(seed)
        drawn = places[torch.randperm(len(places), generator=rng)[:count]]
        label, f1, precision, recall = self.label(latent)
        promoted = self._promoted(latent)
        order = promoted.argsort(descending=True).tolist()
        words = [self.dictionary.model.tokenizer.decode([i]) for i in (*order[:8], *order[-8:])]
        values = [float(promoted[i]) for i in (*order[:8], *order[-8:])]
        pairs = tuple(zip(words, values, strict=True))
        return Explanation(
            latent, tuple(self._context(activity, c, p) for c, p in top),
            tuple(self._context(activity, c, p) for c, p in drawn.tolist()),
            (activity[:, 1:] > 0).float().mean().item(), pairs[:8], pairs[:7:-1], label, f1, precision, recall,
        )  # fmt: skip

    def places(self, latent: int, rows: Sequence[int]) -> Places:
        """What is around some rows, and how active a latent is there."""
        activity, each = self.f[..., latent], self.tokens.shape[1] - 1
        found = tuple(self._context(activity, row // each, row % each + 1) for row in rows)
        return Places(found, activity.max().item())

    def label(self, latent: int) -> tuple[str, float, float, float]:
        """The label that fits the latent best where "active" is the prediction: name, F1, precision, recall."""
        labels = self.labels
        on, flags = self.f[:, 1:, latent].flatten() > 0, labels.flags
        hits = (on[:, None] & flags).sum(0)
        f1 = f1_score(hits, on.sum(), flags.sum(0))
        best = int(f1.argmax())
        precision, recall = hits / on.sum().clamp(min=1), hits / flags.sum(0).clamp(min=1)
        return labels.names[best], f1[best].item(), precision[best].item(), recall[best].item()

    def _promoted(self, latent: int) -> Float[Tensor, "token"]:
        """The direction through the final norm's weights and the unembedding, relative to the mean token."""
        model, row = self.dictionary.model, self.dictionary.sae.W_dec[latent]
        weight = getattr(model.ln_final, "weight", None)
        logits = (row if weight is None else row * weight.detach()) @ model.W_U.detach()
        return logits - logits.mean()

    def _context(self, activity: Tensor, context: int, place: int) -> Context:
        low, high = max(1, place - BEFORE), min(self.tokens.shape[1], place + AFTER + 1)
        words = [self.dictionary.model.tokenizer.decode([i]) for i in self.tokens[context, low:high].tolist()]
        return Context(tuple(words), tuple(activity[context, low:high].tolist()), place - low)


def top_contexts(activity: Float[Tensor, "context pos"], count: int) -> list[tuple[int, int]]:
    """The (context, position) of the largest activations, at most one from each context, the largest first.

    A context that the latent is silent in is none of them; of equal activations the earlier context comes first.
    """
    best, place = activity.max(1)
    order = best.argsort(descending=True, stable=True)[:count].tolist()
    return [(c, int(place[c])) for c in order if best[c] > 0]


def labelled(
    model: Any, texts: Sequence[str], limit: int
) -> tuple[Int[Tensor, "context pos"], dict[str, Tensor], Int[Tensor, "context"]]:
    """Contexts of texts with their labels, and the text that each is from."""
    tokens, flags, module, left = [], [], [], limit
    for index, text in enumerate(texts):
        if left <= 0:
            break
        try:
            rows, marks = token_labels(text, model.tokenizer).contexts(model.cfg.n_ctx)
        except LabelError:  # written for another version of Python
            continue
        tokens.append(rows[:left])
        flags.append({name: values[:left] for name, values in marks.items()})
        module += [index] * len(rows[:left])
        left -= len(rows[:left])
    together = {name: torch.cat([marks[name] for marks in flags]) for name in flags[0]}
    return torch.cat(tokens), together, torch.tensor(module)
