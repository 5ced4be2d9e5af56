"""Exercises 5 to 8: the decoder's gradient, variance unexplained, loss recovered, matching features."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils import sae
from course_utils.grading.inputs import Inputs, randn
from course_utils.grading.kinds import POSITIVE, REAL, Function, wrong
from course_utils.sae.exercises.inputs import SQUARED

# 5 · the gradient without its parallel part


def _gradient_inputs(rng: torch.Generator) -> Inputs:
    yield torch.tensor([[3.0, 4.0]]), torch.tensor([[1.0, 0.0]])
    yield torch.tensor([[1.0, 0.0], [1.0, 2.0]]), torch.tensor([[0.6, 0.8], [0.0, -1.0]])
    tilted, small = F.normalize(torch.tensor([[1.0, 0.005]]), dim=1), torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    yield torch.tensor([[5.0, 3.0]]), tilted  # a small entry counts too
    yield torch.tensor([[5e-5, 1.0], [6e-4, 6e-4]]), small  # and a small part along the row, and a small gradient
    yield torch.tensor([[1.0, 0.005], [4.0, 1e-3]]), small  # nearly parallel: little is left, and it counts
    yield torch.tensor([[0.0, 0.0], [2.0, 1.0]]), torch.tensor([[1.0, 0.0], [0.0, 1.0]])  # a dead latent has no gradient
    for latents, d in ((3, 3), (4, 7), (9, 5)):
        yield randn(rng, latents, d), F.normalize(randn(rng, latents, d), dim=1)
    yield randn(rng, 5, 4, dtype=torch.float64), F.normalize(randn(rng, 5, 4, dtype=torch.float64), dim=1)
    yield torch.zeros(0, 2), torch.zeros(0, 2)  # no rows at all


def _along(g: Tensor, w: Tensor) -> Tensor:
    return (g * w).sum(1, keepdim=True)


Function(
    id="sae.without_parallel",
    reference=sae.without_parallel,
    inputs=_gradient_inputs,
    ranges={"grad": REAL, "result": REAL},
    survivors={"rows: at most 1*": "No entry of a unit row is larger than 1."},
    hints=(
        "Each row of W_dec is a unit vector w. A step along w would only change its length, which is set back to 1 after every step anyway.",
        "How much of the gradient g lies along w: g · w, one number a row. Take that much of w away from g.",
        "grad - (grad * rows).sum(1, keepdim=True) * rows",
    ),
    misconceptions=(
        wrong("parallel part returned", lambda g, w: _along(g, w) * w, "This is the part *along* the row: the one that should go."),
        wrong("parallel part added", lambda g, w: g + _along(g, w) * w, "You add the parallel part; it is to be taken away."),
        wrong("rows of the gradient normalised", lambda g, w: F.normalize(g - _along(g, w) * w, dim=1),
              "The direction is right, but you change the gradient's length. Only its part along the row goes."),
        wrong("along the wrong axis", lambda g, w: g - (g * w).sum(0, keepdim=True) * w,
              "You sum over latents. Each latent's gradient is compared with its own row: sum(1, keepdim=True)."),
        wrong("one number for all rows", lambda g, w: g - (g * w).sum() * w, "You use one product for all rows; each row has its own."),
        wrong("component by component", lambda g, w: g - g * w * w,
              "You project in each coordinate apart. The product g · w is summed over the row before it multiplies w."),
        wrong("along the rows of all latents", lambda g, w: g - g @ w.T @ w,
              "You project each gradient on the rows of *all* latents. Each has a part to lose along its own row only: (grad * rows).sum(1, keepdim=True)."),
        wrong("gradient and rows exchanged", lambda g, w: w - _along(g, w) * g,
              "You take the gradient's part away from the rows. It is the gradient that loses its part along the row."),
        wrong("divided by the gradient's length", lambda g, w: g - _along(F.normalize(g, dim=1), w) * w,
              "You normalise the gradient before the product. It is w that has length 1; g keeps its length."),
        wrong("sign of the product lost", lambda g, w: g - _along(g, w).abs() * w,
              "You take the size of g · w. Where it is negative you now add to the part that should go."),
        wrong("nothing removed", lambda g, w: g.clone(), "This is the whole gradient: nothing was taken away."),
    ),
)  # fmt: skip


# 6 · fvu


def _fvu_inputs(rng: torch.Generator) -> Inputs:
    yield torch.tensor([[0.0, 0.0], [2.0, 4.0]]), torch.tensor([[0.0, 1.0], [2.0, 2.0]])
    yield torch.tensor([[1.0], [3.0]]), torch.tensor([[1.0], [2.0]])
    yield torch.tensor([[0.0], [3.0], [6.0]]), torch.tensor([[0.0], [3.0], [3.0]])  # three rows, so that n - 1 is not 1
    for rows, d in ((3, 1), (4, 3), (20, 5)):
        y = randn(rng, rows, d) * (1 + 5 * torch.rand(rows, 1, generator=rng)) + 2
        yield y, y + 0.5 * randn(rng, rows, d)
    y = randn(rng, 8, 3)
    yield y, y + 0.05 * randn(rng, 8, 3)  # a good reconstruction
    yield torch.tensor([[1.0, 0.0], [1.0, 2.0]]), torch.tensor([[0.0, 0.0], [0.0, 2.0]])  # one dimension never varies
    yield torch.tensor([[0.0], [0.001]]), torch.tensor([[0.0], [0.0005]])  # all small
    y = 1000 + randn(rng, 50, 4)
    yield y, y + 0.1 * randn(rng, 50, 4)  # far from the origin
    y = randn(rng, 6, 4, dtype=torch.float64) + 1
    yield y, y + randn(rng, 6, 4, dtype=torch.float64)


def _centred(y: Tensor) -> Tensor:
    return y - y.mean(0)


Function(
    id="sae.fvu",
    reference=sae.fvu,
    inputs=_fvu_inputs,
    ranges={"y": REAL, "y_hat": REAL, "result": (0.0, float("inf"))},
    survivors={"`y - y_hat` → `y_hat - y`": SQUARED, "`y - y.mean(0)` → `y.mean(0) - y`": SQUARED},
    hints=(
        "Numerator: all squared errors together. Denominator: all squared distances from the mean row.",
        "The mean is taken over rows: y.mean(0) is one vector. Sum over everything, then divide once.",
    ),
    misconceptions=(
        wrong("mean of ratios", lambda y, z: ((y - z).square().sum(1) / _centred(y).square().sum(1)).mean(),
              "You divide row by row and average the ratios. A row close to the mean then counts as much as one far away, or more; sum first, divide once."),
        wrong("mean of ratios over dimensions", lambda y, z: ((y - z).square().sum(0) / _centred(y).square().sum(0)).mean(),
              "You divide dimension by dimension and average. A direction in which hardly anything varies then counts like all others; sum first, divide once."),
        wrong("variance explained", lambda y, z: 1 - sae.fvu(y, z), "This is the fraction that *is* explained; asked for is the one that is not."),
        wrong("mean not taken away", lambda y, z: (y - z).square().sum() / y.square().sum(),
              "Your denominator is the squared length of y itself. With a large mean, a constant would seem to explain nearly everything; take the mean away."),
        wrong("one mean for all dimensions", lambda y, z: (y - z).square().sum() / (y - y.mean()).square().sum(),
              "You take one number away from all dimensions. The mean is a vector, one entry for each dimension: y.mean(0)."),
        wrong("mean over dimensions", lambda y, z: (y - z).square().sum() / (y - y.mean(1, keepdim=True)).square().sum(),
              "You take each row's own mean away. The mean runs over rows: y.mean(0)."),
        wrong("not squared", lambda y, z: (y - z).norm() / _centred(y).norm(), "This is a ratio of lengths, the square root of what is asked for."),
        wrong("mean of the reconstruction", lambda y, z: (y - z).square().sum() / (y - z.mean(0)).square().sum(),
              "You take the reconstruction's mean away from y. The variance is that of the target, around its own mean."),
        wrong("error summed, variance averaged", lambda y, z: (y - z).square().sum() / y.var(),
              "Your numerator is a sum and your denominator a mean (`var` averages, and takes one mean for all dimensions). Sum the squared distances from y.mean(0)."),
        wrong("error summed, variances of the dimensions averaged", lambda y, z: (y - z).square().sum() / y.var(0).sum(),
              "Your numerator is a sum over rows and your denominator is not: `var` divides by the number of rows, less one. Sum the squared distances from y.mean(0)."),
        wrong("absolute values", lambda y, z: (y - z).abs().sum() / _centred(y).abs().sum(),
              "You add up absolute values. Squares are asked for, above and below."),
        wrong("one ratio for each dimension", lambda y, z: (y - z).square().sum(0) / _centred(y).square().sum(0),
              "You return one ratio for each dimension. One number is asked for: all squared errors together, over all squared distances together."),
        wrong("one ratio for each row", lambda y, z: (y - z).square().sum(1) / _centred(y).square().sum(1),
              "You return one ratio for each row. One number is asked for: all squared errors together, over all squared distances together."),
        wrong("summed and then squared", lambda y, z: (y - z).sum().square() / _centred(y).square().sum(),
              "You sum the errors and square the sum, so that errors of opposite sign cancel. Square each first."),
        wrong("error centred", lambda y, z: _centred(y - z).square().sum() / _centred(y).square().sum(),
              "You take the mean off the errors before you square them. A reconstruction that is off by the same vector everywhere then costs nothing: square the errors as they are."),
        wrong("lengths summed", lambda y, z: (y - z).norm(dim=1).sum() / _centred(y).norm(dim=1).sum(),
              "You add up the lengths of the rows. Their *squares* are asked for, above and below."),
        wrong("variance of the reconstruction below", lambda y, z: (y - z).square().sum() / _centred(z).square().sum(),
              "You divide by the variance of `y_hat`. What is to be explained is the variance of `y`."),
        wrong("ratio of the variances", lambda y, z: 1 - _centred(z).square().sum() / _centred(y).square().sum(),
              "You compare how much the two vary. A reconstruction can vary as much as y and be wrong everywhere: take the error y − y_hat."),
        wrong("error averaged, variance summed", lambda y, z: (y - z).square().mean() / _centred(y).square().sum(),
              "Your numerator is a mean and your denominator a sum."),
    ),
)  # fmt: skip


# 7 · loss recovered


def _recovered_inputs(rng: torch.Generator) -> Inputs:
    yield torch.tensor([1.0]), torch.tensor([2.0]), torch.tensor([5.0])
    yield torch.tensor([1.0, 3.0]), torch.tensor([2.0, 3.5]), torch.tensor([9.0, 4.0])
    for n in (3, 10, 40):
        clean = torch.rand(n, generator=rng) + 1
        yield clean, clean + 0.5 * torch.rand(n, generator=rng), clean + 1 + 4 * torch.rand(n, generator=rng)
    yield torch.tensor([1.0, 2.0]), torch.tensor([6.0, 2.0]), torch.tensor([4.0, 3.0])  # worse than the ablation
    yield torch.tensor([2.0]), torch.tensor([1.5]), torch.tensor([3.0])  # better than the clean run
    yield torch.tensor([0.0, 1.0]), torch.tensor([1.0, 1.0]), torch.tensor([2.0, 2.0])  # a token that was certain
    yield torch.tensor([2.0]), torch.tensor([1.0]), torch.tensor([2.005])  # hardly anything to recover
    yield torch.tensor([1.0]), torch.tensor([2.999]), torch.tensor([3.0])  # hardly anything recovered
    clean = torch.rand(5, generator=rng, dtype=torch.float64) + 2
    yield clean, clean + 0.3, clean + torch.rand(5, generator=rng, dtype=torch.float64) + 1


Function(
    id="sae.loss_recovered",
    reference=sae.loss_recovered,
    inputs=_recovered_inputs,
    ranges={"clean": POSITIVE, "spliced": POSITIVE, "ablated": POSITIVE, "result": REAL},
    hints=(
        "How much does the ablation cost above the clean run? How much of that does the reconstruction save?",
        "If the reconstruction is perfect the answer is 1; if it is as bad as the ablation, 0. Average each loss over tokens before you divide.",
    ),
    misconceptions=(
        wrong("the wrong way round", lambda c, s, a: (s.mean() - c.mean()) / (a.mean() - c.mean()),
              "This is the share that is *lost*, 0 for a perfect reconstruction: the clean and the ablated run have changed places. Measure from the ablated one."),
        wrong("mean of ratios", lambda c, s, a: ((a - s) / (a - c)).mean(),
              "You divide token by token. Where an ablation hardly matters, the ratio is noise over nearly nothing; average the losses first."),
        wrong("a ratio for each token", lambda c, s, a: (a - s) / (a - c),
              "You return one ratio for each token. One number is asked for: average the three losses first, then divide once."),
        wrong("sums and means mixed", lambda c, s, a: (a.sum() - s.sum()) / (a.mean() - c.mean()),
              "Your numerator is a sum over tokens and your denominator a mean."),
        wrong("clean loss over spliced loss", lambda c, s, a: c.mean() / s.mean(),
              "This is a ratio of losses. It is near 1 for any reconstruction that does little harm to an already high loss; the ablation says what there was to lose."),
        wrong("share of the ablated loss", lambda c, s, a: (a.mean() - s.mean()) / a.mean(),
              "You divide by the ablated loss. No reconstruction can bring the loss below the clean one: divide by ablated − clean."),
        wrong("divided by the clean loss", lambda c, s, a: (a.mean() - s.mean()) / c.mean(),
              "You divide by the clean loss. What there is to recover is ablated − clean."),
        wrong("absolute differences", lambda c, s, a: (a - s).abs().mean() / (a - c).abs().mean(),
              "You take absolute differences, token by token. A token on which the reconstruction does worse than the ablation counts against it: average with the sign."),
        wrong("only tokens that the ablation harms", lambda c, s, a: (a[a > c].mean() - s[a > c].mean()) / (a[a > c].mean() - c[a > c].mean()),
              "You leave out the tokens that the ablation does not harm. All tokens count: each loss is a mean over all of them."),
        wrong("cut off at 0 and 1", lambda c, s, a: ((a.mean() - s.mean()) / (a.mean() - c.mean())).clamp(0, 1),
              "You cut it off at 0 and 1. A reconstruction can do worse than the ablation, or better than the clean run, and that is worth seeing."),
        wrong("spliced minus clean below", lambda c, s, a: (a.mean() - s.mean()) / (s.mean() - c.mean()),
              "You divide by spliced − clean, what the reconstruction still costs. What there is to recover is ablated − clean."),
        wrong("perplexities", lambda c, s, a: (a.mean().exp() - s.mean().exp()) / (a.mean().exp() - c.mean().exp()),
              "You compare perplexities, the exponentials of the losses. The losses themselves are asked for, in nats."),
        wrong("medians", lambda c, s, a: (a.median() - s.median()) / (a.median() - c.median()), "You take medians. The means are asked for."),
        wrong("difference alone", lambda c, s, a: a.mean() - s.mean(), "This is in nats. Divide by what there was to lose, ablated − clean."),
        wrong("clipped to between 0 and 1", lambda c, s, a: sae.loss_recovered(c, s, a).clamp(0.5, 0.6),
              "You clip the result. A reconstruction can do worse than the ablation; then the number is negative, and says so."),
    ),
)  # fmt: skip


# 8 · matching


def _matching_inputs(rng: torch.Generator) -> Inputs:
    yield torch.eye(2), torch.tensor([[0.0, 2.0], [3.0, 0.0]])
    truth, learned = (torch.stack([a.cos(), a.sin()], 1) for a in torch.tensor([[0.0, 60.0], [25.0, -30.0]]).deg2rad())
    yield truth, learned  # the greedy choice costs more than it gains
    yield torch.tensor([[1.0, 0.0]]), torch.tensor([[-1.0, 0.5]])  # the only latent points the other way
    yield torch.tensor([[1.0, 0.0]]), torch.tensor([[0.005, 1.0]])  # or nearly at right angles
    yield torch.eye(3), torch.tensor([[-1.0, 0.0, 0.0], [0.0, 0.9, 0.1], [0.2, 0.0, 0.5]])  # an opposite is no match
    # the largest sum of cosines, and not of their squares, of angles, or of rounded ones
    for true, found in (([[-1, 0], [1, -1]], [[1, -3], [3, 2]]), ([[2, -3], [1, -1]], [[-2, 3], [0, 3]]), ([[-1, 3], [-2, 2]], [[-2, -3], [-3, -1]]),
                        ([[6, 5], [-4, 1]], [[7, 4], [5, 3]]), ([[-6, 4], [-8, 6]], [[8, 8], [7, 8]])):  # fmt: skip
        yield torch.tensor(true).float(), torch.tensor(found).float()
    yield torch.block_diag(truth, torch.eye(5)), torch.block_diag(learned, torch.eye(5))  # the same, among more features
    yield torch.eye(2), 1e-5 * torch.eye(2)
    # three have to change places at once
    yield torch.tensor([[1.0, -3.0], [3.0, -1.0], [-3.0, -2.0]]), torch.tensor([[-3.0, 2.0], [-1.0, -1.0], [0.0, -2.0]])
    yield randn(rng, 3, 4, dtype=torch.float64), randn(rng, 5, 4, dtype=torch.float64)
    yield torch.tensor([[1.0, 0.0], [1.0, 0.1]]), torch.tensor([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])  # two latents alike
    yield torch.tensor([[0.0, 1.0]]), torch.tensor([[1.0, 0.0], [1.0, 0.1], [1.0, -0.2], [0.0, 1.0]])  # many latents
    for features, latents, d in ((4, 6, 3), (5, 9, 4), (6, 6, 3)):
        yield randn(rng, features, d), randn(rng, latents, d) * (1 + 3 * torch.rand(latents, 1, generator=rng))


def _greedy(truth: Tensor, learned: Tensor) -> Tensor:
    table = sae.cosines(truth, learned).clone()
    out = torch.zeros(len(truth))
    for _ in range(min(table.shape)):
        row, column = divmod(int(table.argmax()), table.shape[1])
        out[row] = table[row, column]
        table[row], table[:, column] = -2, -2
    return out


def _in_turn(truth: Tensor, learned: Tensor) -> Tensor:
    table, out = sae.cosines(truth, learned).clone(), []
    for row in table:
        out.append(row.max())
        table[:, int(row.argmax())] = -2
    return torch.stack(out)


def _assigned(score: Tensor, table: Tensor, maximise: bool = True) -> Tensor:
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(score.double().numpy(), maximize=maximise)
    return table[rows, columns]


def _partners(truth: Tensor, learned: Tensor) -> Tensor:
    return sae.match_features(truth, learned).latent


Function(
    id="sae.match_features",
    reference=sae.matched_cosines,
    inputs=_matching_inputs,
    ranges={"truth": REAL, "learned": REAL, "result": (-1.0, 1.0)},
    allows=lambda truth, learned: len(truth) <= len(learned),
    survivors={
        "match_features: *": "The partner's number is not asked for, and the rest is another spelling of the same table.",
        "cosines: *": "A matrix has two axes, so that the last is axis 1 and its two transposes are one.",
    },
    hints=(
        "First the table of all cosines, (feature, latent): normalise the rows of both, multiply.",
        "scipy.optimize.linear_sum_assignment(table, maximize=True) gives the rows and columns of the best assignment, rows in order.",
        "A direction and its opposite are two features: leave the sign of the cosine alone.",
    ),
    misconceptions=(
        wrong("best for each feature alone", lambda t, w: sae.cosines(t, w).amax(1),
              "You take each feature's best latent, so that one latent may serve several features. In a matching each latent is used once."),
        wrong("greedy", _greedy,
              "You take the largest cosine first and strike out its row and column. That can cost more than it gains: the assignment with the largest *sum* is asked for."),
        wrong("in turn", _in_turn,
              "You let the features choose one after the other. The result depends on their order; ask for the assignment with the largest sum."),
        wrong("sign ignored", lambda t, w: _assigned(sae.cosines(t, w).abs(), sae.cosines(t, w).abs()),
              "You take absolute values. An activation is never negative, so a latent that points the other way has not found the feature."),
        wrong("sign ignored in choosing", lambda t, w: _assigned(sae.cosines(t, w).abs(), sae.cosines(t, w)),
              "You choose by absolute values. A latent that points the other way is no candidate."),
        wrong("dot products", lambda t, w: _assigned(t @ w.T, t @ w.T),
              "You use dot products: a long row seems to match everything. Normalise both."),
        wrong("truth not normalised", lambda t, w: _assigned(t @ F.normalize(w, dim=1).T, t @ F.normalize(w, dim=1).T),
              "You normalise the rows of `learned` and not those of `truth`. A cosine divides by both lengths."),
        wrong("learned not normalised", lambda t, w: _assigned(F.normalize(t, dim=1) @ w.T, F.normalize(t, dim=1) @ w.T),
              "You normalise the rows of `truth` and not those of `learned`. A cosine divides by both lengths."),
        wrong("in the order of the latents", lambda t, w: _assigned(sae.cosines(w, t), sae.cosines(w, t)),
              "Your table has one row for each latent, so that the cosines come in the order of the latents. One for each true feature, in their order, is asked for: (feature, latent)."),
        wrong("all rows of the columns", lambda t, w: sae.cosines(t, w)[:, _partners(t, w)],
              "You return whole columns of the table. Take one entry for each pair: table[rows, columns]."),
        wrong("chosen by dot products", lambda t, w: _assigned(t @ w.T, sae.cosines(t, w)),
              "You choose by dot products and report cosines. A long row is no better match: choose by cosines."),
        wrong("worst assignment", lambda t, w: _assigned(sae.cosines(t, w), sae.cosines(t, w), maximise=False),
              "This is the assignment with the *smallest* sum: linear_sum_assignment minimises unless told otherwise."),
        wrong("mean returned", lambda t, w: sae.match_features(t, w).cosine.mean(), "You return the mean; asked for is each feature's cosine."),
    ),
)  # fmt: skip
