"""Exercises 1, 2 and 4: mass-mean probes, and whether a probe reads or learns."""

import torch
from torch import Tensor

from course_utils.grading.inputs import Inputs, ids, rand
from course_utils.grading.kinds import REAL, UNIT, Function, wrong
from course_utils.probing import basics, control
from course_utils.probing.exercises.inputs import nearer_mean, two_classes

# 1 · mass_mean


def _rows(rng: torch.Generator) -> Inputs:
    yield torch.tensor([[1.0, 2.0], [3.0, 2.0], [0.0, 1.0]]), torch.tensor([True, True, False])
    twice = [[5.0, 1.0], [4.0, 3.0], [8.0, 2.0], [5.0, 1.0]]  # a row that occurs twice counts twice
    yield torch.tensor(twice), torch.tensor([False, True, False, False])
    for rows, d in ((5, 2), (12, 3), (40, 6)):
        yield two_classes(rng, rows, d)
    yield two_classes(rng, 30, 4, dtype=torch.float32)


Function(
    id="probing.mass_mean",
    reference=basics.mass_mean,
    inputs=_rows,
    ranges={"x": REAL, "result": REAL},
    hints=("`x[y]` are the rows on which the property is true, `x[~y]` the others. One mean over rows for each.",),
    misconceptions=(
        wrong("turned round", lambda x, y: x[~y].mean(0) - x[y].mean(0), "This points from true to false. The mean of the true rows minus that of the others is asked for."),
        wrong("against all rows", lambda x, y: x[y].mean(0) - x.mean(0), "You subtract the mean of *all* rows. The true ones are among them, so that the direction is right and too short: subtract the mean of the others."),
        wrong("mean of the true rows", lambda x, y: x[y].mean(0), "This is the mean of the true rows alone. What all rows have in common is in it, and says nothing of the property."),
        wrong("of length 1", lambda x, y: torch.nn.functional.normalize(x[y].mean(0) - x[~y].mean(0), dim=0), "You divide by its length. How far the classes lie apart is worth knowing: leave the length as it is."),
        wrong("sums", lambda x, y: x[y].sum(0) - x[~y].sum(0), "You take sums. There are not as many true rows as others: take means."),
        wrong("over columns", lambda x, y: x[y].mean() - x[~y].mean(0), "One of your means runs over everything. Keep the d columns: `mean(0)`."),
        wrong("covariance with the label", lambda x, y: ((x - x.mean(0)) * (y.to(x) - y.to(x).mean())[:, None]).mean(0), "This is the covariance of x with the label. It has the same direction, and its length depends on how rare the property is."),
        wrong("divided by all rows", lambda x, y: (x[y].sum(0) - x[~y].sum(0)) / len(x), "You divide both sums by the number of *all* rows. Each class's mean is over its own rows."),
        wrong("halfway", lambda x, y: (x[y].mean(0) + x[~y].mean(0)) / 2, "This is the point halfway between the two means. Their difference is asked for."),
        wrong("labels as places", lambda x, y: x[y.long()].mean(0) - x[1 - y.long()].mean(0), "Your labels are numbers when they stand in the brackets: then they are *places*, and only rows 0 and 1 are ever taken. True and False choose rows: `x[y]`, `x[~y]`."),
        wrong("one count for both", lambda x, y: (x[y].sum(0) - x[~y].sum(0)) / y.sum(), "You divide both sums by the number of *true* rows. Each class's mean is over its own rows."),
        wrong("medians", lambda x, y: x[y].median(0).values - x[~y].median(0).values, "You take medians. The means are asked for."),
    ),
)  # fmt: skip


# 2 · mass_mean_iid


def _many_rows(rng: torch.Generator) -> Inputs:
    small = [[1.0, 0.0], [3.0, 1.0], [2.0, 4.0], [0.0, 1.0], [1.0, 3.0], [4.0, 3.0]]
    yield torch.tensor(small), torch.tensor([True, True, True, False, False, False])
    for rows, d in ((9, 2), (30, 3), (40, 8)):
        yield two_classes(rng, rows, d)
    x, y = two_classes(rng, 200, 3, share=0.1)
    yield x * torch.tensor([1.0, 1.0, 0.01], dtype=x.dtype), y  # one column varies little, and counts all the same


