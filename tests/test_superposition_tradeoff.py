"""Loss as a share of the variance: what it is at its ends, and the formulas against simulation."""

import pytest
import torch

from course_utils import superposition as sp

IMPORTANCE = 0.9 ** torch.arange(5)


@pytest.mark.parametrize("p", [0.9, 0.3, 0.05])
def test_answering_with_the_mean_loses_all_of_the_variance(p):
    nothing = sp.share_lost(torch.zeros(2, 5), torch.full((5,), p / 2), p, IMPORTANCE)
    assert nothing == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize("p", [0.9, 0.3, 0.05])
def test_a_dimension_for_each_feature_loses_nothing(p):
    assert sp.share_lost(torch.eye(5), torch.zeros(5), p, IMPORTANCE) < 1e-9


@pytest.mark.parametrize("p", [0.9, 0.05])
def test_the_causes_of_an_error_sum_to_the_loss(p):
    W, b = 1.15 * sp.polygon(5), torch.full((5,), -0.27)
    causes = sp.causes(W, b, p, IMPORTANCE)
    assert sum(causes.values()) == pytest.approx(sp.share_lost(W, b, p, IMPORTANCE), rel=1e-4)
    assert all(share > 0 for share in causes.values())


def test_a_square_leaks_nothing_while_a_feature_is_alone():
    causes = sp.causes(sp.polygon(4), torch.zeros(4), 0.3, torch.ones(4))
    assert causes["leaks"] < 1e-9 and causes["own output"] < 1e-9 and causes["collisions"] > 0.05


@pytest.mark.parametrize("p", [0.9, 0.3, 0.05])
def test_the_squares_formula_is_what_a_square_loses(p):
    square = torch.cat([sp.polygon(4), torch.zeros(2, 1)], 1)
    bias = torch.tensor([0, 0, 0, 0, p / 2])
    expected = sp.square_share(torch.tensor(p), IMPORTANCE).item()
    found = sp.share_lost(square, bias, p, IMPORTANCE)
    assert found == pytest.approx(expected, rel=0.05)  # three standard errors at p = 0.05


def test_the_variance_is_that_of_the_features_that_are_drawn():
    p = torch.tensor([[0.9, 0.3, 0.05]])
    x = sp.generate_batch(p, 400_000, torch.Generator().manual_seed(2))[0]
    torch.testing.assert_close(x.var(0), sp.variance(p[0]), rtol=0.02, atol=0)
