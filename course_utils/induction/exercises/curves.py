"""Exercises 5 and 10: what context is worth and how sure that is; when a curve has made half of its way."""

import numpy as np
import torch
from torch import Tensor

from course_utils import induction as ind
from course_utils.grading.inputs import Inputs, randn
from course_utils.grading.kinds import REAL, Function, wrong

# 5 · icl_score


def _losses(rng: torch.Generator) -> Inputs:
    yield torch.tensor([[4.0, 3.0, 1.0, 2.0], [2.0, 3.0, 2.0, 4.0]]), 1, 3
    yield torch.tensor([[1.0, 2.0, 5.0], [1.0, 1.0, 3.0], [2.0, 4.0, 4.0], [1.0, 1.0, 4.0]]), 1, 2  # context harms
    yield torch.tensor([[-1.0, -2.0, -5.0], [0.5, 1.0, -1.0], [-1.0, -1.0, -3.0]]), 1, 2  # densities may exceed 1
    hard = 2 * randn(rng, 4, 1)  # a sequence that is hard is hard everywhere
    yield 3 + hard + 0.3 * randn(rng, 4, 6), 1, 4
    yield 3 + randn(rng, 3, 8), 2, 7
    yield torch.tensor([[1.0, -1.0], [-1.0, 1.0]]), 0, 1  # hard early where easy late
    outlier = torch.cat([torch.zeros(20), torch.tensor([5.0])])
    yield torch.stack([outlier, -outlier], 1).flip(0), 1, 0  # one sequence unlike the others; the later loss first
    yield 1e-4 * randn(rng, 4, 3), 0, 2
    yield torch.tensor([[1.0, 2.0], [4.0, 2.0]]), 1, 1  # against itself
    yield 3 + 2 * randn(rng, 5, 1) + randn(rng, 5, 40), 6, 30
    yield 2 + randn(rng, 2, 10, dtype=torch.float64), 3, 5


def _gain(loss: Tensor, early: int, late: int) -> Tensor:
    return loss[:, late] - loss[:, early]


def _both(score: Tensor, error: Tensor) -> Tensor:
    return torch.stack([score, error])


def _error(gain: Tensor) -> Tensor:
    return gain.std() / len(gain) ** 0.5


def _estimate(gain: Tensor) -> Tensor:
    return _both(gain.mean(), _error(gain))


def _unpaired(loss: Tensor, early: int, late: int) -> Tensor:
    error = ((loss[:, late].var() + loss[:, early].var()) / len(loss)).sqrt()
    return _both(_gain(loss, early, late).mean(), error)


