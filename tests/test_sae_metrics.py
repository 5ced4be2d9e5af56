"""Metrics, matching, absorption: on cases whose answer is known beforehand."""

import itertools

import pytest
import torch

from course_utils import sae
from course_utils.sae.units import Labels, Units


def rng(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_reconstructing_the_mean_leaves_all_variance_and_the_target_none():
    y = torch.randn(50, 7, generator=rng()) * torch.linspace(0.1, 9, 50)[:, None] + 3
    assert sae.fvu(y, y) == 0
    torch.testing.assert_close(sae.fvu(y, y.mean(0).expand_as(y)), torch.tensor(1.0))
    y_hat = y + torch.randn(50, 7, generator=rng(1))
    rowwise = ((y - y_hat).square().sum(1) / (y - y.mean(0)).square().sum(1)).mean()
    assert sae.fvu(y, y_hat) < 0.5 * rowwise  # a ratio of sums, not a mean of ratios: small rows count little


def test_l0_counts_positive_entries_and_cosine_forgets_length():
    assert sae.l0(torch.tensor([[0.0, 1.0, 2.0], [0.0, 0.0, 3.0]])) == 1.5
    y = torch.randn(9, 4, generator=rng())
    torch.testing.assert_close(sae.cosine(y, 0.1 * y), torch.tensor(1.0))


def test_loss_recovered_is_one_for_the_clean_loss_and_zero_for_the_ablated_one():
    clean, ablated = torch.tensor([1.0, 3.0]), torch.tensor([5.0, 7.0])
    assert sae.loss_recovered(clean, clean, ablated) == 1 and sae.loss_recovered(clean, ablated, ablated) == 0
    assert sae.loss_recovered(clean, torch.tensor([2.0, 4.0]), ablated) == 0.75


def test_shrinkage_is_the_factor_by_which_magnitudes_shrank():
    truth = torch.rand(200, 5, generator=rng()) * (torch.rand(200, 5, generator=rng(1)) < 0.2)
    f = 0.8 * truth + (truth == 0)
    f[:100] = 0  # missed
    torch.testing.assert_close(sae.shrinkage(f, truth), torch.tensor(0.8))


def test_density_tells_dead_from_dense():
    f = torch.zeros(100, 4)
    f[0, 1], f[:11, 2], f[:, 3] = 1, 1, 1
    density = sae.Density.of(f)
    assert density.dead == 0.25 and density.dense == 0.5
    assert density.plot().axes[0].get_ylabel() == "latents"


def test_matching_is_the_best_of_all_assignments_and_not_the_greedy_one():
    truth, learned = (torch.stack([a.cos(), a.sin()], 1) for a in torch.tensor([[0.0, 60.0], [25.0, -30.0]]).deg2rad())
    table = sae.cosines(truth, learned)
    best = max(sum(table[i, p[i]] for i in range(2)) for p in itertools.permutations(range(2)))
    found = sae.match_features(truth, learned)
    torch.testing.assert_close(found.cosine.sum(), best)
    greedy = [int(table[0].argmax()), 1 - int(table[0].argmax())]
    assert found.latent.tolist() != greedy


@pytest.mark.parametrize("latents", [2, 5, 9])
def test_matching_agrees_with_trying_everything(latents):
    truth, learned = torch.randn(4, 3, generator=rng(2)), torch.randn(latents, 3, generator=rng(3))
    table = sae.cosines(truth, learned)
    few = min(4, latents)
    best = max(
        sum(float(table[i, j]) for i, j in zip(rows, columns, strict=True))
        for rows in itertools.combinations(range(4), few)
        for columns in itertools.permutations(range(latents), few)
    )
    found = sae.match_features(truth, learned)
    assert float(found.cosine.sum()) == pytest.approx(best, abs=1e-5)
    assert (found.latent == -1).sum() == 4 - few and len(set(found.latent.tolist()) - {-1}) == few


def test_an_opposite_direction_is_no_match_and_length_does_not_matter():
    truth = torch.nn.functional.normalize(torch.randn(6, 9, generator=rng()), dim=1)
    assert sae.match_features(truth, 7 * truth.flip(0)).cosine.min() > 0.9999
    assert sae.match_features(truth, -truth).cosine.max() < 0.9
    assert sae.mean_max_cosine(truth, truth[:1].expand(6, 9)) < 0.9 < sae.mean_max_cosine(truth, truth)


def test_two_dictionaries_agree_where_they_are_the_same():
    config = sae.Config(d_in=16, n_latents=40)
    a, b = (sae.SparseAutoencoder(config, rng(s)).requires_grad_(False) for s in (0, 1))
    shuffled = torch.randperm(40, generator=rng(2))
    b.W_dec[:10], b.W_enc[:10] = a.W_dec[shuffled[:10]], a.W_enc[shuffled[:10]]
    both = sae.agreement(a, b, torch.randn(500, 16, generator=rng(3)), rng(4))
    assert 0.25 <= both.shared <= 0.45 and both.null.median() < 0.8
    assert sae.agreement(a, a, torch.randn(500, 16, generator=rng(3)), rng(4)).shared == 1


def absorbed_family():
    """A parent direction; latent 0 stands for it but is silent where latent 1 (its child plus parent) fires."""
    parent, child, other = torch.eye(3)
    W_dec = torch.stack([parent, torch.nn.functional.normalize(parent + child, dim=0), other])
    f = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.4, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 2.0], [0.5, 1.0, 0.0]])
    present = torch.tensor([True, True, False, True, True])
    return f, W_dec, parent, present


