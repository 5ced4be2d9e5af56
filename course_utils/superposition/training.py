"""Training many toy models at once.

1. Instances never interact, so the instances of one seed may share one uniform draw u, each thresholding it at its own
   density: x = max(0, 1 − u/p) is 0 with probability 1 − p and otherwise uniform on [0, 1]. Different seeds draw anew.
2. Instances stand first in every tensor, (instance, batch, feature), so that each layer is one batched matrix product.
3. The gradient is written out by hand, with buffers that are used again; the importance is applied to the weights,
   which are small, and not to the errors, which are large. The tests compare it with autograd.
4. On a CPU the instances go through in chunks that stay in the cache; on an accelerator all go at once.
"""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from .. import runtime
from ..progress_bar import Progress
from .model import forward, generate_batch, loss

_CPU_CHUNK = 400_000  # numbers in one activation buffer: 1.6 MB in single precision, about one core's cache


@dataclass(frozen=True)
class Toy:
    """What to train: a stack of toy models that differ in how dense their features are.

    Args:
        features: n, the number of features.
        hidden: m, the number of hidden dimensions.
        probability: p that a feature is active, one number per instance; or one per instance and feature.
        importance: I, one number per feature; or one row per instance. All ones if None.
        pairs: "independent"; or "correlated" (features 2k and 2k+1 are active together, magnitudes independent);
            or "anticorrelated" (never together; needs p ≤ 1/2).
    """

    features: int
    hidden: int
    probability: tuple[float, ...] | Float[Tensor, "instance feature"] = (1.0,)
    importance: Float[Tensor, "#instance feature"] | None = None
    pairs: str = "independent"

    def __post_init__(self) -> None:
        p = torch.as_tensor(self.probability, dtype=torch.float32)
        p = p[:, None].expand(-1, self.features) if p.ndim == 1 else p
        importance = torch.ones(self.features) if self.importance is None else torch.as_tensor(self.importance)
        importance = importance.to(torch.float32).expand(len(p), self.features)
        if not bool(((p > 0) & (p <= 1)).all()):
            raise ValueError("every probability must lie in (0, 1]")
        if self.pairs not in ("independent", "correlated", "anticorrelated"):
            raise ValueError(f"pairs must be independent, correlated or anticorrelated, not {self.pairs!r}")
        if self.pairs != "independent" and self.features % 2:
            raise ValueError("pairs need an even number of features")
        if self.pairs == "anticorrelated" and bool((p > 0.5).any()):
            raise ValueError(
                "two features that are never active together cannot each be active more than half the time"
            )
        object.__setattr__(self, "probability", p.contiguous())
        object.__setattr__(self, "importance", importance.contiguous())

    @property
    def instances(self) -> int:
        return len(self.probability)

    def batch(self, size: int, generator: torch.Generator | None = None) -> Float[Tensor, "instance batch feature"]:
        """A fresh batch for every instance, drawn independently; the trainer draws faster, to the same distribution."""
        if self.pairs == "independent":
            return generate_batch(self.probability, size, generator)
        u = torch.rand(2, self.instances, size, self.features, generator=generator)
        return _inputs(u[0], self.probability, self.pairs, spare=u[1])


@dataclass(frozen=True)
class Trained:
    """The trained stack, over seeds and instances.

    Attributes:
        W: weights, (seed, instance, hidden, feature). b: biases, (seed, instance, feature).
        final_loss: loss on a large fresh batch, (seed, instance).
        history: loss during training, (record, seed, instance); taken at the steps in `recorded`.
        interrupted: whether someone stopped the training early; what was reached is kept.
    """

    toy: Toy
    W: Float[Tensor, "seed instance hidden feature"]
    b: Float[Tensor, "seed instance feature"]
    final_loss: Float[Tensor, "seed instance"]
    history: Float[Tensor, "record seed instance"]
    recorded: tuple[int, ...]
    steps: int
    seconds: float
    interrupted: bool = False

    @property
    def seeds(self) -> int:
        return len(self.W)

    def best(self) -> "Trained":
        """The seed with the lowest final loss, chosen separately for every instance; one seed remains."""
        winner = self.final_loss.argmin(0)  # (instance,)
        each = torch.arange(self.toy.instances)
        return replace(
            self,
            W=self.W[winner, each][None],
            b=self.b[winner, each][None],
            final_loss=self.final_loss[winner, each][None],
            history=self.history[:, winner, each][:, None],
        )


