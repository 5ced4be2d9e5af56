"""The stored results of lesson 2's deeper notebook: what many small dictionaries of `code-4l` say.

Each is measured on dictionaries that `models/sae_grid.py` trains and keeps in the cache; one core, and minutes:

`frontier` 8 · `scaling` 8 · `splits` 3 (besides scaling's) · `splits_at_rate` 2 · `shared` none besides ·
`shared_longer` 4 · `shuffled` 1 · `crossed` 2. They read modules of the Python that runs them
(stored: 3.11).
"""

from __future__ import annotations

import statistics
import time
from dataclasses import replace

import torch
from torch import Tensor

from course_utils.patching.harvesting import harvest
from course_utils.sae.config import Config
from course_utils.sae.matching import SHARED, agreement, match_features
from course_utils.sae.metrics import fvu
from course_utils.sae.objective import objective
from course_utils.sae.paired import second_share
from course_utils.sae.sources import Rows
from course_utils.sae.splitting import KEYWORDS, with_parts
from course_utils.sae.stored import (  # noqa: F401 (FOLDER for `save`)
    CONTROL,
    FOLDER,
    FRONTIER,
    LONGER,
    LONGER_WIDTH,
    RATE,
    WIDTHS,
)
from course_utils.sae.training import Training
from course_utils.sae.units import Labels, Units
from course_utils.zoo import load as load_model
from models import sae_grid as grid
from models.sae_text import held_out_reading

SEEDS = 3
MEASURES = ("l0", "unexplained", "rise", "dead")


def _stacked(found: list[dict[str, float]], *shape: int) -> dict[str, Tensor]:
    return {key: torch.tensor([each[key] for each in found]).view(*shape) for key in MEASURES}


