"""Exercise 5: interchange along a direction."""

import torch

from course_utils import probing
from course_utils.grading.inputs import Inputs, randn
from course_utils.grading.kinds import REAL, Function, wrong
from course_utils.probing.exercises.inputs import unit as _unit

# 5 · interchange


def _pairs(rng: torch.Generator) -> Inputs:
    yield torch.tensor([[1.0, 2.0]]), torch.tensor([[5.0, 7.0]]), torch.tensor([3.0, 0.0])
    yield torch.tensor([[2.0, 0.0], [0.0, 4.0]]), torch.tensor([[6.0, 2.0], [1.0, 1.0]]), torch.tensor([1.0, 1.0])
    yield torch.tensor([[4.0, 2.0]]), torch.tensor([[5.0, 7.0]]), torch.tensor([9e-5, 0.0])  # short, and a direction like any other
    for rows, d in ((3, 3), (6, 5), (20, 12)):
        yield randn(rng, rows, d), randn(rng, rows, d), 3 * randn(rng, d)
    wide = torch.float64
    yield randn(rng, 4, 6, dtype=wide), randn(rng, 4, 6, dtype=wide), 0.1 * randn(rng, 6, dtype=wide)


Function(
    id="probing.interchange",
    reference=probing.basics.interchange,
    inputs=_pairs,
    ranges={"base": REAL, "donor": REAL, "direction": REAL, "result": REAL},
    hints=(
        "Make the direction a unit vector u. The component of a row is `row @ u`: one number a row.",
        "`base + ((donor - base) @ u)[:, None] * u`: what the donor has more of along u is added, along u.",
    ),
    misconceptions=(
        wrong("length not divided out", lambda b, o, v: b + ((o - b) @ v)[:, None] * v, "Your direction is not of length 1, and its length comes in twice: divide by its norm first."),
        wrong("whole donor", lambda b, o, v: o.clone(), "You put the whole donor in. Only its component along the direction is exchanged."),
        wrong("the rest exchanged", lambda b, o, v: o + ((b - o) @ _unit(v))[:, None] * _unit(v), "You exchange everything *but* the component along the direction."),
        wrong("added", lambda b, o, v: b + (o @ _unit(v))[:, None] * _unit(v), "You add the donor's component and leave the base's own where it was. It is to stand in its place."),
        wrong("erased", lambda b, o, v: b - (b @ _unit(v))[:, None] * _unit(v), "You take the base's component out and put nothing in."),
        wrong("mean donor", lambda b, o, v: b + ((o.mean(0) - b) @ _unit(v))[:, None] * _unit(v), "You put the donors' mean component in. Each row gets that of its own donor."),
        wrong("norm once", lambda b, o, v: b + ((o - b) @ _unit(v))[:, None] * v, "You divide by the length when you measure the component, and not when you put it back along the direction."),
        wrong("divided by the sum", lambda b, o, v: b + ((o - b) @ (v / v.sum()))[:, None] * (v / v.sum()), "You divide the direction by the sum of its entries. Its length is the root of the sum of their squares: `direction.norm()`."),
        wrong("component alone", lambda b, o, v: (o @ _unit(v))[:, None] * _unit(v), "You return the donor's component and nothing else. Everything at right angles to the direction stays as it is in the base."),
        wrong("entry by entry", lambda b, o, v: b + (o - b) * _unit(v) * _unit(v), "You multiply entry by entry. The component is one number for each row, a product with the whole direction: `row @ u`."),
        wrong("one amount for all rows", lambda b, o, v: b + ((o - b) @ _unit(v)).mean() * _unit(v), "You move all rows by the same, average, amount. Each row moves by what its own donor has more."),
        wrong("mirrored", lambda b, o, v: b - 2 * (b @ _unit(v))[:, None] * _unit(v), "You turn the base's own component round. The donor's is to stand there."),
    ),
)  # fmt: skip
