"""Exercise 13: JumpReLU, with the gradient that its threshold cannot have and gets all the same. ◇"""

from __future__ import annotations

import torch
from torch import Tensor

from course_utils import sae
from course_utils.grading.inputs import Inputs, randn
from course_utils.grading.kinds import POSITIVE, REAL, Function, wrong


def _inputs(rng: torch.Generator) -> Inputs:
    yield torch.tensor([[1.02, 0.5]]), torch.tensor([1.0, 1.0]), 0.1
    yield torch.tensor([[0.97, 3.0], [1.01, -2.0]]), torch.tensor([1.0, 0.5]), 0.1
    yield torch.tensor([[0.6, 0.4], [0.2, 0.9]]), torch.tensor([0.5, 2.0]), 0.3
    yield torch.tensor([[0.5, 3.0], [0.25, 2.0]]), torch.tensor([0.5, 2.0]), 0.5  # at the threshold, and at the window's edge
    yield torch.tensor([[-0.3, -0.1], [-0.45, -0.7]]), torch.tensor([-0.5, -0.4]), 0.2  # training may push a threshold below 0
    yield torch.tensor([[148.0, 140.0], [149.96875, 300.0]]), torch.tensor([150.0, 145.0]), 0.125  # a steep gradient
    yield torch.tensor([[5e-4]]), torch.tensor([1e-4]), 0.1  # little is more than nothing
    yield randn(rng, 6, 3, dtype=torch.float64), 0.2 + torch.rand(3, generator=rng, dtype=torch.float64), 0.6
    for rows, latents, bandwidth in ((8, 5, 1.0), (20, 4, 0.7)):
        yield randn(rng, rows, latents), 0.2 + torch.rand(latents, generator=rng), bandwidth
    yield torch.zeros(0, 2), torch.tensor([1.0, 0.5]), 0.5  # no rows at all


def _made(value, to_pre, to_threshold):
    """A function with its own value and gradients: to_pre and to_threshold take (pre, threshold, bandwidth, grad)."""

    class Made(torch.autograd.Function):
        @staticmethod
        def forward(ctx, pre, threshold, bandwidth):
            ctx.save_for_backward(pre, threshold)
            ctx.bandwidth = bandwidth
            return value(pre, threshold)

        @staticmethod
        def backward(ctx, grad):
            args = (*ctx.saved_tensors, ctx.bandwidth, grad)
            return to_pre(*args), to_threshold(*args), None

    return lambda pre, threshold, bandwidth: Made.apply(pre, threshold, bandwidth)


def _value(pre: Tensor, threshold: Tensor) -> Tensor:
    return pre * ((pre > threshold) & (pre > 0))


def _open(pre: Tensor, threshold: Tensor, bandwidth: float, grad: Tensor) -> Tensor:
    return grad * ((pre > threshold) & (pre > 0))


def _near(pre: Tensor, threshold: Tensor, bandwidth: float) -> Tensor:
    return (pre - threshold).abs() < bandwidth / 2


def _right(pre: Tensor, threshold: Tensor, bandwidth: float, grad: Tensor) -> Tensor:
    return -(threshold / bandwidth) * (grad * _near(pre, threshold, bandwidth)).sum(0)


def _over_latents(pre: Tensor, threshold: Tensor, bandwidth: float, grad: Tensor) -> Tensor:
    return -(threshold / bandwidth) * (grad * _near(pre, threshold, bandwidth)).sum(1)


