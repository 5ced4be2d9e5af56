"""Exercises 12 and 13: give a latent a name that holds on text nobody has looked at; foretell what an ablation does."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import Any

import torch
from scipy.stats import spearmanr
from torch import Tensor

from course_utils import sae
from course_utils.grading.explain import explained
from course_utils.grading.guard import underlying
from course_utils.grading.kinds import Answer, wrong
from course_utils.sae import riddles
from course_utils.sae.riddles import Foretold, Nameless
from course_utils.sae.stored import NAMEABLE

# 12 · a name


@lru_cache(maxsize=1)
def _words() -> list[str]:
    """The held-out tokens in the order of the rows."""
    return [word for row in riddles._held_out()[0] for word in row[1:]]


@lru_cache(maxsize=1)
def _numbered() -> tuple[dict[str, int], Tensor]:
    """Every different one of them in alphabetical order, with its number; and the numbers in the order of the rows."""
    numbers = {word: number for number, word in enumerate(sorted(set(_words())))}
    return numbers, torch.tensor([numbers[word] for word in _words()])


def _among(tokens: set[str]) -> Tensor:
    numbers, rows = _numbered()
    return torch.tensor([word in tokens for word in numbers])[rows]


NO_RULE = (
    "You give {} truth values. A rule is asked for, since it is run on other text than the programs that you look at."
)


class _Refused(Exception):
    """A rule that does what it must not, with the sentence that says so."""


def _what(said: Any) -> str:
    name = type(said).__name__
    return "text" if isinstance(said, str) else f"{'an' if name[0].lower() in 'aeiou' else 'a'} {name}"


def _places(answer: Any) -> Tensor | str:
    """A rule run on the held-out contexts, or a sentence on why it does not run; what has been run already stays."""
    if isinstance(answer, Tensor):
        places = len(riddles.where_it_is_active(NAMEABLE[0]))
        return answer.bool().flatten() if answer.numel() == places else NO_RULE.format(answer.numel())
    if isinstance(answer, (set, frozenset, list, tuple)) and all(isinstance(token, str) for token in answer):
        return _among(set(answer))
    if not callable(answer):
        raise TypeError("no rule")
    kinds = set()

    def noted(tokens: list[str], place: int) -> Any:
        before = tuple(tokens)
        said = answer(tokens, place)
        if tuple(tokens) != before:
            raise _Refused("Your rule changes `tokens`; it is only to read them.")
        if isinstance(said, str) or not (hasattr(said, "__bool__") or hasattr(said, "__len__")):
            raise _Refused(f"Your rule returns {_what(said)}, which counts as True whatever it says. Return True or False.")
        kinds.add(type(said))
        return said

    try:
        said = riddles.where_it_says_yes(noted)
        return said if kinds != {type(None)} else "Your rule returns None at every place; is a `return` missing?"
    except _Refused as refused:
        return str(refused)
    except Exception as error:  # whatever a learner's rule may raise
        said, attempted = explained(error, underlying(answer))
        return said.replace("Your function", "Your rule", 1) if attempted else "Your rule is still to be written."


def _f1(said: Tensor, riddle: Nameless) -> float:
    active = riddles.where_it_is_active(riddle.latent)
    return float(sae.f1_score((said & active).sum(), said.sum(), active.sum()))


@lru_cache(maxsize=16)
def _own(riddle: Nameless) -> Tensor:
    return _among(riddles.tokens_of(riddle))


def _elsewhere(riddle: Nameless, by: int) -> Tensor:
    """Where the rule that knows the tokens would say yes if it looked `by` places further on."""
    known = riddles.tokens_of(riddle)
    return riddles.where_it_says_yes(lambda tokens, place: "".join(tokens[place + by : place + by + 1]) in known)


def _commonest(riddle: Nameless) -> Tensor:
    active = riddles.where_it_is_active(riddle.latent)
    seen = Counter(word for word, on in zip(_words(), active.tolist(), strict=True) if on)
    return _among({seen.most_common(1)[0][0]})


def _as_many_tokens(riddle: Nameless, rng: torch.Generator) -> Tensor:
    numbers, rows = _numbered()
    chosen = torch.zeros(len(numbers), dtype=torch.bool)
    chosen[torch.randperm(len(numbers), generator=rng)[: len(riddles.tokens_of(riddle))]] = True
    return chosen[rows]


def _rule_form(said: Tensor | str, riddle: Nameless) -> str:
    return said if isinstance(said, str) else ""


def _rule_explained(said: Tensor, riddle: Nameless) -> str:
    active = riddles.where_it_is_active(riddle.latent)
    both = int((said & active).sum())
    words = (f"On held-out modules your rule says yes at {int(said.sum())} places; the latent is active at "
             f"{int(active.sum())}; both at {both}.")  # fmt: skip
    if both < 0.5 * int(said.sum()):
        return words + " At most of your places it is silent: the rule is too wide, or about something else."
    return words + " It is active at others too: which tokens does your rule miss?"


Answer(
    id="sae.name_latent",
    truth=sae.nameless,
    rule=True,
    key=_own,
    score=_f1,
    null=_as_many_tokens,
    canonical=_places,
    form=_rule_form,
    explain=_rule_explained,
    expects="Return a rule: a function of `tokens` (a list of strings) and `place` (a number) that gives True or False; or a set of tokens.",
    effort=3,
    hints=(
        "riddle.explain() shows where the latent is strongest and where it is at all. Look at the token that counts: is it always the same? Do the tokens have something in common?",
        "Count: for each token of riddle.words, at which share of its places is riddle.activity above 0?",
        "A rule may be as plain as a set: tokens[place] in {…}, with every token at more than half of whose places the latent is active.",
    ),
    misconceptions=(
        wrong("its commonest token alone", _commonest,
              "Your rule is one token. It is the latent's commonest, and the latent is active at others too: look at the contexts drawn at random, and not only at the strongest."),
        wrong("the token after", lambda riddle: _elsewhere(riddle, -1),
              "Your rule looks one token back: it says yes one place too late. tokens[place] is the token at which the latent is active."),
        wrong("the token before", lambda riddle: _elsewhere(riddle, 1),
              "Your rule says yes one place too early. tokens[place] is the token at which the latent is active."),
        wrong("the opposite", lambda riddle: ~_own(riddle), "Your rule says yes where the latent is silent, and no where it is active."),
        wrong("everywhere", lambda riddle: torch.ones_like(_own(riddle)), "Your rule says yes everywhere. It misses nothing, and tells nothing."),
        wrong("nowhere", lambda riddle: torch.zeros_like(_own(riddle)), "Your rule never says yes."),
    ),
)  # fmt: skip


# 13 · an effect


def _numbers(answer: Any) -> Tensor:
    return torch.as_tensor(answer).detach().float()


def _rank(answer: Tensor, told: Foretold) -> float:
    """Spearman's rank correlation; 0 where all numbers are equal."""
    if bool((answer == answer[0]).all()):
        return 0.0
    return float(spearmanr(answer.numpy(), told._kl.numpy()).statistic)


