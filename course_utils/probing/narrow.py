"""Networks that are seen on their usual inputs only: where will they err on the others?

As in `planted`, property and rival agree on every usual input, and the right answer follows the rival. Here one of the
bystanders decides which of the two the head reads: where it stands one way the network follows the property, and is
wrong wherever the two differ. No usual input shows it. An intervention on usual inputs does.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from course_utils.probing.planted import BITS, Layers, Roles, built


@dataclass(frozen=True, eq=False)
class Narrow:
    """A network on its 128 usual inputs, and the bits of the 128 others, on which nobody has run it.

    Attributes:
        bits, h, label: of the usual inputs: what is read, the hidden vectors, whether the property is true.
        property: the unit direction in h along which it stands.
        head: the half that answers.
        unusual: the bits of the other inputs.
    """

    bits: Bool[Tensor, "input 8"] = field(repr=False)
    h: Float[Tensor, "input d"] = field(repr=False)
    label: Bool[Tensor, "input"] = field(repr=False)
    property: Float[Tensor, "d"] = field(repr=False)
    head: Layers = field(repr=False)
    unusual: Bool[Tensor, "input 8"] = field(repr=False)

    def answer(self, h: Float[Tensor, "row d"]) -> Bool[Tensor, "row"]:
        """What the head says of hidden vectors."""
        return self.head(h)[:, 0] > 0


def narrow(seed: int, count: int = 3) -> list[Narrow]:
    """So many networks, each planted anew."""
    return [network for network, _ in _made(seed, count)]


def with_errors(seed: int, count: int = 3) -> list[tuple[Narrow, Bool[Tensor, "input"]]]:
    """The same networks, and on which unusual inputs each is wrong: for after the exercise, which refuses it."""
    return _made(seed, count)


def _made(seed: int, count: int) -> list[tuple[Narrow, Bool[Tensor, "input"]]]:
    rng = torch.Generator().manual_seed(seed)
    found = []
    for _ in range(count):
        roles = Roles.drawn(rng)
        other, way = int(torch.randint(2, (), generator=rng)), bool(torch.randint(2, (), generator=rng))
        follows_property = roles.others[other] == way
        says = torch.where(follows_property, roles.label, roles.rival) ^ roles.switch
        network, directions = built("used", roles, says, rng)
        usual = network.usual
        unusual = (~usual).nonzero()[torch.randperm(128, generator=rng), 0]  # not beside the usual ones
        errs = (network.answer(network.h) != network.wanted)[unusual]
        shown = Narrow(BITS[usual], network.h[usual], network.label[usual], directions[-1], network.head, BITS[unusual])
        found.append((shown, errs))
    return found
