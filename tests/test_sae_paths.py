"""Who reads a latent: readers that miss it against hooks at their inputs, and the stored result."""

import pytest
import torch

from course_utils import sae
from course_utils.sae import stored
from course_utils.sae.paths import surprise

LATENT = 378
INPUTS = {"attention 3": "blocks.2.ln1.hook_in", "MLP 3": "blocks.2.ln2.hook_in", "attention 4": "blocks.3.ln1.hook_in",
          "MLP 4": "blocks.3.ln2.hook_in", "unembedding": "ln_final.hook_in"}  # fmt: skip


@pytest.fixture(scope="module")
def dictionary():
    return sae.load(stored.SHIPPED)


@pytest.fixture(scope="module")
def tokens():
    return stored.held_out().tokens[:2]


@pytest.fixture(scope="module")
def later(dictionary, tokens):
    return sae.Later.of(dictionary, tokens)


@pytest.fixture(scope="module")
def there(dictionary, tokens, later):
    return later.x - dictionary.encode(tokens)[..., [LATENT]] * dictionary.sae.W_dec[LATENT]


def _hooked(dictionary, tokens, hooks):
    with torch.no_grad():
        return dictionary.model.run_with_hooks(tokens, fwd_hooks=hooks)


def _at(tokens, dictionary):
    at = dictionary.encode(tokens)[..., LATENT] > 0
    at[:, -1] = False
    return at


def test_when_everybody_reads_the_edit_it_is_the_model_s_own_run_with_it(dictionary, tokens, later, there):
    assert later.readers == tuple(INPUTS) == stored.READERS
    ours = later.net.logits(later.stream(there))
    theirs = _hooked(dictionary, tokens, [(dictionary.hook, lambda value, hook: there)])
    torch.testing.assert_close(ours, theirs, atol=2e-3, rtol=1e-3)
    torch.testing.assert_close(later.predicted(there), ours.softmax(-1))


@pytest.mark.parametrize("some", [[reader] for reader in INPUTS] + [["attention 3", "MLP 4"], ["MLP 3", "unembedding"]])
def test_only_the_named_readers_read_the_edit(dictionary, tokens, later, there, some):
    change = there - later.x
    theirs = _hooked(dictionary, tokens, [(INPUTS[reader], lambda value, hook: value + change) for reader in some])
    ours = later.net.logits(later.stream(there, some))
    torch.testing.assert_close(ours, theirs, atol=2e-3, rtol=1e-3)
    assert not torch.allclose(ours, later.net.logits(later.stream(there)), atol=1e-2)


def test_with_no_reader_nothing_changes_and_a_strange_one_is_named(later, there):
    torch.testing.assert_close(later.stream(there, ()), later.stream(later.x))
    with pytest.raises(ValueError, match="No MLP 7 reads the stream here: attention 3, MLP 3"):
        later.stream(there, ["MLP 7"])


def test_surprise_is_the_loss_and_the_log_odds(dictionary, tokens, later, there):
    at = _at(tokens, dictionary)
    shift = (there - later.x) * at[..., None]
    rise = surprise(later, tokens, at, later.x + shift) - surprise(later, tokens, at, later.x)
    bench = sae.Bench.of(dictionary, tokens)
    assert rise[:, 0].mean().item() == pytest.approx(bench.edited(at, shift, None).loss, abs=1e-3)
    p = later.predicted(later.x).double()[at].gather(1, tokens.roll(-1, 1)[at][:, None])[:, 0]
    both = torch.stack([-p.log(), -torch.logit(p)], 1).float()
    torch.testing.assert_close(surprise(later, tokens, at, later.x), both, atol=2e-3, rtol=1e-3)
    one = later[1:]
    second = surprise(one, tokens[1:], at[1:], one.x)
    torch.testing.assert_close(second, surprise(later, tokens, at, later.x)[int(at[0].sum()) :], atol=2e-3, rtol=1e-3)


def test_the_stored_paths_are_what_their_recipe_measures(dictionary):
    paths, text = stored.paths(), stored.held_out()
    assert paths.latent.tolist() == list(stored.PATHS)
    assert paths.own.shape == (5, 3) and paths.alone.shape == paths.spared.shape == (5, 5, 3)
    assert paths.null.shape == (5, 2, stored.PATH_OTHERS)
    assert paths.odds.shape == (7, 3) and paths.odds_null.shape == (stored.PATH_OTHERS, 7)
    for ends in (paths.own, paths.alone, paths.spared, paths.odds):
        assert bool((ends[..., 1] <= ends[..., 0]).all()) and bool((ends[..., 0] <= ends[..., 2]).all())
    for row in (paths.odds[:, 0], *paths.odds_null):
        assert row[-1].item() == pytest.approx((row[-2] - row[:-2].sum()).item(), abs=1e-4)
    tokens = text.tokens[:16]
    later, f = sae.Later.of(dictionary, tokens), dictionary.encode(tokens)[..., LATENT]
    at = _at(tokens, dictionary)
    edited = later.x - f[..., None] * dictionary.sae.W_dec[LATENT]
    of = paths.of(LATENT)
    clean = surprise(later, tokens, at, later.x)
    rise = (surprise(later, tokens, at, edited) - clean).mean(0)
    assert rise[0].item() == pytest.approx(of.own[0].item(), rel=0.4)
    assert rise[1].item() == pytest.approx(paths.odds[-2, 0].item(), rel=0.4)
    direct = (surprise(later, tokens, at, edited, ["unembedding"]) - clean).mean(0)
    assert direct[0].item() == pytest.approx(of.by("alone")["unembedding"], abs=0.05)
