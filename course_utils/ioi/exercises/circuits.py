"""Exercises 7 to 9: everything but a circuit set to its mean; faithfulness; the area under the ROC curve."""

from collections.abc import Callable

import torch
from torch import Tensor

from course_utils import ioi
from course_utils.grading.inputs import Inputs, ids, randn
from course_utils.grading.kinds import REAL, UNIT, Function, wrong

# 7 · mean_ablate_except


def _ablations(rng: torch.Generator) -> Inputs:
    z = torch.tensor([[[[1.0], [2.0]]]])
    reference = torch.tensor([[[[10.0], [20.0]]], [[[30.0], [60.0]]], [[[7.0], [8.0]]]])
    yield z, reference, torch.tensor([[[True, False]]]), torch.tensor([0]), torch.tensor([0, 0, 1])
    twice = torch.tensor([[[[10.0]]], [[[10.0]]], [[[40.0]]]])  # a prompt that comes twice counts twice
    yield z[..., :1, :], twice, torch.tensor([[[False]]]), torch.tensor([0]), torch.tensor([0, 0, 0])
    for batch, n, length, heads, templates in ((2, 4, 3, 2, 2), (4, 6, 3, 3, 3), (5, 7, 4, 2, 2)):
        of = torch.cat([torch.arange(templates), ids(rng, templates, n - templates)])
        yield (
            randn(rng, batch, length, heads, 2), 1 + randn(rng, n, length, heads, 2),
            torch.rand(batch, length, heads, generator=rng) < 0.4, ids(rng, templates, batch), of,
        )  # fmt: skip
    for of in ([2, 0, 2], [3, 0, 3]):  # a template's number is a name: there is none with 1
        yield (
            randn(rng, 3, 2, 2, 2), randn(rng, 5, 2, 2, 2), torch.rand(3, 2, 2, generator=rng) < 0.4,
            torch.tensor(of), torch.tensor([3, 2, 0, 3, 2]),
        )  # fmt: skip
    wide = torch.float64
    yield (
        randn(rng, 2, 2, 2, 3, dtype=wide), randn(rng, 3, 2, 2, 3, dtype=wide), torch.zeros(2, 2, 2, dtype=torch.bool),
        torch.tensor([1, 0]), torch.tensor([1, 0, 1]),
    )  # fmt: skip
    yield (
        randn(rng, 2, 2, 2, 1),
        randn(rng, 3, 2, 2, 1),
        torch.ones(2, 2, 2, dtype=torch.bool),
        torch.tensor([0, 0]),
        torch.tensor([0, 1, 0]),
    )


def _means(r: Tensor, t: Tensor, rt: Tensor) -> Tensor:
    return torch.stack([r[rt == which].mean(0) for which in t])


def _keep(keep: Tensor, inside: Tensor, outside: Tensor) -> Tensor:
    return torch.where(keep[..., None], inside, outside.expand_as(inside))


def _of_the_others(r: Tensor, t: Tensor, rt: Tensor) -> Tensor:
    return torch.stack([r[rt != which].mean(0) for which in t])


def _numbered(r: Tensor, t: Tensor, rt: Tensor) -> Tensor:
    return torch.stack([r[rt == which].mean(0) for which in rt.unique()])[t]


def _by_row(r: Tensor, t: Tensor, rt: Tensor) -> Tensor:
    return torch.stack([r[rt == which].mean(0) for which in range(len(t))])


def _over_all(r: Tensor, t: Tensor, rt: Tensor) -> Tensor:
    return torch.stack([r[rt == which].sum(0) for which in t]) / len(r)


def _own_means(z: Tensor, t: Tensor) -> Tensor:
    return torch.stack([z[t == which].mean(0) for which in t])


