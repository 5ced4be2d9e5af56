"""What can be said about superposition with a pencil.

1. Two features, one dimension: the losses of the three sensible solutions, hence the phase diagram.
2. How many almost-orthogonal directions fit into d dimensions: a bound, and vectors that beat it.
3. How much the other features disturb one: for random directions on average, and for a given W exactly.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from .measures import directions

PHASES = ("keep feature 1", "keep feature 2", "antipodal pair")


@dataclass(frozen=True)
class Size:
    """How large an active feature is: E[x], E[x²], and E[min(x, y)²] for two independent ones."""

    mean: float
    square: float
    smaller: float


UNIFORM = Size(1 / 2, 1 / 3, 1 / 6)  # uniform on [0, 1]
ON_OFF = Size(1.0, 1.0, 1.0)  # always 1


def phase_losses(
    p: Float[Tensor, "*grid"], r: Float[Tensor, "*grid"], size: Size = UNIFORM
) -> Float[Tensor, "3 *grid"]:
    """Losses of the three candidate solutions for two features (importance 1 and r, activity p) in one dimension.

    A dropped feature is best replaced by its mean, its bias, and then costs its variance: p/3 − p²/4 where active
    features are uniform. An antipodal pair (weights +1 and −1, no bias) is exact unless both are active: then the
    smaller one is lost, and the larger one is read as the difference, so that each is wrong by the smaller of the two.
    """
    p, r = torch.broadcast_tensors(p, r)
    variance = p * size.square - (p * size.mean).square()
    return torch.stack([r * variance, variance, p.square() * (1 + r) * size.smaller])


def predict_phase(p: Float[Tensor, "*grid"], r: Float[Tensor, "*grid"], size: Size = UNIFORM) -> Int[Tensor, "*grid"]:
    """Which candidate has the lowest loss: 0 keep feature 1, 1 keep feature 2, 2 antipodal pair; the first at a tie."""
    return phase_losses(p, r, size).min(0).indices


def on_off_phase(p: Float[Tensor, "*grid"], r: Float[Tensor, "*grid"]) -> Int[Tensor, "*grid"]:
    """`predict_phase` for features that are 0 or 1: which of the three candidates has the lowest loss."""
    return predict_phase(p, r, ON_OFF)


def almost_orthogonal_bound(d: int, epsilon: float) -> float:
    """exp(d ε² / 4): so many unit vectors with all |cos| ≤ ε are sure to exist in d dimensions.

    For two random unit vectors P(|u·v| > ε) ≤ 2 exp(−d ε²/2). N vectors have fewer than N²/2 pairs, so the chance
    that any pair fails is below N² exp(−d ε²/2), which is at most 1 while N ≤ exp(d ε²/4).
    """
    return math.exp(d * epsilon**2 / 4)


def dimensions_needed(n: int, epsilon: float) -> float:
    """4 ln n / ε²: in so many dimensions n unit vectors with all |cos| ≤ ε are sure to exist, by the same bound."""
    return 4 * math.log(n) / epsilon**2


def disturbance(W: Float[Tensor, "hidden feature"], p: float) -> Float[Tensor, "feature"]:
    """E[(Σ_{j≠i} xⱼ Ŵᵢ·Wⱼ)²]: mean squared disturbance of feature i by the others; 0 for a dropped feature.

    A sum of independent terms has the variance of each, p/3 − p²/4, times the squared overlap, and a mean, p/2 times
    the sum of the overlaps. The mean does not vanish when the overlaps lean one way, as those of trained models do.
    """
    overlap = directions(W).mT @ W
    overlap = overlap - torch.diag(overlap.diagonal())  # (feature i, feature j)
    return (p / 3 - p**2 / 4) * overlap.square().sum(-1) + (p / 2 * overlap.sum(-1)).square()


def expected_interference(n: int, p: float, d: int) -> float:
    """(n − 1) p / (3 d): mean squared interference on one feature from n − 1 others in random unit directions of R^d.

    Each of the others is active with probability p, has E[x²] = 1/3 when active, and leans on the reader's direction
    with E[(u·v)²] = 1/d. Cross terms vanish because the directions are random; for learned directions they need not.
    """
    return (n - 1) * p / (3 * d)


def random_directions(n: int, d: int, generator: torch.Generator | None = None) -> Float[Tensor, "d n"]:
    """n independent directions, uniform on the unit sphere of R^d, as columns."""
    return torch.nn.functional.normalize(torch.randn(d, n, generator=generator), dim=0)


def coherence(W: Float[Tensor, "d n"]) -> float:
    """The largest |cos| between two different columns."""
    cosine = torch.nn.functional.normalize(W, dim=0)
    cosine = (cosine.mT @ cosine).abs()
    return (cosine - torch.diag(cosine.diagonal())).max().item()


def welch_bound(n: int, d: int) -> float:
    """No n unit vectors in R^d have all |cos| below √((n − d) / (d (n − 1))) (Welch 1974); 0 while n ≤ d."""
    return math.sqrt(max(n - d, 0) / (d * (n - 1)))


PACKING_LR = 0.05  # of Adam, at its highest


@dataclass(frozen=True)
class Packing:
    """Directions spread apart by optimisation. `start` and `coherence` are the largest |cos| before and after."""

    W: Float[Tensor, "d n"]
    start: float
    coherence: float


def pack(n: int, d: int, steps: int = 400) -> Packing:
    """Spread n directions in R^d apart: gradient descent on a soft maximum of |cos| that hardens as it goes."""
    W = random_directions(n, d, torch.Generator().manual_seed(0)).requires_grad_()
    start, best, best_W = coherence(W.detach()), math.inf, W.detach().clone()
    optimizer = torch.optim.Adam([W], lr=PACKING_LR)
    off = ~torch.eye(n, dtype=torch.bool)
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = PACKING_LR * 0.5 * (1 + math.cos(math.pi * step / steps))
        hardness = 20 * (50 ** (step / steps))
        unit = torch.nn.functional.normalize(W, dim=0)
        cosine = (unit.mT @ unit).abs()[off]
        largest = cosine.max().item()
        if largest < best:
            best, best_W = largest, unit.detach().clone()
        optimizer.zero_grad()
        (torch.logsumexp(hardness * cosine, 0) / hardness).backward()
        optimizer.step()
    return Packing(best_W, start, best)
