"""What happens to the rest when heads are taken away: who says more than before, and what the final norm does.

1. `repair` – a run with heads taken away, beside the intact one: every part's direct attribution in both.
2. What the heads said directly is `lost_direct`; what is missing in the end is `lost`. The difference is repaired.
3. The final norm divides by the size of the stream. `lost_at_scale` is the loss with the intact run's divisor, and
   `reacted` what some later parts contribute to it.
4. `Remaining` – the same divisor held, for many sets of heads, or of heads at positions, that are kept while all
   others are at their means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course_utils import patching
from course_utils.intervals import mean_interval
from course_utils.ioi.behaviour import logit_diff, roles
from course_utils.ioi.prompts import Prompts
from course_utils.ioi.readings import unembedding

Kept = str | tuple[int, int, str]  # a head by its name, or a node: layer, head, role of the position
Read = Callable[[Float[Tensor, "batch d_vocab"]], Float[Tensor, "batch"]]
AT_ONCE = 8  # sets in one run


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

    Called with heads ("0.2") or nodes ((0, 2, "END")) it gives two numbers: with the divisor of that run, and with that
    of the whole model.
    """

    def __init__(self, model: Any, prompts: Prompts, reference: Int[Tensor, "n pos"], read: Read | None = None):
        """`read`: from the logits at END to one number per prompt; the logit difference unless stated."""
        self.model, self.prompts = model, prompts
        self.read = read or (lambda last: _at(last, prompts.answer) - _at(last, prompts.wrong))
        self.sites = [f"blocks.{layer}.attn.hook_z" for layer in range(model.cfg.n_layers)]
        with torch.no_grad():
            _, cache = model.run_with_cache(reference, names_filter=self.sites)
        self.means = [cache[site].mean(0) for site in self.sites]
        self.known: dict[frozenset[Kept], tuple[float, float]] = {}
        bias = model.b_U if model.ln_final.bias is None else model.ln_final.bias @ model.W_U + model.b_U
        self.bias = bias.detach()
        self.names = frozenset(f"{a}.{b}" for a in range(model.cfg.n_layers) for b in range(model.cfg.n_heads))
        self.scale = self._run([self.names])[0][1]

    def __call__(self, kept: Iterable[Kept]) -> tuple[float, float]:
        return self.all([kept])[0]

    def all(self, sets: Iterable[Iterable[Kept]]) -> list[tuple[float, float]]:
        """The same for many sets, several in one run."""
        sets = [frozenset(kept) for kept in sets]
        new = [kept for kept in dict.fromkeys(sets) if kept not in self.known]
        for first in range(0, len(new), AT_ONCE):
            some = new[first : first + AT_ONCE]
            for kept, (last, scale) in zip(some, self._run(some), strict=True):
                held = (last - self.bias) * scale / self.scale + self.bias
                self.known[kept] = (float(self.read(last).mean()), float(self.read(held).mean()))
        return [self.known[kept] for kept in sets]

    def incompleteness(self, circuit: Iterable[str], removed: Iterable[Iterable[str]]) -> Float[Tensor, "divisor set"]:
        """Circuit minus whole model, for every set that is removed from both; with either divisor."""
        circuit = frozenset(circuit)
        gone = [circuit & frozenset(k) for k in removed]
        mine, whole = (self.all([of - k for k in gone]) for of in (circuit, self.names))
        return (torch.tensor(mine) - torch.tensor(whole)).T

    def _kept(self, kept: frozenset[Kept]) -> Bool[Tensor, "batch pos layer head"]:
        """Which heads work where."""
        tokens, cfg = self.prompts.tokens, self.model.cfg
        works, at = torch.zeros(*tokens.shape, cfg.n_layers, cfg.n_heads, dtype=torch.bool), roles(self.prompts)
        for one in kept:
            if isinstance(one, str):
                works[:, :, *patching.head(one)] = True
            else:
                works[torch.arange(len(tokens)), at[one[2]], one[0], one[1]] = True
        return works

    @torch.no_grad()
    def _run(self, sets: Sequence[frozenset[Kept]]) -> list[tuple[Tensor, Tensor]]:
        """For each set the logits at END, (batch, d_vocab), and the final norm's divisors there, (batch, 1)."""
        works = torch.cat([self._kept(kept) for kept in sets])

        def at_means(z: Float[Tensor, "batch pos head d_head"], hook: Any, layer: int) -> Tensor:
            return torch.where(works[:, :, layer, :, None], z, self.means[layer])

        hooks = [(site, partial(at_means, layer=layer)) for layer, site in enumerate(self.sites)]
        with self.model.hooks(fwd_hooks=hooks):
            logits, cache = self.model.run_with_cache(
                self.prompts.tokens.repeat(len(sets), 1), names_filter="ln_final.hook_scale"
            )
        rows, end = torch.arange(len(logits)), self.prompts.positions["END"].repeat(len(sets))
        found = logits[rows, end], cache["ln_final.hook_scale"][rows, end]
        return list(zip(*(x.split(len(self.prompts)) for x in found), strict=True))


def _at(last: Float[Tensor, "batch d_vocab"], token: Int[Tensor, "batch"]) -> Float[Tensor, "batch"]:
    return last.gather(1, token[:, None])[:, 0]


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
