"""Exercises 3 and 4: TopK, BatchTopK."""

from __future__ import annotations

import torch
from torch import Tensor

from course_utils import sae
from course_utils.grading.inputs import Inputs, randn
from course_utils.grading.kinds import REAL, Function, wrong
from course_utils.sae.exercises.inputs import LAST, NEVER_NEGATIVE

# 3 · TopK


def _close() -> Inputs:
    """Two that are nearly equal, the larger one last: what is rounded, or moved by little, before it is compared."""
    yield torch.tensor([[1.0, 0.0, 0.0, 0.0, 0.0, 1.000004]]), 1
    yield torch.tensor([[1.0, 1.0 + 1e-9]], dtype=torch.float64), 1

def _topk_inputs(rng: torch.Generator) -> Inputs:
    yield torch.tensor([[1.0, 3.0, 2.0]]), 1
    yield torch.tensor([[1.0, 3.0, 2.0], [5.0, 4.0, -6.0]]), 2
    yield torch.tensor([[-1.0, -3.0, 2.0]]), 2  # the second largest is negative
    yield torch.tensor([[2.0, 1.0, 2.0, 2.0]]), 2  # ties: the first ones win
    yield torch.tensor([[0.1, 0.2], [30.0, 20.0], [-1.0, -2.0]]), 1  # small rows count too
    yield torch.tensor([[3.0, 2.0], [2.0, 1.0]]), 1  # what wins in one row loses in another
    yield torch.tensor([[1.0, 2.0]]), 2  # all places
    yield from _close()
    for rows, latents, k in ((4, 6, 2), (5, 9, 3)):
        yield randn(rng, rows, latents), k
    yield torch.randint(-3, 9, (1, 5000), generator=rng).float(), 900  # so many equals that an unstable sort mixes them
    yield torch.tensor([[1.0, 2.0]]), 0  # no places
    yield torch.zeros(0, 3), 1  # no rows


NOT_WRITTEN = "All of it is zero. Did you call `f.scatter(…)`? It returns a new tensor and leaves f as it is; `f.scatter_(…)` writes into f."


def _threshold(pre: Tensor, k: int) -> Tensor:
    return pre.topk(k, dim=1).values[:, -1:]


def _of_size(pre: Tensor, k: int) -> Tensor:
    kept = pre.abs().argsort(dim=1, descending=True, stable=True)[:, :k]
    return torch.zeros_like(pre).scatter(1, kept, pre.gather(1, kept))


def _columns(pre: Tensor, k: int) -> Tensor:
    kept = pre.argsort(dim=0, descending=True, stable=True)[:k]
    return torch.zeros_like(pre).scatter(0, kept, pre.gather(0, kept).relu())


def _kept(pre: Tensor, k: int) -> Tensor:
    kept = pre.argsort(dim=1, descending=True, stable=True)[:, :k]
    return torch.zeros_like(pre).scatter(1, kept, pre.gather(1, kept))


def _all_places(pre: Tensor, k: int) -> Tensor:
    f, kept = torch.zeros_like(pre), pre.argsort(dim=1, descending=True, stable=True)[:, :k]
    f[:, kept] = pre[:, kept].relu()
    return f


