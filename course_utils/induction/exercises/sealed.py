"""Exercise 13: three sealed models. Which has an induction head, what does each need, and what happens elsewhere?"""

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from course_utils import induction as ind
from course_utils import patching
from course_utils.grading.kinds import Answer, wrong
from course_utils.induction.exercises.heads import HeadName, heads, unknown
from course_utils.induction.unknown.sealed import NAMES, WAYS, induction_heads

KEYS = ("induction", "needs", "reads", "accuracy")
NEAR = 0.1  # an accuracy is right within this
Found = dict[str, dict[str, Any]]  # name → {"induction": set, "needs": set, "reads": set, "accuracy": float}


@dataclass(frozen=True)
class SealedFacts:
    """What examining the three shows, and what mistakes are made of: the length, and scores at that length alone."""

    found: Found
    here: dict[str, float]  # accuracy at the length that they are said to complete
    prefix: dict[str, torch.Tensor]  # (layer, head), at that length
    previous: dict[str, HeadName]  # the head that looks at the token before
    once: dict[str, set[HeadName]]  # what scores at that length alone call induction heads
    looks: dict[str, set[HeadName]]  # what scores at many lengths do, whether a head copies or not
    shape: tuple[int, int]


def _truth(seed: int) -> SealedFacts:
    sealed = ind.sealed(seed)
    found, here, prefix, previous, once, looks = {}, {}, {}, {}, {}, {}
    for name in NAMES:
        weights, facts = sealed.weights[name], sealed.reveal()[name][1]
        dice = torch.Generator().manual_seed(1)
        tokens = ind.repeated_tokens(weights.d_vocab, 32, sealed.length, distinct=True, generator=dice)
        run = ind.run(weights, tokens)
        found[name] = {
            "induction": set(facts.induction),
            "needs": set(facts.needs),
            "reads": set(facts.reads),
            "accuracy": facts.accuracy,
        }
        here[name] = float(ind.repeat_accuracy(run.logits, tokens, sealed.length))
        prefix[name] = ind.prefix_matching_score(run.pattern, sealed.length)
        once[name] = set(induction_heads(weights, [sealed.length]))
        looks[name] = set(induction_heads(weights, [sealed.length, sealed.other], copying=-2.0))
        scores = ind.previous_token_score(run.pattern)
        previous[name] = divmod(int(scores.argmax()), scores.shape[1])
    return SealedFacts(found, here, prefix, previous, once, looks, tuple(prefix["A"].shape))


def _canonical(answer: Any) -> Found:
    if not isinstance(answer, Mapping) or not all(isinstance(one, Mapping) for one in answer.values()):
        raise TypeError("no dict of dicts")
    read = {"induction": heads, "needs": heads, "reads": _messages, "accuracy": _share}
    return {
        str(name): {str(key): read.get(key, str)(value) for key, value in one.items()} for name, one in answer.items()
    }


def _messages(group: Any) -> set[tuple[HeadName, str]]:
    """A set of (head, input), from any collection of them, from a single one, or from None for none."""
    if group is None:
        return set()
    pairs = list(group)
    if len(pairs) == 2 and isinstance(pairs[1], str) and pairs[1].strip().lower() in (*WAYS, "q", "k", "v"):
        pairs = [tuple(pairs)]
    names = {way[0]: way for way in WAYS}
    return {(patching.head(one), names.get(str(way).strip().lower()[:1], str(way))) for one, way in pairs}


def _share(value: Any) -> float:
    if isinstance(value, (str, bytes, bool)):
        raise TypeError("no number")
    return float(value)


def _form(answer: Found, truth: SealedFacts) -> str:
    if set(answer) != set(NAMES):
        return f"Give a dict with exactly the keys {', '.join(NAMES)}."
    for name in NAMES:
        if set(answer[name]) != set(KEYS):
            return f"For model {name}, give exactly {', '.join(KEYS)}."
        if not 0 <= answer[name]["accuracy"] <= 1:
            return f"Model {name}: an accuracy is a share between 0 and 1."
        senders = {sender for sender, _ in answer[name]["reads"]}
        if said := unknown(answer[name]["induction"] | answer[name]["needs"] | senders, *truth.shape):
            return f"Model {name}: {said}"
        if strange := [way for _, way in answer[name]["reads"] if way not in WAYS]:
            return f"Model {name}: a message goes to {', '.join(WAYS)}, not to {strange[0]!r}."
    return ""


