"""The drawings of a mechanism: that they turn, measure and descend as they say."""

import math

import matplotlib.pyplot as plt
import pytest
import torch

from course_utils import plots
from course_utils import superposition as sp
from course_utils.superposition.real_neurons import Programs

W, B = 1.15 * sp.polygon(5), torch.full((5,), -0.27)


def test_a_turn_puts_arrow_0_up_and_changes_no_reading():
    turned = sp.upright(W)
    torch.testing.assert_close(turned.T @ turned, W.T @ W)
    assert turned[0, 0].abs() < 1e-6 and turned[1, 0] > 0


def test_what_stands_out_of_the_water_is_the_output():
    x = torch.tensor([0.8, 0.0, 0.0, 0.0, 0.0])
    dive = sp.Dive("alone", W, B, x)
    torch.testing.assert_close(dive.output, sp.forward(x[None], W, B)[0])
    fig = sp.waterline_figure([dive])
    bars = [bar for held in fig.axes[0].containers if held.get_label() == "out of the water" for bar in held]
    heights = {round(bar.get_height(), 4) for bar in bars}
    assert heights == {round(value, 4) for value in dive.output.tolist() if value > 0} and len(bars) == 3
    plt.close(fig)


def test_a_regular_pentagon_goes_around_in_the_order_of_the_trained_one():
    turned = (sp.polygon(5) + 0.05)[:, [3, 0, 4, 1, 2]]
    plain = sp.regular(turned)
    torch.testing.assert_close(plain.norm(dim=0), torch.ones(5))
    assert torch.equal((plain.T @ plain > 0.2), (turned.T @ turned > 0.15))  # the same neighbours


def test_the_bar_is_interference_and_dimensionality():
    fig = sp.share_figure({"alone": W[:, :1], "pentagon": W})
    for arrows, bar in ((W[:, :1], fig.axes[2]), (W, fig.axes[3])):
        parts = torch.tensor([part.get_width() for part in bar.patches])
        assert parts[1:].sum() == pytest.approx(sp.interference(arrows)[0].item(), rel=1e-5)
        assert parts[0] / parts.sum() == pytest.approx(sp.feature_dimensionality(arrows)[0].item(), rel=1e-5)
    plt.close(fig)


def test_a_turned_model_is_drawn_with_the_matrix_of_both():
    fig = sp.gram_figure(W, 130)
    torch.testing.assert_close(torch.as_tensor(fig.axes[2].images[0].get_array()), W.T @ W)
    plt.close(fig)


def test_a_block_is_drawn_with_its_long_arrows_in_two_levels():
    turn = torch.linalg.qr(torch.randn(5, 5, generator=torch.Generator().manual_seed(1))).Q[:, :3]
    block = turn @ torch.cat([1.1 * sp.antiprism(), torch.tensor([[0.2], [0.1], [0.2]])], 1)
    space = sp.in_space(block)
    torch.testing.assert_close(space.T @ space, block.T @ block, atol=1e-5, rtol=0)
    assert (space[2, :8].abs() - 1.1 / 3**0.5).abs().max() < 0.03 and (space[2, :8] > 0).sum() == 4
    plt.close(sp.body_figure(block, list(range(9))))


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
    starts = torch.tensor([[0.5, -0.3], [0.5, 0.3]])
    paths, ends = sp.descend(0.1, 0.5, starts, steps=500)
    assert torch.equal(paths[0], starts)
    for (w1, w2), end in zip(paths[-1], ends, strict=True):
        assert end >= sp.surface(0.1, 0.5, w1[None], w2[None]).item() - 0.01
    plt.close(sp.surface_figure(0.1, 0.5, paths, ends))


def test_readings_of_a_feature_that_is_off_scatter_as_the_formula_says():
    off = sp.random_readings(2000, samples=300)
    assert off.square().mean() == pytest.approx(sp.expected_interference(2000, 0.01, 768), rel=0.1)


