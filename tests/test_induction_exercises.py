"""Lesson 3's exercises as learners answer them, and its unknown models: over many seeds they do what is said."""

from collections import Counter
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch

from course_utils import induction as ind
from course_utils.grading.exercise import Exercise, find
from course_utils.induction.exercises.crowd import _measured
from course_utils.induction.unknown.crowd import LENGTH, WIRINGS
from course_utils.induction.unknown.sealed import NAMES, accuracy, induction_heads

SEED = 5
MANY = range(50)


def exercise(name):
    return find(f"induction.{name}", Exercise.registry)


def check(name, answer, seed=SEED):
    return exercise(name).check(answer, seed)


def truth(name, seed=SEED):
    return exercise(name).known(seed)


# The sealed models


def built(sealed, name):
    return sealed.reveal()[name][0]


def findings(sealed, name):
    return sealed.reveal()[name][1]


@cache
def sealed_models():
    return [(ind.sealed(seed), name) for seed in MANY for name in NAMES]


def test_every_kind_of_sealed_model_does_what_it_was_built_to_do():
    for sealed, name in sealed_models():
        kind, here = built(sealed, name).split(":")[0], accuracy(sealed.weights[name], sealed.length)
        found = findings(sealed, name)
        assert len(found.induction) == (kind == "induction"), (sealed, name)
        if kind == "previous token only":
            assert here < 0.15 and found.accuracy < 0.15 and not found.needs, (sealed, name)
        else:
            assert here > 0.85 and found.induction <= found.needs, (sealed, name)
            assert (found.accuracy > 0.85) if kind == "induction" else (found.accuracy < 0.1), (sealed, name)


def test_what_a_sealed_model_needs_follows_from_how_it_works():
    layers = {
        "by its keys": [0, 1],
        "by its keys, strongly": [0, 1],
        "by its queries": [0, 1],
        "in one step": [1],
        "after one step": [0, 1],
        "after two steps": [0, 1],
        "looks and does not copy": [],
        "copies and looks elsewhere": [],
    }
    seen = Counter()
    for sealed, name in sealed_models():
        way = built(sealed, name).split(": ")[1]
        assert [layer for layer, _ in sorted(findings(sealed, name).needs)] == layers[way], (sealed, name, way)
        seen[way] += 1
    assert set(seen) == set(layers) and min(seen.values()) >= 5


def test_what_a_sealed_model_reads_follows_from_how_it_works():
    ways = {
        "by its keys": ["keys"],
        "by its keys, strongly": ["keys"],
        "by its queries": ["queries"],
        "in one step": [],
        "after one step": ["values"],
        "after two steps": ["values"],
        "looks and does not copy": [],
        "copies and looks elsewhere": [],
    }
    for sealed, name in sealed_models():
        found, way = findings(sealed, name), built(sealed, name).split(": ")[1]
        assert [read for _, read in found.reads] == ways[way], (sealed, name, way)
        assert {sender for sender, _ in found.reads} == {head for head in found.needs if head[0] == 0}


def test_a_message_exchanged_in_the_weights_is_the_path_patched_in_a_bridge():
    sealed = ind.sealed(SEED)
    for name in NAMES:
        weights, model, found = sealed.weights[name], sealed.models[name], findings(sealed, name)
        tokens = ind.repeated_tokens(64, 16, sealed.length, distinct=True, generator=torch.Generator().manual_seed(3))
        other = ind.repeated_tokens(64, 16, 2 * sealed.length, distinct=True)[:, : tokens.shape[1]]
        for reader in [head for head in found.needs if head[0] == 1]:
            for sender in range(weights.n_heads):
                for way in ("queries", "keys", "values"):
                    logits = ind.path_patch(model, tokens, other, (0, sender), reader, way[0])
                    fails = bool(ind.repeat_accuracy(logits, tokens, sealed.length) < 0.5)
                    assert fails == (((0, sender), way) in found.reads), (name, sender, way)


