"""Exercise 1, the self-check: ten quick questions, a computed key, and for each wrong answer what to read."""

import ast
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_utils.grading.kinds import Answer, wrong

Value = tuple[float, ...]


@dataclass(frozen=True)
class SelfCheckQuestion:
    """One question of the self-check.

    Attributes:
        topic: in a word or two. compute: the answer, as numbers. read: where to read about it.
        slips: usual wrong answers, each with what it comes from.
    """

    topic: str
    compute: Callable[[], Any]
    read: str
    slips: tuple[tuple[Any, str], ...] = ()

    def sentence(self, given: Value) -> str:
        """What to say to this wrong answer."""
        known = (said for value, said in self.slips if _close(given, _value(value)))
        return f"{next(known, '')} Read: {self.read}.".strip()


def _derivative() -> Tensor:
    x = torch.tensor(1.0, requires_grad=True)
    return torch.autograd.grad(torch.relu(3 * x - 1) ** 2, x)[0]


def _pattern() -> Tensor:
    scores = torch.zeros(4, 4).masked_fill(torch.ones(4, 4).triu(1).bool(), -torch.inf)
    return scores.softmax(-1)[2, 0]


EINSUM = "`help(torch.einsum)`"
QUESTIONS = (
    SelfCheckQuestion(
        "einsum, shapes",
        lambda: torch.einsum("bpd,hde->bphe", torch.ones(2, 5, 8), torch.ones(4, 8, 3)).shape,
        EINSUM,
        (((2, 5, 8, 4, 3), "You kept d: an index that is missing after the arrow is summed over."),
         ((2, 5, 4, 8, 3), "You kept d: an index that is missing after the arrow is summed over."),
         ((2, 5, 3, 4), "The axes come in the order in which they stand after the arrow: b, p, h, e."),
         ((2, 4, 5, 3), "The axes come in the order in which they stand after the arrow: b, p, h, e."),
         ((4, 2, 5, 3), "The axes come in the order in which they stand after the arrow: b, p, h, e.")),
    ),
    SelfCheckQuestion(
        "einsum, numbers",
        lambda: torch.einsum("ij,ij->i", torch.tensor([[1, 2], [3, 4]]), torch.tensor([[1, 0], [1, 1]])),
        EINSUM,
        (((1, 6), "The first is right. In the second row too, multiply entry by entry and add up."),
         ((3, 7), "These are the sums of the rows of x alone. Multiply by y, entry by entry, first."),
         ((4, 4), "You summed over i, which stands after the arrow and stays; j is summed over."),
         (8, "You summed over both indices; i stands after the arrow and stays.")),
    ),
    SelfCheckQuestion(
        "broadcasting",
        lambda: (torch.ones(3, 1, 4) + torch.ones(5, 1)).shape,
        "docs.pytorch.org/docs/stable/notes/broadcasting.html",
        (((5, 3, 4), "Shapes are laid over each other from the right: the 5 meets the 1 in the middle."),
         ((3, 1, 4), "An axis of length 1 is stretched to the other's length, here to 5."),
         ((3, 5, 1), "Both axes of length 1 are stretched: the last one to 4."),
         ((3, 5, 5, 4), "Shapes are laid over each other from the right: the 5 meets the 1 in the middle."),
         ((3, 1, 4, 5, 1), "Shapes are not joined; they are laid over each other from the right.")),
    ),
    SelfCheckQuestion(
        "softmax",
        lambda: torch.tensor([100, 100 + math.log(3)], dtype=torch.float64).softmax(-1)[1],
        "`help(torch.nn.Softmax)`",
        ((1.0, "The difference of the logits is ln 3 and not 100: the common 100 cancels."),
         (3, "That is the ratio of the two probabilities. They add up to one."),
         (0.25, "That is the first one's probability."),
         (0.5, "The common 100 cancels, the difference of ln 3 does not: the ratio is 3 to 1.")),
    ),
    SelfCheckQuestion(
        "cross-entropy",
        lambda: torch.nn.functional.cross_entropy(torch.zeros(1, 2048), torch.tensor([7])),
        "Goodfellow et al. 2016, deeplearningbook.org, chapter 3.13",
        ((7.6, "ln 2048 to two digits after the point is asked for; 7.6 is rounded too far."),
         (7.63, "ln 2048 is 7.6246: rounded up by mistake."),
         (3.31, "That is the logarithm to base 10. In nats, it is the natural one."),
         (11, "That is in bits. In nats, the logarithm is the natural one."),
         (1 / 2048, "That is the probability of the right token; the loss is minus its logarithm."),
         (-math.log(2048), "The loss is *minus* the logarithm of the probability.")),
    ),
    SelfCheckQuestion(
        "rank",
        lambda: torch.linalg.matrix_rank(torch.randn(192, 48, generator=torch.Generator().manual_seed(0)).double() @ torch.randn(48, 192, generator=torch.Generator().manual_seed(1)).double()),
        "Goodfellow et al. 2016, deeplearningbook.org, chapter 2",
        ((192, "The product has 192 rows, but all that passes through it passes through 48 numbers."),
         (96, "Ranks do not add up. All that passes through the product passes through 48 numbers.")),
    ),
    SelfCheckQuestion(
        "singular values",
        lambda: torch.linalg.svdvals(torch.tensor([[3.0, 0], [0, -5]]))[0],
        "`help(torch.linalg.svd)`",
        ((3, "That is the largest *eigenvalue*. A singular value says by how much a direction is stretched, whatever its sign."),
         (25, "That is the largest eigenvalue of AᵀA. The singular value is its root."),
         (-5, "Singular values are lengths, so they are never negative.")),
    ),
    SelfCheckQuestion(
        "attention, shapes",
        lambda: (torch.ones(2, 4, 10, 48) @ torch.ones(2, 4, 10, 48).mT).shape,
        "Elhage et al. 2021, transformer-circuits.pub/2021/framework",
        (((2, 4, 10, 48), "That is the shape of what the heads say. A pattern has a number for each query and key."),
         ((2, 10, 10, 4), "In TransformerLens the head comes before both positions: (batch, head, query, key)."),
         ((4, 10, 10), "The batch is missing: each of the 2 prompts has patterns of its own."),
         ((2, 10, 10), "Each head has a pattern of its own: the 4 is missing."),
         ((2, 10, 4, 48), "That is the shape of the queries. A score belongs to a pair of positions."),
         ((2, 10, 4, 10), "In TransformerLens the head comes before both positions: (batch, head, query, key).")),
    ),
    SelfCheckQuestion(
        "causal mask",
        _pattern,
        "`help(torch.nn.functional.scaled_dot_product_attention)`",
        ((0.3, "One third to two digits after the point is asked for; 0.3 is rounded too far."),
         (0, "The mask hides what comes *after* a position. Position 0 comes before."),
         (1 / 4, "Position 2 cannot see position 3, which comes after it."),
         (1 / 2, "Positions count from 0, and a token sees itself: position 2 sees 0, 1 and 2.")),
    ),
    SelfCheckQuestion(
        "chain rule",
        _derivative,
        "Goodfellow et al. 2016, deeplearningbook.org, chapter 6.5",
        ((4, "You left out the inner derivative, 3."), (6, "You left out the outer one's argument: 2·ReLU(3x − 1) is 4 there."),
         (36, "The inner derivative, 3, is taken once."),
         (3, "That is the inner derivative. The square's is still to be multiplied.")),
    ),
)  # fmt: skip


