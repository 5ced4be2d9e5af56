"""Texts outside the template, drawn: each word shaded by a head's attention, beside a forecast and what is true.

1. `read_words` – a text's words and how much of a head's attention from the last word each gets.
2. `texts_drawn` – one row for each text, with a forecast and what was measured.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from course_utils import plots
from course_utils.ioi.outside import told
from course_utils.page.draw.sheet import SMALL, WIDE, Picture, Sheet, sheet

PEOPLE = {"A": "Mary", "B": "John", "IO": "Mary", "S": "John", "C": "Anna", "place": "store", "object": "book"}
KEPT = set("Mary John Anna he and , . Then had lunch gave offer sold from to went with in met".split())
ROW = 0.44  # inches
EXPECT, PLOT = (4.48, 5.12), (5.5, WIDE - 0.1)  # inches: two columns of names, and where the numbers are plotted

Words = list[tuple[str, float]]


@torch.no_grad()
def read_words(model: Any, text: str, heads: Sequence[tuple[int, int]], n: int = 128, seed: int = 0) -> Words:
    """The words of a text, IO named first, and the mean attention of some heads from the last word to each."""
    prompts = told(model.tokenizer, text, 2 * n, torch.Generator().manual_seed(seed))
    tokens = prompts.tokens[1::2]  # every other one names IO first
    _, cache = model.run_with_cache(tokens, names_filter=lambda name: name.endswith("hook_pattern"))
    share = sum(cache["pattern", layer][:, head, -1].mean(0) for layer, head in heads) / len(heads)  # (position)
    ids = model.tokenizer.encode(text.format(**PEOPLE), add_special_tokens=False)
    words = [model.tokenizer.decode([i]).strip() for i in ids]
    return list(zip(words, share[1:].tolist(), strict=True))


def shortened(words: Words) -> Words:
    """The names and the verbs; what stands between them becomes an ellipsis, with its attention added up."""
    short: Words = []
    for i, (word, share) in enumerate(words):
        middle = word == "to" and i < len(words) - 1 or word == "went" and words[i + 1][0] == "to"
        if word in KEPT and not middle:
            short.append((word, share))
        elif short and short[-1][0] == "…":
            short[-1] = ("…", short[-1][1] + share)
        else:
            short.append(("…", share))
    while short[0][0] in ("…", ","):
        short = short[1:]
    return short


def texts_drawn(rows: Sequence[tuple[Words, Mapping[str, str], float, float]], limit: float, alt: str) -> Picture:
    """Each text with its shaded words, what two accounts expect, the forecast and what was measured.

    Args:
        rows: words of `read_words`; the names that each account expects, by account; the forecast
            logit difference; the measured one.
        limit: of the scale, in logits.
    """
    page = sheet(1.0 + ROW * len(rows))
    top = page.height - 0.56
    middle, unit = sum(PLOT) / 2, (PLOT[1] - PLOT[0]) / 2 / limit
    for x, account in zip(EXPECT, rows[0][1], strict=True):
        page.text((x, top + 0.12), account, size=SMALL, bold=True, up="baseline", halo=False)
    page.text((sum(EXPECT) / 2 - 0.15, top + 0.31), "should say, if avoided:", size=SMALL, up="baseline", halo=False)
    for value in (-10, 0, 10):
        x = middle + unit * value
        page.line([(x, 0.4), (x, top)], colour="#DDDDDD" if value else plots.NULL, thick=0.8, behind=True)
        page.text((x, 0.24), f"{value:+d}".replace("-", "−") if value else "0", size=SMALL, halo=False)
    page.text((PLOT[0], top + 0.13), "← John", size=SMALL, side="left", up="baseline", halo=False)
    page.text((PLOT[1] + 0.05, top + 0.13), "Mary →", size=SMALL, side="right", up="baseline", halo=False)
    page.line([(PLOT[0] + 0.06, top + 0.29), (PLOT[0] + 0.06, top + 0.42)], colour=plots.NULL, thick=4)
    page.text((PLOT[0] + 0.14, top + 0.32), "forecast", size=SMALL, side="left", up="baseline", halo=False)
    page.dot((middle + 0.08, top + 0.36), colour=plots.SERIES[0], size=9)
    page.text((middle + 0.21, top + 0.32), "measured", size=SMALL, side="left", up="baseline", halo=False)
    page.text((PLOT[0] - 0.1, 0.24), "logits", size=SMALL, side="right", halo=False)
    for i, (words, expected, forecast, found) in enumerate(rows):
        y = top - ROW * (i + 0.5)
        _words(page, y, shortened(words))
        for x, name in zip(EXPECT, expected.values(), strict=True):
            colour = plots.INK if name != "–" else plots.NULL
            page.text((x, y - 0.05), name, size=SMALL, up="baseline", halo=False, colour=colour)
        x = middle + unit * forecast
        page.line([(x, y - 0.12), (x, y + 0.12)], colour=plots.NULL, thick=4)
        page.dot((middle + unit * found, y), colour=plots.SERIES[0], size=9)
    return page.picture(alt)


def _words(page: Sheet, y: float, words: Words) -> None:
    """A line of words, the ground of each as dark as its share of the attention."""
    x, drawn = 0.08, page.ax.figure.canvas.get_renderer()
    scale = page.ax.figure.dpi
    for word, share in words:
        x -= 0.04 if word in ".," else 0.0
        ground = dict(facecolor=_tint(share), edgecolor="none", pad=1.5)
        colour = "white" if share > 0.6 else plots.INK
        text = page.ax.text(x, y - 0.05, word, fontsize=SMALL, va="baseline", color=colour, bbox=ground, zorder=4)
        x += text.get_window_extent(drawn).width / scale + 0.05


def _tint(share: float) -> str:
    """The colour of heads, from white at 0 to full at 1."""
    parts = (int(plots.HEAD[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(255 - (255 - part) * min(1.0, share)):02x}" for part in parts)
