"""Invented names that return: a short program with a name that no text has, many times over.

1. `with_name` – the program with one name, its tokens, and where the name and the argument stand.
2. `invented` – programs that differ in their name alone, a name of random syllables that is used twice.
3. `name_gain` – what the name's return is worth: loss on its parts the first time minus their loss the second time.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from course_utils.induction.scores.interventions import Head, ablate_heads
from course_utils.induction.scores.measures import token_losses

ARGUMENT = "quab"
PROGRAM = "def {name}(quab):\n    return quab + 1\n\nprint({name}(3))\n"
CONSONANTS, VOWELS = "bdfgklmnprstvwz", "aeiou"


@dataclass(frozen=True)
class Program:
    """The program with one name.

    Attributes:
        tokens: with the starting token in front. parts: what the others say; ␣ is a space, ⏎ a line break.
        names, arguments: where the name and the argument stand, both times, as ranges of `parts`.
    """

    tokens: Int[Tensor, "1 pos"]
    parts: tuple[str, ...]
    names: tuple[range, range]
    arguments: tuple[range, range]


def with_name(model: Any, name: str) -> Program:
    """The program whose function has this name, which stands in it twice.

    Raises:
        ValueError: no name of a function, or more than 24 letters, digits and underscores.
    """
    if not (name.isascii() and name.isidentifier() and len(name) <= 24) or name == ARGUMENT:
        raise ValueError(f"{name!r} is no name of at most 24 letters, digits and underscores, or is the argument's")
    text = PROGRAM.format(name=name)
    ids = model.tokenizer.encode(text, add_special_tokens=False)
    pieces = [model.tokenizer.decode([i]) for i in ids]
    ends = list(accumulate(map(len, pieces)))

    def where(begin: int, length: int) -> range:
        inside = [k for k, end in enumerate(ends) if end > begin and end - len(pieces[k]) < begin + length]
        return range(inside[0], inside[-1] + 1)

    spans = [where(at, len(name)) for at in (text.index(f"{name}("), text.rindex(f"{name}("))]
    spans += [where(at + 1, len(ARGUMENT)) for at in (text.index(f"({ARGUMENT}"), text.rindex(f" {ARGUMENT}"))]
    parts = tuple("⏎" if "\n" in piece else piece.replace(" ", "␣") for piece in pieces)
    return Program(torch.tensor([[0, *ids]]), parts, (spans[0], spans[1]), (spans[2], spans[3]))


@dataclass(frozen=True)
class Programs:
    """Programs in which an invented name comes twice.

    Attributes:
        names: one for each. tokens: with the starting token, and filled up with it at the end.
        first, second: the places of the name's parts after the first part, the first and the second time.
    """

    names: tuple[str, ...]
    tokens: Int[Tensor, "program pos"]
    first: tuple[range, ...]
    second: tuple[range, ...]


def invented(model: Any, count: int, seed: int = 0) -> Programs:
    """Names of four random syllables, such as `wowbiz_mizlum`; only those whose later parts are the same both times."""
    dice, found = random.Random(seed), {}
    while len(found) < count:
        syllables = [dice.choice(CONSONANTS) + dice.choice(VOWELS) + dice.choice(CONSONANTS) for _ in range(4)]
        name = "".join(syllables[:2]) + "_" + "".join(syllables[2:])
        text = PROGRAM.format(name=name)
        pieces = text, f"def {name}", text[: text.rindex(name)]
        ids, defined, called = ([0, *model.tokenizer.encode(piece, add_special_tokens=False)] for piece in pieces)
        first = range(3, len(defined))
        second = range(len(called) + 1, len(called) + 1 + len(first))
        if [ids[k] for k in first] == [ids[k] for k in second]:
            found[name] = ids, first, second
    rows = [torch.tensor(ids) for ids, _, _ in found.values()]
    tokens = torch.nn.utils.rnn.pad_sequence(rows, batch_first=True)
    return Programs(tuple(found), tokens, *(tuple(row[k] for row in found.values()) for k in (1, 2)))


def name_gain(
    model: Any, programs: Programs, without: Sequence[Head] = (), reference: Int[Tensor, "n pos"] | None = None
) -> Float[Tensor, "program"]:
    """What the return of each name is worth, in nats: loss on its later parts the first time minus the second time.

    Args:
        without: heads that are set to their mean over `reference` (texts of at least as many tokens).
    """
    reference = None if reference is None else reference[:, : programs.tokens.shape[1]]
    nats = token_losses(ablate_heads(model, programs.tokens, without, "mean", reference), programs.tokens)
    means = [
        [row[[place - 1 for place in places]].mean() for row, places in zip(nats, each, strict=True)]
        for each in (programs.first, programs.second)
    ]
    return torch.tensor(means[0]) - torch.tensor(means[1])
