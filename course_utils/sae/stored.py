"""What is too heavy to compute in the lesson ships as a small file; `models/stored/sae.py` makes it again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course_utils import stored
from course_utils.sae.carried import CarriedByLabel, CarriedKnown
from course_utils.sae.crossed import Crossed
from course_utils.sae.edits import Edits
from course_utils.sae.experiments import AbsorptionByKind, RecoveryCurves
from course_utils.sae.frontier import Frontier, Scaling, Shuffled
from course_utils.sae.judging import LabelScores
from course_utils.sae.names import HeldOut
from course_utils.sae.paths import Paths
from course_utils.sae.pricing import Prices
from course_utils.sae.reading import LABELS
from course_utils.sae.splitting import CLOSERS, KEYWORDS, Shared, Splits, SplitsAtRate
from course_utils.sae.training import Recipe

FOLDER = Path(__file__).parent / "stored_results"
TRUTH = dict(features=64, d=32, probability=0.04)  # the lesson's known truth: twice as many features as dimensions
PAIRS = dict(correlation="pairs", together=1.0)  # the same features, two and two always together
RECIPE = Recipe(steps=600, batch=512, lr=3e-3, dead_after=20_000)  # its training, a few seconds
PENALTY = 0.3  # its λ
PRICES = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)  # the λ of `prices`
KEPT = (1, 2, 5, 8)  # the k of `kept`
ACTIVE = 2.56  # features in a vector of the truth, on average: 64 · 0.04
LISTS = ("token before", "pair", "last three")  # of `pair_lists`
FAMILIES = dict(features=40, d=32, probability=0.15, correlation="hierarchy", children=3)  # ten parents
FAMILY_KINDS = {
    "TopK, k = 3": dict(kind="topk", k=3),
    "TopK, k = 5": dict(kind="topk", k=5),
    "ReLU with L1": dict(kind="relu", penalty=0.5),  # so that about as many are active as with k = 3
    "BatchTopK": dict(kind="batchtopk", k=3),
    "Matryoshka": dict(kind="batchtopk", k=3, nested=(10,)),
}
FEW, FAMILY_SEEDS = 3, 6  # features of a vector in which absorption is counted, at most; truths
SHIPPED, UNTRAINED = "resid-2", "resid-2-untrained"  # the dictionaries that are judged
PATHS = (378, 9, 138, 1490, 957)  # the latents of `paths`, the first of which is told in full
PATH_OTHERS, PATH_NEURONS, PATH_DRAWN = 20, 30, 10  # latents beside each; neurons; sets of neurons drawn at random
EDITED, EDIT_CONTEXTS = (378, 9), 24  # the latents of `edits`; contexts of `held_out`
WAYS = ("nothing", "attention 3", "MLP 3", "attention 4", "MLP 4", "all four")  # of `paths`: what is frozen
WIDTHS = (96, 192, 384, 768, 1536)  # of the dictionaries behind `scaling` and what follows it, all with k = 16
CONTROL = 768  # latents of those of the untrained model
RATE = 24  # latents for each active one in `splits_at_rate`, which has the three narrowest
LONGER, LONGER_WIDTH = 4, 192  # times as many steps as `shared`, of dictionaries so wide
MOST = (8, 2, 1)  # latents that stand for a parent in `carried_known`, at most
CARRIED = ("closes", "opens", "in_brackets", "in_comment", "definition", "attribute", "kind_keyword", "kind_number")
FRONTIER = {  # kind, latents, three settings
    "TopK": ("topk", 384, [dict(k=k) for k in (8, 16, 32)]),
    "BatchTopK": ("batchtopk", 384, [dict(k=k) for k in (8, 16, 32)]),
    "Matryoshka": ("batchtopk", 384, [dict(k=k, nested=(48, 96, 192)) for k in (8, 16, 32)]),
    "JumpReLU": ("jumprelu", 384, [dict(penalty=p) for p in (0.001, 0.004, 0.016)]),
    "Gated": ("gated", 384, [dict(penalty=p) for p in (0.15, 0.3, 0.6)]),
    "ReLU with L1": ("relu", 384, [dict(penalty=p) for p in (0.1, 0.2, 0.4)]),
}
NAMEABLE = (  # latents told well by a set of tokens, and much less by any single one
    402, 608, 79, 390, 228, 690, 155, 485, 520, 659, 1461, 362, 723, 486, 1260, 858, 329, 1390, 1218, 870, 759, 896,
)  # fmt: skip
NAMED_CONTEXTS = 64  # held-out contexts of `held_out`
JUDGES = 48  # held-out contexts that judge a name
EFFECT_CONTEXTS, EFFECT_LATENTS, EFFECT_ACTIVE = 8, 120, 10  # of the course's programs; drawn; active at least so often
SHA256 = {
    "shared_longer": "015bcc1ebf8b62218791f34a9d120aa6a2708a81fcaff0af53e14db71f9a71c6",
    "splits_at_rate": "81e812665f8e33423f29bbc50b9e28992f9b5430a817a4aa7da2a7063e39aadd",
    "carried_known": "a296ebf7c320c9df32ba1e06bd2bc41db297d0b6b76ef5b07bc94117c12c5514",
    "shared_known": "52f7433c6c023d5fc266166e164b9c8772e1d025fc0969b81a1140a0bf4d70e2",
    "splits": "f133384f3a9d6f3dc330884f9c87c75a6ef4aece2145b0b3738965e102a144e9",
    "frontier": "d22690b4dfa88ddbb39c528775d45a09c27dc00b60a87e64c6ac5ba2bca93f16",
    "carried": "aa20f06539bbf28e8f2a16da8876961f418805e9b9d5069e95fb2064490f6c40",
    "crossed": "9e4e74f127cd65c815c1aa7dffd000154e4705c7a452a9016cb14e3d9e092378",
    "shared": "3b2cc1ac52ea0c0972a9c1e9866489491bfd6f9bcf4465afdb64aa6785669a10",
    "shuffled": "5d66872b0518397edce9712a6919b0c5bbfd7eaa1e195cdd4f598ef126dba301",
    "scaling": "f2caa703a6f1a77460903bf0d111edb1929a1c1971fb1644da77fa65b74009a5",
    "names": "eec455a96bf8fe387d07e78fc07d34892204922ab9c4c1107cca76874b0d8995",
    "sets": "8b193bc6c4f4c47a94f44a42eaf1945ae853aeceabe897698ce40343705f6954",
    "nameable": "b45c3d3e7e98b8eda62996e5d02e4976f9325d5f3543d64326c771140d8a1fa4",
    "effects": "c05864c39d5265e09b3813cc7e6fa78fbfb36fc2164ab337f5bbedba433f65a4",
    "absorption": "385e3718719ad8efde5ba13e7e56038d8bd82c48912aac22a9b619e4e159e165",
    "edits": "2e6262ef202067da9b95840470ab691c4c7502667696269010cdb2c6d2211bc1",
    "paths": "0485d96ba2e61d050180be76ddb311bf7bc86abe58bb9f978c4a8a776334f208",
    "kept": "541139f86760885787f7a5897778ce85f01484794f1ee0c6cfd3d1de8917d18f",
    "labels": "01986325515e5a9b70db83a17bc3d39119cdfe48bb26d89ee3d9ab1c90b13b2d",
    "lookup": "b25afb9f023f8f4cf3eb28fb6aaffb168587281be7b6a2389f6b7165b188ea42",
    "pairs": "d574980d6dc944df5caa3ef413afc285afe3ed96b24381fb5da1a81f445cd1fd",
    "price": "7e19640e478ce657c6403c5dbbb03ccde168dde8da4624ebe56bb0da51ffcfb4",
    "recovery_density": "f603676b6c635b335a13e239aa8e6dd6127156bec64db084f06369841a108ed0",
    "recovery_width": "61ede476fa3952c90b2aab4cc89f34520ec0a1bf3803be080a4b690fe258b733",
}


@lru_cache
def recovery(varied: str) -> RecoveryCurves:
    """How much of the known truth is found, against "width" (latents) or "density" (how often a feature is active)."""
    arrays = stored.load(FOLDER, f"recovery_{varied}", SHA256[f"recovery_{varied}"])
    return RecoveryCurves(("topk", "relu", "ICA", "PCA", "random"), **arrays)


@lru_cache
def sets() -> dict[str, torch.Tensor]:
    """(features apart or in pairs, set): features "found", pairs whose "sums" are found, and the "unexplained"."""
    return stored.load(FOLDER, "sets", SHA256["sets"])


@lru_cache
def absorption() -> AbsorptionByKind:
    """What becomes of parents in a planted hierarchy, by kind of dictionary, over 6 truths."""
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
def pair_lists() -> dict[str, dict[str, tuple[float, float, float]]]:
    """{label: {list: F1 with its interval}} of lists that see tokens before, on the rows of `label_scores`."""
    arrays = stored.load(FOLDER, "pairs", SHA256["pairs"])
    ends = torch.stack([arrays[key] for key in ("f1", "low", "high")], 2)  # (list, label, end)
    return {label: {name: tuple(ends[i, j].tolist()) for i, name in enumerate(LISTS)} for j, label in enumerate(LABELS)}


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
def paths() -> Paths:
    """The latents of `PATHS`, taken away wherever they are active in `held_out`."""
    return Paths(WAYS, **stored.load(FOLDER, "paths", SHA256["paths"]))


@lru_cache
def edits() -> Edits:
    """The latents of `EDITED`, clamped and projected out, in 24 of the contexts of `held_out`."""
    arrays = stored.load(FOLDER, "edits", SHA256["edits"])
    return Edits(arrays["latent"], arrays["own"], arrays["null"], EDIT_CONTEXTS, int(arrays["modules"]))


@lru_cache
def held_out() -> HeldOut:
    """64 contexts of held-out modules, on which the lesson counts every name of its four latents."""
    arrays = stored.load(FOLDER, "names", SHA256["names"])
    return HeldOut(arrays["tokens"], arrays["module"], arrays["first"] > 0, int(arrays["early"]), arrays["others"])


@dataclass(frozen=True)
class Nameable:
    """Held-out contexts, and where each of `NAMEABLE` is active in them, first positions left out."""

    tokens: Int[Tensor, "context pos"]
    active: Bool[Tensor, "row latent"]


@lru_cache
def nameable() -> Nameable:
    """48 contexts of held-out modules."""
    arrays = stored.load(FOLDER, "nameable", SHA256["nameable"])
    return Nameable(arrays["tokens"], arrays["active"] > 0)


@dataclass(frozen=True)
class Effects:
    """How far the prediction moves where a latent was active, once it is taken away; nats."""

    latent: Int[Tensor, "latent"]
    kl: Float[Tensor, "latent"]


@lru_cache
def effects() -> Effects:
    """Of 120 latents drawn from those that are active ten times in eight contexts of the course's programs."""
    return Effects(**stored.load(FOLDER, "effects", SHA256["effects"]))