def test_every_sealed_model_has_one_previous_token_head_used_or_not():
    used = Counter()
    for sealed, name in sealed_models():
        tokens = ind.repeated_tokens(64, 16, 12, distinct=True, generator=torch.Generator().manual_seed(0))
        scores = ind.previous_token_score(ind.run(sealed.weights[name], tokens).pattern)
        assert (scores[0] > 0.7).sum() == 1 and (scores[1] < 0.5).all(), (sealed, name)
        used[(0, int(scores[0].argmax())) in findings(sealed, name).needs] += 1
    assert min(used.values()) > 20  # its presence decides nothing


def test_a_mean_over_prompts_of_one_length_still_says_where_the_earlier_occurrence_was():
    """What the exercises let the reader try: zero ablation of this head breaks the model, mean ablation does not."""
    tried = 0
    for sealed, name in sealed_models()[:60]:
        if not built(sealed, name).endswith("by its queries"):
            continue
        needed = min(findings(sealed, name).needs)
        tokens = ind.repeated_tokens(64, 32, sealed.length, distinct=True, generator=torch.Generator().manual_seed(1))
        pattern = ind.run(sealed.weights[name], tokens).pattern
        assert needed[0] == 0 and needed[1] != ind.previous_token_score(pattern)[0].argmax()
        for ablation, works in (("zero", False), ("mean", True)):
            logits = ind.ablate_heads(sealed.models[name], tokens, [needed], ablation)
            assert (ind.repeat_accuracy(logits, tokens, sealed.length) > 0.5) == works, (sealed, name, ablation)
        tried += 1
    assert tried >= 3


def test_in_every_sealed_model_half_an_examination_names_a_head_too_many():
    for sealed, name in sealed_models():
        weights, right = sealed.weights[name], findings(sealed, name).induction
        assert induction_heads(weights, [sealed.length]) > right, (sealed, name)  # one length
        assert induction_heads(weights, [sealed.length, sealed.other], copying=-2.0) > right, (sealed, name)


def test_neither_place_nor_looks_give_a_sealed_model_away():
    where = Counter(built(sealed, name).split(":")[0] + name for sealed, name in sealed_models())
    assert len(where) == 9 and min(where.values()) >= 8  # every kind under every name
    heads = Counter(head for sealed, name in sealed_models() for head in findings(sealed, name).induction)
    assert len(heads) == 5 and min(heads.values()) >= 3
    sealed = ind.sealed(SEED)
    shown = repr(sealed) + repr(sealed.models["A"].cfg) + repr(sealed.models["A"])
    assert not any(word in shown for word in ("previous", "another way", "match", "keys,", "planted"))


def test_a_sealed_model_is_the_same_as_a_bridge_and_from_its_seed():
    sealed = ind.sealed(SEED)
    tokens = ind.repeated_tokens(64, 4, sealed.length, distinct=True)
    for name in NAMES:
        expected = ind.run(sealed.weights[name], tokens).logits
        assert torch.allclose(sealed.models[name](tokens), expected, atol=1e-3)
    ind.sealed.cache_clear()
    assert torch.equal(ind.sealed(SEED).weights["B"].W_Q, sealed.weights["B"].W_Q)
    assert not torch.equal(ind.sealed(SEED + 1).weights["B"].W_Q, sealed.weights["B"].W_Q)


# Crowds


def test_every_head_of_a_crowd_does_clearly_what_it_was_built_to_do():
    for seed in MANY:
        assert _measured(seed).roles == {name: set(group) for name, group in ind.crowd(seed).reveal().roles.items()}, (
            seed
        )


@cache
def left_over():
    """For each seed the accuracy after each of its ablations."""
    return {
        seed: [accuracy(ind.crowd(seed).weights, LENGTH, sorted(a)) for a in ind.crowd(seed).ablations] for seed in MANY
    }


