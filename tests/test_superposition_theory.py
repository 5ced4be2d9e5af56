"""What must be true of superposition whatever the input: closed forms, bounds, invariances."""

import math

import pytest
import torch

from course_utils import superposition as sp


def matrices():
    rng = torch.Generator().manual_seed(0)
    for hidden, features in ((1, 2), (2, 5), (3, 3), (5, 4), (8, 30)):
        W = torch.randn(20, hidden, features, generator=rng, dtype=torch.float64)
        yield W
        yield W * (torch.rand(20, 1, features, generator=rng) > 0.3)  # some columns exactly zero
        low_rank = W[:, :, :1] @ torch.randn(20, 1, features, generator=rng, dtype=torch.float64)
        yield low_rank


@pytest.mark.parametrize("p", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("r", [0.2, 1.0, 3.0])
def test_the_three_closed_forms_are_the_losses_of_the_three_solutions(p, r):
    x = sp.generate_batch(torch.full((1, 2), p), 400_000, torch.Generator().manual_seed(7))
    solutions = [([[1.0, 0.0]], [0.0, p / 2]), ([[0.0, 1.0]], [p / 2, 0.0]), ([[1.0, -1.0]], [0.0, 0.0])]
    for (W, b), predicted in zip(solutions, sp.phase_losses(torch.tensor(p), torch.tensor(r)), strict=True):
        found = sp.loss(x, sp.forward(x, torch.tensor([W]), torch.tensor([b])), torch.tensor([1.0, r]))
        assert found.item() == pytest.approx(predicted.item(), abs=0.003 * (1 + r))


def test_a_dropped_feature_is_best_answered_with_its_mean():
    p, b = 0.4, torch.linspace(0, 0.5, 51)
    expected = p * (1 / 3 - b + b**2) + (1 - p) * b**2  # E[(x − b)²]
    assert b[expected.argmin()].item() == pytest.approx(p / 2, abs=0.01)
    assert expected.min().item() == pytest.approx(p / 3 - p**2 / 4, abs=1e-4)


def test_the_phase_boundary_at_equal_importance_is_four_sevenths():
    p = torch.tensor([4 / 7 - 1e-3, 4 / 7 + 1e-3])
    assert sp.predict_phase(p, torch.ones(2)).tolist() == [2, 0]


def test_exchanging_the_features_exchanges_the_phases():
    p, r = torch.rand(500), torch.exp(torch.randn(500))
    here, there = sp.predict_phase(p, r), sp.predict_phase(p, 1 / r)
    assert torch.equal(torch.tensor([1, 0, 2])[here], there)


def test_dimensionality_lies_between_0_and_1_and_its_sum_is_at_most_the_rank():
    for W in matrices():
        D = sp.feature_dimensionality(W)
        rank = torch.linalg.matrix_rank(W)
        assert not D.isnan().any() and (D >= 0).all() and (D <= 1 + 1e-9).all()
        assert (D.sum(-1) <= rank + 1e-6).all()


def test_the_sum_reaches_the_rank_exactly_for_eigenvector_columns():
    corner = torch.arange(5, dtype=torch.float64) * 2 * math.pi / 5
    pentagon = torch.stack([corner.cos(), corner.sin()])
    pair, alone, dropped = torch.tensor([[1.0, -1.0]]), torch.tensor([[2.0]]), torch.zeros(4, 3)
    W = torch.cat([torch.block_diag(pentagon, pair, alone).double(), dropped], 1)
    G = W @ W.mT
    image = G @ W  # every column is an eigenvector: its image is parallel to it
    assert torch.allclose(image, W * ((image * W).sum(0) / W.square().sum(0).clamp(min=1e-12)))
    D = sp.feature_dimensionality(W)
    assert D.sum().item() == pytest.approx(4)
    assert torch.allclose(D, torch.tensor([2 / 5] * 5 + [1 / 2] * 2 + [1.0] + [0.0] * 3, dtype=torch.float64))
    generic = torch.randn(3, 6, generator=torch.Generator().manual_seed(0))
    assert sp.feature_dimensionality(generic).sum() < 3 - 0.05  # not eigenvectors: strictly below


def test_what_is_read_off_W_survives_a_rotation_and_moves_with_a_permutation():
    rng = torch.Generator().manual_seed(1)
    W = torch.randn(4, 9, generator=rng, dtype=torch.float64)
    Q = torch.linalg.qr(torch.randn(4, 4, generator=rng, dtype=torch.float64)).Q
    order = torch.randperm(9, generator=rng)
    for measure in (sp.column_norms, sp.interference, sp.feature_dimensionality, sp.dimensions_per_feature):
        assert torch.allclose(measure(W), measure(Q @ W))
        shuffled = measure(W)[order] if measure(W).ndim else measure(W)
        assert torch.allclose(shuffled, measure(W[:, order]))
    assert torch.allclose(sp.feature_dimensionality(3 * W), sp.feature_dimensionality(W))  # no scale
    assert torch.allclose(sp.interference(3 * W), 9 * sp.interference(W))


def test_interference_and_dimensionality_tell_the_same_story():
    W = torch.randn(3, 7, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    squared = W.square().sum(0)
    assert torch.allclose(sp.feature_dimensionality(W), squared / (squared + sp.interference(W)))


def test_interference_against_two_plain_loops():
    W = torch.randn(3, 5, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    W[:, 2] = 0
    plain = [
        sum(((W[:, i] / W[:, i].norm()) @ W[:, j]) ** 2 for j in range(5) if j != i) if W[:, i].any() else 0
        for i in range(5)
    ]
    assert torch.allclose(sp.interference(W), torch.tensor([float(v) for v in plain], dtype=torch.float64))


@pytest.mark.parametrize(("n", "p", "d"), [(2, 1.0, 3), (30, 0.2, 8), (100, 0.05, 50)])
def test_expected_interference_is_what_random_directions_give(n, p, d):
    rng, totals = torch.Generator().manual_seed(4), []
    for _ in range(300):
        U = sp.random_directions(n, d, rng)
        x = sp.generate_batch(torch.full((1, n), p), 200, rng)[0]
        totals.append((x[:, 1:] @ (U[:, 1:].mT @ U[:, 0])).square().mean().item())
    totals = torch.tensor(totals)
    error = (totals.std() / len(totals) ** 0.5).item()
    assert abs(totals.mean().item() - sp.expected_interference(n, p, d)) < 4 * error


def test_random_directions_obey_the_tail_bound_and_have_mean_square_cosine_one_over_d():
    d, count = 40, 40_000
    u, v = (sp.random_directions(count, d, torch.Generator().manual_seed(s)) for s in (5, 6))
    cosine = (u * v).sum(0)
    assert cosine.square().mean().item() == pytest.approx(1 / d, rel=0.05)
    for epsilon in (0.1, 0.3, 0.5):
        share = (cosine.abs() > epsilon).float().mean().item()
        assert share <= 2 * math.exp(-d * epsilon**2 / 2) + 3 * (share / count) ** 0.5


def test_as_many_random_directions_as_the_bound_promises_succeed_at_least_sometimes():
    d, epsilon = 400, 0.2
    n = int(sp.almost_orthogonal_bound(d, epsilon))
    assert n == 54
    tries = [sp.coherence(sp.random_directions(n, d, torch.Generator().manual_seed(s))) <= epsilon for s in range(20)]
    assert any(tries)


def test_optimised_directions_beat_random_ones_and_never_the_welch_bound():
    for n, d in ((3, 2), (16, 8), (40, 20)):
        packing = sp.pack(n, d, steps=200)
        assert torch.allclose(packing.W.norm(dim=0), torch.ones(n), atol=1e-5)
        assert packing.coherence == pytest.approx(sp.coherence(packing.W), abs=1e-5)
        assert sp.welch_bound(n, d) <= packing.coherence + 1e-6 < packing.start
    assert sp.pack(3, 2, steps=300).coherence == pytest.approx(0.5, abs=0.01)  # in the plane nothing is gained


@pytest.mark.parametrize("count", [3, 4, 5, 6])
def test_polygons_are_recognised_and_nothing_else(count):
    angle = torch.arange(count) * 2 * math.pi / count + 0.3
    W = torch.stack([angle.cos(), angle.sin()])
    reading = sp.read_plane(torch.cat([W, torch.zeros(2, 1)], 1))
    assert reading.polygon == count and reading.dropped == {count}
    assert len(reading.antipodal) == (count // 2 if count % 2 == 0 else 0)
    assert sp.angle_gaps(W).sum().item() == pytest.approx(360, abs=1e-3)
    bent = W.clone()
    bent[:, 0] = torch.tensor([math.cos(0.8), math.sin(0.8)])
    assert sp.read_plane(bent).polygon == 0
    with pytest.raises(ValueError, match="two hidden dimensions"):
        sp.read_plane(torch.zeros(3, 4))


def test_a_disturbance_is_what_a_simulation_gives_for_directions_of_one_sign_too():
    rng = torch.Generator().manual_seed(9)
    for W in (torch.randn(3, 6, generator=rng), torch.rand(2, 5, generator=rng), torch.tensor([[1.0, 2.0, 0.0]])):
        overlap = sp.directions(W).mT @ W
        x = sp.generate_batch(torch.full((1, W.shape[1]), 0.3), 400_000, rng)[0]
        found = (x @ (overlap - torch.diag(overlap.diagonal())).mT).square().mean(0)
        assert torch.allclose(found, sp.disturbance(W, 0.3), rtol=0.02, atol=1e-6)


def test_the_dimensions_that_are_needed_hold_what_the_bound_promises_there():
    for n, epsilon in ((10, 0.3), (10**6, 0.1)):
        d = sp.dimensions_needed(n, epsilon)
        assert math.exp(d * epsilon**2 / 4) == pytest.approx(n)


def test_switches_have_the_losses_that_a_simulation_gives():
    p, r = torch.tensor(0.3), torch.tensor(2.0)
    x = (torch.rand(1, 400_000, 2, generator=torch.Generator().manual_seed(3)) < 0.3).float()
    solutions = [([[1.0, 0.0]], [0.0, 0.3]), ([[0.0, 1.0]], [0.3, 0.0]), ([[1.0, -1.0]], [0.0, 0.0])]
    for (W, b), predicted in zip(solutions, sp.phase_losses(p, r, sp.ON_OFF), strict=True):
        found = sp.loss(x, sp.forward(x, torch.tensor([W]), torch.tensor([b])), torch.tensor([1.0, 2.0]))
        assert found.item() == pytest.approx(predicted.item(), abs=0.005)
    below, above = torch.tensor([0.32]), torch.tensor([0.35])
    assert sp.on_off_phase(below, torch.ones(1)).item() == 2 and sp.on_off_phase(above, torch.ones(1)).item() == 0


@pytest.mark.parametrize("p", [0.2, 0.6, 0.9])
def test_no_other_length_or_bias_makes_a_better_pair(p):
    found = sp.best_pair(p)
    x = sp.generate_batch(torch.full((1, 2), p), 400_000, torch.Generator().manual_seed(11))

    def loss(w, b):
        return sp.loss(x, sp.forward(x, torch.tensor([[[w, -w]]]), torch.tensor([[b, b]])), torch.ones(2)).item()

    assert loss(found.weight, found.bias) == pytest.approx(found.loss, rel=0.01)
    for w, b in ((0.05, 0.0), (-0.05, 0.0), (0.0, 0.05), (0.0, -0.05)):
        assert loss(found.weight + w, found.bias + b) > loss(found.weight, found.bias)
    assert found.loss < p / 3 - p**2 / 4  # better than keeping one, at every density


def test_the_pair_shrinks_and_passes_the_levels_in_order():
    densities = [sp.pair_density(level) for level in (1.8, 1.5, 1.2)]
    assert densities == sorted(densities) and densities[1] == pytest.approx(0.601, abs=0.002)
    assert sp.pair_crowding(1.0) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(("corners", "share"), [(2, 1 / 2), (3, 2 / 3), (5, 2 / 5)])
def test_a_polygon_hands_out_the_plane_evenly(corners, share):
    assert torch.allclose(sp.feature_dimensionality(sp.polygon(corners)), torch.full((corners,), share), atol=1e-5)
