"""Lesson 4's exercises as learners answer them: right answers pass for every learner, slips are called by name."""

import pytest
import torch

from course_utils import ioi, runtime
from course_utils.grading.exercise import Exercise, find
from course_utils.ioi.proposal import FOUND

SEED = 5


def check(name, answer, seed=SEED):
    return find(f"ioi.{name}", Exercise.registry).check(answer, seed)


def key(name, seed=SEED):
    exercise = find(f"ioi.{name}", Exercise.registry)
    return exercise.key(exercise.cached((seed, "truth"), lambda: exercise.truth(seed)))


# Exercises 14 and 15


@pytest.mark.parametrize("learner", ["k6", "lrn29", "lrn38", "lrn42"])
def test_the_right_circuit_passes_also_where_guesses_hit_it_four_times_in_499(learner, monkeypatch):
    monkeypatch.setattr(runtime, "_learner", learner)
    seed = runtime.seed_for("ioi.sealed")
    assert check("sealed", key("sealed", seed), seed).passed


def test_one_invented_edge_is_too_many_and_called_so():
    right = key("sealed")
    for more in ("0.2->1.1.q", "0.1->logits", "1.0->2.1.v", "0.0->1.3.k"):
        if more not in right["edges"]:
            verdict = check("sealed", right | {"edges": right["edges"] | {more}})
            assert not verdict.passed and "all there, and more" in verdict.message, more


def test_what_kind_of_mistake_a_wrong_circuit_makes_is_said():
    right = key("sealed")
    (layer, head, place), *rest = sorted(right["nodes"])
    said = {
        "The heads are right, one position is not.": {(layer, head, "S1"), *rest},
        "One node is not": {(layer, (head + 1) % 4, place), *rest},
        "heads of the lesson's models": {node for node in FOUND if node[2] == "END"},
    }
    for sentence, nodes in said.items():
        verdict = check("sealed", right | {"nodes": nodes})
        assert not verdict.passed and sentence in verdict.message, verdict.message


def test_edges_may_be_written_with_an_arrow_and_one_that_cannot_be_read_is_shown():
    right = key("sealed")
    arrows = {one.replace("->", "→").replace(".k", ".K").replace(".v", ".V") for one in right["edges"]}
    assert check("sealed", right | {"edges": arrows}).passed
    said = check("sealed", right | {"edges": right["edges"] | {"0.1 to 1.2.k"}}).message
    assert "'0.1 to 1.2.k' cannot be read" in said


def test_nobody_climbs_from_guess_to_guess_to_the_six_exchanges():
    """Whether one is wrong or five, the same is said."""
    right = key("exchanges")
    one, five = [right[0] + 50, *right[1:]], [right[0], *(name + 50 for name in right[1:])]
    first, second = check("exchanges", one), check("exchanges", five)
    assert not first.passed and first.message == second.message


# Slips in exercises 1 to 13


def column(logits, end, right, wrong):
    last = logits[torch.arange(len(logits)), end]
    return last.gather(1, right[:, None]) - last.gather(1, wrong[:, None])


def test_a_column_of_logit_differences_is_to_be_dropped_not_averaged():
    said = check("logit_diff", column).message
    assert "an axis of length 1 is left over. Drop it" in said and "averaged" not in said


def ascending(score, truth):
    order = truth[score.argsort()].to(score.dtype)
    zero = score.new_zeros(1)
    true, other = (torch.cat([zero, one.cumsum(0) / one.sum()]) for one in (order, 1 - order))
    return torch.trapezoid(true, other)


def test_a_curve_from_the_lowest_score_is_not_blamed_on_the_dtype():
    verdict = check("auc", ascending)
    assert verdict.misconception == "from the lowest score" and "float64" not in verdict.message


