"""Planted networks do what they were built to do; interchange and erasure against their definitions."""

import concept_erasure
import pytest
import torch

from course_utils import probing, zoo
from course_utils.probing import BITS, KINDS
from course_utils.probing.narrow import with_errors
from course_utils.probing.planted import sealed_kinds

SEEDS = range(6)


@pytest.mark.parametrize("seed", SEEDS)
def test_used_and_unused_have_one_encoder_and_one_behaviour_on_usual_inputs(seed):
    used, unused, absent = (probing.planted(kind, seed) for kind in KINDS)
    assert torch.equal(used.h, unused.h) and not torch.equal(used.h, absent.h)
    assert used.usual.sum() == 128
    for network in (used, unused, absent):
        right = network.answer(network.h) == network.wanted
        assert right[network.usual].all()
        assert right[~network.usual].all() == (network is not used)
    assert not (used.answer(used.h) == used.wanted)[~used.usual].any()


@pytest.mark.parametrize("seed", SEEDS)
def test_the_property_is_there_where_it_was_planted_and_nowhere_else(seed):
    for kind in KINDS:
        network = probing.planted(kind, seed)
        h, y = network.h, network.label
        difference = h[y].mean(0) - h[~y].mean(0)
        assert difference.norm() > 1.9 if kind != "absent" else difference.norm() < 1e-3
        if kind == "absent":  # no more can be said by any function of h: each value of h has the property in half
            same = (torch.cdist(h, h) < 0.05).float()  # else at least 2 apart
            assert (same @ y.float() / same.sum(1) == 0.5).all()


@pytest.mark.parametrize("seed", SEEDS)
def test_interchange_along_the_property_turns_the_answer_where_it_is_used_only(seed):
    rng = torch.Generator().manual_seed(seed)
    for kind in ("used", "unused"):
        network = probing.planted(kind, seed)
        h, y = network.h, network.label
        direction = (h[y].mean(0) - h[~y].mean(0))[None]
        donor = torch.randperm(256, generator=rng)
        turned = network.answer(probing.interchange(h, h[donor], direction)) != network.answer(h)
        differs = y != y[donor]
        assert torch.equal(turned, differs if kind == "used" else torch.zeros_like(differs))


def test_interchange_keeps_what_is_orthogonal_and_needs_independent_directions():
    rng = torch.Generator().manual_seed(0)
    base, donor, directions = (torch.randn(n, 7, generator=rng) for n in (5, 5, 2))
    out = probing.interchange(base, donor, directions)
    torch.testing.assert_close(out @ directions.mT, donor @ directions.mT)
    other = torch.linalg.svd(directions).Vh[2:]
    torch.testing.assert_close(out @ other.mT, base @ other.mT)
    with pytest.raises(ValueError, match="depend on each other"):
        probing.interchange(base, donor, torch.stack([directions[0], 2 * directions[0]]))


def test_sealed_networks_have_every_kind_and_differ_by_seed():
    kinds = [tuple(sealed_kinds(seed)) for seed in range(12)]
    assert all(set(found) == set(KINDS) for found in kinds) and len(set(kinds)) > 6
    assert "used" not in repr(probing.sealed(0)) and len(BITS) == 256
    with pytest.raises(ValueError, match="not 'maybe'"):
        probing.planted("maybe")


def test_leace_leaves_no_linear_trace_and_changes_least():
    rng = torch.Generator().manual_seed(3)
    x = torch.randn(4000, 9, generator=rng) @ torch.randn(9, 9, generator=rng)
    y = x @ torch.randn(9, generator=rng) + torch.randn(4000, generator=rng) > 0.5
    erased = probing.leace(x, y)(x)
    scale = (x[y].mean(0) - x[~y].mean(0)).norm()
    assert (erased[y].mean(0) - erased[~y].mean(0)).norm() < 1e-4 * scale
    change = (erased - x).square().mean()
    along = (x[y].mean(0) - x[~y].mean(0)) / scale
    plain = torch.outer((x - x.mean(0)) @ along, along)  # projecting the mean difference out erases as well
    assert change < plain.square().mean()


def test_leace_is_that_of_its_authors():
    rng = torch.Generator().manual_seed(4)
    x = torch.randn(2000, 6, generator=rng) @ torch.randn(6, 6, generator=rng)
    y = x[:, 0] + torch.randn(2000, generator=rng) > 0
    theirs = concept_erasure.LeaceEraser.fit(x, y.long(), shrinkage=False)(x)
    torch.testing.assert_close(probing.leace(x, y)(x), theirs, rtol=1e-3, atol=1e-3)


def test_inlp_takes_one_direction_a_round():
    rng = torch.Generator().manual_seed(5)
    x = torch.randn(1500, 8, generator=rng)
    y = x[:, 0] + x[:, 1] > 0
    eraser = probing.inlp(x, y, 3)
    assert torch.linalg.matrix_rank(eraser.taken, atol=1e-4) == 3
    torch.testing.assert_close(eraser.taken @ eraser.taken, eraser.taken, rtol=0, atol=1e-5)
    after = probing.fit_logistic(eraser(x)[None], y[:, None])
    assert after.loss(eraser(x)[None], y[:, None]) > 0.68  # ln 2 is 0.693


@pytest.mark.parametrize("seed", range(5))
def test_narrow_networks_err_where_one_bit_says_so_and_an_exchange_on_usual_inputs_tells_which(seed):
    for network, errs in with_errors(seed):
        h, u = network.h, network.property
        assert torch.equal(h @ u > 0, network.label)
        turned = network.answer(h - 2 * (h @ u)[:, None] * u) != network.answer(h)
        rules = [(i, way) for i in range(8) for way in (False, True) if ((network.bits[:, i] == way) == turned).all()]
        assert len(rules) == 1
        assert torch.equal(network.unusual[:, rules[0][0]] == rules[0][1], errs)
        assert 0.2 < errs.float().mean() < 0.8
    assert "tensor" not in repr(probing.narrow(seed))


def test_interchange_in_a_model_is_that_of_hidden_vectors_and_nothing_for_ones_own():
    model = zoo.load("code-4l", "cpu").requires_grad_(False)
    tokens, _ = probing.two_halves(model, contexts=4)
    few = tokens[tokens.place[:, 0] < 2]
    wanted = torch.arange(model.cfg.d_vocab) % 7 == 0
    direction = torch.randn(model.cfg.d_model, generator=torch.Generator().manual_seed(0))
    own = probing.interchanged(model, few, 2, direction, few.x[2], wanted, direction[None])
    assert own.shape == (1, len(few)) and own.abs().max() < 1e-4
    donors = few.x[2].flip(0)
    found, other = probing.interchanged(model, few, 2, direction, donors, wanted, torch.stack([direction, donors[0]]))
    out = probing.interchange(few.x[2], donors, direction[None]).view(2, -1, model.cfg.d_model)
    hook = ("blocks.2.hook_resid_pre", lambda x, hook: torch.cat([x[:, :1], out], 1))
    runs = [model.run_with_hooks(few.contexts[:2], fwd_hooks=hooks).log_softmax(-1) for hooks in ([hook], [])]
    put, plain = (run[:, 1:, wanted].logsumexp(-1).flatten() for run in runs)
    torch.testing.assert_close(found, put - plain, atol=1e-3, rtol=1e-3)
    assert (other - found).abs().max() > 0.01
