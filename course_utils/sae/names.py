"""The four latents of lesson 2, their names, and one held-out text on which every name is counted.

1. `told`: where the names that need nothing but the tokens hold.
2. `HeldOut`: the text, Python's labels for the first names, and what other readers of the later names reach on it.
3. `counted`: F1 of some picked tokens against a name, with an interval that resamples modules.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course_utils.sae.units import Labels, judged

LATENTS = (378, 9, 138, 1490)
FIRST = ("closing brackets", "inside brackets", "closing quotes", "everywhere")
LEFT = ("the token “)”", "a parenthesis is open", "the token \" or '", "early in the context")
READERS = ("latent of a random model", "probe, random model", "probe, our model")  # those of `HeldOut.others`


def still_open(words: list[list[str]]) -> Bool[Tensor, "context pos"]:
    """At each token of some contexts: has a "(" of the text before it, or in it, not been closed yet?"""
    found = []
    for row in words:
        depth, flags = 0, []
        for word in row:
            depth = max(0, depth + word.count("(") - word.count(")"))
            flags.append(depth > 0)
        found.append(flags)
    return torch.tensor(found)


def told(
    tokens: Int[Tensor, "context pos"], early: int, decode: Callable[[list[int]], str]
) -> Bool[Tensor, "row name"]:
    """Where each name of `LEFT` holds, for all positions but the first of each context.

    Args:
        early: the last place that counts as early.
    """
    words = [[decode([i]) for i in row] for row in tokens[:, 1:].tolist()]
    parenthesis, quote = (torch.tensor([word in signs for row in words for word in row])
                          for signs in ((")",), ("'", '"')))  # fmt: skip
    place = torch.arange(1, tokens.shape[1]).repeat(len(tokens))
    return torch.stack([parenthesis, still_open(words).flatten(), quote, place <= early], dim=1)


def counted(
    picked: Bool[Tensor, "row"], named: Bool[Tensor, "row"], module: Int[Tensor, "row"]
) -> tuple[float, float, float]:
    """F1 of the picked tokens against those that a name names, and its 95 % interval."""
    best = judged("name", picked, Labels(("name",), named[:, None], 2 * module + 1), 0)  # every row judges
    return best.f1, best.low, best.high


@dataclass(frozen=True)
class HeldOut:
    """One text of modules that nothing was trained on.

    Attributes:
        module: of every row, which is a position but the first of a context.
        first: where each name of `FIRST` holds.
        early: the last place that counts as early, chosen on the sample programs.
        others: F1 with its interval of each of `READERS`, chosen or trained on the sample programs, for each of `LEFT`.
    """

    tokens: Int[Tensor, "context pos"]
    module: Int[Tensor, "row"]
    first: Bool[Tensor, "row name"]
    early: int
    others: Float[Tensor, "reader name end"]

    def left(self, decode: Callable[[list[int]], str]) -> Bool[Tensor, "row name"]:
        """Where each name of `LEFT` holds."""
        return told(self.tokens, self.early, decode)
