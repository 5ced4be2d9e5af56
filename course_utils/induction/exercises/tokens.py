"""Exercise 1: random tokens, repeated. What must hold of every draw, with its sampling error."""

import math

import torch
from torch import Tensor

from course_utils import induction as ind
from course_utils.grading.inputs import Inputs
from course_utils.grading.kinds import Rule, Sampler, Stat, wrong


def _sizes(rng: torch.Generator) -> Inputs:
    yield 9, 2000, 7
    yield 10, 1500, 6
    yield 40, 1000, 9
    yield int(torch.randint(12, 30, (), generator=rng)), 1200, int(torch.randint(6, 12, (), generator=rng))


def _share(name: str, holds: Tensor, expected: float) -> Stat:
    """A share with its sampling error."""
    error = math.sqrt(expected * (1 - expected) / max(holds.numel(), 1))
    return Stat(name, holds.double().mean().item(), expected, error)


def _rules(tokens: Tensor, d_vocab: int, batch: int, length: int) -> list[Rule]:
    """What holds of every sequence."""
    block, repeat = tokens[:, 1 : length + 1], tokens[:, length + 1 :]
    return [
        Rule("Every sequence starts with BOS, token 0", tokens[:, 0] == 0),
        Rule("BOS stands at position 0 and nowhere else", tokens[:, 1:] != 0),
        Rule("Every token lies between 0 and d_vocab − 1", (tokens >= 0) & (tokens < d_vocab)),
        Rule("The second block holds, position by position, what the first does", block == repeat),
    ]


def _columns(tokens: Tensor, d_vocab: int, batch: int, length: int) -> dict[str, Tensor]:
    """The token at each position of the block."""
    return {f"the token at position {at}": tokens[:, at] for at in range(1, length + 1)}


