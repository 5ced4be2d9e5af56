"""Consistent renaming of a file's identifiers to random words, so that copying pays.

In ordinary code the next word is often guessable from habit (`self`, `np`, `index`). After renaming, habit is
of no use: the only way to know how an identifier goes on is to look where it stood before. That is the
pressure under which a small attention-only model grows induction heads.

1. Collect the words of which the identifiers of the training files are made: the pool.
2. In one file, list the names used in code; keywords, builtins, `self` and `cls` keep theirs.
3. Give each a fresh name of one to three random words of the pool, in its own style (`CONSTANT`, `ClassName`,
   `_private`), and put it wherever the old one stands, in comments and strings too.

The scan uses one regular expression and no `tokenize`, so that every Python version gives the same result.
"""
from __future__ import annotations

import builtins
import hashlib
import keyword
import random
import re
from collections import Counter
from collections.abc import Iterable

_STRING_OR_COMMENT = re.compile(
    r"""(?:[rRbBuUfF]{0,2})(?:'''(?:\\.|[^\\])*?'''|\"\"\"(?:\\.|[^\\])*?\"\"\"|'(?:\\.|[^\\\n'])*'|"(?:\\.|[^\\\n"])*")"""
    r"""|\#[^\n]*""", re.S)
_NAME = re.compile(r"[^\W\d]\w*")
_PART = re.compile(r"[A-Z]?[a-z]{2,}")
KEPT = frozenset({*keyword.kwlist, *keyword.softkwlist, "self", "cls",
                  *(name for name in dir(builtins) if name[0].islower())})


def names(text: str) -> list[str]:
    """Identifiers that stand in code (not only in strings and comments), most frequent first."""
    code = _STRING_OR_COMMENT.sub(" ", text)
    found = Counter(_NAME.findall(code))
    return [name for name, _ in found.most_common()
            if name not in KEPT and not (name.startswith("__") and name.endswith("__"))]


def word_pool(texts: Iterable[str]) -> tuple[str, ...]:
    """The 4,000 words, three to ten letters long, that occur in the most files' identifiers; sorted."""
    files: Counter[str] = Counter()
    for text in texts:
        files.update({part.lower() for name in set(names(text)) for part in _PART.findall(name)})
    common = [word for word, _ in sorted(files.items(), key=lambda item: (-item[1], item[0]))
              if 3 <= len(word) <= 10 and word not in KEPT]
    return tuple(sorted(common[:4000]))


def _styled(old: str, words: list[str]) -> str:
    body = old.lstrip("_")
    lead = old[: len(old) - len(body)]
    if body.isupper() and len(body) > 1:
        return lead + "_".join(words).upper()
    if body[:1].isupper():
        return lead + "".join(word.capitalize() for word in words)
    return lead + "_".join(words)


def rename(text: str, pool: tuple[str, ...], seed: int) -> str:
    """`text` with each of its identifiers replaced by one drawn from `pool`, the same one throughout."""
    key = hashlib.sha256(f"{seed}\0{text}".encode()).digest()
    rng = random.Random(int.from_bytes(key[:8], "big"))
    table: dict[str, str] = {}
    taken = set(KEPT)
    for old in names(text):
        new, tries = "", 0
        while not new or new in taken:
            length = rng.choices((1, 2, 3), (0.4, 0.45, 0.15))[0] + tries // 20     # a small pool runs out of names
            new, tries = _styled(old, rng.choices(pool, k=length)), tries + 1
        taken.add(new)
        table[old] = new
    return _NAME.sub(lambda match: table.get(match.group(), match.group()), text)
