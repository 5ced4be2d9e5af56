"""Hidden-layer probes: as good as one problem after the other, nothing for linear probes and all for these; their
calibration.
"""

import pytest
import torch
from torch import nn

from course_utils import probing


@pytest.fixture(scope="module")
def data():
    """Two layers that hold two labels, neither of them linearly alone; double precision."""
    rng = torch.Generator().manual_seed(0)
    z = torch.randn(200, 4, generator=rng, dtype=torch.double)
    mix = torch.randn(2, 4, 4, generator=rng, dtype=torch.double)
    noise = torch.randn(200, 2, generator=rng, dtype=torch.double)
    score = torch.stack([z[:, 0] * z[:, 1], z[:, 3] + z[:, 2] ** 2 - 1], 1)
    return z @ mix + 3, score + 0.3 * noise > 0


def objective(inner, inner_bias, outer, bias, x, y, penalty):
    """What `fit_hidden` minimises, written again for one probe, divided by the number of rows."""
    logits = torch.relu(x @ inner.mT + inner_bias) @ outer + bias
    loss = nn.functional.binary_cross_entropy_with_logits(logits, y.double())
    return loss + penalty / 2 * (inner.square().sum() + outer.square().sum()) / len(x)


def objectives(probes, x, y, penalty):
    parts = (probes.inner, probes.inner_bias, probes.outer, probes.bias)
    return torch.stack([
        torch.stack([objective(*(part[i, k] for part in parts), x[i], y[:, k], penalty) for k in range(y.shape[1])])
        for i in range(len(x))])  # fmt: skip


def one_by_one(start, x, y, penalty):
    """The objective that torch's own solver reaches from the same start: one problem after the other, the rows as they
    are, slopes by autograd.
    """
    reached = torch.zeros(len(x), y.shape[1], dtype=torch.double)
    for i in range(len(x)):
        for k in range(y.shape[1]):
            weights = [
                part[i, k].clone().requires_grad_() for part in (start.inner, start.inner_bias, start.outer, start.bias)
            ]
            solver = torch.optim.LBFGS(weights, max_iter=300, line_search_fn="strong_wolfe", tolerance_grad=1e-6)

            def step(weights=weights, solver=solver, i=i, k=k):
                solver.zero_grad()
                loss = objective(*weights, x[i], y[:, k], penalty)
                loss.backward()
                return loss

            with torch.enable_grad():
                solver.step(step)
                reached[i, k] = step().detach()
    return reached


@pytest.mark.parametrize("seed", range(2))
def test_the_batch_is_as_good_as_one_probe_after_the_other(data, seed):
    """The problem has many minima: at most a hundredth worse anywhere, and not so much better that it must be another
    problem.
    """
    x, y = data
    start, found = (probing.fit_hidden(x, y, 32, 3.0, seed, steps=steps) for steps in (0, 300))
    ours, theirs = objectives(found, x, y, 3.0), one_by_one(start, x, y, 3.0)
    assert (ours < 0.95 * objectives(start, x, y, 3.0)).all()
    assert ((ours < 1.01 * theirs) & (ours > 0.9 * theirs)).all()


def test_what_is_found_for_one_label_does_not_depend_on_the_others(data):
    x, y = data
    every = probing.fit_hidden(x, y, 6, 1.0, seed=4, steps=30)  # further on, rounding parts the ways
    one, other = (probing.fit_hidden(x[[1]], y[:, [1]], 6, 1.0, seed=seed, steps=30) for seed in (4, 5))
    torch.testing.assert_close(every.logits(x)[1, :, 1], one.logits(x[[1]])[0, :, 0], rtol=1e-6, atol=1e-6)
    assert (other.inner - one.inner).abs().max() > 0.1


def test_of_an_exclusive_or_linear_probes_see_nothing_and_hidden_ones_all():
    x = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]).repeat(20, 1)
    y = (x.sum(1) == 1)[:, None]
    linear = probing.fit_logistic(x[None], y, 1e-3)
    assert (linear.loss(x[None], y) > 0.693).all()
    for seed in range(5):
        assert probing.fit_hidden(x[None], y, 8, 1e-3, seed).loss(x[None], y) < 0.01


