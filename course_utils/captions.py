"""`caption`: the printed line under a figure or a table that says what to see in it."""

import html
from dataclasses import dataclass


@dataclass(frozen=True, repr=False)
class Caption:
    """A caption that shows itself."""

    text: str

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise ValueError("A caption says what to see; this one is empty.")

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        style = "margin:2px 0 10px;line-height:1.45;text-align:left"  # as small as those that the builder prints
        return f'<p style="{style}"><small>{inline(self.text)}</small></p>'


def caption(text: str) -> Caption:
    """What to see in the figure or table above, in whole sentences; `code` between backticks.

    Raises:
        ValueError: it is empty.
    """
    return Caption(" ".join(text.split()))


def inline(text: str) -> str:
    """The HTML of one sentence; what stands between two backticks is set as code."""
    pieces = html.escape(text).split("`")
    if len(pieces) % 2 == 0:
        return html.escape(text)  # a backtick without its partner is a backtick
    return "".join(f"<code>{piece}</code>" if index % 2 else piece for index, piece in enumerate(pieces))
