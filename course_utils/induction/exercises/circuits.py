"""Exercises 4 and 6: what a head's matrices say before any token is read."""

import torch
from torch import Tensor

from course_utils import induction as ind
from course_utils.grading.inputs import Inputs, randn
from course_utils.grading.kinds import REAL, UNIT, Function, wrong

# 4 · copying_score


def _heads(rng: torch.Generator) -> Inputs:
    one = torch.eye(2)
    yield one, one, torch.diag(torch.tensor([2.0, -1.0])), one
    yield one, torch.tensor([[1.0, 1.0], [-1.0, 1.0]]), one, one  # turns by 45 degrees: complex eigenvalues
    yield one, -one, torch.tensor([[1.0, 0.5], [0.0, 3.0]]), one
    yield one, torch.tensor([[0.005, 1.0], [-1.0, 0.005]]), one, one  # turns by a right angle, nearly
    yield _head(rng, 3, 4, 3)
    yield _head(rng, 4, 6, 4)
    W_E, W_V, W_O, W_U = _head(rng, 12, 8, 3)
    yield W_E, W_V, W_O, W_E.mT + 0.3 * W_U  # tied, nearly
    yield _head(rng, 9, 7, 2, torch.float64)
    yield _head(rng, 20, 10, 5)


def _head(rng: torch.Generator, vocab: int, model: int, head: int, dtype: torch.dtype = torch.float32) -> tuple:
    sizes = ((vocab, model), (model, head), (head, model), (model, vocab))
    return tuple(randn(rng, *size, dtype=dtype) for size in sizes)


def _small(W_E: Tensor, W_V: Tensor, W_O: Tensor, W_U: Tensor) -> Tensor:
    """The d_head × d_head product with the eigenvalues of the whole circuit but for zeros."""
    return W_O @ W_U @ W_E @ W_V


def _eigenvalues(*head: Tensor) -> Tensor:
    return torch.linalg.eigvals(_small(*head))


def _whole(W_E: Tensor, W_V: Tensor, W_O: Tensor, W_U: Tensor) -> Tensor:
    return W_E @ W_V @ W_O @ W_U


def _trace(M: Tensor) -> Tensor:
    return M.diagonal().sum()


Function(
    id="induction.copying_score",
    reference=ind.copying_score,
    ranges=dict.fromkeys(("W_E", "W_V", "W_O", "W_U"), REAL) | {"result": (-1.0, 1.0)},
    survivors={
        "*→ `W_V @ (W_O @ (W_U @ W_E))`": "Turned round, a product has the same eigenvalues.",
        "*.sum(-1)` → *.sum(0)`": "The eigenvalues of one head have one axis.",
    },
    inputs=_heads,
    rtol=1e-3,
    atol=1e-4,
    hints=(
        "W_E W_V W_O W_U is (d_vocab, d_vocab): what attending to each token does to the logit of each token. torch.linalg.eigvals gives its eigenvalues, complex ones.",
        "With λ in hand: λ.real.sum() / λ.abs().sum(). The real parts add up to the trace; the absolute values say how large they could have added up to.",
        "For a large vocabulary, turn the product round: W_O W_U W_E W_V is (d_head, d_head), with the same eigenvalues but for zeros.",
    ),
    misconceptions=(
        wrong("share of positive eigenvalues", lambda *head: (_eigenvalues(*head).real > 0).to(head[0].dtype).mean(),
              "You count the eigenvalues with a positive real part. A large one should count more than a tiny one: Σ Re λ / Σ |λ|."),
        wrong("absolute real parts", lambda *head: _eigenvalues(*head).real.abs().sum() / _eigenvalues(*head).abs().sum(),
              "You take the absolute value of the real parts. A head with negative eigenvalues lowers the tokens that it attends to: it must score below zero."),
        wrong("size of the sum", lambda *head: _eigenvalues(*head).sum().abs() / _eigenvalues(*head).abs().sum(),
              "You take the absolute value of the sum, which loses its sign. A head that lowers what it attends to has score −1, not 1."),
        wrong("imaginary part dropped below", lambda *head: _eigenvalues(*head).real.sum() / _eigenvalues(*head).real.abs().sum(),
              "You divide by the absolute real parts. |λ| of a complex eigenvalue counts its imaginary part too: a head that only turns tokens into one another must not score 1."),
        wrong("singular values", lambda *head: _trace(_whole(*head)) / torch.linalg.svdvals(_whole(*head)).sum(),
              "You divide by singular values. They say how strongly tokens move logits, not whether a token moves its own: use the absolute eigenvalues."),
        wrong("vocabulary left out", lambda W_E, W_V, W_O, W_U: (lambda values: values.real.sum() / values.abs().sum())(torch.linalg.eigvals(W_O @ W_V)),
              "You leave out W_E and W_U. Copying is a statement about tokens: the whole way from the embedding through W_V W_O to the logits."),
        wrong("unembedding left out", lambda W_E, W_V, W_O, W_U: (lambda values: values.real.sum() / values.abs().sum())(torch.linalg.eigvals(W_O @ W_E.mT @ W_E @ W_V)),
              "You use the embedding in place of W_U. What the head writes is read off by the unembedding, which need not be the embedding's transpose."),
        wrong("diagonal", lambda *head: _trace(_whole(*head)) / _whole(*head).diagonal().abs().sum(),
              "You divide the sum of the diagonal by its absolute sum. The real parts do add up to the trace, but the diagonal's absolute values are not the eigenvalues'."),
        wrong("symmetrised", lambda *head: (lambda values: values.sum() / values.abs().sum())(torch.linalg.eigvalsh(_whole(*head) + _whole(*head).mT)),
              "You take the eigenvalues of a symmetric matrix (eigvalsh). W_E W_V W_O W_U is not symmetric: use torch.linalg.eigvals, and the real part."),
        wrong("eigvalsh", lambda *head: (lambda values: values.sum() / values.abs().sum())(torch.linalg.eigvalsh(_whole(*head))),
              "You use eigvalsh, which is for symmetric matrices and reads only half of this one. W_E W_V W_O W_U is not symmetric: use torch.linalg.eigvals, and the real part."),
        wrong("not divided", lambda *head: _eigenvalues(*head).real.sum(),
              "This is the trace. Divide by Σ |λ|, so that large and small heads can be compared: the score lies between −1 and 1."),
        wrong("mean over the vocabulary", lambda *head: _eigenvalues(*head).real.sum() / head[0].shape[0],
              "You average over the vocabulary. Divide by Σ |λ|, so that the score does not depend on how strongly the head writes."),
        wrong("each eigenvalue alike", lambda *head: (_eigenvalues(*head).real / _eigenvalues(*head).abs()).mean(),
              "You divide each eigenvalue by its own size and average. Add up first, then divide: a large eigenvalue should count more."),
    ),
)  # fmt: skip