Function(
    id="ioi.mean_ablate_except",
    reference=ioi.mean_ablate_except,
    inputs=_ablations,
    ranges={"z": REAL, "reference": REAL},
    hints=(
        "For one prompt of template `which`, the mean is `reference[reference_template == which].mean(0)`: over prompts only, so that positions and heads keep their own.",
        "Stack one such mean for each prompt: `torch.stack([… for which in template])`, of the shape of z.",
        "`torch.where(keep[..., None], z, means)`: z inside the circuit, the mean outside.",
    ),
    misconceptions=(
        wrong("mean over all templates", lambda z, r, k, t, rt: _keep(k, z, r.mean(0)), "Your mean runs over all templates. In another template the same position holds another word: take the mean within the prompt's own template."),
        wrong("inside ablated", lambda z, r, k, t, rt: _keep(~k, z, _means(r, t, rt)), "You ablate the circuit and keep the rest. That is a knockout; here everything *but* the circuit goes."),
        wrong("zeros", lambda z, r, k, t, rt: _keep(k, z, torch.zeros_like(z)), "You put zeros outside. A head's mean is what it says on any prompt of this kind; without it later parts meet a stream that they have never seen."),
        wrong("mean over positions too", lambda z, r, k, t, rt: _keep(k, z, _means(r, t, rt).mean(1, keepdim=True)), "Your mean runs over positions too. What a head says at S2 and at END differs on every prompt: keep one mean for each position."),
        wrong("mean over heads too", lambda z, r, k, t, rt: _keep(k, z, _means(r, t, rt).mean(2, keepdim=True)), "Your mean runs over heads too. Each head has a space of its own."),
        wrong("mean of the prompts themselves", lambda z, r, k, t, rt: _keep(k, z, _own_means(z, t)), "You average the prompts that are run. In them a name repeats, so that the mean still holds something of the task; the mean is over the reference prompts."),
        wrong("one reference prompt", lambda z, r, k, t, rt: _keep(k, z, torch.stack([r[rt == which][0] for which in t])), "You put in one reference prompt of the template. That is resample ablation; the mean of all of them is asked for."),
        wrong("nothing ablated", lambda z, r, k, t, rt: z.clone(), "Nothing is ablated: where `keep` is false, the mean goes in."),
        wrong("everything ablated", lambda z, r, k, t, rt: _means(r, t, rt), "You ablate the circuit as well. Where `keep` is true, z stays."),
        wrong("mean added", lambda z, r, k, t, rt: _keep(k, z, z + _means(r, t, rt)), "You add the mean to z. It is to stand in its place."),
        wrong("mean of the other templates", lambda z, r, k, t, rt: _keep(k, z, _of_the_others(r, t, rt)), "You average the reference prompts of the *other* templates. Of the prompt's own template it is asked for: `reference_template == which`."),
        wrong("kept where all prompts keep", lambda z, r, k, t, rt: _keep(k.all(0, keepdim=True), z, _means(r, t, rt)), "You keep what every prompt keeps. Each prompt has its own `keep`: use it row by row."),
        wrong("the first prompt's keep", lambda z, r, k, t, rt: _keep(k[:1], z, _means(r, t, rt)), "You use the first prompt's `keep` for all of them. Each prompt has its own."),
        wrong("reference prompts in order", lambda z, r, k, t, rt: _keep(k, z, r[: len(z)]), "You give each prompt the reference prompt that stands in the same row. The two lists have nothing to do with one another: take the mean over the reference prompts of its template."),
        wrong("template used as a row", lambda z, r, k, t, rt: _keep(k, z, r[t]), "`reference[template]` takes one reference prompt, whose *row* is the template's number. Which template a reference prompt has is said by `reference_template`; the mean over those of the prompt's own is asked for."),
        wrong("templates numbered as they come", lambda z, r, k, t, rt: _keep(k, z, _numbered(r, t, rt)), "You make one mean for each template that is there, and take number `template` of them. A template's number is its name and no place in your list: of templates 0, 2 and 3, number 2 stands at place 1. Compare: `reference_template == which`, for `which` in `template`."),
        wrong("row used as a template", lambda z, r, k, t, rt: _keep(k, z, _by_row(r, t, rt)), "You compare `reference_template` with the *row* of the prompt. Compare it with the prompt's template: `for which in template`."),
        wrong("the first prompt's template", lambda z, r, k, t, rt: _keep(k, z, _means(r, t[:1], rt)), "You use the first prompt's template for all of them. Each prompt has its own."),
        wrong("the last prompt's template", lambda z, r, k, t, rt: _keep(k, z, _means(r, t[-1:], rt)), "You use the last prompt's template for all of them: does each round of a loop overwrite the one before? Keep one mean for each prompt, and stack them."),
        wrong("means in the order of the templates", lambda z, r, k, t, rt: _keep(k, z, _means(r, t.sort().values, rt)), "Your means stand in the order of the templates' numbers, not of the prompts: leave `sort` and `unique` out, and make one mean for each prompt, `for which in template`."),
        wrong("mean added everywhere", lambda z, r, k, t, rt: z * k[..., None] + _means(r, t, rt), "Where `keep` is true you add the mean to z. The mean belongs only where `keep` is false."),
        wrong("divided by all", lambda z, r, k, t, rt: _keep(k, z, _over_all(r, t, rt)), "You add up the template's own prompts and divide by the number of all reference prompts. Divide by how many of that template there are."),
        wrong("median", lambda z, r, k, t, rt: _keep(k, z, torch.stack([r[rt == which].median(0).values for which in t])), "You take the median. The mean is asked for."),
    ),
)  # fmt: skip


