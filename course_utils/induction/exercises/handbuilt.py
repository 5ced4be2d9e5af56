"""Exercise 7: write the weights of an induction head. They are run at block lengths that nobody mentioned.

A model is told apart from another by what it does: `Behaviour` runs it and says where its two layers look and which token it
predicts, so that a mistake is recognised whatever basis it is written in.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from course_utils import induction as ind
from course_utils.grading.kinds import Answer, wrong
from course_utils.induction.toys.handbuilt import decided

D_VOCAB, N_CTX = 24, 49  # blocks of 2 to 23 tokens
SMALLEST = 16  # tokens of a vocabulary that is worth testing
MATRICES = ("W_E", "W_pos", "W_Q", "W_K", "W_V", "W_O", "W_U")
PROBE = 7  # the length of the blocks on which a mistake is looked at


@dataclass(frozen=True)
class Behaviour:
    """Weights and what they do. Two are equal when they do the same."""

    weights: ind.Weights = field(repr=False)

    @cached_property
    def done(self) -> tuple[str, ...]:
        """Where the first and the second layer look and how decidedly, what is predicted, at which lengths it is right."""
        tokens, long = (
            ind.repeated_tokens(
                self.weights.d_vocab, 24, length, distinct=True, generator=torch.Generator().manual_seed(1)
            )
            for length in (PROBE, min((self.weights.n_ctx - 1) // 2, self.weights.d_vocab - 1))
        )
        run = ind.run(self.weights, tokens)
        looks = [_looks(layer) for layer in run.pattern]
        how = [decided(layer) for layer in ind.run(self.weights, long).pattern]  # also heads that look far back
        how[0] = "ahead" if how[0] != "decided" and _wants_ahead(self.weights, tokens) else how[0]
        return (*looks, *how, _predicts(run.logits, tokens), self._lengths())

    def accuracy(self, lengths: Iterable[int], seed: int) -> dict[int, float]:
        return dict(ind.judge(self.weights, list(lengths), seed=seed).accuracy)

    def _lengths(self) -> str:
        right = [share == 1 for share in self.accuracy((4, PROBE, 15), 2).values()]
        return {(True, True, True): "all", (False, False, False): "none", (True, False, False): "short"}.get(
            tuple(right), "one"
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Behaviour) and self.done == other.done

    __hash__ = None


def _wants_ahead(weights: ind.Weights, tokens: Tensor) -> bool:
    """Whether the first layer's scores are largest at a later position, which causal attention forbids."""
    x = weights.W_E[tokens] + weights.W_pos[: tokens.shape[1]]
    scores = (x[:, None] @ weights.W_Q[0]) @ (x[:, None] @ weights.W_K[0]).mT / weights.d_head**0.5
    spread = scores.amax(-1) - scores.amin(-1)
    ahead = scores.argmax(-1) > torch.arange(tokens.shape[1])
    return bool(spread.mean() > 4 and ahead[..., :-1].float().mean() > 0.9)


def _looks(pattern: Tensor) -> str:
    """Where a layer's queries in the second copy look: the place that gets most attention, if that is half of it."""
    queries = range(PROBE + 1, 2 * PROBE + 1)
    places = {
        "itself": 0,
        "the token before": 1,
        "two back": 2,
        "after the earlier occurrence": PROBE - 1,
        "the earlier occurrence": PROBE,
        "before the earlier occurrence": PROBE + 1,
    }
    share = {
        name: torch.stack([pattern[:, :, q, max(q - back, 0)] for q in queries]).mean((0, 1)).max().item()
        for name, back in places.items()
    }
    share["itself and the earlier occurrence"] = (share["itself"] + share["the earlier occurrence"]) * 0.99
    share["BOS"] = pattern[:, :, PROBE + 1 :, 0].mean((0, 2)).max().item()
    best = max(share, key=share.get)
    return best if share[best] > 0.5 else "nowhere in particular"


def _predicts(logits: Tensor, tokens: Tensor) -> str:
    read = range(PROBE + 2, 2 * PROBE)
    guess = logits.argmax(-1)
    places = {"the next token": 1, "the current token": 0, "the token before": -1}
    share = {
        name: torch.stack([guess[:, q] == tokens[:, q + step] for q in read]).float().mean().item()
        for name, step in places.items()
    }
    best = max(share, key=share.get)
    if share[best] > 0.5:
        return best
    return "nothing" if (logits.amax(-1) - logits.amin(-1)).max() < 1e-4 else "another token"


