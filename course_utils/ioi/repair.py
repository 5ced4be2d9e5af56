"""What happens to the rest when heads are taken away: who says more than before, and what the final norm does.

1. `repair` – a run with heads taken away, beside the intact one: every part's direct attribution in both.
2. What the heads said directly is `lost_direct`; what is missing in the end is `lost`. The difference is repaired.
3. The final norm divides by the size of the stream. `lost_at_scale` is the loss with the intact run's divisor, and
   `reacted` what some later parts contribute to it.
4. `Remaining` – the same divisor held, for many sets of heads that are kept while all others are at their means.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_utils import patching
from course_utils.intervals import mean_interval
from course_utils.ioi.behaviour import logit_diff
from course_utils.ioi.prompts import Prompts
from course_utils.ioi.readings import unembedding


@dataclass(frozen=True)
class Repair:
    """Per prompt: logit differences with and without the heads, the final norm's divisors, direct attributions.

    `direct` and `direct_without` map a part ("1.2", "m3") to what it adds to the logit difference.
    """

    heads: tuple[str, ...]
    whole: Float[Tensor, "batch"]
    without: Float[Tensor, "batch"]
    scale: Float[Tensor, "batch"]
    scale_without: Float[Tensor, "batch"]
    direct: dict[str, Float[Tensor, "batch"]]
    direct_without: dict[str, Float[Tensor, "batch"]]

    @property
    def lost(self) -> Float[Tensor, "batch"]:
        """By how much the logit difference falls."""
        return self.whole - self.without

    @property
    def lost_direct(self) -> Float[Tensor, "batch"]:
        """What the heads added to it directly, above what their means add at the same divisor."""
        after = {head: self.direct_without[head] * self.scale_without / self.scale for head in self.heads}
        return sum((self.direct[head] - after[head] for head in self.heads), torch.zeros_like(self.whole))

    @property
    def lost_at_scale(self) -> Float[Tensor, "batch"]:
        """By how much it would fall if the final norm went on dividing by the intact run's scale.

        The norm's bias is the same in both runs and is not divided: it is no part of this.
        """
        bias = self.whole - sum(self.direct.values(), torch.zeros_like(self.whole))
        return self.whole - ((self.without - bias) * self.scale_without / self.scale + bias)

    def reacted(self, kind: str) -> Float[Tensor, "batch"]:
        """By how much all "heads" that were not taken away, or all "MLPs", add more than before, the divisor held."""
        parts = [p for p in self.direct if p not in self.heads and (p[0] == "m" if kind == "MLPs" else "." in p)]
        ratio = self.scale_without / self.scale
        return sum((self.direct_without[p] * ratio - self.direct[p] for p in parts), torch.zeros_like(self.whole))

    def entries(self) -> dict[str, Any]:
        """For a row of a table, with 95 % intervals over prompts."""
        return {
            "lost directly": mean_interval(self.lost_direct),
            "lost, divisor held": mean_interval(self.lost_at_scale),
            "lost": mean_interval(self.lost),
            "divisor": float((self.scale_without / self.scale).mean()),
        }


class Remaining:
    """What remains of the mean logit difference when only some heads work and all others are at their means.

    Called with a set of heads it gives two numbers: with the divisor of that run, and with that of the whole model.
    """

    def __init__(self, model: Any, prompts: Prompts, reference: Int[Tensor, "n pos"]):
        self.model, self.prompts = model, prompts
        sites = [f"blocks.{layer}.attn.hook_z" for layer in range(model.cfg.n_layers)]
        with torch.no_grad():
            _, cache = model.run_with_cache(reference, names_filter=sites)
        self.means = {site: cache[site].mean(0) for site in sites}
        self.known: dict[frozenset[str], tuple[float, float]] = {}
        bias = model.b_U if model.ln_final.bias is None else model.ln_final.bias @ model.W_U + model.b_U
        self.bias = (bias[prompts.answer] - bias[prompts.wrong]).detach()
        self.names = frozenset(f"{a}.{b}" for a in range(model.cfg.n_layers) for b in range(model.cfg.n_heads))
        self.scale = self._run(self.names)[1]

    def __call__(self, heads: Iterable[str]) -> tuple[float, float]:
        kept = frozenset(heads)
        if kept not in self.known:
            found, scale = self._run(kept)
            held = (found - self.bias) * scale / self.scale + self.bias
            self.known[kept] = (float(found.mean()), float(held.mean()))
        return self.known[kept]

    def incompleteness(self, circuit: Iterable[str], removed: Iterable[Iterable[str]]) -> Float[Tensor, "divisor set"]:
        """Circuit minus whole model, for every set that is removed from both; with either divisor."""
        circuit = frozenset(circuit)
        sets = [(self(circuit - frozenset(k)), self(self.names - (frozenset(k) & circuit))) for k in removed]
        return torch.tensor([[mine[i] - whole[i] for mine, whole in sets] for i in range(2)])

    @torch.no_grad()
    def _run(self, kept: frozenset[str]) -> tuple[Float[Tensor, "batch"], Float[Tensor, "batch"]]:
        """The logit differences, and the final norm's divisors at END."""

        def others(site: str) -> tuple[str, Any]:
            layer = site.split(".")[1]

            def at_means(z: Float[Tensor, "batch pos head d_head"], hook: Any) -> Tensor:
                out = [head for head in range(z.shape[2]) if f"{layer}.{head}" not in kept]
                z = z.clone()
                z[:, :, out] = self.means[site][:, out]
                return z

            return site, at_means

        with self.model.hooks(fwd_hooks=[others(site) for site in self.means]):
            logits, cache = self.model.run_with_cache(self.prompts.tokens, names_filter="ln_final.hook_scale")
        end = self.prompts.positions["END"]
        scale = cache["ln_final.hook_scale"][torch.arange(len(self.prompts)), end, 0]
        return logit_diff(logits, end, self.prompts.answer, self.prompts.wrong), scale


