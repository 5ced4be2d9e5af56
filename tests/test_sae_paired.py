"""Truths with two sides: a transcoder finds what is on both, a crosscoder tells which feature is on which side."""

import pytest
import torch

from course_utils import sae
from course_utils.sae.paired import BOTH, FIRST, SECOND, second_share

RECIPE = sae.Recipe(steps=600, batch=512, lr=3e-3, dead_after=20_000)


def truth(seed: int = 0) -> sae.PairedTruth:
    return sae.PairedTruth.draw(both=12, first=12, second=12, d=20, probability=0.04, seed=seed)


def test_a_feature_is_only_on_its_own_sides():
    made = truth()
    first, second, f = made.sample(500, torch.Generator().manual_seed(1))
    torch.testing.assert_close(first, f @ made.first)
    torch.testing.assert_close(second, f @ made.second)
    assert (made.first[made.side == SECOND] == 0).all() and (made.second[made.side == FIRST] == 0).all()
    for side, rows in ((BOTH, made.first), (BOTH, made.second), (FIRST, made.first), (SECOND, made.second)):
        torch.testing.assert_close(rows[made.side == side].norm(dim=1), torch.ones(12))


def test_a_batch_depends_on_its_number_alone_and_lies_side_by_side_for_a_crosscoder():
    made = truth()
    x, y = made.batch(3, 50)
    again, _ = made.batch(3, 50)
    both, target = made.laid_beside().batch(3, 50)
    assert torch.equal(x, again) and both is target
    assert torch.equal(both, torch.cat([x, y], 1)) and not torch.equal(x, made.batch(4, 50)[0])


@pytest.mark.parametrize("seed", range(2))
def test_a_crosscoder_tells_which_source_a_feature_is_in(seed):
    made = truth(seed).laid_beside()
    shape = sae.Config(d_in=40, n_latents=54, k=2, sources=2)
    done = sae.train(shape, made, RECIPE, device="cpu", show=False).sae
    pairs = made.match(done.W_dec)
    assert pairs.found() > 0.9
    found = pairs.cosine > 0.9
    part = second_share(done.source_norms())[pairs.latent]
    assert (part[found & (made.side == BOTH)] - 0.5).abs().max() < 0.1
    assert part[found & (made.side == FIRST)].max() < 0.2 and part[found & (made.side == SECOND)].min() > 0.8
    start = sae.SparseAutoencoder(shape, torch.Generator().manual_seed(seed))
    assert made.match(start.W_dec.detach()).found() == 0  # and chance finds nothing


def test_the_two_parts_of_a_crosscoders_direction_are_told_apart_by_length():
    sae_ = sae.SparseAutoencoder(sae.Config(d_in=4, n_latents=3, k=1, sources=2)).requires_grad_(False)
    sae_.W_dec.copy_(torch.tensor([[1.0, 0, 0, 0], [0, 0.6, 0, 0.8], [0, 0, 0, 1.0]]))
    torch.testing.assert_close(sae_.source_norms(), torch.tensor([[1.0, 0], [0.6, 0.8], [0, 1.0]]))
    torch.testing.assert_close(second_share(sae_.source_norms()), torch.tensor([0.0, 0.8 / 1.4, 1.0]))


def test_a_transcoder_leaves_out_what_is_not_written():
    made = sae.PairedTruth.draw(both=16, first=16, second=0, d=20, probability=0.04)
    done = sae.train(sae.Config(d_in=20, d_out=20, n_latents=32, k=2), made, RECIPE, device="cpu", show=False).sae
    pairs = made.match(done.W_dec)
    assert (pairs.cosine[made.side == BOTH] > 0.9).float().mean() > 0.6
    x, y, f = made.sample(3000, torch.Generator().manual_seed(7))
    assert sae.fvu(y, done(x)) < 0.4
    silent = f[:, made.side == BOTH].sum(1) == 0  # only features that are not written
    assert (done.encode(x[silent]) > 0).sum(1).float().mean() < (done.encode(x[~silent]) > 0).sum(1).float().mean()
