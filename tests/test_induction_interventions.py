"""Ablation and path patching of the lesson, against `course_utils.patching` and by what must be true."""

import pytest
import torch

from course_utils import induction as ind
from course_utils import patching

V, L = 24, 8


def blocks(seed, prompts=6):
    return ind.repeated_tokens(V, prompts, L, distinct=True, generator=torch.Generator().manual_seed(seed))


@pytest.fixture(scope="module")
def noisy():
    """The hand-built circuit with random heads beside it."""
    w, g = ind.hand_built(V, 1 + 2 * L), torch.Generator().manual_seed(0)

    def beside(W):
        return torch.cat([W, 0.2 * torch.randn(W.shape, generator=g)], 1)

    return ind.as_bridge(ind.Weights(w.W_E, w.W_pos, *map(beside, (w.W_Q, w.W_K, w.W_V, w.W_O)), w.W_U))


def mean_log_prob(logits, tokens):
    return -ind.token_losses(logits, tokens)[:, L + 1 :].mean(1)


@pytest.mark.parametrize("ablation", ["zero", "mean"])
def test_an_ablation_is_the_sweeps(noisy, ablation):
    tokens, others = blocks(0), blocks(1)
    reference = others if ablation == "mean" else None
    metric = ind.repeat_log_prob(tokens, L)
    ask = patching.Question(noisy, tokens, metric=metric, ablation=ablation, reference=reference)
    sweep = ask.sweep("z")
    for layer in range(2):
        for head in range(2):
            found = mean_log_prob(ind.ablate_heads(noisy, tokens, [(layer, head)], ablation, reference), tokens)
            assert torch.allclose(found, sweep.values[layer, head], atol=1e-4)


def test_several_heads_are_ablated_together_and_none_changes_nothing(noisy):
    tokens = blocks(0)
    before = noisy(tokens).detach()
    assert torch.equal(ind.ablate_heads(noisy, tokens, []), before)
    every = ind.ablate_heads(noisy, tokens, [(layer, head) for layer in range(2) for head in range(2)])
    bare = (noisy.W_E[tokens] + noisy.W_pos[: tokens.shape[1]]) @ noisy.W_U
    assert torch.allclose(every, bare, atol=1e-5)
    assert torch.equal(noisy(tokens), before)  # the model is as it was


def test_an_ablation_reaches_every_position(noisy):
    tokens = blocks(0)
    change = (ind.ablate_heads(noisy, tokens, [(0, 1)]) - noisy(tokens)).abs().amax((0, 2))
    assert (change > 1e-4).all()


def test_a_mean_over_oneself_alone_changes_nothing(noisy):
    tokens = blocks(0)[:1]
    assert torch.allclose(ind.ablate_heads(noisy, tokens, [(1, 0)], "mean"), noisy(tokens), atol=1e-5)


def test_what_cannot_be_ablated_is_said(noisy):
    with pytest.raises(ValueError, match=r"no head 2\.0"):
        ind.ablate_heads(noisy, blocks(0), [(2, 0)])
    with pytest.raises(ValueError, match="'zero' or 'mean'"):
        ind.ablate_heads(noisy, blocks(0), [(0, 0)], "resample")


def test_the_hand_built_head_listens_by_its_keys_alone(noisy):
    clean, other = blocks(0), blocks(1)
    heard = ind.path_patch_qkv(noisy, clean, other, ind.repeat_log_prob(clean, L), [(0, 0)], [(1, 0)])
    q, k, v = heard.effect().tolist()
    assert k < -0.3 and max(abs(q), abs(v)) < 1e-3 < abs(k) / 5
    assert heard.names == ("input",) and heard.axes[0].labels == ("q", "k", "v")


def test_the_path_by_hand_is_the_path_of_the_engine(noisy):
    clean, other = blocks(0), blocks(1)
    metric = ind.repeat_log_prob(clean, L)
    for sender, receiver in (((0, 0), (1, 0)), ((0, 1), (1, 0)), ((0, 0), (1, 1))):
        engine = ind.path_patch_qkv(noisy, clean, other, metric, [sender], [receiver])
        for values, reads in zip(engine.values, "qkv", strict=True):
            by_hand = ind.path_patch(noisy, clean, other, sender, receiver, reads)
            assert torch.allclose(mean_log_prob(by_hand, clean), values, atol=1e-4), reads
    assert torch.allclose(ind.path_patch(noisy, clean, clean, (0, 0), (1, 0), "k"), noisy(clean), atol=1e-5)
    with pytest.raises(ValueError, match="layer right before"):
        ind.path_patch(noisy, clean, other, (1, 0), (1, 1), "k")
    with pytest.raises(ValueError, match="not by 'z'"):
        ind.path_patch(noisy, clean, other, (0, 0), (1, 1), "z")


def test_scores_taken_apart_add_up_to_the_pattern_and_find_the_one_match(noisy):
    tokens = blocks(0)
    parts = ind.score_parts(noisy, tokens, L, head=0)
    future = torch.ones(tokens.shape[1], tokens.shape[1], dtype=torch.bool).triu(1)
    again = parts.total().masked_fill(future, -torch.inf).softmax(-1)
    _, cache = noisy.run_with_cache(tokens)
    assert torch.allclose(again, cache["pattern", 1][:, 0], atol=1e-5)
    row, column = divmod(parts.preference().mean(-1).flatten().argmax().item(), len(parts.parts))
    assert (parts.parts[row], parts.parts[column]) == ("token", "0.0")  # as it was built: the token against the note
    slow = torch.zeros(len(tokens))
    for b in range(len(tokens)):
        for query in range(L + 2, 2 * L + 1):
            right = query - (L - 1)
            rest = [key for key in range(1, query + 1) if key != right]
            row = parts.total()[b, query]
            slow[b] += (row[right] - row[rest].mean()) / (L - 1)
    assert torch.allclose(parts.preference().sum((0, 1)), slow, atol=1e-3)


def test_what_a_repetition_is_worth_and_which_share_is_left(noisy):
    tokens, others = blocks(0), blocks(1)
    gain = ind.repeat_gain(noisy, tokens, L)
    nats = ind.token_losses(noisy(tokens), tokens)
    assert torch.allclose(gain, nats[:, :L].mean(1) - nats[:, L + 1 :].mean(1), atol=1e-5)
    assert ind.share_left(gain, gain) == pytest.approx((1, 1, 1))
    without = ind.repeat_gain(noisy, tokens, L, [(0, 0)], others)
    share, low, high = ind.share_left(without, gain)
    assert low <= share <= high < 0.5


def test_the_metric_reads_the_repeat_from_its_second_token_on(noisy):
    tokens = blocks(0)
    metric = ind.repeat_log_prob(tokens, L)
    logits = noisy(tokens).detach()
    read = logits[:, metric.positions_of(tokens)[0]]
    assert torch.allclose(metric.of(read), mean_log_prob(logits, tokens), atol=1e-6)
    assert metric.positions_of(tokens)[0].tolist() == list(range(L + 1, 2 * L))
