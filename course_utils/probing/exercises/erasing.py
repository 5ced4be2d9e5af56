"""Exercises 7 and 8: erasing a property in rounds, and what is left after it."""

from collections.abc import Sequence

import torch
from torch import Tensor

from course_utils import probing
from course_utils.grading.compare import difference
from course_utils.grading.inputs import Inputs, rand
from course_utils.grading.kinds import REAL, UNIT, Function, wrong
from course_utils.grading.trials import Trial
from course_utils.probing.exercises.inputs import nearer_mean, two_classes
from course_utils.probing.exercises.inputs import unit as _unit

# 7 · inlp


def _rounds(rng: torch.Generator) -> Inputs:
    x = torch.tensor([[2.0, 0.0], [1.0, 1.0], [-2.0, 0.0], [0.0, -1.0], [3.0, 1.0], [-1.0, 2.0]], dtype=torch.float64)
    yield x, torch.tensor([True, True, False, False, True, False]), 1
    # what the second probe says is right for two rows of six, and hardly differs between them: its direction goes too
    x = torch.tensor([[1.0, 1.0], [-2.0, 0.0], [-2.0, 1.0], [-2.0, -3.0], [1.0, 2.0], [0.0, 1.0]], dtype=torch.float64)
    yield x, torch.tensor([True, True, True, False, False, False]), 2
    yield *two_classes(rng, 40, 5), 2
    yield *two_classes(rng, 30, 6), 4
    yield *two_classes(rng, 40, 9), 7
    small, said = two_classes(rng, 20, 4)
    yield 1e-4 * small, said, 2
    x = torch.tensor([[5.0, 0.02], [4.0, -0.01], [6.0, 0.01], [-5.0, 0.0], [-4.0, 0.01], [-6.0, -0.02]], dtype=torch.float64)
    yield x, torch.tensor([True, True, True, False, False, False]), 2  # the second direction is of small numbers
    yield *two_classes(rng, 6, 3), 0  # no round: the rows as they came


def _again(x: Tensor, y: Tensor, rounds: int, *, unit=True, centre=True, fit_to=None, more=False, about=None) -> Tensor:
    mean = x.mean(0) if centre else torch.zeros_like(x[0])
    mean = mean if about is None else about
    left = x - mean
    for _ in range(rounds):
        v = probing.basics.least_squares(left if fit_to is None else fit_to, y)
        left = left - torch.outer(left @ v, v) / (v @ v if unit else 1) + (mean if more else 0)
    return left if more else left + mean


def _centred_for_the_fit(x: Tensor, y: Tensor, rounds: int) -> Tensor:
    left = x
    for _ in range(rounds):
        v = probing.basics.least_squares(left - left.mean(0), y)
        left = left - torch.outer(left @ v, v) / (v @ v)
    return left


def _kept(x: Tensor, y: Tensor, rounds: int) -> Tensor:
    left = x - x.mean(0)
    for _ in range(rounds):
        v = probing.basics.least_squares(left, y)
        left = torch.outer(left @ v, v) / (v @ v)
    return left + x.mean(0)


def _about_the_class_means(x: Tensor, y: Tensor, rounds: int) -> Tensor:
    """Nothing tells the classes apart from the start, so that rounding decides what is found: as one writes it."""
    left = torch.where(y[:, None], x - x[y].mean(0), x - x[~y].mean(0))
    for _ in range(rounds):
        v = probing.basics.least_squares(left, y)
        left = left - torch.outer(left @ v, v) / (v @ v)
    return left + x.mean(0)


def _by_means(x: Tensor, y: Tensor, rounds: int) -> Tensor:
    """From the second round on only rounding is left of the difference, and decides: step by step as one writes it."""
    left = x - x.mean(0)
    for _ in range(rounds):
        v = probing.basics.mass_mean(left, y)
        left = left - torch.outer(left @ v, v) / (v @ v)
    return left + x.mean(0)


def _rounds_told(wrong: Sequence[Trial]) -> str:
    """How many rounds it goes, where this alone is wrong."""
    gone = []
    for trial in wrong:
        x, y, rounds = trial.arguments.values()
        counts = [k for k in range(x.shape[1] + 1) if k != rounds]
        same = (k for k in counts if not difference(trial.given, _again(x, y, k), 1e-3, 1e-5 * float(x.abs().max())))
        gone.append((rounds, next(same, None)))
    if any(count is None for _, count in gone):
        return ""
    rounds, count = gone[0]
    said = f"With `rounds = {rounds}` {count} direction{'s are' if count != 1 else ' is'} taken out, and {rounds} should be"
    if all(count < asked for asked, count in gone):
        return f"{said}. Nothing ends it early: what a probe finds goes out, however little it says (is there a `break` or a bound, or does every round fit to the same rows?)."
    return f"{said}."