def _value(answer: Any) -> Value:
    """A number, a shape or a tensor as a tuple of floats."""
    if isinstance(answer, (Tensor, np.ndarray)):
        answer = answer.tolist()
    if isinstance(answer, str):  # "1/3", "0.75", "(2, 3)"
        answer = ast.literal_eval(answer) if "," in answer else Fraction(answer)
    if isinstance(answer, (bytes, dict, set)):
        raise TypeError("neither a number nor a shape")
    return tuple(float(v) for v in answer) if isinstance(answer, Iterable) else (float(answer),)


def _close(a: Value, b: Value) -> bool:
    return len(a) == len(b) and all(math.isclose(x, y, rel_tol=0, abs_tol=0.005001) for x, y in zip(a, b, strict=True))


def _key(seed: int) -> dict[int, Value]:
    return {number: _value(question.compute()) for number, question in enumerate(QUESTIONS, 1)}


def _canonical(answer: Any) -> dict[int, Value | None]:
    """{question: numbers}; a list counts from 1; what is not answered is left out."""
    if isinstance(answer, (list, tuple)):
        answer = dict(enumerate(answer, 1))
    given = {int(number): one for number, one in dict(answer).items() if one is not None and one is not ...}
    return {number: _readable(one) for number, one in given.items()}


def _readable(given: Any) -> Value:
    """As numbers; nothing where it is none, so that one slip of the pen leaves the other answers standing."""
    try:
        return _value(given)
    except (TypeError, ValueError, SyntaxError):
        return ()


def _form(answer: dict[int, Value], truth: dict[int, Value]) -> str:
    strange = sorted(set(answer) - set(truth))
    if strange:
        return f"There is no question {strange[0]}; they are numbered from 1 to {len(truth)}."
    unread = [str(number) for number, given in sorted(answer.items()) if not given]
    return f"What you give for {' and '.join(unread)} is neither a number nor a shape." if unread else ""


def _wrong_ones(answer: dict[int, Value], truth: dict[int, Value]) -> list[int]:
    return [number for number, right in truth.items() if not (number in answer and _close(answer[number], right))]


def _score(answer: dict[int, Value], truth: dict[int, Value]) -> float:
    return 1 - len(_wrong_ones(answer, truth)) / len(truth)


def _explain(answer: dict[int, Value], truth: dict[int, Value]) -> str:
    said = []
    for number in _wrong_ones(answer, truth):
        question = QUESTIONS[number - 1]
        if number in answer:
            said.append(f"{number} ({question.topic}): {question.sentence(answer[number])}")
        else:
            said.append(f"{number} left out: {question.read}.")
    return f"{len(truth) - len(said)} of {len(truth)} are right. " + " ".join(said)


def _slip(number: int, which: int) -> Any:
    """A misconception: everything right but one question, in one of its usual ways."""
    question = QUESTIONS[number - 1]
    value = question.slips[which][0]
    say = f"9 of 10 are right. {number} ({question.topic}): {question.sentence(_value(value))}"
    return wrong(f"{question.topic}: {value}", lambda truth: truth | {number: _value(value)}, say)


Answer(
    id="transformer.self_check",
    alike="A self-check asks everybody the same; what counts is to know where to read.",
    truth=_key,
    score=_score,
    canonical=_canonical,
    form=_form,
    explain=_explain,
    expects="Give {1: …, 2: …, …, 10: …}, each a number, to two digits after the point, or a shape such as (2, 3).",
    share=1.0,
    why="A self-check is over when every answer is right; until then it says what to read.",
    hints=(
        "Answer from the head first. Then try in a cell: each question is one or two lines of torch.",
        "The usual suspects: an index that stands after einsum's arrow stays; shapes are compared from the right; a softmax does not notice what all its inputs share.",
    ),
    misconceptions=tuple(_slip(n, k) for n, question in enumerate(QUESTIONS, 1) for k in range(len(question.slips))),
)  # fmt: skip