Function(
    id="sae.jumprelu",
    reference=sae.jumprelu,
    inputs=_inputs,
    grads=(0, 1),
    ranges={"pre": REAL, "threshold": REAL, "bandwidth": POSITIVE, "result": POSITIVE},
    hints=(
        "The value: pre where it exceeds the threshold (and 0), else 0. Write a torch.autograd.Function, since no gradient would reach the threshold by itself.",
        "To pre: the incoming gradient where the output is not 0. To the threshold: −θ/ε times the incoming gradient, summed over the rows in which |pre − θ| < ε/2.",
        "In backward: near = (pre - threshold).abs() < bandwidth / 2; return grad * ((pre > threshold) & (pre > 0)), -(threshold / bandwidth) * (grad * near).sum(0), None.",
    ),
    misconceptions=(
        wrong("no gradient for the threshold", lambda p, t, b: p * ((p > t) & (p > 0)),
              "The values are right, but no gradient reaches the threshold: a comparison has none. It needs the straight-through gradient −θ/ε near the threshold."),
        wrong("shifted by the threshold", lambda p, t, b: (p - t).relu(),
              "You subtract the threshold from what passes. That is shrinkage again; a JumpReLU lets the whole value through once it is above θ."),
        wrong("sign of the threshold's gradient", _made(_value, _open, lambda *args: -_right(*args)),
              "The threshold's gradient has the wrong sign. Raising θ takes activations away: −θ/ε."),
        wrong("bandwidth not divided by", _made(_value, _open, lambda p, t, b, g: b * _right(p, t, b, g)),
              "You do not divide by ε. The window has width ε and therefore height 1/ε, so that its area is 1."),
        wrong("threshold forgotten in its gradient", _made(_value, _open, lambda p, t, b, g: _right(p, t, b, g) / t),
              "Your threshold's gradient is −1/ε. That is the gradient of the *step*; the JumpReLU jumps by θ and not by 1: −θ/ε."),
        wrong("window twice as wide", _made(_value, _open, lambda p, t, b, g: -(t / b) * (g * _near(p, t, 2 * b)).sum(0)),
              "Your window is 2ε wide: |pre − θ| < ε/2 on either side makes ε."),
        wrong("window on one side", _made(_value, _open, lambda p, t, b, g: -(t / b) * (g * ((p > t) & (p - t < b / 2))).sum(0)),
              "Your window is on one side of the threshold, half as wide. |pre − θ| < ε/2 counts what lies just below θ too: it would pass if θ were lower."),
        wrong("incoming gradient forgotten", _made(_value, lambda p, t, b, g: _open(p, t, b, torch.ones_like(g)), lambda p, t, b, g: _right(p, t, b, torch.ones_like(g))),
              "You return the derivative of the function alone. `backward` is given the gradient of what comes after, `grad`, and multiplies it with that."),
        wrong("incoming gradient forgotten for the threshold", _made(_value, _open, lambda p, t, b, g: _right(p, t, b, torch.ones_like(g))),
              "The threshold's gradient leaves out the incoming gradient: each row in the window counts with its own `grad`."),
        wrong("the activation in place of the threshold", _made(_value, _open, lambda p, t, b, g: -(g * _near(p, t, b) * p).sum(0) / b),
              "You multiply by `pre` in the window. It is the threshold's own height that the JumpReLU jumps by: −θ/ε."),
        wrong("averaged over rows", _made(_value, _open, lambda p, t, b, g: _right(p, t, b, g) / len(p)),
              "You average the threshold's gradient over the rows. A gradient sums over all uses of a parameter."),
        wrong("smooth gate in the backward pass", lambda p, t, b: (soft := p * torch.sigmoid((p - t) / b)) + (_value(p, t) - soft).detach(),
              "The values are right, and your gradients are those of a sigmoid: a smooth gate in place of the window. Asked for is −θ/ε where |pre − θ| < ε/2, and nothing elsewhere."),
        wrong("smooth gate", lambda p, t, b: _value(p, t) * torch.sigmoid((p - t) / b),
              "You multiply by a sigmoid: a smooth gate in place of the jump. What exceeds the threshold is let through whole; only the threshold's *gradient* is made up."),
        wrong("summed over the latents", _made(_value, _open, lambda p, t, b, g: _over_latents(p, t, b, g)),
              "You sum over the latents; sum over the rows (dim=0). Each latent has its own threshold."),
        wrong("gradient everywhere", _made(_value, lambda p, t, b, g: g, _right),
              "You pass the gradient on to every pre-activation, also to those that were cut away."),
    ),
)  # fmt: skip
