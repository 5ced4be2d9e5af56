"""Experiments as drawings: what is carried from one run into another, and ways to take a part out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from course_utils import plots
from course_utils.page.draw.sheet import NORMAL, SMALL, Picture, Sheet, sheet, width_of

FADED = "#F3F3F3"
PANELS = (1.2, 3.6, 6.0)  # the middles of three runs side by side


def activation_patching(
    part: str = "2.2",
    clean: tuple[str, str] = ("f ( x , 1", ")"),
    corrupt: tuple[str, str] = ("f [ x , 1", "]"),
    denoising: bool = True,
) -> Picture:
    """Three runs side by side: the run that is copied from, the run that is patched, and the same run left alone.

    Args:
        part: the head or MLP whose output is carried over.
        clean, corrupt: (prompt, answer) of the two runs.
        denoising: from the clean into the corrupt run; otherwise the other way (noising).
    """
    page = sheet(3.7)
    source, target = (clean, corrupt) if denoising else (corrupt, clean)
    names = ("clean run", "corrupt run") if denoising else ("corrupt run", "clean run")
    giver, taker = (plots.ANSWER, plots.EDITED) if denoising else (plots.EDITED, plots.ANSWER)
    _run(page, PANELS[0], names[0], *source, (("before", giver), (part, giver), ("after", giver)), giver)
    _run(page, PANELS[1], "patched run", target[0], "?", (("before", taker), (part, giver), ("after", plots.HEAD)))
    _run(page, PANELS[2], names[1], *target, (("before", taker), (part, taker), ("after", taker)), taker)
    page.arrow((PANELS[0] + 0.42, 1.75), (PANELS[1] - 0.42, 1.75), colour=giver, thick=3.2)
    page.text(((PANELS[0] + PANELS[1]) / 2, 2.02), "its output,\ncarried over", size=SMALL, colour=giver, bold=True,
              up="bottom")  # fmt: skip
    way = (
        f"If the answer moves towards that of the {names[0]}, the output of {part} carries what distinguishes the two."
    )
    return page.picture(
        f"Three runs: the output of {part} in the {names[0]} replaces that in the {names[1]}, giving the patched run.",
        f"Activation patching. The model reads the prompt of the {names[1]}, but the output of {part} is replaced by "
        f"what it was in the {names[0]}; everything after it is computed anew (blue). {way}",
    )


def path_patching(
    sender: str = "m0", readers: Sequence[str] = ("1.0", "2.2", "3.2", "m1", "logits"), chosen: str = "2.2"
) -> Picture:
    """Side by side: the sender patched for all its readers, and for one of them alone.

    Args:
        sender: the part whose clean output is given; readers: of it, 3 to 6, the earliest first; chosen: one of them.

    Raises:
        ValueError: a chosen reader that is not among them.
    """
    if chosen not in readers:
        raise ValueError(f"{chosen!r} is not among the readers {', '.join(readers)}.")
    page = sheet(0.44 * len(readers) + 0.85)
    heights = np.linspace(0.36, page.height - 0.8, len(readers)).tolist()
    low, high = heights[0] + 0.2, heights[-1] - 0.2
    for left, title, who in ((0.1, "patching: all readers", tuple(readers)), (3.85, "path patching: one", (chosen,))):
        page.text((left, page.height - 0.22), title, side="left", bold=True, halo=False)
        every = len(who) == len(readers)
        below = readers.index(chosen) < len(readers) / 2  # the clean one stands near the reader that gets it
        sources = {"clean": (plots.ANSWER, (low + high) / 2 if every else low if below else high)}
        if not every:
            sources["corrupt"] = (plots.EDITED, high if below else low)
        for run, (colour, y) in sources.items():
            page.box((left + 0.55, y), f"{sender},\n{run}", fill=colour, width=0.9, height=0.5, size=SMALL)
        for y, reader in zip(heights, readers, strict=True):
            colour, start = sources["clean" if reader in who else "corrupt"]
            page.arrow((left + 1.02, start), (left + 2.3, y), colour=colour, thick=2.6 if reader in who else 1.4)
            page.box((left + 2.68, y), reader, fill=FADED, edge=colour, width=0.72, height=0.32, size=SMALL,
                     bold=reader in who)  # fmt: skip
    return page.picture(
        f"Left, every reader of {sender} gets its clean output; right, only {chosen} does, and all others get the "
        "corrupt one.",
        f"Two patches of {sender} in the corrupt run. Left, all that read it get its output from the clean run "
        f"(green). Right, only {chosen} does, and the others still get the corrupt one (orange).",
    )


def ablations(part: str = "2.2") -> Picture:
    """Four runs of one prompt: intact, and with the output of one part replaced by zero, its mean, another prompt's."""
    page = sheet(3.35)
    rows = (
        ("intact", "", "its own\noutput"),
        ("zero ablation", "0", "zero"),
        ("mean ablation", "mean", "its mean over\nmany prompts"),
        ("resample ablation", "other", "its output on\nanother prompt"),
    )
    for i, (name, word, what) in enumerate(rows):
        x = 0.95 + 1.77 * i
        page.text((x, 3.12), name, bold=True, halo=False)
        page.stream(x + 0.42, 0.75, 2.75)
        page.arrow((x + 0.42, 2.7), (x + 0.42, 2.92), colour=plots.STREAM, thick=4)
        page.arrow((x + 0.42, 1.2), (x + 0.05, 1.2), thick=1.0)
        if word:
            page.box((x - 0.3, 1.2), part, fill=plots.ABLATED, edge=plots.HEAD, width=0.62, dashed=True)
            page.cross((x - 0.3, 1.2))
            edited = plots.EDITED if word == "other" else plots.NULL
            page.box((x - 0.3, 2.0), word, fill=edited, width=0.68, size=SMALL)
            page.arrow((x + 0.06, 2.0), (x + 0.37, 2.0), colour=edited, thick=2.6)
        else:
            page.box((x - 0.3, 1.2), part, fill=plots.HEAD, width=0.62)
            page.line([(x - 0.3, 1.4), (x - 0.3, 2.0)], colour=plots.HEAD, thick=2.6)
            page.arrow((x - 0.3, 2.0), (x + 0.37, 2.0), colour=plots.HEAD, thick=2.6)
        page.text((x + 0.05, 0.35), f"adds {what}", size=SMALL, halo=False)
    return page.picture(
        f"Four runs: {part} adds its own output, zero, its mean, or its output on another prompt to the stream.",
        f"Three ways to take {part} out. Zero is a value that the later layers may never have met; the mean keeps what "
        "all prompts share; another prompt's output keeps everything but what belongs to this prompt.",
    )


def _run(
    page: Sheet, x: float, name: str, prompt: str, answer: str, parts: Sequence[tuple[str, str]], colour: str = ""
) -> None:
    """One run at `x`: its prompt, parts as (words, fill) from bottom to top, and its answer."""
    top = 2.42
    page.text((x, top + 0.98), name, bold=True, halo=False, size=NORMAL, up="baseline")
    page.stream(x, 0.6, top + 0.33)
    page.arrow((x, top + 0.28), (x, top + 0.5), colour=plots.STREAM, thick=4)
    page.box((x, 0.36), prompt, fill=plots.TOKEN, width=max(1.3, width_of(prompt, NORMAL) + 0.1))
    for y, (words, fill) in zip(np.linspace(1.08, top, len(parts)).tolist(), parts, strict=True):
        page.box((x, y), words, fill=fill, width=max(0.8, width_of(words, SMALL) + 0.1), height=0.34, size=SMALL)
    page.box((x, top + 0.68), answer, fill=colour or FADED, edge="" if colour else plots.STREAM,
             width=max(0.5, width_of(answer, NORMAL) + 0.1), height=0.32, bold=True)  # fmt: skip
