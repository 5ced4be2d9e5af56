"""Path patching against a slow twin of three runs through TransformerLens's hooks, and TransformerLens's own."""

from __future__ import annotations

import pytest
import torch
from patching_models import answers, model_of, path_patch, prompts
from transformer_lens.patching import get_act_patch_direct_path

from course_utils import patching

CORRECT, WRONG = answers()
METRIC = patching.logit_diff(CORRECT, WRONG)


def difference(logits):
    rows = torch.arange(3)
    return logits[rows, -1, CORRECT] - logits[rows, -1, WRONG]


def slow_path(model, base, donor, senders, receivers, freeze_mlps=True):
    """Run 1: the donor. Run 2: the base, every head frozen but the senders; listen at the receivers.
    Run 3: the base, with the receivers as they were heard. Senders: (layer, head). Receivers: (layer, head, "q")."""
    _, donor_cache = model.run_with_cache(donor)
    _, base_cache = model.run_with_cache(base)
    layers, heard, hooks = range(model.cfg.n_layers), {}, []

    def frozen(layer):
        def hook(z, hook):
            z[:] = base_cache[f"blocks.{layer}.attn.hook_z"]
            for sender_layer, head in senders:
                if sender_layer == layer:
                    z[:, :, head] = donor_cache[f"blocks.{layer}.attn.hook_z"][:, :, head]
            return z

        return hook

    def frozen_mlp(layer):
        return lambda out, hook: out.copy_(base_cache[f"blocks.{layer}.hook_mlp_out"])

    def listen(name):
        def hook(value, hook):
            heard[name] = value.clone()

        return hook

    def speak(name, head):
        def hook(value, hook):
            value[:, :, head] = heard[name][:, :, head]
            return value

        return hook

    for layer in layers:
        hooks.append((f"blocks.{layer}.attn.hook_z", frozen(layer)))
        if freeze_mlps and not model.cfg.attn_only:
            hooks.append((f"blocks.{layer}.hook_mlp_out", frozen_mlp(layer)))
    names = [(f"blocks.{layer}.attn.hook_{which}", head) for layer, head, which in receivers]
    with torch.no_grad():
        with model.hooks(fwd_hooks=hooks + [(name, listen(name)) for name in {name for name, _ in names}]):
            logits = model(base)
        if names:
            with model.hooks(fwd_hooks=[(name, speak(name, head)) for name, head in names]):
                logits = model(base)
    return difference(logits)


@pytest.mark.parametrize("kind", ["attention only", "attention only, no norm", "native", "gpt2", "gpt2 folded"])
@pytest.mark.parametrize("direction", ["denoising", "noising"])
def test_all_pairs_equal_the_slow_twin(kind, direction):
    model, (clean, corrupt) = model_of(kind), prompts(shared=2)
    ours = path_patch(model, clean, corrupt, METRIC, receivers="qkv", direction=direction)
    assert ours.names == ("sender layer", "sender head", "input", "receiver layer", "receiver head")
    base, donor = (corrupt, clean) if direction == "denoising" else (clean, corrupt)
    some = torch.Generator().manual_seed(3)
    for source, head, which, layer, receiver in torch.stack(
        [torch.randint(limit, (24,), generator=some) for limit in (3, 4, 3, 3, 4)], dim=1
    ).tolist():
        expected = slow_path(model, base, donor, [(source, head)], [(layer, receiver, "qkv"[which])])
        if source >= layer:
            expected = ours.base  # nothing is said to a layer that came before
        torch.testing.assert_close(ours.values[source, head, which, layer, receiver], expected, atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize("kind", ["gpt2", "gpt2 folded"])
@pytest.mark.parametrize("which", ["q", "k", "v"])
def test_equals_transformerlens_direct_path(kind, which):
    model, (clean, corrupt) = model_of(kind), prompts()
    with torch.no_grad():
        caches = [model.run_with_cache(tokens)[1] for tokens in (clean, corrupt)]
        theirs = get_act_patch_direct_path(
            model, corrupt, *caches, lambda logits: difference(logits).mean(), 0, 2, component=which, verbose=False
        )
    ours = path_patch(model, clean, corrupt, METRIC, senders=["0.2"], receivers=which).mean()[0, 0]
    torch.testing.assert_close(ours[1:].float(), theirs[1:].float(), atol=2e-6, rtol=2e-6)


@pytest.mark.parametrize("kind", ["attention only", "native", "gpt2"])
@pytest.mark.parametrize("mlps", ["frozen", "recomputed"])
def test_senders_and_receivers_in_groups_equal_the_slow_twin(kind, mlps):
    model, (clean, corrupt) = model_of(kind), prompts()
    senders, receivers = [(0, 1), (1, 3)], [(1, 2, "q"), (2, 0, "k"), (2, 3, "k"), (2, 1, "v")]
    ours = path_patch(
        model, clean, corrupt, METRIC, senders=[senders], receivers=["1.2.q", "2.0.k", "2.3.k", "2.1.v"], mlps=mlps
    )
    expected = slow_path(model, corrupt, clean, senders, receivers, freeze_mlps=mlps == "frozen")
    torch.testing.assert_close(ours.values[0], expected, atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize("kind", ["attention only", "native", "gpt2 folded"])
@pytest.mark.parametrize("mlps", ["frozen", "recomputed"])
def test_to_the_logits_equals_the_slow_twin(kind, mlps):
    model, (clean, corrupt) = model_of(kind), prompts()
    ours = path_patch(model, clean, corrupt, METRIC, mlps=mlps)
    assert ours.names == ("sender layer", "sender head")
    for layer, head in [(0, 0), (1, 2), (2, 3)]:
        expected = slow_path(model, corrupt, clean, [(layer, head)], [], freeze_mlps=mlps == "frozen")
        torch.testing.assert_close(ours.values[layer, head], expected, atol=1e-9, rtol=1e-9)


def test_pairs_of_one_receiver_equal_that_receiver_together():
    model, (clean, corrupt) = model_of("native"), prompts()
    for receiver in ["1.2.q", "2.0.v", "m1", "m2", "logits"]:
        alone = path_patch(model, clean, corrupt, METRIC, receivers=[receiver], pairs=True)
        together = path_patch(model, clean, corrupt, METRIC, receivers=[receiver])
        assert alone.names[-1] == "receiver"
        torch.testing.assert_close(alone.select(receiver=receiver).values, together.values, atol=1e-10, rtol=1e-10)
