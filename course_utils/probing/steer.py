"""Steering: add a direction to the stream, and weigh what was wanted against what else changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course_utils.intervals import bootstrap_weights
from course_utils.probing.tokens import onwards, stream_of


@dataclass(frozen=True)
class Steered:
    """What adding each direction does, for each strength.

    Attributes:
        effect: by how much the log-probability of the wanted tokens together rises, in nats, on average over each
            context.
        side_effect: by how much the loss rises where the text goes on with another token, in nats.
        share: by how much their probability itself rises, on average over each context.
    """

    names: tuple[str, ...]
    strengths: tuple[float, ...]
    effect: Float[Tensor, "direction strength context"]
    side_effect: Float[Tensor, "direction strength context"]
    share: Float[Tensor, "direction strength context"]

    def at_price(self, price: float, of: str = "effect") -> Float[Tensor, "direction"]:
        """The effect of each direction at the strength whose side effect is `price`: equal prices, fairly compared.

        Between nothing and the strengths both are taken to run on straight lines. nan where no strength costs so much.

        Args:
            of: "effect" or "share".
        """
        contexts = self.effect.shape[2]
        return self._at_price(price, of, torch.full((1, contexts), 1 / contexts))[0]

    def drawn_at_price(
        self, price: float, of: str = "effect", clusters: Sequence[Any] | Tensor | None = None
    ) -> Float[Tensor, "draw direction"]:
        """The same with the contexts drawn anew, many times: for intervals, also of differences.

        Args:
            clusters: a label for each context, such as its file; contexts with the same label are drawn together.
        """
        return self._at_price(price, of, bootstrap_weights(self.effect.shape[2], clusters=clusters))

    def _at_price(
        self, price: float, of: str, weights: Float[Tensor, "draw context"]
    ) -> Float[Tensor, "draw direction"]:
        by_context = (getattr(self, of), self.side_effect)
        gain, cost = (torch.einsum("dsc,wc->wds", by, weights.to(by)) for by in by_context)
        cost, gain = (torch.cat([torch.zeros_like(by[..., :1]), by], 2) for by in (cost, gain))
        reached = cost >= price
        after = reached.int().argmax(2, keepdim=True).clamp(min=1)  # the first strength that costs so much
        (c0, c1), (g0, g1) = ((by.gather(2, after - 1)[..., 0], by.gather(2, after)[..., 0]) for by in (cost, gain))
        found = g0 + (g1 - g0) * (price - c0) / (c1 - c0)
        return torch.where(reached.any(2), found, torch.nan)


@torch.no_grad()
def steered(
    model: Any, contexts: Int[Tensor, "context pos"], place: int, directions: Mapping[str, Float[Tensor, "d"]],
    strengths: tuple[float, ...], wanted: Bool[Tensor, "d_vocab"],
) -> Steered:  # fmt: skip
    """Add strength · direction/|direction| at every position but the first.

    Args:
        place: which of `hooks(model)`, 0 before the first layer.
        strengths: lengths of what is added, in units of the stream.
        wanted: the tokens that are to become more probable.
    """
    stream, following = stream_of(model, contexts, place), contexts[:, 1:]
    elsewhere = ~wanted[following]

    def run(change: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        moved = torch.cat([stream[:, :1], stream[:, 1:] + change], 1)
        logits = model.unembed(onwards(model, moved, place)[:, :-1])
        total = logits.logsumexp(-1)  # the whole log_softmax would cost as much again
        loss = total - logits.gather(2, following[..., None])[..., 0]
        of_wanted = (logits[..., wanted].logsumexp(-1) - total)[:, 1:]
        here = elsewhere[:, 1:]
        return of_wanted.mean(1), (loss[:, 1:] * here).sum(1) / here.sum(1), of_wanted.exp().mean(1)

    units = {name: direction / direction.norm() for name, direction in directions.items()}
    plain = torch.stack(run(torch.zeros_like(next(iter(units.values())))))
    found = torch.stack([torch.stack([torch.stack(run(s * u)) for s in strengths]) for u in units.values()]) - plain
    return Steered(tuple(units), tuple(strengths), *found.unbind(2))