# 6 · composition_score


def _pairs(rng: torch.Generator) -> Inputs:
    W_OV, W_QK = torch.tensor([[1.0, 0.0], [0.0, 0.0]]), torch.tensor([[0.0, 2.0], [0.0, 1.0]])
    later = torch.tensor([[0.0, 0.0], [3.0, 1.0]])
    for kind in "qkv":
        yield W_OV, W_QK, later, kind
    yield W_OV, W_QK, torch.tensor([[3000.0, 1000.0], [1000.0, 50.0]]), "v"
    for kind in "qkv":  # what is written is hardly read
        yield W_OV, torch.tensor([[0.005, 0.0], [0.0, 1.0]]), torch.tensor([[0.003, 0.0], [0.0, 1.0]]), kind
    for d_model, d_head in ((3, 1), (5, 2), (8, 3)):
        for kind in "kqv":
            yield *(randn(rng, d_model, d_head) @ randn(rng, d_head, d_model) for _ in range(3)), kind
    yield *(randn(rng, 6, 2, dtype=torch.float64) @ randn(rng, 2, 6, dtype=torch.float64) for _ in range(3)), "k"


def _reader(W_QK: Tensor, later: Tensor, kind: str) -> Tensor:
    return {"q": W_QK, "k": W_QK.mT, "v": later}[kind]


def _ratio(product: Tensor, a: Tensor, b: Tensor) -> Tensor:
    return product.norm() / (a.norm() * b.norm())


def _with(reader: Tensor, W_OV: Tensor) -> Tensor:
    return _ratio(W_OV @ reader, W_OV, reader)


def _sizes(M: Tensor) -> Tensor:
    return M.abs().sum()


def _in_norm(W_OV: Tensor, M: Tensor, order: float | str) -> Tensor:
    norm = torch.linalg.matrix_norm
    return norm(W_OV @ M, order) / (norm(W_OV, order) * norm(M, order))