def test_what_breaks_a_crowd_follows_from_its_wiring():
    seen = Counter()
    for seed, left in left_over().items():
        crowd = ind.crowd(seed)
        assert accuracy(crowd.weights, LENGTH) > 0.95
        assert all(share < 0.15 or share > 0.85 for share in left), (seed, left)
        broken = {"two chains": 4, "one feeds both": 6, "both feed both": 2, "one by its queries": 3}[
            crowd.reveal().wiring
        ]
        assert sum(share < 0.5 for share in left) == broken, (seed, left)
        seen[crowd.reveal().wiring] += 1
    assert set(seen) == set(WIRINGS) and min(seen.values()) >= 2
    assert ind.crowd(SEED).reveal().breaks == tuple(share < 0.5 for share in left_over()[SEED])


def test_the_wiring_does_not_show_in_the_attention():
    """A rule that knows the roles but not who listens to whom gets a crowd right only where that is all there is."""
    right = Counter()
    for seed, left in left_over().items():
        crowd = ind.crowd(seed)
        guess = [
            heads in (crowd.reveal().roles["previous"], crowd.reveal().roles["induction"]) for heads in crowd.ablations
        ]
        right[crowd.reveal().wiring, guess == [share < 0.5 for share in left]] += 1
    assert {wiring for wiring, passed in right if passed} == {"both feed both"}


# Answers that are values


def spelled(found, spell):
    return {name: one | {key: spell(one[key]) for key in ("induction", "needs")} for name, one in found.items()}


def test_messages_may_be_spelled_in_many_ways():
    found = truth("sealed").found
    for spell in (
        lambda reads: [[list(head), way] for head, way in reads],
        lambda reads: {(f"L{layer}H{head}", way[0]) for (layer, head), way in reads},
        lambda reads: next(iter(reads)) if len(reads) == 1 else None,
    ):
        assert check("sealed", {name: one | {"reads": spell(one["reads"])} for name, one in found.items()}).passed


@pytest.mark.parametrize(
    "spell",
    [
        lambda heads: [list(head) for head in heads],
        lambda heads: {f"{layer}.{head}" for layer, head in heads},
        lambda heads: {f"L{layer}H{head}" for layer, head in heads},
        lambda heads: sorted(heads) or None,
        lambda heads: np.array(sorted(heads)),
        lambda heads: torch.tensor(sorted(heads)),
        lambda heads: next(iter(heads)) if len(heads) == 1 else heads,
    ],
    ids=["lists", "strings", "letters", "None", "array", "tensor", "a single head"],
)
def test_heads_may_be_spelled_in_many_ways(spell):
    assert check("sealed", spelled(truth("sealed").found, spell)).passed
    roles = {role: spell(heads) for role, heads in truth("name_heads").roles.items()}
    assert check("name_heads", roles).passed


def test_a_sealed_accuracy_may_be_measured_with_other_prompts_but_not_guessed():
    found = truth("sealed").found
    for shift, passes in ((0.03, True), (0.09, True), (0.11, False), (0.15, False), (0.3, False)):
        near = {name: one | {"accuracy": abs(one["accuracy"] - shift)} for name, one in found.items()}
        assert check("sealed", near).passed is passes, shift


def test_a_sealed_answer_that_is_wrong_in_one_place_is_told_where_and_not_what():
    found = truth("sealed").found
    name = next(name for name in NAMES if found[name]["induction"])
    verdict = check("sealed", found | {name: found[name] | {"needs": {(0, 0), (0, 1), (0, 2)}}})
    assert not verdict.passed and f"Model {name}" in verdict.message and "11 of 12" in verdict.message
    assert not any(f"{layer}.{head}" in verdict.message for layer, head in found[name]["needs"])


def test_revealing_is_no_answer():
    sealed, crowd = ind.sealed(SEED), ind.crowd(SEED)
    for name, answer in (
        ("sealed", lambda: {one: vars(found) for one, (_, found) in sealed.reveal().items()}),
        ("name_heads", lambda: crowd.reveal().roles),
        ("predict_ablation", lambda: [crowd.reveal().breaks] * 3),
    ):
        verdict = check(name, answer)
        assert not verdict.passed and not verdict.attempted and "`reveal`" in verdict.message
    assert not any(part in dir(thing) for thing in (sealed, crowd) for part in ("built", "findings", "roles", "wiring"))