Function(
    id="probing.inlp",
    reference=probing.basics.inlp,
    inputs=_rounds,
    ranges={"x": REAL, "result": REAL},
    allows=lambda x, y, rounds: rounds <= x.shape[1],  # there must be a direction left
    survivors={"*driver='gelsd')` → *": "Another way to the same least squares, where one row is not a sum of others."},
    rtol=1e-3,
    atol=1e-5,
    explain=_rounds_told,
    hints=(
        "Keep `left = x - x.mean(0)`. In each round: v = least_squares(left, y), then take the component along v out of `left`.",
        "The component along v: `torch.outer(left @ v, v) / (v @ v)`. At the end add the mean again.",
    ),
    misconceptions=(
        wrong("one round", lambda x, y, rounds: _again(x, y, 1), "Only one direction is taken out. Either you stop after the first round, or every round fits on the rows as they were at first and finds the same direction: fit on what is left."),
        wrong("length not divided out", lambda x, y, rounds: _again(x, y, rounds, unit=False), "You do not divide by `v @ v`: a direction that is not of length 1 takes out too much or too little."),
        wrong("mean not added", lambda x, y, rounds: _again(x, y, rounds) - x.mean(0), "You return centred rows. Add the mean again."),
        wrong("not centred", lambda x, y, rounds: _again(x, y, rounds, centre=False), "You take the component of x out, and not that of x minus its mean. Rows then lose a part of their mean."),
        wrong("fitted to x in every round", lambda x, y, rounds: _again(x, y, rounds, fit_to=x), "Every round fits to x, as it was at first. Fit to what is left, and give `least_squares` centred rows."),
        wrong("fitted to the first centred rows", lambda x, y, rounds: _again(x, y, min(rounds, 1)), "Every round finds the same direction, and only the first takes something out. Fit to what is left, `least_squares(left, y)`, anew in each round."),
        wrong("centred only for the fit", _centred_for_the_fit, "You fit to centred rows, and take the component of x out, and not that of x minus its mean. Rows then lose a part of their mean."),
        wrong("difference of the means", _by_means, "You take out the difference of the class means. Asked for is the direction that `probing.basics.least_squares` finds in what is left."),
        wrong("mean added in every round", lambda x, y, rounds: _again(x, y, rounds, fit_to=None, more=True), "You add the mean in every round, so that later rounds work on rows that are not centred. Add it once, at the end."),
        wrong("component kept", _kept, "You keep what should be taken out: subtract the component from what is left."),
        wrong("about the class means", _about_the_class_means, "You centre each row on its own class's mean. That takes the property out with the labels' help, and leaves nothing to find: centre on one mean for all rows, `x - x.mean(0)`."),
        wrong("one mean for all columns", lambda x, y, rounds: _again(x, y, rounds, about=x.mean()), "Your mean is one number for everything, `x.mean()`. There is one mean for each column: `x.mean(0)`."),
        wrong("one round too few", lambda x, y, rounds: _again(x, y, rounds - 1), "You go one round too few."),
        wrong("one round too many", lambda x, y, rounds: _again(x, y, rounds + 1), "You go one round too far."),
        wrong("nothing erased", lambda x, y, rounds: x.clone(), "Nothing is erased."),
    ),
)  # fmt: skip


# 8 · erase_and_measure


def _along_the_means(x: Tensor, y: Tensor):
    """An eraser that is quick to fit: it takes the component along the difference of the means out, and half as much again.

    With exactly as much a probe would be left with two equal means, and rounding would decide.
    """
    v, middle = _unit(probing.basics.mass_mean(x, y)), (x[y].mean(0) + x[~y].mean(0)) / 2
    return lambda rows: rows - 1.5 * torch.outer((rows - middle) @ v, v)


def _larger_columns(x: Tensor, y: Tensor):
    """One that does not treat the classes alike: it keeps the columns that are larger where the property is true."""
    keep = probing.basics.mass_mean(x, y) > 0
    return lambda rows: rows * keep


def _moved_on(x: Tensor, y: Tensor):
    """One that moves the columns on and loses the last: applied twice it takes out more, and old probes fail."""
    return lambda rows: torch.cat([torch.zeros_like(rows[:, :1]), rows[:, :-1]], 1)


def _first_column(x: Tensor, y: Tensor):
    """One that leaves the first column alone."""
    return lambda rows: rows * torch.eye(x.shape[1], dtype=rows.dtype)[0]


def _divided(rng: torch.Generator) -> Inputs:
    x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [4.0, 0.0], [4.0, 3.0], [1.0, 1.0], [3.0, 0.0], [4.0, 4.0]])
    y = torch.tensor([False, False, True, True, True, False, True])  # of the rows that judge, most are told wrongly
    yield x, y, torch.tensor([1, 1, 1, 1, 0, 0, 0]).bool(), _along_the_means, nearer_mean
    worse = torch.tensor([[0.0, 0.0], [1.0, 8.0], [0.0, 9.0], [1.0, 0.0]])  # an eraser that helps the probe
    yield worse, torch.tensor([False, True] * 2), torch.tensor([1, 1, 0, 0]).bool(), _first_column, nearer_mean
    for rows, dtype in ((30, torch.float32), (60, torch.float32), (90, torch.float64)):
        x, y = two_classes(rng, rows, 3, share=0.3, dtype=dtype)
        train = rand(rng, rows) < 0.5
        for eraser in (_along_the_means, _larger_columns, _moved_on):
            yield x, y, train, eraser, nearer_mean


