"""Scores of heads against slow twins, and what must be true of them whatever the model."""

import pytest
import torch
import torch.nn.functional as F

from course_utils import induction as ind


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


def random_weights(seed=0, layers=2, heads=3, d_model=12, d_head=4, d_vocab=15, n_ctx=11, scale=0.5):
    g = rng(seed)

    def draw(*size):
        return scale * torch.randn(*size, generator=g, dtype=torch.float64)

    shape = (layers, heads, d_model, d_head)
    return ind.Weights(
        W_E=draw(d_vocab, d_model), W_pos=draw(n_ctx, d_model), W_Q=draw(*shape), W_K=draw(*shape), W_V=draw(*shape),
        W_O=draw(layers, heads, d_head, d_model), W_U=draw(d_model, d_vocab),
    )  # fmt: skip


def random_rotation(size, seed=0):
    return torch.linalg.qr(torch.randn(size, size, generator=rng(seed), dtype=torch.float64)).Q


@pytest.mark.parametrize("bos", [0, 5, 19])
@pytest.mark.parametrize("distinct", [False, True])
def test_a_repeated_row_is_bos_and_its_own_block_twice(bos, distinct):
    tokens = ind.repeated_tokens(20, 50, 12, distinct=distinct, bos=bos, generator=rng())
    assert tokens.shape == (50, 25) and (tokens[:, 0] == bos).all()
    assert (tokens[:, 1:] != bos).all() and tokens.min() >= 0 and tokens.max() < 20
    assert (tokens[:, 1:13] == tokens[:, 13:]).all()
    assert len({tuple(row) for row in tokens.tolist()}) == 50
    sizes = {len(set(row)) for row in tokens[:, 1:].tolist()}
    assert sizes == {12} if distinct else min(sizes) < 12


def test_every_token_but_bos_is_equally_likely():
    for distinct in (False, True):
        tokens = ind.repeated_tokens(9, 20_000, 4, distinct=distinct, bos=3, generator=rng(1))
        share = torch.bincount(tokens[:, 2], minlength=9) / 20_000
        assert share[3] == 0 and (share[[0, 1, 2, 4, 5, 6, 7, 8]] - 1 / 8).abs().max() < 0.012  # five standard errors


def test_too_many_distinct_tokens_are_refused():
    with pytest.raises(ValueError, match="10 distinct tokens"):
        ind.repeated_tokens(10, 1, 10, distinct=True)


@pytest.mark.parametrize("length", [2, 3, 7])
def test_only_the_offset_one_less_than_the_block_is_prefix_matching(length):
    size = 1 + 2 * length
    for back in range(size):
        pattern = torch.zeros(2, 1, size, size)
        query = torch.arange(back, size)
        pattern[:, :, query, query - back] = 1
        assert ind.prefix_matching_score(pattern, length).item() == float(back == length - 1)
        if back:
            assert ind.previous_token_score(pattern).item() == pytest.approx(float(back == 1))


@pytest.mark.parametrize("length", [2, 4])
def test_scores_equal_their_slow_twins(length):
    size = 1 + 2 * length
    pattern = torch.rand(3, 5, 2, size, size, generator=rng()).softmax(-1)  # (stack, batch, head, query, key)
    prefix, previous = ind.prefix_matching_score(pattern, length), ind.previous_token_score(pattern)
    for s in range(3):
        for h in range(2):
            there = [pattern[s, b, h, q, q - length + 1] for b in range(5) for q in range(length + 1, size)]
            assert prefix[s, h] == pytest.approx(sum(there).item() / len(there))
            there = [pattern[s, b, h, q, q - 1] for b in range(5) for q in range(1, size)]
            assert previous[s, h] == pytest.approx(sum(there).item() / len(there))


def test_a_pattern_of_another_length_is_refused():
    with pytest.raises(ValueError, match="7 tokens, not 8"):
        ind.prefix_matching_score(torch.zeros(1, 1, 8, 8), 3)