def test_absorption_is_found_where_it_was_built_and_nowhere_else():
    f, W_dec, parent, present = absorbed_family()
    assert sae.detect_absorption(f, W_dec, parent, present, 0).tolist() == [False, True, False, False, False]
    told = sae.absorption(f, W_dec, 5 * parent, present, 0)
    assert told.carrier.tolist() == [-1, 1, -1, -1, -1] and told.missed.tolist() == [False, True, False, True, False]
    assert told.rate == 0.25


def test_truths_have_the_frequencies_that_were_asked_for():
    size = 60_000
    for correlation, more in (("independent", {}), ("pairs", {}), ("hierarchy", {"children": 2})):
        truth = sae.Truth.draw(6, 4, 0.1, correlation=correlation, **more)
        on = truth.magnitudes(size, rng(5)) > 0
        share = on.float().mean(0)
        if correlation == "independent":
            assert (share - 0.1).abs().max() < 0.006
            assert abs((on[:, 0] & on[:, 1]).float().mean() - 0.01) < 0.003
        if correlation == "pairs":
            assert (share - 0.09).abs().max() < 0.006  # together 0.8, else one of the two: 0.1 · (0.8 + 0.2 / 2)
            assert abs((on[:, 0] & on[:, 1]).float().mean() - 0.08) < 0.005
            assert abs((on[:, 0] & on[:, 2]).float().mean() - 0.0081) < 0.003
        if correlation == "hierarchy":
            assert truth.parent.tolist() == [-1, 0, 0, -1, 3, 3]
            assert (share[[0, 3]] - 0.1).abs().max() < 0.006 and (share[[1, 2, 4, 5]] - 0.1 / 3).abs().max() < 0.004
            assert not (on[:, 1] & ~on[:, 0]).any() and not (on[:, 1] & on[:, 2]).any()
    values = truth.magnitudes(size, rng(6))
    values = values[values > 0]
    assert 0.5 <= values.min() < 0.51 and 1.49 < values.max() <= 1.5


def test_ica_finds_independent_features_and_pca_does_not_and_neither_finds_more_than_dimensions():
    few, many = sae.Truth.draw(10, 10, 0.1, seed=1), sae.Truth.draw(40, 10, 0.05, seed=1)
    found = {name: sae.baselines(truth, 40) for name, truth in (("few", few), ("many", many))}
    assert found["few"]["ICA"].matched > 0.95 > found["few"]["PCA"].matched + 0.1
    assert found["many"]["ICA"].found <= 0.5 and found["many"]["random"].found < 0.2


