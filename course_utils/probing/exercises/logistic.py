"""Exercise 3: logistic probes of every layer, and whether the solver of an answer has arrived."""

from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils.grading.compare import difference
from course_utils.grading.inputs import Inputs, randn
from course_utils.grading.kinds import Function, wrong
from course_utils.grading.trials import Trial
from course_utils.probing import basics
from course_utils.probing.exercises.inputs import two_classes

CLOSE = (2e-2, 1e-3)  # relative and absolute: where one solver stops, and where another


def _problems(rng: torch.Generator) -> Inputs:
    x = torch.tensor([[[0.0], [1.0], [2.0], [3.0]]], dtype=torch.float64)
    yield x, torch.tensor([[False], [True], [False], [True]]), 1.0
    for layers, rows, d, labels, penalty in ((1, 20, 2, 1, 0.5), (2, 40, 3, 2, 2.0), (3, 60, 4, 2, 5.0)):
        x = torch.stack([two_classes(rng, rows, d)[0] for _ in range(layers)])
        scores = x[0] @ randn(rng, d, labels, dtype=torch.float64) + 2 * randn(rng, rows, labels, dtype=torch.float64)
        yield x, scores > scores.quantile(0.7, dim=0), penalty
    x = randn(rng, 1, 80, 2, dtype=torch.float64)
    y = x[0, :, :1] + 2 * randn(rng, 80, 1, dtype=torch.float64) > 0
    yield x, y, 400.0
    yield x.float(), y, 3.0
    x = torch.arange(6.0, dtype=torch.float64).view(1, 6, 1)
    yield 0.1 * x, (x[0] > 2), 1e-6  # classes that can be divided: the penalty alone ends the way, and it is long
    yield 200 * x, (x[0] % 2 > 0), 1.0


def _newton(x: Tensor, y: Tensor, penalty: float, *, bias_too: bool = False, over: bool = False) -> tuple[Tensor, Tensor]:
    """`fit_logistic` with the bias in the penalty, or with the mean of the cross-entropy in place of its sum."""
    if not bias_too:
        return basics.fit_logistic(x, y, penalty * (len(y) if over else 1))
    d, target = x.shape[2], y.to(x).T
    inputs = torch.cat([x, torch.ones_like(x[..., :1])], 2)[:, None]
    w = torch.zeros(len(x), len(target), d + 1).to(x)
    for _ in range(basics.STEPS):
        p = (inputs @ w[..., None])[..., 0].sigmoid()
        slope = ((p - target)[..., None] * inputs).sum(2) + penalty * w
        bend = (inputs * (p * (1 - p))[..., None]).mT @ inputs + penalty * torch.eye(d + 1).to(x)
        w = w - torch.linalg.solve(bend, slope)
    return w[..., :-1], w[..., -1]


def _squares(x: Tensor, y: Tensor, penalty: float) -> tuple[Tensor, Tensor]:
    target = 2 * y.to(x) - 1
    z = x - x.mean(1, keepdim=True)
    directions = torch.linalg.solve(z.mT @ z + penalty * torch.eye(x.shape[2]).to(x), z.mT @ (target - target.mean(0))).mT
    return directions, target.mean(0) - (directions @ x.mean(1)[..., None])[..., 0]


def _no_bias(x: Tensor, y: Tensor, penalty: float) -> tuple[Tensor, Tensor]:
    found = torch.zeros(len(x), y.shape[1], x.shape[2]).to(x)
    for _ in range(basics.STEPS):
        p = (x @ found.mT).sigmoid()
        slope = (p - y.to(x)).mT @ x + penalty * found
        bend = torch.einsum("lrk,lrd,lre->lkde", p * (1 - p), x, x) + penalty * torch.eye(x.shape[2]).to(x)
        found = found - torch.linalg.solve(bend, slope)
    return found, torch.zeros(found.shape[:2]).to(x)


def _least_squares(x: Tensor, y: Tensor, penalty: float) -> tuple[Tensor, Tensor]:
    """`_squares` to labels of 0 and 1."""
    directions, bias = _squares(x, y, penalty)
    return directions / 2, (bias + 1) / 2


