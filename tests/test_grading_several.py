"""What a function that returns several tensors is told: which are right, which wrong, in which rows, in which way."""

import pytest
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from course_utils.grading.exercise import Exercise
from course_utils.grading.kinds import Function


def renewed(
    table: Float[Tensor, "row d"], size: Float[Tensor, "row"], old: Bool[Tensor, "row"]
) -> tuple[Float[Tensor, "row d"], Float[Tensor, "row"]]:
    table = torch.where(old[:, None], 2 * table + 1, table)
    size = torch.where(old, 0.0, size)
    return table, size


def inputs(rng):
    table = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]])
    yield table, torch.tensor([1.0, 2.0, 3.0]), torch.tensor([False, True, True])
    for rows, wide in ((5, False), (4, True)):
        table, size = torch.randn(rows, 3, generator=rng), 1 + torch.rand(rows, generator=rng)
        yield table.double() if wide else table, size.double() if wide else size, torch.arange(rows) % 3 == 0


@pytest.fixture
def told(monkeypatch):
    monkeypatch.setattr(Exercise, "registry", {})
    exercise = Function(id="demo.renewed", reference=renewed, inputs=inputs)

    def said(change):
        verdict = exercise.check(lambda *args: change(*renewed_again(*args), args[2]), 0)
        assert not verdict.passed
        return verdict.message

    return said


def renewed_again(table, size, old):
    table, size = table.clone(), size.clone()
    table[old] = 2 * table[old] + 1
    size[old] = 0
    return table, size


def test_the_right_ones_are_named_and_the_others_described_where_a_mask_says(told):
    said = told(lambda table, size, old: (torch.where(old[:, None], 3 * table, table), size))
    assert "Right: `size`." in said and "`table`: wrong only where `old` is True." in said and "three times" in said
    said = told(lambda table, size, old: (torch.where(old[:, None], table, -table), size))
    assert "`table`: wrong only where `old` is False." in said and "sign is turned" in said


def test_each_wrong_one_has_its_own_pattern(told):
    said = told(lambda table, size, old: (table, size + 2))
    assert "Right: `table`." in said and "`size`: wrong. Every number is too large by 2." in said
    said = told(lambda table, size, old: (-table, 4 * size))
    assert "Right" not in said and "`table`: wrong. Every sign" in said and "`size`" in said and "four times" in said


def test_a_dtype_is_said_of_the_one_that_has_it(told):
    said = told(lambda table, size, old: (table, size.half()))
    assert "Right: `table`." in said and "`size`: It returns float16 where float32 came in" in said
    assert "float32 where float64 came in" in told(lambda table, size, old: (table.float(), size))
    said = told(lambda table, size, old: (table.half(), size.half()))
    assert "`table`, `size`: It returns float16" in said and said.count("float16") == 1


def test_what_has_another_length_or_shape_is_still_said_plainly(told):
    assert "returns 3 values; expected 2" in told(lambda table, size, old: (table, size, size))
    assert "Value 1 of 2: It returns shape" in told(lambda table, size, old: (table, size[:, None]))
