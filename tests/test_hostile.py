"""Whatever a hurried learner hands in, every grader answers in one clear sentence and leaves the notebook as it was."""

import contextlib
import functools
import random

import numpy as np
import pytest
import torch

from course_utils.grading import exercise as exercise_module
from course_utils.grading import grade, guard
from course_utils.grading.answer import Answer
from course_utils.grading.exercise import declared

EXERCISES = declared()
touched = "before"


def raises(*args):
    raise ValueError("the sky is falling")


def prints(*args):
    for number in range(1000):
        print("line", number)


def none(*args):
    pass


def text(*args):
    return "an answer in words"


def generator(*args):
    yield from args


def wrong_dtype(*args):
    return torch.ones(2, 3, dtype=torch.complex64)


def wrong_device(*args):
    return torch.ones(2, 3, device="meta")


def all_nan(*args):
    return torch.full((2, 3), torch.nan)


def view(*args):
    return torch.arange(24.0).reshape(2, 3, 4)[:, ::2].mT


def the_input_itself(*args):
    return args[0] if args else None


def edits_the_input(*args):
    for value in args:
        if isinstance(value, torch.Tensor):
            value.zero_()
    return args[0] if args else None


def recurses(*args):
    return recurses(*args)


def loops(*args):
    while True:
        pass


def loops_and_swallows(*args):
    while True:
        try:
            while True:
                torch.ones(2).sum()
        except BaseException:
            continue


def loops_nested(*args):
    def inner():
        while True:
            with contextlib.suppress(BaseException):
                loops()

    while True:
        try:
            inner()
        except BaseException:
            continue


def leaves(*args):
    exit()


def allocates(*args):
    kept = []
    while True:
        kept.append(bytearray(200 << 20))


def allocates_at_once(*args):
    return torch.zeros(10**13)


def meddles(*args):
    global touched
    touched = "after"
    torch.set_default_dtype(torch.float64)
    torch.set_grad_enabled(False)
    torch.manual_seed(3), np.random.seed(3), random.seed(3)
    return "done"


def too_many(a, b, c, d, e, f, g, h, i, j):
    return a


class Klass:
    def method(self, *args):
        return "from a method"

    def __call__(self, *args):
        return "from an object"


SENTENCES = {  # hostile answer → what one of its sentences must say
    raises: "raised ValueError: the sky is falling",
    none: "None",
    text: "str|'an answer in words'",
    generator: "generator",
    recurses: "calls itself without end",
    loops: "still running",
    loops_and_swallows: "still running",
    loops_nested: "still running",
    leaves: "exit()",
    allocates: "memory|still running",
    allocates_at_once: "memory",
    meddles: "leaves gradients (torch.set_grad_enabled) and the default dtype|'done'",
    too_many: "argument",
}
# What runs to the clock's limit is ended by one piece of code for all that is called like a function of the course: one
# such exercise in each lesson tries it, and every one whose answers are called in a way of its own.
ENDLESS = {loops, loops_and_swallows, loops_nested, allocates}
FIRST = {(type(e), e.id.partition(".")[0]): e for e in reversed(EXERCISES)}
RETURN_WORDS = [text, meddles]
UNNAMED = [prints, wrong_dtype, wrong_device, all_nan, view, the_input_itself, edits_the_input]
OBJECTS = [
    Klass,
    Klass(),
    Klass().method,
    lambda *args: "from a lambda",
    functools.partial(text, 1),
    3,
    "words",
    None,
    torch.ones(3),
    [],
    float("nan"),
]


@pytest.fixture(autouse=True)
def short_limit(monkeypatch):
    monkeypatch.setattr(guard, "LIMIT", 0.3)  # one collection of garbage alone can take 0.1 s


def state():
    seeds = torch.get_rng_state().tolist(), np.random.get_state()[1].tolist(), random.getstate()
    return *seeds, torch.is_grad_enabled(), torch.get_default_dtype(), torch.get_num_threads(), touched


def check(exercise, answer):
    before = state()
    report = grade(exercise.id, answer)
    assert report.status == "failed", report
    assert 5 < len(report.message) < 700 and "Traceback" not in report.message and "\n" not in report.message
    assert "course_utils/grading" not in report.message, "the learner sees the inside of the grader"
    assert report._repr_html_().count("<div") == report._repr_html_().count("</div>")
    assert repr(report)
    assert state() == before
    return report


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.id)
def test_every_hostile_function_gets_a_sentence(exercise, monkeypatch):
    short = guard.LIMIT / getattr(exercise, "effort", 1.0)  # the same for all
    endless = isinstance(exercise, Answer) or exercise in FIRST.values()
    for answer, said in SENTENCES.items():
        if answer in ENDLESS and not endless:
            continue
        # Only what never ends is stopped soon: a collection of garbage must not make another sentence of the others.
        monkeypatch.setattr(guard, "LIMIT", short if "still running" in said else 10 * short)
        message = check(exercise, answer).message
        wanted = [
            *said.split("|"),
            *([exercise.expects] if answer in RETURN_WORDS and isinstance(exercise, Answer) else []),
        ]
        assert any(part in message for part in wanted), (answer.__name__, message)
    for answer in UNNAMED:
        check(exercise, answer)


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.id)
def test_every_hostile_object_gets_a_sentence(exercise):
    for answer in OBJECTS:
        check(exercise, answer)


@pytest.mark.parametrize("exercise", [e for e in EXERCISES if not isinstance(e, Answer)], ids=lambda e: e.id)
def test_calling_the_reference_is_noticed(exercise):
    reference = exercise.reference
    for answer in (reference, functools.partial(reference), lambda *args: reference(*args)):
        if answer is not reference and len(exercise_module.inspect.signature(reference).parameters) == 0:
            continue
        report = grade(exercise.id, answer)
        assert report.status != "passed" and "course's own" in report.message


@pytest.mark.parametrize("exercise", EXERCISES, ids=lambda e: e.id)
def test_an_unwritten_answer_is_not_attempted(exercise):
    def stub(*args):
        raise NotImplementedError

    assert grade(exercise.id, stub).status == "not attempted"
