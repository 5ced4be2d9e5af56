"""The two circuits of a head: QK says where to look, OV says what is moved (Elhage et al. 2021).

Both are (d_model, d_model) matrices of rank at most d_head, and are better kept as products of two thin ones, as
TransformerLens's `FactoredMatrix` does: `model.QK[layer, head]`, `model.OV[layer, head]`.
"""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor


def qk_circuit(
    W_Q: Float[Tensor, "*head d_model d_head"], W_K: Float[Tensor, "*head d_model d_head"]
) -> Float[Tensor, "*head d_model d_model"]:
    """W_Q W_Kᵀ: with the query's residual stream on its left and the key's on its right, a head's score.

    The score that the softmax sees is this, plus terms with the biases, divided by √d_head.
    """
    return W_Q @ W_K.mT


def ov_circuit(
    W_V: Float[Tensor, "*head d_model d_head"], W_O: Float[Tensor, "*head d_head d_model"]
) -> Float[Tensor, "*head d_model d_model"]:
    """W_V W_O: what a head writes at the query for a residual stream x read at the key is x W_V W_O, as rows."""
    return W_V @ W_O


def matching_score(
    read: Float[Tensor, "sign d_model"],
    W_V: Float[Tensor, "head d_model d_head"],
    W_O: Float[Tensor, "head d_head d_model"],
    W_U: Float[Tensor, "d_model sign"],
) -> Float[Tensor, "head"]:
    """How much more each head's OV circuit raises the matching closing token than the others (logits before the norm).

    Args:
        read: what the head reads at each opening sign. W_U: the unembedding's columns of the closing tokens, in the
            same order; there are at least two.
    """
    scores = read @ W_V @ W_O @ W_U  # (head, fed, closing)
    matching = scores.diagonal(dim1=-2, dim2=-1)
    others = (scores.sum(-1) - matching) / (scores.shape[-1] - 1)
    return (matching - others).mean(-1)