Function(
    id="induction.icl_score",
    reference=ind.icl_estimate,
    inputs=_losses,
    ranges={"loss": REAL},
    survivors={"`len(gain)` → `len(loss)`": "There is one difference for each sequence."},
    hints=(
        "Two columns of the losses, one early and one late. Which minus which makes a model that learns from its context negative? Take the difference for each sequence before you average.",
        "The standard error of a mean of n independent numbers is their standard deviation (with n − 1, as Tensor.std takes it) divided by √n. Here the numbers are the differences, one for each sequence.",
        "torch.stack([gain.mean(), gain.std() / len(gain) ** 0.5])",
    ),
    misconceptions=(
        wrong("sign", lambda loss, early, late: _estimate(-_gain(loss, early, late)),
              "Your sign is the other way round. Late minus early: a model whose loss falls along the context has a negative score, and lower is better."),
        wrong("spread in place of the error", lambda loss, early, late: _both(_gain(loss, early, late).mean(), _gain(loss, early, late).std()),
              "Your second number is the standard deviation, how much sequences differ from one another. The error of their mean is smaller: divide by √n."),
        wrong("divided by n", lambda loss, early, late: _both(_gain(loss, early, late).mean(), _gain(loss, early, late).std() / len(loss)),
              "You divide the standard deviation by n. The error of a mean falls with the root: divide by √n."),
        wrong("variance", lambda loss, early, late: _both(_gain(loss, early, late).mean(), _gain(loss, early, late).var() / len(loss)),
              "Your second number is a variance. Take its root: the standard error is in nats, as the score is."),
        wrong("n in place of n − 1", lambda loss, early, late: _both(_gain(loss, early, late).mean(), _gain(loss, early, late).std(unbiased=False) / len(loss) ** 0.5),
              "Your standard deviation divides by n. The mean was taken from the same numbers, so divide by n − 1 (Tensor.std does so by itself; numpy wants ddof=1)."),
        wrong("n − 1 twice", lambda loss, early, late: _both(_gain(loss, early, late).mean(), _gain(loss, early, late).std() / (len(loss) - 1) ** 0.5),
              "You divide by n − 1 twice. Tensor.std has done so already; what you divide by after it is the root of n."),
        wrong("errors subtracted", lambda loss, early, late: _both(_gain(loss, early, late).mean(), _error(loss[:, late]) - _error(loss[:, early])),
              "You subtract one standard error from another. Take the difference for each sequence first, then its deviation."),
        wrong("not paired", _unpaired,
              "You add the variances of the two columns as if they were independent. They come from the same sequences: one that is hard early is hard late. Take the difference for each sequence first, then its deviation."),
        wrong("all positions taken as independent", lambda loss, early, late: _both(_gain(loss, early, late).mean(), _gain(loss, early, late).std() / loss.numel() ** 0.5),
              "You divide by the root of all positions. What is independent is the sequences: n is the size of the batch."),
        wrong("score alone", lambda loss, early, late: _gain(loss, early, late).mean(),
              "This is the score alone. Return two numbers, torch.stack([score, error]): how far it may be off is the second."),
        wrong("averaged over positions", lambda loss, early, late: _estimate(loss[:, late:].mean(-1) - loss[:, : early + 1].mean(-1)),
              "You average over positions up to `early` and from `late` on. Olsson et al. take one position each, and average over sequences only; averages over ranges depend on how long they are."),
        wrong("averaged before and after", lambda loss, early, late: _estimate(loss[:, late:].mean(-1) - loss[:, :early].mean(-1)),
              "You average over all positions before `early` and from `late` on: loss[:, early], without a colon, is the one position that is meant."),
        wrong("mean in between", lambda loss, early, late: _estimate(loss[:, late] - loss[:, :late].mean(-1)),
              "You compare with the mean of all losses before `late`. Only the loss at `early` is meant, one position."),
        wrong("one too early", lambda loss, early, late: _estimate(loss[:, late - 1] - loss[:, early - 1]),
              "Your positions are one too early. `early` and `late` are indices into the losses as they stand: do not subtract 1."),
        wrong("absolute value", lambda loss, early, late: _estimate(_gain(loss, early, late).abs()),
              "You take absolute values, so that a model that gets worse along the context looks as if it learned from it. Keep the sign."),
        wrong("ratio", lambda loss, early, late: _both(loss[:, late].mean() / loss[:, early].mean(), _error(_gain(loss, early, late))),
              "Your score divides. It is a difference of losses in nats, so that 0 means that context does not help."),
        wrong("late only", lambda loss, early, late: _estimate(loss[:, late]),
              "This is the late loss alone. A model that is good everywhere has it low without using its context: subtract the early one."),
        wrong("one for each sequence", _gain,
              "You return a difference for each sequence. Average over them, and put the error of that mean beside it."),
    ),
)  # fmt: skip


# 10 · half_way


