"""Small networks in which it is known whether a property is absent, present, or used.

A network reads eight bits and gives one logit. It has an encoder, from bits to a hidden vector h of 12 numbers, and a
head, from h to the logit; each is a layer of random ReLU units whose outgoing weights are solved by least squares, so
that on the 256 possible inputs it computes what it was planted to compute, up to rounding.

1. h holds features of the bits, +1 or −1 each, along orthonormal directions: two candidates for the rule, the switch,
   and bystanders. The property is the parity of two bits, its rival the majority of three.
2. The answer is the exclusive or of the switch and one of the two. On the inputs in the `usual` set, property and rival
   agree, so that heads which use one or the other answer alike.
3. "used": the head reads the property, and nothing of its rival. "unused": the reverse, with the same encoder.
   "absent": as "unused", with an encoder that gives h nothing from which the property could be told.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import torch
from jaxtyping import Bool, Float
from torch import Tensor

KINDS = ("used", "unused", "absent")
WIDTH, UNITS = 12, 512  # of h; random units in the encoder and in the head
BITS = torch.cartesian_prod(*[torch.tensor([False, True])] * 8)  # all inputs: (256, 8)


@dataclass(frozen=True)
class Layers:
    """Random ReLU units and the weights that were solved for."""

    inner: Float[Tensor, "unit in"]
    bias: Float[Tensor, "unit"]
    outer: Float[Tensor, "unit out"]

    def __call__(self, x: Float[Tensor, "row in"]) -> Float[Tensor, "row out"]:
        return (x @ self.inner.mT + self.bias).relu() @ self.outer

    @classmethod
    def solved(cls, x: Tensor, target: Tensor, reads: Tensor, rng: torch.Generator) -> Layers:
        """Units that read x through `reads` (in, in), fitted to the target on the rows of x."""
        inner = torch.randn(UNITS, x.shape[1], generator=rng, dtype=x.dtype) @ reads
        bias = torch.randn(UNITS, generator=rng, dtype=x.dtype)
        units = (x @ inner.mT + bias).relu()
        return cls(inner, bias, torch.linalg.lstsq(units, target, driver="gelsd").solution)


@dataclass(frozen=True)
class Planted:
    """One of the networks, with what it was planted with; of which kind it is, it does not say.

    Attributes:
        encoder, head: the two halves.
        label: whether the property is true, for each of the 256 inputs `BITS`.
        rival: likewise.
    """

    encoder: Layers = field(repr=False)
    head: Layers = field(repr=False)
    label: Bool[Tensor, "input"] = field(repr=False)
    rival: Bool[Tensor, "input"] = field(repr=False)
    switch: Bool[Tensor, "input"] = field(repr=False)

    @cached_property
    def h(self) -> Float[Tensor, "input d"]:
        """The hidden vectors of all inputs."""
        return self.encoder(2.0 * BITS - 1)

    def answer(self, h: Float[Tensor, "row d"]) -> Bool[Tensor, "row"]:
        """What the head says of hidden vectors."""
        return self.head(h)[:, 0] > 0

    @property
    def usual(self) -> Bool[Tensor, "input"]:
        """The inputs on which property and rival agree."""
        return self.label == self.rival

    @property
    def wanted(self) -> Bool[Tensor, "input"]:
        """The answer that counts as right: the rival's, exclusive-or switch (on usual inputs, the property's too)."""
        return self.rival ^ self.switch


@dataclass(frozen=True, eq=False)
class Sealed:
    """A network of an unknown kind: what experiments need, and nothing that gives the kind away.

    Attributes:
        h: the hidden vectors of all 256 inputs.
        label: whether the property is true, for each input.
        head: the half that answers.
    """

    h: Float[Tensor, "input d"] = field(repr=False)
    label: Bool[Tensor, "input"] = field(repr=False)
    head: Layers = field(repr=False)

    def answer(self, h: Float[Tensor, "row d"]) -> Bool[Tensor, "row"]:
        """What the head says of hidden vectors."""
        return self.head(h)[:, 0] > 0


@dataclass(frozen=True)
class Roles:
    """What bits do, as values on all inputs. `others` are bystanders, `part` is one of the parity's two bits."""

    label: Bool[Tensor, "input"]
    part: Bool[Tensor, "input"]
    rival: Bool[Tensor, "input"]
    switch: Bool[Tensor, "input"]
    others: tuple[Bool[Tensor, "input"], ...]

    @classmethod
    def drawn(cls, rng: torch.Generator) -> Roles:
        order = torch.randperm(8, generator=rng).tolist()
        (one, two), three, (switch, *rest) = order[:2], order[2:5], order[5:]
        parity, majority = BITS[:, one] ^ BITS[:, two], BITS[:, three].sum(1) >= 2
        return cls(parity, BITS[:, one], majority, BITS[:, switch], tuple(BITS[:, i] for i in rest))


