"""Experiments, stored results, sealed models, the widget and the figure style."""

import base64
import itertools

import matplotlib.pyplot as plt
import pytest
import torch

from course_utils import plots
from course_utils import superposition as sp
from course_utils.superposition import computation, experiments
from models.stored import superposition as recipes


def test_shapes_are_counted_over_seeds_and_the_best_is_drawn():
    toy = sp.Toy(5, 2, (0.3, 0.05))
    shapes = sp.Shapes.of(
        sp.train(toy, sp.Recipe(steps=300, batch=128, lr=0.05, anneal=True), seeds=6, device="cpu", show=False)
    )
    assert sum(shapes.counts(0).values()) == sum(shapes.counts(1).values()) == 6
    assert shapes.best_readings()[1].polygon == 5
    plt.close(shapes.plot())


def test_a_phase_is_read_off_two_weights():
    W = torch.tensor([[[1.0, -1.0]], [[0.9, 0.1]], [[0.0, -1.2]], [[0.6, 0.6]]])
    assert sp.read_phase(W).tolist() == [2, 0, 1, 2]


def test_the_phase_diagram_scores_agreement():
    predicted = torch.tensor([[0, 0], [2, 2]])
    measured = torch.tensor([[0, 1], [0, 2]])  # at p = r = 1 it is the same which of two equal features is kept
    diagram = sp.PhaseDiagram(torch.tensor([1.0, 0.1]), torch.tensor([0.5, 1.0]), measured[None], measured, predicted)
    assert diagram.agreement() == 0.75
    fig = diagram.plot()
    circled = [line.get_xydata().tolist() for line in fig.axes[0].lines if line.get_fillstyle() == "none"]
    assert circled == [[[1, 0]]]
    plt.close(fig)
    start = torch.tensor([[[1.0, 1.0]], [[1.0, -1.0]], [[-1.0, -1.0]], [[1.0, -1.0]]])[None]
    failed = diagram.failures_by_start(start)  # a pair is predicted at the third and the fourth point
    assert failed == {"same sign": 1, "opposite signs": 0}


def test_a_crossing_is_found_between_grid_points_and_its_absence_said():
    p = torch.tensor([0.1, 0.2, 0.3, 0.4])
    assert sp.crossing_density(p, torch.tensor([2.0, 2.0, 1.0, 1.0]), 1.5).item() == pytest.approx(0.25)
    assert sp.crossing_density(p.flip(0), torch.tensor([1.0, 1.0, 2.0, 2.0]), 1.5).item() == pytest.approx(0.25)
    for flat in (torch.ones(4), torch.full((4,), 2.0)):
        with pytest.raises(ValueError, match="does not cross"):
            sp.crossing_density(p, flat, 1.5)


def test_pairs_are_measured_within_and_not_across():
    W = torch.tensor([[1.0, -1.0, 0.0, 0.0], [0.0, 0.0, 2.0, 2.0]])
    assert experiments._within(W).tolist() == [-1.0, 1.0]


def test_hand_made_weights_compute_the_absolute_value_and_the_linear_null_cannot():
    x = computation.signed_batch(torch.rand(500, 1), torch.tensor([[0.5]]))
    W_in, W_out, b = torch.tensor([[1.0], [-1.0]]), torch.tensor([[1.0, 1.0]]), torch.zeros(1)
    assert torch.allclose(computation.abs_forward(x, W_in, W_out, b), x.abs())
    assert (computation.abs_forward(x, W_in, W_out, b, linear=True) == 0).all()
    assert set(torch.sign(x).unique().tolist()) == {-1.0, 0.0, 1.0} and x.abs().max() <= 1


def test_networks_learn_the_absolute_value_where_there_are_neurons_enough():
    nets = sp.train_abs(2, 6, (0.5,), seeds=4, steps=400, batch=128, lr=0.02, show=False)
    assert nets.computed().max() == 2
    null = sp.train_abs(2, 6, (0.5,), seeds=2, steps=200, batch=128, lr=0.02, linear=True, show=False)
    assert null.computed().max() == 0
    plt.close(nets.plot(null))


