"""The sparse path: what k active latents of thousands cost when only they are touched.

1. The encoder's product is dense, since every latent must be looked at to know which are largest.
2. What was selected is a `Code`: for each row of the batch its entries, a latent and a value.
3. Decoding sums, for each row, the decoder's rows of its entries (`embedding_bag`).
4. Both weight gradients are the same sum the other way round: for each latent, over the rows of the batch in which it
   is active. For this the entries are sorted by latent, once for both.

The gradient of a selected pre-activation is dense nowhere: no (batch, latent) matrix is made after the selection.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

Select = Callable[[Tensor], tuple[Tensor, Tensor, Tensor]]


@dataclass(frozen=True)
class Entries:
    """Where a batch is active, row by row: entry i is latent `latents[i]`; row b has those from `starts[b]` on."""

    latents: Int[Tensor, "entry"]
    starts: Int[Tensor, "batch"]
    n_latents: int

    @cached_property
    def rows(self) -> Int[Tensor, "entry"]:
        """The row of the batch that each entry belongs to."""
        ends = torch.cat([self.starts[1:], self.starts.new_tensor([len(self.latents)])])
        each = torch.arange(len(self.starts), device=self.starts.device)
        return each.repeat_interleave(ends - self.starts, output_size=len(self.latents))

    @cached_property
    def by_latent(self) -> tuple[Int[Tensor, "entry"], Int[Tensor, "latent"], Int[Tensor, "entry"]]:
        """The order that sorts entries by latent, where each latent's begin in it, and the rows in this order."""
        order = self.latents.int().argsort(stable=True)
        counts = torch.bincount(self.latents, minlength=self.n_latents)
        return order, counts.cumsum(0) - counts, self.rows[order]

    def sum_rows(self, weights: Float[Tensor, "entry"], vectors: Float[Tensor, "batch d"]) -> Float[Tensor, "latent d"]:
        """For each latent the sum of the batch's vectors in which it is active, each times its weight."""
        order, starts, rows = self.by_latent
        return F.embedding_bag(rows, vectors, starts, per_sample_weights=weights[order], mode="sum")


@dataclass(frozen=True)
class Code:
    """The activations of a batch, active latents only."""

    values: Float[Tensor, "entry"]
    entries: Entries

    def dense(self) -> Float[Tensor, "batch latent"]:
        """The same with every zero written out."""
        at = self.entries
        out = self.values.new_zeros(len(at.starts), at.n_latents)
        return out.index_put((at.rows, at.latents), self.values)

    def inside(self, low: int, high: int) -> Code:
        """The same with every latent outside low … high − 1 silent."""
        there = (self.entries.latents >= low) & (self.entries.latents < high)
        return replace(self, values=self.values * there)

    @torch.no_grad()
    def counts(self) -> Int[Tensor, "latent"]:
        """In how many rows each latent is active."""
        return torch.bincount(self.entries.latents[self.values > 0], minlength=self.entries.n_latents)


def encode(
    x: Float[Tensor, "batch d_in"],
    b_pre: Float[Tensor, "d_in"],
    W_enc: Float[Tensor, "latent d_in"],
    b_enc: Float[Tensor, "latent"],
    select: Select,
    precision: torch.dtype = torch.float32,
) -> Code:
    """Encode, select, forget the rest. The dense product runs in `precision`."""
    found: list[Entries] = []
    values = _Encode.apply(x, b_pre, W_enc, b_enc, select, precision, found)
    return Code(values, found[0])


def decode(code: Code, W_dec: Float[Tensor, "latent d_out"]) -> Float[Tensor, "batch d_out"]:
    """Σ value · decoder row, without the decoder's bias."""
    at = code.entries
    out = F.embedding_bag(at.latents, W_dec.detach(), at.starts, per_sample_weights=code.values, mode="sum")
    return _WithDecoderGradient.apply(out, W_dec, code.values.detach(), at)


def largest_of_each_row(k: int) -> Select:
    """TopK: the k largest pre-activations of each row; those that are negative count as zero."""

    def select(pre: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        values, latents = pre.topk(k, sorted=False)
        return values.flatten().relu_(), latents.flatten(), torch.arange(0, len(pre) * k, k, device=pre.device)

    return select


def largest_of_batch(k: int) -> Select:
    """BatchTopK: the k · batch largest positive pre-activations of the whole batch."""

    def select(pre: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        few = min(pre.shape[1], 4 * k)  # no row is looked at beyond its 4 k largest unless one of those is taken whole
        while True:
            values, latents = pre.topk(few, sorted=False)
            floor = values.flatten().kthvalue(values.numel() - min(k * len(pre), values.numel()) + 1).values
            if few == pre.shape[1] or not bool((values >= floor).all(1).any()):
                break
            few = min(pre.shape[1], 2 * few)
        taken = (values >= floor) & (values > 0)
        each = taken.sum(1)
        return values[taken], latents[taken], each.cumsum(0) - each

    return select


class _Encode(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, b_pre, W_enc, b_enc, select, precision, found):
        bias = b_enc - W_enc @ b_pre  # the centring, moved into the bias: x is not copied
        if precision == torch.float32:
            pre = F.linear(x, W_enc, bias)
        else:
            pre = F.linear(x.to(precision), W_enc.to(precision)).float().add_(bias)
        values, latents, starts = select(pre)
        entries = Entries(latents, starts, len(W_enc))
        found.append(entries)
        ctx.save_for_backward(x, b_pre, W_enc, values)
        ctx.entries = entries
        return values

    @staticmethod
    def backward(ctx, grad):
        x, b_pre, W_enc, values = ctx.saved_tensors
        at = ctx.entries
        grad = grad * (values > 0)
        grad_b = W_enc.new_zeros(len(W_enc)).index_add_(0, at.latents, grad)
        grad_W = at.sum_rows(grad, x).addr_(grad_b, b_pre, alpha=-1)  # Σ g (x − b_pre)ᵀ
        grad_x = None
        if ctx.needs_input_grad[0]:
            grad_x = F.embedding_bag(at.latents, W_enc, at.starts, per_sample_weights=grad, mode="sum")
        return grad_x, -(grad_b @ W_enc), grad_W, grad_b, None, None, None


class _WithDecoderGradient(torch.autograd.Function):
    """The identity; on the way back it adds the decoder's gradient, which embedding_bag would compute row by row."""

    @staticmethod
    def forward(ctx, out, W_dec, values, entries):
        ctx.save_for_backward(values)
        ctx.entries = entries
        return out.view_as(out)

    @staticmethod
    def backward(ctx, grad):
        (values,) = ctx.saved_tensors
        grad_W = ctx.entries.sum_rows(values, grad.contiguous()) if ctx.needs_input_grad[1] else None
        return grad, grad_W, None, None
