"""Absorption in a model, by a probe's direction: found where it was planted, and not along directions of chance."""

import pytest
import torch

from course_utils import sae
from course_utils.sae import stored
from course_utils.sae.carried import carried, main_latents
from course_utils.sae.frontier import Frontier, Scaling, power_law


def planted(absorbed: bool, rows: int = 4000):
    """A parent along axis 0 and a child along axis 1; the child's latent takes the parent in, or does not."""
    rng = torch.Generator().manual_seed(0)
    parent = torch.rand(rows, generator=rng) < 0.4
    child = parent & (torch.rand(rows, generator=rng) < 0.05)  # too rare for its latent to count as the parent's
    other = torch.rand(rows, 4, generator=rng) < 0.2
    x = torch.cat([parent[:, None], child[:, None], other], 1).float() + 0.02 * torch.randn(rows, 6, generator=rng)
    W_dec = torch.eye(6)
    f = torch.cat([parent[:, None], child[:, None], other], 1).float()
    if absorbed:
        f[child, 0] = 0.0
        f[child, 1] = 2**0.5
        W_dec[1, 0] = 1.0
        W_dec = torch.nn.functional.normalize(W_dec, dim=1)
    labels = sae.Labels(("parent",), parent[:, None], torch.arange(rows) // 100)
    return x, f, W_dec, labels, child


def test_planted_absorption_is_found_with_its_carrier():
    x, f, W_dec, labels, child = planted(True)
    found = carried(x, f, W_dec, labels, "parent", torch.Generator().manual_seed(1))
    judged = labels.halves[1] & labels.flags[:, 0]
    assert found.main == (0,) and found.carrier == 1
    share = (child & judged).sum().item() / judged.sum().item()
    assert found.absorbed == pytest.approx(share, abs=0.02) and found.missed == pytest.approx(share, abs=0.02)


def test_where_nothing_is_absorbed_nothing_is_missed():
    x, f, W_dec, labels, _ = planted(False)
    found = carried(x, f, W_dec, labels, "parent", torch.Generator().manual_seed(1))
    assert found.absorbed == found.missed == 0 and found.carrier == -1 and (found.null == 0).all()


def test_a_features_latents_are_as_many_as_add_to_it():
    _, f, _, labels, _ = planted(False)
    halves = f.clone()
    first = torch.arange(len(f)) % 3 == 0
    halves[:, 0] = f[:, 0] * first
    halves = torch.cat([halves, (f[:, 0] * ~first)[:, None]], 1)
    assert main_latents(f, labels, "parent") == (0,)
    assert sorted(main_latents(halves, labels, "parent")) == [0, 6]
    assert main_latents(halves, labels, "parent", most=1) == (6,)


def test_the_criterion_sees_known_absorption_with_few_latents_and_not_with_several():
    known = stored.carried_known()
    assert known.most.tolist() == [8, 2, 1] and (known.latents <= known.most[:, None]).all()
    several, *few = (known.absorbed - known.null) / known.missed
    assert all((share > 0.1).all() for share in few) and (several < 0.11).all()
    assert (known.absorbed <= known.missed).all() and (known.missed[2] > 5 * known.missed[0]).all()


def test_at_one_rate_of_activity_there_are_as_many_labels_and_trainings_as_with_one_k():
    at_rate, splits = stored.splits_at_rate(), stored.splits()
    assert at_rate.labels == splits.labels and at_rate.f1.shape[1:] == splits.f1.shape[1:]
    score = 2 * at_rate.precision * at_rate.recall / (at_rate.precision + at_rate.recall)
    torch.testing.assert_close(at_rate.of("kind_keyword"), score, check_dtype=False, atol=1e-4, rtol=0)


def test_longer_trainings_share_more_and_known_features_are_shared():
    longer, known = stored.shared_longer(), stored.shared_known()
    assert longer["decoder"][1].min() > 5 * longer["decoder"][0].max() > 0
    assert (longer["unexplained"][1] < longer["unexplained"][0]).all()
    assert (known["decoder"] > 0.6).all() and (known["null"] < 0.02).all()


def test_a_power_law_is_recovered_and_its_local_exponents_spread_with_noise():
    x = torch.tensor([10.0, 20.0, 40.0, 80.0])
    exact = 3 * x[:, None] ** -0.4 * torch.ones(1, 3)
    a, b = power_law(x, exact)
    assert a == pytest.approx(3, rel=1e-4) and b == pytest.approx(0.4, abs=1e-4)
    noisy = Scaling(x, exact * (1 + 0.1 * torch.randn(4, 3, generator=torch.Generator().manual_seed(0))))
    spread = [max(each.local) - min(each.local) for each in (Scaling(x, exact), noisy)]
    assert spread[0] < 1e-3 < 0.01 < spread[1]


def test_a_frontier_is_read_between_its_settings_and_not_outside_them():
    l0 = torch.tensor([[4.0, 16.0, 64.0]])[..., None]
    error = torch.tensor([[0.4, 0.3, 0.1]])[..., None]
    curve = Frontier(("one",), torch.zeros(1, 3), l0, error, error, error, torch.ones(1))
    assert curve.at(8.0)["one"] == [pytest.approx(0.35)] and curve.at(16.0)["one"] == [pytest.approx(0.3)]
    assert curve.at(32.0)["one"] == [pytest.approx(0.2)]
    with pytest.raises(ValueError, match="one: no dictionaries on both sides of L0 2"):
        curve.at(2.0)
