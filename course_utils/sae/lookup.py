"""Baselines that need no model: lists of tokens. How well do a token and those before it tell a label?

`token_list`: on the first half of the modules every token of the vocabulary is ranked by how often it has the label
there; the list takes tokens from the top as long as F1 on that half rises to its largest. Given the tokens before, it
is a list of those.

`pair_list`: every pair (token before, token) is ranked likewise. Most pairs are rare, so that a pair's rate leans on
that of its token by one imagined case, and the threshold is chosen with each row left out of its own rate. Its null is
the same list with tokens before that were drawn from other places: as many pairs, which say no more than their token.

`recent_list`: a list for each of the last few places. Yes if at one of them stands a token of that place's list.

All are judged on the second half, as every other contestant is. The halves are those of `Labels`: where lists are
given more text to learn from, it is of the first.
"""

from __future__ import annotations

import torch
from jaxtyping import Float, Int
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


def pair_list(before: Int[Tensor, "row"], ids: Int[Tensor, "row"], labels: Labels, label: str) -> Best:
    """The best list of pairs (token before, token) for a label."""
    first, _ = labels.halves
    column = labels.names.index(label)
    flag = labels.flags[:, column]
    base = flag[first].double().mean()
    _, pair = torch.stack([before, ids]).unique(dim=1, return_inverse=True)
    own = flag.double()

    def rate(left_out: float) -> Tensor:
        """How often the label goes with each row's pair, on the first half, with so much of the row itself left out."""
        leaning = base
        for key in (ids, pair):
            size = int(key.max()) + 1
            hits = torch.bincount(key[first & flag], minlength=size)[key] - left_out * own
            leaning = (hits + leaning) / (torch.bincount(key[first], minlength=size)[key] - left_out + 1)
        return leaning

    return _judged(rate(1), rate(0), labels, column)


def recent_list(before: Int[Tensor, "row place"], labels: Labels, label: str) -> Best:
    """The best lists of tokens at some places before the row's own, joined by "or"."""
    first, _ = labels.halves
    column = labels.names.index(label)
    flag = labels.flags[:, column]
    base, own = flag[first].double().mean(), flag.double()

    def rate(left_out: float) -> Tensor:
        """How often the label goes with the most telling of a row's tokens, on the first half, as in `pair_list`."""
        found = []
        for key in before.T:
            size = int(key.max()) + 1
            hits = torch.bincount(key[first & flag], minlength=size)[key] - left_out * own
            found.append((hits + base) / (torch.bincount(key[first], minlength=size)[key] - left_out + 1))
        return torch.stack(found).amax(0)

    return _judged(rate(1), rate(0), labels, column)


def _judged(left_out: Float[Tensor, "row"], rate: Float[Tensor, "row"], labels: Labels, column: int) -> Best:
    """Yes where a row's `rate` is high; how high, is chosen on the first half by rates with each row left out."""
    first, _ = labels.halves
    ordered = left_out[first].sort(descending=True)
    flag = labels.flags[first, column]
    score = f1_score(flag[ordered.indices].cumsum(0), torch.arange(1, len(flag) + 1), flag.sum())
    return judged(labels.names[column], rate >= ordered.values[int(score.argmax())], labels, column)