def built(
    kind: str, roles: Roles, says: Bool[Tensor, "input"], rng: torch.Generator, unread: str = ""
) -> tuple[Planted, Float[Tensor, "feature d"]]:
    """A network that answers `says`, its head blind to one direction where asked, and the directions of its features.

    Args:
        unread: "rival", "label" (or what stands in its place), or nothing.
    """
    last = roles.part if kind == "absent" else roles.label
    signs = 2.0 * torch.stack([roles.rival, roles.switch, *roles.others, last], 1) - 1
    directions = torch.linalg.qr(torch.randn(WIDTH, signs.shape[1], generator=rng)).Q.mT
    encoder = Layers.solved(2.0 * BITS - 1, signs @ directions, torch.eye(8), rng)
    reads = torch.eye(WIDTH)
    if unread:
        blind = directions[0 if unread == "rival" else -1]
        reads = reads - torch.outer(blind, blind)
    head = Layers.solved(encoder(2.0 * BITS - 1), 2.0 * says[:, None] - 1, reads, rng)
    return Planted(encoder, head, roles.label, roles.rival, roles.switch), directions


def planted(kind: str, seed: int = 0) -> Planted:
    """The network of a kind. "used" and "unused" of one seed have the very same encoder.

    Raises:
        ValueError: no such kind.
    """
    if kind not in KINDS:
        raise ValueError(f"A network is {', '.join(KINDS[:2])} or {KINDS[2]}, not {kind!r}.")
    rng = torch.Generator().manual_seed(seed)
    roles = Roles.drawn(rng)
    used = kind == "used"
    says = (roles.label if used else roles.rival) ^ roles.switch
    return built(kind, roles, says, rng, "rival" if used else "label")[0]


def twins(seed: int = 0) -> tuple[Planted, Planted]:
    """Two networks with one and the same encoder, whose heads were solved for different rules."""
    return planted("used", seed), planted("unused", seed)


def sealed(seed: int, count: int = 9) -> list[Sealed]:
    """Networks of kinds that are drawn by the seed, each kind at least once, all differently planted."""
    rng = torch.Generator().manual_seed(seed)
    kinds = _drawn(rng, count)
    seeds = torch.randint(1, 2**31, (count,), generator=rng).tolist()
    made = [planted(kind, number) for kind, number in zip(kinds, seeds, strict=True)]
    return [Sealed(network.h, network.label, network.head) for network in made]


def sealed_kinds(seed: int, count: int = 9) -> list[str]:
    """The kinds of the networks of that seed: for after the exercise, which refuses it."""
    return _drawn(torch.Generator().manual_seed(seed), count)


def _drawn(rng: torch.Generator, count: int) -> list[str]:
    """Each kind once, one more of any kind, the rest with the property: a coin seldom settles which of them use it."""
    more = [KINDS[int(torch.randint(3 if i == 0 else 2, (), generator=rng))] for i in range(count - 3)]
    return [(*KINDS, *more)[i] for i in torch.randperm(count, generator=rng).tolist()]
