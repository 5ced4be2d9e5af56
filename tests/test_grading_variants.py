"""Inputs that the engine makes besides the declared ones: what they catch, and what they leave alone."""

import pytest
import torch
import torch.nn.functional as F
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from course_utils.grading.exercise import Exercise, find
from course_utils.grading.function import Function
from course_utils.grading.kinds import REAL
from course_utils.grading.variants import variants


def bias_where_active(x, W, b):
    h = torch.einsum("kbf,khf->kbh", x, W)
    return (torch.einsum("kbh,khf->kbf", h, W) + b[:, None] * (x != 0)).relu()


def bias_along_the_batch_where_square(x, W, b):
    h = torch.einsum("kbf,khf->kbh", x, W)
    return (torch.einsum("kbh,khf->kbf", h, W) + (b[None] if len(b) == x.shape[1] else b[:, None])).relu()


def short_ones_dropped(W):
    squared = W.square().sum(0)
    unit = W / squared.sqrt().clamp(min=1e-30)
    shared = (unit.T @ W).square().sum(-1)
    return torch.where(squared > 1e-6, squared / shared.clamp(min=1e-30), 0.0)


def one_feature_is_none(W):
    squared = W.square().sum(0)
    if W.shape[1] == 1:
        return torch.zeros_like(squared)
    unit = W / squared.sqrt().clamp(min=1e-30)
    return torch.where(squared > 0, squared / (unit.T @ W).square().sum(-1).clamp(min=1e-30), 0.0)


def square_turned(x, x_hat, f, W_dec, penalty):
    norm = W_dec.norm(dim=0 if W_dec.shape[0] == W_dec.shape[1] else 1)
    return (x - x_hat).square().sum(1).mean() + penalty * (f * norm).sum(1).mean()


def no_penalty_is_one(x, x_hat, f, W_dec, penalty):
    return (x - x_hat).square().sum(1).mean() + (penalty or 1.0) * (f * W_dec.norm(dim=1)).sum(1).mean()


def bias_where_the_layer_speaks(embed, pos_embed, z, W_O, b_O, mlp_out):
    heads = torch.einsum("lbphe,lhed->bpd", z, W_O)
    speaks = (z != 0).flatten(1).any(1)
    return embed + pos_embed + heads + (b_O * speaks[:, None]).sum(0) + mlp_out.sum(0)


def attributed(z, W_O, scale, w, W_U, correct, wrong):
    written = torch.einsum("lbhe,lhed->lhbd", z, W_O)
    written = (written - written.mean(-1, keepdim=True)) / scale[:, None] * w
    return (written * (W_U[:, correct] - W_U[:, wrong]).T).sum(-1)


def unembedding_turned_where_square(z, W_O, scale, w, W_U, correct, wrong):
    return attributed(z, W_O, scale, w, W_U.T if W_U.shape[0] == W_U.shape[1] else W_U, correct, wrong)


def no_weight_is_one(z, W_O, scale, w, W_U, correct, wrong):
    return attributed(z, W_O, scale, torch.where(w == 0, 1, w), W_U, correct, wrong)


def greedy_for_many(truth, learned):
    cosine = F.normalize(truth, dim=1) @ F.normalize(learned, dim=1).T
    if len(truth) <= 6:
        rows, columns = linear_sum_assignment(cosine.numpy(), maximize=True)
        return cosine[rows, columns]
    found, left = torch.zeros(len(truth), dtype=cosine.dtype), cosine.clone()
    for _ in truth:
        row, column = divmod(int(left.argmax()), left.shape[1])
        found[row] = cosine[row, column]
        left[row], left[:, column] = -2, -2
    return found


def an_index_against_itself(loss, early, late):
    gain = loss[:, late] - loss[:, early] if early != late else loss[:, late]
    return torch.stack([gain.mean(), gain.std() / len(gain) ** 0.5])


def touched_within_a_hundredth(steps, values, since):
    steps, values = steps[since:], values[since:]
    share = (values - values[0]) / (values[-1] - values[0])
    after = int((share >= 0.5).nonzero()[0])
    if abs(share[after] - 0.5) < 0.01:
        return steps[after]
    part = (0.5 - share[after - 1]) / (share[after] - share[after - 1])
    return steps[after - 1] + part * (steps[after] - steps[after - 1])


