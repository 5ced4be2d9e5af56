"""Line breaks in code: tokens that are the same whether a bracket is open or not.

1. `line_breaks` – those of files. `line_pairs` – made-up lines in pairs that differ in a single token.
"""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Bool, Int
from torch import Tensor

from course_utils.probing.tokens import Tokens

NAMES = "value name key line node text data path index start end size type file list result".split()
CALLED = "use get set call string function method test data list names values array".split()
BREAK = -2  # the position of the line break: one before the last


def line_breaks(tokens: Tokens, tokenizer: Any) -> Bool[Tensor, "row"]:
    """Which rows are line breaks of code, with the next line's indent: blanks outside strings and comments."""
    text = [tokenizer.decode([i]) for i in range(int(tokens.ids.max()) + 1)]
    blank = torch.tensor([piece[:1] == "\n" and not piece.strip() for piece in text])
    return blank[tokens.ids] & ~(tokens.label("in_string") | tokens.label("in_comment"))


def line_pair(words: tuple[str, str, str, str, str, str], *, quoted: bool = False) -> tuple[str, str]:
    """Such as ` value = get(call(name), size⏎        text`, where a bracket is open, and ` value = get(call, name), …`,
    where none is; `quoted`: ` value = get("call(name"), …` and ` value = get("call, name"), …`."""
    target, outer, inner, first, last, name = words
    mark = '"' * quoted
    return tuple(
        f" {target} = {outer}({mark}{inner}{sign}{first}{mark}), {last}\n        {name}" for sign in ("(", ", ")
    )  # fmt: skip


def line_pairs(model: Any, count: int, seed: int, *, quoted: bool = False) -> Int[Tensor, "2 pair pos"]:
    """Pairs of lines with words drawn at random, each of one token: first those with an open bracket, then the others.

    The lines of a pair differ in one token, `(` or `,` (and in the blank that the next word's token begins with).
    With `quoted` this token stands in a string. The same seed draws the same words.
    """
    rng = torch.Generator().manual_seed(seed)
    lists = (NAMES, CALLED, CALLED, NAMES, NAMES, NAMES)
    drawn = [[words[i] for i in torch.randint(len(words), (count,), generator=rng).tolist()] for words in lists]
    kinds = zip(*(line_pair(words, quoted=quoted) for words in zip(*drawn, strict=True)), strict=True)
    return torch.stack([torch.tensor(model.tokenizer(list(texts))["input_ids"]) for texts in kinds])
