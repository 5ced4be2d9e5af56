"""Dictionaries on a model: harvesting, splicing, intervening, reading, on `code-4l`."""

from dataclasses import dataclass

import pytest
import torch

from course_utils import sae, zoo
from course_utils.patching import harvesting
from course_utils.patching.unrolled import unroll
from course_utils.python_text import modules, samples
from course_utils.sae.shipped import Dictionary

HOOKS = [
    "blocks.0.hook_resid_pre", "blocks.2.hook_resid_pre", "blocks.1.hook_resid_mid", "blocks.1.hook_resid_post",
    "blocks.3.hook_resid_post", "blocks.2.hook_attn_out", "blocks.1.hook_mlp_out", "blocks.1.mlp.hook_in",
    "blocks.1.mlp.hook_post", "blocks.2.attn.hook_z",
]  # fmt: skip


@pytest.fixture(scope="module")
def model():
    return zoo.load("code-4l", "cpu")


@pytest.fixture(scope="module")
def tokens(model):
    ids = model.tokenizer(samples.read("graphs"))["input_ids"][:201]
    return torch.tensor(ids[1:]).view(4, 50)


@pytest.fixture(scope="module")
def dictionary(model):
    """An untrained dictionary of which about a tenth of the latents is active anywhere."""
    config = sae.Config(d_in=192, n_latents=64, k=6)
    made = sae.SparseAutoencoder(config, torch.Generator().manual_seed(0)).eval().requires_grad_(False)
    return Dictionary("made here", made, model, "blocks.2.hook_resid_pre", None)


@pytest.mark.parametrize("hook", HOOKS)
def test_harvested_activations_are_those_of_the_hooks(model, tokens, hook):
    _, cache = model.run_with_cache(tokens)
    plain = sae.harvest(model, hook, tokens)
    wanted = cache[hook][:, 1:].flatten(0, 1).flatten(1)
    assert harvesting._plain(model, [hook]) is not None
    assert (plain - wanted).abs().max() < 2e-5 * wanted.abs().max()


def test_any_other_hook_goes_through_the_cache(model, tokens):
    hook = "blocks.1.ln1.hook_normalized"
    assert harvesting._plain(model, [hook]) is None
    _, cache = model.run_with_cache(tokens)
    torch.testing.assert_close(sae.harvest(model, hook, tokens), cache[hook][:, 1:].flatten(0, 1))
    both = sae.harvest(model, [hook, "blocks.2.hook_resid_pre"], tokens)
    assert len(both) == 2 and both[1].shape == (4 * 49, 192)


def test_a_hook_that_was_left_on_the_model_is_obeyed(model, tokens):
    clean = sae.harvest(model, "blocks.2.hook_resid_pre", tokens)
    model.add_hook("blocks.1.hook_mlp_out", lambda value, hook: 0 * value)
    try:
        changed = sae.harvest(model, "blocks.2.hook_resid_pre", tokens)
    finally:
        model.reset_hooks()
    assert (changed - clean).abs().max() > 0.1
    torch.testing.assert_close(sae.harvest(model, "blocks.2.hook_resid_pre", tokens), clean)


def test_a_hook_on_a_layer_that_is_not_there_fails_rather_than_gives_another(model, tokens):
    with pytest.raises(Exception):  # noqa: B017 (whatever TransformerLens raises)
        sae.harvest(model, "blocks.9.hook_resid_pre", tokens)


