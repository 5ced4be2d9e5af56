"""Models of other architectures, and models that somebody has changed: what gave a wrong number without a word."""

from __future__ import annotations

import tempfile
import warnings

import pytest
import torch
from patching_models import LENGTH, VOCABULARY, answers, gpt2, native, prompts, randomise
from patching_twin import forward, patched, seen
from transformer_lens.model_bridge import TransformerBridge
from transformers import (
    BertConfig,
    BertForMaskedLM,
    GPTNeoXConfig,
    GPTNeoXForCausalLM,
    OPTConfig,
    OPTForCausalLM,
)

from course_utils import patching
from course_utils.patching import Question

CORRECT, WRONG = answers()
METRIC = patching.logit_diff(CORRECT, WRONG)
ROWS = torch.arange(3)
SHAPE = dict(vocab_size=VOCABULARY, max_position_embeddings=LENGTH + 2, hidden_size=24, num_attention_heads=4)


def foreign(theirs):
    """A bridge around a small random model of another architecture."""
    randomise(theirs)
    with tempfile.TemporaryDirectory() as folder:
        theirs.save_pretrained(folder)
        return TransformerBridge.boot_transformers(folder, dtype=torch.float64).eval()


def pythia():
    return foreign(GPTNeoXForCausalLM(GPTNeoXConfig(**SHAPE, num_hidden_layers=2, intermediate_size=40)))


def bert():
    return foreign(BertForMaskedLM(BertConfig(**SHAPE, num_hidden_layers=2, intermediate_size=40)))


def opt(dropout=0.0):
    shape = dict(**SHAPE, num_hidden_layers=2, word_embed_proj_dim=24)
    return foreign(OPTForCausalLM(OPTConfig(**shape, ffn_dim=40, dropout=dropout)))


def difference(logits):
    return logits[ROWS, -1, CORRECT] - logits[ROWS, -1, WRONG]


def same(ours, expected, tolerance=1e-9):
    torch.testing.assert_close(ours, expected, atol=tolerance, rtol=tolerance)


# Hook points


def test_keys_that_a_model_hides_by_its_lowest_number_stay_hidden():
    """With scores of zero a head attends to all that it sees alike, and to nothing else."""
    model, (clean, _) = pythia(), prompts()
    mask = torch.ones(3, LENGTH, dtype=torch.long)
    mask[1, :2] = 0
    found = Question(model, clean, metric=METRIC, ablation="zero", attention_mask=mask).sweep("attn_scores")
    sees = torch.ones(LENGTH, LENGTH, dtype=torch.bool).tril() & mask[:, None].bool()
    even = sees.double() / sees.sum(-1, keepdim=True).clamp_min(1)
    for layer in range(2):
        for head in range(4):

            def hook(pattern, hook, head=head):
                pattern = pattern.clone()
                pattern[:, head] = torch.where(sees.any(-1, keepdim=True), even, pattern[:, head])
                return pattern

            logits = forward(model, clean, mask, [(f"blocks.{layer}.attn.hook_pattern", hook)])
            same(found.values[layer, head], difference(logits), 1e-7)  # its softmax is in single precision


def test_hook_points_that_stand_elsewhere_than_their_names_say_are_refused():
    """BERT normalises sums: its "attn_out" is the residual stream, and its "resid_mid" comes after the MLP."""
    model, (clean, corrupt) = bert(), prompts()
    ask = Question(model, clean, corrupt, METRIC)
    with pytest.raises(ValueError, match="is its whole residual stream, so there is no attn_out to patch"):
        ask.sweep("attn_out")
    with pytest.raises(ValueError, match="is not what its MLP reads, so resid_mid cannot be patched"):
        ask.sweep("resid_mid")
    for site in ("z", "mlp_out"):
        found, donor = ask.sweep(site, by="layer"), {i: seen(model, clean)[site, i] for i in range(2)}
        for layer in range(2):
            same(found.values[layer], difference(patched(model, corrupt, None, site, donor, [layer])))
        assert (found.effect(per_prompt=True).abs() > 1e-6).all()


def test_neurons_that_a_model_lacks_have_no_effect_of_zero():
    """The bridge's configuration of OPT says four neurons for each dimension, whatever the MLP has."""
    model, (clean, corrupt) = opt(), prompts()
    with pytest.raises(ValueError, match=r"the model's configuration says 96 neurons, but blocks\.0\.mlp\.hook_post"):
        Question(model, clean, corrupt, METRIC).sweep("post")
    model.cfg.d_mlp = 40
    assert Question(model, clean, corrupt, METRIC).sweep("post").axis("neuron").labels == tuple(range(40))


