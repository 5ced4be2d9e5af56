"""Exercises 2 to 4: add the residual stream up, read it early, and share a logit difference out among the heads."""

import torch
from torch import Tensor

from course_utils import transformer as tf
from course_utils.grading.inputs import Inputs, ids, randn
from course_utils.grading.kinds import POSITIVE, REAL, Function, wrong
from course_utils.transformer.exercises.inputs import small_integers

# 2 · residual_stream


def _stream_inputs(rng: torch.Generator) -> Inputs:
    one = torch.ones(1, 1, 1, 2)
    yield one[0], 2 * one[0], torch.full((1, 1, 1, 1, 1), 3.0), one, torch.tensor([[10.0, 20]]), 100 * one
    sizes = ((1, 1, 1, 2, 1, 2), (2, 1, 1, 1, 1, 2), (2, 1, 2, 2, 2, 3), (2, 2, 3, 2, 2, 4), (3, 4, 5, 3, 2, 6), (5, 2, 3, 6, 2, 4))
    for number, (layers, batch, pos, heads, d_head, d_model) in enumerate(sizes):
        draw = small_integers if number < 2 else randn
        yield (
            *(draw(rng, batch, pos, d_model) for _ in range(2)),
            draw(rng, layers, batch, pos, heads, d_head),
            draw(rng, layers, heads, d_head, d_model),
            draw(rng, layers, d_model),
            draw(rng, layers, batch, pos, d_model),
        )
    wide = torch.float64
    yield (
        *(randn(rng, 2, 4, 5, dtype=wide) for _ in range(2)),
        randn(rng, 2, 2, 4, 3, 2, dtype=wide),
        randn(rng, 2, 3, 2, 5, dtype=wide),
        randn(rng, 2, 5, dtype=wide),
        torch.zeros(2, 2, 4, 5, dtype=wide),  # no MLPs
    )


def _written(z: Tensor, W_O: Tensor) -> Tensor:
    """(layer, head, batch, pos, d_model)"""
    return torch.einsum("lbphe,lhed->lhbpd", z, W_O)


def _stream(embed, pos_embed, z, W_O, b_O, mlp_out, *, where=1, position=1, mlp=1, bias=1, heads=1) -> Tensor:
    total = where * embed + position * pos_embed + mlp * mlp_out.sum(0) + bias * b_O.sum(0)
    return total + heads * _written(z, W_O).sum((0, 1))


Function(
    id="transformer.residual_stream",
    reference=tf.residual_stream,
    ranges=dict.fromkeys(("embed", "pos_embed", "z", "W_O", "b_O", "mlp_out"), REAL),
    inputs=_stream_inputs,
    rtol=1e-3,
    atol=1e-5,
    hints=(
        "Nothing is multiplied but z and W_O: every other term is added as it is. Write the six terms down first.",
        "What one head writes is z[layer, :, :, head] @ W_O[layer, head], of shape (batch, pos, d_model). Sum over layers and heads.",
        "In one line: einops.einsum(z, W_O, 'layer batch pos head d_head, layer head d_head d_model -> batch pos d_model').",
    ),
    misconceptions=(
        wrong("attention biases forgotten", lambda *a: _stream(*a, bias=0),
              "The attention biases `b_O` are missing. They belong to no head and to no token, but each layer writes its own into every position."),
        wrong("positions forgotten", lambda *a: _stream(*a, position=0), "The positional embedding is missing: it is written into the stream once, beside the token's."),
        wrong("tokens forgotten", lambda *a: _stream(*a, where=0), "The token embedding is missing. The stream starts with it, and nothing ever overwrites it."),
        wrong("MLPs forgotten", lambda *a: _stream(*a, mlp=0), "The MLPs are missing: they write into the stream as the heads do."),
        wrong("heads forgotten", lambda *a: _stream(*a, heads=0), "The heads are missing. Each writes its `z` into the stream through its own `W_O`."),
        wrong("bias once for each head", lambda *a: _stream(*a, bias=a[2].shape[3]),
              "You add `b_O` once for every head. It is added once for every layer, after the heads have been summed: its shape (layer, d_model) has no head."),
        wrong("bias of the last layer only", lambda *a: _stream(*a, bias=0) + a[4][-1], "You add the last layer's `b_O` only. Each layer writes its own, and all of them stay in the stream."),
        wrong("bias of the first layer for all", lambda *a: _stream(*a, bias=0) + len(a[2]) * a[4][0], "You add the first layer's `b_O` in every layer. Each layer has its own: `b_O[layer]`."),
        wrong("first layer's W_O for all", lambda e, p, z, W, b, m: _stream(e, p, z, W[:1].expand_as(W), b, m), "You push every layer's z through the first layer's `W_O`. Each layer has its own: `W_O[layer]`."),
        wrong("positions twice", lambda *a: _stream(*a, position=2), "You add the positional embedding twice. It is written once, before the first layer."),
        wrong("heads averaged", lambda *a: _stream(*a, heads=1 / a[2].shape[3]), "You average over heads. They do not vote, they add: the stream is a sum."),
        wrong("last layer only", lambda e, p, z, W, b, m: _stream(e, p, z[-1:], W[-1:], b[-1:], m[-1:]),
              "Only the last layer is there. What earlier layers wrote stays in the stream; sum over all layers."),
        wrong("embeddings in every layer", lambda *a: _stream(*a, where=len(a[2]), position=len(a[2])),
              "You add the embeddings once for every layer. They are written once, before the first."),
        wrong("W_O read the other way round", lambda e, p, z, W, b, m: _stream(e, p, z, W.mT.reshape(W.shape), b, m),
              "You lay W_O out the other way round. Its shape is (layer, head, d_head, d_model): z's last axis meets the last but one, z @ W_O."),
        wrong("head outputs side by side", lambda e, p, z, W, b, m: _stream(e, p, z, W.roll(1, 1), b, m) if W.shape[1] > 1 else _stream(e, p, z, W, b, m),
              "Heads and their `W_O` do not match: head h's z goes through `W_O[layer, h]`, its own."),
    ),
)  # fmt: skip