def test_sealed_models_are_what_they_say():
    seen = set()
    for seed in range(8):
        model = sp.sealed(seed)
        n, groups = model.W.shape[1], model.reveal()
        unit = sp.directions(model.W)
        cosine, length = unit.mT @ unit, sp.column_norms(model.W)
        assert {i for i in range(n) if length[i] < 0.3} == groups.dropped
        for a, b in groups.pairs:
            assert a < b and cosine[a, b] < -0.97
        members = sorted(groups.pentagon)
        assert len(members) in (0, 5)
        if members:
            inside = cosine[members][:, members]
            assert sorted(inside[0].tolist()) == pytest.approx([-0.81, -0.81, 0.31, 0.31, 1.0], abs=0.1)
        assert sp.group_agreement(groups, groups, n) == 1.0
        assert sp.group_agreement(sp.Groups(frozenset(), frozenset(), frozenset()), groups, n) < 0.5
        seen.add(groups)
    assert len(seen) >= 7 and sp.sealed(3).W is sp.sealed(3).W


def test_stored_results_obey_the_theorem_and_come_from_their_recipes():
    sweep = sp.density_sweep()
    assert torch.allclose(sweep.probability, sp.canonical().probability[:, 0])
    D = sweep.dimensionality
    assert (D >= 0).all() and (D <= 1.001).all() and (D.sum(-1) <= 20 * 1.001).all()
    few = sp.train(
        sp.Toy(10, 5, tuple(sp.critical().probability.tolist())), recipes.CRITICAL, seeds=2, device="cpu", show=False
    )
    assert torch.allclose(sp.CriticalDensity.of(few).crossing, sp.critical().crossing[:2], atol=0.03)
    assert sp.plane().W.shape == (8, 5, 2, 5)


def test_the_sliders_change_the_picture():
    box = sp.explore()
    density, decay, picture = box.children[0], box.children[1], box.children[-1]
    before = picture.value
    assert 'alt="columns of W' in before and "pentagon" in before
    density.value = 2
    assert picture.value != before and "square" in picture.value
    again = picture.value
    decay.value = 4
    assert picture.value != again


def test_a_pentagon_set_by_hand_is_drawn_with_its_loss():
    box = sp.try_pentagon(0.02)
    length, bias, picture = box.children
    assert "loses 20.4 %" in picture.value  # arrows of length 1, no bias
    length.value, bias.value = 1.15, -0.27
    assert "loses 7.1 %" in picture.value


def test_every_figure_is_displayed_with_its_line_of_alt_text(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, **how: shown.append((data, how)))
    fig, ax = plots.figure()
    ax.plot([0, 1])
    plots.show(fig, "A rising line.")
    data, how = shown[0]
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG") and "A rising line." in data["text/plain"]
    assert how["metadata"]["image/png"]["alt"] == "A rising line." and not plt.fignum_exists(fig.number)
    for bad in ("", "  ", "two\nlines"):
        with pytest.raises(ValueError, match="one non-empty line"):
            plots.show(fig, bad)


def test_a_figure_gives_the_same_bytes_every_time():
    def draw():
        fig, ax = plots.figure()
        plots.arrows(ax, torch.tensor([[1.0, 0.0], [0.0, 1.0]]))
        plt.close(fig)
        return plots.png(fig)

    assert draw() == draw()


def test_cosines_of_random_directions_are_their_own_null_and_a_shared_direction_is_seen():
    W = torch.randn(64, 3000, generator=torch.Generator().manual_seed(0))
    cosines = sp.Cosines.of(W)
    for sample in (cosines.raw, cosines.centred, cosines.random):
        assert sample.std().item() == pytest.approx(1 / 8, rel=0.03) and abs(sample.mean().item()) < 0.005
    shifted = sp.Cosines.of(W + torch.randn(64, 1, generator=torch.Generator().manual_seed(1)))
    assert shifted.raw.mean() > 0.3 and abs(shifted.centred.mean().item()) < 0.01
    assert "64 dimensions" in str(shifted)
    plt.close(shifted.plot("shifted"))


@pytest.mark.slow
def test_the_gpt2_cell_of_the_lesson_runs_on_a_local_folder_in_that_format(tmp_path):
    from transformers import GPT2Config, GPT2LMHeadModel

    from course_utils import zoo

    torch.manual_seed(0)
    config = GPT2Config(vocab_size=300, n_positions=16, n_embd=32, n_layer=1, n_head=2)
    GPT2LMHeadModel(config).save_pretrained(tmp_path / "tiny")
    assert zoo.cached(str(tmp_path / "tiny"))
    cosines = sp.Cosines.of(zoo.load(str(tmp_path / "tiny"), device="cpu").W_U)
    assert (cosines.d, cosines.n) == (32, 300)
    assert cosines.random.std().item() == pytest.approx(32**-0.5, rel=0.03)
    assert cosines.raw.std().item() == pytest.approx(32**-0.5, rel=0.1)  # untrained: as random as the null


