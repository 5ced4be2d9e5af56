"""Exercise 11: a sealed model, whose structure is read off its weights."""

import operator
from collections.abc import Iterable
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_utils import superposition as sp
from course_utils.grading.kinds import Answer, wrong

# 11 · the sealed model

Groups = dict[str, set]


def _as_sets(groups: sp.Groups) -> Groups:
    return {"dropped": set(groups.dropped), "pairs": set(groups.pairs), "pentagon": set(groups.pentagon)}


def _index(value: Any) -> Any:
    """A plain int where `value` is a whole number of any kind; truth values and the rest stay, to be refused."""
    value = value.item() if isinstance(value, (Tensor, np.ndarray, np.bool_)) else value
    try:
        return value if isinstance(value, bool) else operator.index(value)
    except TypeError:
        return value


def _features(group: Any) -> set:
    """The features of a group given as a set, list, tensor or array, or as one number."""
    group = group.reshape(-1).tolist() if isinstance(group, (Tensor, np.ndarray)) else group
    return {_index(i) for i in (group if isinstance(group, Iterable) else (group,))}


def _canonical(answer: Any) -> Any:
    """Plain sets of plain ints, the smaller feature of a pair first."""
    if not isinstance(answer, dict) or set(answer) != {"dropped", "pairs", "pentagon"}:
        return answer  # the form says what is missing
    if any(not isinstance(pair, Iterable) for pair in answer["pairs"]):
        return answer | {"pairs": None}  # the form says what is wrong
    pairs = {tuple(sorted(_index(i) for i in pair)) for pair in answer["pairs"]}
    return {"dropped": _features(answer["dropped"]), "pairs": pairs, "pentagon": _features(answer["pentagon"])}


def _as_groups(answer: Groups) -> sp.Groups:
    return sp.Groups(frozenset(answer["dropped"]), frozenset(answer["pairs"]), frozenset(answer["pentagon"]))


def _reading_form(answer: Groups, truth: tuple[int, Groups]) -> str:
    if not isinstance(answer, dict) or set(answer) != {"dropped", "pairs", "pentagon"}:
        return "Give a dict with exactly the keys dropped, pairs and pentagon."
    if answer["pairs"] is None:
        return "`pairs` holds pairs of features, not features: {(0, 5), (1, 2)}."
    if any(len(pair) != 2 or pair[0] == pair[1] for pair in answer["pairs"]):
        return "Each pair has two different features."
    if any(isinstance(i, (tuple, frozenset)) for i in answer["pentagon"] | answer["dropped"]):
        return "`dropped` and `pentagon` hold features, not groups of them: {1, 3, 4, 6, 8}, not {(1, 3, 4, 6, 8)}."
    named = [("dropped", i) for i in sorted(answer["dropped"])] + [("pentagon", i) for i in sorted(answer["pentagon"])]
    named += [(f"the pair {pair}", i) for pair in sorted(answer["pairs"]) for i in pair]
    if any(isinstance(i, bool) or not isinstance(i, int) or not 0 <= i < truth[0] for _, i in named):
        return f"Features are whole numbers from 0 to {truth[0] - 1}."
    places: dict[int, str] = {}
    for place, i in named:
        if i in places:
            return f"A feature can be in one place only; {i} is in {places[i]} and in {place}."
        places[i] = place
    return ""


def _reading_score(answer: Groups, truth: tuple[int, Groups]) -> float:
    return sp.group_agreement(_as_groups(answer), _as_groups(truth[1]), truth[0])


def _reading_explain(answer: Groups, truth: tuple[int, Groups]) -> str:
    right = truth[1]
    if answer["dropped"] != right["dropped"]:
        return "The dropped features are not right yet: look at the lengths of the columns."
    if answer["pairs"] < right["pairs"]:
        return "The pairs that you give are right; there are more. A pair has cosine −1."
    if answer["pairs"] != right["pairs"]:
        return (
            "The pairs are not right yet: a pair has cosine −1, and no other feature that was kept leans on either of "
            "the two."
        )
    return (
        "The pentagon is not right yet: its members have cosines 0.31 and −0.81 with one another, and 0 with all "
        "others that were kept."
    )


def _random_reading(truth: tuple[int, Groups], rng: torch.Generator) -> Groups:
    """The right numbers of everything, with the features dealt out at random: a hard null."""
    deal = torch.randperm(truth[0], generator=rng).tolist()
    return {
        "dropped": {deal[i] for i in truth[1]["dropped"]},
        "pairs": {tuple(sorted((deal[a], deal[b]))) for a, b in truth[1]["pairs"]},
        "pentagon": {deal[i] for i in truth[1]["pentagon"]},
    }


def _reading_truth(seed: int) -> tuple[int, Groups]:
    model = sp.sealed(seed)
    return model.W.shape[1], _as_sets(model.reveal())


def _alone(truth: tuple[int, Groups]) -> set[int]:
    placed = truth[1]["dropped"] | truth[1]["pentagon"] | {i for pair in truth[1]["pairs"] for i in pair}
    return set(range(truth[0])) - placed


Answer(
    id="superposition.sealed",
    truth=_reading_truth,
    key=lambda truth: truth[1],
    score=_reading_score,
    null=_random_reading,
    canonical=_canonical,
    form=_reading_form,
    explain=_reading_explain,
    expects='For example {"dropped": {3}, "pairs": {(0, 5), (1, 2)}, "pentagon": set()}.',
    share=1.0,
    own=sp.Sealed.reveal,
    why="Every feature of a sealed model can be placed with certainty from Wᵀ W, so par is all of them.",
    hints=(
        "No row of W means anything: the hidden space was rotated. What a rotation cannot change is Wᵀ W.",
        "Lengths of columns first: the short ones were dropped. Then the cosines between the others.",
        "A cosine of −1: an antipodal pair. Five features with cosines 0.31 and −0.81 among them: a pentagon. All cosines with kept features 0: alone.",
    ),
    misconceptions=(
        wrong("pairs overlooked", lambda truth: truth[1] | {"pairs": set()},
              "You found no pairs. Two features with cosine −1 share one dimension, one at each end."),
        wrong("dropped features overlooked", lambda truth: truth[1] | {"dropped": set()},
              "You found nothing dropped. Look at the lengths of the columns before their angles: a cosine hides how short a column is."),
        wrong("everything is a pentagon", lambda truth: {"dropped": truth[1]["dropped"], "pairs": set(), "pentagon": set(range(truth[0])) - truth[1]["dropped"]},
              "You put all represented features into one polygon. Only features that lean on one another share a plane; the others that were kept have cosine 0 with it."),
        wrong("pairs read as dropped", lambda truth: {"dropped": truth[1]["dropped"] | {i for pair in truth[1]["pairs"] for i in pair}, "pairs": set(), "pentagon": truth[1]["pentagon"]},
              "You count antipodal features as dropped. They interfere with each other, but both are there: their columns have length 1."),
        wrong("everything dropped", lambda truth: {"dropped": set(range(truth[0])), "pairs": set(), "pentagon": set()},
              "You say that nothing is represented. A column of length 1 is a represented feature, whatever its direction."),
        wrong("dropped and alone exchanged", lambda truth: truth[1] | {"dropped": _alone(truth) or set(range(truth[0])) - truth[1]["dropped"] - truth[1]["pentagon"] - {i for pair in truth[1]["pairs"] for i in pair}},
              "You take the features without interference for the dropped ones. A feature that is alone has a long column; a dropped one has a short column and would be read with plenty of interference."),
    ),
)  # fmt: skip