def _measured(x, y, train, eraser, fit, *, erase_on=None, judge=None, kept=False, seen=True, learn=None, order=1):
    erase_on, learn = (train if rows is None else rows for rows in (erase_on, learn))
    judge = ~train if judge is None else judge
    clear = eraser(x[erase_on], y[erase_on])(x)
    says = fit(x[learn], y[learn])
    again = says if kept else fit(clear[learn], y[learn])
    right = [(says(x[judge]) == y[judge]).to(x).mean(), (again((clear if seen else x)[judge]) == y[judge]).to(x).mean()]
    return torch.stack(right if order > 0 else right[::-1])


def _two_erasers(x, y, train, eraser, fit):
    clear = torch.where(train[:, None], eraser(x[train], y[train])(x), eraser(x[~train], y[~train])(x))
    right = [(fit(rows[train], y[train])(rows[~train]) == y[~train]).to(x).mean() for rows in (x, clear)]
    return torch.stack(right)


Function(
    id="probing.erase_and_measure",
    reference=probing.basics.erase_and_measure,
    inputs=_divided,
    ranges={"x": REAL, "result": UNIT},
    survivors={"result: 0 below a hundredth": "Of a hundred rows or fewer, one that is right is a hundredth."},
    hints=(
        "`erase = eraser(x[train], y[train])` is a map; `erase(x)` are all rows without the property.",
        "Twice the same: fit on the training rows, judge on the others. Once with x, once with `erase(x)`, each with a probe of its own.",
    ),
    misconceptions=(
        wrong("eraser saw the rows that judge", lambda x, y, t, e, f: _measured(x, y, t, e, f, erase_on=torch.ones_like(t)), "Your eraser is fitted on all rows. It has then seen the labels of those that judge: fit it on the training rows."),
        wrong("old probe", lambda *a: _measured(*a, kept=True), "You judge the *old* probe after erasing. That it fails shows only that its direction is gone. Another probe may still find the property: fit a new one to the erased rows."),
        wrong("judged on rows as they were", lambda *a: _measured(*a, seen=False), "You judge the second probe on rows that have not been erased."),
        wrong("judged on training rows", lambda x, y, t, e, f: _measured(x, y, t, e, f, judge=t), "You judge on the rows that were fitted on."),
        wrong("probes saw the rows that judge", lambda x, y, t, e, f: _measured(x, y, t, e, f, learn=torch.ones_like(t)), "Your probes are fitted on all rows, also on those that judge."),
        wrong("judged on all rows", lambda x, y, t, e, f: _measured(x, y, t, e, f, judge=torch.ones_like(t)), "You judge on all rows, also on those that were fitted on."),
        wrong("fitted on the rows that judge", lambda x, y, t, e, f: _measured(x, y, t, e, f, learn=~t), "Your probes are fitted on the rows that judge them. Fit on `x[train]`, judge on `x[~train]`."),
        wrong("eraser fitted on the rows that judge", lambda x, y, t, e, f: _measured(x, y, t, e, f, erase_on=~t), "Your eraser is fitted on the rows that judge. Fit it on the training rows."),
        wrong("train and test exchanged", lambda x, y, t, e, f: _measured(x, y, ~t, e, f), "You fit on the rows that should judge, and judge on those that should train."),
        wrong("`train` never used", lambda x, y, t, e, f: _measured(x, y, *(torch.ones_like(t),), e, f, judge=torch.ones_like(t)), "You fit and judge on all rows. Fit eraser and probes on the rows of `train`, judge on the others."),
        wrong("two erasers", _two_erasers, "You fit a second eraser, on the rows that judge. It has seen their labels, and an eraser is *one* map: fit it on the training rows and use it for all."),
        wrong("labels of the eraser turned round", lambda x, y, t, e, f: _measured(x, y, t, lambda a, b: e(a, ~b), f), "You give the eraser the opposite labels. Not every eraser treats the two classes alike: `eraser(x[train], y[train])`."),
        wrong("erased twice", lambda x, y, t, e, f: _measured(x, y, t, lambda a, b: lambda rows: e(a, b)(e(a, b)(rows)), f), "You erase twice. Not every eraser changes nothing at the second time: apply it once."),
        wrong("share of yes", lambda x, y, t, e, f: torch.stack([f(rows[t], y[t])(rows[~t]).to(x).mean() for rows in (x, e(x[t], y[t])(x))]), "You average what the probes say, and not whether they are right. Compare with the labels: `says(…) == y[~train]`."),
        wrong("divided by all rows", lambda x, y, t, e, f: _measured(x, y, t, e, f) * ((~t).sum() / len(t)), "You divide by the number of all rows. Only those that are not for training judge: divide by their number."),
        wrong("shares that are wrong", lambda *a: 1 - _measured(*a), "These are the shares that are wrong. Accuracy is the share that is right."),
        wrong("after, before", lambda *a: _measured(*a, order=-1), "Asked for is (before, after), in this order."),
        wrong("the difference", lambda *a: _measured(*a)[0] - _measured(*a)[1], "You return by how much the accuracy falls. Return both."),
    ),
)  # fmt: skip
