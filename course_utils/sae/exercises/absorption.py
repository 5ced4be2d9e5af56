"""Exercise 15: absorption, a feature that another latent carries. ◇"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils import sae
from course_utils.grading.inputs import Inputs, randn
from course_utils.grading.kinds import POSITIVE, REAL, Function, wrong


def _absorption_inputs(rng: torch.Generator) -> Inputs:
    parent, child, other = torch.eye(3)
    W = torch.stack([parent, F.normalize(parent + child, dim=0), other])
    f = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.4, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 2.0], [0.5, 1.0, 0.0]])
    yield f[:2], W, parent, torch.tensor([True, True]), 0
    yield f, W, 3 * parent, torch.tensor([True, True, False, True, True]), 0
    two = torch.tensor([[1.0, 0.0], [0.8, 0.6]])
    yield torch.tensor([[0.0, 1.0], [0.0, 2.0]]), two, parent[:2], torch.tensor([False, True]), 0
    low = torch.tensor([[1.0, 0.0], [0.02, 0.9998]])  # hardly along the direction: no carrier, however active
    yield torch.tensor([[0.0, 50.0]]), low, parent[:2], torch.tensor([True]), 0
    three = F.normalize(torch.tensor([[1.0, 0.0], [0.5, 0.5], [0.5, -0.5], [0.6, 0.2]]), dim=1)
    yield torch.tensor([[0.0, 1.0, 1.0, 0.8], [0.0, 1.0, 0.1, 0.1]]), three, parent[:2], torch.tensor([True, True]), 0
    half = F.normalize(torch.tensor([[1.0, 0.0], [1.0, 1.0], [1.0, -1.0]]), dim=1)
    yield torch.tensor([[0.0, 1.0, 1.0]]), half, parent[:2], torch.tensor([True]), 0  # exactly half is enough
    yes, east = torch.tensor([True]), torch.tensor([1.0, 0.0])
    for lengths, active in (((1, 0.005), (0, 1)), ((1, 10, 1, 1), (0, 1, 1, 1)), ((1, 500, 200, 200), (0, 1, 1, 1)),
                            ((1, 1, 1, 1, 1), (0, 9000, 2000, 2000, 2000))):  # fmt: skip
        yield torch.tensor([active]).float(), torch.outer(torch.tensor(lengths).float(), east), east, yes, 0
    yield torch.tensor([[0.0, 1.0]]), torch.eye(2).flip(0), torch.tensor([3.0, 300.0]), yes, 0  # hardly along it
    close = torch.tensor([[1.0, 0.0], *([cosine, 1.0] for cosine in (0.02, 0.023, 0.02475, 0.0252, 0.026, 0.028, 0.04))])
    yield torch.eye(8)[1:], close, east, yes.expand(7), 0  # the four last are enough along it
    yield torch.tensor([[0.0, 1e-9]]), torch.tensor([[1.0, 0.0], [0.5, 1.0]]), east, yes, 0  # little, and enough
    short = torch.tensor([[1.0, 0.0], [0.1, 1.0], [1e-5, 0.0]])  # along a short direction; a short row along it
    yield torch.eye(3)[1:], short, torch.tensor([0.001, 0.0]), yes.expand(2), 0
    yield torch.tensor([[1e-9, 1.0]]), torch.tensor([[1.0, 0.0], [0.8, 0.6]]), east, yes, 0  # the main latent is not quite silent
    less = torch.tensor([[0.0, 0.45, 0.35, 0.2], [0.0, 1e-6, 1e-6, 1e-6]])
    yield less, torch.tensor([[1.0, 0.0]] * 4), east, yes.expand(2), 0  # less than half
    third = torch.tensor([[0.0, 0.3, 0.25, 0.25, 0.2], [0.0, 1.0, 0.5, 0.4, 0.4], [0.0, 0.495, 0.3, 0.21, 0.0]])
    yield third, torch.tensor([[1.0, 0.0]] * 5), east, yes.expand(3), 0  # less than a third; less than half, twice
    against = torch.tensor([[1.0, 0.0], [0.8, 0.6], [0.8, -0.6], [0.6, 0.8], [-0.9, 0.4359]])
    yield torch.tensor([[0.0, 1.0, 1.0, 1.0, 1.0]]), against, east, yes, 0  # what points against it takes nothing off the sum
    hardly = torch.tensor([[1.0, 0.0], [0.8, 0.6], [0.02, 0.9998]])
    yield torch.tensor([[0.0, 1.0, 200.0]]), hardly, east, yes, 0  # nor does what hardly points along it add to the sum
    for rows, latents, d, length in ((6, 4, 3, 1.0), (300, 6, 2, 300.0), (300, 6, 2, 0.003), (300, 8, 3, 1.0)):
        f = (torch.randn(rows, latents, generator=rng) - 0.4).relu() * 10 ** randn(rng, rows, latents)
        W = randn(rng, latents, d) * 10 ** randn(rng, latents, 1)
        yield f, W, length * randn(rng, d), torch.rand(rows, generator=rng) < 0.7, latents - 1
    yield torch.zeros(0, 2), torch.eye(2), east, yes[:0], 0  # no rows at all


def _carried(f: Tensor, W: Tensor, v: Tensor) -> Tensor:
    """Each latent's contribution along the direction, those that hardly point along it left out."""
    along = F.normalize(W, dim=1) @ F.normalize(v, dim=0)
    return torch.where(along > 0.025, (f * (W @ F.normalize(v, dim=0))).clamp(min=0), 0.0)


def _above(c: Tensor, least: Tensor | float, p: Tensor, silent: Tensor) -> Tensor:
    """Rows in which the largest contribution is above 0 and at least `least`."""
    return p & silent & (c.amax(1) > 0) & (c.amax(1) >= least)


