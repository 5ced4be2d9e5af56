"""Tables: what stands in them is what was measured, aligned, with its interval, its null and its mark."""

import html.parser
import math
import re
from dataclasses import dataclass

import pandas as pd
import pytest
import torch

from course_utils import plots
from course_utils.page import table
from course_utils.patching import Axis, Sweep

HEARD = {
    "from 0.0": [(-4.26, -4.57, -3.94), (0.111, 0.04, 0.19), (-3.5, -3.81, -3.19)],
    "from 0.1": [(-0.78, -0.84, -0.73), (-0.04, -0.07, -0.01), (-0.59, -0.65, -0.53)],
}
INPUTS = ("queries", "keys", "values")


class Grid(html.parser.HTMLParser):
    """The cells of a table as a browser would find them: (text, attributes), row by row."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.inside = [], False
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append(["", dict(attributes)])
            self.inside = True
        if tag == "br":
            self.rows[-1][-1][0] += "|"

    def handle_endtag(self, tag):
        self.inside = self.inside and tag not in ("td", "th")

    def handle_data(self, data):
        if self.inside:
            self.rows[-1][-1][0] += data

    def texts(self):
        return [[text for text, _ in row] for row in self.rows]


def grid(made):
    return Grid(made._repr_html_())


def test_a_matrix_with_intervals_has_them_below_the_numbers():
    made = table(HEARD, columns=INPUTS, unit="nats", signed=True, mark=lambda x: x <= -1, caption="What `1.1` loses.")
    shown = grid(made)
    assert shown.texts() == [
        ["in nats", *INPUTS],
        ["from 0.0", "−4.26|−4.57 to −3.94", "+0.11|+0.04 to +0.19", "−3.50|−3.81 to −3.19"],
        ["from 0.1", "−0.78|−0.84 to −0.73", "−0.04|−0.07 to −0.01", "−0.59|−0.65 to −0.53"],
    ]
    marked = [text for row in shown.rows for text, attributes in row if plots.MARK in attributes.get("style", "")]
    assert [text.split("|")[0] for text in marked] == ["−4.26", "−3.50"]
    assert all(attributes["align"] == "right" for row in shown.rows for _, attributes in row[1:])
    assert "<code>1.1</code>" in made._repr_html_()


def test_one_number_a_row_has_its_interval_and_its_null_beside_it():
    rows = [
        {"head": "0.2", "score": (0.931, 0.9, 0.955), "null": 0.0214, "what it does": "looks one back"},
        {"head": "1.1", "score": (0.5, 0.44, 0.57), "null": 0.0199, "what it does": "<unknown>"},
    ]
    shown = grid(table(rows, mark="0.2", unit={"score": "share"}, interval="95 % over 16 texts"))
    assert shown.texts() == [
        ["head", "score|share", "95\u00a0% over 16 texts", "null", "what it does"],
        ["0.2", "0.93", "0.90 to 0.95" if round(0.955, 2) == 0.95 else "0.90 to 0.96", "0.02", "looks one back"],
        ["1.1", "0.50", "0.44 to 0.57", "0.02", "<unknown>"],
    ]
    first, second = shown.rows[1:]
    assert all(plots.MARK in attributes["style"] for _, attributes in first)
    assert not any(plots.MARK in attributes["style"] for _, attributes in second)
    assert [attributes.get("align") for _, attributes in first] == [None, "right", "right", "right", "left"]
    assert '<span style="opacity:.7">0.02</span>' in table(rows)._repr_html_()


def test_in_a_terminal_it_is_text_in_straight_columns():
    made = table({"a": 3.0, "bcd": -14632.5, "e": None}, unit="steps", corner="run", mark="bcd", caption="Seen.")
    assert repr(made).split("\n") == [
        "run      steps",
        "───  ─────────",
        "a            3",
        "bcd  * −14\u202f632",
        "e            –",
        "Seen.",
    ]


@pytest.mark.parametrize(
    ("numbers", "shown"),
    [
        ([1, 2, 300], ["1", "2", "300"]),
        ([0.5, 0.123], ["0.50", "0.12"]),
        ([0.0123, 0.5], ["0.01", "0.50"]),
        ([0.0123, 0.002], ["0.012", "0.002"]),
        ([4.256, -0.001], ["4.26", "0.00"]),
        ([47.61, 1.0], ["47.6", "1.0"]),
        ([1463.4, 12.2], ["1463", "12"]),
        ([123456.7, 1.2], ["123\u202f457", "1"]),
        ([float("nan"), 0.25], ["–", "0.25"]),
        ([float("inf"), -float("inf")], ["∞", "−∞"]),
        ([0.0, -0.0], ["0", "0"]),
        ([True, False], ["yes", "no"]),
    ],
)
def test_numbers_have_as_many_digits_as_their_column_needs(numbers, shown):
    made = table(dict(enumerate(numbers)))
    assert [row[1] for row in grid(made).texts()[1:]] == shown


def test_columns_of_one_unit_have_as_many_decimals_and_others_their_own():
    rows = {"a": {"loss": 3.141, "p": 0.02718}}
    assert grid(table(rows, unit="nats")).texts()[1] == ["a", "3.14", "0.03"]
    assert grid(table(rows)).texts()[1] == ["a", "3.14", "0.027"]
    assert grid(table(rows, decimals={"p": 1})).texts()[1] == ["a", "3.14", "0.0"]
    assert grid(table(rows, decimals=0)).texts()[1] == ["a", "3", "0"]


def test_several_rows_and_single_cells_are_marked():
    made = table({name: {"x": 1, "y": 2} for name in "abc"}, mark=["a", ("c", "y")])
    assert [[cell.marked for cell in cells] for _, cells in made.rows] == [[True, True], [False, False], [False, True]]


@dataclass(frozen=True)
class Result:
    loss: torch.Tensor

    def rows(self):
        return {f"head {i}": {"loss": row[0], "null": row[1]} for i, row in enumerate(self.loss)}


@pytest.mark.parametrize(
    "value",
    [
        Result(torch.tensor([[1.5, 0.5], [2.5, 0.25]])),
        pd.DataFrame({"loss": [1.5, 2.5], "null": [0.5, 0.25]}, index=["head 0", "head 1"]),
        {"head 0": {"loss": 1.5, "null": 0.5}, "head 1": {"null": 0.25, "loss": 2.5}},
        [{"head": "head 0", "loss": 1.5, "null": 0.5}, {"head": "head 1", "loss": 2.5, "null": 0.25}],
        {"head 0": torch.tensor([1.5, 0.5]), "head 1": (2.5, 0.25)},
    ],
    ids=["result", "frame", "dictionary", "list", "sequences"],
)
def test_results_frames_dictionaries_and_lists_give_the_same(value):
    shown = grid(table(value, columns=("loss", "null"))).texts()
    assert [row[1:] for row in shown] == [["loss", "null"], ["1.50", "0.50"], ["2.50", "0.25"]]
    assert [row[0] for row in shown[1:]] == ["head 0", "head 1"]


@pytest.mark.parametrize(
    ("value", "more", "sentence"),
    [
        ({}, {}, "at least one row"),
        ([], {}, "at least one row"),
        ("text", {}, "at least one row"),
        ({"a": {"x": 1}, "b": {"y": 1}}, {}, "'b' has the columns y"),
        ({"a": {"x": 1}}, {"columns": ("x", "z")}, "no column 'z'"),
        ({"a": (1, 2)}, {"columns": ("x", "y", "z")}, "2 entries does not fit the 3"),
        ({"a": (1, 2)}, {}, "An entry is"),
        ({"a": (1, 3, 2)}, {}, "ends below"),
        ({"a": object()}, {}, "An entry is"),
        ({"a": 1}, {"mark": "b"}, "no row 'b'"),
        ({"a": {"x": 1}}, {"mark": [("a", "y")]}, "no column 'y'"),
        ({"a": {"x": 1}}, {"unit": {"y": "nats"}}, "no column 'y'"),
        ([{"h": "a", "x": 1}, {"h": "a", "x": 2}], {}, "Two rows"),
    ],
)
def test_what_is_no_table_is_refused_in_a_sentence(value, more, sentence):
    with pytest.raises(ValueError, match=sentence) as error:
        table(value, **more)
    assert "\n" not in str(error.value)


def test_it_is_readable_in_light_and_in_dark():
    """No colour of text is set, and every background lets the page's own through."""
    style = " ".join(re.findall('style="([^"]*)"', table(HEARD, columns=INPUTS, mark="from 0.0")._repr_html_()))
    assert not re.search(r"(?<![-\w])color:", style)
    assert all(len(colour) == 8 for colour in re.findall(r"background:#(\w+)", style))


