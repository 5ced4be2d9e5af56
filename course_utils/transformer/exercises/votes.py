"""Exercise 10: who votes and is not missed, and who does not vote and is. Scored by attribution and by removal."""

import operator

from dataclasses import dataclass
from typing import Any

import torch

from course_utils import patching
from course_utils import transformer as tf
from course_utils.grading.kinds import Answer, wrong
from course_utils.transformer.exercises.model import code_model

PAIRS = 16
SHARE = 0.97  # of what the best component reaches: the numbers are exact, so only near ties are forgiven
SILENT = 0.1  # logits: a component with a smaller vote, in either direction, has none to speak of
KEYS = ("needed", "unmissed", "silent")

Place = tuple[int, ...]  # (layer, head), or (layer,) for an MLP
Named = dict[str, Place]


@dataclass(frozen=True)
class Measured:
    """Vote and loss of every component, in logits, averaged over the learner's pairs."""

    votes: dict[Place, float]
    losses: dict[Place, float]

    def worth(self, key: str, place: Place) -> float:
        """What makes a component the answer to one of the three questions, in logits."""
        vote, loss = self.votes[place], max(self.losses[place], 0.0)
        silent = abs(vote) < SILENT
        return {"needed": 0.0 if silent else loss, "unmissed": vote - loss, "silent": loss if silent else 0.0}[key]

    @property
    def best(self) -> Named:
        return {key: max(self.votes, key=lambda place, key=key: self.worth(key, place)) for key in KEYS}


def _place(name: Any) -> Place:
    """ "0.3" as (0, 3), "m3" as (3,).

    Raises:
        TypeError, ValueError: no such name.
    """
    if isinstance(name, (tuple, list)) and len(name) == 1:
        return (operator.index(name[0]),)
    part = patching.writer(name.lower() if isinstance(name, str) else name)
    if part.layer is None:
        raise ValueError("the embedding is no head and no MLP")
    return (part.layer,) if part.head is None else (part.layer, part.head)


def _name(place: Place) -> str:
    return f"m{place[0]}" if len(place) == 1 else ".".join(map(str, place))


def _truth(seed: int) -> Measured:
    model = code_model()
    found = tf.removal(model, tf.bracket_pairs(model.tokenizer, PAIRS, seed, "nested"), "zero")
    both = {_place(label): found.of(label) for label in found.labels}
    return Measured({k: vote for k, (vote, _) in both.items()}, {k: loss for k, (_, loss) in both.items()})


def _canonical(answer: Any) -> Any:
    if not isinstance(answer, dict):
        raise TypeError("no dict")
    return {key: _place(name) for key, name in answer.items()}


def _form(answer: Named, truth: Measured) -> str:
    if set(answer) != set(KEYS):
        return f"Give a dict with exactly the keys {', '.join(KEYS)}."
    strange = [place for place in answer.values() if place not in truth.votes]
    return f"There is no component {_name(strange[0])}." if strange else ""


def _reached(answer: Named, truth: Measured, key: str) -> float:
    return truth.worth(key, answer[key]) / truth.worth(key, truth.best[key])


def _score(answer: Named, truth: Measured) -> float:
    """The worst of the three, each relative to the best component there is: all have to be right."""
    return max(0.0, min(_reached(answer, truth, key) for key in KEYS))


def _explain(answer: Named, truth: Measured) -> str:
    said = []
    for key in KEYS:
        if (reached := _reached(answer, truth, key)) < SHARE:
            vote, loss = truth.votes[answer[key]], truth.losses[answer[key]]
            said.append(
                f"{key}: {_name(answer[key])} votes {vote:+.2f} and costs {loss:+.2f}; {_why(key, vote, reached)}."
            )
    return " ".join([*said, "The worst of the three counts."])


def _why(key: str, vote: float, reached: float) -> str:
    """What is wrong with one of the three."""
    if key == "silent" and abs(vote) >= SILENT:
        return f"a vote of {vote:+.2f} is not silent, whatever its sign"
    if key == "needed" and abs(vote) < SILENT:
        return "it does not vote, and one that does is asked for"
    if key == "unmissed" and reached <= 0:
        return "no more is said than is lost"
    return f"that is {max(reached, 0):.0%} of what the right one reaches"


def _guess(truth: Measured, rng: torch.Generator) -> Named:
    places = list(truth.votes)
    chosen = torch.randint(len(places), (len(KEYS),), generator=rng).tolist()
    return {key: places[i] for key, i in zip(KEYS, chosen, strict=True)}


def _by(truth: Measured, value: Any, among: Any = None) -> Place:
    return max((place for place in truth.votes if among is None or among(place)), key=value)


Answer(
    id="transformer.votes",
    alike="The model is the same for everybody, and its components do the same on all prompts.",
    truth=_truth,
    key=lambda truth: truth.best,
    score=_score,
    null=_guess,
    share=SHARE,
    why="Votes and losses are measured without noise on the same pairs, so only a near tie is as good as the answer.",
    canonical=_canonical,
    form=_form,
    explain=_explain,
    expects='For example {"needed": "m2", "unmissed": "2.1", "silent": "1.3"}: a head as layer.number, an MLP as m and its layer.',
    hints=(
        "Votes: `tf.attribution(model, ours.clean, ours.correct, ours.wrong)`. What is lost: zero ablation of one component at a time, with hooks, or with `ask = patching.Question(model, ours.clean, metric=ours.metric, ablation=\"zero\")`: `ask.sweep(\"z\")` for heads, `ask.sweep(\"mlp_out\", by=\"layer\")` for MLPs.",
        "`tf.removal(model, ours, \"zero\")` prints both numbers for all twenty. For the silent one leave out all whose vote is a tenth of a logit or more, in either direction.",
    ),
    misconceptions=(
        wrong("unmissed and silent exchanged", lambda t: t.best | {"unmissed": t.best["silent"], "silent": t.best["unmissed"]},
              "`unmissed` and `silent` are exchanged: `unmissed` is the one that votes, `silent` the one that does not."),
        wrong("needed by its vote", lambda t: t.best | {"needed": _by(t, t.votes.get, lambda place: t.worth("needed", place) < SHARE * t.worth("needed", t.best["needed"]))},
              "Your `needed` has a large vote, but another costs more when it is taken away. A vote counts what is said to the logits; removal counts what others made of it as well."),
        wrong("silent by its loss alone", lambda t: t.best | {"silent": t.best["needed"]},
              "Your `silent` is the one that is needed, and it does vote. One with a vote below a tenth of a logit is asked for."),
        wrong("unmissed by its vote alone", lambda t: t.best | {"unmissed": _by(t, lambda place: min(t.votes[place], t.losses[place]))},
              "Your `unmissed` has a vote, and is missed as well. Look for one whose vote is large and whose removal costs next to nothing, or even helps."),
        wrong("silent and not missed", lambda t: t.best | {"silent": _by(t, lambda place: -abs(t.votes[place]) - abs(t.losses[place]))},
              "Your `silent` has no vote, but nobody misses it either. Look for one without which much is lost."),
        wrong("sign of the loss", lambda t: t.best | {"silent": _by(t, lambda place: -t.losses[place], lambda place: abs(t.votes[place]) < SILENT)},
              "Without your `silent` the answer gets better. Mind the sign: what is *lost* without it is asked for."),
    ),
)  # fmt: skip
