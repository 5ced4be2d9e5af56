"""From the residual stream to the logits: the logit lens, and direct logit attribution with a frozen scale.

The final LayerNorm is (x − mean x) / scale · w + b. Once its `scale` is taken from the whole stream and held, what is
left is linear: so the logit is a sum over components, and each term is that component's *direct* effect. What a
component does by way of later layers is in none of these numbers.

1. `logit_lens`: the final norm and the unembedding, applied early (nostalgebraist 2020).
2. `head_attribution`: each head's share of a logit difference, from plain tensors.
3. `attribution`: every component's share, from a model; the terms add up to the logit (difference).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from einops import einsum
from jaxtyping import Float, Int
from torch import Tensor

from course_utils import patching, plots
from course_utils.intervals import mean_interval

from .residual import components


def logit_lens(
    resid: Float[Tensor, "*place d_model"],
    w: Float[Tensor, "d_model"],
    b: Float[Tensor, "d_model"],
    W_U: Float[Tensor, "d_model d_vocab"],
    b_U: Float[Tensor, "d_vocab"],
    eps: float = 1e-5,
) -> Float[Tensor, "*place d_vocab"]:
    """Logits as if the model stopped here: the final LayerNorm (weight `w`, bias `b`), then the unembedding."""
    centred = resid - resid.mean(-1, keepdim=True)
    scale = (centred.square().mean(-1, keepdim=True) + eps).sqrt()
    return (centred / scale * w + b) @ W_U + b_U


def final_norm(model: Any) -> tuple[Float[Tensor, "d_model"], Float[Tensor, "d_model"]]:
    """Weight and bias of the model's final LayerNorm; ones and zeros where it has none or they were folded."""
    like = model.W_U[:, 0].detach()
    w, b = (getattr(model.ln_final, name, None) for name in ("weight", "bias"))
    return (torch.ones_like(like) if w is None else w.detach(), torch.zeros_like(like) if b is None else b.detach())


def lens(model: Any, cache: Mapping[str, Tensor]) -> Float[Tensor, "depth batch pos d_vocab"]:
    """`logit_lens` of the residual stream at every depth: 0 is before the first layer, k after k layers."""
    depths = [cache["blocks.0.hook_resid_pre"]]
    depths += [cache[f"blocks.{layer}.hook_resid_post"] for layer in range(model.cfg.n_layers)]
    w, b = final_norm(model)
    return logit_lens(torch.stack(depths), w, b, model.W_U, model.b_U, model.cfg.eps).detach()


def head_attribution(
    z: Float[Tensor, "layer batch head d_head"],
    W_O: Float[Tensor, "layer head d_head d_model"],
    scale: Float[Tensor, "batch"],
    w: Float[Tensor, "d_model"],
    W_U: Float[Tensor, "d_model d_vocab"],
    correct: Int[Tensor, "batch"],
    wrong: Int[Tensor, "batch"],
) -> Float[Tensor, "layer head batch"]:
    """What each head adds directly to logit(correct) − logit(wrong), at the position that `z` is from.

    `scale` is what the final LayerNorm divides by there, taken from the whole residual stream and held fixed; `w` is
    that LayerNorm's weight.
    """
    written = einsum(z, W_O, "layer batch head d_head, layer head d_head d_model -> layer head batch d_model")
    centred = written - written.mean(-1, keepdim=True)
    direction = (W_U[:, correct] - W_U[:, wrong]).T  # (batch, d_model)
    return (centred / scale[:, None] * w * direction).sum(-1)


