"""Lines of Python with one open bracket, round or square, for a model to close.

The words of a line are drawn from lists in which each is one token, so that all lines have the same length and the
bracket stands at the same place.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course_utils.probing.subspace import Site

TARGETS = "value name type file list data result path line node text error values size index url key state".split()
CALLED = "use get set call string function method test find data list names values array args node group".split()
FIRST = "value name key line node text args data code path file item index".split()
LAST = "value name key line node text data code path index start end size other".split()
BEFORE, END = 3, 7  # positions: the token before the bracket, and the last


@dataclass(frozen=True)
class Lines:
    """Such as ` value = get[name, size`.

    Attributes:
        square: whether the open bracket is square.
        coin: of the line's last word: half of these words have heads.
    """

    tokens: Int[Tensor, "line pos"]
    square: Bool[Tensor, "line"]
    coin: Bool[Tensor, "line"]


def lines(model: Any, count: int, seed: int) -> Lines:
    """Lines drawn at random, with coins drawn for the words."""
    rng = torch.Generator().manual_seed(seed)
    heads = torch.randperm(len(LAST), generator=rng) < len(LAST) // 2
    square = torch.rand(count, generator=rng) < 0.5
    drawn = [torch.randint(len(words), (count,), generator=rng).tolist() for words in (TARGETS, CALLED, FIRST, LAST)]
    texts = [
        f" {TARGETS[t]} = {CALLED[c]}{'[' if s else '('}{FIRST[f]}, {LAST[w]}"
        for t, c, f, w, s in zip(*drawn, square.tolist(), strict=True)
    ]
    return Lines(torch.tensor(model.tokenizer(texts)["input_ids"]), square, heads[drawn[3]])


def site(model: Any, hook: str, position: int = END) -> Site:
    """A place in a layer of the model, which is asked whether the next token is `]` (yes) or `)` (no).

    What comes before the layer does not depend on what is exchanged, and is not run again: the site's inputs are
    `stream_of` the lines before that layer. Of the last layer's MLP only the last position is run, and a place in it
    has this one position.
    """
    layer = int(hook.split(".")[1])
    classes = [model.tokenizer(bracket)["input_ids"][-1] for bracket in ")]"]

    def ask(stream: Float[Tensor, "line pos d"]) -> Float[Tensor, "line 2"]:
        *between, last = model.blocks[layer:]
        for block in between:
            (stream,) = block(stream)
        stream = last.hook_in(stream)
        end = (stream + last.attn(last.ln1(stream))[0])[:, -1:]
        return model.unembed(model.ln_final(end + last.mlp(last.ln2(end))))[:, -1, classes]

    return Site(model, hook, ask, 0 if hook.startswith(f"blocks.{model.cfg.n_layers - 1}.mlp.") else position)