def planted_units():
    """Ten modules; unit 0 is the label, noisily; 1 and 2 each half of another; the rest are noise."""
    r = rng(7)
    module = torch.arange(10).repeat_interleave(400)
    flags = torch.rand(4000, 2, generator=r) < 0.1
    values = torch.randn(4000, 30, generator=r)
    values[:, 0] = flags[:, 0] * 3 + 0.5 * torch.randn(4000, generator=r)
    side = torch.rand(4000, generator=r) < 0.5
    values[:, 1], values[:, 2] = (flags[:, 1] & side).float(), (flags[:, 1] & ~side).float()
    return Units(values, Labels(("one", "two halves"), flags, module))


def test_the_best_unit_is_found_and_judged_on_text_it_was_not_chosen_on():
    units = planted_units()
    best = units.best("one")
    assert best.units == (0,) and best.f1 > 0.95 and best.low <= best.f1 <= best.high
    half = units.best("two halves")
    assert half.units in ((1,), (2,)) and 0.55 < half.f1 < 0.75 and half.precision == 1.0 and half.recall < 0.6
    both = units.best_set("two halves", 5)
    assert sorted(both.units) == [1, 2] and both.f1 == 1.0


def test_f1_on_the_judging_half_is_what_counting_gives():
    units = planted_units()
    best = units.best("one")
    on = units.values[:, 0] > best.thresholds[0]
    second = units.labels.module % 2 == 1
    flag = units.labels.flags[:, 0]
    hits = (on & flag & second).sum()
    precision, recall = hits / (on & second).sum(), hits / (flag & second).sum()
    assert best.f1 == pytest.approx(float(2 * precision * recall / (precision + recall)), abs=1e-6)


def test_noise_is_not_told_from_a_label_and_a_probe_finds_what_is_spread_over_units():
    r = rng(8)
    module = torch.arange(10).repeat_interleave(400)
    flags = torch.rand(4000, 1, generator=r) < 0.2
    noise = Units.signed(torch.randn(4000, 200, generator=r), Labels(("label",), flags, module))
    chance = noise.best("label")
    assert chance.f1 < 0.4 and noise.values.shape == (4000, 400)
    direction = torch.randn(20, generator=r)
    x = torch.randn(4000, 20, generator=r) + flags * direction
    labels = Labels(("label",), flags, module)
    spread = Units.signed(x, labels).best("label")
    assert sae.probe(x, labels, "label").f1 > max(0.9, spread.f1 + 0.1)


def test_top_contexts_are_the_strongest_one_from_each_context():
    activity = torch.tensor([[0.0, 3.0, 1.0], [0.0, 0.0, 0.0], [5.0, 0.0, 4.0], [0.0, 3.0, 2.0]])
    assert sae.top_contexts(activity, 10) == [(2, 0), (0, 1), (3, 1)]
    assert sae.top_contexts(activity, 1) == [(2, 0)]


def test_setting_a_latent_leaves_the_rest_of_the_activation():
    model = sae.SparseAutoencoder(sae.Config(d_in=6, n_latents=12, k=3), rng()).requires_grad_(False)
    x = torch.randn(20, 6, generator=rng(1))
    f = model.encode(x)
    edited = sae.latent_effect(x, f, model.W_dec, 4)
    silent = f[:, 4] == 0
    assert torch.equal(edited[silent], x[silent]) and silent.any() and not silent.all()
    moved = edited - x
    torch.testing.assert_close(moved, -f[:, 4, None] * model.W_dec[4], rtol=0, atol=1e-6)
    raised = sae.latent_effect(x, f, model.W_dec, 4, to=2.0)
    torch.testing.assert_close(raised - edited, 2 * model.W_dec[4].expand_as(x))


def test_a_null_is_the_latents_of_nearest_frequency():
    share = torch.logspace(-4, -0.5, 200)
    share[101] = 0
    found = sae.matched_latents(share, 100, 10)
    assert sorted(found.tolist()) == [95, 96, 97, 98, 99, 102, 103, 104, 105, 106] or sorted(found.tolist()) == [
        94, 95, 96, 97, 98, 99, 102, 103, 104, 105]  # fmt: skip
    assert found[0] == 99
