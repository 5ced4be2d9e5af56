"""Every kind of question: ablations, directions, axes, named positions, metrics, precisions, other architectures."""

from __future__ import annotations

import warnings

import pytest
import torch
from patching_models import KINDS, LENGTH, VOCABULARY, answers, gpt2, model_of, native, path_patch, prompts, sweep

from course_utils import patching
from course_utils.patching import sweeps

CORRECT, WRONG = answers()
METRIC = patching.logit_diff(CORRECT, WRONG)
SITES = ("resid_pre", "resid_mid", "attn_out", "mlp_out", "z", "q", "k", "v", "pattern")


def both(model, site, *prompts_and_metric, **how):
    """The fast sweep, after checking it against one TransformerLens forward per cell."""
    fast = sweep(model, site, *prompts_and_metric, **how)
    slow = sweep(model, site, *prompts_and_metric, **how, route="hooks")
    assert (fast.route, slow.route) == ("restart", "hooks") and fast.axes == slow.axes
    for name in ("values", "base", "clean"):
        torch.testing.assert_close(getattr(fast, name), getattr(slow, name), atol=1e-9, rtol=1e-9)
    return fast


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("ablation", ["mean", "zero"])
def test_mean_and_zero_ablation_of_every_site(kind, ablation):
    model, (clean, corrupt) = model_of(kind), prompts()
    reference = torch.randint(VOCABULARY, (5, LENGTH), generator=torch.Generator().manual_seed(9))
    for site in SITES:
        if "attention" in kind and site in ("resid_mid", "mlp_out"):
            continue
        by = ("layer", "position") if "_" in site else ("layer", "head", "position")
        how = {"ablation": ablation, "reference": reference if ablation == "mean" else None}
        result = both(model, site, clean, None, METRIC, by=by, positions=[0, 3, 6], **how)
        assert result.corrupt is None and torch.equal(result.base, result.clean)
    both(model, "z", clean, corrupt, METRIC, **how)


def test_mean_within_groups_is_the_mean_of_each_group():
    model, (clean, _) = model_of("native"), prompts(batch=4)
    metric = patching.logit_diff(*answers(4))
    reference = torch.randint(VOCABULARY, (4, LENGTH), generator=torch.Generator().manual_seed(9))
    groups = torch.tensor([0, 1, 0, 1])
    whole = both(model, "z", clean, None, metric, ablation="mean", reference=reference, groups=groups)
    for group in (0, 1):
        mine = groups == group
        part = patching.logit_diff(*(x[mine] for x in answers(4)))
        alone = sweep(model, "z", clean[mine], None, part, ablation="mean", reference=reference[mine])
        torch.testing.assert_close(whole.values[..., mine], alone.values, atol=1e-10, rtol=1e-10)


def test_groups_and_prompts_may_be_kept_in_anything_that_holds_numbers():
    model, (clean, reference) = model_of("native"), prompts(batch=4)
    metric, groups = patching.logit_diff(*answers(4)), torch.tensor([0, 0, 1, 1])
    expected = sweep(model, "z", clean, None, metric, ablation="mean", reference=reference, groups=groups)
    for labels in (list(groups), groups.numpy(), ["a", "a", "b", "b"]):
        how = dict(ablation="mean", reference=reference.numpy(), groups=labels)
        assert torch.equal(sweep(model, "z", clean.numpy(), None, metric, **how).values, expected.values)


def test_what_the_caller_does_to_their_arguments_afterwards_changes_nothing():
    model, (clean, corrupt) = native(attention_dir="bidirectional"), prompts()
    mask, place, read = torch.ones(3, LENGTH), torch.tensor([1, 2, 3]), torch.tensor([3, 2, 1])
    mask[2, 5:] = 0

    def ask():
        metric = patching.logit_diff(CORRECT, WRONG, position=read)
        return patching.Question(model, clean, corrupt, metric, attention_mask=mask, positions={"S": place})

    one = ask()
    before = one.sweep("z", by=("position", "layer")).values, one.path_patch(positions="S").values
    metric = patching.logit_diff(CORRECT, WRONG, position=read)
    mask[2], place[:], read[:] = 1, 0, 0
    for was, now in zip(before, (one.sweep("z", by=("position", "layer")), one.path_patch(positions="S")), strict=True):
        torch.testing.assert_close(now.values, was, atol=1e-9, rtol=1e-9)
    assert metric.positions.tolist() == [3, 2, 1]
    assert not torch.allclose(before[0], ask().sweep("z", by=("position", "layer")).values)