def _parts(answer: Found, truth: SealedFacts) -> list[tuple[str, str, bool]]:
    """(model, what is asked, whether it is right): twelve of them."""
    right = truth.found
    return [
        (name, key, abs(answer[name][key] - right[name][key]) <= NEAR if key == "accuracy" else answer[name][key] == right[name][key])
        for name in NAMES
        for key in KEYS
    ]  # fmt: skip


def _score(answer: Found, truth: SealedFacts) -> float:
    parts = _parts(answer, truth)
    return sum(right for *_, right in parts) / len(parts)


SAID = {
    "induction": "its induction heads are not right yet: at every block length more than half of the attention on the token after the earlier occurrence, and a copying score above 1/2",
    "needs": "the heads that it needs are not right yet: zero-ablate each head alone, at the length that the models are said to complete; a model that completes nothing needs nothing",
    "reads": "the messages are not right yet: exchange one message at a time, from each head of the first layer to the queries, the keys or the values of the head that completes, for what it writes in a text without a repetition; `reads` are those after which the accuracy at `sealed.length` is below a half",
    "accuracy": "the accuracy at the other length is not right yet: predict it from the mechanism, then measure it",
}


def _explain(answer: Found, truth: SealedFacts) -> str:
    parts = _parts(answer, truth)
    for order in itertools.permutations(NAMES):
        if all(right for *_, right in _parts(dict(zip(NAMES, (answer[name] for name in order), strict=True)), truth)):
            return "Your findings are right and stand under the wrong names: which model is A, B, C?"
    name, key, _ = next((part for part in parts if not part[2]), ("", "", True))
    return f"{sum(right for *_, right in parts)} of {len(parts)} are right. Model {name}: {SAID[key]}." if name else ""


def _shuffled(truth: SealedFacts, rng: torch.Generator) -> Found:
    """The right findings, the three models shuffled and the heads of each layer dealt at random: a hard null."""
    layers, per_layer = truth.shape
    order = [NAMES[k] for k in torch.randperm(3, generator=rng)]
    dealt: Found = {}
    for name, other in zip(NAMES, order, strict=True):
        deal = [torch.randperm(per_layer, generator=rng).tolist() for _ in range(layers)]
        one = truth.found[other]
        dealt[name] = {key: {(at, deal[at][number]) for at, number in one[key]} for key in ("induction", "needs")}
        dealt[name]["reads"] = {((at, deal[at][number]), way) for (at, number), way in one["reads"]}
        dealt[name]["accuracy"] = one["accuracy"]
    return dealt


# Wrong answers


def _changed(**parts: Any) -> Any:
    """The right findings with some parts replaced: `part(name, truth)` gives what stands there instead."""

    def make(truth: SealedFacts) -> Found:
        return {name: truth.found[name] | {key: part(name, truth) for key, part in parts.items()} for name in NAMES}

    return make


def _kind(name: str, truth: SealedFacts) -> str:
    if truth.found[name]["induction"]:
        return "induction"
    return "another way" if truth.found[name]["needs"] else "previous token only"


def _last_needed(name: str, truth: SealedFacts) -> set[HeadName]:
    """The head of the second layer without which it fails, taken for an induction head."""
    return {head for head in truth.found[name]["needs"] if head[0] == 1}


def _closest(name: str, truth: SealedFacts) -> set[HeadName]:
    """Where there is no induction head, the head of the second layer that comes closest to looking like one."""
    if _kind(name, truth) != "previous token only":
        return truth.found[name]["induction"]
    return {(1, int(truth.prefix[name][1].argmax()))}


