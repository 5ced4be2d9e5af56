"""By which path a latent reaches the prediction: past the later blocks, or through one of their parts.

1. `Later.of`: the blocks after a dictionary's place on some contexts, and what each of their parts writes there.
2. `Later.stream`: the last residual stream with other vectors in that place, while some parts are frozen: they write
   what they wrote before, so that nothing of the edit passes through them. With all frozen the direct path is left.
   Or the other way round: one part alone reads the other vectors.
3. `rises`: how far the loss of the next token rises by an edit, at some places.
4. `readers`: the neurons of the next MLP that an edit moves most.
5. `Paths`: this rise for latents that are taken away, each way of freezing, beside equal pushes along others.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course_utils.patching.harvesting import plain_forward
from course_utils.patching.unrolled import Unrolled
from course_utils.sae.shipped import Dictionary
from course_utils.sae.splice import Site

KINDS = {"attn_out": "attention", "mlp_out": "MLP"}  # of a block's parts


@dataclass(frozen=True)
class Later:
    """The blocks after a dictionary's place, on some contexts.

    Attributes:
        x: what stands in the place. wrote: {part: what it adds to the stream}; blocks are counted from 1.
        neurons: of the first MLP after the place.
    """

    net: Unrolled = field(repr=False)
    first: int
    x: Float[Tensor, "context pos d"]
    wrote: dict[str, Float[Tensor, "context pos d"]]
    neurons: Float[Tensor, "context pos neuron"]

    @classmethod
    @torch.no_grad()
    def of(cls, dictionary: Dictionary, tokens: Int[Tensor, "context pos"]) -> Later:
        net, first = plain_forward(dictionary.model), int(dictionary.hook.split(".")[1])
        x = Site(dictionary.model, dictionary.hook).activations(tokens)
        _, kept = net.forward(x, net.visible(tokens.shape[1]), keep=(*KINDS, "post"), first_layer=first)
        return cls(net, first, x, _by_part(kept, first), kept["post"][0])

    def __getitem__(self, some: Int[Tensor, "context"] | slice) -> Later:
        """Some of the contexts."""
        wrote = {part: written[some] for part, written in self.wrote.items()}
        return Later(self.net, self.first, self.x[some], wrote, self.neurons[some])

    @property
    def parts(self) -> tuple[str, ...]:
        """In the order in which they are run."""
        return tuple(self.wrote)

    @torch.no_grad()
    def stream(
        self, there: Float[Tensor, "context pos d"], frozen: Collection[str] = (), neurons: Sequence[int] = (),
        only: str = "",
    ) -> Float[Tensor, "context pos d"]:  # fmt: skip
        """The last residual stream with `there` in the place, some parts and some neurons of the first MLP frozen.

        With `only`, that part alone reads `there`, and all else reads what was in the place before.
        """
        if unknown := {*frozen, *filter(None, [only])} - set(self.wrote):
            raise ValueError(f"The later blocks have no part {', '.join(sorted(unknown))}: {', '.join(self.parts)}.")
        if set(frozen) == set(self.wrote):
            return there + sum(self.wrote.values())
        visible = self.net.visible(there.shape[1])
        if only:
            others = _writing({part: written for part, written in self.wrote.items() if part != only})
            _, kept = self.net.forward(there, visible, edit=others, keep=tuple(KINDS), first_layer=self.first)
            there, edit = self.x, _writing({only: _by_part(kept, self.first)[only]})
        else:
            edit = _writing({part: self.wrote[part] for part in frozen})

        def held(layer, now):
            if layer == self.first:
                now = now.index_copy(-1, torch.as_tensor(neurons), self.neurons[..., neurons])
            return now

        edit |= {"post": held} if len(neurons) else {}
        return self.net.forward(there, visible, edit=edit, first_layer=self.first)[0]

    @torch.no_grad()
    def predicted(self, there: Float[Tensor, "context pos d"], **frozen) -> Float[Tensor, "context pos token"]:
        """The probability of each next token; `frozen`, `neurons`, `only` as in `stream`."""
        return self.net.logits(self.stream(there, **frozen)).softmax(-1)

    @torch.no_grad()
    def expected(
        self, there: Float[Tensor, "context pos d"], at: Bool[Tensor, "context pos"], **frozen
    ) -> Float[Tensor, "token"]:
        """The mean over the places `at` of what `predicted` gives there."""
        return self.net.logits(self.stream(there, **frozen)[at]).softmax(-1).mean(0)


def _by_part(kept: Mapping[str, Sequence[Tensor]], first: int) -> dict[str, Tensor]:
    """What the blocks' parts write, by their names, in the order in which they are run."""
    layers = range(len(kept["mlp_out"]))
    return {f"{kind} {first + i + 1}": kept[site][i] for i in layers for site, kind in KINDS.items()}


def _writing(wrote: Mapping[str, Tensor]) -> dict[str, Callable[[int, Tensor], Tensor]]:
    """The edits by which some parts write this, and the others what they do."""
    return {site: (lambda layer, now, kind=kind: wrote.get(f"{kind} {layer + 1}", now)) for site, kind in KINDS.items()}


def rises(
    later: Later, tokens: Int[Tensor, "context pos"], at: Bool[Tensor, "context pos"],
    there: Float[Tensor, "context pos d"], **frozen,
) -> Float[Tensor, "place"]:  # fmt: skip
    """How far the loss of the next token rises, nats, at the places `at` (none of them the last of its context)."""
    clean, edited = later.stream(later.x, later.parts), later.stream(there, **frozen)
    target = tokens.roll(-1, 1)[at][:, None]
    before, after = (later.net.logits(stream[at]).log_softmax(-1).gather(1, target) for stream in (clean, edited))
    return (before - after)[:, 0]


@torch.no_grad()
def readers(
    later: Later, at: Bool[Tensor, "context pos"], there: Float[Tensor, "context pos d"], count: int
) -> list[int]:
    """The neurons of the first MLP that an edit moves most at the places `at`: |change| · |what it writes|, mean."""
    _, kept = later.net.forward(there, later.net.visible(there.shape[1]), keep=("post",), first_layer=later.first)
    change = (kept["post"][0] - later.neurons)[at].abs().mean(0) * later.net.blocks[later.first].W_out.norm(dim=0)
    return change.topk(count).indices.tolist()


@dataclass(frozen=True)
class Paths:
    """The rise of the next token's loss where latents are active, once each is taken away there; nats.

    Attributes:
        ways: what is frozen: nothing, each of the later blocks' parts, all of them.
        latent: which. own: mean and 95 % interval (modules resampled).
        alone: `own` where one part alone misses the latent, for each part.
        other: the latents nearest in frequency. null: the mean with as long a push along each of them, with
            nothing frozen and with everything.
        neurons: of the first later MLP, those of whose outputs the first latent changes most, on other text.
        held, drawn: `own` of the first latent with these neurons frozen; its mean with as many others, drawn at random.
    """

    ways: tuple[str, ...]
    latent: Int[Tensor, "latent"]
    own: Float[Tensor, "latent way 3"]
    alone: Float[Tensor, "latent part 3"]
    other: Int[Tensor, "latent other"]
    null: Float[Tensor, "latent 2 other"]
    neurons: Int[Tensor, "neuron"]
    held: Float[Tensor, "3"]
    drawn: Float[Tensor, "draw"]

    def of(self, latent: int) -> tuple[Float[Tensor, "way 3"], Float[Tensor, "2 other"]]:
        """`own` and `null` of one latent."""
        row = self.latent.tolist().index(latent)
        return self.own[row], self.null[row]
