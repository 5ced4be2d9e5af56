"""How much a probe knows: the share of the uncertainty about a label that it removes, on files it has not seen.

The uncertainty is the cross-entropy of one who knows only how often the label is true in the training files. A probe
that reads nothing removes 0, one that is never wrong or in doubt removes 1, and one that has learned by heart what does
not hold elsewhere can remove less than 0. Unlike accuracy it does not look good merely because a label is rare.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course_utils.intervals import bootstrap_weights, interval
from course_utils.probing.fit import Probes, fit_logistic
from course_utils.probing.tokens import Tokens


@dataclass(frozen=True)
class Removed:
    """Shares of uncertainty that are removed, with 95 % intervals over files."""

    share: Float[Tensor, "layer label"]
    low: Float[Tensor, "layer label"]
    high: Float[Tensor, "layer label"]
    labels: tuple[str, ...]

    def of(self, label: str) -> Float[Tensor, "layer"]:
        return self.share[:, self.labels.index(label)]


def removed(probes: Probes, train: Tokens, test: Tokens) -> Removed:
    """What logistic probes, fitted on `train`, know of `test`."""
    logits = probes.logits(test.x)
    target = test.y.to(logits)
    loss = F.binary_cross_entropy_with_logits(logits, target.expand_as(logits), reduction="none")
    share = train.y.to(logits).mean(0)
    blind = -(target * share.log() + (1 - target) * (1 - share).log())
    files = test.file.unique()
    member = (test.file[:, None] == files).to(logits)  # (row, file)
    losses, blinds = torch.einsum("lrk,rf->flk", loss, member).double(), (member.mT @ blind).double()
    weights = bootstrap_weights(len(files))
    again = 1 - torch.einsum("df,flk->dlk", weights, losses) / (weights @ blinds)[:, None]
    low, high = interval(again)
    return Removed((1 - losses.sum(0) / blinds.sum(0)).float(), low.float(), high.float(), test.labels)


def auc(
    scores: Float[Tensor, "row draw"], y: Bool[Tensor, "row draw"], file: Int[Tensor, "row"]
) -> Float[Tensor, "again"]:
    """The AUC: how often a row with the label has a higher score than one without, a tie counting one half.

    Returns it on all files first, and then with whole files drawn anew, again and again: each the mean over draws, such
    as several control tasks. The same files are drawn in every call, so that two results can be subtracted.
    """
    member = file.unique(return_inverse=True)[1]
    files = int(member.max()) + 1
    weights = torch.cat([torch.ones(1, files).double() / files, bootstrap_weights(files)])
    total = torch.zeros(len(weights), dtype=torch.float64)
    for score, label in zip(scores.T, y.T, strict=True):
        values, place = score.unique(return_inverse=True)
        counts = torch.zeros(2, files, len(values), dtype=torch.float64)  # (without or with the label, file, score)
        counts.index_put_((label.long(), member, place), torch.ones(1, dtype=torch.float64), accumulate=True)
        without, having = counts
        pairs = having @ (without.cumsum(1) - without / 2).mT  # won by rows with the label: (their file, the other's)
        won = torch.einsum("df,fg,dg->d", weights, pairs, weights)
        total += won / ((weights @ having.sum(1)) * (weights @ without.sum(1)))
    return total / scores.shape[1]


def ahead(one: Float[Tensor, "again"], other: Float[Tensor, "again"]) -> tuple[float, float, float]:
    """By how much the first result of `auc` exceeds the second, with its 95 % interval: (difference, low, high).

    Draws of files in which no row has the label have no AUC. They are left out.
    """
    difference = one - other
    low, high = interval(difference[1:][difference[1:].isfinite()])
    return difference[0].item(), low.item(), high.item()


def chosen_penalty(train: Tokens, penalties: Sequence[float] = (1.0, 10.0, 100.0, 1000.0, 10_000.0)) -> float:
    """The penalty whose probes know most, averaged over layers and labels: fitted on every second file of `train`,
    judged on the files between. Of a label that one of these halves lacks, nothing can be learned: it is left out.
    """
    fit_on, judge_on, _ = _dealt(train)
    known = {p: float(removed(fit_logistic(fit_on.x, fit_on.y, p), fit_on, judge_on).share.mean()) for p in penalties}
    return max(known, key=known.get)


def fit_chosen(train: Tokens, penalties: Sequence[float] = (10.0, 100.0, 1000.0)) -> Probes:
    """Logistic probes, each with the penalty that does best at its place for its label, within `train`.

    A penalty is in units of the place's mean square, so that vectors of any size are treated alike. As in
    `chosen_penalty` every second file is fitted on, and those between judge. A label that one half lacks takes what is
    best for the others.
    """
    rms = train.x.square().mean((1, 2), keepdim=True).sqrt()
    scaled = replace(train, x=train.x / rms)
    fit_on, judge_on, told = _dealt(scaled)
    tried = [fit_logistic(fit_on.x, fit_on.y, p, tolerance=1e-3) for p in penalties]  # to choose, near enough
    share = torch.stack([removed(probes, fit_on, judge_on).share for probes in tried])
    best = share.mean(2).argmax(0)[:, None].repeat(1, len(told))  # (layer, label)
    best[:, told] = share.argmax(0)
    directions, bias = torch.zeros(*best.shape, train.x.shape[2]).to(rms), torch.zeros(best.shape).to(rms)
    for layer, number in product(range(len(best)), range(len(penalties))):
        here = best[layer] == number
        if here.any():
            fit = fit_logistic(scaled.x[[layer]], train.y[:, here], penalties[number], tolerance=1e-4)
            directions[layer, here], bias[layer, here] = fit.directions[0], fit.bias[0]
    return Probes(directions / rms, bias)


def _dealt(train: Tokens) -> tuple[Tokens, Tokens, Bool[Tensor, "label"]]:
    """Every second file, the files between, and the labels that both have: only these are kept in the two."""
    first = train.file % 2 == 0
    parts = train[first], train[~first]
    told = parts[0].y.any(0) & parts[1].y.any(0)
    return *(replace(some, y=some.y[:, told], labels=()) for some in parts), told
