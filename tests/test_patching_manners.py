"""What patching must never do: leave something behind, accept what does not fit, or say it in many words."""

from __future__ import annotations

import copy

import pytest
import torch
from patching_models import (
    LENGTH,
    answers,
    attribute,
    attribute_edges,
    gpt2,
    model_of,
    native,
    of_circuit,
    path_patch,
    prompts,
    sweep,
)

from course_utils import patching
from course_utils.patching import Circuit

CORRECT, WRONG = answers()
METRIC = patching.logit_diff(CORRECT, WRONG)
MAKERS = {"native": native, "gpt2": gpt2, "rotary": lambda: native(positional_embedding_type="rotary", rotary_dim=6)}


def state(model):
    """All that a caller could notice: weights, their gradients, modes, flags, hooks."""
    flags = {k: v for k, v in vars(model.cfg).items() if isinstance(v, (bool, int, float, str))}
    return (
        {name: value.clone() for name, value in model.state_dict().items()},
        {name: (p.requires_grad, p.grad) for name, p in model.named_parameters()},
        {name: module.training for name, module in model.named_modules()},
        flags,
        {name: (len(point.fwd_hooks), len(point.bwd_hooks)) for name, point in model.hook_dict.items()},
        {name: (len(m._forward_hooks), len(m._forward_pre_hooks)) for name, m in model.named_modules()},
    )


def assert_same(before, after):
    weights, others = before[0], before[1:]
    assert weights.keys() == after[0].keys()
    assert all(torch.equal(value, after[0][name]) for name, value in weights.items())
    assert list(others) == list(after[1:])


def everything(model, clean, corrupt, metric=METRIC):
    """Every public function once."""
    for route in ("auto", "hooks"):
        for site in ("resid_mid", "z", "pattern"):
            sweep(model, site, clean, corrupt, metric, route=route)
    path_patch(model, clean, corrupt, metric, receivers="qkv")
    path_patch(model, clean, corrupt, metric, mlps="recomputed")
    attribute(model, "z", clean, corrupt, metric, steps=2, path="activations")
    attribute_edges(model, clean, corrupt, metric)
    of_circuit("faithfulness", model, Circuit.nodes("0.1", "m1"), clean, metric, corrupt=corrupt)
    of_circuit("run", model, Circuit.edges("0.1->m1"), clean, metric, corrupt=corrupt)


@pytest.mark.parametrize("kind", ["native", "gpt2"])
@pytest.mark.parametrize("grad", [True, False])
def test_the_model_is_left_as_it_was_found(kind, grad):
    model, (clean, corrupt) = MAKERS[kind](), prompts()
    model(clean)  # the first forward installs hooks of TransformerLens's own, once
    given, random = (clean.clone(), corrupt.clone()), torch.get_rng_state()
    before = copy.deepcopy(state(model))
    with torch.set_grad_enabled(grad):
        everything(model, clean, corrupt)
        assert torch.is_grad_enabled() == grad
    assert_same(before, state(model))
    assert torch.equal(clean, given[0]) and torch.equal(corrupt, given[1])
    assert torch.equal(random, torch.get_rng_state())


@pytest.mark.parametrize("kind", MAKERS)
@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
def test_hooks_are_removed_after_an_error_and_an_interrupt(kind, error):
    model, (clean, corrupt) = MAKERS[kind](), prompts()
    model(clean)
    before, calls = copy.deepcopy(state(model)), []

    def breaks(logits):
        calls.append(1)
        if len(calls) > 4:
            raise error("stop")
        return logits[:, -1, 0]

    with pytest.raises(error):
        sweep(model, "z", clean, corrupt, breaks, route="hooks")
    assert_same(before, state(model))

    def breaks_inside(value, hook):
        raise error("inside the forward")

    with model.hooks(fwd_hooks=[("blocks.1.attn.hook_z", breaks_inside)]), pytest.raises(error):
        sweep(model, "z", clean, corrupt, METRIC, route="hooks")
    assert_same(before, state(model))


def test_a_model_in_training_mode_without_dropout_is_accepted_and_with_it_refused():
    model, (clean, corrupt) = native().train(), prompts()
    sweep(model, "z", clean, corrupt, METRIC)
    assert model.training
    with pytest.raises(ValueError, match=r"dropout: call model\.eval\(\) first"):
        sweep(gpt2().train(), "z", clean, corrupt, METRIC)


CLEAN, CORRUPT = prompts()
REFUSALS = {
    "clean and corrupt prompts must have the same number of tokens": dict(corrupt=CORRUPT[:, 1:]),
    "clean prompts must all have the same number of tokens": dict(clean=[CLEAN[0].tolist(), CLEAN[1, 1:].tolist()]),
    "there are 3 clean prompts but 2 corrupt ones": dict(corrupt=CORRUPT[:2]),
    "resampling needs corrupt prompts": dict(corrupt=None),
    "a mean is taken over stated prompts": dict(ablation="mean"),
    "reference prompts must have the same number": dict(ablation="mean", reference=CLEAN[:, 2:]),
    "its direction is noising": dict(ablation="zero", direction="denoising"),
    "a site is one of": dict(site="resid_post"),
    "z can be swept by each of layer, position, head once": dict(by=("layer", "source")),
    "heads are counted from 0 to 3": dict(heads=[4]),
    "a position lies outside the prompts": dict(by=("position",), positions=[LENGTH]),
    "chooses entries of an axis": dict(by=("layer",), heads=[0]),
    "ablation is one of": dict(ablation="knockout"),
    "direction is one of": dict(direction="clean"),
    "the metric reads a position outside": dict(metric=patching.logit(CORRECT, position=9)),
    "the metric states tokens for 2 prompts": dict(metric=patching.logit(CORRECT[:2])),
    "a metric returns one value per prompt": dict(metric=lambda logits: logits.mean()),
    "say what to measure": dict(metric=None),
}


@pytest.mark.parametrize("sentence", REFUSALS)
def test_what_does_not_fit_is_refused_in_one_sentence(sentence):
    arguments = dict(site="z", clean=CLEAN, corrupt=CORRUPT, metric=METRIC)
    with pytest.raises(ValueError) as refusal:
        sweep(model_of("native"), **{**arguments, **REFUSALS[sentence]})
    assert sentence in str(refusal.value) and "\n" not in str(refusal.value)


def test_sites_that_a_model_lacks_are_refused():
    with pytest.raises(ValueError, match="attention only, so it has no mlp_out"):
        sweep(model_of("attention only"), "mlp_out", CLEAN, CORRUPT, METRIC)


@pytest.mark.parametrize("wrong", ["9.9.x", "embed.q", 3, "m"])
def test_names_that_mean_nothing_are_refused(wrong):
    with pytest.raises(ValueError, match="a reader is"):
        path_patch(model_of("native"), CLEAN, CORRUPT, METRIC, receivers=[wrong])
