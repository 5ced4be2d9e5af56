"""By which path a latent reaches the prediction: past the later blocks, or through one of their parts.

1. `Later.of`: the blocks after a dictionary's place on some contexts, and what each of their parts writes there.
2. `Later.stream`: the last residual stream with other vectors in that place, while some parts are frozen: they write
   what they wrote before, so that nothing of the edit passes through them. With all frozen the direct path is left.
3. `rises`: how far the loss of the next token rises by an edit, at some places.
4. `readers`: the neurons of the next MLP that an edit moves most.
5. `Paths`: this rise for latents that are taken away, each way of freezing, beside equal pushes along others.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import torch
from jaxtyping import Bool, Float, Int
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import plots
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
        layers = range(net.n_layers - first)
        wrote = {f"{KINDS[site]} {first + i + 1}": kept[site][i] for i in layers for site in KINDS}
        return cls(net, first, x, wrote, kept["post"][0])

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
        self, there: Float[Tensor, "context pos d"], frozen: Collection[str] = (), neurons: Sequence[int] = ()
    ) -> Float[Tensor, "context pos d"]:
        """The last residual stream with `there` in the place, some parts and some neurons of the first MLP frozen."""
        if unknown := set(frozen) - set(self.wrote):
            raise ValueError(f"The later blocks have no part {', '.join(sorted(unknown))}: {', '.join(self.parts)}.")
        if set(frozen) == set(self.wrote):
            return there + sum(self.wrote.values())

        def fixed(site):
            def write(layer, now):
                part = f"{KINDS[site]} {layer + 1}"
                return self.wrote[part] if part in frozen else now

            return write

        def held(layer, now):
            if layer == self.first and len(neurons):
                now = now.index_copy(-1, torch.as_tensor(neurons), self.neurons[..., neurons])
            return now

        edit = {site: fixed(site) for site in KINDS} | ({"post": held} if len(neurons) else {})
        return self.net.forward(there, self.net.visible(there.shape[1]), edit=edit, first_layer=self.first)[0]

    def predicted(self, there: Float[Tensor, "context pos d"], **frozen) -> Float[Tensor, "context pos token"]:
        """The probability of each next token; `frozen` and `neurons` as in `stream`."""
        return self.net.logits(self.stream(there, **frozen)).softmax(-1)


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
        other: the latents nearest in frequency. null: the same with as long a push along each of them, with nothing
            frozen and with everything.
        neurons: of the first later MLP, those of whose outputs the first latent changes most, on other text.
        held, drawn: `own` of the first latent with these neurons frozen; its mean with as many others, drawn at random.
    """

    ways: tuple[str, ...]
    latent: Int[Tensor, "latent"]
    own: Float[Tensor, "latent way 3"]
    other: Int[Tensor, "latent other"]
    null: Float[Tensor, "latent 2 other"]
    neurons: Int[Tensor, "neuron"]
    held: Float[Tensor, "3"]
    drawn: Float[Tensor, "draw"]

    def of(self, latent: int) -> tuple[Float[Tensor, "way 3"], Float[Tensor, "2 other"]]:
        """`own` and `null` of one latent."""
        row = self.latent.tolist().index(latent)
        return self.own[row], self.null[row]

    def plot(self, names: Mapping[int, str]) -> Figure:
        """A panel for each latent of `names`: its rise for each way, and those of the others in grey."""
        fig, axes = plots.figure(1, len(names), height=0.9 + 0.36 * len(self.ways), sharey=True, sharex=True)
        for ax, (latent, title) in zip(axes, names.items(), strict=True):
            own, null = self.of(latent)
            for y, others in zip((0, len(self.ways) - 1), null, strict=True):
                ax.plot(others, [y + 0.2] * len(others), "o", color=plots.NULL, markersize=4, alpha=0.5)
            for y, (value, low, high) in enumerate(own.tolist()):
                ax.errorbar(value, y - 0.12, xerr=[[value - low], [high - value]], fmt="o", color=plots.HEAD,
                            markersize=7)  # fmt: skip
            ax.axvline(0, color=plots.INK, linestyle=":", linewidth=1)
            ax.set(title=title, xlabel="rise of the loss, nats")
        axes[0].set(yticks=range(len(self.ways)), yticklabels=self.ways, ylim=(len(self.ways) - 0.5, -0.5),
                    ylabel="frozen")  # fmt: skip
        return fig
