"""Drawings: nothing overlaps or is cut off, type is large enough, and what is drawn is what was asked for."""

import base64
import io
import itertools
import math

import pytest
import torch
from matplotlib.transforms import Bbox
from PIL import Image

from course_utils import plots
from course_utils.page import draw
from course_utils.page.draw import framing
from course_utils.patching import Circuit

PROMPT = ["BOS", "def", "·f", "(", "x", ",", "·[", "1", "]", ")"]
PATTERN = {(3, 1): 0.2, (4, 3): 0.5, (9, 3): 0.94, (8, 6): 0.9, (9, 6): 0.05, (9, 9): 0.12}
CIRCUIT = (
    "embed->0.2.v",
    "0.2->1.1.k",
    "embed->1.1.v",
    "embed->1.1.q",
    "1.1->logits",
    "0.0->1.1.q",
    "embed->m0",
    "m0->1.1.v",
)


def star(n):
    angles = torch.arange(n) * 2 * math.pi / n
    return torch.stack([angles.cos(), angles.sin()])


ROW = ["start", "values", "=", "[", "names", ",", "lines", ",", "size"]
DRAWINGS = {
    "transformer": lambda: draw.transformer(),
    "transformer, one layer": lambda: draw.transformer(1, 1, mlps=False),
    "transformer, large": lambda: draw.transformer(6, 6, highlight=("5.5", "m0", "0.0")),
    "head": lambda: draw.head_opened("11.10", "Mary", "gave"),
    "MLP": lambda: draw.mlp_opened(),
    "MLP, first neuron": lambda: draw.mlp_opened("m11", neurons=5, chosen=0),
    "induction": lambda: draw.induction_circuit("0.2", "1.1"),
    "induction, long names": lambda: draw.induction_circuit("10.11", "11.10"),
    "induction, the task": lambda: draw.induction_circuit(steps=0, tokens=("le", "_f", "r")),
    "induction, words": lambda: draw.induction_circuit("P", "I", tokens=("le", "_f", "r")),
    "induction, first step": lambda: draw.induction_circuit(steps=1),
    "induction, second step": lambda: draw.induction_circuit(steps=2),
    "line": lambda: draw.features_on_a_line("A", "B", [(0.6, 0.0), (0.6, 0.2)]),
    "line, words": lambda: draw.features_on_a_line("left", "right", [(0.0, 0.3)]),
    "plane": lambda: draw.features_in_a_plane(star(5)),
    "arcs": lambda: draw.attention_arcs(PROMPT, PATTERN, "2.2", marked=(3, 9)),
    "arcs, two tokens": lambda: draw.attention_arcs(["a", "b"], {(1, 0): 1.0}),
    "circuit of edges": lambda: draw.circuit(Circuit.edges(*CIRCUIT)),
    "circuit of nodes": lambda: draw.circuit(Circuit.nodes("9.9", "9.6", "10.0", "m0", "0.1")),
    "circuit of a whole layer": lambda: draw.circuit([f"{layer}.{head}" for layer in (9, 10) for head in range(12)]),
    "circuit over ten tokens": lambda: draw.circuit(
        ["10.11->11.10.q", "9.9->11.10.k", "9.6", "11.10->logits", "11.9"],
        ["A", "·Mary", "·John", "·the", "·store", "·to", "…", "·gave", "a", "b"],
        {"10.11": 8, "11.10": 9, "9.9": 3, "9.6": 3, "logits": 9},
    ),
    "circuit over a prompt": lambda: draw.circuit(
        ["0.2->1.1.k", "1.1->logits", "0.0->1.1.q"], ["BOS", "A", "B", "…", "A"],
        {"0.2": 2, "1.1": 4, "0.0": 4, "logits": 4},
    ),
    "columns, empty": lambda: draw.columns(ROW, marked=(3,)),
    "columns with parts": lambda: draw.columns(
        ROW, 4, {"0.3": (3, 8), "2.2": (3, 8)}, [("m0", 3), ("m3", 8)],
        {"2.2": "0.44", "0.3": "?", ("m0", 3): "0.77"}, ("0.3",), {3: "0.00"}, "]",
    ),
    "road": lambda: draw.road(
        ROW, 3, {"0.3": "", "1.0": "0.19", "2.2": "0.29"}, thick={"1.0": 0.19, "2.2": 0.29},
        mlps={("m0", 3): "0.77", ("m0", 8): "0.22, from 0.3", ("m3", 8): ""}, skipped="not read", answer="]",
        to_logits="0.12, from m0",
    ),
    "road, key": lambda: draw.road(ROW, 3, {"2.2": "0.44"}, key="on each line: recovery,\nthis head alone patched"),
    "norm": lambda: draw.norm_stretches(),
    "norm, other arrows": lambda: draw.norm_stretches((6, 3), (1, 5)),
    "columns with texts at both ends": lambda: draw.columns(
        ROW, 4, {"1.0": (3, 8), "0.3": (3, 8)}, [("m0", 3), ("m0", 8)],
        {"1.0": ("from m0 0.19", "to logits 0.11"), "0.3": ("", "to m0 0.18"), ("m0", 8): "to logits 0.12"},
    ),
    "patching": lambda: draw.activation_patching(),
    "noising": lambda: draw.activation_patching("m3", ("a list [ 1 , 2", "]"), ("a call ( 1 , 2", ")"), False),
    "ablations": lambda: draw.ablations("10.11"),
    "path patching": lambda: draw.path_patching(),
    "path patching, the last of three": lambda: draw.path_patching("10.11", ("11.10.q", "m11", "logits"), "logits"),
    "lanes": lambda: draw.mlp_lanes("["),
    "lanes, wider": lambda: draw.mlp_lanes("·Mary", "m11", 12288, 49152),
}  # fmt: skip


