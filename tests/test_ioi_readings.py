"""What lesson 4 reads off a run, and its measurements as plain functions, against slow twins and against `patching`."""

import pytest
import torch
from patching_models import gpt2

from course_utils import ioi, patching, zoo
from course_utils.grading.inputs import small_model
from course_utils.patching import Circuit


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def model():
    return zoo.load("ioi-natural", device="cpu").requires_grad_(False)


@pytest.fixture(scope="module")
def clean(model):
    return ioi.make_ioi_batch(model.tokenizer, 48, rng(3))


def test_the_parts_add_up_to_the_logit_difference(model, clean):
    """Heads, MLPs, embedding and biases, with the scale held, are the whole difference."""
    written = ioi.writes(model, clean)
    logits, cache = model.run_with_cache(clean.tokens)
    rows, end = torch.arange(len(clean)), clean.positions["END"]
    scale = cache["ln_final.hook_scale"][rows, end]
    rest = cache["resid_pre", 0][rows, end] + sum(model.b_O[layer] for layer in range(4))
    rest = (rest - rest.mean(-1, keepdim=True)) / scale @ ioi.unembedding(model)
    rest = rest[rows, clean.answer] - rest[rows, clean.wrong]
    bias = model.ln_final.bias @ model.W_U + model.b_U
    bias = bias[clean.answer] - bias[clean.wrong]
    total = (written.io - written.s).sum(0) + rest + bias
    torch.testing.assert_close(total, ioi.logit_diff(logits, end, clean.answer, clean.wrong), rtol=1e-3, atol=1e-2)


def test_head_dla_is_what_writes_says_of_the_difference(model, clean):
    written = ioi.writes(model, clean)
    _, cache = model.run_with_cache(clean.tokens)
    rows, end = torch.arange(len(clean)), clean.positions["END"]
    scale = cache["ln_final.hook_scale"][rows, end, 0]
    W_U = ioi.unembedding(model)
    direction = (W_U[:, clean.answer] - W_U[:, clean.wrong]).T
    direct = ioi.head_dla(cache["z", 1][rows, end], model.W_O[1], scale, direction)
    for head in range(4):
        i = written.parts.index(f"1.{head}")
        torch.testing.assert_close(direct[:, head], written.io[i] - written.s[i], rtol=1e-3, atol=1e-3)


def test_behaviour_is_read_at_each_prompts_end(model):
    mixed = ioi.make_ioi_batch(model.tokenizer, 40, rng(), ioi.TEMPLATES)
    assert len(mixed.positions["END"].unique()) > 2
    said = ioi.behaviour(model, mixed)
    for row in range(5):
        alone = model(mixed.tokens[row : row + 1, : mixed.positions["END"][row] + 1])[0, -1]
        gap = alone[mixed.answer[row]] - alone[mixed.wrong[row]]
        assert abs(float(gap - said.logit_diff[row])) < 1e-3
        assert abs(float(alone.softmax(-1)[mixed.answer[row]] - said.probability[row])) < 1e-4
    assert said.entries()["IO above S"][0] == float((said.logit_diff > 0).float().mean())


def test_copying_scores_of_heads_that_are_known():
    assert ioi.copying_score(torch.eye(20), 1) == 1 and ioi.copying_score(-torch.eye(20), 5) == 0
    assert abs(float(ioi.copying_score(torch.randn(400, 400, generator=rng()), 40)) - 0.1) < 0.05
    planted = zoo.load("ioi-planted", device="cpu").requires_grad_(False)
    *_, output = ioi.planted_circuit("ioi-planted")
    names = ioi.make_ioi_batch(planted.tokenizer, 2, rng()).layout.names
    scores = {h: float(ioi.copying_score(ioi.read_and_written(planted, names, 2, h), 5)) for h in range(4)}
    assert scores[output.head] > 0.95 and max(s for h, s in scores.items() if h != output.head) < 0.2


