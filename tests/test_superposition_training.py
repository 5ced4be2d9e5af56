"""The trainer against slow, obvious twins: same draws, same gradients, same weights; and what it does when stopped."""

import pytest
import torch

from course_utils import superposition as sp
from course_utils.progress_bar import Progress
from course_utils.superposition import training

CPU = torch.device("cpu")


def toy(pairs="independent"):
    return sp.Toy(6, 3, (0.5, 0.3, 0.1), importance=0.9 ** torch.arange(6), pairs=pairs)


def slow_step(W, b, x, importance, moments, step, lr=1e-3, betas=(0.9, 0.999)):
    """One model, autograd, Adam as in its paper."""
    W, b = W.clone().requires_grad_(), b.clone().requires_grad_()
    total = 0.0
    for sample in x:
        x_hat = torch.relu(W.T @ (W @ sample) + b)
        total = total + (importance * (sample - x_hat) ** 2).sum() / len(x)
    gradients = torch.autograd.grad(total, (W, b))
    updated = []
    for value, g, (m, v) in zip((W, b), gradients, moments, strict=True):
        m.mul_(betas[0]).add_((1 - betas[0]) * g)
        v.mul_(betas[1]).add_((1 - betas[1]) * g**2)
        root = (v / (1 - betas[1] ** step)).sqrt() + 1e-8
        updated.append(value.detach() - lr * (m / (1 - betas[0] ** step)) / root)
    return updated, gradients, float(total.detach())


def batches(monkeypatch):
    """Keep every batch that the trainer draws."""
    kept, inputs = [], training._inputs

    def spy(*args, **kwargs):
        kept.append(inputs(*args, **kwargs))
        return kept[-1]

    monkeypatch.setattr(training, "_inputs", spy)
    return kept


@pytest.mark.parametrize("pairs", ["independent", "correlated", "anticorrelated"])
def test_ten_steps_of_the_stack_are_ten_steps_of_its_slow_twin(monkeypatch, pairs):
    kept = batches(monkeypatch)
    stack = training._Stack(toy(pairs), sp.Recipe(batch=16), 2, 0, CPU)
    stack.b.data.normal_(0, 0.1, generator=torch.Generator().manual_seed(0))
    W, b = (value.clone() for value in stack.weights())
    moments = [
        [(torch.zeros_like(W[k]), torch.zeros_like(W[k])), (torch.zeros_like(b[k]), torch.zeros_like(b[k]))]
        for k in range(6)
    ]
    for step in range(1, 11):
        found = stack.step(step - 1, want_loss=True)
        x = kept[-1].flatten(0, 1)
        for k in range(6):
            (W[k], b[k]), _, total = slow_step(W[k], b[k], x[k], stack.toy.importance[k % 3], moments[k], step)
            assert found[k].item() == pytest.approx(total, rel=1e-4)
    fast = stack.weights()
    assert torch.allclose(fast[0], W, atol=2e-5) and torch.allclose(fast[1], b, atol=2e-5)


@pytest.mark.parametrize("room", [1, 400, 10**6])
def test_the_size_of_the_chunks_changes_nothing(monkeypatch, room):
    recipe = sp.Recipe(steps=20, batch=32, lr=0.01, anneal=True)
    whole = sp.train(toy(), recipe, seeds=3, device="cpu", show=False)
    monkeypatch.setattr(training, "_CPU_CHUNK", room)
    parts = sp.train(toy(), recipe, seeds=3, device="cpu", show=False)
    assert torch.allclose(whole.W, parts.W, atol=1e-5) and torch.allclose(whole.history, parts.history, rtol=1e-3)


def test_the_shared_draw_has_the_distribution_of_independent_ones():
    p = torch.tensor([[0.5, 0.5], [0.1, 0.9]])
    u = torch.rand(1, 1, 200_000, 2, generator=torch.Generator().manual_seed(0))
    fast = training._inputs(u, p[:, None], "independent")[0]
    slow = sp.generate_batch(p, 200_000, torch.Generator().manual_seed(1))
    for moment in (lambda x: (x > 0).float(), lambda x: x, lambda x: x**2):
        assert torch.allclose(moment(fast).mean(1), moment(slow).mean(1), atol=0.006)
    assert (fast > 0).all(-1).float().mean(1).tolist() == pytest.approx([0.25, 0.09], abs=0.005)


