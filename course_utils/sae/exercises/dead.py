"""Exercise 14: point dead latents somewhere useful."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils import sae
from course_utils.grading.inputs import Inputs, randn
from course_utils.grading.kinds import REAL, Function, wrong
from course_utils.sae.exercises.inputs import weights
from course_utils.sae.revive import ENCODER_SHARE


def _inputs(rng: torch.Generator) -> Inputs:
    yield (torch.tensor([[4.0, 4.0]]), torch.tensor([[0.0, 10.0], [3.0, 0.0]]), torch.tensor([250.0, 1.0]),
           torch.tensor([[0.0, 1.0], [1.0, 0.0]]), torch.tensor([1.0, 0.0]), torch.tensor([[1.0, 2.0], [3.0, 4.0]]),
           torch.tensor([False, True]), torch.tensor([0]))  # fmt: skip
    yield _two_dead()
    for rows, d, latents, dead in ((3, 2, 3, 2), (6, 4, 5, 2), (9, 5, 12, 7), (5, 3, 4, 0)):
        W_enc, b_enc, b_dec = weights(rng, latents, d)
        mask = torch.zeros(latents, dtype=torch.bool)
        mask[torch.randperm(latents, generator=rng)[:dead]] = True
        lengths = 0.5 + 4 * torch.rand(latents, 1, generator=rng)
        yield (randn(rng, rows, d) * 3, W_enc * lengths, b_enc, F.normalize(randn(rng, latents, d), dim=1), b_dec,
               randn(rng, latents, d), mask, torch.randperm(rows, generator=rng)[:dead])  # fmt: skip
    yield tuple(value.double() if value.is_floating_point() else value for value in (*_two_dead()[:-1], torch.tensor([1, 1])))
    yield (torch.tensor([[0.0004, 0.0003]]), torch.tensor([[3.0, 4.0], [1.0, 0.0]]), torch.tensor([1.0, -3.0]),
           torch.tensor([[0.0, 1.0], [1.0, 0.0]]), torch.zeros(2), torch.tensor([[1.0, 2.0], [3.0, 4.0]]),
           torch.tensor([False, True]), torch.tensor([0]))  # fmt: skip


def _two_dead() -> tuple[Tensor, ...]:
    """Whole numbers: the living encoder rows have lengths 5 and 15, seen from b_dec the rows point along (-1, 0) and (0, 1)."""
    x = torch.tensor([[-2.0, 2.0], [1.0, 7.0]])
    W_enc = torch.tensor([[3.0, 4.0], [1.0, 0.0], [0.0, 15.0], [0.0, 2.0]])
    W_dec = torch.tensor([[0.0, 1.0], [1.0, 0.0], [-1.0, 0.0], [0.0, -1.0]])
    average = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]])
    b_enc, b_dec, dead = torch.tensor([1.0, -3.0, 2.0, -4.0]), torch.tensor([1.0, 2.0]), [False, True, False, True]
    return x, W_enc, b_enc, W_dec, b_dec, average, torch.tensor(dead), torch.tensor([1, 0])


def _made(
    toward=lambda x, c, rows: F.normalize(x[rows] - c, dim=1),
    length=lambda W, dead: ENCODER_SHARE * W[~dead].norm(dim=1).mean(),
    bias=lambda b, dead: torch.zeros_like(b),
    living_bias=lambda b: b,
    forget=lambda a, dead: torch.where(dead[:, None], 0.0, a),
    decoder=lambda found, length: found,
    encoder=lambda W, dead, new: torch.where(dead[:, None], new, W),
):  # fmt: skip
    """The reference with one part exchanged."""

    def answer(
        x: Tensor,
        W_enc: Tensor,
        b_enc: Tensor,
        W_dec: Tensor,
        b_dec: Tensor,
        average: Tensor,
        dead: Tensor,
        rows: Tensor,
    ) -> tuple[Tensor, ...]:
        found = toward(x, b_dec, rows)
        new, D = W_enc.clone(), W_dec.clone()
        new[dead] = length(W_enc, dead) * found
        D[dead] = decoder(found, length(W_enc, dead)) if decoder else D[dead]
        return encoder(W_enc, dead, new).clone(), torch.where(dead, bias(b_enc, dead), living_bias(b_enc)), D, forget(average, dead)

    return answer


def _order(*places: int):
    """The reference's results, those in these places."""
    return lambda *args: tuple(sae.resample_dead(*args)[place] for place in places)