def test_findings_under_the_wrong_names_and_percentages_are_told_apart_from_wrong_findings():
    found = truth("sealed").found
    assert "wrong names" in check("sealed", found | {"A": found["B"], "B": found["A"]}).message
    percent = {name: one | {"accuracy": 100 * one["accuracy"] + 1} for name, one in found.items()}
    assert "between 0 and 1" in check("sealed", percent).message


def test_a_crowd_at_the_length_of_its_picture_has_a_head_that_only_counts():
    for seed in list(MANY)[:10]:
        weights = ind.crowd(seed).weights
        found = {n: set(induction_heads(weights, [n])) for n in (8, 16)}
        assert len(found[8] - found[16]) == 1 and found[16] == set(ind.crowd(seed).reveal().roles["induction"])


NOTHING = {"induction": set(), "needs": set(), "reads": set(), "accuracy": 1.0}


@pytest.mark.parametrize(
    ("name", "answer", "said"),
    [
        ("sealed", {"A": {}, "B": {}}, "exactly the keys A, B, C"),
        ("sealed", {n: {"induction": set(), "needs": set()} for n in "ABC"}, "give exactly induction, needs, reads"),
        ("sealed", {n: NOTHING | {"induction": {(2, 1)}} for n in "ABC"}, "no head 2.1"),
        ("sealed", {n: NOTHING | {"reads": {((0, 7), "keys")}} for n in "ABC"}, "no head 0.7"),
        ("sealed", {n: NOTHING | {"reads": {((0, 1), "logits")}} for n in "ABC"}, "not to 'logits'"),
        ("sealed", {n: NOTHING | {"induction": {1.5}} for n in "ABC"}, "cannot be read"),
        ("name_heads", {"previous": {(0, 6)}, "induction": set(), "same token": set()}, "no head 0.6"),
        ("name_heads", {"previous": {(0, 1)}, "induction": {(0, 1)}, "same token": set()}, "one role"),
        ("name_heads", [(0, 1)], "cannot be read"),
        ("predict_ablation", [[True, False]] * 3, "Give 3 lists"),
        ("predict_ablation", [[True] * 12], "Give 3 lists"),
        ("predict_ablation", [True] * 36, "cannot be read"),
        ("predict_ablation", [["yes"] * 12] * 3, "cannot be read"),
        ("hand_built", {"W_E": torch.eye(3)}, "cannot be read"),
        ("hand_built", ind.hand_built(5, 11), "at least 16 tokens"),
    ],
)
def test_a_malformed_answer_is_told_what_is_wrong(name, answer, said):
    verdict = check(name, answer)
    assert not verdict.passed and said in verdict.message, verdict.message


@pytest.mark.parametrize("name", ["sealed", "name_heads", "predict_ablation"])
def test_the_right_answer_of_one_learner_is_no_answer_for_another(name):
    key = exercise(name).key(truth(name))
    passed = sum(check(name, key, seed).passed for seed in range(100, 106))
    assert passed == 0


def test_a_guessed_wiring_seldom_predicts_three_rivals():
    """Roles known, wirings guessed: what the wirings of other crowds would break."""
    tried = passed = 0
    for seed in range(4):
        right = truth("predict_ablation", seed)
        for other in range(50, 66):
            guess = []
            for rival, stranger in zip(right, truth("predict_ablation", other), strict=True):
                renamed = _by_role(stranger)
                guess.append([renamed.get(_roles_of(group, rival.roles), False) for group in rival.ablations])
            tried += 1
            passed += check("predict_ablation", guess, seed).passed
    assert passed / tried < 0.08, (passed, tried)


def _roles_of(group, roles):
    """An ablation by what its heads are, first and second of a kind told apart by their numbers."""
    order = [*sorted(roles["previous"]), *sorted(roles["induction"]), *sorted(roles["same token"])]
    return frozenset(order.index(head) if head in order else -1 for head in group)


def _by_role(rival):
    return {_roles_of(group, rival.roles): broken for group, broken in zip(rival.ablations, rival.breaks, strict=True)}


# The hand-built head


