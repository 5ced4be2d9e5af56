"""Attribution: exact where the model is linear, equal to TransformerLens's, integrated paths that add up."""

from __future__ import annotations

import pytest
import torch
from patching_models import answers, attribute, attribute_edges, model_of, native, path_patch, prompts, sweep
from transformer_lens.tools.analysis.attribution_patching import EdgeAttributionConfig, attribution_patch

from course_utils import patching

CORRECT, WRONG = answers()
METRIC = patching.logit_diff(CORRECT, WRONG)
SITES = ("resid_pre", "resid_mid", "attn_out", "mlp_out", "z", "q", "k", "v", "pattern")


def linear_model():
    """No norms, no MLPs, queries and keys without weights: attention is uniform and logits are linear in tokens."""
    model = native(attn_only=True, normalization_type=None)
    with torch.no_grad():
        for block in model.blocks:
            for part in (block.attn.q, block.attn.k):
                part.weight.zero_()
                part.bias.zero_()
    return model


@pytest.mark.parametrize("site", ["resid_pre", "attn_out", "z", "v", "pattern"])
@pytest.mark.parametrize("steps", [0, 2])
def test_exact_on_a_linear_model(site, steps):
    model, (clean, corrupt) = linear_model(), prompts()
    by = ("layer", "position") if site in ("resid_pre", "attn_out") else ("layer", "head", "position")
    exact = sweep(model, site, clean, corrupt, METRIC, by=by)
    for path in ("inputs", "activations"):
        estimate = attribute(model, site, clean, corrupt, METRIC, by=by, steps=steps, path=path)
        assert estimate.axes == exact.axes
        torch.testing.assert_close(estimate.values, exact.values, atol=1e-10, rtol=1e-10)


def test_edges_exact_on_a_linear_model():
    model, (clean, corrupt) = linear_model(), prompts()
    estimate = attribute_edges(model, clean, corrupt, METRIC)
    for name in ("q", "k", "v"):
        exact = path_patch(model, clean, corrupt, METRIC, receivers=name)
        for receiver in ("1.0", "2.3"):
            layer, head = map(int, receiver.split("."))
            for sender in ("0.1", "1.2"):
                one, two = map(int, sender.split("."))
                expected = exact.values[one, two, 0, layer, head]
                measured = estimate.select(sender=sender, receiver=f"{receiver}.{name}").values
                torch.testing.assert_close(measured, expected, atol=1e-10, rtol=1e-10)


@pytest.mark.parametrize("site", SITES)
def test_a_small_change_is_estimated_to_second_order(site):
    """The error of a first-order estimate shrinks with the square of the change: that is what first order means."""
    model, (clean, corrupt) = native(), prompts(shared=2)
    with torch.no_grad():  # tokens that differ little: clean and corrupt embeddings close to each other
        mean = model.embed.weight.mean(0)
        direction = model.embed.weight - mean

    errors = []
    for size in (1e-2, 1e-3):
        with torch.no_grad():
            model.embed.weight.copy_(mean + size * direction)
        exact = sweep(model, site, clean, corrupt, METRIC).effect(per_prompt=True)
        estimate = attribute(model, site, clean, corrupt, METRIC).effect(per_prompt=True)
        errors.append(float((exact - estimate).abs().max()))
    assert errors[1] < errors[0] / 50  # ten times smaller, a hundred times nearer


@pytest.mark.parametrize("kind", ["attention only", "native", "gpt2 folded"])
def test_integrated_over_inputs_the_embeddings_carry_the_whole_gap(kind):
    model, (clean, corrupt) = model_of(kind), prompts()
    edges = attribute_edges(model, clean, corrupt, METRIC, steps=60)
    nodes = attribute(model, "resid_pre", clean, corrupt, METRIC, by=("layer",), layers=[0], steps=60)
    gap = nodes.clean - nodes.corrupt
    torch.testing.assert_close(nodes.effect(per_prompt=True)[0], gap, atol=0.03, rtol=0.03)
    # what the embedding tells all of its readers is what it tells
    told = edges.select(sender="embed").effect(per_prompt=True).sum(0)
    torch.testing.assert_close(told, nodes.effect(per_prompt=True)[0], atol=1e-9, rtol=1e-9)


