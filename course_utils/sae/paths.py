"""Who reads a latent: the parts of the later blocks and the unembedding, each with the latent or without it.

1. `Later.of`: the blocks after a dictionary's place on some contexts.
2. `Later.stream`: the last residual stream when only some readers read other vectors than stood in that place.
3. `surprise`: the loss of the next token at some places, and its log-odds.
4. `Paths`: how far both move when a latent is taken from some readers, beside equal pushes along others.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course_utils.patching.harvesting import plain_forward
from course_utils.patching.unrolled import Unrolled
from course_utils.sae.shipped import Dictionary
from course_utils.sae.splice import Site

LAST = "unembedding"


@dataclass(frozen=True)
class Later:
    """The blocks after a dictionary's place, on some contexts.

    Attributes:
        first: the block after the place, counted from 0. x: what stands in the place.
    """

    net: Unrolled = field(repr=False)
    first: int
    x: Float[Tensor, "context pos d"]

    @classmethod
    @torch.no_grad()
    def of(cls, dictionary: Dictionary, tokens: Int[Tensor, "context pos"]) -> Later:
        x = Site(dictionary.model, dictionary.hook).activations(tokens)
        return cls(plain_forward(dictionary.model), int(dictionary.hook.split(".")[1]), x)

    def __getitem__(self, some: Int[Tensor, "context"] | slice) -> Later:
        """Some of the contexts."""
        return Later(self.net, self.first, self.x[some])

    @property
    def readers(self) -> tuple[str, ...]:
        """What reads the stream after the place, in the order of the model; blocks are counted from 1."""
        blocks = range(self.first + 1, self.net.n_layers + 1)
        return (*(f"{kind} {block}" for block in blocks for kind in ("attention", "MLP")), LAST)

    @torch.no_grad()
    def stream(
        self, there: Float[Tensor, "context pos d"], readers: Collection[str] | None = None
    ) -> Float[Tensor, "context pos d"]:
        """The last residual stream, as the unembedding reads it, if `there` stood in the place.

        Args:
            readers: which read `there`; the others read what was in the place before. All of them if None.

        Raises:
            ValueError: there is no such reader.
        """
        readers = self.readers if readers is None else readers
        if unknown := {*readers} - {*self.readers}:
            raise ValueError(f"No {', '.join(sorted(unknown))} reads the stream here: {', '.join(self.readers)}.")
        stream, visible, change = self.x, self.net.visible(there.shape[1]), there - self.x

        def read_by(reader: str) -> Tensor:
            return stream + change if reader in readers else stream

        for number, block in enumerate(self.net.blocks[self.first :], self.first + 1):
            stream = stream + block.write(block.attend(*block.qkv(read_by(f"attention {number}")), visible))
            stream = stream + block.mlp(read_by(f"MLP {number}"))
        return read_by(LAST)

    @torch.no_grad()
    def predicted(self, there: Float[Tensor, "context pos d"], *readers) -> Float[Tensor, "context pos token"]:
        """The probability of each next token; the arguments are those of `stream`."""
        return self.net.logits(self.stream(there, *readers)).softmax(-1)


def surprise(
    later: Later, tokens: Int[Tensor, "context pos"], at: Bool[Tensor, "context pos"],
    there: Float[Tensor, "context pos d"], readers: Collection[str] | None = None,
) -> Float[Tensor, "place 2"]:  # fmt: skip
    """At the places `at` (none of them the last of its context) −log p of the next token and −log(p / (1 − p)), nats.

    Both rise when a latent that is used is taken away. The second does not level off where the model is sure.
    """
    logits = later.net.logits(later.stream(there, readers)[at])
    target = tokens.roll(-1, 1)[at][:, None]
    right = logits.gather(1, target)[:, 0]
    others = logits.scatter(1, target, -torch.inf).logsumexp(-1)
    return torch.stack([torch.logaddexp(right, others) - right, others - right], -1)


@dataclass(frozen=True)
class Paths:
    """What it costs when latents are taken away where they are active: how far the next token's loss rises; nats.

    Attributes:
        latent: which. readers: who may miss it.
        own: all readers miss it, mean and 95 % interval (modules resampled).
        alone: `own` where one reader alone misses it. spared: where all but one do.
        other: the latents nearest in frequency. null: the mean with as long a push along each of them, with all
            readers and with the unembedding alone.
        odds: of the first latent, how far the log-odds of the next token fall: each reader alone, all, and how much
            more this is than the readers' sum; mean and 95 % interval. odds_null: the same means by
            pushes along each of `other` that are twice as long, and cost about as much.
    """

    readers: tuple[str, ...]
    latent: Int[Tensor, "latent"]
    own: Float[Tensor, "latent 3"]
    alone: Float[Tensor, "latent reader 3"]
    spared: Float[Tensor, "latent reader 3"]
    other: Int[Tensor, "latent other"]
    null: Float[Tensor, "latent 2 other"]
    odds: Float[Tensor, "way 3"]
    odds_null: Float[Tensor, "other way"]

    def of(self, latent: int) -> PathsOfOne:
        """What was measured of one latent."""
        row = self.latent.tolist().index(latent)
        return PathsOfOne(self.readers, self.own[row], self.alone[row], self.spared[row], *self.null[row])


@dataclass(frozen=True)
class PathsOfOne:
    """`Paths` of one latent: all, alone and spared with their intervals, and the null of all and of the last reader."""

    readers: tuple[str, ...]
    own: Float[Tensor, "3"]
    alone: Float[Tensor, "reader 3"]
    spared: Float[Tensor, "reader 3"]
    null: Float[Tensor, "other"]
    null_last: Float[Tensor, "other"]

    def by(self, what: str) -> dict[str, float]:
        """{reader: mean} of "alone" or "spared"."""
        return dict(zip(self.readers, getattr(self, what)[:, 0].tolist(), strict=True))
