"""Exercises 10 to 13, for the second notebook: incompleteness, minimality, and effects estimated by gradients."""

from itertools import chain, combinations

import torch
from torch import Tensor, nn

from course_utils import ioi
from course_utils.grading.inputs import Inputs, randn
from course_utils.grading.kinds import POSITIVE, REAL, Function, wrong

Values = dict[frozenset[str], Tensor]


def _subsets(parts: str) -> list[frozenset[str]]:
    return [frozenset(some) for some in chain.from_iterable(combinations(parts, k) for k in range(len(parts) + 1))]


def _table(rng: torch.Generator, model: str, prompts: int, dtype: torch.dtype = torch.float32) -> Values:
    """The metric of every set of parts; not additive, with backups, so that sets differ from sums of parts."""
    own = {part: 1 + randn(rng, prompts, dtype=dtype) for part in model}
    return {
        some: sum((own[p] for p in sorted(some)), torch.zeros(prompts, dtype=dtype))
        + 0.7 * randn(rng, prompts, dtype=dtype)
        for some in _subsets(model)
    }


def _scaled(values: Values, size: float) -> Values:
    return {some: size * value for some, value in values.items()}


# 10 · incompleteness


def _incomplete(rng: torch.Generator) -> Inputs:
    a, b = frozenset("a"), frozenset("b")
    for size in (1.0, 100.0):
        tiny = {frozenset(): 0.0, a: 4.0, b: 3.0, a | b: 4.0}
        yield {some: torch.tensor([size * x]) for some, x in tiny.items()}, a, a | b, a
    for circuit, model, removed, prompts in (
        ("ab", "abc", "", 2),
        ("ab", "abc", "b", 2),
        ("abc", "abcd", "ac", 5),
        ("abc", "abcde", "b", 9),
        ("ab", "abc", "c", 3),  # K may hold parts that are not in the circuit
        ("abc", "abcde", "bd", 4),
    ):
        yield _table(rng, model, prompts), frozenset(circuit), frozenset(model), frozenset(removed)
    yield _table(rng, "abcd", 4, torch.float64), frozenset("bcd"), frozenset("abcd"), frozenset("cd")
    for size in (1000.0, 0.002):
        yield _scaled(_table(rng, "abc", 3), size), frozenset("ab"), frozenset("abc"), frozenset("a")


Function(
    id="ioi.incompleteness",
    reference=ioi.incompleteness,
    inputs=_incomplete,
    ranges={"result": POSITIVE},
    survivors={"*→ `values[model - removed].mean() - values[circuit - removed].mean()`": "The size of a difference has no order."},
    hints=("Both sets lose K: `circuit - removed` and `model - removed`. Look up both, average over prompts, subtract, take the size.",),
    misconceptions=(
        wrong("only the circuit loses K", lambda F, C, M, K: (F[C - K].mean() - F[M].mean()).abs(), "Only the circuit loses K. The question is whether the *model* without K goes on where the circuit without K cannot: take K from both."),
        wrong("only the model loses K", lambda F, C, M, K: (F[C].mean() - F[M - K].mean()).abs(), "Only the model loses K. Take K from both."),
        wrong("faithfulness", lambda F, C, M, K: (F[C].mean() - F[M].mean()).abs(), "This is |F(C) − F(M)|, with nothing removed. Completeness compares the two after K is taken from both."),
        wrong("size before the mean", lambda F, C, M, K: (F[C - K] - F[M - K]).abs().mean(), "You take the size prompt by prompt. Then prompts that differ by chance in both directions add up: average first."),
        wrong("signed", lambda F, C, M, K: F[C - K].mean() - F[M - K].mean(), "You keep the sign. The size is asked for: a circuit can miss in either direction."),
        wrong("what K does", lambda F, C, M, K: (F[C].mean() - F[C - K].mean()).abs(), "This is what K does inside the circuit. Compare the circuit without K with the model without K."),
        wrong("squared", lambda F, C, M, K: (F[C - K].mean() - F[M - K].mean()).square(), "You square. The size is asked for, in the metric's own unit."),
        wrong("per prompt", lambda F, C, M, K: (F[C - K] - F[M - K]).abs(), "One number is asked for: average over prompts before you subtract."),
    ),
)  # fmt: skip


