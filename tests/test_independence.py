"""What no single column shows: draws that depend on one another, and rows that break a rule now and then."""

import pytest
import torch

from course_utils.grading.exercise import Exercise
from course_utils.grading.independence import threshold
from course_utils.grading.kinds import Rule, Sampler, Stat


def sparse(p, batch):
    return torch.where(torch.rand(batch, len(p)) < p, torch.rand(batch, len(p)), 0.0)


def inputs(rng):
    yield torch.tensor([0.5, 0.3, 0.7]), 4001
    yield torch.tensor([0.4, 0.2]), 4000


def statistics(x, p, batch):
    share = (x != 0).double().mean(0)
    return [Stat(f"share {i}", share[i].item(), q, (q * (1 - q) / batch) ** 0.5) for i, q in enumerate(p.tolist())]


def rules(x, p, batch):
    return [Rule("Every number lies between 0 and 1", (x >= 0) & (x <= 1))]


def independent(x, p, batch):
    active = {f"whether feature {i} is active": x[:, i] != 0 for i in range(len(p))}
    return active | {f"the size of feature {i}": (x[:, i] - 0.5) * (x[:, i] != 0) for i in range(len(p))}


@pytest.fixture
def sampler(monkeypatch):
    monkeypatch.setattr(Exercise, "registry", {})
    KEPT.clear()
    return Sampler(
        id="demo.sparse", reference=sparse, inputs=inputs, statistics=statistics, rules=rules, independent=independent
    )


def two_halves(p, batch, made):
    u = torch.rand(batch // 2 + 1, len(p))
    return torch.cat([u, made(u)])[:batch]


def rolled_gate(p, batch):
    u = torch.rand(batch, len(p))
    return torch.where(u < p, u.roll(1, 0), 0.0)


def antithetic(p, batch):
    return torch.where(torch.rand(batch, len(p)) < p, two_halves(p, batch, lambda u: 1 - u), 0.0)


def mirrored(p, batch):
    return torch.where(two_halves(p, batch, lambda u: u.flip(0)) < p, torch.rand(batch, len(p)), 0.0)


def one_gate_for_two(p, batch):
    gate = torch.rand(batch // 2 + 1, len(p)).repeat_interleave(2, 0)[:batch]
    return torch.where(gate < p, torch.rand(batch, len(p)), 0.0)


def gate_of_the_neighbour(p, batch):
    u = torch.rand(batch, len(p))
    return torch.where(u < p, u.roll(1, 1), 0.0)


def gate_as_size(p, batch):
    u = torch.rand(batch, len(p))
    return torch.where(u < p, u, 0.0)


KEPT = {}


def half_of_the_last_call(p, batch):
    kept = KEPT.get(batch, torch.rand(batch, len(p)))
    KEPT[batch] = torch.rand(batch, len(p))
    gate = torch.where(torch.arange(batch)[:, None] % 2 == 0, kept.roll(5, 0), KEPT[batch])
    return torch.where(gate < p, torch.rand(batch, len(p)), 0.0)


DEPENDENT = {
    rolled_gate: "in draw i + 1",
    antithetic: "draw i +|One half",
    mirrored: "− i",
    one_gate_for_two: "draw i + 1",
    gate_of_the_neighbour: "correlation between",
    gate_as_size: "correlation between",
    half_of_the_last_call: "Two calls are not independent",
}


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("answer", DEPENDENT, ids=lambda f: f.__name__)
def test_draws_that_depend_on_one_another_fail_and_are_told_how(sampler, answer, seed):
    verdict = sampler.check(answer, seed, watch=False)
    assert not verdict.passed
    assert any(part in verdict.message for part in DEPENDENT[answer].split("|")), verdict.message


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_one_row_that_breaks_a_rule_fails_and_is_shown(sampler, seed):
    def once(p, batch, value=1.01):
        x = sparse(p, batch)
        x[-1, 0] = value
        return x

    verdict = sampler.check(once, seed, watch=False)
    assert "Every number lies between 0 and 1: not so in 1 of 12003 places, first at [4000, 0]: 1.01" in verdict.message
    assert not sampler.check(lambda p, batch: once(p, batch, -0.01), seed, watch=False).passed


def test_honest_draws_pass(sampler):
    for seed in range(60):
        verdict = sampler.check(sparse, seed, watch=False)
        assert verdict.passed, (seed, verdict.message)


def test_the_threshold_grows_with_the_number_of_statistics():
    assert 5.3 < threshold(1) < 5.4
    assert 8.3 < threshold(10**9) < 8.6
