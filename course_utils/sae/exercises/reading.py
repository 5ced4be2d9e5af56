"""Exercises 9 to 11: read a latent, edit it, find the sealed features."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from course_utils import sae
from course_utils.grading.inputs import Inputs, randn
from course_utils.grading.kinds import POSITIVE, REAL, Answer, Function, wrong
from course_utils.sae.exercises.inputs import codes

# 9 · top contexts


def _contexts_inputs(rng: torch.Generator) -> Inputs:
    yield torch.tensor([[0.0, 2.0], [3.0, 1.0]]), 1
    yield torch.tensor([[0.0, 3.0, 2.5], [0.0, 0.0, 0.0], [1.0, 0.0, 4.0]]), 2  # two large ones in one context
    yield torch.tensor([[0.0, 1.0], [0.0, 0.0], [2.0, 0.0]]), 3  # silent contexts are none
    yield torch.tensor([[0.0, 2.0, 2.0], [2.0, 0.0, 0.0]]), 2  # ties: the earlier context and position
    yield torch.tensor([[2.0], [1.0], [2.0], [2.0]]), 2
    yield torch.randint(0, 5, (300, 3), generator=rng).float(), 120  # so many that an unstable sort mixes equals
    yield torch.zeros(2, 3), 1  # silent throughout
    yield torch.tensor([[0.0, 1e-9]]), 1
    yield torch.cat([torch.arange(20.0, 70.0)[None], torch.ones(1, 50)]), 2  # one context holds all the largest
    yield torch.tensor([[1.0002], [1.0004]]), 1
    yield codes(rng, 8, 5), 3
    yield torch.tensor([[0.0, 2.0]]), 0  # none is asked for


def _flat(activity: Tensor, count: int) -> list[tuple[int, int]]:
    order = activity.flatten().argsort(descending=True, stable=True)[:count].tolist()
    return [(i // activity.shape[1], i % activity.shape[1]) for i in order if activity.flatten()[i] > 0]


def _by(activity: Tensor, score: Tensor, count: int) -> list[tuple[int, int]]:
    order = score.argsort(descending=True, stable=True)[:count].tolist()
    return [(c, int(activity[c].argmax())) for c in order if score[c] > 0]


Function(
    id="sae.top_contexts",
    reference=sae.top_contexts,
    inputs=_contexts_inputs,
    ranges={"activity": POSITIVE},
    survivors={
        "`best.argsort(*": "A whole number in a tensor is a whole number.",
        "`int(place[c])` → `place[c]`": "A whole number in a tensor is a whole number.",
    },
    hints=(
        "For each context its largest activation and where it stands: activity.max(1) gives both.",
        "Sort the contexts by their largest activation, the largest first (stable, so that earlier ones win ties), keep `count`, leave out those in which it is 0.",
        "Return a list of (context, position), plain whole numbers.",
    ),
    misconceptions=(
        wrong("several from one context", _flat,
              "You take the largest activations wherever they stand, so that one long passage may fill the list. At most one from each context is asked for."),
        wrong("silent contexts too", lambda a, n: [(c, int(a[c].argmax())) for c in a.amax(1).argsort(descending=True, stable=True)[:n].tolist()],
              "You also list contexts in which the latent is silent. They are no contexts of this latent: leave them out."),
        wrong("sorted by the sum", lambda a, n: _by(a, a.sum(1), n),
              "You sort by the sum over the context. A context full of weak activity is not the one where the latent is strongest: use the largest."),
        wrong("sorted by the number of active positions", lambda a, n: _by(a, (a > 0).sum(1).float(), n),
              "You sort by how often the latent is active in a context. Its largest activation is what counts."),
        wrong("the largest at each position", lambda a, n: [(p, c) for c, p in sae.top_contexts(a.T, n)],
              "You take the largest at each *position*, over the contexts. The largest of each context is asked for: max(dim=1)."),
        wrong("a sort that is not stable", lambda a, n: [(c, int(a[c].argmax())) for c in a.amax(1).argsort(descending=True)[:n].tolist() if a[c].max() > 0],
              "All is right but for ties: without stable=True a sort may put equals into any order. Of equal ones the earlier context comes first."),
        wrong("any of several equals", lambda a, n: [(c, int(a[c].argmax())) for c in a.amax(1).topk(min(n, len(a))).indices.tolist() if a[c].max() > 0],
              "All is right but for ties: `topk` may take any of several equals. Of equal ones the earlier context comes first; a stable sort keeps their order."),
        wrong("weakest first", lambda a, n: sae.top_contexts(a, len(a))[::-1][:n], "Your list begins with the weakest. The strongest comes first."),
        wrong("position before context", lambda a, n: [(p, c) for c, p in sae.top_contexts(a, n)], "You return (position, context); asked for is (context, position)."),
        wrong("in the order of the text", lambda a, n: sorted(sae.top_contexts(a, n)), "You return them in the order of the text. The strongest comes first."),
        wrong("one of several equals", lambda a, n: sorted({float(a[c].max()): (c, p) for c, p in sae.top_contexts(a, len(a))}.values(), key=lambda two: -float(a[two]))[:n],
              "Of several contexts with the same largest value you list one. The keys of a dict are there once: a second context with an equal value overwrites the first. Sort pairs, or contexts, in its place."),
        wrong("the first active position", lambda a, n: [(c, int((a[c] > 0).float().argmax())) for c, _ in sae.top_contexts(a, n)],
              "You give the first position at which the latent is active. The one where it is strongest is asked for."),
    ),
)  # fmt: skip


# 10 · the edit


def _edit_inputs(rng: torch.Generator) -> Inputs:
    yield torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, 0.5]]), torch.tensor([[0.0, 1.0], [1.0, 0.0]]), 0, 0.0
    yield torch.tensor([[1.0, 2.0], [0.0, 1.0]]), torch.tensor([[0.0, 2.0], [1.0, 0.0]]), torch.tensor([[0.6, 0.8], [1.0, 0.0]]), 1, 5.0
    for rows, d, latents in ((2, 3, 4), (5, 3, 6), (6, 8, 4)):
        yield (randn(rng, rows, d), codes(rng, rows, latents) + 0.05, F.normalize(randn(rng, latents, d), dim=1),
               latents - 2, float(2 * torch.rand((), generator=rng)))  # fmt: skip
    yield torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0, 0.5]]), torch.tensor([[0.0, 2.0], [1.0, 0.0]]), 0, 0.0  # a row of another length
    yield torch.tensor([[1.0, 2.0]]), torch.tensor([[250.0, 0.5]]), torch.tensor([[0.0, 1.0], [1.0, 0.0]]), 0, -1.0  # steered against
    wide = torch.float64
    yield randn(rng, 3, 4, dtype=wide), codes(rng, 3, 5, wide), F.normalize(randn(rng, 5, 4, dtype=wide), dim=1), 3, 1.5
    yield randn(rng, 4, 3), codes(rng, 4, 5), F.normalize(randn(rng, 5, 3), dim=1), 2  # to 0, unless told otherwise
    twins = torch.tensor([[1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]])  # others along the same line stay as they are
    yield torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0, 2.0, 3.0]]), twins, 0, 0.0
    yield torch.zeros(0, 2), torch.zeros(0, 1), torch.tensor([[1.0, 0.0]]), 0, 1.0  # no rows at all


def _with(f: Tensor, latent: int, to: float) -> Tensor:
    f = f.clone()
    f[:, latent] = to
    return f


Function(
    id="sae.latent_effect",
    reference=sae.latent_effect,
    inputs=_edit_inputs,
    ranges={"x": REAL, "f": POSITIVE, "W_dec": REAL, "to": REAL},
    hints=(
        "Only one latent changes, from f to `to`. By how much does the reconstruction change, and in which direction?",
        "Add (to − f) times the latent's decoder row to x. What the dictionary does not reconstruct stays in x.",
        "x + (to - f[:, latent, None]) * W_dec[latent]",
    ),
    misconceptions=(
        wrong("the reconstruction in place of x", lambda x, f, W, i, to=0.0: _with(f, i, to) @ W,
              "You return the edited *reconstruction*. It lacks what the dictionary cannot reconstruct, so that the edit and the error are measured together. Add the change to x."),
        wrong("added on top", lambda x, f, W, i, to=0.0: x + to * W[i],
              "You add `to` times the direction. What is there already stays: the latent ends at f + to. Add the difference, to − f."),
        wrong("ablated only", lambda x, f, W, i, to=0.0: x - f[:, i, None] * W[i],
              "You take the latent away and do not set it to `to`."),
        wrong("a column of W_dec", lambda x, f, W, i, to=0.0: x + (to - f[:, i, None]) * W[:, i],
              "You take a column of W_dec. Its rows are the directions: W_dec[latent]."),
        wrong("a row of f", lambda x, f, W, i, to=0.0: x + (to - f[i]) @ W,
              "You take a row of f, which is about one *vector* and all latents. One latent in all vectors is a column: f[:, latent]."),
        wrong("the mean activation", lambda x, f, W, i, to=0.0: x + (to - f[:, i].mean()) * W[i],
              "You take the latent's mean activation away from every row. Each row has its own: f[:, latent, None]."),
        wrong("sign", lambda x, f, W, i, to=0.0: x + (f[:, i, None] - to) * W[i], "The sign is turned round: (to − f), not (f − to)."),
        wrong("only where it is active", lambda x, f, W, i, to=0.0: torch.where(f[:, i, None] > 0, sae.latent_effect(x, f, W, i, to), x),
              "You change only the rows in which the latent is active. Setting it to `to` concerns every row."),
        wrong("projected out", lambda x, f, W, i, to=0.0: x - (x @ W[i])[:, None] * W[i] + to * W[i],
              "You remove x's whole component along the direction. Other latents write along it too; only this latent's own share, f, is to go."),
        wrong("the other latents taken away", lambda x, f, W, i, to=0.0: x - f @ W + to * W[i],
              "You also take away what the other latents write. Only the one that is set changes: x + (to − f) times its direction."),
        wrong("one row for all", lambda x, f, W, i, to=0.0: x + (to - f[:1, i, None]) * W[i],
              "You use the first row's activation for all rows. Each row has its own: f[:, latent, None]."),
        wrong("another default", lambda x, f, W, i, to=1.0: sae.latent_effect(x, f, W, i, to),
              "Where `to` is not given, you do not take the latent away. Its default is 0.0."),
        wrong("direction normalised", lambda x, f, W, i, to=0.0: x + (to - f[:, i, None]) * F.normalize(W[i], dim=0),
              "You normalise the latent's direction. What the latent writes is f times its row of W_dec as it is, of whatever length."),
        wrong("nothing else left", lambda x, f, W, i, to=0.0: (to - f[:, i, None]) * W[i], "This is the change alone; add it to x."),
    ),
)  # fmt: skip


# 11 · the sealed features


def _random_directions(truth: sae.Sealed, rng: torch.Generator) -> Tensor:
    """As many directions as may be given."""
    return sae.random_directions(2 * truth.features, truth.x.shape[1], rng)


def _directions(answer: Any) -> Tensor:
    answer = torch.as_tensor(answer).detach().float()
    if answer.ndim != 2:
        raise TypeError("not a table of directions")
    return answer


def _form(answer: Tensor, truth: sae.Sealed) -> str:
    if answer.shape[1] != truth.x.shape[1] == answer.shape[0]:
        return f"Your directions stand in columns, {tuple(answer.shape)}: turn it round (`.T`)."
    if answer.shape[1] != truth.x.shape[1]:
        return f"Each row is a direction in {truth.x.shape[1]} dimensions; yours have {answer.shape[1]} numbers."
    if lost := int((~answer.isfinite().all(1)).sum()):
        return f"{lost} of your directions hold numbers that are not finite; did a loss become nan?"
    most = 2 * truth.features  # of many rows of the data some lie near a feature
    return f"Give at most {most} directions, twice as many as there are features." if len(answer) > most else ""


NEAR = 0.65  # mean cosine: as many random directions as may be given reach 0.5


def _explain(answer: Tensor, truth: sae.Sealed) -> str:
    found = sae.share_found(truth._truth, answer)
    opposite = sae.share_found(truth._truth, -answer)
    if opposite > found + 0.2:  # a few lie opposite by chance
        return "More of the features lie opposite to your directions than along them: check the sign."
    if len(answer) < 0.8 * truth.features:
        return f"There are {truth.features} features and you give {len(answer)} directions, too few to find 80 % of them."
    if len(answer) > 1 and float(sae.cosines(answer, answer[:1]).min()) > 0.999:
        return "All your directions are the same one; each feature needs a direction of its own."
    said = f"{found:.0%} of the {truth.features} features have a direction of yours of their own with a cosine above 0.9."
    cosine = sae.match_features(truth._truth.directions, answer).cosine
    missed = cosine[cosine <= 0.9].mean().item()
    said += f" {'With' if found == 0 else 'Of the others, with'} the nearest one it is {missed:.2f} on average."
    if missed > NEAR:
        return (
            f"{said} They lie near the features and not along them, as an encoder's rows do, sums of features, and a "
            "dictionary that was trained too short or with too many active latents."
        )
    if found < 0.2:
        return (
            f"{said} Random directions come as near. Has the dictionary been trained long enough, on these vectors, "
            "and with few active latents (k, or the penalty)?"
        )
    return said + " What is missing is not nearly found: give more directions, or the dictionary more latents."


@lru_cache(maxsize=8)
def _by_ica(problem: sae.Sealed) -> Tensor:
    return sae.ica_directions(problem.x)


Answer(
    id="sae.sealed",
    truth=sae.sealed,
    key=lambda truth: truth._truth.directions,
    score=lambda answer, truth: sae.share_found(truth._truth, answer),
    null=_random_directions,
    canonical=_directions,
    form=_form,
    explain=_explain,
    expects="Give a tensor of shape (latent, d), one direction a row: for example the decoder of a dictionary that you trained on problem.x.",
    own=sae.Sealed.reveal,
    effort=20,
    equivalent=("scaled",),  # a direction has no length
    hints=(
        "Train a dictionary on problem.x: sae.train(config, sae.Rows(problem.x), recipe). It may be wider than there are features.",
        "Two or three features are active in most rows: a TopK dictionary with k = 3 and 48 latents, 800 steps of 512 rows at a rate of 3e-3 take a few seconds.",
        "The answer is the decoder's rows, done.sae.W_dec. The encoder's lean away from other features.",
    ),
    misconceptions=(
        wrong("principal axes", lambda p: sae.pca_directions(p.x),
              "These are principal axes. There are no more of them than dimensions, they are at right angles, and the features are neither."),
        wrong("independent components", _by_ica,
              "These are independent components. ICA finds one axis for each dimension at most, and here are more features than dimensions."),
        wrong("opposite directions", lambda p: -p._truth.directions,
              "Each of your directions points the other way. A feature is only ever added, so its sign can be known."),
        wrong("rows of the data", lambda p: F.normalize(p.x[:48], dim=1),
              "These are rows of the data. Each is a sum of two features or more, and no feature's direction."),
        wrong("the longest rows of the data", lambda p: F.normalize(p.x[p.x.norm(dim=1).argsort(descending=True, stable=True)[: 2 * p.features]], dim=1),
              "These are the longest rows of the data, and the longest are sums of several features."),
        wrong("a random start", lambda p: sae.SparseAutoencoder(sae.Config(d_in=20, n_latents=48, k=3), torch.Generator().manual_seed(0)).W_dec.detach(),
              "These are the directions of a dictionary that has not been trained."),
    ),
)  # fmt: skip