@lru_cache
def frontier() -> Frontier:
    """Error and loss against L0 of six kinds of dictionary, three settings each, over 3 seeds."""
    return Frontier(tuple(FRONTIER), **stored.load(FOLDER, "frontier", SHA256["frontier"]))


@lru_cache
def scaling() -> Scaling:
    """Error of TopK dictionaries of five widths, over 3 seeds."""
    return Scaling(**stored.load(FOLDER, "scaling", SHA256["scaling"]))


@lru_cache
def splits() -> Splits:
    """Labels and their parts by width, over 3 seeds, and in dictionaries of the untrained model."""
    return Splits(_parts(), **stored.load(FOLDER, "splits", SHA256["splits"]), control=CONTROL)


@lru_cache
def splits_at_rate() -> SplitsAtRate:
    """The same with k in proportion to the width, over 3 seeds."""
    return SplitsAtRate(_parts(), **stored.load(FOLDER, "splits_at_rate", SHA256["splits_at_rate"]))


def _parts() -> tuple[str, ...]:
    return (*LABELS, *(f"keyword: {word}" for word in KEYWORDS), *(f"closes: {word}" for word in CLOSERS))


@lru_cache
def shared() -> Shared:
    """The latents that two of three seeds have in common, by width."""
    return Shared(**stored.load(FOLDER, "shared", SHA256["shared"]))


