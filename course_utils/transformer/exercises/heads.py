"""Exercises 5 to 8: where a head looks, what it moves, mean ablation, and reading attention patterns."""

import math

import torch
from torch import Tensor

from course_utils import transformer as tf
from course_utils.grading.inputs import Inputs, patterns, randn
from course_utils.grading.kinds import REAL, UNIT, Function, wrong
from course_utils.transformer.exercises.inputs import small_integers

# 5 · qk_circuit


def _qk_inputs(rng: torch.Generator) -> Inputs:
    yield torch.tensor([[1.0], [2.0]]), torch.tensor([[3.0], [5.0]])
    yield small_integers(rng, 3, 2), small_integers(rng, 3, 2)
    for size in ((1, 3, 2), (2, 4, 3), (3, 2, 5, 2), (2, 4, 16, 8)):
        yield randn(rng, *size), randn(rng, *size)
    yield randn(rng, 2, 5, 3, dtype=torch.float64), randn(rng, 2, 5, 3, dtype=torch.float64)


def _over_heads(circuit: Tensor) -> Tensor:
    return circuit.flatten(0, -3).sum(0) if circuit.dim() > 2 else circuit


Function(
    id="transformer.qk_circuit",
    reference=tf.qk_circuit,
    ranges={"W_Q": REAL, "W_K": REAL},
    inputs=_qk_inputs,
    rtol=1e-3,
    atol=1e-5,
    hints=(
        "A score is the dot product of a query x W_Q with a key y W_K, as rows: x W_Q (y W_K)ᵀ. Which matrix stands between x and yᵀ?",
        "`.mT` transposes the last two axes and leaves the axes of heads alone.",
    ),
    misconceptions=(
        wrong("key first", lambda Q, K: K @ Q.mT,
              "Yours is W_K W_Qᵀ, the transposed circuit: it would take the key's stream on its left. By convention the query stands on the left."),
        wrong("summed over d_model", lambda Q, K: Q.mT @ K,
              "You sum over d_model and keep d_head × d_head. The circuit is read in the residual stream: (d_model, d_model), with d_head summed away."),
        wrong("divided by √d_head", lambda Q, K: Q @ K.mT / math.sqrt(Q.shape[-1]),
              "You divide by √d_head. The model does so with its scores; the circuit W_Q W_Kᵀ is the product alone."),
        wrong("heads summed", lambda Q, K: _over_heads(Q @ K.mT), "You sum over heads. Each head has a circuit and a softmax of its own; their sum looks nowhere in particular."),
        wrong("softmaxed", lambda Q, K: (Q @ K.mT).softmax(-1), "You take a softmax. It runs over the keys of a prompt; the circuit is a matrix of weights and has seen no prompt."),
        wrong("symmetrised", lambda Q, K: (Q @ K.mT + K @ Q.mT) / 2, "You make it symmetric. That a looks at b does not mean that b looks at a."),
        wrong("query's circuit with itself", lambda Q, K: Q @ Q.mT, "This is W_Q W_Qᵀ: the keys do not occur in it."),
    ),
)  # fmt: skip


# 6 · matching_score


def _matching_inputs(rng: torch.Generator) -> Inputs:
    one = torch.eye(2)
    yield one, torch.tensor([[[1.0], [2.0]]]), torch.tensor([[[3.0, 5.0]]]), one
    yield (
        small_integers(rng, 3, 2),
        small_integers(rng, 1, 2, 1),
        small_integers(rng, 1, 1, 2),
        small_integers(rng, 2, 3),
    )
    for signs, heads, d_model, d_head in ((2, 2, 3, 2), (3, 4, 5, 2), (4, 3, 16, 8)):
        yield (
            randn(rng, signs, d_model), randn(rng, heads, d_model, d_head), randn(rng, heads, d_head, d_model),
            randn(rng, d_model, signs),
        )  # fmt: skip
    wide = torch.float64
    yield tuple(randn(rng, *size, dtype=wide) for size in ((3, 5), (2, 5, 3), (2, 3, 5), (5, 3)))


