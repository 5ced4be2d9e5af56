"""What patching must never do: leave something behind, accept what does not fit, or say it in many words."""

from __future__ import annotations

import copy

import pytest
import torch
from patching_models import (
    LENGTH,
    VOCABULARY,
    answers,
    gpt2,
    model_of,
    native,
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
    """Every public method once."""
    ask = patching.Question(model, clean, corrupt, metric)
    for route in ("auto", "hooks"):
        for site in ("resid_mid", "z", "pattern"):
            patching.Question(model, clean, corrupt, metric, route=route).sweep(site)
    ask.path_patch(receivers="qkv")
    ask.path_patch(mlps="recomputed")
    ask.attribute("z", steps=2, path="activations")
    ask.attribute_edges()
    ask.faithfulness(Circuit.nodes("0.1", "m1"))
    ask.run(Circuit.edges("0.1->m1"))


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
TENSOR, TWO, ONE = torch.zeros(3, LENGTH, 24), [[1, 2]], Circuit.nodes("0.1")
QUESTIONS = {  # a sentence, and the question that it answers
    "clean and corrupt prompts must have the same number of tokens": dict(corrupt=CORRUPT[:, 1:]),
    "clean prompts must all have the same number of tokens": dict(clean=[CLEAN[0].tolist(), CLEAN[1, 1:].tolist()]),
    "there are 3 clean prompts but 2 corrupt ones": dict(corrupt=CORRUPT[:2]),
    "denoising changes the run of the corrupt prompts": dict(corrupt=None, direction="denoising"),
    "a mean is taken over stated prompts": dict(ablation="mean"),
    "reference prompts must have the same number": dict(ablation="mean", reference=CLEAN[:, 2:]),
    "its direction is noising": dict(ablation="zero", direction="denoising"),
    "ablation is one of": dict(ablation="knockout"),
    "direction is one of": dict(direction="clean"),
    "route is one of auto, hooks": dict(route="hook"),
    "the metric has a position outside": dict(metric=patching.logit(CORRECT, position=9)),
    "stated for 4 prompts, but there are 3; several": dict(metric=patching.logit(CORRECT, position=[1, 2, 3, 4])),
    "the metric's positions are an int": dict(metric=patching.logit(CORRECT, position=[])),
    "the metric states tokens for 2 prompts": dict(metric=patching.logit(CORRECT[:2])),
    "its ids run from 0 to 22": dict(metric=patching.logit(torch.tensor([1, 2, VOCABULARY]))),
    "say what to measure": dict(metric=None),
    "a metric is made by logit_diff": dict(metric="logit"),
    "clean prompts hold an id outside the model's vocabulary, 0 to 22": dict(clean=CLEAN + VOCABULARY),
    "corrupt prompts hold an id outside": dict(corrupt=CORRUPT.index_fill(0, torch.tensor(2), -1)),
    "clean prompts have 10 tokens, but the model's context is 9": dict(clean=torch.ones(3, 10, dtype=torch.long)),
    "clean prompts are (batch, pos) token ids, at least one": dict(clean=torch.zeros(0, 7, dtype=torch.long)),
    "clean prompts are whole numbers, not of type float32": dict(clean=CLEAN.float()),
    "clean prompts are whole numbers, not of type bool": dict(clean=CLEAN.bool()),
    "this model has no tokenizer": dict(clean=["one", "two", "three"]),
    "groups label clean and reference prompts alike": dict(ablation="mean", reference=CLEAN, groups=[1, 2]),
    "a question's positions have names": dict(positions=[1, 2]),
    "position 'S2' has a position outside": dict(positions={"S2": LENGTH}),
    "an attention mask is 1 or 0 for each token": dict(attention_mask=torch.ones(3, LENGTH - 1)),
    "with a 1 in every row": dict(attention_mask=torch.zeros(3, LENGTH)),
    "memory, a number of bytes, is a whole number of at least 1, not 0": dict(memory=0),
    "model is a TransformerBridge": dict(model="gpt2"),
    "an attention mask is 1 or 0 for each token of the clean prompts": dict(attention_mask="yes"),
    "an attention mask is 1 or 0 for each token of the clean": dict(attention_mask=lambda tokens: None),
    "groups are labels, one for each prompt, not [[0], [1], [2]]": dict(
        ablation="mean", reference=CLEAN, groups=[[0], [1], [2]]
    ),
    "groups are labels, one for each prompt, not {0, 1, 2}": dict(ablation="mean", reference=CLEAN, groups={0, 1, 2}),
    "clean prompts are token ids or strings, not {'input_ids'": dict(clean={"input_ids": CLEAN}),
    "groups are labels, one for each prompt, not 3": dict(ablation="mean", reference=CLEAN, groups=3),
    "memory, a number of bytes, is a whole number of at least 1, not '1 GB'": dict(memory="1 GB"),
    "memory, a number of bytes, is a whole number of at least 1, not nan": dict(memory=float("nan")),
    "or rows of them, not tensor([[[0]], [[0]], [[0]]])": dict(
        metric=patching.logit(CORRECT, position=torch.zeros(3, 1, 1, dtype=torch.long))
    ),
    "clean prompts are on the meta device": dict(clean=CLEAN.to("meta")),
}
METHODS = {
    "a site is one of": lambda ask: ask.sweep("resid"),
    "z can be swept by each of layer, position, head once": lambda ask: ask.sweep("z", by=("layer", "source")),
    "heads are counted from 0 to 3": lambda ask: ask.sweep("z", heads=[4]),
    "layers are counted from 0 to 2": lambda ask: ask.sweep("z", layers=torch.tensor([-1])),
    "layers= is a list of at least one layer": lambda ask: ask.sweep("z", layers=[]),
    "heads= is a list of at least one head": lambda ask: ask.sweep("z", heads=2),
    "neurons are counted from 0 to 95": lambda ask: ask.sweep("post", neurons=[96]),
    "heads are whole numbers": lambda ask: ask.sweep("z", heads=[0.5]),
    "positions= states no position at all": lambda ask: ask.sweep("z", by="position", positions=[]),
    "position 7 has a position outside": lambda ask: ask.sweep("z", by="position", positions=[LENGTH]),
    "is one position per prompt, but 'two' is 2": lambda ask: ask.sweep("z", by="position", positions={"two": TWO}),
    "chooses entries of an axis": lambda ask: ask.sweep("z", by="layer", heads=[0]),
    "values= must fit resid_pre of one layer, (3, 7, 24)": lambda ask: ask.sweep("resid_pre", values=TENSOR[:, :2]),
    "values= must fit z of one layer, (3, 7, 4, 6), not NoneType": lambda ask: ask.sweep("z", values=lambda x, y: None),
    "path is one of": lambda ask: ask.attribute("z", path="weights"),
    "steps, the points on the path (0: the gradient at the base run), is": lambda ask: ask.attribute_edges(steps=-1),
    "mlps is 'frozen'": lambda ask: ask.path_patch(mlps="thawed"),
    "senders= names no sender": lambda ask: ask.path_patch([]),
    "senders= names no sender:": lambda ask: ask.path_patch([[]]),
    "receivers= names no receiver": lambda ask: ask.path_patch(receivers=[]),
    "a writer is": lambda ask: ask.path_patch([(0, -1)]),
    "this model has no 0.9": lambda ask: ask.path_patch(["0.9"]),
    "the question has no position 'S2'; it names none": lambda ask: ask.path_patch(positions="S2"),
    "a circuit is made by": lambda ask: ask.run("0.1"),
    "a circuit is made by Circuit.nodes": lambda ask: ask.run([]),
    "at= holds 2.2 to positions, but it is not in the circuit": lambda ask: ask.run(ONE, at={"2.2": 2}),
    "a circuit is made by Circuit.nodes('9.9', 'm3')": lambda ask: ask.faithfulness("0.1"),
    "this circuit has no parts": lambda ask: ask.minimality(Circuit.nodes()),
    "k, the number of parts, is a whole number of at least 1": lambda ask: Circuit.top(ask.sweep("z"), 0),
    "this ranking has only 12 parts": lambda ask: Circuit.top(ask.sweep("z"), 13),
    "by= is an axis or several": lambda ask: ask.sweep("z", by=3),
    "a writer is 'embed', '9.6' (a head) or 'm3' (an MLP), not 3": lambda ask: ask.path_patch(3),
    "a reader is '9.6.q' (or .k, .v), 'm3' (an MLP) or 'logits', not None": lambda ask: ask.path_patch(receivers=None),
    "is a whole number of at least 0, not 1.5": lambda ask: ask.attribute("z", steps=1.5),
    "values= puts NaN in at z": lambda ask: ask.sweep("z", values=lambda donor, base: donor * torch.nan),
    "values= puts infinity in at z": lambda ask: ask.sweep("z", values=lambda donor, base: base / 0),
    "at= names 0.1 twice": lambda ask: ask.run(ONE, at={"0.1": 1, "L0H1": 2}),
    "values= must fit z": lambda ask: ask.sweep("z", values=torch.ones(6, dtype=torch.complex64)),
    "at= names nodes and where they are kept": lambda ask: ask.run(ONE, at=[2]),
    "draws is a whole number of at least 0, not -1": lambda ask: ask.completeness(ONE, draws=-1),
    "seed is a whole number": lambda ask: ask.minimality(ONE, seed="a"),
    "a ranking is what a sweep": lambda ask: Circuit.top("z", 2),
    "a circuit is combined with a circuit, not with '0.2'": lambda ask: ONE | "0.2",
    "k, the number of cells, is a whole number": lambda ask: ask.sweep("z").top(-1),
    "level is a share between 0 and 1": lambda ask: ask.sweep("z").interval(level=95),
    "prompts of 7 tokens, but 3 of 6 are run": lambda ask: patching.ablated(
        ask.model, CLEAN[:, :6], ["0.1"], "mean", CLEAN
    ),
    "the reference has 2 prompts": lambda ask: patching.ablated(ask.model, CLEAN, ["0.1"], "resample", CLEAN[:2]),
    "heads are a list such as": lambda ask: patching.ablation_hooks(ask.model, "0.1", "zero"),
    "prompts hold an id outside": lambda ask: patching.ablated(ask.model, CLEAN + VOCABULARY, [], "zero"),
    "parts are ranked by layer and head": lambda ask: Circuit.top(ask.sweep("resid_pre"), 2),
}
METRICS = {
    "a metric returns one real value per prompt": lambda logits: logits.mean(),
    "returned list": lambda logits: logits[:, -1, 0].tolist(),
    "returned torch.int64": lambda logits: logits[:, -1].argmax(-1),
}


def refusal(call, *arguments, error=ValueError):
    with pytest.raises(error) as caught:
        call(*arguments)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("sentence", QUESTIONS)
def test_a_question_that_does_not_fit_is_refused_in_one_sentence(sentence):
    arguments = dict(model=model_of("native"), clean=CLEAN, corrupt=CORRUPT, metric=METRIC)
    assert sentence in refusal(lambda: patching.Question(**{**arguments, **QUESTIONS[sentence]}))


@pytest.mark.parametrize("sentence", METHODS)
def test_what_a_question_cannot_be_asked_is_refused_in_one_sentence(sentence):
    assert sentence in refusal(METHODS[sentence], patching.Question(model_of("native"), CLEAN, CORRUPT, METRIC))


@pytest.mark.parametrize("sentence", METRICS)
@pytest.mark.parametrize("route", ["auto", "hooks"])
def test_metrics_that_return_something_else_are_refused(sentence, route):
    ask = patching.Question(model_of("native"), CLEAN, CORRUPT, METRICS[sentence], route=route)
    assert sentence in refusal(ask.sweep, "z")


@pytest.mark.parametrize("route", ["auto", "hooks"])
def test_baselines_that_are_no_numbers_are_refused(route):
    last = lambda logits: logits[:, -1, 0].where(torch.arange(3) < 2, torch.nan)  # noqa: E731
    ask = patching.Question(model_of("native"), CLEAN, CORRUPT, last, route=route)
    assert "of the clean run is not a finite number for prompt 2" in refusal(ask.sweep, "z")
    broken = native()
    with torch.no_grad():
        broken.unembed.original_component.weight[:] = torch.nan
    assert "is not a finite number for prompt 0" in refusal(
        patching.Question(broken, CLEAN, CORRUPT, METRIC, route=route).sweep, "z"
    )


def test_a_model_that_cannot_run_is_refused():
    mixed = native()
    mixed.blocks[1].to(torch.float32)
    with pytest.warns(UserWarning, match="not all of one type"):
        said = refusal(patching.Question(mixed, CLEAN, CORRUPT, METRIC).sweep, "z")
    assert "the model does not run, its weights being of torch.float32, torch.float64" in said
    assert "the model is on the meta device" in refusal(patching.Question, native().to("meta"), CLEAN, CORRUPT, METRIC)


def test_resampling_without_corrupt_prompts_is_refused_by_every_method():
    ask = patching.Question(model_of("native"), CLEAN, metric=METRIC)
    calls = (ask.sweep, ask.attribute), (ask.path_patch, ask.attribute_edges)
    sentence = "resampling needs corrupt prompts"
    assert all(sentence in refusal(call, "z") for call in calls[0]) and all(sentence in refusal(c) for c in calls[1])
    assert sentence in refusal(ask.run, Circuit.nodes("0.1"))


def test_labels_that_are_no_ids_are_refused():
    for labels in (torch.tensor([True, False, True]), CORRECT.float(), [[1], [2, 3]], [], "abc", -CORRECT - 1):
        assert "ids" in refusal(patching.logit, labels)
    assert "correct tokens for 3 prompts, but wrong ones for 2" in refusal(patching.logit_diff, CORRECT, WRONG[:2])


def test_prompts_of_one_flat_list_are_one_prompt():
    flat = patching.Question(model_of("native"), CLEAN[0].tolist(), CORRUPT[0], patching.logit(CORRECT[:1]))
    rows = patching.Question(model_of("native"), CLEAN[:1], CORRUPT[:1], patching.logit([int(CORRECT[0])]))
    assert torch.equal(flat.sweep("z").values, rows.sweep("z").values)


def test_what_cannot_be_differentiated_has_no_attribution_and_inference_mode_does_not_matter():
    model = model_of("native")
    flat = patching.Question(model, CLEAN, CORRUPT, lambda logits: (logits[:, -1, 0] > 0).double())
    for call in (lambda: flat.attribute("z"), flat.attribute_edges):
        assert "cannot be differentiated" in refusal(call)
    ask = patching.Question(model, CLEAN, CORRUPT, METRIC)
    outside = ask.attribute("z"), ask.attribute_edges(steps=2), ask.sweep("z")
    with torch.inference_mode():
        metric = patching.log_prob(CORRECT + 0), patching.logit_diff(CORRECT + 0, WRONG + 0)
        inside = patching.Question(model, CLEAN + 0, CORRUPT + 0, metric[1])
        found = inside.attribute("z"), inside.attribute_edges(steps=2), inside.sweep("z")
        patching.Question(model, CLEAN + 0, CORRUPT + 0, metric[0]).attribute("q", steps=2, path="activations")
    for one, other in zip(outside, found, strict=True):
        torch.testing.assert_close(one.values, other.values, atol=1e-12, rtol=0)


def test_prompts_that_do_not_differ_leave_nothing_to_recover_and_say_so():
    ask = patching.Question(model_of("native"), CLEAN, CLEAN, METRIC)
    found = ask.faithfulness(Circuit.nodes("0.1"))
    assert "there is nothing to recover" in refusal(lambda: found.recovered) and "nothing to recover" in str(found)
    assert "there is nothing to recover" in refusal(ask.sweep("z").recovery)
    assert torch.equal(ask.sweep("z").effect(), torch.zeros(3, 4, dtype=torch.float64))


def test_sites_that_a_model_lacks_are_refused():
    with pytest.raises(ValueError, match="attention only, so it has no mlp_out"):
        sweep(model_of("attention only"), "mlp_out", CLEAN, CORRUPT, METRIC)