def test_integrated_over_activations_a_whole_layer_is_exact():
    """Along a straight path of one activation the integral of the gradient is the effect of replacing it."""
    model, (clean, corrupt) = model_of("native"), prompts()
    for site in ("resid_pre", "mlp_out", "z"):
        exact = sweep(model, site, clean, corrupt, METRIC, by=("layer",)).effect()
        plain = attribute(model, site, clean, corrupt, METRIC, by=("layer",)).effect()
        close = attribute(
            model, site, clean, corrupt, METRIC, by=("layer",), steps=60, path="activations"
        ).effect()
        assert float((close - exact).abs().max()) < 0.02 * float((plain - exact).abs().max()) + 1e-3


@pytest.mark.parametrize("kind", ["gpt2", "gpt2 folded"])
def test_equals_transformerlens_edge_scores(kind):
    model, (clean, corrupt) = model_of(kind), prompts(batch=1)
    right, wrong = int(CORRECT[0]), int(WRONG[0])
    theirs = attribution_patch(
        model,
        clean,
        corrupt,
        lambda logits: logits[0, -1, right] - logits[0, -1, wrong],
        config=EdgeAttributionConfig(granularity="edge"),
    )
    ours = attribute_edges(model, clean, corrupt, patching.logit_diff([right], [wrong]), by_position=True)
    effects, count = ours.effect(), 0
    senders, receivers = ours.axis("sender").labels, ours.axis("receiver").labels
    for (sender, receiver), score in theirs.edge_scores.items():
        name = {"embed": "embed", "mlp_out": f"m{sender.layer}"}.get(sender.kind, f"{sender.layer}.{sender.head}")
        read = {"mlp_in": f"m{receiver.layer}", "logits": "logits"}.get(
            receiver.kind, f"{receiver.layer}.{receiver.head}.{receiver.kind[0]}"
        )
        mine = float(effects[senders.index(name), receivers.index(read), receiver.position])
        assert mine == pytest.approx(score, abs=1e-8, rel=1e-6)
        count += 1
    assert count == 7 * _n_edges(3, 4)


def _n_edges(layers, heads):
    """Edges of a model with MLPs, at one position."""
    return sum(3 * heads * (1 + layer * (heads + 1)) + (1 + layer * (heads + 1) + heads) for layer in range(layers)) + (
        1 + layers * (heads + 1)
    )


def test_edges_summed_over_positions_are_the_edges():
    model, (clean, corrupt) = model_of("native"), prompts()
    whole = attribute_edges(model, clean, corrupt, METRIC, memory=1)
    parts = attribute_edges(model, clean, corrupt, METRIC, by_position=True)
    torch.testing.assert_close(parts.effect(True).sum(2), whole.effect(True), atol=1e-10, rtol=1e-10)


def test_writers_edges_add_up_to_the_writer():
    """What a head tells all its readers is what its z tells: the gradient of a sum is the sum of the gradients."""
    model, (clean, corrupt) = model_of("gpt2"), prompts()
    edges = attribute_edges(model, clean, corrupt, METRIC)
    heads = attribute(model, "z", clean, corrupt, METRIC)
    for layer, head in [(0, 0), (1, 3), (2, 1)]:
        told = edges.select(sender=f"{layer}.{head}").effect(True).sum(0)
        torch.testing.assert_close(told, heads.effect(True)[layer, head], atol=1e-9, rtol=1e-9)


def test_estimates_agree_in_sign_and_rank_with_the_exact_sweep():
    """On a mildly non-linear model; a test that the estimate is of the same thing, not that it is exact."""
    model, (clean, corrupt) = native(normalization_type=None), prompts(batch=3)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(0.6)
    exact = sweep(model, "z", clean, corrupt, METRIC, by=("layer", "head", "position")).effect().flatten()
    guess = attribute(model, "z", clean, corrupt, METRIC, by=("layer", "head", "position")).effect().flatten()
    assert float(torch.corrcoef(torch.stack([exact, guess]))[0, 1]) > 0.9
    large = exact.abs() > exact.abs().median()
    assert float((exact.sign() == guess.sign())[large].double().mean()) > 0.85
