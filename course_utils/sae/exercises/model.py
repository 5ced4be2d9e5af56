"""Exercises 1 to 4: encode, the loss, TopK, BatchTopK."""

from __future__ import annotations

import torch
from torch import Tensor

from course_utils import sae
from course_utils.grading.inputs import Inputs, randn
from course_utils.grading.kinds import POSITIVE, REAL, Function, wrong
from course_utils.sae.exercises.inputs import LAST, NEVER_NEGATIVE, SQUARED, codes, weights

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


# 3 · TopK


def _close() -> Inputs:
    """Two that are nearly equal, the larger one last: what is rounded, or moved by little, before it is compared."""
    yield torch.tensor([[1.0, 0.0, 0.0, 0.0, 0.0, 1.000004]]), 1
    yield torch.tensor([[1.0, 1.0 + 1e-9]], dtype=torch.float64), 1

def _topk_inputs(rng: torch.Generator) -> Inputs:
    yield torch.tensor([[1.0, 3.0, 2.0]]), 1
    yield torch.tensor([[1.0, 3.0, 2.0], [5.0, 4.0, -6.0]]), 2
    yield torch.tensor([[-1.0, -3.0, 2.0]]), 2  # the second largest is negative
    yield torch.tensor([[2.0, 1.0, 2.0, 2.0]]), 2  # ties: the first ones win
    yield torch.tensor([[0.1, 0.2], [30.0, 20.0], [-1.0, -2.0]]), 1  # small rows count too
    yield torch.tensor([[3.0, 2.0], [2.0, 1.0]]), 1  # what wins in one row loses in another
    yield torch.tensor([[1.0, 2.0]]), 2  # all places
    yield from _close()
    for rows, latents, k in ((4, 6, 2), (5, 9, 3)):
        yield randn(rng, rows, latents), k
    yield torch.randint(-3, 9, (1, 5000), generator=rng).float(), 900  # so many equals that an unstable sort mixes them
    yield torch.tensor([[1.0, 2.0]]), 0  # no places
    yield torch.zeros(0, 3), 1  # no rows


NOT_WRITTEN = "All of it is zero. Did you call `f.scatter(…)`? It returns a new tensor and leaves f as it is; `f.scatter_(…)` writes into f."


def _threshold(pre: Tensor, k: int) -> Tensor:
    return pre.topk(k, dim=1).values[:, -1:]


def _of_size(pre: Tensor, k: int) -> Tensor:
    kept = pre.abs().argsort(dim=1, descending=True, stable=True)[:, :k]
    return torch.zeros_like(pre).scatter(1, kept, pre.gather(1, kept))


def _columns(pre: Tensor, k: int) -> Tensor:
    kept = pre.argsort(dim=0, descending=True, stable=True)[:k]
    return torch.zeros_like(pre).scatter(0, kept, pre.gather(0, kept).relu())


def _kept(pre: Tensor, k: int) -> Tensor:
    kept = pre.argsort(dim=1, descending=True, stable=True)[:, :k]
    return torch.zeros_like(pre).scatter(1, kept, pre.gather(1, kept))


def _all_places(pre: Tensor, k: int) -> Tensor:
    f, kept = torch.zeros_like(pre), pre.argsort(dim=1, descending=True, stable=True)[:, :k]
    f[:, kept] = pre[:, kept].relu()
    return f