# 8 · faithfulness


def _values(rng: torch.Generator) -> Inputs:
    yield torch.tensor([3.0]), torch.tensor([5.0]), torch.tensor([1.0])
    yield torch.tensor([4.0, 2.0]), torch.tensor([4.0, 6.0]), torch.tensor([0.0, 2.0])
    yield torch.tensor([8.0, 7.0]), torch.tensor([4.0, 6.0]), torch.tensor([-1.0, 1.0])  # more than all
    yield torch.tensor([-2.0, -1.0]), torch.tensor([4.0, 6.0]), torch.tensor([1.0, 1.0])  # worse than nothing
    yield torch.tensor([1.0, 3.0]), torch.tensor([-2.0, 0.0]), torch.tensor([1.0, 1.0])  # the model below nothing
    yield torch.tensor([160.0, 224.0]), torch.tensor([208.0, 304.0]), torch.tensor([112.0, 144.0])  # far from zero
    yield torch.tensor([1.0, 1.015625]), torch.tensor([2.0, 2.0]), torch.tensor([1.0, 1.0])  # hardly better than nothing
    yield torch.tensor([3e6, 1e6]), torch.tensor([3.0, 1.0]), torch.tensor([1.0, 1.0])
    yield torch.tensor([3e-7, 1e-7]), torch.tensor([5e-7, 7e-7]), torch.tensor([1e-7, 0.0])
    for n in (3, 8, 40):
        yield 3 + randn(rng, n), 6 + 2 * randn(rng, n), 0.5 * randn(rng, n)
    yield torch.tensor([-3.0, -2.0]), torch.tensor([-0.5, -0.1]), torch.tensor([-6.0, -5.0])  # log-probabilities
    yield (
        3 + randn(rng, 5, dtype=torch.float64),
        6 + randn(rng, 5, dtype=torch.float64),
        randn(rng, 5, dtype=torch.float64),
    )


