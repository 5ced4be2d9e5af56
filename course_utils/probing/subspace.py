"""Directions that are learned by interchange: distributed alignment search, DAS (Geiger et al. 2023).

A probe finds the direction from which a property is *read*. Here the direction is sought along which an interchange
changes the *answers* as the property would: gradient descent through the rest of the model, by TransformerLens's own
`fit_das`. What is found is judged on pairs of inputs that it was not fitted to.

    halves = Halves(network.encoder, lambda h, bits: network.head(h))      # any two functions
    found = find(Site(halves, "hook_h", halves), inputs, label, seed=0, says=answers)
    found.turned(along(found.direction))                                    # of new pairs that differ in the label

1. `Halves` – two functions as a model with a hook between them. `Site` – a place in a model, and what is asked of it.
2. `Pairs` – base, donor, and the answer that an exchange of the property would give.
3. `learn` – the direction. `along`, `whole`, `placebo` – what can be exchanged. `as_wanted` – what the model then says.
   `find` – all of it: learn from pairs of one half of the inputs, judge on pairs of the other.
4. `split` – the part of a direction that the next weights see, and the part that they do not (Makelov et al. 2023).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from transformer_lens import HookedRootModule
from transformer_lens.hook_points import HookPoint
from transformer_lens.tools.analysis.interchange import (
    NormMatchedPlacebo,
    SubspaceInterchange,
    collect_activations,
    fit_das,
    intervened_logits,
    random_basis,
)

from course_utils.probing.interchange import interchange

Exchange = Callable[[Tensor, Tensor], Tensor]  # (base, donor), both (row, d), to the base's new vectors


class Halves(HookedRootModule):
    """x ↦ second(first(x), x), with a hook point `hook_h` at first(x), as a model that says no or yes.

    `second` gives one number a row, yes where it is positive. What is returned is (−number, number).
    """

    def __init__(self, first: Callable[[Tensor], Tensor], second: Callable[[Tensor, Tensor], Tensor]):
        super().__init__()
        self.first, self.second = first, second
        self.hook_h = HookPoint()
        self.setup()
        self.eval()

    def forward(self, x: Float[Tensor, "row in"]) -> Float[Tensor, "row 2"]:
        """The two numbers."""
        out = self.second(self.hook_h(self.first(x)), x).flatten()
        return torch.stack([-out, out], 1)


@dataclass(frozen=True)
class Site:
    """A place in a model at which vectors are exchanged.

    Attributes:
        model: anything that has TransformerLens's hooks.
        hook: the place's name.
        ask: runs the model: from inputs to two numbers a row, for *no* and for *yes*.
        position: of the token whose vector is exchanged; None where the place has one vector a row.
    """

    model: Any
    hook: str
    ask: Callable[[Tensor], Float[Tensor, "row 2"]]
    position: int | None = None

    def positions(self, rows: int) -> Int[Tensor, "row"] | None:
        """The position, row by row."""
        return None if self.position is None else torch.full((rows,), self.position)

    def vectors(self, inputs: Tensor) -> Float[Tensor, "row d"]:
        """What stands at the place."""
        return collect_activations(self.model, self.hook, inputs, self.ask, positions=self.positions(len(inputs)))


@dataclass(frozen=True)
class Pairs:
    """Inputs in pairs.

    Attributes:
        differs: whether base and donor differ in the property.
        wanted: the answer to the base if it had the donor's property.
    """

    base: Tensor
    donor: Tensor
    differs: Bool[Tensor, "pair"]
    wanted: Bool[Tensor, "pair"]

    @classmethod
    def drawn(
        cls, inputs: Tensor, y: Bool[Tensor, "row"], says: Bool[Tensor, "row"], count: int, seed: int
    ) -> Pairs:
        """Pairs of any two inputs: the answer is to turn where the property y differs.

        Args:
            says: the model's answers.
        """
        rng = torch.Generator().manual_seed(seed)
        base, donor = torch.randint(len(y), (2, count), generator=rng)
        differs = y[base] != y[donor]
        return cls(inputs[base], inputs[donor], differs, says[base] ^ differs)


def learn(
    site: Site, pairs: Pairs, *, epochs: int = 30, batch: int = 128, rate: float = 0.04, seed: int = 0
) -> Float[Tensor, "d"]:
    """The direction along which interchange gives the wanted answers, as nearly as gradient descent finds it.

    The model stays as it is. Length 1; its sign means nothing.
    """
    positions = site.positions(len(pairs.base))
    with torch.enable_grad():
        found = fit_das(
            site.model, site.hook, pairs.base, pairs.donor, pairs.wanted.long(), site.ask, rank=1, epochs=epochs,
            batch_size=batch, lr=rate, seed=seed, base_positions=positions, source_positions=positions,
        )  # fmt: skip
    return found.basis[:, 0]


def along(direction: Float[Tensor, "d"]) -> Exchange:
    """Give the base the donor's component along the direction."""
    return lambda base, donor: interchange(base, donor, direction[None])


