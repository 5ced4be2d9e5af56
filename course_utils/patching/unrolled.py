"""A plain forward pass, unrolled from the weights of a TransformerBridge.

1. `unroll(model)` reads the weights (after any folding or centring) into a frozen `Unrolled`; what it cannot
   represent exactly it refuses with `Unsupported`, and the callers then go through TransformerLens's hooks.
2. A block is three steps that the fast paths call one at a time: `qkv`, `attend`, `mlp`.
3. `Unrolled.forward` is the whole of it, with two openings: `edit[site](layer, activation)` may replace any
   activation, and `keep` names the sites that are returned.

Shapes are TransformerLens's: resid (batch, pos, d_model); q, k, v, z (batch, pos, head, d_head);
pattern and attn_scores (batch, head, query pos, key pos); result (batch, pos, head, d_model), what each head writes;
post (batch, pos, neuron), the MLP's neurons after their activation. Nothing here touches the model.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Bool, Float, Int
from torch import Tensor

RESIDUAL_SITES = ("resid_pre", "resid_mid", "resid_post", "attn_out", "mlp_out")
PATTERN_SITES = ("pattern", "attn_scores")
HEAD_SITES = ("z", "result", "q", "k", "v", *PATTERN_SITES)
SITES = (*RESIDUAL_SITES, *HEAD_SITES, "post")
MLP_SITES = ("resid_mid", "mlp_out", "post")
FAMILIES = ("GPT2LMHeadModel", "TransformerLensNative")

Edits = Mapping[str, Callable[[int, Tensor], Tensor]]
Visible = Bool[Tensor, "query key"] | Bool[Tensor, "batch 1 query key"]


class Unsupported(NotImplementedError):
    """The plain forward cannot stand for this model; the message says why.

    surprising: not because of its architecture, but since something was left on it or changed in it.
    """

    def __init__(self, why: str, surprising: bool = False) -> None:
        super().__init__(why)
        self.surprising = surprising


@dataclass(frozen=True)
class Norm:
    """LayerNorm, LayerNorm without parameters (weight None), or nothing at all (eps None)."""

    weight: Float[Tensor, "d_model"] | None
    bias: Float[Tensor, "d_model"] | None
    eps: float | None

    def __call__(self, x: Float[Tensor, "*rows d_model"]) -> Float[Tensor, "*rows d_model"]:
        if self.eps is None:
            return x
        return F.layer_norm(x, x.shape[-1:], self.weight, self.bias, self.eps)


@dataclass(frozen=True)
class Block:
    """One layer. Weights act as in `torch.nn.functional.linear`: (out, in)."""

    ln1: Norm
    W_QKV: Float[Tensor, "qkv_head_dhead d_model"]
    b_QKV: Float[Tensor, "qkv_head_dhead"]
    W_O: Float[Tensor, "head d_head d_model"]
    b_O: Float[Tensor, "d_model"]
    scale: float
    ln2: Norm | None
    W_in: Float[Tensor, "d_mlp d_model"] | None
    b_in: Float[Tensor, "d_mlp"] | None
    W_out: Float[Tensor, "d_model d_mlp"] | None
    b_out: Float[Tensor, "d_model"] | None
    act: Callable[[Tensor], Tensor] | None

    @property
    def has_mlp(self) -> bool:
        return self.W_in is not None

    def qkv(self, resid: Float[Tensor, "*rows d_model"], inputs: str = "qkv") -> list[Tensor]:
        """The queries, keys, values (those named in `inputs`), each (*rows, head, d_head)."""
        n_heads, d_head, _ = self.W_O.shape
        first, last = "qkv".index(inputs[0]), "qkv".index(inputs[-1]) + 1
        rows = slice(first * n_heads * d_head, last * n_heads * d_head)
        out = F.linear(self.ln1(resid), self.W_QKV[rows], self.b_QKV[rows])
        parts = out.unflatten(-1, (last - first, n_heads, d_head)).unbind(-3)
        return [parts["qkv".index(name) - first] for name in inputs]

    def write(self, z: Float[Tensor, "*rows head d_head"]) -> Float[Tensor, "*rows d_model"]:
        """attn_out: what all heads together, and the output bias, write into the residual stream."""
        return F.linear(z.flatten(-2), self.W_O.flatten(0, 1).T, self.b_O)

    def neurons(self, resid: Float[Tensor, "*rows d_model"]) -> Float[Tensor, "*rows d_mlp"]:
        """The MLP's neurons, after their activation, from the residual stream before the MLP's LayerNorm."""
        return self.act(F.linear(self.ln2(resid), self.W_in, self.b_in))

    def mlp(self, resid: Float[Tensor, "*rows d_model"]) -> Float[Tensor, "*rows d_model"]:
        """mlp_out from the residual stream before the MLP's LayerNorm."""
        return F.linear(self.neurons(resid), self.W_out, self.b_out)

    def scores(self, q: Tensor, k: Tensor, visible: Visible) -> Float[Tensor, "batch head query key"]:
        """Attention scores, −∞ where `visible` says that a query may not see a key."""
        scores = torch.einsum("bqhd,bkhd->bhqk", q, k) * self.scale
        return scores.masked_fill(~visible, float("-inf"))

    def attend(self, q: Tensor, k: Tensor, v: Tensor, visible: Visible) -> Float[Tensor, "batch query head d_head"]:
        """z, without forming the pattern. The batch of q, k, v may be that of `visible`, several times over."""
        q, k, v = (x.transpose(1, 2) for x in (q, k, v))
        visible = per_row(visible, len(q))
        return F.scaled_dot_product_attention(q, k, v, attn_mask=visible, scale=self.scale).transpose(1, 2)


