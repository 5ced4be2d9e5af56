"""Training small attention-only models on sequences that repeat, several seeds at once.

1. A sequence is BOS and then a block of distinct random tokens over and over, its length drawn anew for every sequence:
   no position says where the earlier occurrence stands, only the tokens do.
2. Seeds stand first in every tensor, (seed, batch, pos, …), so that each layer is one batched matrix product. They
   never interact; one after the other gives the same curves.
3. Adam at a constant learning rate. Every `every` steps each model is measured on the same repeated blocks.

Seed s draws its weights and its data from generators of its own, on the CPU: it is the same model beside any others.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor

from course_utils import runtime
from course_utils.induction.scores.measures import (
    icl_score,
    prefix_matching_score,
    previous_token_score,
    repeat_accuracy,
    repeated_tokens,
    token_losses,
)
from course_utils.induction.toys.curves import Curves
from course_utils.induction.toys.model import Weights, run
from course_utils.progress_bar import Progress


@dataclass(frozen=True)
class Shape:
    """The models. `n_layers = 1` is the control in which no induction head can form."""

    n_layers: int = 2
    n_heads: int = 4
    d_model: int = 64
    d_head: int = 16
    d_vocab: int = 64
    n_ctx: int = 64


@dataclass(frozen=True)
class Recipe:
    """How to train, and how to measure.

    Attributes:
        shortest, longest: blocks have between so many tokens, drawn for every sequence. Equal: every sequence repeats
            after the same number of positions, and position alone gives the answer.
        every: steps between two measurements, on `probes` blocks of `probe_length` distinct tokens, twice.
    """

    steps: int = 450
    batch: int = 32
    lr: float = 5e-3
    shortest: int = 8
    longest: int = 31
    every: int = 10
    probes: int = 32
    probe_length: int = 24


@dataclass(frozen=True)
class Trained:
    """Models and their histories: `weights` is a stack (seed, …), `curves` holds (record, seed, …).

    Attributes:
        kept: the weights at the steps that were asked for, each a stack like `weights`.
    """

    shape: Shape
    recipe: Recipe
    weights: Weights
    curves: Curves
    seconds: float
    interrupted: bool = False
    kept: Mapping[int, Weights] = field(default_factory=dict)


def repeating(recipe: Recipe, shape: Shape, generator: torch.Generator | None = None) -> Int[Tensor, "batch pos"]:
    """A training batch: BOS, then each row's own block, over and over, n_ctx tokens in all."""
    order = torch.rand(recipe.batch, shape.d_vocab - 1, generator=generator).argsort(-1) + 1
    period = torch.randint(recipe.shortest, recipe.longest + 1, (recipe.batch, 1), generator=generator)
    body = order.gather(1, torch.arange(shape.n_ctx - 1) % period)
    return F.pad(body, (1, 0))


def train(
    shape: Shape | None = None,
    recipe: Recipe | None = None,
    *,
    seeds: int = 3,
    first_seed: int = 0,
    together: bool | None = None,
    device: torch.device | str | None = None,
    show: bool = True,
    keep: Sequence[int] = (),
) -> Trained:
    """Train `seeds` models. Interrupt it and you get what it has reached.

    Args:
        together: all seeds in one batched program, or one after the other. None: together on an accelerator, one after
            the other on a CPU, where its cache serves one model better than several.
        keep: steps after which the weights are kept too.

    Raises:
        ValueError: blocks that are longer than the vocabulary allows, or too long to be repeated in the context.
    """
    shape, recipe = shape or Shape(), recipe or Recipe()
    if recipe.longest > shape.d_vocab - 1 or 2 * max(recipe.longest, recipe.probe_length) + 1 > shape.n_ctx:
        raise ValueError("a block must have distinct tokens and fit into the context twice, after BOS")
    device = torch.device(device) if device is not None else runtime.device()
    together = device.type != "cpu" if together is None else together
    most = seeds if together else 1
    every = [first_seed + s for s in range(seeds)]
    stacks = [_Stack(shape, recipe, every[s : s + most], device) for s in range(0, seeds, most)]
    what = f"training {seeds} model{'s' * (seeds > 1)} of {shape.n_layers} attention layer{'s' * (shape.n_layers > 1)}"
    progress, interrupted = Progress(recipe.steps, what, show), False
    histories: list[list[Curves]] = [[stack.measure(0)] for stack in stacks]
    kept: dict[int, Weights] = {}
    try:
        for step in progress:
            for stack, history in zip(stacks, histories, strict=True):
                stack.step()
                if (step + 1) % recipe.every == 0:
                    history.append(stack.measure(step + 1))
            if step + 1 in keep:
                kept[step + 1] = Weights.joined([stack.weights() for stack in stacks])
    except KeyboardInterrupt:
        interrupted = True
        complete = min(map(len, histories))
        histories = [history[:complete] for history in histories]
    return Trained(
        shape, recipe, weights=Weights.joined([stack.weights() for stack in stacks]),
        curves=Curves.beside([Curves.after(history) for history in histories]),
        seconds=progress.seconds, interrupted=interrupted, kept=kept,
    )  # fmt: skip