Function(
    id="induction.composition_score",
    reference=ind.composition_score,
    ranges=dict.fromkeys(("W_OV", "W_QK", "W_OV_later"), REAL) | {"result": UNIT},
    inputs=_pairs,
    hints=(
        "Rows are what goes in: the earlier head writes x W_OV. A later query reads that from the left, (x W_OV) W_QK; a later value likewise.",
        "A key stands on the other side of the score: q W_QK kᵀ with k = x W_OV is q W_QK W_OVᵀ xᵀ. Its norm is that of the transpose, W_OV W_QKᵀ.",
        "Frobenius norms (torch.linalg.matrix_norm): of the product, divided by those of both factors.",
    ),
    misconceptions=(
        wrong("key not transposed", lambda W_OV, W_QK, later, kind: _with(W_QK if kind == "k" else _reader(W_QK, later, kind), W_OV),
              "For keys you use W_QK as for queries. In q W_QK kᵀ the key stands on the right: W_QKᵀ is what its side reads."),
        wrong("query and key exchanged", lambda W_OV, W_QK, later, kind: _with(_reader(W_QK.mT, later, kind), W_OV),
              "Queries and keys are exchanged. W_QK = W_Q W_Kᵀ has the query on its left: W_OV W_QK is Q-composition, W_OV W_QKᵀ is K-composition."),
        wrong("value read through W_QK", lambda W_OV, W_QK, later, kind: _with(W_QK if kind == "v" else _reader(W_QK, later, kind), W_OV),
              "For values you use W_QK. A later head's value goes through its own W_OV, the third argument."),
        wrong("value transposed", lambda W_OV, W_QK, later, kind: _with(later.mT if kind == "v" else _reader(W_QK, later, kind), W_OV),
              "For values you transpose the later W_OV. What the earlier head writes, x W_OV, goes into it as it stands: W_OV W_OV_later."),
        wrong("wrong order", lambda W_OV, W_QK, later, kind: _ratio(_reader(W_QK, later, kind) @ W_OV, W_OV, _reader(W_QK, later, kind)),
              "Your product is in the wrong order: rows are what goes in, so the earlier head comes first, W_OV M."),
        wrong("writer transposed", lambda W_OV, W_QK, later, kind: _with(_reader(W_QK, later, kind), W_OV.mT),
              "You transpose the earlier head's W_OV. Its columns are where it writes, and they must meet the rows of the reader: W_OV M."),
        wrong("spectral norm", lambda W_OV, W_QK, later, kind: _in_norm(W_OV, _reader(W_QK, later, kind), 2),
              "You use the spectral norm (ord=2), the largest singular value alone. The score is in Frobenius norms, which count every direction."),
        wrong("nuclear norm", lambda W_OV, W_QK, later, kind: _in_norm(W_OV, _reader(W_QK, later, kind), "nuc"),
              "You use the nuclear norm, the sum of singular values. The score is in Frobenius norms, the root of the sum of their squares."),
        wrong("sums of sizes", lambda W_OV, W_QK, later, kind: _sizes(W_OV @ _reader(W_QK, later, kind)) / (_sizes(W_OV) * _sizes(_reader(W_QK, later, kind))),
              "You add up absolute values. The Frobenius norm is the root of the sum of the *squares* of all entries."),
        wrong("entry by entry", lambda W_OV, W_QK, later, kind: _ratio(W_OV * _reader(W_QK, later, kind), W_OV, _reader(W_QK, later, kind)),
              "You multiply entry by entry (`*`). What the first head writes has to pass through the second: a matrix product (`@`)."),
        wrong("squared", lambda W_OV, W_QK, later, kind: _with(_reader(W_QK, later, kind), W_OV).square(),
              "You use squared norms. The score is the ratio of the norms themselves: take the root."),
        wrong("not divided", lambda W_OV, W_QK, later, kind: (W_OV @ _reader(W_QK, later, kind)).norm(),
              "You do not divide. Large weights would look like composition: divide by the norms of both factors."),
        wrong("divided by one factor", lambda W_OV, W_QK, later, kind: (W_OV @ _reader(W_QK, later, kind)).norm() / W_OV.norm(),
              "You divide by the norm of W_OV only. The later head's matrix has a size too: divide by both."),
        wrong("divided by the sum", lambda W_OV, W_QK, later, kind: (W_OV @ _reader(W_QK, later, kind)).norm() / (W_OV.norm() + _reader(W_QK, later, kind).norm()),
              "You divide by the sum of the norms. Sizes multiply: twice the W_OV makes twice the product, so divide by the product of the norms."),
        wrong("cosine", lambda W_OV, W_QK, later, kind: _ratio((W_OV * _reader(W_QK, later, kind)).sum(), W_OV, _reader(W_QK, later, kind)),
              "You multiply entry by entry, a cosine between two matrices. What the first head writes has to pass through the second: a matrix product, @."),
    ),
)  # fmt: skip