def test_a_stream_shuffles_vectors_from_many_contexts_and_repeats_itself(model, tokens):
    many = tokens.repeat(4, 1)
    many[:, -1] = torch.arange(16) + 5  # sixteen different contexts
    stream = sae.Stream(model, "blocks.1.hook_resid_pre", many, contexts=8)
    mixed = stream.batch(0, 40)[0]
    plain = sae.Stream(model, "blocks.1.hook_resid_pre", many, shuffle=False).batch(0, 40)[0]
    rows = sae.harvest(model, "blocks.1.hook_resid_pre", many)
    torch.testing.assert_close(plain, rows[:40])

    def contexts(batch):
        """From how many contexts a batch's vectors are."""
        nearest = torch.cdist(batch, rows).argmin(1)
        return len(set((nearest // 49).tolist()))

    assert contexts(plain) == 1 and contexts(mixed) >= 4
    last = stream.batch(25, 40)[0]
    stream.batch(3, 40)
    assert torch.equal(stream.batch(25, 40)[0], last) and torch.equal(stream.batch(0, 40)[0], mixed)
    transcoding = sae.Stream(model, "blocks.1.mlp.hook_in", many, target="blocks.1.hook_mlp_out")
    x, y = transcoding.batch(0, 30)
    block = unroll(model).blocks[1]
    neurons = block.act(torch.nn.functional.linear(x, block.W_in, block.b_in))
    written = torch.nn.functional.linear(neurons, block.W_out, block.b_out)
    torch.testing.assert_close(written, y, rtol=1e-4, atol=1e-4)
    crossing = sae.Stream(model, "blocks.1.hook_resid_pre", many, sources=("blocks.2.hook_resid_pre",))
    assert crossing.batch(0, 30)[0].shape == (30, 384)


@pytest.mark.parametrize("hook", ["blocks.2.hook_resid_pre", "blocks.1.hook_mlp_out"])
def test_splicing_what_is_there_changes_nothing_and_zero_does(model, tokens, hook):
    site = sae.Site(model, hook)
    there = site.activations(tokens)
    with torch.no_grad():
        torch.testing.assert_close(site.logits(tokens, there), model(tokens), rtol=1e-3, atol=1e-3)
        first = torch.arange(tokens.shape[1])[:, None] == 0
        zeroed = model.run_with_hooks(tokens, fwd_hooks=[(hook, lambda value, hook: value * first)])
    nats = torch.nn.functional.cross_entropy(zeroed[:, :-1].flatten(0, 1), tokens[:, 1:].flatten(), reduction="none")
    torch.testing.assert_close(site.losses(tokens, torch.zeros_like).flatten(), nats, rtol=1e-3, atol=1e-3)


def test_a_perfect_dictionary_recovers_all_of_the_loss(model, tokens):
    @dataclass
    class Perfect:
        def __call__(self, x):
            return x

    whole = Dictionary("perfect", Perfect(), model, "blocks.2.hook_resid_pre", None)
    spliced = sae.Spliced.of(whole, tokens, torch.arange(4))
    assert spliced.recovered == pytest.approx({"zero": 1, "mean": 1}, abs=1e-4)
    assert spliced.zero.mean() > spliced.clean.mean() + 0.5


def test_ablating_a_latent_is_what_hooks_do(dictionary, tokens):
    bench = sae.Bench.of(dictionary, tokens)
    latent = int(bench.share.argmax())
    at = bench.where(latent)
    assert at.any() and not at[:, 0].any()
    row = dictionary.sae.W_dec[latent]

    def edit(value, hook):
        return value - bench.f[..., latent, None] * row

    with torch.no_grad():
        new = dictionary.model.run_with_hooks(tokens, fwd_hooks=[(dictionary.hook, edit)]).log_softmax(-1)
        old = dictionary.model(tokens).log_softmax(-1)
    kl = (old.exp() * (old - new)).sum(-1)
    named = torch.tensor([3, 50])
    effect = bench.ablate(latent, named)
    assert effect.kl == pytest.approx(kl[at].mean().item(), rel=1e-3)
    change = ((new - new.mean(-1, keepdim=True)) - (old - old.mean(-1, keepdim=True)))[..., named].mean(-1)
    assert effect.logit == pytest.approx(change[at].mean().item(), rel=1e-2, abs=1e-4)


def test_an_edit_of_nothing_changes_nothing(dictionary, tokens):
    bench = sae.Bench.of(dictionary, tokens)
    at = torch.zeros_like(tokens, dtype=torch.bool)
    at[1, 20:] = True
    nothing = bench.edited(at, torch.zeros_like(bench.x), None)
    assert abs(nothing.kl) < 1e-4 and abs(nothing.loss) < 1e-4


@pytest.fixture(scope="module")
def reading(dictionary):
    return sae.Reading.of(dictionary, [samples.read("graphs"), samples.read("words"), "def broken(:"], limit=6)


def test_a_reading_holds_labels_beside_activations(reading):
    assert reading.f.shape[:2] == reading.tokens.shape and len(reading.module) == len(reading.tokens) <= 6
    assert reading.rows.shape[0] == len(reading.labels.flags) == len(reading.labels.module)
    assert not reading.f[:, 0].any()


def test_an_explanation_says_what_counting_says(reading):
    latent = int((reading.f > 0).float().mean((0, 1)).argmax())
    about = reading.explain(latent, count=4)
    on = reading.rows[:, latent] > 0
    assert about.density == pytest.approx(on.float().mean().item())
    column = reading.labels.names.index(about.label)
    flag = reading.labels.flags[:, column]
    assert about.precision == pytest.approx((on & flag).sum().item() / on.sum().item())
    assert about.f1 == pytest.approx(2 * (on & flag).sum().item() / (on.sum() + flag.sum()).item())
    strongest = [c.activations[c.centre] for c in about.top]
    assert strongest[0] == pytest.approx(reading.f[..., latent].max().item()) and strongest == sorted(strongest)[::-1]
    assert all(c.activations[c.centre] > 0 for c in about.random)
    assert about.promotes[0][1] > 0 > about.suppresses[0][1]
    assert about.sentence in repr(about) and f"Latent {latent}" in about._repr_html_()
    assert "<script" not in about._repr_html_() and "http" not in about._repr_html_()


def test_pages_link_one_another_and_stand_alone(reading, tmp_path):
    index = sae.write_pages(reading, [3, 8], tmp_path / "pages")
    text = index.read_text()
    assert 'href="latent-3.html"' in text and 'href="latent-8.html"' in text
    page = (index.parent / "latent-3.html").read_text()
    assert 'href="latent-8.html"' in page and 'href="index.html"' in page and "<script" not in page
    assert f"F1 {reading.explain(3).f1:.2f}" in page
    widget = sae.browse(reading, [3, 8])
    widget.children[0].value = 8
    assert "Latent 8 is active" in widget.children[1].value


def test_held_out_contexts_are_of_held_out_modules_only(model):
    tokens, owner = sae.held_out_contexts(model, limit=20)
    names = modules.held_out_modules()
    assert len(tokens) == len(owner) == 20 and (tokens[:, 0] == tokens[0, 0]).all()
    first = model.tokenizer.decode(tokens[7, 1:])
    assert first[20:120] in modules.read_module(names[int(owner[7])])