def _scores(x: Tensor, V: Tensor, out: Tensor, U: Tensor) -> Tensor:
    """(head, fed, closing)"""
    return x @ V @ out @ U


def _margin(scores: Tensor) -> Tensor:
    own = scores.diagonal(dim1=-2, dim2=-1)
    return own - (scores.sum(-1) - own) / (scores.shape[-1] - 1)


Function(
    id="transformer.matching_score",
    reference=tf.matching_score,
    ranges=dict.fromkeys(("read", "W_V", "W_O", "W_U"), REAL),
    inputs=_matching_inputs,
    rtol=1e-3,
    atol=1e-5,
    survivors={
        "`scores.sum(-1)` → `scores.sum(-2)`": "The mean over signs is over all scores either way.",
        "`scores.shape[-1]` → `scores.shape[-2]`": "As many closing tokens as opening signs: the scores are square.",
        "`scores.shape` → *": "Its last axis is as long.",
    },
    alternatives=(
        lambda x, V, out, U: torch.stack([_margin(x @ V[h] @ out[h] @ U).mean() for h in range(len(V))]),
        lambda x, V, out, U: _margin(torch.einsum("sd,hde,hef,fc->hsc", x, V, out, U)).mean(-1),
    ),
    hints=(
        "First one head: x (a row for each sign) is read by W_V, written by W_O and read by the columns of W_U. In which order do the four matrices stand?",
        "`scores = x @ W_V @ W_O @ W_U` has shape (head, fed, closing). What belongs together stands on the diagonal of its last two axes: `scores.diagonal(dim1=-2, dim2=-1)`.",
        "The mean of the others is (row's sum − diagonal) / (signs − 1). Then the mean over the signs that were fed.",
    ),
    misconceptions=(
        wrong("the others forgotten", lambda *a: _scores(*a).diagonal(dim1=-2, dim2=-1).mean(-1),
              "You give the matching closing token's score alone. A head that raises all of them alike would look good: take the mean of the *others* off."),
        wrong("all in place of the others", lambda *a: (_scores(*a).diagonal(dim1=-2, dim2=-1) - _scores(*a).mean(-1)).mean(-1),
              "You compare with the mean of all closing tokens, the matching one included. Compare with the mean of the others."),
        wrong("sum of the others", lambda *a: (2 * _scores(*a).diagonal(dim1=-2, dim2=-1) - _scores(*a).sum(-1)).mean(-1),
              "You take off the *sum* of the others. Their mean is asked for: divide by how many there are."),
        wrong("summed over signs", lambda *a: _margin(_scores(*a)).sum(-1), "You sum over the signs that were fed. The mean is asked for."),
        wrong("largest of the others", lambda *a: (_scores(*a).diagonal(dim1=-2, dim2=-1) - _scores(*a).masked_fill(torch.eye(a[0].shape[0], dtype=torch.bool), -torch.inf).amax(-1)).mean(-1),
              "You compare with the largest of the others. Their mean is asked for."),
        wrong("heads averaged", lambda *a: _margin(_scores(*a)).mean(), "You average over heads. One number for each head is asked for; the differences between heads are the point."),
        wrong("sign", lambda *a: -_margin(_scores(*a)).mean(-1), "Your sign is turned round: the matching one minus the others."),
        wrong("as for three signs", lambda *a: (1.5 * _scores(*a).diagonal(dim1=-2, dim2=-1) - _scores(*a).sum(-1) / 2).mean(-1),
              "This is right for three signs: then the mean of the others is half of their sum. Divide by how many others there are."),
        wrong("W_O before W_V", lambda x, V, out, U: _margin(x @ out.mT @ V.mT @ U).mean(-1),
              "You use W_Oᵀ W_Vᵀ. Rows are what goes in: what the head reads passes through W_V first, then through W_O."),
        wrong("probabilities", lambda *a: _margin(_scores(*a).softmax(-1)).mean(-1), "You take a softmax first. What is asked for is in logits."),
    ),
)  # fmt: skip


# 7 · mean_ablate


