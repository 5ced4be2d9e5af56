"""Putting something else where a dictionary reads, and seeing what the model then says.

`Site` knows one place of one model. `activations` reads it, `logits` runs the model from there with what you give it;
for the residual stream before a layer only that layer and the later ones are run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import plots
from course_utils.patching.harvesting import plain_forward
from course_utils.patching.unrolled import Unrolled
from course_utils.sae.metrics import loss_recovered
from course_utils.sae.shipped import Dictionary

CONTEXTS = 16  # in one forward pass


@dataclass(frozen=True)
class Site:
    """One activation of one model, named by its hook."""

    model: Any = field(repr=False)
    hook: str

    @property
    def _net(self) -> Unrolled | None:
        return plain_forward(self.model) if self.hook.endswith(".hook_resid_pre") else None

    @property
    def _layer(self) -> int:
        return int(self.hook.split(".")[1])

    @torch.no_grad()
    def activations(self, tokens: Int[Tensor, "context pos"]) -> Float[Tensor, "context pos d"]:
        """What is there in a clean run."""
        if (net := self._net) is not None:
            before = replace(net, blocks=net.blocks[: self._layer])
            return before.forward(net.embed(tokens), net.visible(tokens.shape[1]))[0]
        _, cache = self.model.run_with_cache(tokens, names_filter=self.hook)
        return cache[self.hook]

    @torch.no_grad()
    def logits(
        self, tokens: Int[Tensor, "context pos"], there: Float[Tensor, "context pos d"]
    ) -> Float[Tensor, "context pos d_vocab"]:
        """The model's logits with `there` in the activation's place."""
        if (net := self._net) is not None:
            return net.logits(net.forward(there, net.visible(tokens.shape[1]), first_layer=self._layer)[0])
        return self.model.run_with_hooks(tokens, fwd_hooks=[(self.hook, lambda value, hook: there)])

    def losses(
        self, tokens: Int[Tensor, "context pos"], edit: Callable[[Tensor], Tensor] | None = None
    ) -> Float[Tensor, "context token"]:
        """The loss of each predicted token, in nats, with `edit` applied to the activation (position 0 left alone)."""
        parts = []
        for some in tokens.split(CONTEXTS):
            there = self.activations(some)
            if edit is not None:
                there = torch.cat([there[:, :1], edit(there[:, 1:])], 1)
            logits = self.logits(some, there)
            nats = F.cross_entropy(logits[:, :-1].flatten(0, 1), some[:, 1:].flatten(), reduction="none")
            parts.append(nats.view(len(some), -1))
        return torch.cat(parts)


def reconstruction(dictionary: Dictionary) -> Callable[[Tensor], Tensor]:
    """The edit that puts an autoencoder's reconstruction in the activation's place."""
    return lambda there: torch.stack([dictionary.sae(rows) for rows in there])


@dataclass(frozen=True)
class Spliced:
    """The model's loss at each token, as it is and with something in an activation's place; nats.

    Attributes:
        module: which module each context is from; intervals resample modules.
    """

    clean: Float[Tensor, "context token"]
    spliced: Float[Tensor, "context token"]
    zero: Float[Tensor, "context token"]
    mean: Float[Tensor, "context token"]
    module: Int[Tensor, "context"]

    @classmethod
    def of(cls, dictionary: Dictionary, tokens: Int[Tensor, "context pos"], module: Int[Tensor, "context"]) -> Spliced:
        """Splice a shipped dictionary into its model. A transcoder's output takes the MLP's place."""
        site = Site(dictionary.model, dictionary.target or dictionary.hook)
        mean = torch.cat([site.activations(some)[:, 1:].flatten(0, 1) for some in tokens.split(CONTEXTS)]).mean(0)
        if dictionary.target is None:
            spliced = site.losses(tokens, reconstruction(dictionary))
        else:
            spliced = _transcoded(dictionary, site, tokens)
        return cls(site.losses(tokens), spliced, site.losses(tokens, torch.zeros_like),
                   site.losses(tokens, lambda there: mean.expand_as(there)), module)  # fmt: skip

    @property
    def recovered(self) -> dict[str, float]:
        """The share of the loss that the reconstruction recovers, against each ablation."""
        return {name: loss_recovered(self.clean, self.spliced, getattr(self, name)).item() for name in ("zero", "mean")}

    def rows(self) -> dict[str, dict[str, float]]:
        """Loss in nats, and what it is above the clean run's."""
        names = {"as it is": "clean", "reconstruction": "spliced", "mean": "mean", "zero": "zero"}
        losses = {label: getattr(self, name).mean().item() for label, name in names.items()}
        return {label: {"loss": loss, "above clean": loss - losses["as it is"]} for label, loss in losses.items()}

    def plot(self) -> Figure:
        """The four losses as bars."""
        rows = self.rows()
        fig, ax = plots.figure(height=2.2)
        ax.barh(list(rows)[::-1], [row["loss"] for row in rows.values()][::-1], color=plots.COLOURS[0])
        ax.set(xlabel="loss on held-out modules (nats a token)")
        return fig


def _transcoded(dictionary: Dictionary, site: Site, tokens: Tensor) -> Tensor:
    """Losses with the transcoder's output in the place of what the MLP writes."""
    parts = []
    for some in tokens.split(CONTEXTS):
        x, _ = dictionary.activations(some)
        written = dictionary.sae(x).view(len(some), some.shape[1] - 1, -1)
        there = torch.cat([site.activations(some)[:, :1], written], 1)
        logits = site.logits(some, there)
        nats = F.cross_entropy(logits[:, :-1].flatten(0, 1), some[:, 1:].flatten(), reduction="none")
        parts.append(nats.view(len(some), -1))
    return torch.cat(parts)