@pytest.mark.parametrize("site", SITES)
def test_noising_is_denoising_with_the_runs_exchanged(site):
    model, (clean, corrupt) = model_of("native"), prompts(shared=2)
    there = both(model, site, clean, corrupt, METRIC, direction="noising")
    back = sweep(model, site, corrupt, clean, METRIC)
    torch.testing.assert_close(there.values, back.values, atol=1e-12, rtol=1e-12)
    assert torch.equal(there.base, there.clean) and torch.equal(back.base, back.corrupt)


@pytest.mark.parametrize("site", SITES)
def test_axes_left_out_are_patched_together(site):
    model, (clean, corrupt) = model_of("native"), prompts(shared=2)
    for by in [("layer",), ("position",), ("position", "layer"), ()]:
        both(model, site, clean, corrupt, METRIC, by=by)
    if "_" not in site:
        both(model, site, clean, corrupt, METRIC, by=("head",))
        both(model, site, clean, corrupt, METRIC, by=("position", "head", "layer"), heads=[2], layers=[0, 2])
    if site == "pattern":
        both(model, site, clean, corrupt, METRIC, by=("layer", "head", "position", "source"), positions=[4, 6])
        both(model, site, clean, corrupt, METRIC, by=("layer", "source"))


def test_patching_everything_at_the_start_is_the_other_run():
    model, (clean, corrupt) = model_of("gpt2"), prompts()
    whole = sweep(model, "resid_pre", clean, corrupt, METRIC, by=("layer",))
    for layer in range(3):
        torch.testing.assert_close(whole.values[layer], whole.clean, atol=1e-10, rtol=1e-10)
    torch.testing.assert_close(whole.recovery(), torch.ones(3, dtype=torch.float64), atol=1e-10, rtol=0)


def test_what_cannot_be_seen_changes_nothing():
    """Positions after the one that is read, and positions before the prompts differ, keep the baseline to the bit."""
    model, (clean, corrupt) = model_of("native"), prompts(shared=3)
    metric = patching.logit_diff(CORRECT, WRONG, position=4)
    result = both(model, "resid_pre", clean, corrupt, metric)
    assert torch.equal(result.values[:, [0, 1, 2, 5, 6]], result.base.expand(3, 5, -1))
    assert (result.values[:, [3, 4]] != result.base).any(-1).all()


@pytest.mark.parametrize("site", SITES)
def test_positions_may_be_named_and_differ_from_prompt_to_prompt(site):
    model, (clean, corrupt) = model_of("native"), prompts(shared=2)
    named = {"S2": torch.tensor([2, 5, 4]), "END": -1, "late": torch.tensor([6, 1, 0])}
    read = torch.tensor([6, 5, 4])
    metric = patching.logit_diff(CORRECT, WRONG, position=read)
    by = ("position", "layer") if "_" in site else ("position", "layer", "head")
    result = both(model, site, clean, corrupt, metric, by=by, positions=named)
    assert result.axis("position").labels == ("S2", "END", "late")
    for prompt in range(3):
        one = patching.logit_diff(CORRECT[[prompt]], WRONG[[prompt]], position=int(read[prompt]))
        pair = clean[[prompt]], corrupt[[prompt]]
        here = {"S2": int(named["S2"][prompt]), "END": 6, "late": int(named["late"][prompt])}
        alone = sweep(model, site, *pair, one, by=by, positions=here)
        torch.testing.assert_close(result.values[..., [prompt]], alone.values, atol=1e-10, rtol=1e-10)