Function(
    id="sae.topk",
    reference=sae.topk,
    inputs=_topk_inputs,
    grads=(0,),
    ranges={"pre": REAL},
    allows=lambda pre, k: k <= pre.shape[1],
    survivors={
        "`pre.argsort(dim=1*` → `pre.argsort(descending*": LAST,
        "pre: at least 0": "What is negative becomes 0 in any case.",
        "result: its size": NEVER_NEGATIVE,
        "result: at least 0": NEVER_NEGATIVE,
    },
    hints=(
        "Exactly k of each row stay, the others become 0; what stays and is negative becomes 0 too. Among equals the first latents win.",
        "pre.argsort(dim=1, descending=True, stable=True)[:, :k] are the places that stay.",
        "torch.zeros_like(pre).scatter(1, kept, pre.gather(1, kept).relu())",
    ),
    misconceptions=(
        wrong("over the whole batch", sae.batchtopk,
              "You keep the k · batch largest of the whole batch, so that a row with small numbers may get none. TopK keeps k in every row; what you wrote is BatchTopK."),
        wrong("negative ones kept", _kept,
              "Among the k largest some are negative, and you keep them. An activation says how much of a direction is there: ReLU them."),
        wrong("largest in size", lambda pre, k: _of_size(pre, k).relu(),
              "You choose by absolute value. A large negative number is evidence against the latent; it must not take a place."),
        wrong("largest in size, signs kept", _of_size,
              "You choose by absolute value and keep the signs. Activations are never negative, and the largest ones are chosen, not the longest."),
        wrong("ties all kept", lambda pre, k: pre.relu() * (pre >= _threshold(pre, k)),
              "Where several are equal to the k-th largest, you keep them all: more than k. Choose places and not a threshold."),
        wrong("the k-th left out", lambda pre, k: pre.relu() * (pre > _threshold(pre, k)),
              "You keep those *above* the k-th largest: k − 1 of them."),
        wrong("k smallest", lambda pre, k: torch.zeros_like(pre).scatter(1, pre.argsort(dim=1, stable=True)[:, :k], pre.gather(1, pre.argsort(dim=1, stable=True)[:, :k]).relu()),
              "You keep the k smallest: the order is ascending."),
        wrong("along the batch", lambda pre, k: _columns(pre, min(k, len(pre))),
              "You keep the k largest of each *latent*, over the batch. The k are counted in each row: dim=1."),
        wrong("along the batch, by topk", lambda pre, k: torch.zeros_like(pre).scatter(0, (kept := pre.topk(k, dim=0)).indices, kept.values.relu()),
              "You keep the k largest of each *latent*, over the batch. The k are counted in each row: dim=1."),
        wrong("values without their places", lambda pre, k: pre.topk(k, dim=1).values.relu(),
              "You return the k largest values alone. They stay where they stand, in a tensor of the shape of `pre`, zeros elsewhere: scatter them back."),
        wrong("ones in place of the values", lambda pre, k: torch.zeros_like(pre).scatter(1, pre.argsort(dim=1, descending=True, stable=True)[:, :k], 1.0),
              "You return 1 where a number stays. The number itself stays, where it is not negative."),
        wrong("every row's places in all rows", _all_places,
              "`f[:, kept]` takes, in every row, the places of all rows. Pair each row with its own: `f.scatter(1, kept, …)`, or go row by row."),
        wrong("the last of equals", lambda pre, k: torch.zeros_like(pre).scatter(1, (kept := pre.argsort(dim=1, stable=True)[:, -k:]), pre.gather(1, kept).relu()),
              "Among equals you keep the last, since the order is ascending and you take its end. The first are asked for: descending=True and [:, :k]."),
        wrong("any of several equals", lambda pre, k: torch.zeros_like(pre).scatter(1, (kept := pre.topk(k, dim=1)).indices, kept.values.relu()),
              "All is right but for ties: `topk` may take any of several equals. The first are asked for; a stable sort keeps their order."),
        wrong("a sort that is not stable", lambda pre, k: torch.zeros_like(pre).scatter(1, (kept := pre.argsort(dim=1, descending=True)[:, :k]), pre.gather(1, kept).relu()),
              "All is right but for ties: without stable=True a sort may put equals into any order. The first are asked for."),
        wrong("one k for all rows", lambda pre, k: pre.relu() * (pre >= _threshold(pre, k).min()),
              "You use the smallest row's threshold for all rows. Each row has its own k largest."),
        wrong("ReLU alone", lambda pre, k: pre.relu(), "You keep every positive number; at most k of each row may stay."),
        wrong("nothing written", lambda pre, k: torch.zeros_like(pre), NOT_WRITTEN),
    ),
)  # fmt: skip


# 4 · BatchTopK ◇


def _batchtopk_inputs(rng: torch.Generator) -> Inputs:
    yield torch.tensor([[1.0, 3.0], [4.0, 2.0]]), 1
    yield torch.tensor([[5.0, 3.0, 4.0], [1.0, 2.0, 0.5]]), 1  # the first row takes both places
    yield torch.tensor([[9.0, 8.0, 7.0, 6.0], [1.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]]), 1  # or all
    yield torch.tensor([[9.0, 8.0, 7.0, 6.0], [1.0, 2.0, 0.5, 3.0]]), 2  # no row has a place for certain
    yield torch.tensor([[1.0, 2.0]]), 2  # as many places as numbers
    yield from _close()
    yield torch.tensor([[-5.0, 3.0], [-1.0, -2.0]]), 1  # fewer positive ones than places
    yield torch.tensor([[2.0, 2.0, 1.0], [2.0, 2.0, 3.0]]), 1  # ties
    yield torch.tensor([[1.0, 2.0, 2.0], [2.0, 0.0, 3.0]]), 1  # the first of equals, row by row
    for rows, latents, k in ((20, 3, 1), (5, 9, 3)):
        yield randn(rng, rows, latents), k
    yield torch.randint(-3, 9, (4, 1000), generator=rng).float(), 200  # so many equals that an unstable sort mixes them
    yield torch.zeros(0, 3), 1  # no rows