def test_losses_and_accuracy_equal_their_slow_twins():
    tokens = ind.repeated_tokens(6, 8, 4, generator=rng())
    logits = torch.randn(8, 9, 6, generator=rng(1))
    expected = F.cross_entropy(logits[:, :-1].mT, tokens[:, 1:], reduction="none")
    assert torch.allclose(ind.token_losses(logits, tokens), expected)
    right = [logits[b, i].argmax() == tokens[b, i + 1] for b in range(8) for i in range(5, 8)]
    assert ind.repeat_accuracy(logits, tokens, 4).item() == pytest.approx(sum(right).item() / len(right))


def test_the_score_of_a_model_without_memory_is_zero():
    tokens = torch.randint(7, (4000, 30), generator=rng())
    for logits in (torch.zeros(7, 7), torch.randn(7, 7, generator=rng(1))):  # of the next token, given this one
        loss = ind.token_losses(logits[tokens], tokens)
        error = (loss[:, 25] - loss[:, 3]).std().item() / 4000**0.5
        assert abs(ind.icl_score(loss, 3, 25).item()) <= 4 * error


def test_a_loss_that_falls_has_a_negative_score_at_the_two_positions_alone():
    loss = torch.linspace(3, 1, 11).repeat(4, 1)
    assert ind.icl_score(loss, 0, 10).item() == pytest.approx(-2)
    assert ind.icl_score(loss, 2, 7).item() == pytest.approx(-1)
    loss[:, 5] = 100.0
    assert ind.icl_score(loss, 2, 7).item() == pytest.approx(-1)
    for early, late in ((5, 5), (7, 2), (0, 11), (-1, 3)):
        with pytest.raises(ValueError, match="in order"):
            ind.icl_score(loss, early, late)


def test_the_error_of_the_score_is_that_of_paired_sequences():
    hard = 5 * torch.randn(2000, 1, generator=rng())
    loss = 3 + hard + torch.randn(2000, 12, generator=rng(1))
    score, error = ind.icl_estimate(loss, 2, 9).tolist()
    assert score == pytest.approx(ind.icl_score(loss, 2, 9).item(), abs=1e-5)
    assert error == pytest.approx((2 / 2000) ** 0.5, rel=0.1)  # the hard sequences cancel
    means = [ind.icl_estimate(part, 2, 9)[0].item() for part in loss.split(20)]
    assert torch.tensor(means).std().item() == pytest.approx(error * 10, rel=0.3)


def test_half_way_is_where_a_line_passes_the_middle():
    steps = torch.tensor([0.0, 10.0, 20.0, 40.0])
    assert ind.half_way(steps, torch.tensor([2.0, 3.0, 5.0, 6.0])).item() == 15
    assert ind.half_way(steps, torch.tensor([6.0, 5.0, 3.0, 2.0])).item() == 15
    assert ind.half_way(steps, torch.tensor([9.0, 0.0, 4.0, 4.0]), since=1).item() == 15
    with pytest.raises(ValueError, match="no middle"):
        ind.half_way(steps, torch.tensor([1.0, 2.0, 3.0, 1.0]))


def test_a_note_matches_itself_where_it_was_built_to_and_by_chance_elsewhere():
    weights = ind.hand_built(30, 61)
    notes = weights.W_E @ weights.W_OV[0, 0]
    assert ind.own_note_first(weights.W_E, notes, weights.W_QK[1, 0]) == 1
    strange = torch.randn(30, 30, generator=rng())
    found = [
        ind.own_note_first(torch.randn(400, 30, generator=rng(s)), torch.randn(400, 30, generator=rng(s + 50)), strange)
        for s in range(20)
    ]
    assert sum(found) / 20 == pytest.approx(1 / 400, abs=0.003)


