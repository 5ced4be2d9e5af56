"""Lesson 0's exercises as learners answer them: other ways to be right, and mistakes in their own code."""

import numpy as np
import pytest
import torch
from einops import einsum
from torch.nn.functional import layer_norm

from course_utils import runtime, zoo
from course_utils import transformer as tf
from course_utils.grading.exercise import Exercise, find
from course_utils.transformer.exercises.nodes import BUDGET
from course_utils.transformer.exercises.selfcheck import QUESTIONS

SEED = 7


def check(name, answer):
    return find(f"transformer.{name}", Exercise.registry).check(answer, SEED)


def stream_by_einops(embed, pos_embed, z, W_O, b_O, mlp_out):
    heads = einsum(z, W_O, "l b p h e, l h e d -> b p d")
    return torch.stack([embed, pos_embed, heads, mlp_out.sum(0)]).sum(0) + b_O.sum(0)


def stream_heads_side_by_side(embed, pos_embed, z, W_O, b_O, mlp_out):
    out = embed + pos_embed + mlp_out.sum(0)
    for layer in range(len(z)):  # as Hugging Face stores it: one matrix for all heads
        out = out + z[layer].flatten(-2) @ W_O[layer].flatten(0, 1) + b_O[layer]
    return out


def lens_by_torch(resid, w, b, W_U, b_U, eps):
    return layer_norm(resid, resid.shape[-1:], w, b, eps) @ W_U + b_U


def votes_by_folding(z, W_O, scale, w, W_U, correct, wrong):
    """The norm's weight and its centring folded into the unembedding beforehand."""
    folded = w[:, None] * W_U
    folded = folded - folded.mean(0)
    direction = folded[:, correct] - folded[:, wrong]
    return torch.einsum("lbhe,lhed,db->lhb", z, W_O, direction) / scale


def ablate_by_mask(z, reference, heads):
    chosen = torch.zeros(z.shape[2], dtype=torch.bool)
    chosen[heads] = True
    return torch.where(chosen[:, None], reference.mean(0), z)


def ablate_by_loops(z, reference, heads):
    out = z.clone()
    for head in heads:
        out[:, :, head] = torch.stack([prompt[:, head] for prompt in reference]).mean(0)
    return out


def matching_by_loops(read, W_V, W_O, W_U):
    out = []
    for value, write in zip(W_V, W_O, strict=True):
        margins = []
        for sign, x in enumerate(read):
            scores = x @ value @ write @ W_U
            others = [scores[k] for k in range(len(scores)) if k != sign]
            margins.append(scores[sign] - torch.stack(others).mean())
        out.append(torch.stack(margins).mean())
    return torch.stack(out)


def reader_by_loops(pattern, kind):
    out = torch.zeros(pattern.shape[1], dtype=pattern.dtype)
    queries = 0
    for b in range(len(pattern)):
        for q in range(pattern.shape[2]):
            if kind[b, : q + 1].any():
                queries += 1
                out += pattern[b, :, q, kind[b]].sum(-1)
    return out / max(queries, 1)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("residual_stream", stream_by_einops),
        ("residual_stream", stream_heads_side_by_side),
        ("logit_lens", lens_by_torch),
        ("head_attribution", votes_by_folding),
        ("qk_circuit", lambda Q, K: torch.einsum("...de,...fe->...df", Q, K)),
        ("matching_score", matching_by_loops),
        ("mean_ablate", ablate_by_loops),
        ("mean_ablate", ablate_by_mask),
        ("attention_to", reader_by_loops),
    ],
    ids=lambda x: x if isinstance(x, str) else getattr(x, "__name__", "answer"),
)
def test_other_ways_to_be_right_pass(name, answer):
    verdict = check(name, answer)
    assert verdict.passed, verdict


def unclamped(pattern, kind):
    """Divides by the number of keys of the kind in each prompt, of which there may be none."""
    to_kind = (pattern * kind[:, None, None]).sum(-1) / kind.sum(-1)[:, None, None]
    seen = kind.cumsum(-1) > 0
    return (to_kind * seen[:, None]).sum((0, -1)) / seen.sum()