def whole(base: Float[Tensor, "row d"], donor: Float[Tensor, "row d"]) -> Float[Tensor, "row d"]:
    """Give the base the donor's whole vector: everything that the place holds of it."""
    return donor


def placebo(direction: Float[Tensor, "d"], seed: int) -> Exchange:
    """Move the base as far as `along(direction)` does, along a random direction."""
    unit = direction / direction.norm()
    return NormMatchedPlacebo(SubspaceInterchange(unit[:, None]), random_basis(len(unit), 1, seed))


def as_wanted(site: Site, pairs: Pairs, exchange: Exchange) -> Bool[Tensor, "pair"]:
    """Whether the answer to the base is the wanted one when its vector is exchanged for what `exchange` makes of it."""
    out = intervened_logits(
        site.model, site.hook, exchange, pairs.base, site.vectors(pairs.donor), site.ask,
        positions=site.positions(len(pairs.base)),
    )  # fmt: skip
    return (out[:, 1] > out[:, 0]) == pairs.wanted


@dataclass(frozen=True)
class Found:
    """A learned direction, and the pairs that it was fitted to and is judged on."""

    site: Site
    direction: Float[Tensor, "d"]
    fitted: Pairs
    new: Pairs

    def right(self, exchange: Exchange, pairs: Pairs | None = None) -> float:
        """The share of new pairs with the wanted answer; of other pairs, if given."""
        return float(as_wanted(self.site, pairs or self.new, exchange).float().mean())

    def turned(self, exchange: Exchange) -> float:
        """The same of the new pairs that differ in the property, where the answer is to turn."""
        return float(as_wanted(self.site, self.new, exchange)[self.new.differs].float().mean())


def find(
    site: Site, inputs: Tensor, y: Bool[Tensor, "row"], *, seed: int, count: int = 512,
    says: Bool[Tensor, "row"] | None = None, **learning: float,
) -> Found:  # fmt: skip
    """Learn from pairs of one half of the inputs, to be judged on pairs of the other; the seed deals and starts.

    Args:
        count: of pairs, in each half.
        says: the model's answers; None: they are the property itself.
        learning: handed on to `learn`.
    """
    order = torch.randperm(len(y), generator=torch.Generator().manual_seed(seed))
    says = y if says is None else says
    fitted, new = (
        Pairs.drawn(inputs[rows], y[rows], says[rows], count, seed)
        for rows in (order[: len(y) // 2], order[len(y) // 2 :])
    )
    return Found(site, learn(site, fitted, seed=seed, **learning), fitted, new)


def seen_part(direction: Float[Tensor, "d"], weights: Float[Tensor, "d out"]) -> Float[Tensor, "d"]:
    """The part of the direction that can change `h @ weights`: its projection on the span of the columns of weights."""
    return weights @ torch.linalg.pinv(weights) @ direction


def split(
    direction: Float[Tensor, "d"], weights: Float[Tensor, "d out"]
) -> tuple[Float[Tensor, "d"], Float[Tensor, "d"]]:
    """(the part that the weights see, the part that they do not): orthogonal, and together the direction.

    The second lies in the null space of the weights: moving along it changes nothing (Makelov et al. 2023).
    """
    seen = seen_part(direction, weights)
    return seen, direction - seen
