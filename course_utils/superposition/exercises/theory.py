"""Exercises 6 to 8: what a pencil says about crowds, room and phases."""

import math

import torch
from torch import Tensor

from course_utils import superposition as sp
from course_utils.grading.kinds import Function, wrong
from course_utils.superposition.exercises.inputs import Inputs, rand, randn

# 6, 7 · expected_interference and almost_orthogonal_bound


def _crowd_inputs(rng: torch.Generator) -> Inputs:
    yield 2, 1.0, 1
    yield 4, 0.5, 2
    yield 1, 0.3, 5
    yield 101, 0.06, 25
    for _ in range(4):
        yield (
            int(torch.randint(3, 3000, (), generator=rng)),
            float(rand(rng)),
            int(torch.randint(2, 500, (), generator=rng)),
        )


Function(
    id="superposition.expected_interference",
    reference=sp.expected_interference,
    inputs=_crowd_inputs,
    hints=(
        "One disturber first: it is active with probability p, has some mean square when active, and leans on your direction a little.",
        "E[x²] of a uniform x on [0, 1] is 1/3, and E[(u·v)²] of two random unit vectors in R^d is 1/d. How many disturbers are there?",
    ),
    misconceptions=(
        wrong("mean square forgotten", lambda n, p, d: (n - 1) * p / d, "You treat an active feature as 1. It is uniform on [0, 1], so E[x²] = 1/3."),
        wrong("variance of the magnitude", lambda n, p, d: (n - 1) * p / (12 * d),
              "1/12 is the variance of a uniform x on [0, 1], its square around the mean. Its mean square, E[x²], is 1/3."),
        wrong("square of the feature's mean", lambda n, p, d: (n - 1) * (p / 2) ** 2 / d,
              "(p/2)² is the square of a feature's mean. The mean of its square is asked for, p/3: it is active with probability p, and then E[x²] = 1/3."),
        wrong("n in place of n − 1", lambda n, p, d: n * p / (3 * d), "You count the feature itself among its disturbers: with n = 1 there is no interference at all."),
        wrong("1/√d in place of 1/d", lambda n, p, d: (n - 1) * p / (3 * math.sqrt(d)),
              "1/√d is the typical size of a cosine between random directions. Its mean square is 1/d."),
        wrong("E[x]² in place of E[x²]", lambda n, p, d: (n - 1) * p / (4 * d), "You square the mean, 1/4. The mean of the square is 1/3: squaring comes before averaging."),
        wrong("p squared", lambda n, p, d: (n - 1) * p**2 / (3 * d),
              "You square p. A disturber is active with probability p whatever the others do; p² would be two at once."),
        wrong("variance of the feature", lambda n, p, d: (n - 1) * (p / 3 - p**2 / 4) / d,
              "You use the variance of a feature. The interference itself is asked for, not its deviation from a mean: E[x²] = p/3."),
        wrong("root taken", lambda n, p, d: math.sqrt((n - 1) * p / (3 * d)), "You took a root at the end. The mean *squared* interference is asked for."),
    ),
)  # fmt: skip


def _bound_inputs(rng: torch.Generator) -> Inputs:
    yield 4, 1.0
    yield 1000, 0.1
    yield 100, 0.3
    yield 2, 0.05
    for _ in range(5):
        yield int(torch.randint(10, 2000, (), generator=rng)), 0.05 + 0.2 * float(rand(rng))


DO_NOT_ROUND = "You round. A real number is asked for, the bound as it comes out of the formula: do not round."

Function(
    id="superposition.almost_orthogonal_bound",
    reference=sp.almost_orthogonal_bound,
    inputs=_bound_inputs,
    hints=(
        "One pair exceeds ε with probability at most 2 exp(−dε²/2). How many pairs do N vectors have, roughly?",
        "Fewer than N²/2 pairs, so something goes wrong with probability below N² exp(−dε²/2). Which N keeps that at 1?",
    ),
    misconceptions=(
        wrong("ε in place of ε²", lambda d, epsilon: math.exp(d * epsilon / 4), "The exponent has ε where it needs ε²: the tail of a cosine is Gaussian, not exponential."),
        wrong("rounded down", lambda d, epsilon: math.floor(math.exp(d * epsilon**2 / 4)), DO_NOT_ROUND),
        wrong("rounded", lambda d, epsilon: round(math.exp(d * epsilon**2 / 4)), DO_NOT_ROUND),
        wrong("rounded up", lambda d, epsilon: math.ceil(math.exp(d * epsilon**2 / 4)), DO_NOT_ROUND),
        wrong("pair count forgotten", lambda d, epsilon: math.exp(d * epsilon**2 / 2),
              "Your exponent is dε²/2, the tail of a single pair. N vectors have about N²/2 pairs; the square root of that costs a factor of two in the exponent."),
        wrong("the exponent itself", lambda d, epsilon: d * epsilon**2 / 4, "You return the logarithm of the number of vectors."),
        wrong("the failure probability", lambda d, epsilon: 2 * math.exp(-d * epsilon**2 / 2), "This is the chance that one pair is too close. The question is how many vectors there can be."),
        wrong("√d in place of d", lambda d, epsilon: math.exp(math.sqrt(d) * epsilon**2 / 4), "You use √d. The dimension enters the exponent as it is; that is why large spaces have so much room."),
        wrong("number of pairs", lambda d, epsilon: math.exp(d * epsilon**2 / 4) ** 2 / 2, "This counts pairs. N vectors have about N²/2 of them: solve for N."),
        wrong("2 to the power", lambda d, epsilon: 2 ** (d * epsilon**2 / 4), "The base is e, as in the tail bound."),
    ),
)  # fmt: skip


