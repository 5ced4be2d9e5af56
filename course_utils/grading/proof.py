"""The mutation proof: evidence, from the declaration alone, that a grader rejects wrong answers and says why.

1. The reference passes on several seeds, and so do the declared other ways to write it; what is equal to everything
   passes nowhere; inputs lie within their stated ranges; an answer is right for its own seed only.
2. Every declared misconception is rejected under its own name.
3. Generic mutants of the reference are rejected; one that survives must equal the reference on ten
   times the grader's inputs and be listed as equivalent by the exercise (at most two).

`python -m course_utils.grading.proof [id …]` prints the table.
"""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from course_utils.grading.answer import Answer
from course_utils.grading.compare import difference
from course_utils.grading.exercise import Exercise, declared
from course_utils.grading.function import Function
from course_utils.grading.sampler import Sampler

SEEDS = 4  # other seeds on which the reference must pass
NULL_TRIES, NULL_PASSES = 40, 2  # a guess passes with p < 0.01: three of forty happen once in 1 200 proofs
TENFOLD = 10


@dataclass
class Proof:
    """What the proof of one exercise found; `gaps` is empty when it holds."""

    id: str
    misconceptions: int = 0
    named: int = 0
    mutants: int = 0
    rejected: int = 0
    equivalent: tuple[str, ...] = ()
    gaps: list[str] = field(default_factory=list)


class _EqualToAll:
    __module__ = "a learner's notebook"

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None


def prove(exercise: Exercise, seed: int = 0) -> Proof:
    """Run the whole proof of one exercise on the inputs of `seed`."""
    proof = Proof(exercise.id, len(exercise.misconceptions))
    if len(exercise.equivalent) > 2:
        proof.gaps.append(f"lists {len(exercise.equivalent)} equivalent mutants; at most two are allowed")
    for other in range(seed, seed + SEEDS):
        verdict = exercise.check(_right(exercise, other), other, watch=False)
        if not verdict.passed:
            proof.gaps.append(f"the reference fails on seed {other}: {verdict.message}")
        for number, other_way in enumerate(exercise.alternatives):
            verdict = exercise.check(other_way, other, watch=False)
            if not verdict.passed:
                proof.gaps.append(f"the other way {number} to write it fails on seed {other}: {verdict.message}")
    if isinstance(exercise, Function):
        proof.gaps += _range_gaps(exercise, seed)
    if isinstance(exercise, Answer):
        proof.gaps += _seed_gaps(exercise, seed)
    if exercise.check(_EqualToAll(), seed).passed:
        proof.gaps.append("an object that is equal to everything passes")
    for known in exercise.misconceptions:
        verdict = exercise.check(_mistaken(exercise, known, seed), seed, watch=False)
        if not verdict.passed and verdict.misconception == known.name:
            proof.named += 1
        else:
            said = (
                "passes"
                if verdict.passed
                else f"is taken for {verdict.misconception}"
                if verdict.misconception
                else f"gets: {verdict.message}"
            )
            proof.gaps.append(f"the misconception {known.name!r} {said}")
    survivors = []
    for name, mutant in _mutants(exercise, seed):
        proof.mutants += 1
        if exercise.agrees(mutant, seed):
            survivors.append((name, mutant))
        else:
            proof.rejected += 1
    for name, _ in survivors:
        if name not in exercise.equivalent:
            proof.gaps.append(f"the mutant {name!r} passes and is not listed as equivalent")
        elif not all(_passes_again(exercise, name, other) for other in range(seed + 1, seed + TENFOLD)):
            proof.gaps.append(f"the mutant {name!r} is listed as equivalent but differs on more inputs")
    proof.equivalent = tuple(name for name, _ in survivors)
    if isinstance(exercise, Answer) and exercise.null is not None:
        proof.gaps += _null_gaps(exercise, seed)
    return proof


def _range_gaps(exercise: Function, seed: int) -> list[str]:
    """Inputs and outputs outside of the bounds that the declaration states."""
    gaps = []
    for case in exercise.cases(seed):
        named = dict(zip(exercise.names, case.args, strict=False)) | {"result": case.expected.value}
        for name, (low, high) in exercise.ranges.items():
            if name not in (*exercise.names, "result"):
                gaps.append(f"a range is stated for {name!r}, which is no argument")
            elif named.get(name) is not None and not _within(named[name], low, high):
                gaps.append(f"{name!r} lies outside of its stated range, {low} to {high}")
    return sorted(set(gaps))


def _within(value: Any, low: float, high: float) -> bool:
    tensor = torch.as_tensor(value, dtype=torch.float64)
    slack = 1e-6 * max(1.0, abs(high) if high < torch.inf else 1.0)
    return bool(((tensor >= low - slack) & (tensor <= high + slack)).all())


def _seed_gaps(exercise: Answer, seed: int) -> list[str]:
    """Keys of other seeds that pass: then the answer can be copied from another learner."""
    pairs = [(other, other + 1) for other in range(seed, seed + SEEDS)]
    passes = sum(exercise.check(exercise.key(exercise.known(theirs)), mine).passed for mine, theirs in pairs)
    if exercise.alike:
        return [] if passes else ["says that it is alike for every learner, and differs by seed"]
    return [f"the key of another seed passes on {passes} of {len(pairs)} seeds"] if passes else []


def _right(exercise: Exercise, seed: int) -> Any:
    return exercise.key(exercise.known(seed)) if isinstance(exercise, Answer) else exercise.reference


def _mistaken(exercise: Exercise, known: Any, seed: int) -> Any:
    return known.make(exercise.known(seed)) if isinstance(exercise, Answer) else known.make


