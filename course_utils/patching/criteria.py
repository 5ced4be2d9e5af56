"""Is the circuit right? Faithfulness, completeness and minimality, as Wang et al. (2022) define them.

F(C) is the metric when only C is left, M the whole model.
- faithful: F(C) is near F(M) — `recovered` says how near, between everything ablated (0) and the model (1);
- complete: F(C∖K) is near F(M∖K) for every part K of C: nothing outside the circuit does the same job;
- minimal: each part v matters, for some K: |F(C∖(K∪{v})) − F(C∖K)| is large.
All are means over prompts; the per-prompt values are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from .circuit import Circuit
from .circuit_runs import run
from .metrics import Metric, as_metric


@dataclass(frozen=True, repr=False)
class Faithfulness:
    """Per prompt: the metric of the whole model, of the circuit, and with everything ablated."""

    whole: Float[Tensor, "prompt"]
    circuit: Float[Tensor, "prompt"]
    empty: Float[Tensor, "prompt"]
    size: int

    @property
    def recovered(self) -> float:
        """(F(C) − F(∅)) / (F(M) − F(∅)), of the means."""
        return float((self.circuit.mean() - self.empty.mean()) / (self.whole.mean() - self.empty.mean()))

    @property
    def difference(self) -> float:
        """|F(M) − F(C)|, of the means."""
        return float((self.whole.mean() - self.circuit.mean()).abs())

    def interval(self, level: float = 0.95, draws: int = 1000, seed: int = 0) -> tuple[float, float]:
        """Bootstrap interval of `recovered`, prompts drawn anew with replacement."""
        g = torch.Generator().manual_seed(seed)
        drawn = torch.randint(len(self.whole), (draws, len(self.whole)), generator=g)
        whole, circuit, empty = (x.double()[drawn].mean(1) for x in (self.whole, self.circuit, self.empty))
        ratios = (circuit - empty) / (whole - empty)
        tails = torch.tensor([(1 - level) / 2, (1 + level) / 2], dtype=torch.float64)
        low, high = torch.quantile(ratios, tails).tolist()
        return low, high

    def __repr__(self) -> str:
        low, high = self.interval()
        return (
            f"{self.size} parts recover {self.recovered:.1%} (95 %: {low:.1%} to {high:.1%}); model "
            f"{float(self.whole.mean()):.4g}, circuit {float(self.circuit.mean()):.4g}, "
            f"all ablated {float(self.empty.mean()):.4g}"
        )


@dataclass(frozen=True, repr=False)
class Completeness:
    """For each removed set K: the metric of the circuit and of the model without it, (subset, prompt)."""

    subsets: tuple[Circuit, ...]
    circuit: Float[Tensor, "subset prompt"]
    whole: Float[Tensor, "subset prompt"]

    @property
    def differences(self) -> Float[Tensor, "subset"]:
        """|F(C∖K) − F(M∖K)| of the means."""
        return (self.circuit.mean(-1) - self.whole.mean(-1)).abs()

    @property
    def worst(self) -> tuple[Circuit, float]:
        """The K with the largest difference: completeness fails where this is large."""
        at = int(self.differences.argmax())
        return self.subsets[at], float(self.differences[at])

    def __repr__(self) -> str:
        subset, gap = self.worst
        names = ", ".join(map(str, subset)) or "nothing"
        return f"incompleteness over {len(self.subsets)} subsets: at most {gap:.4g}, without {names}"


@dataclass(frozen=True, repr=False)
class Minimality:
    """For each part of the circuit the change it makes for the K that shows it best, (part, prompt)."""

    parts: tuple
    subsets: tuple[Circuit, ...]
    change: Float[Tensor, "part prompt"]

    @property
    def scores(self) -> dict[Any, float]:
        """|F(C∖(K∪{v})) − F(C∖K)| of the means, by part."""
        return dict(zip(self.parts, self.change.mean(-1).abs().tolist(), strict=True))

    def __repr__(self) -> str:
        ranked = sorted(self.scores.items(), key=lambda item: item[1])
        return "minimality, the least needed first: " + ", ".join(f"{part} {score:.3g}" for part, score in ranked)


def faithfulness(
    model: Any, circuit: Circuit, clean: Any, metric: Metric | Callable[[Tensor], Tensor], **how: Any
) -> Faithfulness:
    """How much of the model's behaviour the circuit alone shows. `how`: corrupt, ablation, at, … as in `run`."""
    metric = as_metric(metric)
    empty = Circuit(frozenset(), circuit.of)
    ours, nothing = run(model, [circuit, empty], clean, metric, **how)
    (everything,) = run(model, [Circuit.whole(model, circuit.of)], clean, metric, **_everywhere(how))
    return Faithfulness(everything, ours, nothing, size=len(circuit))