# 8 · predict_phase


def _phase_inputs(rng: torch.Generator) -> Inputs:
    yield torch.tensor([0.9, 0.9, 0.1]), torch.tensor([0.5, 2.0, 1.0])
    for p, r in ((0.5, 0.5), (0.4, 1.0), (0.7, 1.0), (0.3, 3.0), (0.25, 0.12), (0.2, 9.0)):
        yield torch.tensor([p]), torch.tensor([r])
    yield torch.tensor([0.8, 1.0]), torch.tensor([1.0, 1.0])  # ties between the two features
    yield torch.meshgrid(torch.logspace(0, -2, 9), torch.logspace(-1, 1, 8), indexing="ij")
    yield rand(rng, 300).double(), torch.exp(3 * randn(rng, 300)).double()
    yield 0.3 + 0.7 * rand(rng, 6, 50), 0.5 + rand(rng, 6, 50)


def _phases(
    p: Tensor, r: Tensor, *, bias: bool = True, swap: bool = False, weight: bool = True, error: float = 1 / 6
) -> Tensor:
    dropped = p / 3 - p.square() / 4 if bias else p / 3
    pair = p.square() * (1 + (r if weight else torch.ones_like(r))) * error
    return torch.stack([dropped, r * dropped, pair] if swap else [r * dropped, dropped, pair])


Function(
    id="superposition.predict_phase",
    reference=sp.predict_phase,
    inputs=_phase_inputs,
    hints=(
        "Write down three losses. Keeping feature 1 costs what dropping feature 2 costs: its importance r times its variance.",
        "A dropped feature is answered with its mean p/2 and costs p/3 − p²/4. An antipodal pair is exact unless both are active (probability p²).",
        "torch.stack([...]).min(0).indices; put them in the order of the answer's codes, and the first wins a tie.",
    ),
    misconceptions=(
        wrong("always antipodal", lambda p, r: torch.full(p.shape, 2),
              "You always say antipodal. On the lesson's grid that is right three times in four, and tells nothing about the boundary: in the dense corner it is always wrong."),
        wrong("importance on the wrong feature", lambda p, r: _phases(p, r, swap=True).argmin(0),
              "r is the importance of feature 2, so it prices *dropping* feature 2, which is what keeping feature 1 does."),
        wrong("bias of the dropped feature forgotten", lambda p, r: _phases(p, r, bias=False).argmin(0),
              "You answer 0 for a dropped feature, at a cost of p/3. The bias can answer with its mean p/2, and leaves only the variance p/3 − p²/4."),
        wrong("importance left out of the pair", lambda p, r: _phases(p, r, weight=False).argmin(0),
              "When both of a pair are active both are wrong: one error costs 1, the other r. The pair's loss has the factor (1 + r)."),
        wrong("pair's error taken for a whole feature", lambda p, r: _phases(p, r, error=1 / 3).argmin(0),
              "Your pair loses p² (1 + r)/3, as if each of two active features were lost. Each is wrong by the smaller of the two only, and E[min(x₁, x₂)²] = 1/6."),
        wrong("worst in place of best", lambda p, r: _phases(p, r).argmax(0), "You take the largest loss. Training looks for the smallest."),
        wrong("never antipodal", lambda p, r: _phases(p, r)[:2].min(0).indices, "You never say antipodal. Compare all three losses; and a pair errs only when both are active, with probability p², since for one alone the ReLU removes all interference."),
        wrong("last one wins a tie", lambda p, r: 2 - _phases(p, r).flip(0).min(0).indices,
              "At a tie you return the last candidate. The first one in the order of the codes is asked for."),
    ),
)  # fmt: skip