class _Stack:
    """The parameters of some seeds, and one training step."""

    def __init__(self, shape: Shape, recipe: Recipe, seeds: list[int], device: torch.device) -> None:
        self.shape, self.recipe, self.device = shape, recipe, device
        self.generators = [torch.Generator().manual_seed(1_000_003 * seed + 29) for seed in seeds]
        n, d, layers, width = len(seeds), shape.d_model, shape.n_layers, shape.n_heads * shape.d_head
        sizes = [
            ((shape.d_vocab, d), 0.3), ((shape.n_ctx, d), 0.3), ((layers, d, 3 * width), d**-0.5),
            ((layers, width, d), 0.5 * width**-0.5), ((d, shape.d_vocab), d**-0.5),
        ]  # fmt: skip
        draws = [[torch.randn(size, generator=g) * std for size, std in sizes] for g in self.generators]
        parameters = [torch.nn.Parameter(torch.stack(each).to(device)) for each in zip(*draws, strict=True)]
        self.W_E, self.W_pos, self.W_QKV, self.W_O, self.W_U = parameters
        fused = device.type in ("cpu", "cuda")
        self.optimizer = torch.optim.Adam(parameters, lr=recipe.lr, fused=fused)
        self.first_row = torch.arange(n, device=device)[:, None, None] * shape.d_vocab
        probe = torch.Generator().manual_seed(7)
        self.probe = repeated_tokens(
            shape.d_vocab, recipe.probes, recipe.probe_length, distinct=True, generator=probe
        ).to(device)  # fmt: skip

    def step(self) -> None:
        tokens = torch.stack([repeating(self.recipe, self.shape, g) for g in self.generators]).to(self.device)
        logits = self.logits(tokens)[:, :, :-1]
        # a mean for each seed, then their sum: no seed sees the others' gradients
        loss = F.cross_entropy(logits.flatten(0, 2), tokens[:, :, 1:].flatten(), reduction="sum")
        (loss / logits[0, ..., 0].numel()).backward()
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)

    def logits(self, tokens: Int[Tensor, "seed batch pos"]) -> Float[Tensor, "seed batch pos d_vocab"]:
        """`model.run` without the patterns: queries, keys and values in one product, attention in one kernel."""
        seeds, batch, length = tokens.shape
        heads, d_head = self.shape.n_heads, self.shape.d_head
        x = F.embedding(tokens + self.first_row, self.W_E.flatten(0, 1)) + self.W_pos[:, None, :length]
        x = x.flatten(1, 2)  # (seed, batch · pos, d_model)
        for layer in range(self.shape.n_layers):
            qkv = (x @ self.W_QKV[:, layer]).view(seeds * batch, length, 3, heads, d_head)
            q, k, v = qkv.transpose(1, 3).unbind(2)  # (seed · batch, head, pos, d_head)
            z = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            z = z.transpose(1, 2).reshape(seeds, batch * length, heads * d_head)
            x = torch.baddbmm(x, z, self.W_O[:, layer])
        return (x @ self.W_U).view(seeds, batch, length, -1)

    def weights(self) -> Weights:
        """The parameters in TransformerLens's shapes, on the CPU."""
        heads, d_head = self.shape.n_heads, self.shape.d_head
        qkv = self.W_QKV.detach().unflatten(-1, (3, heads, d_head))  # (seed, layer, d_model, 3, head, d_head)
        W_Q, W_K, W_V = (one.movedim(-2, -3) for one in qkv.unbind(-3))
        W_O = self.W_O.detach().unflatten(-2, (heads, d_head))
        parts = (self.W_E.detach(), self.W_pos.detach(), W_Q, W_K, W_V, W_O, self.W_U.detach())
        return Weights(*(part.cpu().contiguous().clone() for part in parts))

    @torch.no_grad()
    def measure(self, step: int) -> Curves:
        """What the models do on the probes, one entry for each seed."""
        length = self.recipe.probe_length
        done = run(self.weights(), self.probe.cpu())
        losses = token_losses(done.logits, self.probe.cpu())
        return Curves(
            step=torch.tensor(step),
            loss=losses[..., length + 1 :].mean((-1, -2)),
            loss_first=losses[..., :length].mean((-1, -2)),
            accuracy=repeat_accuracy(done.logits, self.probe.cpu(), length),
            icl=icl_score(losses, length // 2, length + length // 2),
            prefix=prefix_matching_score(done.pattern, length),
            previous=previous_token_score(done.pattern),
        )