def _everywhere(how: dict[str, Any]) -> dict[str, Any]:
    """The model itself is not restricted to the positions of the circuit."""
    return {name: value for name, value in how.items() if name != "at"}


def completeness(
    model: Any,
    circuit: Circuit,
    clean: Any,
    metric: Metric | Callable[[Tensor], Tensor],
    *,
    subsets: Sequence[Circuit] | None = None,
    draws: int = 20,
    greedy: int = 0,
    seed: int = 0,
    **how: Any,
) -> Completeness:
    """Does the circuit without K behave as the model without K?

    Args:
        subsets: the sets K to remove, such as the circuit's classes; beside them `draws` random ones (each part
            with probability one half), and, with `greedy` = n, a search that adds n times the part which widens
            the difference most.
    """
    metric, whole = as_metric(metric), Circuit.whole(model, circuit.of)
    candidates = [*(subsets or ()), *random_subsets(circuit, draws, seed)]

    def both(sets: list[Circuit]) -> tuple[Tensor, Tensor]:
        ours = run(model, [circuit - k for k in sets], clean, metric, **how)
        return ours, run(model, [whole - k for k in sets], clean, metric, **_everywhere(how))

    grown = Circuit(frozenset(), circuit.of)
    for _ in range(min(greedy, len(circuit))):
        larger = [Circuit(grown.parts | {part}, circuit.of) for part in circuit - grown]
        ours, theirs = both(larger)
        grown = larger[int((ours.mean(-1) - theirs.mean(-1)).abs().argmax())]
        candidates.append(grown)
    candidates = list(dict.fromkeys(candidates)) or [grown]
    return Completeness(tuple(candidates), *both(candidates))


def minimality(
    model: Any,
    circuit: Circuit,
    clean: Any,
    metric: Metric | Callable[[Tensor], Tensor],
    *,
    subsets: Sequence[Circuit] = (),
    draws: int = 10,
    seed: int = 0,
    **how: Any,
) -> Minimality:
    """Is every part needed? For each, the largest change its removal makes, over sets K removed before it.

    Args:
        subsets: the sets K to try, beside the empty one and `draws` random halves of the circuit.
    """
    metric, parts = as_metric(metric), tuple(circuit)
    empty = Circuit(frozenset(), circuit.of)
    sets = tuple(dict.fromkeys([empty, *subsets, *random_subsets(circuit, draws, seed)]))
    without = [circuit - Circuit(k.parts - {part}, circuit.of) for k in sets for part in parts]
    also = [one - Circuit(frozenset({part}), circuit.of) for one, part in zip(without, parts * len(sets), strict=True)]
    runs = list(dict.fromkeys([*without, *also]))
    values = dict(zip(runs, run(model, runs, clean, metric, **how), strict=True))
    change = torch.stack([values[b] - values[a] for a, b in zip(without, also, strict=True)])
    change = change.unflatten(0, (len(sets), len(parts)))  # (subset, part, prompt)
    best = change.mean(-1).abs().argmax(0)
    chosen = change[best, torch.arange(len(parts))]
    return Minimality(parts, tuple(sets[i] for i in best.tolist()), chosen)


def random_subsets(circuit: Circuit, draws: int, seed: int) -> list[Circuit]:
    """Sets that contain each part of the circuit with probability one half."""
    parts, g = list(circuit), torch.Generator().manual_seed(seed)
    taken = torch.rand(draws, len(parts), generator=g) < 0.5
    return [Circuit(frozenset(p for p, t in zip(parts, row, strict=True) if t), circuit.of) for row in taken.tolist()]
