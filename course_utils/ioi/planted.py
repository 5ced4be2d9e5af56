"""A known circuit for indirect object identification, and what it promises under interchange.

The algorithm has three steps, each the output `z` of one head at one position (a node):

1. detection, at S2: which of the two names, the first or the second, is repeated here?
2. inhibition, at END: the same, moved to where the answer is due;
3. output, at END: the name that is not repeated.

Interchange (Geiger et al., 2021): put a node's value of one prompt, the donor, into another, the base. A model
implements the algorithm if its answer is then the algorithm's with that variable exchanged, and if exchanging
everything else changes nothing.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from course_utils.ioi.prompts import Prompts

ROLES = ("detection", "inhibition", "output")


@dataclass(frozen=True)
class PlantedNode:
    """One head at one position, "S2" or "END", and its step of the algorithm."""

    role: str
    layer: int
    head: int
    position: str

    def as_dict(self) -> dict:
        return asdict(self)


def planted_nodes(
    detection: tuple[int, int], inhibition: tuple[int, int], output: tuple[int, int]
) -> tuple[PlantedNode, ...]:
    """The three nodes, from (layer, head) of each; their layers must rise."""
    if not detection[0] < inhibition[0] < output[0]:
        raise ValueError("each step reads what the one before it wrote, so the layers must rise")
    return (
        PlantedNode("detection", *detection, "S2"),
        PlantedNode("inhibition", *inhibition, "END"),
        PlantedNode("output", *output, "END"),
    )


def counterfactual(base: Prompts, donor: Prompts, roles: Sequence[str]) -> Int[Tensor, "batch"]:
    """The algorithm's answer to `base` when the variables of these steps are the donor's."""
    if "output" in roles:
        return donor.answer
    repeated_first = donor.first if roles else base.first
    a, b = base.layout.slots[base.template][:, :2].T
    rows = torch.arange(len(base))
    return base.tokens[rows, torch.where(repeated_first.bool(), b, a)]
