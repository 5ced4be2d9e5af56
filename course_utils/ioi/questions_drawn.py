"""What an exchange asks, in pictures.

1. `partners_drawn` – a prompt and its partners; `puzzle_drawn` – the first two of them, with their answers.
2. `paths_drawn` – on which ways a changed output may travel in path patching.
3. `asks_drawn` – how far an exchange can move the answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from course_utils import plots
from course_utils.page.draw.sheet import SMALL, WIDE, Picture, Point, Sheet, sheet, width_of

PARTNERS = {
    "clean": ("Mary", "John", "John", "Mary (IO)"),
    "flip": ("Mary", "John", "Mary", "John (S)"),
    "third": ("Mary", "John", "Anna", "none"),
    "ABC": ("Lisa", "Paul", "Anna", "none"),
}
ASKS = (
    ("noising, flip", 1.0, -1.0, "clean run, head from flip"),
    ("noising, ABC", 1.0, 0.0, "clean run, head from ABC"),
    ("denoising, flip", -1.0, 1.0, "flipped run, head from clean"),
    ("denoising, ABC", 0.0, 1.0, "ABC run, head from clean"),
)


def partners_drawn() -> Picture:
    """The example, its positions labelled, and its three partners; the words that changed are filled."""
    page = sheet(0.42 * len(PARTNERS) + 0.5)
    for i, (kind, (*names, answer)) in enumerate(PARTNERS.items()):
        y = page.height - 0.7 - 0.42 * i
        page.text((0.1, y), kind, side="left", up="baseline", size=SMALL, bold=True, halo=False)
        _sentence(page, y, names, i == 0)
        page.text((WIDE - 0.1, y), answer, side="right", up="baseline", size=SMALL, halo=False)
    page.text((WIDE - 0.1, page.height - 0.34), "answer", side="right", size=SMALL, bold=True, halo=False)
    return page.picture(
        "The example and its partners flip, third and ABC; one or three names are marked as changed."
    )


def puzzle_drawn(mary: float, john: float) -> Picture:
    """The example and the sentence in which Mary gives, with the probability of each answer."""
    page = sheet(1.0)
    for y, kind, answer in ((0.64, "clean", f"Mary: {mary:.2f}"), (0.2, "flip", f"John: {john:.2f}")):
        _sentence(page, y, PARTNERS[kind][:3], False, left=0.1)
        page.text((WIDE - 0.4, y), answer, side="right", up="baseline", size=SMALL, bold=True, halo=False)
    return page.picture(f"Where John gives the model says Mary ({mary:.2f}), and where Mary gives, John ({john:.2f}).")


def _sentence(page: Sheet, y: float, names: Sequence[str], labelled: bool, left: float = 0.85) -> None:
    """One line: the example with these names, filled where they are not its own; above it the names of positions."""
    x, clean = left, ("", "Mary", "", "John", "", "John", "")
    words = ("When", names[0], "and", names[1], "went to the store,", names[2], "gave a book to")
    for word, before, label in zip(words, clean, ("", "IO", "", "S1", "", "S2", "END"), strict=True):
        wide = 0.62 if before else width_of(word, SMALL) - 0.34 * (len(word) > 8)
        middle, changed = x + wide / 2, bool(before) and word != before
        if before:
            fill = plots.EDITED if changed else plots.TOKEN
            page.box((middle, y + 0.04), "", fill=fill, width=0.56, height=0.3)
        colour = "white" if changed else plots.INK
        page.text((middle, y), word, size=SMALL, bold=changed, up="baseline", colour=colour, halo=False)
        if label and labelled:
            above = x + wide - 0.19 if label == "END" else middle
            page.text((above, y + 0.36), label, size=SMALL, bold=True, halo=False)
        x += wide + 0.04


def paths_drawn(lost: Sequence[float] = (0.0, 0.0, 0.0)) -> Picture:
    """Head 0.2 with the output of the flipped prompt, three sets of ways on which it may reach the logits, and how many
    logits of the difference are lost on each."""
    page, third = sheet(2.5), WIDE / 3
    titles = ("1 · straight to the logits", "2 · also through MLPs", "3 · also through heads")
    for i, title in enumerate(titles):
        left = third * i
        mlps, heads = i >= 1, i >= 2
        spots = {"0.2": (left + 1.15, 0.3), "heads": (left + 0.5, 1.15), "MLPs": (left + 1.85, 1.15),
                 "logits": (left + 1.15, 1.88)}  # fmt: skip
        page.text((left + 0.1, 2.34), title, side="left", size=SMALL, bold=True, halo=False)
        loses = f"{round(lost[i], 1) + 0.0:.1f} lost"
        page.text((left + 1.64, 1.88), loses, side="left", size=SMALL, bold=True, halo=False, colour=plots.EDITED)
        _way(page, spots["0.2"], spots["logits"], True)
        for part, open_ in (("MLPs", mlps), ("heads", heads)):
            _way(page, spots["0.2"], spots[part], open_)
            _way(page, spots[part], spots["logits"], open_)
        page.box(spots["0.2"], "0.2", fill=plots.EDITED, width=0.5, height=0.32, size=SMALL)
        page.box(spots["logits"], "logits", fill=plots.ANSWER, width=0.8, height=0.32, size=SMALL)
        for part, fill, open_ in (("MLPs", plots.MLP, mlps), ("heads", plots.HEAD, heads)):
            page.box(spots[part], part, fill=fill if open_ else "#E4E4E4", width=0.62, height=0.32, size=SMALL)
        if i:
            page.line([(left, 0.1), (left, 2.45)], colour="#DDDDDD", behind=True)
    return page.picture(
        "Three frames: the changed output of 0.2 goes straight to the logits; also through MLPs; also through heads."
    )


def _way(page: Sheet, start: Point, end: Point, open_: bool) -> None:
    """An arrow that carries the change, or, grey, one on which the clean message is kept."""
    slide = 0.14 * ((end[0] > start[0]) - (end[0] < start[0]))
    page.arrow((start[0] + slide, start[1] + 0.17), (end[0] - slide, end[1] - 0.19),
               colour=plots.EDITED if open_ else plots.STREAM, thick=2.4 if open_ else 1.4)  # fmt: skip


def asks_drawn(measured: Mapping[str, Mapping[str, float]]) -> Picture:
    """What one exchange could do to the logit difference, in grey, and what the exchange of each head does, in colour.

    Args:
        measured: for each name of `ASKS`, by head: the change, as a share of the clean logit difference.
    """
    heads = list(next(iter(measured.values())))
    high = 0.16 * len(heads) + 0.36
    page = sheet(high * len(ASKS) + 0.55)
    middle, unit = 4.7, 1.7
    for value, label in ((-1, "−1: says S"), (0, "0: undecided"), (1, "1: says IO")):
        x = middle + unit * value
        page.line([(x, 0.1), (x, page.height - 0.42)], colour="#DDDDDD", thick=0.9, behind=True)
        page.text((x, page.height - 0.22), label, size=SMALL, bold=True, halo=False)
    for i, (name, start, end, words) in enumerate(ASKS):
        top = page.height - 0.5 - high * i
        page.text((0.1, top - 0.18), name, side="left", size=SMALL, bold=True, halo=False)
        page.text((0.1, top - 0.37), words, side="left", size=SMALL, colour=plots.NULL, halo=False)
        x, whole = middle + unit * start, middle + unit * end
        page.line([(x, top - 0.1), (whole, top - 0.1)], colour=plots.STREAM, thick=5)
        for k, (head, colour) in enumerate(zip(heads, (plots.HEAD, plots.SERIES[5]), strict=True)):
            y, change = top - 0.26 - 0.16 * k, measured[name][head]
            page.arrow((x, y), (x + unit * change, y), colour=colour, thick=2.4)
            aside = 0.1 if start < end else -0.1  # the head's name stands behind the arrow's start
            page.text((x - aside, y), f"head {head}", side="right" if aside > 0 else "left", size=SMALL, colour=colour,
                      bold=True, halo=False)  # fmt: skip
        page.dot((x, top - 0.1), colour=plots.INK, size=6)
    return page.picture(
        "Four exchanges on a scale from minus one to one. Grey: noising could go down from one, denoising up to one, "
        "with flip twice as far as with ABC. Coloured arrows: how far the exchange of each head goes."
    )
