"""Exercises 6 to 8: what a pencil can find out about disturbance, room and phases."""

import math

import torch
from torch import Tensor

from course_utils import superposition as sp
from course_utils.grading.inputs import Inputs, rand, randn
from course_utils.grading.kinds import POSITIVE, REAL, UNIT, Function, wrong
from course_utils.superposition.exercises.inputs import dropping

# 6 · disturbance


def _disturbance_inputs(rng: torch.Generator) -> Inputs:
    yield torch.tensor([[1.0, -1.0]]), 0.5
    yield torch.tensor([[1.0, 1.0, 1.0]]), 0.5  # three that lean the same way
    yield torch.tensor([[1.0, 2.0, -1.0]]), 0.2
    yield torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]]), 1.0
    yield torch.tensor([[2.0, 0.0, 1.0], [0.0, 0.0, 1.0]]), 0.5  # the middle one is dropped
    yield torch.eye(3), 0.3
    yield randn(rng, 2, 5), float(rand(rng))
    yield dropping(randn(rng, 3, 4), 0, 2), float(rand(rng))
    yield randn(rng, 4, 7, dtype=torch.float64), float(rand(rng))
    yield randn(rng, 2, 4), 0.0
    yield 3 * randn(rng, 2, 4), 0.004


def _others(W: Tensor, own: Tensor | None = None) -> Tensor:
    overlap = sp.directions(W).mT @ (W if own is None else own)
    return overlap - torch.diag(overlap.diagonal())


def _total(overlap: Tensor, p: float, square: float | None = None, mean: float | None = None) -> Tensor:
    """Variance times the sum of squares, plus the square of the mean times the sum."""
    variance = p / 3 - p**2 / 4 if square is None else square
    return variance * overlap.square().sum(-1) + ((p / 2 if mean is None else mean) * overlap.sum(-1)).square()


def _with_itself(W: Tensor, p: float) -> Tensor:
    return _total(sp.directions(W).mT @ W, p)


def _average_for_random(W: Tensor, p: float) -> Tensor:
    return torch.full_like(W[0], (W.shape[1] - 1) * p / (3 * W.shape[0]))


Function(
    id="superposition.disturbance",
    reference=sp.disturbance,
    inputs=_disturbance_inputs,
    ranges={"W": REAL, "p": UNIT, "result": POSITIVE},
    survivors={"`overlap - torch.diag(*)` → *": "The sign of all overlaps drops out of their squares and of the square of their sum."},
    hints=(
        "Call the overlaps aⱼ = Ŵᵢ·Wⱼ. The disturbance is Σⱼ aⱼ xⱼ, a sum of independent numbers. The mean square of anything is its variance plus the square of its mean.",
        "Variances of independent numbers add up: (p/3 − p²/4) Σⱼ aⱼ². Means add up too, with their signs: (p/2) Σⱼ aⱼ.",
        "Put the overlaps into one matrix, sp.directions(W).mT @ W, with the diagonal taken out; rows are the readers i.",
    ),
    misconceptions=(
        wrong("cross terms forgotten", lambda W, p: p / 3 * _others(W).square().sum(-1),
              "You add the squares one by one, p/3 · Σ aⱼ², as if the products xⱼ xₖ averaged to zero. Features are never negative, so that they average to p²/4: overlaps of the same sign add up."),
        wrong("the mean forgotten", lambda W, p: (p / 3 - p**2 / 4) * _others(W).square().sum(-1),
              "This is the variance of the disturbance. Its mean square has another term, the square of its mean, (p/2 · Σ aⱼ)²."),
        wrong("mean square in place of the variance", lambda W, p: _total(_others(W), p, square=p / 3),
              "You add the square of the mean to p/3 · Σ aⱼ², which holds a part of it already. The variance of a feature is p/3 − p²/4."),
        wrong("variance of a switch", lambda W, p: _total(_others(W), p, square=p * (1 - p) / 3),
              "Your variance of a feature is p(1 − p)/3. Its mean square is p/3 and its mean p/2, so that the variance is p/3 − p²/4."),
        wrong("variance of an active feature", lambda W, p: _total(_others(W), p, square=p / 12),
              "Your variance of a feature is p/12, which counts how active ones differ from one another. That a feature is there or not varies too: mean square minus squared mean, p/3 − p²/4."),
        wrong("all active together", lambda W, p: p / 3 * _others(W).sum(-1).square(),
              "You square the sum of the overlaps, as if all features were active together and equally large. They are independent."),
        wrong("the feature itself included", _with_itself, "Your sum includes j = i. Only the *others* disturb a feature."),
        wrong("both columns normalised", lambda W, p: _total(_others(W, sp.directions(W)), p),
              "You normalise both columns. Only the reader's direction is a unit vector; a long column disturbs more than a short one."),
        wrong("rows normalised", lambda W, p: _total((lambda a: a - torch.diag(a.diagonal()))((W / W.norm(dim=1, keepdim=True).clamp(min=1e-12)).mT @ W), p),
              "You divide by the length of the rows. A feature is a column of W, of shape (hidden, feature): the norm runs over dim=0."),
        wrong("the mean alone", lambda W, p: _total(_others(W), p, square=0.0),
              "This is the square of the disturbance's mean. Its mean square has the variance besides, (p/3 − p²/4) Σ aⱼ²."),
        wrong("neither column normalised", lambda W, p: _total(W.mT @ W - torch.diag((W.mT @ W).diagonal()), p),
              "Neither column is normalised. The reader looks along a direction, which has length 1."),
        wrong("summed over the readers", lambda W, p: _total(_others(W).mT, p),
              "You sum over the wrong axis: for each disturber j over the readers i. One number for each feature that is *read* is asked for."),
        wrong("active features count as 1", lambda W, p: _total(_others(W), p, square=p - p**2, mean=p),
              "You treat an active feature as 1. It is uniform on [0, 1], with mean 1/2 and mean square 1/3."),
        wrong("random directions", _average_for_random,
              "This is the average over *random* directions, which the lesson gives. Here W is given: use its overlaps."),
        wrong("nan for dropped features", lambda W, p: _total((W / W.norm(dim=0)).mT @ W - torch.diag(W.norm(dim=0)), p),
              "A dropped feature has a column of zeros and you divide by its length. Give 0 for it."),
    ),
)  # fmt: skip


