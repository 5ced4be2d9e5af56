"""What is too heavy to compute in the lesson ships as a small file; `models/stored/sae.py` makes it again."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import torch

from course_utils import stored
from course_utils.sae.experiments import AbsorptionByKind, RecoveryCurves
from course_utils.sae.judging import CausalTable, LabelScores
from course_utils.sae.pricing import Prices
from course_utils.sae.reading import LABELS
from course_utils.sae.training import Recipe

FOLDER = Path(__file__).parent / "stored_results"
TRUTH = dict(features=64, d=32, probability=0.04)  # the lesson's known truth: twice as many features as dimensions
RECIPE = Recipe(steps=600, batch=512, lr=3e-3, dead_after=20_000)  # its training, a few seconds
PENALTY = 0.3  # its λ
PRICES = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)  # the λ of `prices`
KEPT = (1, 2, 5, 8)  # the k of `kept`
ACTIVE = 2.56  # features in a vector of the truth, on average: 64 · 0.04
FAMILIES = dict(features=40, d=32, probability=0.15, correlation="hierarchy", children=3)  # ten parents
FAMILY_KINDS = {
    "TopK": dict(kind="topk", k=3),
    "ReLU with L1": dict(kind="relu", penalty=PENALTY),
    "BatchTopK": dict(kind="batchtopk", k=3),
    "BatchTopK, nested": dict(kind="batchtopk", k=3, nested=(10,)),
}
SHIPPED, UNTRAINED = "resid-2", "resid-2-untrained"  # the dictionaries that are judged
TESTED = ("closes", "opens", "in_brackets", "definition", "attribute", "import", "kind_keyword", "in_comment")
SHA256 = {
    "absorption": "db01021c2b8f11427405798526114d220d69f175e716c0c6f33f8ca7288c9962",
    "causal": "b3cbd10ac9677f9bf722c254fcb105f1abebada443ddfeaf7ca143f8f9eb6490",
    "kept": "541139f86760885787f7a5897778ce85f01484794f1ee0c6cfd3d1de8917d18f",
    "labels": "1e8bc13b7062075a98693f3c05163a64500a8cb88b7d581c88326f2c402fccc1",
    "lookup": "b25afb9f023f8f4cf3eb28fb6aaffb168587281be7b6a2389f6b7165b188ea42",
    "price": "7e19640e478ce657c6403c5dbbb03ccde168dde8da4624ebe56bb0da51ffcfb4",
    "recovery_width": "61ede476fa3952c90b2aab4cc89f34520ec0a1bf3803be080a4b690fe258b733",
}


@lru_cache
def recovery(varied: str) -> RecoveryCurves:
    """Recovery against "width", "density", or "together" (how often the two of a pair are active together)."""
    arrays = stored.load(FOLDER, f"recovery_{varied}", SHA256[f"recovery_{varied}"])
    return RecoveryCurves(("topk", "relu", "ICA", "PCA", "random"), **arrays)


@lru_cache
def absorption() -> AbsorptionByKind:
    """What becomes of parents in a planted hierarchy, by kind of dictionary, over 3 seeds."""
    return AbsorptionByKind(tuple(FAMILY_KINDS), **stored.load(FOLDER, "absorption", SHA256["absorption"]))


@lru_cache
def label_scores() -> LabelScores:
    """Which units tell which label, on 208 contexts of 27 held-out modules."""
    return LabelScores(LABELS, **stored.load(FOLDER, "labels", SHA256["labels"]))


@lru_cache
def token_lists() -> dict[str, tuple[float, float, float]]:
    """{label: F1 of the best list of tokens, with its interval}, on the rows of `label_scores`."""
    arrays = stored.load(FOLDER, "lookup", SHA256["lookup"])
    ends = zip(*(arrays[key].tolist() for key in ("f1", "low", "high")), strict=True)
    return dict(zip(LABELS, ends, strict=True))


@lru_cache
def prices() -> Prices:
    """ReLU with L1 for several λ, and TopK, on three truths, trained five times as long as `RECIPE`."""
    return Prices(torch.tensor(PRICES), **stored.load(FOLDER, "price", SHA256["price"]), active=ACTIVE)


@lru_cache
def kept() -> dict[int, dict[str, torch.Tensor]]:
    """{k: every measure of `Priced`, for three truths}, of TopK, trained as for `prices` (which has k = 3)."""
    arrays = stored.load(FOLDER, "kept", SHA256["kept"])
    return {k: {name: values[i] for name, values in arrays.items()} for i, k in enumerate(KEPT)}


@lru_cache
def causal_effects() -> CausalTable:
    """What removing each label's best latent does, beside 40 matched latents each."""
    return CausalTable(TESTED, **stored.load(FOLDER, "causal", SHA256["causal"]))