def test_attention_is_read_from_each_prompts_own_place(model, clean):
    found = ioi.looks(model, clean, (0, 2))
    _, cache = model.run_with_cache(clean.tokens)
    own = [cache["pattern", 0][i, 2, clean.positions["END"][i], clean.positions["S2"][i]] for i in range(len(clean))]
    assert abs(found["S2"] - float(torch.stack(own).mean())) < 1e-6


@pytest.mark.parametrize("mlps", ["frozen", "recomputed"])
def test_direct_path_agrees_with_path_patching(model, clean, mlps):
    other = ioi.corrupt(clean, "flip", rng(0))
    ask = ioi.asked(model, clean, "flip", 0, direction="noising")
    ours = ioi.direct_path(model, clean.tokens, other.tokens, (0, 2), mlps)
    gap = ioi.logit_diff(ours, clean.positions["END"], clean.answer, clean.wrong)
    theirs = ask.path_patch(["0.2"], mlps=mlps).values[0]
    torch.testing.assert_close(gap, theirs, rtol=1e-3, atol=1e-2)


def test_noising_heads_agrees_with_the_sweep():
    bridge = small_model(2, mlps=True)
    clean, other = (torch.randint(11, (3, 5), generator=rng(s)) for s in (1, 2))
    logits = ioi.noise_heads(bridge, clean, other)
    metric = patching.logit(torch.tensor([1, 4, 7]))
    theirs = patching.Question(bridge, clean, other, metric, direction="noising").sweep("z").values
    torch.testing.assert_close(logits[..., torch.arange(3), torch.tensor([1, 4, 7])], theirs, rtol=1e-4, atol=1e-4)


def test_mean_ablation_by_template_agrees_with_a_circuits_run(model):
    """Keeping one head with the plain function, layer by layer, is what `Question.run` does in one."""
    clean = ioi.make_ioi_batch(model.tokenizer, 12, rng(), ioi.TEMPLATES[:2])
    other = ioi.corrupt(clean, "ABC", rng(1))
    metric = patching.logit_diff(clean.answer, clean.wrong, clean.positions["END"])
    ask = patching.Question(
        model, clean.tokens, metric=metric, ablation="mean", reference=other.tokens, groups=clean.template
    )
    _, reference = model.run_with_cache(other.tokens)
    keep = torch.zeros(*clean.tokens.shape, 4, dtype=torch.bool)
    keep[..., 2] = True

    def put(z, hook, layer):
        kept = keep if layer == 0 else torch.zeros_like(keep)
        return ioi.mean_ablate_except(z, reference["z", layer], kept, clean.template, other.template)

    hooks = [(f"blocks.{n}.attn.hook_z", lambda z, hook, n=n: put(z, hook, n)) for n in range(4)]
    logits = model.run_with_hooks(clean.tokens, fwd_hooks=hooks)
    ours = ioi.logit_diff(logits, clean.positions["END"], clean.answer, clean.wrong)
    theirs = ask.run(Circuit.nodes("0.2") | Circuit.mlps(model))
    torch.testing.assert_close(ours, theirs, rtol=1e-3, atol=1e-2)


def test_integrated_gradients_reach_the_exact_effect_of_a_single_head():
    from course_utils.ioi.exercises.gradients import Readout

    metric = Readout(rng(), 1, 3, 1.0)
    metric.value.data *= 2
    base, donor = torch.randn(4, 1, 3, generator=rng(1)), torch.randn(4, 1, 3, generator=rng(2))
    exact = (metric(donor) - metric(base)).mean()
    assert abs(float(ioi.integrated_gradients(metric, base, donor, 200)[0] - exact)) < 1e-3


@pytest.fixture(scope="module")
def shaped_like_gpt2():
    """Random weights in GPT-2 small's layout, 12 layers of 12 heads, read from a folder in its format."""
    made = gpt2(torch.float32, layers=12, scale=0.05, vocab_size=294, n_positions=48, n_embd=96, n_head=12)
    made.enable_compatibility_mode()
    return made.requires_grad_(False)


