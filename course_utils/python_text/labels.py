"""Exact labels for every token of a Python text, from Python's own tokenizer and parser.

1. `tokenize` cuts the text into Python tokens: each character learns its kind (keyword, name, number, operator,
   string, comment, space), bracket depth and indentation level. An f-string is one string on every version.
2. `ast` says what each name does: defines or uses, names a function, a parameter, an import, an attribute, a
   call; and which strings are docstrings.
3. A token of a model takes the labels of its first character that is no blank (a token of blanks alone: of its
   first), and the share of tokens that reach over more than one Python token is reported.

Labels are those of a whole file; `TokenLabels.contexts` cuts them into a model's contexts afterwards.
"""
from __future__ import annotations

import ast
import io
import keyword
import tokenize
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from course_utils.python_text.names import mark_names

KINDS = ("space", "keyword", "name", "number", "operator", "string", "comment")
#: name → what it says of a token; `kind_…` are exclusive, the others are not. Lesson 2 has a word and an example for
#: each (`sae/label_words.py`) and stored results in this order (`models/stored/sae.py`); lesson 5 chooses some
#: (`probing/tokens.py`).
MEANINGS = {
    **{f"kind_{kind}": f"belongs to a Python token of kind {kind}" for kind in KINDS[1:]},
    "in_string": "inside a string, its quotes and prefix included (docstrings and f-strings too)",
    "in_docstring": "inside a docstring", "in_comment": "inside a comment",
    "in_brackets": "inside at least one open bracket",
    "opens": "an opening bracket", "closes": "a closing bracket",
    "string_opens": "the prefix and opening quotes of a string", "string_closes": "the closing quotes of a string",
    "definition": "a name where it is bound: assigned, defined, imported, a parameter, a loop variable",
    "use": "a name where its value is read",
    "function_name": "the name in a def", "class_name": "the name in a class statement",
    "parameter": "a parameter in the head of a def or lambda",
    "import": "a name in an import statement", "attribute": "a name after a dot, outside imports",
    "call": "a name or attribute that is called", "line_start": "the first token of a physical line",
}
_BLANKS = " \t\n\r\f\\"


class LabelError(ValueError):
    """The text is no complete Python; the message says where it breaks."""


@dataclass(frozen=True)
class CharLabels:
    """Labels of each character of `text`.

    Attributes:
        flags: {label: bool array (chars)} for every label in `MEANINGS` but `line_start`.
        bracket_depth: open brackets around the character; a bracket itself counts as outside.
        indentation: level of the logical line (in steps, not columns).
        token: index of the Python token that the character belongs to; −1 between tokens.
        known: how many characters are labelled; less than the text's length only for broken source.
        parsed: whether the labels from `ast` are there too.
    """

    text: str
    flags: dict[str, np.ndarray]
    bracket_depth: np.ndarray
    indentation: np.ndarray
    token: np.ndarray
    known: int
    parsed: bool


@dataclass(frozen=True)
class TokenLabels:
    """Labels of each token that a model reads; `ids[0]` is the token that starts every context.

    Attributes:
        spanning: share of tokens whose letters belong to more than one Python token.
        owner: index of the Python token that each token belongs to; −1 for blanks and the starting token.
        known: bool (tokens); False only after the place where broken source could no longer be read.
    """

    ids: np.ndarray
    strings: tuple[str, ...]
    flags: dict[str, np.ndarray]
    bracket_depth: np.ndarray
    indentation: np.ndarray
    owner: np.ndarray
    known: np.ndarray
    spanning: float

    def contexts(self, n_ctx: int) -> tuple[Int[Tensor, "context pos"], dict[str, Tensor]]:
        """The text cut into contexts of `n_ctx` tokens, each with the starting token before it.

        Returns the tokens, and {label: (context, pos)} of all flags, `bracket_depth`, `indentation` and `owner`;
        position 0 is False, 0 or −1 in all of them. What is left over at the end is dropped.
        """
        count = (len(self.ids) - 1) // (n_ctx - 1)

        def cut(values: np.ndarray, first: int) -> Tensor:
            body = torch.from_numpy(values[1: 1 + count * (n_ctx - 1)].copy()).view(count, n_ctx - 1)
            return torch.nn.functional.pad(body, (1, 0), value=first)

        rows = {**self.flags, "bracket_depth": self.bracket_depth, "indentation": self.indentation}
        cuts = {name: cut(row, 0) for name, row in rows.items()}
        return cut(self.ids, int(self.ids[0])), {**cuts, "owner": cut(self.owner, -1)}


@dataclass
class _Piece:
    """One Python token: `start` and `end` are places in the text."""

    kind: str
    start: int
    end: int
    string: str
    level: int