def clean_cache(model, clean, other):
    _, donor = model.run_with_cache(clean)
    found = []
    for layer in range(model.cfg.n_layers):
        for head in range(model.cfg.n_heads):

            def put(z, hook, layer=layer, head=head):
                z = z.clone()
                z[:, :, head] = donor["z", layer][:, :, head]
                return z

            hooks = [(f"blocks.{layer}.attn.hook_z", put)]
            found.append(model.run_with_hooks(clean, fwd_hooks=hooks)[:, -1])
    return torch.stack(found).unflatten(0, (model.cfg.n_layers, model.cfg.n_heads))


def test_who_caches_the_clean_run_is_asked_about_it():
    assert "is your cache one of the `clean` run?" in check("noise_heads", clean_cache).message


def before_the_layer(model, clean, other, head, mlps):
    layer, number = head
    here, there = model.run_with_cache(clean)[1], model.run_with_cache(other)[1]
    message = (there["z", layer] - here["z", layer])[:, :, number] @ model.W_O[layer, number]
    hooks = [(f"blocks.{layer}.hook_resid_pre", lambda x, hook: x + message)]
    for later in range(layer + 1, model.cfg.n_layers):
        hooks.append((f"blocks.{later}.attn.hook_z", lambda z, hook, later=later: here["z", later]))
    for later in range(layer, model.cfg.n_layers):
        if mlps == "frozen":
            hooks.append((f"blocks.{later}.hook_mlp_out", lambda x, hook, later=later: here["mlp_out", later]))
    return model.run_with_hooks(clean, fwd_hooks=hooks)


def two_late_loops(model, clean, other, head, mlps):
    layer, number = head
    here, there = model.run_with_cache(clean)[1], model.run_with_cache(other)[1]
    message = (there["z", layer] - here["z", layer])[:, :, number] @ model.W_O[layer, number]
    hooks = [(f"blocks.{layer}.hook_attn_out", lambda x, hook: x + message)]
    for n in range(layer + 1, model.cfg.n_layers):
        hooks.append((f"blocks.{n}.attn.hook_z", lambda z, hook: here["z", n]))  # noqa: B023
    for n in range(layer, model.cfg.n_layers):
        if mlps == "frozen":
            hooks.append((f"blocks.{n}.hook_mlp_out", lambda x, hook: here["mlp_out", n]))  # noqa: B023
    return model.run_with_hooks(clean, fwd_hooks=hooks)


def test_a_message_that_enters_at_the_wrong_place_and_hooks_bound_late_are_called_so():
    verdict = check("direct_path", before_the_layer)
    assert verdict.misconception == "before the layer" and "hook_attn_out" in verdict.message
    assert check("direct_path", two_late_loops).misconception == "hooks that see the last layer"


def backward(metric, base, donor, steps):
    slopes = []
    for k in range(steps):
        at = (base + (k + 0.5) / steps * (donor - base)).requires_grad_(True)
        metric(at).mean().backward()
        slopes.append(at.grad)
    return ((donor - base) * torch.stack(slopes).mean(0)).sum(-1).mean(0)


def test_the_gradient_of_a_mean_is_named_also_along_the_way():
    assert check("integrated_gradients", backward).misconception == "gradient of the mean, averaged again"


def one_head_only(metric, base, donor, steps):
    right = ioi.integrated_gradients(metric, base, donor, steps)
    return right + (right.numel() - 1)


def test_one_head_is_not_called_head_number_one():
    said = check("integrated_gradients", one_head_only).message
    assert "head is 1" not in said


def subset_in_place_of_the_rest(values, circuit, part):
    changes = [
        (values[left - {part}].mean() - values[left].mean()).abs() for left in values if left <= circuit - {part}
    ]
    return torch.stack(changes).max()


def test_a_part_that_is_never_in_the_set_is_said():
    assert check("minimality", subset_in_place_of_the_rest).misconception == "the part never in the set"


def listed(written, k):
    return (written.topk(k, 1).indices == torch.arange(len(written))[:, None]).any(1).to(written.dtype).mean()


def test_topk_which_breaks_ties_is_told_so():
    assert check("copying_score", listed).misconception == "ties as topk breaks them"
