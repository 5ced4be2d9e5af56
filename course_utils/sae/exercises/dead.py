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
    for rows, d, latents, dead in ((3, 2, 3, 2), (6, 4, 5, 2), (9, 5, 12, 7), (5, 3, 4, 0)):
        W_enc, b_enc, b_dec = weights(rng, latents, d)
        mask = torch.zeros(latents, dtype=torch.bool)
        mask[torch.randperm(latents, generator=rng)[:dead]] = True
        lengths = 0.5 + 4 * torch.rand(latents, 1, generator=rng)
        yield (randn(rng, rows, d) * 3, W_enc * lengths, b_enc, F.normalize(randn(rng, latents, d), dim=1), b_dec,
               randn(rng, latents, d), mask, torch.randperm(rows, generator=rng)[:dead])  # fmt: skip


def _made(
    toward=lambda x, c, rows: F.normalize(x[rows] - c, dim=1),
    length=lambda W, dead: ENCODER_SHARE * W[~dead].norm(dim=1).mean(),
    bias=lambda b, dead: torch.zeros_like(b),
    forget=lambda a, dead: torch.where(dead[:, None], 0.0, a),
    decoder=lambda found: found,
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
        new[dead], D[dead] = length(W_enc, dead) * found, decoder(found)
        return encoder(W_enc, dead, new).clone(), torch.where(dead, bias(b_enc, dead), b_enc), D, forget(average, dead)

    return answer


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
        wrong("not a unit vector", _made(toward=lambda x, c, rows: x[rows] - c),
              "Your directions have the length of the row's distance from b_dec. Decoder rows have length 1."),
        wrong("encoder as long as the living", _made(length=lambda W, dead: W[~dead].norm(dim=1).mean()),
              "The encoder is as long as those of the living. A fifth is asked for: a new latent should not shout the others down at once."),
        wrong("encoder of length 1", _made(length=lambda W, dead: 1.0),
              "The encoder has length 1, whatever the others have: a fifth of the living latents' mean length is asked for."),
        wrong("mean over all latents", _made(length=lambda W, dead: ENCODER_SHARE * W.norm(dim=1).mean()),
              "You average the length over all latents, dead ones too. Only the living know what a useful length is."),
        wrong("length of the mean encoder", _made(length=lambda W, dead: ENCODER_SHARE * W[~dead].mean(0).norm()),
              "You take the length of the mean encoder row. Rows that point apart cancel: take the mean of the lengths."),
        wrong("bias kept", _made(bias=lambda b, dead: b),
              "The bias of a dead latent is kept. It may be what has silenced it: set it to 0."),
        wrong("optimiser's memory kept", _made(forget=lambda a, dead: a),
              "The running average of the dead is kept. Adam would go on in the direction of the latent's past life: set it to 0."),
        wrong("optimiser forgets everything", _made(forget=lambda a, dead: torch.zeros_like(a)),
              "You set the running average of all latents to 0. The living still need theirs."),
        wrong("decoder short as the encoder", _made(decoder=lambda found: ENCODER_SHARE * found),
              "The decoder's row is as short as the encoder's. Decoder rows have length 1."),
        wrong("encoder not changed", _made(encoder=lambda W, dead, new: W),
              "The encoder of the dead has not changed. Then they stay silent, whatever the decoder's row is."),
        wrong("nothing done", lambda x, W, b, D, c, a, dead, rows: (W.clone(), b.clone(), D.clone(), a.clone()),
              "Nothing has changed: the dead are still what they were."),
    ),
)  # fmt: skip
