"""Exercises 11 to 13, of the second notebook: conditional entropy, online code length, the loss of contrast-consistent search."""

import math
from itertools import pairwise

import torch
from torch import Tensor

from course_utils.grading.inputs import Inputs, rand, randn
from course_utils.grading.kinds import POSITIVE, UNIT, Function, wrong
from course_utils.probing import bound, ccs, coding

# 11 · conditional_entropy


def _counts(rng: torch.Generator) -> Inputs:
    yield (torch.tensor([[1.0, 1.0], [2.0, 0.0]]),)
    yield (torch.tensor([[1.0, 3.0], [1.0, 0.0], [0.0, 3.0]]),)
    for h, y in ((2, 3), (5, 2), (4, 6)):
        counts = torch.randint(0, 9, (h, y), generator=rng).float()
        counts[:, 0] += 1
        yield (counts,)
    yield (torch.randint(1, 9, (3, 3), generator=rng).double(),)
    yield (torch.tensor([[3.0, 1.0], [0.0, 0.0], [1.0, 1.0]]),)  # a value of h that never occurs
    yield (torch.tensor([[1.0, 1.0], [999999.0, 1.0], [0.0, 1000000.0]], dtype=torch.float64),)  # what is rare counts


def _bits(p: Tensor) -> Tensor:
    return -torch.xlogy(p, p).sum() / torch.log(torch.tensor(2.0, dtype=p.dtype))


def _h(counts: Tensor, axis: int) -> Tensor:
    return _bits(counts.sum(axis) / counts.sum())


def _few(counts: Tensor, kept: Tensor) -> Tensor:
    """The terms of some rows, with the weights that they have among all."""
    joint = counts / counts.sum()
    return sum((row.sum() * _bits(row / row.sum()) for row in joint[kept]), torch.zeros((), dtype=counts.dtype))


def _empty_row(counts: Tensor) -> Tensor:
    joint = counts / counts.sum()
    return -torch.xlogy(joint, joint / joint.sum(1, keepdim=True)).sum() / torch.log(torch.tensor(2.0).to(joint))


