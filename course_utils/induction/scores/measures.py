"""What an induction head is recognised by, as numbers between stated ends.

1. The test input: BOS, a block of random tokens, the same block again. Nothing but the repetition predicts anything.
2. Where a head looks: to the token before (previous-token head), or to the token after the earlier occurrence of the
   current one (prefix matching, Olsson et al. 2022). In a block of length L that token stands L − 1 back.
3. What a model gains: losses token by token, accuracy on the repeat, and the in-context-learning score.

Positions: BOS is at 0, the block at 1 … L, its repeat at L + 1 … 2L. Patterns are (…, batch, head, query, key).
"""

import torch
import torch.nn.functional as F
from jaxtyping import Float, Int
from torch import Tensor


def repeated_tokens(
    d_vocab: int,
    batch: int,
    length: int,
    *,
    distinct: bool = False,
    bos: int = 0,
    generator: torch.Generator | None = None,
) -> Int[Tensor, "batch pos"]:
    """BOS, a block of `length` random tokens, the same block again: (batch, 1 + 2 · length), a block to each row.

    Args:
        d_vocab: tokens are drawn uniformly from 0 … d_vocab − 1, leaving out `bos`.
        distinct: no token occurs twice within a block.
        bos: the token that starts every row, and stands nowhere else.
        generator: source of randomness (on the CPU); torch's global one if None.

    Raises:
        ValueError: if there are too few tokens for a block of distinct ones.
    """
    if distinct and length > d_vocab - 1:
        raise ValueError(f"{length} distinct tokens cannot be drawn from the {d_vocab - 1} that are not BOS")
    if distinct:
        block = torch.rand(batch, d_vocab - 1, generator=generator).argsort(-1)[:, :length]
    else:
        block = torch.randint(d_vocab - 1, (batch, length), generator=generator)
    block = block + (block >= bos)  # step over BOS
    return torch.cat([torch.full((batch, 1), bos), block, block], 1)


def previous_token_score(pattern: Float[Tensor, "*stack batch head query key"]) -> Float[Tensor, "*stack head"]:
    """The mean attention to the position before, over all queries that have one; in [0, 1]."""
    return pattern.diagonal(-1, -2, -1).mean(-1).mean(-2)


def prefix_matching_score(
    pattern: Float[Tensor, "*stack batch head query key"], length: int
) -> Float[Tensor, "*stack head"]:
    """The mean attention, over the queries of the repeat, to the token after the earlier occurrence of the current one.

    Args:
        pattern: of prompts made by `repeated_tokens`, 1 + 2 · length long.
        length: L, of the block. The key is L − 1 before the query.

    Raises:
        ValueError: if the prompts do not have 1 + 2 · length tokens.
    """
    if pattern.shape[-1] != 1 + 2 * length:
        raise ValueError(f"BOS and a block of {length} twice are {1 + 2 * length} tokens, not {pattern.shape[-1]}")
    back = pattern.diagonal(1 - length, -2, -1)  # entry k: query k + L − 1, key k
    return back[..., 2:].mean(-1).mean(-2)  # the repeat's queries are L + 1 … 2L


def token_losses(
    logits: Float[Tensor, "*stack batch pos d_vocab"], tokens: Int[Tensor, "*stack batch pos"]
) -> Float[Tensor, "*stack batch pos-1"]:
    """The loss of every token but the first, in nats. Entry i is the loss of token i + 1, predicted at position i."""
    guesses = logits[..., :-1, :]
    following = tokens[..., 1:].expand(guesses.shape[:-1])
    nats = F.cross_entropy(guesses.flatten(0, -2), following.flatten(), reduction="none")
    return nats.view(following.shape)


def repeat_accuracy(
    logits: Float[Tensor, "*stack batch pos d_vocab"], tokens: Int[Tensor, "*stack batch pos"], length: int
) -> Float[Tensor, "*stack"]:
    """The share of the repeat's tokens, from its second on, that the model predicts first.

    The repeat's first token cannot be foreseen: only after it is there a prefix to match.
    """
    guess, truth = logits[..., length + 1 : -1, :].argmax(-1), tokens[..., length + 2 :]
    return (guess == truth).float().mean((-1, -2))


def icl_score(loss: Float[Tensor, "*stack batch pos"], early: int, late: int) -> Float[Tensor, "*stack"]:
    """The mean loss at index `late` minus the mean loss at index `early`, in nats; negative is better.

    Olsson et al. 2022 take the 500th and the 50th token of 512. Each is one position, averaged over the batch.

    Raises:
        ValueError: if an index lies outside the losses, or `early` is not before `late`.
    """
    if not 0 <= early < late < loss.shape[-1]:
        raise ValueError(f"early = {early} and late = {late} must be in order within {loss.shape[-1]} losses")
    return (loss[..., late] - loss[..., early]).mean(-1)


def icl_estimate(loss: Float[Tensor, "batch pos"], early: int, late: int) -> Float[Tensor, "2"]:
    """The in-context-learning score and the standard error of it, in nats.

    The sequences are independent, their positions are not. A sequence that is hard early is hard late, so that the
    error is that of the mean *difference*: the deviation of the differences (with n − 1) over √n.
    """
    gain = loss[:, late] - loss[:, early]
    return torch.stack([gain.mean(), gain.std() / len(gain) ** 0.5])


def half_way(
    steps: Float[Tensor, "checkpoint"], values: Float[Tensor, "checkpoint"], since: int = 0
) -> Float[Tensor, ""]:
    """The step at which a curve first passes the middle between its value at checkpoint `since` and its last one.

    On straight lines between checkpoints; what lies before `since` is not looked at. The curve may rise or fall.

    Raises:
        ValueError: the two ends are equal.
    """
    steps, values = steps[since:], values[since:]
    if values[0] == values[-1]:
        raise ValueError("the curve ends where it began, so that it has no middle to pass")
    share = (values - values[0]) / (values[-1] - values[0])
    after = int((share >= 0.5).nonzero()[0])
    before = after - 1
    part = (0.5 - share[before]) / (share[after] - share[before])
    return steps[before] + part * (steps[after] - steps[before])