# 11 · minimality


def _minimal(rng: torch.Generator) -> Inputs:
    a, b = frozenset("a"), frozenset("b")
    backup = {
        frozenset(): torch.tensor([0.0]),
        a: torch.tensor([4.0]),
        b: torch.tensor([4.0]),
        a | b: torch.tensor([4.0]),
    }
    yield backup, a | b, "a"  # a shows only once b is gone
    yield {**backup, a: torch.tensor([1.0]), b: torch.tensor([1.0])}, a | b, "a"  # together: most with K empty
    yield {some: -value for some, value in backup.items()}, a | b, "b"  # removing it raises the metric
    for parts in ("abc", "abcd"):  # any part will do: each shows only once all others are gone
        any_one = {some: torch.tensor([4.0 if some else 0.0]) for some in _subsets(parts)}
        yield any_one, frozenset(parts), "c"
    for model, circuit, part, prompts in (
        ("abc", "ab", "b", 2),
        ("abc", "abc", "a", 3),
        ("abcd", "abc", "c", 5),
        ("abcd", "abcd", "d", 9),
    ):
        yield _table(rng, model, prompts), frozenset(circuit), part
    yield _table(rng, "abc", 4, torch.float64), frozenset("ac"), "c"
    for size in (1000.0, 0.001):
        yield _scaled(_table(rng, "abc", 3), size), frozenset("ab"), "a"


def _changes(F: Values, C: frozenset[str], v: str) -> Tensor:
    return torch.stack([F[left - {v}].mean() - F[left].mean() for left in F if left <= C and v in left])


Function(
    id="ioi.minimality",
    reference=ioi.minimality,
    inputs=_minimal,
    ranges={"result": POSITIVE},
    survivors={
        "*→ `left <= circuit`": "A set without the part changes by nothing when the part is removed, and nothing is never the largest.",
        "`part in left` → *": "A set without the part changes by nothing when the part is removed, and nothing is never the largest.",
        "*→ `values[left].mean() - values[left - {part}].mean()`": "The size of a difference has no order.",
    },
    hints=(
        "K runs over all sets of other parts of C. C∖K is then every subset of C that still contains the part: loop over the keys of `values` that are such.",
        "For each such set `left`: the mean of `values[left - {part}]` minus the mean of `values[left]`, and its size. Return the largest.",
    ),
    misconceptions=(
        wrong("K empty only", lambda F, C, v: (F[C - {v}].mean() - F[C].mean()).abs(), "You remove the part from the whole circuit only. Where another part does the same job, that shows nothing: try it after every set K has been removed."),
        wrong("the part alone", lambda F, C, v: (F[frozenset(v)].mean() - F[frozenset()].mean()).abs(), "You compare the part alone with nothing. That is one of the sets K, the largest; take the best of all."),
        wrong("averaged", lambda F, C, v: _changes(F, C, v).abs().mean(), "You average over the sets K. A part is needed if it matters after *some* K: take the largest."),
        wrong("smallest", lambda F, C, v: _changes(F, C, v).abs().min(), "You take the smallest change. A part is needed if it matters after *some* K: take the largest."),
        wrong("sets outside the circuit", lambda F, C, v: torch.stack([(F[left - {v}].mean() - F[left].mean()).abs() for left in F if v in left]).max(), "You also try sets with parts that are not in the circuit. K is taken out of the circuit, so what is left is a part of it."),
        wrong("signed", lambda F, C, v: _changes(F, C, v).max(), "You take the largest change with its sign. Removing a part mostly lowers the metric: take the size first."),
        wrong("signed the other way", lambda F, C, v: (-_changes(F, C, v)).max(), "You take the largest fall. Removing a part can also raise the metric: take the size first."),
        wrong("K never empty", lambda F, C, v: torch.stack([(F[left - {v}].mean() - F[left].mean()).abs() for left in F if left < C and v in left]).max(), "Your K is never empty. The empty set counts too: the part may show most in the whole circuit."),
        wrong("K of one part at most", lambda F, C, v: torch.stack([(F[left - {v}].mean() - F[left].mean()).abs() for left in F if left <= C and v in left and len(C - left) <= 1]).max(), "Your K has one part at most. It runs over *all* sets of other parts, of every size: a part with two doubles shows only when both are gone."),
        wrong("K of two parts at most", lambda F, C, v: torch.stack([(F[left - {v}].mean() - F[left].mean()).abs() for left in F if left <= C and v in left and len(C - left) <= 2]).max(), "Your K has two parts at most. It runs over *all* sets of other parts, of every size, up to all others together."),
        wrong("K never all others", lambda F, C, v: torch.stack([(F[left - {v}].mean() - F[left].mean()).abs() for left in F if left <= C and v in left and left != {v}]).max(), "Your K never holds all other parts. Does your range end one too early? The largest K leaves the part alone."),
        wrong("size before the mean", lambda F, C, v: torch.stack([(F[left - {v}] - F[left]).abs().mean() for left in F if left <= C and v in left]).max(), "You take the size prompt by prompt. Average over prompts first."),
        wrong("summed", lambda F, C, v: _changes(F, C, v).abs().sum(), "You add up over the sets K. Take the largest."),
    ),
)  # fmt: skip


