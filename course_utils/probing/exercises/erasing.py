"""Exercises 6 to 8: two ways to erase a property, and what is left after it."""

import torch
from torch import Tensor

from course_utils import probing
from course_utils.grading.inputs import Inputs, rand, randn
from course_utils.grading.kinds import REAL, UNIT, Function, wrong
from course_utils.probing.exercises.inputs import nearer_mean, two_classes
from course_utils.probing.exercises.inputs import unit as _unit

# 6 · leace


def _labelled(rng: torch.Generator) -> Inputs:
    x = torch.tensor([[2.0, 0.0], [0.0, 1.0], [-2.0, 0.0], [0.0, -1.0], [3.0, 1.0]], dtype=torch.float64)
    yield x, torch.tensor([True, True, False, False, True])
    x, y = two_classes(rng, 12, 2)
    yield x * torch.tensor([1.0, 0.01], dtype=x.dtype), y  # a column that varies little is no noise
    x, y = two_classes(rng, 40, 3)
    yield 3e-4 * x, y
    yield two_classes(rng, 90, 5)
    yield two_classes(rng, 60, 4, share=0.15)


def _project(x: Tensor, v: Tensor, about: Tensor) -> Tensor:
    return x - ((x - about) @ _unit(v))[:, None] * _unit(v)


def _difference(x: Tensor, y: Tensor) -> Tensor:
    return x[y].mean(0) - x[~y].mean(0)


def _roots(x: Tensor) -> tuple[Tensor, Tensor]:
    values, vectors = torch.linalg.eigh((x - x.mean(0)).mT @ (x - x.mean(0)) / len(x))
    return (vectors / values.sqrt()) @ vectors.mT, (vectors * values.sqrt()) @ vectors.mT


def _no_roots(x: Tensor) -> tuple[Tensor, Tensor]:
    values, vectors = torch.linalg.eigh((x - x.mean(0)).mT @ (x - x.mean(0)) / len(x))
    return (vectors / values) @ vectors.mT, (vectors * values) @ vectors.mT


def _vectors(x: Tensor) -> Tensor:
    return torch.linalg.eigh((x - x.mean(0)).mT @ (x - x.mean(0)) / len(x)).eigenvectors


def _about_zero(x: Tensor) -> tuple[Tensor, Tensor]:
    values, vectors = torch.linalg.eigh(x.mT @ x / len(x))
    return (vectors / values.sqrt()) @ vectors.mT, (vectors * values.sqrt()) @ vectors.mT


def _other_side(x: Tensor) -> tuple[Tensor, Tensor]:
    values, vectors = torch.linalg.eigh((x - x.mean(0)).mT @ (x - x.mean(0)) / len(x))
    return (vectors.mT / values.sqrt()) @ vectors, (vectors.mT * values.sqrt()) @ vectors


def _once(x: Tensor) -> tuple[Tensor, Tensor]:
    values, vectors = torch.linalg.eigh((x - x.mean(0)).mT @ (x - x.mean(0)) / len(x))
    return vectors / values.sqrt(), vectors * values.sqrt()


def _triangular(x: Tensor) -> tuple[Tensor, Tensor]:
    root = torch.linalg.cholesky((x - x.mean(0)).mT @ (x - x.mean(0)) / len(x))
    return torch.linalg.inv(root), root


def _by_columns(x: Tensor) -> tuple[Tensor, Tensor]:
    scale = x.std(0, correction=0)
    return torch.diag(1 / scale), torch.diag(scale)


def _not_centred(x: Tensor, y: Tensor) -> Tensor:
    return _white(x, y, roots=_about_zero, centred=False)


def _transposed(x: Tensor, y: Tensor) -> Tensor:
    white, root = _roots(x)
    u = _unit(white @ _difference(x, y))
    return x - (x - x.mean(0)) @ root @ torch.outer(u, u) @ white


def _about_the_classes(x: Tensor, y: Tensor) -> Tensor:
    """As if only what a row has more than its class were to be taken out."""
    white, root = _roots(x)
    u = _unit(white @ _difference(x, y))
    z = torch.where(y[:, None], x - x[y].mean(0), x - x[~y].mean(0))
    return x - torch.outer(z @ white @ u, u) @ root


def _about_the_middle(x: Tensor, y: Tensor) -> Tensor:
    """Right but for where the rows end up along the direction."""
    return probing.basics.leace(x, y) + (x[y].mean(0) + x[~y].mean(0)) / 2 - x.mean(0)


def _root_of_values(x: Tensor) -> tuple[Tensor, Tensor]:
    return _roots(x)[0], _no_roots(x)[1]


def _white(x: Tensor, y: Tensor, *, back=True, forth=False, centred=True, whiten=True, length=_unit, roots=None) -> Tensor:
    white, root = (roots or _roots)(x)
    u = length(white @ _difference(x, y))
    z = x - x.mean(0) if centred else x
    z = z @ white if whiten else z
    gone = torch.outer(z @ u, u)
    return x - gone @ (white if forth else root) if back else z - gone + x.mean(0)


