"""The card at the end of a lesson: what was found, how firmly, and where it stops; formulas; where to read on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from course_utils.captions import inline
from course_utils.page.tables import Table, table

COLUMNS = ("claim", "evidence", "control", "where it fails")


@dataclass(frozen=True)
class Link:
    """Where to read on, and in a sentence why."""

    title: str
    address: str
    why: str


@dataclass(frozen=True, repr=False)
class Card:
    """A card that shows itself: a table, formulas as (name, LaTeX), links."""

    findings: Table
    formulas: tuple[tuple[str, str], ...] = ()
    links: tuple[Link, ...] = ()

    def __repr__(self) -> str:
        lines = [repr(self.findings)]
        lines += ["", *(f"{name}: {formula}" for name, formula in self.formulas)] if self.formulas else []
        lines += ["", *(f"{link.title} ({link.address}): {link.why}" for link in self.links)] if self.links else []
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        parts = [self.findings._repr_html_()]
        if self.formulas:
            rows = "".join(_line(inline(name), f"${escape(formula)}$") for name, formula in self.formulas)
            parts.append(f'<table style="border-collapse:collapse;margin:10px 0"><tbody>{rows}</tbody></table>')
        if self.links:
            items = "".join(
                f'<li style="margin:3px 0"><a href="{escape(link.address)}">{escape(link.title)}</a>: '
                f"{inline(link.why)}</li>"
                for link in self.links
            )
            parts.append(f'<ul style="max-width:46em;margin:10px 0;padding-left:1.4em">{items}</ul>')
        return "".join(parts)


def card(
    *findings: Mapping[str, str],
    formulas: Mapping[str, str] | None = None,
    links: Sequence[tuple[str, str, str]] = (),
) -> Card:
    """The card of a lesson.

    Args:
        findings: one dictionary each, with "claim", "evidence", "control" and "where it fails", all in words;
            numbers in them come from what the notebook computed.
        formulas: LaTeX without dollars, by what it is.
        links: (title, address, one sentence on why to read it).

    Raises:
        ValueError: no finding, one without its four parts, or a link without an address or a reason.
    """
    if not findings:
        raise ValueError("A card holds at least one finding.")
    for finding in findings:
        if set(finding) != set(COLUMNS) or not all(isinstance(x, str) and x.strip() for x in finding.values()):
            raise ValueError(f"A finding has, in words, {', '.join(COLUMNS)}; this one has {', '.join(finding)}.")
    for title, address, why in links:
        if not (title.strip() and why.strip() and address.startswith("https://")):
            raise ValueError(
                f"A link has a title, an https address and a sentence on why; {title or address!r} has not."
            )
    shown = table([{name: finding[name] for name in COLUMNS} for finding in findings])
    return Card(shown, tuple((formulas or {}).items()), tuple(Link(*link) for link in links))


def _line(*cells: str) -> str:
    style = "padding:4px 12px;text-align:left;background:none;border:none"
    columns = "".join(f'<td style="{style}">{cell}</td>' for cell in cells)
    return f'<tr style="background:none">{columns}</tr>'
