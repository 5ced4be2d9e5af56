"""What a lesson's text gives of itself: its contents with the minutes they take, and its words with their places.

1. `sections` cuts a notebook at its headings of the second level, and estimates the minutes of each.
2. `fill_contents` writes them, as links, into the cell that the source marks `# %% [markdown] contents`.
3. `fill_words` turns the list `- term: meaning` in the cell marked `# %% [markdown] words` into links to the cells in
   which the terms stand in **bold**, folded: it is for looking up. Bold is for definitions: one that the list lacks is refused, and so is a word of the list
   that the text never defines. Bold that opens a paragraph and ends with a stop (**A puzzle.**) is a small heading.
4. `print_captions` turns captions into text.
5. `glossary` makes one page of the words of all lessons.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import cell_kinds
from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from course_utils.captions import inline

WORDS_A_MINUTE = 200
MINUTES_A_FIGURE = 2
HEADING = re.compile(r"^## +(.+?) *$", re.M)
BOLD = re.compile(r"\*\*([^*\n]+?)\*\*")
SMALL_HEADING = re.compile(r"^( *(?:[-*>] |\d+\. )?)\*\*[^*\n]+[.:?]\*\*", re.M)
NOT_PROSE = re.compile(r"^```.*?^```|`[^`\n]*`|\$\$.*?\$\$|\$[^$\n]+\$|^\|[^\n]*", re.M | re.S)
ITEM = re.compile(r"^- ([^:\n]+): +(.+)$", re.M)


@dataclass(frozen=True)
class Section:
    """A part of a notebook from one heading of the second level to the next; `heading` is None before the first.

    `cell` is the id of the cell in which it begins.
    """

    heading: str | None
    cell: str
    words: int
    figures: int

    @property
    def minutes(self) -> float:
        """Of reading, as an estimate."""
        return self.words / WORDS_A_MINUTE + self.figures * MINUTES_A_FIGURE


@dataclass(frozen=True)
class Word:
    """A term, what it means, and the id of the cell that defines it ("" where none does)."""

    term: str
    meaning: str
    cell: str


def sections(cells: Iterable[NotebookNode]) -> list[Section]:
    """The sections of a notebook, in order, with what there is to read in them."""
    found = [Section(None, "", 0, 0)]
    for cell in cells:
        if cell.cell_type == "markdown":
            before, *rest = HEADING.split(cell.source)
            found[-1] = _longer(found[-1], _count(before), 0)
            found += [
                Section(title, cell.id, _count(text), 0) for title, text in zip(rest[::2], rest[1::2], strict=True)
            ]
        else:
            read = sum(map(_count, _sentences(cell.source)))
            found[-1] = _longer(found[-1], read, cell_kinds.captions(cell.source))
    return found


def anchor(cell: str) -> str:
    """The link to a cell, as JupyterLab, Notebook 7 and nbconvert name it; they agree on no other name in full."""
    return f"#cell-id={cell}"


def fill_contents(nb: NotebookNode) -> None:
    """Write the contents of `nb`, in place, below what the source says in the cell marked for them."""
    parts = sections(nb.cells)
    total = sum(part.minutes for part in parts)
    lines = [
        f"*About {max(5, 5 * round(total / 5))} minutes to read: an estimate, from {WORDS_A_MINUTE} words a minute "
        f"and {MINUTES_A_FIGURE} minutes for a figure or a table.*",
        "",
    ]
    lines += [
        f"- [{part.heading}]({anchor(part.cell)}) · {max(1, round(part.minutes))} min" for part in parts if part.heading
    ]
    for cell in _marked(nb, "contents"):
        cell.source = "\n".join([cell.source.rstrip(), "", *lines]).lstrip()


def fill_words(nb: NotebookNode) -> list[str]:
    """Link the words of `nb`, in place, to their definitions; returns what is wrong with them, a sentence for each."""
    cells = _marked(nb, "words")
    listed = words(nb)
    defined = dict(_definitions(nb))
    wrong = [
        f"{term!r} is in bold, and no list of words has it: bold is for definitions, *italics* for stress."
        for term in defined
        if term not in {word.term.casefold() for word in listed}
    ]
    for word in listed:
        places = sum(term == word.term.casefold() for term, _ in _definitions(nb))
        if places != 1:
            wrong.append(
                f"{word.term!r} is in the list of words, and the text has it in bold {places} times, not once."
            )
    for cell in cells:
        items = sorted(ITEM.findall(cell.source), key=lambda item: item[0].casefold())
        links = [f"- [**{term}**]({anchor(defined.get(term.casefold(), ''))}): {meaning}" for term, meaning in items]
        head = f"<details><summary>{len(links)} words, each linked to its definition</summary>"
        cell.source = "\n".join([ITEM.sub("", cell.source).strip(), "", head, "", *links, "", "</details>"]).strip()
    return wrong


def print_captions(nb: NotebookNode) -> None:
    """Open captions become small print: a line of text needs neither a folded cell nor an output of its own."""
    for index, cell in enumerate(nb.cells):
        if cell.cell_type == "code" and cell_kinds.kind(cell) == "caption" and not cell_kinds.is_closed(cell):
            match ast.parse(cell.source).body:
                case [ast.Expr(ast.Call(ast.Name("caption"), [ast.Constant(str(text))], []))]:
                    printed = f"<p><small>{inline(' '.join(text.split()))}</small></p>"  # no markdown inside
                    nb.cells[index] = new_markdown_cell(printed, id=cell.id, metadata={"tags": ["caption"]})


def words(nb: NotebookNode) -> list[Word]:
    """The words of a lesson, before `fill_words`, in the order of its list."""
    defined = dict(_definitions(nb))
    return [
        Word(term.strip(), meaning.strip(), defined.get(term.strip().casefold(), ""))
        for cell in _marked(nb, "words")
        for term, meaning in ITEM.findall(cell.source)
    ]


def glossary(lessons: Iterable[tuple[str, str, list[Word]]]) -> str:
    """The page with all words, from (name of the notebook, title of the lesson, its words) of each; "" without any."""
    entries: dict[str, list[str]] = {}
    for notebook, title, found in lessons:
        for word in found:
            place = f"[{title}](../notebooks/{notebook}.ipynb{anchor(word.cell)})"
            entries.setdefault(word.term, []).append(f"{word.meaning} {place}")
    if not entries:
        return ""
    lines = ["# Glossary", "", "The words that the lessons define, each with the place where it is defined."]
    for term in sorted(entries, key=str.casefold):
        lines += ["", f"**{term}**: " + " · ".join(entries[term])]
    return "\n".join(lines) + "\n"


def _marked(nb: NotebookNode, mark: str) -> list[NotebookNode]:
    return [cell for cell in nb.cells if cell.cell_type == "markdown" and cell.metadata.get("title") == mark]


def _definitions(nb: NotebookNode) -> Iterator[tuple[str, str]]:
    """(term, id of its cell) of everything in bold that is no small heading, the list of words left out."""
    for cell in nb.cells:
        if cell.cell_type == "markdown" and cell.metadata.get("title") != "words":
            for match in BOLD.finditer(SMALL_HEADING.sub(r"\1", NOT_PROSE.sub("", cell.source))):
                yield match[1].strip().casefold(), cell.id


def _longer(section: Section, words: int, figures: int) -> Section:
    return replace(section, words=section.words + words, figures=section.figures + figures)


def _count(text: str) -> int:
    return len(re.findall(r"\b\w[\w'’-]*", re.sub(r"\]\([^)]*\)", "]", text)))


def _sentences(source: str) -> Iterator[str]:
    """What code prints for readers: captions, the sentences of claims, the card."""
    for call in ast.walk(ast.parse(source)):
        if isinstance(call, ast.Call):
            name = ast.unparse(call.func)
            read = call.args if name == "card" else call.args[:1] if name.endswith("claim") else []
            printed = read + cell_kinds.caption_values(call)
            for node in (node for value in printed for node in ast.walk(value)):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value
