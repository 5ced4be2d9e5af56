"""Exercises 1 and 2: encode, the loss."""

from __future__ import annotations

import torch
from torch import Tensor

from course_utils import sae
from course_utils.grading.inputs import Inputs, randn
from course_utils.grading.kinds import POSITIVE, REAL, Function, wrong
from course_utils.sae.exercises.inputs import SQUARED, codes, weights

# 1 · encode


def _encode_inputs(rng: torch.Generator) -> Inputs:
    yield torch.tensor([[2.0]]), torch.tensor([[1.0], [-3.0]]), torch.tensor([0.5, 1.0]), torch.tensor([1.5])
    yield torch.tensor([[1.0, -1.0]]), torch.tensor([[2.0, 0.0]]), torch.tensor([-1.0]), torch.tensor([-1.0, 2.0])
    yield torch.tensor([[2.0]]), torch.tensor([[1.0], [-3.0]]), torch.tensor([300.0, 1.0]), torch.tensor([1.5])
    for rows, d, latents in ((1, 3, 4), (2, 3, 3), (5, 3, 8), (6, 7, 4)):
        yield randn(rng, rows, d), *weights(rng, latents, d)
    yield randn(rng, 4, 3, dtype=torch.float64), *weights(rng, 6, 3, torch.float64)
    yield torch.zeros(0, 2), torch.tensor([[1.0, 0.0]]), torch.tensor([2.0]), torch.tensor([1.0, 1.0])  # no rows at all


def _linear(x: Tensor, W: Tensor, b: Tensor) -> Tensor:
    return x @ W.T + b


Function(
    id="sae.encode",
    reference=sae.encode,
    inputs=_encode_inputs,
    grads=(0, 1, 2, 3),
    ranges={"x": REAL, "W_enc": REAL, "b_enc": REAL, "b_dec": REAL, "result": (0.0, float("inf"))},
    hints=(
        "Three steps: centre the input, apply the encoder, rectify.",
        "x has shape (row, d), W_enc (latent, d). (x - b_dec) @ W_enc.T has shape (row, latent).",
        "torch.relu((x - b_dec) @ W_enc.T + b_enc)",
    ),
    misconceptions=(
        wrong("decoder bias not taken away", lambda x, W, b, c: _linear(x, W, b).relu(),
              "You encode x itself. b_dec is what the decoder adds in any case, so the encoder looks at x − b_dec: otherwise every latent must first undo a constant."),
        wrong("decoder bias added", lambda x, W, b, c: _linear(x + c, W, b).relu(),
              "You add b_dec to the input. It is taken away there, and added again after decoding."),
        wrong("encoder bias forgotten", lambda x, W, b, c: ((x - c) @ W.T).relu(),
              "b_enc is missing. It is what lets a latent ignore weak evidence: a negative bias is a threshold."),
        wrong("encoder bias subtracted", lambda x, W, b, c: _linear(x - c, W, -b).relu(),
              "You subtract b_enc. It is added; training makes it negative where a threshold is wanted."),
        wrong("no ReLU", lambda x, W, b, c: _linear(x - c, W, b),
              "There is no ReLU: some of your activations are negative. A latent says how much of its direction is there, and less than nothing is not an answer."),
        wrong("ReLU before the bias", lambda x, W, b, c: ((x - c) @ W.T).relu() + b,
              "The ReLU comes before b_enc. Add the bias first, or it can no longer silence anything."),
        wrong("ReLU and then absolute value", lambda x, W, b, c: _linear(x - c, W, b).abs(),
              "You take the absolute value. A direction and its opposite are two features; the ReLU keeps one of them."),
        wrong("decoder bias taken away at the end", lambda x, W, b, c: (x @ W.T + b - c).relu(),
              "You take b_dec away after the encoder. It belongs to the input, with one number for each of its d dimensions: x − b_dec comes first."),
        wrong("ReLU on the input", lambda x, W, b, c: (x - c).relu() @ W.T + b,
              "You rectify the centred input and not what the encoder makes of it. The ReLU comes last, around the whole sum."),
        wrong("rows of the encoder normalised", lambda x, W, b, c: _linear(x - c, torch.nn.functional.normalize(W, dim=1), b).relu(),
              "You normalise the encoder's rows. It is the decoder whose rows have length 1; the encoder's are free."),
    ),
)  # fmt: skip


