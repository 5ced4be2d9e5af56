"""What the graders of lesson 5 say to people: right ways to write an answer, likely mistakes, and lazy guesses."""

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from course_utils import probing
from course_utils.grading.exercise import Exercise, find
from course_utils.probing import basics
from course_utils.probing.narrow import with_errors
from course_utils.probing.planted import sealed_kinds

SEEDS = (3, 11)


def check(name, answer, seed=SEEDS[0]):
    return find(f"probing.{name}", Exercise.registry).check(answer, seed)


# Exercise 3


def _descent(steps, step, x, y, penalty):
    w, b, target = torch.zeros(len(x), y.shape[1], x.shape[2]).to(x), torch.zeros(len(x), y.shape[1]).to(x), y.to(x)
    for _ in range(steps):
        miss = (x @ w.mT + b[:, None]).sigmoid() - target
        w, b = w - step * (miss.mT @ x + penalty * w), b - step * miss.sum(1)
    return w, b


def _minimised(x, y, penalty, *, optimiser, steps, held=None, **more):
    w = torch.zeros(len(x), y.shape[1], x.shape[2], dtype=x.dtype, requires_grad=True)
    b = torch.zeros(len(x), y.shape[1], dtype=x.dtype, requires_grad=True)
    solver = optimiser([w, b], **more)

    def loss():
        solver.zero_grad()
        logits = x @ w.mT + b[:, None]
        cross = F.binary_cross_entropy_with_logits(logits, y.to(x).expand_as(logits), reduction="sum")
        value = cross + (penalty / 2 * w.square().sum() if held is None else held(w, penalty))
        value.backward()
        return value

    for _ in range(steps):
        solver.step(loss)
    return w.detach(), b.detach()


UNFINISHED = {
    "LBFGS, five steps": dict(optimiser=torch.optim.LBFGS, steps=1, max_iter=5, line_search_fn="strong_wolfe"),
    "LBFGS as it comes": dict(optimiser=torch.optim.LBFGS, steps=1),
    "Adam, two hundred steps": dict(optimiser=torch.optim.Adam, steps=200, lr=0.01),
    "Adam as it comes": dict(optimiser=torch.optim.Adam, steps=300),
}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("how", UNFINISHED)
def test_a_solver_that_has_not_arrived_is_told_so_and_of_nothing_else(how, seed):
    verdict = check("fit_logistic", lambda x, y, penalty: _minimised(x, y, penalty, **UNFINISHED[how]), seed)
    assert not verdict.passed and verdict.misconception is None
    assert "stopped on its way" in verdict.message and "max_iter" in verdict.message
    assert "axis" not in verdict.message and "layer" not in verdict.message


def test_plain_descent_that_is_short_or_leads_uphill():
    short = check("fit_logistic", lambda *a: _descent(300, 0.001, *a)).message
    assert "stopped on its way" in short and "axis" not in short
    uphill = check("fit_logistic", lambda x, y, penalty: _descent(1, 1.0, x, y, penalty)).message
    assert "lead uphill" in uphill and "stopped" not in uphill


def test_a_solver_that_has_arrived_somewhere_else_is_told_how_strong_its_penalty_is():
    enough = dict(optimiser=torch.optim.LBFGS, steps=5, max_iter=100, line_search_fn="strong_wolfe")
    assert check("fit_logistic", lambda *a: _minimised(*a, **enough)).passed
    thrice = check("fit_logistic", lambda *a: _minimised(*a, held=lambda w, k: 1.5 * k * w.square().sum(), **enough))
    assert "a penalty 3 times as strong" in thrice.message and "stopped" not in thrice.message
    # no multiple of the right penalty: it says that the loss may be another, and how to find out
    unsquared = check("fit_logistic", lambda *a: _minimised(*a, held=lambda w, k: k * w.abs().sum(), **enough)).message
    assert "or your loss is another one" in unsquared


def test_one_tensor_in_place_of_two():
    verdict = check("fit_logistic", lambda x, y, penalty: torch.cat([x[:, :1], x[:, :1]], 2))
    assert "2 tensors" in verdict.message and "tolist" not in verdict.message