def test_a_hand_built_model_passes_in_any_basis_and_with_idle_heads():
    weights = ind.hand_built(20, 41, sharpness=(15.0, 18.0))
    rotation = torch.linalg.qr(
        torch.randn(weights.d_model, weights.d_model, generator=torch.Generator().manual_seed(0))
    ).Q
    assert check("hand_built", weights.rotated(rotation)).passed
    idle = {name: torch.cat([getattr(weights, name)] * 2, 1) for name in ("W_Q", "W_K", "W_V", "W_O")}
    idle["W_O"][:, 1] = 0
    assert check("hand_built", replace(weights, **idle)).passed
    assert check("hand_built", {name: getattr(weights, name) for name in ("W_E", "W_pos", "W_U")} | idle).passed


def test_the_courses_own_construction_is_noticed():
    verdict = check("hand_built", lambda: ind.hand_built(24, 49))
    assert not verdict.passed and not verdict.attempted and "`hand_built`" in verdict.message
    weights = ind.hand_built(24, 49)
    for answer in (weights, vars(weights)):
        verdict = check("hand_built", answer)
        assert not verdict.passed and "`hand_built`" in verdict.message
    assert "cannot be read" in check("hand_built", ind.as_bridge(weights)).message


def test_a_model_of_many_heads_that_counts_to_every_length_it_was_told_fails_at_others():
    """Positional heads for eight lengths complete those eight; the grader asks for others too."""
    layout = ind.subspaces(24, 49, "previous", "next")
    for length in (3, 7, 11):
        counts = ind.HeadPlan("position", "position", "token", "next", shift=1 - length)
        weights = ind.build(layout, [[counts], [counts]], "next")
        verdict = check("hand_built", weights)
        assert not verdict.passed and "first layer" in verdict.message


def test_a_head_that_fails_is_named_by_where_it_looks():
    layout = ind.subspaces(24, 49, "previous", "next")
    previous = ind.HeadPlan("position", "position", "token", "previous", shift=-1)
    induction = ind.HeadPlan("token", "previous", "token", "next")
    for first, second, said in (
        (replace(previous, shift=-2), induction, "two positions back"),
        (replace(previous, shift=-4), induction, "first layer has no previous-token head"),
        (previous, replace(induction, query="next"), "the second finds nothing"),
        (previous, replace(induction, output="token"), "nothing of what the second writes reaches the logits"),
    ):
        verdict = check("hand_built", ind.build(layout, [[first], [second]], "next"))
        assert not verdict.passed and said in verdict.message, verdict.message


@pytest.mark.parametrize(
    ("forgotten", "misconception"),
    [
        ("W_Q[0]", "first head not written"),
        ("W_K[0]", "first head not written"),
        ("scale[0]", "first head without its scale"),
        ("scale[1]", "second head undecided"),
        ("scale", "scale forgotten in both"),
        ("W_Q[1]", "second head not written"),
        ("W_K[1]", "second head not written"),
    ],
)
def test_what_was_forgotten_in_a_hand_built_model_is_named(forgotten, misconception):
    weights = ind.hand_built(24, 49)
    W_Q, W_K = weights.W_Q.clone(), weights.W_K.clone()
    for layer in (0, 1):
        if forgotten in ("scale", f"scale[{layer}]"):
            W_Q[layer] = (W_Q[layer] != 0).float()
        if forgotten == f"W_Q[{layer}]":
            W_Q[layer] = 0
        if forgotten == f"W_K[{layer}]":
            W_K[layer] = 0
    assert check("hand_built", replace(weights, W_Q=W_Q, W_K=W_K)).misconception == misconception


def test_the_courses_own_weights_with_a_touch_of_noise_are_noticed():
    weights = ind.hand_built(24, 49)
    assert "`hand_built`" in check("hand_built", replace(weights, W_Q=weights.W_Q + 1e-6)).message


