"""Exercise 1: three new names in each prompt, and nothing else."""

import torch
from torch import Tensor

from course_utils import ioi
from course_utils.grading.independence import Stat
from course_utils.grading.inputs import Inputs
from course_utils.grading.kinds import Rule, Sampler, wrong

MANY = 210  # names: so many that most of them come in some prompt, and none in many


def _prompts(rng: torch.Generator) -> Inputs:
    """One prompt; five names, so that three are left; a third name anywhere in the row; names in no order; hundreds of
    names, most of them in some prompt; the same names in every prompt.
    """
    sizes = ((200, 7, 6, 0), (600, 6, 5, 0), (400, 9, 9, 0), (400, 12, 12, 1), (1, 6, 3000, 1), (90, 7, MANY, 0), (1200, 7, 6, 0))
    for number, (batch, length, people, others) in enumerate(sizes):
        names = torch.arange(20, 20 + 2 * people, 2)  # every other id is no name
        names = names[torch.randperm(people, generator=rng)]
        tokens = torch.randint(1, 20, (batch, length), generator=rng)
        places = torch.rand(batch, length - 1, generator=rng).topk(3 + others, dim=1).indices + 1
        io_s = names[torch.rand(batch, people, generator=rng).topk(2 + others, dim=1).indices]
        if number == len(sizes) - 1:
            io_s = io_s[:1].expand_as(io_s)
        if others:
            tokens = tokens.scatter(1, places[:, 3:], io_s[:, 2:])
        yield tokens.scatter(1, places[:, :3], io_s[:, [0, 1, 1]]), places[:, :3].clone(), names


def _rules(sample: Tensor, tokens: Tensor, places: Tensor, names: Tensor) -> list[Rule]:
    new = sample.gather(1, places)
    named = torch.zeros_like(tokens, dtype=torch.bool).scatter(1, places, True)
    different = (new[:, 0] != new[:, 1]) & (new[:, 0] != new[:, 2]) & (new[:, 1] != new[:, 2])
    return [
        Rule("every token that is no name stays", (sample == tokens) | named),
        Rule("what stands at the three places is a name", (new[..., None] == names).any(-1)),
        Rule("the three new names are different from one another", different),
        Rule("no new name is one of the prompt's own", ~(new[..., None] == tokens[:, None]).any(-1)),
    ]


