"""Exercises 12 and 13, for the second notebook: effects estimated by the gradient, at one place and along the way."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from course_utils import ioi
from course_utils.grading.inputs import Inputs, randn
from course_utils.grading.kinds import REAL, Function, wrong
from course_utils.grading.trials import Trial

# 12 · attribution_patch


class Readout(nn.Module):
    """A metric of z, (batch, head, d_head) → (batch,), that saturates: a softmax over heads weighs what they say."""

    def __init__(self, rng: torch.Generator, heads: int, d_head: int, sharp: float, dtype: torch.dtype = torch.float32):
        super().__init__()
        self.look = nn.Parameter(sharp * randn(rng, heads, d_head, dtype=dtype), requires_grad=False)
        self.value = nn.Parameter(randn(rng, heads, d_head, dtype=dtype), requires_grad=False)

    def forward(self, z: Tensor) -> Tensor:
        weight = (z * self.look).sum(-1).softmax(-1)
        return (weight * (z * self.value).sum(-1)).sum(-1)


def _exchanges(rng: torch.Generator) -> list[tuple]:
    made = []
    for batch, heads, d_head, sharp in ((1, 1, 1, 1.0), (1, 2, 2, 0.5), (3, 2, 2, 1.0), (4, 3, 3, 2.0), (5, 4, 2, 3.0)):
        size = (batch, heads, d_head)
        made.append((Readout(rng, heads, d_head, sharp), randn(rng, *size), randn(rng, *size)))
    made[3][0].value.mul_(100)  # slopes far beyond a bound on their size
    wide = torch.float64
    made.append((Readout(rng, 2, 3, 1.0, wide), randn(rng, 2, 2, 3, dtype=wide), randn(rng, 2, 2, 3, dtype=wide)))
    return made


def _slope(metric: nn.Module, at: Tensor) -> Tensor:
    with torch.enable_grad():
        at = at.detach().requires_grad_(True)
        (gradient,) = torch.autograd.grad(metric(at).sum(), at)
    return gradient


def _per_head(change: Tensor, slope: Tensor) -> Tensor:
    return (change * slope).sum(-1).mean(0)


def _exact(metric: nn.Module, base: Tensor, donor: Tensor) -> Tensor:
    found = []
    for head in range(base.shape[1]):
        z = base.clone()
        z[:, head] = donor[:, head]
        found.append((metric(z) - metric(base)).mean())
    return torch.stack(found)


def _off(trial: Trial) -> float:
    """The largest error, in shares of the largest number."""
    if not trial.comparable:
        return float("inf")
    given, expected = trial.pair
    return float((given - expected).abs().max() / expected.abs().max())


def _stepped(wrong: Sequence[Trial]) -> str:
    declared = [trial for trial in wrong if trial.declared]
    if len(declared) < 2 or any(_off(trial) > 0.02 for trial in declared):
        return ""
    return (
        "You are near, and not there: does a small step stand in for the slope? What it finds depends on its length, "
        "and drowns in rounding. Take the gradient itself, `torch.autograd.grad`: one for all heads."
    )


def _some_alike(rng: torch.Generator) -> Inputs:
    yield from _exchanges(rng)
    metric, base, donor = Readout(rng, 2, 2, 1.0), randn(rng, 4, 2, 2), randn(rng, 4, 2, 2)
    yield metric, base, torch.cat([base[:2], donor[2:]])  # two prompts of which nothing changes; they count


Function(
    id="ioi.attribution_patch",
    reference=ioi.attribution_patch,
    inputs=_some_alike,
    rtol=1e-3,
    atol=1e-5,
    ranges={"base": REAL, "donor": REAL, "result": REAL},
    explain=_stepped,
    hints=(
        "`at = base.clone().requires_grad_(True)`, then `torch.autograd.grad(metric(at).sum(), at)`: the sum over prompts gives each prompt its own gradient.",
        "Change times slope, (donor − base) · gradient, summed over d_head, averaged over prompts.",
    ),
    misconceptions=(
        wrong("gradient on the donor run", lambda m, b, d: _per_head(d - b, _slope(m, d)), "You take the slope at the donor. The run that is changed is the base: a first-order estimate starts there."),
        wrong("sign", lambda m, b, d: _per_head(b - d, _slope(m, b)), "Your change has the wrong sign: the donor's value goes in, so donor minus base."),
        wrong("gradient times value", lambda m, b, d: _per_head(d, _slope(m, b)), "You multiply by the donor's value. It is the *change*, donor minus base, that counts."),
        wrong("gradient times base", lambda m, b, d: _per_head(b, _slope(m, b)), "You multiply by the base's own value. That estimates what happens when the head is set to zero, with its sign turned."),
        wrong("summed over prompts", lambda m, b, d: ((d - b) * _slope(m, b)).sum((0, -1)), "You add up the prompts. Their mean is asked for."),
        wrong("gradient of the mean, averaged again", lambda m, b, d: _per_head(d - b, _slope(m, b)) / len(b), "You divide by the number of prompts twice: in the gradient of a mean, and in the mean. Take the gradient of the sum."),
        wrong("mean over d_head", lambda m, b, d: ((d - b) * _slope(m, b)).mean((0, -1)), "You average over d_head. The coordinates' effects add up: sum over them."),
        wrong("sizes", lambda m, b, d: ((d - b) * _slope(m, b)).sum(-1).abs().mean(0), "You take sizes. Effects have a sign, and prompts can cancel."),
        wrong("summed over heads", lambda m, b, d: ((d - b) * _slope(m, b)).sum(1).mean(0), "You sum over the heads and keep d_head. One number for each head is asked for: sum over the last axis, `.sum(-1)`."),
        wrong("product of lengths", lambda m, b, d: ((d - b).norm(dim=-1) * _slope(m, b).norm(dim=-1)).mean(0), "You multiply the lengths of change and slope. Only what changes *along* the slope counts, with its sign: multiply coordinate by coordinate, and sum."),
        wrong("slope half-way", lambda m, b, d: _per_head(d - b, _slope(m, (b + d) / 2)), "You take the slope half-way to the donor. A first-order estimate takes it where the run is, at the base; the next exercise goes along the way."),
        wrong("exact", _exact, "This is the exact effect, with a run for each head. The estimate needs one gradient, and differs where the metric bends."),
        wrong("means first", lambda m, b, d: ((d - b).mean(0) * _slope(m, b).mean(0)).sum(-1), "You average change and slope over prompts before you multiply. Multiply prompt by prompt."),
    ),
)  # fmt: skip


# 13 · integrated_gradients


def _with_steps(rng: torch.Generator) -> Inputs:
    for number, exchange in enumerate(_exchanges(rng)):
        yield *exchange, (1, 2, 5, 10, 3, 4)[number]
    for steps, sharp in ((1, 2.0), (25, 32.0)):  # one piece of a way that bends; many, of one that bends suddenly
        yield Readout(rng, 2, 2, sharp), randn(rng, 8, 2, 2), randn(rng, 8, 2, 2), steps


def _along(m: nn.Module, b: Tensor, d: Tensor, shares: list[float]) -> Tensor:
    return _per_head(d - b, torch.stack([_slope(m, b + share * (d - b)) for share in shares]).mean(0))


def _mean_slope(m: nn.Module, b: Tensor, d: Tensor, n: int) -> Tensor:
    return torch.stack([_slope(m, b + share * (d - b)) for share in _middles(n)]).mean(0)


def _at_weights(m: nn.Module, b: Tensor, d: Tensor, shares: list[float], weights: list[float]) -> Tensor:
    slope = sum(w * _slope(m, b + s * (d - b)) for s, w in zip(shares, weights, strict=True))
    return _per_head(d - b, slope / sum(weights))


def _middles(n: int) -> list[float]:
    return [(k + 0.5) / n for k in range(n)]


def _one_by_one(m: nn.Module, b: Tensor, d: Tensor, n: int) -> Tensor:
    """Each head on a way of its own, while the others stay."""
    found = []
    for head in range(b.shape[1]):
        alone = b.clone()
        alone[:, head] = d[:, head]
        found.append(_along(m, b, alone, _middles(n))[head])
    return torch.stack(found)


def _beside_the_middle(wrong: Sequence[Trial]) -> str:
    """Right where the metric is straight, near where the pieces are short: then it is the places of the slopes."""
    declared = [trial for trial in wrong if trial.declared]
    steps = {trial.arguments["steps"] for trial in declared}
    bent = all(trial.arguments["base"].shape[1] > 1 for trial in declared)
    if len(steps) < 3 or not bent or any(_off(t) > 0.2 for t in declared if t.arguments["steps"] == 10):
        return ""
    return (
        "Change and sums are right, and the mean slope is a little off. One slope is asked for in each piece, in its "
        "*middle*, at share (k + ½) / steps, and all count alike: no random places, and no other rule's places or weights."
    )


def _weighted(m: nn.Module, b: Tensor, d: Tensor, n: int) -> Tensor:
    return torch.stack([share * _along(m, b, d, [share]) for share in _middles(n)]).mean(0)


Function(
    id="ioi.integrated_gradients",
    reference=ioi.integrated_gradients,
    inputs=_with_steps,
    rtol=1e-3,
    atol=1e-5,
    ranges={"base": REAL, "donor": REAL, "result": REAL},
    explain=_beside_the_middle,
    hints=(
        "The way from base to donor is base + share · (donor − base). Piece number k of `steps` has its middle at share (k + ½) / steps, for k from 0.",
        "Average the gradient over these places. Then as before: change times mean slope, summed over d_head, averaged over prompts.",
    ),
    misconceptions=(
        wrong("starts of the pieces", lambda m, b, d, n: _along(m, b, d, [k / n for k in range(n)]), "You take the slope at the *start* of each piece. With the middles the error falls much faster; they are asked for."),
        wrong("ends of the pieces", lambda m, b, d, n: _along(m, b, d, [(k + 1) / n for k in range(n)]), "You take the slope at the *end* of each piece. The middles are asked for."),
        wrong("both ends", lambda m, b, d, n: _along(m, b, d, torch.linspace(0, 1, n).tolist()), "You take the slope from one end of the way to the other, both ends included. Cut the way into equal pieces and take the *middle* of each."),
        wrong("one gradient", lambda m, b, d, n: _along(m, b, d, [0.0]), "This is the plain estimate, with the gradient at the base alone. Average it over the way. Or does a `//` make every share 0?"),
        wrong("gradient at the donor", lambda m, b, d, n: _along(m, b, d, [1.0]), "You take one gradient, at the donor. Average it over the way from base to donor, at the middle of each piece."),
        wrong("base and donor only", lambda m, b, d, n: _along(m, b, d, [0.0, 1.0]), "You average the two slopes at the ends of the way, whatever `steps` is. Cut the way into `steps` pieces and take the slope in the middle of each."),
        wrong("half-way only", lambda m, b, d, n: _along(m, b, d, [0.5]), "You take one gradient, half-way. That is right for one step; take the middle of each of the pieces."),
        wrong("gradients summed", lambda m, b, d, n: n * _along(m, b, d, _middles(n)), "You add the gradients up. Their mean is the slope along the way."),
        wrong("from donor to base", lambda m, b, d, n: -_along(m, b, d, _middles(n)), "Your sign is turned round: the way leads from base to donor."),
        wrong("from zero", lambda m, b, d, n: _per_head(d, torch.stack([_slope(m, (k + 0.5) / n * d) for k in range(n)]).mean(0)), "You start at zero. The way starts at the base run."),
        wrong("slopes between zero and the donor", lambda m, b, d, n: _per_head(d - b, torch.stack([_slope(m, share * d) for share in _middles(n)]).mean(0)), "Your slopes are taken between zero and the donor. The way starts at the base run: base + share · (donor − base)."),
        wrong("inner points", lambda m, b, d, n: _along(m, b, d, [(k + 1) / (n + 1) for k in range(n)]), "You divide the way by steps + 1. Cut it into `steps` equal pieces and take the *middle* of each: (k + ½) / steps."),
        wrong("one point too many", lambda m, b, d, n: _along(m, b, d, torch.linspace(0, 1, n + 1).tolist()), "You take the slope at all steps + 1 borders of the pieces. Take it in the *middle* of each piece."),
        wrong("last slope only", lambda m, b, d, n: _along(m, b, d, _middles(n)[-1:]), "Only your last slope counts: each round of the loop overwrites the one before. Keep them all, and average."),
        wrong("trapezoids", lambda m, b, d, n: _at_weights(m, b, d, [k / n for k in range(n + 1)], [0.5, *[1.0] * (n - 1), 0.5]), "You take trapezoids: both borders of each piece. Take the slope in its *middle*; that needs one gradient less, and errs half as much."),
        wrong("Simpson's rule", lambda m, b, d, n: _at_weights(m, b, d, [(k + s / 2) / n for k in range(n) for s in range(3)], [1.0, 4.0, 1.0] * n), "You take Simpson's rule, with three gradients a piece. One is asked for, in the middle."),
        wrong("pieces of half the length", lambda m, b, d, n: _along(m, b, d, _middles(2 * n)), "You cut the way into twice as many pieces: `steps` are asked for."),
        wrong("half a step after each start", lambda m, b, d, n: _along(m, b, d, [k + 0.5 / n for k in range(n)]), "Your places lie a whole way apart: in `k + 0.5 / steps` only the ½ is divided. Put parentheses: `(k + 0.5) / steps`."),
        wrong("way without its start", lambda m, b, d, n: _per_head(d - b, torch.stack([_slope(m, share * (d - b)) for share in _middles(n)]).mean(0)), "Your way starts at zero: the base is missing. The places are base + share · (donor − base)."),
        wrong("slopes beyond the donor", lambda m, b, d, n: _per_head(d - b, torch.stack([_slope(m, b + share * d) for share in _middles(n)]).mean(0)), "Your way leads from the base to base + donor. What is added on the way is the *change*: base + share · (donor − base)."),
        wrong("gradient times value", lambda m, b, d, n: _per_head(d, torch.stack([_slope(m, b + share * (d - b)) for share in _middles(n)]).mean(0)), "You multiply by the donor's value. It is the *change*, donor minus base, that counts."),
        wrong("at most five pieces", lambda m, b, d, n: _along(m, b, d, _middles(min(n, 5))), "You take five pieces at most. As many as `steps` says are asked for."),
        wrong("change forgotten", lambda m, b, d, n: _per_head(torch.ones_like(b), _mean_slope(m, b, d, n)), "You do not multiply by the change. A slope says what a change of one would do: multiply by donor minus base."),
        wrong("means first", lambda m, b, d, n: ((d - b).mean(0) * _mean_slope(m, b, d, n).mean(0)).sum(-1), "You average change and slope over prompts before you multiply. Multiply prompt by prompt."),
        wrong("gradients pile up", lambda m, b, d, n: _per_head(d - b, torch.stack([_slope(m, b + share * (d - b)) for share in _middles(n)]).cumsum(0).mean(0)), "Your gradients pile up: `backward` adds to the `.grad` that the round before has left. Set it to None in each round, or use `torch.autograd.grad`."),
        wrong("each head alone", _one_by_one, "You move one head at a time. Here all heads go the way together, with one gradient for all."),
        wrong("change so far", _weighted, "You multiply each slope by the change so far. The whole change, donor minus base, is multiplied by the mean slope."),
        wrong("gradient of the mean, averaged again", lambda m, b, d, n: _along(m, b, d, _middles(n)) / len(b), "You divide by the number of prompts twice: in the gradient of a mean, and in the mean. Take the gradient of the sum."),
        wrong("summed over prompts", lambda m, b, d, n: len(b) * _along(m, b, d, _middles(n)), "You add up the prompts. Their mean is asked for."),
    ),
)  # fmt: skip
