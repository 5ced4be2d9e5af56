"""What a head's matrices say before any token is read (Elhage et al. 2021).

1. The OV circuit W_E W_V W_O W_U, token by token: which logits attending to a token raises. A head copies if they are
   that token's own: positive eigenvalues, a large diagonal.
2. Composition: how much of what a later head reads, by its query, key or value, lies where an earlier head writes.
3. Baselines for composition: directions that have nothing to do with each other score 1/√d_model, whatever the rank.

Rows are what goes in, columns what comes out: x W. With W_QK = W_Q W_Kᵀ the query stands on the left.
"""

import torch
from jaxtyping import Float
from torch import Tensor

INPUTS = ("q", "k", "v")


def copying_score(
    W_E: Float[Tensor, "d_vocab d_model"],
    W_V: Float[Tensor, "*head d_model d_head"],
    W_O: Float[Tensor, "*head d_head d_model"],
    W_U: Float[Tensor, "d_model d_vocab"],
) -> Float[Tensor, "*head"]:
    """Σ Re λ / Σ |λ| over the eigenvalues of W_E W_V W_O W_U (d_vocab × d_vocab), in [−1, 1] (Elhage et al. 2021).

    1: every eigenvalue is positive, the head raises the tokens that it attends to. −1: it lowers them. 0: neither.
    Computed from W_O W_U W_E W_V (d_head × d_head), which has the same eigenvalues but for zeros.
    """
    values = torch.linalg.eigvals(W_O @ (W_U @ W_E) @ W_V)
    return values.real.sum(-1) / values.abs().sum(-1)


def copying_diagonal(
    W_E: Float[Tensor, "d_vocab d_model"],
    W_V: Float[Tensor, "*head d_model d_head"],
    W_O: Float[Tensor, "*head d_head d_model"],
    W_U: Float[Tensor, "d_model d_vocab"],
    rows: int = 512,
) -> Float[Tensor, "*head"]:
    """The share of tokens whose own logit is the one that attending to them raises most; by chance 1 / d_vocab.

    Args:
        rows: how many tokens are looked at together, which bounds the memory.
    """
    out, hits = W_O @ W_U, 0
    for start in range(0, len(W_E), rows):
        moved = W_E[start : start + rows] @ W_V @ out  # (*head, rows, d_vocab)
        hits = hits + (moved.argmax(-1) == torch.arange(start, start + moved.shape[-2], device=moved.device)).sum(-1)
    return hits / len(W_E)


def composition_score(
    W_OV: Float[Tensor, "*head d_model d_model"],
    W_QK: Float[Tensor, "*head d_model d_model"],
    W_OV_later: Float[Tensor, "*head d_model d_model"],
    kind: str,
) -> Float[Tensor, "*head"]:
    """How strongly a later head reads what an earlier head writes: ‖W_OV M‖ / (‖W_OV‖ ‖M‖), Frobenius norms.

    M is what the later head makes of its input: W_QK for its query ("q"), W_QKᵀ for its key ("k"), W_OV for its value
    ("v"). In [0, 1] (Elhage et al. 2021).

    Args:
        W_OV: W_V W_O of the earlier head.
        W_QK, W_OV_later: W_Q W_Kᵀ and W_V W_O of the later head.
        kind: "q", "k" or "v".

    Raises:
        ValueError: another kind.
    """
    if kind not in INPUTS:
        raise ValueError(f"a head reads by its q, k or v, not by {kind!r}")
    reader = {"q": W_QK, "k": W_QK.mT, "v": W_OV_later}[kind]
    norms = [torch.linalg.matrix_norm(M) for M in (W_OV @ reader, W_OV, reader)]
    return norms[0] / (norms[1] * norms[2])


def composition_scores(
    W_Q: Float[Tensor, "layer head d_model d_head"],
    W_K: Float[Tensor, "layer head d_model d_head"],
    W_V: Float[Tensor, "layer head d_model d_head"],
    W_O: Float[Tensor, "layer head d_head d_model"],
) -> Float[Tensor, "3 writer reader"]:
    """Every head of layer 0 read by every head of layer 1, by q, k and v (in this order)."""
    W_QK, W_OV = W_Q @ W_K.mT, W_V @ W_O
    writers, QK, OV = W_OV[0][:, None], W_QK[1][None], W_OV[1][None]
    return torch.stack([composition_score(writers, QK, OV, kind) for kind in INPUTS])


def turned_composition(
    W_OV: Float[Tensor, "d_model d_model"],
    reader: Float[Tensor, "d_model d_model"],
    draws: int = 200,
    generator: torch.Generator | None = None,
) -> Float[Tensor, "draw"]:
    """Scores of these two matrices with the writer's output turned at random: their own singular values, no relation.

    Args:
        reader: W_QK for queries, its transpose for keys, W_OV for values, of the later head.
    """
    found = []
    for _ in range(draws):
        rotation = torch.linalg.qr(torch.randn(W_OV.shape, generator=generator)).Q.to(W_OV)
        found.append(composition_score(W_OV @ rotation, reader, reader, "q"))
    return torch.stack(found)


def own_note_first(
    asks: Float[Tensor, "d_vocab d_model"],
    notes: Float[Tensor, "d_vocab d_model"],
    W_QK: Float[Tensor, "d_model d_model"],
) -> float:
    """The share of tokens whose query prefers the note of that same token to the note of every other.

    The K-composition circuit from end to end, in weights alone: `asks` is what the query reads for each token, `notes`
    what an earlier head leaves behind for each token (`W_E @ W_OV` of that head). By chance 1 / d_vocab.
    """
    match = asks @ W_QK @ notes.mT  # (token asked for, token noted)
    return (match.argmax(1) == torch.arange(len(match), device=match.device)).float().mean().item()
