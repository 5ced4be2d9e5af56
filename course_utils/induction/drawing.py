"""What the heads of `code-attn-2l` do, drawn.

1. `circuit` – the four heads and their messages, redrawn in the same place as more of it is known.
2. `circuits_alone` – the same in small, with heads missing.
3. `expected` – the probability of every token of a program, at two moments or in two models.
4. `looked_up` – a name that comes twice, and where a head looks from its second coming.
"""

from collections.abc import Mapping, Sequence

from jaxtyping import Float
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import plots
from course_utils.page.draw.sheet import PAPER, SMALL, Picture, darker, sheet, width_of

# One meaning for each colour, in every drawing of the lesson.
ONE_BACK, TWO_BACK, SAME, MATCH = plots.NOTE, plots.MLP, plots.ANSWER, plots.HEAD
# Message to an input of 1.1: (its colour, column of the arrow's start, of its end, height of the note).
MESSAGES = {
    "0.2 to keys": (ONE_BACK, 2, 3, 1.36),
    "0.3 to keys": (TWO_BACK, 1, 3, 1.92),
    "0.0 to values": (SAME, 3, 3, 2.48),
    "0.0 to queries": (SAME, 6, 6, 1.36),
    "0.2 to queries": (ONE_BACK, 5, 6, 1.92),
}


def circuit(
    tokens: Sequence[str],
    messages: Mapping[str, float],
    unit: str = "",
    pairs: Sequence[tuple[str, float]] = (),
    attention: float | None = None,
    chance: float | None = None,
) -> Picture:
    """The four heads of `code-attn-2l`, layers upwards, positions from left to right; always the same geometry.

    Args:
        tokens: the three tokens X, A, B of `… X A B … X A`.
        messages: what each message to 1.1 is worth, by the names of `MESSAGES`; the thicker its arrow. One that is
            left out is not drawn.
        unit: of these numbers, said in the alt text; empty where they are not to be written.
        pairs: which part of the query meets which part of the key, and the score.
        attention: of 1.1 from the second A to B. chance: the probability of B there.
    """
    page = sheet(5.5)
    x, a, b = tokens
    xs = [0.75 + 0.93 * i for i in range(7)]
    said = (f"after {a}", f"two after {x}", f"{b}, copied", f"{a}, copied", f"after {x}")
    notes = dict(zip(MESSAGES, said, strict=True))
    for place, token in zip(xs, ("…", x, a, b, "…", x, a), strict=True):
        page.stream(place, 0.5, 4.85)
        page.box((place, 0.28), token, fill=plots.TOKEN, width=0.6, bold=token != "…", size=12)
    page.line([(0.35, 2.95), (6.95, 2.95)], colour=plots.STREAM, dashed=True, behind=True)
    page.text((0.2, 1.7), "layer 0", turn=90, size=SMALL, colour=plots.NULL)
    page.text((0.2, 4.0), "layer 1", turn=90, size=SMALL, colour=plots.NULL)
    if "0.0 to queries" in messages:  # where A stood before, 0.0 finds the same token
        page.arrow((xs[2] + 0.06, 0.6), (xs[6] - 0.5, 1.22), colour=SAME, bend=0.06, thick=0.8, behind=True)
    for name, worth in messages.items():
        colour, begin, end, height = MESSAGES[name]
        said = f"{notes[name]}  {worth:+.1f}".replace("-", "−") if unit else notes[name]
        left = xs[end] - width_of(said, SMALL) / 2
        thick = 1.2 + 0.8 * abs(worth)
        if begin == end:
            page.arrow((xs[end] + 0.24, 0.47), (xs[end] + 0.24, height - 0.14), colour=colour, thick=thick)
        else:
            start, tip = (xs[begin], height - 0.5), (left + 0.12, height - 0.14)
            page.arrow(start, tip, colour=colour, bend=-0.2, thick=thick)
        page.box((xs[end], height), said, fill=colour, width=2 * (xs[end] - left), height=0.29, size=SMALL)
        page.text((left - 0.05, height), name[:3], side="right", colour=darker(colour, 0.75), bold=True)
    middle = (xs[3] + xs[6]) / 2
    page.dot((xs[3], 3.3), MATCH, 9)
    page.text((xs[3] - 0.12, 3.3), "key", side="right")
    page.dot((xs[6], 3.3), MATCH, 9)
    page.text((xs[6] + 0.1, 3.46), "query", side="left", halo=False)
    for k, (meeting, score) in enumerate(pairs):
        page.text((middle, 3.32 - 0.23 * k), f"{meeting}: {score:.1f}", size=SMALL)
    page.arrow((xs[3], 3.42), (xs[6] - 0.1, 4.1), colour=MATCH, bend=-0.2,
               thick=1.2 + (4 * attention if attention else 1.6))  # fmt: skip
    share = f"\nattention {attention:.2f}" if attention is not None else ""
    page.text((middle - 0.3, 4.5), f"1.1 looks at {b} and copies it{share}", colour=MATCH, bold=True)
    page.box((xs[6], 4.3), b, fill=SAME, width=0.56, height=0.34, bold=True)
    page.arrow((xs[6], 4.87), (xs[6], 5.06))
    said = f"next token: {b}" + (f", probability {chance:.2f}" if chance is not None else "")
    page.text((xs[6] + 0.4, 5.24), said, side="right", bold=True, halo=False, size=12)
    drawn = ", ".join(f"{name} ({worth:+.1f})" if unit else name for name, worth in messages.items())
    of_unit = f", in {unit}" if unit else ""
    alt = f"The circuit on … {x} {a} {b} … {x} {a}. Messages to 1.1: {drawn}{of_unit}. Head 1.1 copies {b}."
    return page.picture(alt)