def make_frontier() -> dict[str, Tensor]:
    """The recipe of `frontier`: six kinds, three prices, three seeds, 384 latents."""
    found, prices, first = [], [], []
    for kind, width, settings in FRONTIER.values():
        for more in settings:
            runs = [grid.of_kind(kind, width, seed, grid.SHORT, **more) for seed in range(SEEDS)]
            found += [grid.judged(done) for done in runs]
            prices.append(float(more.get("penalty", more.get("k"))))
        first.append(runs[0])
    shape = (len(FRONTIER), len(prices) // len(FRONTIER))
    return _stacked(found, *shape, SEEDS) | {"settings": torch.tensor(prices).view(shape), "cost": _costs(first)}


def _costs(runs: list[Training], rounds: int = 15) -> Tensor:
    """Seconds of objective and gradients over those of the first, timed in turns: the median of ratios."""
    x = grid.vectors()[:1024].float()
    times: list[list[float]] = [[] for _ in runs]
    for _ in range(rounds):
        for spent, done in zip(times, runs, strict=True):
            sae = done.sae.requires_grad_(True).train()
            began = time.perf_counter()
            objective(sae, x, x, penalty=done.config.penalty).total.backward()
            spent.append(time.perf_counter() - began)
    return torch.tensor([statistics.median(a / b for a, b in zip(t, times[0], strict=True)) for t in times])


def make_scaling() -> dict[str, Tensor]:
    """The recipe of `scaling`: TopK of five widths, k = 16, three seeds each."""
    _, x, _ = grid.held_out()
    runs = [[grid.of_kind("topk", width, seed, k=16).sae for seed in range(SEEDS)] for width in WIDTHS]
    error = [[fvu(x, sae(x)).item() for sae in row] for row in runs]
    return {"widths": torch.tensor(WIDTHS).float(), "unexplained": torch.tensor(error)}


def _labelled() -> tuple[Tensor, Labels]:
    model = load_model(grid.MODEL, "cpu")
    tokens, labels = held_out_reading(6)
    return tokens, with_parts(model, tokens, labels)


def _f1(done: Training, x: Tensor, labels: Labels) -> list[float]:
    units = Units(torch.cat([done.sae.encode(part) for part in x.split(4096)]), labels)
    return [units.best(name).f1 for name in labels.names]


def make_splits() -> dict[str, Tensor]:
    """The recipe of `splits`: the dictionaries of `scaling` with k = 16 on labels and their parts; 104 contexts."""
    tokens, labels = _labelled()
    x = harvest(load_model(grid.MODEL, "cpu"), grid.HOOK, tokens)
    f1 = [[_f1(grid.of_kind("topk", width, seed, k=16), x, labels) for seed in range(SEEDS)] for width in WIDTHS]
    x = harvest(load_model(grid.MODEL, "cpu", checkpoint=0), grid.HOOK, tokens)
    shape = Config(d_in=grid.D_MODEL, n_latents=CONTROL, k=16)
    rows = Rows(grid.vectors(checkpoint=0))
    controls = [grid.trained(f"untrained-{CONTROL}-k16", shape, rows, seed) for seed in range(SEEDS)]
    untrained = [_f1(done, x, labels) for done in controls]
    return {"widths": torch.tensor(WIDTHS), "f1": torch.tensor(f1), "untrained": torch.tensor(untrained)}


def make_splits_at_rate() -> dict[str, Tensor]:
    """The recipe of `splits_at_rate`: as `splits`, with one latent in `RATE` active, up to 384 latents."""
    tokens, labels = _labelled()
    x, widths = harvest(load_model(grid.MODEL, "cpu"), grid.HOOK, tokens), WIDTHS[:3]
    of = [labels.names.index(f"keyword: {word}") for word in KEYWORDS]
    flags = labels.flags[:, of] & labels.halves[1][:, None]
    rows: dict[str, list[list]] = {key: [] for key in ("f1", "broad")}
    for width in widths:
        runs = [grid.of_kind("topk", width, seed, k=width // RATE) for seed in range(SEEDS)]
        units = [Units(torch.cat([done.sae.encode(part) for part in x.split(4096)]), labels) for done in runs]
        rows["f1"].append([[one.best(name).f1 for name in labels.names] for one in units])
        broad = [one.best("kind_keyword") for one in units]
        said = [one.values[:, best.units[0]] > best.thresholds[0] for one, best in zip(units, broad, strict=True)]
        rows["broad"].append([((yes[:, None] & flags).sum(0) / flags.sum(0)).tolist() for yes in said])
    return {"widths": torch.tensor(widths)} | {key: torch.tensor(values) for key, values in rows.items()}


def make_shared_longer() -> dict[str, Tensor]:
    """The recipe of `shared_longer`: pairs of seeds as in `shared`, trained as long, and `LONGER` times as long."""
    _, x, _ = grid.held_out()
    rows: dict[str, list[list[float]]] = {key: [] for key in ("decoder", "null", "unexplained")}
    for recipe in (grid.RECIPE, replace(grid.RECIPE, steps=LONGER * grid.RECIPE.steps)):
        runs = [grid.of_kind("topk", LONGER_WIDTH, seed, recipe, k=16).sae for seed in range(SEEDS)]
        both = ((0, 1), (0, 2), (1, 2))
        rows["decoder"].append([match_features(runs[a].W_dec, runs[b].W_dec).found(SHARED) for a, b in both])
        rows["null"].append([agreement(runs[a], runs[b], x[::10], torch.Generator().manual_seed(a + b)).null_shared
                             for a, b in both])  # fmt: skip
        rows["unexplained"].append([fvu(x, sae(x)).item() for sae in runs])
    return {key: torch.tensor(values) for key, values in rows.items()}


def make_shared() -> dict[str, Tensor]:
    """The recipe of `shared`: each pair of seeds of each width of `scaling`, k = 16."""
    _, x, _ = grid.held_out()
    shared, decoder, null = [], [], []
    for width in WIDTHS:
        runs = [grid.of_kind("topk", width, seed, k=16).sae for seed in range(SEEDS)]
        pairs = [agreement(runs[a], runs[b], x[::10], torch.Generator().manual_seed(a + b))
                 for a, b in ((0, 1), (0, 2), (1, 2))]  # fmt: skip
        shared.append([pair.shared for pair in pairs])
        null.append([pair.null_shared for pair in pairs])
        alone = [match_features(runs[a].W_dec, runs[b].W_dec) for a, b in ((0, 1), (0, 2), (1, 2))]
        decoder.append([matching.found(SHARED) for matching in alone])
    return {"widths": torch.tensor(WIDTHS), "shared": torch.tensor(shared), "decoder": torch.tensor(decoder),
            "null": torch.tensor(null)}  # fmt: skip


def make_shuffled() -> dict[str, Tensor]:
    """The recipe of `shuffled`: 384 latents, k = 16, three seeds; runs of eight contexts that follow one another."""
    shape = Config(d_in=grid.D_MODEL, n_latents=384, k=16)
    found = []
    for name, shuffle in (("mixed-384", True), ("in-order-384", False)):
        rows = Rows(grid.vectors(run=8), shuffle=shuffle)
        found += [grid.judged(grid.trained(name, shape, rows, seed)) for seed in range(SEEDS)]
    return _stacked(found, 2, SEEDS)


def make_crossed() -> dict[str, Tensor]:
    """The recipe of `crossed`: 384 latents, k = 16, three seeds; both layers scaled to mean square 1."""
    sides = []
    for layer in (1, 3):
        x = grid.vectors(f"blocks.{layer}.hook_resid_pre").float()
        x = x - x.mean(0)
        sides.append(x / x.square().sum(1).mean().sqrt())
    others = sides[1][torch.randperm(len(sides[1]), generator=torch.Generator().manual_seed(1))]
    shape = Config(d_in=2 * grid.D_MODEL, n_latents=384, k=16, sources=2)
    table = {}
    for prefix, later in (("", sides[1]), ("null_", others)):
        x = torch.cat([sides[0], later], 1).half()
        runs = [grid.trained(f"crosscoder-{prefix}384", shape, Rows(x), seed, grid.SHORT).sae for seed in range(SEEDS)]
        table[f"{prefix}share"] = torch.stack([second_share(sae.source_norms()) for sae in runs])
        two = [sae.W_dec.unflatten(1, (2, -1)) for sae in runs]
        table[f"{prefix}kept"] = torch.stack([torch.cosine_similarity(w[:, 0], w[:, 1], dim=1) for w in two])
        some = x[::10].float()
        table[f"{prefix}unexplained"] = torch.stack([fvu(some, sae(some)) for sae in runs])
    return table


MAKERS = {"frontier": make_frontier, "scaling": make_scaling, "splits": make_splits,
          "splits_at_rate": make_splits_at_rate, "shared": make_shared, "shared_longer": make_shared_longer,
          "shuffled": make_shuffled, "crossed": make_crossed}  # fmt: skip
