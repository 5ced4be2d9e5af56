"""The planted networks of lesson 5, drawn.

1. `planted_network` – eight bits, what an encoder makes of them, and a head that answers.
2. `beside_the_path` – a site that the property reaches and the answer does not need, and the same site on the path.
3. `interchange_by_hand` – one interchange in a plane. `in_two_parts` – one direction as the sum of two.
4. `at_the_line_break` – two lines of code, and where one gets the other's component.
5. `lead_rows` – effects with their intervals. `scoreboard` – which label has passed which test.
"""

from collections.abc import Mapping

from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from course_utils import plots
from course_utils.page.draw.sheet import SMALL, Picture, sheet

FEATURES = (  # name, what it says of the bits, how many bits it reads
    ("shortcut", "the two bits differ", 2),
    ("rule", "most of the three are 1", 3),
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
            page.arrow((0.72, row), (1.3, middle), thick=0.9)
        fill = {"shortcut": plots.SERIES[0], "rule": plots.SERIES[5]}.get(name, FADED)
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
    page.text((6.55, 1.75), "right, if it follows\nthe rule", size=SMALL, colour=plots.NULL)
    return page.picture(
        "Eight bits; two give the shortcut, three the rule, and three stand for themselves; all are held by a hidden "
        "vector h of twelve numbers, from which a head makes the answer. The right answer follows from the rule and "
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
    """A receiver that gets a donor's height in the plane of rule and shortcut, with whole numbers."""
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
    ax.set(xlabel="along the rule's direction", ylabel="along the shortcut's direction", aspect="equal",
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


Chances = tuple[float, float]


def at_the_line_break(inside: Chances, outside: Chances) -> Picture:
    """Two lines of code with a line break in each; in one a bracket is open.

    Args:
        inside, outside: the probabilities of `=` and ` =` after the name, if a bracket is open and if none is.
    """
    page = sheet(2.65)
    boxes = (("call", 0.62), ("(", 0.34), ("name", 0.7), ("", 0.34), ("line break", 1.05), ("size", 0.62))
    for y, fourth, chances, title in ((2.0, ",", inside, "a bracket is open"), (0.62, ")", outside, "none is open")):
        page.text((0.1, y + 0.42), title, side="left", size=SMALL, colour=plots.NULL)
        x = 0.1
        for word, width in boxes:
            middle = x + width / 2
            page.box((middle, y), word or fourth, fill=plots.SERIES[0] if word == "line break" else plots.TOKEN,
                     width=width, size=SMALL)  # fmt: skip
            if word == "line break":
                at_break = middle
            x += width + 0.08
        page.arrow((at_break, y + 0.2), (x - 0.35, y + 0.2), colour=plots.NOTE, bend=-0.55, thick=2)
        page.arrow((x - 0.05, y), (x + 0.3, y))
        for row, (sign, chance) in enumerate(zip(("“=”", "“ =”"), chances, strict=True)):
            page.text((x + 0.38, y + 0.14 - 0.28 * row), f"{sign}   {chance:.2f}", side="left", size=SMALL,
                      bold=chance == max(chances))  # fmt: skip
    page.arrow((at_break, 1.78), (at_break, 0.84), colour=plots.EDITED, thick=3)
    page.text((at_break + 0.14, 1.32), "the interchange: this line break gets\nthe component of that one", side="left",
              size=SMALL)  # fmt: skip
    return page.picture(
        "Two rows of tokens. Above, call, bracket, name, comma, line break, size, with = without a space as the "
        "likelier next token; below a closing bracket in place of the comma, and = with a space. An arrow leads from "
        "the upper line break to the lower one, and from each line break an arc to the name after it."
    )


def lead_rows(ax: Axes, rows: Mapping[str, tuple[float, float, float] | Float[Tensor, "one"]]) -> None:
    """Effects beside 0, row by row: one with its interval (grey if its title begins with "null"), or many as grey dots.

    Args:
        rows: title and what was measured: (mean, low, high), or a number for each of many.
    """
    ax.axvline(0, color=plots.NULL, lw=0.8)
    for i, (title, found) in enumerate(rows.items()):
        if isinstance(found, Tensor):
            ax.plot(found, [-i] * len(found), "o", ms=5, color=plots.NULL, alpha=0.6)
            continue
        value, low, high = found
        colour = plots.NULL if title.startswith("null") else plots.INK
        ax.errorbar(value, -i, xerr=[[value - low], [high - value]], fmt="o", ms=6, capsize=3, color=colour)
    ax.set(yticks=range(0, -len(rows), -1), yticklabels=list(rows), ylim=(-len(rows) + 0.4, 0.6))


TESTS = ("before training", "coins", "shuffled labels", "further files")


def scoreboard(found: Mapping[tuple[str, str], tuple[float, float, float]]) -> Figure:
    """Which label has passed which test: a row for each label, a column for each of `TESTS` that was tried so far.

    Args:
        found: for (label, test) a lead over a null with its interval, drawn around 0 and green if the whole interval
            is above it. A cell's edge is 0.5 from its 0.
    """
    labels = list(dict.fromkeys(label for label, _ in found))
    tests = [test for test in TESTS if any(test == tried for _, tried in found)]
    fig, ax = plots.figure(width=1.6 + 1.45 * len(tests), height=0.4 + 0.45 * len(labels))
    for i, label in enumerate(labels):
        for j, test in enumerate(tests):
            entry = found[label, test]
            value, low, high = (0.48 / 0.5 * number for number in entry)
            colour, alpha = (plots.ANSWER, 0.22) if low > 0 else (FADED, 1)
            ax.add_patch(Rectangle((j - 0.48, i - 0.46), 0.96, 0.92, color=colour, alpha=alpha, lw=0))
            ax.plot((j, j), (i - 0.4, i + 0.1), color=plots.NULL, lw=0.8)
            ax.plot((j + low, j + high), (i - 0.15, i - 0.15), color=plots.INK, lw=1.6)
            ax.plot(j + value, i - 0.15, "o", ms=4, color=plots.INK)
            words = "{:+.3f}  [{:.3f}, {:.3f}]".format(*entry).replace("-", "−")
            ax.text(j, i + 0.28, words, ha="center", va="center", fontsize=6.5)
    ax.set(xlim=(-0.5, len(tests) - 0.5), ylim=(len(labels) - 0.5, -0.5), xticks=range(len(tests)), xticklabels=tests,
           yticks=range(len(labels)), yticklabels=labels)  # fmt: skip
    ax.tick_params(length=0, labeltop=True, labelbottom=False, labelsize=8.5)
    ax.spines[:].set_visible(False)
    return fig