def test_loss_is_that_of_the_logits_and_single_precision_will_do(data):
    x, y = data
    double, single = probing.fit_hidden(x, y, 8, 10.0), probing.fit_hidden(x.float(), y, 8, 10.0)
    logits = double.logits(x)
    by_hand = torch.where(y, logits.sigmoid(), 1 - logits.sigmoid()).log().mean(1).neg()
    torch.testing.assert_close(double.loss(x, y), by_hand)
    assert single.inner.dtype == torch.float32
    torch.testing.assert_close(single.loss(x.float(), y), double.loss(x, y).float(), rtol=0.02, atol=0)


def test_what_cannot_be_fitted_is_refused(data):
    x, y = data
    with pytest.raises(ValueError, match="at least one unit"):
        probing.fit_hidden(x, y, 0)
    with pytest.raises(ValueError, match="of the same rows"):
        probing.fit_hidden(x, y[:-1], 4)


def test_true_probabilities_lie_on_the_line_and_sure_ones_do_not():
    rng = torch.Generator().manual_seed(1)
    p = torch.rand(20_000, generator=rng)
    y = torch.rand(20_000, generator=rng) < p
    file = torch.arange(20_000) % 40
    honest = probing.reliability(p, y, file)
    assert honest.count.sum() == 20_000 and honest.error[0] < 0.02
    assert ((honest.says - honest.so).abs() < 0.04).all()
    assert ((honest.low <= honest.says) & (honest.says <= honest.high)).sum() >= 8  # of ten 95 % intervals
    sure = probing.reliability((3 * p.logit()).sigmoid(), y, file)
    assert sure.error[1] > 0.1 and sure.so[1] > sure.says[1] and sure.so[-2] < sure.says[-2]


def test_the_calibration_error_by_hand_and_bins_without_rows():
    p = torch.tensor([0.1, 0.3, 1.0, 1.0])
    y = torch.tensor([False, True, True, False])
    found = probing.reliability(p, y, torch.tensor([0, 0, 1, 1]), bins=4)
    assert found.count.tolist() == [1, 1, 2]  # none between a half and three quarters; 1 belongs to the last
    torch.testing.assert_close(found.so, torch.tensor([0.0, 1.0, 0.5], dtype=torch.double))
    assert abs(found.error[0] - (0.1 + 0.7 + 2 * 0.5) / 4) < 1e-6
    assert found.low[2] == found.high[2] == 0.5  # both rows are of one file: every draw that has it has both


def test_intervals_draw_files_not_rows():
    p, y = torch.full((400,), 0.5), torch.arange(400) < 200
    by_file = probing.reliability(p, y, torch.arange(400) // 200)  # two files, one all true and one all false
    by_row = probing.reliability(p, y, torch.arange(400))
    assert (by_file.low, by_file.high) == (0, 1) and by_row.low > 0.4 and by_row.high < 0.6


def test_two_probes_judged_on_the_same_files_are_compared_draw_by_draw():
    rng = torch.Generator().manual_seed(2)
    p = torch.rand(4000, generator=rng)
    y, file = torch.rand(4000, generator=rng) < p, torch.arange(4000) % 8
    honest, again, sure = (probing.reliability(says, y, file) for says in (p, p, (3 * p.logit()).sigmoid()))
    assert torch.equal(honest.errors, again.errors)
    low, high = (sure.errors - honest.errors).quantile(torch.tensor([0.025, 0.975], dtype=torch.double))
    assert 0.05 < low < sure.error[0] - honest.error[0] < high


def test_logits_are_no_probabilities():
    with pytest.raises(ValueError, match="sigmoid"):
        probing.reliability(torch.tensor([1.5]), torch.tensor([True]), torch.tensor([0]))
    with pytest.raises(ValueError, match="same rows"):
        probing.reliability(torch.tensor([0.5]), torch.tensor([True, False]), torch.tensor([0]))
