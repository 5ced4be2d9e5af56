"""Brackets as they are written, also inside strings and comments, where for Python they count for nothing."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Bool
from torch import Tensor

from course_utils.probing.tokens import Tokens


def brackets_written(tokens: Tokens, tokenizer: Any) -> Bool[Tensor, "row"]:
    """Whether a bracket is open around each row's token: one that counts, or one in the same string or comment.

    Inside a string or comment brackets are counted from its start; a closing one without its partner is passed over.
    As in the label `in_brackets`, a bracket itself is outside of the pair that it belongs to.
    """
    quiet = (tokens.label("in_string") | tokens.label("in_comment")).tolist()
    text = [tokenizer.decode([i]) for i in tokens.ids.tolist()]
    files, out, depth = tokens.file.tolist(), tokens.label("in_brackets").tolist(), 0
    for i, piece in enumerate(text):
        if not quiet[i] or (i > 0 and files[i] != files[i - 1]):
            depth = 0
        if quiet[i]:
            after = max(0, depth + sum((c in "([{") - (c in ")]}") for c in piece))
            out[i] = out[i] or min(depth, after) > 0
            depth = after
    return torch.tensor(out)