# 12, 13 · attribution and integrated gradients


class Readout(nn.Module):
    """A metric of z, (batch, head, d_head) → (batch,), that saturates: a softmax over heads weighs what they say."""

    def __init__(self, rng: torch.Generator, heads: int, d_head: int, sharp: float, dtype: torch.dtype = torch.float32):
        super().__init__()
        self.look = nn.Parameter(sharp * randn(rng, heads, d_head, dtype=dtype), requires_grad=False)
        self.value = nn.Parameter(randn(rng, heads, d_head, dtype=dtype), requires_grad=False)

    def forward(self, z: Tensor) -> Tensor:
        weight = (z * self.look).sum(-1).softmax(-1)
        return (weight * (z * self.value).sum(-1)).sum(-1)


def _exchanges(rng: torch.Generator) -> list[tuple]:
    made = []
    for batch, heads, d_head, sharp in ((1, 1, 1, 1.0), (1, 2, 2, 0.5), (3, 2, 2, 1.0), (4, 3, 3, 2.0), (5, 4, 2, 3.0)):
        size = (batch, heads, d_head)
        made.append((Readout(rng, heads, d_head, sharp), randn(rng, *size), randn(rng, *size)))
    wide = torch.float64
    made.append((Readout(rng, 2, 3, 1.0, wide), randn(rng, 2, 2, 3, dtype=wide), randn(rng, 2, 2, 3, dtype=wide)))
    return made


def _slope(metric: nn.Module, at: Tensor) -> Tensor:
    with torch.enable_grad():
        at = at.detach().requires_grad_(True)
        (gradient,) = torch.autograd.grad(metric(at).sum(), at)
    return gradient


def _per_head(change: Tensor, slope: Tensor) -> Tensor:
    return (change * slope).sum(-1).mean(0)


def _exact(metric: nn.Module, base: Tensor, donor: Tensor) -> Tensor:
    found = []
    for head in range(base.shape[1]):
        z = base.clone()
        z[:, head] = donor[:, head]
        found.append((metric(z) - metric(base)).mean())
    return torch.stack(found)