def test_seeds_draw_anew_and_instances_of_a_seed_share(monkeypatch):
    kept = batches(monkeypatch)
    training._Stack(toy(), sp.Recipe(batch=2000), 2, 0, CPU).step(0)
    x = kept[0]  # (seed, instance, batch, feature)
    sparse_too = x[0, 1] > 0
    assert (x[0, 0][sparse_too] > 0).all()  # what is active at p = 0.3 is active at p = 0.5 in the same seed
    assert not (x[1, 0][sparse_too] > 0).all()


@pytest.mark.parametrize("size", [40_000])
def test_pairs_come_together_or_never(size):
    rng = torch.Generator().manual_seed(0)
    for pairs, both in (("independent", 0.04), ("correlated", 0.2), ("anticorrelated", 0.0)):
        x = sp.Toy(4, 2, (0.2,), pairs=pairs).batch(size, rng)[0]
        active = x > 0
        assert active.float().mean(0).tolist() == pytest.approx([0.2] * 4, abs=0.01)
        assert (active[:, 0] & active[:, 1]).float().mean().item() == pytest.approx(both, abs=0.006)
        assert (active[:, 1] & active[:, 2]).float().mean().item() == pytest.approx(0.04, abs=0.006)
        assert x[active].mean().item() == pytest.approx(0.5, abs=0.01)
    x = sp.Toy(2, 1, (0.5,), pairs="correlated").batch(size, rng)[0]
    x = x[(x > 0).all(1)]
    assert abs(torch.corrcoef(x.T)[0, 1].item()) < 0.03  # together, but each of its own size


def test_a_seed_is_the_same_whichever_company_it_keeps():
    recipe = sp.Recipe(steps=15, batch=32)
    together = sp.train(toy(), recipe, seeds=3, device="cpu", show=False)
    alone = sp.train(toy(), recipe, first_seed=2, device="cpu", show=False)
    assert torch.allclose(together.W[2], alone.W[0], atol=1e-6)
    assert not torch.allclose(together.W[0], together.W[1], atol=1e-2)


def test_training_lowers_the_loss_and_best_takes_the_lowest():
    result = sp.train(toy(), sp.Recipe(steps=200, batch=128, lr=0.02), seeds=4, device="cpu", show=False)
    assert result.W.shape == (4, 3, 3, 6) and result.b.shape == (4, 3, 6) and not result.interrupted
    assert (result.history[-1].mean(0) < 0.7 * result.history[0].mean(0)).all()
    assert len(result.recorded) == len(result.history) and result.steps == 200
    best = result.best()
    assert torch.equal(best.final_loss[0], result.final_loss.min(0).values) and best.seeds == 1
    for i in range(3):
        assert torch.equal(best.W[0, i], result.W[result.final_loss[:, i].argmin(), i])
    assert torch.allclose(sp.evaluate(result.toy, best.W, best.b), best.final_loss)


def test_an_interrupt_leaves_a_usable_result(monkeypatch):
    step = training._Stack.step

    def stopped(self, number, want_loss=False):
        if number == 7:
            raise KeyboardInterrupt
        return step(self, number, want_loss)

    monkeypatch.setattr(training._Stack, "step", stopped)
    result = sp.train(toy(), sp.Recipe(steps=100, batch=32, records=100), device="cpu", show=False)
    assert result.interrupted and result.steps == 7 and len(result.history) == 7
    assert result.W.isfinite().all() and result.final_loss.isfinite().all()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (dict(probability=(0.5, 0.0)), "every probability"),
        (dict(probability=(1.5,)), "every probability"),
        (dict(pairs="sometimes"), "independent, correlated or anticorrelated"),
        (dict(features=5, pairs="correlated"), "even number"),
        (dict(probability=(0.7,), pairs="anticorrelated"), "more than half"),
    ],
)
def test_impossible_toys_are_refused_in_a_sentence(wrong, said):
    with pytest.raises(ValueError, match=said):
        sp.Toy(**{"features": 4, "hidden": 2, "probability": (0.2,)} | wrong)


def test_progress_counts_what_was_done_also_when_left_early():
    progress = Progress(5, "counting", show=False)
    assert list(progress) == [0, 1, 2, 3, 4] and progress.done == 5
    progress = Progress(5, "counting", show=False)
    for step in progress:
        if step == 2:
            break
    assert progress.done == 2 and "stopped at 2 of 5" in progress.sentence()