# What somebody has left on the model


def test_a_forward_put_on_a_block_is_honoured_and_is_still_there_afterwards():
    model, (clean, corrupt) = native(), prompts()
    plain = model.blocks[1].forward
    vars(model.blocks[1])["forward"] = lambda x, *rest, **more: plain(1.2 * x, *rest, **more)
    left = vars(model.blocks[1])["forward"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = [Question(model, clean, corrupt, METRIC).sweep("z") for _ in range(2)]
    assert vars(model.blocks[1])["forward"] is left and found[0].route == "hooks"
    donor = {layer: seen(model, clean)["z", layer] for layer in range(3)}
    for one in found:
        for layer in range(3):
            same(one.values[layer, 1], difference(patched(model, corrupt, None, "z", donor, [layer], head=1)))


@pytest.mark.parametrize("how", ["torch hook", "forward"])
def test_what_acts_in_patched_runs_only_is_honoured(how):
    """A bound that no run of the prompts themselves reaches cannot be found by comparing logits on the prompts."""
    model, (clean, corrupt) = native(), prompts()
    bound = max(float(seen(model, tokens)["resid_post", 1].abs().max()) for tokens in (clean, corrupt)) + 0.1
    point = model.hook_dict["blocks.1.hook_out"]
    if how == "torch hook":
        point.register_forward_hook(lambda module, given, out: out.clamp(-bound, bound))
    else:
        point.forward = lambda x: x.clamp(-bound, bound)
    with pytest.warns(UserWarning, match="a hook is on blocks.1"):
        found = Question(model, clean, corrupt, METRIC).sweep("resid_pre", by="layer", values=lambda d, b: 9 * b)
    donor = {layer: 9 * seen(model, corrupt)["resid_pre", layer] for layer in range(3)}
    for layer in range(3):
        same(found.values[layer], difference(patched(model, corrupt, None, "resid_pre", donor, [layer])))


def test_logits_that_are_infinite_do_not_make_the_comparison_empty():
    """A token forbidden by a bias of minus infinity made every model agree with its weights."""
    model, (clean, corrupt) = native(), prompts()
    with torch.no_grad():
        model.unembed.original_component.bias[5] = -torch.inf

    class Halved(torch.nn.Linear):
        def forward(self, x):
            return 0.5 * super().forward(x)

    model.blocks[2].mlp.out.original_component.__class__ = Halved
    metric = lambda logits: logits[:, -1, 3]  # noqa: E731
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = Question(model, clean, corrupt, metric).sweep("z")
    same(found.base, forward(model, corrupt)[:, -1, 3])


@pytest.mark.parametrize("make", [lambda: gpt2(), lambda: opt(dropout=0.1)])
def test_dropout_is_noticed_when_the_mode_changes_and_when_it_is_no_module(make):
    model, (clean, corrupt) = make(), prompts()
    ask = Question(model, clean, corrupt, METRIC)
    model.train()
    for call in (lambda: ask.sweep("z"), lambda: Question(model, clean, corrupt, METRIC), ask.attribute_edges):
        with pytest.raises(ValueError, match=r"dropout: call model\.eval\(\) first"):
            call()
    with pytest.raises(ValueError, match=r"dropout: call model\.eval\(\) first"):
        patching.ablated(model, clean, ["0.1"], "mean", corrupt)


def test_a_metric_that_reads_padding_is_refused():
    """The default, the last position, is padding where prompts of several lengths are padded on the right."""
    model, (clean, corrupt) = native(), prompts()
    mask = torch.tensor([[1] * 7, [1] * 5 + [0] * 2, [1] * 4 + [0] * 3])
    with pytest.raises(ValueError, match="reads position 6 of clean prompt 1, which the attention mask calls padding"):
        Question(model, clean, corrupt, METRIC, attention_mask=mask)
    ends = patching.logit_diff(CORRECT, WRONG, position=mask.sum(1) - 1)
    found = Question(model, clean, corrupt, ends, attention_mask=mask).sweep("z").clean
    logits = forward(model, clean, mask)[ROWS, mask.sum(1) - 1]
    same(found, logits[ROWS, CORRECT] - logits[ROWS, WRONG])