Function(
    id="probing.conditional_entropy",
    reference=bound.conditional_entropy,
    inputs=_counts,
    ranges={"counts": POSITIVE, "result": POSITIVE},
    survivors={"result: at most 100": "A hundred bits would take 2¹⁰⁰ values of y."},
    hints=(
        "The joint distribution is `counts / counts.sum()`. At each h, the share of each y is its row divided by the row's sum.",
        "−Σ joint · log₂ share. Where a count is 0, its term is 0: `torch.xlogy(joint, share)` knows that (in nats; divide by ln 2).",
    ),
    misconceptions=(
        wrong("nats", lambda c: bound.conditional_entropy(c) * 0.6931471805599453, "This is in nats. Divide by ln 2 for bits."),
        wrong("H(Y)", lambda c: _h(c, 0), "This is H(Y), the uncertainty of one who does not see h."),
        wrong("joint entropy", lambda c: _bits(c / c.sum()), "This is the entropy of both together, H(H, Y). The uncertainty about h itself has to be taken off."),
        wrong("the other way round", lambda c: bound.conditional_entropy(c.T), "This is H(H | Y): what is left open about h by one who sees y."),
        wrong("rows count alike", lambda c: torch.stack([_bits(row / row.sum()) for row in c if row.sum() > 0]).mean(), "You average over the values of h as if each were as frequent as the others: weigh each with its share."),
        wrong("mutual information", lambda c: _h(c, 0) - bound.conditional_entropy(c), "This is the mutual information: by how much h lowers the uncertainty. What is left is asked for."),
        wrong("sign", lambda c: -bound.conditional_entropy(c), "The sign is wrong: logarithms of shares are negative."),
        wrong("empty row", _empty_row, "A value of h that never occurs has no shares: you divide 0 by 0, which torch takes for nan. Such a row adds nothing: leave it out, or divide by `.clamp(min=1e-30)`."),
        wrong("base 10", lambda c: bound.conditional_entropy(c) * 0.30102999566, "You take logarithms to the base 10. Bits are logarithms to the base 2."),
        wrong("empty rows count too", lambda c: torch.stack([_bits((row / row.sum()).nan_to_num()) for row in c]).mean(), "You average over the values of h as if each were as frequent as the others, also one that never occurs: weigh each with its share."),
        wrong("zeros counted as one", lambda c: bound.conditional_entropy(c.clamp(min=1)), "You count what never occurred as if it had once. A count of 0 stays 0, and its term is 0: `torch.xlogy` knows that."),
        wrong("one added to every count", lambda c: bound.conditional_entropy(c + 1), "You add 1 to every count. The shares are those of the counts as they are; where one is 0, its term is 0."),
        wrong("0 · log 0", lambda c: -(c / c.sum() * (c / c.sum(1, keepdim=True)).log2()).sum(), "Where a count is 0, your term is 0 · log 0, which torch takes for nan. Such a term is 0: `torch.xlogy` knows that."),
        wrong("counts as weights", lambda c: bound.conditional_entropy(c) * c.sum(), "You weigh with the counts. Weigh with their shares of all, `counts / counts.sum()`: this is as many times too large as there are counts."),
        wrong("logarithms to the base of the values of y", lambda c: bound.conditional_entropy(c) / math.log2(c.shape[1]), "You take logarithms to the base of the number of values of y, so that 1 is the most there can be. Bits are logarithms to the base 2."),
        wrong("mean in place of sum", lambda c: bound.conditional_entropy(c) / c.numel(), "You take the mean over all cells. The shares `joint` are weights already: take the sum."),
        wrong("rows with a zero left out", lambda c: _few(c, (c > 0).all(1)), "You leave a whole row out where one of its counts is 0. Only that one term is 0: the others of the row count, and `torch.xlogy` knows what 0 · log 0 is."),
        wrong("H(H)", lambda c: _h(c, 1), "This is H(H), the uncertainty about h itself."),
        wrong("rows added up", lambda c: torch.stack([_bits(row / row.sum()) for row in c if row.sum() > 0]).sum(), "You add the entropies of the rows up. Weigh each with its share of all counts."),
    ),
)  # fmt: skip


# 12 · online_code_length


def _rate(x: Tensor, y: Tensor):
    """A learner that is quick: the share of true labels so far, which it gives to every row, drawn towards one half."""
    share = (y.to(x).sum() + 1) / (len(y) + 2)
    return lambda rows: share.expand(len(rows))


def _sure(x: Tensor, y: Tensor):
    """Is all but certain that every label is false, and pays for it where one is not."""
    return lambda rows: torch.full((len(rows),), 2.0**-30, dtype=rows.dtype)


def _needs_rows(x: Tensor, y: Tensor):
    if not len(y):
        raise ValueError("nothing to learn from")
    return _rate(x, y)


def _by_sign(x: Tensor, y: Tensor):
    """The share of true labels so far, apart for rows whose first entry is positive."""
    shares = [(y[side].to(x).sum() + 1) / (side.sum() + 2) for side in (x[:, 0] > 0, x[:, 0] <= 0)]
    return lambda rows: torch.where(rows[:, 0] > 0, *shares)


def _streams(rng: torch.Generator) -> Inputs:
    x, y = torch.tensor([[1.0], [-1.0], [2.0], [1.0]]), torch.tensor([True, False, True, True])
    yield x, y, [2, 4], _rate
    yield x, y, [2, 3, 4], _sure  # blocks of one row, and costs of thirty bits
    for rows, ends in ((12, [2, 4, 8, 12]), (50, [5, 10, 20, 40, 50]), (260, [4, 60, 260])):
        x = randn(rng, rows, 2)
        y = x[:, 0] + 0.7 * randn(rng, rows) > 0.3
        for learn in (_needs_rows, _by_sign):
            yield x, y, ends, learn