def _ablate_inputs(rng: torch.Generator) -> Inputs:
    yield torch.tensor([[[[1.0], [2.0]]]]), torch.tensor([[[[10.0], [20.0]]], [[[30.0], [60.0]]]]), [1]
    yield small_integers(rng, 1, 2, 2, 1), 2 * small_integers(rng, 2, 2, 2, 1), [0]
    yield randn(rng, 1, 3, 2, 1), randn(rng, 2, 3, 2, 1), [0]
    yield randn(rng, 2, 3, 3, 2), 1 + randn(rng, 4, 3, 3, 2), [0, 2]
    yield randn(rng, 3, 2, 4, 2), 1 + randn(rng, 5, 2, 4, 2), [3, 1]
    yield randn(rng, 2, 3, 3, 2), 1 + randn(rng, 4, 3, 3, 2), []  # nothing to ablate
    yield randn(rng, 2, 4, 2, 3, dtype=torch.float64), 1 + randn(rng, 3, 4, 2, 3, dtype=torch.float64), [0, 1]


def _put(z: Tensor, value: Tensor, heads: list[int]) -> Tensor:
    """`z` with `value`, of a shape that spreads to z's, at these heads."""
    new = z.clone()
    new[:, :, heads] = value.expand_as(z)[:, :, heads]
    return new


def _last_position(z: Tensor, reference: Tensor, heads: list[int]) -> Tensor:
    new = z.clone()
    new[:, -1, heads] = reference.mean(0)[-1, heads]
    return new


Function(
    id="transformer.mean_ablate",
    reference=tf.mean_ablate,
    ranges={"z": REAL, "reference": REAL},
    inputs=_ablate_inputs,
    hints=(
        "Which axes does the mean run over? Only the prompts of `reference`: each position and each head keeps a mean of its own.",
        "`reference.mean(0)` has shape (pos, head, d_head). Copy z (`z.clone()`), and put the mean's `[:, heads]` where the copy's `[:, :, heads]` is.",
    ),
    misconceptions=(
        wrong("zero", lambda z, r, heads: _put(z, torch.zeros_like(z), heads),
              "You put zeros. That is zero ablation: a head that always says the same is then missed as if it had said something."),
        wrong("mean over positions too", lambda z, r, heads: _put(z, r.mean((0, 1)), heads),
              "Your mean runs over positions too. What a head says at the first token and at the last differs on every prompt; keep one mean for each position."),
        wrong("mean of the prompts themselves", lambda z, r, heads: _put(z, z.mean(0), heads),
              "You average over the prompts that are being run, `z`. The mean is over the stated reference prompts; with a single prompt in `z` yours would change nothing."),
        wrong("every head", lambda z, r, heads: _put(z, r.mean(0), list(range(z.shape[2]))), "You replace every head. Only those in `heads` are to be taken away; the others go on saying what they say."),
        wrong("first head of the list only", lambda z, r, heads: _put(z, r.mean(0), heads[:1]), "You replace the first head of the list only. `z[:, :, heads]` takes the whole list as an index."),
        wrong("the other heads", lambda z, r, heads: _put(z, r.mean(0), [h for h in range(z.shape[2]) if h not in heads]), "You replace all heads but the ones that were asked for."),
        wrong("mean over heads", lambda z, r, heads: _put(z, r.mean((0, 2))[:, None], heads),
              "You average over heads as well. Heads write in directions of their own; each needs its own mean."),
        wrong("mean over d_head", lambda z, r, heads: _put(z, r.mean((0, 3))[..., None], heads),
              "You average over d_head as well, which turns the head's vector into one number repeated. Average over prompts only."),
        wrong("last of the list left out", lambda z, r, heads: _put(z, r.mean(0), heads[:-1]), "You leave out the last head of the list. All of `heads` are to be replaced."),
        wrong("last of the list only", lambda z, r, heads: _put(z, r.mean(0), heads[-1:]), "You replace the last head of the list only. `z[:, :, heads]` takes the whole list as an index."),
        wrong("first position left out", lambda z, r, heads: torch.cat([z[:, :1], _put(z, r.mean(0), heads)[:, 1:]], 1), "You leave the first position as it is. Heads also act there; replace all positions."),
        wrong("last position only", _last_position, "You replace the last position only. Heads also act at earlier positions, from where later layers read; replace them all."),
        wrong("added", lambda z, r, heads: _put(z, z + r.mean(0), heads), "You add the mean to what the head says. It is to stand in its place."),
        wrong("subtracted", lambda z, r, heads: _put(z, z - r.mean(0), heads), "You subtract the mean. What is left is what is particular to the prompt, which is just what ablation takes away."),
        wrong("one reference prompt", lambda z, r, heads: _put(z, r[0], heads), "You put in one reference prompt in place of their mean. That is resample ablation, with a single sample."),
        wrong("median", lambda z, r, heads: _put(z, r.median(0).values, heads), "You take the median over prompts. The mean is asked for."),
        wrong("not broadcast over the batch", lambda z, r, heads: _put(z, r.mean(0), heads)[:1] if len(z) > 1 else _put(z, r.mean(0), heads),
              "Only one prompt comes back. The mean is one for all prompts, but the other heads of each prompt stay as they are: keep the batch axis."),
        wrong("nothing replaced", lambda z, r, heads: z.clone(), "Nothing is replaced. `z[:, :, heads]` on the right of an equals sign makes a copy; to write into your copy, index it on the left."),
    ),
)  # fmt: skip