Function(
    id="ioi.attribution_patch",
    reference=ioi.attribution_patch,
    inputs=lambda rng: iter(_exchanges(rng)),
    rtol=1e-3,
    atol=1e-5,
    ranges={"base": REAL, "donor": REAL, "result": REAL},
    survivors={"*`at.detach()` → `at`": "Inputs carry no gradient of their own."},
    hints=(
        "`at = base.clone().requires_grad_(True)`, then `torch.autograd.grad(metric(at).sum(), at)`: the sum over prompts gives each prompt its own gradient.",
        "Change times slope, (donor − base) · gradient, summed over d_head, averaged over prompts.",
    ),
    misconceptions=(
        wrong("gradient on the donor run", lambda m, b, d: _per_head(d - b, _slope(m, d)), "You take the slope at the donor. The run that is changed is the base: a first-order estimate starts there."),
        wrong("sign", lambda m, b, d: _per_head(b - d, _slope(m, b)), "Your change has the wrong sign: the donor's value goes in, so donor minus base."),
        wrong("gradient times value", lambda m, b, d: _per_head(d, _slope(m, b)), "You multiply by the donor's value. It is the *change*, donor minus base, that counts."),
        wrong("gradient times base", lambda m, b, d: _per_head(b, _slope(m, b)), "You multiply by the base's own value. That estimates what happens when the head is set to zero, with its sign turned."),
        wrong("summed over prompts", lambda m, b, d: ((d - b) * _slope(m, b)).sum((0, -1)), "You add up the prompts. Their mean is asked for."),
        wrong("gradient of the mean, averaged again", lambda m, b, d: _per_head(d - b, _slope(m, b)) / len(b), "You divide by the number of prompts twice: in the gradient of a mean, and in the mean. Take the gradient of the sum."),
        wrong("mean over d_head", lambda m, b, d: ((d - b) * _slope(m, b)).mean((0, -1)), "You average over d_head. The coordinates' effects add up: sum over them."),
        wrong("sizes", lambda m, b, d: ((d - b) * _slope(m, b)).sum(-1).abs().mean(0), "You take sizes. Effects have a sign, and prompts can cancel."),
        wrong("exact", _exact, "This is the exact effect, with a run for each head. The estimate needs one gradient, and differs where the metric bends."),
        wrong("means first", lambda m, b, d: ((d - b).mean(0) * _slope(m, b).mean(0)).sum(-1), "You average change and slope over prompts before you multiply. Multiply prompt by prompt."),
    ),
)  # fmt: skip


def _with_steps(rng: torch.Generator) -> Inputs:
    for number, exchange in enumerate(_exchanges(rng)):
        yield *exchange, (1, 2, 5, 10, 3, 4)[number]


def _along(m: nn.Module, b: Tensor, d: Tensor, shares: list[float]) -> Tensor:
    return _per_head(d - b, torch.stack([_slope(m, b + share * (d - b)) for share in shares]).mean(0))


Function(
    id="ioi.integrated_gradients",
    reference=ioi.integrated_gradients,
    inputs=_with_steps,
    rtol=1e-3,
    atol=1e-5,
    ranges={"base": REAL, "donor": REAL, "result": REAL},
    hints=(
        "The way from base to donor is base + share · (donor − base). Piece number k of `steps` has its middle at share (k + ½) / steps, for k from 0.",
        "Average the gradient over these places. Then as before: change times mean slope, summed over d_head, averaged over prompts.",
    ),
    misconceptions=(
        wrong("starts of the pieces", lambda m, b, d, n: _along(m, b, d, [k / n for k in range(n)]), "You take the slope at the *start* of each piece. With the middles the error falls much faster; they are asked for."),
        wrong("ends of the pieces", lambda m, b, d, n: _along(m, b, d, [(k + 1) / n for k in range(n)]), "You take the slope at the *end* of each piece. The middles are asked for."),
        wrong("both ends", lambda m, b, d, n: _along(m, b, d, torch.linspace(0, 1, n).tolist()), "You take the slope from one end of the way to the other, both ends included. Cut the way into equal pieces and take the *middle* of each."),
        wrong("one gradient", lambda m, b, d, n: _along(m, b, d, [0.0]), "This is the plain estimate, with the gradient at the base alone. Average it over the way."),
        wrong("half-way only", lambda m, b, d, n: _along(m, b, d, [0.5]), "You take one gradient, half-way. That is right for one step; take the middle of each of the pieces."),
        wrong("gradients summed", lambda m, b, d, n: n * _along(m, b, d, [(k + 0.5) / n for k in range(n)]), "You add the gradients up. Their mean is the slope along the way."),
        wrong("from donor to base", lambda m, b, d, n: -_along(m, b, d, [(k + 0.5) / n for k in range(n)]), "Your sign is turned round: the way leads from base to donor."),
        wrong("from zero", lambda m, b, d, n: _per_head(d, torch.stack([_slope(m, (k + 0.5) / n * d) for k in range(n)]).mean(0)), "You start at zero. The way starts at the base run."),
        wrong("summed over prompts", lambda m, b, d, n: len(b) * _along(m, b, d, [(k + 0.5) / n for k in range(n)]), "You add up the prompts. Their mean is asked for."),
    ),
)  # fmt: skip
