"""What a wrong answer is told when it is no known misconception: in which way it is wrong, and where to look."""

import warnings

import pytest
import torch
from jaxtyping import Float
from torch import Tensor

from course_utils.grading import axes
from course_utils.grading.exercise import Exercise
from course_utils.grading.kinds import Function
from course_utils.grading.report import Report


def spread(x: Float[Tensor, "batch feature"]) -> Float[Tensor, "batch"]:
    return x.var(-1, correction=0)


def products(
    a: Float[Tensor, "*head row inner"], b: Float[Tensor, "*head inner column"]
) -> Float[Tensor, "*head row column"]:
    return a @ b


def rows(rng):
    yield (torch.tensor([[1.0, 3.0], [0.0, 4.0]]),)
    yield (torch.randn(3, 5, generator=rng),)
    yield (torch.randn(1, 4, generator=rng),)
    yield (torch.randn(4, 4, generator=rng),)


def matrices(rng):
    yield torch.tensor([[1.0, 2.0], [0.0, 1.0]]), torch.tensor([[1.0, 0.0], [3.0, 1.0]])
    yield torch.randn(2, 3, 4, generator=rng), torch.randn(2, 4, 3, generator=rng)
    yield torch.randn(3, 5, 5, generator=rng), torch.randn(3, 5, 5, generator=rng)
    yield torch.randn(2, 6, 6, generator=rng).double(), torch.randn(2, 6, 6, generator=rng).double()


@pytest.fixture
def exercises(monkeypatch):
    monkeypatch.setattr(Exercise, "registry", {})
    return {
        "spread": Function(id="demo.spread", reference=spread, inputs=rows),
        "products": Function(id="demo.products", reference=products, inputs=matrices, grads=(0, 1)),
    }


def told(exercise, answer):
    verdict = exercise.check(answer, 0, watch=False)
    assert not verdict.passed
    assert "\n" not in verdict.message and len(verdict.message) < 700
    assert repr(Report(exercise.id, "failed", verdict.message, counterexample=verdict.counterexample))
    return verdict.message


def without_last(product):
    return torch.cat([product[..., :-1], 0 * product[..., :1]], -1)


PATTERNS = {
    "Every sign is turned round.": lambda a, b: -(a @ b),
    "signs are lost": lambda a, b: (a @ b).abs(),
    "Every number is twice what it should be.": lambda a, b: 2 * (a @ b),
    "Every number is too large by 3.": lambda a, b: a @ b + 3,
    "Transposed, it would be right.": lambda a, b: (a @ b).mT.clone(),
    "one place too late along the axis column": lambda a, b: (a @ b).roll(1, -1),
    "reverse order along the axis row": lambda a, b: (a @ b).flip(-2),
    "wrong places": lambda a, b: (a @ b).flatten().flip(0).reshape((a @ b).shape),
    "All is right but the last entry along the axis column": lambda a, b: without_last(a @ b),
    "All is right but the diagonal.": lambda a, b: a @ b + torch.eye(a.shape[-2], dtype=a.dtype) * 5,
    "Along the axis row your numbers are all the same": lambda a, b: (a @ b)[..., :1, :].expand_as(a @ b),
    "cut off": lambda a, b: (a @ b).clamp(max=0.5),
    "It is close, off by": lambda a, b: a @ b * (1 + 0.01 * torch.sin(a @ b)),
    "wrong only where the right number is negative": lambda a, b: torch.where(a @ b < 0, 7 * (a @ b), a @ b),
    "`a` is float64": lambda a, b: a @ b if a.dtype == torch.float64 else a @ b + torch.sin(a @ b),
    "gradient": lambda a, b: (a @ b).detach() + 2 * a.sum() - (2 * a.sum()).detach(),
}  # fmt: skip


@pytest.mark.parametrize("said", PATTERNS)
def test_the_way_in_which_numbers_are_wrong_is_said(exercises, said):
    assert said in told(exercises["products"], PATTERNS[said])


def test_a_factor_that_is_the_length_of_an_axis_is_named_by_it(exercises):
    summed = told(exercises["spread"], lambda x: (x - x.mean(-1, keepdim=True)).square().sum(-1))
    assert "too large by the factor feature" in summed and "sum where a mean" in summed
    unbiased = told(exercises["spread"], lambda x: x.var(-1))
    assert "n − 1" in unbiased and "feature" in unbiased


def test_values_come_before_gradients_and_gradients_are_called_so(exercises):
    def off_the_diagonal(a, b):
        return a @ b if a.dim() == 2 else a @ b + 1 - torch.eye(a.shape[-2], dtype=a.dtype)

    verdict = exercises["products"].check(off_the_diagonal, 0, watch=False)
    assert "differ" in verdict.message and "gradient" not in verdict.message
    verdict = exercises["products"].check(lambda a, b: a @ b.detach(), 0, watch=False)
    assert verdict.message.startswith("The values agree, the gradient of `b` does not.")
    assert [label for label, _ in verdict.counterexample.rows()][-2:] == [
        "expected, gradient of `b`",
        "given, gradient of `b`",
    ]


