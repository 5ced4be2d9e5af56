"""Where fast interventions could be silently wrong: attention in both directions, hooks left on, positions, masks.

Each of these gave a plausible wrong number, or a crash, before it was tested.
"""

from __future__ import annotations

import functools
import warnings

import pytest
import torch
from patching_models import LENGTH, VOCABULARY, answers, gpt2, model_of, native, prompts
from patching_twin import forward, patched, seen
from transformer_lens.tools.analysis import interchange

from course_utils import patching
from course_utils.patching import Circuit, Question
from course_utils.patching.trust import hooks_on

CORRECT, WRONG = answers()
METRIC = patching.logit_diff(CORRECT, WRONG)
FIRST = patching.logit_diff(CORRECT, WRONG, position=0)
ROWS = torch.arange(3)


def both_ways(**changes):
    return native(attention_dir="bidirectional", **changes)


def difference(logits, position=0):
    return logits[ROWS, position, CORRECT] - logits[ROWS, position, WRONG]


def same(ours, expected):
    torch.testing.assert_close(ours, expected, atol=1e-9, rtol=1e-9)


# Attention in both directions


@pytest.mark.parametrize("route", ["auto", "hooks"])
def test_a_bidirectional_model_that_is_read_at_its_first_position_has_effects(route):
    """Causality would say that nothing after position 0 can be seen from there."""
    model, (clean, corrupt) = both_ways(), prompts(shared=1)
    found = Question(model, clean, corrupt, FIRST, route=route).sweep("resid_pre")
    assert found.route == ("hooks" if route == "hooks" else "restart")
    assert (found.effect(per_prompt=True)[:2, 1:].abs() > 1e-4).all()
    donor = {layer: seen(model, clean)["resid_pre", layer] for layer in range(3)}
    for layer in range(3):
        for position in range(LENGTH):
            logits = patched(model, corrupt, None, "resid_pre", donor, [layer], torch.full((3,), position))
            same(found.values[layer, position], difference(logits))


def padded(shared=2):
    clean, corrupt = prompts(shared=shared)
    return clean, corrupt, torch.tensor([[1] * 7, [1] * 5 + [0] * 2, [1] * 4 + [0] * 3])


@pytest.mark.parametrize("attn_only", [True, False])
def test_a_bidirectional_model_with_padding_whole(attn_only):
    """Paths, circuits and attributions by what must be true of them, with a mask that hides the padding."""
    model, (clean, corrupt, mask) = both_ways(attn_only=attn_only), padded()
    ask = Question(model, clean, corrupt, FIRST, attention_mask=mask)
    with torch.no_grad():
        ends = [difference(model(tokens, attention_mask=mask)) for tokens in (clean, corrupt)]
    same(ask.run(Circuit.whole(model)), ends[0])
    same(ask.run(Circuit.whole(model, "edges")), ends[0])
    same(ask.run(Circuit.edges()), ends[1])
    noising = Question(model, clean, corrupt, FIRST, attention_mask=mask.bool(), direction="noising")
    for name in ("0.1->2.3.k", "1.2->logits", "embed->1.0.v"):  # an edge cut is a path patched
        sender, receiver = name.split("->")
        without = ask.run(Circuit.whole(model, "edges") - Circuit.edges(name))
        same(noising.path_patch([sender], receiver).values[0], without)
    nodes = Circuit.nodes("0.1", "2.2")
    kept = Circuit.edges([(w, r) for w, r in Circuit.whole(model, "edges") if w in nodes or w.layer is None])
    same(ask.run(nodes), ask.run(kept))
    # integrated over the inputs, the embeddings' edges carry the whole gap; a layer's integral is its effect
    told = ask.attribute_edges(steps=40).select(sender="embed").effect(per_prompt=True).sum(0)
    torch.testing.assert_close(told, ends[0] - ends[1], atol=0.05, rtol=0.05)
    estimate = ask.attribute("z", by=("layer",), steps=60, path="activations").effect()
    torch.testing.assert_close(estimate, ask.sweep("z", by=("layer",)).effect(), atol=0.02, rtol=0.02)
    # what is hidden does nothing
    hidden = ask.sweep("resid_pre").select(position=[5, 6]).effect(per_prompt=True)[..., 1:]
    same(hidden, torch.zeros_like(hidden))


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("make", [native, gpt2, both_ways])
def test_a_mask_is_honoured_wherever_the_padding_stands(make, side):
    model, (clean, corrupt, mask) = make(), padded()
    mask = mask if side == "right" else mask.flip(1)
    position = 0 if side == "right" else -1
    metric = patching.logit_diff(CORRECT, WRONG, position)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # GPT-2 counts its positions from the first token that is none of the padding
        found = Question(model, clean, corrupt, metric, attention_mask=lambda tokens: mask).sweep("z")
    donor = {layer: seen(model, clean, mask)["z", layer] for layer in range(3)}
    for layer in range(3):
        for head in range(4):
            logits = patched(model, corrupt, mask, "z", donor, [layer], head=head)
            same(found.values[layer, head], difference(logits, position))
    same(found.clean, difference(forward(model, clean, mask), position))


