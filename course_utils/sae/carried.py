"""Absorption looked for in a real model, where no truth is known: Chanin et al.'s (2024) criterion, adapted.

1. The feature's direction is that of a probe for an exact label, trained on half of the modules; its latents are the
   smallest set that tells the label: one more is taken while it adds more than `GAIN` to F1.
2. Looked at are rows of the other half that have the label, that the probe tells rightly, and in which all of the
   feature's latents are silent.
3. Such a row counts as absorbed if another latent carries the direction: a cosine above 0.025 with it, and at least
   half of all positive contributions along it. Chanin et al. ask for the largest effect of an ablation instead.
4. The null: the same rows and latents, along directions drawn from the data's covariance.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course_utils.sae.absorbing import absorption
from course_utils.sae.units import Labels, probe_direction

GAIN = 0.03  # in F1, for which one more latent belongs to the feature (Chanin et al. 2024)
MAIN = 8  # latents of a feature, at most
DRAWS = 40  # directions of the null


@dataclass(frozen=True)
class Carried:
    """One label in one dictionary; all shares are of the judged rows that have the label and are told by the probe.

    Attributes:
        main: the feature's latents. missed: the share in which all of them are silent.
        absorbed: the share in which besides another latent carries the direction. null: the same for each direction
            that was drawn.
        carrier: the latent that carries most of the absorbed rows, −1 if none is absorbed.
    """

    main: tuple[int, ...]
    missed: float
    absorbed: float
    null: Float[Tensor, "draw"]
    carrier: int


def main_latents(
    f: Float[Tensor, "row latent"], labels: Labels, label: str, most: int = MAIN
) -> tuple[int, ...]:  # fmt: skip
    """The feature's latents: on the first half, each adds more than `GAIN` to the F1 of "any of them is active"."""
    first = labels.halves[0]
    flag = labels.flags[first, labels.names.index(label)].float()
    on = (f[first] > 0).float()
    said, chosen, reached = torch.zeros_like(flag), [], 0.0
    while len(chosen) < most:
        new = on * (1 - said)[:, None]
        predicted = said.sum() + new.sum(0)
        score = 2 * ((said * flag).sum() + flag @ new) / (predicted + flag.sum())
        best = int(score.argmax())
        if float(score[best]) <= reached + GAIN:
            break
        reached = float(score[best])
        chosen.append(best)
        said = torch.maximum(said, on[:, best])
    return tuple(chosen)


def carried(
    x: Float[Tensor, "row d"], f: Float[Tensor, "row latent"], W_dec: Float[Tensor, "latent d"], labels: Labels,
    label: str, generator: torch.Generator, most: int = MAIN,
) -> Carried:  # fmt: skip
    """The criterion on one label, with at most so many latents of its own; `generator` draws the null."""
    first, second = labels.halves
    flag = labels.flags[:, labels.names.index(label)]
    direction, told = probe_direction(x, labels, label)
    rows: Bool[Tensor, "row"] = second & flag & told
    main = main_latents(f, labels, label, most)
    silent = rows & ~(f[:, list(main)] > 0).any(1)

    def share(direction: Tensor) -> tuple[float, Tensor]:
        every = torch.ones(int(silent.sum()), dtype=torch.bool)
        found = absorption(f[silent], W_dec, direction, every, main[0])
        return int(found.absorbed.sum()) / max(1, int(rows.sum())), found.carrier[found.absorbed]

    absorbed, who = share(direction)
    centred = x[first] - x[first].mean(0)
    drawn = torch.randn(DRAWS, len(centred), generator=generator) @ centred
    null = torch.tensor([share(each)[0] for each in drawn])
    missed = int(silent.sum()) / max(1, int(rows.sum()))
    return Carried(main, missed, absorbed, null, int(who.mode().values) if len(who) else -1)


@dataclass(frozen=True)
class CarriedByLabel:
    """`carried` for several labels in dictionaries of several seeds.

    Attributes:
        latents: how many stand for the feature. missed, absorbed: shares. All (label, seed).
        null: mean over directions that were drawn; highest: the largest of them.
    """

    labels: tuple[str, ...]
    latents: Float[Tensor, "label seed"]
    missed: Float[Tensor, "label seed"]
    absorbed: Float[Tensor, "label seed"]
    null: Float[Tensor, "label seed"]
    highest: Float[Tensor, "label seed"]


@dataclass(frozen=True)
class CarriedKnown:
    """`carried` where absorption is known: parents of a planted hierarchy, means over parents, (most, seed).

    Attributes:
        most: how many latents a parent may have. latents: how many it was given. missed, absorbed, null: as in
            `Carried`.
    """

    most: Int[Tensor, "most"]
    latents: Float[Tensor, "most seed"]
    missed: Float[Tensor, "most seed"]
    absorbed: Float[Tensor, "most seed"]
    null: Float[Tensor, "most seed"]