# 8 · attention_to


def _attention_inputs(rng: torch.Generator) -> Inputs:
    yield torch.tensor([[[[1.0, 0, 0], [0.25, 0.75, 0], [0.5, 0.2, 0.3]]]]), torch.tensor([[False, True, False]])
    seen = torch.tensor(
        [[[[1.0, 0, 0], [0.5, 0.5, 0], [0.75, 0.0, 0.25]]]]
    )  # the last one sees the key, and gives it none
    yield seen, torch.tensor([[False, True, False]])
    yield torch.tensor([[[[1.0, 0, 0], [0.5, 0.5, 0], [0.994, 0.0, 0.006]]]]), torch.tensor([[False, False, True]])
    half = torch.tensor([[1.0, 0], [0.5, 0.5]])
    yield half[None, None], torch.tensor([[True, True]])  # two keys of the kind
    yield torch.stack([half, torch.tensor([[1.0, 0], [0.25, 0.75]])])[:, None], torch.tensor([[False, True], [False, False]])
    yield torch.tensor([[[[1.0, 0], [0.5, 0.5]]]]), torch.tensor([[False, False]])  # none of the kind
    for batch, heads, length in ((1, 2, 4), (2, 2, 4), (3, 4, 6), (5, 3, 9)):
        kind = torch.rand(batch, length, generator=rng) < 0.4
        kind[0, 1] = True
        yield patterns(rng, batch, heads, length), kind
    even = torch.ones(3, 1, 4, 4).tril()
    late = torch.zeros(3, 4, dtype=torch.bool)
    late[0, 3] = True  # one query sees one key, in three prompts
    yield even / even.sum(-1, keepdim=True), late
    kind = torch.zeros(3, 6, dtype=torch.bool)
    kind[0, 4] = kind[2, 1] = kind[2, 2] = True  # prompts that see it late, never, early
    yield patterns(rng, 3, 2, 6), kind
    yield patterns(rng, 2, 2, 5, dtype=torch.float64), torch.ones(2, 5, dtype=torch.bool)


def _mean_where(values: Tensor, where: Tensor) -> Tensor:
    """Mean of values (batch, head, query) over the marked (batch, query)."""
    return (values * where[:, None]).sum((0, -1)) / where.sum().clamp(min=1)


def _seen(kind: Tensor) -> Tensor:
    return kind.cumsum(-1) > 0


def _to(pattern: Tensor, kind: Tensor) -> Tensor:
    return (pattern * kind[:, None, None]).sum(-1)


def _where_attended(pattern: Tensor, kind: Tensor) -> Tensor:
    """The mean over the queries that give such a key some attention."""
    to_kind = _to(pattern, kind)
    return to_kind.sum((0, -1)) / (to_kind > 0).sum((0, -1)).clamp(min=1)


