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
    assert model.reveal().dropped  # but it is there to be asked for


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
        ({"dropped": [1], "pairs": (0, 5), "pentagon": []}, "holds pairs of features"),
        ({"dropped": [1, "a"], "pairs": [], "pentagon": []}, "cannot be read"),
        ([1, 2], "exactly the keys"),
        ({"dropped": [1], "pairs": [], "pentagon": {(2, 3, 4, 5, 6)}}, "not groups of them"),
    ],
)
def test_a_malformed_sealed_answer_is_told_what_is_wrong(answer, said):
    verdict = check("sealed", answer)
    assert not verdict.passed and said in verdict.message


def experiment(seed=SEED, n=20, level=None, draw=7):
    """Crossings of n runs at a level, drawn with the mean and spread of the stored ones."""
    stored = sp.critical().at(level or sp.own_level(seed))
    z = torch.randn(n, generator=torch.Generator().manual_seed(draw), dtype=torch.float64)
    return stored.mean + stored.spread * (z - z.mean()) / z.std()


def interval(runs, reach=1.96):
    half = reach * runs.std() / len(runs) ** 0.5
    return float(runs.mean() - half), float(runs.mean() + half)


@pytest.mark.parametrize("kind", [tuple, list, torch.tensor, np.array])
@pytest.mark.parametrize("reach", [1.9, 1.96, 2.09])  # bootstrap, normal, Student's t
def test_an_honest_experiment_passes_however_it_is_written(kind, reach):
    runs = experiment()
    assert check("critical_density", (kind(runs.tolist()), kind(interval(runs, reach)))).passed


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda: (experiment(), interval(experiment(), 20**0.5)), "spread of single runs"),
        (lambda: (experiment(), interval(experiment(), 2 * 20**0.5)), "two standard deviations of single runs"),
        (lambda: (experiment(), interval(experiment(), 1.0)), "one* standard error"),
        (lambda: (experiment(), interval(experiment(), 3.0)), "too wide"),
        (lambda: (experiment(), interval(experiment(), 0.3)), "too narrow"),
        (lambda: (experiment(n=2), interval(experiment(n=2))), "At least sixteen"),
        (lambda: (experiment(), (0.5, 0.6)), "not the mean of your crossings"),
        (lambda: (experiment(), tuple(v + 0.01 for v in interval(experiment()))), "not the mean of your crossings"),
        (lambda: (experiment()[:1].repeat(20), (0.55, 0.56)), "equal"),
        (lambda: (experiment() / 10 + 0.9 * experiment().mean(), interval(experiment())), "scatter"),
        (lambda: (experiment(level=1.5), interval(experiment(level=1.5))), "cell's recipe pass 1.5"),
        (lambda: (stored_runs(), interval(stored_runs())), "stored 256"),
        (lambda: (0.56, 0.58), "Give (crossings"),
    ],
)  # fmt: skip
def test_an_experiment_that_is_not_sound_is_told_why(answer, said):
    verdict = check("critical_density", answer())
    assert not verdict.passed and said in verdict.message


def stored_runs():
    return sp.critical().at(sp.own_level(SEED)).crossing[40:60].double()


def test_an_experiment_of_another_learner_with_another_level_does_not_pass():
    passed = [check("critical_density", (experiment(seed), interval(experiment(seed)))).passed for seed in range(6)]
    assert sum(passed) == 1  # those of the same level


def test_stored_runs_are_known_in_any_order_and_mixed_with_others():
    own, stored = experiment(), stored_runs()
    mixed = torch.cat([stored[:3], own[3:]])
    for runs in (stored.sort().values, stored[torch.randperm(20)], mixed):
        verdict = check("critical_density", (runs, interval(runs)))
        assert not verdict.passed and "stored 256" in verdict.message


@pytest.mark.parametrize("beats", [torch.gt, torch.ge])
def test_ties_between_dropped_features_are_told(beats):
    def by_importance(p, r):
        dropped, pair = p - p**2, p**2 * (1 + r)
        return torch.where((pair < dropped) & (pair < r * dropped), 2, beats(r, 1).long())

    assert "All is right but for ties" in check("on_off_phase", by_importance).message


def test_one_gate_for_the_whole_batch_breaks_a_rule():
    def gated(probability, batch):
        gate = torch.bernoulli(probability)[:, None]
        return gate * torch.rand(len(probability), batch, probability.shape[1], dtype=probability.dtype)

    assert "in some samples and not in others: not so" in check("generate_batch", gated).message