# Hooks and edits that were left on the model


def test_a_hook_that_acts_on_one_prompt_alone_is_honoured():
    """It acts where a certain token stands, as hooks for padding do, and the first prompts do not have that token."""
    model, (clean, corrupt) = native(), prompts()
    here = torch.zeros(3, LENGTH, dtype=torch.bool)
    here[2, 3] = True
    left = [("blocks.1.attn.hook_z", lambda z, hook: z * ~here[:, :, None, None])]
    with model.hooks(fwd_hooks=left):
        with pytest.warns(UserWarning, match="a hook is on blocks.1.attn"):
            found = Question(model, clean, corrupt, METRIC, direction="noising").sweep("q")
        same(found.clean, difference(forward(model, clean), -1))
        donor = {layer: seen(model, corrupt)["q", layer] for layer in range(3)}
        for layer in range(3):
            same(found.values[layer, 2], difference(patched(model, clean, None, "q", donor, [layer], head=2), -1))
    assert not torch.allclose(found.clean[2], difference(forward(model, clean), -1)[2])


def test_a_hook_left_on_between_two_calls_is_noticed_by_every_method():
    model, (clean, corrupt) = native(), prompts()
    ask = Question(model, clean, corrupt, METRIC)
    before = ask.sweep("z"), ask.path_patch(), ask.run(Circuit.nodes("0.1"))
    left = [("blocks.2.hook_mlp_out", lambda out, hook: 0.5 * out)]
    with model.hooks(fwd_hooks=left):
        with pytest.warns(UserWarning, match=r"a hook is on blocks\.2"):
            found = ask.sweep("z")
        same(found.clean, difference(forward(model, clean), -1))
        assert found.route == "hooks" and not torch.allclose(found.values, before[0].values)
        for call in (ask.path_patch, ask.attribute_edges, lambda: ask.attribute("z"), lambda: ask.run(Circuit.nodes())):
            with warnings.catch_warnings(), pytest.raises(NotImplementedError, match=r"a hook is on blocks\.2\.mlp"):
                warnings.simplefilter("error")  # a refusal needs no warning before it
                call()
    same(ask.sweep("z").values, before[0].values)
    same(ask.path_patch().values, before[1].values)


def test_what_transformerlenss_own_tools_hook_is_an_intervention():
    """They run the model through a function of ours, and what they put in must reach it; its own hooks do not count."""
    model, (clean, _) = native(), prompts()
    noticed = []

    def logits(tokens):
        noticed.append(hooks_on(model))
        return model(tokens)[:, -1]

    assert not hooks_on(model)
    interchange.collect_activations(
        model, "blocks.1.hook_resid_pre", clean, logits, positions=torch.full((len(clean),), 2)
    )
    assert noticed and all(noticed) and not hooks_on(model)


@pytest.mark.parametrize("how", ["parameter", "data", "forward", "torch hook", "partial"])
def test_a_model_that_is_changed_between_two_calls_is_run_anew(how):
    model, (clean, corrupt) = native(), prompts()
    ask = Question(model, clean, corrupt, METRIC)
    ask.sweep("z"), ask.attribute_edges()
    out = model.blocks[1].mlp.out.original_component
    with torch.no_grad():
        if how == "parameter":
            out.weight.mul_(0.3)
        elif how == "data":
            out.weight.data.mul_(0.3)  # which torch does not count as a change
        elif how == "forward":
            plain = out.forward
            out.forward = lambda x: 0.3 * plain(x)
        else:
            hook = lambda module, given, result: 0.3 * result  # noqa: E731
            out.register_forward_hook(functools.partial(hook) if how == "partial" else hook)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = ask.sweep("z", layers=[0, 2], heads=[1])
    assert found.route == ("restart" if how in ("parameter", "data") else "hooks")
    donor = {layer: seen(model, clean)["z", layer] for layer in (0, 1, 2)}
    for i, layer in enumerate((0, 2)):
        same(found.values[i, 0], difference(patched(model, corrupt, None, "z", donor, [layer], head=1), -1))


@pytest.mark.parametrize("make", [native, gpt2])
def test_an_embedding_that_only_a_later_prompt_reads_is_noticed_when_it_changes(make):
    model, (clean, corrupt) = make(), prompts()
    ask, first = Question(model, clean, corrupt, METRIC), torch.cat([clean[:2], corrupt[:2]])
    before = ask.sweep("z").values
    word = next(int(word) for word in clean[2] if word not in first)
    model.W_E.data[word] *= 2  # which torch does not count as a change
    found = ask.sweep("z").values
    assert torch.equal(found, Question(model, clean, corrupt, METRIC).sweep("z").values)
    assert not torch.equal(found, before)


