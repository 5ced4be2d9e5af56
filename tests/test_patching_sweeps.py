"""Sweeps against TransformerLens's own, one forward per cell: every site, every kind of model."""

from __future__ import annotations

import pytest
import torch
from patching_models import KINDS, answers, model_of, prompts, sweep
from transformer_lens import patching as theirs

from course_utils import patching

BY_POSITION = {
    "resid_pre": theirs.get_act_patch_resid_pre,
    "resid_mid": theirs.get_act_patch_resid_mid,
    "attn_out": theirs.get_act_patch_attn_out,
    "mlp_out": theirs.get_act_patch_mlp_out,
    "z": theirs.get_act_patch_attn_head_out_by_pos,
    "q": theirs.get_act_patch_attn_head_q_by_pos,
    "k": theirs.get_act_patch_attn_head_k_by_pos,
    "v": theirs.get_act_patch_attn_head_v_by_pos,
    "pattern": theirs.get_act_patch_attn_head_pattern_by_pos,
}
ALL_POSITIONS = {
    "z": theirs.get_act_patch_attn_head_out_all_pos,
    "q": theirs.get_act_patch_attn_head_q_all_pos,
    "k": theirs.get_act_patch_attn_head_k_all_pos,
    "v": theirs.get_act_patch_attn_head_v_all_pos,
    "pattern": theirs.get_act_patch_attn_head_pattern_all_pos,
}
AXES = {"pattern": ("layer", "head", "position")}
CORRECT, WRONG = answers()


def difference(logits):
    rows = torch.arange(3)
    return logits[rows, -1, CORRECT] - logits[rows, -1, WRONG]


def exact_twin(function, model, clean, corrupt, metric=difference):
    with torch.no_grad():
        _, cache = model.run_with_cache(clean)
        return function(model, corrupt, cache, metric, reduce="none").values


def sites_of(kind):
    return [s for s in BY_POSITION if "attention" not in kind or s not in ("resid_mid", "mlp_out")]


@pytest.mark.parametrize("kind", KINDS)
def test_every_site_by_position_equals_transformerlens(kind):
    model, (clean, corrupt) = model_of(kind), prompts()
    for site in sites_of(kind):
        by = AXES.get(site, ("layer", "position") + ("head",) * (site in ALL_POSITIONS))
        ours = sweep(model, site, clean, corrupt, patching.logit_diff(CORRECT, WRONG), by=by)
        assert ours.route == "restart"
        # TransformerLens stores results in float32: an independent twin below checks to 1e-9
        torch.testing.assert_close(
            ours.values.float(), exact_twin(BY_POSITION[site], model, clean, corrupt), atol=2e-6, rtol=2e-6
        )
        slow = sweep(model, site, clean, corrupt, patching.logit_diff(CORRECT, WRONG), by=by, route="hooks")
        assert slow.route == "hooks"
        torch.testing.assert_close(ours.values, slow.values, atol=1e-9, rtol=1e-9)


@pytest.mark.parametrize("kind", ["attention only", "native", "gpt2 folded"])
def test_every_head_site_at_all_positions_equals_transformerlens(kind):
    model, (clean, corrupt) = model_of(kind), prompts()
    for site, function in ALL_POSITIONS.items():
        ours = sweep(model, site, clean, corrupt, patching.logit_diff(CORRECT, WRONG))
        assert ours.names == ("layer", "head")
        torch.testing.assert_close(
            ours.values.float(), exact_twin(function, model, clean, corrupt), atol=2e-6, rtol=2e-6
        )