# Exercise 8


def _measured(x, y, train, eraser, fit, *, learn=None, kept=False):
    rows = eraser(x[train], y[train])(x)
    learn = train if learn is None else learn(train)
    before = fit(x[learn], y[learn])
    after = before if kept else fit(rows[learn], y[learn])
    return (before(x[~train]) == y[~train]).float().mean(), (after(rows[~train]) == y[~train]).float().mean()


FORMS = {
    "floats": lambda two: tuple(float(one) for one in two),
    "list": lambda two: [one.item() for one in two],
    "numpy numbers": lambda two: [np.float64(one) for one in two],
    "two tensors": tuple,
    "float32": torch.stack,
    "float64": lambda two: torch.stack(two).double(),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", SEEDS)
def test_accuracies_in_another_form_get_a_sentence_and_mistakes_in_them_their_name(form, seed):
    right = check("erase_and_measure", lambda *a: FORMS[form](_measured(*a)), seed)
    assert not right.passed and right.misconception is None and right.message.startswith("It returns")
    assert any(word in right.message for word in ("torch.stack", "`.to(torch.float"))
    old = check("erase_and_measure", lambda *a: FORMS[form](_measured(*a, kept=True)), seed)
    assert old.misconception == "old probe" and "Besides, it returns" in old.message
    seen = check("erase_and_measure", lambda *a: FORMS[form](_measured(*a, learn=torch.ones_like)), seed)
    assert seen.misconception == "probes saw the rows that judge"


@pytest.mark.parametrize("seed", range(8))
def test_an_old_probe_and_rows_that_were_not_erased_are_not_taken_for_each_other(seed):
    def on_old_rows(x, y, train, eraser, fit):
        new = fit(eraser(x[train], y[train])(x[train]), y[train])
        says = fit(x[train], y[train]), new
        return torch.stack([(one(x[~train]) == y[~train]).to(x).mean() for one in says])

    assert check("erase_and_measure", on_old_rows, seed).misconception == "judged on rows as they were"


# Exercises 4, 6, 11


@pytest.mark.parametrize("seed", SEEDS)
def test_selectivity_from_the_wrong_rows_is_named_and_no_matter_of_dtype(seed):
    rows = {"train": lambda t: t, "all": torch.ones_like, "judge": lambda t: ~t}

    def answer(share, learn, judge, dtype):
        def selectivity(x, y, ids, coins, train, fit):
            counted, learned, judged = (rows[one](train) for one in (share, learn, judge))
            control = coins[ids] < y[counted].to(dtype).mean()
            hits = [fit(x[learned], t[learned])(x[judged]) == t[judged] for t in (y, control)]
            return hits[0].to(dtype).mean() - hits[1].to(dtype).mean()

        return selectivity

    for dtype in (torch.float32, torch.float64):
        for kinds, name in {
            ("all", "train", "judge"): "share of all rows",
            ("judge", "train", "judge"): "share of the rows that judge",
            ("train", "judge", "judge"): "trained on the rows that judge",
            ("train", "all", "judge"): "trained on everything",
            ("all", "all", "judge"): "share and training of all rows",
            ("all", "all", "all"): "`train` never used",
            ("all", "judge", "judge"): "share of all rows, fitted on those that judge",
        }.items():
            verdict = check("selectivity", answer(*kinds, dtype), seed)
            assert verdict.misconception == name and "float" not in verdict.message, (kinds, verdict.message)


def test_entropies_with_a_hole_are_named_and_never_called_close():
    def shares(counts):
        joint = counts / counts.sum()
        return joint, joint / joint.sum(1, keepdim=True)

    plain = check("conditional_entropy", lambda c: -(shares(c)[0] * shares(c)[1].log2()).sum())
    assert plain.misconception == "0 · log 0"
    for hidden in (
        lambda c: -torch.xlogy(*shares(c)).sum() / math.log(2),
        lambda c: -(shares(c)[0] * (shares(c)[1] + 1e-9).log2()).sum(),
        lambda c: -(shares(c)[0] * shares(c)[1].clamp(min=1e-12).log2()).sum(),
    ):
        assert check("conditional_entropy", hidden).misconception == "empty row"


def test_within_class_whitening_and_the_covariance_with_the_label_give_the_same_eraser():
    def within(x, y):
        z, inner = x - x.mean(0), torch.where(y[:, None], x - x[y].mean(0), x - x[~y].mean(0))
        values, vectors = torch.linalg.eigh(inner.T @ inner / len(x))
        u = (vectors / values.sqrt()) @ vectors.T @ basics.mass_mean(x, y)
        u = u / u.norm()
        white, root = (vectors / values.sqrt()) @ vectors.T, (vectors * values.sqrt()) @ vectors.T
        return x - torch.outer(z @ white @ u, u) @ root

    def oblique(x, y):
        z = x - x.mean(0)
        with_label = z.T @ y.to(x) / len(x)
        along = torch.linalg.solve(z.T @ z / len(x), with_label)
        return x - torch.outer(z @ along, with_label) / (with_label @ along)

    assert all(check("leace", right, seed).passed for right in (within, oblique) for seed in SEEDS)


# Exercises 9 and 10


def test_nothing_that_a_learner_is_given_tells_the_truth():
    public = {"sealed": {"h", "label", "head", "answer"}}
    public["narrow"] = public["sealed"] | {"bits", "property", "unusual"}
    for made, allowed in ((probing.sealed(0), public["sealed"]), (probing.narrow(0), public["narrow"])):
        assert all({name for name in dir(one) if not name.startswith("__")} == allowed for one in made)
        assert not hasattr(made[0].answer.__self__, "wanted")


@pytest.mark.parametrize("name, tell", [("sealed", sealed_kinds), ("foretell_errors", with_errors)])
def test_asking_the_course_for_the_truth_is_no_answer(name, tell):
    verdict = check(name, lambda: tell(SEEDS[0]))
    assert not verdict.passed and not verdict.attempted and tell.__name__ in verdict.message


def _readable(network):
    h, y = network.h, network.label
    return (h[y].mean(0) - h[~y].mean(0)).norm() > 0.5


LAZY = {
    "sealed": {
        "all used": lambda made: ["used"] * 9,
        "in turn": lambda made: ["used", "unused", "absent"] * 3,
        "present is used": lambda made: ["used" if _readable(one) else "absent" for one in made],
        "present is not used": lambda made: ["unused" if _readable(one) else "absent" for one in made],
        "another's": lambda made: ["absent", *["unused", "used", "used", "unused"] * 2],
    },
    "foretell_errors": {
        "everywhere": lambda made: [torch.ones(128, dtype=torch.bool)] * 3,
        "nowhere": lambda made: [torch.zeros(128, dtype=torch.bool)] * 3,
        "first bit": lambda made: [one.unusual[:, 0] for one in made],
        "the label's bit": lambda made: [
            one.unusual[:, int((one.bits == one.label[:, None]).float().mean(0).argmax())] for one in made
        ],
        "halves": lambda made: [torch.arange(128) < 64] * 3,
    },
}


def test_a_probe_and_a_coin_settle_fewer_than_one_in_a_hundred():
    for seed in range(200):
        kinds = sealed_kinds(seed)
        assert len(kinds) == 9 and {"used", "unused", "absent"} == set(kinds) and kinds.count("absent") <= 2


@pytest.mark.parametrize("name", LAZY)
def test_lazy_guesses_fail(name):
    made = {"sealed": probing.sealed, "foretell_errors": probing.narrow}[name]
    exercise = find(f"probing.{name}", Exercise.registry)
    for seed in range(6):
        assert exercise.check(exercise.key(exercise.known(seed)), seed).passed
    for how, guess in LAZY[name].items():
        passed = [seed for seed in range(6) if check(name, guess(made(seed)), seed).passed]
        assert not passed, (how, passed)