def _standardised(x: Tensor, y: Tensor, penalty: float, back: bool, correction: int) -> tuple[Tensor, Tensor]:
    """The probe of rows of which every column has mean 0 and spread 1; brought `back` to the rows as they are or not."""
    middle, spread = x.mean(1, keepdim=True), x.std(1, keepdim=True, correction=correction)
    w, b = basics.fit_logistic((x - middle) / spread, y, penalty)
    return (w / spread, b - (w / spread * middle).sum(-1)) if back else (w, b)


def _unit(x: Tensor, y: Tensor, penalty: float) -> tuple[Tensor, Tensor]:
    w, b = basics.fit_logistic(x, y, penalty)
    length = w.norm(dim=-1)
    return w / length[..., None], b / length


def _told(wrong: Sequence[Trial]) -> str:
    """Whether the answers are at the minimum of a loss with another penalty, or on their way to the right one."""
    looks = [look for trial in wrong if (look := _look(trial))]
    if not looks:
        return ""
    if all(_only_biases(trial) for trial in wrong):
        return (
            "The directions are right, and the biases are not. They are fitted together with the directions: at the "
            "minimum the probabilities of all rows add up to the number of true labels. The bias that the base rate "
            "alone would give does not do that; and its sign is that of the logits, `x @ direction + bias`."
        )
    first, _ = looks[0]
    times = first["times"]
    if len(looks) > 1 and all(settled for _, settled in looks) and f"{times:.3g}" != "1":
        return (
            f"Your answer is where the summed cross-entropy and a penalty {times:.3g} times as strong would be smallest "
            "together. Compare: is the cross-entropy summed over rows, and is the penalty half of the squares?"
        )
    if first["loss"] > first["at zero"]:
        return (
            f"With your answer the loss that is asked for is {first['loss']:.6g} where x is {first['x']}; with zeros it is "
            f"{first['at zero']:.6g} already, and {first['least']:.6g} can be reached. Steps that are too long lead uphill, and so does another loss: "
            "compare signs, labels (0 and 1) and penalty."
        )
    return (
        f"With your answer the loss that is asked for is {first['loss']:.6g} where x is {first['x']}; {first['least']:.6g} can be "
        f"reached. It still "
        f"falls there: its largest slope is {first['slope']:.2g}, and at the minimum it is 0. So the solver has stopped on "
        "its way, or your loss is another one. Give it ten times as many steps (LBFGS with `max_iter=100` and "
        "`line_search_fn=\"strong_wolfe\"`, or Newton's method). If it swings and does not arrive, look whether each step starts "
        "from gradients of zero (`optimizer.zero_grad()`). If the answer stays the same, compare the loss: a sum "
        "over rows, half the squares of the directions, no penalty on the bias."
    )


def _only_biases(trial: Trial) -> bool:
    given, best = trial.given[0], trial.expected[0]
    return given.shape == best.shape and not difference(given, best, *CLOSE)


def _look(trial: Trial) -> tuple[dict[str, Any], bool] | None:
    """The loss and its slope at an answer, and whether it is settled: at a minimum, were the penalty another."""
    x, y, penalty = trial.arguments.values()
    given = [one.detach().double() for one in trial.given]
    x, target, best = x.double(), y.double(), [one.double() for one in trial.expected]

    def loss(directions: Tensor, bias: Tensor) -> float:
        logits = x @ directions.mT + bias[:, None]
        held = penalty / 2 * directions.square().sum()
        return float((F.softplus(logits) - target * logits).sum() + held)

    miss = (x @ given[0].mT + given[1][:, None]).sigmoid() - target
    pull, lift = miss.mT @ x, miss.sum(1)  # slopes of the cross-entropy
    slope = torch.cat([(pull + penalty * given[0]).flatten(), lift.flatten()]).abs().max()
    size = given[0].square().sum()
    if not torch.isfinite(slope) or not size:
        return None
    strength = -(pull * given[0]).sum() / size
    apart = (pull + strength * given[0]).norm() > 0.02 * pull.norm() or lift.abs().max() > 1e-3 * len(y)
    seen = {
        "loss": loss(*given), "least": loss(*best), "at zero": loss(*map(torch.zeros_like, given)),
        "slope": float(slope), "times": float(strength / penalty), "x": tuple(x.shape),
    }  # fmt: skip
    return seen, not apart


