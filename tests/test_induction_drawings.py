"""Lesson 3's drawings: what is drawn is what was asked for, in words that neither overlap nor leave their boxes."""

import itertools

import matplotlib
import pytest
import torch
from matplotlib.transforms import Bbox

from course_utils import induction as ind
from course_utils import plots
from course_utils.induction.toys.training import Recipe

TEXTS = {"(i)": "ABCDA", "(ii)": "CDABA", "(iii)": "CBADA", "(iv)": "ADCBA"}
RIGHT = {"(i)": "B", "(ii)": "B", "(iii)": "D", "(iv)": "D"}
CARDS = {(1, "B"): 3, (3, "B"): 2, (1, "D"): -1, (3, "D"): -2}
LOST = ("0.2 to keys", "0.3 to keys", "0.0 to queries", "0.2 to queries", "0.0 to values")
CHANGED = {"0.2 to the queries": (-2.0, -3, -1), "0.2 to the keys": (-3.0, -4, -2), "0.3 to the keys": (-2.5, -3, -2)}
PICTURES = {
    "four texts": lambda: ind.four_texts(TEXTS, RIGHT, CARDS),
    "two that subtract": lambda: ind.two_that_subtract(TEXTS, RIGHT),
    "circuit": lambda: ind.circuit(("_f", "r", "int"), LOST, attention=0.85, chance=0.37),
    "two contexts": lambda: ind.two_contexts(CHANGED),
    "two ticks": lambda: ind.two_ticks(("o", "z", "z", "le", "_f"), 3, 30, attention=0.89, chance=0.74),
}  # fmt: skip


@pytest.fixture(params=PICTURES.values(), ids=PICTURES)
def picture(request):
    plots.style()
    made = request.param()
    made.fig.canvas.draw()
    yield made
    plots.plt.close(made.fig)


def words(picture):
    return [text.get_text() for text in picture.fig.axes[0].texts]


def test_words_are_large_enough_and_none_overlaps_another_or_is_cut_off(picture):
    assert picture.alt and "\n" not in picture.alt
    wide, high = picture.fig.get_size_inches()
    scale, boxes = picture.fig.dpi_scale_trans.inverted(), []
    for text in picture.fig.axes[0].texts:
        if text.get_text():
            assert text.get_fontsize() >= 9
            text.set_bbox(None)  # its halo may lie under other words
            boxes.append((text.get_text(), text.get_window_extent().transformed(scale)))
    for text, box in boxes:
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= wide and box.y1 <= high, f"{text!r} is cut off"
    for (one, a), (other, b) in itertools.combinations(boxes, 2):
        if one != other:  # a card that is crossed out lies on the card itself
            assert Bbox.intersection(a, b.padded(-0.01)) is None, f"{one!r} overlaps {other!r}"


def test_both_sides_of_the_four_texts_end_in_the_same_cards_and_totals():
    picture = ind.four_texts(TEXTS, RIGHT, CARDS)
    low = [text for text in picture.fig.axes[0].texts if text.get_text()[0] in "ABCD" and text.get_position()[1] < 1.5]
    sides = [[], []]
    for text in low:
        x, y = text.get_position()
        sides[x > 3.6].append((round(x % 3.6, 3), round(y, 3), text.get_text()))
    assert len(sides[0]) == 10 and sorted(sides[0]) == sorted(sides[1])
    assert words(picture).count("+1✓") == words(picture).count("+1✗") == 2 and words(picture).count("+2") == 2
    plots.plt.close(picture.fig)


def test_the_circuit_has_the_messages_that_count_and_no_other():
    full = ind.circuit(("X", "A", "B"), LOST, attention=0.8, chance=0.9)
    assert {"after A", "X two before", "B, copied", "A, copied", "after X"} <= set(words(full))
    fewer = ind.circuit(("X", "A", "B"), LOST[:1], attention=0.8, chance=0.9)
    assert "after A" in words(fewer) and "X two before" not in words(fewer)
    plots.plt.close("all")