# 7 · dimensions_needed


def _room_inputs(rng: torch.Generator) -> Inputs:
    yield 2, 1.0
    yield 1000, 0.1
    yield 1, 0.5
    yield 50_257, 0.2
    for _ in range(5):
        n = int(10 ** (1 + 5 * float(rand(rng))))
        yield n, 0.03 + 0.4 * float(rand(rng))
    yield 10**9, 0.001


DO_NOT_ROUND = "You round. A real number is asked for, as it comes out of the formula."

Function(
    id="superposition.dimensions_needed",
    reference=sp.dimensions_needed,
    inputs=_room_inputs,
    rtol=1e-6,  # a constant that was rounded is off by 4e-5
    ranges={"epsilon": UNIT, "result": POSITIVE},
    survivors={"result: 0 below a hundredth": "One direction needs 0 dimensions, and two need 4 ln 2 or more."},
    hints=(
        "One pair is too close with probability at most 2 exp(−dε²/2), and n vectors have fewer than n²/2 pairs. Write down what must be at most 1.",
        "n² exp(−dε²/2) ≤ 1. Take logarithms and solve for d.",
    ),
    misconceptions=(
        wrong("ε in place of ε²", lambda n, epsilon: 4 * math.log(n) / epsilon, "You divide by ε where ε² belongs: the probability of a large cosine falls with dε²."),
        wrong("pair count forgotten", lambda n, epsilon: 2 * math.log(n) / epsilon**2,
              "You count n pairs. There are about n²/2 of them, and ln n² = 2 ln n: a factor of two is missing."),
        wrong("twice the pairs' square", lambda n, epsilon: 8 * math.log(n) / epsilon**2, "Twice too large. From n² exp(−dε²/2) ≤ 1 follows d = 2 ln(n²)/ε², and ln n² is 2 ln n."),
        wrong("the tail's factor forgotten", lambda n, epsilon: 2 * math.log(n**2 / 2) / epsilon**2,
              "You take n²/2 pairs times exp(−dε²/2). The bound for one pair is *twice* that, so that the two factors cancel: n² exp(−dε²/2)."),
        wrong("logarithm to base 2", lambda n, epsilon: 4 * math.log2(n) / epsilon**2, "The logarithm is to base 2. The tail bound has e as its base: math.log."),
        wrong("logarithm to base 10", lambda n, epsilon: 4 * math.log10(n) / epsilon**2, "The logarithm is to base 10. The tail bound has e as its base: math.log."),
        wrong("the bound itself", lambda n, epsilon: math.exp(min(n * epsilon**2 / 4, 700)), "This is how many directions fit into n dimensions. The question runs the other way: n directions are given, and the dimensions are asked for."),
        wrong("twice as many pairs as n", lambda n, epsilon: 2 * math.log(2 * n) / epsilon**2,
              "You count n pairs. There are about n²/2 of them, so that n² exp(−dε²/2) is to be at most 1."),
        wrong("never more than n", lambda n, epsilon: min(float(n), 4 * math.log(n) / epsilon**2),
              "True, n dimensions always hold n directions. Here the number is asked for that the argument by chance promises, as it comes out of the formula."),
        wrong("whole numbers of dimensions tried from 1 on", lambda n, epsilon: float(max(1, math.ceil(4 * math.log(n) / epsilon**2))), DO_NOT_ROUND),
        wrong("rounded up", lambda n, epsilon: float(math.ceil(4 * math.log(n) / epsilon**2)), DO_NOT_ROUND),
        wrong("rounded", lambda n, epsilon: float(round(4 * math.log(n) / epsilon**2)), DO_NOT_ROUND),
        wrong("exact number of pairs", lambda n, epsilon: 2 * math.log(max(n * (n - 1), 1)) / epsilon**2,
              "You count n(n − 1)/2 pairs exactly. Bound them by n²/2, as the text asks, so that everybody's formula is the same."),
    ),
)  # fmt: skip


