"""Heads: their circuits, their ablation, their patterns; minimal pairs, and what is moved between them."""

import pytest
import torch
from patching_models import KINDS, LENGTH, model_of, prompts
from transformer_models import bundled, of_pairs, run

from course_utils import patching, zoo
from course_utils import transformer as tf

# The two circuits


@pytest.mark.parametrize("kind", KINDS)
def test_circuits_are_transformer_lens_s_and_have_at_most_the_rank_of_a_head(kind):
    model = model_of(kind)
    qk, ov = (
        make(*(w.detach() for w in pair))
        for make, pair in ((tf.qk_circuit, (model.W_Q, model.W_K)), (tf.ov_circuit, (model.W_V, model.W_O)))
    )
    torch.testing.assert_close(qk, model.QK.AB.detach())
    torch.testing.assert_close(ov, model.OV.AB.detach())
    for circuit in (qk, ov):
        assert (torch.linalg.matrix_rank(circuit) <= model.cfg.d_head).all()


@pytest.mark.parametrize("kind", ["native", "gpt2", "gpt2 folded"])
def test_what_the_circuits_say_is_what_the_heads_do(kind):
    """Scores are x W_QK xᵀ / √d_head and outputs pattern · x W_OV, once the biases are taken off."""
    model = model_of(kind)
    _, cache = run(model, prompts()[0])
    x = cache["blocks.1.attn.hook_in"]
    qk, ov = tf.qk_circuit(model.W_Q, model.W_K)[1].detach(), tf.ov_circuit(model.W_V, model.W_O)[1].detach()
    q, k = (cache[f"blocks.1.attn.hook_{n}"] - b[1].detach() for n, b in (("q", model.b_Q), ("k", model.b_K)))
    for head in range(model.cfg.n_heads):
        scores = x @ qk[head] @ x.mT
        torch.testing.assert_close(scores, q[:, :, head] @ k[:, :, head].mT, rtol=0, atol=1e-9)
        bias = model.b_V[1, head].detach() @ model.W_O[1, head].detach()
        written = cache["blocks.1.attn.hook_pattern"][:, head] @ (x @ ov[head]) + bias
        theirs = cache["blocks.1.attn.hook_z"][:, :, head] @ model.W_O[1, head].detach()
        torch.testing.assert_close(written, theirs, rtol=0, atol=1e-9)


# Ablation


def test_mean_ablation_of_single_entries():
    g = torch.Generator().manual_seed(0)
    z, reference = torch.randn(2, 3, 4, 2, generator=g), torch.randn(5, 3, 4, 2, generator=g)
    before = z.clone()
    out = tf.mean_ablate(z, reference, [1, 3])
    for b in range(2):
        for p in range(3):
            for h in range(4):
                wanted = reference[:, p, h].mean(0) if h in (1, 3) else z[b, p, h]
                torch.testing.assert_close(out[b, p, h], wanted)
    assert torch.equal(z, before)
    torch.testing.assert_close(tf.mean_ablate(out, reference, [1, 3]), out)  # twice is once
    torch.testing.assert_close(tf.mean_ablate(z, z[:1], [0, 1, 2, 3])[0], z[0])


@pytest.mark.parametrize("kind", ["attention only", "native", "gpt2", "gpt2 folded"])
@pytest.mark.parametrize("ablation", ["zero", "mean", "resample"])
def test_ablating_a_head_is_a_cell_of_the_sweep(kind, ablation):
    model, pairs = model_of(kind), of_pairs()
    reference = {"zero": None, "mean": pairs.everyone, "resample": pairs.corrupt}[ablation]
    more = {
        "zero": {"ablation": "zero"},
        "mean": {"ablation": "mean", "reference": pairs.everyone},
        "resample": {"corrupt": pairs.corrupt, "direction": "noising"},
    }[ablation]
    cells = patching.Question(model, pairs.clean, metric=pairs.metric, **more).sweep("z")
    for layer, head in ((0, 1), (2, 3)):
        out = patching.ablated(model, pairs.clean, [f"{layer}.{head}"], ablation, reference)
        torch.testing.assert_close(pairs.difference(out), cells.values[layer, head], rtol=0, atol=1e-9)