def ablate_in_place(z, reference, heads):
    z[:, :, heads] = reference.mean(0)[:, heads]
    return z


def silenced(z, reference, heads):
    z = z.clone()
    for head in heads:
        z[:, :, head] = 0
    return z


def votes_not_centred(z, W_O, scale, w, W_U, correct, wrong):
    out = torch.einsum("lbhe,lhed->lhbd", z, W_O) / scale[:, None] * w
    return (out * (W_U.T[correct] - W_U.T[wrong])).sum(-1)


def lens_with_std(resid, w, b, W_U, b_U, eps):
    centred = resid - resid.mean(-1, keepdim=True)
    return (centred / torch.sqrt(resid.var(-1, keepdim=True) + eps) * w + b) @ W_U + b_U


def attended_only(pattern, kind):
    """Takes "gives it attention" for "can see it"."""
    to_kind = (pattern * kind[:, None, None]).sum(-1)
    mask = to_kind > 0
    return (to_kind * mask).sum((0, 2)) / mask.sum((0, 2)).clamp(min=1)


def no_clamp(pattern, kind):
    to_kind = (pattern * kind[:, None, None]).sum(-1)
    can_see = kind.cumsum(-1) > 0
    return (to_kind * can_see[:, None]).sum((0, 2)) / can_see.sum()


def lens_default_eps(resid, w, b, W_U, b_U, eps):
    return layer_norm(resid, resid.shape[-1:], w, b) @ W_U + b_U


def lens_by_std(resid, w, b, W_U, b_U, eps):
    return ((resid - resid.mean(-1, keepdim=True)) / (resid.std(-1, keepdim=True) + eps) * w + b) @ W_U + b_U


@pytest.mark.parametrize(
    ("name", "answer", "misconception", "said"),
    [
        ("attention_to", unclamped, "mean over keys, of which there may be none", "the sum over its keys"),
        ("mean_ablate", ablate_in_place, None, "work on a copy"),
        ("mean_ablate", silenced, "zero", "zero ablation"),
        ("head_attribution", votes_not_centred, "not centred", "takes the mean"),
        ("logit_lens", lens_with_std, "n − 1", "n − 1"),
        ("qk_circuit", lambda Q, K: K @ Q.mT, "key first", "query stands on the left"),
        (
            "matching_score",
            lambda x, V, W, U: (x @ V @ W @ U).diagonal(dim1=-2, dim2=-1).mean(-1),
            "the others forgotten",
            "*others*",
        ),
        ("attention_to", attended_only, "seen where attended to", "All that can see one count"),
        ("attention_to", no_clamp, "nan where there is none", "divide 0 by 0"),
        ("logit_lens", lens_default_eps, "ε left at the default", "default of 1e-5"),
        ("logit_lens", lens_by_std, "std", "n − 1"),
    ],
    ids=lambda x: x if isinstance(x, str) else "",
)
def test_mistakes_in_learners_own_code_are_told(name, answer, misconception, said):
    verdict = check(name, answer)
    assert not verdict.passed and verdict.misconception == misconception and said in verdict.message


# The self-check


def right_answers():
    return find("transformer.self_check", Exercise.registry).truth(SEED)


@pytest.mark.parametrize(
    "spell",
    [
        lambda key: {number: list(value) for number, value in key.items()},
        lambda key: [value[0] if len(value) == 1 else value for value in key.values()],
        lambda key: {str(number): torch.tensor(value) for number, value in key.items()},
        lambda key: {n: torch.Size(int(v) for v in value) if n in (1, 3, 8) else value for n, value in key.items()},
        lambda key: {number: np.array(value) for number, value in key.items()},
        lambda key: key | {5: 7.62, 9: 0.33, 4: 3 / 4},
        lambda key: key | {9: "1/3", 4: "0.75", 8: "(2, 4, 10, 10)"},
    ],
    ids=["lists", "one list", "tensors", "sizes", "arrays", "rounded", "in words"],
)
def test_the_self_check_may_be_answered_in_many_forms(spell):
    verdict = check("self_check", spell(right_answers()))
    assert verdict.passed, verdict


