"""Exercises 2 to 4: the logit difference, direct logit attribution of heads, the copy score."""

import torch
from torch import Tensor

from course_utils import ioi
from course_utils.grading.inputs import Inputs, ids, randn
from course_utils.grading.kinds import REAL, UNIT, Function, wrong

# 2 · logit_diff


def _logits(rng: torch.Generator) -> Inputs:
    yield torch.tensor([[[1.0, 2.0, 5.0], [4.0, 0.0, 1.0]]]), torch.tensor([0]), torch.tensor([2]), torch.tensor([1])
    for batch, length, vocab in ((2, 3, 4), (3, 5, 6), (6, 7, 9)):
        right = ids(rng, vocab, batch)
        wrong_one = (right + 1 + ids(rng, vocab - 1, batch)) % vocab
        yield 3 * randn(rng, batch, length, vocab), ids(rng, length, batch), right, wrong_one
    yield randn(rng, 2, 4, 5, dtype=torch.float64), torch.tensor([3, 1]), torch.tensor([0, 4]), torch.tensor([1, 2])


def _at(logits: Tensor, end: Tensor) -> Tensor:
    return logits[torch.arange(len(logits)), end]


def _minus(last: Tensor, right: Tensor, other: Tensor) -> Tensor:
    rows = torch.arange(len(last))
    return last[rows, right] - last[rows, other]


Function(
    id="ioi.logit_diff",
    reference=ioi.logit_diff,
    inputs=_logits,
    survivors={"`len(logits)` → *": "There is one of each for every prompt."},
    ranges={"logits": REAL, "result": REAL},
    hints=(
        "Prompts end at different places: `end` says where. `logits[rows, end]` with `rows = torch.arange(batch)` picks one position of each prompt.",
        "`logits[rows, end, right]` is one number per prompt. Subtract the same for `wrong`.",
    ),
    misconceptions=(
        wrong("last position", lambda x, e, r, w: _minus(x[:, -1], r, w),
              "You read the last position of every row. Prompts of unequal length are padded after END; `end` says where each of them ends."),
        wrong("sign", lambda x, e, r, w: _minus(_at(x, e), w, r), "Your sign is turned round: the right name minus the wrong one, so that more is better."),
        wrong("averaged", lambda x, e, r, w: _minus(_at(x, e), r, w).mean(), "You average over the prompts. One number per prompt is asked for: the average hides the spread."),
        wrong("probabilities", lambda x, e, r, w: _minus(_at(x, e).softmax(-1), r, w),
              "You take the difference of probabilities. Of logits it is asked for: it does not depend on the other tokens, and parts of the model add up to it."),
        wrong("ratio of probabilities", lambda x, e, r, w: (_minus(_at(x, e), r, w)).exp(), "This is the ratio of the two probabilities; the logit difference is its logarithm."),
        wrong("one position later", lambda x, e, r, w: _minus(_at(x, (e + 1).clamp(max=x.shape[1] - 1)), r, w), "You read one position too late. The logits *at* END are about the token that comes after it."),
        wrong("one position early", lambda x, e, r, w: _minus(_at(x, (e - 1).clamp(min=0)), r, w), "You read one position too early: the logits at `end` are those for the token that comes next."),
        wrong("one position early, round the corner", lambda x, e, r, w: _minus(_at(x, e - 1), r, w), "You read one position too early: the logits at `end` are those for the token that comes next."),
        wrong("every pair of prompts", lambda x, e, r, w: _at(x, e)[:, r] - _at(x, e)[:, w], "You get a number for each pair of prompts. `x[:, r]` takes all of r for every row; `x[rows, r]` takes one each."),
        wrong("every prompt at every end", lambda x, e, r, w: x[:, e, r] - x[:, e, w], "You get a number for each pair of prompts: `logits[:, end, right]` reads every prompt at the end of every other. Give each prompt its own row: `logits[rows, end, right]`, with `rows = torch.arange(len(logits))`."),
        wrong("logarithm of a softmax", lambda x, e, r, w: _minus(_at(x, e).softmax(-1).log(), r, w), "You take the logarithm of a softmax. Where logits are far apart a probability is rounded to 0, and its logarithm has no end. The logits themselves are asked for (of `log_softmax` the difference is the same)."),
        wrong("averaged up to the end", lambda x, e, r, w: torch.stack([_minus(x[i : i + 1, : e[i] + 1].mean(1), r[i : i + 1], w[i : i + 1])[0] for i in range(len(x))]), "You average over all positions up to `end`. Only what the model says *at* END is about the name that comes next."),
        wrong("right logit alone", lambda x, e, r, w: _at(x, e)[torch.arange(len(x)), r], "You return the right name's logit alone. A logit means something only against another: take the wrong name's off."),
        wrong("against the mean of all", lambda x, e, r, w: _at(x, e)[torch.arange(len(x)), r] - _at(x, e).mean(-1), "You compare with the mean of the vocabulary. The comparison is with the wrong name."),
    ),
)  # fmt: skip


