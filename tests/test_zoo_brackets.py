"""The bracket model: strings and their truth, held-out strings all told right, interventions in both directions."""

from __future__ import annotations

import functools
import itertools

import pytest
import torch

from course_utils import brackets, patching, zoo
from models.recipe import recipe


def truth(text):
    """By the definition: shrink pairs away until nothing is left, or nothing more goes."""
    while "()" in text:
        text = text.replace("()", "")
    return text == ""


@functools.cache
def model():
    return zoo.load("brackets", device="cpu")


def drawn(n, seed=0):
    return brackets.draw(n, torch.Generator().manual_seed(seed))


def texts_of(tokens):
    """The brackets of each prompt."""
    signs = {brackets.OPEN: "(", brackets.CLOSE: ")"}
    return ["".join(signs.get(i, "") for i in row) for row in tokens.tolist()]


def logits_of(tokens):
    with torch.no_grad():
        return model()(tokens, attention_mask=brackets.attention_mask(tokens).long())[:, 0]


def test_balanced_is_what_the_definition_says():
    texts = ["".join(signs) for n in (2, 4, 7, 8) for signs in itertools.product("()", repeat=n)]
    assert brackets.balanced(brackets.tokens_of(texts)).tolist() == [truth(text) for text in texts]


def test_drawn_strings_are_well_formed_and_half_of_them_balanced():
    tokens = drawn(4000)
    texts = texts_of(tokens)
    assert torch.equal(brackets.tokens_of(texts), tokens) and {len(t) for t in texts} == set(range(2, 31, 2))
    assert 0.45 < brackets.balanced(tokens).float().mean() < 0.55
    depth = brackets.depths(tokens)
    wrong = ~brackets.balanced(tokens)
    fails = {"count": (depth[:, -1] != 0)[wrong], "order": (depth < 0).any(1)[wrong]}
    both = fails["count"] & fails["order"]
    for kind, failing in fails.items():  # neither half of the definition is enough
        assert (failing & ~both).float().mean() > 0.1, kind
    assert not torch.equal(drawn(50), drawn(50, 1)) and torch.equal(drawn(50), drawn(50))


def test_what_is_held_out_depends_on_the_brackets_alone_and_is_about_one_in_sixteen():
    tokens = drawn(20_000, seed=3)
    out = brackets.held_out(tokens)
    long = brackets.attention_mask(tokens).sum(1) > 12
    assert torch.equal(out, brackets.held_out(brackets.tokens_of(texts_of(tokens))))
    assert 0.05 < out[long].float().mean() < 0.075 and not out[~long].any()


@pytest.mark.parametrize("wrong", ["(]", "(" * 31])
def test_what_is_no_bracket_string_is_refused(wrong):
    with pytest.raises(ValueError, match="a bracket string has at most 30"):
        brackets.tokens_of(wrong)


def test_its_training_never_meets_what_is_held_out():
    seen, chosen = [], recipe("brackets")

    def listen(tokens, mask):
        seen.append(tokens)
        return torch.zeros(len(tokens), 1, 2, requires_grad=True)

    listen.pos = model().pos_embed.original_component
    for step in range(20):
        chosen.loss(listen, step)
    assert not brackets.held_out(torch.cat(seen)).any() and len(torch.cat(seen)) > 2000


def test_every_held_out_string_is_told_right():
    tokens = drawn(60_000, seed=5)
    tokens = tokens[brackets.held_out(tokens)].unique(dim=0)
    assert len(tokens) > 2000
    assert torch.equal(logits_of(tokens).argmax(-1).bool(), brackets.balanced(tokens))
    card = zoo.card("brackets")["measured"]["rows"]
    assert [row["value"] for row in card[:2]] == [1.0, 1.0] and card[0]["beside"]["strings"] > 2000


def test_it_reads_in_both_directions_and_not_its_padding():
    short = brackets.tokens_of(["(())", "())("])
    assert model().cfg.attention_dir == "bidirectional"
    with torch.no_grad():
        bare = model()(short[:, :6])[:, 0]  # the same strings, with no padding at all
    torch.testing.assert_close(logits_of(short), bare, atol=1e-4, rtol=1e-4)
    assert logits_of(short).argmax(-1).tolist() == [brackets.BALANCED, brackets.UNBALANCED]


def test_interventions_reach_its_first_position_from_everywhere():
    good, bad = "(()())()()()", "(()())()())("
    clean, corrupt = brackets.tokens_of([good]), brackets.tokens_of([bad])
    metric = patching.logit_diff([brackets.BALANCED], [brackets.UNBALANCED], position=0)
    ask = patching.Question(model(), clean, corrupt, metric, attention_mask=brackets.attention_mask)
    stream = ask.sweep("resid_pre")
    assert stream.route == "restart" and float(stream.clean) > 0 > float(stream.corrupt)
    at_start = stream.recovery()[:, 0]
    assert at_start[0].abs() < 1e-4  # START itself is the same token in both
    assert (stream.effect()[0, 11:13].abs() > 0.1).all()  # where they differ; one of the two does not make it balanced
    assert float(ask.sweep("resid_post", layers=[2]).recovery()[0, 0]) == pytest.approx(1, abs=1e-4)
    assert float(ask.faithfulness(patching.Circuit.whole(model())).recovered) == pytest.approx(1, abs=1e-4)
