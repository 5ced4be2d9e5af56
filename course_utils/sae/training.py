"""Training a dictionary, of any kind, on any source of batches.

1. Centre: b_pre (and b_dec) start at the geometric median of the first batches. Scale: the data are divided by their
   root mean square distance from it, so that learning rates and penalties mean the same for every model; the finished
   dictionary is scaled back.
2. A step: objective, gradients, the part of the decoder's gradient along its rows removed, Adam, rows back to length 1.
3. A latent that has not been active for `dead_after` rows is dead; "auxk" lets dead latents reconstruct the error,
   "resample" points them at badly reconstructed rows from time to time.
4. The state is written every minute and at an interruption; the same call then goes on from it.
5. Under `torchrun` every process takes its own batches, and gradients and counts are averaged.
"""

from __future__ import annotations

import math
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import plots, runtime
from course_utils.progress_bar import Progress
from course_utils.sae import parallel
from course_utils.sae.config import Config
from course_utils.sae.model import SparseAutoencoder
from course_utils.sae.objective import objective
from course_utils.sae.revive import resample
from course_utils.sae.sources import Source

SAVE_SECONDS = 60.0
FIRST = 4  # batches from which centre and scale are taken
REVIVE = {"relu": "resample", "gated": "resample", "jumprelu": "resample", "topk": "auxk", "batchtopk": "auxk"}


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How long and how to train.

    Args:
        steps, batch: so many batches of so many rows.
        lr: Adam's rate; None for 2e-4 / √(n_latents / 2¹⁴), at most 2e-3 (Gao et al. 2024 for their widths).
        revive: "auxk", "resample", "none"; None for what suits the kind.
        dead_after: rows without an activation after which a latent is dead.
        aux: weight of auxiliary-k.
        precision: of the encoder's product.
        seed: of the start; the batches are the source's.
    """

    steps: int
    batch: int = 4096
    lr: float | None = None
    revive: str | None = None
    dead_after: int = 500_000
    aux: float = 1 / 32
    precision: torch.dtype = torch.float32
    seed: int = 0

    def rate(self, step: int, n_latents: int) -> float:
        """The learning rate of one step: up within 2 %, flat, down to zero over the last fifth."""
        top = min(2e-3, 2e-4 / math.sqrt(n_latents / 2**14)) if self.lr is None else self.lr
        return top * min(1.0, (step + 1) / max(1, self.steps // 50), (self.steps - step) / max(1, self.steps // 5))


@dataclass
class _State:
    """What a resumed run needs besides weights and optimiser."""

    step: int = 0
    seconds: float = 0.0
    x_scale: float = 1.0
    y_scale: float = 1.0
    history: list[tuple[int, float, float, float]] = field(default_factory=list)


@dataclass(frozen=True)
class Training:
    """A dictionary and how it came to be.

    Attributes:
        sae: in the units of the data, in evaluation mode.
        history: rows of (step, fraction of variance left, active latents, share of dead latents).
        interrupted: whether someone stopped it early; what was reached is kept.
    """

    sae: SparseAutoencoder
    config: Config
    recipe: Recipe
    history: Float[Tensor, "record 4"]
    seconds: float
    interrupted: bool = False

    def plot(self) -> Figure:
        """Error, activity and dead latents along the training."""
        fig, axes = plots.figure(1, 3, height=2.6)
        names = ("fraction of variance unexplained", "active latents a row (L0)", "share of dead latents")
        for ax, column, name in zip(axes, (1, 2, 3), names, strict=True):
            ax.plot(self.history[:, 0], self.history[:, column])
            ax.set(xlabel="step", title=name)
        axes[0].set_yscale("log")
        return fig


def train(
    config: Config,
    source: Source,
    recipe: Recipe,
    *,
    checkpoint: Path | None = None,
    device: torch.device | str | None = None,
    show: bool = True,
) -> Training:
    """Train a dictionary of `config` on `source`; interrupt it and you get what it has reached.

    Args:
        checkpoint: a file in which the running state is kept; if it is there, training goes on from it.

    Raises:
        ValueError: the file holds the state of another configuration or recipe.
    """
    device = torch.device(device) if device is not None else runtime.device()
    run = _Run(config, source, recipe, checkpoint, device)
    progress = Progress(recipe.steps, f"dictionary of {config.n_latents:,} latents ({config.kind})",
                        show and run.team.rank == 0, first=run.state.step)  # fmt: skip
    started = saved = time.perf_counter()
    before, interrupted = run.state.seconds, False
    try:
        for step in progress:
            run.step(step)
            now = time.perf_counter()
            run.state.seconds = before + now - started
            if checkpoint is not None and now - saved > SAVE_SECONDS:
                run.save()
                saved = now
            if run.state.history and step == run.state.history[-1][0]:
                progress.say(f"unexplained {run.state.history[-1][1]:.3f}")
    except KeyboardInterrupt:
        interrupted = True
    if checkpoint is not None:
        run.save()
    return Training(run.finished(), config, recipe, torch.tensor(run.state.history).view(-1, 4), run.state.seconds,
                    interrupted)  # fmt: skip


class _Run:
    """One training under way."""

    def __init__(self, config: Config, source: Source, recipe: Recipe, path: Path | None, device: torch.device) -> None:
        self.config, self.source, self.recipe, self.path, self.device = config, source, recipe, path, device
        self.team = parallel.Team.join(device)
        self.sae = SparseAutoencoder(config, torch.Generator().manual_seed(recipe.seed)).to(device).train()
        self.sae.precision = recipe.precision
        self.revive = REVIVE[config.kind] if recipe.revive is None else recipe.revive
        fused = device.type in ("cpu", "cuda")
        self.adam = torch.optim.Adam(self.sae.parameters(), lr=0.0, betas=(0.9, 0.999), eps=1e-8, fused=fused)
        self.silent = torch.zeros(config.n_latents, device=device)  # rows since each latent was last active
        self.state = _State()
        if path is not None and path.exists():
            self._resume(path)
        else:
            self._start()

    def _facts(self) -> dict:
        recipe = asdict(self.recipe) | {"precision": str(self.recipe.precision)}
        return {"config": asdict(self.config), "recipe": recipe}

    def _resume(self, path: Path) -> None:
        kept = torch.load(path, map_location=self.device, weights_only=True)
        if kept["facts"] != self._facts():
            raise ValueError(f"{path} holds the training of another dictionary: name another file, or delete it.")
        self.sae.load_state_dict(kept["sae"])
        self.adam.load_state_dict(kept["adam"])
        self.silent = kept["silent"]
        self.state = _State(**kept["state"])

    @torch.no_grad()
    def _start(self) -> None:
        """Centre and scale, from the first batches."""
        batches = [self.source.batch(step, self.recipe.batch) for step in range(FIRST)]
        x, y = (torch.cat([b[i] for b in batches]).to(self.device) for i in (0, 1))
        centre_x, centre_y = geometric_median(x), geometric_median(y)
        self.state.x_scale = float((x - centre_x).square().sum(1).mean().sqrt())
        self.state.y_scale = float((y - centre_y).square().sum(1).mean().sqrt())
        self.sae.b_dec.copy_(centre_y / self.state.y_scale)
        if self.config.transcodes:
            self.sae.b_in.copy_(centre_x / self.state.x_scale)

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """This process's batch of this step, scaled."""
        x, y = self.source.batch(step * self.team.size + self.team.rank, self.recipe.batch)
        same = y is x
        x = x.to(self.device) / self.state.x_scale
        return (x, x) if same else (x, y.to(self.device) / self.state.y_scale)

    def step(self, step: int) -> None:
        """One step of training."""
        recipe, sae = self.recipe, self.sae
        x, y = self.batch(step)
        dead = self.silent > recipe.dead_after
        warm = min(1.0, (step + 1) / max(1, recipe.steps // 10))
        terms = objective(sae, x, y, penalty=warm * self.config.penalty, dead=dead if self.revive == "auxk" else None,
                          aux=recipe.aux)  # fmt: skip
        self.adam.zero_grad()
        terms.total.backward()
        counts = self.team.average(sae, terms.counts)
        sae.project_gradient()
        self.adam.param_groups[0]["lr"] = recipe.rate(step, self.config.n_latents)
        self.adam.step()
        sae.normalise()
        self.silent = torch.where(counts > 0, 0.0, self.silent + len(x) * self.team.size)
        if self.revive == "resample" and self._time_to_resample(step) and bool(dead.any()):
            resample(sae, self.adam, x, y, dead, torch.Generator().manual_seed(recipe.seed * 1_000_003 + step))
            self.team.copy(sae)
            self.silent[dead] = 0.0
        self.state.step = step + 1
        if step % max(1, recipe.steps // 100) == 0 or step + 1 == recipe.steps:
            record = (float(terms.reconstruction), terms.l0, float(dead.float().mean()))
            self.state.history.append((step, *record))

    def _time_to_resample(self, step: int) -> bool:
        """Eight times, in the first four fifths of the training."""
        every = max(1, self.recipe.steps // 10)
        return 0 < step <= 0.8 * self.recipe.steps and step % every == 0

    def save(self) -> None:
        """Write the state beside the old one, then in its place; one process of several does it."""
        if self.team.rank:
            return
        new = self.path.with_suffix(".new")
        new.parent.mkdir(parents=True, exist_ok=True)
        torch.save({"facts": self._facts(), "sae": self.sae.state_dict(), "adam": self.adam.state_dict(),
                    "silent": self.silent, "state": vars(self.state)}, new)  # fmt: skip
        new.replace(self.path)

    def finished(self) -> SparseAutoencoder:
        sae = self.sae.rescaled(self.state.x_scale, self.state.y_scale).cpu().eval()
        return sae.requires_grad_(False)


@torch.no_grad()
def geometric_median(x: Float[Tensor, "row d"], rounds: int = 50) -> Float[Tensor, "d"]:
    """The point with the smallest sum of distances to the rows (Weiszfeld's iteration): outliers pull it little."""
    centre = x.mean(0)
    for _ in range(rounds):
        weights = 1 / (x - centre).norm(dim=1).clamp(min=1e-8)
        new = (weights[:, None] * x).sum(0) / weights.sum()
        if (new - centre).norm() <= 1e-6 * new.norm():
            return new
        centre = new
    return centre
