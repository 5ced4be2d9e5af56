"""The drawings of a mechanism: that they turn, measure and descend as they say."""

import matplotlib.pyplot as plt
import pytest
import torch

from course_utils import plots
from course_utils import superposition as sp
from course_utils.superposition.pictures import upright

W, B = 1.15 * sp.polygon(5), torch.full((5,), -0.27)


def test_a_turn_puts_arrow_0_up_and_changes_no_reading():
    turned = upright(W)
    torch.testing.assert_close(turned.T @ turned, W.T @ W)
    assert turned[0, 0].abs() < 1e-6 and turned[1, 0] > 0


def test_the_bars_are_readings_bias_and_output():
    x = torch.tensor([0.8, 0.0, 0.0, 0.0, 0.0])
    fig = sp.follow_figure(W, B, {"alone": x})
    readings = W.T @ W @ x
    shown = [torch.tensor([bar.get_height() for bar in ax.patches]).float() for ax in fig.axes[1:]]
    for heights, expected in zip(shown, (readings, readings + B, (readings + B).relu()), strict=True):
        torch.testing.assert_close(heights, expected)
    plt.close(fig)


def test_the_grey_ground_is_where_the_output_is_zero():
    fig = sp.follow_figure(W, B, {"alone": torch.zeros(5)})
    ground = next(p for p in fig.axes[0].patches if isinstance(p, plt.Rectangle))
    border = torch.tensor([0.0, float(ground.get_y() + ground.get_height())])
    assert upright(W)[:, 0] @ border + B[0] == pytest.approx(0, abs=1e-6)
    plt.close(fig)


def test_the_stacked_bar_is_interference_and_dimensionality():
    fig = sp.share_figure(W)
    parts = torch.tensor([bar.get_height() for bar in fig.axes[1].patches])
    assert parts[1:].sum() == pytest.approx(sp.interference(W)[0].item(), rel=1e-5)
    assert parts[0] / parts.sum() == pytest.approx(sp.feature_dimensionality(W)[0].item(), rel=1e-5)
    plt.close(fig)


@pytest.mark.parametrize(("p", "r"), [(0.1, 0.5), (0.4, 1.0)])
def test_the_surface_has_the_losses_of_the_three_formulas(p, r):
    both = torch.tensor([0.0, 1.0, -1.0])
    lost = sp.surface(p, r, both, both)
    keep_1, keep_2, pair = sp.phase_losses(torch.tensor(p), torch.tensor(r)) / (
        (1 + r) * sp.variance(torch.tensor(p))
    )
    assert lost[0, 0] == pytest.approx(1, abs=0.02)
    assert lost[1, 0] == pytest.approx(keep_1.item(), abs=0.02) and lost[0, 1] == pytest.approx(keep_2.item(), abs=0.02)
    # a bias can only help the pair, and helps it where both are often active
    assert lost[1, 2] < pair + 0.01 and (p > 0.2 or lost[1, 2] == pytest.approx(pair.item(), abs=0.01))


def test_descent_never_goes_below_the_surface():
    path, end = sp.descend(0.1, 0.5, (0.5, -0.3), steps=500)
    assert path[0].tolist() == pytest.approx([0.5, -0.3])
    assert end >= sp.surface(0.1, 0.5, path[-1:, 0], path[-1:, 1]).item() - 0.01


def test_noise_meets_the_size_of_a_feature_where_the_picture_says():
    fig = sp.noise_figure()
    words = [text.get_text().replace(",", "") for text in fig.axes[0].texts]
    numbers = [int(word) for word in words if word.isdigit()]
    for p, n in zip((0.1, 0.01, 0.001), numbers, strict=True):
        assert sp.expected_interference(n, p, 768) == pytest.approx(0.25, rel=0.001)
    plt.close(fig)


def test_exceptions_are_counted_where_they_lie():
    predicted = torch.full((4, 4), 2)
    predicted[0] = 0  # the boundary: rows 0 and 1
    runs = predicted.clone()[None].repeat(2, 1, 1)
    runs[0, 0, 0], runs[1, 3, 3], runs[1, 3, 2] = 2, 0, 0
    grid = torch.linspace(1, 0.1, 4)
    diagram = sp.PhaseDiagram(grid, grid, runs, predicted, predicted)
    assert diagram.errors_by_place() == {"boundary": 1, "dense": 0, "sparse": 2}


@pytest.mark.parametrize("away", [(1.0, 1.0), (-1.0, -1.0), (1.0, -1.0)])
def test_what_is_dropped_is_listed_in_the_corner_opposite_the_arrows(away):
    fig, ax = plots.figure()
    plots.arrows(ax, torch.tensor([[away[0], 0.0], [away[1], 0.1]]))
    (listed,) = [t for t in ax.texts if t.get_text().startswith("dropped: 1")]
    x, y = listed.xy
    assert (x - 0.5) * away[0] < 0 and (y - 0.5) * away[1] < 0
    plt.close(fig)