def _as_long(answer: Tensor, told: Foretold) -> str:
    count = len(told._kl)
    if answer.shape == told.f.shape:
        return f"You give a number for each row and latent, {tuple(answer.shape)}; one for each latent is asked for: average over the rows in which it is active."
    if answer.shape != (count,):
        yours = f"yours are {len(answer)}" if answer.ndim == 1 else f"yours have the shape {tuple(answer.shape)}"
        return f"Give {count} numbers, one for each latent; {yours}."
    lost = int((~answer.isfinite()).sum())
    return f"{lost} of your numbers are not finite; look for a division by zero." if lost else ""


def _rank_explained(answer: Tensor, told: Foretold) -> str:
    said = f"The rank correlation of your numbers with the measured effects is {_rank(answer, told):.2f}."
    if _rank(answer, told) < -0.5:
        return said + " Turn the order round: the larger the number, the farther the prediction should move."
    if bool((answer == answer[0]).all()):
        return "All your numbers are equal: they say nothing about which moves the prediction most."
    if torch.equal(answer.sort().values, torch.arange(len(answer)).float()):
        return said + " These are places in an order, as `argsort` returns them; give each latent a value."
    ordered = answer.sort().values
    if torch.equal(answer, ordered) or torch.equal(answer, ordered.flip(0)):
        return said + " These are your values in order; each must stay at its latent's place: no `sort`, no `topk`."
    return said


Answer(
    id="sae.predict_ablation",
    truth=sae.foretold,
    key=lambda told: told._kl,
    score=_rank,
    null=lambda told, rng: torch.rand(len(told._kl), generator=rng),
    canonical=_numbers,
    form=_as_long,
    explain=_rank_explained,
    expects="Return a tensor of forty numbers, one for each latent, the larger the farther you expect the prediction to move.",
    share=0.6,
    why="Nobody knows an effect exactly before it is measured; what can be seen beforehand reaches 0.7 to 0.9.",
    effort=3,
    own=sae.Bench.ablate,
    equivalent=("scaled",),  # only the order counts
    hints=(
        "What is taken away is f · direction, and every direction has length 1. So how large is what is taken away?",
        "The average over the rows in which the latent is active: f.sum(0) / (f > 0).sum(0).",
        "The same length matters less in a long vector. Divide f by the length of x in its row, before you average.",
    ),
    misconceptions=(
        wrong("how often it is active", lambda told: (told.f > 0).float().mean(0),
              "You count how often a latent is active. The effect is measured only where it is active, so that its frequency tells little."),
        wrong("mean over all rows", lambda told: told.f.mean(0),
              "You average over all rows, so that what is rarely active seems small. The effect is measured where the latent is active: divide by the number of those rows."),
        wrong("share averaged over all rows", lambda told: (told.f / told.x.norm(dim=1, keepdim=True)).mean(0),
              "You average the share over all rows, so that what is rarely active seems small. The effect is measured where the latent is active: divide by the number of those rows."),
        wrong("sum over rows", lambda told: told.f.sum(0),
              "You add up over the rows, so that what is often active seems large. The effect is an average over the rows in which the latent is active: divide by their number."),
        wrong("the rarest move most", lambda told: 1 / (told.f > 0).float().mean(0),
              "You expect most of rare latents. Measured where it is active, a rare latent moves the prediction no further than a common one."),
        wrong("the order turned round", lambda told: -told._kl, "You expect least where most comes out: turn the order round."),
        wrong("all alike", lambda told: torch.ones(len(told._kl)), "All your numbers are equal: they say nothing about which moves the prediction most."),
        wrong("the latent's number", lambda told: told.latents.float(), "These are the numbers of the latents. They mean nothing."),
        wrong("length of the direction", lambda told: told.W_dec.norm(dim=1),
              "Every direction has length 1. How much is taken away depends on the activation."),
    ),
)  # fmt: skip
