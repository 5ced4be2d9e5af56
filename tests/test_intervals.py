"""The bootstrap: units alone, and clusters of units that belong together."""

from __future__ import annotations

import pytest
import torch

from course_utils.intervals import bootstrap_weights, interval, mean_interval


def test_weights_are_shares_and_clusters_are_drawn_whole():
    labels = ["a", "b", "a", "c", "c", "c"]
    weights = bootstrap_weights(6, draws=400, clusters=labels)
    torch.testing.assert_close(weights.sum(1), torch.ones(400, dtype=torch.float64))
    for one, other in ((0, 2), (3, 4), (4, 5)):
        assert torch.equal(weights[:, one], weights[:, other])
    assert not torch.equal(weights[:, 0], weights[:, 1])
    assert torch.equal(weights, bootstrap_weights(6, draws=400, clusters=torch.tensor([4, 9, 4, 1, 1, 1])))


def test_labels_that_are_tensors_are_alike_where_they_hold_the_same():
    labels = torch.tensor([0, 0, 1, 1])
    assert torch.equal(bootstrap_weights(4, clusters=list(labels)), bootstrap_weights(4, clusters=labels))
    assert torch.equal(bootstrap_weights(4, clusters=labels.numpy()), bootstrap_weights(4, clusters=labels))


def test_the_interval_of_a_mean_is_that_of_weighted_units():
    labels, values = torch.tensor([4, 9, 4, 1, 1, 1]), torch.tensor([0.3, -2.0, 1.5, 4.0, 0.0, 1.0])
    for clusters in (None, labels):
        ends = interval(bootstrap_weights(6, clusters=clusters) @ values.double())
        assert mean_interval(values, clusters=clusters) == pytest.approx((values.mean().item(), *map(float, ends)))


def test_clusters_of_one_are_units():
    assert torch.equal(bootstrap_weights(9, 50, seed=3), bootstrap_weights(9, 50, seed=3, clusters=range(9)))


def test_only_intervals_over_clusters_cover_when_what_is_in_a_cluster_is_alike():
    """Forty modules of ten windows; windows of one module share most of their deviation."""
    covered = {"windows": 0, "modules": 0}
    labels = torch.arange(40).repeat_interleave(10)
    for seed in range(150):
        g = torch.Generator().manual_seed(seed)
        values = torch.randn(40, generator=g)[labels] + 0.3 * torch.randn(400, generator=g)
        for kind, clusters in (("windows", None), ("modules", labels)):
            _, low, high = mean_interval(values, 0.9, clusters)
            covered[kind] += low <= 0 <= high
    assert 0.82 <= covered["modules"] / 150 <= 0.97
    assert covered["windows"] / 150 < 0.6


def test_an_interval_holds_the_stated_share_of_draws():
    draws = torch.linspace(0, 1, 1001, dtype=torch.float64)[:, None]
    low, high = interval(draws, 0.8)
    assert float(low) == pytest.approx(0.1) and float(high) == pytest.approx(0.9)


def test_what_does_not_fit_is_said():
    with pytest.raises(ValueError, match="2 cluster labels for 3 units"):
        bootstrap_weights(3, clusters=[1, 2])
    for labels in ({1, 2, 3}, {1: 0, 2: 0, 3: 1}, [[1], [2], [3]], 3):
        with pytest.raises(ValueError, match="clusters are labels, one for each unit and in their order"):
            bootstrap_weights(3, clusters=labels)
    with pytest.raises(ValueError, match="at least one unit"):
        bootstrap_weights(0)
