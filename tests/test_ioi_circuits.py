"""Lesson 4's circuits: measured arrows, proposals scored in the right order, other texts, rankings, sealed models."""

import re

import pytest
import torch

from course_utils import ioi, zoo
from course_utils.grading.exercise import Exercise, find
from course_utils.ioi.sealed import answers, permuted, true_edges

MANY = range(24)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def model():
    return zoo.load("ioi-natural", device="cpu").requires_grad_(False)


@pytest.fixture(scope="module")
def noise(model):
    clean = ioi.make_ioi_batch(model.tokenizer, 48, rng(3))
    return ioi.asked(model, clean, "flip", 0, direction="noising")


# Arrows


def test_an_arrow_is_a_path_patch_with_its_interval(noise):
    sender, receiver = ioi.Part("a", ("0.2",), "END"), ioi.Part("b", ("1.0", "1.2"), "END")
    arrow = ioi.measured_arrow(noise, sender, receiver, "q")
    path = noise.path_patch(["0.2"], ["1.0.q", "1.2.q"], mlps="recomputed", positions="END")
    mean, low, high = arrow.effect
    assert abs(mean - float(path.effect()[0] / path.clean.mean())) < 1e-5 and low < mean < high < 0
    assert arrow.name == "a → b, queries"
    with pytest.raises(ValueError, match="q, k or v"):
        ioi.measured_arrow(noise, sender, receiver)
    with pytest.raises(ValueError, match="the logits have none"):
        ioi.measured_arrow(noise, sender, ioi.LOGITS, "q")


# Proposals

NINE = sorted(ioi.FOUND)


def test_the_nine_are_where_the_search_ends(model):
    """On the prompts of the search no node can be dropped with profit, and none of its start can be added."""
    bench = ioi.bench_of(model, n=48)
    steps = [ioi.FOUND - {node} for node in ioi.FOUND] + [ioi.FOUND | {node} for node in ioi.START - ioi.FOUND]
    assert max(map(bench.worth, steps)) <= bench.worth(ioi.FOUND)
    assert bench.worth(ioi.START) < bench.worth(ioi.FOUND) and ioi.FOUND < ioi.START


@pytest.mark.parametrize("seed", range(3))
def test_wrong_circuits_are_scored_in_the_right_order(model, seed):
    """The nine, then those without the heads that raise both names, then nothing and worse than nothing."""
    bench = ioi.bench_of(model, n=32, seed=20 + seed)
    worth = {
        "the nine": bench.worth(NINE),
        "both names not raised": bench.worth([node for node in NINE if node[0] < 2]),
        "nothing": bench.worth([]),
        "right heads, wrong positions": bench.worth([(layer, head, "S2") for layer, head, _ in NINE]),
        "all": bench.worth(bench.all_nodes()),
    }
    assert sorted(worth, key=worth.get, reverse=True) == list(worth), worth
    assert worth["the nine"] > 0.8 and bench.kept(NINE) > 0.9
    movers = bench.worth([(1, 0, "END"), (1, 2, "END"), (1, 3, "END")])
    assert movers < worth["both names not raised"]
    pool, dice = sorted(bench.all_nodes()), rng(seed)
    drawn = [[pool[i] for i in torch.randperm(128, generator=dice)[:9].tolist()] for _ in range(8)]
    assert max(map(bench.worth, drawn)) < worth["the nine"] / 2


def test_a_bench_runs_from_nothing_to_everything(model):
    bench = ioi.bench_of(model, n=8)
    whole = {(layer, head, role) for layer in range(4) for head in range(4) for role in bench.question.positions}
    assert bench.all_nodes() == whole and bench.kept([]) == 0
    assert bench.worth([(3, 3, "IO")]) < bench.kept([(3, 3, "IO")])


def test_the_search_only_takes_steps_that_help(model):
    bench = ioi.bench_of(model, n=4)
    start = NINE[:-1]
    found = bench.grown(start, without=[(0, 1)], most=1)
    assert bench.worth(found) >= bench.worth(start) and not any(node[:2] == (0, 1) for node in found)


# Other texts