def test_the_small_eigenvalue_problem_has_the_large_ones_answer():
    w = random_weights()
    large = w.W_E @ w.W_V @ w.W_O @ w.W_U
    values = torch.linalg.eigvals(large)
    expected = values.real.sum(-1) / values.abs().sum(-1)
    found = ind.copying_score(w.W_E, w.W_V, w.W_O, w.W_U)
    assert torch.allclose(found, expected) and (found.abs() <= 1).all()
    diagonal = (large.argmax(-1) == torch.arange(15)).double().mean(-1)
    for rows in (1, 4, 15, 100):
        assert torch.allclose(ind.copying_diagonal(w.W_E, w.W_V, w.W_O, w.W_U, rows).double(), diagonal, atol=1e-6)


def test_a_copying_head_scores_one_and_a_suppressing_one_minus_one():
    W_E = torch.randn(20, 8, generator=rng())
    eye = torch.eye(8)
    assert ind.copying_score(W_E, eye, eye, W_E.mT).item() == pytest.approx(1, abs=1e-5)
    assert ind.copying_score(W_E, eye, -eye, W_E.mT).item() == pytest.approx(-1, abs=1e-5)
    turn = torch.tensor([[0.0, -1.0], [1.0, 0.0]])  # eigenvalues ±i: neither
    assert abs(ind.copying_score(torch.eye(2), turn, torch.eye(2), torch.eye(2)).item()) < 1e-6
    one_hot = torch.eye(8)
    assert ind.copying_diagonal(one_hot, eye, eye, eye) == 1 and ind.copying_diagonal(one_hot, eye, -eye, eye) == 0


def test_composition_is_what_a_message_makes_of_scores_and_values():
    """By its definition: how large the map from what the writer reads to what the reader makes of it is."""
    w = random_weights(3)
    writer, QK, later = w.W_OV[0, 1], w.W_QK[1, 2], w.W_OV[1, 2]
    x, y = torch.randn(2, 12, generator=rng(), dtype=torch.float64)
    assert torch.isclose(x @ writer @ QK @ y, ((x @ writer) @ w.W_Q[1, 2]) @ (y @ w.W_K[1, 2]))  # as its query
    assert torch.isclose(x @ writer @ QK.mT @ y, (y @ w.W_Q[1, 2]) @ ((x @ writer) @ w.W_K[1, 2]))  # as its key
    scores = ind.composition_scores(w.W_Q, w.W_K, w.W_V, w.W_O)
    for k, (kind, reader) in enumerate({"q": QK, "k": QK.mT, "v": later}.items()):
        expected = (writer @ reader).norm() / (writer.norm() * reader.norm())
        assert torch.isclose(ind.composition_score(writer, QK, later, kind), expected)
        assert torch.isclose(scores[k, 1, 2], expected)
    with pytest.raises(ValueError, match="not by 'o'"):
        ind.composition_score(writer, QK, later, "o")


def test_composition_is_one_for_a_shared_direction_and_zero_for_orthogonal_ones():
    a, b = torch.eye(6)[:2]
    same, apart = torch.outer(a, a), torch.outer(b, b)
    for kind in "qkv":
        assert ind.composition_score(same, same, same, kind) == 1
        assert ind.composition_score(same, apart, apart, kind) == 0


@pytest.mark.parametrize(("d_model", "d_head"), [(16, 4), (48, 12)])
def test_unrelated_matrices_compose_by_one_over_root_d_model(d_model, d_head):
    """E‖A R B‖² = ‖A‖² ‖B‖² / d_model when R is a random rotation, whatever A, B and their ranks."""
    A, B = (torch.randn(d_model, 1 + k, generator=rng(k)) @ torch.randn(1 + k, d_model, generator=rng(k + 9))
            for k in (0, d_head))  # fmt: skip
    turned = ind.turned_composition(A, B, draws=600, generator=rng(1))
    assert turned.square().mean().item() == pytest.approx(1 / d_model, rel=0.1)