Function(
    id="probing.leace",
    reference=probing.basics.leace,
    inputs=_labelled,
    ranges={"x": REAL, "result": REAL},
    survivors={
        "`white @ mass_mean(x, y)` → *": "The root of a covariance is symmetric.",
        "*/ len(x)` → *": "White in another unit: what is divided by its root is multiplied by it again.",
        "`mass_mean(x, y)` → `mass_mean(centred, y)`": "A difference of means does not see what all rows have in common.",
        "`centred.mT*": "Centred rows are orthogonal to the mean, so that the products are the same.",
        "`len(x)` → *": "There is one label for each row.",
        "*mass_mean: `x[*": "Only the direction counts, and all these point along it.",
    },
    rtol=1e-3,
    atol=1e-5,
    hints=(
        "Whiten: with `values, vectors = torch.linalg.eigh(covariance)`, `white = (vectors / values.sqrt()) @ vectors.T` makes the centred rows white, and `root = (vectors * values.sqrt()) @ vectors.T` leads back.",
        "In white coordinates the property's direction is `white @ difference of the means`. Make it a unit vector, project it out there, and go back with `root`.",
        "What is subtracted from x is `outer((x - mean) @ white @ u, u) @ root`. The mean stays.",
    ),
    misconceptions=(
        wrong("without whitening", lambda x, y: _project(x, _difference(x, y), x.mean(0)), "You project the difference of the means out as it is. That erases the property too, and changes more than it must: directions in which x varies little are cheap. Whiten first."),
        wrong("fisher's direction", lambda x, y: _project(x, _roots(x)[0] @ _roots(x)[0] @ _difference(x, y), x.mean(0)), "You project out the direction that tells the property best. The class means still differ along others: project in white coordinates and go back."),
        wrong("still white", lambda x, y: _white(x, y, back=False), "You stay in white coordinates. Go back with the root of the covariance, so that a model can go on with what you return."),
        wrong("about zero", lambda x, y: _white(x, y, centred=False), "You project x and not x minus its mean. The erased rows then lose a part of their mean, which has nothing to do with the property."),
        wrong("nothing erased", lambda x, y: x.clone(), "Nothing is erased."),
        wrong("mean in place of everything", lambda x, y: x.mean(0).expand_as(x), "Every row becomes the mean. That erases everything: find the least change."),
        wrong("class means subtracted", lambda x, y: torch.where(y[:, None], x - x[y].mean(0), x - x[~y].mean(0)) + x.mean(0), "You subtract each row's class mean. That needs the label of every row, which an eraser does not have when it is used: it is one map for all rows."),
        wrong("difference not whitened", lambda x, y: _white(x, y, length=lambda u: _unit(_difference(x, y))), "You project along the difference as it is, in coordinates that are white. It has to be brought there too: `white @ difference`."),
        wrong("roots forgotten", lambda x, y: _white(x, y, roots=_no_roots), "You scale by the eigenvalues. White rows come from their square *roots*."),
        wrong("mean not added", lambda x, y: probing.basics.leace(x, y) - x.mean(0), "You return centred rows. Subtract from x itself what is taken out, so that the mean stays."),
        wrong("no unit vector", lambda x, y: _white(x, y, length=lambda u: u), "In white coordinates you project along a vector that is not of length 1: divide `white @ difference` by its norm."),
        wrong("not whitened before", lambda x, y: _white(x, y, whiten=False), "You measure the component of the rows as they are. Rows and direction have to stand in the same, white, coordinates: `centred @ white @ u`."),
        wrong("back by the wrong matrix", lambda x, y: _white(x, y, forth=True), "You multiply by `white` once more instead of by the root: that leads farther away and not back."),
        wrong("never centred", _not_centred, "You never subtract the mean: what rows have in common then counts as spread, and a part of it is taken out. Covariance and component are those of `x - x.mean(0)`."),
        wrong("moments about zero", lambda x, y: _white(x, y, roots=_about_zero), "Your covariance is taken of rows that are not centred. What they have in common then counts as spread: subtract the mean first."),
        wrong("not inverted", lambda x, y: _white(x, y, roots=lambda x: (_roots(x)[1],) * 2), "You multiply with the root of the covariance where its *inverse* belongs, so that rows become less white than they were: divide the eigenvectors by `values.sqrt()`."),
        wrong("white and root exchanged", lambda x, y: _white(x, y, roots=lambda x: _roots(x)[::-1]), "The two roots are exchanged: whitening divides by `values.sqrt()`, and the way back multiplies."),
        wrong("transposed", _transposed, "The matrix that takes out is the wrong way round. In x′ = x − Σ^½ u uᵀ Σ^−½ (x − μ) the vectors are columns; here they are rows, so that everything stands in the reverse order: `centred @ white @ outer(u, u) @ root`."),
        wrong("eigenvectors on the wrong side", lambda x, y: _white(x, y, roots=_other_side), "`eigh` returns eigenvectors as *columns*: the matrix is `vectors @ diag(values) @ vectors.T`, and its roots likewise. You have `vectors.T` in front."),
        wrong("eigenvectors once", lambda x, y: _white(x, y, roots=_once), "A `@ vectors.T` is missing: `vectors / values.sqrt()` alone leads into other coordinates, those of the eigenvectors, and your other steps do not."),
        wrong("in principal coordinates", lambda x, y: (probing.basics.leace(x, y) - x.mean(0)) @ _vectors(x) + x.mean(0), "You stay in the coordinates of the eigenvectors. Turn back with `vectors.T` before you add the mean."),
        wrong("no way back", lambda x, y: _white(x, y, roots=lambda x: (_roots(x)[0], torch.eye(x.shape[1]).to(x))), "What you subtract still stands in white coordinates, and x does not: multiply it by the root of the covariance first."),
        wrong("triangular root", lambda x, y: _white(x, y, roots=_triangular), "The Cholesky factor L is not symmetric: rows become white by L⁻¹ from the right *transposed*, `centred @ inverse.T`, and go back by `@ L.T`."),
        wrong("columns scaled apart", lambda x, y: _white(x, y, roots=_by_columns), "You divide each column by its own standard deviation. White means that columns do not go together either: take the root of the whole covariance."),
        wrong("about the classes' means", _about_the_classes, "You measure the component of rows about their *class* means. What tells the classes apart is not in it, and so it stays: the mean is that of all rows, `x - x.mean(0)`."),
        wrong("about the middle of the classes", _about_the_middle, "You measure from the point halfway between the class means. The mean is that of all rows: only then do the erased rows keep it, where one class is larger."),
        wrong("divided by the squared length", lambda x, y: _white(x, y, length=lambda u: u / (u @ u)), "You divide by the squared length, so that twice your map is not what it is once: a projection takes out all at the first time. Divide by `u.norm()`, or divide the outer product by `u @ u` once."),
        wrong("back without a root", lambda x, y: _white(x, y, roots=_root_of_values), "You go back with the eigenvalues and not with their square *roots*, so that twice your map is not what it is once. `root` undoes `white`: `root @ white` is 1."),
        wrong("added", lambda x, y: 2 * x - probing.basics.leace(x, y), "You add what is to be taken out, so that it stands there twice: subtract it."),
        wrong("component kept", lambda x, y: x.mean(0) + x - probing.basics.leace(x, y), "You return what should be taken out."),
        wrong("half erased", lambda x, y: (x + _white(x, y)) / 2, "You go half of the way."),
    ),
)  # fmt: skip


