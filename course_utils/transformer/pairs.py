"""Minimal pairs for closing brackets and quotes: two prompts that differ in one token, and so in what must close.

    values = (names, lines      →  )        values = [names, lines      →  ]

Both prompts have the same number of tokens, so that what the model computes on one can be put into the other.
All prompts of one `Pairs` come from one template, so that a position means the same in each of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_utils import patching

CLOSES = {"(": ")", "[": "]", "{": "}", "'": "'", '"': '"'}
#: {sign} is what is opened, {a} to {d} are words.
BRACKETS = {
    "list": "{a} = {sign}{b}, {c}, {d}",  # a round, square or curly bracket after the equals sign
    "call": "{a} = {b}{sign}{c}, {d}",  # a call or an index
    "nested": "{a} = {sign}{b}({c}), {d}",  # a bracket that was opened and closed stands between
}
QUOTES = {
    "index": "{a} = {b}[{sign}{c}",
    "call": "{a} = {b}({sign}{c}",
}
SIGNS = {"list": "([{", "call": "([", "nested": "(["}
WORDS = (
    "self value name type file list set data object path key line node state result config values output args token "
    "names test message request event size user index url cache source text error input code start end option "
    "item content column block target task group field header width offset prefix length child parent query "
    "nodes options types lines model parse format count table items kwargs params"
).split()


@dataclass(frozen=True, repr=False)
class Pairs:
    """n pairs of prompts and what closes each.

    Attributes:
        clean, corrupt: (n, pos) token ids, with the start token; they differ only at `opener`.
        correct, wrong: (n,) the closing token of the clean prompt, and of the corrupt one.
        opener: the position of the bracket or quote that is open at the end.
        words: of each token, from the first pair's clean prompt: labels for an axis of positions.
        texts: (clean, corrupt) as strings, pair by pair.
    """

    clean: Int[Tensor, "n pos"]
    corrupt: Int[Tensor, "n pos"]
    correct: Int[Tensor, "n"]
    wrong: Int[Tensor, "n"]
    opener: int
    words: tuple[str, ...]
    texts: tuple[tuple[str, str], ...]

    def __len__(self) -> int:
        return len(self.clean)

    @property
    def metric(self) -> patching.Metric:
        """logit(correct) − logit(wrong) at the last position, for a `patching.Question`."""
        return patching.logit_diff(self.correct, self.wrong)

    @property
    def everyone(self) -> Int[Tensor, "2n pos"]:
        """Clean and corrupt prompts together: a reference over which a mean says nothing about what is open."""
        return torch.cat([self.clean, self.corrupt])

    def difference(self, logits: Float[Tensor, "n pos d_vocab"]) -> Float[Tensor, "n"]:
        """logit(correct) − logit(wrong) at the last position of each prompt."""
        rows = torch.arange(len(self))
        return logits[rows, -1, self.correct] - logits[rows, -1, self.wrong]

    def right(self, logits: Float[Tensor, "n pos d_vocab"]) -> float:
        """The share of clean prompts whose right closing token has the largest logit of all that occur in the pairs."""
        closers = torch.cat([self.correct, self.wrong]).unique()
        chosen = closers[logits[:, -1, closers].argmax(-1)]
        return float((chosen == self.correct).float().mean())

    def __getitem__(self, index: slice) -> Pairs:
        if not isinstance(index, slice):
            raise TypeError("take a slice of pairs, such as pairs[:8]")
        tensors = (part[index] for part in (self.clean, self.corrupt, self.correct, self.wrong))
        return Pairs(*tensors, self.opener, self.words, self.texts[index])

    def __repr__(self) -> str:
        rows = [f"  {clean!r} | {corrupt!r}" for clean, corrupt in self.texts[:4]]
        more = [f"  … and {len(self) - 4} more"] if len(self) > 4 else []
        return "\n".join([f"{len(self)} pairs, {self.clean.shape[1]} tokens each", *rows, *more])


def bracket_pairs(tokenizer: Any, n: int, seed: int = 0, template: str = "list", signs: str | None = None) -> Pairs:
    """n pairs in which another bracket is open at the end.

    Args:
        tokenizer: of a model of Python (`model.tokenizer`).
        template: one of `BRACKETS`: "list" (round, square and curly ones), "call", or "nested".
        signs: the brackets to draw from, such as "(["; None: all that the template allows.

    Raises:
        ValueError: no such template, or a tokenizer with too few of the words as single tokens, or that cuts the
            prompts unequally.
    """
    if template not in BRACKETS:
        raise ValueError(f"template is one of {', '.join(BRACKETS)}, not {template!r}")
    return _pairs(tokenizer, n, seed, BRACKETS[template], signs or SIGNS[template])


def one_pair(tokenizer: Any, text: str, other: str) -> Pairs:
    """One pair: a text in which a single bracket or quote is opened, and its twin, in which `other` is.

    Raises:
        ValueError: none or several signs in the text, no such other one, or a tokenizer that cuts the two unequally.
    """
    opened = [sign for sign in text if sign in CLOSES]
    if len(opened) != 1 or other not in CLOSES or other == opened[0]:
        raise ValueError(f"one of {' '.join(CLOSES)} opens once in the text, and another one in its twin")
    return _tokenized(tokenizer, [((opened[0], other, text), (opened[0], other, text.replace(opened[0], other)))])


def quote_pairs(tokenizer: Any, n: int, seed: int = 0, template: str = "index") -> Pairs:
    """n pairs in which a string was opened with the other quote. Templates: those of `QUOTES`.

    Raises:
        ValueError: as for `bracket_pairs`.
    """
    if template not in QUOTES:
        raise ValueError(f"template is one of {', '.join(QUOTES)}, not {template!r}")
    return _pairs(tokenizer, n, seed, QUOTES[template], "'\"")


def _pairs(tokenizer: Any, n: int, seed: int, template: str, signs: str) -> Pairs:
    def ids(text: str) -> list[int]:
        return tokenizer.encode(text, add_special_tokens=False)

    words = [word for word in WORDS if len(ids(word)) == len(ids(" " + word)) == 1]
    if len(words) < 12:
        raise ValueError("this tokenizer has too few of the words as single tokens: use the one of code-4l")
    dice = torch.Generator().manual_seed(seed)
    texts = []
    for _ in range(n):
        chosen = [words[i] for i in torch.randperm(len(words), generator=dice)[:4].tolist()]
        opened, other = (signs[i] for i in torch.randperm(len(signs), generator=dice)[:2].tolist())
        slots = dict(zip("abcd", chosen, strict=True))
        texts.append(tuple((opened, other, template.format(**slots, sign=s)) for s in (opened, other)))
    return _tokenized(tokenizer, texts)


def _tokenized(tokenizer: Any, texts: list[tuple[tuple[str, str, str], ...]]) -> Pairs:
    """Pairs from (opened, other, text) of both prompts of each."""

    def ids(text: str) -> list[int]:
        return tokenizer.encode(text, add_special_tokens=False)

    rows = [[[tokenizer.bos_token_id, *ids(pair[k][2])] for pair in texts] for k in (0, 1)]
    if len({len(row) for side in rows for row in side}) > 1:
        raise ValueError("this tokenizer cuts the prompts into different numbers of tokens: use the one of code-4l")
    clean, corrupt = (torch.tensor(side) for side in rows)
    opener = int((clean[0] != corrupt[0]).nonzero()[0, 0])
    closing = [[ids(CLOSES[pair[0][k]])[0] for pair in texts] for k in (0, 1)]
    return Pairs(
        clean,
        corrupt,
        torch.tensor(closing[0]),
        torch.tensor(closing[1]),
        opener,
        tuple(tokenizer.decode([i]) for i in clean[0].tolist()),
        tuple((pair[0][2], pair[1][2]) for pair in texts),
    )
