"""Drawings of the deeper notebook: the match of two tokens, and moments of a training on one axis."""

from collections.abc import Mapping

from matplotlib.figure import Figure

from course_utils import plots
from course_utils.page.draw.sheet import SMALL, Picture, darker, sheet


def two_contexts(changed: Mapping[str, tuple[float, float, float]]) -> Picture:
    """`X A B … Y A C … X A`, the three messages that the match of two tokens needs, and what is lost without each.

    Args:
        changed: by "0.2 to the queries", "0.2 to the keys", "0.3 to the keys", the change of the preference in nats.
    """
    page = sheet(3.6)
    xs = [0.6 + 0.66 * i for i in range(10)]
    for x, token in zip(xs, ("X", "A", "B", "…", "Y", "A", "C", "…", "X", "A"), strict=True):
        page.stream(x, 0.5, 2.95)
        page.box((x, 0.28), token, fill=plots.TOKEN, width=0.5, bold=token != "…", size=12)
    two = darker(plots.NOTE, 0.62)
    rows = (
        ("0.2 to the keys", "after A", plots.NOTE, 1, 2, 1.15),
        ("0.3 to the keys", "X two before", two, 0, 2, 1.75),
        ("0.2 to the queries", "after X", plots.NOTE, 8, 9, 1.15),
    )
    for name, words, colour, begin, end, y in rows:
        page.arrow((xs[begin], y - 0.42), (xs[end] - (0.52 if end == 2 else 0.4), y), colour=colour, bend=-0.15,
                   thick=2.4)  # fmt: skip
        page.box((xs[end], y), words, fill=colour, width=1.0 if end == 2 else 0.76, height=0.32, size=SMALL)
        nats = f"{changed[name][0]:+.1f} nats".replace("-", "−")
        page.text((xs[end] + (0.56 if end == 2 else -0.44), y + (0 if end == 2 else 0.24)), nats, bold=True, size=SMALL,
                  side="left" if end == 2 else "right", colour=darker(colour, 0.75))  # fmt: skip
    for words, y in (("after A", 1.15), ("Y two before", 1.75)):
        page.box((xs[6], y), words, fill=plots.ABLATED, edge=plots.NULL, width=1.0, height=0.32, size=SMALL)
    page.arrow((xs[2], 2.15), (xs[9] - 0.06, 2.75), colour=plots.HEAD, bend=-0.16, thick=3)
    here = "both notes match:\nthe head looks here"
    page.text((xs[2] - 0.12, 2.5), here, side="right", colour=plots.HEAD, bold=True, size=SMALL)
    page.arrow((xs[6], 2.05), (xs[9] - 0.06, 2.6), colour=plots.HEAD, bend=-0.1, thick=1)
    page.text((xs[6] - 0.1, 2.08), "one note", side="right", size=SMALL, colour=plots.HEAD)
    alt = ", ".join(f"head {name} {nats[0]:+.1f} nats".replace("-", "−") for name, nats in changed.items())
    return page.picture(f"Streams of X A B … Y A C … X A, with the notes of two heads at B and at C. Lost: {alt}.")


def half_ways(steps: Mapping[str, Mapping[str, tuple[float, float, float] | float]]) -> Figure:
    """Marks on one axis of steps, a panel for each end that was chosen; an interval is a line through its mark.

    Args:
        steps: by the end that was chosen and by the quantity, the step at which it is half-way.
    """
    fig, axes = plots.figure(len(steps), 1, height=0.9 + 1.45 * len(steps), sharex=True, squeeze=False)
    axes = axes[:, 0]
    for ax, (end, marks) in zip(axes, steps.items(), strict=True):
        for k, (name, mark) in enumerate(marks.items()):
            colour = plots.NOTE if "0.2" in name else plots.HEAD if "1.1" in name else plots.INK
            middle, low, high = mark if isinstance(mark, tuple) else (mark, mark, mark)
            ax.plot([low, high], [-k, -k], color=colour, linewidth=3, alpha=0.5, solid_capstyle="butt")
            ax.plot(middle, -k, "o", color=colour, markersize=6)
        ax.set_yticks(range(0, -len(marks), -1), list(marks), fontsize=9)
        ax.set(title=end, ylim=(0.6 - len(marks), 0.6))
        ax.grid(axis="x", color=plots.TOKEN)
    axes[-1].set(xlabel="training step at which it is half-way")
    return fig
