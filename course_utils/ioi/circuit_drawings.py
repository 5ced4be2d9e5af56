"""The circuits of lesson 4, each drawn on the example sentence: what is known after each section, and other models'.

1. `reads_drawn` – section 4: what the movers and layer 0 look at.
2. `circuit_drawn` – section 7: the measured circuit, notes and message.
3. `nodes_drawn` – the second notebook: heads at positions.
4. `circuit_of_b`, `circuit_of_c` – the second notebook: the circuits of two other random starts.
5. `gpt2_drawn` – the second notebook: GPT-2 small's published circuit, on the same words.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from course_utils import plots
from course_utils.ioi.diagram import Diagram
from course_utils.ioi.paper import CLASSES
from course_utils.ioi.sentence import LAYERS, Line, Spot, on_sentence
from course_utils.page.draw.sheet import Picture, darker

IO, AND, COMMA, S2, GAVE, TO = 0, 1, 4, 5, 6, 7
S1 = 2
NOTE_INK = darker(plots.NOTE, 0.8)
MOVERS = "1.0, 1.2, 1.3"
NOTES = {
    "note of IO": Spot(AND, 0, text="note of\nMary", kind="note", up=0.12),
    "note of S": Spot(COMMA, 0, text="note of\nJohn", kind="note", up=0.12),
}
MOVE = Spot(TO, 1, right=-0.45, up=0.3)
WROTE = {"note of IO": (IO, ("top", "left"), -0.2), "note of S": (S1, ("top", "left"), -0.15)}


def reads_drawn(attention: Mapping[tuple[str, str], float]) -> Picture:
    """What layer 0 and the movers look at: at each arrow the attention, and the arrow as thick.

    Args:
        attention: by who is read and who reads: the words "Mary" and "John", the two notes, and "movers".
    """
    parts = NOTES | {"movers": Spot(TO, 1, right=-0.2, up=0.1)}
    ends = {"Mary": IO, "John": S1, "movers": "movers"} | {note: note for note in NOTES}
    how = {
        ("Mary", "note of IO"): {"ports": ("top", "left"), "bend": -0.2, "at": 0.45},
        ("Mary", "note of S"): {"ports": ("top", "bottom"), "bend": 0.06, "at": 0.4},
        ("John", "note of S"): {"ports": ("top", "left"), "bend": -0.15, "at": 0.5},
        ("note of IO", "movers"): {"ports": ("top", "left"), "bend": -0.1, "at": 0.5, "slide": (0, 0.06)},
        ("note of S", "movers"): {"ports": ("top", "left"), "bend": -0.06, "at": 0.5, "slide": (0, -0.06)},
    }
    lines = []
    for (read, reader), share in attention.items():
        colour = plots.HEAD if reader == "movers" else NOTE_INK
        thick = max(0.8, 5 * share)
        lines.append(Line(ends[read], reader, _share(share), colour=colour, thick=thick, **how[read, reader]))
    lines.append(Line("movers", "logits", slide=(0, -0.2), colour=plots.HEAD))
    alt = "; ".join(f"{reader} read {read} with {share:.2f}" for (read, reader), share in attention.items())
    return on_sentence(parts, lines, f"Attention: {alt}.", layers=LAYERS[:2])


def circuit_drawn(circuit: Diagram, whole: Mapping[str, float]) -> Picture:
    """The measured circuit, notes in gold and the message in black; at each arrow its turn, and the arrow as thick.

    Args:
        whole: for each note, what it turns by all ways together.
    """
    parts = NOTES | {
        MOVERS: MOVE, "0.2": Spot(TO, 0, right=-0.4, up=0.08), "0.3": Spot(TO, 0, right=0.62, up=-0.07),
        "0.3 ": Spot(GAVE, 0, up=0.38, text="0.3"), "1.1": Spot(TO, 1, right=0.62, up=0.18),
        "MLPs": Spot(TO, 2, right=0.13, up=-0.02, kind="MLP", width=0.5),
    }  # fmt: skip

    def arrow(start: str | int, end: str, name: str, **more) -> Line:
        label, thick = _effect(circuit, name)
        return Line(start, end, label, thick=thick, **more)

    lines = []
    for note, (word, ports, bend) in WROTE.items():
        how = {"thick": _thick(whole[note]), "colour": NOTE_INK, "ports": ports, "bend": bend, "at": 0.42}
        lines.append(Line(word, note, _share(whole[note]), **how))
    for note, reads, bend, high, at in (
        ("note of IO", "values", -0.17, 0.12, 0.5), ("note of IO", "keys", -0.07, 0.04, 0.4),
        ("note of S", "keys", -0.09, -0.04, 0.38), ("note of S", "values", 0.14, -0.12, 0.72),
    ):  # fmt: skip
        how = {"bend": bend, "ports": ("top", "left"), "at": at, "slide": (0, high), "colour": NOTE_INK}
        lines.append(arrow(note, MOVERS, f"{note} → {MOVERS}, {reads}", **how))
    lines += [
        arrow(S2, "0.2", "giver → 0.2, values", ports=("top", "left"), at=0.6),
        arrow(S2, "0.3", "giver → 0.3, values", ports=("top", "left"), at=0.75, bend=0.05),
        Line(S2, "0.3 ", ports=("top", "left"), bend=-0.2, thick=_thick(circuit.turn("giver → 0.3, values"))),
        arrow("0.2", MOVERS, f"0.2 → {MOVERS}, queries", at=0.24),
        arrow("0.2", "MLPs", "0.2 → logits", ports=("right", "bottom"), bend=0.31, at=0.22, slide=(0, 0.06)),
        Line("MLPs", "logits", thick=_thick(circuit.turn("0.2 → logits"))),
        arrow("0.3 ", "1.1", "0.3 → 1.1, values", ports=("right", "left"), at=0.16),
        arrow("0.3", "logits", "0.3 → logits", ports=("right", "right"), bend=0.23, at=0.7, slide=(0, 0.07)),
        arrow("1.1", "logits", "1.1 → logits", ports=("top", "right"), bend=0.1, at=0.22, slide=(0, -0.07)),
        arrow(MOVERS, "logits", f"{MOVERS} → logits", at=0.45, slide=(0.0, -0.25)),
    ]  # fmt: skip
    return on_sentence(
        parts, lines, "The circuit on the sentence: the movers' values read the note of Mary, their keys that of "
        "John, their queries the message of 0.2, which goes to MLPs as well; 0.3 and 1.1 add a smaller share.",
    )  # fmt: skip


def gpt2_drawn() -> Picture:
    """GPT-2 small's published circuit (Wang et al. 2022, figure 2), its heads named, its twelve layers in four rows."""
    previous, duplicate = _named("previous token"), _named("duplicate token")
    induction, inhibition = _named("induction"), _named("S-inhibition")
    movers, negative = _named("name movers"), _named("negative name movers", "negative")
    parts = {
        previous: Spot(3, 0, right=-0.05, width=1.14), duplicate: Spot(S2, 0, right=0.1, width=1.16),
        induction: Spot(S2, 1, right=0.1, width=1.36), inhibition: Spot(TO, 2, width=1.4),
        movers: Spot(TO, 3, right=-0.56, width=1.1), negative: Spot(TO, 3, right=0.56, width=0.95),
    }  # fmt: skip
    lines = [
        Line(S1, previous, ports=("top", "bottom"), slide=(0, -0.2)),
        Line(S1, duplicate, ports=("top", "bottom"), bend=0.12, slide=(0, -0.35)),
        Line(previous, induction, "K", ports=("top", "left"), bend=-0.1),
        Line(S2, duplicate, slide=(0, -0.1)),
        Line(duplicate, inhibition, "V", ports=("right", "bottom"), bend=0.2, at=0.6),
        Line(induction, inhibition, "V", ports=("top", "left"), bend=-0.1, at=0.5),
        Line(inhibition, movers, "Q", slide=(-0.2, 0)),
        Line(inhibition, negative, "Q", slide=(0.2, 0)),
        Line(IO, movers, "V", ports=("top", "left"), bend=-0.22, at=0.55),
        Line(movers, "logits", ports=("top", "left"), bend=-0.2),
        Line(negative, "logits", ports=("top", "right"), bend=0.2),
    ]
    return on_sentence(
        parts, lines, "GPT-2 small's circuit: duplicate-token and induction heads at the second John, S-inhibition "
        "heads and name movers at the last word.",
        layers=("layers\n0 to 4", "layers\n5, 6", "layers\n7, 8", "layers\n9 to 11"),
    )  # fmt: skip


