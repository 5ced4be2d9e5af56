"""Is a probe reading the model, or learning the task itself? Control tasks (Hewitt & Liang 2019).

A control task has the property's shape and none of its content: each token of the vocabulary gets a random label, the
same wherever it stands. Whoever solves it has learned it by heart. Selectivity is the accuracy on the property minus
that on the control task.

`shuffled_within` is a second null, for another question: does a probe know more than which token it has before it?
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

Fit = Callable[[Tensor, Tensor], Callable[[Tensor], Tensor]]


def control_labels(
    ids: Int[Tensor, "row"], coins: Float[Tensor, "d_vocab"], share: float | Tensor
) -> Bool[Tensor, "row"]:
    """A label for each row that depends on its token alone: whether that token's coin is below `share`.

    Args:
        coins: one number between 0 and 1 for each token of the vocabulary, drawn once.
    """
    return coins[ids] < share


def shuffled_within(ids: Int[Tensor, "row"], y: Bool[Tensor, "row"], seed: int) -> Bool[Tensor, "row"]:
    """The labels dealt anew among the rows of each token, so that a token's share stays and the places do not."""
    dealt = torch.randperm(len(ids), generator=torch.Generator().manual_seed(seed))
    dealt = dealt[ids[dealt].argsort(stable=True)]  # by token, within it in random order
    out = torch.empty_like(y)
    out[ids.argsort(stable=True)] = y[dealt]
    return out


def selectivity(
    x: Float[Tensor, "row d"], y: Bool[Tensor, "row"], ids: Int[Tensor, "row"], coins: Float[Tensor, "d_vocab"],
    train: Bool[Tensor, "row"], fit: Fit,
) -> Float[Tensor, ""]:  # fmt: skip
    """Accuracy on the property minus accuracy on its control task, each by a probe of its own, on rows not trained on.

    Args:
        train: the rows to fit on; the others judge.
        fit: from rows and labels to a function that says yes or no to rows.
    """
    control = control_labels(ids, coins, y[train].to(x).mean())
    right = [(fit(x[train], task[train])(x[~train]) == task[~train]).to(x).mean() for task in (y, control)]
    return right[0] - right[1]