def missing_axis(x):
    return (x - x.mean(-1)).square().mean(-1)


def unbiased(x):
    return x.std(-1) ** 2


def wrong_axis(x):
    centred = x - x.mean(0, keepdim=True)
    return centred.square().mean(-1)


def returns_inside(x):
    total = 0
    for column in range(x.shape[1]):
        total = total + (x[:, column] - x.mean(-1)) ** 2 / x.shape[1]
        return total


def bound_late(x):
    parts = []
    for column in range(x.shape[1]):
        parts.append(lambda: (x[:, column] - x.mean(-1)) ** 2)  # noqa: B023
    return sum(part() for part in parts) / x.shape[1]


def left_over(x):
    centred = x - x.mean(-1, keepdim=True)
    raise NotImplementedError()
    return centred.square().mean(-1)


def only_marked(x):
    scale = 1.0  # given
    # YOUR CODE HERE
    raise NotImplementedError()
    return scale


def marked_and_written(x):
    # YOUR CODE HERE
    x = x.var(-1)
    raise NotImplementedError()


def axis_twice(x):
    centred = x - x.mean(0, keepdim=True)
    return centred.square().mean(0)


def one_too_many(x):
    return (x - x.mean(-1, keepdim=True)).square().sum(-1) / (x.shape[-1] + 1)


def divided_by_the_batch(x):
    return (x - x.mean(-1, keepdim=True)).square().sum(-1) / (x.shape[1] - 1)


def not_squared(x):
    centred = x - x.mean(-1, keepdim=True)
    return (centred.abs()).mean(-1)


def last_step_missing(x):
    return (x - x.mean(-1, keepdim=True)).square()


def both_returned(x):
    centred = x - x.mean(-1, keepdim=True)
    return centred.square().sort(-1).mean(-1)


def half_forgotten(x):
    return x.square().mean(-1) - 2 * x.mean(-1) * x.mean(-1)


REPAIRS = {
    axis_twice: ("`axis 0`", "wherever it stands"),
    one_too_many: ("line 2", "Does every term"),
    divided_by_the_batch: ("line 2", "Does every term"),
    last_step_missing: ("line 2", "left over"),
    both_returned: ("line 3", "take one (`.values`, `.indices`)"),
    half_forgotten: ("line 2", "`2 * x.mean(-1)`"),
    missing_axis: ("line 2", "keepdim=True"),
    unbiased: ("line 2", "n − 1"),
    wrong_axis: ("line 2", "`x.mean(0, keepdim=True)`"),
    returns_inside: ("line 3", "`return` stands inside the loop"),
    bound_late: ("line 3", "finds its last value"),
    left_over: ("line 3", "You have written something"),
    marked_and_written: ("line 4", "You have written something"),
}


@pytest.mark.parametrize("answer", REPAIRS, ids=lambda f: f.__name__)
def test_the_one_place_that_is_wrong_is_pointed_at(exercises, answer):
    message = told(exercises["spread"], answer)
    assert all(part in message for part in REPAIRS[answer]), message


def test_an_unwritten_answer_is_told_from_a_line_left_over(exercises):
    assert not exercises["spread"].check(only_marked, 0, watch=False).attempted
    assert exercises["spread"].check(left_over, 0, watch=False).attempted


def test_what_is_transposed_on_a_stack_and_an_argument_never_read_are_named(exercises):
    def stacked(a, b):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return (b.T @ a.T).T

    message = told(exercises["products"], stacked)
    assert "`a` (2, 3, 4)" in message and "`.mT` turns round the last two" in message and "line 4 of stacked" in message
    assert "never looks at `b`" in told(exercises["products"], lambda_free)


def lambda_free(a, b):
    return a.sum() + 0 * a


def test_counts_that_are_one_off_entries_for_sums_and_products_of_what_is_not_turned_round(exercises):
    def of_the_others(x):
        return x.var(-1) * (x.shape[1] - 2) / len(x[0])

    def first_alone(a, b):
        return a @ b if a.dim() == 2 else torch.stack([one @ b[0] for one in a])

    def turned(a, b):
        return (b.mT @ a).mT

    message = told(exercises["spread"], of_the_others)
    assert "`x.shape[1]`. Is it one too many" in message
    assert "turned round" in told(exercises["products"], turned)
    assert "An axis is missing" not in told(exercises["products"], turned)
    assert "`a` has" not in told(exercises["products"], first_alone)


def test_results_of_the_wrong_shape_are_told_the_axes_and_what_is_left_over(exercises):
    stacked = told(exercises["products"], lambda a, b: (a @ b).movedim(0, -1) if a.dim() > 2 else a @ b)
    assert "(head, row, column)" in stacked and "axes stand in another order" in stacked
    every = told(exercises["spread"], lambda x: (x - x.mean(-1, keepdim=True)).square())
    assert "axis 1, which is left over: average over it" in every
    assert "the shape is not" in told(exercises["products"], lambda a, b: (a @ b).flatten())


def number(x: "Float[Tensor, 'row d']", n: int) -> "Float[Tensor, '']":
    return x.square().sum() / n


