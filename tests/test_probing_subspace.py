"""Learned directions are found where there is one, judged on other pairs, and seen through where they deceive."""

import pytest
import torch
from transformer_lens.tools.analysis.interchange import SubspaceInterchange

from course_utils import probing, zoo
from course_utils.probing import BITS, open_bracket, stream_of
from course_utils.probing.subspace import Halves, Pairs, Site, along, as_wanted, find, learn, placebo, split, whole


def planted_site(one) -> Site:
    model = Halves(one.encoder, lambda h, bits: one.head(h))
    return Site(model, "hook_h", model)


def planted(kind: str, seed: int, usual: bool = False):
    one = probing.planted(kind, seed)
    rows = one.usual if usual else torch.ones(256, dtype=torch.bool)
    found = find(
        planted_site(one), 2.0 * BITS[rows] - 1, one.label[rows], seed=seed, says=one.answer(one.h)[rows], count=256
    )
    read = one.h[one.label].mean(0) - one.h[~one.label].mean(0)
    return found, float((found.direction @ read / read.norm()).abs())


def test_halves_are_the_network_and_give_its_hidden_vectors():
    one = probing.planted("used")
    site = planted_site(one)
    torch.testing.assert_close(site.vectors(2.0 * BITS - 1), one.h)
    out = site.ask(2.0 * BITS - 1)
    assert torch.equal(out[:, 1] > out[:, 0], one.answer(one.h)) and torch.equal(out[:, 0], -out[:, 1])


def test_pairs_turn_where_the_property_differs_only():
    y = torch.arange(40) % 2 == 0
    says = torch.arange(40) % 3 == 0
    pairs = Pairs.drawn(torch.arange(40), y, says, 300, seed=1)
    assert torch.equal(pairs.differs, y[pairs.base] != y[pairs.donor])
    assert torch.equal(pairs.wanted != says[pairs.base], pairs.differs)
    assert 100 < pairs.differs.sum() < 200


@pytest.mark.parametrize("seed", range(3))
def test_the_direction_is_found_where_the_property_is_used(seed):
    found, cosine = planted("used", seed)
    assert found.turned(along(found.direction)) == found.right(along(found.direction)) == 1 and cosine > 0.99
    assert abs(float(found.direction.norm()) - 1) < 1e-5


@pytest.mark.parametrize("seed", range(3))
def test_none_is_found_where_it_is_not_used_but_usual_pairs_give_the_rival(seed):
    found, _ = planted("unused", seed)
    assert found.turned(along(found.direction)) < 0.5
    found, cosine = planted("unused", seed, usual=True)
    assert found.turned(along(found.direction)) == 1 and cosine < 0.6


def test_new_pairs_share_no_input_with_those_fitted_to():
    found, _ = planted("used", 0)
    pairs = (found.fitted, found.new)
    fitted, new = ({tuple(row) for part in (p.base, p.donor) for row in part.tolist()} for p in pairs)
    assert len(fitted) > 100 and len(new) > 100 and not fitted & new


def test_exchanges_are_those_of_their_definitions():
    rng = torch.Generator().manual_seed(0)
    base, donor, u = torch.randn(6, 9, generator=rng), torch.randn(6, 9, generator=rng), torch.randn(9, generator=rng)
    unit = u / u.norm()
    torch.testing.assert_close(along(u)(base, donor), SubspaceInterchange(unit[:, None])(base, donor))
    assert torch.equal(whole(base, donor), donor)
    moved, by = placebo(u, 3)(base, donor) - base, along(u)(base, donor) - base
    torch.testing.assert_close(moved.norm(dim=1), by.norm(dim=1), rtol=1e-4, atol=1e-5)
    assert torch.linalg.matrix_rank(moved, atol=1e-4) == 1 and (moved @ unit).abs().max() < 0.9 * by.norm(dim=1).max()


@pytest.mark.parametrize("outs", (1, 3, 9))
def test_split_gives_the_part_in_the_null_space_and_the_rest(outs):
    rng = torch.Generator().manual_seed(outs)
    weights, u = torch.randn(9, outs, generator=rng).double(), torch.randn(9, generator=rng).double()
    seen, unseen = split(u, weights)
    torch.testing.assert_close(seen + unseen, u)
    torch.testing.assert_close(seen @ weights, u @ weights)
    torch.testing.assert_close(unseen @ weights, torch.zeros(outs).double())
    assert abs(float(seen @ unseen)) < 1e-9 and (unseen.norm() > 0.1) == (outs < 9)


