"""Is the circuit right? Faithfulness, completeness and minimality, as Wang et al. (2022) define them.

F(C) is the metric when only C is left, M the whole model.
- faithful: F(C) is near F(M) — `recovered` says how near, between everything ablated (0) and the model (1);
- complete: F(C∖K) is near F(M∖K) for every part K of C: nothing outside the circuit does the same job;
- minimal: each part v matters, for some K: |F(C∖(K∪{v})) − F(C∖K)| is large.
All are means over prompts; the per-prompt values are kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from jaxtyping import Float
from torch import Tensor

from ..intervals import bootstrap_weights, interval
from .circuit import Circuit
from .circuit_runs import kept_at, run_circuits
from .places import Positions, whole_number
from .result import no_gap

if TYPE_CHECKING:
    from .question import Question

At = Mapping[Any, Positions | str]


@dataclass(frozen=True, repr=False)
class Faithfulness:
    """Per prompt: the metric of the whole model, of the circuit, and with everything ablated."""

    whole: Float[Tensor, "prompt"]
    circuit: Float[Tensor, "prompt"]
    empty: Float[Tensor, "prompt"]
    size: int

    @property
    def recovered(self) -> float:
        """(F(C) − F(∅)) / (F(M) − F(∅)), of the means.

        Raises:
            ValueError: the whole model does not differ from one with everything ablated.
        """
        if no_gap(self.whole, self.empty):
            raise ValueError("ablating everything changes nothing, so there is nothing to recover")
        return float((self.circuit.mean() - self.empty.mean()) / (self.whole.mean() - self.empty.mean()))

    @property
    def difference(self) -> float:
        """|F(M) − F(C)|, of the means."""
        return float((self.whole.mean() - self.circuit.mean()).abs())

    def interval(
        self, level: float = 0.95, clusters: Sequence[Any] | Tensor | None = None
    ) -> tuple[float, float]:
        """Bootstrap interval of `recovered`: prompts, or whole clusters of them, drawn anew with replacement."""
        weights = bootstrap_weights(len(self.whole), clusters=clusters)
        whole, circuit, empty = (weights @ x.double() for x in (self.whole, self.circuit, self.empty))
        low, high = interval((circuit - empty) / (whole - empty), level)
        return float(low), float(high)

    def __repr__(self) -> str:
        if no_gap(self.whole, self.empty):
            return f"{self.size} parts: ablating everything changes nothing, so there is nothing to recover"
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


def faithfulness(self: Question, circuit: Circuit, *, at: At | None = None) -> Faithfulness:
    """How much of the model's behaviour the circuit alone shows. at: as in `run`."""
    places, empty = kept_at(self, [circuit], at), Circuit(frozenset(), circuit.of)
    ours, nothing = run_circuits(self, [circuit, empty], places)
    # the model itself is not restricted to the positions of the circuit
    (everything,) = run_circuits(self, [Circuit.whole(self.model, circuit.of)], {})
    return Faithfulness(everything, ours, nothing, size=len(circuit))


def completeness(
    self: Question,
    circuit: Circuit,
    *,
    subsets: Sequence[Circuit] = (),
    draws: int = 20,
    greedy: int = 0,
    seed: int = 0,
    at: At | None = None,
) -> Completeness:
    """Does the circuit without K behave as the model without K?

    Args:
        subsets: the sets K to remove, such as the circuit's classes; beside them `draws` random ones (each part
            with probability one half), and, with `greedy` = n, a search that adds n times the part which widens
            the difference most.
        at: as in `run`.
    """
    places, whole = kept_at(self, [circuit, *subsets], at), Circuit.whole(self.model, circuit.of)
    candidates = [*subsets, *random_subsets(circuit, draws, seed)]

    def both(sets: list[Circuit]) -> tuple[Tensor, Tensor]:
        ours = run_circuits(self, [circuit - k for k in sets], places)
        return ours, run_circuits(self, [whole - k for k in sets], {})

    grown = Circuit(frozenset(), circuit.of)
    for _ in range(min(whole_number(greedy, "greedy"), len(circuit))):
        larger = [Circuit(grown.parts | {part}, circuit.of) for part in circuit - grown]
        ours, theirs = both(larger)
        grown = larger[int((ours.mean(-1) - theirs.mean(-1)).abs().argmax())]
        candidates.append(grown)
    candidates = list(dict.fromkeys(candidates)) or [grown]
    return Completeness(tuple(candidates), *both(candidates))


def minimality(
    self: Question,
    circuit: Circuit,
    *,
    subsets: Sequence[Circuit] = (),
    draws: int = 10,
    seed: int = 0,
    at: At | None = None,
) -> Minimality:
    """Is every part needed? For each, the largest change its removal makes, over sets K removed before it.

    Args:
        subsets: the sets K to try, beside the empty one and `draws` random halves of the circuit.
        at: as in `run`.

    Raises:
        ValueError: a circuit without parts.
    """
    places, parts = kept_at(self, [circuit, *subsets], at), tuple(circuit)
    if not parts:
        raise ValueError("this circuit has no parts, so none of them can be needed")
    empty = Circuit(frozenset(), circuit.of)
    sets = tuple(dict.fromkeys([empty, *subsets, *random_subsets(circuit, draws, seed)]))
    without = [circuit - Circuit(k.parts - {part}, circuit.of) for k in sets for part in parts]
    also = [one - Circuit(frozenset({part}), circuit.of) for one, part in zip(without, parts * len(sets), strict=True)]
    runs = list(dict.fromkeys([*without, *also]))
    values = dict(zip(runs, run_circuits(self, runs, places), strict=True))
    change = torch.stack([values[b] - values[a] for a, b in zip(without, also, strict=True)])
    change = change.unflatten(0, (len(sets), len(parts)))  # (subset, part, prompt)
    best = change.mean(-1).abs().argmax(0)
    chosen = change[best, torch.arange(len(parts))]
    return Minimality(parts, tuple(sets[i] for i in best.tolist()), chosen)


def random_subsets(circuit: Circuit, draws: int, seed: int) -> list[Circuit]:
    """Sets that contain each part of the circuit with probability one half."""
    parts, draws = list(circuit), whole_number(draws, "draws")
    g = torch.Generator().manual_seed(whole_number(seed, "seed"))
    taken = torch.rand(draws, len(parts), generator=g) < 0.5
    return [Circuit(frozenset(p for p, t in zip(parts, row, strict=True) if t), circuit.of) for row in taken.tolist()]