@dataclass(frozen=True)
class Unrolled:
    """All the weights of a transformer with learned positions, in the form that the fast paths use.

    causal: whether a query sees its own and earlier keys only.
    """

    W_E: Float[Tensor, "d_vocab d_model"]
    W_pos: Float[Tensor, "n_ctx d_model"]
    blocks: tuple[Block, ...]
    ln_final: Norm
    W_U: Float[Tensor, "d_model d_vocab"]
    b_U: Float[Tensor, "d_vocab"] | None
    causal: bool

    @property
    def n_layers(self) -> int:
        return len(self.blocks)

    @property
    def n_heads(self) -> int:
        return self.blocks[0].W_O.shape[0]

    @property
    def d_model(self) -> int:
        return self.W_E.shape[1]

    def embed(self, tokens: Int[Tensor, "batch pos"]) -> Float[Tensor, "batch pos d_model"]:
        """resid_pre of layer 0."""
        return self.W_E[tokens] + self.W_pos[: tokens.shape[1]]

    def visible(self, length: int, mask: Bool[Tensor, "batch pos"] | None = None) -> Visible:
        """Which keys each query sees. mask: False where a token is padding, which nobody sees."""
        everyone = torch.ones(length, length, dtype=torch.bool, device=self.W_E.device)
        everyone = everyone.tril() if self.causal else everyone
        return everyone if mask is None else everyone & mask[:, None, None, :]

    def forward(
        self,
        resid: Float[Tensor, "batch pos d_model"],
        visible: Visible,
        edit: Edits | None = None,
        keep: Collection[str] = (),
        first_layer: int = 0,
    ) -> tuple[Float[Tensor, "batch pos d_model"], dict[str, list[Tensor]]]:
        """Run layers `first_layer` and later; return the last residual stream and the kept activations.

        `edit[site](layer, activation)` is called once in every layer and returns what to go on with. The lists
        in the second result have one entry per layer from `first_layer` on. The batch may be that of `visible`,
        several times over.
        """
        edit, kept = edit or {}, {site: [] for site in keep}
        opened = {*edit, *keep}
        visible = per_row(visible, len(resid))

        def at(site: str, layer: int, value: Tensor) -> Tensor:
            value = edit[site](layer, value) if site in edit else value
            if site in kept:
                kept[site].append(value)
            return value

        for layer in range(first_layer, self.n_layers):
            block = self.blocks[layer]
            resid = at("resid_pre", layer, resid)
            q, k, v = (at(name, layer, x) for name, x in zip("qkv", block.qkv(resid), strict=True))
            if opened.isdisjoint(PATTERN_SITES):
                z = block.attend(q, k, v, visible)
            else:
                pattern = at("pattern", layer, softmax(at("attn_scores", layer, block.scores(q, k, visible))))
                z = torch.einsum("bhqk,bkhd->bqhd", pattern, v)
            z = at("z", layer, z)
            if "result" in opened:
                out = at("result", layer, torch.einsum("bqhe,hed->bqhd", z, block.W_O)).sum(2) + block.b_O
            else:
                out = block.write(z)
            resid = at("resid_mid", layer, resid + at("attn_out", layer, out))
            if block.has_mlp:
                out = F.linear(at("post", layer, block.neurons(resid)), block.W_out, block.b_out)
                resid = resid + at("mlp_out", layer, out)
            resid = at("resid_post", layer, resid)
        return resid, kept

    def logits(
        self, resid: Float[Tensor, "*cells batch pos d_model"], tokens: Int[Tensor, "batch token"] | None = None
    ) -> Float[Tensor, "*cells batch pos token"]:
        """Unembed the last residual stream, only into `tokens` (of each prompt) where they are given."""
        final = self.ln_final(resid)
        if tokens is None:
            out = final @ self.W_U
            return out if self.b_U is None else out + self.b_U
        out = torch.einsum("...bpd,bkd->...bpk", final, self.W_U.T[tokens])
        return out if self.b_U is None else out + self.b_U[tokens][:, None]


