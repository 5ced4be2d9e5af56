"""Inputs that the engine makes besides the declared ones: what they catch, and what they leave alone."""

import pytest
import torch
from torch import Tensor

from course_utils.grading.exercise import Exercise, find
from course_utils.grading.function import Function
from course_utils.grading.kinds import REAL
from course_utils.grading.variants import variants


def bias_where_active(x, W, b):
    h = torch.einsum("kbf,khf->kbh", x, W)
    return (torch.einsum("kbh,khf->kbf", h, W) + b[:, None] * (x != 0)).relu()


def bias_along_the_batch_where_square(x, W, b):
    h = torch.einsum("kbf,khf->kbh", x, W)
    return (torch.einsum("kbh,khf->kbf", h, W) + (b[None] if len(b) == x.shape[1] else b[:, None])).relu()


def short_ones_dropped(W):
    squared = W.square().sum(0)
    unit = W / squared.sqrt().clamp(min=1e-30)
    shared = (unit.T @ W).square().sum(-1)
    return torch.where(squared > 1e-6, squared / shared.clamp(min=1e-30), 0.0)


def one_feature_is_none(W):
    squared = W.square().sum(0)
    if W.shape[1] == 1:
        return torch.zeros_like(squared)
    unit = W / squared.sqrt().clamp(min=1e-30)
    return torch.where(squared > 0, squared / (unit.T @ W).square().sum(-1).clamp(min=1e-30), 0.0)


def square_turned(x, x_hat, f, W_dec, penalty):
    norm = W_dec.norm(dim=0 if W_dec.shape[0] == W_dec.shape[1] else 1)
    return (x - x_hat).square().sum(1).mean() + penalty * (f * norm).sum(1).mean()


def no_penalty_is_one(x, x_hat, f, W_dec, penalty):
    return (x - x_hat).square().sum(1).mean() + (penalty or 1.0) * (f * W_dec.norm(dim=1)).sum(1).mean()


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("superposition.forward", bias_where_active),
        ("superposition.forward", bias_along_the_batch_where_square),
        ("superposition.feature_dimensionality", short_ones_dropped),
        ("superposition.feature_dimensionality", one_feature_is_none),
        ("sae.loss", square_turned),
        ("sae.loss", no_penalty_is_one),
    ],
)
def test_what_no_declared_input_was_made_for_is_refused(exercise, answer):
    for seed in range(3):
        verdict = find(exercise, Exercise.registry).check(answer, seed)
        assert not verdict.passed and verdict.attempted


def first_of_largest(x: Tensor) -> Tensor:
    return x.argmax(-1).double()


def test_an_input_on_which_the_reference_hangs_by_a_thread_is_left_out(monkeypatch):
    """Where several numbers are 0, which of them is the largest is nobody's answer."""
    monkeypatch.setattr(Exercise, "registry", {})
    x = -torch.rand(3, 4, generator=torch.Generator().manual_seed(0))
    one = Function(id="demo.thread", reference=first_of_largest, inputs=lambda rng: [(x,)], ranges={"x": REAL})
    ties = [case for case in one.cases(0) if (case.args[0] == 0).sum(-1).max() > 1]
    assert not ties and len(one.cases(0)) > 3


def both(x, y):
    return x.sum() + y.sum()


both.__annotations__ = {"x": 'Float[Tensor, "batch d"]', "y": 'Float[Tensor, "batch d"]'}


def test_what_has_bounds_is_neither_cut_nor_made_zero_and_axes_stay_together():
    x, y = torch.rand(4, 3), torch.rand(4, 3)
    for one, other in variants(both, ("x", "y"), (x, y), {"x": REAL}, 0):
        assert one.shape == other.shape and one.shape[1] == 3  # y has no stated range: d stays whole
        assert (other != 0).all() and torch.equal(other.sort(0).values, y[: len(other)].sort(0).values)
