"""Prompts outside of the template: other texts with the same people, and what an account of the model predicts there.

1. A text has the slots {IO} and {S}, {C} for a third name, and {A} and {B} for IO and S in either order.
2. `told` fills them, half of the prompts in each order.
3. `outside` runs the model on each text, and notes how one head shares its attention from END among the names.
4. `leanings` does so for all heads of a layer, in means; `by_rule` is what two rules expect that need no model;
   `read_words` is what some heads read of each word.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_utils.intervals import mean_interval
from course_utils.ioi.words import NAMES, OBJECTS, PLACES

TEXTS = {
    "as in the template": "When {A} and {B} went to the {place}, {S} gave a {object} to",
    "longer distance": "When {A} and {B} went to the {place}, {S} gave a big red new cheap {object} to",
    "S three times": "When {A} and {B} went to the {place}, {S} had lunch and {S} gave a {object} to",
    "three names": "When {A}, {B} and {C} went to the {place}, {S} gave a {object} to",
    "S2 removed": "When {A} and {B} went to the {place}, he gave a {object} to",
    "a third gives": "When {A} and {B} went to the {place}, {C} gave a {object} to",
    "S had lunch, a third gives": "When {A} and {B} went to the {place}, {S} had lunch and {C} gave a {object} to",
    "IO twice, before the giver": "When {A} and {B} went to the {place}, {IO} had lunch and {S} gave a {object} to",
    "a third after the giver": "When {A} and {B} went to the {place}, {S} gave a {object} from {C} to",
    "IO twice, after the giver": "When {A} and {B} went to the {place}, {S} gave a {object} from {IO} to",
}

PEOPLE = {"A": "Mary", "B": "John", "IO": "Mary", "S": "John", "C": "Anna", "place": "store", "object": "book"}


@dataclass(frozen=True)
class Told:
    """Prompts of one text: tokens, and the ids of the three names."""

    tokens: Int[Tensor, "batch pos"]
    io: Int[Tensor, "batch"]
    s: Int[Tensor, "batch"]
    c: Int[Tensor, "batch"]


@dataclass(frozen=True)
class Outcome:
    """Per prompt: the logit difference IO − S, the probability of IO and of S, and a head's attention to S and to IO.

    Attention is summed over all places at which the name stands.
    """

    logit_diff: Float[Tensor, "batch"]
    p_io: Float[Tensor, "batch"]
    p_s: Float[Tensor, "batch"]
    to_s: Float[Tensor, "batch"]
    to_io: Float[Tensor, "batch"]

    @property
    def leaning(self) -> float:
        """How much more the head looks at S than at IO, averaged over prompts."""
        return float((self.to_s - self.to_io).mean())

    def entries(self) -> dict[str, tuple[float, float, float]]:
        """With 95 % bootstrap intervals over prompts."""
        return {
            "IO − S": mean_interval(self.logit_diff),
            "P(IO)": mean_interval(self.p_io),
            "P(S)": mean_interval(self.p_s),
            "attention to S − to IO": mean_interval(self.to_s - self.to_io),
        }


def told(tokenizer: Any, text: str, n: int, rng: torch.Generator) -> Told:
    """n prompts of one text, IO first in every other one.

    Raises:
        ValueError: the prompts are not of one length (a name of several tokens), or a word is not in the vocabulary.
    """
    rows, ids = [], []
    for i in range(n):
        io, s, c = (NAMES[j] for j in torch.randperm(len(NAMES), generator=rng)[:3].tolist())
        place, thing = (int(torch.randint(20, (), generator=rng)) for _ in range(2))
        a, b = (io, s) if i % 2 else (s, io)
        filled = text.format(A=a, B=b, IO=io, S=s, C=c, place=PLACES[place], object=OBJECTS[thing])
        rows.append([tokenizer.bos_token_id, *tokenizer.encode(filled, add_special_tokens=False)])
        ids.append([tokenizer.encode(f" {name}", add_special_tokens=False)[0] for name in (io, s, c)])
    if len({len(row) for row in rows}) > 1 or any(row.count(tokenizer.bos_token_id) > 1 for row in rows):
        raise ValueError("all words of a text are single tokens that the model knows, so that all prompts align")
    return Told(torch.tensor(rows), *torch.tensor(ids).T)


@torch.no_grad()
def outcome(model: Any, prompts: Told, head: tuple[int, int]) -> Outcome:
    """What the model says after these prompts, and what `head` looks at from their last token."""
    logits, cache = model.run_with_cache(prompts.tokens, names_filter=f"blocks.{head[0]}.attn.hook_pattern")
    rows, last = torch.arange(len(prompts.tokens)), logits[:, -1]
    pattern = cache["pattern", head[0]][:, head[1], -1]  # (batch, key)
    at = [(prompts.tokens == name[:, None]) * pattern for name in (prompts.s, prompts.io)]
    p = last.softmax(-1)
    return Outcome(
        last[rows, prompts.io] - last[rows, prompts.s],
        p[rows, prompts.io], p[rows, prompts.s], at[0].sum(1), at[1].sum(1),
    )  # fmt: skip


def outside(
    model: Any, head: tuple[int, int], texts: Mapping[str, str] = TEXTS, n: int = 128, seed: int = 0
) -> dict[str, Outcome]:
    """The outcome on each text, with names drawn anew for each."""
    rng = torch.Generator().manual_seed(seed)
    return {name: outcome(model, told(model.tokenizer, text, n, rng), head) for name, text in texts.items()}


@torch.no_grad()
def leanings(
    model: Any, texts: Sequence[str], n: int = 16, seed: int = 0, layer: int = 0
) -> tuple[Float[Tensor, "text"], Float[Tensor, "text head"]]:
    """By text, in means over n prompts: the logit difference, and how much more each head looks at S than at IO."""
    rng, differences, shares = torch.Generator().manual_seed(seed), [], []
    for text in texts:
        some = told(model.tokenizer, text, n, rng)
        logits, cache = model.run_with_cache(some.tokens, names_filter=f"blocks.{layer}.attn.hook_pattern")
        io, s = (logits[:, -1].gather(1, who[:, None])[:, 0] for who in (some.io, some.s))
        side = (some.tokens == some.s[:, None]).float() - (some.tokens == some.io[:, None]).float()  # (prompt, key)
        differences.append((io - s).mean())
        shares.append((cache["pattern", layer][:, :, -1] * side[:, None]).sum(-1).mean(0))
    return torch.stack(differences), torch.stack(shares)


def by_rule(text: str) -> dict[str, int]:
    """Who is avoided, 1 for S, -1 for IO, 0 for neither: the only one of the two that is repeated, or the last name."""
    slots = re.findall(r"{(A|B|IO|S|C)}", text)
    both = slots.count("A")  # A and B are IO and S, in either order
    twice = [both + slots.count(name) > 1 for name in ("S", "IO")]
    return {"repeated": twice[0] - twice[1], "last": {"S": 1, "IO": -1}.get(slots[-1], 0)}


@torch.no_grad()
def read_words(
    model: Any, text: str, heads: Sequence[tuple[int, int]], n: int = 128, seed: int = 0
) -> list[tuple[str, float]]:
    """The words of a text, IO named first, and the mean attention of some heads from the last word to each."""
    prompts = told(model.tokenizer, text, 2 * n, torch.Generator().manual_seed(seed))
    tokens = prompts.tokens[1::2]  # every other one names IO first
    _, cache = model.run_with_cache(tokens, names_filter=lambda name: name.endswith("hook_pattern"))
    share = sum(cache["pattern", layer][:, head, -1].mean(0) for layer, head in heads) / len(heads)  # (position)
    ids = model.tokenizer.encode(text.format(**PEOPLE), add_special_tokens=False)
    words = [model.tokenizer.decode([i]).strip() for i in ids]
    return list(zip(words, share[1:].tolist(), strict=True))