def test_counts_that_do_not_vary_are_noticed_and_single_precision_is_right():
    def exact_counts(probability, batch):
        rank = torch.rand(len(probability), batch, probability.shape[1]).argsort(1).argsort(1)
        return torch.where(rank < (probability[:, None] * batch).round(), torch.rand(rank.shape), 0.0)

    assert "from feature to feature" in check("generate_batch", exact_counts).message
    single = sampler(torch.rand)
    assert check("generate_batch", lambda probability, batch: single(probability, batch).float()).passed


def test_random_intervals_never_pass():
    rng = torch.Generator().manual_seed(0)
    for _ in range(200):
        low = 0.4 + 0.4 * torch.rand(1, generator=rng).item()
        assert not check("critical_density", ((low, low + 0.03), (low, low + 0.03))).passed


@pytest.mark.parametrize(
    "answer", ["58", ("0.56", "0.59"), {0.56, 0.59}, 0.57, (0.56,), (0.56, 0.57, 0.58), ([0.5], 0.6)]
)
def test_what_is_no_experiment_is_refused(answer):
    verdict = check("critical_density", answer)
    assert not verdict.passed and "Give (crossings" in verdict.message


def hexagon(length, bias):
    task = sp.task(SEED)
    return length * sp.polygon(task.features), torch.full((task.features,), bias)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda: hexagon(1.0, 0.0), "without a bias"),
        (lambda: hexagon(1.1, 0.0), "push small readings below zero"),
        (lambda: hexagon(1.1, 0.1), "positive"),
        (lambda: hexagon(1.2, -0.1), "both can be tuned"),
        (lambda: (hexagon(1.0, 0.0)[0].mT, hexagon(1.0, 0.0)[1]), "transpose"),
        (lambda: (torch.zeros(2, 6), torch.zeros(6)), "no arrow"),
        (lambda: (sp.random_directions(6, 2, torch.Generator().manual_seed(0)), -0.4 * torch.ones(6)), "evenly spaced"),
        (lambda: (torch.ones(2, 5), torch.ones(5)), "W has the shape (2, 6)"),
        (lambda: torch.ones(3), "Give two tensors"),
    ],
)  # fmt: skip
def test_a_model_built_by_hand_is_told_what_it_lacks(answer, said):
    assert sp.task(SEED).features == 6
    verdict = find("superposition.by_hand", Exercise.registry).check(answer(), SEED)
    assert not verdict.passed and said in verdict.message


def test_a_model_built_by_hand_may_be_searched_turned_and_trained():
    task = sp.task(SEED)
    W, b = task.best()
    turn = torch.linalg.qr(torch.randn(2, 2, generator=torch.Generator().manual_seed(0))).Q
    assert check("by_hand", (W, b)).passed and check("by_hand", lambda: (turn.double() @ W.double(), b.numpy())).passed
    assert check("by_hand", (1.01 * W, 0.98 * b)).passed


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("forward", lambda x, W, b: sp.forward(torch.relu(x), W, b)),
        ("forward", lambda x, W, b: sp.forward(x.abs(), W, b)),
        ("forward", lambda x, W, b: sp.forward(x.clamp(0, 1), W, b)),
        ("forward", lambda x, W, b: sp.forward(torch.where(x > 0.01, x, 0.0), W, b)),
        ("interference", lambda W: _clamped(W, 1e-2)[0]),
        ("feature_dimensionality", lambda W: _clamped(W, 1e-2)[1]),
        ("disturbance", lambda W, p: sp.disturbance(W, p).clamp(max=1)),
        ("disturbance", lambda W, p: sp.disturbance(W, max(p, 0.01))),
        ("dimensions_needed", lambda n, epsilon: min(sp.dimensions_needed(n, epsilon), 1e6)),
        ("dimensions_needed", lambda n, epsilon: max(sp.dimensions_needed(n, epsilon), 1.0)),
        ("on_off_phase", lambda p, r: torch.where(p > 1 / 3, (r > 1).long(), 2)),
    ],
)
def test_caps_and_thresholds_far_from_usual_inputs_are_noticed(name, answer):
    assert not find(f"superposition.{name}", Exercise.registry).check(answer, SEED, watch=False).passed


