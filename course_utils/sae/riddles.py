"""Two riddles about the shipped dictionary, new ones for every seed: a latent without a name, and effects to foretell.

1. `nameless`: one latent. A name for it is a rule that says where it is active; held-out modules judge the rule.
2. `foretold`: forty latents. Which of them, taken away, move the prediction most? The effects were measured and stored.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course_utils.python_text import samples
from course_utils.sae import stored
from course_utils.sae.reading import Explanation, Reading
from course_utils.sae.shipped import Dictionary, load

ASKED = 40  # latents of one `foretold`

Rule = Callable[[list[str], int], bool]


@lru_cache(maxsize=1)
def _dictionary() -> Dictionary:
    return load(stored.SHIPPED)


@lru_cache(maxsize=1)
def _samples() -> Reading:
    return Reading.of(_dictionary(), [samples.read(name) for name in samples.names()])


def _as_words(tokens: Int[Tensor, "context pos"]) -> list[list[str]]:
    decode = lru_cache(maxsize=None)(lambda i: _dictionary().model.tokenizer.decode([i]))
    return [[decode(i) for i in row] for row in tokens.tolist()]


@lru_cache(maxsize=1)
def _held_out() -> tuple[list[list[str]], Bool[Tensor, "row latent"]]:
    """The words of held-out contexts, and where each of the nameable latents is active; first positions left out."""
    found = stored.nameable()
    return _as_words(found.tokens), found.active


@dataclass(frozen=True, eq=False)
class Nameless:
    """A latent of `resid-2`, and the course's programs to read it in.

    Attributes:
        words: the tokens of the programs as text, a list for each context.
        activity: how strongly the latent is active at each; the first of a context is silent.
    """

    latent: int
    words: list[list[str]] = field(repr=False)
    activity: Float[Tensor, "context pos"] = field(repr=False)

    def explain(self) -> Explanation:
        """Strongest and random contexts, what its direction promotes, its best label."""
        return _samples().explain(self.latent)


@lru_cache(maxsize=16)
def nameless(seed: int) -> Nameless:
    """The latent of this seed."""
    drawn = torch.randint(len(stored.NAMEABLE), (), generator=torch.Generator().manual_seed(seed))
    latent = stored.NAMEABLE[int(drawn)]
    return Nameless(latent, _as_words(_samples().tokens), _samples().f[..., latent].clone())


def where_it_says_yes(rule: Rule) -> Bool[Tensor, "row"]:
    """A rule on every position but the first of the held-out contexts; each call has a list of its own."""
    words, _ = _held_out()
    return torch.tensor([bool(rule(list(row), place)) for row in words for place in range(1, len(row))])


def where_it_is_active(latent: int) -> Bool[Tensor, "row"]:
    """A nameable latent at the same positions."""
    return _held_out()[1][:, stored.NAMEABLE.index(latent)]


@lru_cache(maxsize=16)
def tokens_of(riddle: Nameless, share: float = 0.5) -> frozenset[str]:
    """The tokens at which the latent is active in the programs at more than this share of their places.

    From the course's own reading: what a learner does to `riddle.words` and `riddle.activity` moves no score.
    """
    seen: dict[str, list[bool]] = {}
    words, activity = _as_words(_samples().tokens), _samples().f[..., riddle.latent]
    for row, values in zip(words, activity.tolist(), strict=True):
        for word, value in zip(row[1:], values[1:], strict=True):
            seen.setdefault(word, []).append(value > 0)
    return frozenset(word for word, on in seen.items() if sum(on) > share * len(on))


@dataclass(frozen=True, eq=False)
class Foretold:
    """Forty latents of `resid-2` on eight contexts of the course's programs, before anything is taken away.

    Attributes:
        latents: which. x: the residual stream, (row, d). f: their activations, (row, latent). W_dec: their directions.
    """

    latents: Int[Tensor, "latent"]
    x: Float[Tensor, "row d"] = field(repr=False)
    f: Float[Tensor, "row latent"] = field(repr=False)
    W_dec: Float[Tensor, "latent d"] = field(repr=False)
    _kl: Float[Tensor, "latent"] = field(repr=False)  # what came out: nats, where a latent was active


@lru_cache(maxsize=16)
def foretold(seed: int) -> Foretold:
    """The forty latents of this seed, drawn from those that were measured."""
    found = stored.effects()
    drawn = torch.randperm(len(found.latent), generator=torch.Generator().manual_seed(seed))[:ASKED]
    latents = found.latent[drawn]
    dictionary, tokens = _dictionary(), _samples().tokens[: stored.EFFECT_CONTEXTS]
    x, _ = dictionary.activations(tokens)
    f = dictionary.encode(tokens)[:, 1:, latents].flatten(0, 1)
    return Foretold(latents, x, f, dictionary.sae.W_dec[latents], found.kl[drawn])