Answer(
    id="induction.sealed",
    truth=_truth,
    key=lambda truth: truth.found,
    score=_score,
    null=_shuffled,
    canonical=_canonical,
    form=_form,
    explain=_explain,
    expects='For each of "A", "B", "C": {"induction": {(1, 7)}, "needs": {(0, 8), (1, 7)}, "reads": {((0, 8), "keys")}, "accuracy": 0.95}, with set() for none.',
    share=1.0,
    effort=8.0,
    own=ind.Sealed.reveal,
    why="All twelve can be measured without doubt, so par is twelve of twelve.",
    hints=(
        "First run each model at both lengths: which completes blocks of `sealed.length`, and which also those of `sealed.other`?",
        "Scores at one block length cannot tell an induction head from a head that counts positions. Compute prefix_matching_score at two lengths, and copying_score.",
        "`needs`: zero-ablate each of the ten heads alone at `sealed.length` and see which bring the accuracy below a half. Heads of the first layer count too.",
        "`reads`: your path_patch of exercise 9 exchanges one message. Take for `other` as many random tokens as in `tokens`, none of which comes twice; the receiver is the head of the second layer that `needs` names.",
    ),
    misconceptions=(
        wrong("counting taken for induction", _changed(induction=_last_needed),
              "You call a head an induction head because its model completes the blocks. One of the models counts positions: try the block length that you were not told about, and see where the head looks then."),
        wrong("one length", _changed(induction=lambda name, truth: truth.once[name]),
              "You measured at one block length. Each of the models has a head that copies and looks back just so far; at another length it looks elsewhere. Take the least of the scores at two lengths or more."),
        wrong("looking without copying", _changed(induction=lambda name, truth: truth.looks[name]),
              "You name every head that matches prefixes. In each model one of them copies nothing that reaches the logits: look at the copying score too."),
        wrong("half an induction head", _changed(induction=_closest),
              "In one model you name the head that comes closest. It completes nothing: matching prefixes without copying, copying from elsewhere, or counting positions, is no induction head."),
        wrong("previous-token head taken for induction", _changed(induction=lambda name, truth: {truth.previous[name]}),
              "You name the previous-token heads. All three models have one, and it completes nothing by itself: an induction head looks at the token after the earlier occurrence."),
        wrong("first layer forgotten", _changed(needs=lambda name, truth: {head for head in truth.found[name]["needs"] if head[0] == 1}),
              "For `needs` you name heads of the second layer only. What they work with comes from the first: ablate its heads too."),
        wrong("previous-token head always needed", _changed(needs=lambda name, truth: truth.found[name]["needs"] | {truth.previous[name]}),
              "You say that every model needs its previous-token head. All three have one, but having is not using: ablate it."),
        wrong("nothing completed, everything needed", _changed(needs=lambda name, truth: truth.found[name]["needs"] or {truth.previous[name]} | {(1, int(truth.prefix[name][1].argmax()))}),
              "For the model that completes nothing you name heads that it needs. It has no accuracy to lose: `needs` is empty there."),
        wrong("accuracy at the told length", _changed(accuracy=lambda name, truth: truth.here[name]),
              "Your accuracies are those at `sealed.length`. At `sealed.other` one of the models no longer completes anything: that is how it gives itself away."),
        wrong("all complete the other length", _changed(accuracy=lambda name, truth: 1.0),
              "You predict that all three complete blocks of the other length. Only a head that matches by content does."),
        wrong("every needed head is read by its keys", _changed(reads=lambda name, truth: {(one, "keys") for one in truth.found[name]["needs"] if one[0] == 0} | {(truth.previous[name], "keys")}),
              "You let the previous-token head be read in every model. All three have one, but having is not using: exchange its message and see whether anything changes."),
        wrong("no message at all", _changed(reads=lambda name, truth: set()),
              "You say that no message matters. Where a head of the first layer is needed, something reads it: which input of which head?"),
        wrong("models exchanged", lambda truth: {name: truth.found[other] for name, other in zip(NAMES, NAMES[1:] + NAMES[:1], strict=True)},
              "Your findings are right and stand under the wrong names: which model is A, B, C?"),
        wrong("all have one", _changed(induction=lambda name, truth: _last_needed(name, truth) or _closest(name, truth)),
              "You find an induction head in every model. One of them counts positions, one completes nothing: only one matches by content and copies."),
    ),
)  # fmt: skip
