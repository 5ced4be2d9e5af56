"""Line breaks in code: tokens that are the same whether a bracket is open or not.

1. `line_breaks` – those of files. `broken_lines` – made-up lines in which a comma before the line break does not tell.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
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


@dataclass(frozen=True)
class BrokenLines:
    """Such as ` value = get(call(name), size⏎        text`, where a bracket is open, or ` value = get(call, name), …`.

    Attributes:
        inside: whether a bracket is open; every second line.
    """

    tokens: Int[Tensor, "line pos"]
    inside: Bool[Tensor, "line"]

    def stream(self, model: Any, layer: int) -> Float[Tensor, "line pos d"]:
        """The model's residual stream before a layer."""
        name = f"blocks.{layer}.hook_resid_pre"
        return model.run_with_cache(self.tokens, names_filter=name)[1][name]


def broken_lines(model: Any, count: int, seed: int) -> BrokenLines:
    """Lines with words drawn at random, each of one token, so that all have the same length."""
    rng = torch.Generator().manual_seed(seed)
    lists = (NAMES, CALLED, CALLED, NAMES, NAMES, NAMES)
    drawn = [torch.randint(len(words), (count,), generator=rng).tolist() for words in lists]
    texts = []
    for i, numbers in enumerate(zip(*drawn, strict=True)):
        target, outer, inner, first, last, name = (words[n] for words, n in zip(lists, numbers, strict=True))
        called = f"{outer}({inner}({first})" if i % 2 == 0 else f"{outer}({inner}, {first})"
        texts.append(f" {target} = {called}, {last}\n        {name}")
    return BrokenLines(torch.tensor(model.tokenizer(texts)["input_ids"]), torch.arange(count) % 2 == 0)
