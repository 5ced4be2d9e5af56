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


def _turned(values: Values) -> Values:
    """The same in reverse order: which set comes first says nothing."""
    return dict(reversed(values.items()))


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
        ("ab", "abc", "ab", 3),  # the whole circuit is taken away
        ("ab", "abc", "abc", 3),
    ):
        yield _table(rng, model, prompts), frozenset(circuit), frozenset(model), frozenset(removed)
    yield _table(rng, "abcd", 4, torch.float64), frozenset("bcd"), frozenset("abcd"), frozenset("cd")
    c = frozenset("c")
    for here, there in ((3.0, 1.0), (1.0, 3.0), (-2.0, 1.0)):  # above the model, below, on the other side of zero
        values = {some: torch.tensor([float(len(some))]) for some in _subsets("abc")}
        yield values | {a: torch.tensor([here]), a | b: torch.tensor([there])}, a | c, a | b | c, c
    for size in (1e6, 1000.0, 0.002):
        yield _scaled(_table(rng, "abc", 3), size), frozenset("ab"), frozenset("abc"), frozenset("a")


Function(
    id="ioi.incompleteness",
    reference=ioi.incompleteness,
    inputs=_incomplete,
    ranges={"result": POSITIVE},
    survivors={"*→ `values[model - removed].mean() - values[circuit - removed].mean()`": "The size of a difference has no order."},
    hints=("Both sets lose K: `circuit - removed` and `model - removed`. Look up both, average over prompts, subtract, take the size. (A difference of a `set` is a `set`, which is no key of a dict: keep `frozenset`.)",),
    misconceptions=(
        wrong("only the circuit loses K", lambda F, C, M, K: (F[C - K].mean() - F[M].mean()).abs(), "Only the circuit loses K. The question is whether the *model* without K goes on where the circuit without K cannot: take K from both."),
        wrong("only the model loses K", lambda F, C, M, K: (F[C].mean() - F[M - K].mean()).abs(), "Only the model loses K. Take K from both."),
        wrong("faithfulness", lambda F, C, M, K: (F[C].mean() - F[M].mean()).abs(), "This is |F(C) − F(M)|, with nothing removed. Completeness compares the two after K is taken from both."),
        wrong("size before the mean", lambda F, C, M, K: (F[C - K] - F[M - K]).abs().mean(), "You take the size prompt by prompt. Then prompts that differ by chance in both directions add up: average first."),
        wrong("where it is in one of them alone", lambda F, C, M, K: (F[C ^ K].mean() - F[M - K].mean()).abs(), "`circuit ^ removed` puts in what of K the circuit lacks. K is taken out: `circuit - removed`."),
        wrong("what they share", lambda F, C, M, K: (F[C & K].mean() - F[M & K].mean()).abs(), "`&` keeps K alone. K is taken out: `circuit - removed`, `model - removed`."),
        *(wrong(f"signed, at least 0, {name}", lambda F, C, M, K, by=by: (by * (F[C - K].mean() - F[M - K].mean())).clamp(min=0), "You keep the difference only where it has one sign. A circuit can miss in either direction: take the size.") for name, by in (("circuit first", 1), ("model first", -1))),
        wrong("difference of sizes", lambda F, C, M, K: (F[C - K].mean().abs() - F[M - K].mean().abs()).abs(), "You take the sizes first. The metric has a sign: subtract, and then take the size."),
        wrong("root of the mean square", lambda F, C, M, K: (F[C - K] - F[M - K]).square().mean().sqrt(), "You square prompt by prompt. Then prompts that differ by chance in both directions add up: average first."),
        wrong("share of the model without K", lambda F, C, M, K: (1 - F[C - K].mean() / F[M - K].mean()).abs(), "You divide by F(M∖K). The size of the difference is asked for, in the metric's own unit."),
        wrong("what K does in the one and in the other", lambda F, C, M, K: ((F[C].mean() - F[C - K].mean()) - (F[M].mean() - F[M - K].mean())).abs(), "You compare what K does in the circuit with what it does in the model. Compare what is left: F(C∖K) with F(M∖K)."),
        wrong("one part of K at a time", lambda F, C, M, K: sum(((F[C - {k}].mean() - F[M - {k}].mean()).abs() for k in K), torch.tensor(0.0)), "You take the parts of K out one at a time, and add up. All of K goes at once."),
        wrong("largest over prompts", lambda F, C, M, K: (F[C - K] - F[M - K]).abs().max(), "You take the prompt that differs most. Average over prompts first, then subtract, and take the size."),
        wrong("the first prompt", lambda F, C, M, K: (F[C - K][0] - F[M - K][0]).abs(), "You read the first prompt alone. The mean over prompts is asked for."),
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
    for parts in ("abc", "abcd", "abcdef"):  # any part will do: each shows only once all others are gone
        any_one = {some: torch.tensor([4.0 if some else 0.0]) for some in _subsets(parts)}
        yield any_one, frozenset(parts), "c"
    for hidden, lure in (("ac", "b"), ("abcd", "a"), ("bd", "c"), ("bcd", "a"), ("abd", "c")):  # one K shows it, another leads away
        shown = {some: torch.tensor([0.0]) for some in _subsets("abcde")}
        whole = frozenset("abcde")
        yield shown | {whole - set(lure): torch.tensor([1.0]), whole - set(hidden): torch.tensor([3.0])}, whole, "e"
    two_steps = {whole - set("a"): torch.tensor([1.0]), whole - set("ab"): torch.tensor([2.0])}
    yield shown | two_steps | {whole - set("cd"): torch.tensor([3.0])}, whole, "e"  # one step finds 1, step by step 2
    names = {"a": "0.1", "b": "0.2", "c": "1.0"}  # a part's name may have several letters
    named = _turned({frozenset(names[p] for p in some): value for some, value in _table(rng, "abc", 2).items()})
    yield named, frozenset(names.values()), "0.1"
    for model, circuit, part, prompts in (
        ("abc", "ab", "b", 2),
        ("abc", "abc", "a", 3),
        ("abcd", "abc", "c", 5),
        ("abcd", "abcd", "d", 9),
    ):
        yield _table(rng, model, prompts), frozenset(circuit), part
    yield _turned(_table(rng, "abc", 4, torch.float64)), frozenset("ac"), "c"
    for size in (1e6, 1000.0, 0.001):
        yield _turned(_scaled(_table(rng, "abc", 3), size)), frozenset("ab"), "a"


def _changes(F: Values, C: frozenset[str], v: str) -> Tensor:
    return torch.stack([F[left - {v}].mean() - F[left].mean() for left in F if left <= C and v in left])


def _sets(F: Values, C: frozenset[str], v: str) -> list[frozenset[str]]:
    return [left for left in F if left <= C and v in left]


def _letters(F: Values, C: frozenset[str], v: str) -> Tensor:
    return torch.stack([(F[left - frozenset(v)].mean() - F[left].mean()).abs() for left in _sets(F, C, v)]).max()


def _greedy(F: Values, C: frozenset[str], v: str, stop: bool) -> Tensor:
    """Take out the part after which v changes most, and so on; `stop` as soon as it changes no more than before."""
    left, found = C, [(F[C - {v}].mean() - F[C].mean()).abs()]
    while len(left) > 1:
        then = {one: (F[one - {v}].mean() - F[one].mean()).abs() for p in sorted(left - {v}) if (one := left - {p})}
        left = max(then, key=then.get)
        if stop and then[left] <= found[-1]:
            break
        found.append(then[left])
    return torch.stack(found).max()


def _in_one_order(F: Values, C: frozenset[str], v: str) -> Tensor:
    others = sorted(C - {v})
    left = [C - set(others[:k]) for k in range(len(others) + 1)]
    return torch.stack([(F[one - {v}].mean() - F[one].mean()).abs() for one in left]).max()


def _runs(F: Values, C: frozenset[str], v: str) -> Tensor:
    """K of parts that are neighbours in the order of their names, without the part and with nothing in between."""
    others = sorted(C - {v})
    gone = [set(others[i:j]) for i in range(len(others) + 1) for j in range(i, len(others) + 1)]
    return torch.stack([(F[C - K - {v}].mean() - F[C - K].mean()).abs() for K in gone]).max()


GREEDY = "You take out one part after the other, always the one that seems best. Doubles show only together, and the best single step need not lead there: try *all* sets K."


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
        wrong("the part alone", lambda F, C, v: (F[frozenset({v})].mean() - F[frozenset()].mean()).abs(), "You compare the part alone with nothing. That is one of the sets K, the largest; take the best of all."),
        wrong("a name taken apart", _letters, "`set(part)` and `frozenset(part)` take a name apart into its letters. A set with one name in it is `{part}`."),
        wrong("K of one part at most", lambda F, C, v: torch.stack([(F[left - {v}].mean() - F[left].mean()).abs() for left in F if left <= C and v in left and len(C - left) <= 1]).max(), "Your K has one part at most. It runs over *all* sets of other parts, of every size: a part with two doubles shows only when both are gone."),
        wrong("greedy, to the end", lambda F, C, v: _greedy(F, C, v, False), GREEDY),
        wrong("greedy", lambda F, C, v: _greedy(F, C, v, True), GREEDY),
        wrong("others in one order", _in_one_order, "You take the other parts out in one order. Try *all* sets K: a part and its double may stand anywhere in it."),
        wrong("K of neighbours", _runs, "Your K holds neighbours in a list. Try *all* sets K: a part and its double may stand anywhere in it."),
        wrong("last set only", lambda F, C, v: _changes(F, C, v)[-1].abs(), "Only your last set counts: each round of the loop overwrites the one before. Keep the largest."),
        wrong("first set only", lambda F, C, v: _changes(F, C, v)[0].abs(), "Only your first set counts: does the `return` stand inside the loop? Try all, and keep the largest."),
        wrong("root of the mean square", lambda F, C, v: torch.stack([(F[left - {v}] - F[left]).square().mean().sqrt() for left in _sets(F, C, v)]).max(), "You square prompt by prompt. Then prompts that differ by chance in both directions add up: average first."),
        wrong("difference of sizes", lambda F, C, v: torch.stack([(F[left - {v}].mean().abs() - F[left].mean().abs()).abs() for left in _sets(F, C, v)]).max(), "You take the sizes first. The metric has a sign: subtract, and then take the size."),
        wrong("medians", lambda F, C, v: torch.stack([(F[left - {v}].median() - F[left].median()).abs() for left in _sets(F, C, v)]).max(), "You take medians. The means are asked for."),
        wrong("from the lowest to the highest", lambda F, C, v: _changes(F, C, v).max() - _changes(F, C, v).min(), "You take the distance between the highest change and the lowest. The largest *size* is asked for."),
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
        wrong("K of two parts at most", lambda F, C, v: torch.stack([(F[left - {v}].mean() - F[left].mean()).abs() for left in F if left <= C and v in left and len(C - left) <= 2]).max(), "Your K has two parts at most. It runs over *all* sets of other parts, of every size, up to all others together."),
        wrong("K of three parts at most", lambda F, C, v: torch.stack([(F[left - {v}].mean() - F[left].mean()).abs() for left in F if left <= C and v in left and len(C - left) <= 3]).max(), "Your K has three parts at most. It runs over *all* sets of other parts, of every size, up to all others together."),
        wrong("K never all others", lambda F, C, v: torch.stack([(F[left - {v}].mean() - F[left].mean()).abs() for left in F if left <= C and v in left and left != {v}]).max(), "Your K never holds all other parts. Does your range end one too early? The largest K leaves the part alone."),
        wrong("size before the mean", lambda F, C, v: torch.stack([(F[left - {v}] - F[left]).abs().mean() for left in F if left <= C and v in left]).max(), "You take the size prompt by prompt. Average over prompts first."),
        wrong("summed", lambda F, C, v: _changes(F, C, v).abs().sum(), "You add up over the sets K. Take the largest."),
    ),
)  # fmt: skip
