"""What each component says, beside what is lost without it.

1. Its direct attribution: the term that it adds to the logit difference (`readout.attribution`).
2. The same component taken away, at every position, and the logit difference measured again (`patching`).

The two answer different questions, and agree only for a component whose effect is all direct and whose size leaves
the final LayerNorm's scale as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from course_utils import patching, plots

from .pairs import Pairs
from .readout import attribution


@dataclass(frozen=True, repr=False)
class Removal:
    """Each head and MLP: what it says, and what its removal changes.

    Attributes:
        labels: "2.1" is head 1 of layer 2, "m3" the MLP of layer 3; in the order in which they are computed.
        direct: (component, prompt) direct attribution to logit(correct) − logit(wrong).
        loss: (component, prompt) how far that difference falls without the component; negative where it rises.
        kind: "zero", "mean" or "resample".
    """

    labels: tuple[str, ...]
    direct: Float[Tensor, "component prompt"]
    loss: Float[Tensor, "component prompt"]
    kind: str

    def of(self, label: str) -> tuple[float, float]:
        """(direct, loss) of one component, averaged over prompts."""
        at = self.labels.index(label)
        return float(self.direct[at].mean()), float(self.loss[at].mean())

    def plot(self, only: Sequence[str] | None = None) -> Any:
        """Two bars for each component, or for those named."""
        direct, loss = self.direct.mean(1), self.loss.mean(1)
        order = [self.labels.index(label) for label in only or self.labels]
        fig, ax = plots.figure(height=2.9)
        bars = ((-0.2, direct, "adds directly", plots.SERIES[1]), (0.2, loss, "lost without it", plots.SERIES[0]))
        for shift, values, label, colour in bars:
            ax.bar([i + shift for i in range(len(order))], values[order].tolist(), 0.4, color=colour, label=label)
        ax.axhline(0, color="black", linewidth=0.8)
        ax.set_xticks(range(len(order)), [self.labels[i] for i in order])
        ax.set(xlabel="head (layer.number) or MLP (m and its layer)", ylabel="logits")
        ax.legend(loc="upper center", ncols=2)
        return fig

    def rows(self) -> dict[str, dict[str, float]]:
        """For `table`: every component with both numbers."""
        return {x: dict(zip(("adds directly", "lost without it"), self.of(x), strict=True)) for x in self.labels}

    def __repr__(self) -> str:
        rows = [f"  {label:<6} {d:+8.3f} {c:+8.3f}" for label, (d, c) in ((x, self.of(x)) for x in self.labels)]
        what = f"what each says, what {self.kind} ablation costs"
        return "\n".join([f"{len(rows)} components, {self.direct.shape[1]} prompts: {what}", *rows])


def removal(model: Any, pairs: Pairs, kind: str = "zero") -> Removal:
    """Direct attribution of every head and MLP on the clean prompts of `pairs`, and what taking it away costs.

    Args:
        kind: "zero"; "mean" over `pairs.everyone`; "resample", from each prompt's corrupt partner.

    Raises:
        ValueError: another kind.
    """
    options = {
        "zero": {"ablation": "zero"},
        "mean": {"ablation": "mean", "reference": pairs.everyone},
        "resample": {"corrupt": pairs.corrupt, "direction": "noising"},
    }
    if kind not in options:
        raise ValueError(f"kind is one of {', '.join(options)}, not {kind!r}")
    said = attribution(model, pairs.clean, pairs.correct, pairs.wrong)
    ask = patching.Question(model, pairs.clean, metric=pairs.metric, **options[kind])
    heads, mlps = (ask.sweep(*what).effect(per_prompt=True) for what in (("z",), ("mlp_out", "layer")))
    labels, loss = [], []
    for layer in range(model.cfg.n_layers):
        for head in range(model.cfg.n_heads):
            labels.append(f"{layer}.{head}")
            loss.append(-heads[layer, head])
        labels.append(f"m{layer}")
        loss.append(-mlps[layer])
    direct = [said[label].cpu() for label in labels]
    return Removal(tuple(labels), torch.stack(direct), torch.stack(loss), kind)
