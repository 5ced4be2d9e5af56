"""What is too heavy to train in a lesson ships as a small file; `recipes` makes it again.

`load` checks the file's SHA-256 against the one recorded here, so that a result and its recipe cannot drift apart.
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from .experiments import CriticalDensity
from .training import Toy

FOLDER = Path(__file__).parent / "stored_results"
SHA256 = {
    "sweep": "?",
    "critical": "f7b2ee5a938e616e072798d078ee9352e4572aea794f0a6b7c060c6d82642070",
    "plane": "4bdaa178b7cba2e0b19ec8a1fda1e306ca6f6e573280801f18a62fd2a851f1dc",
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


@lru_cache
def critical() -> CriticalDensity:
    """Where superposition sets in for 10 features in 5 dimensions, over 32 seeds."""
    return CriticalDensity(**load("critical"))


def load(name: str) -> dict[str, Tensor]:
    """The arrays of one stored result.

    Raises:
        RuntimeError: if the file is missing or is not the one that was recorded.
    """
    path = FOLDER / f"{name}.npz"
    again = f"get the file back from the repository, or make it again: python -m course_utils.superposition.recipes {name}"
    if not path.exists():
        raise RuntimeError(f"the stored result {path} is missing; {again}")
    if hashlib.sha256(path.read_bytes()).hexdigest() != SHA256[name]:
        raise RuntimeError(f"the stored result {path} is not the one this version of the course was written for; {again}")
    with np.load(path) as arrays:
        return {key: torch.from_numpy(value.astype(np.float32)) for key, value in arrays.items()}