Function(
    id="sae.topk",
    reference=sae.topk,
    inputs=_topk_inputs,
    grads=(0,),
    ranges={"pre": REAL},
    survivors={
        "`pre.argsort(dim=1*` → `pre.argsort(descending*": LAST,
        "pre: at least 0": "What is negative becomes 0 in any case.",
        "result: its size": NEVER_NEGATIVE,
        "result: at least 0": NEVER_NEGATIVE,
    },
    hints=(
        "Exactly k of each row stay, the others become 0; what stays and is negative becomes 0 too. Among equals the first latents win.",
        "pre.argsort(dim=1, descending=True, stable=True)[:, :k] are the places that stay.",
        "torch.zeros_like(pre).scatter(1, kept, pre.gather(1, kept).relu())",
    ),
    misconceptions=(
        wrong("over the whole batch", sae.batchtopk,
              "You keep the k · batch largest of the whole batch, so that a row with small numbers may get none. TopK keeps k in every row; what you wrote is BatchTopK."),
        wrong("negative ones kept", _kept,
              "Among the k largest some are negative, and you keep them. An activation says how much of a direction is there: ReLU them."),
        wrong("largest in size", lambda pre, k: _of_size(pre, k).relu(),
              "You choose by absolute value. A large negative number is evidence against the latent; it must not take a place."),
        wrong("largest in size, signs kept", _of_size,
              "You choose by absolute value and keep the signs. Activations are never negative, and the largest ones are chosen, not the longest."),
        wrong("ties all kept", lambda pre, k: pre.relu() * (pre >= _threshold(pre, k)),
              "Where several are equal to the k-th largest, you keep them all: more than k. Choose places and not a threshold."),
        wrong("the k-th left out", lambda pre, k: pre.relu() * (pre > _threshold(pre, k)),
              "You keep those *above* the k-th largest: k − 1 of them."),
        wrong("k smallest", lambda pre, k: -_kept(-pre, k).clamp(max=0) if False else torch.zeros_like(pre).scatter(1, pre.argsort(dim=1, stable=True)[:, :k], pre.gather(1, pre.argsort(dim=1, stable=True)[:, :k]).relu()),
              "You keep the k smallest: the order is ascending."),
        wrong("along the batch", lambda pre, k: _columns(pre, min(k, len(pre))),
              "You keep the k largest of each *latent*, over the batch. The k are counted in each row: dim=1."),
        wrong("along the batch, by topk", lambda pre, k: torch.zeros_like(pre).scatter(0, (kept := pre.topk(k, dim=0)).indices, kept.values.relu()),
              "You keep the k largest of each *latent*, over the batch. The k are counted in each row: dim=1."),
        wrong("values without their places", lambda pre, k: pre.topk(k, dim=1).values.relu(),
              "You return the k largest values alone. They stay where they stand, in a tensor of the shape of `pre`, zeros elsewhere: scatter them back."),
        wrong("ones in place of the values", lambda pre, k: torch.zeros_like(pre).scatter(1, pre.argsort(dim=1, descending=True, stable=True)[:, :k], 1.0),
              "You return 1 where a number stays. The number itself stays, where it is not negative."),
        wrong("every row's places in all rows", _all_places,
              "`f[:, kept]` takes, in every row, the places of all rows. Pair each row with its own: `f.scatter(1, kept, …)`, or go row by row."),
        wrong("the last of equals", lambda pre, k: torch.zeros_like(pre).scatter(1, (kept := pre.argsort(dim=1, stable=True)[:, -k:]), pre.gather(1, kept).relu()),
              "Among equals you keep the last, since the order is ascending and you take its end. The first are asked for: descending=True and [:, :k]."),
        wrong("any of several equals", lambda pre, k: torch.zeros_like(pre).scatter(1, (kept := pre.topk(k, dim=1)).indices, kept.values.relu()),
              "All is right but for ties: `topk` may take any of several equals. The first are asked for; a stable sort keeps their order."),
        wrong("one k for all rows", lambda pre, k: pre.relu() * (pre >= _threshold(pre, k).min()),
              "You use the smallest row's threshold for all rows. Each row has its own k largest."),
        wrong("ReLU alone", lambda pre, k: pre.relu(), "You keep every positive number; at most k of each row may stay."),
        wrong("nothing written", lambda pre, k: torch.zeros_like(pre), NOT_WRITTEN),
    ),
)  # fmt: skip


# 4 · BatchTopK ◇