def test_the_measurements_run_on_a_folder_of_gpt2s_shape(model, shaped_like_gpt2):
    clean = ioi.make_ioi_batch(model.tokenizer, 6, rng())
    found = ioi.behaviour(shaped_like_gpt2, clean)
    assert 0.0 <= float(found.probability.mean()) < 0.2, "random weights do not know the answer"
    assert len(ioi.writes(shaped_like_gpt2, clean).parts) == 12 * 12 + 12
    ask = ioi.asked(shaped_like_gpt2, clean, "ABC", direction="noising")
    assert ask.path_patch(mlps="recomputed").values.shape == (12, 12, 6)
    assert ask.path_patch(receivers=["9.9.q", "10.0.q"]).values.shape == (12, 12, 6)


def test_what_a_repair_holds_apart_adds_up(model, clean):
    """Direct attributions and a constant are the difference in both runs; nothing is lost where nothing is taken."""
    abc = ioi.corrupt(clean, "ABC", rng(1)).tokens
    found = ioi.repair(model, clean, ["1.0", "1.2"], abc)
    constant = found.whole - sum(found.direct.values())
    torch.testing.assert_close(found.without - sum(found.direct_without.values()), constant, rtol=1e-3, atol=1e-2)
    written = ioi.writes(model, clean)
    for part in ("1.2", "m3"):
        i = written.parts.index(part)
        torch.testing.assert_close(found.direct[part], written.io[i] - written.s[i], rtol=1e-3, atol=1e-3)
    assert (found.lost_at_scale - found.lost).abs().max() > 0.5
    nothing = ioi.repair(model, clean, [], abc)
    assert nothing.lost.abs().max() == 0 and nothing.lost_at_scale.abs().max() < 1e-4
    by_heads, by_mlps = found.reacted("heads"), found.reacted("MLPs")
    assert (found.lost_direct - by_heads - by_mlps - found.lost_at_scale).abs().max() < 0.05
    remaining = ioi.Remaining(model, clean, abc)
    free, held = remaining(remaining.names - {"1.0", "1.2"})
    assert free == pytest.approx(float(found.without.mean()), abs=1e-3)
    assert held == pytest.approx(float((found.whole - found.lost_at_scale).mean()), abs=1e-2)
    assert remaining.incompleteness(remaining.names, [["1.0"], []]).abs().max() == 0
    bench = ioi.bench("ioi-natural", n=8, seed=3)
    some = ioi.make_ioi_batch(model.tokenizer, 8, rng(3))
    log_prob = ioi.Remaining(model, some, ioi.corrupt(some, "ABC", rng(3)).tokens,
                             read=lambda last: last.log_softmax(-1).gather(1, some.answer[:, None])[:, 0])  # fmt: skip
    (kept, _), (none, _), (whole, _) = log_prob.all([ioi.FOUND, (), log_prob.names])
    assert (kept - none) / (whole - none) == pytest.approx(bench.kept(ioi.FOUND), abs=1e-3)
    other = ioi.repair(model, clean, ["1.0", "1.2"], abc, ablation="resample")
    assert (other.without - found.without).abs().max() > 0.1
    assert found.entries()["lost"][0] == pytest.approx(float(found.lost.mean()), abs=1e-4)


def test_the_papers_rows_are_empty_without_weights_and_measured_with_them(model, shaped_like_gpt2, monkeypatch):
    empty = ioi.paper_rows(None)
    assert [row["paper"] for row in empty[:3]] == ["3.56", "0.993", "0.49"]
    assert all(row["measured"] == ioi.EMPTY for row in empty)
    monkeypatch.setattr(shaped_like_gpt2, "tokenizer", model.tokenizer, raising=False)
    measured = [float(row["measured"]) for row in ioi.paper_rows(shaped_like_gpt2, n=6)]
    assert len(measured) == len(ioi.ROWS)
    fits = [abs(value - row.paper) <= row.within for value, row in zip(measured, ioi.ROWS, strict=True)]
    assert not all(fits) and sum(fits) < 4, "random weights do not do what GPT-2 does"
    heads = [head for some, _ in ioi.CLASSES.values() for head in some]
    assert len(heads) == len(set(heads)) == 26