def _through(x: Tensor, y: Tensor, within: Tensor, over: float) -> Tensor:
    return torch.linalg.solve(within.mT @ within / over, basics.mass_mean(x, y))


def _within(x: Tensor, y: Tensor) -> Tensor:
    return torch.where(y[:, None], x - x[y].mean(0), x - x[~y].mean(0))


def _inverse_root(x: Tensor, y: Tensor) -> Tensor:
    values, vectors = torch.linalg.eigh(_within(x, y).mT @ _within(x, y) / len(x))
    return (vectors / values.sqrt()) @ vectors.mT @ basics.mass_mean(x, y)


Function(
    id="probing.mass_mean_iid",
    reference=basics.mass_mean_iid,
    inputs=_many_rows,
    ranges={"x": REAL, "result": REAL},
    survivors={
        "*→ `yes - x`": "The products are the same with either sign.",
        "*→ `no - x`": "The products are the same with either sign.",
        "`within.mT*": "Rows about their class means are orthogonal to these, so that the products are the same.",
        "`len(x)` → *": "There is one label for each row.",
    },
    rtol=1e-3,
    hints=(
        "Within the classes: subtract from each row the mean of *its own* class.",
        "The covariance is `within.T @ within / n`, over all n rows, (d, d). Then `torch.linalg.solve(covariance, difference)`.",
    ),
    misconceptions=(
        wrong("covariance of everything", lambda x, y: _through(x, y, x - x.mean(0), len(x)), "You subtract the mean of all rows. Then the difference between the classes is counted as spread too, and the direction comes out too short: subtract each class's own mean."),
        wrong("not centred", lambda x, y: _through(x, y, x, len(x)), "Nothing is subtracted before the products are taken: these are second moments about zero, and what all rows have in common dominates them."),
        wrong("of the true rows", lambda x, y: _through(x, y, x[y] - x[y].mean(0), int(y.sum())), "Your covariance is that of the true rows alone. Pool both classes, each about its own mean."),
        wrong("of the false rows", lambda x, y: _through(x, y, x[~y] - x[~y].mean(0), int((~y).sum())), "Your covariance is that of the false rows alone. Pool both classes, each about its own mean."),
        wrong("not inverted", lambda x, y: _within(x, y).mT @ _within(x, y) / len(x) @ basics.mass_mean(x, y), "You multiply by the covariance. By its inverse: directions in which rows vary anyway are worth less, not more."),
        wrong("variances only", lambda x, y: basics.mass_mean(x, y) / _within(x, y).square().mean(0), "You divide by the variances, as if the columns did not depend on each other."),
        wrong("standard deviations", lambda x, y: basics.mass_mean(x, y) / _within(x, y).square().mean(0).sqrt(), "You divide by the standard deviations of the columns. The difference goes through the inverse of the whole covariance."),
        wrong("inverse root", _inverse_root, "You apply the inverse *root* of the covariance, which makes rows white, as LEACE needs it. The probe needs the inverse itself."),
        wrong("plain difference", basics.mass_mean, "This is the plain difference of the means. Send it through the inverse covariance."),
        wrong("scatter", lambda x, y: _through(x, y, _within(x, y), 1), "You do not divide by the number of rows: this is the scatter, which grows with them."),
        wrong("divided by n − 1", lambda x, y: _through(x, y, _within(x, y), len(x) - 1), "You divide by n − 1. Here the covariance is the mean of the products: divide by n."),
        wrong("two sample covariances", lambda x, y: torch.linalg.solve((torch.cov(x[y].T) + torch.cov(x[~y].T)) / 2, basics.mass_mean(x, y)), "You average two covariances, each divided by its own n − 1. Pool the rows of both classes, each about its own mean, and divide by n."),
        wrong("two covariances added", lambda x, y: torch.linalg.solve(torch.cov(x[y].T, correction=0) + torch.cov(x[~y].T, correction=0), basics.mass_mean(x, y)), "You add the covariances of the two classes. Pool the rows, each about its own class's mean: one mean of products over all n rows."),
        wrong("two sample covariances added", lambda x, y: torch.linalg.solve(torch.cov(x[y].T) + torch.cov(x[~y].T), basics.mass_mean(x, y)), "You add two covariances, each divided by its own n − 1. Pool the rows of both classes, each about its own mean, and divide by n."),
        wrong("sample covariance of everything", lambda x, y: torch.linalg.solve(torch.cov(x.T), basics.mass_mean(x, y)), "`torch.cov(x.T)` takes everything about one mean, so that the difference between the classes counts as spread, and divides by n − 1. Subtract each class's own mean, and divide by n."),
        wrong("means over everything", lambda x, y: _through(x, y, torch.where(y[:, None], x - x[y].mean(), x - x[~y].mean()), len(x)), "The means that you subtract run over rows *and* columns. Keep the columns: `mean(0)`."),
        wrong("entries upside down", lambda x, y: 1 / (_within(x, y).mT @ _within(x, y) / len(x)) @ basics.mass_mean(x, y), "You divide 1 by each entry. The inverse of a matrix is another thing: `torch.linalg.solve(covariance, difference)`."),
        wrong("classes weigh alike", lambda x, y: _through(x, y, torch.where(y[:, None], (x - x[y].mean(0)) / y.sum().sqrt(), (x - x[~y].mean(0)) / (~y).sum().sqrt()), 2), "You average the covariances of the two classes, as if they had as many rows. Pool the rows: each counts once."),
        wrong("whitened halfway", lambda x, y: torch.linalg.solve(torch.linalg.cholesky(_within(x, y).mT @ _within(x, y) / len(x)), basics.mass_mean(x, y)), "You apply the inverse of the covariance's root. That makes the rows white; the probe needs the inverse itself."),
    ),
)  # fmt: skip


