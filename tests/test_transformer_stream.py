"""The residual stream and what is read from it: theorems, slow twins, and TransformerLens's own answers."""

import pytest
import torch
from patching_models import KINDS, answers, model_of, prompts
from transformer_lens.tools.analysis import direct_logit_attribution
from transformer_models import BUNDLED, bundled, folded, run, text_tokens

from course_utils import transformer as tf

NORMED = [kind for kind in KINDS if kind != "attention only, no norm"]


# The residual stream


@pytest.mark.parametrize("kind", KINDS)
def test_components_add_up_to_the_stream_after_every_layer(kind):
    model = model_of(kind)
    _, cache = run(model, prompts()[0])
    for layer in range(model.cfg.n_layers):
        parts = tf.components(model, cache, layer)
        torch.testing.assert_close(
            parts.total(), cache[f"blocks.{layer}.hook_resid_post"], rtol=0, atol=1e-9 if layer else 1e-10
        )
    assert len(set(parts.labels)) == len(parts.labels) == len(parts.parts)


@pytest.mark.parametrize("name", BUNDLED)
def test_components_of_the_bundled_models(name):
    model = bundled(name)
    _, cache = run(model, text_tokens(name))
    parts = tf.components(model, cache)
    whole = cache[f"blocks.{model.cfg.n_layers - 1}.hook_resid_post"]
    torch.testing.assert_close(parts.total(), whole, rtol=1e-5, atol=1e-3)
    assert "sum" in repr(parts) and parts["0.1"].shape == whole.shape
    with pytest.raises(KeyError, match=r"there are embed"):
        parts["9.9"]


def test_components_agree_with_transformer_lens():
    model = model_of("gpt2 folded")
    _, cache = run(model, prompts()[0])
    parts = tf.components(model, cache)
    theirs, labels = cache.decompose_resid(return_labels=True)
    for value, label in zip(theirs, labels, strict=True):
        if label.endswith("mlp_out"):
            torch.testing.assert_close(parts[f"m{label[0]}"], value)
    heads, labels = cache.stack_head_results(return_labels=True)
    for value, label in zip(heads, labels, strict=True):
        torch.testing.assert_close(parts[label[1:].replace("H", ".")], value)


def slow_stream(embed, pos_embed, z, W_O, b_O, mlp_out):
    out = embed.clone() + pos_embed
    for layer in range(z.shape[0]):
        for b in range(z.shape[1]):
            for p in range(z.shape[2]):
                for h in range(z.shape[3]):
                    out[b, p] += W_O[layer, h].T @ z[layer, b, p, h]
                out[b, p] += b_O[layer] + mlp_out[layer, b, p]
    return out


@pytest.mark.parametrize("kind", ["native", "native LNPre", "gpt2", "gpt2 folded"])
def test_the_residual_stream_from_tensors(kind):
    model = model_of(kind)
    _, cache = run(model, prompts()[0])
    layers = range(model.cfg.n_layers)
    args = (
        cache["hook_embed"],
        cache["hook_pos_embed"].expand_as(cache["hook_embed"]),
        torch.stack([cache[f"blocks.{i}.attn.hook_z"] for i in layers]),
        model.W_O.detach(),
        model.b_O.detach(),
        torch.stack([cache[f"blocks.{i}.hook_mlp_out"] for i in layers]),
    )
    out = tf.residual_stream(*args)
    torch.testing.assert_close(out, cache[f"blocks.{layers[-1]}.hook_resid_post"], rtol=0, atol=1e-9)
    torch.testing.assert_close(out, slow_stream(*args), rtol=0, atol=1e-9)


# From the stream to the logits