def test_a_hook_that_counts_the_prompts_gets_them_all():
    model, (clean, corrupt) = native(), prompts()
    scale = torch.tensor([1.0, 0.5, 2.0], dtype=torch.float64)
    left = [("blocks.0.attn.hook_z", lambda z, hook: z * scale[torch.arange(3)][:, None, None, None])]
    with model.hooks(fwd_hooks=left), pytest.warns(UserWarning, match="a hook is on"):
        found = Question(model, clean, corrupt, METRIC).sweep("mlp_out", by="layer")
        donor = {layer: seen(model, clean)["mlp_out", layer] for layer in range(3)}
        for layer in range(3):
            same(found.values[layer], difference(patched(model, corrupt, None, "mlp_out", donor, [layer]), -1))


# Positions and selections


def test_positions_of_a_metric_mean_one_thing():
    model, (clean, corrupt) = model_of("native"), prompts()
    logits = forward(model, clean)
    per_prompt = Question(model, clean, corrupt, patching.logit_diff(CORRECT, WRONG, [1, 2, 3])).sweep("z").clean
    same(per_prompt, difference(logits, torch.tensor([1, 2, 3])))
    several = [[1, 2], [3, 4], [0, 6]]
    means = torch.stack([difference(logits, torch.tensor(column)) for column in zip(*several, strict=True)]).mean(0)
    for places in (several, torch.tensor(several)):
        same(Question(model, clean, corrupt, patching.logit_diff(CORRECT, WRONG, places)).sweep("z").clean, means)
    everywhere = Question(model, clean, corrupt, patching.logit(CORRECT, [range(LENGTH)])).sweep("z").clean
    same(everywhere, logits[ROWS, :, CORRECT].mean(1))
    each = patching.log_prob(clean[:, 1:], [range(LENGTH - 1)])  # the text's own log-probability
    expected = logits.log_softmax(-1)[:, :-1].gather(-1, clean[:, 1:, None])[..., 0].mean(1)
    same(Question(model, clean, corrupt, each).sweep("z").clean, expected)


def test_a_plain_function_is_given_all_the_logits():
    model, (clean, corrupt) = model_of("native"), prompts()
    found = Question(model, clean, corrupt, lambda logits: logits[:, 0, 1] + logits[:, 3, 2]).sweep("resid_pre")
    logits = forward(model, clean)
    same(found.clean, logits[:, 0, 1] + logits[:, 3, 2])


@pytest.mark.parametrize("site", ["pattern", "attn_scores"])
def test_sources_beyond_the_last_position_that_is_read_change_nothing(site):
    """This raised an IndexError wherever the metric stopped before the last token."""
    model, (clean, corrupt) = model_of("native"), prompts()
    metric = patching.logit(CORRECT, position=2)
    found = Question(model, clean, corrupt, metric).sweep(site, by=("layer", "head", "source"))
    assert found.axis("source").labels == tuple(range(LENGTH))
    assert torch.equal(found.values[:, :, 3:], found.base.expand(3, 4, 4, -1))
    whole = Question(model, clean[:, :3], corrupt[:, :3], metric).sweep(site, by=("layer", "head", "source"))
    same(found.values[:, :, :3], whole.values)


def test_keys_and_values_that_heads_share_are_counted_as_they_are():
    model, (clean, corrupt) = native(n_key_value_heads=2), prompts()
    ask = Question(model, clean, corrupt, METRIC)
    assert ask.sweep("k").axis("head").labels == (0, 1) and ask.sweep("q").axis("head").labels == (0, 1, 2, 3)
    with pytest.raises(ValueError, match="heads are counted from 0 to 1"):
        ask.sweep("v", heads=[3])


# What is put in