@pytest.mark.parametrize("seed", range(3))
def test_the_illusion_turns_every_answer_at_a_site_that_plays_no_part(seed):
    one = probing.illusion(seed)
    assert torch.equal(one.answer(one.h.mean(0).expand_as(one.h), one.past) > 0, one.label)
    assert abs(float(one.weights @ one.disconnected)) < 1e-6
    assert (one.h @ one.dormant).std() < 0.2 < 0.9 < (one.h @ one.disconnected).std()
    found = find(one.site, one.inputs, one.label, seed=seed)
    seen, unseen = split(found.direction, one.weights[:, None])
    assert found.turned(along(found.direction)) == 1
    assert found.turned(along(seen)) == found.turned(along(unseen)) == found.turned(whole) == 0
    between = (one.disconnected + one.dormant) / 2**0.5
    assert found.turned(along(between)) == 1 and float((found.direction @ between).abs()) > 0.99


@pytest.mark.parametrize("seed", range(3))
def test_the_same_checks_clear_a_direction_on_the_path(seed):
    one = probing.illusion(seed, on_path=True)
    found = find(one.site, one.inputs, one.label, seed=seed)
    seen, unseen = split(found.direction, one.weights[:, None])
    assert found.turned(along(found.direction)) == found.turned(along(seen)) == found.turned(whole) == 1
    assert found.turned(along(unseen)) == found.turned(along(one.dormant)) == 0 and found.turned(along(one.real)) == 1


def test_learning_leaves_the_model_as_it_was_and_repeats():
    model = zoo.load("code-4l", "cpu")
    before = [p.requires_grad for p in model.parameters()]
    lines = open_bracket.lines(model, 32, seed=0)
    site = open_bracket.site(model, "blocks.3.hook_resid_pre")
    pairs = Pairs.drawn(stream_of(model, lines.tokens, 3), lines.square, lines.square, 16, seed=0)
    once, again = (learn(site, pairs, epochs=1, batch=8, seed=4) for _ in range(2))
    assert torch.equal(once, again) and [p.requires_grad for p in model.parameters()] == before


def test_lines_are_of_one_length_and_asked_as_the_whole_model_would_be():
    model = zoo.load("code-4l", "cpu").requires_grad_(False)
    lines = open_bracket.lines(model, 200, seed=1)
    brackets = [model.tokenizer.decode([i]) for i in lines.tokens[:, open_bracket.BEFORE + 1].tolist()]
    assert brackets == ["[" if square else "(" for square in lines.square.tolist()]
    assert lines.tokens.shape[1] == open_bracket.END + 1 and (lines.coin.float().mean() - 0.5).abs() < 0.2
    ids = [model.tokenizer(bracket)["input_ids"][-1] for bracket in ")]"]
    straight = model(lines.tokens)[:, -1, ids]
    for layer in (1, 3):
        site = open_bracket.site(model, f"blocks.{layer}.hook_resid_pre")
        torch.testing.assert_close(site.ask(stream_of(model, lines.tokens, layer)), straight, rtol=1e-4, atol=1e-4)
    assert torch.equal(straight.argmax(1) == 1, lines.square)
    assert (lines.coin != lines.square).any() and (lines.coin == lines.square).any()


def test_a_site_before_the_bracket_cannot_turn_the_answer():
    model = zoo.load("code-4l", "cpu").requires_grad_(False)
    lines = open_bracket.lines(model, 64, seed=2)
    stream = stream_of(model, lines.tokens, 3)
    pairs = Pairs.drawn(stream, lines.square, lines.square, 64, seed=0)
    before = open_bracket.site(model, "blocks.3.hook_resid_pre", open_bracket.BEFORE)
    end = open_bracket.site(model, "blocks.3.hook_resid_pre")
    assert torch.equal(as_wanted(before, pairs, whole), ~pairs.differs)
    assert as_wanted(end, pairs, whole).float().mean() > 0.95