def test_a_tick_stands_where_a_note_is_what_its_row_asks_for_and_two_at_one_place_only():
    said = words(ind.two_ticks(("o", "z", "z", "le", "_f"), 3, 30, attention=0.89, chance=0.74))
    assert sorted(word for word in said if "✓" in word) == ["✓"] * 6 + ["✓✓"]  # four at notes, and the counts above
    assert said.count("after z") == 3 and said.count("z two before") == 2 and said.count("o two before") == 1
    assert [word for word in said if word.isdigit()] == ["3", "4", "5", "6", "7", "29", "30"]
    plots.plt.close("all")


def test_bars_are_as_long_as_the_shares_and_marks_stand_at_the_losses():
    needed = {"induction 1.1": (1.0, 0.98, 1.01), "head 0.1": (-0.003, -0.01, 0.01)}
    enough = {"induction 1.1": (-0.05, -0.06, -0.04), "head 0.1": (0.91, 0.9, 0.92)}
    losses = {"induction 1.1": ((1.7, 1.5, 1.8), (0.02, 0.01, 0.04)), "head 0.1": ((0.5, 0.4, 0.6), (0.6, 0.5, 0.7))}
    fig = ind.three_questions(needed, enough, losses, circuit=1)
    for ax, values, written in zip(fig.axes, (needed, enough), (["100", "0"], ["−5", "91"]), strict=False):
        assert [bar.get_width() / 100 for bar in ax.patches] == pytest.approx([value for value, *_ in values.values()])
        assert [text.get_text() for text in ax.texts] == written
        assert matplotlib.colors.to_hex(ax.patches[0].get_facecolor()).upper() == plots.HEAD
    known, unknown = ([line.get_xdata()[0] for line in fig.axes[2].lines if line.get_marker() == mark] for mark in "os")
    assert (known, unknown) == ([1.7, 0.5], [0.02, 0.6])
    plots.plt.close("all")


def test_numbers_stand_in_the_cells():
    maps = {"one": (torch.tensor([[0.5, 0.01], [-0.2, 1.0]]), "ab"), "two": (torch.tensor([[1.0], [0.3]]), "c")}
    fig = ind.grids(maps, ["r", "s"], "row", ("column", "column"))
    assert [t.get_text() for t in fig.axes[0].texts] == ["0.50", "−0.20", "1.00"]
    assert [t.get_text() for t in fig.axes[1].texts] == ["1.00", "0.30"]
    plots.plt.close("all")


def test_circles_are_as_large_as_the_scores_and_half_way_marks_stand_at_their_steps():
    prefix, previous = torch.tensor([[0.0, 0.5], [1.0, 0.25]]), torch.zeros(2, 2)
    fig = ind.head_maps({"a": (prefix, previous)})
    blue = matplotlib.colors.to_rgb(plots.HEAD)
    drawn = [c for c in fig.axes[0].collections if len(c.get_offsets())]  # all but the legend's
    sizes = [c.get_sizes()[0] for c in drawn if tuple(c.get_facecolor()[0, :3]) == blue]
    assert sizes[1] / sizes[2] == pytest.approx(0.5) and sizes[3] / sizes[2] == pytest.approx(0.25) and sizes[0] == 0
    fig = ind.half_ways({"to 2 000": {"loss": (1400.0, 1390.0, 1420.0), "score of 1.1": 1500.0}})
    marks = [list(line.get_xdata()) for line in fig.axes[0].lines if line.get_marker() == "o"]
    assert marks == [[1400.0], [1500.0]]
    plots.plt.close("all")


def test_weights_are_kept_as_they_were_at_the_step():
    recipe = Recipe(steps=20)
    long = ind.train(recipe=recipe, seeds=2, keep=(10, 20), show=False, device="cpu")
    short = ind.train(recipe=Recipe(steps=10), seeds=2, show=False, device="cpu")
    assert list(long.kept) == [10, 20]
    assert torch.equal(long.kept[20].W_Q, long.weights.W_Q) and torch.equal(long.kept[10].W_Q, short.weights.W_Q)
    assert not torch.equal(long.kept[10].W_Q, long.kept[20].W_Q)
