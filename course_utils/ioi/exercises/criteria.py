"""Exercises 10 and 11, for the second notebook: incompleteness and minimality."""

from itertools import chain, combinations

import torch
from torch import Tensor

from course_utils import ioi
from course_utils.grading.inputs import Inputs, randn
from course_utils.grading.kinds import POSITIVE, Function, wrong

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
        wrong("K cut down to the circuit", lambda F, C, M, K: (F[C - K].mean() - F[M - (K & C)].mean()).abs(), "You take only those parts of K that are in the circuit from the model. K may hold any parts, and the model loses all of them."),
        wrong("K added", lambda F, C, M, K: (F[C | K].mean() - F[M | K].mean()).abs(), "You put K in (`|`). It is taken out: `circuit - removed`, `model - removed`."),
        wrong("share of the model", lambda F, C, M, K: (F[C - K].mean() - F[M - K].mean()).abs() / F[M].mean(), "You divide by F(M). The size of the difference is asked for, in the metric's own unit."),
        wrong("largest over K", lambda F, C, M, K: torch.stack([(F[C - one].mean() - F[M - one].mean()).abs() for one in F]).max(), "You take the largest over all sets K. Here K is given: `removed`."),
        wrong("sums", lambda F, C, M, K: (F[C - K].sum() - F[M - K].sum()).abs(), "You add up the prompts. Their mean is asked for."),
        wrong("medians", lambda F, C, M, K: (F[C - K].median() - F[M - K].median()).abs(), "You take medians. The means are asked for."),
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
    yield {**backup, frozenset(): torch.tensor([5.0]), a | b: torch.tensor([1.0])}, a | b, "a"  # it only holds back
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
        wrong("signed, at least 0", lambda F, C, v: _changes(F, C, v).max().clamp(min=0), "You take the largest change with its sign, from 0 upwards. Removing a part mostly lowers the metric: take the size first."),
        wrong("signed the other way, at least 0", lambda F, C, v: (-_changes(F, C, v)).max().clamp(min=0), "You take the largest fall, from 0 upwards. Removing a part can also raise the metric: take the size first."),
        wrong("against the whole circuit", lambda F, C, v: torch.stack([(F[left - {v}].mean() - F[C].mean()).abs() for left in F if left <= C and v in left]).max(), "You compare with the whole circuit, so that what K does counts too. Compare with the circuit without K: only the part makes the difference."),
        wrong("largest over prompts too", lambda F, C, v: torch.stack([(F[left - {v}] - F[left]).abs().max() for left in F if left <= C and v in left]).max(), "You take the largest over prompts too. Average over prompts first; the largest is over the sets K."),
        wrong("the part never in the set", lambda F, C, v: torch.stack([(F[left - {v}].mean() - F[left].mean()).abs() for left in F if left <= C and v not in left]).max(), "All your changes are zero: you remove the part from sets that do not hold it. K, other parts, is what is *taken out*; C∖K is what is left, and it holds the part."),
        wrong("K never empty", lambda F, C, v: torch.stack([(F[left - {v}].mean() - F[left].mean()).abs() for left in F if left < C and v in left]).max(), "Your K is never empty. The empty set counts too: the part may show most in the whole circuit."),
        wrong("K of one part at most", lambda F, C, v: torch.stack([(F[left - {v}].mean() - F[left].mean()).abs() for left in F if left <= C and v in left and len(C - left) <= 1]).max(), "Your K has one part at most. It runs over *all* sets of other parts, of every size: a part with two doubles shows only when both are gone."),
        wrong("K of two parts at most", lambda F, C, v: torch.stack([(F[left - {v}].mean() - F[left].mean()).abs() for left in F if left <= C and v in left and len(C - left) <= 2]).max(), "Your K has two parts at most. It runs over *all* sets of other parts, of every size, up to all others together."),
        wrong("K never all others", lambda F, C, v: torch.stack([(F[left - {v}].mean() - F[left].mean()).abs() for left in F if left <= C and v in left and left != {v}]).max(), "Your K never holds all other parts. Does your range end one too early? The largest K leaves the part alone."),
        wrong("size before the mean", lambda F, C, v: torch.stack([(F[left - {v}] - F[left]).abs().mean() for left in F if left <= C and v in left]).max(), "You take the size prompt by prompt. Average over prompts first."),
        wrong("summed", lambda F, C, v: _changes(F, C, v).abs().sum(), "You add up over the sets K. Take the largest."),
    ),
)  # fmt: skip