# 8 · on_off_phase


def _phase_inputs(rng: torch.Generator) -> Inputs:
    yield torch.tensor([0.9, 0.9, 0.1]), torch.tensor([0.5, 2.0, 1.0])
    for p, r in ((0.3, 1.0), (0.4, 1.0), (0.5, 1.0), (0.2, 0.3), (0.25, 3.0), (0.15, 0.12), (0.1, 9.0)):
        yield torch.tensor([p]), torch.tensor([r])
    yield torch.tensor([1.0]), torch.tensor([1.0])  # a tie
    yield torch.zeros(3), torch.tensor([0.5, 1.0, 2.0])  # nothing is ever lost: a tie of all three
    yield torch.tensor([0.8, 1.0]), torch.tensor([1.0, 1.0])  # ties between the two features
    yield torch.meshgrid(torch.logspace(0, -2, 9), torch.logspace(-1, 1, 8), indexing="ij")
    yield rand(rng, 300).double(), torch.exp(3 * randn(rng, 300)).double()
    yield torch.tensor([0.004, 0.006, 0.5, 0.5, 0.9]), torch.tensor([0.008, 200.0, 0.005, 500.0, 2e3])  # far out
    yield 0.1 + 0.5 * rand(rng, 6, 50), 0.5 + rand(rng, 6, 50)


def _losses(
    p: Tensor, r: Tensor, *, dropped: Tensor | None = None, pair: Tensor | None = None, swap: bool = False
) -> Tensor:
    dropped = p - p.square() if dropped is None else dropped
    pair = p.square() * (1 + r) if pair is None else pair
    return torch.stack([dropped, r * dropped, pair] if swap else [r * dropped, dropped, pair])


