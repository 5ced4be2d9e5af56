"""The planted networks of lesson 5, drawn.

1. `planted_network` – eight bits, what an encoder makes of them, and a head that answers.
2. `beside_the_path` – a site that the property reaches and the answer does not need, and the same site on the path.
3. `interchange_by_hand` – one interchange in a plane. `in_two_parts` – one direction as the sum of two.
4. `two_lines` – two lines of code that differ in one sign.
5. `lead_rows` – effects with their intervals. `scoreboard` – which label has passed which test.
"""

from collections.abc import Mapping, Sequence

from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from course_utils import plots
from course_utils.intervals import interval
from course_utils.page.draw.sheet import SMALL, Picture, sheet

FEATURES = (  # name, what it says of the bits, how many bits it reads
    ("property", "the two bits differ", 2),
    ("rival", "most of the three are 1", 3),
    ("other bits", "one each", 3),
)
FADED = "#F3F3F3"


def planted_network() -> Picture:
    """From bits to features, to a hidden vector, to the answer."""
    page = sheet(3.75)
    y = 3.3
    for name, says, n_bits in FEATURES:
        rows = [y - 0.36 * i for i in range(n_bits)]
        middle = sum(rows) / n_bits
        for row in rows:
            page.box((0.45, row), "0/1", fill=plots.TOKEN, width=0.5, height=0.3, size=SMALL)
            page.arrow((0.72, row), (1.3, middle + 0.45 * (row - middle)), thick=0.9)
        fill = {"property": plots.SERIES[0], "rival": plots.SERIES[5]}.get(name, FADED)
        height = 0.52 if n_bits > 1 else 0.44
        page.box((2.25, middle), f"{name}:\n{says}", fill=fill, width=1.88, height=height, size=SMALL)
        page.arrow((3.2, middle), (3.86, middle), thick=0.9)
        y -= 0.36 * n_bits + 0.14
    page.box((4.25, 1.94), "h:\ntwelve\nnumbers", fill=plots.STREAM, width=0.78, height=3.05, size=SMALL)
    page.arrow((4.64, 2.3), (5.0, 2.3))
    page.box((5.35, 2.3), "head", fill=FADED, width=0.68, bold=True)
    page.arrow((5.7, 2.3), (6.08, 2.3))
    page.box((6.55, 2.3), "yes or\nno", fill=plots.ANSWER, width=0.82, height=0.56, bold=True)
    page.text((6.55, 2.78), "answer", size=SMALL, colour=plots.NULL)
    for x, name in ((0.45, "bits"), (2.25, "encoder"), (4.25, "hidden vector")):
        page.text((x, 0.2), name, size=SMALL, colour=plots.NULL)
    page.text((6.55, 1.75), "right, if it follows\nthe rival", size=SMALL, colour=plots.NULL)
    return page.picture(
        "Eight bits; two give the property, three the rival, and three stand for themselves; all are held by a hidden "
        "vector h of twelve numbers, from which a head makes the answer. The right answer follows from the rival and "
        "one of the other bits.",
    )


def beside_the_path() -> Picture:
    """Two models: past the site, and through it."""
    page = sheet(2.75)
    for left, title, through in ((0.1, "site beside the path", False), (3.75, "site on the path", True)):
        x = left + 1.7
        page.text((x, 2.58), title, bold=True)
        page.box((left + 0.52, 1.2), "property", fill=plots.SERIES[0], width=0.86)
        page.box((x, 1.2), "the site:\ntwelve\nnumbers", fill=plots.STREAM, width=0.84, height=0.86)
        page.box((left + 2.98, 1.2), "answer", fill=plots.ANSWER, width=0.76, bold=True)
        page.arrow((left + 0.96, 1.2), (x - 0.44, 1.2), thick=1.4)
        if through:
            page.arrow((x + 0.44, 1.2), (left + 2.58, 1.2), colour=plots.NOTE, thick=3.2)
            page.text((x + 0.5, 1.55), "the answer’s way", size=SMALL, side="left", halo=False)
        else:
            page.arrow((left + 0.6, 1.4), (left + 2.98, 1.4), colour=plots.NOTE, thick=3.2, bend=-0.32)
            page.text((x, 2.05), "the answer’s way", size=SMALL, halo=False)
            page.text((x + 0.5, 0.82), "weights do not\nread the property", size=SMALL, colour=plots.NULL, side="left",
                      halo=False)  # fmt: skip
            page.line([(x + 0.44, 1.2), (left + 2.58, 1.2)], colour=plots.NULL, dashed=True)
        page.text((x, 0.4), "a probe reads the property here", size=SMALL, colour=plots.NULL)
    return page.picture(
        "Left: the property reaches a site, and the answer comes past it. Right: the answer comes through the site.",
    )