def _statistics(sample: Tensor, tokens: Tensor, places: Tensor, names: Tensor) -> list[Stat]:
    new = sample.gather(1, places)
    taken = int((tokens[0, :, None] == names).any(0).sum())  # in every row as many
    left = len(names) - taken
    if len(tokens) == 1:  # what one prompt can show: all three from the first hundredth of a long list
        first = (new[..., None] == names[: len(names) // 100]).any(-1).all(1).double().mean()
        return [Stat("how often all three come from the first names of the list", float(first), 1e-6, 1e-3)]
    free = ~(tokens[:, :, None] == names).any(1)
    if len(names) == MANY:
        return _between_prompts(new, names, free)
    drawn = (new[:, :, None] == names).any(1)
    both, p = float((free[1:] & free[:-1]).sum()), (3 / left) ** 2
    shared = float((drawn[1:] & drawn[:-1]).sum())
    stats = [
        Stat("how many new names a row shares with the row before", shared / len(new), both * p / len(new), (both * p) ** 0.5 / len(new)),
        *_order(drawn, free),
        _along_the_row(new, places),
    ]
    for which, where in enumerate(("IO", "S1", "S2")):
        for name in names.tolist():
            expected, n = 1 / left, int((~(tokens == name).any(1)).sum())
            if n == 0:  # it stands in every prompt
                continue
            share = float((new[:, which] == name).sum()) / n
            stats.append(Stat(f"how often name {name} comes at {where}", share, expected, (expected / n) ** 0.5))
    return stats


def _between_prompts(new: Tensor, names: Tensor, free: Tensor) -> list[Stat]:
    """How often new names are those of other prompts, and the same new name comes in two prompts: as chance has it."""
    others = (~free).any(0)  # names of some prompt
    left, rows = int(free[0].sum()), len(new)  # as many left in every row
    share = (int(others.sum()) - len(names) + left) / left
    found = float(others[(new[..., None] == names).long().argmax(-1)].double().mean())
    both = free.double() @ free.double().T
    expected = float(both.triu(1).sum()) / left**2  # pairs of prompts
    again = new[:, 0].unique(return_counts=True)[1].double()
    return [
        Stat("how many new names are names of other prompts", found, share, (share * (1 - share) / (3 * rows)) ** 0.5),
        Stat("how many pairs of prompts have the same new name at IO", float((again * (again - 1) / 2).sum()), expected, expected**0.5),
    ]


def _along_the_row(new: Tensor, places: Tensor) -> Stat:
    """Whether of the new names the smaller ids stand earlier in the row, as after a sort of names and places."""
    in_order = new.gather(1, places.argsort(1))
    share = float((in_order[:, 0] < in_order[:, 2]).double().mean())
    return Stat("how often the first new name in the row has a smaller id than the last", share, 0.5, 0.5 / len(new) ** 0.5)


def _order(drawn: Tensor, free: Tensor) -> list[Stat]:
    """Whether names late in the list are drawn as often as early ones: their mean rank among the free ones."""
    count = int(free[0].sum())  # in every row as many
    if count <= 3:
        return []
    rank = float((free.cumsum(1) * drawn).sum()) / (3 * len(drawn))
    error = ((count + 1) * (count - 3) / 36 / len(drawn)) ** 0.5  # three of `count` without replacement
    return [Stat("how far down the list the new names stand", rank, (count + 1) / 2, error)]


def _columns(sample: Tensor, tokens: Tensor, places: Tensor, names: Tensor) -> dict[str, Tensor]:
    """Ranks among the names that are free in the row: which these are is no choice of the answer's.

    Drawn without replacement, the second tends to be low where the first is high; that much is taken off.
    """
    free = ~(tokens[:, :, None] == names).any(1)
    which = (sample.gather(1, places)[..., None] == names).long().argmax(-1)
    io, s1, s2 = free.cumsum(1).gather(1, which).double().T
    count = int(free[0].sum())  # in every row as many
    return {
        "the new name at IO": io,
        "the new name at S1": s1 + io / (count - 1),
        "the new name at S2": s2 + (io + s1) / (count - 2),
    }


def _drawn(tokens: Tensor, places: Tensor, names: Tensor, count: int = 3, avoid: bool = True) -> Tensor:
    chance = torch.rand(len(tokens), len(names))
    if avoid:
        chance[(tokens[:, None] == names[:, None]).any(2)] = -1.0
    return names[chance.topk(count, dim=1).indices]


def _own_names_again(tokens: Tensor, places: Tensor, names: Tensor) -> Tensor:
    return tokens.scatter(1, places, _drawn(tokens, places, names, avoid=False))


def _own_elsewhere(tokens: Tensor, places: Tensor, names: Tensor) -> Tensor:
    return tokens.scatter(1, places, _drawn(tokens.gather(1, places), places, names))


def _subject_twice(tokens: Tensor, places: Tensor, names: Tensor) -> Tensor:
    return tokens.scatter(1, places, _drawn(tokens, places, names, 2)[:, [0, 1, 1]])


def _sorted(tokens: Tensor, places: Tensor, names: Tensor) -> Tensor:
    return tokens.scatter(1, places, _drawn(tokens, places, names).sort(1).values)


def _with_replacement(tokens: Tensor, places: Tensor, names: Tensor) -> Tensor:
    free = torch.stack([names[~(names[:, None] == row).any(1)] for row in tokens])
    return tokens.scatter(1, places, free.gather(1, torch.randint(free.shape[1], (len(tokens), 3))))


def _neighbours(tokens: Tensor, places: Tensor, names: Tensor) -> Tensor:
    free = torch.stack([names[~(names[:, None] == row).any(1)] for row in tokens])
    first = torch.randint(free.shape[1], (len(tokens), 1))
    return tokens.scatter(1, places, free.gather(1, (first + torch.arange(3)) % free.shape[1]))


Sampler(
    id="ioi.new_names",
    reference=ioi.new_names,
    inputs=_prompts,
    rules=_rules,
    statistics=_statistics,
    independent=_columns,
    survivors={
        "`-1.0` → *": "It differs only where hardly any other name draws a smaller number.",
        "`len(tokens)` → `len(places)`": "There are three places for every prompt.",
        "`chance.topk(3, dim=1)` → *": "The last axis is the second one, and of four names the first three are written.",
    },
    hints=(
        "Each row needs three different names out of those that are not in it. Give every name a random number, and take the three largest: `topk(3)` draws without replacement.",
        "A name that stands in the prompt gets a number below all others: `chance[(tokens[:, None] == names[:, None]).any(2)] = -1`.",
        "`tokens.scatter(1, places, drawn)` writes three tokens into a copy of each row.",
    ),
    misconceptions=(
        wrong("the prompt's own names again", _own_names_again,
              "Some new name is one of the prompt's own. Then the corrupted prompt can still hold the answer; take names that are not in the row."),
        wrong("only the three places looked at", _own_elsewhere,
              "A new name already stands elsewhere in the row. Look at the whole row for names that are taken, not at the three places alone."),
        wrong("subject twice", _subject_twice,
              "The last two names are the same, so that a name still repeats: this is another IO prompt, with a right answer of its own. In ABC nothing repeats."),
        wrong("with replacement", _with_replacement,
              "Now and then the same name is drawn twice in a row, and then a name repeats after all. Draw without replacement."),
        wrong("neighbours in the list", _neighbours,
              "You draw one place in the list, and take the names that follow it. The three then go together: draw each by itself."),
        wrong("only S2 changed", lambda tokens, places, names: tokens.scatter(1, places[:, 2:], _drawn(tokens, places, names, 1)),
              "Only S2 is new, and IO still stands in the prompt. All three names are to be new."),
        wrong("IO kept", lambda tokens, places, names: tokens.scatter(1, places[:, 1:], _drawn(tokens, places, names, 2)),
              "IO is still there. With IO in the prompt, the model can still find the answer; all three names are to be new."),
        wrong("sorted", _sorted,
              "The three new names come in the order of their ids, the smallest first, so that a place tells something about its name. Keep them in the order in which they are drawn; a sorted list, or a mask over `names`, loses it."),
        wrong("names and places sorted", lambda tokens, places, names: tokens.scatter(1, places.sort(1).values, _drawn(tokens, places, names).sort(1).values),
              "The new names come in the order of their ids, and so do your places. The place then tells something about the name: write them in the order in which they are drawn."),
        wrong("S2 kept", lambda tokens, places, names: tokens.scatter(1, places[:, :2], _drawn(tokens, places, names, 2)),
              "S2 is left as it was. All three names are to be new."),
        wrong("any token", lambda tokens, places, names: tokens.scatter(1, places, torch.randint(20, int(names.max()) + 1, (len(tokens), 3))),
              "You draw ids between the smallest and the largest name. Not every id there is a name: draw from `names`."),
    ),
)  # fmt: skip