Function(
    id="ioi.faithfulness",
    reference=ioi.faithfulness,
    inputs=_values,
    ranges={"circuit": REAL, "whole": REAL, "empty": REAL, "result": REAL},
    rtol=1e-3,
    hints=("Three means over prompts first. Then: how far is the circuit from empty, in units of how far the whole model is?",),
    misconceptions=(
        wrong("mean of ratios", lambda c, w, e: ((c - e) / (w - e)).mean(), "You divide prompt by prompt and average the ratios. A prompt on which the model is hardly better than nothing then blows up: take the means first, and divide once."),
        wrong("from zero", lambda c, w, e: c.mean() / w.mean(), "You count from zero. With everything ablated the metric need not be zero: count from `empty`."),
        wrong("over the whole metric", lambda c, w, e: (c.mean() - e.mean()) / w.mean(), "You divide by F(M). Both distances count from `empty`: divide by F(M) − F(∅)."),
        wrong("no parentheses", lambda c, w, e: c.mean() - e.mean() / w.mean() - e.mean(), "Without parentheses, a division comes before a difference. Put both differences into parentheses."),
        wrong("sizes averaged", lambda c, w, e: (c.abs().mean() - e.abs().mean()) / (w.abs().mean() - e.abs().mean()), "You average sizes. The metric has a sign, and a prompt on which the wrong name wins counts against: average the values."),
        wrong("ratios from zero", lambda c, w, e: (c / w).mean(), "You divide prompt by prompt, and count from zero. Take the three means first; then count both distances from `empty`, and divide once."),
        wrong("slope", lambda c, w, e: ((c - e) * (w - e)).sum() / (w - e).square().sum(), "This is the slope of a line through the prompts, in which those with a large effect count more. Three means, and one division."),
        *(wrong(f"{by} added below", lambda c, w, e, by=by: (c.mean() - e.mean()) / (w.mean() - e.mean() + by), "You add a small number to the denominator. Where the metric itself is small, it is not small: leave it out.") for by in (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8)),
        *(wrong(f"denominator of at least {by}", lambda c, w, e, by=by: (c.mean() - e.mean()) / (w.mean() - e.mean()).clamp(min=by), "You keep the denominator above a small number. F(M) can lie below F(∅), and then the share is still the fraction: leave the bound out.") for by in (1e-6, 1e-8, 1e-12)),
        wrong("nothing where the denominator is small", lambda c, w, e: (c.mean() - e.mean()) / (w.mean() - e.mean()) * ((w.mean() - e.mean()).abs() > 1e-6), "You return nothing where the denominator is small. Where the metric itself is small, so is it: leave the bound out."),
        wrong("size of the denominator", lambda c, w, e: (c.mean() - e.mean()) / (w.mean() - e.mean()).abs(), "You take the size of F(M) − F(∅). Where the metric of the model is the lower one, above and below have one sign, and the share keeps it: leave the absolute value out."),
        wrong("size of the numerator", lambda c, w, e: (c.mean() - e.mean()).abs() / (w.mean() - e.mean()), "You take the size of F(C) − F(∅). A circuit that is worse than nothing has a negative share."),
        wrong("denominator at least 0", lambda c, w, e: (c.mean() - e.mean()) / (w.mean() - e.mean()).clamp(min=0), "You keep the denominator from falling below zero. F(M) can lie below F(∅), and then the share is still the fraction: leave the bound out."),
        wrong("distances prompt by prompt", lambda c, w, e: 1 - (c - w).abs().mean() / (w - e).abs().mean(), "You take sizes prompt by prompt, so that prompts that are off by chance in both directions count. Three means first; then the fraction."),
        wrong("squared distances", lambda c, w, e: 1 - (c - w).square().mean() / (w - e).square().mean(), "You compare squared distances, as R² does. Three means, and one division."),
        wrong("failed prompts left out", lambda c, w, e: (c[w > e].mean() - e[w > e].mean()) / (w[w > e].mean() - e[w > e].mean()), "You leave out the prompts on which the model does no better than nothing. They count too: each F is a mean over all prompts."),
        wrong("shares of right answers", lambda c, w, e: ((c > 0).double().mean() - (e > 0).double().mean()) / ((w > 0).double().mean() - (e > 0).double().mean()), "You count the prompts whose metric is positive. Average the metric itself."),
        wrong("difference", lambda c, w, e: w.mean() - c.mean(), "You give the difference F(M) − F(C). The share is asked for."),
        wrong("what is missing", lambda c, w, e: (w.mean() - c.mean()) / (w.mean() - e.mean()), "This is the share that is *missing*: one minus what is asked for."),
        wrong("cut off at 0", lambda c, w, e: ((c.mean() - e.mean()) / (w.mean() - e.mean())).clamp(min=0), "You cut it off at 0. A circuit that is worse than nothing has a negative share, and that is worth seeing."),
        wrong("distance from the whole", lambda c, w, e: 1 - (w.mean() - c.mean()).abs() / (w.mean() - e.mean()), "You count a circuit that overshoots like one that falls short as far. The share is a fraction of two differences with their signs: it can be above 1."),
        wrong("clipped", lambda c, w, e: ((c.mean() - e.mean()) / (w.mean() - e.mean())).clamp(0, 1), "You cut it off at 0 and 1. A circuit can overshoot when parts that held the behaviour back are left out, and that is worth seeing."),
        wrong("size", lambda c, w, e: ((c.mean() - e.mean()) / (w.mean() - e.mean())).abs(), "You take the absolute value. A circuit that is worse than nothing has a negative share."),
        wrong("medians", lambda c, w, e: (c.median() - e.median()) / (w.median() - e.median()), "You take medians. The means are asked for."),
        wrong("turned over", lambda c, w, e: (w.mean() - e.mean()) / (c.mean() - e.mean()), "Your fraction stands on its head: the circuit above, the whole model below."),
        wrong("per prompt", lambda c, w, e: (c - e.mean()) / (w.mean() - e.mean()), "One number is asked for: average the circuit's metric too."),
    ),
)  # fmt: skip


# 9 · auc


