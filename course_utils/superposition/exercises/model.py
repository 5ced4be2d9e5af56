"""Exercises 1 to 3: draw the data, run the model, price its errors."""

import itertools
import math

import torch
from torch import Tensor

from course_utils import superposition as sp
from course_utils.grading.inputs import Inputs, rand, randn
from course_utils.grading.kinds import POSITIVE, REAL, Function, Rule, Sampler, Stat, wrong
from course_utils.superposition.exercises.inputs import dropping

# 1 · generate_batch


MANY = 300  # features, of which only the spread of the counts is looked at


def _batch_inputs(rng: torch.Generator) -> Inputs:
    yield torch.tensor([[0.5, 0.5]]), 20_000
    yield torch.tensor([[0.9, 0.3, 0.1], [0.2, 0.2, 0.2]]), 20_000
    yield 0.1 + 0.8 * rand(rng, 3, 4), 20_000
    yield torch.tensor([[1.0, 0.05]]), 20_000
    yield torch.tensor([[0.005]]), 40_000  # rare
    yield torch.full((2, 3), 0.4), 20_000
    yield torch.tensor([[1.0, 0.0]]), 500  # always, never
    yield torch.ones(1, 12), 2_000  # how much the means of batches vary
    yield torch.full((1, MANY), 0.3), 400  # how much counts vary


def _batch_statistics(x: Tensor, probability: Tensor, batch: int) -> list[Stat]:
    """Shares, moments, and correlations between features and between instances, each with its sampling error."""
    x, p = x.double(), probability.double()
    if p.shape[1] == MANY:
        count = (x != 0).double().sum(1)
        q = count.mean() / batch  # the share itself is looked at elsewhere
        z = (count - batch * q) / (batch * q * (1 - q)).clamp(min=1e-9).sqrt()
        name = "spread of the number of active samples from feature to feature, as a share of chance's"
        return [Stat(name, z.square().mean().item(), 1.0, math.sqrt(2 / MANY))]
    stats = []
    for k, row in enumerate(p):
        for i, q in enumerate(row.tolist()):
            active = x[k, :, i] != 0
            count = max(int(active.sum()), 1)
            name = f"feature {i} of instance {k}"
            stats.append(
                Stat(
                    f"share of samples in which {name} is active",
                    active.double().mean().item(),
                    q,
                    math.sqrt(q * (1 - q) / batch) + 0.2 / batch,  # one exact 0 among what is always active is chance
                )
            )
            values = x[k, active, i] if active.any() else torch.zeros(2)
            stats.append(
                Stat(f"mean of the active values of {name}", values.mean().item(), 0.5, math.sqrt(1 / 12 / count))
            )
            stats.append(
                Stat(
                    f"mean square of the active values of {name}",
                    values.square().mean().item(),
                    1 / 3,
                    math.sqrt(4 / 45 / count),
                )
            )
            stats += [
                _share(f"active values of {name} below 1/4", values < 0.25, 0.25),
                _share(f"active values of {name} above 3/4", values > 0.75, 0.25),
                *(
                    Stat(
                        f"root of the share of active values of {name} {where}",  # its error is known for few, too
                        there.double().mean().sqrt().item(),
                        math.sqrt(0.02),
                        0.5 / math.sqrt(count),
                    )
                    for where, there in (("below 0.02", values < 0.02), ("above 0.98", values > 0.98))
                ),
            ]
        stats.append(_repeated(f"samples of instance {k} that occur more than once (are numbers rounded, or rows drawn once for several?)", x[k]))
    return stats


def _batch_rules(x: Tensor, probability: Tensor, batch: int) -> list[Rule]:
    """What holds of every number that is drawn."""
    p = probability[:, None].expand_as(x)
    always = (x != 0).double().mean(1)  # (instance, feature)
    varies = ((always > 0) & (always < 1)) | (probability <= 0) | (probability >= 1)
    silent = (x == 0) & (p >= 1)
    chance = x.dtype == torch.float32 and int(silent.sum()) <= 1  # torch.rand gives an exact 0 once in 2 ** 24 draws
    return [
        Rule("A feature whose probability is neither 0 nor 1 is active in some samples and not in others", varies),
        Rule("Every number lies between 0 and 1", (x >= 0) & (x <= 1)),
        Rule("A feature of probability 1 is active in every sample", ~silent | chance),
        Rule("A feature of probability 0 is active in no sample", (x == 0) | (p > 0)),
    ]