# 2 · loss


def _loss_inputs(rng: torch.Generator) -> Inputs:
    yield torch.tensor([[1.0]]), torch.tensor([[0.5]]), torch.tensor([[2.0]]), torch.tensor([[3.0]]), 0.5
    yield torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0, 0.0]]), torch.tensor([[1.0]]), torch.tensor([[0.0, 2.0]]), 0.25
    x, x_hat, two = torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.tensor([[0.0, 0.0], [0.0, 1.0]]), torch.eye(2)
    yield x, x_hat, torch.tensor([[0.0, 0.0], [1.0, 0.0]]), two, 0.5  # a row in which nothing is active costs as much
    yield x, x_hat, torch.tensor([[2.0, 0.0], [1.0, 0.0]]), two, 0.5
    yield torch.tensor([[1.0, 0.0]]), torch.zeros(1, 2), torch.ones(1, 1), torch.tensor([[3.0, 4.0]]), 0.5  # a row of length 5
    yield torch.tensor([[1.0, 0.0]]), torch.zeros(1, 2), torch.ones(1, 1), torch.zeros(1, 2), 0.5  # a row of no length
    for rows, d, latents in ((2, 1, 1), (3, 2, 4), (5, 4, 3), (4, 3, 9)):
        yield randn(rng, rows, d), randn(rng, rows, d), codes(rng, rows, latents) + 0.1, randn(rng, latents, d), 0.3
    yield (randn(rng, 3, 4, dtype=torch.float64), randn(rng, 3, 4, dtype=torch.float64),
           codes(rng, 3, 5, torch.float64) + 0.1, randn(rng, 5, 4, dtype=torch.float64), 0.7)  # fmt: skip


def _parts(x: Tensor, y: Tensor, f: Tensor, W: Tensor) -> tuple[Tensor, Tensor]:
    """Squared error and penalty of each row."""
    return (x - y).square().sum(1), (f * W.norm(dim=1)).sum(1)


