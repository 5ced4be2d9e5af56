"""Exercise 6: erasing a property in one step, with the least change."""

import torch
from torch import Tensor

from course_utils import probing
from course_utils.grading.inputs import Inputs
from course_utils.grading.kinds import REAL, Function, wrong
from course_utils.probing.exercises.inputs import two_classes
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


def _not_turned_back(x: Tensor, y: Tensor) -> Tensor:
    """There by the eigenvectors, back by the same matrix and not by its transpose."""
    there, back = _once(x)
    z = (x - x.mean(0)) @ there
    u = _unit(_difference(x, y) @ there)
    return (z - torch.outer(z @ u, u)) @ back + x.mean(0)


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
        wrong("not turned back", _not_turned_back, "`vectors / values.sqrt()` alone leads to the eigenvectors' coordinates. From there the way back is `(vectors * values.sqrt()).T`; or let both end in `@ vectors.T`."),
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