def test_a_crowd_loses_what_a_simulation_of_the_whole_model_loses():
    n, p = 800, 0.01
    found = sp.crowd(n, p)
    generator = torch.Generator().manual_seed(4)
    W = found.length * sp.random_directions(n, 768, generator)
    x = sp.generate_batch(torch.full((1, n), p), 400, generator)[0]
    price = sp.loss(x, sp.forward(x, W, torch.full((n,), -found.water)), torch.ones(n))
    lost = price / (n * sp.variance(torch.tensor(p)))
    assert found.lost == pytest.approx(float(lost), rel=0.15)
    assert found.lost < sp.crowd(4000, p).lost < 1


def test_bars_out_of_the_water_are_the_outputs():
    x = torch.zeros(60)
    x[[10, 40]] = torch.tensor([0.9, 0.5])
    readings = {p: sp.readings_of(x, 3000, p) for p in (0.01, 0.001)}
    assert (readings[0.001] - x).abs().max() < (readings[0.01] - x).abs().max() < 0.5
    crowds = [sp.Crowd(3000, p, 1.2, 0.25, 0.1, 0.2) for p in readings]
    fig = sp.crowd_figure(x, readings[0.01], crowds[0], crowds)
    out = {round(float(bar.get_height()), 4) for bar in fig.axes[0].patches if bar.get_y() == 0.25}
    assert out == {round(1.44 * float(v) - 0.25, 4) for v in readings[0.01] if 1.44 * v > 0.25}
    plt.close(fig)


def test_random_directions_approach_a_right_angle_as_dimensions_grow():
    fig = sp.right_angles_figure((2, 10, 100))
    spreads = []
    for ax in fig.axes:
        share = torch.tensor([bar.get_height() for bar in ax.patches])
        at = torch.tensor([bar.get_x() + bar.get_width() / 2 for bar in ax.patches]) - 90
        spreads.append(float((share * at**2).sum() / share.sum()) ** 0.5)
    assert spreads[0] == pytest.approx(180 / 12**0.5, rel=0.03) and spreads[1] > 2.5 * spreads[2]
    plt.close(fig)


def test_a_turn_keeps_lengths_and_mixes_coordinates():
    x = torch.eye(50)
    torch.testing.assert_close(sp.turned(x) @ sp.turned(x).T, x, rtol=0, atol=1e-5)
    assert sp.turned(x).abs().max() < 0.9


def test_a_neuron_with_few_loud_tokens_has_its_variance_in_them():
    steady = torch.arange(200.0) % 2
    seldom = torch.zeros(200)
    seldom[[3, 70]] = 1.0
    found = sp.spikes(torch.stack([steady, seldom], 1))
    assert found[0] == pytest.approx(0.01) and found[1] == pytest.approx(0.99)


def test_the_lines_around_a_token_are_whole():
    words = ["a", "\n", " b", " c", "\n  ", "d", "\n", "e", "f", "\n", "g"]
    text = Programs(torch.zeros(1, 12, dtype=torch.long), words, torch.zeros(11, dtype=torch.long))
    assert "".join(words[text.lines_around(5)]) == " b c\n  d\nef"
    assert text.above_half(torch.tensor([0.0, 3.0, 1.0, 2.0, 5.0])) == [1, 4]


def test_tokens_of_a_name_in_capitals_are_found_and_the_one_behind_it():
    words = ["if", " A", " in", " ALPH", "A", "BET", "[", "0", "]", " or", " NoName", " x", "_", "YZ"]
    text = Programs(torch.zeros(1, 15, dtype=torch.long), words, torch.zeros(14, dtype=torch.long))
    assert text.in_capitals().nonzero().flatten().tolist() == [3, 4, 5, 6]


