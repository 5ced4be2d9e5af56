"""The words of the IOI models, and a tokenizer that makes one token of each.

Every name, place and object is also one token of GPT-2's tokenizer (with the blank before it), so that the same
prompts can be read by GPT-2 and position for position compared.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, processors

from course_utils.zoo.tokens import BOS

WOMEN = tuple(
    """Jessica Ashley Jennifer Amanda Sarah Stephanie Nicole Heather Elizabeth Megan Melissa Christina
    Rachel Laura Lauren Kimberly Amy Michelle Emily Rebecca Erin Kelly Samantha Angela Katherine Andrea Mary Lisa
    Katie Vanessa Christine Alicia Allison Anna Alice Susan Karen Maria Julia Emma""".split()
)
MEN = tuple(
    """Michael Matthew Joshua Daniel David James Robert John Joseph Andrew Ryan Brandon Jason Justin William
    Jonathan Brian Nicholas Anthony Eric Adam Kevin Steven Thomas Timothy Kyle Richard Jeffrey Benjamin Aaron
    Charles Jacob Patrick Sean Nathan Paul Scott Gregory Samuel Peter""".split()
)
NAMES = WOMEN + MEN
PLACES = tuple(
    """store garden restaurant school hospital office station park market library museum beach bank church
    theater hotel airport farm kitchen harbor""".split()
)
OBJECTS = tuple(
    """ring drink book letter key ticket map coat bag phone gift pen cup box ball cake watch camera guitar
    bottle""".split()
)
ADJECTIVES = tuple("old new small red blue green big heavy cheap long".split())
NUMBERS = tuple(str(n) for n in range(10, 100))
OTHER = tuple(
    """When Then After While Later Yesterday In in Soon Again the morning evening together
    and to at for it a with from there by home but then
    went were was came back met left had lunch dinner talk walk trip took lasted
    gave handed sold showed offered passed sent lent offer give show sell wanted decided
    looked lost found liked kept put he she He She him her his The""".split()
)
SIGNS = (",", ".", "'s")


def vocabulary() -> tuple[str, ...]:
    """All tokens in the order of their ids; a word carries the blank before it, as in GPT-2."""
    words = dict.fromkeys(OTHER + NAMES + PLACES + OBJECTS + ADJECTIVES + NUMBERS)
    return (BOS, *SIGNS, *(f" {word}" for word in words))


@lru_cache(maxsize=1)
def tokenizer() -> Tokenizer:
    """One token per word, number and sign; `BOS` comes first, and stands for what is not in the vocabulary.

    A blank is understood before the first word: "Mary" and " Mary" are the same token.
    """
    ids = {token: number for number, token in enumerate(vocabulary())}
    found = Tokenizer(models.WordLevel(ids, unk_token=BOS))
    found.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Metaspace(replacement=" ", prepend_scheme="first", split=False),
            pre_tokenizers.Split(Regex(r" ?\w+|'s|[^\w\s]"), "isolated"),
        ]
    )
    found.decoder = decoders.Fuse()
    found.post_processor = processors.TemplateProcessing(single=f"{BOS} $A", special_tokens=[(BOS, 0)])
    return found


def encode(text: str) -> list[int]:
    """Token ids, without `BOS`.

    Raises:
        ValueError: a word is not in the vocabulary.
    """
    encoded = tokenizer().encode(text, add_special_tokens=False)
    if 0 in encoded.ids:
        start, end = encoded.offsets[encoded.ids.index(0)]
        raise ValueError(f"{text[start:end].strip()!r} is not in the vocabulary of the IOI models")
    return encoded.ids


def write(folder: Path) -> None:
    """Put `tokenizer.json` into a model's folder."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer().save(str(folder / "tokenizer.json"))