Function(
    id="probing.fit_logistic",
    reference=basics.fit_logistic,
    inputs=_problems,
    rtol=CLOSE[0],
    atol=CLOSE[1],
    explain=_told,
    survivors={
        "*.to(target)`": "The labels have been given the type of x.",
        "`y.to(x).T` → *": "Two axes are exchanged in either way.",
        "`(..., 0)` → *": "The last axis has one entry.",
        "x: *": "Rows of another size are the same problem with another penalty.",
        "penalty: its size": "No penalty is negative.",
        "penalty: at least 0": "No penalty is negative.",
    },
    hints=(
        "Write the objective once for all: logits `torch.einsum('lrd,lkd->lrk', x, directions) + bias[:, None]`, cross-entropy summed over rows, plus penalty/2 times the squared directions. The problems do not touch each other, so their sum is smallest where each is.",
        "`torch.optim.LBFGS([directions, bias], max_iter=60, line_search_fn='strong_wolfe')` with a closure does the rest. Keep the dtype of x.",
        "The bias is free: it stands in no penalty.",
    ),
    misconceptions=(
        wrong("mean in place of sum", lambda x, y, penalty: _newton(x, y, penalty, over=True), "You take the *mean* of the cross-entropy over rows. The penalty then weighs as many times more as there are rows: take the sum."),
        wrong("bias penalised", lambda x, y, penalty: _newton(x, y, penalty, bias_too=True), "Your penalty holds the bias too. A rare property needs a large negative bias, and that is no complication of the probe: leave it free."),
        wrong("whole square", lambda x, y, penalty: basics.fit_logistic(x, y, 2 * penalty), "Your penalty is twice as strong: it is penalty/2 times the square."),
        wrong("penalty upside down", lambda x, y, penalty: basics.fit_logistic(x, y, 1 / penalty), "You divide by the penalty, as scikit-learn's C does. C is 1 / penalty."),
        wrong("no penalty", lambda x, y, penalty: basics.fit_logistic(x, y, 1e-3), "There is hardly a penalty. Where classes can be divided exactly, the directions then grow for ever."),
        wrong("least squares", _squares, "You fit by least squares to ±1: a ridge probe. The cross-entropy is asked for."),
        wrong("least squares to 0 and 1", _least_squares, "You fit by least squares to 0 and 1. The cross-entropy is asked for."),
        *(wrong(f"standardised, {n}", lambda x, y, penalty, n=n: _standardised(x, y, penalty, False, n), "You standardise x, and give the probe of the standardised rows. Directions and biases are to be read with `x` as it is, and the penalty is on these.") for n in (0, 1)),
        *(wrong(f"standardised and scaled back, {n}", lambda x, y, penalty, n=n: _standardised(x, y, penalty, True, n), "You standardise x and scale the directions back. The penalty then weighs each column by its spread: it is to be on the directions for `x` as it is. Subtracting a mean does no harm.") for n in (0, 1)),
        wrong("of length 1", _unit, "You divide the directions by their length. The length says how sure the probe is: leave it as the minimum has it."),
        wrong("label before layer", lambda x, y, penalty: tuple(t.transpose(0, 1) for t in basics.fit_logistic(x, y, penalty)), "Your axes are (label, layer). Asked for is (layer, label), and d_model last in the directions."),
        wrong("no bias", _no_bias, "Your bias is zero throughout. The rows lie far from the origin."),
        wrong("labels turned round", lambda x, y, penalty: basics.fit_logistic(x, ~y, penalty), "The directions point to *false*. A positive logit is to mean that the property holds."),
        wrong("first label for all", lambda x, y, penalty: tuple(t[:, :1].expand(len(x), y.shape[1], *t.shape[2:]) for t in basics.fit_logistic(x, y, penalty)), "All labels get the first label's probe. Each has a probe of its own."),
        wrong("first layer for all", lambda x, y, penalty: tuple(t[:1].expand(len(x), *t.shape[1:]) for t in basics.fit_logistic(x, y, penalty)), "All layers get the first layer's probe. Each has a probe of its own."),
    ),
)  # fmt: skip
