"""Exercise 10: two ablations, two verdicts. Measured by the learner on pairs of their own, scored by measuring again."""

import re
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from course_utils import transformer as tf
from course_utils.grading.kinds import Answer, wrong
from course_utils.transformer.exercises.model import code_model
from course_utils.transformer.verdicts import verdict_draw

PAIRS = 16
NEAR = 0.01  # logits: what a measured number may be off by, rounding to two digits included
TIE = 0.97  # of the largest gap there is: the numbers are exact, so only near ties are forgiven
KEYS = ("head", "zero", "mean")

Head = tuple[int, int]
Given = tuple[Head, float, float]  # head, loss by zeros, loss by the mean


@dataclass(frozen=True)
class Verdicts:
    """What each head's removal costs on the learner's pairs, in logits of the lead.

    Attributes:
        zero, mean: by head, with zeros and with its mean over all prompts in its place.
        other_means: with means over other things, which are usual slips: what over, then by head.
        adds: by head, its direct attribution.
    """

    zero: dict[Head, float]
    mean: dict[Head, float]
    other_means: dict[str, dict[Head, float]]
    lead: float
    adds: dict[Head, float]

    def gap(self, head: Head) -> float:
        return abs(self.mean[head] - self.zero[head])

    @property
    def widest(self) -> Head:
        return max(self.zero, key=self.gap)

    def of(self, head: Head) -> Given:
        return head, self.zero[head], self.mean[head]


def _truth(seed: int) -> Verdicts:
    model = code_model()
    pairs, zero, mean = verdict_draw(model, seed, PAIRS)
    heads = {label: tuple(map(int, label.split("."))) for label in zero.labels if "." in label}
    whole = float(pairs.difference(model(pairs.clean).detach()).mean())
    _, seen = model.run_with_cache(pairs.everyone)
    over = {"the clean prompts": pairs.clean, "the corrupt prompts": pairs.corrupt}
    others: dict[str, dict[Head, float]] = {name: {} for name in (*over, "positions too")}
    for label, (layer, head) in heads.items():
        runs = {name: tf.ablated(model, pairs.clean, [label], "mean", prompts) for name, prompts in over.items()}
        flat = torch.zeros_like(seen["z", layer][:1])
        flat[:, :, head] = seen["z", layer][:, :, head].mean((0, 1))

        def put(z: Tensor, hook: Any, head: int = head, flat: Tensor = flat) -> Tensor:
            return torch.where(torch.arange(z.shape[2])[:, None] == head, flat, z)

        runs["positions too"] = model.run_with_hooks(pairs.clean, fwd_hooks=[(f"blocks.{layer}.attn.hook_z", put)])
        for name, logits in runs.items():
            others[name][layer, head] = whole - float(pairs.difference(logits.detach()).mean())
    losses = [{head: kind.of(label)[1] for label, head in heads.items()} for kind in (zero, mean)]
    return Verdicts(*losses, others, whole, {head: zero.of(label)[0] for label, head in heads.items()})


def _head(name: Any) -> Head:
    """ "0.3", "L0H3" or (0, 3)."""
    if isinstance(name, (tuple, list)) and len(name) == 2:
        return int(name[0]), int(name[1])
    if found := re.fullmatch(r"L?(\d+)[.H](\d+)", name.strip(), re.I):
        return int(found[1]), int(found[2])
    raise ValueError(f"no head is called {name!r}")


def _canonical(answer: Any) -> Given:
    if isinstance(answer, (tuple, list)) and len(answer) == len(KEYS):
        answer = dict(zip(KEYS, answer, strict=True))
    if not isinstance(answer, dict) or set(answer) != set(KEYS):
        raise TypeError("no dict with these keys")
    return _head(answer["head"]), float(answer["zero"]), float(answer["mean"])


def _form(answer: Given, truth: Verdicts) -> str:
    return "" if answer[0] in truth.zero else f"There is no head {answer[0][0]}.{answer[0][1]}."


def _near(one: float, other: float) -> bool:
    return abs(one - other) <= NEAR


def _score(answer: Given, truth: Verdicts) -> float:
    head, zero, mean = answer
    wide = truth.gap(head) >= TIE * truth.gap(truth.widest)
    return float(wide and _near(zero, truth.zero[head]) and _near(mean, truth.mean[head]))