def _curves(rng: torch.Generator) -> Inputs:
    yield torch.tensor([0.0, 10.0, 20.0, 30.0]), torch.tensor([0.0, 0.0, 4.0, 4.0]), 0
    yield torch.tensor([0.0, 10.0, 20.0, 40.0]), torch.tensor([2.0, 3.0, 5.0, 6.0]), 0  # does not begin at 0
    yield torch.tensor([0.0, 10.0, 20.0, 30.0, 40.0]), torch.tensor([9.0, 1.0, 1.0, 2.0, 5.0]), 1  # what was before
    yield torch.tensor([0.0, 5.0, 15.0, 20.0, 30.0]), torch.tensor([0.0, 1.0, 6.0, 3.0, 4.0]), 0  # back and forth
    yield torch.tensor([0.0, 5.0, 15.0, 20.0, 30.0, 50.0]), torch.tensor([0.0, 3.0, 1.0, 2.5, 1.0, 4.0]), 0  # twice
    yield torch.arange(6) * 10.0, torch.tensor([0.0, 6.0, 2.0, 3.0, 4.0, 10.0]), 0  # twice, and low in the middle
    yield torch.tensor([100.0, 200.0, 300.0, 500.0]), torch.tensor([8.0, 7.0, 3.0, 2.0]), 0  # it falls
    yield torch.tensor([0.0, 10.0, 20.0, 30.0]), torch.tensor([0.0, 2.0, 2.0, 4.0]), 0  # it rests at the middle
    yield torch.tensor([-30.0, -20.0, -10.0, 0.0]), torch.tensor([0.0, 0.0, 4.0, 4.0]), 0  # counted from the end
    yield torch.tensor([0.0, 10.0, 20.0, 30.0]), torch.tensor([120.0, 130.0, 170.0, 160.0]), 0
    yield torch.tensor([0.0, 10.0, 20.0, 30.0]), torch.tensor([0.0, 0.002, 0.007, 0.008]), 0
    yield torch.tensor([0.0, 10.0]), torch.tensor([0.0, 1.0]), 0  # two checkpoints
    yield torch.tensor([0.0, 10.0, 20.0, 30.0]), torch.tensor([0.0, -3.0, 3.0, 4.0]), 0  # first the other way
    for nearly in (0.498, 0.502):  # a checkpoint just before the middle, and just past it
        yield torch.tensor([0.0, 10.0, 20.0]), torch.tensor([0.0, nearly, 1.0]), 0
    yield torch.tensor([0.0, 0.002, 0.004, 0.006]), torch.tensor([0.0, 0.0, 4.0, 4.0]), 0
    for size in (6, 9, 14):
        steps = torch.randint(1, 9, (size,), generator=rng).cumsum(0).float() * 50
        rise = (randn(rng, size) + torch.linspace(-3, 3, size)).sigmoid()
        since = int(torch.randint(0, size // 3, (), generator=rng))
        yield steps, (1 + 2 * rise) * (-1) ** size, since
    yield torch.tensor([0.0, 1.0, 2.0], dtype=torch.float64), torch.tensor([1.0, -1.0, -7.0], dtype=torch.float64), 0


def _crossing(steps: Tensor, values: Tensor, since: int, middle: Tensor) -> Tensor:
    """The first passage of `middle` after checkpoint `since`, in the direction in which the curve ends."""
    steps, values = steps[since:], values[since:]
    up = values[-1] >= values[0]
    passed = (values >= middle) if up else (values <= middle)
    places = passed.nonzero().flatten().tolist()
    if not places:
        return steps[-1]
    after = places[0]
    if after == 0:
        return steps[0]
    part = (middle - values[after - 1]) / (values[after] - values[after - 1])
    return steps[after - 1] + part * (steps[after] - steps[after - 1])


def _middle(values: Tensor, since: int) -> Tensor:
    return (values[since] + values[-1]) / 2


def _checkpoint(shift: int):
    """The first checkpoint past the middle, or the one before it."""

    def pick(steps: Tensor, values: Tensor, since: int) -> Tensor:
        at = _crossing(steps, values, since, _middle(values, since))
        return steps[max(int((steps >= at).nonzero()[0]) + shift, 0)]

    return pick


def _last_passage(steps: Tensor, values: Tensor, since: int) -> Tensor:
    """Where the curve passes the middle for good."""
    cut, middle = values[since:], _middle(values, since)
    up = values[-1] >= values[since]
    below = ((cut < middle) if up else (cut > middle)).nonzero().flatten()
    return _crossing(steps[since:], cut, int(below[-1]), middle) if len(below) else steps[since]


def _first_at_least(steps: Tensor, values: Tensor, since: int) -> Tensor:
    return steps[since:][(values[since:] >= _middle(values, since)).int().argmax()]


def _interpolated(steps: Tensor, values: Tensor, since: int) -> Tensor:
    at = np.interp(float(_middle(values, since)), values[since:].numpy(), steps[since:].numpy())
    return torch.tensor(at, dtype=values.dtype)


def _bisected(steps: Tensor, values: Tensor, since: int) -> Tensor:
    steps, values = steps[since:], values[since:]
    share = (values - values[0]) / (values[-1] - values[0])
    after = max(int(torch.searchsorted(share.contiguous(), torch.tensor(0.5, dtype=share.dtype))), 1)
    part = (0.5 - share[after - 1]) / (share[after] - share[after - 1])
    return steps[after - 1] + part * (steps[after] - steps[after - 1])


Function(
    id="induction.half_way",
    reference=ind.half_way,
    inputs=_curves,
    rtol=1e-4,
    atol=1e-5,
    hints=(
        "Cut off what lies before `since`. Then the middle is the mean of the first and the last value of what is left, whether the curve rises or falls.",
        "Turn the curve into the share of its way: (values − values[0]) / (values[-1] − values[0]) goes from 0 to 1. Find the first checkpoint at which it is at least 0.5.",
        "Between that checkpoint (s1, v1) and the one before (s0, v0), on a straight line: s0 + (0.5 − v0) / (v1 − v0) · (s1 − s0).",
    ),
    misconceptions=(
        wrong("half of the last value", lambda steps, values, since: _crossing(steps, values, since, values[-1] / 2),
              "You look for half of the last value. The curve need not begin at 0: the middle lies between its value at `since` and its last one."),
        wrong("half of the largest value", lambda steps, values, since: _crossing(steps, values, since, values[since:].max() / 2),
              "You look for half of the largest value. The way goes from the value at `since` to the *last* one."),
        wrong("middle of smallest and largest", lambda steps, values, since: _crossing(steps, values, since, (values[since:].max() + values[since:].min()) / 2),
              "You take the middle between the smallest and the largest value. The way goes from the value at `since` to the last one, wherever it has been between."),
        wrong("a value of one half", lambda steps, values, since: _crossing(steps, values, since, torch.full_like(values[0], 0.5)),
              "You look for the value 0.5. Each curve has its own middle: between its value at `since` and its last one."),
        wrong("since ignored", lambda steps, values, since: _crossing(steps, values, 0, _middle(values, 0)),
              "You start at the first checkpoint. What lies before `since` is not looked at."),
        wrong("middle from the first checkpoint", lambda steps, values, since: _crossing(steps, values, since, _middle(values, 0)),
              "Your middle uses the very first value. It lies between the value at `since` and the last one."),
        wrong("what came before is searched too", lambda steps, values, since: _crossing(steps, values, 0, _middle(values, since)),
              "You search from the first checkpoint on. The passage is looked for after `since`; the curve may have been there before."),
        wrong("no interpolation", _checkpoint(0),
              "You give the first checkpoint past the middle. The crossing lies before it: on a straight line between that checkpoint and the one before."),
        wrong("checkpoint before", _checkpoint(-1),
              "You give the checkpoint before the crossing. It lies between that one and the next: on a straight line between the two."),
        wrong("passage for good", _last_passage,
              "The curve passes its middle more than once, and you give the last time. The first is asked for."),
        wrong("middle of the interval", lambda steps, values, since: (_checkpoint(0)(steps, values, since) + _checkpoint(-1)(steps, values, since)) / 2,
              "You give the middle between the two checkpoints. Where the straight line passes depends on the values: s0 + (middle − v0) / (v1 − v0) · (s1 − s0)."),
        wrong("only rising curves", lambda steps, values, since: _crossing(steps[since:], values[since:] * (1 if values[-1] >= values[since] else -1), 0, _middle(values, since)),
              "It works for a curve that rises. A loss falls: compare in the direction in which the curve goes, or turn it into the share of its way first."),
        wrong("rising only", _first_at_least,
              "You give the first checkpoint with at least the middle value. On a falling curve that is the first of all, and on a rising one the crossing lies before it: on a straight line between that checkpoint and the one before."),
        wrong("np.interp", _interpolated,
              "You turn the curve round and interpolate the steps over the values, for which the values would have to rise from one to the next. A curve may fall, and go back and forth: find the first crossing."),
        wrong("binary search", _bisected,
              "You search as in a sorted list (searchsorted, bisect). A curve may go back and forth: look at the checkpoints one after the other, and take the first that is past the middle."),
        wrong("median", lambda steps, values, since: _crossing(steps, values, since, values[since:].median()),
              "You take the median of the values. The middle lies between two of them: the one at `since` and the last."),
        wrong("mean", lambda steps, values, since: _crossing(steps, values, since, values[since:].mean()),
              "You take the mean of all values. The middle lies between two of them: the one at `since` and the last."),
        wrong("nearest checkpoint", lambda steps, values, since: steps[since:][(values[since:] - _middle(values, since)).abs().argmin()],
              "You give the checkpoint whose value is nearest to the middle. The crossing lies between two checkpoints, on a straight line, and the first crossing is asked for."),
        wrong("number of the checkpoint", lambda steps, values, since: (steps < _crossing(steps, values, since, _middle(values, since))).sum().to(values.dtype),
              "This is the number of a checkpoint. Give the training step: the checkpoints are not evenly spaced."),
    ),
)  # fmt: skip