# 4 · selectivity


def _often(x: Tensor, y: Tensor):
    """Says what is more frequent."""
    return lambda rows: torch.full((len(rows),), bool(y.to(x).mean() > 0.5))


def _tasks(rng: torch.Generator) -> Inputs:
    x = torch.tensor([[0.0], [4.0], [0.0], [4.0], [1.0], [5.0]])
    y = torch.tensor([False, True, False, True, False, True])
    yield x, y, torch.tensor([0, 1, 1, 2, 0, 2]), torch.tensor([0.2, 0.9, 0.4]), torch.tensor([1, 1, 1, 1, 0, 0]).bool(), nearer_mean
    # no coin of the training rows is below their share, two thirds; one lies between it and 0.67
    x = torch.tensor([[0.0], [4.0], [0.5], [5.0], [1.0], [5.0]])
    y, coins = torch.tensor([True, True, False, False, False, True]), torch.tensor([0.9, 0.2, 0.668])
    yield x, y, torch.tensor([0, 0, 0, 1, 2, 0]), coins, torch.tensor([1, 1, 1, 0, 0, 0]).bool(), nearer_mean
    train = torch.tensor([1, 1, 1, 1, 0, 0, 0, 0]).bool()
    x = torch.tensor([[0.0], [1.0], [4.0], [5.0], [0.5], [4.5], [5.5], [4.0]], dtype=torch.float64)
    y = torch.tensor([False, False, True, True, True, True, True, True])  # half of the training rows, three quarters of all
    for rows in (x.float(), 0.002 * x):
        yield rows, y, torch.tensor([0, 1, 2, 3, 0, 2, 3, 1]), torch.tensor([0.1, 0.5, 0.6, 0.9]), train, nearer_mean
    # one token is much more frequent than the others, and no other has its label; one is never trained on
    x, y = torch.tensor([[0.0], [0.2], [0.4], [5.0], [0.1], [5.0], [4.0], [0.3]]), torch.tensor([0, 0, 0, 1, 1, 1, 0, 0]).bool()
    coins, train = torch.tensor([0.1, 0.4, 0.9, 0.3]), torch.tensor([1, 1, 1, 1, 1, 0, 0, 0]).bool()
    yield x, y, torch.tensor([0, 0, 0, 1, 2, 1, 3, 0]), coins, train, nearer_mean
    for rows, vocabulary in ((30, 4), (60, 7), (90, 12), (90, 60)):  # of many tokens some are trained on and some are not
        x, y = two_classes(rng, rows, 3, share=0.3, dtype=torch.float32)
        train = rand(rng, rows) < 0.6
        coins = torch.linspace(0.03, 0.97, vocabulary)[torch.randperm(vocabulary, generator=rng)]
        for fit in (nearer_mean, _often):
            yield x, y, ids(rng, vocabulary, rows), coins, train, fit


