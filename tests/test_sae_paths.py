"""By which path a latent reaches the prediction: frozen parts against hooks, and the stored result."""

import pytest
import torch

from course_utils import sae
from course_utils.sae import stored
from course_utils.sae.paths import readers, rises

LATENT = 378


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


def _hooked(dictionary, tokens, there, hold=None, keep=""):
    """Logits with the edit made by hooks, and the output of one part held at what it was."""
    model, hooks = dictionary.model, [(dictionary.hook, lambda value, hook: there)]
    if keep:
        hooks.append((keep, lambda value, hook: hold))
    with torch.no_grad():
        return model.run_with_hooks(tokens, fwd_hooks=hooks)


def test_with_nothing_frozen_the_later_blocks_are_the_model_s(dictionary, tokens, later, there):
    assert later.parts == ("attention 3", "MLP 3", "attention 4", "MLP 4")
    ours = later.net.logits(later.stream(there))
    torch.testing.assert_close(ours, _hooked(dictionary, tokens, there), atol=2e-3, rtol=1e-3)
    torch.testing.assert_close(later.predicted(there), ours.softmax(-1))


@pytest.mark.parametrize(
    "part, hook", [("attention 3", "blocks.2.hook_attn_out"), ("MLP 3", "blocks.2.hook_mlp_out"),
                   ("attention 4", "blocks.3.hook_attn_out"), ("MLP 4", "blocks.3.hook_mlp_out")],
)  # fmt: skip
def test_a_frozen_part_writes_what_it_wrote(dictionary, tokens, later, there, part, hook):
    ours = later.net.logits(later.stream(there, frozen=[part]))
    held = _hooked(dictionary, tokens, there, later.wrote[part], hook)
    torch.testing.assert_close(ours, held, atol=2e-3, rtol=1e-3)
    assert not torch.allclose(ours, _hooked(dictionary, tokens, there), atol=1e-2)


def test_with_all_frozen_only_the_edit_itself_reaches_the_end(later, there):
    clean = later.stream(later.x)
    torch.testing.assert_close(later.stream(there, later.parts), clean + there - later.x, atol=2e-3, rtol=1e-3)


def test_a_part_that_alone_reads_the_edit_writes_what_it_makes_of_it_and_no_other_reads_the_edit(
    dictionary, tokens, later, there
):
    kept = {}
    hooks = [(dictionary.hook, lambda value, hook: there),
             ("blocks.2.hook_attn_out", lambda value, hook: later.wrote["attention 3"]),
             ("blocks.2.hook_mlp_out", lambda value, hook: kept.update(mlp=value.clone()))]  # fmt: skip
    with torch.no_grad():
        dictionary.model.run_with_hooks(tokens, fwd_hooks=hooks)
    theirs = _hooked(dictionary, tokens, later.x, kept["mlp"], "blocks.2.hook_mlp_out")
    torch.testing.assert_close(later.net.logits(later.stream(there, only="MLP 3")), theirs, atol=2e-3, rtol=1e-3)
    with pytest.raises(ValueError, match="no part MLP 7"):
        later.stream(there, only="MLP 7")


def test_what_is_expected_is_the_mean_of_what_is_predicted(dictionary, tokens, later, there):
    at = dictionary.encode(tokens)[..., LATENT] > 0
    expected = later.expected(there, at, frozen=["MLP 3"])
    torch.testing.assert_close(expected, later.predicted(there, frozen=["MLP 3"])[at].mean(0))


def test_all_neurons_frozen_are_the_mlp_frozen_and_an_unknown_part_is_named(later, there):
    everyone = list(range(later.neurons.shape[-1]))
    by_neurons = later.stream(there, neurons=everyone)
    torch.testing.assert_close(by_neurons, later.stream(there, ["MLP 3"]), atol=2e-3, rtol=1e-3)
    with pytest.raises(ValueError, match="no part MLP 7"):
        later.stream(there, frozen=["MLP 7"])


def test_a_rise_is_the_change_of_the_loss_where_the_latent_was_active(dictionary, tokens, later, there):
    at = dictionary.encode(tokens)[..., LATENT] > 0
    at[:, -1] = False
    bench = sae.Bench.of(dictionary, tokens)
    shift = (there - later.x) * at[..., None]
    rise = rises(later, tokens, at, later.x + shift)
    assert rise.mean().item() == pytest.approx(bench.edited(at, shift, None).loss, abs=1e-3)
    assert rises(later, tokens, at, later.x).abs().max() < 1e-3
    one = later[1:]
    second = rises(one, tokens[1:], at[1:], one.x + shift[1:])
    assert second.tolist() == pytest.approx(rise[int(at[0].sum()) :].tolist(), abs=1e-3)


def test_the_readers_are_the_neurons_that_an_edit_moves_most(dictionary, tokens, later, there):
    at = dictionary.encode(tokens)[..., LATENT] > 0
    with torch.no_grad():
        _, cache = dictionary.model.run_with_cache(tokens, names_filter="blocks.2.mlp.hook_post")
        kept = {}
        dictionary.model.run_with_hooks(tokens, fwd_hooks=[
            (dictionary.hook, lambda value, hook: there),
            ("blocks.2.mlp.hook_post", lambda value, hook: kept.setdefault("post", value))])  # fmt: skip
    moved = (kept["post"] - cache["blocks.2.mlp.hook_post"])[at].abs().mean(0) * dictionary.model.W_out[2].norm(dim=1)
    assert set(readers(later, at, there, 10)) == set(moved.topk(10).indices.tolist())


def test_the_stored_paths_are_what_their_recipe_measures(dictionary):
    paths, text = stored.paths(), stored.held_out()
    assert paths.latent.tolist() == list(stored.PATHS)
    assert paths.own.shape == (5, 6, 3) and paths.alone.shape == (5, 4, 3)
    assert paths.null.shape == (5, 2, stored.PATH_OTHERS) and len(paths.drawn) == stored.PATH_DRAWN
    assert bool((paths.own[..., 1] <= paths.own[..., 0]).all()) and bool((paths.own[..., 0] <= paths.own[..., 2]).all())
    tokens = text.tokens[:16]
    later, f = sae.Later.of(dictionary, tokens), dictionary.encode(tokens)[..., LATENT]
    at = f > 0
    at[:, -1] = False
    edited = later.x - f[..., None] * dictionary.sae.W_dec[LATENT]
    own, _ = paths.of(LATENT)
    assert rises(later, tokens, at, edited).mean().item() == pytest.approx(own[0, 0].item(), rel=0.4)
    direct = rises(later, tokens, at, edited, frozen=later.parts)
    assert direct.mean().item() == pytest.approx(own[-1, 0].item(), abs=0.05)