def _sent(x: Tensor, y: Tensor, ends: list[int], learn, *, first=True, seen=0, more=0, before=None, nats=False, turned=False, always=False, skip=0, pay=None) -> Tensor:
    bits = torch.tensor(float(ends[0]) if first else 0.0)
    for number, (start, end) in enumerate(pairwise(ends)):
        back = 0 if before is None else [0, *ends][number + before]
        known = slice(back, end if seen else start + more)
        p, flags = learn(x[known], y[known])(x[start + skip : end]), y[start + skip : end]
        if pay is not None:
            bits = bits + pay(p, flags).sum()
            continue
        p = p if always else torch.where(flags != turned, p, 1 - p)
        bits = bits - (p.log() if nats else p.log2()).sum()
    return bits


def _to_the_end(x: Tensor, y: Tensor, ends: list[int], learn) -> Tensor:
    bits = torch.tensor(float(ends[0]))
    for start in ends[:-1]:
        p = learn(x[:start], y[:start])(x[start:])
        bits = bits - torch.where(y[start:], p, 1 - p).log2().sum()
    return bits


def _once(x: Tensor, y: Tensor, ends: list[int], learn) -> Tensor:
    p = learn(x[: ends[0]], y[: ends[0]])(x[ends[0] :])
    return ends[0] - torch.where(y[ends[0] :], p, 1 - p).log2().sum()