def test_each_wrong_question_is_told_what_to_read():
    for number, question in enumerate(QUESTIONS, 1):
        verdict = check("self_check", right_answers() | {number: -17})
        assert not verdict.passed and question.read in verdict.message and f"{number} (" in verdict.message
        others = [q.read for q in QUESTIONS if q.read not in question.read and question.read not in q.read]
        assert not any(read in verdict.message for read in others)
    assert len({question.topic for question in QUESTIONS}) == len(QUESTIONS) == 10


def test_several_wrong_questions_are_told_apart_and_a_usual_slip_is_named():
    answer = right_answers()
    del answer[3]
    verdict = check("self_check", answer | {6: 192, 7: -5})
    assert "7 of 10 are right" in verdict.message and "48 numbers" in verdict.message
    assert (
        "left out" in verdict.message and QUESTIONS[2].read in verdict.message and "never negative" in verdict.message
    )


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({11: 3}, "no question 11"),
        ({1: "two", 3: ..., 4: "75%"}, "for 1 and 4 is neither a number"),
        (7, "cannot be read"),
        ({}, "0 of 10 are right"),
    ],
)
def test_a_malformed_self_check_is_told_what_is_wrong(answer, said):
    verdict = check("self_check", answer)
    assert not verdict.passed and said in verdict.message


def test_everything_wrong_is_answered_in_one_breath():
    message = check("self_check", {1: -1}).message
    assert message.startswith("0 of 10 are right.") and len(message) < 700


# Two ablations, two verdicts


def verdicts(seed=SEED):
    exercise = find("transformer.verdicts", Exercise.registry)
    return exercise.known(seed)


def given(seed=SEED, **changed):
    head, zero, mean = verdicts(seed).of(verdicts(seed).widest)
    return {"head": f"{head[0]}.{head[1]}", "zero": zero, "mean": mean} | changed


def test_a_head_may_be_written_in_several_ways_and_numbers_rounded():
    right = given()
    layer, head = right["head"].split(".")
    for name in (right["head"], f"L{layer}H{head}", (int(layer), int(head))):
        assert check("verdicts", right | {"head": name}).passed
    assert check("verdicts", right | {key: round(right[key], 2) for key in ("zero", "mean")}).passed


def test_the_numbers_are_what_the_model_shows_when_it_is_run_with_hooks():
    model, right = zoo.load("code-4l", device="cpu"), given()
    pairs = tf.verdict_pairs(model, SEED)
    layer, head = map(int, right["head"].split("."))
    place = f"blocks.{layer}.attn.hook_z"
    _, cache = model.run_with_cache(pairs.everyone)

    def lost(value):
        def hook(z, hook):
            z = z.clone()
            z[:, :, head] = value
            return z

        with torch.no_grad():
            run = model.run_with_hooks(pairs.clean, fwd_hooks=[(place, hook)])
            return float((pairs.difference(model(pairs.clean)) - pairs.difference(run)).mean())

    assert right["zero"] == pytest.approx(lost(0.0), abs=1e-3)
    assert right["mean"] == pytest.approx(lost(cache[place][:, :, head].mean(0)), abs=1e-3)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda a: a | {"zero": a["mean"], "mean": a["zero"]}, "exchanged"),
        (lambda a: a | {"zero": -a["zero"], "mean": -a["mean"]}, "signs"),
        (lambda a: a | {"mean": a["mean"] + 0.1}, "`mean` is not what is lost"),
        (lambda a: a | {"head": "9.9"}, "There is no head 9.9"),
        (lambda a: a | {"head": "the second"}, "cannot be read"),
        (lambda a: {"head": a["head"]}, "cannot be read"),
    ],
)
def test_wrong_verdicts_are_told_what_is_wrong(change, said):
    verdict = check("verdicts", change(given()))
    assert not verdict.passed and said in verdict.message