def test_a_direction_added_to_the_stream_is_steering():
    model, (clean, _) = model_of("gpt2"), prompts()
    direction = torch.randn(24, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    ask = Question(model, clean, metric=METRIC)
    found = ask.sweep("resid_pre", by="layer", values=lambda donor, base: base + direction)
    for layer in range(3):
        hook = [(f"blocks.{layer}.hook_resid_pre", lambda x, hook: x + direction)]
        same(found.values[layer], difference(forward(model, clean, hooks=hook), -1))
    constant = ask.sweep("mlp_out", by="layer", values=direction)
    hook = [("blocks.1.hook_mlp_out", lambda x, hook: direction.expand_as(x))]
    same(constant.values[1], difference(forward(model, clean, hooks=hook), -1))


def test_a_subspace_exchanged_and_its_complement_are_the_whole():
    model, (clean, corrupt) = native(attn_only=True, normalization_type=None), prompts()
    basis = torch.linalg.qr(torch.randn(6, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1))).Q
    ask = Question(model, clean, corrupt, METRIC)
    inside = ask.sweep("z", layers=[2], values=lambda donor, base: base + (donor - base) @ basis @ basis.T)
    outside = ask.sweep("z", layers=[2], values=lambda donor, base: donor - (donor - base) @ basis @ basis.T)
    whole = ask.sweep("z", layers=[2])  # the last layer of a model without norms is linear
    same(inside.effect(True) + outside.effect(True), whole.effect(True))
    assert (inside.effect(True).abs() > 1e-6).all()
    assert torch.allclose(ask.attribute("z", layers=[2], values=lambda d, b: b).effect(), torch.zeros(1, 4).double())


@pytest.mark.parametrize("ablation", ["mean", "zero"])
@pytest.mark.parametrize("mlps", ["frozen", "recomputed"])
def test_paths_may_carry_means_and_zeros(ablation, mlps):
    """Straight from the definition: the receiver's key is computed with the sender's output taken out of its input."""
    model, (clean, _) = model_of("attention only"), prompts()
    reference = torch.randint(VOCABULARY, (5, LENGTH), generator=torch.Generator().manual_seed(9))
    how = {"ablation": ablation, "reference": reference if ablation == "mean" else None}
    found = Question(model, clean, metric=METRIC, **how).path_patch(["0.1"], ["1.2.k"], mlps=mlps).values[0]
    here, there = seen(model, clean), seen(model, reference)
    new = there["z", 0].mean(0)[:, 1] if ablation == "mean" else torch.zeros(LENGTH, 6, dtype=torch.float64)
    message = (new - here["z", 0][:, :, 1]) @ model.W_O[0, 1].detach()
    with torch.no_grad():
        heard = model.blocks[1].ln1(here["resid_pre", 1] + message) @ model.W_K[1, 2] + model.b_K[1, 2]

    def hook(k, hook):
        k = k.clone()
        k[:, :, 2] = heard
        return k

    same(found, difference(forward(model, clean, hooks=[("blocks.1.attn.hook_k", hook)]), -1))


def test_a_circuit_may_be_taken_from_any_ranking():
    model, (clean, corrupt) = model_of("native"), prompts()
    ask = Question(model, clean, corrupt, METRIC)
    heads = ask.path_patch()
    assert Circuit.top(heads, 3) == Circuit.nodes([(c["sender layer"], c["sender head"]) for c, _ in heads.top(3)])
    some = ask.path_patch(["0.1", "m1", "2.3"])
    assert Circuit.top(some, 3) == Circuit.nodes("0.1", "m1", "2.3")
    edges = Circuit.top(ask.path_patch(receivers="qkv"), 5)
    assert edges.of == "edges" and len(edges) == 5 and edges <= Circuit.whole(model, "edges")
    pairs = ask.path_patch(["0.1", "0.2"], ["1.0.q", "m2"], pairs=True)
    assert Circuit.top(pairs, 4) == Circuit.edges("0.1->1.0.q", "0.2->1.0.q", "0.1->m2", "0.2->m2")
    assert Circuit.top(ask.attribute("mlp_out", by="layer"), 2) <= Circuit.mlps(model)


def test_a_site_without_a_hook_that_steers_is_refused_on_the_hooks_road():
    model, (clean, corrupt) = native(positional_embedding_type="rotary", rotary_dim=6), prompts()
    ask = Question(model, clean, corrupt, METRIC)
    with warnings.catch_warnings(), pytest.raises(ValueError, match="does not reach this model's logits"):
        warnings.simplefilter("ignore")
        ask.sweep("attn_scores")
    with pytest.raises(ValueError, match="values of one's own for result need the plain forward"):
        ask.sweep("result", values=0.0)


def test_named_positions_of_the_question_serve_every_method():
    model, (clean, corrupt) = model_of("native"), prompts()
    s2 = torch.tensor([2, 5, 4])
    ask = Question(model, clean, corrupt, METRIC, positions={"S2": s2, "END": -1})
    grid = ask.sweep("z", by=("position", "layer", "head"))
    assert grid.axis("position").labels == ("S2", "END")
    assert torch.equal(ask.path_patch(positions="S2").values, ask.path_patch(positions=s2).values)
    circuit = Circuit.nodes("0.1", "2.2")
    named, stated = ({"0.1": "S2", "2.2": "END"}, {"0.1": s2, "2.2": [[-1]]})
    assert torch.equal(ask.run(circuit, at=named), ask.run(circuit, at=stated))