@dataclass(frozen=True, repr=False)
class Attribution:
    """Terms of a logit, or of a difference of two logits, that add up to it.

    Attributes:
        labels: the components, as in `Components`, and "bias": the final norm's bias and the unembedding's.
        terms: (component, batch), in logits.
        target: (batch,) what the model itself says.
    """

    labels: tuple[str, ...]
    terms: Float[Tensor, "component batch"]
    target: Float[Tensor, "batch"]

    def __getitem__(self, label: str) -> Float[Tensor, "batch"]:
        if label not in self.labels:
            raise KeyError(f"there is no component {label!r}; there are {', '.join(self.labels)}")
        return self.terms[self.labels.index(label)]

    def total(self) -> Float[Tensor, "batch"]:
        """The sum of all terms: equal to `target` up to rounding."""
        return self.terms.sum(0)

    def heads(self) -> Float[Tensor, "layer head"]:
        """The heads' terms, averaged over prompts."""
        mean = {label: float(value) for label, value in zip(self.labels, self.terms.mean(1), strict=True)}
        places = {patching.head(label): value for label, value in mean.items() if "." in label}
        grid = torch.zeros(max(p[0] for p in places) + 1, max(p[1] for p in places) + 1)
        for place, value in places.items():
            grid[place] = value
        return grid

    def top(self, k: int = 10) -> list[tuple[str, float]]:
        """The k components with the largest terms in size, averaged over prompts."""
        mean = self.terms.mean(1)
        order = mean.abs().argsort(descending=True, stable=True)[:k]
        return [(self.labels[i], float(mean[i])) for i in order.tolist()]

    def plot(self, ax: Any = None) -> Any:
        """Bars: every component's mean term, in the order in which the model computes them."""
        fig, ax = plots.figure(height=2.8) if ax is None else (ax.figure, ax)
        mean = self.terms.mean(1).tolist()
        colours = [plots.HEAD if "." in x else plots.MLP if x[0] == "m" else plots.NULL for x in self.labels]
        ax.bar(range(len(mean)), mean, color=colours)
        ax.axhline(0, color="black", linewidth=0.8)
        ax.set_xticks(range(len(mean)), self.labels, rotation=90, fontsize=8)
        ax.set_ylabel("direct attribution (logits)")
        return fig

    def rows(self, k: int = 8) -> dict[str, dict[str, Any]]:
        """For `table`: the k components with the largest terms, with intervals over prompts, and the whole."""
        chosen = {label: self[label] for label, _ in self.top(k)}
        return {
            name: {"direct attribution": mean_interval(values)}
            for name, values in (chosen | {"all parts": self.total(), "the model": self.target}).items()
        }

    def __repr__(self) -> str:
        rows = [f"  {label:<10} {value:+8.3f}" for label, value in self.top(6)]
        ends = f"  sum {float(self.total().mean()):+.3f}, the model says {float(self.target.mean()):+.3f}"
        return "\n".join([f"{len(self.labels)} components, {len(self.target)} prompts, logits", *rows, ends])


def attribution(
    model: Any,
    tokens: Int[Tensor, "batch pos"],
    correct: Int[Tensor, "batch"],
    wrong: Int[Tensor, "batch"] | None = None,
    position: int = -1,
) -> Attribution:
    """Direct logit attribution of every component at one position, with the final norm's scale held.

    Args:
        model: any bridge with a final LayerNorm, in compatibility mode or not.
        correct, wrong: token ids; without `wrong` it is the correct token's logit that is taken apart.

    Raises:
        ValueError: the model's final norm is no LayerNorm.
    """
    if model.cfg.normalization_type not in ("LN", "LNPre"):
        raise ValueError(f"the final norm must be a LayerNorm, but this model's is {model.cfg.normalization_type}")
    with torch.no_grad():
        logits, cache = model.run_with_cache(tokens)
        parts = components(model, cache)
        w, b = final_norm(model)
        scale = cache["ln_final.hook_scale"][:, position]  # (batch, 1)
        written = parts.parts[:, :, position]  # (component, batch, d_model)
        direction, constant = model.W_U[:, correct].T, model.b_U[correct]
        if wrong is not None:
            direction, constant = direction - model.W_U[:, wrong].T, constant - model.b_U[wrong]
        centred = written - written.mean(-1, keepdim=True)
        terms = (centred / scale * w * direction).sum(-1)
        bias = direction @ b + constant
        rows = torch.arange(len(correct))
        target = logits[rows, position, correct]
        if wrong is not None:
            target = target - logits[rows, position, wrong]
    return Attribution((*parts.labels, "bias"), torch.cat([terms, bias[None]]), target)