Function(
    id="superposition.on_off_phase",
    reference=sp.on_off_phase,
    inputs=_phase_inputs,
    ranges={"p": UNIT, "r": POSITIVE},
    survivors={
        "phase_losses: `p * size.*` → *": "For switches the mean and the mean square are 1.",
        "phase_losses: `p.square() * (1 + r) * size.smaller` → *": "For switches the mean square of the smaller one is 1.",
    },
    hints=(
        "Three losses. Keeping feature 1 costs what dropping feature 2 costs: its importance r times its variance.",
        "The variance of a feature that is 1 with probability p is p − p². If both of a pair are 1, then h = 0, and what does the model answer?",
        "torch.stack([...]).min(0).indices; put them in the order of the answer's codes, and the first wins a tie.",
    ),
    misconceptions=(
        wrong("the lesson's formulas", sp.predict_phase,
              "These are the lesson's formulas, for features that are uniform when active. Here an active feature is 1: derive all three anew."),
        wrong("variance of the lesson, pair anew", lambda p, r: _losses(p, r, dropped=p / 3 - p.square() / 4).min(0).indices,
              "Your pair is right, but a dropped feature still has the lesson's variance p/3 − p²/4. What is the variance of a number that is 1 with probability p, else 0?"),
        wrong("variance anew, pair of the lesson", lambda p, r: _losses(p, r, pair=p.square() * (1 + r) / 6).min(0).indices,
              "A dropped feature is right, but the pair still has the lesson's 1/6. If both are 1, they cancel: by how much is each answer wrong?"),
        wrong("bias of the dropped feature forgotten", lambda p, r: _losses(p, r, dropped=p).min(0).indices,
              "You answer 0 for a dropped feature, at a cost of p. The bias can answer with its mean p, and leaves only the variance p − p²."),
        wrong("p divided out", lambda p, r: torch.stack([r * (1 - p), 1 - p + 0 * r, p * (1 + r)]).min(0).indices,
              "You divide all three losses by p. At p = 0 nothing is ever lost, the three are equal, and the first is asked for: 0."),
        wrong("importance of the pair forgotten", lambda p, r: _losses(p, r, pair=p.square() + 0 * r).min(0).indices,
              "You let the pair lose p². If both are 1, both answers are wrong by 1, and the second one counts r: p² (1 + r)."),
        wrong("half of the pair's loss", lambda p, r: _losses(p, r, pair=p.square() * (1 + r) / 2).min(0).indices,
              "Either your pair loses half of what it does (if both are 1, they cancel, and both are answered with 0: wrong by 1 each), or a dropped feature twice (its variance is p − p²)."),
        wrong("importance squared", lambda p, r: torch.stack([r**2 * (p - p.square()), p - p.square(), p.square() * (1 + r**2)]).min(0).indices,
              "You square the importance r. It multiplies the squared error once."),
        wrong("a bias of half the mean", lambda p, r: _losses(p, r, dropped=p - 0.75 * p.square()).min(0).indices,
              "You answer a dropped feature with p/2, which is the mean in the lesson. Here an active feature is 1: its mean is p, and leaves p − p²."),
        wrong("feature 2 never kept alone", lambda p, r: torch.where(_losses(p, r)[0] <= _losses(p, r)[2], 0, 2),
              "You never keep feature 2 alone. Where r is above 1, it is the more important one: compare all three losses."),
        wrong("only one of the pair is lost", lambda p, r: _losses(p, r, pair=p.square() * r).min(0).indices,
              "You count an error for one of the pair only. If both are 1 then h = 0, and both are answered with 0: the errors cost 1 and r."),
        wrong("importance on the wrong feature", lambda p, r: _losses(p, r, swap=True).min(0).indices,
              "r is the importance of feature 2, so it prices *dropping* feature 2, which is what keeping feature 1 does."),
        wrong("importance left out of the pair", lambda p, r: _losses(p, r, pair=2 * p.square()).min(0).indices,
              "When both of a pair are active both are wrong: one error costs 1, the other r. The pair's loss has the factor (1 + r)."),
        wrong("by density alone", lambda p, r: torch.where(p < 1 / 3, 2, (r > 1).long()),
              "You decide by the density alone whether a pair is best. The boundary lies at 1/3 for r = 1 only: a pair loses both features when both are active, so that its price grows with the smaller importance too."),
        wrong("always a pair", lambda p, r: torch.full(p.shape, 2), "You always answer with a pair, and that is wrong wherever features are dense."),
        wrong("never a pair", lambda p, r: _losses(p, r)[:2].min(0).indices, "You never answer with a pair. Compare all three losses: a pair errs only when both are active, with probability p²."),
        wrong("worst in place of best", lambda p, r: _losses(p, r).max(0).indices, "You take the largest loss. Training looks for the smallest."),
        wrong("values in place of indices", lambda p, r: _losses(p, r).min(0).values, "These are the losses themselves. The *number* of the best solution is asked for: .indices, not .values."),
        wrong("values and indices", lambda p, r: _losses(p, r).min(0), "torch's min over an axis returns values and indices. Only the indices are asked for: .indices."),
        *(
            wrong(f"at a tie, feature 2 where r {sign} 1", lambda p, r, beats=beats: torch.where(p.square() * (1 + r) < (p - p.square()) * r.clamp(max=1), 2, beats(r, 1).long()),
                  "All is right but for ties. Where p = 1 every feature is always there, its bias answers for it at no cost, and dropping either costs nothing; where r = 1 both cost the same. At a tie the first in the order of the codes is asked for: 0.")
            for sign, beats in ((">", torch.gt), ("≥", torch.ge))
        ),
        wrong("last one wins a tie", lambda p, r: 2 - _losses(p, r).flip(0).min(0).indices,
              "At a tie you return the last candidate. The first one in the order of the codes is asked for."),
    ),
)  # fmt: skip
