"""Exercises 2 and 3: where a head looks."""

import torch
from torch import Tensor

from course_utils import induction as ind
from course_utils.grading.inputs import Inputs, patterns
from course_utils.grading.kinds import UNIT, Function, wrong
from course_utils.induction.exercises.inputs import looking

# 2 · previous_token_score


def _patterns(rng: torch.Generator) -> Inputs:
    yield (torch.tensor([[[[1.0, 0.0, 0.0], [0.75, 0.25, 0.0], [0.5, 0.375, 0.125]]]]),)
    yield (looking(1, 4),)
    yield (looking(0, 5),)
    yield (torch.tensor([[[[1.0, 0, 0], [0.004, 0.996, 0], [0, 0.004, 0.996]]]]),)  # hardly
    yield (patterns(rng, 1, 2, 3),)
    yield (patterns(rng, 3, 1, 6),)
    yield (torch.cat([looking(1, 6), looking(2, 6)], 1),)
    yield (patterns(rng, 2, 4, 9, sharp=6.0, dtype=torch.float64),)


def _along(pattern: Tensor, offset: int) -> Tensor:
    return pattern.diagonal(-offset, -2, -1)


Function(
    id="induction.previous_token_score",
    reference=ind.previous_token_score,
    ranges={"pattern": UNIT, "result": UNIT},
    inputs=_patterns,
    hints=(
        "In the pattern of one head, queries are rows and keys are columns. Attention to the position before stands just below the main diagonal.",
        "pattern.diagonal(-1, -2, -1) has shape (batch, head, pos − 1): the first query has no position before it, and is left out by itself.",
        "Average over what is left of the positions and over the batch; the axis of the heads stays.",
    ),
    misconceptions=(
        wrong("main diagonal", lambda pattern: _along(pattern, 0).mean((0, -1)),
              "You read the main diagonal, attention of a position to itself. The token before stands one column further left: offset −1."),
        wrong("above the diagonal", lambda pattern: _along(pattern, -1).mean((0, -1)),
              "You read above the diagonal, where causal attention is always 0. In (query, key) the earlier positions lie below it: offset −1, not +1."),
        wrong("two back", lambda pattern: torch.cat([_along(pattern, 2), torch.zeros_like(pattern[..., :1, 0])], -1).sum(-1).mean(0) / max(pattern.shape[-1] - 2, 1),
              "You read the position two back. The previous token is one position back: offset −1."),
        wrong("first row counted", lambda pattern: _along(pattern, 1).sum(-1).mean(0) / pattern.shape[-1],
              "You divide by the number of all queries. The first one has no token before it: a perfect previous-token head would score less than 1. Leave it out."),
        wrong("first row as a hit", lambda pattern: (_along(pattern, 1).sum(-1) + pattern[..., 0, 0]).mean(0) / pattern.shape[-1],
              "You count the first query too, which can only attend to itself. It has no token before it: leave it out."),
        wrong("query after BOS left out", lambda pattern: _along(pattern, 1)[..., 1:].mean((0, -1)),
              "You leave out one query too many. Position 1 has a position before it, BOS, and counts; only position 0 has none."),
        wrong("sum over positions", lambda pattern: _along(pattern, 1).sum(-1).mean(0),
              "You add up over the positions, so that a longer sequence scores more. Average: the score lies between 0 and 1."),
        wrong("first sequence only", lambda pattern: _along(pattern, 1).mean(-1)[0],
              "You look at the first sequence of the batch only. Average over all of them."),
        wrong("one number for all heads", lambda pattern: _along(pattern, 1).mean(),
              "You average over the heads as well. One previous-token head among many that are none would be invisible: keep the axis of the heads."),
        wrong("batch kept", lambda pattern: _along(pattern, 1).mean(-1),
              "You keep the axis of the batch. Average over it as over the positions: one number for each head."),
        wrong("share of largest", lambda pattern: (pattern.argmax(-1)[..., 1:] == torch.arange(pattern.shape[-1] - 1)).to(pattern.dtype).mean((0, -1)),
              "You count how often the token before gets the most attention. The score is how much it gets: 0.4 counts as 0.4."),
    ),
)  # fmt: skip