Function(
    id="sae.resample_dead",
    reference=sae.resample_dead,
    inputs=_inputs,
    ranges={"x": REAL, "W_enc": REAL, "b_enc": REAL, "W_dec": REAL, "b_dec": REAL, "average": REAL},
    survivors={"`F.normalize(x[rows] - b_dec, dim=1)` → `F.normalize(x[rows] - b_dec)`": "The second axis is what `F.normalize` takes unless told otherwise."},
    hints=(
        "rows has one number for each dead latent, in their order. The i-th dead latent is pointed at x[rows[i]], seen from b_dec, as a unit vector.",
        "The decoder row is that unit vector; the encoder row is the same, times a fifth of the mean length of the living latents' encoder rows.",
        "The bias and the running average of the dead become 0. Clone before you write: W_enc = W_enc.clone(); W_enc[dead] = …",
    ),
    misconceptions=(
        wrong("all in one direction", _made(toward=lambda x, c, rows: F.normalize(x[rows] - c, dim=1)[:1].expand(len(rows), -1)),
              "All dead latents get one direction. They would then be one latent, several times over: each gets a row of its own."),
        wrong("not seen from b_dec", _made(toward=lambda x, c, rows: F.normalize(x[rows], dim=1)),
              "You take the row itself. The decoder adds b_dec at the end, so what is missing is x − b_dec."),
        wrong("from the row to b_dec", _made(toward=lambda x, c, rows: F.normalize(c - x[rows], dim=1)),
              "Your directions lead from the row to b_dec. A latent is only ever added, so it must point from b_dec to the row: x − b_dec."),
        wrong("the first rows", _made(toward=lambda x, c, rows: F.normalize(x[: len(rows)] - c, dim=1)),
              "You take the first rows of x. Those to take are x[rows], in the order of `rows`."),
        wrong("rows in the order of x", _made(toward=lambda x, c, rows: F.normalize(x[rows.sort().values] - c, dim=1)),
              "You take the right rows of x in the order in which they stand there. The i-th dead latent gets x[rows[i]]."),
        wrong("not a unit vector", _made(toward=lambda x, c, rows: x[rows] - c),
              "Your directions have the length of the row's distance from b_dec. Decoder rows have length 1."),
        wrong("encoder as long as the living", _made(length=lambda W, dead: W[~dead].norm(dim=1).mean()),
              "The encoder is as long as those of the living. A fifth is asked for: a new latent should not shout the others down at once."),
        wrong("encoder of length 1", _made(length=lambda W, dead: 1.0),
              "The encoder has length 1, whatever the others have: a fifth of the living latents' mean length is asked for."),
        wrong("a fifth of nothing", _made(length=lambda W, dead: ENCODER_SHARE),
              "The encoder has length 1/5, whatever the others have: it is a fifth of the *living latents' mean length*."),
        wrong("a fifth of the whole matrix", _made(length=lambda W, dead: ENCODER_SHARE * W[~dead].norm()),
              "You take one length of all living rows together, which grows with their number. Each row has its own (`norm(dim=1)`); then the mean."),
        wrong("mean over the dead", _made(length=lambda W, dead: ENCODER_SHARE * W[dead].norm(dim=1).mean()),
              "You average the length over the dead latents: it is that of the living, `W_enc[~dead]`."),
        wrong("mean over all latents", _made(length=lambda W, dead: ENCODER_SHARE * W.norm(dim=1).mean()),
              "You average the length over all latents, dead ones too. Only the living know what a useful length is."),
        wrong("length of the mean encoder", _made(length=lambda W, dead: ENCODER_SHARE * W[~dead].mean(0).norm()),
              "You take the length of the mean encoder row. Rows that point apart cancel: take the mean of the lengths."),
        wrong("bias kept", _made(bias=lambda b, dead: b),
              "The bias of a dead latent is kept. It may be what has silenced it: set it to 0."),
        wrong("all biases reset", _made(living_bias=torch.zeros_like),
              "You set the bias of all latents to 0. Only the dead lose theirs; the living still need it."),
        wrong("bias of the living ones' mean", _made(bias=lambda b, dead: torch.zeros_like(b) + b[~dead].mean()),
              "The bias of the dead becomes the mean of the living ones'. It is set to 0."),
        wrong("optimiser's memory kept", _made(forget=lambda a, dead: a),
              "The running average of the dead is kept. Adam would go on in the direction of the latent's past life: set it to 0."),
        wrong("optimiser forgets everything", _made(forget=lambda a, dead: torch.zeros_like(a)),
              "You set the running average of all latents to 0. The living still need theirs."),
        wrong("decoder as long as the encoder", _made(decoder=lambda found, length: length * found),
              "The decoder's row is as long as the encoder's. Decoder rows have length 1."),
        wrong("decoder a fifth as well", _made(decoder=lambda found, length: ENCODER_SHARE * found),
              "The decoder's row has length 1/5. The fifth is the encoder's; decoder rows have length 1."),
        wrong("decoder not changed", _made(decoder=None),
              "The decoder of the dead has not changed. What they find would still be written in the old direction."),
        wrong("decoder of the living normalised", lambda *args: tuple(F.normalize(one, dim=1) if k == 2 else one for k, one in enumerate(sae.resample_dead(*args))),
              "You normalise all rows of `W_dec`. Those of the living stay as they are, of whatever length; the new ones have length 1 already."),
        wrong("decoder first", _order(2, 0, 1, 3), "You return W_dec first. The order is W_enc, b_enc, W_dec, average."),
        wrong("living encoder rows shortened", _made(encoder=lambda W, dead, new: torch.where(dead[:, None], new, ENCODER_SHARE * W)),
              "You shorten the encoder rows of the living too. Their length is only measured; nothing of theirs changes."),
        wrong("in another order", _order(0, 2, 1, 3), "You return W_dec before b_enc. The order is W_enc, b_enc, W_dec, average."),
        wrong("average forgotten", _order(0, 1, 2), "You return three tensors; `average` is the fourth, with the rows of the dead at 0."),
        wrong("living and dead exchanged", lambda x, W, b, D, c, a, dead, rows: sae.resample_dead(x, W, b, D, c, a, ~dead, rows),
              "You renew the living and leave the dead alone: `dead` is True where a latent is to be renewed."),
        wrong("encoder not changed", _made(encoder=lambda W, dead, new: W),
              "The encoder of the dead has not changed. Then they stay silent, whatever the decoder's row is."),
        wrong("nothing done", lambda x, W, b, D, c, a, dead, rows: (W.clone(), b.clone(), D.clone(), a.clone()),
              "Nothing has changed: the dead are still what they were."),
    ),
)  # fmt: skip