def _right(fit, x: Tensor, y: Tensor, train: Tensor, test: Tensor) -> Tensor:
    return (fit(x[train], y[train])(x[test]) == y[test]).to(x).mean()


def _control(y: Tensor, ids: Tensor, coins: Tensor, train: Tensor) -> Tensor:
    return coins[ids] < y[train].float().mean()


def _said(fit, x: Tensor, y: Tensor, train: Tensor) -> Tensor:
    return fit(x[train], y[train])(x[~train]).to(x).mean()


def _by_row(x, y, ids, coins, train, fit):
    spread = coins.repeat(len(y) // len(coins) + 1)[: len(y)]
    control = spread < y[train].float().mean()
    return _right(fit, x, y, train, ~train) - _right(fit, x, control, train, ~train)


def _selectivity(x, y, ids, coins, train, fit, *, share=None, on=None, from_=None, ratio=False, one=False, flip=False):
    control = coins[ids] < (y[train].float().mean() if share is None else share)
    learn, judge = train if from_ is None else from_, ~train if on is None else on
    task = _right(fit, x, y, learn, judge)
    if one:
        other = (fit(x[learn], y[learn])(x[judge]) == control[judge]).to(x).mean()
    else:
        other = _right(fit, x, control, learn, judge)
    return task / other if ratio else other - task if flip else task - other


Function(
    id="probing.selectivity",
    reference=control.selectivity,
    inputs=_tasks,
    ranges={"x": REAL, "coins": UNIT, "result": (-1.0, 1.0)},
    survivors={
        "*.to(coins)`*": "A share is the same number in either precision.",
        "coins: 0 below a hundredth": "So small a coin is below every share that is not zero.",
        "result: 0 below a hundredth": "Of a hundred rows or fewer, one more that is right is a hundredth.",
    },
    hints=(
        "The control labels: `coins[ids] < share`, where `share` is how often y is true among the training rows.",
        "`says = fit(x[train], labels[train])` gives a function; `says(x[~train]) == labels[~train]` is where it is right. Once for y, once for the control labels.",
    ),
    misconceptions=(
        wrong("judged on training rows", lambda x, y, i, c, t, f: _selectivity(x, y, i, c, t, f, on=t), "You judge on the rows that were trained on. What a probe has learned by heart looks like reading there."),
        wrong("trained on everything", lambda x, y, i, c, t, f: _selectivity(x, y, i, c, t, f, from_=torch.ones_like(t)), "You train on all rows, also on those that judge."),
        wrong("turned round", lambda x, y, i, c, t, f: _selectivity(x, y, i, c, t, f, flip=True), "Your sign is turned round: do you subtract the property from the control, or count errors in place of right answers? A probe that reads is *better* at the property."),
        wrong("ratio", lambda x, y, i, c, t, f: _selectivity(x, y, i, c, t, f, ratio=True), "You divide. Selectivity is a difference of accuracies."),
        wrong("coins at one half", lambda x, y, i, c, t, f: _selectivity(x, y, i, c, t, f, share=0.5), "Your control labels are true half the time. Then the control task has another base rate than the property, and the comparison shows that: use the property's share."),
        wrong("one probe for both", lambda x, y, i, c, t, f: _selectivity(x, y, i, c, t, f, one=True), "You judge the property's probe on the control labels. The control task gets a probe of its own: the question is how well it *can* be learned."),
        wrong("a coin for each row", _by_row, "Your control labels do not follow the tokens: a row's label is its token's coin, `coins[ids]`, the same wherever that token stands."),
        wrong("judged on all rows", lambda x, y, i, c, t, f: _selectivity(x, y, i, c, t, f, on=torch.ones_like(t)), "You judge on all rows, also on those that were trained on."),
        wrong("control probe on the property", lambda x, y, i, c, t, f: _right(f, x, y, t, ~t) - (f(x[t], (c[i] < y[t].float().mean())[t])(x[~t]) == y[~t]).to(x).mean(), "You judge the control task's probe on the *property*. It is judged on its own labels, the coins."),
        wrong("share of all rows", lambda x, y, i, c, t, f: _selectivity(x, y, i, c, t, f, share=y.float().mean()), "You count the share of true labels over all rows. The rows that judge must not be looked at before: count among the training rows."),
        wrong("trained on the rows that judge", lambda x, y, i, c, t, f: _selectivity(x, y, i, c, t, f, from_=~t), "You train on the rows that judge. Train on `x[train]`, judge on `x[~train]`."),
        wrong("train and test exchanged", lambda x, y, i, c, t, f: _selectivity(x, y, i, c, ~t, f, share=y[t].float().mean()), "You train on the rows that should judge, and judge on those that should train."),
        wrong("share of the rows that judge", lambda x, y, i, c, t, f: _selectivity(x, y, i, c, t, f, share=y[~t].float().mean()), "You count the share of true labels among the rows that judge. These must not be looked at before: count among the training rows."),
        wrong("no rows held out", lambda x, y, i, c, t, f: _selectivity(x, y, i, c, t, f, from_=torch.ones_like(t), on=torch.ones_like(t)), "You train on all rows and judge on all rows. What a probe has learned by heart looks like reading there: train on `x[train]`, judge on `x[~train]`."),
        wrong("`train` never used", lambda x, y, i, c, t, f: _selectivity(x, y, i, c, t, f, share=y.float().mean(), from_=torch.ones_like(t), on=torch.ones_like(t)), "You count the share, train, and judge on all rows. Count and train on the rows of `train`, judge on the others."),
        wrong("trained on everything, judged on training rows", lambda x, y, i, c, t, f: _selectivity(x, y, i, c, t, f, from_=torch.ones_like(t), on=t), "You train on all rows and judge on the training rows. Train on `x[train]`, judge on `x[~train]`."),
        wrong("share and training of all rows", lambda x, y, i, c, t, f: _selectivity(x, y, i, c, t, f, share=y.float().mean(), from_=torch.ones_like(t)), "Both the share of true labels and the probes are made from all rows, also from those that judge. Take the training rows for both."),
        wrong("share of all rows, judged on training rows", lambda x, y, i, c, t, f: _selectivity(x, y, i, c, t, f, share=y.float().mean(), on=t), "Two things: you count the share of true labels over all rows, and judge on the rows that were trained on. Count among the training rows, judge on the others."),
        wrong("share of all rows, fitted on those that judge", lambda x, y, i, c, t, f: _selectivity(x, y, i, c, t, f, share=y.float().mean(), from_=~t), "Two things: you count the share of true labels over all rows, and train on the rows that judge. Count and train on the rows of `train`."),
        wrong("share of yes", lambda x, y, i, c, t, f: _said(f, x, y, t) - _said(f, x, _control(y, i, c, t), t), "You average what the probes say, and not whether they are right. Compare with the labels: `says(x[~train]) == labels[~train]`."),
        wrong("divided by all rows", lambda x, y, i, c, t, f: _selectivity(x, y, i, c, t, f) * ((~t).sum() / len(t)), "You divide by the number of all rows. Only those that are not for training judge: divide by their number."),
        wrong("counts", lambda x, y, i, c, t, f: _selectivity(x, y, i, c, t, f) * (~t).sum(), "You subtract *numbers* of rows that are right. Divide by how many rows judge: accuracies are shares."),
        wrong("coins at their quantile", lambda x, y, i, c, t, f: _selectivity(x, y, i, c, t, f, share=c.quantile(y[t].to(c).mean())), "You compare with a quantile of the coins, as the lesson does. Here a coin is compared with the share itself."),
        wrong("coins at the quantile of the training rows", lambda x, y, i, c, t, f: _selectivity(x, y, i, c, t, f, share=c[i[t]].quantile(y[t].to(c).mean())), "You compare with a quantile of the training rows' coins, as the lesson does. Here a coin is compared with the share itself."),
        wrong("coins against their mean", lambda x, y, i, c, t, f: _selectivity(x, y, i, c, t, f, share=c.mean()), "You compare the coins with their own mean. Compare them with the share of true labels among the training rows, so that the control task has the property's base rate."),
        wrong("accuracy alone", lambda x, y, i, c, t, f: _right(f, x, y, t, ~t), "This is the accuracy on the property. Subtract that on the control task."),
    ),
)  # fmt: skip
