"""Exercises 4 and 5: interference and dimensionality, read off W."""

import torch
from torch import Tensor

from course_utils import superposition as sp
from course_utils.grading.inputs import Inputs, randn
from course_utils.grading.kinds import POSITIVE, REAL, UNIT, Function, wrong
from course_utils.superposition.exercises.inputs import dropping


def _matrix_inputs(rng: torch.Generator) -> Inputs:
    yield (torch.tensor([[2.0, 1.0]]),)
    yield (torch.tensor([[1.0, -0.5, 0.0], [0.0, 0.0, 2.0]]),)
    yield (torch.tensor([[1.0, 1.0, -1.0]]),)  # overlaps of both signs on one line
    yield (torch.tensor([[1.0, -2.0, 0.0], [1.0, 0.5, 0.0]]),)  # the last feature is dropped
    yield (torch.tensor([[1.0, 0.03], [0.0, 0.04]]),)  # a short column is not a dropped one
    yield (torch.tensor([[0.004, 0.003], [0.0, 0.004]]),)  # nor are very short ones
    yield (torch.tensor([[1e-5, 1.0]], dtype=torch.float64),)  # in which the sum less the column itself is exact enough
    yield (torch.eye(3),)
    yield (torch.zeros(2, 2),)  # all dropped
    yield (torch.tensor([[1e-5, 0.0], [0.0, 1.0]]),)  # short beside a long one, and alone
    yield (randn(rng, 2, 5),)
    yield (dropping(randn(rng, 3, 4), 0, 2),)
    yield (randn(rng, 4, 7, dtype=torch.float64),)
    yield (0.3 * randn(rng, 6, 3),)


def _overlap(W: Tensor) -> Tensor:
    return sp.directions(W).mT @ W


def _raw_overlap(W: Tensor) -> Tensor:
    """nan for a dropped feature, whose column is divided by its length."""
    return (W / W.norm(dim=0)).mT @ W


def _without_diagonal(M: Tensor) -> Tensor:
    return M - torch.diag(M.diagonal())


def _along_rows(W: Tensor) -> Tensor:
    unit = W / W.norm(dim=1, keepdim=True).clamp(min=1e-12)
    return _without_diagonal((unit.mT @ W).square()).sum(-1)


SHORT = "You take a short column for a dropped one. Here only a column of zeros counts as dropped: a short one still has a direction."

ZERO = "A column of zeros gives 0/0 = nan in one branch, and `torch.where` takes the other."
SURE = {  # of `directions`, which both exercises call
    "directions: `norm > 0` → *": ZERO,
    "directions: `keepdim=True` → `keepdim=False`": "W is one matrix here, and its columns are divided by a row of norms either way.",
    "directions: `norm.clamp(*)` → `norm`": "`torch.where` never takes the value that the clamp protects.",
}


