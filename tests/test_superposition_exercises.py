"""Lesson 1's exercises as learners answer them: other spellings of a right answer, and mistakes in their own code."""

import math

import numpy as np
import pytest
import torch

from course_utils import superposition as sp
from course_utils.grading.exercise import Exercise, find

SEED = 5


def check(name, answer):
    return find(f"superposition.{name}", Exercise.registry).check(answer, SEED)


def sealed_truth():
    return find("superposition.sealed", Exercise.registry).truth(SEED)[1]


def test_looking_at_a_sealed_model_does_not_show_its_answer():
    model = sp.sealed(SEED)
    assert "pentagon" not in repr(model) and "Groups" not in repr(model)
    assert model.groups.dropped  # but it is there to be asked for


@pytest.mark.parametrize(
    "spell",
    [
        lambda t: {k: list(v) for k, v in t.items()},
        lambda t: t | {"pairs": {frozenset(pair) for pair in t["pairs"]}},
        lambda t: t | {"pairs": [pair[::-1] for pair in t["pairs"]]},
        lambda t: t | {"dropped": {np.int64(i) for i in t["dropped"]}, "pentagon": [*map(torch.tensor, t["pentagon"])]},
        lambda t: t | {"dropped": np.array(sorted(t["dropped"])), "pairs": torch.tensor(sorted(t["pairs"]))},
    ],
    ids=["lists", "frozensets", "pairs turned round", "numbers of other kinds", "arrays"],
)
def test_the_sealed_answer_may_be_spelled_in_many_ways(spell):
    assert check("sealed", spell(sealed_truth())).passed


def test_a_misconception_about_the_sealed_model_is_recognised_in_lists_too():
    answer = {key: list(group) for key, group in (sealed_truth() | {"pairs": []}).items()}
    assert check("sealed", answer).misconception == "pairs overlooked"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"dropped": [3], "pairs": [(3, 5)], "pentagon": []}, "3 is in dropped and in the pair (3, 5)"),
        ({"dropped": torch.tensor([True, False]), "pairs": [], "pentagon": []}, "whole numbers"),
        ({"dropped": [1.5], "pairs": [], "pentagon": []}, "whole numbers"),
        ({"dropped": [1], "pairs": (0, 5), "pentagon": []}, "cannot be read"),
        ({"dropped": [1, "a"], "pairs": [], "pentagon": []}, "cannot be read"),
        ([1, 2], "exactly the keys"),
    ],
)
def test_a_malformed_sealed_answer_is_told_what_is_wrong(answer, said):
    verdict = check("sealed", answer)
    assert not verdict.passed and said in verdict.message


@pytest.mark.parametrize("kind", [tuple, list, torch.tensor, np.array])
def test_an_interval_may_be_any_pair_of_numbers(kind):
    mean, spread = sp.critical().mean, sp.critical().spread
    assert check("critical_density", kind([mean - spread, mean + spread])).passed
    wide = check("critical_density", kind([mean - 2 * spread, mean + 2 * spread]))
    assert not wide.passed and "mean plus and minus one" in wide.message


@pytest.mark.parametrize("answer", ["58", ("0.56", "0.59"), {0.56, 0.59}, 0.57, (0.56,), (0.56, 0.57, 0.58)])
def test_what_is_no_pair_of_numbers_is_refused(answer):
    verdict = check("critical_density", answer)
    assert not verdict.passed and "Give an interval" in verdict.message


def sampler(magnitude):
    def generate_batch(probability, batch):
        size = (len(probability), batch, probability.shape[1])
        return torch.where(torch.rand(size) < probability[:, None], magnitude(size).to(probability.dtype), 0.0)

    return generate_batch


def equal_in_0_and_2(size):
    magnitude = torch.rand(size)
    if size[-1] > 2:
        magnitude[..., 2] = magnitude[..., 0]
    return magnitude


def repeated(probability, batch):
    half = sampler(torch.rand)(probability, batch // 2)
    return torch.cat([half, half], 1)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (sampler(lambda size: torch.randn(size) / math.sqrt(12) + 0.5), "between 0 and 1: not so"),
        (sampler(lambda size: 0.5 + (torch.randint(0, 2, size) * 2 - 1) / math.sqrt(12)), ""),
        (sampler(equal_in_0_and_2), "feature 0 of instance 0 and the size of feature 2"),
        (repeated, "occur more than once"),
    ],
    ids=["normal", "two points", "two equal features", "half the batch twice"],
)
def test_samples_with_the_right_moments_and_the_wrong_distribution_are_refused(answer, said):
    verdict = check("generate_batch", answer)
    assert not verdict.passed and said in verdict.message


def test_honest_samples_are_not_refused():
    exercise = find("superposition.generate_batch", Exercise.registry)
    assert all(exercise.check(sampler(torch.rand), seed).passed for seed in range(12))


def self_left_out(W):
    unit = W / W.norm(dim=0).clamp(min=1e-12)
    overlap = (unit.mT @ W) ** 2
    return (W**2).sum(0) / (overlap.sum(-1) - overlap.diagonal())


def self_left_out_guarded(W):
    overlap = (torch.nn.functional.normalize(W, dim=0).mT @ W) ** 2
    squared = (W**2).sum(0)
    return torch.where(squared > 0, squared / (overlap.sum(-1) - squared).clamp(min=1e-12), 0.0)


def one_over_cosines(W):
    unit = torch.nn.functional.normalize(W, dim=0)
    return 1 / ((unit.mT @ unit) ** 2).sum(-1)


@pytest.mark.parametrize(
    ("answer", "name"),
    [
        (self_left_out, "self term left out"),
        (self_left_out_guarded, "self term left out"),
        (one_over_cosines, "1/Σcos²"),
        (lambda W: torch.nan_to_num(one_over_cosines(W), posinf=0.0), "1/Σcos²"),
    ],
)
def test_a_mistake_in_the_dimensionality_is_named_with_and_without_a_guard(answer, name):
    assert (check("feature_dimensionality", answer).misconception or "").startswith(name)