# 7 · inlp


def _rounds(rng: torch.Generator) -> Inputs:
    x = torch.tensor([[2.0, 0.0], [1.0, 1.0], [-2.0, 0.0], [0.0, -1.0], [3.0, 1.0], [-1.0, 2.0]], dtype=torch.float64)
    yield x, torch.tensor([True, True, False, False, True, False]), 1
    yield *two_classes(rng, 30, 5), 1
    yield randn(rng, 16, 5, dtype=x.dtype) + 2, rand(rng, 16) < 0.4, 3  # labels that x says nothing of
    yield *two_classes(rng, 30, 6), 4


def _again(x: Tensor, y: Tensor, rounds: int, *, unit=True, centre=True, fit_to=None, more=False, about=None) -> Tensor:
    mean = x.mean(0) if centre else torch.zeros_like(x[0])
    mean = mean if about is None else about
    left = x - mean
    for _ in range(rounds):
        v = probing.basics.least_squares(left if fit_to is None else fit_to, y)
        left = left - torch.outer(left @ v, v) / (v @ v if unit else 1) + (mean if more else 0)
    return left if more else left + mean


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
        v = _difference(left, y)
        left = left - torch.outer(left @ v, v) / (v @ v)
    return left + x.mean(0)


Function(
    id="probing.inlp",
    reference=probing.basics.inlp,
    inputs=_rounds,
    ranges={"x": REAL, "result": REAL},
    survivors={"*driver='gelsd')` → *": "Another way to the same least squares, where one row is not a sum of others."},
    rtol=1e-3,
    atol=1e-5,
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
    v, middle = _unit(_difference(x, y)), (x[y].mean(0) + x[~y].mean(0)) / 2
    return lambda rows: rows - 1.5 * torch.outer((rows - middle) @ v, v)


def _larger_columns(x: Tensor, y: Tensor):
    """One that does not treat the classes alike: it keeps the columns that are larger where the property is true."""
    keep = _difference(x, y) > 0
    return lambda rows: rows * keep


def _moved_on(x: Tensor, y: Tensor):
    """One that moves the columns on and loses the last: applied twice it takes out more, and old probes fail."""
    return lambda rows: torch.cat([torch.zeros_like(rows[:, :1]), rows[:, :-1]], 1)


def _divided(rng: torch.Generator) -> Inputs:
    x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [4.0, 0.0], [4.0, 3.0], [1.0, 1.0], [3.0, 0.0], [4.0, 4.0]])
    y = torch.tensor([False, False, True, True, True, False, True])  # of the rows that judge, most are told wrongly
    yield x, y, torch.tensor([1, 1, 1, 1, 0, 0, 0]).bool(), _along_the_means, nearer_mean
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