def test_no_score_depends_on_the_basis_of_the_residual_stream():
    w = random_weights(5)
    turned = w.rotated(random_rotation(12, 1))
    tokens = ind.repeated_tokens(15, 4, 5, generator=rng())
    here, there = ind.run(w, tokens), ind.run(turned, tokens)
    assert torch.allclose(here.logits, there.logits) and torch.allclose(here.pattern, there.pattern)
    assert torch.allclose(*(ind.prefix_matching_score(run.pattern, 5) for run in (here, there)))
    assert torch.allclose(*(ind.copying_score(v.W_E, v.W_V, v.W_O, v.W_U) for v in (w, turned)))
    assert torch.allclose(*(ind.composition_scores(v.W_Q, v.W_K, v.W_V, v.W_O) for v in (w, turned)))


def test_the_plain_forward_pass_is_the_bridges():
    w = random_weights(7)
    tokens = ind.repeated_tokens(15, 4, 5, generator=rng())
    model = ind.as_bridge(w)
    logits, cache = model.run_with_cache(tokens)
    found = ind.run(w, tokens)
    assert torch.allclose(found.logits, logits)
    for layer in range(2):
        assert torch.allclose(found.pattern[layer], cache[f"blocks.{layer}.attn.hook_pattern"])
    assert all(torch.equal(getattr(model, name), getattr(w, name)) for name in vars(w))


def test_a_stack_of_models_is_the_models_one_by_one():
    each = [random_weights(k) for k in range(3)]
    stack = ind.Weights(**{name: torch.stack([getattr(w, name) for w in each]) for name in vars(each[0])})
    same = ind.repeated_tokens(15, 4, 5, generator=rng())
    own = torch.stack([ind.repeated_tokens(15, 4, 5, generator=rng(k)) for k in range(3)])
    for tokens in (same, own):
        found = ind.run(stack, tokens)
        for k, w in enumerate(each):
            alone = ind.run(w, tokens if tokens.ndim == 2 else tokens[k])
            assert torch.allclose(found.logits[k], alone.logits) and torch.allclose(found.pattern[k], alone.pattern)
    assert torch.equal(stack[1].W_Q, each[1].W_Q) and stack[1:].stack == (2,)
    assert torch.equal(ind.Weights.joined([stack[:1], stack[1:]]).W_O, stack.W_O)


def test_matrices_that_do_not_belong_together_are_named():
    w = random_weights()
    with pytest.raises(ValueError, match="W_U has shape"):
        ind.Weights(**{**vars(w), "W_U": w.W_U.mT})
    with pytest.raises(ValueError, match="context is 11"):
        ind.run(w, torch.zeros(1, 12, dtype=torch.long))
    with pytest.raises(IndexError, match="not a stack"):
        w[0]
    stack = ind.Weights(**{name: value[None] for name, value in vars(w).items()})
    with pytest.raises(ValueError, match="choose one"):
        ind.as_bridge(stack)


def test_heads_are_scored_in_any_bridge():
    w = random_weights(2, n_ctx=21)
    found = ind.head_scores(ind.as_bridge(w.to(torch.float32)), length=8, prompts=3, seed=4)
    tokens = ind.repeated_tokens(15, 3, 8, distinct=True, generator=rng(4))
    pattern = ind.run(w.to(torch.float32), tokens).pattern
    assert torch.allclose(found.prefix, ind.prefix_matching_score(pattern, 8), atol=1e-6)
    assert torch.allclose(found.previous, ind.previous_token_score(pattern), atol=1e-6)
    name, value = found.top(1)[0]
    layer, head = map(int, name.split("."))
    assert found.prefix[layer, head] == found.prefix.max() == value and name in str(found)


def test_blocks_are_as_long_as_a_short_context_allows():
    found = ind.head_scores(ind.as_bridge(random_weights(2, n_ctx=21).to(torch.float32)), prompts=3)
    assert found.length == 10