# 3 · prefix_matching_score


def _repeated(rng: torch.Generator) -> Inputs:
    yield looking(2, 7), 3
    yield looking(3, 7), 3
    yield looking(2, 7, 0.004), 3  # hardly
    yield patterns(rng, 1, 1, 5), 2
    yield torch.cat([looking(k, 9) for k in (1, 3, 4, 5)], 1), 4
    yield patterns(rng, 2, 3, 9), 4
    yield patterns(rng, 4, 2, 21, sharp=4.0), 10
    yield patterns(rng, 2, 4, 13, dtype=torch.float64), 6


def _read(pattern: Tensor, length: int, offset: int, first: int | None = None, last: int | None = None) -> Tensor:
    """Mean attention to `offset` back from the queries first … last, by default the second copy's."""
    first, last = length + 1 if first is None else first, 2 * length if last is None else last
    queries = torch.arange(first, last + 1)
    return pattern[:, :, queries, queries - offset].mean((0, -1))


Function(
    id="induction.prefix_matching_score",
    reference=ind.prefix_matching_score,
    ranges={"pattern": UNIT, "result": UNIT},
    inputs=_repeated,
    hints=(
        "Write down a block of three, with BOS: position 0 is BOS, A B C stand at 1 2 3 and again at 4 5 6. Where was the A at 4 before, and what came after it?",
        "From position 4 back to position 2, that is 2 back. In a block of `length`, always length − 1.",
        "The queries are length + 1 … 2 · length, the second copy. `pattern[:, :, queries, queries - (length - 1)]` picks one key for each query; average over batch and queries.",
    ),
    misconceptions=(
        wrong("same token", lambda pattern, length: _read(pattern, length, length),
              "You read attention to the earlier occurrence of the token itself, `length` back. That is a duplicate-token head. An induction head looks at the token after it: length − 1 back."),
        wrong("one before", lambda pattern, length: torch.stack([pattern[:, :, q, q - length - 1] for q in range(length + 1, 2 * length + 1)]).mean((0, 1)),
              "You read attention to the token before the earlier occurrence, length + 1 back. What comes next stands after it: length − 1 back."),
        wrong("two after", lambda pattern, length: _read(pattern, length, length - 2),
              "You read length − 2 back, the second token after the earlier occurrence. The one that comes next is length − 1 back."),
        wrong("first copy included", lambda pattern, length: _along(pattern, length - 1).mean((0, -1)),
              "You average over every query that has a key length − 1 back. In the first copy nothing has been repeated yet: keep the queries of the second, length + 1 and later."),
        wrong("BOS forgotten", lambda pattern, length: _read(pattern, length, length - 1, length, 2 * length - 1),
              "Your queries are one too early. BOS stands at position 0, so the second copy is at length + 1 … 2 · length."),
        wrong("last query left out", lambda pattern, length: _read(pattern, length, length - 1, last=2 * length - 1),
              "You leave out the last token of the second copy. It too stood there before: all `length` queries count."),
        wrong("first query left out", lambda pattern, length: _read(pattern, length, length - 1, first=length + 2),
              "You leave out the first token of the second copy. The *answer* to it cannot be scored before it is there, but the token itself stood there before: its attention counts."),
        wrong("sum over queries", lambda pattern, length: length * _read(pattern, length, length - 1),
              "You add up over the queries. Average, so that the score lies between 0 and 1 whatever the length."),
        wrong("divided by all positions", lambda pattern, length: length * _read(pattern, length, length - 1) / pattern.shape[-1],
              "You divide by the number of all positions. Only the second copy's queries can match anything: divide by `length`."),
        wrong("one number for all heads", lambda pattern, length: _read(pattern, length, length - 1).mean(),
              "You average over the heads as well. Keep their axis: which head does it is the question."),
        wrong("first sequence only", lambda pattern, length: _read(pattern[:1], length, length - 1),
              "You look at the first sequence of the batch only. Average over all of them."),
        wrong("query and key exchanged", lambda pattern, length: _read(pattern.mT, length, length - 1),
              "You have exchanged query and key. pattern[…, query, key]: the query comes first, and the key lies before it."),
    ),
)  # fmt: skip
