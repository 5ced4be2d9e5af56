"""The stored results of lesson 2.

`recovery_width`, `recovery_density`, `recovery_together`: how much of a known truth is found, over seeds (minutes).
`sets`: the lesson's dictionaries on three sets of features, apart and in pairs (a minute).
`absorption`: parents whose latents fall silent, by kind of dictionary, over seeds (a minute).
`carried_known`: whether a criterion made for models finds the absorption of `absorption` (a minute).
`shared_known`: what two trainings on the same known features have in common (a minute).
`price`: ReLU with L1 for several λ, and TopK, trained longer, over seeds (ten minutes).
`kept`: TopK for several k, likewise.
`lookup`: how well a list of tokens tells each label (a minute).
`pairs`: how well lists that see the tokens before do (a minute).
`labels`: which units of `code-4l` tell which exact label, on the standard library's held-out modules (four minutes).
`nameable`: where the latents of the exercise are active on held-out modules (seconds).
`names`: the text on which the names of the lesson's four latents are counted, and what a random model and probes reach
there (two minutes).
`effects`: what removing 120 other latents does, on the course's own programs (a minute).
`edits`: how far stronger edits of two of them raise the loss where they are active, and elsewhere (two minutes).
`paths`: how far taking away each of five latents raises the loss, parts of the later blocks frozen (three minutes).
All of these read modules of the Python that runs them (stored: 3.11): another version gives slightly other numbers.

Those of the deeper notebook, which need many trainings, are in `sae_code`.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from course_utils.intervals import mean_interval
from course_utils.python_text import samples
from course_utils.sae.carried import Carried, carried
from course_utils.sae.config import Config
from course_utils.sae.edits import LEVELS
from course_utils.sae.effects import Bench, along, clamped, matched_latents, projected
from course_utils.sae.experiments import Families
from course_utils.sae.judging import score_labels
from course_utils.sae.lookup import pair_list, recent_list, token_list
from course_utils.sae.matching import SHARED, agreement, match_features
from course_utils.sae.metrics import Quality, fvu
from course_utils.sae.names import LATENTS, LEFT, told
from course_utils.sae.paths import Later, readers, rises
from course_utils.sae.plane_views import pair_sums
from course_utils.sae.planted import Recovery, Truth, baselines
from course_utils.sae.pricing import FOUND, Priced
from course_utils.sae.reading import LABELS, Reading
from course_utils.sae.shipped import available, held_out_contexts, load
from course_utils.sae.splice import CONTEXTS, Site
from course_utils.sae.stored import (  # noqa: F401 (FOLDER for `save`)
    EDIT_CONTEXTS,
    EDITED,
    EFFECT_ACTIVE,
    EFFECT_CONTEXTS,
    EFFECT_LATENTS,
    FAMILIES,
    FAMILY_KINDS,
    FAMILY_SEEDS,
    FEW,
    FOLDER,
    JUDGES,
    KEPT,
    MOST,
    NAMEABLE,
    NAMED_CONTEXTS,
    PAIRS,
    PATH_DRAWN,
    PATH_NEURONS,
    PATH_OTHERS,
    PATHS,
    PENALTY,
    PRICES,
    RECIPE,
    SHIPPED,
    TRUTH,
    UNTRAINED,
    held_out,
)
from course_utils.sae.training import train
from course_utils.sae.units import Labels, Units, best_threshold, probe
from models.sae_text import held_out_reading
from models.stored import sae_code

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
    rows: dict[str, list[list[float]]] = {key: [] for key in ("absorbed", "null", "alone", "unexplained", "l0")}
    for more in FAMILY_KINDS.values():
        seeds = {key: [] for key in rows}
        for seed in range(FAMILY_SEEDS):
            truth = Truth.draw(**FAMILIES, seed=seed)
            done = train(Config(d_in=32, n_latents=60, **more), truth, RECIPE, device="cpu", show=False)
            x, _ = truth.sample(4000, torch.Generator().manual_seed(10_003))
            found, quality = Families.of(truth, done, FEW), Quality.of(done.sae, x)
            for key in ("absorbed", "null", "alone"):
                seeds[key].append(getattr(found, key).mean().item())
            seeds["unexplained"].append(quality.unexplained)
            seeds["l0"].append(quality.l0)
        for key, values in seeds.items():
            rows[key].append(values)
    return {key: torch.tensor(values) for key, values in rows.items()}


def make_carried_known() -> dict[str, Tensor]:
    """The recipe of `carried_known`: the parents of `absorption`, TopK; 8000 rows, a hundred to a module, 3 seeds."""
    rows: dict[str, list[Tensor]] = {key: [] for key in ("latents", "missed", "absorbed", "null")}
    for seed in range(SEEDS):
        truth = Truth.draw(**FAMILIES, seed=seed)
        shape = Config(d_in=32, n_latents=60, **FAMILY_KINDS["TopK, k = 3"])
        sae = train(shape, truth, RECIPE, device="cpu", show=False).sae
        x, strength = truth.sample(8000, torch.Generator().manual_seed(10_004))
        f, parents = sae.encode(x), (truth.parent < 0).nonzero()[:, 0].tolist()
        names = tuple(f"parent {parent}" for parent in parents)
        labels = Labels(names, strength[:, parents] > 0, torch.arange(len(x)) // 100)
        rng = torch.Generator().manual_seed(0)
        found = [[carried(x, f, sae.W_dec, labels, name, rng, most) for name in names] for most in MOST]
        for key in rows:
            values = [[_mean(one, key) for one in each] for each in found]
            rows[key].append(torch.tensor(values).mean(1))
    return {key: torch.stack(values, 1) for key, values in rows.items()}


def _mean(found: Carried, key: str) -> float:
    return float(len(found.main)) if key == "latents" else torch.as_tensor(getattr(found, key)).mean().item()


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


def make_labels() -> dict[str, Tensor]:
    """The recipe of `labels`: 208 contexts of 27 modules."""
    tokens, labels = held_out_reading(3)
    untrained = load(UNTRAINED) if UNTRAINED in available() else None
    found = score_labels(load(SHIPPED), untrained, tokens, labels)
    return {key: value for key, value in vars(found).items() if isinstance(value, Tensor)}


def make_lookup() -> dict[str, Tensor]:
    """The recipe of `lookup`: how well a list of tokens tells each label, on the rows of `labels`."""
    tokens, labels = held_out_reading(3)
    lists = [token_list(tokens[:, 1:].flatten(), labels, name) for name in LABELS]
    found = {key: torch.tensor([getattr(best, key) for best in lists]) for key in ("f1", "low", "high")}
    return found | {"size": torch.tensor([len(best.units) for best in lists])}


def make_pairs() -> dict[str, Tensor]:
    """The recipe of `pairs`: lists of the token before, of pairs, and of the last three tokens."""
    tokens, labels = held_out_reading(3)
    before, ids = tokens[:, :-1].flatten(), tokens[:, 1:].flatten()
    longer = torch.cat([tokens[:, :1].expand(-1, 2), tokens], 1)  # the starting token stands before a context
    three = torch.stack([longer[:, 2 - back : -1 - back].flatten() for back in range(3)], 1)
    lists = [[token_list(before, labels, name), pair_list(before, ids, labels, name),
              recent_list(three, labels, name)] for name in LABELS]  # fmt: skip
    ends = ("f1", "low", "high")
    return {key: torch.tensor([[getattr(best, key) for best in row] for row in lists]).T for key in ends}


def make_price() -> dict[str, Tensor]:
    """The recipe of `price`: the lesson's truth, ReLU with L1 for several λ, and TopK, trained five times as long."""
    shapes = [Config(d_in=32, n_latents=96, kind="relu", penalty=penalty) for penalty in PRICES]
    return _priced([*shapes, Config(d_in=32, n_latents=96, k=3)])


