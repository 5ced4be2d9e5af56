"""The stored results of lesson 2, and here those in which the truth is known.

`recovery_width`, `recovery_density`: how much of a known truth is found, over seeds (nine minutes each).
`recovery_k`: the same by TopK for several k, where ten features are active (six minutes).
`sets`: the lesson's dictionaries on three sets of features, apart and in pairs (a minute).
`absorption`: parents whose latents fall silent, by kind of dictionary, over seeds (two minutes).
`shared_known`: what two trainings on the same known features have in common (a minute).
`price`: ReLU with L1 for several λ, and TopK, trained longer, over seeds (ten minutes).
`kept`: TopK for several k, likewise.

Those that judge the bundled dictionaries are in `sae_shipped`, those of the deeper notebook, which need many trainings,
in `sae_code`.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from course_utils.sae.config import Config
from course_utils.sae.experiments import Families
from course_utils.sae.matching import SHARED, agreement, match_features
from course_utils.sae.metrics import Quality, fvu
from course_utils.sae.plane_views import pair_sums
from course_utils.sae.planted import Recovery, Truth, baselines
from course_utils.sae.pricing import FOUND, Priced
from course_utils.sae.stored import (  # noqa: F401 (FOLDER for `save`)
    DENSE,
    DENSE_KEPT,
    FAMILIES,
    FAMILY_KINDS,
    FAMILY_SEEDS,
    FEW,
    FOLDER,
    KEPT,
    LONG,
    PAIRS,
    PENALTY,
    PRICES,
    RECIPE,
    TRUTH,
)
from course_utils.sae.training import train
from models.stored import sae_code, sae_shipped

SEEDS = 3
COUNTED = ("missed", "absorbed", "random", "anyone", "alone", "lean", "others")  # of `Families`
METHODS = ("topk", "relu", "ICA", "PCA", "random")


def _configs(d: int, latents: int, active: float) -> dict[str, Config]:
    """TopK told how many are active on average, and ReLU with the lesson's penalty."""
    k = min(latents, max(1, round(active)))
    return {"topk": Config(d_in=d, n_latents=latents, k=k),
            "relu": Config(d_in=d, n_latents=latents, kind="relu", penalty=PENALTY)}  # fmt: skip


def _curves(x: list[float], truths: list[list[Truth]], latents: list[int]) -> dict[str, Tensor]:
    """(method, seed, x) of mean matched cosine and of the share found; `truths` is (x, seed)."""
    cosine, found = (torch.zeros(len(METHODS), SEEDS, len(x)) for _ in range(2))
    for i, width in enumerate(latents):
        for seed in range(SEEDS):
            truth = truths[i][seed]
            active = float((truth.magnitudes(20_000, torch.Generator().manual_seed(5)) > 0).sum(1).float().mean())
            got = baselines(truth, width, seed=seed)
            for kind, config in _configs(truth.directions.shape[1], width, active).items():
                done = train(config, truth, LONG, device="cpu", show=False)
                got[kind] = Recovery.of(truth, done.sae.W_dec)
            for m, method in enumerate(METHODS):
                cosine[m, seed, i], found[m, seed, i] = got[method].matched, got[method].found
    return {"x": torch.tensor(x), "cosine": cosine, "found": found}


def make_width() -> dict[str, Tensor]:
    """The recipe of `recovery_width`: the lesson's truth, dictionaries from half to four times as wide as it."""
    widths = [32, 64, 96, 128, 256]
    truths = [[Truth.draw(**TRUTH, seed=seed) for seed in range(SEEDS)] for _ in widths]
    return _curves([float(w) for w in widths], truths, widths)


def make_density() -> dict[str, Tensor]:
    """The recipe of `recovery_density`: the lesson's truth, from one feature in fifty active to a third of them."""
    shares = [0.02, 0.04, 0.08, 0.16, 0.32]
    truths = [[Truth.draw(**(TRUTH | {"probability": p}), seed=seed) for seed in range(SEEDS)] for p in shares]
    return _curves(shares, truths, [96] * len(shares))


def make_recovery_k() -> dict[str, Tensor]:
    """The recipe of `recovery_k`: 96 latents; the truths of `recovery_density` whose features are active at `DENSE`."""
    truths = [Truth.draw(**(TRUTH | dict(probability=DENSE)), seed=seed) for seed in range(SEEDS)]
    shapes = [Config(d_in=32, n_latents=96, k=k) for k in DENSE_KEPT]
    done = [[(truth, train(shape, truth, LONG, device="cpu", show=False)) for truth in truths] for shape in shapes]
    found = [[Recovery.of(truth, each.sae.W_dec).found for truth, each in row] for row in done]
    return {"k": torch.tensor(DENSE_KEPT), "found": torch.tensor(found)}


