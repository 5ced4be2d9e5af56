"""The stored results of lesson 2's deeper notebook: frontier, scaling, splitting, and what two trainings share."""

import pytest
import torch

from course_utils.sae import stored
from course_utils.sae.frontier import Frontier, Scaling, power_law
from course_utils.sae.splitting import KEYWORDS


def test_at_one_rate_of_activity_there_are_as_many_labels_and_trainings_as_with_one_k():
    at_rate, splits = stored.splits_at_rate(), stored.splits()
    assert at_rate.labels == splits.labels and at_rate.f1.shape[1:] == splits.f1.shape[1:]
    assert at_rate.broad.shape == (3, 3, len(KEYWORDS)) and 0 <= at_rate.broad.min() <= at_rate.broad.max() <= 1


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
