"""Conditional entropy against scipy, code lengths of senders that are known, what contrast-consistent search finds."""

import math

import pytest
import torch
from scipy.stats import entropy

from course_utils import probing
from course_utils.probing import basics


def test_conditional_entropy_is_joint_minus_marginal():
    rng = torch.Generator().manual_seed(0)
    counts = torch.randint(0, 7, (5, 4), generator=rng).double()
    joint = counts / counts.sum()
    expected = entropy(joint.flatten().numpy(), base=2) - entropy(joint.sum(1).numpy(), base=2)
    assert math.isclose(probing.conditional_entropy(counts).item(), expected, rel_tol=1e-9)


def test_no_probe_of_a_discrete_representation_is_below_the_bound_and_the_true_shares_reach_it():
    rng = torch.Generator().manual_seed(1)
    counts = torch.randint(1, 9, (6, 2), generator=rng).double()
    bound = probing.conditional_entropy(counts)
    shares = counts / counts.sum(1, keepdim=True)

    def loss(p):
        return -(counts * p.log2()).sum() / counts.sum()

    torch.testing.assert_close(loss(shares), bound)
    for _ in range(50):
        other = torch.rand(6, 1, generator=rng, dtype=torch.double) * 0.98 + 0.01
        assert loss(torch.cat([1 - other, other], 1)) >= bound - 1e-12


def test_code_lengths_of_senders_who_know_nothing_and_nearly_everything():
    rng = torch.Generator().manual_seed(2)
    x = torch.randn(64, 3, generator=rng)
    y = x[:, 0] > 0
    nothing = probing.online_code_length(x, y, [4, 16, 64], lambda a, b: lambda rows: torch.full((len(rows),), 0.5))
    assert nothing == 64
    known = probing.online_code_length(x, y, [4, 16, 64], lambda a, b: lambda rows: (rows[:, 0] > 0) * 0.98 + 0.01)
    torch.testing.assert_close(known, torch.tensor(4 - 60 * math.log2(0.99)), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("seed", range(3))
def test_ccs_finds_the_louder_contrast(seed):
    quiet, loud = probing.ccs.pairs(0.3, seed=seed), probing.ccs.pairs(2.0, seed=seed)
    assert probing.ccs.agreement(probing.ccs.ccs(quiet, starts=2), quiet.truth) > 0.97
    said = probing.ccs.ccs(loud, starts=2)
    assert probing.ccs.agreement(said, loud.loud) > 0.97 > 0.65 > probing.ccs.agreement(said, loud.truth)


def test_the_plain_methods_and_the_fast_ones_agree():
    rng = torch.Generator().manual_seed(3)
    x = torch.randn(2, 300, 6, generator=rng, dtype=torch.double) @ torch.randn(6, 6, generator=rng, dtype=torch.double)
    y = x[0, :, :2] + torch.randn(300, 2, generator=rng) > 0.5
    fast, (directions, bias) = probing.fit_logistic(x, y, 2.0, tolerance=1e-9), basics.fit_logistic(x, y, 2.0)
    torch.testing.assert_close(fast.directions, directions, rtol=1e-3, atol=1e-4)
    torch.testing.assert_close(fast.bias, bias, rtol=1e-3, atol=1e-4)
    one, flag = x[0], y[:, 0]
    torch.testing.assert_close(probing.mass_mean(x, y).directions[0, 0], basics.mass_mean(one, flag))
    torch.testing.assert_close(probing.mass_mean_iid(x, y).directions[0, 0], basics.mass_mean_iid(one, flag))
    torch.testing.assert_close(probing.leace(one, flag)(one), basics.leace(one, flag), rtol=1e-5, atol=1e-6)
    donor = one.roll(1, 0)
    both = probing.interchange(one, donor, directions[0, :1])
    torch.testing.assert_close(both, basics.interchange(one, donor, directions[0, 0]))