@pytest.mark.parametrize("site", SITES)
def test_metrics_of_any_kind(site):
    model, (clean, corrupt) = model_of("native"), prompts()
    log_prob = patching.log_prob(CORRECT)
    entropy = patching.metric(lambda logits: -(logits.softmax(-1) * logits.log_softmax(-1)).sum(-1).mean(-1), [[3, -1]])
    several = patching.Metric(
        lambda logits: logits.flatten(1).pow(2).sum(1), torch.tensor([[1, 2], [6, 0], [3, 3]]), tokens=WRONG[:, None]
    )
    for metric in (log_prob, patching.logit(CORRECT), entropy, several, lambda logits: logits[:, -1, 3]):
        both(model, site, clean, corrupt, metric)
    values = sweep(model, site, clean, corrupt, log_prob).clean
    with torch.no_grad():
        expected = model(clean)[:, -1].log_softmax(-1)[torch.arange(3), CORRECT]
    torch.testing.assert_close(values, expected, atol=1e-10, rtol=1e-10)


@pytest.mark.parametrize("kind", KINDS)
def test_chunks_of_any_size_give_the_same(kind):
    model, (clean, corrupt) = model_of(kind), prompts()
    for site in ("resid_pre", "k"):
        whole = sweep(model, site, clean, corrupt, METRIC)
        one_by_one = sweep(model, site, clean, corrupt, METRIC, memory=1)
        torch.testing.assert_close(whole.values, one_by_one.values, atol=1e-11, rtol=1e-11)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shared", [0, 2])