# 3 · logit_lens


def _lens_inputs(rng: torch.Generator) -> Inputs:
    yield (
        torch.tensor([[3.0, 1, -1]]),
        torch.tensor([2.0, 1, 1]),
        torch.tensor([0.0, 1, 0]),
        torch.eye(3),
        torch.tensor([0.5, 0, 0]),
        0.1,
    )
    for size, vocab, eps in (((1, 4), 3, 0.5), ((3, 4), 5, 1e-5), ((2, 1, 5), 4, 0.1), ((3, 2, 4, 6), 7, 0.2)):
        d = size[-1]
        yield 2 * randn(rng, *size) + 1, randn(rng, d), randn(rng, d), randn(rng, d, vocab), randn(rng, vocab), eps
    wide = torch.float64
    yield 0.1 * randn(rng, 2, 3, 5, dtype=wide), *(randn(rng, *s, dtype=wide) for s in ((5,), (5,), (5, 4), (4,))), 0.01
    yield 0.05 * randn(rng, 2, 5), *(randn(rng, *shape) for shape in ((5,), (5,), (5, 4), (4,))), 0.005
    flat = torch.tensor([[2.0, 2, 2], [1, 3, 1]])  # a row without spread: the bias is what the norm leaves of it
    yield flat, torch.ones(3), torch.tensor([1.0, 2, 3]), torch.eye(3), torch.zeros(3), 0.1


def _norm(x: Tensor, w: Tensor, b: Tensor, eps: float, *, centre: bool = True, unbiased: bool = False) -> Tensor:
    spread = x.var(-1, keepdim=True, unbiased=unbiased) if centre else x.square().mean(-1, keepdim=True)
    return (x - x.mean(-1, keepdim=True) * centre) / (spread + eps).sqrt() * w + b


def _lens_eps_outside(x: Tensor, w: Tensor, b: Tensor, U: Tensor, b_U: Tensor, eps: float) -> Tensor:
    centred = x - x.mean(-1, keepdim=True)
    return (centred / (centred.square().mean(-1, keepdim=True).sqrt() + eps) * w + b) @ U + b_U


def _lens_raw_scale(x: Tensor, w: Tensor, b: Tensor, U: Tensor, b_U: Tensor, eps: float) -> Tensor:
    scale = (x.square().mean(-1, keepdim=True) + eps).sqrt()
    return ((x - x.mean(-1, keepdim=True)) / scale * w + b) @ U + b_U