def interchange_by_hand() -> Picture:
    """A receiver that gets a donor's height in the plane of rival and property, with whole numbers."""
    fig, ax = plots.figure(width=4.6, height=3.3)
    ax.plot((-0.8, 0.8), (1, 1), color=plots.STREAM, lw=1.2, ls=":", zorder=0)
    ax.annotate("", (1, 0.86), (1, -0.86), arrowprops={"arrowstyle": "-|>", "color": plots.EDITED, "lw": 3})
    for at, colour, fill, words, side in (
        ((1, -1), plots.SERIES[3], plots.SERIES[3], "receiver\n(1, −1)", "left"),
        ((-1, 1), plots.SERIES[0], plots.SERIES[0], "donor\n(−1, 1)", "right"),
        ((1, 1), plots.EDITED, "white", "after the\ninterchange\n(1, 1)", "left"),
    ):
        ax.plot(*at, "o", ms=12, mec=colour, mfc=fill, mew=2.5, zorder=3)
        ax.text(at[0] + (0.2 if side == "left" else -0.2), at[1], words, ha=side, va="center")
    ax.set(xlabel="along the rival's direction", ylabel="along the property's direction", aspect="equal",
           xlim=(-2.3, 2.3), ylim=(-1.6, 1.7), xticks=(-1, 0, 1), yticks=(-1, 0, 1))  # fmt: skip
    return Picture(fig, "A donor up on the left and a receiver down on the right; an arrow leads from the receiver "
                   "straight up to the donor's height.")  # fmt: skip


def in_two_parts(along: float, rest: float) -> Picture:
    """A direction as a part along an embedding and a part that is left, drawn to scale.

    Args:
        along, rest: how long the two parts are.
    """
    page = sheet(2.3)
    (x, y), scale = (1.55, 0.4), 1.6 / rest
    corner, end = (x + along * scale, y), (x + along * scale, y + 1.6)
    page.arrow((x, y), end, thick=3)
    page.arrow((x, y), corner, colour=plots.NOTE, thick=3)
    page.arrow(corner, end, colour=plots.EDITED, thick=3)
    page.text((x - 0.06, y + 1.0), "inside written\nbrackets: from\nmean to mean", side="right", size=SMALL)
    page.text((corner[0] + 0.12, y - 0.1), "along the embedding of “)”: this writes the answer", side="left",
              size=SMALL)  # fmt: skip
    page.text((end[0] + 0.12, y + 1.0), "the direction without the embedding:\nwhat is left, at a right angle to it",
              side="left", size=SMALL)  # fmt: skip
    return page.picture(
        "A long arrow is the sum of two: a short one along the embedding of the closing bracket, and a longer one at a "
        "right angle to it."
    )