def _pieces(text: str) -> tuple[list[_Piece], str]:
    """Python tokens up to the first error, and what the error is ('' if none)."""
    starts = [0]
    for line in io.StringIO(text):
        starts.append(starts[-1] + len(line))
    pieces: list[_Piece] = []
    widths: list[int] = []
    nested, begun = 0, 0
    middle = {getattr(tokenize, f"FSTRING_{part}", None) for part in ("START", "MIDDLE", "END")} - {None}
    first_on_line = True
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            (row, column), (end_row, end_column) = token.start, token.end
            start, end = starts[row - 1] + column, starts[min(end_row, len(starts)) - 1] + end_column
            if token.type in middle:
                if token.type == getattr(tokenize, "FSTRING_START", None):
                    begun = start if nested == 0 else begun
                    nested += 1
                elif token.type == getattr(tokenize, "FSTRING_END", None):
                    nested -= 1
                    if nested == 0:
                        pieces.append(_Piece("string", begun, end, text[begun:end], len(widths)))
                first_on_line = False
                continue
            if nested:
                continue
            if token.type == tokenize.INDENT:
                widths.append(len(token.string))
            elif token.type == tokenize.DEDENT:
                widths.pop()
            elif token.type in (tokenize.NEWLINE, tokenize.NL):
                first_on_line = True
            elif token.type == tokenize.ERRORTOKEN and token.string.strip():
                return pieces, f"line {row}: {token.string!r} cannot be read"
            elif token.type in _KIND:
                kind = _KIND[token.type]
                if kind == "name" and keyword.iskeyword(token.string):
                    kind = "keyword"
                level = len(widths)
                if kind == "comment" and first_on_line:
                    level = sum(width <= column for width in widths)
                pieces.append(_Piece(kind, start, end, token.string, level))
                first_on_line = False
    except (tokenize.TokenError, SyntaxError) as error:
        line = error.args[1][0] if isinstance(error, tokenize.TokenError) else error.lineno
        return pieces, f"line {line}: {error.args[0]}"
    return pieces, ""


_KIND = {tokenize.NAME: "name", tokenize.NUMBER: "number", tokenize.OP: "operator", tokenize.STRING: "string",
         tokenize.COMMENT: "comment"}


def _quotes(string: str) -> tuple[int, int]:
    """Length of a string token's prefix with its opening quotes, and of its closing quotes."""
    prefix = len(string) - len(string.lstrip("rRbBuUfF"))
    size = 3 if string[prefix:prefix + 3] in ('"""', "'''") else 1
    return prefix + size, size


def char_labels(text: str, partial: bool = False) -> CharLabels:
    """Labels of each character.

    Args:
        partial: for broken source, label what can be: all characters up to the break, without what only the
            parser knows. Otherwise broken source raises LabelError.
    """
    pieces, error = _pieces(text)
    tree = None
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError) as failure:
        error = error or f"line {getattr(failure, 'lineno', None) or 1}: {getattr(failure, 'msg', failure)}"
    if error and not partial:
        raise LabelError(f"This is not complete Python ({error}): give a whole file, or partial=True.")
    size = len(text)
    flags = {name: np.zeros(size, dtype=bool) for name in MEANINGS if name != "line_start"}
    depth, level = np.zeros(size, dtype=np.int64), np.zeros(size, dtype=np.int64)
    owner = np.full(size, -1, dtype=np.int64)
    if tree is not None:
        mark_names(tree, text, pieces, flags)
    place, opened = 0, 0
    for index, piece in enumerate(pieces):
        span = slice(piece.start, piece.end)
        owner[span] = index
        flags[f"kind_{piece.kind}"][span] = True
        if piece.kind in ("string", "comment"):
            flags[f"in_{piece.kind}"][span] = True
        if piece.kind == "string":
            before, after = _quotes(piece.string)
            flags["string_opens"][piece.start:piece.start + before] = True
            flags["string_closes"][piece.end - after:piece.end] = True
        depth[place:piece.start] = opened
        if piece.kind == "operator" and piece.string in ")]}":
            opened = max(0, opened - 1)
            flags["closes"][span] = True
        depth[span] = opened
        if piece.kind == "operator" and piece.string in "([{":
            opened += 1
            flags["opens"][span] = True
        level[place:piece.end] = piece.level
        place = piece.end
    depth[place:] = opened
    flags["in_brackets"] = depth > 0
    return CharLabels(text, flags, depth, level, owner, place if error else size, tree is not None)


def token_labels(text: str, tokenizer) -> TokenLabels:
    """Labels of each token that `tokenizer` (a model's, or a `tokenizers.Tokenizer`) makes of `text`."""
    chars = char_labels(text)
    backend = getattr(tokenizer, "backend_tokenizer", tokenizer)
    encoded = backend.encode(text)
    offsets = encoded.offsets  # made anew at each access
    size = len(encoded.ids)
    flags = {name: np.zeros(size, dtype=bool) for name in MEANINGS}
    depth, level, known = (np.zeros(size, dtype=kind) for kind in (np.int64, np.int64, bool))
    owner = np.full(size, -1, dtype=np.int64)
    strings, spanning = [], 0
    for i, (start, end) in enumerate(offsets):
        piece = text[start:end]
        strings.append(piece)
        if start == end:
            known[i] = True
            continue
        written = [start + j for j, letter in enumerate(piece) if letter not in _BLANKS]
        at = written[0] if written else start
        for name, row in chars.flags.items():
            flags[name][i] = row[at]
        owner[i] = chars.token[at] if written else -1
        depth[i], level[i], known[i] = chars.bracket_depth[at], chars.indentation[at], at < chars.known
        spanning += len({int(chars.token[j]) for j in written} - {-1}) > 1
        if written:
            before = text[text.rfind("\n", 0, at) + 1: at]
            flags["line_start"][i] = not before.strip() and (i == 0 or offsets[i - 1][1] <= at)
    return TokenLabels(np.array(encoded.ids, dtype=np.int64), tuple(strings), flags, depth, level, owner, known,
                       spanning / max(1, sum(start < end for start, end in offsets)))