def _explain(answer: Given, truth: Verdicts) -> str:
    head, zero, mean = answer
    rightly = _near(zero, truth.zero[head]), _near(mean, truth.mean[head])
    if all(rightly):
        return f"Both numbers are right for {head[0]}.{head[1]}, but another head's two verdicts lie further apart."
    if _near(zero, -truth.zero[head]) and _near(mean, -truth.mean[head]):
        return "The signs are turned round: what is *lost* is the whole run's lead minus the lead without the head."
    if _near(zero, truth.mean[head]) and _near(mean, truth.zero[head]):
        return "The two numbers are exchanged: `zero` is what zeros cost, `mean` what its mean costs."
    if _near(zero, truth.zero[head] / truth.lead) and _near(mean, truth.mean[head] / truth.lead):
        return "These are shares of the whole lead. Give what is lost in logits."
    for name, other in truth.other_means.items():
        if rightly[0] and _near(mean, other[head]):
            if name == "positions too":
                return "Your mean runs over positions too. Take one mean for each position, as in exercise 7."
            return f"Your mean is over {name}. Take it over `ours.everyone`, in which both brackets are open."
    if _near(zero, truth.lead - truth.zero[head]) and _near(mean, truth.lead - truth.mean[head]):
        return "These are the leads without the head. What is *lost* is the whole run's lead minus each of them."
    if _near(zero, truth.adds[head]) and _near(mean, truth.adds[head]):
        return f"What {head[0]}.{head[1]} adds directly is no loss: take it away, run the model, and see what the lead is then."
    rounded = (abs(given - true) <= 0.05 + 1e-9 for given, true in ((zero, truth.zero[head]), (mean, truth.mean[head])))
    if all(rounded) and all(abs(10 * x - round(10 * x)) < 1e-9 for x in (zero, mean)):
        return "Right as far as they go. Give two digits after the point: one is not enough to tell such losses apart."
    wrong_ones = [f"`{key}`" for key, ok in zip(KEYS[1:], rightly, strict=True) if not ok]
    which = f"{' and '.join(wrong_ones)} {'is' if len(wrong_ones) == 1 else 'are'}"
    return (
        f"For {head[0]}.{head[1]}, {which} not what is lost: the lead at the last position, averaged over the {PAIRS} "
        "clean prompts of `ours`, with the head replaced at every position of a model into which nothing is folded."
    )


def _guess(truth: Verdicts, rng: torch.Generator) -> Given:
    heads = list(truth.zero)
    low, high = min(truth.zero.values()), max(truth.mean.values())
    zero, mean = (low + (high - low) * torch.rand(2, generator=rng)).tolist()
    return heads[int(torch.randint(len(heads), (), generator=rng))], zero, mean


def _loudest(truth: Verdicts) -> Head:
    return max((head for head in truth.adds if head != truth.widest), key=truth.adds.get)


Answer(
    id="transformer.verdicts",
    truth=_truth,
    effort=40,  # an answer may measure
    key=lambda truth: truth.of(truth.widest),
    score=_score,
    null=_guess,
    share=1.0,
    why="Both numbers are measured without noise, so that they are right or wrong.",
    canonical=_canonical,
    form=_form,
    explain=_explain,
    expects='For example {"head": "2.1", "zero": 0.12, "mean": -0.34}, in logits to two digits after the point.',
    hints=(
        "What is lost is the lead of the whole run minus the lead without the head, averaged over the clean prompts. The lesson begins with both bars for three parts.",
"Zeros: a hook at `blocks.{layer}.attn.hook_z` that sets z[:, :, head] = 0. The mean: run `ours.everyone` once with a cache, average the cached z over prompts, and put its [:, head] there. Which head's two losses lie furthest apart?",
    ),
    misconceptions=(
        wrong("exchanged", lambda t: (t.widest, t.mean[t.widest], t.zero[t.widest]),
              "The two numbers are exchanged: `zero` is what zeros cost, `mean` what its mean costs."),
        wrong("mean over positions too", lambda t: (t.widest, t.zero[t.widest], t.other_means["positions too"][t.widest]),
              "Your mean runs over positions too. Take one mean for each position, as in exercise 7."),
        wrong("signs", lambda t: (t.widest, -t.zero[t.widest], -t.mean[t.widest]),
              "The signs are turned round: what is *lost* is the whole run's lead minus the lead without the head."),
        wrong("shares of the lead", lambda t: (t.widest, t.zero[t.widest] / t.lead, t.mean[t.widest] / t.lead),
              "These are shares of the whole lead. Give what is lost in logits."),
        wrong("the largest term", lambda t: t.of(_loudest(t)),
              "This head adds most to the lead, but its two verdicts agree about as well as any. Compare the two losses, head by head."),
        wrong("the largest loss", lambda t: t.of(max((h for h in t.mean if h not in (t.widest, _loudest(t))), key=t.mean.get)),
              "Without this head much is lost, but by both measures. Look for the head about which they disagree most."),
    ),
)  # fmt: skip