def _batchtopk_inputs(rng: torch.Generator) -> Inputs:
    yield torch.tensor([[1.0, 3.0], [4.0, 2.0]]), 1
    yield torch.tensor([[5.0, 3.0, 4.0], [1.0, 2.0, 0.5]]), 1  # the first row takes both places
    yield torch.tensor([[9.0, 8.0, 7.0, 6.0], [1.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]]), 1  # or all
    yield torch.tensor([[9.0, 8.0, 7.0, 6.0], [1.0, 2.0, 0.5, 3.0]]), 2  # no row has a place for certain
    yield torch.tensor([[1.0, 2.0]]), 2  # as many places as numbers
    yield from _close()
    yield torch.tensor([[-5.0, 3.0], [-1.0, -2.0]]), 1  # fewer positive ones than places
    yield torch.tensor([[2.0, 2.0, 1.0], [2.0, 2.0, 3.0]]), 1  # ties
    yield torch.tensor([[1.0, 2.0, 2.0], [2.0, 0.0, 3.0]]), 1  # the first of equals, row by row
    for rows, latents, k in ((20, 3, 1), (5, 9, 3)):
        yield randn(rng, rows, latents), k
    yield torch.randint(-3, 9, (4, 1000), generator=rng).float(), 200  # so many equals that an unstable sort mixes them
    yield torch.zeros(0, 3), 1  # no rows


def _flat_threshold(pre: Tensor, count: int) -> Tensor:
    return pre.flatten().topk(min(count, pre.numel())).values[-1]


def _flat_kept(pre: Tensor, count: int, relu: bool = True) -> Tensor:
    kept = pre.flatten().argsort(descending=True, stable=True)[:count]
    values = pre.flatten()[kept]
    return torch.zeros_like(pre).flatten().scatter(0, kept, values.relu() if relu else values).view_as(pre)


Function(
    id="sae.batchtopk",
    reference=sae.batchtopk,
    inputs=_batchtopk_inputs,
    grads=(0,),
    ranges={"pre": REAL},
    survivors={
        "`torch.zeros_like(flat).scatter(*": "What is flat has one axis.",
        "pre: at least 0": "What is negative becomes 0 in any case.",
        "result: its size": NEVER_NEGATIVE,
        "result: at least 0": NEVER_NEGATIVE,
    },
    hints=(
        "A batch of B rows has k · B places, given to the largest pre-activations wherever they stand.",
        "Flatten, argsort (descending, stable), keep the first k * len(pre), scatter back, ReLU.",
    ),
    misconceptions=(
        wrong("k in every row", sae.topk,
              "You keep k in every row: that is TopK. Here a row that needs more may take places from one that needs fewer."),
        wrong("k in the whole batch", lambda pre, k: _flat_kept(pre, k),
              "You keep k in the whole batch. There are k places for each row: k · batch of them together."),
        wrong("negative ones kept", lambda pre, k: _flat_kept(pre, k * len(pre), relu=False),
              "You keep negative numbers where positive ones run out. ReLU what is kept."),
        wrong("ties all kept", lambda pre, k: pre.relu() * (pre >= _flat_threshold(pre, k * len(pre))),
              "Where several are equal to the last one that stays, you keep them all. There are exactly k · batch places."),
        wrong("k for each latent", lambda pre, k: _flat_kept(pre, k * pre.shape[1]),
              "You give away k places for each latent. There are k for each *row*: k * len(pre)."),
        wrong("any of several equals", lambda pre, k: torch.zeros(pre.numel(), dtype=pre.dtype).scatter(0, (kept := pre.flatten().topk(k * len(pre))).indices, kept.values.relu()).view_as(pre),
              "All is right but for ties: `topk` may take any of several equals. The first are asked for, row by row; a stable sort keeps their order."),
        wrong("k smallest", lambda pre, k: -_flat_kept(-pre, k * len(pre), relu=False).clamp(max=0),
              "You keep the smallest: the order is ascending."),
        wrong("the last place left empty", lambda pre, k: _flat_kept(pre, k * len(pre) - 1), "You give away k · batch − 1 places."),
        wrong("largest in size", lambda pre, k: pre.relu() * (pre.abs() >= _flat_threshold(pre.abs(), k * len(pre))),
              "You choose by absolute value. A large negative number is evidence against the latent and gets no place."),
        wrong("ReLU alone", lambda pre, k: pre.relu(), "You keep every positive number; k · batch may stay."),
        wrong("nothing written", lambda pre, k: torch.zeros_like(pre), NOT_WRITTEN),
    ),
)  # fmt: skip