# Wrong weights, from the same parts as the right ones

Plan = ind.HeadPlan
_LAYOUT = ind.subspaces(D_VOCAB, N_CTX, "previous", "next")


def _built(first: Plan, second: Plan, unembed: str = "next") -> Callable[[Any], Behaviour]:
    return lambda truth: Behaviour(ind.build(_LAYOUT, [[first], [second]], unembed))


def _first(**changes: Any) -> Plan:
    return Plan(
        **{"query": "position", "key": "position", "value": "token", "output": "previous", "shift": -1} | changes
    )


def _second(**changes: Any) -> Plan:
    return Plan(**{"query": "token", "key": "previous", "value": "token", "output": "next"} | changes)


def _canonical(answer: Any) -> Behaviour:
    if isinstance(answer, Behaviour):
        return answer
    if isinstance(answer, dict):
        answer = ind.Weights(**{name: answer[name].detach().float() for name in MATRICES})
    if not isinstance(answer, ind.Weights):
        raise TypeError("no weights")
    return Behaviour(answer)


def _form(answer: Behaviour, truth: tuple[int, list[int]]) -> str:
    weights = answer.weights
    if weights.stack or weights.n_layers != 2:
        return "One model of two layers is asked for."
    if weights.d_vocab < SMALLEST or weights.n_ctx < 2 * SMALLEST + 1:
        return f"The vocabulary must have at least {SMALLEST} tokens, and the context {2 * SMALLEST + 1} positions."
    if any(not torch.isfinite(getattr(weights, name)).all() for name in MATRICES):
        return "Some of the weights are infinite or not a number; a large finite number is sharp enough."
    own = ind.hand_built(weights.d_vocab, weights.n_ctx)
    if all(_near(getattr(weights, name), getattr(own, name)) for name in MATRICES):
        return "This is the course's own `hand_built`; write the heads yourself, into the subspaces that are given."
    return ""


def _near(one: Tensor, other: Tensor) -> bool:
    """Whether they are the same but for a touch of noise."""
    return one.shape == other.shape and torch.allclose(one, other, rtol=1e-2, atol=1e-2)


