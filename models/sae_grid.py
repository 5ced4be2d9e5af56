"""Many small dictionaries of `code-4l`, trained for the stored results of lesson 2; none of them ships.

1. The vectors: a few hundred contexts of the training text, harvested once and kept in half precision.
2. One recipe for all, a twelfth of what `resid-2` has seen, so that a hundred of them can be trained in half an hour
   on one core. The frontier's and the crosscoders' are shorter still, and
   those of `shared_longer` four times as long. None can be compared with the shipped ones.
3. Every training keeps its running state in the cache, under its name: a maker that is interrupted goes on there.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_utils import zoo
from course_utils.patching.harvesting import harvest
from course_utils.sae.config import Config
from course_utils.sae.metrics import Quality
from course_utils.sae.shipped import held_out_contexts
from course_utils.sae.sources import Rows
from course_utils.sae.splice import Site
from course_utils.sae.training import Recipe, Training, train
from models.corpus import cache_dir
from models.sae_text import MODEL, training_contexts

HOOK, D_MODEL = "blocks.2.hook_resid_pre", 192
CONTEXTS = 1200  # their 306 000 vectors are read about twice
RECIPE = Recipe(steps=500, batch=1024, lr=1e-3, dead_after=50_000)
SHORT = Recipe(steps=400, batch=256, lr=2e-3, dead_after=20_000)  # for the frontier's fifty-four, and crosscoders
JUDGES, LISTENERS = 100, 24  # held-out contexts on which error and activity are measured; the model's loss


@lru_cache(maxsize=2)
def contexts(run: int = 1) -> Int[Tensor, "context pos"]:
    """Contexts of the training text, drawn at random in runs of `run` that follow one another in the text."""
    tokens, _ = training_contexts()
    starts = torch.randperm(len(tokens) // run, generator=torch.Generator().manual_seed(0))[: CONTEXTS // run] * run
    return tokens[(starts[:, None] + torch.arange(run)).flatten()]


@lru_cache(maxsize=4)
def vectors(hook: str = HOOK, checkpoint: int | None = None, run: int = 1) -> Float[Tensor, "row d"]:
    """What `code-4l` has at `hook` in these contexts, in half precision, in the order of the contexts; cached."""
    path = cache_dir() / f"{MODEL}-{hook}-{checkpoint}-{CONTEXTS}x{run}.npy"
    if not path.exists():
        model = zoo.load(MODEL, "cpu", checkpoint=checkpoint)
        found = torch.cat([harvest(model, hook, some).half() for some in contexts(run).split(400)])
        np.save(path, found.numpy())
    return torch.from_numpy(np.load(path))


def trained(name: str, config: Config, rows: Rows, seed: int = 0, recipe: Recipe = RECIPE) -> Training:
    """A dictionary from the cache, or from training; `seed` is that of its start and of the order of the rows."""
    path = cache_dir() / "dictionaries" / f"{name}-{seed}.pt"
    rows, recipe = replace(rows, seed=seed), replace(recipe, seed=seed)
    done = train(config, rows, recipe, checkpoint=path, device="cpu", show=False)
    if done.interrupted:
        raise KeyboardInterrupt
    return done


def of_kind(kind: str, width: int, seed: int, recipe: Recipe = RECIPE, **more) -> Training:
    """A dictionary of the residual stream, named after what it is."""
    words = "-".join([kind, str(width), *(f"{key}{value}" for key, value in more.items())]).replace(" ", "")
    words = words if recipe == RECIPE else f"{words}-{recipe.steps}x{recipe.batch}"
    return trained(words, Config(d_in=D_MODEL, n_latents=width, kind=kind, **more), Rows(vectors()), seed, recipe)


@lru_cache(maxsize=1)
def held_out() -> tuple[Int[Tensor, "context pos"], Float[Tensor, "row d"], Site]:
    """Held-out contexts, their vectors, and the place that these are from."""
    model = zoo.load(MODEL, "cpu")
    tokens, _ = held_out_contexts(model, JUDGES)
    return tokens, harvest(model, HOOK, tokens), Site(model, HOOK)


def judged(done: Training) -> dict[str, float]:
    """L0, error and dead latents on held-out vectors; how much the model's loss rises with the reconstruction."""
    tokens, x, site = held_out()
    quality = Quality.of(done.sae, x)
    some = tokens[:: JUDGES // LISTENERS][:LISTENERS]
    rise = site.losses(some, lambda there: torch.stack([done.sae(rows) for rows in there])) - _clean()
    return {"l0": quality.l0, "unexplained": quality.unexplained, "dead": quality.dead, "dense": quality.dense,
            "rise": rise.mean().item()}  # fmt: skip


@lru_cache(maxsize=1)
def _clean() -> Tensor:
    tokens, _, site = held_out()
    return site.losses(tokens[:: JUDGES // LISTENERS][:LISTENERS])
