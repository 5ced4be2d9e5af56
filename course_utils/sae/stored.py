"""What is too heavy to compute in the lesson ships as a small file; `models/stored/sae.py` makes it again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from course_utils import stored
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
LONG = replace(RECIPE, steps=5 * RECIPE.steps)  # of `prices`, `kept` and `recovery`
PENALTY = 0.3  # its λ
PRICES = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)  # the λ of `prices`
KEPT = (1, 2, 5, 8)  # the k of `kept`
DENSE, DENSE_KEPT = 0.16, (5, 8, 10, 13, 16)  # where about ten features are active; the k of `recovery_k`
ACTIVE = 2.56  # features in a vector of the truth, on average: 64 · 0.04
LISTED = 3000  # contexts of training text from which the lists are made
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
PATH_OTHERS, PATH_TIMES = 20, 2  # latents beside each; pushes so much longer cost about as much as the first latent
EDITED, EDIT_CONTEXTS = (378, 9), 24  # the latents of `edits`; contexts of `held_out`
READERS = ("attention 3", "MLP 3", "attention 4", "MLP 4", "unembedding")  # of `paths`
WIDTHS = (96, 192, 384, 768, 1536)  # of the dictionaries behind `scaling` and what follows it, all with k = 16
CONTROL = 768  # latents of those of the untrained model
RATE = 24  # latents for each active one in `splits_at_rate`, which has the three narrowest
LONGER, LONGER_WIDTH = 4, 192  # times as many steps as `shared`, of dictionaries so wide
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
    "recovery_k": "45665aa271cbb6001134aa17974b0dafcb4e59c06879ec528d3e8c4f8643ffa8",
    "shared_longer": "015bcc1ebf8b62218791f34a9d120aa6a2708a81fcaff0af53e14db71f9a71c6",
    "splits_at_rate": "5991cbbf891afcce0b8dbb2c002aef2be7a715e0f911998756e14b96d46a1099",
    "shared_known": "52f7433c6c023d5fc266166e164b9c8772e1d025fc0969b81a1140a0bf4d70e2",
    "splits": "f133384f3a9d6f3dc330884f9c87c75a6ef4aece2145b0b3738965e102a144e9",
    "frontier": "d22690b4dfa88ddbb39c528775d45a09c27dc00b60a87e64c6ac5ba2bca93f16",
    "crossed": "9e4e74f127cd65c815c1aa7dffd000154e4705c7a452a9016cb14e3d9e092378",
    "shared": "3b2cc1ac52ea0c0972a9c1e9866489491bfd6f9bcf4465afdb64aa6785669a10",
    "shuffled": "5d66872b0518397edce9712a6919b0c5bbfd7eaa1e195cdd4f598ef126dba301",
    "scaling": "f2caa703a6f1a77460903bf0d111edb1929a1c1971fb1644da77fa65b74009a5",
    "names": "eec455a96bf8fe387d07e78fc07d34892204922ab9c4c1107cca76874b0d8995",
    "sets": "8b193bc6c4f4c47a94f44a42eaf1945ae853aeceabe897698ce40343705f6954",
    "nameable": "b45c3d3e7e98b8eda62996e5d02e4976f9325d5f3543d64326c771140d8a1fa4",
    "effects": "c05864c39d5265e09b3813cc7e6fa78fbfb36fc2164ab337f5bbedba433f65a4",
    "absorption": "e1127ca51cc5ddeb7a070cdf1d19d654271eb09eb62184ee5f50afe5c05c62fd",
    "edits": "2e6262ef202067da9b95840470ab691c4c7502667696269010cdb2c6d2211bc1",
    "paths": "ded73329b57fbb8c8f75cc44d1ffd47daacc0547a297088ae08a0fbe3bc53136",
    "kept": "541139f86760885787f7a5897778ce85f01484794f1ee0c6cfd3d1de8917d18f",
    "labels": "01986325515e5a9b70db83a17bc3d39119cdfe48bb26d89ee3d9ab1c90b13b2d",
    "lookup": "c1213e35e6ead7d3dfc1296b5ec435fde3938e74578804758908a14103aba105",
    "pairs": "09ff6f72ff72f780fdfb81ceb1317123cdf573f76e0e157eb36c21998e4cbb03",
    "price": "7e19640e478ce657c6403c5dbbb03ccde168dde8da4624ebe56bb0da51ffcfb4",
    "recovery_density": "6a7ef6ef3efc7ecab58f63c390986819e49f32237d61d1011aa1ca06058ec220",
    "recovery_width": "12b2d89fb243bc84293df7f78db5cc9158dfccd0a0a8d4ed26cd84cafe4c8c9a",
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
    """{label: F1 of a list of tokens, with its interval}, made from training text, judged as `label_scores`."""
    arrays = stored.load(FOLDER, "lookup", SHA256["lookup"])
    ends = zip(*(arrays[key].tolist() for key in ("f1", "low", "high")), strict=True)
    return dict(zip(LABELS, ends, strict=True))


@lru_cache
def pair_lists() -> dict[str, dict[str, tuple[float, float, float]]]:
    """{label: {list: F1 with its interval}} of lists that see tokens before, made and judged as `token_lists`."""
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
    return Paths(READERS, **stored.load(FOLDER, "paths", SHA256["paths"]))


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
def recovery_k() -> dict[int, Float[Tensor, "seed"]]:
    """{k: the share of 64 known features that TopK finds}, where about ten of them are active."""
    arrays = stored.load(FOLDER, "recovery_k", SHA256["recovery_k"])
    return dict(zip(arrays["k"].tolist(), arrays["found"], strict=True))


@lru_cache
def shared_known() -> dict[str, torch.Tensor]:
    """Two trainings on each of three known truths: what both have "found", and "decoder" and "null" as in `shared`."""
    return stored.load(FOLDER, "shared_known", SHA256["shared_known"])


@lru_cache
def shuffled() -> Shuffled:
    """The same training in random order and in the order of the text, over 3 seeds."""
    return Shuffled(**stored.load(FOLDER, "shuffled", SHA256["shuffled"]))


@lru_cache
def crossed() -> Crossed:
    """Crosscoders over two layers, over 3 seeds, and over unrelated pairs."""
    return Crossed(**stored.load(FOLDER, "crossed", SHA256["crossed"]))
