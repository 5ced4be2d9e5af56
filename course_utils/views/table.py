"""Tables in plain HTML whose cells have a colour and, where the mouse or the keyboard is, a line of detail.

Without styles (a code-hosting page, a notebook that is not trusted) the numbers stay, as an ordinary table, and the
detail stays as the cell's title.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from matplotlib.colors import Colormap

from course_utils.plots import is_light

MOST_BYTES = 60_000  # of one view in a notebook
HINT = "Point at a cell, or go through them with the Tab key."
STYLE = """<style>
.course-view{position:relative;font-size:12px}
.course-view summary{cursor:pointer}
.course-view>div{overflow-x:auto}
.course-view table{border-collapse:collapse;table-layout:auto;width:auto;margin:4px 0;font-size:12px}
.course-view table caption{caption-side:top;padding:2px 0;text-align:left;white-space:nowrap}
.course-view.course-view table tr>*{padding:2px 6px;text-align:center;white-space:nowrap;border:1px solid #8884}
.course-view.course-view table th{font-weight:normal;font-family:monospace}
.course-view td:hover,.course-view td:focus{outline:2px solid #d55e00;outline-offset:-2px}
.course-view>p,.course-view td:hover::after,.course-view td:focus::after{margin:0;padding:3px 6px;min-height:1.4em}
.course-view td:hover::after,.course-view td:focus::after{content:attr(title);position:absolute;left:0;right:0;bottom:0;
background:#222;color:#fff;text-align:left;white-space:normal;z-index:1}
.course-view td:hover::after{z-index:2}
</style>"""


@dataclass(frozen=True)
class Cell:
    """What stands in it, what is said of it, and its place on the colour scale (0 to 1)."""

    text: str
    detail: str
    shade: float


def table(
    caption: str,
    corner: str,
    rows: Sequence[str],
    columns: Sequence[str],
    cells: Sequence[Sequence[Cell]],
    cmap: Colormap,
) -> str:
    """One table: `cells[row][column]`, with a caption and headers that a screen reader can announce."""
    head = "".join(f'<th scope="col">{escape(column)}</th>' for column in columns)
    body = "".join(
        f'<tr><th scope="row">{escape(row)}</th>{"".join(_cell(cell, cmap) for cell in line)}</tr>\n'
        for row, line in zip(rows, cells, strict=True)
    )
    return (
        f"<table><caption>{escape(caption)}</caption>\n"
        f'<thead><tr><th scope="col">{escape(corner)}</th>{head}</tr></thead>\n<tbody>{body}</tbody></table>'
    )


def show_tables(summary: str, tables: Sequence[str], too_large: str) -> None:
    """Display the tables below one another, folded under `summary`; where they are too much, the last sentence."""
    from IPython.display import display

    html = (
        f'{STYLE}\n<details class="course-view"><summary>{escape(summary)}</summary>\n'
        f"<div>{''.join(tables)}</div><p>{HINT}</p></details>"
    )
    if len(html.encode()) > MOST_BYTES:
        html = f"<p>{escape(too_large)}</p>"
        summary = too_large
    display({"text/html": html, "text/plain": f"[table] {summary}"}, raw=True)


def _cell(cell: Cell, cmap: Colormap) -> str:
    colour = cmap(cell.shade)[:3]
    back = "".join(f"{round(255 * part):02x}" for part in colour)
    front = "000" if is_light(colour) else "fff"
    return (
        f'<td tabindex="0" title="{escape(cell.detail)}" style="background:#{back};color:#{front}">'
        f"{escape(cell.text)}</td>"
    )
