"""Tokens as people can read them: a blank, a line end or a lone byte is something that one can see."""

import functools
import re
from collections.abc import Sequence

LEGEND = "· is a blank, ↵ a line end, ⇥ a tab"
SIGNS = {"\n": "↵", "\t": "⇥", "": "∅"}
MOST_DOTS = 4  # as long as they can be counted at a glance
FONT = "DejaVu Sans Mono"  # comes with matplotlib


def legible(token: str) -> str:
    """The token with everything invisible in it made visible: `"\\n    "` is `"↵····"`, eight blanks are `"·×8"`."""
    if token == "":
        return SIGNS[""]
    text = re.sub(" +", lambda run: "·" * n if (n := len(run[0])) <= MOST_DOTS else f"·×{n}", token)
    return "".join(SIGNS.get(c) or (c if c.isprintable() else c.encode("unicode_escape").decode()) for c in text)


def drawable(token: str, most: int = 12) -> str:
    """The legible token for a figure: at most `most` signs, those that the font lacks as escapes, no mathematics."""
    text = legible(token)
    if len(text) > most:
        text = text[: most - 1] + "…"
    known = _signs_of_the_font()
    text = "".join(c if ord(c) in known else c.encode("unicode_escape").decode() for c in text)
    return text.replace("$", r"\$")


def checked_tokens(tokens: Sequence[str], length: int, most: int) -> list[str]:
    """The tokens as a list, checked.

    Raises:
        ValueError: they are not strings, not `length` many, or more than `most`.
    """
    if isinstance(tokens, str) or not all(isinstance(token, str) for token in tokens):
        raise ValueError("tokens is a list of strings, one per position, such as model.to_str_tokens(text)")
    if len(tokens) != length:
        raise ValueError(f"there are {len(tokens)} tokens for {length} positions")
    if not 0 < length <= most:
        raise ValueError(f"a view shows 1 to {most} positions, not {length}: cut the tensor and the tokens alike")
    return list(tokens)


@functools.cache
def _signs_of_the_font() -> frozenset[int]:
    from matplotlib import font_manager

    return frozenset(font_manager.get_font(font_manager.findfont(FONT)).get_charmap())