# 3 · head_dla


def _heads(rng: torch.Generator) -> Inputs:
    yield torch.tensor([[[2.0]]]), torch.tensor([[[1.0, 3.0]]]), torch.tensor([2.0]), torch.tensor([[1.0, 0.0]])
    for batch, heads, d_head, d_model in ((2, 1, 2, 3), (2, 3, 2, 4), (5, 4, 3, 8)):
        yield (
            randn(rng, batch, heads, d_head), randn(rng, heads, d_head, d_model),
            0.5 + 2 * torch.rand(batch, generator=rng), randn(rng, batch, d_model),
        )  # fmt: skip
    yield randn(rng, 2, 2, 2), randn(rng, 2, 2, 4), torch.tensor([0.0005, 2.0]), randn(rng, 2, 4)  # a stream near zero
    wide = torch.float64
    yield tuple(
        x.to(wide) for x in (randn(rng, 2, 2, 3), randn(rng, 2, 3, 5), torch.tensor([0.7, 3.0]), randn(rng, 2, 5))
    )


def _written(z: Tensor, W_O: Tensor, centred: bool = True) -> Tensor:
    out = torch.einsum("bhe,hed->bhd", z, W_O)
    return out - out.mean(-1, keepdim=True) if centred else out


def _read(out: Tensor, direction: Tensor) -> Tensor:
    return torch.einsum("bhd,bd->bh", out, direction)


Function(
    id="ioi.head_dla",
    reference=ioi.head_dla,
    inputs=_heads,
    ranges={"z": REAL, "W_O": REAL, "scale": (0.0, float("inf")), "direction": REAL, "result": REAL},
    alternatives=(
        lambda z, W_O, s, d: torch.stack([((z[:, h] @ W_O[h]) * (d - d.mean(-1, keepdim=True))).sum(-1) / s for h in range(len(W_O))], 1),
    ),
    rtol=1e-3,
    atol=1e-5,
    hints=(
        "What a head writes is `z[:, h] @ W_O[h]`, of shape (batch, d_model). An einsum does all heads at once: \"bhe,hed->bhd\".",
        "The final LayerNorm subtracts the mean over d_model and divides by `scale`. Do both to what the head writes.",
        "The dot product with `direction`, summed over d_model, one number for each prompt and head.",
    ),
    misconceptions=(
        wrong("scale forgotten", lambda z, W_O, s, d: _read(_written(z, W_O), d), "You leave out the final norm's scale. Without it the heads do not add up to the logit difference; divide by `scale`, prompt by prompt."),
        wrong("not centred", lambda z, W_O, s, d: _read(_written(z, W_O, False), d) / s[:, None], "You do not centre. The final LayerNorm takes away the mean over d_model of what stands in the stream, and so of what each head writes."),
        wrong("z centred", lambda z, W_O, s, d: _read(_written(z - z.mean(-1, keepdim=True), W_O, False), d) / s[:, None], "You centre z, over d_head. The final LayerNorm acts on the stream: centre what the head *writes*, after W_O, over d_model."),
        wrong("one mean for everything", lambda z, W_O, s, d: _read(_written(z, W_O, False) - _written(z, W_O, False).mean(), d) / s[:, None], "You subtract one mean, over prompts, heads and d_model together. LayerNorm subtracts from each vector its own mean, over d_model: `.mean(-1, keepdim=True)`."),
        wrong("multiplied by the scale", lambda z, W_O, s, d: _read(_written(z, W_O), d) * s[:, None], "You multiply by the scale. It is what LayerNorm *divides* by."),
        wrong("norm of each head's own", lambda z, W_O, s, d: _read(_written(z, W_O) / _written(z, W_O).std(-1, unbiased=False, keepdim=True).clamp(min=1e-9), d),
              "You normalise each head's output by its own size. Then every head looks equally loud; the scale is one for the whole stream, and is given."),
        wrong("heads summed", lambda z, W_O, s, d: (_read(_written(z, W_O), d) / s[:, None]).sum(1), "You sum over the heads. One number for each head is asked for."),
        wrong("prompts averaged", lambda z, W_O, s, d: (_read(_written(z, W_O), d) / s[:, None]).mean(0), "You average over prompts. Keep them: their spread is needed for an interval."),
        wrong("one direction for all prompts", lambda z, W_O, s, d: _read(_written(z, W_O), d.mean(0, keepdim=True).expand_as(d)) / s[:, None],
              "You use the mean direction for every prompt. Each prompt has names of its own, and so a direction of its own."),
        wrong("one scale for all prompts", lambda z, W_O, s, d: _read(_written(z, W_O), d) / s.mean(), "You use the mean scale. Each prompt has its own."),
        wrong("scale squared", lambda z, W_O, s, d: _read(_written(z, W_O), d) / s[:, None].square(), "You divide by the squared scale, the variance. LayerNorm divides by its root, which is what is given."),
        wrong("size of the projection", lambda z, W_O, s, d: (_read(_written(z, W_O), d) / s[:, None]).abs(), "You take the absolute value. A head can speak against the right name: keep the sign."),
        wrong("cosine", lambda z, W_O, s, d: _read(_written(z, W_O), d) / s[:, None] / d.norm(dim=-1, keepdim=True), "You divide by the length of the direction. A logit is the dot product with the unembedding as it is."),
    ),
)  # fmt: skip


