"""Contrast-consistent search: opposite answers to a statement and its negation (Burns et al. 2022)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor


def ccs_loss(positive: Float[Tensor, "pair"], negative: Float[Tensor, "pair"]) -> Float[Tensor, ""]:
    """How far the probabilities of statements and of their negations are from adding up to 1, and from being sure.

    The mean over pairs of (p⁺ − (1 − p⁻))² + min(p⁺, p⁻)².
    """
    consistent = (positive - (1 - negative)).square()
    sure = torch.minimum(positive, negative).square()
    return (consistent + sure).mean()


@dataclass(frozen=True)
class Pairs:
    """Made-up contrast pairs: vectors of statements said to be true and said to be false.

    Attributes:
        truth: whether the statement is true. loud: whether something else holds, which has nothing to do with truth.
    """

    positive: Float[Tensor, "pair d"]
    negative: Float[Tensor, "pair d"]
    truth: Bool[Tensor, "pair"]
    loud: Bool[Tensor, "pair"]


def pairs(loudness: float, count: int = 400, d: int = 20, seed: int = 0) -> Pairs:
    """Pairs in which truth is marked along one direction with size 1, another contrast along a second with `loudness`.

    Saying that a statement is true or false moves the vector along a third direction, as a word would; noise of size ½.
    """
    rng = torch.Generator().manual_seed(seed)
    truth_at, loud_at, said_at = torch.linalg.qr(torch.randn(d, 3, generator=rng)).Q.mT
    truth, loud = torch.rand(2, count, generator=rng) < 0.5
    sides = []
    for said in (1.0, -1.0):
        marks = said * (2.0 * truth - 1)[:, None] * truth_at + said * loudness * (2.0 * loud - 1)[:, None] * loud_at
        sides.append(marks + 3 * said * said_at + 0.5 * torch.randn(count, d, generator=rng))
    return Pairs(*sides, truth, loud)


def ccs(some: Pairs, seed: int = 0, starts: int = 5, steps: int = 300) -> Bool[Tensor, "pair"]:
    """What the best of several starts says of each pair; nothing tells which of the two answers means *true*."""
    positive, negative = (side - side.mean(0) for side in (some.positive, some.negative))
    d = positive.shape[1]
    dice = [torch.Generator().manual_seed(1000 * seed + start) for start in range(starts)]
    w = torch.stack([torch.randn(d, generator=rng) / d**0.5 for rng in dice], 1).requires_grad_()  # (d, start)
    b = torch.zeros(starts, requires_grad=True)
    solver = torch.optim.Adam([w, b], lr=0.02, weight_decay=0.01)
    with torch.enable_grad():
        for _ in range(steps):
            solver.zero_grad()
            answers = [(side @ w + b).sigmoid() for side in (positive, negative)]
            losses = torch.vmap(ccs_loss, in_dims=1)(*answers)
            losses.sum().backward()  # the starts do not touch each other
            solver.step()
    with torch.no_grad():
        yes, no = ((side @ w + b).sigmoid()[:, losses.argmin()] for side in (positive, negative))
        return yes + 1 - no > 1


def first_component(some: Pairs) -> Bool[Tensor, "pair"]:
    """The side of each pair's difference along the direction in which the differences vary most."""
    differences = some.positive - some.negative
    differences = differences - differences.mean(0)
    return differences @ torch.linalg.svd(differences, full_matrices=False).Vh[0] > 0


def random_side(some: Pairs, seed: int = 0) -> Bool[Tensor, "pair"]:
    """The null: the same along a random direction."""
    differences = some.positive - some.negative
    direction = torch.randn(differences.shape[1], generator=torch.Generator().manual_seed(seed))
    return (differences - differences.mean(0)) @ direction > 0


def agreement(said: Bool[Tensor, "pair"], y: Bool[Tensor, "pair"]) -> float:
    """Share of pairs on which the two are the same, or on which they differ: whichever is more."""
    share = float((said == y).float().mean())
    return max(share, 1 - share)
