"""The hand-built induction head: it is right at every length, and what is wrong is said."""

import re
from dataclasses import replace

import pytest
import torch

from course_utils import induction as ind

PREVIOUS = ind.HeadPlan("position", "position", "token", "previous", shift=-1)
INDUCTION = ind.HeadPlan("token", "previous", "token", "next")
LAYOUT = ind.subspaces(20, 33, "previous", "next")


def plan(previous=PREVIOUS, induction=INDUCTION, unembed="next"):
    return ind.build(LAYOUT, [[previous], [induction]], unembed)


@pytest.mark.parametrize(("d_vocab", "n_ctx"), [(5, 9), (20, 33), (40, 20), (12, 64)])
def test_it_completes_every_repeat_at_every_length(d_vocab, n_ctx):
    most = min((n_ctx - 1) // 2, d_vocab - 1)
    verdict = ind.judge(ind.hand_built(d_vocab, n_ctx), range(2, most + 1))
    assert set(verdict.accuracy) == set(range(2, most + 1))
    assert verdict.works and set(verdict.accuracy.values()) == {1.0}
    assert verdict.previous > 0.9 and verdict.prefix > 0.99 and "every repeat" in str(verdict)


def test_its_heads_have_the_scores_of_an_induction_circuit():
    w = ind.hand_built(20, 33)
    tokens = ind.repeated_tokens(20, 16, 16, distinct=True, generator=torch.Generator().manual_seed(0))
    pattern = ind.run(w, tokens).pattern
    assert ind.previous_token_score(pattern)[0, 0] > 0.99 and ind.prefix_matching_score(pattern, 16)[1, 0] > 0.99
    copying = ind.copying_score(w.W_E, w.W_V, w.W_O, w.W_U)
    assert copying[1, 0].item() == pytest.approx(1)
    scores = ind.composition_scores(w.W_Q, w.W_K, w.W_V, w.W_O)[:, 0, 0]
    assert scores[1] > 0.2 and scores[0] == scores[2] == 0  # by keys alone


def test_the_same_model_as_a_bridge_and_in_another_basis():
    w = ind.hand_built(20, 33)
    tokens = ind.repeated_tokens(20, 4, 16, distinct=True, generator=torch.Generator().manual_seed(0))
    logits = ind.run(w, tokens).logits
    assert torch.allclose(ind.as_bridge(w)(tokens), logits, atol=1e-5)
    rotation = torch.linalg.qr(torch.randn(w.d_model, w.d_model, generator=torch.Generator().manual_seed(1))).Q
    assert torch.allclose(ind.run(w.rotated(rotation), tokens).logits, logits, atol=1e-4)
    assert ind.judge(w.rotated(rotation), [3, 16]).works


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (plan(replace(PREVIOUS, shift=0)), "no previous-token head.*1.00 goes to itself"),
        (plan(replace(PREVIOUS, shift=-2)), "no previous-token head"),
        (plan(replace(PREVIOUS, sharpness=0.0)), "no previous-token head"),
        (plan(induction=replace(INDUCTION, key="token")), "no induction head.*goes to its own token"),
        (plan(induction=replace(INDUCTION, query="previous")), "no induction head"),
        (plan(replace(PREVIOUS, output="next")), "no induction head"),
        (plan(induction=replace(INDUCTION, sharpness=0.0)), "no induction head"),
        (plan(induction=replace(INDUCTION, value="previous")), "what they move"),
        (plan(induction=replace(INDUCTION, output="previous")), "what they move"),
        (plan(unembed="token"), "what they move"),
        (ind.build(LAYOUT, [[INDUCTION], [PREVIOUS]], "next"), "in the second layer"),
        (plan(induction=replace(PREVIOUS, output="next", shift=-7)), "7 back whatever.*blocks of 8 tokens alone"),
        (plan(induction=replace(PREVIOUS, output="next", shift=-14)), "14 back whatever"),
        (plan(replace(PREVIOUS, output="next")), "0.0 must copy the token that it looks at, the key of 1.0 must read"),
    ],
)
def test_the_half_that_is_missing_is_named(wrong, says):
    verdict = ind.judge(wrong, [4, 12])
    assert not verdict.works
    assert re.search(says, verdict.message, re.DOTALL), verdict.message


def with_zeros(matrix, head, rows):
    """The construction, with some rows of one matrix set to 0."""
    weights = plan()
    getattr(weights, matrix)[head][rows] = 0
    return weights


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (with_zeros("W_Q", (1, 0), [LAYOUT["token"].start + 5]), "1.0 looks at the token after .* from token 5:"),
        (with_zeros("W_Q", (0, 0), [LAYOUT["position"].start + i for i in (7, 8)]), "0.0 .* from positions 7, 8:"),
    ],
)
def test_a_head_that_fails_at_some_queries_only_is_told_at_which(wrong, says):
    verdict = ind.judge(wrong)
    assert not verdict.works
    assert re.search(says, verdict.message, re.DOTALL), verdict.message


def test_writing_over_the_token_needs_strength():
    """The next token may be written where the present one stands, if it is louder."""
    weak = plan(induction=replace(INDUCTION, output="token"), unembed="token")
    strong = plan(induction=replace(INDUCTION, output="token", strength=3.0), unembed="token")
    assert not ind.judge(weak, [12]).works and ind.judge(strong, [2, 12, 16]).works


def test_a_match_gets_the_attention_that_its_sharpness_says():
    sharpness = 3.0
    w = plan(replace(PREVIOUS, sharpness=sharpness))
    tokens = ind.repeated_tokens(20, 1, 10, distinct=True, generator=torch.Generator().manual_seed(0))
    pattern = ind.run(w, tokens).pattern[0, 0, 0]
    for query in (1, 7, 20):
        expected = torch.tensor(sharpness).exp() / (torch.tensor(sharpness).exp() + query)
        assert pattern[query, query - 1].item() == pytest.approx(expected.item(), rel=1e-4)


def test_plans_that_cannot_be_built_and_models_that_cannot_be_judged():
    with pytest.raises(ValueError, match="no subspace called 'prevous'"):
        plan(replace(PREVIOUS, output="prevous"))
    with pytest.raises(ValueError, match="same number of dimensions"):
        plan(replace(PREVIOUS, key="token"))
    with pytest.raises(ValueError, match="'position' and 'token'"):
        plan(unembed="position")
    with pytest.raises(ValueError, match="2 to 16"):
        ind.judge(plan(), [17])
    with pytest.raises(ValueError, match="two layers"):
        ind.judge(ind.build(LAYOUT, [[PREVIOUS]], "next"))