Function(
    id="superposition.interference",
    reference=sp.interference,
    inputs=_matrix_inputs,
    ranges={"W": REAL, "result": POSITIVE},
    survivors=SURE
    | {"`overlap.diagonal(dim1=-2, dim2=-1)` → *": "W is one matrix here, whose first two axes are its last two."},
    hints=(
        "Column i of W is feature i. Divide each column by its own length, then look how far every *other* column reaches along it.",
        "unit.T @ W has shape (feature i, feature j) and holds Ŵᵢ·Wⱼ. Square it, take the diagonal away, sum over j.",
        "A dropped feature has a column of zeros: its direction is undefined and its interference is 0. Guard the division (clamp the norm).",
    ),
    misconceptions=(
        wrong("self term included", lambda W: _overlap(W).square().sum(-1),
              "Your sum includes j = i, the feature's own squared length. Interference is what the *others* add."),
        wrong("1 subtracted in place of the diagonal", lambda W: _overlap(W).square().sum(-1) - 1,
              "You subtract 1 for the feature itself. Its own term is ‖Wᵢ‖², which is 1 only for a column of length 1: subtract the diagonal."),
        wrong("1 subtracted in place of the diagonal, and nan for dropped features", lambda W: _raw_overlap(W).square().sum(-1) - 1,
              "Two things at once: you subtract 1 for the feature itself, whose own term is ‖Wᵢ‖², and a dropped feature's column of zeros is divided by its length."),
        wrong("1 subtracted, 0 for dropped features", lambda W: torch.where(W.norm(dim=0) > 0, _overlap(W).square().sum(-1) - 1, 0.0),
              "You subtract 1 for the feature itself. Its own term is ‖Wᵢ‖², which is 1 only for a column of length 1: subtract the diagonal."),
        wrong("divided by the length once", lambda W: _without_diagonal((W.mT @ W).square()).sum(-1) / W.norm(dim=0).clamp(min=1e-12),
              "You square first and divide by the length once. The overlap Ŵᵢ·Wⱼ is divided by ‖Wᵢ‖ *before* it is squared."),
        wrong("its own length subtracted", lambda W: _overlap(W).square().sum(-1) - W.norm(dim=0),
              "For the feature itself you subtract ‖Wᵢ‖. Its own term is squared like all others: ‖Wᵢ‖²."),
        wrong("each pair once", lambda W: _overlap(W).square().triu(1).sum(-1),
              "You count only j > i. Every other feature disturbs i, those before it too: j ≠ i."),
        wrong("square of the sum", lambda W: _without_diagonal(_overlap(W)).sum(-1).square(),
              "You square the sum. Square each overlap first, then sum: otherwise an opposite column cancels an equal one."),
        wrong("short columns treated as dropped", lambda W: torch.where(W.norm(dim=0) > 0.1, sp.interference(W), 0.0), SHORT),
        wrong("rows taken for features", lambda W: _without_diagonal((sp.directions(W.mT).mT @ W.mT).square()).sum(-1),
              "You take the rows of W for the features. W has shape (hidden, feature): a feature is a column."),
        wrong("both columns normalised", lambda W: _without_diagonal((sp.directions(W).mT @ sp.directions(W)).square()).sum(-1),
              "You normalise both columns. Only the reader's direction is a unit vector; a long column j disturbs more than a short one."),
        wrong("neither column normalised", lambda W: _without_diagonal((W.mT @ W).square()).sum(-1),
              "Neither column is normalised. Divide column i by its length, or a long feature seems to suffer more only because it is long."),
        wrong("the other column normalised", lambda W: _without_diagonal(_overlap(W).square()).sum(0),
              "You normalise column j and not column i: your sum runs over the wrong axis. The direction of the feature that reads is the unit vector."),
        wrong("square forgotten", lambda W: _without_diagonal(_overlap(W)).sum(-1),
              "The overlaps are not squared, so that an opposite column cancels an equal one. Noise adds up in squares."),
        wrong("absolute value in place of the square", lambda W: _without_diagonal(_overlap(W)).abs().sum(-1),
              "You sum absolute overlaps. Independent disturbances add in squares."),
        wrong("normalised along the wrong axis", _along_rows,
              "You divide by the length of the rows. A feature is a column of W, of shape (hidden, feature): the norm runs over dim=0."),
        wrong("nan for dropped features", lambda W: _without_diagonal(((W / W.norm(dim=0)).mT @ W).square()).sum(-1),
              "A dropped feature has a column of zeros and you divide by its length. Say 0 for it: clamp the norm, or use torch.where."),
        wrong("self term included, and nan for dropped features", lambda W: ((W / W.norm(dim=0)).mT @ W).square().sum(-1),
              "Two things at once: your sum includes j = i, the feature's own squared length, and a dropped feature's column of zeros is divided by its length."),
        wrong("ε added to the length", lambda W: _without_diagonal(((W / (W.norm(dim=0) + 1e-5)).mT @ W).square()).sum(-1),
              "You add a small number to the length to avoid dividing by zero. For a short column that is no longer small: clamp the length, or use torch.where, so that only a column of zeros is touched."),
        wrong("largest of the others", lambda W: _without_diagonal(_overlap(W).square()).amax(-1),
              "You take the largest overlap. Interference is the total: all the others add to it."),
        wrong("averaged over the others", lambda W: _without_diagonal(_overlap(W).square()).sum(-1) / max(W.shape[1] - 1, 1),
              "You average over the other features. Interference is the total: twenty disturbers are worse than two."),
    ),
)  # fmt: skip


def _ratio(numerator: Tensor, denominator: Tensor) -> Tensor:
    return torch.where(denominator > 0, numerator / denominator.clamp(min=1e-30), 0.0)


def _others_only(W: Tensor) -> Tensor:
    return _without_diagonal(_overlap(W).square()).sum(-1)


def _cosines(unit: Tensor) -> Tensor:
    return (unit.mT @ unit).square().sum(-1)


SELF_LEFT_OUT = "Your denominator leaves j = i out, so a feature that is alone divides by zero. The sum includes the feature itself."
COSINES = "This is 1/Σⱼ cos²: column j has lost its length. Only column i becomes a unit vector, and the sum runs over the others j, not over the readers i."


