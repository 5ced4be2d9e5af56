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
    return exercise.key(exercise.known(seed))


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
    other = next(name for name in ioi.sealed(SEED).prompts.layout.names.tolist() if name not in right)
    first, second = check("exchanges", [other, *right[1:]]), check("exchanges", [right[0], *[other] * 5])
    assert not first.passed and first.message == second.message


def test_an_id_that_is_no_name_is_shown():
    first, _, *rest = key("exchanges")
    assert "Entry 1, 10, is no name's id." in check("exchanges", [first, 10, *rest]).message


def test_no_sealed_circuit_is_that_of_a_published_model():
    published = [ioi.planted_circuit(name) for name in ioi.planted_models()]
    assert [seed for seed in (8, 36, 41) if ioi.sealed(seed).reveal() in published] == []


def marks_its_input(metric, base, donor):
    base.requires_grad_(True)
    metric(base).sum().backward()
    return ((donor - base) * base.grad).sum(-1).mean(0).detach()


def test_a_gradient_left_on_the_input_is_noticed():
    verdict = check("attribution_patch", marks_its_input)
    assert not verdict.passed and "a second call adds" in verdict.message


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


# Answers that once passed, each wrong on an input that the text allows


def looks_no_further_than_the_last_place(tokens, places, names):
    out = tokens.clone()
    for i, row in enumerate(tokens):
        free = names[~torch.isin(names, row[: places[i].max() + 1])]
        out[i, places[i]] = free[torch.randperm(len(free))[:3]]
    return out


def takes_the_names_for_sorted(tokens, places, names):
    at = torch.searchsorted(names, tokens).clamp(max=len(names) - 1)
    chance = torch.rand(len(tokens), len(names))
    for i, row in enumerate(at):
        chance[i, row[names[row] == tokens[i]]] = -1
    return tokens.scatter(1, places, names[chance.topk(3, 1).indices])


def cannot_do_with_one_prompt(tokens, places, names):
    chance = torch.rand(len(tokens), len(names))
    chance[(tokens[:, None] == names[:, None]).any(2)] = -1.0
    return tokens.scatter(1, places, names[chance.topk(3, dim=1).indices].squeeze())


def gives_up_after_twenty_draws(tokens, places, names):
    out = tokens.clone()
    for i, row in enumerate(tokens):
        free = names[~torch.isin(names, row)]
        for _ in range(20):
            new = free[torch.randint(len(free), (3,))]
            if len(new.unique()) == 3:
                break
        out[i, places[i]] = new
    return out


def takes_the_next_of_the_list_where_a_name_is_taken(tokens, places, names):
    out, drawn = tokens.clone(), torch.randint(len(names), places.shape)
    for row in range(len(tokens)):
        taken = set(tokens[row].tolist())
        for place, at in zip(places[row].tolist(), drawn[row].tolist(), strict=True):
            while int(names[at]) in taken:
                at = (at + 1) % len(names)
            out[row, place] = names[at]
            taken.add(int(names[at]))
    return out


def avoids_the_names_of_all_prompts(tokens, places, names):
    free = names[~torch.isin(names, tokens)]
    if len(free) < 3:
        return ioi.new_names(tokens, places, names)
    return tokens.scatter(1, places, free[torch.rand(len(tokens), len(free)).topk(3, dim=1).indices])


def gives_no_two_prompts_the_same_io(tokens, places, names):
    out, used = tokens.clone(), names[:0]
    for i, row in enumerate(tokens):
        free = names[~torch.isin(names, row)]
        fresh = free[~torch.isin(free, used)]
        io = (fresh if len(fresh) else free)[torch.randint(len(fresh) or len(free), (1,))]
        used = torch.cat([used, io]) if len(fresh) else io
        out[i, places[i]] = torch.cat([io, free[free != io][torch.randperm(len(free) - 1)[:2]]])
    return out


@pytest.mark.parametrize(
    "answer",
    [
        takes_the_next_of_the_list_where_a_name_is_taken,
        avoids_the_names_of_all_prompts,
        gives_no_two_prompts_the_same_io,
        looks_no_further_than_the_last_place,
        takes_the_names_for_sorted,
        cannot_do_with_one_prompt,
        gives_up_after_twenty_draws,
    ],
)
def test_new_names_that_are_wrong_in_some_rows_do_not_pass(answer):
    assert not check("new_names", answer).passed


def test_new_names_that_are_drawn_well_pass_for_every_learner():
    """Without replacement, and from names that differ by row, and yet taken for no dependence."""
    assert [seed for seed in range(12) if not check("new_names", other_way_to_draw, seed).passed] == []


def test_the_plain_loop_over_prompts_is_not_too_slow():
    assert check("new_names", loops_over_prompts).passed


def loops_over_prompts(tokens, places, names):
    out = tokens.clone()
    for i in range(len(tokens)):
        free = [name for name in names if name not in tokens[i]]
        for place, pick in zip(places[i], torch.randperm(len(free))[:3], strict=True):
            out[i, place] = free[pick]
    return out


def other_way_to_draw(tokens, places, names):
    pick = torch.multinomial((~(tokens[:, :, None] == names).any(1)).float(), 3)
    return tokens.scatter(1, places, names[pick])


def half_precision(score, truth):
    d = score[truth].half()[:, None] - score[~truth].half()[None]
    return (d.sign().to(score.dtype) / 2 + 0.5).mean()


def steep(score, truth):
    return (1e4 * (score[truth][:, None] - score[~truth][None])).sigmoid().mean()


def in_half(written, k):
    table = written.half()
    return ((table > table.diagonal()[:, None]).sum(1) < k).to(written.dtype).mean()


def cannot_do_with_one_name(written, k):
    own = written.diagonal().squeeze()[:, None]
    return ((written > own).sum(1) < k).to(written.dtype).mean()


def within_bounds(circuit, whole, empty):
    return ((circuit.mean() - empty.mean()) / (whole.mean() - empty.mean())).clamp(-1e4, 1e4)


def by_a_few_draws(values, circuit, part):
    found = []
    for draw in torch.rand(6, len(circuit), generator=torch.Generator().manual_seed(0)) < 0.5:
        left = frozenset(one for one, kept in zip(sorted(circuit), draw.tolist(), strict=True) if kept or one == part)
        found.append((values[left - {part}].mean() - values[left].mean()).abs())
    return torch.stack(found).max()


@pytest.mark.parametrize(
    ("name", "answer"),
    [("auc", half_precision), ("auc", steep), ("copying_score", in_half), ("copying_score", cannot_do_with_one_name),
     ("faithfulness", within_bounds), ("minimality", by_a_few_draws)],
)  # fmt: skip
def test_what_is_right_only_for_usual_numbers_does_not_pass(name, answer):
    assert [seed for seed in range(3) if check(name, answer, seed).passed] == []


def test_a_loop_that_returns_in_its_first_round_is_not_said_to_compare_the_part_alone():
    assert check("minimality", returns_at_once).misconception == "first set only"


def returns_at_once(values, circuit, part):
    for left in values:
        if left <= circuit and part in left:
            return (values[left - {part}].mean() - values[left].mean()).abs()


def test_edges_that_are_missing_are_not_called_too_many():
    right = key("sealed")
    said = check("sealed", right | {"edges": {one for one in right["edges"] if "logits" not in one}}).message
    assert "some are missing" in said
    (_, head, _), *_ = sorted(right["nodes"])
    assert "and more" in check("sealed", right | {"nodes": right["nodes"] | {(0, head, "END")}}).message
