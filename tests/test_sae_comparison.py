"""Several shapes on the same truths: each measure is that of its own training, and a table holds mean and range."""

import torch

from course_utils import sae
from course_utils.sae.comparison import Comparison, spread


def test_spread_is_mean_lowest_highest():
    assert spread([1.0, 2.0, 6.0]) == (3.0, 1.0, 6.0)


def test_each_shape_is_measured_on_the_truth_that_it_was_trained_on():
    truths = [sae.Truth.draw(12, 8, 0.08, seed=seed) for seed in range(2)]
    shapes = {
        "good": sae.Config(d_in=8, n_latents=20, k=1),
        "narrow": sae.Config(d_in=8, n_latents=6, k=1),
    }
    recipe = sae.Recipe(steps=250, batch=256, lr=5e-3, dead_after=10_000)
    both = Comparison.train(truths, shapes, recipe)
    for name in shapes:
        for truth, done, share, seen in zip(
            truths, both.runs[name], both.found(name), both.quality(name), strict=True
        ):
            assert share == sae.Recovery.of(truth, done.sae.W_dec).found
            assert seen.l0 <= shapes[name].k
    assert min(both.found("good")) > 0.5 >= max(both.found("narrow"))  # six latents find six of twelve at most
    rows = both.rows()
    assert list(rows) == ["good", "narrow"]
    value, low, high = rows["good"]["features found, %"]
    assert low <= value <= high and value == 100 * sum(both.found("good")) / 2
    assert len(both.plot().axes) == 2


def test_a_training_is_the_same_wherever_it_stands_in_the_comparison():
    truth = sae.Truth.draw(6, 4, 0.1)
    shape = sae.Config(d_in=4, n_latents=8, k=1)
    recipe = sae.Recipe(steps=20, batch=64)
    alone = Comparison.train([truth], {"a": shape}, recipe)
    beside = Comparison.train([truth], {"b": shape, "a": shape}, recipe)
    assert torch.equal(alone.runs["a"][0].sae.W_dec, beside.runs["a"][0].sae.W_dec)