def test_positions_together_and_each_alone_give_the_same(kind, shared, monkeypatch):
    """Small models take all positions in one batch, large ones restart at each: both against the hooks."""
    model, (clean, corrupt) = model_of(kind), prompts(shared=shared)
    metrics = METRIC, patching.metric(lambda logits: logits[..., :9].sum((1, 2)), [[2, 4, 5]])
    for site in SITES:
        if "attention" in kind and site in ("resid_mid", "mlp_out"):
            continue
        by = ("layer", "position") if "_" in site else ("layer", "head", "position")
        for metric in metrics:
            monkeypatch.setattr(sweeps, "ENOUGH_WORK", {"cpu": 1e30})
            together = sweep(model, site, clean, corrupt, metric, by=by)
            monkeypatch.setattr(sweeps, "ENOUGH_WORK", {"cpu": 0})
            alone = sweep(model, site, clean, corrupt, metric, by=by)
            torch.testing.assert_close(together.values, alone.values, atol=1e-10, rtol=1e-10)
        slow = sweep(model, site, clean, corrupt, metric, by=by, positions=[3, 5], route="hooks")
        torch.testing.assert_close(alone.select(position=[3, 5]).values, slow.values, atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize("kind", ["attention only", "native", "gpt2", "gpt2 folded"])
def test_single_precision_within_a_ten_thousandth_of_the_gap(kind):
    exact_model, model, (clean, corrupt) = model_of(kind), model_of(kind, torch.float32), prompts()
    for site in SITES:
        if kind == "attention only" and site in ("resid_mid", "mlp_out"):
            continue
        ours = sweep(model, site, clean, corrupt, METRIC)
        theirs = sweep(model, site, clean, corrupt, METRIC, route="hooks")
        assert ours.values.dtype == torch.float32
        gap = (theirs.clean - theirs.corrupt).abs().mean()
        assert float((ours.values - theirs.values).abs().max()) < 1e-4 * float(gap)
    assert exact_model.W_E.dtype == torch.float64


def test_half_precision_is_accepted():
    model, (clean, corrupt) = native(torch.bfloat16), prompts()
    exact = sweep(native(torch.float64), "z", clean, corrupt, METRIC)
    result = sweep(model, "z", clean, corrupt, METRIC)
    assert result.values.dtype == torch.bfloat16
    assert float((result.values.double() - exact.values).abs().median()) < 0.1 * float(exact.values.std())


@pytest.mark.parametrize(
    "changes",
    [
        {"positional_embedding_type": "rotary", "rotary_dim": 6},
        {"gated_mlp": True, "act_fn": "silu"},
        {"normalization_type": "RMS"},
        {"act_fn": "solu_ln"},
        {"n_key_value_heads": 2},
    ],
)
def test_other_architectures_go_through_hooks(changes):
    model, (clean, corrupt) = native(**changes), prompts()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = sweep(model, "z", clean, corrupt, METRIC)
    assert result.route == "hooks"
    whole = sweep(model, "resid_pre", clean, corrupt, METRIC, by=("layer",))
    torch.testing.assert_close(whole.values[1], whole.clean, atol=1e-9, rtol=1e-9)
    with pytest.raises(NotImplementedError, match="paths, attributions and circuits need the plain forward"):
        path_patch(model, clean, corrupt, METRIC)


def test_a_cell_of_the_hooks_road_runs_the_layers_from_its_own_on(monkeypatch):
    model, (clean, corrupt) = native(), prompts()
    rows = [0] * len(model.blocks)
    kind = type(model.blocks[0])
    plain = kind.forward

    def counted(block, *args, **kwargs):
        rows[list(model.blocks).index(block)] += len(args[0] if args else kwargs["hidden_states"])
        return plain(block, *args, **kwargs)

    monkeypatch.setattr(kind, "forward", counted)
    result = sweep(model, "z", clean, corrupt, METRIC, route="hooks")
    assert result.route == "hooks"
    assert rows == sorted(rows) and rows[0] < 0.6 * rows[-1], rows


def test_a_hook_left_on_the_model_is_honoured():
    model, (clean, corrupt) = native(), prompts()
    plain = sweep(model, "z", clean, corrupt, METRIC)
    left = [("blocks.2.attn.hook_z", lambda z, hook: z * 0)]
    with model.hooks(fwd_hooks=left), pytest.warns(UserWarning, match="a hook is on blocks.2.attn"):
        hooked = sweep(model, "z", clean, corrupt, METRIC)
    assert hooked.route == "hooks" and not torch.allclose(hooked.values, plain.values)
    again = sweep(model, "z", clean, corrupt, METRIC)
    assert again.route == "restart" and torch.equal(again.values, plain.values)


def test_inverse_layer_scaling_of_attention():
    model, (clean, corrupt) = gpt2(scale_attn_by_inverse_layer_idx=True), prompts()
    both(model, "q", clean, corrupt, METRIC)


@pytest.mark.slow
def test_fifty_cells_of_gpt2_small():
    """The shape of GPT-2 small but for its vocabulary, random weights: 50 cells against TransformerLens."""
    torch.manual_seed(0)
    model = gpt2(torch.float32, layers=12, scale=0.02, vocab_size=2000, n_embd=768, n_head=12, n_positions=16)
    generator = torch.Generator().manual_seed(4)
    clean, corrupt = torch.randint(2000, (2, 1, 8), generator=generator)
    with torch.no_grad():
        ends = [model(tokens)[:, -1].argmax(-1) for tokens in (clean, corrupt)]
    metric, cells = patching.logit_diff(*ends), 0
    for site in ("resid_pre", "z", "k", "mlp_out", "pattern"):
        at = {
            name: int(torch.randint(limit, (), generator=generator)) for name, limit in (("head", 12), ("position", 7))
        }
        by = ("layer", "position") + ("head",) * ("_" not in site)
        how = {"positions": [at["position"]], **({} if "_" in site else {"heads": [at["head"]]})}
        fast = sweep(model, site, clean, corrupt, metric, by=by, **how)
        slow = sweep(model, site, clean, corrupt, metric, by=by, **how, route="hooks")
        gap = float((slow.clean - slow.corrupt).abs().mean())
        assert float((fast.values - slow.values).abs().max()) < 1e-4 * gap
        cells += slow.values.numel()
    assert cells >= 50
