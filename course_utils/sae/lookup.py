"""A baseline that needs no model: a list of tokens. How well does a token's text alone tell a label?

1. On the first half of the modules every token of the vocabulary is ranked by how often it has the label there.
2. The list takes tokens from the top as long as F1 on that half rises to its largest.
3. It is judged on the second half, as every other contestant is.
"""

from __future__ import annotations

import torch
from jaxtyping import Int
from torch import Tensor

from course_utils.sae.units import Best, Labels, f1_score, judged


def token_list(ids: Int[Tensor, "row"], labels: Labels, label: str) -> Best:
    """The best list of tokens for a label; `units` are its tokens' numbers."""
    first, _ = labels.halves
    flag = labels.flags[:, labels.names.index(label)]
    size = int(ids.max()) + 1
    hits = torch.bincount(ids[first & flag], minlength=size).double()
    seen = torch.bincount(ids[first], minlength=size).double()
    order = (hits / seen.clamp(min=1)).argsort(descending=True, stable=True)
    score = f1_score(hits[order].cumsum(0), seen[order].cumsum(0), flag[first].sum())
    chosen = order[: int(score.argmax()) + 1]
    return judged(label, torch.isin(ids, chosen), labels, labels.names.index(label), tuple(chosen.tolist()))