def _batch_columns(x: Tensor, probability: Tensor, batch: int) -> dict[str, Tensor]:
    """Whether each feature is active, and how large it is then, around the mean of 1/2."""
    columns = {}
    if x.shape[2] == MANY or probability.max() < 0.01:  # of rare features too few meet
        return columns
    for k, i in itertools.product(range(x.shape[0]), range(x.shape[2])):
        active = x[k, :, i] != 0
        columns[f"whether feature {i} of instance {k} is active"] = active
        columns[f"the size of feature {i} of instance {k}"] = (x[k, :, i] - 0.5) * active
    return columns


def _share(name: str, holds: Tensor, expected: float) -> Stat:
    return Stat(f"share of {name}", holds.double().mean().item(), expected, math.sqrt(1 / 4 / len(holds)))


def _repeated(name: str, rows: Tensor) -> Stat:
    """Of the samples with two or more active features, which hardly ever agree by chance, how many are copies."""
    rows = rows[(rows != 0).sum(-1) >= 2]
    codes = (rows.contiguous().view(torch.int64) * torch.arange(1, 2 * rows.shape[1], 2)).sum(-1)  # one for each row
    copies = len(codes) - len(codes.unique())
    return Stat(f"share of {name}", copies / max(len(rows), 1), 0.0, math.sqrt(1 / 4 / max(len(rows), 1)))


def _draw(
    probability: Tensor,
    batch: int,
    magnitude_size: tuple[int, int, int] | None = None,
    gate_size: tuple[int, int, int] | None = None,
) -> Tensor:
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
    survivors={"*< probability[:, None, :]` → *<= probability*": "A random number hardly ever equals p: once in 2 ** 24."},
    inputs=_batch_inputs,
    statistics=_batch_statistics,
    rules=_batch_rules,
    independent=_batch_columns,
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
        wrong("probability in place of chance", lambda probability, batch: torch.rand(len(probability), batch, probability.shape[1], dtype=probability.dtype) * probability[:, None],
              "Your features are always there, and small where p is small. A feature is 0 with probability 1 − p; where it is active its size does not depend on p."),
        wrong("axes laid out anew", lambda probability, batch: torch.where(torch.rand(batch, *probability.shape) < probability, torch.rand(batch, *probability.shape), 0.0).to(probability.dtype).reshape(len(probability), batch, -1),
              "You draw with the batch axis first and change the shape afterwards: `reshape` does not exchange axes, it cuts the numbers anew. Draw in the order (instance, batch, feature), or use `.transpose`."),
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


# 2 · forward


def _model_inputs(rng: torch.Generator) -> Inputs:
    yield torch.tensor([[[1.0, 0.5]]]), torch.tensor([[[1.0, -1.0], [0.0, 2.0]]]), torch.tensor([[0.25, -0.5]])
    yield rand(rng, 1, 1, 3), randn(rng, 1, 3, 3), randn(rng, 1, 3)
    yield rand(rng, 2, 3, 2), randn(rng, 2, 2, 2), randn(rng, 2, 2)
    yield rand(rng, 1, 1, 4), randn(rng, 1, 2, 4), randn(rng, 1, 4)
    yield rand(rng, 3, 5, 6), randn(rng, 3, 2, 6), randn(rng, 3, 6)
    yield (
        rand(rng, 2, 7, 5, dtype=torch.float64),
        randn(rng, 2, 3, 5, dtype=torch.float64),
        randn(rng, 2, 5, dtype=torch.float64),
    )
    yield rand(rng, 2, 4, 5), dropping(randn(rng, 2, 2, 5), 1, 4), 0.3 * rand(rng, 2, 5)
    yield rand(rng, 2, 3, 8), randn(rng, 2, 6, 8), randn(rng, 2, 8)
    yield rand(rng, 2, 4, 3) * torch.tensor([[0.0], [1.0], [1.0], [0.0]]), randn(rng, 2, 2, 3), rand(rng, 2, 3)  # no feature on
    yield randn(rng, 2, 4, 3), randn(rng, 2, 2, 3), randn(rng, 2, 3)  # x of either sign: the model itself has no bounds
    yield 0.004 * rand(rng, 1, 3, 3), randn(rng, 1, 2, 3), 0.001 * randn(rng, 1, 3)