def test_nothing_is_said_that_holds_of_any_single_number(monkeypatch):
    monkeypatch.setattr(Exercise, "registry", {})

    def inputs(rng):
        for n in (1, 2, 3, 5, 8):
            yield torch.randn(n, 2, generator=rng), n + 1

    exercise = Function(id="demo.number", reference=number, inputs=inputs)
    assert axes.names(number, "x", torch.ones(2, 3)) == ["row", "d"]  # also where annotations are texts
    message = told(exercise, lambda x, n: x.abs().sum() / n + x.amax())
    assert message == f"{message.partition('.')[0]}.{message.split('.')[1]}." and "differ" in message
    assert "three times" in told(exercise, lambda x, n: 3 * number(x, n))


def test_a_size_is_named_only_where_it_is_the_reason(exercises):
    alone = told(exercises["spread"], lambda x: x.var(-1, correction=0) + (len(x) - 1))
    assert "right where the axis batch has length 1" in alone
    quiet = told(exercises["spread"], lambda x: x.var(-1, correction=0) + torch.sin(x[:, 3:].sum(-1)))
    assert "right where" not in quiet and "wrong only" not in quiet  # right where feature is 2, of which there is one


def test_a_dtype_is_named_only_where_it_is_the_reason(exercises):
    """Of the inputs one is in float64, and it is the only one with matrices of six rows."""
    chance = told(exercises["products"], lambda a, b: a @ b if a.shape[-2] == 6 else a @ b + torch.sin(a @ b))
    assert "float64" not in chance
    assert "`a` is float64" in told(exercises["products"], PATTERNS["`a` is float64"])


def test_a_constant_is_not_taken_for_a_bound(exercises):
    assert "cut off" not in told(exercises["products"], lambda a, b: torch.ones_like(a @ b))


def test_what_the_inputs_made_by_hand_have_in_common_is_no_reason(monkeypatch):
    monkeypatch.setattr(Exercise, "registry", {})

    def inputs(rng):
        for n in range(1, 7):
            yield (torch.ones(n, 1) / n**0.5,)
        for n in range(1, 7):
            yield (torch.randn(n, 1, generator=rng) - 0.5,)

    def normalised(x):
        return x / x.norm()

    unit = Function(id="demo.unit", reference=normalised, inputs=inputs)
    assert "negative" not in told(unit, lambda x: x + (x.norm() - 1).abs() * torch.sin(x))


def test_codes_that_are_exchanged_and_places_that_are_counted_are_told(monkeypatch):
    monkeypatch.setattr(Exercise, "registry", {})
    best = Function(
        id="demo.code",
        reference=lambda x: x.argmin(0),
        inputs=lambda rng: (((torch.randn(3, n, generator=rng)),) for n in (6, 9, 12)),
    )
    message = told(best, lambda x: (x.argmin(0) + 1) % 3)
    assert "0 stands where 2 is meant" in message and "in 6 of 6 places" in message
    assert "of 6 places" in told(best, lambda x: x.argmax(0))


def test_gradients_are_told_by_the_argument_and_their_pattern(exercises):
    class Doubled(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.clone()

        @staticmethod
        def backward(ctx, grad):
            return 2 * grad

    message = told(exercises["products"], lambda a, b: a @ Doubled.apply(b))
    assert "the gradient of `b` does not" in message and "Every number is twice" in message


def test_axes_are_called_what_the_annotations_call_them():
    assert axes.names(products, "a", torch.ones(2, 3, 4)) == ["head", "row", "inner"]
    assert axes.names(products, "return", torch.ones(3, 4)) == ["row", "column"]
    assert axes.names(products, "a", torch.ones(5, 2, 3, 4)) == ["axis 0", "axis 1", "row", "inner"]
    assert axes.names(spread, "x", torch.ones(3)) == ["axis 0"] and axes.names(len, "x", torch.ones(2)) == ["axis 0"]
    assert axes.sizes(spread, {"x": torch.ones(2, 5)}) == {"batch": 2, "feature": 5}


def test_large_results_are_shown_by_the_first_row_that_differs(exercises):
    def late(a, b):
        return (
            torch.cat([(a @ b)[..., :-1, :], (a @ b)[..., -1:, :] + torch.sin(a @ b).sum()], -2)
            if a.dim() > 2
            else a @ b
        )

    rows = dict(exercises["products"].check(late, 0, watch=False).counterexample.rows())
    assert {"a[0, 2, :]", "b[0, :, :]"} <= rows.keys() and "expected[0, 2, :]" in rows


def test_values_in_place_of_indices_and_pairs_of_both_are_told(monkeypatch):
    monkeypatch.setattr(Exercise, "registry", {})
    best = Function(
        id="demo.best", reference=lambda x: x.min(0).indices, inputs=lambda rng: iter([(torch.tensor([0.5, 0.2]),)])
    )
    assert "numbers such as 0.2; whole numbers" in told(best, lambda x: x.min(0).values)
    assert "both values and indices, as `min`" in told(best, lambda x: x.min(0))