@pytest.fixture(params=DRAWINGS.values(), ids=DRAWINGS)
def picture(request):
    with plots.plt.rc_context(plots._STYLE):
        made = request.param()
        made.fig.canvas.draw()
        yield made
        plots.plt.close(made.fig)


def words(fig):
    """The texts of a figure, with the boxes around their letters, in inches."""
    scale = fig.dpi_scale_trans.inverted()
    for ax in fig.axes:
        ticks = [*ax.get_xticklabels(), *ax.get_yticklabels()] if ax.axison else []
        for text in [*ax.texts, *ticks, *fig.texts]:
            if text.get_text() and text.get_visible():
                ground = text.get_bbox_patch()
                text.set_bbox(None)  # its halo may lie under other words
                yield text.get_text(), text.get_window_extent().transformed(scale)
                if ground is not None:
                    text.set_bbox(dict(facecolor="white", edgecolor="none"))


def test_no_words_overlap_and_none_is_cut_off(picture):
    wide, high = picture.fig.get_size_inches()
    found = list(words(picture.fig))
    assert found
    for text, box in found:
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= wide and box.y1 <= high, f"{text!r} is cut off"
    for (one, a), (other, b) in itertools.combinations(found, 2):
        assert Bbox.intersection(a, b.padded(-0.01)) is None, f"{one!r} overlaps {other!r}"


def test_words_stay_inside_their_boxes(picture):
    scale = picture.fig.dpi_scale_trans.inverted()
    found = list(words(picture.fig))
    for ax in picture.fig.axes:
        for patch in ax.patches:
            if type(patch).__name__ != "FancyBboxPatch":
                continue
            box = patch.get_window_extent().transformed(scale)
            for text, letters in found:
                inside = letters.x0 >= box.x0 - 0.01 and letters.x1 <= box.x1 + 0.01
                middle = (letters.x0 + letters.x1) / 2, (letters.y0 + letters.y1) / 2
                if box.contains(*middle):
                    assert inside, f"{text!r} is wider than its box"
                else:
                    assert Bbox.intersection(letters.padded(-0.02), box) is None, f"{text!r} runs into a box"


def test_a_picture_fits_a_page_of_800_pixels_and_says_what_it_shows(picture):
    wide, _ = picture.fig.get_size_inches()
    assert round(wide * plots.PAGE_DPI) <= 720
    assert all(text.get_fontsize() >= 9 for ax in picture.fig.axes for text in ax.texts)
    assert len(picture.alt) > 30 and "\n" not in picture.alt and picture.alt.endswith(".")
    assert len(picture.caption) > 40 and picture.caption.endswith(".") and picture.caption != picture.alt
    assert repr(picture) == f"[figure] {picture.alt}"
    assert picture.captioned("Another.").caption == "Another." and picture.captioned("Another.").fig is picture.fig


def test_a_picture_shows_itself_sharp_with_its_alt_text_and_its_caption(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, **how: shown.append((data, how)))
    picture = draw.induction_circuit()
    picture._ipython_display_()
    (figure, how), (caption, _) = shown
    with Image.open(io.BytesIO(base64.b64decode(figure["image/png"]))) as image:
        assert image.width == 2 * how["metadata"]["image/png"]["width"] == 1440
    assert how["metadata"]["image/png"]["alt"] == picture.alt
    assert caption.text == picture.caption
    assert len(figure["image/png"]) < 60_000


def test_the_caption_names_what_is_heard_with_a_feature():
    assert "all others end there" in draw.features_in_a_plane(star(4)).caption
    assert "1 and 4 end outside" in draw.features_in_a_plane(star(5)).caption
    assert "all others end there" in draw.features_in_a_plane(star(5), bias=-0.31).caption
    assert "b ends outside" in draw.features_in_a_plane(torch.tensor([[1, 1.0], [0, 0.1]]), labels=["a", "b"]).caption
    plots.plt.close("all")