def _bias(b: Tensor) -> Tensor:
    return b[:, None]


Function(
    id="superposition.forward",
    reference=sp.forward,
    inputs=_model_inputs,
    ranges={"x": REAL, "W": REAL, "b": REAL, "result": POSITIVE},
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
        wrong("ReLU on the hidden layer only", lambda x, W, b: torch.relu(x @ W.mT) @ W + _bias(b),
              "The ReLU is in the wrong layer. h stays linear, and the ReLU comes last, around Wᵀ h + b: there it cuts the negative interference away."),
        wrong("bias added before W", lambda x, W, b: torch.relu((x + _bias(b)) @ W.mT @ W),
              "You add the bias to x, so that it goes through W as well. It is added at the end, inside the ReLU: one number for each feature that is read."),
        wrong("one model for all instances", lambda x, W, b: torch.relu(x @ W[:1].mT @ W[:1] + _bias(b)),
              "You use the first W for every instance. Each instance is a model of its own: keep the axis and multiply in a batch, W.mT."),
        wrong("W applied once", lambda x, W, b: torch.relu(x @ (W.mT @ W).abs() + _bias(b)),
              "The signs of Wᵀ W are lost. Negative entries are the useful ones: the ReLU removes the interference that they cause."),
    ),
)  # fmt: skip


# 3 · loss


def _loss_inputs(rng: torch.Generator) -> Inputs:
    yield torch.tensor([[[1.0, 0.0]]]), torch.tensor([[[0.5, 1.0]]]), torch.tensor([1.0, 0.5])
    yield torch.tensor([[[1.0, 0.0], [0.0, 0.0]]]), torch.tensor([[[0.0, 0.0], [0.0, 2.0]]]), torch.tensor([1.0, 0.5])
    yield rand(rng, 1, 1, 3), rand(rng, 1, 1, 3), torch.tensor([1.0, 0.9, 0.81])
    yield rand(rng, 4, 3, 5), rand(rng, 4, 3, 5), 0.8 ** torch.arange(5)
    yield (
        rand(rng, 2, 9, 4, dtype=torch.float64),
        rand(rng, 2, 9, 4, dtype=torch.float64),
        3 * rand(rng, 4, dtype=torch.float64),
    )
    yield rand(rng, 3, 6, 7), rand(rng, 3, 6, 7), torch.tensor([1.0, 0.0, 2.0, 0.0, 0.5, 4.0, 1.0])
    yield randn(rng, 2, 3, 2), randn(rng, 2, 3, 2), torch.tensor([1.0, 2.0])  # errors have no bounds


def _weighted(x: Tensor, x_hat: Tensor, weight: Tensor) -> Tensor:
    return (weight * (x - x_hat).square()).sum(-1).mean(-1)


Function(
    id="superposition.loss",
    reference=sp.loss,
    inputs=_loss_inputs,
    ranges={"x": REAL, "x_hat": REAL, "importance": POSITIVE, "result": POSITIVE},
    survivors={"`x - x_hat` → `x_hat - x`": "The difference is squared."},
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
        wrong("axes exchanged", lambda x, x_hat, importance: (importance * (x - x_hat).square()).sum(1).mean(-1),
              "You sum over the batch and average over the features: the other way round. x is (instance, batch, feature), so the features are the last axis."),
        wrong("summed before squaring", lambda x, x_hat, importance: (importance * (x - x_hat)).sum(-1).square().mean(-1),
              "You add up the errors and square their sum, so that an error of one feature can cancel another's. Square each error first."),
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
