"""The recipes of the stored results, each one command. They print the hash that `stored.SHA256` must hold.

python -m course_utils.superposition.recipes sweep        # about 2 minutes a seed on two cores
python -m course_utils.superposition.recipes plane        # about a minute
python -m course_utils.superposition.recipes critical     # two to three minutes
"""

import hashlib
import sys

import numpy as np
import torch
from torch import Tensor

from .experiments import CriticalDensity
from .measures import dimensions_per_feature, feature_dimensionality
from .stored import FOLDER, canonical
from .training import Recipe, Toy, train

CRITICAL = Recipe(steps=600, batch=512, lr=0.02, anneal=True)


def make_sweep(seeds: int = 3) -> dict[str, Tensor]:
    """The recipe of `sweep`: Adam at a constant 1e-3, batches of 1024, 10 000 steps, every seed with its own data."""
    trained = train(canonical(), Recipe(), seeds=seeds)
    return dict(
        probability=trained.toy.probability[:, 0], dimensionality=feature_dimensionality(trained.W),
        per_feature=dimensions_per_feature(trained.W), loss=trained.final_loss,
    )  # fmt: skip


def make_plane() -> dict[str, Tensor]:
    """The recipe of `plane`."""
    p, decay = 50 ** -torch.linspace(0, 1, 8), torch.tensor([1.0, 0.9, 0.8, 0.65, 0.5])
    rows = [(float(a), float(c)) for a in p for c in decay]
    importance = torch.stack([c ** torch.arange(5) for _, c in rows])
    toy = Toy(5, 2, tuple(a for a, _ in rows), importance)
    best = train(toy, Recipe(steps=3000, batch=1024, lr=0.01, anneal=True), seeds=8).best()
    shape = (len(p), len(decay))
    return dict(probability=p, decay=decay, W=best.W[0].unflatten(0, shape), loss=best.final_loss[0].view(shape))


def make_critical() -> dict[str, Tensor]:
    """The recipe of `critical`: the crossing of ‖W‖²/m through 3/2 for n = 10, m = 5, seed by seed."""
    toy = Toy(10, 5, tuple(torch.linspace(0.4, 0.8, 9).tolist()))
    return vars(CriticalDensity.of(train(toy, CRITICAL, seeds=256)))


def save(name: str, arrays: dict[str, Tensor]) -> str:
    """Write a result in half precision and return its hash."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.npz"
    half = {"dimensionality", "W"}
    np.savez_compressed(
        path, **{k: v.numpy().astype(np.float16 if k in half else np.float32) for k, v in arrays.items()}
    )
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    recipes = {"sweep": make_sweep, "plane": make_plane, "critical": make_critical}
    for wanted in sys.argv[1:] or list(recipes):
        print(wanted, save(wanted, recipes[wanted]()))
