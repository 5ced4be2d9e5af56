"""Does what is put in at a hook point do what the name of its site says?

A bridge gives its hook points the same names in every architecture, but they do not stand at the same places in all:
where a LayerNorm follows the sum (BERT), "attn_out" is the residual stream itself, and "resid_mid" comes after the MLP.
Some hook points are shown what another module computes anew, so that what they return goes nowhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from .grid import Grid, heads_of
from .trust import TOLERANCE, near, run_model
from .unrolled import HEAD_SITES, PATTERN_SITES

if TYPE_CHECKING:
    from .question import Question

HOOKS = {
    "resid_pre": "blocks.{}.hook_resid_pre",
    "resid_mid": "blocks.{}.hook_resid_mid",
    "resid_post": "blocks.{}.hook_resid_post",
    "attn_out": "blocks.{}.hook_attn_out",
    "mlp_out": "blocks.{}.hook_mlp_out",
    "post": "blocks.{}.mlp.hook_post",
    "z": "blocks.{}.attn.hook_z",
    "q": "blocks.{}.attn.hook_q",
    "k": "blocks.{}.attn.hook_k",
    "v": "blocks.{}.attn.hook_v",
    "pattern": "blocks.{}.attn.hook_pattern",
    "attn_scores": "blocks.{}.attn.hook_attn_scores",
}
Hook = tuple[str, Callable[[Tensor, Any], Tensor]]


def hook_at(site: str, layer: int, edit: Callable[[int, Tensor], Tensor]) -> Hook:
    """A hook that replaces a layer's activation by `edit(layer, activation)`."""

    # A bridge's hook_resid_mid sits on the MLP's branch, and what it returns does not reach the residual stream, but
    # the tensor that it is shown is the residual stream.
    def hook(value: Tensor, hook: Any) -> Tensor:
        new = edit(layer, value)
        return value.copy_(new) if site == "resid_mid" else new

    return HOOKS[site].format(layer), hook


def refuse_other_shape(site: str, cfg: Any, grid: Grid, at: Mapping[str, Tensor]) -> None:
    """Raises ValueError when the activations have other heads or neurons than the model's configuration says."""
    if site == "post":
        dim, what, said = 2, "neurons", cfg.d_mlp
        asked = any(axis.name == "neuron" for axis in grid.axes)
    else:
        dim, what, said = (1 if site in PATTERN_SITES else 2), "heads", heads_of(site, cfg)
        asked = site in HEAD_SITES
    for name, value in at.items() if asked else ():
        found = value.shape[dim] if value.ndim == (3 if site == "post" else 4) else None
        if found != said:
            raise ValueError(
                f"the model's configuration says {said} {what}, but {name} has the shape {tuple(value.shape)}, "
                f"so single {what} cannot be told apart"
            )


def refuse_idle(question: Question, site: str, layer: int) -> None:
    """Raises ValueError when what is put in at this hook point does not steer the model as the site should.

    What determines all that comes after it, the residual stream, must carry another run over whole, and what is only
    added to the stream must not; between attention and MLP the stream is what the MLP reads. Elsewhere a NaN that is
    put in must change something: it passes through zero weights, which no number does.
    """
    model, name = question.model, HOOKS[site].format(layer)
    tokens, mask = question.base, question.mask_of(question.base_name)
    mlp = HOOKS["mlp_out"].format(layer)
    seen: dict[str, Tensor] = {}

    def run(tokens: Tensor, *keep: str, put: Callable[[int, Tensor], Tensor] | None = None) -> Tensor:
        """The logits of one forward; what it has at these hook points goes into `seen`."""
        keeping = [(at, lambda value, hook, at=at: seen.update({at: value.clone()})) for at in keep]
        with model.hooks(fwd_hooks=keeping + ([] if put is None else [hook_at(site, layer, put)])):
            return run_model(model, tokens, mask)

    def alike(found: Tensor, wanted: Tensor) -> bool:
        return near(found, wanted, TOLERANCE.get(found.dtype, 0.1))

    if site.startswith("resid") or site in ("attn_out", "mlp_out"):
        reads = [mlp] if site == "resid_mid" and mlp in model.hook_dict else []
        wanted = run((tokens + 1) % model.cfg.d_vocab, name, *reads)
        other = dict(seen)
        found = run(tokens, *reads, put=lambda _, value: other[name])
        if site.startswith("resid"):
            steers = alike(found, wanted)
            if steers and any(at in other and not alike(seen[at], other[at]) for at in reads):
                raise ValueError(f"{name} of this model is not what its MLP reads, so {site} cannot be patched in it")
        else:
            steers = not torch.equal(found, run(tokens))
            if steers and alike(found, wanted):
                raise ValueError(f"{name} of this model is its whole residual stream, so there is no {site} to patch")
    else:
        steers = not torch.equal(run(tokens, put=lambda _, value: torch.full_like(value, torch.nan)), run(tokens))
    if not steers:
        raise ValueError(f"what is put in at {name} does not reach this model's logits, so {site} cannot be patched")