def test_arcs_are_as_thick_as_the_attention():
    picture = draw.attention_arcs(["a", "b", "c"], {(1, 0): 0.25, (2, 0): 0.75})
    thick = sorted(p.get_linewidth() for p in picture.fig.axes[0].patches if type(p).__name__ == "PathPatch")
    assert 2 * thick[0] < thick[1] < 3 * thick[0] and "0.75, goes from c back to a" in picture.alt


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (lambda: draw.attention_arcs(["a", "b"], {(0, 1): 0.5}), "no attention"),
        (lambda: draw.attention_arcs(["a", "b"], {(1, 0): 1.5}), "no attention"),
        (lambda: draw.attention_arcs(["word"] * 30, {}), "show fewer"),
        (lambda: draw.circuit([]), "without parts"),
        (lambda: draw.circuit(["1.1"], ["a"] * 11), "room for 10"),
        (lambda: draw.circuit(["1.1.1.1"]), "A part of a circuit is"),
        (lambda: draw.circuit(["1.1"], ["a"], {"1.1": 1}), "no such position"),
        (lambda: draw.circuit(["1.1"], ["a"], {"1.2": 0}), "no part of the circuit"),
        (lambda: draw.columns(ROW, heads={"2.2": (8, 3)}), "later one"),
        (lambda: draw.columns(ROW, mlps=[("m0", 9)]), "positions 0 to 8"),
        (lambda: draw.road(ROW, 8, {}), "earlier token"),
        (lambda: draw.road(ROW, 3, {}, mlps={("m0", 4): ""}), "positions 3 and 8"),
        (lambda: draw.norm_stretches((3, -1)), "positive"),
        (lambda: draw.path_patching(chosen="m2"), "not among the readers"),
        (lambda: draw.columns(["token"] * 12), "over 12"),
        (lambda: draw.transformer(4, 12), "legibly"),
        (lambda: draw.transformer(2, 2, mlps=False, highlight=("m0",)), "no part 'm0'"),
        (lambda: draw.induction_circuit(steps=4), "three steps"),
        (lambda: draw.frames(draw.ablations, ["a"], ["a"], alt="One."), "two or more"),
        (lambda: draw.frames(draw.ablations, ["a", "b"], ["a"], alt="One."), "two or more"),
    ],
)
def test_what_cannot_be_drawn_is_refused_in_a_sentence(wrong, sentence):
    with pytest.raises(ValueError, match=sentence) as error:
        wrong()
    assert "\n" not in str(error.value)
    plots.plt.close("all")


def test_arrows_side_by_side_have_one_scale_and_their_labels_stay_inside():
    fig, axes = plots.figure(1, 4, width=7.2, height=2.0)
    for ax, length in zip(axes, (0.5, 1.0, 1.2, 2.0), strict=True):
        plots.arrows(ax, length * star(5))
    fig.canvas.draw()
    assert [ax.get_xlim()[1] for ax in axes] == pytest.approx([1.5, 1.5, 1.5, 2.46])
    for ax in axes:
        frame = ax.get_window_extent()
        assert len(ax.texts) == 5
        for text in ax.texts:
            box = text.get_window_extent()
            assert frame.contains(box.x0, box.y0) and frame.contains(box.x1, box.y1)
    plots.plt.close(fig)


def small(n):
    fig, ax = plots.figure(width=2.4, height=2.4)
    plots.arrows(ax, star(n))
    return fig


def test_frames_stand_side_by_side_as_sharp_as_they_were():
    made = draw.frames(small, [2, 4, 5, 6], ["two", "four", "five", "six"], alt="Stars.", caption="They grow.")
    still = made.still()
    assert [text.get_text() for text in still.fig.texts] == ["two", "four", "five", "six"]
    assert tuple(still.fig.get_size_inches()) == pytest.approx((4.8, 5.4))
    whole = Image.open(io.BytesIO(plots.png(still.fig))).convert("L")
    first = Image.open(io.BytesIO(made.images[0][0])).convert("L")
    there = whole.crop((0, 60, 480, 540))
    apart = sum(abs(a - b) > 40 for a, b in zip(there.tobytes(), first.tobytes(), strict=True))
    assert apart < 0.002 * len(first.tobytes())
    plots.plt.close("all")


def test_frames_are_a_slider_where_the_notebook_is_live(monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, **how: shown.append(data))
    made = draw.frames(small, [2, 5], ["two", "five"], alt="Stars.")
    made._ipython_display_()
    assert set(shown[0]) == {"image/png", "text/plain"}
    monkeypatch.setattr(framing, "live", lambda: True)
    made._ipython_display_()
    assert set(shown[1]) == {"image/png", "text/plain", "application/vnd.jupyter.widget-view+json"}
    slider, picture = framing._slider(made).children
    before = picture.value
    slider.value = 1
    assert picture.value != before and 'alt="five: Stars."' in picture.value
    plots.plt.close("all")


def test_the_drawing_of_a_transformer_names_every_component_once():
    names = [text.get_text() for text in draw.transformer(3, 2, highlight=("1.1",)).fig.axes[0].texts]
    for name in ("0.0", "0.1", "1.0", "1.1", "2.0", "2.1", "m0", "m1", "m2"):
        assert names.count(name) == 1