def make_kept() -> dict[str, Tensor]:
    """The recipe of `kept`: the same for TopK with other k (five minutes)."""
    return _priced([Config(d_in=32, n_latents=96, k=k) for k in KEPT])


def _priced(shapes: list[Config]) -> dict[str, Tensor]:
    """Every measure of `Priced`, (shape, truth), after trainings five times as long as `RECIPE`."""
    truths = [Truth.draw(**TRUTH, seed=seed) for seed in range(SEEDS)]
    recipe = replace(RECIPE, steps=5 * RECIPE.steps)
    done = [[Priced.of(truth, train(shape, truth, recipe, device="cpu", show=False)) for truth in truths]
            for shape in shapes]  # fmt: skip
    return {key: torch.tensor([[getattr(each, key) for each in row] for row in done]) for key in Priced.MEASURES}


def make_paths() -> dict[str, Tensor]:
    """The recipe of `paths`: wherever a latent is active in `held_out`; the sample programs choose the neurons."""
    dictionary, text = load(SHIPPED), held_out()
    later, W_dec = Later.of(dictionary, text.tokens), dictionary.sae.W_dec
    f, ways = dictionary.encode(text.tokens), ((), *((part,) for part in later.parts), later.parts)
    module = torch.nn.functional.pad(text.module.view(len(f), -1), (1, 0))  # the starting token counts nowhere
    pieces = [(some, later[some]) for some in torch.arange(len(f)).split(CONTEXTS)]

    def rise(latent: int, along: int, **frozen) -> tuple[Tensor, Tensor]:
        strength = f[..., latent, None]
        at = strength[..., 0] > 0
        at[:, -1] = False  # nothing follows
        found = [rises(piece, text.tokens[some], at[some], piece.x - strength[some] * W_dec[along], **frozen)
                 for some, piece in pieces]  # fmt: skip
        return torch.cat(found), module[at]

    def own(latent: int, **frozen) -> tuple[float, float, float]:
        rise_there, of = rise(latent, latent, **frozen)
        return mean_interval(rise_there, clusters=of)

    def null(latent: int, other: Tensor) -> list[list[float]]:
        ends = ((), later.parts)
        return [[rise(latent, i, frozen=way)[0].mean().item() for i in other.tolist()] for way in ends]

    share, case = (f[:, 1:] > 0).float().mean((0, 1)), PATHS[0]
    other = [matched_latents(share, latent, PATH_OTHERS) for latent in PATHS]
    reading = Reading.of(dictionary, [samples.read(name) for name in samples.names()])
    before, on = Later.of(dictionary, reading.tokens), reading.f[..., case, None]
    neurons = readers(before, on[..., 0] > 0, before.x - on * W_dec[case], PATH_NEURONS)
    rest = [i for i in range(later.neurons.shape[-1]) if i not in neurons]
    rng = torch.Generator().manual_seed(0)
    sets = [[rest[i] for i in torch.randperm(len(rest), generator=rng)[:PATH_NEURONS].tolist()]
            for _ in range(PATH_DRAWN)]  # fmt: skip
    return {"latent": torch.tensor(PATHS), "own": torch.tensor([[own(i, frozen=way) for way in ways] for i in PATHS]),
            "alone": torch.tensor([[own(i, only=part) for part in later.parts] for i in PATHS]),
            "null": torch.tensor([null(*each) for each in zip(PATHS, other, strict=True)]), "other": torch.stack(other),
            "neurons": torch.tensor(neurons), "held": torch.tensor(own(case, neurons=neurons)),
            "drawn": torch.tensor([rise(case, case, neurons=chosen)[0].mean().item() for chosen in sets])}  # fmt: skip