def test_ablation_with_its_own_prompt_changes_nothing():
    model, (tokens, _) = model_of("gpt2"), prompts()
    logits, _ = run(model, tokens)
    every = [f"{layer}.{head}" for layer in range(3) for head in range(4)]
    torch.testing.assert_close(patching.ablated(model, tokens, every, "resample", tokens), logits, rtol=0, atol=1e-9)
    alone = patching.ablated(model, tokens[:1], every, "mean", tokens[:1].expand(3, -1))
    torch.testing.assert_close(alone, logits[:1], rtol=0, atol=1e-9)
    torch.testing.assert_close(patching.ablated(model, tokens, [], "zero"), logits, rtol=0, atol=0)


def hooks_on(model):
    return sum(len(point.fwd_hooks) for point in model.hook_dict.values())


def test_the_model_is_left_as_it_was_also_after_an_error():
    model, pairs = model_of("gpt2"), of_pairs()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    logits, _ = run(model, pairs.clean)
    patching.ablated(model, pairs.clean, ["1.0"], "mean", pairs.everyone)
    with pytest.raises(ValueError, match="of 7 are run"):  # a reference of another length is refused
        patching.ablated(model, pairs.clean, ["1.0"], "mean", pairs.everyone[:, :-1])
    tf.Transplant.of(model, pairs).recovery({(0, 1, 3)})
    assert hooks_on(model) == 0
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    torch.testing.assert_close(run(model, pairs.clean)[0], logits, rtol=0, atol=0)


@pytest.mark.parametrize(
    ("heads", "kind", "reference", "said"),
    [
        (["0.0"], "median", None, "one of zero, mean, resample"),
        (["0.0"], "mean", None, "needs reference"),
        (["0.0"], "zero", torch.zeros(1, LENGTH, dtype=torch.long), "takes no reference"),
        (["0.9"], "zero", None, "this model has no head 0.9"),
        (["two"], "zero", None, "named by its layer"),
    ],
)
def test_a_strange_ablation_is_refused_in_one_sentence(heads, kind, reference, said):
    with pytest.raises(ValueError, match=said):
        patching.ablated(model_of("gpt2"), prompts()[0], heads, kind, reference)


# Attention patterns