Function(
    id="transformer.logit_lens",
    reference=tf.logit_lens,
    ranges=dict.fromkeys(("resid", "w", "b", "W_U", "b_U"), REAL) | {"eps": POSITIVE},
    inputs=_lens_inputs,
    hints=(
        "Two steps, as at the end of the model: the final LayerNorm, then `@ W_U + b_U`.",
        "LayerNorm subtracts the mean over d_model (the last axis, keepdim=True), divides by the root of (the mean square of what is left, plus eps), then multiplies by w and adds b.",
        "torch.nn.functional.layer_norm does the first step in one call; write it out once, to have seen what it does.",
    ),
    misconceptions=(
        wrong("no norm", lambda x, w, b, U, b_U, eps: x @ U + b_U,
              "You unembed the stream as it is. The model never does: the final LayerNorm comes first, and without it early layers, whose stream is short, seem to think nothing."),
        wrong("not centred", lambda x, w, b, U, b_U, eps: _norm(x, w, b, eps, centre=False) @ U + b_U,
              "You divide by the root mean square without taking the mean off. That is RMSNorm; LayerNorm subtracts the mean over d_model first."),
        wrong("scale of the uncentred stream", _lens_raw_scale, "You take the mean off, but the scale from the stream before that. LayerNorm divides by the spread of the centred stream."),
        wrong("n − 1", lambda x, w, b, U, b_U, eps: _norm(x, w, b, eps, unbiased=True) @ U + b_U,
              "You divide by n − 1: `std` and `var` do so by default. LayerNorm takes the plain mean of squares (`correction=0`)."),
        wrong("no root", lambda x, w, b, U, b_U, eps: ((x - x.mean(-1, keepdim=True)) / (x.var(-1, keepdim=True, unbiased=False) + eps) * w + b) @ U + b_U,
              "You divide by the mean square itself. LayerNorm divides by its root."),
        wrong("length in place of root mean square", lambda x, w, b, U, b_U, eps: ((x - x.mean(-1, keepdim=True)) / (x - x.mean(-1, keepdim=True)).norm(dim=-1, keepdim=True) * w + b) @ U + b_U,
              "You divide by the vector's length, `.norm()`, which grows with d_model: it is √d_model times the root of the *mean* square."),
        wrong("ε outside the root", _lens_eps_outside, "Is your epsilon inside the square root? It is added to the mean square, before the root."),
        wrong("ε as a floor", lambda x, w, b, U, b_U, eps: ((x - x.mean(-1, keepdim=True)) / x.std(-1, keepdim=True, correction=0).clamp(min=eps) * w + b) @ U + b_U,
              "You use epsilon as the least that is divided by. It is *added* to the mean square, before the root."),
        wrong("bias divided too", lambda x, w, b, U, b_U, eps: ((x - x.mean(-1, keepdim=True)) * w + b) / (x.var(-1, keepdim=True, correction=0) + eps).sqrt() @ U + b_U,
              "You divide the bias `b` too. It is added after the division."),
        wrong("ε forgotten", lambda x, w, b, U, b_U, eps: _norm(x, w, b, 0.0) @ U + b_U, "Your epsilon is missing. The argument `eps` is added to the mean square, before the root."),
        wrong("ε left at the default", lambda x, w, b, U, b_U, eps: torch.nn.functional.layer_norm(x, x.shape[-1:], w, b) @ U + b_U,
              "LayerNorm's default of 1e-5 stands where `eps` should: `layer_norm` takes it as its last argument."),
        wrong("std", lambda x, w, b, U, b_U, eps: ((x - x.mean(-1, keepdim=True)) / (x.std(-1, keepdim=True) + eps) * w + b) @ U + b_U,
              "You divide by `x.std() + eps`. `std` divides by n − 1 where LayerNorm takes the plain mean of squares, and epsilon belongs inside the root."),
        wrong("std, no ε", lambda x, w, b, U, b_U, eps: ((x - x.mean(-1, keepdim=True)) / x.std(-1, keepdim=True) * w + b) @ U + b_U,
              "You divide by `x.std()`. It divides by n − 1 where LayerNorm takes the plain mean of squares, and `eps` is missing: it is added to the mean square, before the root."),
        wrong("weight forgotten", lambda x, w, b, U, b_U, eps: _norm(x, torch.ones_like(w), b, eps) @ U + b_U,
              "The LayerNorm's weight `w` is missing: after dividing, each coordinate is multiplied by its own weight."),
        wrong("weight before the norm", lambda x, w, b, U, b_U, eps: _norm((x - x.mean(-1, keepdim=True)) * w, torch.ones_like(w), b, eps) @ U + b_U,
              "You multiply by `w` before you divide, so that `w` changes what you divide by. The order is: centre, divide, times w, plus b."),
        wrong("norm's bias forgotten", lambda x, w, b, U, b_U, eps: _norm(x, w, 0 * b, eps) @ U + b_U, "The LayerNorm's bias `b` is missing: it comes after the weight and before the unembedding."),
        wrong("bias before the weight", lambda x, w, b, U, b_U, eps: _norm(x, w, w * b, eps) @ U + b_U, "You add the bias before multiplying by the weight. The order is: divide, times w, plus b."),
        wrong("unembedding's bias forgotten", lambda x, w, b, U, b_U, eps: _norm(x, w, b, eps) @ U,
              "The unembedding's bias `b_U` is missing. In `code-4l` as loaded it is zero, but once a LayerNorm is folded into it, it is not."),
        wrong("probabilities", lambda x, w, b, U, b_U, eps: tf.logit_lens(x, w, b, U, b_U, eps).softmax(-1), "These are probabilities. Logits are asked for: leave the softmax out."),
        wrong("log-probabilities", lambda x, w, b, U, b_U, eps: tf.logit_lens(x, w, b, U, b_U, eps).log_softmax(-1), "These are log-probabilities. Logits are asked for."),
    ),
)  # fmt: skip


