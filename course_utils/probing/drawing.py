"""The planted networks of lesson 5, drawn.

1. `planted_network` – eight bits, what an encoder makes of them, and a head that answers.
2. `beside_the_path` – a site that the property reaches and the answer does not need, and the same site on the path.
"""

from course_utils import plots
from course_utils.page.draw.sheet import SMALL, Picture, Sheet, sheet

FEATURES = (  # name, what it says of the bits, how many bits it reads
    ("property", "the two bits differ", 2),
    ("rival", "most of the three are 1", 3),
    ("switch", "the bit is 1", 1),
    ("bystanders", "one bit each", 2),
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
        fill = {"property": plots.SERIES[0], "rival": plots.SERIES[5]}.get(name, FADED)
        height = 0.52 if n_bits > 1 else 0.44
        page.box((2.25, middle), f"{name}:\n{says}", fill=fill, width=1.88, height=height, size=SMALL)
        page.arrow((3.2, middle), (3.86, middle), thick=0.9)
        y -= 0.36 * n_bits + 0.1
    page.box((4.25, 1.94), "h:\ntwelve\nnumbers", fill=plots.STREAM, width=0.78, height=3.05, size=SMALL)
    page.arrow((4.64, 1.94), (5.0, 1.94))
    page.box((5.35, 1.94), "head", fill=plots.MLP, width=0.68, bold=True)
    page.arrow((5.7, 1.94), (6.08, 1.94))
    page.box((6.55, 1.94), "yes or\nno", fill=plots.ANSWER, width=0.82, height=0.56, bold=True)
    for x, name in ((0.45, "bits"), (2.25, "encoder"), (4.25, "hidden vector"), (6.55, "answer")):
        page.text((x, 0.2), name, size=SMALL, colour=plots.NULL)
    _right_answer(page)
    return page.picture(
        "Eight bits; two give the property, three its rival, one the switch, two are bystanders; all stand in a hidden "
        "vector h of twelve numbers, from which a head makes the answer. The right answer is the rival's, turned round "
        "where the switch is on.",
    )


def _right_answer(page: Sheet) -> None:
    """The table of right answers, at the upper right."""
    left, top = 5.42, 3.46
    page.text((left + 0.42, top), "right answer", size=SMALL, bold=True)
    for i, heads in enumerate(("switch off", "switch on")):
        page.text((left + 0.35 + 0.78 * i, top - 0.26), heads, size=SMALL, colour=plots.NULL, halo=False)
    for j, (name, answers) in enumerate((("rival no", ("no", "yes")), ("rival yes", ("yes", "no")))):
        page.text((left - 0.36, top - 0.56 - 0.26 * j), name, size=SMALL, colour=plots.NULL, halo=False, up="baseline")
        for i, answer in enumerate(answers):
            page.text((left + 0.35 + 0.78 * i, top - 0.56 - 0.26 * j), answer, size=SMALL, halo=False, up="baseline")


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
            page.text((x + 0.5, 0.8), "nothing that\nthe answer needs", size=SMALL, colour=plots.NULL, side="left",
                      halo=False)  # fmt: skip
            page.line([(x + 0.44, 1.2), (left + 2.58, 1.2)], colour=plots.NULL, dashed=True)
        page.text((x, 0.3), "the property can be read here", size=SMALL, colour=plots.NULL)
    return page.picture(
        "Left: the property reaches a site, and the answer comes past it. Right: the answer comes through the site.",
    )