def per_row(visible: Visible, rows: int) -> Visible:
    """`visible` for a batch that is its own several times over."""
    return visible if visible.ndim == 2 else visible.repeat(rows // len(visible), 1, 1, 1)


def seen_by(visible: Visible, at: Int[Tensor, "batch m"]) -> Bool[Tensor, "batch 1 m key"]:
    """The keys that the queries at these positions see."""
    if visible.ndim == 2:
        return visible[at][:, None]
    return visible[torch.arange(len(at), device=at.device)[:, None], 0, at][:, None]


def softmax(scores: Float[Tensor, "*rows key"]) -> Float[Tensor, "*rows key"]:
    """Attention probabilities; a query that sees no key at all (padding on the left) attends to nothing."""
    return torch.softmax(scores, -1).masked_fill((scores == float("-inf")).all(-1, keepdim=True), 0.0)


def unroll(model: Any) -> Unrolled:
    """Read a bridge's weights, as they are now; the tensors are views of them wherever a view will do.

    Raises:
        Unsupported: the architecture is not of GPT-2's or `boot_native`'s plain kind.
    """
    cfg = model.cfg
    plain = {
        "architecture": cfg.architecture in FAMILIES,
        "positional embedding": (getattr(cfg, "positional_embedding_type", None) or "standard") == "standard",
        "attention direction": getattr(cfg, "attention_dir", "causal") in ("causal", "bidirectional"),
        "gated MLP": not getattr(cfg, "gated_mlp", False),
        "parallel attention and MLP": not getattr(cfg, "parallel_attn_mlp", False),
        "shared keys and values": (getattr(cfg, "n_key_value_heads", None) or cfg.n_heads) == cfg.n_heads,
        "score cap": not getattr(cfg, "attn_scores_soft_cap", -1) > 0,
        "logit cap": not getattr(cfg, "output_logits_soft_cap", -1) > 0,
    }
    odd = [name for name, fits in plain.items() if not fits]
    if odd:
        raise Unsupported(f"the plain forward does not know this model's {', '.join(odd)}")
    if len({weight.dtype for weight in model.parameters()}) > 1:
        raise Unsupported("the weights are not all of one type", surprising=True)
    b_U = getattr(model, "b_U", None)
    return Unrolled(
        W_E=model.W_E.detach(),
        W_pos=model.W_pos.detach(),
        blocks=tuple(_block(model, layer) for layer in range(cfg.n_layers)),
        ln_final=_norm(model.ln_final, cfg.eps),
        W_U=model.W_U.detach(),
        b_U=None if b_U is None else b_U.detach(),
        causal=getattr(cfg, "attention_dir", "causal") == "causal",
    )


def _norm(bridge: Any, eps: float) -> Norm:
    kind = type(bridge.original_component).__name__
    if kind == "Identity":
        return Norm(None, None, None)
    if kind == "NativeLayerNormPre":
        return Norm(None, None, eps)
    if kind != "LayerNorm":
        raise Unsupported(f"the plain forward does not know the normalisation {kind}")
    return Norm(bridge.weight.detach(), bridge.bias.detach(), eps)


def _block(model: Any, layer: int) -> Block:
    cfg, block = model.cfg, model.blocks[layer]
    attn = block.attn
    # TransformerLens's W_Q is (head, d_model, d_head); `linear` wants ((q k v) head d_head, d_model)
    weights = [getattr(attn, name).detach().transpose(1, 2).flatten(0, 1) for name in ("W_Q", "W_K", "W_V")]
    biases = [_bias(getattr(attn, name), w.shape[0], w) for name, w in zip(("b_Q", "b_K", "b_V"), weights, strict=True)]
    scale = cfg.d_head**-0.5
    if cfg.architecture == "TransformerLensNative":
        scale = 1 / attn.original_component.scale
    elif getattr(cfg, "scale_attn_by_inverse_layer_idx", False):
        scale /= layer + 1
    mlp = block.mlp if "mlp" in block.submodules else None
    if mlp is not None and getattr(mlp.original_component, "ln", None) is not None:
        raise Unsupported("the plain forward does not know an MLP with a LayerNorm inside")
    d_model = cfg.d_model
    return Block(
        ln1=_norm(block.ln1, cfg.eps),
        W_QKV=torch.cat(weights),
        b_QKV=torch.cat(biases),
        W_O=attn.W_O.detach(),
        b_O=_bias(attn.b_O, d_model, weights[0]),
        scale=scale,
        ln2=None if mlp is None else _norm(block.ln2, cfg.eps),
        W_in=None if mlp is None else mlp.W_in.detach().T,
        b_in=None if mlp is None else _bias(mlp.b_in, mlp.W_in.shape[1], weights[0]),
        W_out=None if mlp is None else mlp.W_out.detach().T,
        b_out=None if mlp is None else _bias(mlp.b_out, d_model, weights[0]),
        act=None if mlp is None else _activation(mlp.original_component, cfg.act_fn),
    )


def _bias(value: Tensor | None, size: int, like: Tensor) -> Tensor:
    return like.new_zeros(size) if value is None else value.detach().reshape(-1)


def _activation(component: Any, name: str | None) -> Callable[[Tensor], Tensor]:
    if name in ("gelu_new", "gelu_pytorch_tanh"):
        return _gelu_tanh
    return component.act


def _gelu_tanh(x: Tensor) -> Tensor:
    """GPT-2's GELU, ½x(1 + tanh u).

    Where nothing is differentiated, on a CPU, by ½(1 + tanh u) = 1/(1 + exp(−2u)): tanh takes most of the time of
    the fused kernel, and exp takes a third of tanh's.
    """
    if x.device.type != "cpu" or (x.requires_grad and torch.is_grad_enabled()):
        return F.gelu(x, approximate="tanh")
    slope = 2 * (2 / torch.pi) ** 0.5
    return x.square().mul_(0.044715 * slope).add_(slope).mul_(x).sigmoid_().mul_(x)