# 4 · head_attribution


def _attribution_inputs(rng: torch.Generator) -> Inputs:
    yield (
        torch.tensor([[[[1.0]]]]), torch.tensor([[[[2.0, 0, 0]]]]), torch.tensor([2.0]), torch.tensor([3.0, 1, 1]),
        torch.tensor([[1.0, 0], [0, 1], [0, 0]]), torch.tensor([0]), torch.tensor([1]),
    )  # fmt: skip
    yield (
        torch.tensor([[[[1.0]], [[2.0]]]]), torch.tensor([[[[3.0, 0, 0]]]]), torch.tensor([1.0, 2.0]), torch.tensor([1.0, 1, 1]),
        torch.tensor([[1.0, 0], [0, 1], [0, 0]]), torch.tensor([0, 1]), torch.tensor([1, 0]),
    )  # fmt: skip
    for layers, batch, heads, d_head, d_model, vocab in ((1, 1, 2, 1, 3, 4), (2, 3, 2, 2, 4, 6), (3, 5, 4, 3, 8, 11)):
        yield _attribution_case(rng, layers, batch, heads, d_head, d_model, vocab)
    yield _attribution_case(rng, 2, 1, 3, 2, 5, 7, torch.float64)
    *rest, correct, wrong_ = _attribution_case(rng, 1, 2, 2, 2, 4, 6)
    yield *rest, correct, torch.stack([correct[0], wrong_[1]])  # against itself: 0


def _attribution_case(rng, layers, batch, heads, d_head, d_model, vocab, dtype=torch.float32) -> tuple:
    correct = ids(rng, vocab, batch)
    return (
        randn(rng, layers, batch, heads, d_head, dtype=dtype),
        randn(rng, layers, heads, d_head, d_model, dtype=dtype) + 0.3,
        randn(rng, batch, dtype=dtype).exp() + 1.5,
        randn(rng, d_model, dtype=dtype) + 1,
        randn(rng, d_model, vocab, dtype=dtype),
        correct,
        (correct + 1 + ids(rng, vocab - 1, batch)) % vocab,
    )


def _attributed(z, W_O, scale, w, W_U, correct, wrong_, *, centre=True, power=-1, weight=True, sign=(1, -1)) -> Tensor:
    written = torch.einsum("lbhe,lhed->lhbd", z, W_O)
    written = written - centre * written.mean(-1, keepdim=True)
    direction = sign[0] * W_U[:, correct] + sign[1] * W_U[:, wrong_]
    return (written * scale[:, None] ** power * (w if weight else 1) * direction.T).sum(-1)


