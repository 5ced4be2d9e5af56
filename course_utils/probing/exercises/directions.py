"""Exercise 14, of the second notebook: the part of a learned direction that the next weights see."""

import torch
from torch import Tensor

from course_utils.grading.inputs import Inputs, randn
from course_utils.grading.kinds import REAL, Function, wrong
from course_utils.probing import subspace

# 14 · seen_part


def _directions(rng: torch.Generator) -> Inputs:
    wide = torch.float64
    yield torch.tensor([3.0, 4.0], dtype=wide), torch.tensor([[2.0], [0.0]], dtype=wide)
    yield torch.tensor([1.0, 2.0, 3.0], dtype=wide), torch.tensor([[1.0, 1.0], [0.0, 1.0], [0.0, 0.0]], dtype=wide)
    across = [[1.0, 2.0, 3.0, 0.0], [0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 0.0, 0.0]]  # wide, and yet one entry is unseen
    yield torch.tensor([3.0, 4.0, 5.0], dtype=wide), torch.tensor(across, dtype=wide)
    yield torch.tensor([0.0, 0.0], dtype=wide), torch.tensor([[1.0], [0.0]], dtype=wide)
    yield torch.tensor([3.0, 4.0], dtype=wide), torch.tensor([[0.0], [0.0]], dtype=wide)
    yield torch.tensor([3.0, 4.0], dtype=wide), torch.tensor([[5e-8], [0.0]], dtype=wide)
    yield torch.tensor([3.0, 4.0], dtype=wide), torch.tensor([[1.0, 1.0], [0.0, 5e-4]], dtype=wide)  # seen weakly is seen
    for d, outs in ((9, 4), (12, 7)):
        yield 2 * randn(rng, d, dtype=wide), randn(rng, d, outs, dtype=wide)
    few = randn(rng, 6, 2, dtype=wide)
    yield randn(rng, 6, dtype=wide), few @ randn(rng, 2, 4, dtype=wide)  # columns that depend on each other
    yield randn(rng, 4, dtype=wide), randn(rng, 4, 7, dtype=wide)  # more columns than dimensions: everything is seen
    u, bare = randn(rng, 5, dtype=wide), randn(rng, 5, 2, dtype=wide)
    bare[1] = 0  # a neuron without weights
    yield u, bare
    yield randn(rng, 8), randn(rng, 8, 3)


def _columns(u: Tensor, weights: Tensor) -> Tensor:
    """As if the columns were at right angles."""
    units = weights / weights.norm(dim=0).clamp(min=1e-9)
    return units @ (units.mT @ u)


def _strongest(u: Tensor, weights: Tensor) -> Tensor:
    first = torch.linalg.svd(weights).U[:, 0]
    return (first @ u) * first


def _above_zero(u: Tensor, weights: Tensor) -> Tensor:
    found = torch.linalg.svd(weights, full_matrices=False)
    kept = found.U[:, found.S > 0]
    return kept @ (kept.mT @ u)


def _one_by_one(u: Tensor, weights: Tensor) -> Tensor:
    rest = u
    for column in weights.mT:
        if column.norm() > 1e-9:
            rest = rest - (rest @ column) / (column @ column) * column
    return u - rest


def _unit(v: Tensor) -> Tensor:
    return v / v.norm()


Function(
    id="probing.seen_part",
    reference=subspace.seen_part,
    inputs=_directions,
    ranges={"direction": REAL, "weights": REAL, "result": REAL},
    survivors={"*→ `direction @ (weights @ torch.linalg.pinv(weights))`": "The matrix of a projection is symmetric."},
    rtol=1e-3,
    atol=1e-5,
    hints=(
        "What the weights see is the span of their columns. Project the direction on it.",
        "The columns are neither of length 1 nor at right angles, so that adding up projections on each counts some things twice. `torch.linalg.pinv(weights) @ direction` gives the coefficients with which the columns come nearest to the direction.",
    ),
    misconceptions=(
        wrong("the unseen part", lambda u, w: u - subspace.seen_part(u, w), "This is the part that the weights do *not* see. Return the other one."),
        wrong("through the weights and back", lambda u, w: w @ (w.mT @ u), "W Wᵀ u leans towards columns that are long or alike: it is no projection, since doing it twice gives something else. The columns have to be made orthonormal first, or use the pseudo-inverse."),
        wrong("columns as if at right angles", _columns, "You project on each column by itself and add up. Where columns are not at right angles, what they share is counted more than once."),
        wrong("orthonormal columns whatever their rank", lambda u, w: (q := torch.linalg.qr(w).Q) @ (q.mT @ u), "`qr` (and `svd`) return as many orthonormal columns as `weights` has, also where these depend on each other: some of them then lie outside their span. Keep those with a singular value that is more than rounding, such as `S > 1e-6 * S.max()`, or use `pinv`."),
        wrong("cut at 0", _above_zero, "You keep what has a singular value above 0. Where columns depend on each other the others come out near 1e-16, and not at 0: cut in proportion, `S > 1e-6 * S.max()`, or use `pinv`."),
        wrong("what comes out", lambda u, w: u @ w, "This is what the weights *make* of the direction, one number for each output. The part of the direction is asked for: as many numbers as it has."),
        wrong("columns of length 1, as if at right angles", lambda u, w: (w / w.norm(dim=0)) @ ((w / w.norm(dim=0)).mT @ u), "You project on each column by itself and add up. Where columns are not at right angles, what they share is counted more than once; and a column of zeros has no direction."),
        wrong("one column after another", _one_by_one, "You take out one column's part after the other. A later column brings back what an earlier one had taken out, unless they are at right angles: make them orthonormal first."),
        wrong("everything", lambda u, w: u.clone(), "You return the whole direction. `torch.linalg.svd(weights).U` and `qr(…, mode=\"complete\")` hold more columns than `weights` spans; the rest must give zero: `rest @ weights`."),
        wrong("coefficients", lambda u, w: torch.linalg.pinv(w) @ u, "These are the coefficients of the columns. Multiply the columns by them: `weights @ coefficients`."),
        wrong("strongest alone", _strongest, "You keep the one direction that the weights see most strongly. What they see weakly they see, too."),
        wrong("at full length", lambda u, w: _unit(subspace.seen_part(u, w)) * u.norm(), "You stretch the seen part to the length of the whole direction. A part is shorter than the whole; seen and unseen part add up to the direction."),
        wrong("of length 1", lambda u, w: _unit(subspace.seen_part(u, w)), "You make the seen part a unit vector. Leave it its length, so that it and the unseen part add up to the direction."),
        wrong("bare neurons struck out", lambda u, w: u * (w != 0).any(1), "You only strike out entries whose weights are all zero. Weights can cancel: a combination of neurons is unseen where what they write adds up to nothing."),
    ),
)  # fmt: skip