@dataclass(frozen=True)
class Recipe:
    """How to train. `anneal` lets the learning rate fall to zero along a cosine."""

    steps: int = 10_000
    batch: int = 1024
    lr: float = 1e-3
    anneal: bool = False
    records: int = 50


def train(
    toy: Toy,
    recipe: Recipe | None = None,
    *,
    seeds: int = 1,
    first_seed: int = 0,
    device: torch.device | str | None = None,
    show: bool = True,
) -> Trained:
    """Train every instance of `toy` from `seeds` different starts. Interrupt it and you get what it has reached."""
    recipe = recipe or Recipe()
    device = torch.device(device) if device is not None else runtime.device()
    stack = _Stack(toy, recipe, seeds, first_seed, device)
    what = f"training {seeds * toy.instances} models of {toy.features} features in {toy.hidden} dimensions"
    progress, interrupted = Progress(recipe.steps, what, show), False
    every = max(1, recipe.steps // recipe.records)
    history, recorded = [], []
    try:
        for step in progress:
            value = stack.step(step, want_loss=step % every == 0)
            if value is not None:
                history.append(value)
                recorded.append(step)
    except KeyboardInterrupt:
        interrupted = True
    shape = (seeds, toy.instances)
    W, b = (value.unflatten(0, shape) for value in stack.weights())
    return Trained(
        toy=toy,
        W=W,
        b=b,
        final_loss=evaluate(toy, W, b),
        history=torch.stack(history).unflatten(1, shape) if history else torch.zeros(0, *shape),
        recorded=tuple(recorded),
        steps=progress.done,
        seconds=progress.seconds,
        interrupted=interrupted,
    )


def evaluate(
    toy: Toy,
    W: Float[Tensor, "seed instance hidden feature"],
    b: Float[Tensor, "seed instance feature"],
    batch: int = 8192,
) -> Float[Tensor, "seed instance"]:
    """The loss of every model on one large fresh batch per instance, the same for all seeds."""
    x = toy.batch(batch, torch.Generator().manual_seed(987_654))
    importance = toy.importance[:, None]  # (instance, 1, feature)
    return torch.stack([loss(x, forward(x, W[s], b[s]), importance) for s in range(len(W))])


class _Stack:
    """The parameters, the buffers and one training step with a hand-written gradient."""

    def __init__(self, toy: Toy, recipe: Recipe, seeds: int, first_seed: int, device: torch.device) -> None:
        self.toy, self.recipe, self.seeds = toy, recipe, seeds
        n, m, k = toy.features, toy.hidden, toy.instances
        self.generators = [torch.Generator(device).manual_seed(1_000_003 * (first_seed + s) + 17) for s in range(seeds)]
        start = [torch.randn(k, m, n, generator=g, device=device) * (2 / (n + m)) ** 0.5 for g in self.generators]
        self.W = torch.nn.Parameter(torch.cat(start))  # (seed·instance, hidden, feature)
        self.b = torch.nn.Parameter(torch.zeros(seeds * k, 1, n, device=device))
        self.W.grad, self.b.grad = torch.zeros_like(self.W), torch.zeros_like(self.b)
        self.optimizer = torch.optim.Adam([self.W, self.b], lr=recipe.lr, fused=device.type in ("cpu", "cuda"))
        self.p = toy.probability.to(device)[:, None, :]  # (instance, 1, feature)
        self.importance = toy.importance.to(device)[:, None, :]
        room = seeds * k if device.type != "cpu" else max(1, _CPU_CHUNK // (recipe.batch * n))  # models at a time
        self.chunk, self.seeds_at_once = min(k, room), max(1, room // k)
        self.x_hat = torch.empty(min(room, seeds * k), recipe.batch, n, device=device)

    @torch.no_grad()
    def step(self, step: int, want_loss: bool = False) -> Float[Tensor, "stack"] | None:
        recipe, k = self.recipe, self.toy.instances
        if recipe.anneal:
            factor = 0.5 * (1 + torch.cos(torch.tensor(torch.pi * step / recipe.steps)).item())
            self.optimizer.param_groups[0]["lr"] = recipe.lr * factor
        losses = []
        for s in range(0, self.seeds, self.seeds_at_once):
            # one draw for all instances of a seed: (seed, 1, batch, feature)
            u = torch.stack([self._draw(g) for g in self.generators[s : s + self.seeds_at_once]])[:, None]
            spare = None
            if self.toy.pairs == "correlated":
                spare = torch.stack([self._draw(g) for g in self.generators[s : s + self.seeds_at_once]])[:, None]
            for first in range(0, k, self.chunk):
                here = slice(first, min(first + self.chunk, k))
                x = _inputs(u, self.p[here], self.toy.pairs, spare).flatten(0, 1)
                at = slice(s * k + here.start, s * k + here.start + len(x))
                losses.append(self._gradient(x, at, self.importance[here].repeat(len(u), 1, 1), want_loss))
        self.optimizer.step()
        return torch.cat(losses).cpu() if want_loss else None

    def _draw(self, generator: torch.Generator) -> Float[Tensor, "batch feature"]:
        return torch.rand(self.recipe.batch, self.toy.features, generator=generator, device=self.p.device)

    def _gradient(self, x: Tensor, at: slice, importance: Tensor, want_loss: bool) -> Tensor | None:
        """Fill the gradients of the loss for the models in `at`. e = x̂ − x, dL/dx̂ = 2 I e / batch where x̂ > 0."""
        W, b = self.W[at], self.b[at]
        h = x @ W.mT  # (chunk, batch, hidden)
        x_hat = torch.baddbmm(b, h, W, out=self.x_hat[: len(x)]).relu_()
        e = x_hat - x
        value = (importance * e.square()).sum((-1, -2)) / len(x[0]) if want_loss else None
        e = torch.ops.aten.threshold_backward(e, x_hat, 0)  # e where x̂ > 0, else 0
        scale = importance * (2 / x.shape[1])  # (chunk, 1, feature)
        dh = e @ (W * scale).mT  # (chunk, batch, hidden)
        self.W.grad[at] = (h.mT @ e) * scale + dh.mT @ x
        self.b.grad[at] = e.sum(1, keepdim=True) * scale
        return value

    def weights(self) -> tuple[Tensor, Tensor]:
        return self.W.detach().cpu(), self.b.detach()[:, 0].cpu()


def _inputs(u: Tensor, p: Tensor, pairs: str, spare: Tensor | None = None) -> Float[Tensor, "instance batch feature"]:
    """Features from uniform draws: max(0, 1 − u/p). Pairs are made by what the second of a pair draws."""
    p = p if p.ndim == 3 else p[:, None, :]
    if pairs == "anticorrelated":  # the second is active exactly when the first's draw lies in the top p
        u = torch.stack([u[..., ::2], 1 - u[..., ::2]], -1).flatten(-2)
    one = torch.ones((), device=u.device)
    x = torch.addcmul(one, u, p.reciprocal(), value=-1).clamp_(min=0)
    if pairs == "correlated":  # the second is active when the first is, with a magnitude of its own
        x[..., 1::2] = torch.where(u[..., ::2] < p[..., ::2], spare[..., ::2], 0.0)
    return x