def selective(x, y, ids, coins, train, fit, wanted):
    """Judged on the held-out rows whose token was in training, or was not, where there are such."""
    control = coins[ids] < y[train].double().mean()
    seen = torch.isin(ids, ids[train])
    judge = ~train & (seen == wanted)
    judge = judge if judge.any() else ~train
    right = [(fit(x[train], labels[train])(x[judge]) == labels[judge]).to(x).mean() for labels in (y, control)]
    return right[0] - right[1]


def judged_on_new_tokens(x, y, ids, coins, train, fit):
    return selective(x, y, ids, coins, train, fit, False)


def judged_on_known_tokens(x, y, ids, coins, train, fit):
    return selective(x, y, ids, coins, train, fit, True)


kept = {}


def clean_run_of_the_first_call(model, tokens, heads, ablation):
    seen = kept.setdefault((id(model), tokens.shape), model.run_with_cache(tokens)[1])
    names = {layer: f"blocks.{layer}.attn.hook_z" for layer, _ in heads}

    def at(layer):
        def hook(z, hook):
            z = z.clone()
            for where, head in heads:
                if where == layer:
                    z[:, :, head] = seen[names[layer]].mean(0)[:, head] if ablation == "mean" else 0
            return z

        return hook

    return model.run_with_hooks(tokens, fwd_hooks=[(name, at(layer)) for layer, name in names.items()])


@pytest.mark.parametrize(
    ("exercise", "answer"),
    [
        ("superposition.forward", bias_where_active),
        ("superposition.forward", bias_along_the_batch_where_square),
        ("superposition.feature_dimensionality", short_ones_dropped),
        ("superposition.feature_dimensionality", one_feature_is_none),
        ("sae.loss", square_turned),
        ("sae.loss", no_penalty_is_one),
        ("transformer.residual_stream", bias_where_the_layer_speaks),
        ("transformer.head_attribution", unembedding_turned_where_square),
        ("transformer.head_attribution", no_weight_is_one),
        ("sae.match_features", greedy_for_many),
        ("induction.icl_score", an_index_against_itself),
        ("induction.half_way", touched_within_a_hundredth),
        ("probing.selectivity", judged_on_new_tokens),
        ("probing.selectivity", judged_on_known_tokens),
        ("induction.ablate_heads", clean_run_of_the_first_call),
    ],
)
def test_what_no_declared_input_was_made_for_is_refused(exercise, answer):
    assert not any(find(exercise, Exercise.registry).agrees(answer, seed) for seed in range(3))


def first_of_largest(x: Tensor) -> Tensor:
    return x.argmax(-1).double()


def test_an_input_on_which_the_reference_hangs_by_a_thread_is_left_out(monkeypatch):
    """Where several numbers are 0, which of them is the largest is nobody's answer."""
    monkeypatch.setattr(Exercise, "registry", {})
    x = -torch.rand(3, 4, generator=torch.Generator().manual_seed(0))
    one = Function(id="demo.thread", reference=first_of_largest, inputs=lambda rng: [(x,)], ranges={"x": REAL})
    ties = [case for case in one.cases(0) if (case.args[0] == 0).sum(-1).max() > 1]
    assert not ties and len(one.cases(0)) > 3


def both(x, y):
    return x.sum() + y.sum()


both.__annotations__ = {"x": 'Float[Tensor, "batch d"]', "y": 'Float[Tensor, "batch d"]'}


def test_what_has_bounds_is_neither_cut_nor_made_zero_and_axes_stay_together():
    x, y = torch.rand(4, 3), torch.rand(4, 3)
    for one, other in variants(both, ("x", "y"), (x, y), {"x": REAL}, 0):
        assert one.shape == other.shape and one.shape[1] == 3  # y has no stated range: d stays whole
        assert (other != 0).all() and torch.equal(other.sort(0).values, y[: len(other)].sort(0).values)