def two_lines(rows: Sequence[Sequence[str]], chances: Sequence[tuple[float, float]]) -> Picture:
    """Two lines of code that differ in one sign, token by token.

    Args:
        rows: the tokens of both, ending in a line break and a name; in the first a bracket is open there.
        chances: for each, the probabilities of `=` and ` =` after the name.
    """
    page = sheet(2.5)
    for y, words, both, title in zip((1.75, 0.55), rows, chances, ("a bracket is open", "none is open"), strict=True):
        page.text((0.05, y + 0.42), title, side="left", size=SMALL, colour=plots.NULL)
        x, places = 0.05, []
        for i, word in enumerate(words):
            shown = "⏎" if "\n" in word else word.strip()
            width = 0.19 + 0.085 * len(shown)
            sign = shown if len(shown) == 1 and shown.isascii() else ""
            differs = sign and word != rows[0 if words is rows[1] else 1][i]
            fill = plots.SERIES[0] if shown == "⏎" else plots.EDITED if differs else plots.TOKEN
            page.box((x + width / 2, y), shown, fill=fill, width=width, size=SMALL, bold=bool(differs))
            places.append(x + width / 2)
            x += width + 0.05
        page.arrow((places[-2], y + 0.2), (places[-1], y + 0.2), colour=plots.NOTE, bend=-0.7, thick=2)
        page.arrow((x, y), (x + 0.3, y))
        for row, (name, chance) in enumerate(zip(("“=”", "“ =”"), both, strict=True)):
            page.text((x + 0.38, y + 0.15 - 0.3 * row), f"{name}  {chance:.3f}", side="left", size=SMALL,
                      bold=chance == max(both))  # fmt: skip
    page.arrow((places[-2], 1.53), (places[-2], 0.77), colour=plots.INK, thick=1.4)
    page.arrow((places[-2], 0.77), (places[-2], 1.53), colour=plots.INK, thick=1.4)
    page.text((places[-2] - 0.12, 1.15), "the interchange", side="right", size=SMALL)
    return page.picture(
        "Two rows of tokens that differ in one sign, an opening bracket above and a comma below. The line break is "
        "the same token in both. From it an arc leads to the name, and a double arrow to the other line break."
    )


def lead_rows(
    ax: Axes, rows: Mapping[str, tuple[float, float, float]],
    placebos: Mapping[str, Float[Tensor, "placebo"]] | None = None,
) -> None:  # fmt: skip
    """Effects beside 0, row by row, each with its interval; grey if the title begins with "null".

    Args:
        rows: title and what was measured: (value, low, high).
        placebos: for some of the titles, what placebos do: a band where 95 % of them lie, and dots beyond it.
    """
    ax.axvline(0, color=plots.NULL, lw=0.8)
    for i, (title, (value, low, high)) in enumerate(rows.items()):
        if placebos and title in placebos:
            by_chance = placebos[title]
            least, most = map(float, interval(by_chance))
            ax.plot((least, most), (-i, -i), color=plots.NULL, lw=11, alpha=0.3, solid_capstyle="butt", zorder=1)
            beyond = by_chance[(by_chance < least) | (by_chance > most)]
            ax.plot(beyond, [-i] * len(beyond), "|", ms=9, color=plots.NULL, alpha=0.7)
        colour = plots.NULL if title.startswith("null") else plots.INK
        ax.errorbar(value, -i, xerr=[[value - low], [high - value]], fmt="o", ms=6, capsize=3, color=colour)
    ax.set(yticks=range(0, -len(rows), -1), yticklabels=list(rows), ylim=(-len(rows) + 0.4, 0.6))


TESTS = ("before training", "coins", "shuffled labels", "further files")


def scoreboard(found: Mapping[tuple[str, str], tuple[float, float, float]]) -> Figure:
    """Which label has passed which test: a row for each label, a column for each of `TESTS` that was tried so far.

    Args:
        found: for (label, test) a lead over a null with its interval; hollow and grey where the interval reaches 0.
    """
    labels = list(dict.fromkeys(label for label, _ in found))
    tests = [test for test in TESTS if any(test == tried for _, tried in found)]
    size = {"width": 1.7 + 1.35 * len(tests), "height": 0.9 + 0.42 * len(labels)}
    fig, axes = plots.figure(1, len(tests), **size, sharex=True, sharey=True, squeeze=False)
    for test, ax in zip(tests, axes[0], strict=True):
        ax.axvline(0, color=plots.NULL, lw=0.8)
        for i, label in enumerate(labels):
            value, low, high = found[label, test]
            colour, fill = (plots.INK, plots.INK) if low > 0 else (plots.NULL, "white")
            bar = [[value - low], [high - value]]
            ax.errorbar(value, -i, xerr=bar, fmt="o", ms=4.5, capsize=2, color=colour, mfc=fill)
            words = f"{value:.3f}".replace("-", "−")
            ax.text(max(value, 0.1), -i + 0.2, words, ha="center", va="bottom", fontsize=8, color=colour)  # not on 0
        ax.set(yticks=range(0, -len(labels), -1), yticklabels=labels, ylim=(-len(labels) + 0.6, 0.7),
               xlim=(-0.09, 0.5), xticks=(0, 0.2, 0.4))  # fmt: skip
        ax.set_title(test, fontsize=9.5)
    fig.supxlabel("lead in AUC", fontsize=9.5)
    return fig
