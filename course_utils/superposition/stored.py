"""What is too heavy to train in a lesson ships as a small file, with the recipe that makes it again.

    python -m course_utils.superposition.stored sweep        # about 4 minutes a seed on two cores
    python -m course_utils.superposition.stored plane        # about half a minute

`load` checks the file's SHA-256 against the one recorded here, so that a result and its recipe cannot drift apart.
"""

import hashlib
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from .measures import dimensions_per_feature, feature_dimensionality
from .training import Recipe, Toy, train

FOLDER = Path(__file__).parent / "stored_results"
SHA256 = {
    "sweep": "?",
    "plane": "?",
}


@dataclass(frozen=True)
class Sweep:
    """The canonical sweep: 200 equally important features in 20 dimensions, from dense to sparse, over seeds.

    Attributes:
        probability: density p of each instance. dimensionality: Dᵢ, (seed, instance, feature).
        per_feature: D* = m / ‖W‖²_F, (seed, instance). loss: final loss, (seed, instance).
    """

    probability: Float[Tensor, "instance"]
    dimensionality: Float[Tensor, "seed instance feature"]
    per_feature: Float[Tensor, "seed instance"]
    loss: Float[Tensor, "seed instance"]


@dataclass(frozen=True)
class Plane:
    """Five features in two dimensions, the best of 8 seeds, over densities p and importances I_i = decay^i.

    W: (density, decay, hidden, feature). loss: (density, decay).
    """

    probability: Float[Tensor, "density"]
    decay: Float[Tensor, "decay"]
    W: Float[Tensor, "density decay 2 5"]
    loss: Float[Tensor, "density decay"]


def canonical(features: int = 200, hidden: int = 20, instances: int = 20) -> Toy:
    """The published sweep's densities, p = 20^(−k/19): from every feature always active to one in twenty."""
    return Toy(features, hidden, tuple((20 ** -torch.linspace(0, 1, instances)).tolist()))


@lru_cache
def sweep() -> Sweep:
    """The stored sweep (4 seeds of 20 instances, 10 000 steps each)."""
    return Sweep(**load("sweep"))


@lru_cache
def plane() -> Plane:
    """The stored grid behind the lesson's widget."""
    return Plane(**load("plane"))


def load(name: str) -> dict[str, Tensor]:
    """The arrays of one stored result.

    Raises:
        RuntimeError: if the file is missing or is not the one that was recorded.
    """
    path = FOLDER / f"{name}.npz"
    again = f"get the file back from the repository, or make it again: python -m course_utils.superposition.stored {name}"
    if not path.exists():
        raise RuntimeError(f"the stored result {path} is missing; {again}")
    if hashlib.sha256(path.read_bytes()).hexdigest() != SHA256[name]:
        raise RuntimeError(f"the stored result {path} is not the one this version of the course was written for; {again}")
    with np.load(path) as arrays:
        return {key: torch.from_numpy(value.astype(np.float32)) for key, value in arrays.items()}


def make_sweep(seeds: int = 4) -> dict[str, Tensor]:
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


def save(name: str, arrays: dict[str, Tensor]) -> str:
    """Write a result in half precision and return its hash."""
    FOLDER.mkdir(exist_ok=True)
    path = FOLDER / f"{name}.npz"
    half = {"dimensionality", "W"}
    np.savez_compressed(path, **{k: v.numpy().astype(np.float16 if k in half else np.float32) for k, v in arrays.items()})
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    for wanted in sys.argv[1:] or list(SHA256):
        print(wanted, save(wanted, {"sweep": make_sweep, "plane": make_plane}[wanted]()))
