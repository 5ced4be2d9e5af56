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
    """One of the networks. `reveal()` tells its kind, which looking at it does not.

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
    _kind: str = field(repr=False)

    @cached_property
    def h(self) -> Float[Tensor, "input d"]:
        """The hidden vectors of all inputs."""
        return self.encoder(2.0 * BITS - 1)

    def answer(self, h: Float[Tensor, "row d"]) -> Bool[Tensor, "row"]:
        """What the head says of hidden vectors."""
        return self.head(h)[:, 0] > 0

    @property
    def usual(self) -> Bool[Tensor, "input"]:
        """The inputs on which property and rival agree: all that the network was trained for."""
        return self.label == self.rival

    @property
    def wanted(self) -> Bool[Tensor, "input"]:
        """The answer that was trained for, where the input is usual: property (or rival) exclusive-or switch."""
        return self.rival ^ self.switch

    def reveal(self) -> str:
        """How it was built."""
        return self._kind


def planted(kind: str, seed: int = 0) -> Planted:
    """The network of a kind. "used" and "unused" of one seed have the very same encoder.

    Raises:
        ValueError: no such kind.
    """
    if kind not in KINDS:
        raise ValueError(f"A network is {', '.join(KINDS[:2])} or {KINDS[2]}, not {kind!r}.")
    rng = torch.Generator().manual_seed(seed)
    order = torch.randperm(8, generator=rng).tolist()
    two, three, (switch, *rest) = order[:2], order[2:5], order[5:]
    true = BITS[:, two[0]] ^ BITS[:, two[1]]
    rival = BITS[:, three].sum(1) >= 2
    features = [rival, BITS[:, switch], *(BITS[:, i] for i in rest), BITS[:, two[0]] if kind == "absent" else true]
    signs = 2.0 * torch.stack(features, 1) - 1
    directions = torch.linalg.qr(torch.randn(WIDTH, len(features), generator=rng)).Q.mT
    target = signs @ directions
    encoder = Layers.solved(2.0 * BITS - 1, target, torch.eye(8), rng)
    hidden = encoder(2.0 * BITS - 1)
    unread = directions[0] if kind == "used" else directions[-1]
    reads = torch.eye(WIDTH) - torch.outer(unread, unread)
    says = (true if kind == "used" else rival) ^ BITS[:, switch]
    head = Layers.solved(hidden, 2.0 * says[:, None] - 1, reads, rng)
    return Planted(encoder, head, true, rival, BITS[:, switch], kind)


def sealed(seed: int, count: int = 7) -> list[Planted]:
    """Networks of kinds that are drawn by the seed, each kind at least once, all differently planted."""
    rng = torch.Generator().manual_seed(seed)
    more = [KINDS[int(torch.randint(3, (), generator=rng))] for _ in range(count - 3)]
    kinds = [(*KINDS, *more)[i] for i in torch.randperm(count, generator=rng).tolist()]
    seeds = torch.randint(1, 2**31, (count,), generator=rng).tolist()
    return [planted(kind, number) for kind, number in zip(kinds, seeds, strict=True)]