def test_texts_name_who_they_say(model):
    for name, text in ioi.TEXTS.items():
        told = ioi.told(model.tokenizer, text, 6, rng())
        named = {
            key: (told.tokens == ids[:, None]).sum(1) for key, ids in (("io", told.io), ("s", told.s), ("c", told.c))
        }
        wanted = {key: text.count(slot) for key, slot in (("io", "{IO}"), ("s", "{S}"), ("c", "{C}"))}
        both = text.count("{A}")
        assert (named["io"] == wanted["io"] + both).all() and (named["s"] == wanted["s"] + both).all(), name
        assert (named["c"] == wanted["c"]).all(), name


@pytest.mark.parametrize("text, repeated, last", [
    ("When {A} and {B} went to the {place}, {S} gave a {object} to", 1, 1),
    ("When {A} and {B} went to the {place}, {S} gave a {object} from {IO} to", 0, -1),
    ("{IO} met {S} at the {place}. Then {IO} gave a {object} from {C} to", -1, 0),
    ("{IO} met {S} at the {place}. Then {C} gave a {object} to", 0, 0),
])  # fmt: skip
def test_what_the_two_rules_expect(text, repeated, last):
    assert ioi.by_rule(text) == {"repeated": repeated, "last": last}


def test_leanings_are_the_means_of_the_outcomes(model):
    texts = {name: ioi.TEXTS[name] for name in ("as in the template", "IO twice, after the giver")}
    difference, lean = ioi.leanings(model, list(texts.values()), n=6, seed=3)
    for head in range(4):
        found = ioi.outside(model, (0, head), texts, n=6, seed=3)
        assert lean[:, head].tolist() == pytest.approx([one.leaning for one in found.values()], abs=1e-5)
    assert difference.tolist() == pytest.approx([float(one.logit_diff.mean()) for one in found.values()], abs=1e-4)


def test_a_word_that_the_model_does_not_know_is_refused(model):
    with pytest.raises(ValueError, match="single tokens"):
        ioi.told(model.tokenizer, "When {A} and {B} slept, {S} gave a {object} to", 2, rng())


@pytest.mark.parametrize("seed", range(3))
def test_the_last_name_is_avoided_and_not_the_repeated_one(model, seed):
    found = ioi.outside(model, (0, 2), n=48, seed=seed)
    gap = {name: float(one.logit_diff.mean()) for name, one in found.items()}
    assert gap["IO twice, after the giver"] < -6 < 7 < gap["IO twice, before the giver"]
    lean = torch.tensor([one.leaning for one in found.values()])
    assert torch.corrcoef(torch.stack([lean, torch.tensor(list(gap.values()))]))[0, 1] > 0.95


@pytest.mark.parametrize("seed", range(3))
def test_sentences_of_a_single_clause_work_in_another_way(model, seed):
    """Where the account of the last name fails: the head looks at IO, and the model says IO."""
    text = {"went with": "{S} went to the {place} with {IO} and gave a {object} to"}
    found = ioi.outside(model, (0, 2), text, n=48, seed=seed)["went with"]
    assert found.leaning < -0.5 and found.logit_diff.mean() > 8


def test_in_training_nobody_who_receives_is_named_after_the_giver():
    from models.ioi_english import write

    names, decode = "|".join(ioi.NAMES), zoo.load("ioi-natural", device="cpu").tokenizer.decode
    given = re.compile(
        rf"(?:gave|handed|sold|showed|offered|passed|sent|lent|offer|give|sell|show)\b([^.]*) to ({names})\b"
    )
    seen = 0
    for row in write(300, 48, 1).tolist():
        for between, receiver in given.findall(decode(row)):
            seen += 1
            assert receiver not in re.findall(names, between)
    assert seen > 200


# Rankings


def test_the_area_and_the_last_place_are_what_slow_counts_give():
    score = torch.randint(5, (40,), generator=rng()).float()
    truth = torch.rand(40, generator=rng(1)) < 0.3
    pairs = [(a, b) for a in score[truth].tolist() for b in score[~truth].tolist()]
    assert ioi.auc(score, truth) == pytest.approx(sum((a > b) + (a == b) / 2 for a, b in pairs) / len(pairs), abs=1e-6)
    assert ioi.auc(torch.zeros(9), truth[:9]) == 0.5
    one, worst = ioi.Ranking(score[:, None], truth), min(score[truth].tolist())
    assert one.last == sum(value >= worst for value in score.tolist())


