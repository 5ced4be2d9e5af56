"""What a component says beside what is lost without it: `course_utils.transformer.removal`."""

import pytest
import torch

from course_utils import patching, zoo
from course_utils import transformer as tf


@pytest.fixture(scope="module")
def setting():
    model = zoo.load("code-4l", device="cpu")
    return model, tf.bracket_pairs(model.tokenizer, 6, seed=3)


@pytest.mark.parametrize("kind", ["zero", "mean", "resample"])
def test_the_loss_is_what_one_run_without_the_component_says(setting, kind):
    model, pairs = setting
    result = tf.removal(model, pairs, kind)
    reference = {"zero": None, "mean": pairs.everyone, "resample": pairs.corrupt}[kind]
    whole = pairs.difference(model(pairs.clean))
    for label in ("0.2", "2.2", "3.1"):
        without = pairs.difference(patching.ablated(model, pairs.clean, [label], kind, reference))
        assert torch.allclose(result.loss[result.labels.index(label)], whole - without, atol=1e-4)


def test_an_mlp_is_taken_away_too_and_the_model_is_left_as_it_was(setting):
    model, pairs = setting
    before = model(pairs.clean)
    result = tf.removal(model, pairs, "zero")
    with model.hooks(fwd_hooks=[("blocks.1.hook_mlp_out", lambda out, hook: torch.zeros_like(out))]):
        without = pairs.difference(model(pairs.clean))
    expected = float((pairs.difference(before) - without).detach().mean())
    assert result.of("m1")[1] == pytest.approx(expected, abs=1e-4)
    assert torch.equal(model(pairs.clean), before)


def test_what_each_says_is_its_direct_attribution(setting):
    model, pairs = setting
    said = tf.attribution(model, pairs.clean, pairs.correct, pairs.wrong)
    result = tf.removal(model, pairs)
    assert len(result.labels) == model.cfg.n_layers * (model.cfg.n_heads + 1)
    for label, direct in zip(result.labels, result.direct, strict=True):
        assert torch.equal(direct, said[label])


def test_a_last_layer_head_whose_removal_changes_no_scale_loses_what_it_says(setting):
    """With the final norm's scale held, a last-layer head's effect on the logits is direct, but for the last MLP."""
    model, pairs = setting
    _, cache = model.run_with_cache(pairs.clean)
    hold = [
        ("blocks.3.hook_mlp_out", lambda out, hook: cache["blocks.3.hook_mlp_out"]),
        ("ln_final.hook_scale", lambda scale, hook: cache["ln_final.hook_scale"]),
    ]
    whole = pairs.difference(model(pairs.clean))
    with model.hooks(fwd_hooks=hold + patching.ablation_hooks(model, ["3.1"], "zero")):
        without = pairs.difference(model(pairs.clean))
    direct = tf.removal(model, pairs).direct
    said = direct[tf.removal(model, pairs).labels.index("3.1")]
    assert torch.allclose(whole - without, said, atol=1e-4)


def test_an_unknown_kind_is_refused_in_a_sentence(setting):
    with pytest.raises(ValueError, match="kind is one of zero, mean, resample, not 'noise'"):
        tf.removal(*setting, kind="noise")


def test_it_draws_itself(setting):
    result = tf.removal(*setting)
    ax = result.plot(["m0", "2.2", "m3"]).axes[0]
    assert len(ax.patches) == 6
    assert [bar.get_height() for bar in ax.patches[::3]] == pytest.approx([result.of("m0")[0], result.of("m0")[1]])
    assert len(result.plot().axes[0].patches) == 40
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["adds directly", "lost without it"]
    assert "what zero ablation costs" in repr(result)


def test_a_map_of_heads_writes_shares_into_its_cells():
    from course_utils import plots

    _, ax = plots.figure()
    tf.draw_heads(ax, torch.tensor([[0.1, 0.2, 0.3], [0.4, 0.5, 1.0]]), numbers=True)
    assert [text.get_text() for text in ax.texts] == ["0.10", "0.20", "0.30", "0.40", "0.50", "1.00"]
