"""Losses on code and their intervals; stored results, and the conclusions that the lesson draws from them."""


import matplotlib.pyplot as plt
import pytest
import torch

from course_utils import induction as ind
from course_utils import zoo
from course_utils.induction.code.results import PAIRS, ContextGain
from course_utils.induction.code.text import TextLosses, Windows, code_windows, losses_of, score_positions
from course_utils.induction.toys.formation import CONDITIONS
from course_utils.induction.toys.seeds import Spread
from course_utils.induction.toys.training import Recipe, Shape
from course_utils.intervals import bootstrap_weights, interval, mean_interval
from course_utils.python_text import modules, samples
from models.stored import formation as makers
from models.stored.induction import losses_of_last, pairs_seen
from models.stored.spread import measure

TRAININGS = ("accuracy", "icl", "prefix", "previous", "control")  # of a `Spread`: (record, seed)

@pytest.fixture(scope="module")
def model():
    return zoo.load("code-attn-2l", "cpu")


@pytest.fixture(scope="module")
def windows(model):
    return code_windows(model, [samples.read(name) for name in samples.names()[:4]])


def test_bootstrap_weights_are_shares_of_draws():
    weights = bootstrap_weights(7, draws=500)
    assert weights.shape == (500, 7) and torch.allclose(weights.sum(1), torch.ones(500, dtype=torch.float64))
    assert torch.allclose((weights * 7).round(), weights * 7)
    assert weights.mean().item() == pytest.approx(1 / 7) and torch.equal(weights, bootstrap_weights(7, draws=500))


def test_an_interval_of_a_mean_covers_it_about_as_often_as_it_says():
    g, hits = torch.Generator().manual_seed(0), 0
    for _ in range(300):
        mean, low, high = mean_interval(torch.randn(60, generator=g))
        hits += low < 0 < high
        assert low < mean < high
    assert 0.89 < hits / 300 < 0.99
    low, high = interval(torch.linspace(0, 1, 1001).double(), 0.9)
    assert low.item() == pytest.approx(0.05) and high.item() == pytest.approx(0.95)


def test_windows_start_with_the_starting_token_and_mark_names(model, windows):
    assert windows.tokens.shape == windows.repeated.shape == windows.new.shape == (len(windows), 256)
    assert (windows.tokens[:, 0] == 0).all() and not (windows.repeated & windows.new).any()
    assert windows.repeated.any() and windows.new.any() and not windows.repeated[:, :2].any()
    text = "".join(samples.read(name) for name in samples.names()[:4])
    row, place = windows.repeated.nonzero()[0].tolist()
    piece = model.tokenizer.decode(windows.tokens[row, place : place + 1])
    assert piece.strip() in text and len(windows[:1]) == 1


def test_losses_on_text_are_those_of_the_whole_run(model, windows):
    few = windows[:3]
    found = losses_of(model, few.tokens, batch=2)
    assert torch.allclose(found, ind.token_losses(model(few.tokens), few.tokens).detach(), atol=1e-4)
    losses = TextLosses.of(found, few)
    early, late = score_positions(256)
    assert (early, late) == (25, 250)
    assert torch.allclose(losses.late, found[:, 242:258][:, :16].mean(1)) and torch.allclose(losses.mean, found.mean(1))
    marked = [found[w, t - 1] for w, t in few.repeated.nonzero().tolist()]
    assert losses.estimate("repeated").item() == pytest.approx(sum(marked).item() / len(marked), rel=1e-5)
    assert losses.estimate("icl").item() == pytest.approx((losses.late - losses.early).mean().item(), abs=1e-6)
    assert losses.estimate("gain") == losses.estimate("new") - losses.estimate("repeated")
    with pytest.raises(ValueError, match="one of loss"):
        losses.estimate("accuracy")


