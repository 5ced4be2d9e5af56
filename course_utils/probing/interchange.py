"""Interchange along directions: give a representation another's component there, and leave everything else."""

from __future__ import annotations

from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from course_utils.probing.tokens import Tokens, onwards, stream_of


def interchange(
    base: Float[Tensor, "row d"], donor: Float[Tensor, "row d"], directions: Float[Tensor, "k d"]
) -> Float[Tensor, "row d"]:
    """`base` with the part of `donor` that lies in the span of `directions`, row by row (Geiger et al. 2021).

    The directions need be neither of length 1 nor orthogonal to each other.

    Raises:
        ValueError: the directions do not span as many dimensions as there are directions.
    """
    if torch.linalg.matrix_rank(directions) < len(directions):
        raise ValueError("The directions depend on each other, or one is zero: leave out what the others span.")
    basis = torch.linalg.qr(directions.mT).Q
    return base + (donor - base) @ basis @ basis.mT


def placebos(
    x: Float[Tensor, "row d"], y: Bool[Tensor, "row"], count: int, seed: int
) -> Float[Tensor, "2*count d"]:  # fmt: skip
    """Directions that mean nothing: `count` differences of the means of labels without meaning, and as many at random.

    The labels are dealt evenly: the same share of the rows with the property y and of those without it gets a yes, so
    that the property itself cancels. What is left are directions along which the vectors vary.
    """
    rng = torch.Generator().manual_seed(seed)
    found = []
    for _ in range(count):
        dealt = torch.zeros_like(y)
        for rows in (y.nonzero()[:, 0], (~y).nonzero()[:, 0]):
            dealt[rows[torch.randperm(len(rows), generator=rng)[: round(len(rows) * float(y.float().mean()))]]] = True
        found.append(x[dealt].mean(0) - x[~dealt].mean(0))
    return torch.cat([torch.stack(found), torch.randn(count, x.shape[1], generator=rng)])


@torch.no_grad()
def interchanged(
    model: Any, tokens: Tokens, place: int, direction: Float[Tensor, "d"], donors: Float[Tensor, "row d"],
    wanted: Bool[Tensor, "d_vocab"], onto: Float[Tensor, "k d"],
) -> Float[Tensor, "k row"]:  # fmt: skip
    """By how much the log-probability that one of the `wanted` tokens comes next rises, in nats, at each row.

    Each row is moved by the difference of its donor's component along `direction` and its own: along that direction,
    which is an interchange, or as far along another one, a placebo. All given rows of a context are moved at once; its
    other positions stay.

    Args:
        tokens: some or all rows of contexts.
        place: which of `hooks(model)`, 0 before the first layer.
        donors: a vector of that place for each row.
        onto: the directions to move along, each in a run of its own.
    """
    which, row = tokens.place[:, 0].unique(return_inverse=True)
    at, contexts = (row, tokens.place[:, 1]), tokens.contexts[which]
    amount = (donors - tokens.x[place]) @ (direction / direction.norm())

    stream = stream_of(model, contexts, place)

    def probability(change: Tensor) -> Tensor:
        put = stream.clone()
        put[at] += change
        return model.unembed(onwards(model, put, place)[at]).log_softmax(-1)[:, wanted].logsumexp(-1)

    plain = probability(torch.zeros_like(donors))
    return torch.stack([probability(amount[:, None] * (v / v.norm())) - plain for v in onto])
