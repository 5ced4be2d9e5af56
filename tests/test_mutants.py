"""Small changes of a reference's source: which there are, which survive, and who accounts for them."""

import math

import pytest
import torch

from course_utils.grading.exercise import Exercise
from course_utils.grading.kinds import POSITIVE, REAL, Function
from course_utils.grading.mutants import mutants, survey
from course_utils.grading.mutations import changes, parse


@pytest.fixture(autouse=True)
def registry(monkeypatch):
    monkeypatch.setattr(Exercise, "registry", {})


def mean_square(x, keep=False):
    """A docstring is no part of it."""
    if keep is None:
        raise ValueError("never")
    if keep:
        return x
    return half(x).square().mean(-1) * 4


def half(x):
    return x / 2


def stacks(rng):
    yield (torch.tensor([[1.0, 2.0], [3.0, 5.0]]),)
    yield (torch.randn(2, 3, 4, generator=rng),)


def test_every_sort_of_slip_is_made_once():
    def shown(a, b, *, n=3):
        total = a.sum(-1, keepdim=True) - b @ a[:, None, 1:]
        if n < 2 and not total.any():
            total += 1
        return torch.relu(total) ** 2

    names = [change.name for change in changes(parse(shown))]
    assert len(set(names)) == len(names)
    for slip in (
        "`a.sum(-1, keepdim=True)` → `a.mean(-1, keepdim=True)`",
        "`a.sum(-1, keepdim=True)` → `a.sum(0, keepdim=True)`",
        "`keepdim=True` → `keepdim=False`",
        "`b @ a[:, None, 1:]` → `a[:, None, 1:] @ b`",
        "`a[:, None, 1:]` → `a`",
        "`n < 2` → `n <= 2`",
        "`total += 1` left out",
        "`torch.relu(total)` → `total`",
        "`torch.relu(total) ** 2` → `torch.relu(total) * 2`",
        "`n < 2 and (not total.any())` → `n < 2 or not total.any()`",
    ):
        assert slip in names, (slip, names)
    assert all(change.lines.start > 1 for change in changes(parse(shown)))


def test_survivors_are_accounted_for_by_the_declaration_or_named():
    one = Function(id="demo.square", reference=mean_square, inputs=stacks)
    found = survey(one)
    names = {mutant.name for mutant in found.unexplained}
    assert names == {mutant.name for mutant in found.survivors}
    assert "x: at most 100" in names and "result: at least 0" in names, "no input is large; no square is negative"
    assert not any("half" in name for name in names), "what the reference calls is changed too, and noticed"
    assert not any("raise" in name or "keep" in name for name in names), "neither refusals nor options are mistakes"
    assert "x: at most 100" in repr(found)
    reason = "a square has no sign"
    told = Function(
        id="demo.told",
        reference=mean_square,
        inputs=stacks,
        ranges={"x": REAL, "result": POSITIVE},
        survivors={"x: its size": reason, "`never*": "idle"},
    )
    found = survey(told)
    assert found.unexplained == () and found.idle == ("`never*",)
    assert {mutant.name for mutant in found.survivors} == {"x: its size"}


def test_arguments_of_endless_range_are_tried_far_away():
    one = Function(id="demo.far", reference=mean_square, inputs=stacks, ranges={"x": REAL})
    sizes = [case.args[0].abs().max().item() for case in one.cases(0)]
    assert len(sizes) >= 4 and max(sizes) > 500 and min(sizes) < 0.01
    assert not one.check(lambda x: mean_square(x.clamp(-100, 100)), 0).passed
    assert not one.check(lambda x: mean_square(torch.where(x.abs() < 0.01, 0.0, x)), 0).passed


def test_a_reference_without_source_has_bent_numbers_only():
    one = Function(id="demo.built_in", reference=math.exp, inputs=lambda rng: iter([(0.5,), (1.5,)]))
    assert {mutant.name.split(":")[0] for mutant in mutants(one)} == {"x", "result"}