def make_edits() -> dict[str, Tensor]:
    """The recipe of `edits`: each of `LEVELS` and the projection, beside twenty others; the loss of the next token."""
    dictionary, text = load(SHIPPED), held_out()
    kept = torch.linspace(0, len(text.tokens) - 1, EDIT_CONTEXTS).long()
    tokens, module = text.tokens[kept], text.module.view(len(text.tokens), -1)[kept]
    site, f = Site(dictionary.model, dictionary.hook), dictionary.encode(tokens)
    clean, mean = site.losses(tokens), site.activations(tokens)[:, 1:].flatten(0, 1).mean(0)
    share = (f[:, 1:] > 0).float().mean((0, 1))
    rows: dict[str, list] = {"own": [], "null": []}
    for latent in EDITED:
        on, level = f[:, :-1, latent] > 0, f[..., latent][f[..., latent] > 0].mean()

        def rises(edit, on=on) -> list[tuple[float, float, float]]:
            rise = site.losses(tokens, edit) - clean
            return [mean_interval(rise[at], clusters=module[at]) for at in (on, ~on)]

        clamps = [clamped(dictionary, latent, at * level) for at in LEVELS]
        rows["own"].append([rises(edit) for edit in (*clamps, projected(dictionary, latent, mean))])
        others = matched_latents(share, latent, PATH_OTHERS).tolist()
        nulls = [[along(dictionary, other, clamps[-1]) for other in others],
                 [projected(dictionary, other, mean) for other in others]]  # fmt: skip
        rows["null"].append([[[place[0] for place in rises(edit)] for edit in edits] for edits in nulls])
    return {"latent": torch.tensor(EDITED), "modules": module.unique().numel() * torch.ones(()),
            **{key: torch.tensor(values) for key, values in rows.items()}}  # fmt: skip


