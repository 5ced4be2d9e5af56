"""A small English of people, places and objects: what `ioi-natural` reads.

1. A story is one or two sentences of one of five kinds; identifying the indirect object is what half of them ask
   for, with two or three people, in several grammars, some of which name the object's receiver after the giver.
2. A text is stories one after the other, each with people of its own, cut to the context's length.
3. A pool of texts is written once; in every batch each text's names, places and objects are exchanged for others
   at random (names of women for names of women), so that no pairing can be learned by heart.
"""
from __future__ import annotations

import random

import torch
from jaxtyping import Int
from torch import Tensor

from course_utils.ioi.words import ADJECTIVES, MEN, OBJECTS, PLACES, WOMEN, tokenizer, vocabulary

OPENINGS = (
    "When {A} and {B} went to the {place},", "When {A} and {B} came back to the {place},",
    "While {A} and {B} were at the {place},", "After {A} and {B} left the {place},",
    "After {A} and {B} had {meal} at the {place},", "Then, {A} and {B} had {meal} at the {place}, and",
    "Then, {A} and {B} met at the {place}, and", "Later, {A} and {B} met.", "In the {time} {A} and {B} met.",
    "After the long trip, {A} and {B} came back to the {place}.", "{A} and {B} had a long {talk}. Then",
    "Yesterday {A} and {B} left the {place} together. In the {time}", "{A} and {B} were home.",
)
OPENINGS_OF_THREE = (
    "When {A}, {B} and {C} went to the {place},", "While {A}, {B} and {C} were at the {place},",
    "Then, {A}, {B} and {C} met at the {place}, and", "Later, {A}, {B} and {C} had a {talk}.",
)
ONE_SENTENCE = (
    "{S} met {IO} at the {place} and {gave} {thing} to {IO}.",
    "{S} went to the {place} with {IO} and {gave} {thing} to {IO}.",
    "In the {time} {S} had {meal} with {IO} and {gave} {thing} to {IO}.",
    "{S} looked for {IO} at the {place}, but then {gave} {thing} to {O}.",
)
ENDINGS = ("{S} {gave} {thing} to {IO}.",) * 6 + (
    "{S} {gave} {O}'s {object} to {IO}.", "{S} left with {IO}.", "{S} went home with {IO}.",
    "in the {time} {S} {gave} {thing} to {IO}.")
PAST = ("gave", "handed", "sold", "showed", "offered", "passed", "sent", "lent",
        "wanted to offer", "wanted to give", "decided to sell", "decided to show")
LISTS = ("{S} took {list}. Again {S} took {list}.", "{S} liked {list}. Soon {S} found {list}.",
         "{S} put {list} by {list}.")
KINDS = {"giving": 0.5, "list": 0.18, "place": 0.12, "pronoun": 0.12, "years": 0.08}


def _fill(template: str, rng: random.Random, **more: str) -> str:
    adjective = rng.choice(ADJECTIVES) + " "
    thing = rng.choice(("a {o}", "a {o}", "the {o}", "a {a}{o}", "the {a}{o}", "a {o} from the {p}"))
    words = {"place": rng.choice(PLACES), "object": rng.choice(OBJECTS), "adjective": adjective.strip(),
             "meal": rng.choice(("lunch", "dinner")), "talk": rng.choice(("talk", "walk", "trip")),
             "time": rng.choice(("morning", "evening")), "gave": rng.choice(PAST),
             "thing": thing.format(o=rng.choice(OBJECTS), a=adjective, p=rng.choice(PLACES))}
    return template.format(**words, **more)


def _giving(rng: random.Random, cast: list[str]) -> str:
    a, b, c, other = cast
    kind = rng.random()
    if kind < 0.2:
        return _fill(rng.choice(ONE_SENTENCE), rng, S=a, IO=b, O=other)
    if kind < 0.4:
        opening, (first, second, io) = rng.choice(OPENINGS_OF_THREE), rng.sample((a, b, c), 3)
        subject, owner = (f"{first} and {second}", other) if rng.random() < 0.6 else (first, second)
        ending = ENDINGS[0] if owner is other else "{S} {gave} {O}'s {object} to {IO}."
    else:
        opening, (subject, io), owner = rng.choice(OPENINGS), rng.sample((a, b), 2), other
        ending = rng.choice(ENDINGS)
    text = _fill(opening, rng, A=a, B=b, C=c) + " " + _fill(ending, rng, S=subject, IO=io, O=owner)
    if kind > 0.7:
        giver, receiver = rng.sample((a, b), 2)
        text += " " + _fill("Then {S} {gave} {thing} to {IO}.", rng, S=giver, IO=receiver)
    return text


def _story(rng: random.Random, cast: list[str]) -> str:
    kind, name = rng.choices(list(KINDS), KINDS.values())[0], cast[0]
    he, his, him = ("she", "her", "her") if name in WOMEN else ("he", "his", "him")
    if kind == "giving":
        return _giving(rng, cast)
    if kind == "list":
        items = ", ".join(f"the {word}" for word in rng.sample(OBJECTS, rng.randint(2, 4)))
        return _fill(rng.choice(LISTS), rng, S=name, list=items)
    if kind == "place":
        fixed = {"P": rng.choice(PLACES), "T": f"{rng.choice(ADJECTIVES)} {rng.choice(OBJECTS)}", "S": name}
        return _fill("{S} left the {T} at the {P}. Later {S} went back to the {P} and found the {T}.", rng, **fixed)
    if kind == "pronoun":
        return _fill(rng.choice(("{S} lost {his} {object}. {He} looked for it at the {place}.",
                                 "{S} kept {his} {adjective} {object} at home, but {he} lost it.",
                                 "{O} looked for {S}, but then {he} was at the {place} and {O} met {him} there.")),
                     rng, S=name, O=cast[3], he=he, his=his, him=him, He=he.title())
    low, high = sorted(rng.sample(range(10, 100), 2))
    return _fill("The {talk} lasted from {low} to {high}.", rng, low=str(low), high=str(high))


def write(count: int, n_ctx: int, seed: int) -> Int[Tensor, "count n_ctx"]:
    """A pool of texts as ids, each beginning with `BOS`."""
    rng, texts = random.Random(seed), []
    for _ in range(count):
        people, stories, length = rng.sample(WOMEN + MEN, 4 * (n_ctx // 8)), [], 1
        while length < n_ctx:
            cast, people = people[:4], people[4:] + people[:4]
            stories.append(_story(rng, cast))
            length += 1 + stories[-1].count(" ") + sum(map(stories[-1].count, (",", ".", "'")))
        texts.append(" ".join(stories))
    encoded = tokenizer().encode_batch_fast(texts)
    return torch.tensor([one.ids[:n_ctx] for one in encoded], dtype=torch.int16)


def reworded(texts: Int[Tensor, "batch pos"], rng: torch.Generator) -> Int[Tensor, "batch pos"]:
    """Each text with its names, places and objects exchanged for others by a random permutation of each list."""
    ids = {token.strip(): number for number, token in enumerate(vocabulary())}
    renamed = torch.arange(len(ids)).repeat(len(texts), 1)
    for words in (WOMEN, MEN, PLACES, OBJECTS):
        group = torch.tensor([ids[word] for word in words])
        renamed[:, group] = group[torch.rand(len(texts), len(words), generator=rng).argsort(1)]
    return renamed.gather(1, texts.long())