def _parts(f: Tensor, W: Tensor, v: Tensor) -> Tensor:
    """Each latent's contribution along the direction, whatever its cosine, where it is positive."""
    return (f * (W @ F.normalize(v, dim=0))).clamp(min=0)


def _half(c: Tensor) -> Tensor:
    return (c.amax(1) > 0) & (c.amax(1) >= 0.5 * c.sum(1))


Function(
    id="sae.detect_absorption",
    reference=sae.detect_absorption,
    inputs=_absorption_inputs,
    ranges={"f": POSITIVE, "W_dec": REAL, "direction": REAL},
    survivors={
        "*.clamp(min=0)` → *": "A latent that points along the direction contributes nothing below 0.",
        "`min=0` → *": "A latent that points along the direction contributes nothing below 0.",
        "`dim=0` → `dim=-1`": "A direction has one axis.",
        "`F.normalize(W_dec, dim=1)` → `F.normalize(W_dec)`": "The last axis of a matrix is axis 1.",
        "`F.normalize(direction, dim=0)` → `direction`": "Only shares are compared, whatever the direction's length.",
        "`along > ALONG` → *": "A cosine hardly ever equals 0.025 exactly.",
        "`largest > 0` → `total > 0`": "A sum of what is not negative is above 0 where its largest part is.",
    },
    hints=(
        "Three conditions of a row: the feature is present; the main latent is silent; another latent carries the feature.",
        "A latent's contribution along the unit direction v is f_j · (W_dec[j] · v). Count only latents whose decoder has a cosine above 0.025 with it.",
        "It carries the feature if the largest contribution is above 0 and at least half of the sum of all positive ones.",
    ),
    misconceptions=(
        wrong("every miss", lambda f, W, v, p, m: p & (f[:, m] == 0),
              "You count every row in which the main latent misses the feature. Absorption is the case in which another latent carries it instead; a plain miss is a plain miss."),
        wrong("presence not asked", lambda f, W, v, p, m: (f[:, m] == 0) & _half(_carried(f, W, v)),
              "You do not ask whether the feature is present. A latent with some of its direction may be active for reasons of its own."),
        wrong("main latent may be active", lambda f, W, v, p, m: p & _half(_carried(f, W, v)),
              "You do not ask whether the main latent is silent. Where it fires, nothing was absorbed."),
        wrong("any contribution is enough", lambda f, W, v, p, m: p & (f[:, m] == 0) & (_carried(f, W, v).amax(1) > 0),
              "A small share along the direction is enough for you. One latent has to carry at least half of it."),
        wrong("any active latent is enough", lambda f, W, v, p, m: p & (f[:, m] == 0) & ((f > 0).sum(1) > 0),
              "You ask only whether something else is active. It must point along the feature's direction."),
        wrong("cosine not asked", lambda f, W, v, p, m: p & (f[:, m] == 0) & _half((f * (W @ F.normalize(v, dim=0))).clamp(min=0)),
              "A latent at nearly right angles to the direction may be so active that its tiny share is the largest. Count only latents with a cosine above 0.025."),
        wrong("length of the direction left in", lambda f, W, v, p, m: p & (f[:, m] == 0) & _half(torch.where((F.normalize(W, dim=1) @ v) > 0.025, (f * (W @ v)).clamp(min=0), 0.0)),
              "Your cosine still has the length of `direction` in it, so that 0.025 means something else for every length. Divide by it: v = direction / direction.norm()."),
        wrong("nothing is half of nothing", lambda f, W, v, p, m: p & (f[:, m] == 0) & ((c := _carried(f, W, v)).amax(1) >= 0.5 * c.sum(1)),
              "Where no latent contributes anything, 0 is at least half of 0, and you count the row. The largest contribution must be above 0."),
        wrong("cosine in place of the contribution", lambda f, W, v, p, m: p & (f[:, m] == 0) & _half(torch.where((cosine := F.normalize(W, dim=1) @ F.normalize(v, dim=0)) > 0.025, f * cosine, 0.0)),
              "Your contribution is f times the *cosine*. How long the decoder's row is counts too: f_j · (d_j · v), with d_j as it is."),
        wrong("those that hardly point along it in the sum", lambda f, W, v, p, m: _above(_carried(f, W, v), 0.5 * _parts(f, W, v).sum(1), p, f[:, m] == 0),
              "Your sum counts latents that hardly point along the direction. Leave them out of the sum too, and not only of the largest."),
        wrong("half of the activations", lambda f, W, v, p, m: _above(_carried(f, W, v), 0.5 * f.sum(1), p, f[:, m] == 0),
              "You compare with the sum of the *activations*. The half is one of the sum of the contributions along the direction."),
        wrong("half of the direction's length", lambda f, W, v, p, m: _above(_carried(f, W, v), 0.5 * v.norm(), p, f[:, m] == 0),
              "You compare with half of the length of `direction`. The half is a share of the sum of the contributions; `direction` may have any length."),
        wrong("more than half", lambda f, W, v, p, m: p & (f[:, m] == 0) & ((c := _carried(f, W, v)).amax(1) > 0.5 * c.sum(1)),
              "You ask for more than half. Exactly half is enough: ≥, and above 0."),
        wrong("main latent active", lambda f, W, v, p, m: p & (f[:, m] > 0) & _half(_carried(f, W, v)),
              "You look at rows in which the main latent *is* active; absorption shows where it is silent."),
        wrong("the largest activation must point along it", lambda f, W, v, p, m: p & (f[:, m] == 0) & (f.amax(1) > 0) & ((F.normalize(W, dim=1) @ F.normalize(v, dim=0))[f.argmax(1)] > 0.025),
              "You look at the latent with the largest activation. The one that carries the feature is the one with the largest contribution *along the direction*."),
    ),
)  # fmt: skip