Function(
    id="sae.loss",
    reference=sae.loss,
    inputs=_loss_inputs,
    grads=(1, 2, 3),
    kinks=("f",),  # |f| has no gradient at 0, and a ReLU passes none on there
    alternatives=(
        lambda x, y, f, W, p: (_parts(x, y, f, W)[0] + p * (f.abs() * W.norm(dim=1)).sum(1)).mean(),
        lambda x, y, f, W, p: (_parts(x, y, f, W)[0] + p * (f * W.norm(dim=1)).norm(p=1, dim=1)).mean(),
    ),
    ranges={"x": REAL, "x_hat": REAL, "f": POSITIVE, "W_dec": REAL, "penalty": POSITIVE},
    survivors={
        "`x - x_hat` → `x_hat - x`": SQUARED,
        "W_dec: its size": "A row and its opposite have the same length.",
        "result: its size": "Squares and prices are never negative.",
        "result: at least 0": "Squares and prices are never negative.",
    },
    hints=(
        "Two terms for each row: the squared distance between x and x̂, and λ times the sum of the activations, each times the length of its decoder row. Then the mean over rows.",
        "W_dec has shape (latent, d): the length of its rows is W_dec.norm(dim=1), of shape (latent,).",
        "((x - x_hat).square().sum(1) + penalty * (f * W_dec.norm(dim=1)).sum(1)).mean()",
    ),
    misconceptions=(
        wrong("lengths of the decoder's rows ignored", lambda x, y, f, W, p: (_parts(x, y, f, W)[0] + p * f.sum(1)).mean(),
              "Your penalty ignores how long the decoder's rows are. Then a model pays less by making rows long and activations small, and nothing becomes sparse."),
        wrong("lengths along the wrong axis", lambda x, y, f, W, p: (_parts(x, y, f, W)[0] + p * f.sum(1) * W.norm()).mean(),
              "You use one length for the whole matrix. Each latent's activation is multiplied by the length of its own row of W_dec: norm(dim=1)."),
        wrong("squared error averaged over dimensions", lambda x, y, f, W, p: ((x - y).square().mean(1) + p * _parts(x, y, f, W)[1]).mean(),
              "You average the squared error over the dimensions. It is summed: otherwise λ means something else in every width."),
        wrong("penalty averaged over latents", lambda x, y, f, W, p: (_parts(x, y, f, W)[0] + p * (f * W.norm(dim=1)).mean(1)).mean(),
              "You average the penalty over latents. It is summed: a dictionary twice as wide must not make each activation half as dear."),
        wrong("summed over rows", lambda x, y, f, W, p: sum(_parts(x, y, f, W)[k].sum() * (p if k else 1) for k in (0, 1)),
              "You sum over the rows of the batch. The mean is asked for, so that the loss does not grow with the batch."),
        wrong("coefficient forgotten", lambda x, y, f, W, p: sum(_parts(x, y, f, W)).mean(),
              "λ is missing: the penalty stands with weight 1."),
        wrong("coefficient on the error", lambda x, y, f, W, p: (p * _parts(x, y, f, W)[0] + _parts(x, y, f, W)[1]).mean(),
              "λ multiplies the squared error. It is the price of activity: it multiplies the penalty."),
        wrong("error not squared", lambda x, y, f, W, p: ((x - y).norm(dim=1) + p * _parts(x, y, f, W)[1]).mean(),
              "You take the distance and not its square."),
        wrong("length of the reconstruction", lambda x, y, f, W, p: (_parts(x, y, f, W)[0] + p * (f @ W).norm(dim=1)).mean(),
              "Your penalty is the length of f @ W_dec, the *sum* of what the latents write. Two latents that cancel would cost nothing: take each row's length first, then the sum of f times it."),
        wrong("lengths as sums of absolute values", lambda x, y, f, W, p: (_parts(x, y, f, W)[0] + p * (f * W.abs().sum(1)).sum(1)).mean(),
              "You add up the absolute entries of each decoder row. Its length is the root of the sum of their squares, W_dec.norm(dim=1); the L1 norm is that of the activations."),
        wrong("one mean length", lambda x, y, f, W, p: (_parts(x, y, f, W)[0] + p * f.sum(1) * W.norm(dim=1).mean()).mean(),
              "You use the mean length for all latents. Each activation is multiplied by the length of its own row of W_dec, and then they are summed."),
        wrong("lengths squared", lambda x, y, f, W, p: (_parts(x, y, f, W)[0] + p * f @ W.square().sum(1)).mean(),
              "You multiply each activation by the *square* of its row's length. With half the activation and twice the length the price would double; it is to stay the same."),
        wrong("activations squared", lambda x, y, f, W, p: (_parts(x, y, f, W)[0] + p * (f * W.norm(dim=1)).square().sum(1)).mean(),
              "Your penalty squares the activations. A square hardly minds many small ones; it is the L1 norm that makes them exactly zero."),
        wrong("the root of a square", lambda x, y, f, W, p: (_parts(x, y, f, W)[0] + p * (f * W.square().sum(1).sqrt()).sum(1)).mean(),
              "A root has an infinite slope at 0, and yours is nan where a row of W_dec is all zeros: one such row would spoil the training. `W_dec.norm(dim=1)` has the gradient 0 there."),
        wrong("penalty on the number of active latents", lambda x, y, f, W, p: (_parts(x, y, f, W)[0] + p * ((f > 0) * W.norm(dim=1)).sum(1)).mean(),
              "You count active latents. That is what one would like to pay for, and it has no gradient; L1 stands in for it."),
    ),
)  # fmt: skip