# 4 · copying_score


def _tables(rng: torch.Generator) -> Inputs:
    yield torch.tensor([[3.0, 1.0], [2.0, 1.0]]), 1
    yield torch.tensor([[1.0, 5.0, 0.0], [7.0, 6.0, 8.0], [4.0, 0.0, 9.0]]), 2
    yield torch.tensor([[-1.0, -5.0, -2.0], [-7.0, -6.0, -8.0], [-4.0, -1.0, -2.0]]), 1
    for n, k in ((4, 1), (6, 2), (12, 5), (20, 5)):
        table = randn(rng, n, n)
        table[torch.arange(n), torch.arange(n)] += 1.0
        yield table, k
    yield randn(rng, 7, 7, dtype=torch.float64), 3
    yield randn(rng, 5, 5), 5
    rare = -10 * torch.eye(150)
    rare[3, 3] = 10.0
    yield rare + 0.1 * randn(rng, 150, 150), 1  # one name of 150
    equal = torch.zeros(4, 4)
    equal[0, 1] = 1.0  # ties count for the name itself
    yield equal, 1
    yield torch.tensor([[1.0, 1.0, 0.0], [2.0, 2.0, 2.0], [0.0, 3.0, 3.0]]), 2
    yield torch.tensor([[2.0, 2.0, 0.0], [1.0, 1.0, 0.0], [0.0, 4.0, 4.0]]), 1
    yield torch.tensor([[-2.0]]), 1
    yield torch.tensor([[1.0, 2.0, 2.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]), 2  # two ahead, by as much
    yield torch.tensor([[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, -1.0, -1.0], *[[9.0] * 8] * 7]), 6  # five ahead, and k is six
    yield torch.tensor([[2e-7, 3e-7], [0.0, 1.0]]), 1  # small, and not equal
    yield torch.tensor([[1.0, 1.0 + 1e-12], [0.0, 1.0]], dtype=torch.float64), 1
    order = torch.rand(8, 8, generator=rng).argsort(1).argsort(1)
    yield 64 + order / 4096, 2  # nearly equal, and not equal


def _top(written: Tensor, k: int) -> Tensor:
    return (written > written.diagonal()[:, None]).sum(1) < k


def _listed(written: Tensor, k: int) -> Tensor:
    """Whether it is in the list of `topk`, which breaks ties as it likes."""
    return (written.topk(k, dim=1).indices == torch.arange(len(written))[:, None]).any(1)


def _of_all(written: Tensor, k: int) -> Tensor:
    at = written.flatten().topk(k).indices
    return torch.bincount(at[at // len(written) == at % len(written)] % len(written), minlength=len(written)) > 0


Function(
    id="ioi.copying_score",
    reference=ioi.copying_score,
    inputs=_tables,
    ranges={"written": REAL, "result": UNIT},
    allows=lambda written, k: k <= len(written),
    hints=(
        "Row i belongs to name i being read. How many entries of row i are larger than its own, `written[i, i]`?",
        "`(written > written.diagonal()[:, None]).sum(1)` counts them. Fewer than k of them: the name is among the top k.",
    ),
    misconceptions=(
        wrong("columns in place of rows", lambda w, k: _top(w.mT, k).to(w.dtype).mean(), "You look down the columns: for each name, whether it is raised most by *reading itself*. For each name that is read, ask which name is raised most: along the row."),
        wrong("one too many", lambda w, k: _top(w, k + 1).to(w.dtype).mean(), "You allow k larger ones, which makes it the top k + 1."),
        wrong("ahead of itself", lambda w, k: ((w >= w.diagonal()[:, None]).sum(1) < k).to(w.dtype).mean(), "A name is no larger than itself: with `>=`, each counts as ahead of itself, and so do those that are raised exactly as much. Count the entries that are *larger* than its own (`>`); or ask whether its own is *at least* the k-th largest (`>=`)."),
        wrong("one too few", lambda w, k: _top(w, k - 1).to(w.dtype).mean(), "You allow fewer than k − 1 larger ones, which makes it the top k − 1."),
        wrong("sizes", lambda w, k: _top(w.abs(), k).to(w.dtype).mean(), "You rank by size. A name that is *lowered* a lot would count as copied: rank by value."),
        wrong("the lowered ones", lambda w, k: _top(-w, k).to(w.dtype).mean(), "You count the names among the k most lowered. That is a head that does the opposite of copying."),
        wrong("counted", lambda w, k: _top(w, k).to(w.dtype).sum(), "You count. The share of names is asked for, between 0 and 1."),
        wrong("top one only", lambda w, k: _top(w, 1).to(w.dtype).mean(), "You count only names that come first. Among the first k is asked for."),
        wrong("ties against it", lambda w, k: ((w >= w.diagonal()[:, None]).sum(1) <= k).to(w.dtype).mean(), "Where other names are raised exactly as much, you count them as ahead. Only larger ones are."),
        wrong("ties as topk breaks them", lambda w, k: _listed(w, k).to(w.dtype).mean(), "`topk` lists k entries, and of equal ones whichever it likes, so that a tie can push the name itself out. Count the entries that are *larger* than its own: fewer than k of them."),
        wrong("ties as a sort breaks them", lambda w, k: (w.argsort(1, descending=True)[:, :k] == torch.arange(len(w))[:, None]).any(1).to(w.dtype).mean(), "A sort puts equal entries into an order of its own, so that a tie can push the name itself out. Count the entries that are *larger* than its own: fewer than k of them."),
        wrong("different numbers ahead", lambda w, k: torch.stack([(row.unique() > row[i]).sum() < k for i, row in enumerate(w)]).to(w.dtype).mean(), "You count the different *numbers* that lie ahead. Two names that are raised exactly as much are two names ahead: count names."),
        wrong("nearly equal as equal", lambda w, k: (((w > w.diagonal()[:, None]) & ~torch.isclose(w, w.diagonal()[:, None])).sum(1) < k).to(w.dtype).mean(), "You take entries that are nearly equal for equal (`isclose`). Only *exactly* equal ones do not count as ahead."),
        *(wrong(f"rounded to {n} places", lambda w, k, n=n: _top(w.round(decimals=n), k).to(w.dtype).mean(), "You round first, and so make ties where there are none. Only *exactly* equal entries do not count as ahead.") for n in (2, 3)),
        wrong("divided by k", lambda w, k: _top(w, k).to(w.dtype).sum() / k, "You divide by k. It is the share of *names*: divide by how many there are."),
        wrong("topk down the columns", lambda w, k: _listed(w.mT, k).to(w.dtype).mean(), "You look down the columns. For each name that is read, ask which name is raised most: along the row. And count larger entries; of equal ones `topk` lists whichever it likes."),
        wrong("top k of the whole table", lambda w, k: _of_all(w, k).to(w.dtype).mean(), "You take the k largest of the whole table. Each name that is read has a row of its own, and its own k."),
        wrong("raised at all", lambda w, k: (w.diagonal() > 0).to(w.dtype).mean(), "You count the names that are raised at all. A head may raise all names alike; it copies when the one it reads is raised more than most others."),
        wrong("above the mean", lambda w, k: (w.diagonal() > w.mean(1)).to(w.dtype).mean(), "You count the names that are raised more than the average name. That is half of them by chance; the top k is a stricter test."),
    ),
)  # fmt: skip