def test_a_mistake_is_recognised_in_another_basis():
    layout = ind.subspaces(24, 49, "a", "b")
    previous = ind.HeadPlan("position", "position", "token", "a", shift=-1)
    wrong = ind.build(layout, [[previous], [ind.HeadPlan("token", "token", "token", "b")]], "b")
    rotation = torch.linalg.qr(torch.randn(wrong.d_model, wrong.d_model, generator=torch.Generator().manual_seed(0))).Q
    assert check("hand_built", wrong.rotated(rotation)).misconception == "second key reads the token"


# Functions that get a model


def test_weights_that_are_edited_are_noticed_and_the_next_answer_meets_the_model_as_it_was():
    def edits_weights(model, tokens, heads, ablation):
        with torch.no_grad():
            model.blocks[0].attn.o.original_component.weight.zero_()
        return model(tokens)

    assert "changes weights of `model`" in check("ablate_heads", edits_weights).message
    assert check("ablate_heads", head_by_head).passed


def head_by_head(model, tokens, heads, ablation):
    """One hook for each head, with a default argument."""
    means = {}
    if ablation == "mean":
        names = [f"blocks.{layer}.attn.hook_z" for layer, _ in heads]
        _, cache = model.run_with_cache(tokens, names_filter=names)
        means = {(layer, head): cache["z", layer][:, :, head].mean(0) for layer, head in heads}
    hooks = []
    for layer, head in heads:
        value = means.get((layer, head), 0)

        def put(z, hook, head=head, value=value):
            z = z.clone()
            z[:, :, head] = value
            return z

        hooks.append((f"blocks.{layer}.attn.hook_z", put))
    return model.run_with_hooks(tokens, fwd_hooks=hooks)


def test_hooks_that_are_left_on_the_model_are_noticed():
    def leaves_hooks(model, tokens, heads, ablation):
        _, clean = model.run_with_cache(tokens)
        for layer, head in heads:

            def put(z, hook, layer=layer, head=head):
                z = z.clone()
                z[:, :, head] = clean["z", layer].mean(0)[:, head] if ablation == "mean" else 0
                return z

            model.add_hook(f"blocks.{layer}.attn.hook_z", put)
        return model(tokens)

    verdict = check("ablate_heads", leaves_hooks)
    assert not verdict.passed and "leaves hooks on `model`" in verdict.message, verdict.message
    assert check("ablate_heads", head_by_head).passed  # and the next answer meets the model as it was


def test_a_function_made_in_a_loop_is_named():
    def late_bound(model, tokens, heads, ablation):
        _, clean = model.run_with_cache(tokens)
        hooks = []
        for layer, head in heads:

            def put(z, hook):
                z = z.clone()
                z[:, :, head] = clean["z", layer].mean(0)[:, head] if ablation == "mean" else 0  # noqa: B023
                return z

            hooks.append((f"blocks.{layer}.attn.hook_z", put))
        return model.run_with_hooks(tokens, fwd_hooks=hooks)

    assert "loop" in check("ablate_heads", late_bound).message


def test_a_path_may_be_patched_in_another_way():
    """The whole layer is run on the changed stream, and only the receiver's input is kept."""

    def by_running_the_layer(model, clean, other, sender, receiver, reads):
        _, here = model.run_with_cache(clean)
        _, there = model.run_with_cache(other)
        late, listener = receiver
        said = [cache["z", sender[0]][:, :, sender[1]] @ model.W_O[sender] for cache in (here, there)]
        stream = here["resid_pre", late] - said[0] + said[1]
        kept = {}
        name = f"blocks.{late}.attn.hook_{reads}"
        model.run_with_hooks(
            clean,
            fwd_hooks=[
                (f"blocks.{late}.hook_resid_pre", lambda x, hook: stream),
                (name, lambda k, hook: kept.update(k=k.clone())),
            ],
        )

        def put(k, hook):
            k = k.clone()
            k[:, :, listener] = kept["k"][:, :, listener]
            return k

        return model.run_with_hooks(clean, fwd_hooks=[(name, put)])

    assert check("path_patch", by_running_the_layer).passed


