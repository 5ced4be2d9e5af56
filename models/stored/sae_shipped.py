"""The stored results of lesson 2 that judge its bundled dictionaries.

`lookup`: how well a list of tokens, made from training text, tells each label (five minutes).
`pairs`: how well lists that see the tokens before do (six minutes).
`labels`: which units of `code-4l` tell which exact label, on the standard library's held-out modules (four minutes).
`nameable`: where the latents of the exercise are active on held-out modules (seconds).
`names`: the text on which the names of the lesson's four latents are counted, and what a random model and probes reach
there (two minutes).
`effects`: what removing 120 other latents does, on the course's own programs (a minute).
`edits`: how far stronger edits of two of them raise the loss where they are active, and elsewhere (two minutes).
`paths`: how far the loss rises when all, one or all but one of its readers miss a latent (ten minutes).
All of these read modules of the Python that runs them (stored: 3.11): another version gives slightly other numbers.
"""

from __future__ import annotations

from collections.abc import Collection

import torch
from torch import Tensor

from course_utils.intervals import mean_interval
from course_utils.python_text import samples
from course_utils.sae.edits import LEVELS
from course_utils.sae.effects import Bench, along, clamped, matched_latents, projected
from course_utils.sae.judging import score_labels
from course_utils.sae.lookup import pair_list, recent_list, token_list
from course_utils.sae.names import LATENTS, LEFT, told
from course_utils.sae.paths import Later, surprise
from course_utils.sae.reading import LABELS, Reading
from course_utils.sae.shipped import available, held_out_contexts, load
from course_utils.sae.splice import CONTEXTS, Site
from course_utils.sae.stored import (
    EDIT_CONTEXTS,
    EDITED,
    EFFECT_ACTIVE,
    EFFECT_CONTEXTS,
    EFFECT_LATENTS,
    JUDGES,
    LISTED,
    NAMEABLE,
    NAMED_CONTEXTS,
    PATH_OTHERS,
    PATH_TIMES,
    PATHS,
    SHIPPED,
    UNTRAINED,
    held_out,
)
from course_utils.sae.units import Labels, Units, best_threshold, probe
from models.sae_text import held_out_reading, training_reading


def make_labels() -> dict[str, Tensor]:
    """The recipe of `labels`: 208 contexts of 27 modules."""
    tokens, labels = held_out_reading(3)
    untrained = load(UNTRAINED) if UNTRAINED in available() else None
    found = score_labels(load(SHIPPED), untrained, tokens, labels)
    return {key: value for key, value in vars(found).items() if isinstance(value, Tensor)}


def _learnt() -> tuple[Tensor, Labels]:
    """Training text, on which lists are made, and those modules of `labels` on which they are judged."""
    text, known = training_reading(LISTED)
    tokens, labels = held_out_reading(3)
    second = labels.halves[1]
    chosen = second.view(len(tokens), -1)[:, 0]
    flags = torch.cat([known.flags, labels.flags[second]])
    module = torch.cat([2 * known.module, labels.module[second]])
    return torch.cat([text, tokens[chosen]]), Labels(LABELS, flags, module)


def make_lookup() -> dict[str, Tensor]:
    """The recipe of `lookup`: how well a list of tokens tells each label, judged on the rows of `labels`."""
    tokens, labels = _learnt()
    lists = [token_list(tokens[:, 1:].flatten(), labels, name) for name in LABELS]
    found = {key: torch.tensor([getattr(best, key) for best in lists]) for key in ("f1", "low", "high")}
    return found | {"size": torch.tensor([len(best.units) for best in lists])}


def make_pairs() -> dict[str, Tensor]:
    """The recipe of `pairs`: lists of the token before, of pairs, and of the last three tokens."""
    tokens, labels = _learnt()
    before, ids = tokens[:, :-1].flatten(), tokens[:, 1:].flatten()
    longer = torch.cat([tokens[:, :1].expand(-1, 2), tokens], 1)  # the starting token stands before a context
    three = torch.stack([longer[:, 2 - back : -1 - back].flatten() for back in range(3)], 1)
    lists = [[token_list(before, labels, name), pair_list(before, ids, labels, name),
              recent_list(three, labels, name)] for name in LABELS]  # fmt: skip
    ends = ("f1", "low", "high")
    return {key: torch.tensor([[getattr(best, key) for best in row] for row in lists]).T for key in ends}


def make_paths() -> dict[str, Tensor]:
    """The recipe of `paths`: wherever a latent is active in `held_out`."""
    dictionary, text = load(SHIPPED), held_out()
    later, f, W_dec = Later.of(dictionary, text.tokens), dictionary.encode(text.tokens), dictionary.sae.W_dec
    module = torch.nn.functional.pad(text.module.view(len(f), -1), (1, 0))  # the starting token counts nowhere
    pieces, everyone = torch.arange(len(f)).split(CONTEXTS), later.readers

    def rise(latent: int, along: int, readers: Collection[str], times: float = 1) -> tuple[Tensor, Tensor]:
        """By how much both numbers of `surprise` rise at each place, and the modules of the places."""
        strength = times * f[..., latent, None]
        at = strength[..., 0] > 0
        at[:, -1] = False  # nothing follows
        found = []
        for some in pieces:
            piece, tokens = later[some], text.tokens[some]
            there = piece.x - strength[some] * W_dec[along]
            found.append(surprise(piece, tokens, at[some], there, readers) - surprise(piece, tokens, at[some], piece.x))
        return torch.cat(found), module[at]

    def own(latent: int, readers: Collection[str]) -> tuple[float, float, float]:
        found, of = rise(latent, latent, readers)
        return mean_interval(found[:, 0], clusters=of)

    def ways(along: int, times: float = 1) -> tuple[Tensor, Tensor]:
        """In log-odds, (place, way): each reader alone, all, and how much more that is than their sum."""
        alone = [rise(case, along, [reader], times)[0][:, 1] for reader in everyone]
        both, of = rise(case, along, everyone, times)
        return torch.stack([*alone, both[:, 1], both[:, 1] - sum(alone)], 1), of

    share, case = (f[:, 1:] > 0).float().mean((0, 1)), PATHS[0]
    other = [matched_latents(share, latent, PATH_OTHERS) for latent in PATHS]
    null = [[[rise(latent, i, readers)[0][:, 0].mean().item() for i in beside.tolist()]
             for readers in (everyone, everyone[-1:])]
            for latent, beside in zip(PATHS, other, strict=True)]  # fmt: skip
    odds, of = ways(case)
    return {"latent": torch.tensor(PATHS), "own": torch.tensor([own(i, everyone) for i in PATHS]),
            "alone": torch.tensor([[own(i, [reader]) for reader in everyone] for i in PATHS]),
            "spared": torch.tensor([[own(i, {*everyone} - {reader}) for reader in everyone] for i in PATHS]),
            "other": torch.stack(other), "null": torch.tensor(null),
            "odds": torch.tensor([mean_interval(way, clusters=of) for way in odds.T]),
            "odds_null": torch.stack([ways(i, PATH_TIMES)[0].mean(0) for i in other[0].tolist()])}  # fmt: skip


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


MAKERS = {"labels": make_labels, "lookup": make_lookup, "pairs": make_pairs, "nameable": make_nameable,
          "names": make_names, "effects": make_effects, "edits": make_edits, "paths": make_paths}  # fmt: skip