def _centred_late(z, W_O, scale, w, W_U, correct, wrong_) -> Tensor:
    weighted = torch.einsum("lbhe,lhed->lhbd", z, W_O) * w
    weighted = weighted - weighted.mean(-1, keepdim=True)
    return (weighted / scale[:, None] * (W_U[:, correct] - W_U[:, wrong_]).T).sum(-1)


def _own_scale(z, W_O, scale, w, W_U, correct, wrong_) -> Tensor:
    written = torch.einsum("lbhe,lhed->lhbd", z, W_O)
    written = written - written.mean(-1, keepdim=True)
    own = written.square().mean(-1, keepdim=True).sqrt()
    return (written / own * w * (W_U[:, correct] - W_U[:, wrong_]).T).sum(-1)


Function(
    id="transformer.head_attribution",
    reference=tf.head_attribution,
    ranges=dict.fromkeys(("z", "W_O", "w", "W_U"), REAL) | {"scale": POSITIVE},
    survivors={"*.T` → *.mT`": "W_U[:, correct] has two axes, and of two all are the last two."},
    inputs=_attribution_inputs,
    rtol=1e-3,
    atol=1e-5,
    hints=(
        "First what each head writes: z[layer, :, head] @ W_O[layer, head], a vector of d_model for each prompt. Then what the final norm does to it, then a dot product.",
        "The norm, with its scale held: take the mean over d_model off, divide by `scale` (one number for each prompt: scale[:, None]), multiply by `w`.",
        "The direction is W_U[:, correct] − W_U[:, wrong], of shape (d_model, batch): turn it round, multiply, and sum over d_model.",
    ),
    misconceptions=(
        wrong("not centred", lambda *a: _attributed(*a, centre=False),
              "The final LayerNorm takes the mean over d_model off, from the sum and so from each part. Without that the terms no longer add up to the logit difference (unless the weights were centred beforehand)."),
        wrong("as if the norm were folded", lambda *a: _attributed(*a, centre=False, weight=False),
              "You only divide by `scale`, as one may once the norm's weight and its centring are folded into the other weights (`enable_compatibility_mode`). These weights are not folded: take the mean off and multiply by `w`."),
        wrong("centred after the weight", _centred_late, "You multiply by `w` first and take the mean off afterwards. In the norm the centring comes first; the weight is the last step."),
        wrong("first prompt's tokens for all", lambda z, W, s, w, U, c, k: _attributed(z, W, s, w, U, c[:1].expand_as(c), k[:1].expand_as(k)),
              "You read the first prompt's two tokens in every prompt. Each prompt has its own: `W_U[:, correct]` has a column for each."),
        wrong("scale forgotten", lambda *a: _attributed(*a, power=0), "You do not divide by `scale`. In these units your numbers are no logits, and prompts cannot be compared with one another."),
        wrong("times the scale", lambda *a: _attributed(*a, power=1), "You multiply by `scale`. The norm divides by it."),
        wrong("a scale for each head", _own_scale,
              "You normalise each head's output by its own length, so that a head which says next to nothing counts as much as the loudest. The scale is that of the whole stream, the same for all heads: that is what holding it means."),
        wrong("norm's weight forgotten", lambda *a: _attributed(*a, weight=False), "The LayerNorm's weight `w` is missing: it stretches each coordinate before the unembedding reads it."),
        wrong("correct token only", lambda *a: _attributed(*a, sign=(1, 0)),
              "You read the correct token's logit only. What lifts all tokens alike decides nothing; take the wrong token's direction off."),
        wrong("wrong token only", lambda *a: _attributed(*a, sign=(0, 1)), "You read the wrong token's logit. The difference correct − wrong is asked for."),
        wrong("wrong minus correct", lambda *a: _attributed(*a, sign=(-1, 1)), "Your sign is turned round: correct minus wrong, so that positive means in favour of the right answer."),
        wrong("correct plus wrong", lambda *a: _attributed(*a, sign=(1, 1)), "You add the two tokens' directions. Their difference is asked for."),
        wrong("averaged over prompts", lambda *a: _attributed(*a).mean(-1), "You average over prompts. One number for each prompt is asked for; the average may hide that two kinds of prompts differ."),
        wrong("heads summed", lambda *a: _attributed(*a).sum(1), "You sum over heads, so these are terms of whole layers. Which head was it?"),
    ),
)  # fmt: skip