Function(
    id="probing.online_code_length",
    reference=coding.online_code_length,
    inputs=_streams,
    ranges={"result": POSITIVE},
    survivors={
        "`torch.tensor(float(ends[0])*": "The later terms make a tensor of the number.",
        "`float(ends[0])` → *": "The later terms make a tensor of the number.",
        "x: *": "What a learner makes of x is its own matter: the sum does not look at x.",
        "result: 0 below a hundredth": "The first block alone costs a bit or more.",
    },
    hints=(
        "Start with `ends[0]` bits. Then go through pairs of neighbours, `zip(ends[:-1], ends[1:])`: learn from `x[:start], y[:start]`, and send rows start to end.",
        "A row costs −log₂ of the probability of its *true* label: p where y is true, 1 − p where it is false.",
    ),
    misconceptions=(
        wrong("learned from all rows", lambda x, y, ends, learn: coding.online_code_length(x, y, ends, lambda *_: learn(x, y)), "You learn from all rows at once. The receiver has only the labels that were sent before: learn from `x[:start]`, anew before each block."),
        wrong("one bit for the first block", lambda *a: coding.online_code_length(*a) - a[2][0] + 1, "The whole first block costs one bit in your sum. Nobody has learned anything then, so that each of its labels costs one: `ends[0]` bits."),
        wrong("first block free", lambda *a: _sent(*a, first=False), "The first block costs nothing in your sum. Nobody has learned anything then, so that each label costs one bit."),
        wrong("block seen", lambda *a: _sent(*a, seen=1), "You learn from the block before you send it. The receiver has not got its labels yet: learn from the rows before it."),
        wrong("last block only", lambda *a: _sent(*a, before=0), "You learn from the block before alone. All rows before are known by then."),
        wrong("the block alone", lambda *a: _sent(*a, seen=1, before=1), "You learn from the block that you are about to send, and from nothing else. The receiver has not got its labels yet: learn from the rows before it, all of them."),
        wrong("one row too many", lambda *a: _sent(*a, more=1), "You learn from one row too many: `[:start + 1]` holds the first row of the block that is to be sent. The rows before it are `[:start]`."),
        wrong("one row too few", lambda *a: _sent(*a, more=-1), "You learn from one row too few: the last one before the block is known, too. A slice `[:start]` ends before `start`."),
        wrong("the likelier label", lambda *a: _sent(*a, pay=lambda p, y: -torch.maximum(p, 1 - p).log2()), "You charge for the label that the probe thinks likelier. What is sent is the *true* label: p where it is true, 1 − p where it is false."),
        wrong("product before the logarithm", lambda *a: _sent(*a, pay=lambda p, y: -torch.where(y, p, 1 - p).prod().log2()), "You multiply the probabilities of a block and take one logarithm. The product of many is smaller than the smallest number of this precision and becomes 0, whose logarithm is −∞: take the logarithm of each, and add up."),
        wrong("nats", lambda *a: _sent(*a, nats=True), "You take natural logarithms for the later blocks: bits are logarithms to the base 2."),
        wrong("false label's probability", lambda *a: _sent(*a, turned=True), "You charge for the probability of the *wrong* label."),
        wrong("p whatever the label", lambda *a: _sent(*a, always=True), "You charge −log₂ p at every row. p is the probability of *true*: where the label is false, its probability is 1 − p."),
        wrong("learned once", _once, "You learn once, from the first block, and send all the rest with that. Learn anew before each block."),
        wrong("nats throughout", lambda *a: coding.online_code_length(*a) * 0.6931471805599453, "This is in nats. Divide by ln 2 for bits."),
        wrong("first row left out", lambda *a: _sent(*a, skip=1), "The first row of each later block is missing: a block is `x[start:end]`, and so are its labels."),
        wrong("to the end", _to_the_end, "You send all the rest in every round, so that most rows are paid for more than once. A block ends at the next of `ends`."),
        wrong("what is expected", lambda *a: _sent(*a, pay=lambda p, y: -(p * p.log2() + (1 - p) * (1 - p).log2())), "You charge the entropy of p: what the sender *expects* to pay. A label costs −log₂ of the probability of what it is."),
        wrong("mistakes counted", lambda *a: _sent(*a, pay=lambda p, y: (p > 0.5) != y), "You count mistakes, one bit each. A label costs −log₂ of the probability of what it is, also where the guess is right."),
        wrong("false labels free", lambda *a: _sent(*a, pay=lambda p, y: -(y * p.log2())), "Rows whose label is false cost nothing in your sum. They cost −log₂ (1 − p)."),
        wrong("mean of a block", lambda *a: _sent(*a, pay=lambda p, y: (-torch.where(y, p, 1 - p).log2()).mean()), "You take the mean over a block. Every label is sent: take the sum."),
        wrong("sign", lambda *a: 2 * a[2][0] - coding.online_code_length(*a), "The sign is wrong: logarithms of probabilities are negative."),
        wrong("last block forgotten", lambda x, y, ends, learn: coding.online_code_length(x, y, ends[:-1], learn), "The last block is missing: `ends` has one entry more than there are later blocks, and every two neighbours bound one."),
        wrong("bits per row", lambda x, y, ends, learn: coding.online_code_length(x, y, ends, learn) / len(y), "This is the length per row. The whole length is asked for."),
    ),
)  # fmt: skip


# 13 · ccs_loss


def _answers(rng: torch.Generator) -> Inputs:
    yield torch.tensor([0.5]), torch.tensor([0.25])
    yield torch.tensor([1.0, 0.0]), torch.tensor([0.5, 0.25])  # no ties: there any slope between two is right
    for n in (3, 8, 40):
        yield rand(rng, n), rand(rng, n)
    yield rand(rng, 6, dtype=torch.float64), rand(rng, 6, dtype=torch.float64)
    yield 0.009 * rand(rng, 5), 1 - 0.009 * rand(rng, 5)
    yield 1 - 0.009 * rand(rng, 5), 0.009 * rand(rng, 5)