def sweep(*counts, prompts=4):
    axes = tuple(
        Axis(name, tuple(range(count))) for name, count in zip(("layer", "head", "position"), counts, strict=False)
    )
    values = torch.arange(1.0, 1 + prompts * math.prod(counts)).reshape(*counts, prompts)
    return Sweep(
        values, axes, torch.zeros(prompts), torch.full((prompts,), 10.0), torch.zeros(prompts), "z", "logits", "restart"
    )


def test_a_sweep_is_a_table_of_its_cells_with_their_intervals():
    result = sweep(2, 3)
    low, high = result.interval("recovery")
    shown = table(result)
    assert [column.name for column in shown.columns] == ["head 0", "head 1", "head 2"]
    assert [name for name, _ in shown.rows] == ["layer 0", "layer 1"]
    cell = shown.rows[1][1][2]
    assert cell.text == f"{result.recovery()[1, 2]:.2f}" and cell.below == f"{low[1, 2]:.2f} to {high[1, 2]:.2f}"
    effects = table(result.select(layer=1).rows("effect"), unit={"effect": "logits"})
    assert [column.name for column in effects.columns] == ["effect", "95 % interval"]
    assert [cells[0].text for _, cells in effects.rows] == ["14.5", "18.5", "22.5"]
    alone = table(sweep(2, prompts=1))
    assert [cells[0].text for _, cells in alone.rows] == ["0.10", "0.20"] and len(alone.columns) == 1
    for bad in (sweep(2, 3, 2), sweep(2).select(layer=1)):
        with pytest.raises(ValueError, match="one or two axes"):
            table(bad)