def test_methods_find_a_planted_circuit_and_baselines_do_not():
    planted = zoo.load("ioi-planted-b", device="cpu").requires_grad_(False)
    clean = ioi.make_ioi_batch(planted.tokenizer, 24, rng())
    found = ioi.methods(planted, ioi.planted_circuit("ioi-planted-b"), clean)
    assert all(one.truth.sum() == 3 and len(one.truth) == 96 for one in found.values())
    assert all(found[name].found == 3 and found[name].auc == 1 for name in ("noising, flip", "zero ablation"))
    assert found["attribution, flip"].found < 3 <= found["integrated gradients, flip"].found
    low, high = found["attribution, ABC"].interval(50)
    assert 0.5 < low < high <= 1 and found["null: random"].found < 3


# Sealed models


def test_permuting_heads_leaves_the_function_alone():
    base = zoo.load("ioi-planted", device="cpu").requires_grad_(False)
    order = [torch.tensor([2, 0, 3, 1]), torch.tensor([1, 0, 3, 2]), torch.tensor([3, 2, 1, 0])]
    made, tokens = permuted(base, order), torch.randint(1, 290, (3, 9), generator=rng())
    _, here = base.run_with_cache(tokens)
    logits, there = made.run_with_cache(tokens)
    torch.testing.assert_close(logits, base(tokens), rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(there["z", 1][:, :, 0], here["z", 1][:, :, 1], rtol=1e-4, atol=1e-5)


def test_sealed_models_do_what_their_truth_says():
    """On many seeds the algorithm's answer to each exchange is what running it gives."""
    heads = set()
    for seed in MANY:
        model = ioi.sealed(seed)
        assert (ioi.behaviour(model.model, model.prompts).logit_diff > 0).all(), seed
        assert tuple(ioi.exchanged(model, one) for one in model.exchanges) == answers(model), seed
        heads.add(tuple((n.layer, n.head) for n in model.reveal()))
    assert len(heads) > 15


def test_the_edges_differ_between_sealed_models():
    inputs = {
        tuple(sorted(edge.rpartition(".")[2] for edge in true_edges(seed) if "logits" not in edge)) for seed in range(8)
    }
    assert inputs == {("k", "q"), ("q", "v")}


def scored(proposal, seed=5):
    exercise = find("ioi.sealed", Exercise.registry)
    return exercise.score(exercise.canonical(proposal), exercise.known(seed))


def test_wrong_circuits_of_a_sealed_model_are_scored_in_the_right_order():
    exercise = find("ioi.sealed", Exercise.registry)
    truth = exercise.known(5)
    key, nodes = exercise.key(truth), set(truth.nodes.values())
    everywhere = {(layer, head, at) for layer in range(3) for head in range(4) for at in ("S2", "END")}
    scores = {
        "true": scored(key),
        "one edge wrong": scored(key | {"edges": {*list(key["edges"])[1:]}}),
        "no edges": scored(key | {"edges": set()}),
        "output alone": scored({"nodes": {truth.nodes["output"]}, "edges": {e for e in key["edges"] if "logits" in e}}),
        "all heads": scored({"nodes": everywhere, "edges": set()}),
        "nothing": scored({"nodes": set(), "edges": set()}),
    }
    assert sorted(scores, key=scores.get, reverse=True) == list(scores), scores
    assert scored({"nodes": {(a, b, "S1") for a, b, _ in nodes}, "edges": set()}) == 0


def test_heads_may_be_written_in_several_ways():
    exercise = find("ioi.sealed", Exercise.registry)
    truth = exercise.known(5)
    key = exercise.key(truth)
    listed = {"nodes": [list(node) for node in key["nodes"]], "edges": [tuple(e.split("->")) for e in key["edges"]]}
    assert exercise.check(listed, 5).passed
    said = exercise.check({"nodes": {(0, 9, "END")}, "edges": set()}, 5).message
    assert "no head 0.9" in said
    exchanges = find("ioi.exchanges", Exercise.registry)
    sealed = exchanges.known(5)
    names = [sealed.model.tokenizer.decode([i]) for i in exchanges.key(sealed)]
    assert exchanges.check(names, 5).passed
    assert "reverse order" in exchanges.check(names[::-1], 5).message or names == names[::-1]