Function(
    id="probing.ccs_loss",
    reference=ccs.ccs_loss,
    inputs=_answers,
    ranges={"positive": UNIT, "negative": UNIT, "result": UNIT},
    grads=(0, 1),
    survivors={
        "*→ `1 - negative - positive`": "Its square is the same.",
        "*→ `torch.minimum(negative, positive)`": "The smaller of two is the same in either order.",
    },
    hints=(
        "Two terms for each pair. Consistent: p⁺ should be 1 − p⁻. Sure: the smaller of the two should be near 0.",
        "`(positive - (1 - negative)) ** 2 + torch.minimum(positive, negative) ** 2`, and the mean over pairs.",
    ),
    misconceptions=(
        wrong("one forgotten", lambda p, n: ((p + n).square() + torch.minimum(p, n).square()).mean(), "Your first term asks that both answers be 0. They should add up to 1: p⁺ − (1 − p⁻)."),
        wrong("sure of the negative one", lambda p, n: ((p - (1 - n)).square() + n.square()).mean(), "Your second term asks that p⁻ be near 0. The *smaller* of the two should be, whichever it is."),
        wrong("terms multiplied", lambda p, n: ((p - (1 - n)).square() * torch.minimum(p, n).square()).mean(), "You multiply the two terms: then one that is 0 makes up for any other. Add them."),
        wrong("smaller of two means", lambda p, n: (p.mean() + n.mean() - 1).square() + torch.minimum(p.mean(), n.mean()).square(), "You average the answers before anything else. Each pair has its own two terms; the mean comes last."),
        wrong("not sure", lambda p, n: (p - (1 - n)).square().mean(), "The second term is missing. Without it, saying ½ to everything is perfect."),
        wrong("not consistent", lambda p, n: torch.minimum(p, n).square().mean(), "The first term is missing. Without it, saying 0 to everything is perfect."),
        wrong("equal answers", lambda p, n: ((p - n).square() + torch.minimum(p, n).square()).mean(), "Your first term asks that both answers be the same. A statement and its negation should get *opposite* ones: p⁺ against 1 − p⁻."),
        wrong("larger one", lambda p, n: ((p - (1 - n)).square() + torch.maximum(p, n).square()).mean(), "You take the larger of the two. It is the smaller that should vanish."),
        wrong("not squared", lambda p, n: ((p - (1 - n)).square() + torch.minimum(p, n)).mean(), "Your second term is not squared."),
        wrong("mean before the square", lambda p, n: (p - (1 - n)).mean().square() + torch.minimum(p, n).mean().square(), "You take the mean before you square. Deviations of opposite sign then cancel: square each pair's, and average at the end."),
        wrong("mean of the smaller before its square", lambda p, n: (p - (1 - n)).square().mean() + torch.minimum(p, n).mean().square(), "You take the mean of the smaller answers before you square it. Square each pair's, and average at the end."),
        wrong("smallest of all", lambda p, n: (p - (1 - n)).square().mean() + torch.minimum(p.min(), n.min()).square(), "You take the one smallest of all answers. The second term looks at each pair: `torch.minimum(positive, negative)`."),
        wrong("squared together", lambda p, n: (p - (1 - n) + torch.minimum(p, n)).square().mean(), "You add both terms and square the sum. Square each by itself."),
        wrong("largest short of one", lambda p, n: ((p - (1 - n)).square() + (1 - torch.maximum(p, n)).square()).mean(), "Your second term asks that the larger answer be near 1. Asked for is that the smaller be near 0; the two are not the same before the answers are consistent."),
        wrong("sure of the positive one", lambda p, n: ((p - (1 - n)).square() + torch.minimum(p, 1 - p).square()).mean(), "Your second term looks at p⁺ alone. The smaller of p⁺ and p⁻ is asked for."),
        wrong("sum", lambda p, n: ((p - (1 - n)).square() + torch.minimum(p, n).square()).sum(), "You take the sum over pairs. The mean is asked for."),
        wrong("absolute value", lambda p, n: ((p - (1 - n)).abs() + torch.minimum(p, n).square()).mean(), "Your first term is the absolute difference. Its square is asked for."),
        wrong("product", lambda p, n: ((p - (1 - n)).square() + p * n).mean(), "Your second term is the product. The square of the smaller one is asked for."),
    ),
)  # fmt: skip
