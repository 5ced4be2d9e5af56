"""The stored results of lesson 1: `sweep` (about 2 minutes a seed on two cores), `plane` (one), `critical` (three)."""

import torch
from torch import Tensor

from course_utils.superposition.critical import CriticalDensity
from course_utils.superposition.measures import dimensions_per_feature, feature_dimensionality
from course_utils.superposition.stored import FOLDER, canonical  # noqa: F401 (for `save`)
from course_utils.superposition.training import Recipe, Toy, train

CRITICAL = Recipe(steps=600, batch=512, lr=0.02, anneal=True)


def make_sweep() -> dict[str, Tensor]:
    """The recipe of `sweep`: Adam at a constant 1e-3, batches of 1024, 10 000 steps, every seed with its own data."""
    trained = train(canonical(), Recipe(), seeds=3)
    return _small(dict(
        probability=trained.toy.probability[:, 0], dimensionality=feature_dimensionality(trained.W),
        per_feature=dimensions_per_feature(trained.W), loss=trained.final_loss,
    ))  # fmt: skip


def make_plane() -> dict[str, Tensor]:
    """The recipe of `plane`."""
    p, decay = 50 ** -torch.linspace(0, 1, 8), torch.tensor([1.0, 0.9, 0.8, 0.65, 0.5])
    rows = [(float(a), float(c)) for a in p for c in decay]
    importance = torch.stack([c ** torch.arange(5) for _, c in rows])
    toy = Toy(5, 2, tuple(a for a, _ in rows), importance)
    best = train(toy, Recipe(steps=3000, batch=1024, lr=0.01, anneal=True), seeds=8).best()
    shape = (len(p), len(decay))
    W, loss = best.W[0].unflatten(0, shape), best.final_loss[0].view(shape)
    return _small(dict(probability=p, decay=decay, W=W, loss=loss))


def make_critical() -> dict[str, Tensor]:
    """The recipe of `critical`: the crossing of ‖W‖²/m through 3/2 for n = 10, m = 5, seed by seed."""
    toy = Toy(10, 5, tuple(torch.linspace(0.4, 0.8, 9).tolist()))
    return vars(CriticalDensity.of(train(toy, CRITICAL, seeds=256)))


def _small(arrays: dict[str, Tensor]) -> dict[str, Tensor]:
    """What need not be exact, in half precision."""
    return {name: value.half() if name in ("dimensionality", "W") else value for name, value in arrays.items()}


MAKERS = {"sweep": make_sweep, "plane": make_plane, "critical": make_critical}