def _named(kind: str, shown: str = "") -> str:
    """A class of GPT-2 small's heads and, below, their names."""
    return f"{shown or kind}\n{', '.join(CLASSES[kind][0])}"


def circuit_of_b(turns: Mapping[str, float]) -> Picture:
    """`ioi-natural-b`: heads that lower the giver, and heads that raise both names.

    Args:
        turns: by the names of measured arrows, "0.0 " being head 0.0 at the word after S2: "giver → 0.0, values",
            "0.0  → 1.0, values", "0.0 → logits", "1.0 → logits", "note → 1.1, 1.2, 1.3, values" and
            "1.1, 1.2, 1.3 → logits".
    """
    both = "1.1, 1.2, 1.3"
    parts = {
        "note": BOTH_NOTED, "0.0": Spot(TO, 0, right=0.38, up=-0.12), "0.0 ": Spot(GAVE, 0, up=0.34, text="0.0"),
        both: Spot(TO, 1, right=-0.47, up=0.1), "1.0": Spot(TO, 1, right=0.9, up=0.1),
    }  # fmt: skip
    lines = [
        *_both_written(),
        _turned(turns, "giver → 0.0, values", S2, "0.0", ports=("top", "left"), at=0.62),
        Line(S2, "0.0 ", ports=("top", "left"), bend=-0.2, thick=_thick(turns["giver → 0.0, values"])),
        _turned(turns, "0.0  → 1.0, values", "0.0 ", "1.0", ports=("right", "bottom"), bend=0.08, at=0.35),
        _turned(turns, "0.0 → logits", "0.0", "logits", slide=(0, 0.36), at=0.28),
        _turned(turns, "1.0 → logits", "1.0", "logits", ports=("top", "right"), bend=0.1, at=0.4),
        _turned(turns, f"note → {both}, values", "note", both, ports=("top", "left"), bend=-0.1, colour=NOTE_INK),
        _turned(turns, f"{both} → logits", both, "logits", slide=(0, -0.3), at=0.4, colour=NOTE_INK),
    ]
    alt = "Head 0.0 reads the second John at the last word and lowers it; a gold path raises both names."
    return on_sentence(parts, lines, alt, layers=LAYERS[:2])


