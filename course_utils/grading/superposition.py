"""The exercises of lesson 1, "Toy models of superposition", with the mistakes that people make in them."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from course_utils import superposition as sp
from course_utils.grading.kinds import Answer, Function, Prediction, Sampler, Stat, wrong

Inputs = Iterator[tuple]


def _rand(rng: torch.Generator, *size: int, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.rand(size, generator=rng, dtype=dtype)


def _randn(rng: torch.Generator, *size: int, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(size, generator=rng, dtype=dtype)


def _dropping(W: Tensor, *columns: int) -> Tensor:
    W = W.clone()
    W[..., list(columns)] = 0
    return W


# 1 · generate_batch ---------------------------------------------------------------------------------------------------


def _batch_inputs(rng: torch.Generator) -> Inputs:
    yield torch.tensor([[0.5, 0.5]]), 20_000
    yield torch.tensor([[0.9, 0.3, 0.1], [0.2, 0.2, 0.2]]), 20_000
    yield 0.1 + 0.8 * _rand(rng, 3, 4), 20_000
    yield torch.tensor([[1.0, 0.05]]), 20_000
    yield torch.full((2, 3), 0.4, dtype=torch.float64), 20_000


def _batch_statistics(x: Tensor, probability: Tensor, batch: int) -> list[Stat]:
    """Shares, moments, and correlations between features and between instances, each with its sampling error."""
    x, p = x.double(), probability.double()
    stats = []
    for k, row in enumerate(p):
        for i, q in enumerate(row.tolist()):
            active = x[k, :, i] != 0
            count = max(int(active.sum()), 1)
            name = f"feature {i} of instance {k}"
            stats.append(Stat(f"share of samples in which {name} is active", active.double().mean().item(), q, math.sqrt(q * (1 - q) / batch) + 1e-4))
            values = x[k, active, i] if active.any() else torch.zeros(2)
            stats.append(Stat(f"mean of the active values of {name}", values.mean().item(), 0.5, math.sqrt(1 / 12 / count)))
            stats.append(Stat(f"mean square of the active values of {name}", values.square().mean().item(), 1 / 3, math.sqrt(4 / 45 / count)))
    stats += [_correlation(f"features {i} and {i + 1} of instance {k}", x[k, :, i], x[k, :, i + 1]) for k in range(len(p)) for i in range(p.shape[1] - 1)]
    stats += [_magnitudes(f"features 0 and 1 of instance {k}", x[k, :, 0], x[k, :, 1]) for k in range(len(p))]
    return stats + [_correlation(f"instances {k} and {k + 1}, feature 0", x[k, :, 0], x[k + 1, :, 0]) for k in range(len(p) - 1)]


def _correlation(name: str, a: Tensor, b: Tensor) -> Stat:
    a, b = a - a.mean(), b - b.mean()
    scale = (a.norm() * b.norm()).item()
    return Stat(f"correlation between {name}", (a @ b).item() / scale if scale else 0.0, 0.0, 1 / math.sqrt(len(a)))


def _magnitudes(name: str, a: Tensor, b: Tensor) -> Stat:
    both = (a != 0) & (b != 0)
    if both.sum() < 50:
        return Stat(f"share of equal magnitudes in {name}", 0.0, 0.0, 1e-3)
    return _correlation(f"the magnitudes of {name} where both are active", a[both], b[both])


def _draw(probability: Tensor, batch: int, magnitude_size: tuple[int, int, int] | None = None, gate_size: tuple[int, int, int] | None = None) -> Tensor:
    size = (len(probability), batch, probability.shape[1])
    magnitude = torch.rand(magnitude_size or size, dtype=probability.dtype).expand(size)
    return torch.where(torch.rand(gate_size or size, dtype=probability.dtype) < probability[:, None], magnitude, 0.0)


def _shared_magnitude(probability: Tensor, batch: int) -> Tensor:
    return _draw(probability, batch, magnitude_size=(len(probability), batch, 1))


def _fire_together(probability: Tensor, batch: int) -> Tensor:
    return _draw(probability, batch, gate_size=(len(probability), batch, 1))


def _one_sample_for_all(probability: Tensor, batch: int) -> Tensor:
    size = (1, batch, probability.shape[1])
    return _draw(probability, batch, size, size)


Sampler(
    id="superposition.generate_batch",
    reference=sp.generate_batch,
    inputs=_batch_inputs,
    statistics=_batch_statistics,
    hints=(
        "Two independent draws are enough: one says how large each feature would be, the other whether it is there at all.",
        "torch.rand(instance, batch, feature) < probability[:, None, :] is True with the right probability. Why the None?",
        "torch.where(active, magnitude, 0.0), with `magnitude` and `active` both of shape (instance, batch, feature).",
    ),
    misconceptions=(
        wrong("one magnitude for a whole row", _shared_magnitude,
              "All active features of a sample have the same size. Each needs a magnitude of its own: is the last axis of your draw 1?"),
        wrong("all magnitudes 1", lambda probability, batch: (_draw(probability, batch) > 0).to(probability.dtype),
              "Your features are 0 or 1. An active feature is uniform on [0, 1]: multiply the mask by a second draw."),
        wrong("features fire together", _fire_together,
              "In each sample either every feature may be active or none. Draw the mask for each feature separately, or nothing is ever sparse enough to share a dimension."),
        wrong("probabilities swapped", lambda probability, batch: _draw(1 - probability, batch),
              "Your features are active with probability 1 − p. `probability` is that of being active; the sparsity is 1 − p."),
        wrong("instances share one sample", _one_sample_for_all,
              "Every instance gets the same random numbers. Draw with the instance axis too, so that no two instances see the same sample."),
        wrong("magnitudes between −1 and 1", lambda probability, batch: _draw(probability, batch) * torch.sign(torch.rand(len(probability), batch, probability.shape[1], dtype=probability.dtype) - 0.5),
              "Half of your active features are negative. Here a feature is present to a degree between 0 and 1, never negatively: torch.rand, without a shift."),
        wrong("mask reused as magnitude", lambda probability, batch: (lambda u: torch.where(u < probability[:, None], u, 0.0))(torch.rand(len(probability), batch, probability.shape[1], dtype=probability.dtype)),
              "You use the number that decided *whether* as the number that says *how much*, so that no active feature exceeds p. Divide it by p, or draw a second one."),
    ),
)  # fmt: skip


# 2 · forward ----------------------------------------------------------------------------------------------------------


def _model_inputs(rng: torch.Generator) -> Inputs:
    yield torch.tensor([[[1.0, 0.5]]]), torch.tensor([[[1.0, -1.0], [0.5, 2.0]]]), torch.tensor([[0.25, -0.5]])
    yield _rand(rng, 1, 1, 3), _randn(rng, 1, 3, 3), _randn(rng, 1, 3)
    yield _rand(rng, 2, 3, 2), _randn(rng, 2, 2, 2), _randn(rng, 2, 2)
    yield _rand(rng, 1, 1, 4), _randn(rng, 1, 2, 4), _randn(rng, 1, 4)
    yield _rand(rng, 3, 5, 6), _randn(rng, 3, 2, 6), _randn(rng, 3, 6)
    yield _rand(rng, 2, 7, 5, dtype=torch.float64), _randn(rng, 2, 3, 5, dtype=torch.float64), _randn(rng, 2, 5, dtype=torch.float64)
    yield _rand(rng, 2, 4, 5), _dropping(_randn(rng, 2, 2, 5), 1, 4), 0.3 * _rand(rng, 2, 5)


def _bias(b: Tensor) -> Tensor:
    return b[:, None]


Function(
    id="superposition.forward",
    reference=sp.forward,
    inputs=_model_inputs,
    grads=(1, 2),
    hints=(
        "Two matrix products and a ReLU: h = W x goes down to the hidden dimensions, Wᵀ h comes back.",
        "With the samples as rows, W x is x @ W.mT, and Wᵀ h is h @ W. Check the shapes: (instance, batch, hidden) in the middle.",
        "b has shape (instance, feature) and must be added to (instance, batch, feature): b[:, None].",
    ),
    misconceptions=(
        wrong("bias left out", lambda x, W, b: torch.relu(x @ W.mT @ W + 0 * _bias(b)),
              "The bias is missing. It is what lets the model answer with a feature's mean where it has not kept the feature, and push small interference below zero."),
        wrong("bias subtracted", lambda x, W, b: torch.relu(x @ W.mT @ W - _bias(b)), "The bias is added, not subtracted: ReLU(Wᵀ W x + b)."),
        wrong("no ReLU", lambda x, W, b: x @ W.mT @ W + _bias(b),
              "There is no ReLU. Without it the model is linear and superposition buys nothing: negative interference can no longer be cut away."),
        wrong("W Wᵀ in place of Wᵀ W", lambda x, W, b: torch.relu(x @ W @ W.mT + _bias(b)),
              "This computes W Wᵀ x. W has shape (hidden, feature): first down to the hidden dimensions with W, then back with Wᵀ."),
        wrong("ReLU before the bias", lambda x, W, b: torch.relu(x @ W.mT @ W) + _bias(b),
              "The ReLU comes last. Added after it, a bias can neither switch a feature off nor cut interference away, and x̂ can be negative."),
        wrong("ReLU on the hidden layer too", lambda x, W, b: torch.relu(torch.relu(x @ W.mT) @ W + _bias(b)),
              "There is a ReLU in the hidden layer. h stays linear: it has no privileged basis, and directions in it may be negative."),
        wrong("W applied once", lambda x, W, b: torch.relu(x @ (W.mT @ W).abs() + _bias(b)),
              "The signs of Wᵀ W are lost. Negative entries are the useful ones: the ReLU removes the interference that they cause."),
    ),
)  # fmt: skip


# 3 · loss -------------------------------------------------------------------------------------------------------------


def _loss_inputs(rng: torch.Generator) -> Inputs:
    yield torch.tensor([[[1.0, 0.0]]]), torch.tensor([[[0.5, 1.0]]]), torch.tensor([1.0, 0.5])
    yield torch.tensor([[[1.0, 0.0], [0.0, 0.0]]]), torch.tensor([[[0.0, 0.0], [0.0, 2.0]]]), torch.tensor([1.0, 0.5])
    yield _rand(rng, 1, 1, 3), _rand(rng, 1, 1, 3), torch.tensor([1.0, 0.9, 0.81])
    yield _rand(rng, 4, 3, 5), _rand(rng, 4, 3, 5), 0.8 ** torch.arange(5)
    yield _rand(rng, 2, 9, 4, dtype=torch.float64), _rand(rng, 2, 9, 4, dtype=torch.float64), 3 * _rand(rng, 4, dtype=torch.float64)
    yield _rand(rng, 3, 6, 7), _rand(rng, 3, 6, 7), torch.tensor([1.0, 0.0, 2.0, 0.0, 0.5, 4.0, 1.0])


def _weighted(x: Tensor, x_hat: Tensor, weight: Tensor) -> Tensor:
    return (weight * (x - x_hat).square()).sum(-1).mean(-1)


Function(
    id="superposition.loss",
    reference=sp.loss,
    inputs=_loss_inputs,
    grads=(1,),
    hints=(
        "Square the error of every feature of every sample, weight it by that feature's importance, then remove two axes.",
        "The feature axis is summed, the batch axis averaged, the instance axis stays: one number per model.",
    ),
    misconceptions=(
        wrong("importance ignored", lambda x, x_hat, importance: _weighted(x, x_hat, torch.ones_like(importance)),
              "All features count the same. Multiply each squared error by the importance of its feature before summing."),
        wrong("importance squared", lambda x, x_hat, importance: _weighted(x, x_hat, importance.square()),
              "The importance is squared too. It multiplies the squared error: Iᵢ (xᵢ − x̂ᵢ)², not (Iᵢ (xᵢ − x̂ᵢ))²."),
        wrong("importance normalised", lambda x, x_hat, importance: _weighted(x, x_hat, importance / importance.sum()),
              "You divide by the sum of the importances. Here they are used as they are, so that adding a feature does not change the price of the others."),
        wrong("mean over features", lambda x, x_hat, importance: (importance * (x - x_hat).square()).mean((-1, -2)),
              "You average over features. The course sums over them: with a mean, the price of losing one feature would depend on how many there are."),
        wrong("root taken", lambda x, x_hat, importance: (importance * (x - x_hat).square()).sum(-1).sqrt().mean(-1),
              "There is a square root. The loss is the squared error itself; with a root, two small errors in one sample cost less than in two."),
        wrong("summed over the batch", lambda x, x_hat, importance: (importance * (x - x_hat).square()).sum((-1, -2)),
              "You sum over the batch, so the loss grows with the batch size. Average over samples, sum over features."),
        wrong("one number for all instances", lambda x, x_hat, importance: _weighted(x, x_hat, importance).mean(),
              "You return one number. Instances are separate models: keep their axis and return a loss for each."),
        wrong("absolute error", lambda x, x_hat, importance: (importance * (x - x_hat).abs()).sum(-1).mean(-1),
              "This is the absolute error. The loss squares it, so that being wrong by a lot costs much more than being wrong by a little twice."),
    ),
)  # fmt: skip


# 4, 5 · interference and feature_dimensionality ------------------------------------------------------------------------


def _matrix_inputs(rng: torch.Generator) -> Inputs:
    yield (torch.tensor([[2.0, 1.0]]),)
    yield (torch.tensor([[1.0, -0.5, 0.0], [0.0, 0.0, 2.0]]),)
    yield (torch.tensor([[1.0, -2.0, 0.0], [1.0, 0.5, 0.0]]),)  # the last feature is dropped
    yield (torch.eye(3),)
    yield (_randn(rng, 2, 5),)
    yield (_dropping(_randn(rng, 3, 4), 0, 2),)
    yield (_randn(rng, 4, 7, dtype=torch.float64),)
    yield (0.3 * _randn(rng, 6, 3),)


def _overlap(W: Tensor) -> Tensor:
    return sp.directions(W).mT @ W


def _without_diagonal(M: Tensor) -> Tensor:
    return M - torch.diag(M.diagonal())


def _along_rows(W: Tensor) -> Tensor:
    unit = W / W.norm(dim=1, keepdim=True).clamp(min=1e-12)
    return _without_diagonal((unit.mT @ W).square()).sum(-1)


Function(
    id="superposition.interference",
    reference=sp.interference,
    inputs=_matrix_inputs,
    hints=(
        "Column i of W is feature i. Divide each column by its own length, then look how far every *other* column reaches along it.",
        "unit.T @ W has shape (feature i, feature j) and holds Ŵᵢ·Wⱼ. Square it, take the diagonal away, sum over j.",
        "A dropped feature has a column of zeros: its direction is undefined and its interference is 0. Guard the division (clamp the norm).",
    ),
    misconceptions=(
        wrong("self term included", lambda W: _overlap(W).square().sum(-1),
              "Your sum includes j = i, the feature's own squared length. Interference is what the *others* add."),
        wrong("both columns normalised", lambda W: _without_diagonal((sp.directions(W).mT @ sp.directions(W)).square()).sum(-1),
              "You normalise both columns. Only the reader's direction is a unit vector; a long column j disturbs more than a short one."),
        wrong("neither column normalised", lambda W: _without_diagonal((W.mT @ W).square()).sum(-1),
              "Neither column is normalised. Divide column i by its length, or a long feature seems to suffer more only because it is long."),
        wrong("the other column normalised", lambda W: _without_diagonal(_overlap(W).square()).sum(0),
              "You normalise column j and not column i: your sum runs over the wrong axis. The direction of the feature that reads is the unit vector."),
        wrong("square forgotten", lambda W: _without_diagonal(_overlap(W)).sum(-1),
              "The overlaps are not squared, so that an opposite column cancels an equal one. Noise adds up in squares."),
        wrong("absolute value in place of the square", lambda W: _without_diagonal(_overlap(W)).abs().sum(-1),
              "You sum absolute overlaps. Independent disturbances add in squares."),
        wrong("normalised along the wrong axis", _along_rows,
              "You divide by the length of the rows. A feature is a column of W, of shape (hidden, feature): the norm runs over dim=0."),
        wrong("nan for dropped features", lambda W: _without_diagonal(((W / W.norm(dim=0)).mT @ W).square()).sum(-1),
              "A dropped feature has a column of zeros and you divide by its length. Say 0 for it: clamp the norm, or use torch.where."),
        wrong("averaged over the others", lambda W: _without_diagonal(_overlap(W).square()).sum(-1) / max(W.shape[1] - 1, 1),
              "You average over the other features. Interference is the total: twenty disturbers are worse than two."),
    ),
)  # fmt: skip


def _ratio(numerator: Tensor, denominator: Tensor) -> Tensor:
    return torch.where(denominator > 0, numerator / denominator.clamp(min=1e-30), 0.0)


Function(
    id="superposition.feature_dimensionality",
    reference=sp.feature_dimensionality,
    inputs=_matrix_inputs,
    hints=(
        "Numerator: the squared length of column i. Denominator: the squared overlaps of *all* columns with its direction, its own included.",
        "The denominator is your interference plus ‖Wᵢ‖². For a feature alone in a dimension the ratio is 1; for an antipodal pair, 1/2 each.",
        "Where the column is zero, the answer is 0: torch.where(squared > 0, squared / shared.clamp(min=tiny), 0.0).",
    ),
    misconceptions=(
        wrong("self term left out", lambda W: W.square().sum(0) / (_overlap(W).square().sum(-1) - W.square().sum(0)),
              "Your denominator leaves j = i out, so a feature that is alone divides by zero. The sum includes the feature itself."),
        wrong("numerator not squared", lambda W: _ratio(W.norm(dim=0), _overlap(W).square().sum(-1)),
              "The numerator is ‖Wᵢ‖. It must be ‖Wᵢ‖²: otherwise doubling all of W changes the answer, and a fraction of a dimension has no scale."),
        wrong("nan for dropped features", lambda W: W.square().sum(0) / ((W / W.norm(dim=0)).mT @ W).square().sum(-1),
              "A dropped feature has a column of zeros, and 0/0 is nan. It takes up no dimension: say 0."),
        wrong("both columns normalised", lambda W: _ratio(W.square().sum(0), (sp.directions(W).mT @ sp.directions(W)).square().sum(-1)),
              "You normalise both columns in the denominator. Only column i becomes a unit vector."),
        wrong("direction not normalised", lambda W: _ratio(W.square().sum(0), (W.mT @ W).square().sum(-1)),
              "The denominator has (Wᵢ·Wⱼ)². The reader's column must be divided by its length first."),
        wrong("denominator not squared", lambda W: _ratio(W.square().sum(0), _overlap(W).abs().sum(-1)),
              "The overlaps in the denominator are not squared."),
        wrong("denominator summed over the wrong axis", lambda W: _ratio(W.square().sum(0), _overlap(W).square().sum(0)),
              "Your sum runs over the readers i and not over the disturbers j: the unit vector belongs to the feature whose fraction you compute."),
        wrong("upside down", lambda W: _ratio(_overlap(W).square().sum(-1), W.square().sum(0)),
              "Your fraction is upside down: it gives features per dimension, always at least 1."),
    ),
)  # fmt: skip


# 6, 7 · expected_interference and almost_orthogonal_bound ---------------------------------------------------------------


def _crowd_inputs(rng: torch.Generator) -> Inputs:
    yield 2, 1.0, 1
    yield 4, 0.5, 2
    yield 1, 0.3, 5
    yield 101, 0.06, 25
    for _ in range(4):
        yield int(torch.randint(3, 3000, (), generator=rng)), float(_rand(rng)), int(torch.randint(2, 500, (), generator=rng))


Function(
    id="superposition.expected_interference",
    reference=sp.expected_interference,
    inputs=_crowd_inputs,
    hints=(
        "One disturber first: it is active with probability p, has some mean square when active, and leans on your direction a little.",
        "E[x²] of a uniform x on [0, 1] is 1/3, and E[(u·v)²] of two random unit vectors in R^d is 1/d. How many disturbers are there?",
    ),
    misconceptions=(
        wrong("mean square forgotten", lambda n, p, d: (n - 1) * p / d, "You treat an active feature as 1. It is uniform on [0, 1], so E[x²] = 1/3."),
        wrong("n in place of n − 1", lambda n, p, d: n * p / (3 * d), "You count the feature itself among its disturbers: with n = 1 there is no interference at all."),
        wrong("1/√d in place of 1/d", lambda n, p, d: (n - 1) * p / (3 * math.sqrt(d)),
              "1/√d is the typical size of a cosine between random directions. Its mean square is 1/d."),
        wrong("E[x]² in place of E[x²]", lambda n, p, d: (n - 1) * p / (4 * d), "You square the mean, 1/4. The mean of the square is 1/3: squaring comes before averaging."),
        wrong("p squared", lambda n, p, d: (n - 1) * p**2 / (3 * d),
              "You square p. A disturber is active with probability p whatever the others do; p² would be two at once."),
        wrong("variance of the feature", lambda n, p, d: (n - 1) * (p / 3 - p**2 / 4) / d,
              "You use the variance of a feature. The interference itself is asked for, not its deviation from a mean: E[x²] = p/3."),
        wrong("root taken", lambda n, p, d: math.sqrt((n - 1) * p / (3 * d)), "You took a root at the end. The mean *squared* interference is asked for."),
    ),
)  # fmt: skip


def _bound_inputs(rng: torch.Generator) -> Inputs:
    yield 4, 1.0
    yield 1000, 0.1
    yield 100, 0.3
    yield 2, 0.05
    for _ in range(5):
        yield int(torch.randint(10, 2000, (), generator=rng)), 0.05 + 0.2 * float(_rand(rng))


Function(
    id="superposition.almost_orthogonal_bound",
    reference=sp.almost_orthogonal_bound,
    inputs=_bound_inputs,
    hints=(
        "One pair exceeds ε with probability at most 2 exp(−dε²/2). How many pairs do N vectors have, roughly?",
        "Fewer than N²/2 pairs, so something goes wrong with probability below N² exp(−dε²/2). Which N keeps that at 1?",
    ),
    misconceptions=(
        wrong("ε in place of ε²", lambda d, epsilon: math.exp(d * epsilon / 4), "The exponent has ε where it needs ε²: the tail of a cosine is Gaussian, not exponential."),
        wrong("pair count forgotten", lambda d, epsilon: math.exp(d * epsilon**2 / 2),
              "Your exponent is dε²/2, the tail of a single pair. N vectors have about N²/2 pairs; the square root of that costs a factor of two in the exponent."),
        wrong("the exponent itself", lambda d, epsilon: d * epsilon**2 / 4, "You return the logarithm of the number of vectors."),
        wrong("the failure probability", lambda d, epsilon: 2 * math.exp(-d * epsilon**2 / 2), "This is the chance that one pair is too close. The question is how many vectors there can be."),
        wrong("√d in place of d", lambda d, epsilon: math.exp(math.sqrt(d) * epsilon**2 / 4), "You use √d. The dimension enters the exponent as it is; that is why large spaces have so much room."),
        wrong("number of pairs", lambda d, epsilon: math.exp(d * epsilon**2 / 4) ** 2 / 2, "This counts pairs. N vectors have about N²/2 of them: solve for N."),
        wrong("2 to the power", lambda d, epsilon: 2 ** (d * epsilon**2 / 4), "The base is e, as in the tail bound."),
    ),
)  # fmt: skip


# 8 · predict_phase ------------------------------------------------------------------------------------------------------


def _phase_inputs(rng: torch.Generator) -> Inputs:
    yield torch.tensor([0.9, 0.9, 0.1]), torch.tensor([0.5, 2.0, 1.0])
    yield torch.tensor([0.5]), torch.tensor([0.5])
    yield torch.tensor([0.8, 1.0]), torch.tensor([1.0, 1.0])  # ties between the two features
    yield torch.meshgrid(torch.logspace(0, -2, 9), torch.logspace(-1, 1, 8), indexing="ij")
    yield _rand(rng, 300).double(), torch.exp(3 * _randn(rng, 300)).double()
    yield 0.3 + 0.7 * _rand(rng, 6, 50), 0.5 + _rand(rng, 6, 50)


def _phases(p: Tensor, r: Tensor, *, bias: bool = True, swap: bool = False, weight: bool = True) -> Tensor:
    dropped = p / 3 - p.square() / 4 if bias else p / 3
    pair = p.square() * (1 + (r if weight else torch.ones_like(r))) / 6
    return torch.stack([dropped, r * dropped, pair] if swap else [r * dropped, dropped, pair])


Function(
    id="superposition.predict_phase",
    reference=sp.predict_phase,
    inputs=_phase_inputs,
    hints=(
        "Write down three losses. Keeping feature 1 costs what dropping feature 2 costs: its importance r times its variance.",
        "A dropped feature is answered with its mean p/2 and costs p/3 − p²/4. An antipodal pair is exact unless both are active (probability p²).",
        "torch.stack([...]).min(0).indices; put them in the order of the answer's codes, and the first wins a tie.",
    ),
    misconceptions=(
        wrong("always antipodal", lambda p, r: torch.full(p.shape, 2),
              "You always say antipodal. On the lesson's grid that is right three times in four, and tells nothing about the boundary: in the dense corner it is always wrong."),
        wrong("importance on the wrong feature", lambda p, r: _phases(p, r, swap=True).argmin(0),
              "r is the importance of feature 2, so it prices *dropping* feature 2, which is what keeping feature 1 does."),
        wrong("bias of the dropped feature forgotten", lambda p, r: _phases(p, r, bias=False).argmin(0),
              "You answer 0 for a dropped feature, at a cost of p/3. The bias can answer with its mean p/2, and leaves only the variance p/3 − p²/4."),
        wrong("importance left out of the pair", lambda p, r: _phases(p, r, weight=False).argmin(0),
              "When both of a pair are active both are wrong: one error costs 1, the other r. The pair's loss has the factor (1 + r)."),
        wrong("worst in place of best", lambda p, r: _phases(p, r).argmax(0), "You take the largest loss. Training looks for the smallest."),
        wrong("never antipodal", lambda p, r: _phases(p, r)[:2].min(0).indices, "You never say antipodal. Compare all three losses; and a pair errs only when both are active, with probability p², since for one alone the ReLU removes all interference."),
        wrong("last one wins a tie", lambda p, r: 2 - _phases(p, r).flip(0).min(0).indices,
              "At a tie you return the last candidate. The first one in the order of the codes is asked for."),
    ),
)  # fmt: skip


# 9 · critical_density ---------------------------------------------------------------------------------------------------

Answer.interval(
    id="superposition.critical_density",
    reference=lambda seed: (sp.critical().mean, sp.critical().spread),
    expects="Give an interval (low, high) of densities, for example mean ± 2 standard deviations over your seeds, narrowed until it is at most three wide.",
    hints=(
        "Train `Toy(10, 5, densities)` at some ten densities between 0.4 and 0.8 and several seeds; `CriticalDensity.of` finds each seed's crossing.",
        "The mean over seeds, plus and minus one standard deviation over seeds, is two spreads wide. Why is plus and minus two not asked for?",
    ),
    misconceptions=(
        wrong("no commitment", lambda truth: (0.0, 1.0), "From 0 to 1 everything is covered and nothing is said. Narrow it down by measuring."),
        wrong("the swept range", lambda truth: (0.4, 0.8), "This is the range that you swept. Where inside it does the curve cross?"),
        wrong("sparsity in place of density", lambda truth: (1 - truth[0] - truth[1], 1 - truth[0] + truth[1]),
              "This is the sparsity 1 − p. The density p is asked for."),
        wrong("percent", lambda truth: (100 * (truth[0] - truth[1]), 100 * (truth[0] + truth[1])), "This is in percent. A density lies between 0 and 1."),
        wrong("number of active features", lambda truth: (10 * (truth[0] - truth[1]), 10 * (truth[0] + truth[1])),
              "This is n·p, the number of features active at a time. The density of a single feature is asked for."),
    ),
)  # fmt: skip


# 10 · the sealed model --------------------------------------------------------------------------------------------------

Groups = dict[str, set]


def _as_sets(groups: sp.Groups) -> Groups:
    return {"dropped": set(groups.dropped), "pairs": set(groups.pairs), "pentagon": set(groups.pentagon)}


def _as_groups(answer: Groups) -> sp.Groups:
    pairs = frozenset((min(a, b), max(a, b)) for a, b in answer["pairs"])
    return sp.Groups(frozenset(answer["dropped"]), pairs, frozenset(answer["pentagon"]))


def _reading_form(answer: Groups, truth: tuple[int, Groups]) -> str:
    if not isinstance(answer, dict) or set(answer) != {"dropped", "pairs", "pentagon"}:
        return "Give a dict with exactly the keys dropped, pairs and pentagon."
    if any(len(pair) != 2 or pair[0] == pair[1] for pair in answer["pairs"]):
        return "Each pair has two different features."
    named = [*answer["dropped"], *answer["pentagon"], *(i for pair in answer["pairs"] for i in pair)]
    if any(not isinstance(i, int) or not 0 <= i < truth[0] for i in named):
        return f"Features are whole numbers from 0 to {truth[0] - 1}."
    return "A feature can be in one place only." if len(set(named)) != len(named) else ""


def _reading_score(answer: Groups, truth: tuple[int, Groups]) -> float:
    return sp.agreement(_as_groups(answer), _as_groups(truth[1]), truth[0])


def _reading_explain(answer: Groups, truth: tuple[int, Groups]) -> str:
    right = truth[1]
    if set(answer["dropped"]) != right["dropped"]:
        return "The dropped features are not right yet: look at the lengths of the columns."
    if {tuple(sorted(pair)) for pair in answer["pairs"]} != right["pairs"]:
        return "The pairs are not right yet: a pair has cosine −1, and nothing else leans on either of the two."
    return "The pentagon is not right yet: its members have cosines 0.31 and −0.81 with one another, and 0 with all others."


def _random_reading(truth: tuple[int, Groups], rng: torch.Generator) -> Groups:
    """The right numbers of everything, with the features dealt out at random: a hard null."""
    deal = torch.randperm(truth[0], generator=rng).tolist()
    return {
        "dropped": {deal[i] for i in truth[1]["dropped"]},
        "pairs": {tuple(sorted((deal[a], deal[b]))) for a, b in truth[1]["pairs"]},
        "pentagon": {deal[i] for i in truth[1]["pentagon"]},
    }


def _reading_truth(seed: int) -> tuple[int, Groups]:
    model = sp.sealed(seed)
    return model.W.shape[1], _as_sets(model.groups)


def _alone(truth: tuple[int, Groups]) -> set[int]:
    placed = truth[1]["dropped"] | truth[1]["pentagon"] | {i for pair in truth[1]["pairs"] for i in pair}
    return set(range(truth[0])) - placed


Answer(
    id="superposition.sealed",
    truth=_reading_truth,
    key=lambda truth: truth[1],
    score=_reading_score,
    null=_random_reading,
    form=_reading_form,
    explain=_reading_explain,
    expects='For example {"dropped": {3}, "pairs": {(0, 5), (1, 2)}, "pentagon": set()}.',
    share=1.0,
    why="Every feature of a sealed model can be placed with certainty from Wᵀ W, so par is all of them.",
    hints=(
        "No row of W means anything: the hidden space was rotated. What a rotation cannot change is Wᵀ W.",
        "Lengths of columns first: the short ones were dropped. Then the cosines between the others.",
        "A cosine of −1: an antipodal pair. Five features with cosines 0.31 and −0.81 among them: a pentagon. All cosines 0: alone.",
    ),
    misconceptions=(
        wrong("pairs overlooked", lambda truth: truth[1] | {"pairs": set()},
              "You found no pairs. Two features with cosine −1 share one dimension, one at each end."),
        wrong("dropped features overlooked", lambda truth: truth[1] | {"dropped": set()},
              "You found nothing dropped. Look at the lengths of the columns before their angles: a cosine hides how short a column is."),
        wrong("everything is a pentagon", lambda truth: {"dropped": truth[1]["dropped"], "pairs": set(), "pentagon": set(range(truth[0])) - truth[1]["dropped"]},
              "You put all represented features into one polygon. Only features that lean on one another share a plane; the others have cosine 0 with it."),
        wrong("pairs read as dropped", lambda truth: {"dropped": truth[1]["dropped"] | {i for pair in truth[1]["pairs"] for i in pair}, "pairs": set(), "pentagon": truth[1]["pentagon"]},
              "You count antipodal features as dropped. They interfere with each other, but both are there: their columns have length 1."),
        wrong("everything dropped", lambda truth: {"dropped": set(range(truth[0])), "pairs": set(), "pentagon": set()},
              "You say that nothing is represented. A column of length 1 is a represented feature, whatever its direction."),
        wrong("dropped and alone exchanged", lambda truth: truth[1] | {"dropped": _alone(truth) or set(range(truth[0])) - truth[1]["dropped"] - truth[1]["pentagon"] - {i for pair in truth[1]["pairs"] for i in pair}},
              "You take the features without interference for the dropped ones. A feature that is alone has a long column; a dropped one has a short column and would be read with plenty of interference."),
    ),
)  # fmt: skip


# Predictions -------------------------------------------------------------------------------------------------------------

Prediction(id="superposition.shape", choices=("two alone", "one pair", "square", "pentagon"),
           question="Five features, two dimensions, each feature active one time in fifty. What does the best trained model do?")  # fmt: skip
Prediction(id="superposition.one_run", tolerance=0.1,
           question="On which share of the 13 × 13 grid will a single training run end where the closed forms say (0 to 1)?")  # fmt: skip
Prediction(id="superposition.room", choices=("64", "about 70", "about 130", "more than 250"),
           question="How many directions with all |cos| ≤ 0.2 can you find in 64 dimensions by optimising?")  # fmt: skip
Prediction(id="superposition.pairs", choices=("opposite", "at right angles", "the same direction"),
           question="Two features that are never active together, in a model that must share dimensions: how will they point?")  # fmt: skip
Prediction(id="superposition.critical", tolerance=0.05,
           question="Ten equally important features in five dimensions: at which density p (0 to 1) does superposition set in?")  # fmt: skip