def _rankings(rng: torch.Generator) -> Inputs:
    yield torch.tensor([3.0, 1.0, 2.0]), torch.tensor([True, False, False])
    yield torch.tensor([2.0, 2.0, 1.0]), torch.tensor([True, False, False])  # a tie
    yield torch.tensor([1.0, 3.0, 3.0, 0.0]), torch.tensor([True, True, False, False])
    for n in (4, 7, 20):
        score, truth = torch.randint(6, (n,), generator=rng).float(), torch.rand(n, generator=rng) < 0.4
        truth[0], truth[1] = True, False
        yield score, truth
    score, truth = randn(rng, 30) - 1, torch.rand(30, generator=rng) < 0.2
    truth[0], truth[1] = True, False
    yield score, truth
    yield randn(rng, 9, dtype=torch.float64), torch.tensor([True, False, False] * 3)
    yield torch.tensor([150.0, 900.0, 300.0, 120.0, 130.0]), torch.tensor([True, False, True, False, False])
    near = torch.tensor([1000.0, 1000.0, 1000.0001, -1e7, 0.5, 0.50005])  # nearly equal, and not equal
    yield near, torch.tensor([False, False, True, False, False, True])
    yield torch.tensor([2e-7, 1e-7]), torch.tensor([True, False])  # small, and not equal
    close = torch.tensor([1 + 1e-13, 1.0, 1.0], dtype=torch.float64)
    yield close, torch.tensor([True, False, False])  # told apart in this precision alone
    worst = torch.arange(300.0)
    yield worst, worst == 1  # true, and above one of 299


def _compare(score: Tensor, truth: Tensor, tie: float) -> Tensor:
    true, other = score[truth][:, None], score[~truth][None]
    return ((true > other).to(score.dtype) + tie * (true == other).to(score.dtype)).mean()


def _among_the_top(score: Tensor, truth: Tensor) -> Tensor:
    k = int(truth.sum())
    return truth[score.topk(k).indices].to(score.dtype).mean()


def _trapezoid(score: Tensor, truth: Tensor, descending: bool) -> Tensor:
    """The area under the rates of the nodes in the order of their scores, one point a node; ties fall as they fall."""
    order = truth[score.argsort(descending=descending)].to(score.dtype)
    rates = [one.cumsum(0) / one.sum() for one in (order, 1 - order)]
    return torch.trapezoid(*rates)


def _rank_sum(score: Tensor, truth: Tensor) -> Tensor:
    """The rank-sum statistic, with ranks that run on where scores are equal."""
    ranks, true = score.argsort().argsort() + 1, int(truth.sum())
    return (ranks[truth].sum() - true * (true + 1) / 2).to(score.dtype) / (true * int((~truth).sum()))


def _within(score: Tensor, truth: Tensor, most: float, share: float = 0.0) -> Tensor:
    """Scores that differ by no more than `most` and that share of the other score count as equal."""
    true, other = score[truth][:, None], score[~truth][None]
    tie = (true - other).abs() <= most + share * other.abs()
    return (((true > other) & ~tie).to(score.dtype) + tie.to(score.dtype) / 2).mean()


def _in_order(score: Tensor, truth: Tensor) -> Tensor:
    count = min(int(truth.sum()), int((~truth).sum()))
    return ((score[truth][:count] - score[~truth][:count]).sign() / 2 + 0.5).mean()


def _average_precision(score: Tensor, truth: Tensor) -> Tensor:
    order = truth[score.argsort(descending=True)].to(score.dtype)
    return (order.cumsum(0) / torch.arange(1, len(order) + 1) * order).sum() / order.sum()


def _curve(score: Tensor, truth: Tensor, origin: bool, picks: Callable) -> Tensor:
    """The area under the curve of all thresholds, with its first point or without."""
    picked = picks(score[None], score.unique().flip(0)[:, None])
    rates = [(picked & which).sum(1) / which.sum() for which in (truth, ~truth)]
    return torch.trapezoid(*(torch.cat([torch.zeros(1), one]) if origin else one for one in rates))


BY_NODE = "You go through the nodes one by one, and equal scores fall as the sort leaves them. Nodes with one score are one point of the curve: a pair of equals counts one half. Comparing every true node with every other one is shorter."


