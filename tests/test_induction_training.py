"""The trainer against slow twins; that seeds never touch each other; and the change that the lesson shows."""

import pytest
import torch
import torch.nn.functional as F

from course_utils import induction as ind
from course_utils.induction.toys import training
from course_utils.induction.toys.curves import crossing
from course_utils.progress_bar import Progress

CPU = torch.device("cpu")
SMALL = ind.Shape(n_heads=2, d_model=16, d_head=8, d_vocab=20, n_ctx=25)
SHORT = ind.Recipe(steps=12, batch=8, shortest=3, longest=12, every=4, probes=4, probe_length=6)


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_the_fast_forward_pass_is_the_plain_one(layers):
    shape = ind.Shape(**{**vars(SMALL), "n_layers": layers})
    stack = training._Stack(shape, SHORT, [3, 8], CPU)
    tokens = torch.randint(20, (2, 5, 25), generator=torch.Generator().manual_seed(0))
    slow = ind.run(stack.weights(), tokens).logits
    assert torch.allclose(stack.logits(tokens), slow, atol=1e-5)


def test_ten_steps_of_a_stack_are_ten_steps_of_each_model_alone_by_autograd():
    stack = training._Stack(SMALL, SHORT, [0, 5], CPU)
    twins = [{name: value.clone().requires_grad_() for name, value in vars(stack.weights()[s]).items()} for s in (0, 1)]
    optimizers = [torch.optim.Adam(list(twin.values()), lr=SHORT.lr) for twin in twins]
    twin_draws = [torch.Generator() for _ in twins]
    for mine, theirs in zip(twin_draws, stack.generators, strict=True):
        mine.set_state(theirs.get_state())
    for _ in range(10):
        stack.step()
        for twin, optimizer, draw in zip(twins, optimizers, twin_draws, strict=True):
            tokens = ind.repeating(SHORT, SMALL, draw)
            logits = ind.run(ind.Weights(**twin), tokens).logits
            optimizer.zero_grad()
            F.cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten()).backward()
            optimizer.step()
    for s, twin in enumerate(twins):
        for name, value in vars(stack.weights()[s]).items():
            assert torch.allclose(value, twin[name], atol=2e-4), name


def test_seeds_together_and_one_after_the_other_are_the_same_curves():
    runs = [
        ind.train(SMALL, SHORT, seeds=4, first_seed=4, together=together, device="cpu", show=False)
        for together in (True, False, None)
    ]
    for other in runs[1:]:
        for part in ("curves", "weights"):
            ours, theirs = vars(getattr(runs[0], part)), vars(getattr(other, part))
            for name, value in ours.items():
                assert torch.allclose(value, theirs[name], atol=1e-4), name


def test_a_seed_is_the_same_model_beside_any_others():
    alone = ind.train(SMALL, SHORT, seeds=1, first_seed=6, device="cpu", show=False)
    among = ind.train(SMALL, SHORT, seeds=3, first_seed=5, device="cpu", show=False)
    assert torch.allclose(alone.weights[0].W_E, among.weights[1].W_E, atol=1e-4)
    assert not torch.allclose(alone.weights[0].W_E, among.weights[0].W_E, atol=1e-2)


def test_training_rows_repeat_with_a_period_of_their_own():
    shape, recipe = ind.Shape(), ind.Recipe(batch=400)
    tokens = ind.repeating(recipe, shape, torch.Generator().manual_seed(0))
    assert tokens.shape == (400, shape.n_ctx) and (tokens[:, 0] == 0).all() and (tokens[:, 1:] > 0).all()
    periods = []
    for row in tokens[:, 1:].tolist():
        period = row.index(row[0], 1)
        periods.append(period)
        assert len(set(row)) == period and all(row[i] == row[i - period] for i in range(period, len(row)))
    assert set(periods) == set(range(recipe.shortest, recipe.longest + 1))
    fixed = ind.repeating(ind.Recipe(shortest=9, longest=9), shape, torch.Generator().manual_seed(0))
    assert (fixed[:, 1:-9] == fixed[:, 10:]).all()


def test_measurements_are_those_of_the_measures():
    trained = ind.train(SMALL, SHORT, seeds=2, device="cpu", show=False)
    curves, length = trained.curves, SHORT.probe_length
    assert curves.step.tolist() == [0, 4, 8, 12] and curves.loss.shape == (4, 2)
    tokens = ind.repeated_tokens(20, 4, length, distinct=True, generator=torch.Generator().manual_seed(7))
    for seed in range(2):
        done = ind.run(trained.weights[seed], tokens)
        losses = ind.token_losses(done.logits, tokens)
        assert torch.isclose(curves.loss[-1, seed], losses[:, length + 1 :].mean(), atol=1e-5)
        assert torch.isclose(curves.loss_first[-1, seed], losses[:, :length].mean(), atol=1e-5)
        assert torch.isclose(curves.icl[-1, seed], (losses[:, 9] - losses[:, 3]).mean(), atol=1e-5)
        assert torch.allclose(curves.prefix[-1, seed], ind.prefix_matching_score(done.pattern, length), atol=1e-5)
        assert torch.allclose(curves.previous[-1, seed], ind.previous_token_score(done.pattern), atol=1e-5)
        assert curves.best_prefix()[-1, seed] == curves.prefix[-1, seed].max()


def test_a_crossing_lies_between_its_records_or_is_nan():
    x = torch.tensor([0.0, 10.0, 20.0, 30.0])
    assert crossing(x, torch.tensor([0.0, 0.2, 0.6, 0.4]), 0.5).item() == pytest.approx(17.5)
    assert crossing(x, torch.tensor([0.7, 0.2, 0.6, 0.4]), 0.5).item() == 0
    assert crossing(x, torch.zeros(4), 0.5).isnan()


@pytest.mark.parametrize("together", [True, False])
def test_an_interrupted_training_keeps_what_every_seed_has_reached(monkeypatch, together):
    class Impatient(Progress):
        def __iter__(self):
            for step in super().__iter__():
                if step == 7:
                    raise KeyboardInterrupt
                yield step

    monkeypatch.setattr(training, "Progress", Impatient)
    trained = ind.train(SMALL, SHORT, seeds=2, together=together, device="cpu", show=False)
    assert trained.interrupted and trained.weights.stack == (2,)
    assert trained.curves.step.tolist() == [0, 4]
    assert all(len(value) == len(trained.curves.step) for value in vars(trained.curves).values())


def test_blocks_that_cannot_be_drawn_or_repeated_are_refused():
    for wrong in (ind.Recipe(longest=20), ind.Recipe(shortest=3, longest=12, probe_length=13)):
        with pytest.raises(ValueError, match="fit into the context twice"):
            ind.train(SMALL, wrong, device="cpu", show=False)


@pytest.mark.slow
def test_the_change_comes_with_two_layers_and_not_with_one():
    recipe = ind.Recipe(steps=450, every=25)
    two = ind.train(ind.Shape(), recipe, seeds=1, device="cpu", show=False).curves
    one = ind.train(ind.Shape(n_layers=1), recipe, seeds=1, device="cpu", show=False).curves
    assert two.accuracy[-1] > 0.8 and two.best_prefix()[-1] > 0.7 and 100 < two.change() < 350
    assert one.accuracy.max() < 0.5 and one.best_prefix().max() < 0.2 and one.change().isnan().all()
    assert two.icl[-1] < -3 < one.icl[-1] and (two.loss_first[-1] - torch.tensor(63.0).log()).abs() < 0.3