@lru_cache
def shared_longer() -> dict[str, torch.Tensor]:
    """Of dictionaries of `LONGER_WIDTH` latents: "decoder" and "null" as in `shared`, and "unexplained", by length."""
    return stored.load(FOLDER, "shared_longer", SHA256["shared_longer"])


@lru_cache
def shared_known() -> dict[str, torch.Tensor]:
    """Two trainings on each of three known truths: what both have "found", and "decoder" and "null" as in `shared`."""
    return stored.load(FOLDER, "shared_known", SHA256["shared_known"])


@lru_cache
def carried_known() -> CarriedKnown:
    """The criterion of `carried` on TopK dictionaries of the planted hierarchy, where absorption is known."""
    arrays = stored.load(FOLDER, "carried_known", SHA256["carried_known"])
    return CarriedKnown(torch.tensor(MOST), **arrays)


@lru_cache
def carried() -> CarriedByLabel:
    """Absorption in the widest dictionaries of the code model, over 3 seeds."""
    return CarriedByLabel(CARRIED, **stored.load(FOLDER, "carried", SHA256["carried"]))


@lru_cache
def shuffled() -> Shuffled:
    """The same training in random order and in the order of the text, over 3 seeds."""
    return Shuffled(**stored.load(FOLDER, "shuffled", SHA256["shuffled"]))


@lru_cache
def crossed() -> Crossed:
    """Crosscoders over two layers, over 3 seeds, and over unrelated pairs."""
    return Crossed(**stored.load(FOLDER, "crossed", SHA256["crossed"]))