def _per_prompt(pattern: Tensor, kind: Tensor) -> Tensor:
    seen = _seen(kind)
    there = seen.any(-1)
    each = (_to(pattern, kind) * seen[:, None]).sum(-1) / seen.sum(-1).clamp(min=1)[:, None]
    return each[there].sum(0) / there.sum().clamp(min=1)


def _on_queries(pattern: Tensor, kind: Tensor) -> Tensor:
    """The mask on the query axis: what tokens of the kind receive from all queries is never looked at."""
    return _mean_where((pattern * kind[:, None, :, None]).sum(-1), _seen(kind))


Function(
    id="transformer.attention_to",
    reference=tf.attention_to,
    ranges={"pattern": UNIT, "result": UNIT},
    inputs=_attention_inputs,
    hints=(
        "Keys are the last axis of a pattern. Multiply by `kind` on that axis (kind[:, None, None]) and sum over it: how much each query gives.",
        "Which queries count? Those with at least one such key at or before them: `kind.cumsum(-1) > 0`, of shape (batch, query).",
        "Average over all those queries of all prompts at once: a sum over prompts and queries, divided by how many there are.",
    ),
    survivors={
        "`(pattern * kind[:, None, None]).sum(-1)` → *": "Only queries that can see a key attend to it, so the sums may be taken in either order.",
        "`to_kind * can_see[:, None]` → `to_kind`": "A query that can see no such key gives it nothing, so leaving it out of the sum changes nothing.",
    },
    misconceptions=(
        wrong("every query counted", lambda p, k: _to(p, k).mean((0, -1)),
              "You average over all queries. A query that stands before every token of the kind cannot look at one, and pulls the mean down through no fault of the head's."),
        wrong("seen where attended to", _where_attended,
              "You count the queries that *give* such a key attention (`> 0`). All that can see one count, also those that give it none: `kind.cumsum(-1) > 0`."),
        wrong("nan where there is none", lambda p, k: (_to(p, k) * _seen(k)[:, None]).sum((0, -1)) / _seen(k).sum(),
              "Where no token of the kind is there, you divide 0 by 0. Nobody looks at what is not there: give 0 (`.clamp(min=1)` on the count)."),
        wrong("mean over keys", lambda p, k: _mean_where(_to(p, k) / k.sum(-1).clamp(min=1)[:, None, None], _seen(k)),
              "You average over the keys of the kind. Attention is shared out among keys, so what goes to a kind is the sum over its keys."),
        wrong("mean over keys, of which there may be none", lambda p, k: _mean_where(_to(p, k) / k.sum(-1)[:, None, None], _seen(k)),
              "You average over the keys of the kind (and a prompt without one gives nan). Attention is shared out among keys, so what goes to a kind is the sum over its keys."),
        wrong("largest key", lambda p, k: _mean_where((p * k[:, None, None]).max(-1).values, _seen(k)), "You take the largest weight. A head that spreads its attention over three brackets looks at brackets all the same: sum over the keys."),
        wrong("first prompt's tokens for all", lambda p, k: tf.attention_to(p, k[:1].expand_as(k)),
              "You use the first prompt's `kind` in every prompt. Each prompt has its own row of it."),
        wrong("queries and keys exchanged", lambda p, k: _mean_where((p * k[:, None, :, None]).sum(-2), _seen(k)),
              "You mark and sum over the query axis. Patterns are (batch, head, query, key): what is looked *at* is the last axis."),
        wrong("queries of the kind", lambda p, k: _mean_where(_to(p, k), k), "You average over queries that are themselves of the kind. Every query that can see such a token counts, whatever it is itself."),
        wrong("mask on queries", _on_queries, "You mask queries in place of keys. Each row of a pattern adds up to one, so yours counts tokens, not attention."),
        wrong("all queries of prompts that hold one", lambda p, k: _mean_where(_to(p, k), k.any(-1, keepdim=True).expand_as(k)), "You average over all queries of the prompts that hold such a token. Those that stand before it cannot look at it: `kind.cumsum(-1) > 0`."),
        wrong("divided by the keys", lambda p, k: _to(p, k).sum((0, -1)) / k.sum().clamp(min=1), "You divide by the number of tokens of the kind. Divide by the number of *queries* that can see one."),
        wrong("last query of prompts that hold one", lambda p, k: _mean_where(_to(p, k)[..., -1:], k.any(-1, keepdim=True)), "You look at the last query only. Every query that can see such a token counts."),
        wrong("the mean of all heads for each", lambda p, k: _mean_where(_to(p, k), _seen(k)).mean().expand(p.shape[1]), "All heads have the same number: you average over them too. One number for each head is asked for."),
        wrong("prompts averaged one by one", _per_prompt,
              "You average within each prompt first, then over prompts. Then a query in a prompt with few of them counts more; here every query counts the same."),
        wrong("prompts averaged one by one, 0 for those without", lambda p, k: ((_to(p, k) * _seen(k)[:, None]).sum(-1) / _seen(k).sum(-1).clamp(min=1)[:, None]).mean(0),
              "You average within each prompt first, then over all prompts, also those without such a token. Only queries that can see one count, and each of them counts the same."),
        wrong("mean over the keys that a query can see", lambda p, k: _mean_where(_to(p, k) / k.cumsum(-1).clamp(min=1)[:, None], _seen(k)),
              "You average over the keys of the kind that a query can see. Attention is shared out among keys, so what goes to a kind is the sum over its keys."),
        wrong("the first such key only", lambda p, k: _mean_where(_to(p, k & (k.cumsum(-1) == 1)), _seen(k)),
              "You look at the first token of the kind only. Sum over all keys of the kind."),
        wrong("summed, not averaged", lambda p, k: (_to(p, k) * _seen(k)[:, None]).sum((0, -1)), "You sum over queries. The average is asked for, a share between 0 and 1."),
        wrong("how often it is the strongest", lambda p, k: _mean_where(k[:, None, None].expand_as(p).gather(-1, p.argmax(-1, keepdim=True))[..., 0].to(p.dtype), _seen(k)),
              "You count how often the strongest key is of the kind. The amount of attention is asked for: 0.4 on a bracket is no bracket by argmax, and is a lot."),
        wrong("every pair of query and key", lambda p, k: _mean_where((p * k[:, None, None]).sum(-1) / k.sum(-1).clamp(min=1)[:, None, None], torch.ones_like(k)),
              "You average over keys, and over all queries. Sum over the keys of the kind; average over the queries that can see one."),
        wrong("kind applied to the queries", lambda p, k: (p * k[:, None, :, None]).sum(-1).mean((0, 2)), "You apply `kind` to the queries. Rows add up to one, so yours is the share of tokens that are of the kind: kinds of *keys* are the last axis."),
        wrong("first query left out", lambda p, k: (lambda seen: (_to(p, k) * seen[:, None]).sum((0, -1)) / seen.sum().clamp(min=1))(_seen(k) * (torch.arange(k.shape[1]) > 0)),
              "You leave out the first query. It sees itself, and counts where its own token is of the kind."),
        wrong("keys at the query and after it", lambda p, k: _mean_where(_to(p, k), k.flip(-1).cumsum(-1).flip(-1) > 0),
              "You count the queries that have such a token at their place or *after* it. A query sees what is before it, and itself."),
        wrong("largest query", lambda p, k: _to(p, k).amax(-1).mean(0), "You take the query that attends most. The average over all queries that can see such a key is asked for."),
        wrong("last query only", lambda p, k: _to(p, k)[..., -1].mean(0), "You read the last query only. All queries that can see such a token count."),
        wrong("the query's own place left out", lambda p, k: _mean_where(_to(p, k), (k.cumsum(-1) - k.long()) > 0),
              "You leave out queries whose only such key is their own place. A token can look at itself."),
        wrong("heads averaged", lambda p, k: tf.attention_to(p, k).mean(), "You average over heads too. Heads differ, and that is what one looks for: return one number for each."),
    ),
)  # fmt: skip