def make_sets() -> dict[str, Tensor]:
    """The recipe of `sets`: 64 features that come and go alone, and the same in pairs; TopK with k = 3."""
    measures: dict[str, list[list[float]]] = {"found": [], "unexplained": [], "sums": []}
    for world in ({}, PAIRS):
        truths = [Truth.draw(**TRUTH, **world, seed=seed) for seed in range(SEEDS)]
        learned = [train(Config(d_in=32, n_latents=96, k=3), truth, RECIPE, device="cpu", show=False).sae
                   for truth in truths]  # fmt: skip
        rows = [truth.sample(4000, torch.Generator().manual_seed(2))[0] for truth in truths]
        both = list(zip(truths, learned, rows, strict=True))
        measures["found"].append([Recovery.of(truth, one.W_dec).found for truth, one, _ in both])
        measures["unexplained"].append([fvu(x, one(x)).item() for _, one, x in both])
        sums = [match_features(pair_sums(truth), one.W_dec).cosine > FOUND for truth, one, _ in both]
        measures["sums"].append([found.float().mean().item() for found in sums])
    return {name: torch.tensor(values) for name, values in measures.items()}


def make_absorption() -> dict[str, Tensor]:
    """The recipe of `absorption`: ten parents with three children each, in 32 dimensions; 60 latents, 6 truths."""
    rows: dict[str, list[list[float]]] = {key: [] for key in (*COUNTED, "unexplained", "l0")}
    for more in FAMILY_KINDS.values():
        seeds = {key: [] for key in rows}
        for seed in range(FAMILY_SEEDS):
            truth = Truth.draw(**FAMILIES, seed=seed)
            done = train(Config(d_in=32, n_latents=60, **more), truth, RECIPE, device="cpu", show=False)
            x, _ = truth.sample(4000, torch.Generator().manual_seed(10_003))
            found, quality = Families.of(truth, done, FEW), Quality.of(done.sae, x)
            for key in COUNTED:
                seeds[key].append(getattr(found, key).mean().item())
            seeds["unexplained"].append(quality.unexplained)
            seeds["l0"].append(quality.l0)
        for key, values in seeds.items():
            rows[key].append(values)
    return {key: torch.tensor(values) for key, values in rows.items()}


def make_shared_known() -> dict[str, Tensor]:
    """The recipe of `shared_known`: the features of `sets` that come and go alone; two trainings on each set."""
    rows: dict[str, list[float]] = {key: [] for key in ("found", "decoder", "null")}
    for seed in range(SEEDS):
        truth = Truth.draw(**TRUTH, seed=seed)
        shape, others = Config(d_in=32, n_latents=96, k=3), (seed, SEEDS + seed)
        a, b = (train(shape, replace(truth, seed=other), replace(RECIPE, seed=other), device="cpu", show=False).sae
                for other in others)  # fmt: skip
        x, _ = truth.sample(4000, torch.Generator().manual_seed(2))
        found = [match_features(truth.directions, one.W_dec).cosine > FOUND for one in (a, b)]
        rows["found"].append((found[0] & found[1]).float().mean().item())
        rows["decoder"].append(match_features(a.W_dec, b.W_dec).found(SHARED))
        rows["null"].append(agreement(a, b, x, torch.Generator().manual_seed(seed)).null_shared)
    return {key: torch.tensor(values) for key, values in rows.items()}


def make_price() -> dict[str, Tensor]:
    """The recipe of `price`: the lesson's truth, ReLU with L1 for several λ, and TopK, trained five times as long."""
    shapes = [Config(d_in=32, n_latents=96, kind="relu", penalty=penalty) for penalty in PRICES]
    return _priced([*shapes, Config(d_in=32, n_latents=96, k=3)])


def make_kept() -> dict[str, Tensor]:
    """The recipe of `kept`: the same for TopK with other k (five minutes)."""
    return _priced([Config(d_in=32, n_latents=96, k=k) for k in KEPT])


def _priced(shapes: list[Config]) -> dict[str, Tensor]:
    """Every measure of `Priced`, (shape, truth), after trainings as long as `LONG`."""
    truths = [Truth.draw(**TRUTH, seed=seed) for seed in range(SEEDS)]
    done = [[Priced.of(truth, train(shape, truth, LONG, device="cpu", show=False)) for truth in truths]
            for shape in shapes]  # fmt: skip
    return {key: torch.tensor([[getattr(each, key) for each in row] for row in done]) for key in Priced.MEASURES}


MAKERS = {"recovery_width": make_width, "recovery_density": make_density, "recovery_k": make_recovery_k,
          "sets": make_sets, "absorption": make_absorption, "shared_known": make_shared_known,
          "price": make_price, "kept": make_kept,
          **sae_shipped.MAKERS, **sae_code.MAKERS}  # fmt: skip