def _flat_threshold(pre: Tensor, count: int) -> Tensor:
    return pre.flatten().topk(min(count, pre.numel())).values[-1]


def _flat_kept(pre: Tensor, count: int, relu: bool = True) -> Tensor:
    kept = pre.flatten().argsort(descending=True, stable=True)[:count]
    values = pre.flatten()[kept]
    return torch.zeros_like(pre).flatten().scatter(0, kept, values.relu() if relu else values).view_as(pre)


Function(
    id="sae.batchtopk",
    reference=sae.batchtopk,
    inputs=_batchtopk_inputs,
    grads=(0,),
    ranges={"pre": REAL},
    allows=lambda pre, k: k <= pre.shape[1],
    survivors={
        "`torch.zeros_like(flat).scatter(*": "What is flat has one axis.",
        "pre: at least 0": "What is negative becomes 0 in any case.",
        "result: its size": NEVER_NEGATIVE,
        "result: at least 0": NEVER_NEGATIVE,
    },
    hints=(
        "A batch of B rows has k · B places, given to the largest pre-activations wherever they stand.",
        "Flatten, argsort (descending, stable), keep the first k * len(pre), scatter back, ReLU.",
    ),
    misconceptions=(
        wrong("k in every row", sae.topk,
              "You keep k in every row: that is TopK. Here a row that needs more may take places from one that needs fewer."),
        wrong("k in the whole batch", lambda pre, k: _flat_kept(pre, k),
              "You keep k in the whole batch. There are k places for each row: k · batch of them together."),
        wrong("negative ones kept", lambda pre, k: _flat_kept(pre, k * len(pre), relu=False),
              "You keep negative numbers where positive ones run out. ReLU what is kept."),
        wrong("ties all kept", lambda pre, k: pre.relu() * (pre >= _flat_threshold(pre, k * len(pre))),
              "Where several are equal to the last one that stays, you keep them all. There are exactly k · batch places."),
        wrong("k for each latent", lambda pre, k: _flat_kept(pre, k * pre.shape[1]),
              "You give away k places for each latent. There are k for each *row*: k * len(pre)."),
        wrong("any of several equals", lambda pre, k: torch.zeros(pre.numel(), dtype=pre.dtype).scatter(0, (kept := pre.flatten().topk(k * len(pre))).indices, kept.values.relu()).view_as(pre),
              "All is right but for ties: `topk` may take any of several equals. The first are asked for, row by row; a stable sort keeps their order."),
        wrong("a sort that is not stable", lambda pre, k: torch.zeros(pre.numel(), dtype=pre.dtype).scatter(0, (kept := pre.flatten().argsort(descending=True)[: k * len(pre)]), pre.flatten()[kept].relu()).view_as(pre),
              "All is right but for ties: without stable=True a sort may put equals into any order. The first are asked for, row by row."),
        wrong("k smallest", lambda pre, k: -_flat_kept(-pre, k * len(pre), relu=False).clamp(max=0),
              "You keep the smallest: the order is ascending."),
        wrong("the last place left empty", lambda pre, k: _flat_kept(pre, k * len(pre) - 1), "You give away k · batch − 1 places."),
        wrong("largest in size", lambda pre, k: pre.relu() * (pre.abs() >= _flat_threshold(pre.abs(), k * len(pre))),
              "You choose by absolute value. A large negative number is evidence against the latent and gets no place."),
        wrong("ReLU alone", lambda pre, k: pre.relu(), "You keep every positive number; k · batch may stay."),
        wrong("nothing written", lambda pre, k: torch.zeros_like(pre), NOT_WRITTEN),
    ),
)  # fmt: skip
