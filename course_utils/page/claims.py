"""Claims: the conclusions of a section in words, each with the condition that fails if it is not true.

    with claims():
        claim("the dense models never use the third feature", used.max() < 0.1)
        claim("about a third of the sparse ones do", about(share, 1 / 3))

1. `claim` notes the sentence and whether its condition holds. It refuses a condition that cannot fail (a literal) and
   one that is no truth value.
2. At the end of the block the list is shown: folded into one line where all hold, open where one is false.
3. If one is false, `ClaimError` names it.
"""

import contextlib
import linecache
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from course_utils import plots
from course_utils.captions import inline
from course_utils.page.refusals import constant_claim

_open: list[list["Claim"]] = []  # the blocks that are being executed, the innermost last


class ClaimError(AssertionError):
    """A sentence of the lesson is not true of what was measured."""


@dataclass(frozen=True)
class Claim:
    """A sentence and whether it holds."""

    sentence: str
    holds: bool


@dataclass(frozen=True, repr=False)
class Checked:
    """The claims of one block, as a list that shows itself."""

    claims: tuple[Claim, ...]

    def __repr__(self) -> str:
        return "\n".join(["Checked here:", *(f"  {'✓' if c.holds else '✗'} {c.sentence}" for c in self.claims)])

    def _repr_html_(self) -> str:
        items = "".join(
            '<li style="margin:3px 0;padding-left:1.5em;text-indent:-1.5em">'
            + (
                f'<span style="color:{plots.ANSWER}" aria-label="holds">✓</span> {inline(claim.sentence)}'
                if claim.holds
                else f'<b><span style="color:{plots.EDITED}" aria-label="false">✗</span> {inline(claim.sentence)}</b>'
            )
            + "</li>"
            for claim in self.claims
        )
        false = sum(not claim.holds for claim in self.claims)
        count = f"{len(self.claims)} statement{'s' if len(self.claims) > 1 else ''}"
        count += f", {false} false" if false else ""
        return (
            f'<details{" open" if false else ""} style="max-width:46em;font-size:.8em;line-height:1.45">'
            f'<summary style="opacity:.6;cursor:pointer">Checked here: {count}</summary>'
            f'<ul style="list-style:none;margin:2px 0;padding:0">{items}</ul></details>'
        )


@contextlib.contextmanager
def claims() -> Iterator[None]:
    """The block in which claims stand; at its end they are listed.

    Raises:
        ClaimError: at least one is false; all of them are listed first.
        ValueError: the block holds no claim.
    """
    from IPython.display import display

    block: list[Claim] = []
    _open.append(block)
    try:
        yield
    finally:
        _open.remove(block)
        if block:
            display(Checked(tuple(block)))
    if not block:
        raise ValueError("This block of claims holds none: write claim(sentence, condition) into it.")
    if wrong := [claim.sentence for claim in block if not claim.holds]:
        raise ClaimError(f"Not true of what was measured: {'; '.join(wrong)}.")


def claim(sentence: str, condition: Any) -> None:
    """Note that `sentence` is true if `condition` is; stands in `with claims():`.

    Args:
        condition: a truth value of Python, numpy or torch that was computed.

    Raises:
        RuntimeError: not inside `with claims():`.
        TypeError: the condition is no single truth value.
        ValueError: the sentence is empty or said twice, or the condition is a literal.
    """
    if not _open:
        raise RuntimeError("A claim stands inside `with claims():`, which lists it and fails if it is false.")
    if not isinstance(sentence, str) or not sentence.strip():
        raise ValueError("A claim is a sentence in words; this one has none.")
    sentence = " ".join(sentence.split())
    if sentence in (said.sentence for said in _open[-1]):
        raise ValueError(f"This is claimed twice: {sentence}.")
    caller = sys._getframe(1)
    source = "".join(linecache.getlines(caller.f_code.co_filename, caller.f_globals))
    if constant_claim(source, caller.f_lineno):
        raise ValueError(f"The condition is a literal, so that nothing measured could refute it: {sentence}.")
    _open[-1].append(Claim(sentence, _truth(condition, sentence)))


def _truth(condition: Any, sentence: str) -> bool:
    """The one truth value that `condition` holds."""
    value = condition
    if not isinstance(value, bool) and "bool" in str(getattr(value, "dtype", "")):
        value = value.tolist()
    if isinstance(value, bool):
        return value
    if isinstance(value, list):
        raise TypeError(f"This claim has several truth values; say whether .all() or .any(): {sentence}.")
    raise TypeError(f"The condition is {type(condition).__name__}, not a truth value: {sentence}.")