def circuits_alone(left: Mapping[tuple[str, ...], float]) -> Picture:
    """The same circuit in small, once for each set of heads that is kept; what is missing is hollow and dashed.

    Args:
        left: the share of the gain that is left with these heads alone.
    """
    page = sheet(2.35)
    step = 7.2 / len(left)
    for k, (heads, share) in enumerate(left.items()):
        xs = [0.2 + step * k + 0.34 * i for i in range(5)]
        for x, token in zip(xs, "XABXA", strict=True):
            page.stream(x, 0.72, 1.85)
            page.text((x, 0.55), token, size=SMALL, bold=True, halo=False)
        for name, (colour, begin, end, height) in MESSAGES.items():
            column = {1: 0, 2: 1, 3: 2, 5: 3, 6: 4}
            at, kept = (xs[column[end]], 0.42 + 0.37 * height), name[:3] in heads
            if kept and begin != end:
                page.arrow((xs[column[begin]], at[1] - 0.12), (at[0] - 0.08, at[1]), colour=colour, thick=1.6)
            page.box(at, "", fill=colour if kept else PAPER, width=0.2, height=0.15, edge=colour, dashed=not kept)
        page.arrow((xs[2], 1.5), (xs[4] - 0.06, 1.72), colour=MATCH, bend=-0.3, thick=2.2)
        page.text((xs[2], 2.15), " ".join(heads), size=SMALL, bold=True, halo=False)
        page.text((xs[2], 0.22), f"{share:.2f} left".replace("-", "−"), bold=True, halo=False)
    alt = "; ".join(f"{', '.join(heads)}: {share:.2f}" for heads, share in left.items())
    return page.picture(f"Share of the gain from repetition left with these heads alone: {alt}.")


def expected(parts: Sequence[str], chance: Mapping[str, Float[Tensor, "pos"]], marks: str = "w qu") -> Figure:
    """Bars of the probability of each token, a panel for each entry; the eight parts from each w on are shaded.

    Args:
        parts: the tokens. chance: the probability of each before it is seen, by the title of its panel.
        marks: tokens with a red mark, with or without a space before them.
    """
    bare = [part.strip("␣") for part in parts]
    fig, axes = plots.figure(len(chance), 1, height=1.0 + 1.75 * len(chance), sharex=True)
    for ax, (title, values) in zip(axes, chance.items(), strict=True):
        starts = [k for k, part in enumerate(bare) if part == "w"]
        for start, label in zip(starts, ("the name, first time", "second time"), strict=True):
            ax.axvspan(start - 0.5, start + 7.5, color=plots.TOKEN, linewidth=0)
            ax.text(start + 3.5, 1.03, label, ha="center", fontsize=9)
        for at in (k for k, part in enumerate(bare) if part in marks.split()):
            ax.plot(at, values[at] + 0.09, "v", markersize=5, color=plots.EDITED)
        ax.bar(range(len(parts)), values, 0.7, color=plots.SERIES[0])
        ax.set(ylabel="probability", ylim=(0, 1.15), xlim=(-0.6, len(parts) - 0.4), title=title, yticks=(0, 0.5, 1))
    axes[-1].set_xticks(range(len(parts)), parts, rotation=90, fontsize=10, family="monospace")
    return fig


def looked_up(
    earlier: Sequence[str],
    later: Sequence[str],
    weights: Mapping[tuple[int, int], float],
    chance: Sequence[float],
    first: int,
    head: str = "1.1",
) -> Picture:
    """Two rows of tokens: where a head looks from each token of the later row, as thick as its attention.

    Args:
        earlier: upper row. later: lower row, set below the earlier token of the same place from `first` on.
        weights: attention from token i of the later row to token j of the earlier one, by (i, j).
        chance: the probability of each token's successor, below the lower row.
    """
    page = sheet(3.5)
    step = 6.3 / len(earlier)
    xs = [0.95 + step * j for j in range(len(earlier))]
    high, low = 2.9, 1.1
    page.text((0.05, high), "first\ntime", side="left", size=SMALL, colour=plots.NULL)
    page.text((0.05, low), "second\ntime", side="left", size=SMALL, colour=plots.NULL)
    page.text((0.05, 0.5), "probability of\nthe next token", side="left", size=SMALL, colour=plots.NULL)
    for x, token in zip(xs, earlier, strict=True):
        page.box((x, high), token, fill=plots.TOKEN, width=step - 0.07, height=0.34)
    for i, (token, p) in enumerate(zip(later, chance, strict=True)):
        page.box((xs[first + i], low), token, fill=plots.TOKEN, width=step - 0.07, height=0.34, bold=True)
        page.text((xs[first + i], 0.5), f"{p:.2f}", halo=False)
    for (i, j), weight in weights.items():
        ends, colour = [(xs[first + i], low + 0.2), (xs[j], high - 0.2)], MATCH if j else plots.STREAM
        page.line(ends, colour=colour, thick=0.6 + 10 * weight, behind=not j)
        if j and weight >= 0.3:
            at = ((ends[0][0] + ends[1][0]) / 2, (low + high) / 2 + 0.1)
            page.text(at, f"{weight:.2f}", size=SMALL, colour=plots.HEAD, bold=True)
    return page.picture(
        f"From each part of the returning name head {head} looks at the part that followed it the first time.",
    )