def _score(answer: Any, truth: tuple[int, list[int]]) -> float:
    """The smallest accuracy over the lengths that fit."""
    ran, (seed, lengths) = _canonical(answer), truth
    most = min((ran.weights.n_ctx - 1) // 2, ran.weights.d_vocab - 1)
    return min(ran.accuracy([length for length in lengths if length <= most], seed).values())


def _explain(answer: Behaviour, truth: tuple[int, list[int]]) -> str:
    """Which head does not do its part, by its attention pattern."""
    seed, lengths = truth
    most = min((answer.weights.n_ctx - 1) // 2, answer.weights.d_vocab - 1)
    return ind.judge(answer.weights, [length for length in lengths if length <= most], seed=seed).message


def _truth(seed: int) -> tuple[int, list[int]]:
    dice = torch.Generator().manual_seed(seed)
    between = (torch.randperm(18, generator=dice)[:4] + 4).tolist()
    return seed, sorted({2, 3, *between, 22, 23})


def _key(truth: tuple[int, list[int]]) -> dict[str, Tensor]:
    layout = ind.Subspaces({"next": D_VOCAB, "previous": D_VOCAB, "position": N_CTX, "token": D_VOCAB})
    weights = ind.build(layout, [[_first()], [_second()]], "next")
    return {name: getattr(weights, name) for name in MATRICES}


Answer(
    id="induction.hand_built",
    alike="The weights are run, not compared: any that do it are right for everybody.",
    truth=_truth,
    key=_key,
    score=_score,
    canonical=_canonical,
    form=_form,
    explain=_explain,
    expects="Return `ind.Weights(W_E, W_pos, W_Q, W_K, W_V, W_O, W_U)` of two layers.",
    share=1.0,
    why="Written by hand, the head makes no mistake at any length; what makes one is another mechanism.",
    own=ind.hand_built,
    equivalent=("scaled", "negated"),
    hints=(
        "Begin with the first layer alone. Its query and key read positions: the query at p must be largest with the key at p − 1. What does it copy, and where to, so that it does not fall upon the token that stands there?",
        "The second layer asks: which position has *before it* the token that I have *here*? Its query reads the token that stands here (T), its key reads the notes (B). What it copies is the token at the place it has found.",
        "One head is four blocks of identity: W_Q[0, 0, P] = s · (ones at (p, p − 1)), W_K[0, 0, P] = identity, W_V[0, 0, T] = identity, W_O[0, 0, :, B] = identity. With a score of 20 after division by √d_head one match outweighs fifty others.",
    ),
    misconceptions=(
        wrong("first head looks at itself", _built(_first(shift=0), _second()),
              "Your first head looks at its own position: its query and key are not shifted against each other. The query at p must meet the key at p − 1."),
        wrong("shifted the wrong way", _built(_first(shift=1), _second()),
              "Your first head wants to look at the position after it, which causal attention forbids, so it is left with nothing in particular. Shift the other way: the query at p meets the key at p − 1."),
        wrong("first head not written", _built(_first(sharpness=0.0), _second()),
              "All scores of your first head are alike, so it looks everywhere. Its W_Q or its W_K is still zero, or the two read or write different dimensions: both must read the position (P), into the same of the head's own dimensions."),
        wrong("scale forgotten in both", _built(_first(sharpness=0.3), _second(sharpness=0.3)),
              "The scores of both heads differ too little to decide anything. Is the scale missing? A score is divided by √d_head before the softmax; multiply W_Q (or W_K) of both heads until a match scores about 20 after that."),
        wrong("first head two back", _built(_first(shift=-2), _second()),
              "Your first head looks two positions back. The note must name the token just before: the query at p meets the key at p − 1."),
        wrong("second key reads the token", _built(_first(), _second(key="token")),
              "Your second head looks at where its own token stood before, and at itself: its query and its key read the same thing. The query must read the token here, the key the note that the first head wrote; then the match is one position later."),
        wrong("second query and key exchanged", _built(_first(), _second(query="previous", key="token")),
              "Query and key of your second head are exchanged: it looks for the place where the token before it stands. The query reads the token here, the key what stood before there."),
        wrong("query reads the note too", _built(_first(), _second(query="previous", key="previous", sharpness=22.0, value="previous")),
              "Both sides of your second head read the notes, so it looks for a place with the same token before it: where its own token stood. The query must read the token that stands here."),
        wrong("repeats the token", _built(_first(), _second(value="previous")),
              "Both heads look where they should, but the model repeats the current token. Does the second head copy the note, which holds the token *before* the place it has found, the one you stand on? Its value must read the token there. Or are the logits read from where the current token stands?"),
        wrong("one token late", _built(_first(), _second(), unembed="previous"),
              "Both heads look where they should, but the logits are read from what the *first* head wrote, the token before. They must be read from what the second head writes."),
        wrong("second head counts positions", _built(_first(), Plan("position", "position", "token", "next", shift=1 - PROBE)),
              "It works at one length only: your second head looks a fixed number of positions back. With another block length the match stands elsewhere: it must be found by its content, the token before it."),
        wrong("first head undecided", _built(_first(sharpness=0.3), _second()),
              "Your first head spreads its attention over many positions, so that its note is a mixture. Its scores differ too little: raise the scale of its query or key, to a score of about 20 after division by √d_head."),
        wrong("first head without its scale", _built(_first(sharpness=N_CTX**-0.5), _second()),
              "The scores of your first head differ too little, so that its note is a mixture of everything before. Is its scale missing? A score is divided by √d_head before the softmax; multiply its W_Q (or W_K) until a match scores about 20 after that."),
        wrong("second head undecided", _built(_first(), _second(sharpness=0.3)),
              "The first head looks where it should, but the scores of the second differ too little, so that the match is outvoted. Raise its scale: a score of about 20 after division by √d_head."),
        wrong("second head not written", _built(_first(), _second(sharpness=0.0)),
              "The first head looks where it should, but the second finds nothing: all its scores are alike. Its W_Q or its W_K is still zero, or they read things that never match. What does the first head write, and where? The key must read that, into the same of the head's own dimensions as the query."),
        wrong("nothing written", _built(_first(), _second(strength=0.0)),
              "Both heads look where they should, but nothing of what the second writes reaches the logits, which are all alike. W_V and W_O must carry the token into what the unembedding reads."),
    ),
)  # fmt: skip
