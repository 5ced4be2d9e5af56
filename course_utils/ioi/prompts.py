"""Prompts for indirect object identification (Wang et al., 2022), seeded, with positions, and their corruptions.

1. A template has five slots: two names at its beginning, one of them again, a place, an object.
2. A layout is what a tokenizer makes of the templates: rows of ids and the positions of the slots.
3. `draw` fills the slots. "ABBA": the indirect object (IO) is named first, "BABA": the subject (S) is.
4. `corrupt` replaces names and nothing else, so that every position keeps its meaning.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from jaxtyping import Int
from torch import Tensor

from course_utils.ioi.words import NAMES, OBJECTS, PLACES

TEMPLATES = (
    "When {A} and {B} went to the {place}, {S} gave a {object} to",
    "Later, {A} and {B} met. {S} wanted to offer a {object} to",
    "While {A} and {B} were at the {place}, {S} sold a {object} to",
    "Then, {A} and {B} had lunch at the {place}, and {S} handed a {object} to",
    "After the long trip, {A} and {B} came back to the {place}. {S} showed a {object} to",
    "Yesterday {A} and {B} left the {place} together. In the evening {S} sent a {object} to",
)
ORDERS = ("ABBA", "BABA")
CORRUPTIONS = ("ABC", "third", "flip", "names")
_SLOTS = ("A", "B", "S", "place", "object")


@dataclass(frozen=True)
class Layout:
    """Templates as token ids. A slot that a template lacks has position -1; short rows end in `bos`."""

    templates: tuple[str, ...]
    rows: Int[Tensor, "template pos"]
    slots: Int[Tensor, "template slot"]  # positions of A, B, S, place, object
    ends: Int[Tensor, "template"]  # position of each template's last token
    names: Int[Tensor, "name"]
    places: Int[Tensor, "place"]
    objects: Int[Tensor, "object"]


@dataclass(frozen=True)
class Prompts:
    """A batch of prompts. Each begins with `BOS`; what stands after END is padding.

    positions: for "IO", "S1", "S2" and "END", one per prompt. names: the ids at IO, S1 and S2.
    """

    tokens: Int[Tensor, "batch pos"]
    positions: dict[str, Int[Tensor, "batch"]]
    names: Int[Tensor, "batch 3"]
    template: Int[Tensor, "batch"]
    layout: Layout

    def __len__(self) -> int:
        return len(self.tokens)

    def __getitem__(self, rows: slice | Tensor) -> Prompts:
        return replace(
            self,
            tokens=self.tokens[rows],
            names=self.names[rows],
            template=self.template[rows],
            positions={name: at[rows] for name, at in self.positions.items()},
        )

    @property
    def answer(self) -> Int[Tensor, "batch"]:
        """The name of the two that is not repeated.

        Raises:
            ValueError: in some prompt no name is repeated, so that there is no right answer.
        """
        io, s1, s2 = self.names.T
        if ((s2 != io) & (s2 != s1)).any():
            raise ValueError("no name is repeated, so there is no right answer: use the uncorrupted prompts' answer")
        return torch.where(s2 == s1, io, s1)

    @property
    def wrong(self) -> Int[Tensor, "batch"]:
        """The name that is repeated (ValueError as for `answer`)."""
        return self.names[:, 0] + self.names[:, 1] - self.answer

    @property
    def first(self) -> Int[Tensor, "batch"]:
        """1 where the repeated name is the first of the two, 0 where it is the second."""
        io_first = self.positions["IO"] < self.positions["S1"]
        return (io_first != (self.answer == self.names[:, 0])).long()


def layout(
    encode: Callable[[str], Sequence[int]], bos: int, templates: Sequence[str] = TEMPLATES, names: Sequence[str] = NAMES
) -> Layout:
    """What a tokenizer makes of the templates and of what fills them.

    Args:
        encode: text to token ids, without special tokens. bos: what every prompt begins with.

    Raises:
        ValueError: a name, place or object is not one token, or a template's own words contain one.
    """
    ids = {}
    for word in (*names, *PLACES, *OBJECTS):
        ids[word] = list(encode(f" {word}"))
        if len(ids[word]) != 1:
            raise ValueError(
                f"{word!r} is {len(ids[word])} tokens for this tokenizer: only words of one token can be "
                "exchanged without moving the others"
            )
    markers = dict(zip(_SLOTS, (*names[:3], PLACES[0], OBJECTS[0]), strict=True))
    rows, slots = [], []
    for template in templates:
        row = [bos, *encode(template.format(**markers))]
        at = []
        for slot, marker in markers.items():
            found = [i for i, token in enumerate(row) if token == ids[marker][0]]
            if len(found) != (f"{{{slot}}}" in template):
                raise ValueError(f"{marker!r}, which fills slot {slot!r}, is also a word of the template {template!r}")
            at.append(found[0] if found else -1)
        rows.append(torch.tensor(row))
        slots.append(at)
    ends = torch.tensor([len(row) - 1 for row in rows])
    filler = (torch.tensor([ids[word][0] for word in words]) for words in (names, PLACES, OBJECTS))
    return Layout(
        tuple(templates),
        torch.nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=bos),
        torch.tensor(slots),
        ends,
        *filler,
    )


def draw(plan: Layout, n: int, rng: torch.Generator, orders: Sequence[str] = ORDERS) -> Prompts:
    """n prompts, with template, order, names, place and object drawn independently and uniformly.

    Raises:
        ValueError: an order other than "ABBA" and "BABA".
    """
    if not orders or set(orders) - set(ORDERS):
        raise ValueError(f"orders are taken from {', '.join(ORDERS)}, not {tuple(orders)}")
    template = torch.randint(len(plan.rows), (n,), generator=rng)
    baba = torch.tensor([order == "BABA" for order in orders])[torch.randint(len(orders), (n,), generator=rng)]
    io, s = _different(plan.names, n, 2, rng)
    place = plan.places[torch.randint(len(plan.places), (n,), generator=rng)]
    thing = plan.objects[torch.randint(len(plan.objects), (n,), generator=rng)]
    a, b, s2, place_at, thing_at = plan.slots[template].T
    at = {"IO": torch.where(baba, b, a), "S1": torch.where(baba, a, b), "S2": s2, "END": plan.ends[template]}
    tokens = plan.rows[template]
    for where, what in ((place_at, place), (thing_at, thing)):
        rows = (where >= 0).nonzero()[:, 0]
        tokens[rows, where[rows]] = what[rows]
    return _name(Prompts(tokens, at, torch.stack([io, s, s], 1), template, plan))


def make_ioi_batch(
    tokenizer: Any,
    n: int,
    rng: torch.Generator,
    templates: Sequence[str] = TEMPLATES[:1],
    orders: Sequence[str] = ORDERS,
) -> Prompts:
    """n prompts with exactly one right answer each, read by any tokenizer to which names are single tokens.

    Args:
        tokenizer: of a model from the zoo, or Hugging Face's of GPT-2.
        templates: of `TEMPLATES`, or others with the slots {A}, {B}, {S} and, if wanted, {place} and {object}.
            Templates of unequal length are padded after END.
        orders: "ABBA" (IO first), "BABA" (subject first), or both.

    Raises:
        ValueError: a name, place or object is more than one token, or an unknown order.
    """
    plan = layout(lambda text: tokenizer.encode(text, add_special_tokens=False), tokenizer.bos_token_id, templates)
    return draw(plan, n, rng, orders)


def corrupt(prompts: Prompts, family: str, rng: torch.Generator) -> Prompts:
    """The same prompts with other names; all else, and every position, stays.

    Args:
        family: "ABC", three new and different names, so that nothing repeats (the paper's); "third", only S2
            becomes a name that is not in the prompt; "flip", S2 becomes IO, so that S is now the right answer;
            "names", two new names in the same roles.

    Raises:
        ValueError: another family.
    """
    if family not in CORRUPTIONS:
        raise ValueError(f"family is one of {', '.join(CORRUPTIONS)}, not {family!r}")
    io, s1, _ = prompts.names.T
    new = _different(prompts.layout.names, len(prompts), 3, rng, avoid=prompts.names)
    names = {"ABC": new, "third": (io, s1, new[0]), "flip": (io, s1, io), "names": (new[0], new[1], new[1])}[family]
    return _name(replace(prompts, tokens=prompts.tokens.clone(), names=torch.stack(tuple(names), 1)))


def _different(names: Tensor, n: int, count: int, rng: torch.Generator, avoid: Tensor | None = None) -> Tensor:
    """(count, n) ids of names that differ within each column, and from those in the row of `avoid`."""
    chance = torch.rand(n, len(names), generator=rng)
    if avoid is not None:
        chance[(names[None, :, None] == avoid[:, None]).any(2)] = -1.0
    return names[chance.topk(count, dim=1).indices].T


def _name(prompts: Prompts) -> Prompts:
    """Write the names where they belong."""
    rows = torch.arange(len(prompts))
    for slot, ids in zip(("IO", "S1", "S2"), prompts.names.T, strict=True):
        prompts.tokens[rows, prompts.positions[slot]] = ids
    return prompts


def new_names(
    tokens: Int[Tensor, "batch pos"], places: Int[Tensor, "batch 3"], names: Int[Tensor, "name"]
) -> Int[Tensor, "batch pos"]:
    """The same prompts with three new names, all different, at `places` (IO, S1, S2), drawn from the global generator.

    None of them is a name that stands in the prompt. Every other token, and every position, stays.
    """
    chance = torch.rand(len(tokens), len(names))
    chance[(tokens[:, None] == names[:, None]).any(2)] = -1.0
    return tokens.scatter(1, places, names[chance.topk(3, dim=1).indices])