def repair(
    model: Any, prompts: Prompts, heads: Sequence[str], reference: Int[Tensor, "n pos"], ablation: str = "mean"
) -> Repair:
    """The run with these heads taken away, beside the intact run.

    Args:
        ablation: "mean" over the reference prompts; "resample", the i-th prompt from the i-th of them.
    """
    hooks = patching.ablation_hooks(model, list(heads), ablation, reference)
    whole, scale, direct = _run(model, prompts, [])
    without, scale_without, direct_without = _run(model, prompts, hooks)
    return Repair(tuple(heads), whole, without, scale, scale_without, direct, direct_without)


@torch.no_grad()
def _run(model: Any, prompts: Prompts, hooks: list) -> tuple[Tensor, Tensor, dict[str, Tensor]]:
    """The logit difference, the final norm's divisor at END, and what every part adds directly."""
    with model.hooks(fwd_hooks=hooks):
        logits, cache = model.run_with_cache(prompts.tokens)
    rows, end = torch.arange(len(prompts)), prompts.positions["END"]
    scale, W_U = cache["ln_final.hook_scale"][rows, end, 0], unembedding(model)
    direction = (W_U[:, prompts.answer] - W_U[:, prompts.wrong]).T
    direction = direction - direction.mean(-1, keepdim=True)
    written = {"start": cache["resid_pre", 0][rows, end]}
    for layer in range(model.cfg.n_layers):
        z = cache["z", layer][rows, end]
        written |= {f"{layer}.{head}": z[:, head] @ model.W_O[layer, head] for head in range(model.cfg.n_heads)}
        written[f"b{layer}"] = model.b_O[layer].expand(len(rows), -1)
        if not getattr(model.cfg, "attn_only", False):
            written[f"m{layer}"] = cache["mlp_out", layer][rows, end]
    direct = {part: (out * direction).sum(-1) / scale for part, out in written.items()}
    return logit_diff(logits, end, prompts.answer, prompts.wrong), scale, direct