def make_names() -> dict[str, Tensor]:
    """The recipe of `names`: 64 held-out contexts judge; the sample programs choose and train."""
    ours, random = load(SHIPPED), load(UNTRAINED)
    tokens, labels = held_out_reading(3)
    kept = torch.linspace(0, len(tokens) - 1, NAMED_CONTEXTS).long()
    each = tokens.shape[1] - 1
    tokens, module = tokens[kept], labels.module.view(-1, each)[kept].flatten()
    flag = {name: labels.flags[:, i].view(-1, each)[kept].flatten() for i, name in enumerate(labels.names)}
    between = flag["in_brackets"] | flag["opens"]
    first = [flag["closes"], between, flag["string_closes"], torch.ones_like(between)]
    reading = Reading.of(ours, [samples.read(name) for name in samples.names()])
    shown, decode = reading.labels, ours.model.tokenizer.decode
    place = torch.arange(1.0, each + 1).repeat(len(reading.tokens))
    active = reading.rows[:, LATENTS[LEFT.index("early in the context")]] > 0
    early = int(-best_threshold(-place, active))
    named = torch.cat([told(reading.tokens, early, decode), told(tokens, early, decode)])
    rows = Labels(LEFT, named, torch.cat([2 * shown.module, 2 * module + 1]))  # the programs choose, the modules judge
    untrained, trained = (torch.cat([one.activations(reading.tokens)[0], one.activations(tokens)[0]])
                          for one in (random, ours))  # fmt: skip
    latents = Units(torch.cat([random.sae.encode(part) for part in untrained.split(4096)]), rows)
    probes = [[probe(x, rows, name) for name in LEFT] for x in (untrained, trained)]
    best = [[latents.best(name) for name in LEFT], *probes]
    others = [[[getattr(one, end) for end in ("f1", "low", "high")] for one in reader] for reader in best]
    return {"tokens": tokens, "module": module, "first": torch.stack(first, 1).to(torch.uint8),
            "early": torch.tensor(early), "others": torch.tensor(others)}  # fmt: skip


def make_nameable() -> dict[str, Tensor]:
    """The recipe of `nameable`: 48 held-out contexts (seconds)."""
    dictionary = load(SHIPPED)
    tokens, _ = held_out_contexts(dictionary.model, JUDGES)
    active = dictionary.encode(tokens)[:, 1:, list(NAMEABLE)].flatten(0, 1) > 0
    return {"tokens": tokens, "active": active.to(torch.uint8)}


def make_effects() -> dict[str, Tensor]:
    """The recipe of `effects`: 120 latents of eight contexts of the course's programs (a minute)."""
    dictionary = load(SHIPPED)
    reading = Reading.of(dictionary, [samples.read(name) for name in samples.names()], EFFECT_CONTEXTS)
    bench = Bench.of(dictionary, reading.tokens)
    alive = ((bench.f[:, 1:] > 0).sum((0, 1)) >= EFFECT_ACTIVE).nonzero()[:, 0]
    drawn = alive[torch.randperm(len(alive), generator=torch.Generator().manual_seed(0))[:EFFECT_LATENTS]]
    return {"latent": drawn, "kl": torch.tensor([bench.ablate(latent).kl for latent in drawn.tolist()])}


MAKERS = {"recovery_width": make_width, "sets": make_sets, "absorption": make_absorption,
          "carried_known": make_carried_known, "shared_known": make_shared_known, "labels": make_labels,
          "lookup": make_lookup, "price": make_price, "paths": make_paths, "edits": make_edits,
          "kept": make_kept, "effects": make_effects,
          "pairs": make_pairs, "names": make_names, "nameable": make_nameable, **sae_code.MAKERS}  # fmt: skip
