"""Many sets of heads ablated at once, what passes through the first MLP, and the hook that writes: against runs with
hooks written out."""

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


@pytest.mark.parametrize("at", [slice(None), 8, [3], [3, 8]])
@pytest.mark.parametrize("head", [None, 2])
def test_writing_changes_what_it_is_told_to_and_nothing_else(at, head):
    dice = torch.Generator().manual_seed(0)
    x = torch.randn((5, 9, 4, 6) if head is not None else (5, 9, 6), generator=dice)
    new, before = torch.randn(x.shape, generator=dice), x.clone()
    new = new[:, :, head] if head is not None else new
    after = tf.writing(new[:, at], at, head)(x, None)
    assert torch.equal(x, before), "the activation itself is left as it was"
    for place in range(9):
        chosen = place in ([at] if isinstance(at, int) else range(9) if isinstance(at, slice) else at)
        for j in range(4) if head is not None else [None]:
            here = (slice(None), place) if j is None else (slice(None), place, j)
            assert torch.equal(after[here], new[:, place] if chosen and j == head else before[here])


def test_writing_takes_a_number_and_a_mean(setting):
    model, pairs = setting
    with torch.no_grad():
        _, cache = model.run_with_cache(pairs.everyone)
        edit = ("blocks.2.attn.hook_z", tf.writing(cache["z", 2][:, :, 2].mean(0), head=2))
        found = model.run_with_hooks(pairs.clean, fwd_hooks=[edit])
        assert torch.allclose(found, patching.ablated(model, pairs.clean, ["2.2"], "mean", pairs.everyone), atol=1e-4)
        found = model.run_with_hooks(pairs.clean, fwd_hooks=[(MADE, tf.writing(0.0))])
        zeros = model.run_with_hooks(pairs.clean, fwd_hooks=[(MADE, lambda x, hook: 0 * x)])
        assert torch.equal(found, zeros)
