"""Strings of brackets, balanced or not, and what a bracket model reads: START, the brackets, END, and padding.

A string is balanced when nowhere more brackets have closed than opened, and at the end as many. Half of those drawn
are; the others miss it by little (two brackets exchanged, one turned) or by much (brackets in any order).
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Int
from torch import Tensor

PAD, START, END, OPEN, CLOSE = range(5)
UNBALANCED, BALANCED = 0, 1  # classes, read at START
MOST = 30  # brackets in a string
LENGTH = MOST + 2  # tokens: START and END around them


def tokens_of(texts: str | list[str]) -> Int[Tensor, "batch pos"]:
    """Strings such as "(())()" as token ids, padded on the right to `LENGTH`.

    Raises:
        ValueError: another character, or more than `MOST` brackets.
    """
    rows = torch.full((len(texts := [texts] if isinstance(texts, str) else texts), LENGTH), PAD)
    for row, text in zip(rows, texts, strict=True):
        if set(text) - set("()") or len(text) > MOST:
            raise ValueError(f"a bracket string has at most {MOST} characters, ( and ) alone, not {text!r:.50}")
        ids = [START, *(OPEN if sign == "(" else CLOSE for sign in text), END]
        row[: len(ids)] = torch.tensor(ids)
    return rows


def attention_mask(tokens: Int[Tensor, "batch pos"]) -> Bool[Tensor, "batch pos"]:
    """False where a token is padding: for `patching.Question(…, attention_mask=brackets.attention_mask)`."""
    return tokens != PAD


def depths(tokens: Int[Tensor, "batch pos"]) -> Int[Tensor, "batch pos"]:
    """How many brackets are open after each token: opened so far minus closed so far."""
    return ((tokens == OPEN).long() - (tokens == CLOSE).long()).cumsum(1)


def balanced(tokens: Int[Tensor, "batch pos"]) -> Bool[Tensor, "batch"]:
    """Whether each string is balanced."""
    depth = depths(tokens)
    return (depth[:, -1] == 0) & (depth >= 0).all(1)


def held_out(tokens: Int[Tensor, "batch pos"]) -> Bool[Tensor, "batch"]:
    """Whether a string is kept from training: about one in sixteen, by its brackets alone, short ones never."""
    weights = torch.tensor([(48271**i) % 65521 for i in range(tokens.shape[1])])
    mixed = (tokens * weights).sum(1) * 40503 % 65521
    return (mixed % 16 == 0) & (attention_mask(tokens).sum(1) > 12)


def draw(n: int, rng: torch.Generator) -> Int[Tensor, "n pos"]:
    """Random strings of 2 to `MOST` brackets, an even number; about half of them balanced."""
    pairs = torch.randint(1, MOST // 2 + 1, (n,), generator=rng)
    place = torch.arange(MOST).expand(n, -1)
    inside = place < 2 * pairs[:, None]
    order = torch.rand(n, MOST, generator=rng).masked_fill(~inside, 2.0).argsort(1).argsort(1)
    opens = torch.where(order < pairs[:, None], 1, -1).masked_fill(~inside, 0)  # as many of each, in any order
    # turned so that it starts where the depth was lowest, such a string is balanced
    lowest = opens.cumsum(1).masked_fill(~inside, MOST).argmin(1) + 1
    straight = opens.gather(1, (place + lowest[:, None]) % (2 * pairs[:, None]))
    kind = torch.randint(4, (n,), generator=rng)[:, None]  # as it is, two exchanged, one turned, in any order
    first, second = (torch.rand(n, generator=rng).mul(2 * pairs).long()[:, None] for _ in range(2))
    swapped = straight.scatter(1, first, straight.gather(1, second)).scatter(1, second, straight.gather(1, first))
    turned = straight.scatter(1, first, -straight.gather(1, first))
    chosen = torch.where(kind == 1, swapped, torch.where(kind == 2, turned, torch.where(kind == 3, opens, straight)))
    signs = torch.where(chosen == 1, OPEN, CLOSE).masked_fill(~inside, PAD)
    out = torch.full((n, LENGTH), PAD)
    out[:, 0], out[:, 1:-1] = START, signs
    return out.scatter(1, 2 * pairs[:, None] + 1, END)