Function(
    id="ioi.auc",
    reference=ioi.auc,
    inputs=_rankings,
    survivors={
        "*.to(score.dtype)` → *": "A share is the same number in either precision.",
        "`score[~truth][None]` → `score[~truth]`": "A row is spread over the columns with or without an axis of its own.",
        "*.double()` → *": "Truth values are added as ones and zeros.",
    },
    ranges={"score": REAL, "result": UNIT},
    hints=(
        "Compare every true node with every other one: `score[truth][:, None] > score[~truth][None]` is a table of all pairs.",
        "The share of pairs in which the true node scores higher; a pair with equal scores counts one half.",
    ),
    misconceptions=(
        wrong("ties lost", lambda s, t: _compare(s, t, 0.0), "You count ties as lost. A tie counts one half: where the scores do not say which of two nodes comes first, neither has won."),
        wrong("ties won", lambda s, t: _compare(s, t, 1.0), "You count ties as won. A method that gives every node the same score would be perfect; a tie counts one half."),
        wrong("turned round", lambda s, t: 1 - _compare(s, t, 0.5), "Your ranking is turned round: high scores are to go to true nodes. If you integrate a curve, the share of *other* nodes is the axis to integrate over."),
        wrong("the better way round", lambda s, t: torch.maximum(_compare(s, t, 0.5), 1 - _compare(s, t, 0.5)), "You take the better of the ranking and its reverse. A ranking that puts true nodes last is below one half, and that is worth knowing."),
        wrong("signs averaged", lambda s, t: (s[t][:, None] - s[~t][None]).sign().mean(), "You count a lost pair as −1. It counts nothing, and a tie one half: half the mean sign, plus one half."),
        *(wrong(f"equal within {by}", lambda s, t, by=by: _within(s, t, by), "You take scores that are nearly equal for equal. Only equal scores are a tie.") for by in (1e-3, 1e-4)),
        wrong("equal by isclose", lambda s, t: _within(s, t, 1e-8, 1e-5), "You take scores that are nearly equal for equal (`isclose`). Only equal scores are a tie."),
        wrong("soft", lambda s, t: (s[t][:, None] - s[~t][None]).sigmoid().mean(), "You put the difference through a sigmoid. A pair is won or not, by however little: 1, ½ or 0."),
        wrong("pairs in order", _in_order, "You compare the first true node with the first other one, and so on. Compare every true node with every other one."),
        wrong("above the best other", lambda s, t: (s[t] > s[~t].max()).to(s.dtype).mean(), "You count true nodes above the best of the others. Compare with every one of them: a true node below one of a hundred has won 99 pairs."),
        wrong("average precision", _average_precision, "This is the average precision. The AUC compares pairs: a true node with one that is not."),
        wrong("mean rank among all", lambda s, t: s.argsort().argsort()[t].to(s.dtype).mean() / (len(s) - 1), "This is the mean rank among all nodes, so that true nodes count against one another. Compare them only with the ones that are not true."),
        wrong("no first point", lambda s, t: _curve(s, t, False, torch.ge), "Your curve starts at the highest score. It starts at (0, 0), above all scores: put that point first."),
        wrong("above the threshold", lambda s, t: _curve(s, t, True, torch.gt), "At each threshold you pick the nodes *above* it, so that the last point is missing, at which all are picked: use `>=`."),
        wrong("sizes", lambda s, t: _compare(s.abs(), t, 0.5), "You rank by size. Rank by the score as it is given: whoever calls this has decided what counts."),
        wrong("top k", _among_the_top, "This is the share of true nodes among as many at the top. The AUC looks at the whole ranking."),
        wrong("accuracy at the mean", lambda s, t: ((s > s.mean()) == t).to(s.dtype).mean(), "This is the accuracy at one threshold, the mean. The AUC needs no threshold."),
        wrong("difference of means", lambda s, t: s[t].mean() - s[~t].mean(), "This is how much higher true nodes score on average. The AUC asks how often, not by how much."),
        wrong("against all nodes", lambda s, t: ((s[t][:, None] > s[None]).to(s.dtype) + 0.5 * (s[t][:, None] == s[None]).to(s.dtype)).mean(), "You compare true nodes with all nodes, themselves included. Compare them with the ones that are not true."),
        wrong("a point for each node", lambda s, t: _trapezoid(s, t, True), BY_NODE),
        wrong("ranks that run on", _rank_sum, "Your ranks run on where scores are equal, so that the order of the list decides. Equal scores share the mean of their ranks: a pair of them counts one half."),
        wrong("from the lowest score", lambda s, t: _trapezoid(s, t, False), "Your curve starts at the lowest score, so that the ranking is turned round: sort with `descending=True`. And equal scores are one point of the curve."),
        wrong("means compared", lambda s, t: (s[t].mean() > s[~t].mean()).to(s.dtype), "You ask whether true nodes score higher on average. The AUC asks in which share of all pairs the true node does."),
        wrong("summed", lambda s, t: _compare(s, t, 0.5) * t.sum() * (~t).sum(), "You count the pairs. The share of pairs is asked for."),
    ),
)  # fmt: skip
