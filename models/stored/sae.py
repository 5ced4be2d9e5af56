"""The stored results of lesson 2.

`recovery_width`, `recovery_density`, `recovery_together`: how much of a known truth is found, over seeds (minutes).
"""

from __future__ import annotations

import torch
from torch import Tensor

from course_utils.sae.config import Config
from course_utils.sae.planted import Recovery, Truth, baselines
from course_utils.sae.stored import FOLDER, PENALTY, RECIPE, TRUTH  # noqa: F401 (FOLDER for `save`)
from course_utils.sae.training import train

SEEDS = 3
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
                done = train(config, truth, RECIPE, device="cpu", show=False)
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


def make_together() -> dict[str, Tensor]:
    """The recipe of `recovery_together`: features in pairs that are active together more and more often."""
    together = [0.0, 0.5, 0.9, 1.0]
    truths = [[Truth.draw(**TRUTH, correlation="pairs", together=t, seed=seed) for seed in range(SEEDS)]
              for t in together]  # fmt: skip
    return _curves(together, truths, [96] * len(together))


MAKERS = {"recovery_width": make_width, "recovery_density": make_density, "recovery_together": make_together}