def _clamped(W, least):
    squared = W.square().sum(0)
    overlap = ((W / squared.sqrt().clamp(min=least)).mT @ W).square()
    return overlap.sum(-1) - overlap.diagonal(), torch.where(
        squared > 0, squared / overlap.sum(-1).clamp(min=1e-30), 0.0
    )


def loops(W, p):
    out = torch.zeros(W.shape[1], dtype=W.dtype)
    for i in range(W.shape[1]):
        if W[:, i].norm() == 0:
            continue
        a = [(W[:, i] / W[:, i].norm()) @ W[:, j] for j in range(W.shape[1]) if j != i]
        first = sum(p / 3 * v**2 for v in a)
        out[i] = first + sum(p**2 / 4 * u * v for m, u in enumerate(a) for n, v in enumerate(a) if m != n)
    return out


def size(probability, batch):
    return len(probability), batch, probability.shape[1]


def by_threshold(probability, batch):
    u = torch.rand(size(probability, batch), dtype=probability.dtype)
    return (1 - u / probability.clamp(min=1e-30)[:, None]).clamp(min=0)


def by_bernoulli(probability, batch):
    gate = torch.bernoulli(probability[:, None].expand(-1, batch, -1))
    return gate * torch.rand(size(probability, batch), dtype=probability.dtype)


def by_einsum(x, W, b):
    h = torch.einsum("ibf,ihf->ibh", x, W)
    return torch.einsum("ibh,ihf->ibf", h, W).add(b[:, None]).clamp(min=0)


def loss_by_instance(x, x_hat, importance):
    return torch.stack([((a - c) ** 2 @ importance).mean() for a, c in zip(x, x_hat, strict=True)])


def gram_without_diagonal(W):
    return (W.T @ W).fill_diagonal_(0)


def interference_by_loops(W):
    total = torch.zeros(W.shape[1], dtype=W.dtype)
    for i in range(W.shape[1]):
        for j in range(W.shape[1]):
            if j != i and W[:, i].any():
                total[i] += (W[:, i] @ W[:, j] / W[:, i].norm()) ** 2
    return total


def disturbance_by_gram(W, p):
    overlap = gram_without_diagonal(W)
    found = overlap.sum(1) ** 2 * p**2 / 4 + overlap.square().sum(1) * (p / 3 - p**2 / 4)
    return torch.nan_to_num(found / W.square().sum(0))


def phase_by_comparison(p, r):
    keep = p * (1 - p) * torch.minimum(r, torch.ones_like(r))
    return torch.where(p * p * (1 + r) < keep, 2, ((r > 1) & (p > 0) & (p < 1)).long())


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("generate_batch", by_threshold),
        ("generate_batch", by_bernoulli),
        ("forward", by_einsum),
        ("forward", lambda x, W, b: torch.relu(torch.baddbmm(b.unsqueeze(1), x, W.transpose(1, 2) @ W))),
        ("loss", lambda x, x_hat, importance: torch.einsum("ibf,f->i", (x - x_hat) ** 2, importance) / x.shape[1]),
        ("loss", loss_by_instance),
        ("interference", interference_by_loops),
        ("interference", lambda W: torch.nan_to_num(gram_without_diagonal(W).square().sum(1) / W.square().sum(0))),
        ("feature_dimensionality", lambda W: torch.nan_to_num(W.square().sum(0) ** 2 / (W.T @ W).square().sum(1))),
        ("feature_dimensionality", lambda W: torch.nan_to_num(1 / (1 + sp.interference(W) / W.square().sum(0)))),
        ("disturbance", loops),
        ("disturbance", disturbance_by_gram),
        ("dimensions_needed", lambda n, epsilon: float(2 * np.log(float(n) ** 2) / epsilon**2)),
        ("dimensions_needed", lambda n, epsilon: torch.tensor(n).double().log() * 4 / epsilon / epsilon),
        ("on_off_phase", lambda p, r: torch.stack([r * p * (1 - p), p * (1 - p), p * p + p * p * r]).argmin(0)),
        ("on_off_phase", phase_by_comparison),
    ],
)
def test_right_answers_otherwise_written_pass(name, answer):
    for seed in range(3):
        verdict = find(f"superposition.{name}", Exercise.registry).check(answer, seed, watch=False)
        assert verdict.passed, verdict.message


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