def circuit_of_c(turns: Mapping[str, float]) -> Picture:
    """`ioi-natural-c`: heads that carry the giver at S2, late heads that lower it, and heads that raise both names.

    Args:
        turns: by the names of measured arrows: "giver → 0.2, values", "0.2 → 1.0, 1.1, values", "0.2 → late, values",
            "1.0, 1.1 → late, values", "late → logits", "note → 1.0, 1.1, 1.3, values" and "1.0, 1.1, 1.3 → logits".
    """
    late, both = "2.3\n3.0, 3.1", "1.0, 1.1, 1.3"
    parts = {
        "note": BOTH_NOTED, "0.2": Spot(S2, 0, up=0.24), "1.0, 1.1": Spot(S2, 1, up=0.14),
        late: Spot(TO, 2, right=-0.25, up=0.5), both: Spot(TO, 1, right=0.47),
    }  # fmt: skip
    lines = [
        *_both_written(),
        _turned(turns, "giver → 0.2, values", S2, "0.2", at=0.68),
        _turned(turns, "0.2 → 1.0, 1.1, values", "0.2", "1.0, 1.1"),
        _turned(turns, "0.2 → late, values", "0.2", late, ports=("right", "bottom"), bend=0.12, at=0.6,
                slide=(0, -0.15)),
        _turned(turns, "1.0, 1.1 → late, values", "1.0, 1.1", late, ports=("top", "left"), bend=-0.12),
        _turned(turns, "late → logits", late, "logits", at=0.45),
        _turned(turns, f"note → {both}, values", "note", both, ports=("top", "left"), bend=0.1, at=0.8,
                colour=NOTE_INK),
        _turned(turns, f"{both} → logits", both, "logits", ports=("top", "right"), bend=0.12, colour=NOTE_INK),
    ]  # fmt: skip
    alt = "The second John is read where it stands, passed on there, and lowered by late heads at the last word."
    return on_sentence(parts, lines, alt, layers=(*LAYERS, "layer 3"))


BOTH_NOTED = Spot(COMMA, 0, right=-0.2, text="note of\nboth", kind="note", up=0.12)


def _both_written() -> list[Line]:
    """From either name to the note at the comma."""
    ends = ((IO, -0.1), (S1, -0.15))
    return [Line(word, "note", ports=("top", "left"), bend=bend, colour=NOTE_INK) for word, bend in ends]


def _turned(turns: Mapping[str, float], name: str, start: str | int, end: str, **more) -> Line:
    """A line with its turn, as thick, and V where the values read it."""
    label = _share(turns[name]) + (" V" if name.endswith("values") else "")
    return Line(start, end, label, thick=_thick(turns[name]), **more)


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


def _effect(circuit: Diagram, name: str) -> tuple[str, float]:
    """Label and thickness of a measured arrow."""
    turn = circuit.turn(name)
    letter = {"queries": " Q", "keys": " K", "values": " V"}.get(name.rpartition(", ")[2], "")
    return _share(turn) + letter, _thick(turn)


def _thick(turn: float) -> float:
    """Points, in proportion to the size of the turn."""
    return max(0.8, min(5.0, 6.5 * abs(turn)))