@pytest.mark.parametrize("seed", range(6))
def test_a_mean_over_other_prompts_fails_and_so_do_other_measures(seed):
    exercise, truth = find("transformer.verdicts", Exercise.registry), verdicts(seed)
    head, zero, mean = truth.of(truth.widest)
    model = zoo.load("code-4l", device="cpu")
    pairs = tf.verdict_pairs(model, seed)
    for over, said in ((pairs.clean, "over the clean prompts"), (pairs.corrupt, "over the corrupt prompts")):
        run = tf.ablated(model, pairs.clean, [f"{head[0]}.{head[1]}"], "mean", over)
        other = truth.lead - float(pairs.difference(run).mean())
        verdict = exercise.check((head, zero, other), seed)
        assert not verdict.passed and said in verdict.message
    left = exercise.check((head, truth.lead - zero, truth.lead - mean), seed)
    assert "leads without the head" in left.message
    assert "are not what is lost" in exercise.check((head, zero + 0.5, mean + 0.5), seed).message


@pytest.mark.parametrize("seed", range(6))
def test_another_learners_verdicts_fail(seed):
    exercise = find("transformer.verdicts", Exercise.registry)
    assert exercise.check(given(seed), seed).passed
    assert not exercise.check(given(seed + 1), seed).passed


@pytest.mark.parametrize("seed", range(6))
def test_another_learners_nodes_fail_and_so_do_the_loudest_heads(seed):
    exercise = find("transformer.transplant", Exercise.registry)
    truth, other = (exercise.known(k) for k in (seed, seed + 1))
    assert exercise.check(truth.best, seed).passed
    assert not exercise.check(other.best, seed).passed
    loud = next(m for m in exercise.misconceptions if m.name == "by direct attribution")
    from_the_end = {(*node[:2], node[2] - 8) for node in loud.make(truth)}
    assert exercise.check(from_the_end, seed).misconception == loud.name


@pytest.mark.parametrize("learner", ["ada", "learner225", "learner776"])
def test_a_barred_head_is_no_guess_so_that_the_best_allowed_nodes_pass_for_everyone(learner, monkeypatch):
    monkeypatch.setattr(runtime, "_learner", learner)
    seed = runtime.seed_for("transformer.transplant")
    exercise = find("transformer.transplant", Exercise.registry)
    truth = exercise.known(seed)
    assert not any(node[:2] == truth.barred for nodes in truth.pool for node in nodes)
    assert exercise.check(truth.best, seed).passed


# The operation


def operation():
    exercise = find("transformer.transplant", Exercise.registry)
    return exercise.known(SEED)


@pytest.mark.parametrize(
    "spell",
    [
        list,
        torch.tensor,
        np.array,
        lambda nodes: {(layer, head, position - operation().runs.z[0].shape[1]) for layer, head, position in nodes},
    ],
    ids=["list", "tensor", "array", "counted from the end"],
)
def test_the_nodes_may_be_given_in_many_forms(spell):
    assert check("transplant", spell(operation().best)).passed


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({(0, 0)}, "three numbers"),
        ({(4, 0, 1)}, "There is no node (4, 0, 1)"),
        ({(0, 0, position) for position in range(1, BUDGET + 2)}, f"the budget is {BUDGET}"),
        (set(), "no node"),
        ("2.2", "cannot be read"),
        ({(0.5, 1, 2)}, "cannot be read"),
        ([(True, 1, 2)], "cannot be read"),
    ],
)
def test_malformed_nodes_are_told_what_is_wrong(answer, said):
    verdict = check("transplant", answer)
    assert not verdict.passed and said in verdict.message


def test_an_idle_node_and_an_unused_budget_are_pointed_out():
    best = operation().best
    assert "You have used 1 of" in check("transplant", [best[0]]).message
    idle = (3, 3, 1)
    verdict = check("transplant", [*best[:2], idle])
    assert not verdict.passed and "contributes least" in verdict.message


def test_the_key_beats_every_random_set_by_far():
    truth = operation()
    scores = [truth.score(frozenset(nodes)) for nodes in truth.pool]
    assert truth.score(frozenset(truth.best)) > max(scores) + 0.2
    assert len({frozenset(nodes) for nodes in truth.pool}) == len(truth.pool)
    assert all(len(set(nodes)) == BUDGET for nodes in truth.pool)
