"""A toy to build by hand: n features in the plane, and a polygon whose length and bias are still to be found.

1. A seed gives a task: how many features, and how dense they are.
2. The loss of any W and b is measured on one large fixed batch.
3. The plain polygon has length 1 and no bias; the best polygon has the length and the bias with the lowest loss.
"""

from dataclasses import dataclass
from functools import lru_cache

import torch
from jaxtyping import Float
from torch import Tensor

from .measures import polygon
from .model import forward, loss
from .training import Toy

TASKS = tuple((n, round(0.3 / n, 3)) for n in range(6, 11))  # features and their density; lesson 1 solves it for five


@dataclass(frozen=True)
class Task:
    """`features` equally important features of density `probability`, to be put into two dimensions."""

    features: int
    probability: float

    def loss(self, W: Float[Tensor, "2 feature"], b: Float[Tensor, "feature"]) -> float:
        """The loss of a model on 20 000 fixed samples."""
        x = _batch(self.features, self.probability)
        return loss(x, forward(x, W.float(), b.float()), torch.ones(self.features)).item()

    def plain(self) -> tuple[Float[Tensor, "2 feature"], Float[Tensor, "feature"]]:
        """(W, b) of the regular polygon with arrows of length 1 and no bias."""
        return polygon(self.features), torch.zeros(self.features)

    def best(self) -> tuple[Float[Tensor, "2 feature"], Float[Tensor, "feature"]]:
        """(W, b) of the regular polygon with the best length and the best bias, the same for all features."""
        length, bias = _best(self)
        return length * polygon(self.features), torch.full((self.features,), bias)


def task(seed: int) -> Task:
    """The task number `seed`: five follow one another."""
    return Task(*TASKS[seed % len(TASKS)])


@lru_cache(maxsize=16)
def _batch(features: int, probability: float) -> Float[Tensor, "1 batch feature"]:
    return Toy(features, 2, (probability,)).batch(20_000, torch.Generator().manual_seed(5))


@lru_cache(maxsize=16)
def _best(task: Task) -> tuple[float, float]:
    x, shape = _batch(task.features, task.probability), polygon(task.features)
    value = torch.tensor([1.1, -0.2], requires_grad=True)  # length, bias
    optimizer = torch.optim.LBFGS([value], max_iter=60, line_search_fn="strong_wolfe")

    def closure() -> Tensor:
        optimizer.zero_grad()
        found = loss(x, forward(x, value[0] * shape, value[1].expand(task.features)), torch.ones(task.features)).sum()
        found.backward()
        return found

    optimizer.step(closure)
    length, bias = value.detach().tolist()
    return length, bias