def _statistics(tokens: Tensor, d_vocab: int, batch: int, length: int) -> list[Stat]:
    drawn = tokens[:, 1 : length + 1]
    once = tokens.unique(dim=0)  # what is drawn once for the whole batch is one draw
    block, repeat = once[:, 1 : length + 1], once[:, length + 1 :]
    others = d_vocab - 1  # every token but BOS
    stats = [
        _share("share of the last token, d_vocab − 1", block == d_vocab - 1, 1 / others),
        _share("share of token 1", block == 1, 1 / others),
        _share("share of the lower half of the tokens", block <= others // 2, (others // 2) / others),
        _share("share of two neighbouring sequences' positions that agree", drawn[1:] == drawn[:-1], 1 / others),
        Stat("share of sequences that are copies of others", 1 - len(once) / batch, 0.0, 0.5 / math.sqrt(batch)),
        _share("share of neighbouring positions that hold one token", block[:, 1:] == block[:, :-1], 1 / others),
        _share("share of neighbours with the larger token last", block[:, 1:] > block[:, :-1], 0.5 - 0.5 / others),
        _share("share of tokens that stood length − 1 before", block[:, 1:] == repeat[:, :-1], 1 / others),
        _share("share of tokens that stood length + 1 before", block[:, :-1] == repeat[:, 1:], 1 / others),
        _share("share of repeats that end as the block began", block[:, 0] == repeat[:, -1], 1 / others),
    ]
    for position in (0, length - 1):
        mean = block[:, position].double().mean().item()
        spread = math.sqrt((others**2 - 1) / 12 / len(block))
        stats.append(Stat(f"mean token at position {position} of the block", mean, d_vocab / 2, spread))
    return stats


def _rows(batch: int, *parts: Tensor) -> Tensor:
    return torch.cat([torch.zeros(batch, 1, dtype=torch.long), *parts], 1)


def _block(d_vocab: int, batch: int, length: int, low: int = 1) -> Tensor:
    return torch.randint(low, d_vocab, (batch, length))


def _twice(block: Tensor) -> Tensor:
    return _rows(len(block), block, block)


def _reversed(d_vocab: int, batch: int, length: int) -> Tensor:
    block = _block(d_vocab, batch, length)
    return _rows(batch, block, block.flip(1))


def _late(d_vocab: int, batch: int, length: int) -> Tensor:
    block = _block(d_vocab, batch, length)
    return _rows(batch, block, block.roll(-1, 1))


def _bos_between(d_vocab: int, batch: int, length: int) -> Tensor:
    block = _block(d_vocab, batch, length)
    return torch.cat([_rows(batch, block), _rows(batch, block[:, :-1])], 1)


def _no_bos(d_vocab: int, batch: int, length: int) -> Tensor:
    tokens = _twice(_block(d_vocab, batch, length))
    tokens[:, 0] = torch.randint(1, d_vocab, (batch,))
    return tokens


def _bos_last(d_vocab: int, batch: int, length: int) -> Tensor:
    return _twice(_block(d_vocab, batch, length)).roll(-1, 1)


def _each_twice(d_vocab: int, batch: int, length: int) -> Tensor:
    return _rows(batch, _block(d_vocab, batch, length).repeat_interleave(2, 1))


def _distinct(d_vocab: int, batch: int, length: int) -> Tensor:
    return _twice(torch.rand(batch, d_vocab - 1).argsort(-1)[:, :length] + 1)


def _in_order(d_vocab: int, batch: int, length: int) -> Tensor:
    return _twice((torch.randint(d_vocab - 1, (batch, 1)) + torch.arange(length)) % (d_vocab - 1) + 1)


Sampler(
    id="induction.repeated_tokens",
    reference=ind.repeated_tokens,
    survivors={"`block >= bos` → `* >= bos`": "BOS is token 0, and none of these numbers is below 0."},
    inputs=_sizes,
    statistics=_statistics,
    rules=_rules,
    independent=_columns,
    hints=(
        "Draw one block of shape (batch, length), and use it twice. torch.cat([...], dim=1) puts a column of BOS and the two blocks side by side.",
        "torch.randint(low, high, size) draws from low … high − 1. BOS is token 0 and must not be drawn: which low, which high?",
        "torch.randint(1, d_vocab, (batch, length)): a row of its own for each sequence.",
    ),
    misconceptions=(
        wrong("same block for the whole batch", lambda d_vocab, batch, length: _twice(_block(d_vocab, 1, length).expand(batch, -1)),
              "Every sequence of the batch has the same block. Then a batch measures one sequence many times: draw (batch, length) tokens, a row for each."),
        wrong("second half drawn anew", lambda d_vocab, batch, length: _rows(batch, _block(d_vocab, batch, 2 * length)),
              "The second half is not the first one again, row by row. Draw one block and use it twice, as it is; nothing but the repetition may tell what comes next."),
        wrong("repeat off by one", _late,
              "The second half is the block shifted by one. It must start with the block's first token, `length` positions after it."),
        wrong("second half reversed", _reversed,
              "The second half runs backwards. Induction completes A B … A with B: the order must be the same."),
        wrong("BOS among the tokens", lambda d_vocab, batch, length: _twice(_block(d_vocab, batch, length, 0)),
              "You also draw token 0 inside the blocks. That is BOS, which marks the start: draw from 1 on."),
        wrong("last token never drawn", lambda d_vocab, batch, length: _twice(_block(max(d_vocab - 1, 2), batch, length)),
              "The last token, d_vocab − 1, never occurs. The upper end of torch.randint is already exclusive: do not subtract 1."),
        wrong("no BOS", _no_bos,
              "The sequences do not start with BOS. Heads that find nothing rest there; without it the first token of the block takes its place."),
        wrong("BOS at the end", _bos_last,
              "BOS stands at the end. It is the beginning of the sequence: position 0."),
        wrong("BOS between the copies", _bos_between,
              "You put BOS before the second copy too. Then the copies are length + 1 apart, and BOS says where the repeat begins: one BOS, at position 0."),
        wrong("each token twice", _each_twice,
              "Each token is doubled on the spot, A A B B. The whole block is to be repeated, A B … A B: torch.cat, not repeat_interleave."),
        wrong("no token twice", _distinct,
              "No token occurs twice in your blocks. That is a good test too, and the course uses it later; here every token is drawn independently of all others, so that one may come again."),
        wrong("tokens in order", _in_order,
              "Your blocks count upwards. A model could complete them by knowing the order of the tokens: draw every token independently."),
    ),
)  # fmt: skip