@pytest.mark.parametrize("shape", [(6,), (4, 6), (2, 3, 6)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_lens_is_layer_norm_and_unembedding(shape, dtype):
    g = torch.Generator().manual_seed(0)
    x, w, b, W_U, b_U = (torch.randn(s, generator=g, dtype=dtype) for s in (shape, (6,), (6,), (6, 9), (9,)))
    for eps in (1e-5, 0.3):
        theirs = torch.nn.functional.layer_norm(x, (6,), w, b, eps) @ W_U + b_U
        torch.testing.assert_close(tf.logit_lens(x, w, b, W_U, b_U, eps), theirs)


@pytest.mark.parametrize("kind", NORMED)
def test_the_lens_at_the_end_is_the_model(kind):
    model = model_of(kind)
    logits, cache = run(model, prompts()[0])
    seen = tf.lens(model, cache)
    assert seen.shape == (model.cfg.n_layers + 1, *logits.shape) and not seen.requires_grad
    torch.testing.assert_close(seen[-1], logits, rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", BUNDLED)
def test_the_lens_agrees_with_transformer_lens(name):
    model = bundled(name)
    _, cache = run(model, text_tokens(name))
    theirs = cache.logit_lens(positions=None)
    assert theirs.labels[0] == "0_pre" and len(theirs.labels) == model.cfg.n_layers + 1
    torch.testing.assert_close(tf.lens(model, cache), theirs.values, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("kind", NORMED)
@pytest.mark.parametrize("position", [-1, 2])
def test_attribution_adds_up_to_the_logit_and_to_the_difference(kind, position):
    model, (tokens, _), (correct, wrong) = model_of(kind), prompts(), answers()
    logits, _ = run(model, tokens)
    rows = torch.arange(len(tokens))
    one, two = (logits[rows, position, ids] for ids in (correct, wrong))
    for other, target in ((None, one), (wrong, one - two)):
        terms = tf.attribution(model, tokens, correct, other, position)
        torch.testing.assert_close(terms.target, target, rtol=0, atol=1e-12)
        torch.testing.assert_close(terms.total(), target, rtol=0, atol=1e-9)


@pytest.mark.parametrize("name", BUNDLED)
def test_attribution_adds_up_on_the_bundled_models(name):
    tokens = text_tokens(name)
    correct, wrong = torch.tensor([5, 6, 7]), torch.tensor([8, 9, 10])
    terms = tf.attribution(bundled(name), tokens, correct, wrong)
    torch.testing.assert_close(terms.total(), terms.target, rtol=0, atol=1e-4)


def test_folding_the_norm_moves_no_sum():
    pairs = tf.bracket_pairs(bundled("code-4l").tokenizer, 4)
    apart, together = (
        tf.attribution(model, pairs.clean, pairs.correct, pairs.wrong) for model in (bundled("code-4l"), folded())
    )
    torch.testing.assert_close(apart.target, together.target, rtol=0, atol=1e-3)
    for layer in range(4):
        torch.testing.assert_close(apart[f"m{layer}"], together[f"m{layer}"], rtol=0, atol=1e-3)


@pytest.mark.parametrize("wrong_too", [True, False])
def test_attribution_agrees_with_transformer_lens(wrong_too):
    model = folded()
    pairs = tf.bracket_pairs(model.tokenizer, 5)
    wrong = pairs.wrong if wrong_too else None
    ours = tf.attribution(model, pairs.clean, pairs.correct, wrong)
    with torch.no_grad():
        theirs = direct_logit_attribution(
            model, pairs.clean, answer_tokens=pairs.correct, incorrect_tokens=wrong, unit="head"
        )
    compared = 0
    for label, value in zip(theirs.labels, theirs.attribution, strict=True):
        if label.startswith("L"):
            torch.testing.assert_close(ours[label[1:].replace("H", ".")], value, rtol=0, atol=1e-4)
            compared += 1
    assert compared == 16


@pytest.mark.parametrize("kind", NORMED)
def test_head_attribution_from_tensors_is_the_heads_part_of_it(kind):
    model, (tokens, _), (correct, wrong) = model_of(kind), prompts(), answers()
    _, cache = run(model, tokens)
    z = torch.stack([cache[f"blocks.{i}.attn.hook_z"][:, -1] for i in range(model.cfg.n_layers)])
    scale = cache["ln_final.hook_scale"][:, -1, 0]
    weights = model.W_O.detach(), scale, tf.final_norm(model)[0], model.W_U.detach()
    ours = tf.head_attribution(z, *weights, correct, wrong)
    terms = tf.attribution(model, tokens, correct, wrong)
    for layer in range(model.cfg.n_layers):
        for head in range(model.cfg.n_heads):
            torch.testing.assert_close(ours[layer, head], terms[f"{layer}.{head}"], rtol=0, atol=1e-9)
    torch.testing.assert_close(terms.heads().double(), ours.mean(-1), rtol=1e-5, atol=1e-5)


def test_attribution_refuses_a_model_without_layer_norm():
    with pytest.raises(ValueError, match="LayerNorm"):
        tf.attribution(model_of("attention only, no norm"), prompts()[0], *answers())


def test_an_attribution_shows_itself():
    terms = tf.attribution(model_of("gpt2"), prompts()[0], *answers())
    assert "the model says" in repr(terms) and len(terms.top(3)) == 3
    fig = terms.plot()
    assert len(fig.axes[0].patches) == len(terms.labels)
    with pytest.raises(KeyError, match="there is no component"):
        terms["7.7"]