def test_honest_draws_are_not_refused():
    def distinct_or_not(d_vocab, batch, length):
        block = 1 + (torch.rand(batch, length) * (d_vocab - 1)).long()
        return torch.cat([torch.zeros(batch, 1, dtype=torch.long), block, block], 1)

    assert all(check("repeated_tokens", distinct_or_not, seed).passed for seed in range(12))


def two_rows_each(d_vocab, batch, length):
    block = torch.randint(1, d_vocab, (batch // 2, length)).repeat(2, 1)
    return torch.cat([torch.zeros(batch, 1, dtype=torch.long), block, block], 1)


def one_for_all(d_vocab, batch, length):
    block = 1 + torch.randperm(d_vocab - 1)[:length].repeat(batch, 1)
    return torch.cat([torch.zeros(batch, 1, dtype=torch.long), block, block], 1)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (one_for_all, "agree"),
        (two_rows_each, "copies"),
        (lambda d_vocab, batch, length: torch.randint(1, d_vocab, (batch, 2 * length)), "shape"),
        (lambda d_vocab, batch, length: torch.rand(batch, 1 + 2 * length), "whole numbers"),
    ],
    ids=["one permutation for all", "each block for two rows", "no BOS column", "not whole numbers"],
)
def test_draws_that_are_no_repeated_tokens_are_refused(answer, said):
    verdict = check("repeated_tokens", answer)
    assert not verdict.passed and said in verdict.message


def whole_vocabulary(W_E, W_V, W_O, W_U):
    values = torch.linalg.eigvals(W_E @ W_V @ W_O @ W_U)
    return (values.real.sum() / values.abs().sum()).item()


def by_trace(W_E, W_V, W_O, W_U):
    OV = (W_E @ W_V @ W_O @ W_U).double()
    return OV.trace() / torch.linalg.eigvals(OV).abs().sum()


def key_by_key(pattern, length):
    total = torch.zeros(pattern.shape[1], dtype=pattern.dtype)
    for query in range(length + 1, 2 * length + 1):
        total += pattern[:, :, query, query - length + 1].mean(0)
    return total / length


def by_einsum(W_OV, W_QK, W_OV_later, kind):
    if kind == "k":
        product = torch.einsum("ab,cb->ac", W_QK, W_OV)
    else:
        product = torch.einsum("ab,bc->ac", W_OV, W_QK if kind == "q" else W_OV_later)
    size = torch.linalg.norm(W_OV_later if kind == "v" else W_QK)
    return torch.linalg.norm(product) / torch.linalg.norm(W_OV) / size


def by_covariance(loss, early, late):
    both = torch.stack([loss[:, early], loss[:, late]])
    c = torch.cov(both)
    error = ((c[0, 0] + c[1, 1] - 2 * c[0, 1]).clamp(min=0) / loss.shape[0]) ** 0.5
    return torch.stack([both[1].mean() - both[0].mean(), error])


def by_walking(steps, values, since):
    middle = (values[since] + values[-1]) / 2
    for k in range(since + 1, len(steps)):
        a, b = values[k - 1] - middle, values[k] - middle
        if a * b <= 0 and a != b and a != 0:
            return float(steps[k - 1] + a / (a - b) * (steps[k] - steps[k - 1]))
    return float(steps[since])


def by_interp(steps, values, since):
    steps, values = steps[since:].double().numpy(), values[since:].double().numpy()
    share = (values - values[0]) / (values[-1] - values[0])
    after = int(np.argmax(share >= 0.5))
    return torch.tensor(np.interp(0.5, share[after - 1 : after + 1], steps[after - 1 : after + 1]))


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("copying_score", whole_vocabulary),
        ("copying_score", by_trace),
        ("prefix_matching_score", key_by_key),
        ("previous_token_score", lambda pattern: pattern[..., 1:, :-1].diagonal(0, 2, 3).mean(-1).mean(0)),
        ("icl_score", by_covariance),
        ("half_way", by_walking),
        ("half_way", by_interp),
        ("composition_score", by_einsum),
    ],
)
def test_other_ways_to_be_right_pass(name, answer):
    assert all(check(name, answer, seed).passed for seed in range(8))
