"""Many sets of heads ablated at once, and what passes through the first MLP: against runs with hooks written out."""

import pytest
import torch

from course_utils import patching, zoo
from course_utils import transformer as tf

ENTERED, MADE = "blocks.0.hook_resid_mid", "blocks.0.hook_mlp_out"


@pytest.fixture(scope="module")
def setting():
    model = zoo.load("code-4l", device="cpu")
    return model, tf.bracket_pairs(model.tokenizer, 24, seed=3)


def test_one_pair_is_a_row_of_many(setting):
    model, pairs = setting
    for row in range(4):
        text, twin = pairs.texts[row]
        other = next(b for a, b in zip(text, twin, strict=True) if a != b)
        one = tf.one_pair(model.tokenizer, text, other)
        assert one.opener == pairs.opener and one.texts == ((text, twin),)
        for name in ("clean", "corrupt", "correct", "wrong"):
            assert torch.equal(getattr(one, name)[0], getattr(pairs, name)[row])
    for text, other in (("a = b", "("), ("a = (b[c", "{"), ("a = (b", "("), ("a = (b", "<")):
        with pytest.raises(ValueError, match="opens once"):
            tf.one_pair(model.tokenizer, text, other)


def test_without_heads_is_one_ablated_run_each(setting):
    model, pairs = setting
    runs, found = tf.Without(model, pairs), []
    for one in (["2.2"], ["2.2", "0.3", "1.0"], ["3.2", "3.1"], []):
        logits = patching.ablated(model, pairs.clean, one, "mean", pairs.everyone)
        share, lead = runs.heads(one)
        assert share == pairs.right(logits)
        assert lead == pytest.approx(float(pairs.difference(logits).mean()), abs=1e-4)
        found.append(share)
    assert len(set(found)) > 1, "sets that differ in nothing test nothing"
    with pytest.raises(ValueError):
        runs.heads(["4.0"])


def test_what_passes_the_first_mlp_is_what_one_patched_run_each_says(setting):
    model, pairs = setting
    with torch.no_grad():
        (high, clean), (low, corrupt) = (model.run_with_cache(side) for side in (pairs.clean, pairs.corrupt))
        low, high = (pairs.difference(logits).mean() for logits in (low, high))
        found = tf.through_first_mlp(model, pairs)
        cases = {"opener": (MADE, [pairs.opener]), "last": (MADE, [-1]), "both": (MADE, [pairs.opener, -1])}
        cases |= {"everywhere": (MADE, slice(None)), "past it": (ENTERED, slice(None))}
        for what, (name, at) in cases.items():
            stream = corrupt["blocks.1.hook_resid_pre"].clone()
            stream[:, at] += clean[name][:, at] - corrupt[name][:, at]
            logits = model.run_with_hooks(
                pairs.corrupt, fwd_hooks=[("blocks.1.hook_resid_pre", lambda x, hook, stream=stream: stream)]
            )
            expected = (pairs.difference(logits).mean() - low) / (high - low)
            assert found[what] == pytest.approx(float(expected), abs=1e-4), what
    assert found["everywhere"] + found["past it"] > 0.9, "together they are the whole stream"


@pytest.mark.parametrize("measure", [tf.Without, tf.through_first_mlp])
def test_a_hook_that_is_left_on_the_model_is_noticed(setting, measure):
    model, pairs = setting
    with model.hooks(fwd_hooks=[(MADE, lambda x, hook: 0 * x)]), pytest.raises(ValueError, match="reset_hooks"):
        measure(model, pairs)
