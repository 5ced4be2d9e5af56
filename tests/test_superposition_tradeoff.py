"""Loss as a share of the variance: what it is at its ends, and the formulas against simulation."""

import matplotlib.pyplot as plt
import pytest
import torch

from course_utils import superposition as sp
from course_utils.superposition import tradeoff

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
    assert causes["leaks"] < 1e-9 and causes["own output"] < 1e-9 and causes["several active"] > 0.05


def test_a_bar_is_cut_by_cause():
    one = {"own output": 0.1, "leaks": 0.2, "several active": 0.05}
    parts = {"one": one, "two": dict.fromkeys(tradeoff.CAUSES, 0.01)}
    fig = sp.causes_figure(parts)
    assert [round(bar.get_width()) for bar in fig.axes[0].patches] == [10, 20, 5, 1, 1, 1]
    assert [text.get_text() for text in fig.axes[0].texts] == ["35 %", "3 %"]
    plt.close(fig)


def test_the_variance_is_that_of_the_features_that_are_drawn():
    p = torch.tensor([[0.9, 0.3, 0.05]])
    x = sp.generate_batch(p, 400_000, torch.Generator().manual_seed(2))[0]
    torch.testing.assert_close(x.var(0), sp.variance(p[0]), rtol=0.02, atol=0)
