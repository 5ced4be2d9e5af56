"""Exercises 11 and 12: name the heads of a model that you have not seen; predict what happens when some are taken away."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from course_utils import induction as ind
from course_utils.grading.kinds import Answer, wrong
from course_utils.induction.exercises.heads import HeadName, heads, unknown
from course_utils.induction.unknown.crowd import LENGTH

LENGTHS = (6, LENGTH, 26)  # of blocks: what a head does must not hang on one
PICTURE = 8  # of the blocks in the picture that the exercise shows
LAYERS, PER_LAYER = 2, 6
ROLES = ("previous", "induction", "same token")


@dataclass(frozen=True)
class CrowdFacts:
    """What running a crowd shows: the heads of each role, and other groups that mistakes single out."""

    roles: dict[str, set[HeadName]]
    looks: set[HeadName] = field(default_factory=set)  # match prefixes, whether they copy or not
    copies: set[HeadName] = field(default_factory=set)  # copy, wherever they look
    pictured: set[HeadName] = field(default_factory=set)  # seem to match prefixes at the length of the picture


def _measured(seed: int) -> CrowdFacts:
    return _measured_of(ind.crowd(seed).weights)


def _measured_of(weights: ind.Weights) -> CrowdFacts:
    """Every head by where it looks and whether it copies, at three block lengths; at its least."""
    found: dict[str, list] = {"previous": [], "prefix": [], "same": []}
    for length in LENGTHS:
        dice = torch.Generator().manual_seed(length)
        tokens = ind.repeated_tokens(weights.d_vocab, 32, length, distinct=True, generator=dice)
        pattern = ind.run(weights, tokens).pattern
        found["previous"].append(ind.previous_token_score(pattern))
        found["prefix"].append(ind.prefix_matching_score(pattern, length))
        found["same"].append(pattern.diagonal(-length, -2, -1)[..., 1:].mean(-1).mean(-2))
    least = {name: torch.stack(values).amin(0) > 0.5 for name, values in found.items()}
    copies = ind.copying_score(weights.W_E, weights.W_V, weights.W_O, weights.W_U) > 0.5
    roles = {"previous": least["previous"], "induction": least["prefix"] & copies, "same token": least["same"]}
    dice = torch.Generator().manual_seed(PICTURE)
    tokens = ind.repeated_tokens(weights.d_vocab, 32, PICTURE, distinct=True, generator=dice)
    pictured = ind.prefix_matching_score(ind.run(weights, tokens).pattern, PICTURE) > 0.5
    named = {name: _set(mask) for name, mask in roles.items()}
    return CrowdFacts(named, _set(least["prefix"]), _set(copies), _set(pictured))


def _set(mask: torch.Tensor) -> set[HeadName]:
    return {(layer, number) for layer, number in mask.nonzero().tolist()}


# 11 · name_heads


def _canonical(answer: Any) -> dict[str, set[HeadName]]:
    if not isinstance(answer, Mapping):
        raise TypeError("no dict")
    return {str(role): heads(group) for role, group in answer.items()}


def _form(answer: dict[str, set[HeadName]], truth: CrowdFacts) -> str:
    if set(answer) != set(ROLES):
        return f"Give a dict with exactly the keys {', '.join(ROLES)}."
    if said := unknown(set().union(*answer.values()), LAYERS, PER_LAYER):
        return said
    for one, group in answer.items():
        for other, rest in answer.items():
            if one < other and group & rest:
                layer, number = min(group & rest)
                return f"A head has one role here; {layer}.{number} is in `{one}` and in `{other}`."
    return ""


def _role(answer: dict[str, set[HeadName]], head: HeadName) -> str:
    return next((role for role in ROLES if head in answer[role]), "")


def _score(answer: dict[str, set[HeadName]], truth: CrowdFacts) -> float:
    """The share of the twelve heads that have the right role, or rightly none."""
    every = [(layer, number) for layer in range(LAYERS) for number in range(PER_LAYER)]
    return sum(_role(answer, head) == _role(truth.roles, head) for head in every) / len(every)


def _explain(answer: dict[str, set[HeadName]], truth: CrowdFacts) -> str:
    said = {
        "previous": "more than half of its attention on the token before",
        "induction": "more than half on the token after the earlier occurrence, at every block length, and a copying score above 1/2",
        "same token": "more than half on the earlier occurrence of the current token, `length` back",
    }
    role = next((role for role in ROLES if answer[role] != truth.roles[role]), "")
    return f"`{role}` is not right yet: {said[role]}." if role else ""


def _dealt(truth: CrowdFacts, rng: torch.Generator) -> dict[str, set[HeadName]]:
    """As many heads of each role as there are, in the right layers, dealt out at random: a hard null."""
    deal = {layer: torch.randperm(PER_LAYER, generator=rng).tolist() for layer in range(LAYERS)}
    return {role: {(layer, deal[layer][number]) for layer, number in group} for role, group in truth.roles.items()}


Answer(
    id="induction.name_heads",
    truth=_measured,
    key=lambda truth: truth.roles,
    score=_score,
    null=_dealt,
    canonical=_canonical,
    form=_form,
    explain=_explain,
    expects='For example {"previous": {(0, 1)}, "induction": {(1, 4), (1, 5)}, "same token": set()}, heads as (layer, head).',
    share=1.0,
    effort=8.0,
    own=ind.Crowd.reveal,
    why="Every head of a crowd does what it does clearly, so par is all twelve.",
    hints=(
        "`cache[\"pattern\", layer]` of repeated tokens is (batch, head, query, key): your two scores give a number for each head. Print them for both layers.",
        "Use two block lengths. A head that looks a fixed number of positions back is taken in by one of them at most.",
        "Looking is half of it: a head that matches prefixes and copies nothing completes nothing. copying_score needs W_E, W_V, W_O, W_U of the head, which the model has under these names.",
    ),
    misconceptions=(
        wrong("looking taken for induction", lambda truth: truth.roles | {"induction": truth.looks},
              "You name every head that matches prefixes. One of them copies nothing: what it finds does not reach the logits. An induction head does both; look at its copying score."),
        wrong("read off the picture", lambda truth: truth.roles | {"induction": truth.pictured},
              "You name what the picture shows. It has one block length and cannot show what a head copies: of the heads with that stripe, one counts positions (try another length) and one copies nothing (look at its copying score)."),
        wrong("counting taken for induction", lambda truth: truth.roles | {"induction": truth.copies},
              "You name every head that copies and looks right in the picture. One of them looks a fixed number of positions back, the right one for blocks of eight: try another block length."),
        wrong("same token taken for induction", lambda truth: {"previous": truth.roles["previous"], "induction": truth.roles["same token"], "same token": truth.roles["induction"]},
              "You have exchanged `induction` and `same token`. A head that looks at the earlier occurrence of the current token itself (in the literature a duplicate-token head) is not one: an induction head looks one further, at what came after it."),
        wrong("previous taken for induction", lambda truth: truth.roles | {"previous": truth.roles["induction"], "induction": truth.roles["previous"]},
              "`previous` and `induction` are exchanged. The previous-token heads are in the first layer; the induction heads read what they write."),
        wrong("one of two", lambda truth: {role: set(sorted(group)[:1]) for role, group in truth.roles.items()},
              "You name one head of each kind. More than one may do the same: look at every score, not only at the largest."),
        wrong("layers exchanged", lambda truth: {role: {(1 - layer, number) for layer, number in group} for role, group in truth.roles.items()},
              "The layers are exchanged. A head is (layer, head), and the first layer is 0."),
        wrong("same token overlooked", lambda truth: truth.roles | {"same token": set()},
              "You found no head that looks at the same token. Attention to the earlier occurrence of the current token stands `length` below the diagonal."),
    ),
)  # fmt: skip


# 12 · predict_ablation


@dataclass(frozen=True)
class Rival:
    """One crowd whose ablations are predicted."""

    breaks: tuple[bool, ...]
    ablations: tuple[frozenset[HeadName], ...]
    roles: dict[str, set[HeadName]]


def _rivals(seed: int) -> tuple[Rival, ...]:
    crowds = ind.rivals(seed)
    return tuple(Rival(one.reveal().breaks, one.ablations, _measured_of(one.weights).roles) for one in crowds)


def _as_truths(answer: Any) -> list[list[bool]]:
    answer = answer.tolist() if hasattr(answer, "tolist") else answer
    if isinstance(answer, (Mapping, set, frozenset, str)):
        raise TypeError("no sequence")
    return [[_truth_value(value) for value in (one.tolist() if hasattr(one, "tolist") else one)] for one in answer]


def _truth_value(value: Any) -> bool:
    value = value.item() if hasattr(value, "item") else value
    if value not in (0, 1):
        raise TypeError("neither True nor False")
    return bool(value)


def _twelve_each(answer: list[list[bool]], truth: tuple[Rival, ...]) -> str:
    wanted = [len(one.breaks) for one in truth]
    if [len(one) for one in answer] != wanted:
        return f"Give {len(wanted)} lists, one for each rival, of {wanted[0]} values each."
    return ""


def _pairs(answer: list[list[bool]], truth: tuple[Rival, ...]) -> list[list[bool]]:
    return [[a == b for a, b in zip(one, rival.breaks, strict=True)] for one, rival in zip(answer, truth, strict=True)]


def _right(answer: list[list[bool]], truth: tuple[Rival, ...]) -> float:
    right = [same for pair in _pairs(answer, truth) for same in pair]
    return sum(right) / len(right)


def _how_many(answer: list[list[bool]], truth: tuple[Rival, ...]) -> str:
    """Not which: the ablations are for predicting, not for asking one by one."""
    right = [sum(one) for one in _pairs(answer, truth)]
    return (
        f"{', '.join(map(str, right[:-1]))} and {right[-1]} of {len(truth[0].breaks)} are right. For each ablation ask "
        "whether a whole chain is left, and which head of the first layer each induction head reads."
    )


def _each(predict: Any) -> Any:
    return lambda truth: [predict(one) for one in truth]


def _if_any(*roles: str) -> Any:
    def predict(rival: Rival) -> list[bool]:
        wanted = set().union(*(rival.roles[role] for role in roles))
        return [bool(group & wanted) for group in rival.ablations]

    return _each(predict)


Answer(
    id="induction.predict_ablation",
    truth=_rivals,
    key=lambda truth: [list(one.breaks) for one in truth],
    score=_right,
    null=lambda truth, rng: [(torch.rand(len(one.breaks), generator=rng) < 0.5).tolist() for one in truth],
    canonical=_as_truths,
    form=_twelve_each,
    explain=_how_many,
    expects="Give three lists of True (it breaks) and False (it goes on), in the order of `rivals` and of their `ablations`.",
    share=1.0,
    effort=8.0,
    own=ind.Crowd.reveal,
    why="Each of the thirty-six follows from which head reads which, so par is all of them.",
    hints=(
        "A chain is an induction head with a head of the first layer that it reads. Which does each induction head read, and by its keys or by its queries? Two may read the same one, and one may read two.",
        "Zero-ablate each head of the first layer, alone and in pairs, and look at each induction head's own prefix-matching score: it falls where the head has lost what it reads. The accuracy hides this, since the other induction head goes on.",
        "An ablation breaks the model when no whole chain is left: one is enough. If an induction head reads no previous-token head, ask what else in the first layer finds the earlier occurrence: its queries may be told where that is.",
    ),
    misconceptions=(
        wrong("nothing breaks", _each(lambda rival: [False] * len(rival.breaks)),
              "You predict that nothing breaks. One of the ablations of each rival, at the least, takes both induction heads: then no chain is left."),
        wrong("everything breaks", _each(lambda rival: [True] * len(rival.breaks)),
              "You predict that everything breaks. There are two induction heads, and one of them may be enough."),
        wrong("any head that takes part", _if_any("previous", "induction"),
              "You let it break as soon as one previous-token or induction head is missing. Another chain may do the work alone: ask of each ablation whether a whole one is left."),
        wrong("any induction head", _if_any("induction"),
              "You let it break as soon as one induction head is missing. There are two: either may be enough."),
        wrong("any previous-token head", _if_any("previous"),
              "You let it break as soon as one previous-token head is missing. Does every induction head read it?"),
        wrong("both of a kind", _each(lambda rival: [any(group == rival.roles[role] for role in ("previous", "induction")) for group in rival.ablations]),
              "You let it break only when both heads of a kind are missing. That would be right if every induction head read both previous-token heads. Which does each read?"),
        wrong("answers turned round", _each(lambda rival: [not one for one in rival.breaks]),
              "Your answers are turned round: True means that it breaks, that less than half of the block is still completed."),
        wrong("rivals in another order", lambda truth: [list(one.breaks) for one in truth[1:] + truth[:1]],
              "Your lists are right and stand in another order: the first belongs to rivals[0]."),
    ),
)  # fmt: skip