def test_estimates_of_several_runs_are_the_runs_estimates():
    g = torch.Generator().manual_seed(0)
    tokens, flags = torch.zeros(9, 90, dtype=torch.long), torch.rand(9, 90, generator=g)
    windows = Windows(tokens, flags > 0.8, flags < 0.2, torch.arange(9) // 2)
    runs = [TextLosses.of(torch.rand(9, 89, generator=g), windows) for _ in range(3)]
    stack, weights = TextLosses.stacked(runs), bootstrap_weights(9, draws=20)
    for what in ("loss", "icl", "repeated", "new", "gain"):
        alone = torch.stack([run.estimate(what) for run in runs])
        assert torch.allclose(stack.estimate(what), alone)
        drawn = stack.estimate(what, weights)
        assert drawn.shape == (20, 3)
        for draw in (0, 13):
            assert torch.allclose(drawn[draw], stack.estimate(what, weights[draw : draw + 1])[0])
            assert torch.isclose(drawn[draw, 1], runs[1].estimate(what, weights)[draw])
    assert torch.allclose(stack[2].mean, runs[2].mean)
    even = torch.full((1, 9), 1 / 9, dtype=torch.float64)
    assert torch.allclose(stack.estimate("repeated", even)[0], stack.estimate("repeated"))


def test_the_share_that_remains_is_a_ratio_of_gains():
    width = torch.tensor([1, 4, 255])
    intact = torch.tensor([[4.0, 4.0], [3.0, 3.5], [2.0, 2.5]])
    half = torch.tensor([[4.0, 4.0], [3.0, 3.5], [2.5, 3.0]])
    loss = torch.stack([intact, half, half, intact, half])
    gain = ContextGain(width, loss, torch.tensor([0, 1]))
    assert gain.gain(4).tolist() == [1.0, 0.5, 0.5, 1.0, 0.5]
    assert gain.remaining("1.1", 4) == pytest.approx((0.5, 0.5, 0.5))
    assert gain.remaining("1.2", 1) == pytest.approx((1.0, 1.0, 1.0))
    with pytest.raises(ValueError, match="measured were 1, 4, 255"):
        gain.gain(3)
    plt.close(gain.plot({"1.1": "without it"}))


def test_windows_know_their_file_and_whole_files_are_resampled(windows):
    counts = windows.module.bincount()
    assert len(counts) == 4 and counts.min() > 0
    losses = TextLosses.of(torch.rand(len(windows), 255, generator=torch.Generator().manual_seed(0)), windows)
    weights = losses.weights()
    for number in range(4):
        each = weights[:, windows.module == number]
        assert torch.allclose(each, each[:, :1].expand_as(each))


def test_along_the_training_the_order_of_half_way_points_depends_on_the_end():
    found = ind.checkpoints()
    steps = found.step.tolist()
    assert steps == list(zoo.checkpoints("code-attn-2l")) and len(found.losses.repeated_count) == 739
    assert len(found.losses.module.unique()) == 29
    short, long = found.order(1000, 2000), found.order(1000, 4340)
    assert short["loss, new names"][0] < short["loss, repeated names"][0]  # the intervals overlap
    assert short["loss, new names"][2] < short["loss, all tokens"][1]
    assert long["loss, repeated names"][2] < long["loss, new names"][1]
    for order in (short, long):
        assert order["previous-token score of head 0.2"] < order["prefix matching of head 1.1"]
    new = found.losses.estimate("new")
    at = found.at(1000)
    slow = ind.half_way(found.step[at:].double(), new[at:])
    assert long["loss, new names"][0] == pytest.approx(slow.item(), abs=1e-3)
    with pytest.raises(ValueError, match="not at 1234"):
        found.at(1234)
    assert found.prefix[-1].argmax() == 5 and found.previous[-1].argmax() == 2  # heads 1.1 and 0.2
    plt.close(found.plot())


def test_one_layer_forms_with_smeared_keys_and_two_do_not_with_deaf_ones():
    found = ind.formation()
    assert found.seeds == 4 and found.step.tolist() == list(range(0, 601, 10))
    assert (found.final("one layer, smeared keys") > 0.95).all() and (found.final("two layers") > 0.95).all()
    assert found.final("one layer").max() < 0.5 and found.final("two layers, deaf keys").max() < 0.5
    assert found.change("two layers, deaf keys").isnan().all()
    spread = ind.spread().accuracy[:, :4]
    assert torch.allclose(found.accuracy[:, 2], spread, atol=0.02)


def test_the_maker_of_formation_puts_each_training_where_the_result_looks_for_it(monkeypatch):
    """Conditions and seeds are told apart by numbers in place of trainings."""
    names = list(CONDITIONS)
    monkeypatch.setattr(
        makers, "train_condition", lambda name, recipe, seed: torch.full((61,), 10.0 * names.index(name) + seed)
    )
    made = ind.Formation(**makers.make_formation())
    assert torch.equal(made.step, ind.formation().step) and made.accuracy.shape == ind.formation().accuracy.shape
    for place, name in enumerate(names):
        assert made.final(name).tolist() == [10.0 * place + seed for seed in range(4)]


@torch.no_grad()
def test_an_input_that_is_deaf_reads_nothing_of_the_first_layer():
    """What both layers write together, less what each writes alone, is what the second reads of the first."""

    def read(deaf):
        model, logits = makers.Altered(Shape(), Recipe(), 0, deaf=deaf), {}
        W_O, tokens = model.W_O.clone(), model.probe[None, :2]
        for scales in ((0, 0), (0, 1), (1, 0), (1, 1)):
            model.W_O.copy_(W_O * torch.tensor(scales)[None, :, None, None])
            logits[scales] = model.logits(tokens)
        return (logits[1, 1] - logits[0, 1] - logits[1, 0] + logits[0, 0]).abs().max()

    assert read("qkv") < 1e-4
    assert min(map(read, ("qv", "kv", "qk"))) > 1e-2  # keys, queries or values alone are read


def test_a_training_of_formation_made_again_is_the_stored_one():
    """Its first 80 steps: by then this condition alone has begun to succeed."""
    again = makers.train_condition("one layer, smeared keys", Recipe(steps=80), seed=1)
    kept = ind.formation().accuracy[:9, :, 1]
    place = list(CONDITIONS).index("one layer, smeared keys")
    assert (again - kept[:, place]).abs().max() < 0.02
    assert min((again - other).abs().max() for k, other in enumerate(kept.unbind(1)) if k != place) > 0.1


def test_the_maker_of_long_blocks_trains_on_long_blocks_and_tests_every_length(monkeypatch):
    monkeypatch.setattr(makers.Altered, "step", lambda model: stepped.append(model.recipe))
    stepped = []
    made = makers.make_long_blocks()["accuracy"]
    assert made.shape == ind.long_blocks().shape == (2, 24) and made.max() < 0.15  # nothing was learned
    assert {recipe.shortest for recipe in stepped} == {16} and len(stepped) == 2 * Recipe().steps
    assert ind.long_blocks().max() < 1 / 6 and ind.long_blocks()[:, 8:].mean() > 0.05


def test_trainings_of_spread_made_again_are_the_stored_ones():
    recipe = Recipe(steps=20)
    two, one = (ind.train(ind.Shape(n_layers=n), recipe, seeds=2, show=False) for n in (2, 1))
    made, kept = Spread(**measure(two, one)), ind.spread()
    for name in TRAININGS:
        assert torch.allclose(getattr(made, name), getattr(kept, name)[:3, :2], atol=0.02), name
    assert {k: v.shape[1:] for k, v in vars(made).items() if k not in TRAININGS} == {
        k: v.shape[1:] for k, v in vars(kept).items() if k not in TRAININGS
    }


def test_without_the_induction_head_a_name_seen_before_is_no_easier_than_a_new_one():
    found = ind.ablations()
    intact = found.row("intact")
    assert intact.estimate("gain") > 2
    for kind in ("mean", "zero"):
        cost = found.cost("gain", kind)
        assert all(cost[run][2] < -0.85 * intact.estimate("gain") for run in ("1.1", "0.2", "0.2 + 1.1"))
        assert all(abs(cost[run][0]) < 0.5 for run in ("1.0", "1.2", "1.3")) and cost["intact"] == (0, 0, 0)
        repeat = found.cost("repeat", kind)
        assert min(repeat["1.1"][1], repeat["0.2"][1]) > 4 and max(repeat[f"1.{h}"][2] for h in (0, 2, 3)) < 0.7
    score, loss = (found.cost(what, "zero")["1.2"] for what in ("icl", "loss"))
    assert score[2] < 0 < loss[1]  # the score says better, the loss says worse
    assert found.prefix[:, list(ind.RUNS).index("0.2")].max() < 0.01 < 0.6 < found.prefix[0, 0]


def test_losses_on_pairs_are_those_of_the_ablations_and_have_paired_intervals(model):
    found, whole = ind.pair_losses(), ind.ablations()
    assert found.cost("intact", "known") == (0, 0, 0)
    count = found.count.sum(-1)
    assert torch.equal(found.count.sum(0), torch.full((len(found.module),), model.cfg.n_ctx - 1.0))
    for run in ("1.1", "0.2", "1.2"):
        (known, low, high), (unknown, *_) = (found.cost(run, kind) for kind in PAIRS)
        assert low < known < high
        both = (known * count[0] + unknown * count[1]).item() / count.sum().item()
        assert both == pytest.approx(whole.cost("loss")[run][0], abs=0.05)  # a quarter of the windows


def test_a_pair_is_known_where_it_has_stood_before():
    tokens = torch.tensor([[0, 5, 6, 7, 5, 6, 6, 6, 6], [0, 6, 5, 6, 5, 5, 5, 1, 5]])
    known = pairs_seen(tokens)
    assert known[0].nonzero()[:, 0].tolist() == [5, 7, 8] and known[1].nonzero()[:, 0].tolist() == [4, 6]


def test_a_loss_on_pairs_is_a_mean_over_their_tokens():
    total = torch.tensor([[[4.0, 2.0], [9.0, 3.0]]]).expand(len(ind.PAIR_RUNS), -1, -1)
    found = ind.PairLosses(total, torch.tensor([[2.0, 1.0], [2.0, 2.0]]), torch.tensor([0, 1]))
    assert [found.loss(kind)[0].item() for kind in PAIRS] == [2, 3]


def test_the_four_heads_are_the_best_of_four_and_a_set_made_again_is_the_stored_one(model):
    found = ind.head_sets()
    sizes = [found.of_size(n) for n in range(9)]
    assert [len(rows) for rows in sizes] == [1, 8, 28, 56, 70, 56, 28, 8, 1] and set(*sizes[8].values()) == {1}
    (first, shares), (_, second) = list(sizes[4].items())[:2]
    assert first == ((0, 0), (0, 2), (0, 3), (1, 1)) and min(shares) > 0.9 and max(second) < 0.5
    drawn = ind.repeated_tokens(model.cfg.d_vocab, 64, 60, generator=torch.Generator().manual_seed(1))
    blocks, reference = drawn.split([16, 48])
    rest = [(0, 1), (1, 0), (1, 2), (1, 3)]
    again = ind.repeat_gain(model, blocks, 60, rest, reference).mean() / ind.repeat_gain(model, blocks, 60).mean()
    assert again.item() == pytest.approx(shares[1], abs=1e-3)


def test_an_invented_name_returns_in_the_same_parts_and_is_worth_its_loss(model):
    programs = ind.invented(model, 4, seed=3)
    assert programs.names == ind.invented(model, 4, seed=3).names != ind.invented(model, 4, seed=4).names
    for row, first, second, name in zip(programs.tokens, programs.first, programs.second, programs.names, strict=True):
        assert row[first].tolist() == row[second].tolist() and len(first) >= 3
        assert name.endswith(model.tokenizer.decode(row[first])) and row[0] == 0
    reference = ind.repeated_tokens(model.cfg.d_vocab, 3, 60)
    gain = ind.name_gain(model, programs)
    text = programs.tokens[2, : programs.second[2][-1] + 1]  # without what it is filled up with
    loss = ind.token_losses(model(text[None]), text[None])[0]
    alone = loss[[k - 1 for k in programs.first[2]]].mean() - loss[[k - 1 for k in programs.second[2]]].mean()
    assert torch.isclose(gain[2], alone, atol=1e-4)
    assert ind.name_gain(model, programs, [(1, 1)], reference).mean() < gain.mean() / 4


def test_what_far_context_gives_goes_through_the_induction_head():
    found = ind.context_gain()
    assert found.gain(32)[0] > 0.4
    share, low, high = found.remaining("1.1", 32)
    assert abs(share) < 0.05 and -0.1 < low < high < 0.1
    shares = [found.remaining("1.1", beyond)[0] for beyond in (4, 8, 16, 32)]
    assert shares == sorted(shares, reverse=True) and 0.2 < shares[0] < 0.4
    assert all(found.remaining("1.2", beyond)[1] > 0.9 for beyond in (4, 8, 16, 32))


def test_the_context_of_six_windows_measured_again_is_the_stored_one(model):
    """Eight tokens after BOS, and all of the window, before each of four late tokens."""
    tokens = code_windows(model, [modules.read_module(modules.held_out_modules()[0])]).tokens[:6]
    found, late = ind.context_gain(), (240, 244, 248, 252)
    short = torch.stack([torch.cat([torch.tensor([0]), row[at - 8 : at + 1]]) for row in tokens for at in late])
    near = losses_of_last(model, short, []).view(6, 4).mean(1)
    whole = losses_of(model, tokens)[:, [at - 1 for at in late]].mean(1)
    assert found.width[3] == 8 and (found.loss[0, 3, :6] - near).abs().max() < 4e-3  # stored in half precision
    assert (found.loss[0, -1, :6] - whole).abs().max() < 4e-3


def test_the_stored_trainings_are_those_of_the_live_trainer():
    live = ind.train(recipe=ind.Recipe(steps=20), seeds=2, first_seed=5, device="cpu", show=False).curves
    found = ind.spread()
    assert torch.equal(found.step[:3], live.step) and torch.allclose(found.icl[:3, 5:7], live.icl, atol=0.02)
    assert torch.allclose(found.prefix[:3, 5:7], live.best_prefix(), atol=2e-3)


def test_the_change_comes_in_every_seed_and_in_no_one_layer_model():
    found = ind.spread()
    change = found.change()
    assert len(change) == 32 and not change.isnan().any() and (found.accuracy[-1] > 0.95).all()
    assert (found.control < 0.5).all() and found.control.shape[1] == 8
    assert (found.duration() < change).all()
    assert 180 < change.min() < change.max() < 240 and change.std() < 15
    queries, keys, values = (-found.patched).unbind(1)
    assert (keys > 100 * torch.stack([queries, values]).abs().amax(0)).all()
    assert (found.final_prefix > 0.5).all() and (found.copying > 0.99).all()
    chance = 64**-0.5
    q, k, v = found.composition.mT
    assert k.min() > chance > max(q.max(), v.max()) and (found.unrelated.mean(0) - chance).abs().max() < 0.01
