"""Batched probes against scikit-learn one by one; what they refuse."""

import numpy as np
import pytest
import torch
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression, Ridge

from course_utils import probing
from course_utils.probing.solver import lbfgs


@pytest.fixture(scope="module")
def data():
    rng = torch.Generator().manual_seed(0)
    mix = torch.randn(3, 12, 12, generator=rng, dtype=torch.double)
    x = torch.randn(3, 600, 12, generator=rng, dtype=torch.double) * torch.logspace(0, -2, 12) @ mix + 5
    score = (x[1] - 5) @ torch.randn(12, 4, generator=rng, dtype=torch.double)
    y = score + torch.randn(600, 4, generator=rng) > torch.tensor([0.0, 1.0, 3.0, -2.0])
    return x, y


@pytest.mark.parametrize("penalty", [0.1, 1.0, 100.0])
def test_logistic_probes_are_those_of_scikit_learn(data, penalty):
    x, y = data
    probes = probing.fit_logistic(x, y, penalty, tolerance=1e-9)
    for layer in range(3):
        for label in range(4):
            theirs = LogisticRegression(C=1 / penalty, tol=1e-10, max_iter=10_000, solver="newton-cholesky")
            theirs.fit(x[layer].numpy(), y[:, label].numpy())
            np.testing.assert_allclose(probes.directions[layer, label], theirs.coef_[0], rtol=2e-3, atol=2e-4)
            np.testing.assert_allclose(probes.bias[layer, label], theirs.intercept_[0], rtol=2e-3, atol=2e-3)


def test_their_loss_in_single_precision_is_that_of_scikit_learn(data):
    x, y = data
    probes = probing.fit_logistic(x.float(), y)
    for layer in range(3):
        theirs = LogisticRegression(tol=1e-8, max_iter=10_000).fit(x[layer].numpy(), y[:, 0].numpy())
        p = torch.from_numpy(theirs.predict_log_proba(x[layer].numpy()))
        loss = -p.gather(1, y[:, :1].long()).mean()
        assert abs(probes.loss(x.float(), y)[layer, 0] - loss) < 1e-4


def test_multinomial_probes_are_those_of_scikit_learn(data):
    x, y = data
    classes = y[:, 0].long() + y[:, 1].long()
    probes = probing.fit_multinomial(x, classes, tolerance=1e-9)
    for layer in range(3):
        theirs = LogisticRegression(tol=1e-10, max_iter=10_000).fit(x[layer].numpy(), classes.numpy())
        ours = probes.logits(x)[layer].softmax(-1).numpy()
        np.testing.assert_allclose(ours, theirs.predict_proba(x[layer].numpy()), atol=2e-4)


def test_ridge_probes_are_those_of_scikit_learn(data):
    x, y = data
    probes = probing.fit_ridge(x, y, 3.0)
    for layer in range(3):
        theirs = Ridge(alpha=3.0).fit(x[layer].numpy(), 2.0 * y.numpy() - 1)
        np.testing.assert_allclose(probes.logits(x)[layer], theirs.predict(x[layer].numpy()), rtol=1e-6, atol=1e-8)


def test_mass_mean_is_the_difference_and_iid_is_fishers_discriminant(data):
    x, y = data
    plain, iid = probing.mass_mean(x, y), probing.mass_mean_iid(x, y)
    difference = x[1][y[:, 2]].mean(0) - x[1][~y[:, 2]].mean(0)
    torch.testing.assert_close(plain.directions[1, 2], difference)
    theirs = LinearDiscriminantAnalysis(solver="lsqr").fit(x[1].numpy(), y[:, 2].numpy()).coef_[0]
    ours = iid.directions[1, 2].numpy()
    np.testing.assert_allclose(ours / np.linalg.norm(ours), theirs / np.linalg.norm(theirs), atol=1e-6)
    for probes in (plain, iid):
        halfway = (x[1][y[:, 2]].mean(0) + x[1][~y[:, 2]].mean(0)) / 2
        assert abs(probes.directions[1, 2] @ halfway + probes.bias[1, 2]) < 1e-9


def test_a_label_that_never_changes_and_rows_that_do_not_fit_are_refused(data):
    x, y = data
    with pytest.raises(ValueError, match="true on some rows"):
        probing.fit_logistic(x, torch.ones_like(y))
    with pytest.raises(ValueError, match="of the same rows"):
        probing.fit_logistic(x, y[:-1])
    with pytest.raises(ValueError, match="class 1"):
        probing.fit_multinomial(x, 2 * y[:, 0].long())


def test_the_solver_finds_the_bottom_of_many_bowls_at_once():
    rng = torch.Generator().manual_seed(1)
    bowls = torch.randn(20, 6, 6, generator=rng, dtype=torch.double)
    bowls = bowls @ bowls.mT + 0.1 * torch.eye(6)
    bottoms = torch.randn(20, 6, generator=rng, dtype=torch.double)

    def evaluate(point, going):
        slope = torch.einsum("tij,tj->ti", bowls, point - bottoms)
        return ((point - bottoms) * slope).sum(1) / 2 + 1, slope

    torch.testing.assert_close(lbfgs(evaluate, torch.zeros_like(bottoms), tolerance=1e-9), bottoms, rtol=0, atol=1e-3)