def _passes_again(exercise: Exercise, name: str, seed: int) -> bool:
    mutant = dict(_mutants(exercise, seed)).get(name)
    return mutant is None or exercise.agrees(mutant, seed)


def _null_gaps(exercise: Answer, seed: int) -> list[str]:
    truth, rng = exercise.known(seed), torch.Generator().manual_seed(seed + 1)
    passes = sum(exercise.check(exercise.null(truth, rng), seed).passed for _ in range(NULL_TRIES))
    return [f"{passes} of {NULL_TRIES} random guesses pass"] if passes > NULL_PASSES else []


def _mutants(exercise: Exercise, seed: int) -> Iterator[tuple[str, Any]]:
    if isinstance(exercise, Answer):
        right = _right(exercise, seed)
        for name, change in VALUE_MUTANTS.items():
            if name == "noise":
                continue  # a score forgives a small error by design
            if (value := _changed(right, change)) is not None and difference(value, right, 1e-6, 1e-9):
                yield name, value
        return
    if isinstance(exercise, Function):
        arguments = [case.args for case in exercise.cases(seed)]
    else:
        arguments = list(exercise.inputs(torch.Generator().manual_seed(seed)))
    outputs = [exercise.reference(*args) for args in arguments]
    for name, change in VALUE_MUTANTS.items():
        if any(_changed(output, change) is not None for output in outputs):
            yield name, _after(exercise.reference, change)
    if any(isinstance(value, Tensor) for args in arguments for value in args):
        yield "input edited", _editing(exercise.reference)
        yield "input returned", lambda *args: next(value for value in args if isinstance(value, Tensor))
    if isinstance(exercise, Sampler):
        yield "same draw each time", _frozen(exercise.reference)


def _after(reference: Callable, change: Callable) -> Callable:
    def mutant(*args: Any) -> Any:
        output = reference(*args)
        changed = _changed(output, change)
        return output if changed is None else changed

    return mutant


def _editing(reference: Callable) -> Callable:
    def mutant(*args: Any) -> Any:
        output = reference(*args)
        first = next(value for value in args if isinstance(value, Tensor))
        with torch.no_grad():
            first.logical_not_() if first.dtype == torch.bool else first.add_(1)
        return output

    return mutant


def _frozen(reference: Callable) -> Callable:
    def mutant(*args: Any) -> Any:
        torch.manual_seed(0)
        return reference(*args)

    return mutant


def _changed(output: Any, change: Callable[[Tensor], Tensor | None]) -> Any:
    """`change` applied to every tensor and number in `output`; None where nothing can be changed."""
    if isinstance(output, Tensor):
        return change(output)
    if isinstance(output, (bool, int, float)):
        changed = change(torch.as_tensor(output, dtype=torch.bool if isinstance(output, bool) else None))
        return None if changed is None else changed.item()
    if isinstance(output, (list, tuple, set, frozenset)):
        parts = [_changed(item, change) for item in output]
        if all(part is None for part in parts):
            return None
        return type(output)(item if part is None else part for item, part in zip(output, parts, strict=True))
    if isinstance(output, dict):
        parts = {key: _changed(item, change) for key, item in output.items()}
        if all(part is None for part in parts.values()):
            return None
        return {key: item if parts[key] is None else parts[key] for key, item in output.items()}
    return None


def _noise(out: Tensor) -> Tensor:
    rng = torch.Generator().manual_seed(1)
    if out.dtype == torch.bool:
        return out ^ (torch.rand(out.shape, generator=rng) < 0.3)
    if not out.is_floating_point():
        return out + torch.randint(1, 3, out.shape, generator=rng)
    size = 0.1 * out.detach().abs().nan_to_num().mean().clamp(min=0.1)
    return out + size * torch.randn(out.shape, generator=rng, dtype=out.dtype)


VALUE_MUTANTS: dict[str, Callable[[Tensor], Tensor | None]] = {
    "constant": lambda out: torch.full_like(
        out, 1 if out.dtype == torch.bool else 3 if not out.is_floating_point() else 0.4321
    ),
    "zeros": torch.zeros_like,
    "noise": _noise,
    "transposed": lambda out: out.mT if out.dim() >= 2 else None,
    "negated": lambda out: ~out if out.dtype == torch.bool else -out,
    "scaled": lambda out: out * 2 if out.dtype != torch.bool else None,
    "off by one": lambda out: (
        torch.roll(out, 1, -1) if out.dim() and out.shape[-1] > 1 else out + 1 if out.dtype != torch.bool else None
    ),
    "one axis summed": lambda out: out.sum(-1) if out.dim() else None,
}


def table(proofs: list[Proof]) -> str:
    """The proof as text, one exercise a line, its gaps below it."""
    lines = [f"{'exercise':42} {'misconceptions':>14} {'named':>6} {'mutants':>8} {'rejected':>9}  equivalent"]
    for p in proofs:
        lines.append(
            f"{p.id:42} {p.misconceptions:>14} {p.named:>6} {p.mutants:>8} {p.rejected:>9}  {', '.join(p.equivalent)}"
        )
        lines += [f"    GAP: {gap}" for gap in p.gaps]
    total = [sum(getattr(p, name) for p in proofs) for name in ("misconceptions", "named", "mutants", "rejected")]
    lines.append(f"{f'{len(proofs)} exercises':42} {total[0]:>14} {total[1]:>6} {total[2]:>8} {total[3]:>9}")
    return "\n".join(lines)


if __name__ == "__main__":
    proofs = [prove(exercise) for exercise in declared() if not sys.argv[1:] or exercise.id in sys.argv[1:]]
    print(table(proofs))
    sys.exit(any(proof.gaps for proof in proofs))