def test_blocks_are_what_shares_dimensions():
    W = torch.block_diag(torch.tensor([[1.0, -1.0]]), sp.polygon(5), torch.ones(1, 1))
    turn = torch.linalg.qr(torch.randn(4, 4, generator=torch.Generator().manual_seed(0))).Q
    shuffle = torch.tensor([7, 0, 3, 5, 1, 2, 6, 4])
    W = torch.cat([turn @ W, 0.01 * torch.ones(4, 1)], 1)[:, [*shuffle.tolist(), 8]]
    W = W[:, W.norm(dim=0).argsort(stable=True)]
    found = sp.blocks(W)
    assert [len(block.features) for block in found] == [1, 2, 5]
    assert [block.dimensions for block in found] == pytest.approx([1, 1, 2], abs=1e-3)


def test_an_antiprism_is_known_by_its_angles():
    turn = torch.linalg.qr(torch.randn(3, 3, generator=torch.Generator().manual_seed(1))).Q
    shape = (turn @ sp.antiprism())[:, torch.randperm(8, generator=torch.Generator().manual_seed(2))]
    assert sp.from_antiprism(shape) < 1e-5
    torch.testing.assert_close(sp.feature_dimensionality(shape), torch.full((8,), 3 / 8))
    null = sp.evenly_spread(5, 8, 3, torch.Generator().manual_seed(0))
    torch.testing.assert_close(sp.feature_dimensionality(null), torch.full((5, 8), 3 / 8), atol=0.01, rtol=0)
    assert all(sp.from_antiprism(W) > 0.05 for W in null)
    plt.close(sp.eight_figure([shape], null))


@pytest.mark.parametrize(("lengths", "even"), [((1.0, 1.0), True), ((1.1, 1.0), True), ((1.2, 1.0), False)])
def test_pairs_are_even_if_their_arrows_are_equally_long(lengths, even):
    pair = torch.tensor([[lengths[0], -lengths[1]]])
    assert sp.even_pairs(torch.block_diag(pair, pair)) is even
    assert not sp.even_pairs(torch.block_diag(pair, torch.ones(1, 1)))


def test_collisions_of_a_triangle_and_of_a_pair_cost_what_integration_gives():
    p = 0.1
    whole = 3 * float(sp.variance(torch.tensor(p)))
    triangle, pair = sp.collisions(sp.triangle(), p), sp.collisions(sp.pair_and_one(), p)
    assert list(triangle) == [(0, 1), (0, 2), (1, 2), (0, 1, 2)] and list(pair) == [(0, 1)]
    for who in list(triangle)[:3]:
        assert triangle[who] * whole == pytest.approx(p**2 * (1 - p) / 8, rel=0.06)
    assert pair[0, 1] * whole == pytest.approx(p**2 / 3, rel=0.05)
    for W, pieces in ((sp.triangle(), triangle), (sp.pair_and_one(), pair)):
        assert sum(pieces.values()) == pytest.approx(sp.share_lost(W, torch.zeros(3), p, torch.ones(3)), rel=0.02)
    fig = sp.three_figure(p)
    widths = [bar.get_width() for bar in fig.axes[2].patches]
    assert widths == pytest.approx([100 * v for v in (*triangle.values(), *pair.values())])
    plt.close(fig)


@pytest.mark.parametrize("apart", [0, 5, 30])
def test_numbers_of_arrows_do_not_lie_on_each_other(apart):
    angle = torch.deg2rad(torch.tensor([80.0, 80.0 + apart, 80.0 - apart]))
    fig, ax = plots.figure()
    sp.arrow_panel(ax, torch.stack([angle.cos(), angle.sin()]))
    at = torch.tensor([text.get_position() for text in ax.texts if text.get_text()])
    assert torch.pdist(at).min() > 0.25
    plt.close(fig)


@pytest.mark.parametrize("angle", range(0, 360, 40))
def test_what_is_dropped_always_stands_below_the_circle(angle):
    at = math.radians(angle)
    fig, ax = plots.figure()
    sp.arrow_panel(ax, torch.tensor([[math.cos(at), 0.0], [math.sin(at), 0.1]]), "title")
    (listed,) = [text for text in ax.texts if text.get_text() == "feature 1 dropped"]
    assert listed.get_position() == (0, -1.55)
    assert ax.patches[0].radius == 1  # the dotted circle
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
