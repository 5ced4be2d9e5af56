"""Many small smooth problems minimised at once: L-BFGS (Nocedal 1980), a row of a matrix each.

Every problem has its own history and its own step; what they share are the two matrix products of an evaluation, which
is where the time goes. Problems that have arrived stay where they are while the others go on, and need no evaluation.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

MEMORY = 10
HALVINGS = 12


def lbfgs(
    evaluate: Callable[[Tensor, Tensor], tuple[Float[Tensor, "problem"], Float[Tensor, "problem p"]]],
    start: Float[Tensor, "problem p"], *, tolerance: float = 1e-5, steps: int = 300,
) -> Float[Tensor, "problem p"]:  # fmt: skip
    """Where each problem's loss is smallest.

    Args:
        evaluate: losses and gradients at given points. It is told which problems are still going; of the others it
            may return anything.
        tolerance: a problem has arrived when no entry of its gradient is larger, or its loss falls no more.
        steps: at most so many.
    """
    going = torch.ones(len(start), dtype=torch.bool, device=start.device)
    point, (loss, slope) = start.clone(), evaluate(start, going)
    precision = torch.finfo(loss.dtype).eps  # a step that lowers a loss by no more than this share of it was the last
    moves: list[Tensor] = []
    bends: list[Tensor] = []
    for _ in range(steps):
        going &= slope.abs().amax(1) > tolerance
        if not going.any():
            break
        direction = -_towards(slope, moves, bends)
        fall = (direction * slope).sum(1)
        uphill = fall >= 0
        direction = torch.where(uphill[:, None], -slope, direction)
        fall = torch.where(uphill, -slope.square().sum(1), fall)
        length = going.to(point.dtype)
        if not moves:
            length = length / slope.norm(dim=1).clamp(min=1)
        for _ in range(HALVINGS):
            tried = point + length[:, None] * direction
            new_loss, new_slope = evaluate(tried, going)
            short = going & ~(new_loss <= loss + 1e-4 * length * fall)
            if not short.any():
                break
            length = torch.where(short, length / 2, length)
        better = going & (new_loss < loss)
        going = better & (loss - new_loss > precision * loss.abs())
        moved = better[:, None]
        moves = [*moves, torch.where(moved, tried - point, 0.0)][-MEMORY:]
        bends = [*bends, torch.where(moved, new_slope - slope, 0.0)][-MEMORY:]
        point = torch.where(moved, tried, point)
        loss, slope = torch.where(better, new_loss, loss), torch.where(moved, new_slope, slope)
    return point


def _towards(slope: Tensor, moves: list[Tensor], bends: list[Tensor]) -> Tensor:
    """The slope times what the last moves say of the inverse Hessian."""
    q, kept = slope, []
    for move, bend in zip(reversed(moves), reversed(bends), strict=True):
        curved = (move * bend).sum(1)
        rho = torch.where(curved > 1e-12, 1 / curved.clamp(min=1e-12), 0.0)
        share = rho * (move * q).sum(1)
        q = q - share[:, None] * bend
        kept.append((move, bend, rho, share))
    if moves:
        curved, sharp = (moves[-1] * bends[-1]).sum(1), bends[-1].square().sum(1)
        q = q * torch.where(curved > 1e-12, curved / sharp.clamp(min=1e-12), 1.0)[:, None]
    for move, bend, rho, share in reversed(kept):
        q = q + (share - rho * (bend * q).sum(1))[:, None] * move
    return q
