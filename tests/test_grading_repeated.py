"""Answers that are right once, on inputs of a usual size: caps far beyond them, and what is kept between calls."""

import itertools

import torch
from pytest import MonkeyPatch, fixture, mark

from course_utils.grading.exercise import Exercise
from course_utils.grading.kinds import REAL, Function


def centred(x):
    return x - x.mean(0)


def rows(rng):
    yield (torch.tensor([[1.0, 2.0], [3.0, 6.0]]),)
    yield (torch.randn(4, 3, generator=rng),)


@fixture
def exercise(monkeypatch: MonkeyPatch):
    monkeypatch.setattr(Exercise, "registry", {})
    return Function(id="demo.centred", reference=centred, inputs=rows, grads=(0,), ranges={"x": REAL})


class OnTheClass(torch.autograd.Function):
    """Keeps the length of the batch on the class: right as long as no other call comes before the backward pass."""

    count = 1

    @staticmethod
    def forward(ctx, x):
        OnTheClass.count = len(x)
        return x - x.sum(0) / len(x)

    @staticmethod
    def backward(ctx, grad):
        return grad - grad.sum(0) / OnTheClass.count


class InTheContext(OnTheClass):
    @staticmethod
    def forward(ctx, x):
        ctx.count = len(x)
        return x - x.mean(0)

    @staticmethod
    def backward(ctx, grad):
        return grad - grad.sum(0) / ctx.count


def counting(x):
    counting.calls = getattr(counting, "calls", 0) + 1
    return centred_again(x) + (counting.calls > counting.most)


def centred_again(x):
    return x - x.sum(0) / len(x)


def with_the_last_mean(x, seen=[]):  # noqa: B006  (the mistake)
    seen.append(x.mean(0) if x.shape[1] == 2 else x.mean(0).sum())
    return x - sum(one.sum() for one in seen)


@mark.parametrize("answer", [OnTheClass.apply, counting, with_the_last_mean], ids=["class", "attribute", "default"])
def test_what_is_kept_between_calls_is_noticed_and_named(exercise, answer):
    for most in (4, len(exercise.cases(0))):  # right on four inputs; on every one, as long as each comes once
        counting.calls, counting.most = 0, most
        verdict = exercise.check(answer, 0)
        assert not verdict.passed and "from one call to the next" in verdict.message


def test_what_is_kept_in_the_context_of_a_call_passes(exercise):
    assert exercise.check(InTheContext.apply, 0).passed
    assert exercise.check(centred_again, 0).passed


@mark.parametrize("cap", [1e4, 1e5])
def test_caps_far_beyond_the_inputs_are_noticed(exercise, cap):
    assert not exercise.check(lambda x: centred_again(x).clamp(-cap, cap), 0).passed
    assert not exercise.check(lambda x: centred_again(x.clamp(max=cap)), 0).passed


def test_a_repeated_call_does_not_name_an_answer_that_is_merely_wrong(exercise):
    assert "from one call to the next" not in exercise.check(lambda x: x, 0).message


OTHER_KINDS = {
    "numpy array": lambda x: centred_again(x).detach().numpy(),
    "uses `yield`": lambda x: (row for row in centred_again(x)),
    "a function": lambda x: lambda row: row,
    "a map": lambda x: map(float, centred_again(x).flatten()),
    "a zip": lambda x: zip(x, x, strict=True),
    "call .to_dense()": lambda x: centred_again(x).to_sparse(),
    "a list of 2": lambda x: [row.detach().numpy() for row in centred_again(x)],
}


@mark.parametrize("said", OTHER_KINDS)
def test_what_is_of_another_kind_is_told_its_kind_and_not_that_it_is_unsteady(exercise, said):
    message = exercise.check(OTHER_KINDS[said], 0).message
    assert said in message and "Called twice" not in message


def test_what_counts_its_calls_is_still_noticed(exercise):
    ticks = itertools.count(1)
    assert "Called twice" in exercise.check(lambda x: centred_again(x) + next(ticks), 0).message


def pairs(rng):
    yield (torch.tensor([3.0, 1.0]),)
    yield (torch.randn(4, generator=rng),)


def test_arrays_in_a_list_and_other_lengths_are_told_what_they_are(monkeypatch: MonkeyPatch):
    monkeypatch.setattr(Exercise, "registry", {})
    listed = Function(id="demo.listed", reference=lambda x: [(i, int(v)) for i, v in enumerate(x)], inputs=pairs)
    for answer in (
        lambda x: [torch.tensor([i, int(v)]).numpy() for i, v in enumerate(x)],
        lambda x: [(i, int(v)) for i, v in enumerate(x)][1:],
        lambda x: zip(range(len(x)), x.long().tolist(), strict=True),
    ):
        verdict = listed.check(answer, 0)
        assert not verdict.passed and "Called twice" not in verdict.message, verdict.message
    ticks = itertools.count(1)
    assert "Called twice" in listed.check(lambda x: [(i, next(ticks)) for i in range(len(x))], 0).message


def test_an_answer_that_draws_is_told_so(exercise):
    """The guard puts the random states back, so that two calls alone would draw alike."""

    def sampled(x):
        return x - x[torch.randint(len(x), (2000,))].mean(0)

    report = exercise.check(sampled, 0)
    assert not report.passed and "It draws" in report.message


def product(A, b):
    return A @ b


def cancelling(rng):
    A = torch.randn(6, 4, generator=rng)
    A[0] = torch.tensor([1.0, -1.0, 1.0, -1.0])
    yield A, torch.tensor([1.0, 1.0, 1.0, 1.0]) + 0.1 * torch.rand(4, generator=rng)


def test_rounding_of_sums_that_cancel_is_no_mistake_and_a_cap_still_is(monkeypatch: MonkeyPatch):
    monkeypatch.setattr(Exercise, "registry", {})
    exercise = Function(id="demo.product", reference=product, inputs=cancelling, ranges={"A": REAL, "b": REAL}, atol=0)
    in_single = [case for case in exercise.cases(0) if not case.declared]
    assert all(0 < case.expected.slack < 2e-6 * float(case.expected.value.abs().max()) for case in in_single)
    for seed in range(20):
        assert exercise.check(lambda A, b: (A.double() @ b.double()).to(A.dtype), seed).passed
        assert exercise.check(lambda A, b: (A.flip(1) * b.flip(0)).sum(1), seed).passed
        assert not exercise.check(lambda A, b: (A @ b).clamp(-1e5, 1e5), seed).passed


def test_an_example_shows_digits_enough_to_tell_two_results_apart(exercise):
    report = exercise.check(lambda x: x - x.mean(0) + 3e-5, 0)
    rows = dict(report.counterexample.rows())
    assert rows["expected"] != rows["given"]