def random_pattern(batch=3, heads=2, length=6):
    scores = torch.randn(batch, heads, length, length, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    return scores.masked_fill(torch.ones(length, length).triu(1).bool(), -torch.inf).softmax(-1)


def test_reading_a_pattern_is_what_loops_read():
    pattern = random_pattern()
    kind = torch.tensor([[0, 1, 0, 0, 1, 0], [0, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 1]]).bool()
    for head in range(2):
        shares = []
        for b in range(3):
            for q in range(6):
                if kind[b, : q + 1].any():
                    shares.append(sum(pattern[b, head, q, k] for k in range(q + 1) if kind[b, k]))
        torch.testing.assert_close(tf.attention_to(pattern, kind)[head], torch.stack(shares).mean())


def test_shares_of_attention_add_up():
    pattern = random_pattern()
    every = torch.ones(3, 6, dtype=torch.bool)
    torch.testing.assert_close(tf.attention_to(pattern, every), torch.ones(2, dtype=torch.float64))
    assert torch.equal(tf.attention_to(pattern, ~every), torch.zeros(2, dtype=torch.float64))
    even = tf.evenly(pattern)
    torch.testing.assert_close(even.sum(-1), torch.ones(3, 2, 6, dtype=torch.float64))
    first = every & (torch.arange(6) == 0)
    wanted = torch.tensor([1 / (q + 1) for q in range(6)], dtype=torch.float64).mean()
    torch.testing.assert_close(tf.attention_to(even, first), wanted.expand(2))


# Minimal pairs, and what is transplanted between them


MAKERS = [(tf.bracket_pairs, template) for template in tf.BRACKETS] + [
    (tf.quote_pairs, template) for template in tf.QUOTES
]


@pytest.mark.parametrize(("make", "template"), MAKERS, ids=lambda x: x if isinstance(x, str) else x.__name__)
def test_pairs_differ_in_one_token_and_in_what_closes(make, template):
    tokenizer = bundled("code-4l").tokenizer
    pairs = make(tokenizer, 64, 3, template)
    differ = pairs.clean != pairs.corrupt
    assert differ.sum(1).eq(1).all() and differ[:, pairs.opener].all()
    assert (pairs.correct != pairs.wrong).all()
    closes = {"(": ")", "[": "]", "{": "}", "'": "'", '"': '"'}
    for row, (clean, corrupt) in enumerate(pairs.texts):
        assert tokenizer.decode(pairs.clean[row, 1:].tolist()) == clean
        for ids, answer in ((pairs.clean, pairs.correct), (pairs.corrupt, pairs.wrong)):
            opened = tokenizer.decode([int(ids[row, pairs.opener])]).strip()
            assert closes[opened] == tokenizer.decode([int(answer[row])])
        assert len(clean) == len(corrupt)
    assert len(set(pairs.texts)) > 60  # hardly a prompt twice
    assert len(pairs.words) == pairs.clean.shape[1] and len(pairs[:5]) == 5
    again, other = make(tokenizer, 64, 3, template), make(tokenizer, 64, 4, template)
    assert torch.equal(again.clean, pairs.clean) and not torch.equal(other.clean, pairs.clean)


def test_pairs_of_chosen_brackets_and_requests_that_cannot_be_met():
    tokenizer = bundled("code-4l").tokenizer
    pairs = tf.bracket_pairs(tokenizer, 20, signs="([")
    assert {int(i) for i in pairs.correct} == {tokenizer.encode(s, add_special_tokens=False)[0] for s in ")]"}
    with pytest.raises(ValueError, match="one of list, call, nested"):
        tf.bracket_pairs(tokenizer, 2, template="poem")
    with pytest.raises(ValueError, match="one of index, call"):
        tf.quote_pairs(tokenizer, 2, template="poem")
    with pytest.raises(ValueError, match="too few"):
        tf.bracket_pairs(bundled("code-attn-2l").tokenizer, 2)
    with pytest.raises(TypeError, match="slice"):
        pairs[0]


@pytest.mark.parametrize(("make", "template"), MAKERS, ids=lambda x: x if isinstance(x, str) else x.__name__)
def test_the_model_closes_what_is_open_and_an_untrained_one_does_not(make, template):
    model, untrained = bundled("code-4l"), zoo.load("code-4l", device="cpu", checkpoint=0)
    pairs = make(model.tokenizer, 64, 5, template)
    trained, blind = (float((pairs.difference(run(m, pairs.clean)[0]) > 0).float().mean()) for m in (model, untrained))
    assert trained > 0.7 and 0.25 < blind < 0.75


def test_one_node_is_a_cell_of_the_sweep_and_all_nodes_are_the_clean_run_of_attention():
    model, pairs = model_of("attention only"), of_pairs()
    runs = tf.Transplant.of(model, pairs)
    ask = patching.Question(model, pairs.clean, pairs.corrupt, pairs.metric)
    cells = ask.sweep("z", by=("layer", "head", "position")).recovery()
    for node in ((0, 1, 3), (2, 0, 6), (1, 3, 2)):
        assert runs.recovery([node]) == pytest.approx(float(cells[node]), abs=1e-6)
    assert runs.recovery([]) == pytest.approx(0, abs=1e-9)
    assert runs.recovery([(2, 0, -1)]) == runs.recovery([(2, 0, 6)])
    same_end = tf.Pairs(**(vars(pairs) | {"corrupt": torch.cat([pairs.corrupt[:, :-1], pairs.clean[:, -1:]], 1)}))
    every = [(layer, head, p) for layer in range(3) for head in range(4) for p in range(LENGTH)]
    assert tf.Transplant.of(model, same_end).recovery(every) == pytest.approx(1, abs=1e-6)
    with pytest.raises(ValueError, match="there is no node"):
        runs.recovery([(0, 9, 1)])


def test_good_nodes_beat_random_ones():
    model = bundled("code-4l")
    runs = tf.Transplant.of(model, tf.bracket_pairs(model.tokenizer, 12, 1, "call"))
    best = tf.best_nodes(runs, 3, among=6)
    g = torch.Generator().manual_seed(0)
    size = torch.tensor([4, 4, runs.z[0].shape[1]])
    guesses = [[tuple((torch.rand(3, generator=g) * size).long().tolist()) for _ in range(3)] for _ in range(20)]
    assert len(set(best)) == 3 and runs.recovery(best) > 0.5
    assert runs.recovery(best) > max(runs.recovery(guess) for guess in guesses) + 0.1


def test_a_tokenizer_that_cuts_the_twins_unequally_is_refused():
    class Merging:
        bos_token_id = 0

        def encode(self, text, add_special_tokens=False):
            return list(text.encode()) if " = " in text and "[" in text else text.split()

        def decode(self, ids):
            return "?"

    with pytest.raises(ValueError, match="different numbers of tokens"):
        tf.bracket_pairs(Merging(), 8, template="list", signs="([")