def test_the_interval_of_the_mean_covers_as_often_as_it_promises_and_is_no_interval_of_single_runs():
    """Drawing runs from the stored 256: 95 % of the intervals cover their mean."""
    critical, generator, covered = sp.critical(), torch.Generator().manual_seed(0), 0
    for _ in range(2000):
        drawn = critical.crossing[torch.randint(len(critical.crossing), (16,), generator=generator)]
        _, low, high = sp.CriticalDensity(critical.probability, critical.crowding, drawn).mean_interval()
        covered += low <= critical.mean <= high
    assert 0.93 < covered / 2000 < 0.97
    mean, low, high = critical.mean_interval()
    assert mean == critical.mean and (high - low) / 2 == pytest.approx(1.97 * critical.spread / 16, rel=0.01)
    assert not low <= 4 / 7 <= high


def test_another_level_is_another_crossing_of_the_same_runs():
    critical = sp.critical()
    assert torch.allclose(critical.at(1.5).crossing, critical.crossing, atol=1e-5)
    means = [critical.at(level).mean for level in sp.LEVELS]
    assert means == sorted(means, reverse=True) and 1.5 not in sp.LEVELS
    apart = [a - b for a, b in itertools.pairwise(means)]
    assert min(apart) > 0.01 and {sp.own_level(seed) for seed in range(6)} == set(sp.LEVELS)


def test_neurons_are_counted_by_their_large_weights():
    toy = sp.Toy(3, 2, (0.5,))
    W = torch.tensor([[1.0, 0.2, 0.0], [0.5, -0.5, 0.2]])[None, None]
    found = sp.Neurons(toy, W, torch.zeros(1, 1), torch.tensor([[[0.1, 0.3, 0.9]]]), linear=False)
    assert found.answers_to().tolist() == [[[1, 3]]] and found.kept().tolist() == [[1]]
    assert found.best(0)[0, 0] == 1.0


def test_a_relu_on_the_hidden_layer_is_there_or_is_not(monkeypatch):
    toy, recipe = sp.Toy(2, 2, (1.0,)), sp.Recipe(steps=300, batch=64, lr=0.05)
    for linear in (False, True):
        model = sp.train_neurons(toy, recipe, seeds=3, linear=linear, show=False)
        assert model.W.shape == (3, 1, 2, 2) and (model.unexplained.amin(0) < 0.25).all() and model.linear is linear
    fig = sp.neurons_figure({"best": model.best(0)})
    counts = (model.best(0).abs() >= model.best(0).abs().amax(1, keepdim=True) / 4).sum(1)
    assert [text.get_text() for text in fig.axes[0].texts] == [*(str(int(count)) for count in counts), "dots"]
    plt.close("all")


def test_a_box_is_drawn_around_each_block_and_every_row_has_its_feature():
    W = torch.tensor([[1.0, -1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.1]])  # a pair, a feature alone, one that is dropped
    fig = sp.blocks_figure({"three": W, "a pair": W[:, :2]})
    three, pair = fig.axes
    assert [(box.get_y(), box.get_height()) for box in three.patches] == [(-0.5, 1), (0.5, 2)]
    assert [text.get_text() for text in three.get_yticklabels()] == ["2", "0", "1"]
    assert three.get_xlim() == pair.get_xlim() and len(pair.patches) == 1  # the cells of both are equally large
    plt.close(fig)


def test_tokens_are_measured_with_the_columns_of_what_is_known_without_weights():
    class Model:
        W_U = torch.randn(64, 3000, generator=torch.Generator().manual_seed(0))

    known, measured = sp.token_sizes(3000, 64), sp.token_cosines(Model())
    assert list(known) == list(measured) and known["as they are"] is None
    assert measured["centred"] == pytest.approx(1 / 8, rel=0.03) and measured["least possible"] < 1 / 8


def test_a_task_is_solved_by_its_best_polygon_and_not_by_the_plain_one():
    tasks = [sp.task(seed) for seed in range(5)]
    assert len(set(tasks)) == 5 and sp.task(5) == tasks[0]
    for task in tasks:
        W, b = task.best()
        assert task.loss(W, b) < 0.6 * task.loss(*task.plain()) and b.max() < 0
        for other in (task.loss(1.05 * W, b), task.loss(W, 1.1 * b), task.loss(W, 0.9 * b)):
            assert other > task.loss(W, b)
