"""Recipes of the dictionaries that come with the course: `python -m models.sae NAME`.

Each reads the activations of `code-4l` on the text that the model was trained on. The running state lies in
`OUT/.work/NAME.pt` and is written every minute; the same command goes on from it. When the training is done, weights
(in half precision) and card are put into `OUT/NAME`, and the dictionary is measured on held-out modules.
"""

from __future__ import annotations

import argparse
import platform
import signal
import sys
import time
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path

import torch

from course_utils import zoo
from course_utils.patching.harvesting import harvest
from course_utils.sae.config import Config
from course_utils.sae.shipped import DICTIONARIES, held_out_facts
from course_utils.sae.sources import Rows
from course_utils.sae.training import Recipe, Training, train
from course_utils.zoo.cards import write_card, write_weights
from models.sae_text import MODEL, training_contexts
from models.train import processor

D_MODEL = 192
STEPS, BATCH = 1500, 4096
SHORT = dict(steps=500, batch=2048, lr=1e-3)  # for the transcoder and the untrained control: a sixth of the rows
FEW = 800  # contexts, for them
CONTEXTS = 3000  # drawn from the whole training text; their 765 000 vectors are read eight times


@dataclass(frozen=True, kw_only=True)
class DictionaryRecipe:
    """One dictionary: where it reads (and writes, if elsewhere), its configuration, its training.

    Args:
        checkpoint: of the model; 0 is the untrained one. contexts: how many of the training text are read.
    """

    name: str
    purpose: str
    hook: str
    config: Config
    recipe: Recipe
    target: str | None = None
    checkpoint: int | None = None
    contexts: int = CONTEXTS


def _residual(name: str, purpose: str, width: int = 8 * D_MODEL, seed: int = 0) -> DictionaryRecipe:
    return DictionaryRecipe(
        name=name, purpose=purpose, hook="blocks.2.hook_resid_pre",
        config=Config(d_in=D_MODEL, n_latents=width, kind="topk", k=16),
        recipe=Recipe(steps=STEPS, batch=BATCH, seed=seed, lr=1e-3))  # fmt: skip


RECIPES = {found.name: found for found in (
    _residual("resid-2", "The residual stream of code-4l before its third block, in 1 536 latents, 16 at a time."),
    DictionaryRecipe(
        name="mlp-1-transcoder", purpose="What MLP 1 of code-4l writes, predicted by 1 536 latents from what it reads.",
        hook="blocks.1.mlp.hook_in", target="blocks.1.hook_mlp_out",
        config=Config(d_in=D_MODEL, d_out=D_MODEL, n_latents=8 * D_MODEL, kind="topk", k=16),
        recipe=Recipe(**SHORT), contexts=FEW),
    _residual("resid-2-b", "As resid-2, from another start: which latents do two trainings share?", seed=1),
    DictionaryRecipe(
        name="resid-2-untrained", purpose="What a dictionary finds where nothing was learnt: code-4l before training.",
        hook="blocks.2.hook_resid_pre", checkpoint=0, config=Config(d_in=D_MODEL, n_latents=8 * D_MODEL, k=16),
        recipe=Recipe(**SHORT), contexts=FEW),
    _residual("resid-2-narrow", "As resid-2, in 384 latents: what splits when there is room?", width=2 * D_MODEL),
    _residual("resid-2-wide", "As resid-2, in 3 072 latents: what splits when there is room?", width=16 * D_MODEL),
)}  # fmt: skip


def make(chosen: DictionaryRecipe, out: Path, *, show: bool = True) -> Path | None:
    """Train, or go on training; the finished folder, or None if it was interrupted."""
    work = out / ".work" / f"{chosen.name}.pt"
    rows, text = source(chosen.hook, chosen.target, chosen.checkpoint, chosen.contexts)
    done = train(chosen.config, replace(rows, seed=chosen.recipe.seed), chosen.recipe, checkpoint=work, device="cpu",
                 show=show)  # fmt: skip
    if done.interrupted:
        return None
    folder = finish(chosen, done, text, out / chosen.name)
    work.unlink()
    return folder


@lru_cache(maxsize=1)
def source(hook: str, target: str | None, checkpoint: int | None, contexts: int) -> tuple[Rows, dict]:
    """The vectors at a hook in so many contexts, in half precision, and what they were taken from."""
    tokens, text = training_contexts()
    chosen = torch.randperm(len(tokens), generator=torch.Generator().manual_seed(0))[:contexts]
    model = zoo.load(MODEL, "cpu", checkpoint=checkpoint)
    parts = []
    for some in tokens[chosen].split(500):
        found = harvest(model, [hook, target] if target else [hook], some)
        parts.append([part.half() for part in found])
    x, *y = (torch.cat(rows) for rows in zip(*parts, strict=True))
    return Rows(x, y[0] if y else None), text | {"contexts read": contexts, "vectors": len(x)}


def finish(chosen: DictionaryRecipe, done: Training, text: dict, folder: Path) -> Path:
    """Write weights and card, and measure."""
    write_weights(folder / "dictionary.safetensors", done.sae.state_dict())
    rows = chosen.recipe.steps * chosen.recipe.batch
    card = {
        "name": chosen.name, "purpose": chosen.purpose, "model": MODEL, "checkpoint": chosen.checkpoint,
        "hook": chosen.hook, "target": chosen.target, "config": asdict(chosen.config),
        "recipe": asdict(chosen.recipe) | {"precision": str(chosen.recipe.precision).removeprefix("torch.")},
        "rows": rows, "epochs": round(rows / text["vectors"], 2), "data": text, "minutes": round(done.seconds / 60, 1),
        "trained": time.strftime("%Y-%m-%d", time.gmtime()),
        "hardware": {"device": "cpu", "processor": processor(), "threads": torch.get_num_threads(),
                     "torch": torch.__version__, "python": platform.python_version()},
        "licence": "MIT, as the course; the training text is not included",
        "history": {"columns": ["step", "unexplained", "l0", "dead"],
                    "rows": [[int(a), *(round(v, 4) for v in more)] for a, *more in done.history.tolist()]},
    }  # fmt: skip
    write_card(folder, card)
    write_card(folder, card | {"measured": held_out_facts(chosen.name, folder.parent)})
    return folder


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m models.sae", description=__doc__)
    parser.add_argument("names", nargs="*", default=list(RECIPES), metavar="NAME", help="which; all if none is named")
    parser.add_argument("--out", type=Path, default=DICTIONARIES, help="folder for dictionaries and running states")
    chosen = parser.parse_args(arguments)
    unknown = sorted(set(chosen.names) - set(RECIPES))
    if unknown:
        parser.error(f"there is no dictionary {', '.join(unknown)}; there are {', '.join(RECIPES)}")
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that being ended saves the state too
    for name in chosen.names:
        if (chosen.out / name / "card.json").exists():
            print(f"{name} is there already: delete {chosen.out / name} to train it again")
            continue
        folder = make(RECIPES[name], chosen.out)
        if folder is None:
            print("Interrupted; the state is saved: the same command goes on.", file=sys.stderr)
            return 130
        print(f"{name} is ready in {folder}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