Function(
    id="superposition.feature_dimensionality",
    reference=sp.feature_dimensionality,
    inputs=_matrix_inputs,
    ranges={"W": REAL, "result": UNIT},
    survivors=SURE
    | {
        "`squared > 0` → *": "Where a column is zero, numerator and denominator are: 0 over the smallest number is 0.",
        "`shared.clamp(*)` → `shared`": ZERO,
        "directions: `torch.where(*)` → *, 0.01)`": "A column of zeros has the numerator 0, whatever its direction is called.",
    },
    hints=(
        "Numerator: the squared length of column i. Denominator: the squared overlaps of *all* columns with its direction, its own included.",
        "The denominator is your interference plus ‖Wᵢ‖². For a feature alone in a dimension the ratio is 1; for an antipodal pair, 1/2 each.",
        "Where the column is zero, the answer is 0: torch.where(squared > 0, squared / shared.clamp(min=tiny), 0.0).",
    ),
    misconceptions=(
        wrong("rows normalised", lambda W: _ratio(W.square().sum(0), ((W / W.norm(dim=1, keepdim=True).clamp(min=1e-12)).mT @ W).square().sum(-1)),
              "You divide by the length of the rows. A feature is a column of W, of shape (hidden, feature): the norm runs over dim=0."),
        wrong("1 in place of its own term", lambda W: _ratio(W.square().sum(0), 1 + _others_only(W)),
              "For the feature itself you add 1. Its own term is ‖Wᵢ‖², which is 1 only for a column of length 1."),
        wrong("self term left out", lambda W: W.square().sum(0) / _others_only(W), SELF_LEFT_OUT),
        wrong("self term left out, 0 for zero columns", lambda W: torch.where(W.square().sum(0) > 0, W.square().sum(0) / _others_only(W), 0.0), SELF_LEFT_OUT),
        wrong("self term left out, 0 where alone", lambda W: _ratio(W.square().sum(0), _others_only(W)), SELF_LEFT_OUT),
        *(
            wrong(f"self term left out, clamped at {tiny:g}", lambda W, tiny=tiny: W.square().sum(0) / _others_only(W).clamp(min=tiny), SELF_LEFT_OUT)
            for tiny in (1e-8, 1e-12, 1e-30)
        ),
        wrong("1/Σcos²", lambda W: _ratio((W.norm(dim=0) > 0).to(W.dtype), _cosines(sp.directions(W))), COSINES),
        wrong("1/Σcos², infinite for dropped features", lambda W: 1 / _cosines(sp.directions(W)), COSINES),
        wrong("1/Σcos², nan for dropped features", lambda W: 1 / _cosines(W / W.norm(dim=0)), COSINES),
        wrong("short columns treated as dropped", lambda W: torch.where(W.norm(dim=0) > 0.1, sp.feature_dimensionality(W), 0.0), SHORT),
        wrong("numerator not squared", lambda W: _ratio(W.norm(dim=0), _overlap(W).square().sum(-1)),
              "The numerator is ‖Wᵢ‖. It must be ‖Wᵢ‖²: otherwise doubling all of W changes the answer, and a fraction of a dimension has no scale."),
        wrong("nan for dropped features", lambda W: W.square().sum(0) / ((W / W.norm(dim=0)).mT @ W).square().sum(-1),
              "A dropped feature has a column of zeros, and 0/0 is nan. It takes up no dimension: say 0."),
        wrong("both columns normalised", lambda W: _ratio(W.square().sum(0), (sp.directions(W).mT @ sp.directions(W)).square().sum(-1)),
              "You normalise both columns in the denominator. Only column i becomes a unit vector."),
        wrong("direction not normalised", lambda W: _ratio(W.square().sum(0), (W.mT @ W).square().sum(-1)),
              "The denominator has (Wᵢ·Wⱼ)². The reader's column must be divided by its length first."),
        wrong("denominator not squared", lambda W: _ratio(W.square().sum(0), _overlap(W).abs().sum(-1)),
              "The overlaps in the denominator are not squared."),
        wrong("ε added to the length", lambda W: W.square().sum(0) / (((W / (W.norm(dim=0) + 1e-5)).mT @ W).square().sum(-1) + 1e-12),
              "You add a small number to the length to avoid dividing by zero. For a short column that is no longer small: clamp the length, or use torch.where, so that only a column of zeros is touched."),
        wrong("square of the sum", lambda W: _ratio(W.square().sum(0), _overlap(W).sum(-1).square()),
              "You square the sum of the overlaps. Square each overlap first, then sum: otherwise an opposite column cancels an equal one."),
        wrong("upside down", lambda W: _ratio(_overlap(W).square().sum(-1), W.square().sum(0)),
              "Your fraction is upside down: it gives features per dimension, always at least 1."),
    ),
)  # fmt: skip
