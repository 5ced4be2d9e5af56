"""The circuits of lesson 4, each drawn on the example sentence.

1. `circuit_after` – the lesson's circuit as it is known after a section; at the end, with what each message is worth.
2. `nodes_drawn` – the second notebook: heads at positions.
3. `circuit_of_b`, `circuit_of_c` – the second notebook: the circuits of two other random starts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from course_utils import plots
from course_utils.ioi.sentence import LAYERS, Line, Spot, on_sentence
from course_utils.page.draw.sheet import Picture, darker

IO, AND, COMMA, S2, GAVE, TO = 0, 1, 4, 5, 6, 7
S1 = 2
NOTE_INK, KNOWN = darker(plots.NOTE, 0.8), "#A6A6A6"
GROWN = {  # a part, and the sections after which it is drawn
    "from S2": (range(2, 3), Spot(TO, 0, up=0.04, text="?", kind="open")),
    "0.2": (range(3, 8), Spot(TO, 0, up=0.04)),
    "readers": (range(3, 5), Spot(TO, 1, right=0.2, up=-0.05, text="?", kind="open")),
    "source": (range(3, 4), Spot(S1 + 1, 0, up=0.5, text="?", kind="open")),
    "movers": (range(3, 8), Spot(TO, 1, right=-0.62, up=-0.05, width=0.74)),
    "writes IO": (range(4, 8), Spot(AND, 0, up=-0.12, text="0.2 …")),
    "writes S": (range(4, 8), Spot(COMMA, 0, up=-0.12, text="0.2 …")),
    "note of IO": (range(4, 8), Spot(AND, 0, up=0.56, text="note of\nMary", kind="note")),
    "note of S": (range(4, 8), Spot(COMMA, 0, up=0.56, text="note of\nJohn", kind="note")),
    "MLPs": (range(5, 8), Spot(TO, 1, right=0.2, up=-0.05, kind="MLP", width=0.56)),
    "writes gave": (range(7, 8), Spot(GAVE, 0, up=0.3, text="0.3")),
    "0.3": (range(7, 8), Spot(TO, 0, right=0.76, up=0.04)),
    "1.1": (range(7, 8), Spot(TO, 1, right=0.76, up=-0.05)),
}  # fmt: skip
ARROWS = (  # the section that finds it, from, to, the letter of the input, how it runs
    (2, S2, "from S2", "", {"ports": ("top", "left")}),
    (2, "from S2", "logits", "", {}),
    (2, S2, "0.2", "", {"ports": ("top", "left")}),
    (3, "movers", "logits", "", {"slide": (0, -0.28), "at": 0.42}),
    (3, "0.2", "readers", "", {}),
    (3, "readers", "logits", "", {}),
    (3, "source", "movers", "", {"ports": ("right", "left"), "bend": -0.06}),
    (4, IO, "writes IO", "", {"ports": ("top", "left"), "bend": -0.2}),
    (4, S1, "writes S", "", {"ports": ("top", "left"), "bend": -0.12}),
    (4, "writes IO", "note of IO", "", {}),
    (4, "writes S", "note of S", "", {}),
    (4, "note of IO", "movers", "V", {"ports": ("top", "left"), "bend": -0.12, "slide": (0, 0.07), "at": 0.45}),
    (4, "note of S", "movers", "K", {"ports": ("right", "left"), "bend": -0.04, "slide": (0, -0.07), "at": 0.45}),
    (5, "0.2", "movers", "Q", {"slide": (-0.1, 0.05), "at": 0.55}),
    (5, "0.2", "MLPs", "", {"slide": (0.1, 0), "at": 0.4}),
    (5, "MLPs", "logits", "", {"slide": (0, 0.12), "at": 0.42}),
    (7, S2, "writes gave", "", {"ports": ("top", "left"), "bend": -0.15}),
    (7, "writes gave", "1.1", "", {"ports": ("right", "bottom"), "bend": 0.06, "slide": (0, -0.05)}),
    (7, "1.1", "logits", "", {"slide": (0, 0.34), "at": 0.42}),
    (7, S2, "0.3", "", {"ports": ("top", "left"), "bend": 0.13, "slide": (0, -0.1)}),
    (7, "0.3", "logits", "", {"ports": ("right", "right"), "bend": 0.22, "at": 0.17}),
)  # fmt: skip
KNOWN_AFTER = {
    2: "Something in layer 0 carries the second John to the last word.",
    3: "It is head 0.2; the movers write to the logits, and a question mark stands where they read.",
    4: "Head 0.2 and others write notes of Mary and of John, which the movers read.",
    5: "Head 0.2 at the last word tells the movers' queries and the MLPs.",
    6: "The message of head 0.2 keeps the movers from the note of John and makes the MLPs lower John.",
    7: "The whole circuit: the movers' values read the note of Mary, their keys that of John, their queries head 0.2.",
}


def circuit_after(section: int, lost: Mapping[tuple[str, str], float] | None = None) -> Picture:
    """What is known of the circuit after a section, 2 to 7: dark what is new, grey what was known before.

    Args:
        lost: after section 7, for some arrows, (from, to), the logits that are lost when this message is exchanged.
    """
    parts = {name: spot for name, (when, spot) in GROWN.items() if section in when}
    lines = []
    for since, start, end, reads, how in ARROWS:
        if since > section or not {start, end} <= {*parts, "logits", IO, S1, S2}:
            continue
        last, new = section == 7, since == section
        ink = NOTE_INK if start in (IO, S1) or "note of" in str(end) + str(start) else plots.INK
        value = (lost or {}).get((str(start), end))
        label = f"{value:.1f}" if value is not None else reads if last or (new and reads == "Q") else ""
        thick = (1.8 if value is None else max(1.2, 0.5 * value)) if last else 2.6 if new else 1.6
        told = section == 6 and (start == "0.2" or (start, end) == ("note of S", "movers"))
        shut = told and start != "0.2"  # the note that is not to be read
        colour = ink if last or new or told else KNOWN
        label, aside = ("not John", 0.42) if told and end == "MLPs" else (label, 0.0)
        lines.append(Line(start, end, label, colour=colour, thick=thick, crossed=shut, aside=aside, **how))
    return on_sentence(parts, lines, KNOWN_AFTER[section], layers=("layer 0", "layers\n1 to 3"))


def circuit_of_b(lost: Mapping[str, float]) -> Picture:
    """`ioi-natural-b`: heads that lower the giver, and heads that raise both names.

    Args:
        lost: which share of the logit difference is lost with each measured arrow, by its name, "0.0 " being head 0.0
            at the word after S2: "giver → 0.0, values", "0.0  → 1.0, values", "0.0 → logits", "1.0 → logits",
            "note → 1.1, 1.2, 1.3, values" and "1.1, 1.2, 1.3 → logits".
    """
    both = "1.1, 1.2, 1.3"
    parts = {
        "note": BOTH_NOTED, "0.0": Spot(TO, 0, right=0.38, up=-0.12), "0.0 ": Spot(GAVE, 0, up=0.34, text="0.0"),
        both: Spot(TO, 1, right=-0.47, up=0.1), "1.0": Spot(TO, 1, right=0.9, up=0.1),
    }  # fmt: skip
    lines = [
        *_both_written(),
        _measured(lost, "giver → 0.0, values", S2, "0.0", ports=("top", "left"), at=0.62),
        Line(S2, "0.0 ", ports=("top", "left"), bend=-0.2, thick=_thick(lost["giver → 0.0, values"])),
        _measured(lost, "0.0  → 1.0, values", "0.0 ", "1.0", ports=("right", "bottom"), bend=0.08, at=0.35),
        _measured(lost, "0.0 → logits", "0.0", "logits", slide=(0, 0.36), at=0.28),
        _measured(lost, "1.0 → logits", "1.0", "logits", ports=("top", "right"), bend=0.1, at=0.4),
        _measured(lost, f"note → {both}, values", "note", both, ports=("top", "left"), bend=-0.1, colour=NOTE_INK),
        _measured(lost, f"{both} → logits", both, "logits", slide=(0, -0.3), at=0.4, colour=NOTE_INK),
    ]
    alt = "Head 0.0 reads the second John at the last word and lowers it; a gold path raises both names."
    return on_sentence(parts, lines, alt, layers=LAYERS[:2])


def circuit_of_c(lost: Mapping[str, float]) -> Picture:
    """`ioi-natural-c`: heads that carry the giver at S2, late heads that lower it, and heads that raise both names.

    Args:
        lost: which share of the logit difference is lost with each measured arrow, by its name:
            "giver → 0.2, values", "0.2 → 1.0, 1.1, values", "0.2 → late, values", "1.0, 1.1 → late, values",
            "late → logits", "note → 1.0, 1.1, 1.3, values" and "1.0, 1.1, 1.3 → logits".
    """
    late, both = "2.3\n3.0, 3.1", "1.0, 1.1, 1.3"
    parts = {
        "note": BOTH_NOTED, "0.2": Spot(S2, 0, up=0.24), "1.0, 1.1": Spot(S2, 1, up=0.14),
        late: Spot(TO, 2, right=-0.25, up=0.5), both: Spot(TO, 1, right=0.47),
    }  # fmt: skip
    lines = [
        *_both_written(),
        _measured(lost, "giver → 0.2, values", S2, "0.2", at=0.68),
        _measured(lost, "0.2 → 1.0, 1.1, values", "0.2", "1.0, 1.1"),
        _measured(lost, "0.2 → late, values", "0.2", late, ports=("right", "bottom"), bend=0.12, at=0.6,
                slide=(0, -0.15)),
        _measured(lost, "1.0, 1.1 → late, values", "1.0, 1.1", late, ports=("top", "left"), bend=-0.12),
        _measured(lost, "late → logits", late, "logits", at=0.45),
        _measured(lost, f"note → {both}, values", "note", both, ports=("top", "left"), bend=0.1, at=0.8,
                colour=NOTE_INK),
        _measured(lost, f"{both} → logits", both, "logits", ports=("top", "right"), bend=0.12, colour=NOTE_INK),
    ]  # fmt: skip
    alt = "The second John is read where it stands, passed on there, and lowered by late heads at the last word."
    return on_sentence(parts, lines, alt, layers=(*LAYERS, "layer 3"))


BOTH_NOTED = Spot(COMMA, 0, right=-0.2, text="note of\nboth", kind="note", up=0.12)


def _both_written() -> list[Line]:
    """From either name to the note at the comma."""
    ends = ((IO, -0.1), (S1, -0.15))
    return [Line(word, "note", ports=("top", "left"), bend=bend, colour=NOTE_INK) for word, bend in ends]


def _measured(lost: Mapping[str, float], name: str, start: str | int, end: str, **more) -> Line:
    """A line with the share that is lost with it, as thick, and V where the values read it."""
    label = _share(lost[name]) + (" V" if name.endswith("values") else "")
    return Line(start, end, label, thick=_thick(lost[name]), **more)


def nodes_drawn(nodes: Iterable[tuple[int, int, str]], layers: Sequence[str] = LAYERS) -> Picture:
    """Heads at positions, (layer, head, role), each in the column of its word where IO is named first; no arrows.

    Raises:
        KeyError: a role that has no column.
    """
    places = ("IO", "after IO", "S1", "after S1", "before S2", "S2", "after S2", "END")
    column = {role: i for i, role in enumerate(places)}
    heads: dict[tuple[int, str], list[str]] = {}
    for layer, head, role in sorted(nodes):
        heads.setdefault((layer, role), []).append(f"{layer}.{head}")
    parts = {}
    for (layer, role), names in heads.items():
        apart = 0.62 if role == "END" else 0.0
        for i, name in enumerate(names if apart else [" ".join(names)]):
            right = apart * (i - (len(names) - 1) / 2) if apart else 0.0
            parts[f"{name} at {role}"] = Spot(column[role], layer, right=right, text=name)
    return on_sentence(parts, [], f"{', '.join(parts)}, each in the column of its word.", layers=layers)


def _share(value: float) -> str:
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "−")


def _thick(share: float) -> float:
    """Points, in proportion to the size of the share."""
    return max(0.8, min(5.0, 6.5 * abs(share)))
