"""The views: a figure always, something to point at below it, nothing from another host, tokens one can read."""

import base64
import gzip
import html.parser
import io
import json
import re
import socket
import sys
from importlib.resources import files

import matplotlib
import pytest
import run_notebook
import torch
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image

from course_utils import plots, views
from course_utils.patching import Axis, Sweep
from course_utils.views import bundle, legible, table
from course_utils.views.legible import drawable

DRAW = plots.png
NASTY = ["<bos>", " x", '"&', "\n    ", "</script><!--", "$a$", "\t", "", "日"]


PNG = b"the pixels of a figure"


@pytest.fixture
def shown(monkeypatch):
    """The outputs of the views, as a notebook would keep them, but for the pixels, which take most of the time."""
    outputs = []

    def display(data, metadata=None, raw=False):
        assert raw
        outputs.append(new_output("display_data", data=dict(data), metadata=metadata or {}))

    monkeypatch.setattr("IPython.display.display", display)
    monkeypatch.setattr(plots, "png", lambda figure: PNG)
    monkeypatch.setattr(bundle, "_carrier", None)
    monkeypatch.delitem(sys.modules, "google.colab", raising=False)
    return outputs


@pytest.fixture
def pixels(shown, monkeypatch):
    """The figures are drawn after all."""
    monkeypatch.setattr(plots, "png", DRAW)


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    def refuse(*args):
        raise AssertionError("a view opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)


class Page(html.parser.HTMLParser):
    """What a browser would find: the tags in order, the text of cells and headers, the detail of each cell."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.cells, self.headers, self.details, self.addresses = [], [], [], [], []
        self.inside = None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append(tag)
        self.addresses += [attributes[name] for name in ("src", "href", "data", "action") if name in attributes]
        self.inside = {"td": self.cells, "th": self.headers}.get(tag)
        if self.inside is not None:
            self.inside.append("")
        if tag == "td":
            self.details.append(attributes["title"])
            assert attributes["tabindex"] == "0"
        if tag == "th":
            assert attributes["scope"] in ("row", "col")

    def handle_endtag(self, tag):
        self.inside = None

    def handle_data(self, data):
        if self.inside is not None:
            self.inside[-1] += data


def pattern(heads=2, length=5, seed=0):
    g = torch.Generator().manual_seed(seed)
    scores = torch.randn(heads, length, length, generator=g)
    return scores.masked_fill(torch.ones(length, length, dtype=torch.bool).triu(1), -torch.inf).softmax(-1)


def sweep(*axes, prompts=4, corrupt=True, seed=0):
    g = torch.Generator().manual_seed(seed)
    axes = tuple(Axis(name, tuple(range(count))) for name, count in axes)
    values = torch.randn(*(len(axis.labels) for axis in axes), prompts, generator=g)
    clean = torch.ones(prompts)
    return Sweep(values, axes, 0 * clean, clean, 0 * clean if corrupt else None, "z", "logit difference", "restart")


def tokens(length):
    return (NASTY * 9)[:length]


# --- tokens


@pytest.mark.parametrize(
    ("token", "text"),
    [
        ("x", "x"), (" x", "·x"), ("\n    ", "↵····"), (" " * 8, "·×8"), ("\t", "⇥"), ("", "∅"), ("\r\n", "\\r↵"),
        ("\u200b", "\\u200b"), ("\u202e", "\\u202e"), ("é", "é"), ("\ufffd", "\ufffd"), ("\xa0", "\\xa0"),
    ],
)  # fmt: skip
def test_what_is_invisible_in_a_token_is_seen(token, text):
    assert legible(token) == text


@pytest.mark.parametrize("token", NASTY)
def test_a_figure_can_draw_every_token_as_it_is(token, recwarn):
    from matplotlib.textpath import TextPath

    text = drawable(token)
    assert len(text.replace(r"\$", "$")) <= 12
    assert not matplotlib.cbook.is_math_text(text)
    assert TextPath((0, 0), text, prop=matplotlib.font_manager.FontProperties("DejaVu Sans Mono")) is not None
    assert len(recwarn) == 0  # no glyph is missing
    assert drawable("$" * 40) == r"\$" * 11 + "…"


# --- attention


def properties(output):
    """What circuitsvis is asked to draw."""
    (call,) = re.findall(r"CircuitsVis\.render\(\"course-attention-\w+\", window\.CircuitsVis\.(\w+), (.*)\);", output)
    return call[0], json.loads(call[1])


def test_attention_shows_a_figure_and_hands_circuitsvis_the_same_numbers(shown):
    given = pattern(3, len(NASTY))
    views.attention(given, NASTY, layer=1)
    figure, live = shown
    assert figure.data["image/png"]
    assert "layer 1" in figure.metadata["image/png"]["alt"] and "\n" not in figure.metadata["image/png"]["alt"]
    view, what = properties(live.data["text/html"])
    assert view == "AttentionHeads"
    assert what["attentionHeadNames"] == ["1.0", "1.1", "1.2"]
    assert what["tokens"] == [legible(token) for token in NASTY]
    assert what["maskUpperTri"] is True
    assert torch.allclose(torch.tensor(what["attention"]), given, atol=6e-4)


def test_attention_that_sees_both_ways_is_not_masked(shown):
    views.attention(torch.full((1, 1, 4, 4), 0.25), list("abcd"))
    _, what = properties(shown[1].data["text/html"])
    assert what["maskUpperTri"] is False
    assert what["attentionHeadNames"] == ["head 0"]


def test_the_default_alt_text_names_each_heads_habit(shown):
    previous = torch.eye(6).roll(-1, 1).tril()
    previous[0, 0] = 1
    first = torch.zeros(6, 6)
    first[:, 0] = 1
    views.attention(torch.stack([previous, first, torch.eye(6)]), list("abcdef"))
    alt = shown[0].metadata["image/png"]["alt"]
    assert "head 0: 1.00 to the token before; head 1: 1.00 to the first token; head 2: 1.00 to the same token" in alt
    views.attention(torch.ones(1, 1, 1), ["a"], alt="Mine.")
    assert shown[2].metadata["image/png"]["alt"] == "Mine."


def test_the_bundle_is_the_installed_ones_and_comes_once(shown):
    for length in (3, 4, 5):
        views.attention(pattern(length=length), tokens(length))
    first, *rest = (output.data["text/html"] for output in shown[1::2])
    packed = re.search(r'atob\("([^"]+)"\)', first)[1]
    unpacked = gzip.decompress(base64.b64decode(packed)).decode()
    installed = files("circuitsvis").joinpath("dist/cdn/iife.js").read_text(encoding="utf8")
    assert installed.startswith(unpacked)
    assert installed[len(unpacked) :].strip() in ("", "//# sourceMappingURL=iife.js.map")
    assert len(first) < 600_000
    assert all("atob" not in html and len(html) < 5_000 for html in rest)


def test_a_cell_that_is_run_again_brings_the_bundle_again_and_no_other_does(shown, monkeypatch):
    runs = [("a", 1), ("a", 1), ("b", 2), ("b", 3), ("a", 4), ("b", 5), (None, 6)]
    monkeypatch.setattr(bundle, "_running_cell", lambda: runs[len(shown) // 2])
    for _ in runs:
        views.attention(pattern(), tokens(5))
    assert ["atob" in output.data["text/html"] for output in shown[1::2]] == [
        True, False, False, False, True, False, False,
    ]  # fmt: skip


def test_where_each_output_has_its_own_frame_each_brings_the_bundle(shown, monkeypatch):
    monkeypatch.setitem(sys.modules, "google.colab", object())
    for _ in range(2):
        views.attention(pattern(), tokens(5))
    assert all("atob" in output.data["text/html"] for output in shown[1::2])


def test_without_a_bundle_the_figure_stays_and_a_sentence_says_why(shown, monkeypatch, tmp_path):
    monkeypatch.setattr(bundle, "_bundle", lambda: tmp_path / "iife.js")
    views.attention(pattern(), tokens(5))
    assert "image/png" in shown[0].data
    assert bundle.MISSING in shown[1].data["text/html"]


@pytest.mark.parametrize(
    ("given", "names", "sentence"),
    [
        (pattern(2, 5)[0], tokens(5), r"not \(5, 5\)"),
        (pattern(2, 5)[:, :4], tokens(5), r"\(head, query, key\)"),
        (torch.stack([pattern(), pattern()]), tokens(5), "of one prompt"),
        ([[1.0]], tokens(1), "not list"),
        (pattern(2, 5), tokens(4), "4 tokens for 5 positions"),
        (pattern(2, 5), "abcde", "list of strings"),
        (pattern(2, 5), range(5), "list of strings"),
        (torch.randn(2, 5, 5), tokens(5), "scores"),
        (pattern(2, 5) * torch.nan, tokens(5), "scores"),
        (torch.full((1, 65, 65), 1 / 65), tokens(65), "1 to 64 positions"),
    ],
)
def test_attention_refuses_what_it_cannot_show(shown, given, names, sentence):
    with pytest.raises(ValueError, match=sentence) as error:
        views.attention(given, names)
    assert "\n" not in str(error.value)
    assert shown == []


# --- the logit lens


def test_the_lens_names_the_likeliest_tokens_of_each_cell(shown):
    vocab = [f"w{i}" for i in range(7)]
    logits = torch.randn(3, 4, 7, generator=torch.Generator().manual_seed(1))
    views.logit_lens(logits, [" a", "\n", "c", "<d>"], vocab, layers=["0_pre", "1_pre", "final"])
    figure, live = shown
    page = Page(live.data["text/html"])
    chances = logits.softmax(-1)
    assert page.cells == [vocab[i] for i in logits.argmax(-1).flatten()]
    assert page.headers == ["layer", "·a", "↵", "c", "<d>", "0_pre", "1_pre", "final"]
    order = chances[2, 3].argsort(descending=True)[:5]
    assert page.details[-1] == "layer final, position 3 <d>: " + ", ".join(
        f"w{i} {chances[2, 3, i]:.3f}" for i in order
    )
    last = int(logits[2, 3].argmax())
    assert f"layer final w{last} ({chances[2, 3, last]:.2f})" in figure.metadata["image/png"]["alt"]
    assert page.tags.count("caption") == page.tags.count("table") == page.tags.count("summary") == 1


def test_logits_log_probabilities_and_probabilities_give_the_same(shown):
    logits = torch.randn(2, 1, 3, 6, generator=torch.Generator().manual_seed(2)).transpose(0, 1)[0][:, None]
    for given in (logits, logits.log_softmax(-1), logits.softmax(-1)):
        views.logit_lens(given, list("abc"), list("uvwxyz"))
    assert shown[1] == shown[3] == shown[5]
    assert shown[0] == shown[2] == shown[4]


def test_a_models_own_tokenizer_names_the_tokens(shown):
    class Model:
        class tokenizer:
            @staticmethod
            def decode(ids):
                return f"<{ids[0]}>"

    views.logit_lens(torch.eye(4)[None] * 5, list("abcd"), Model())
    assert Page(shown[1].data["text/html"]).cells == ["<0>", "<1>", "<2>", "<3>"]


@pytest.mark.parametrize(
    ("logits", "names", "vocab", "layers", "sentence"),
    [
        (torch.zeros(4, 6), list("abcd"), list("uvwxyz"), None, r"not \(4, 6\)"),
        (torch.zeros(3, 2, 4, 6), list("abcd"), list("uvwxyz"), None, "of one prompt"),
        (torch.zeros(3, 4, 6), list("abc"), list("uvwxyz"), None, "3 tokens for 4 positions"),
        (torch.zeros(3, 4, 6), list("abcd"), list("uvwxy"), None, "a list of 6 strings"),
        (torch.zeros(3, 4, 6), list("abcd"), None, None, "a model with a tokenizer"),
        (torch.zeros(3, 4, 6), list("abcd"), list("uvwxyz"), ["0", "1"], "2 names for 3 depths"),
        (torch.zeros(3, 4, 6) / 0, list("abcd"), list("uvwxyz"), None, "NaN"),
        (torch.zeros(3, 41, 6), tokens(41), list("uvwxyz"), None, "1 to 40 positions"),
    ],
)
def test_the_lens_refuses_what_it_cannot_show(shown, logits, names, vocab, layers, sentence):
    with pytest.raises(ValueError, match=sentence) as error:
        views.logit_lens(logits, names, vocab, layers=layers)
    assert "\n" not in str(error.value)
    assert shown == []


# --- sweeps


def test_a_sweeps_cells_hold_their_values_and_intervals(shown):
    result = sweep(("layer", 2), ("head", 3))
    views.sweep(result)
    figure, live = shown
    page = Page(live.data["text/html"])
    low, high = result.interval("recovery")
    wanted = result.recovery()
    assert page.headers == ["layer", "0", "1", "2", "0", "1"]
    assert [float(text) for text in page.cells] == pytest.approx(wanted.flatten().tolist(), abs=0.0051)
    assert page.details[5] == f"layer 1, head 2: {wanted[1, 2]:.3g} [{low[1, 2]:.3g}, {high[1, 2]:.3g}]"
    (most, value), *_ = result.top(1, "recovery")
    assert f"layer {most['layer']}, head {most['head']} ({value:.2f})" in figure.metadata["image/png"]["alt"]


def test_a_sweep_without_a_second_run_shows_effects(shown):
    result = sweep(("layer", 3), prompts=1, corrupt=False)
    views.sweep(result)
    page = Page(shown[1].data["text/html"])
    assert page.details == [f"layer {i}: {value:.3g}" for i, value in enumerate(result.effect().tolist())]
    assert "interval" not in shown[1].data["text/plain"]  # one prompt has none


@pytest.mark.parametrize("counts", [(2, 3, 4), (3, 2, 4), (4, 3, 2)])
def test_three_axes_are_one_table_for_each_entry_of_the_shortest(shown, counts):
    axes = list(zip(("position", "layer", "head"), counts, strict=True))
    result = sweep(*axes)
    views.sweep(result, "value")
    page = Page(shown[1].data["text/html"])
    assert page.tags.count("table") == page.tags.count("caption") == 2
    short = counts.index(2)
    assert page.cells == [
        f"{x:.2f}".replace("-0.00", "0.00") for x in result.mean().movedim(short, 0).flatten().tolist()
    ]
    assert all(f"{axes[short][0]} 0, " in detail for detail in page.details[:12])


def test_labels_stand_beside_the_places_they_name(shown):
    views.sweep(sweep(("layer", 2), ("position", 4)), labels={"position": [" a", "$x$", "a", "\n"]})
    page = Page(shown[1].data["text/html"])
    assert page.headers[:5] == ["layer", "0 ·a", "1 $x$", "2 a", "3 ↵"]
    assert page.details[3].startswith("layer 0, position 3 ↵: ")


@pytest.mark.parametrize(
    ("result", "more", "sentence"),
    [
        (torch.zeros(2, 3), {}, "not Tensor"),
        (sweep(), {}, "one to three axes"),
        (sweep(*[(name, 2) for name in "abcd"]), {}, "one to three axes"),
        (sweep(("layer", 2)), {"quantity": "p-value"}, "not 'p-value'"),
        (sweep(("layer", 2)), {"labels": {"head": ["a", "b"]}}, "the axes are layer"),
        (sweep(("layer", 2)), {"labels": {"layer": ["a", "b", "c"]}}, "3 labels for 2 layers"),
        (sweep(("layer", 2), corrupt=False), {"quantity": "recovery"}, "no corrupt prompts"),
    ],
)
def test_sweep_refuses_what_it_cannot_show(shown, result, more, sentence):
    with pytest.raises(ValueError, match=sentence) as error:
        views.sweep(result, **more)
    assert "\n" not in str(error.value)
    assert shown == []


# --- all of them


def show_all():
    length = len(NASTY)
    views.attention(pattern(2, length), NASTY)
    views.logit_lens(torch.eye(length)[None].expand(2, -1, -1), NASTY, NASTY)
    views.sweep(sweep(("layer", 2), ("position", length)), labels={"position": NASTY})


def test_no_view_names_another_host_and_tokens_stay_text(shown):
    show_all()
    views.attention(pattern(2, len(NASTY)), NASTY)  # one without the bundle
    for output in shown[3::2]:
        text = output.data["text/html"]
        page = Page(text)
        assert page.addresses == [] and "http" not in text and "url(" not in text
        allowed = {"style", "details", "summary", "div", "table", "caption", "thead", "tbody", "tr", "th", "td", "p"}
        assert set(page.tags) <= allowed | {"script"}
        assert text.count("<!--") == 0
        assert text.count("</script") == page.tags.count("script") <= 1


def test_a_built_notebook_keeps_figures_and_tables_and_no_script(shown, pixels):
    show_all()
    nb = new_notebook(cells=[new_code_cell("views", id="cell", outputs=shown)])
    run_notebook.clean(nb)
    assert run_notebook.flaws(nb) == []
    kinds = [sorted(output.data) for output in nb.cells[0].outputs]
    figure, live = ["image/png", "text/plain"], ["text/html", "text/plain"]
    assert kinds == [figure, figure, live, figure, live]
    assert all("script" not in Page(output.data.get("text/html", "")).tags for output in nb.cells[0].outputs)


def test_a_table_that_is_too_large_is_a_sentence(shown):
    views.sweep(sweep(("layer", 12), ("head", 12), ("position", 15)))
    figure, live = shown
    assert "image/png" in figure.data
    assert "2160 cells" in live.data["text/html"] and "<table" not in live.data["text/html"]
    views.logit_lens(torch.randn(6, 40, 9), tokens(40), NASTY)
    views.sweep(sweep(("layer", 12), ("head", 12)))
    for output in shown[3::2]:
        assert 10_000 < len(output.data["text/html"].encode()) <= table.MOST_BYTES


@pytest.mark.parametrize("name", [plots.SEQUENTIAL, plots.DIVERGING])
def test_text_on_every_colour_has_the_contrast_that_small_letters_need(name):
    def luminance(colour):
        linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in colour]
        return sum(w * x for w, x in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    for i in range(256):
        colour = matplotlib.colormaps[name](i)[:3]
        light, dark = sorted((luminance(colour), 0.0 if table.is_light(colour) else 1.0), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, i


def test_figures_are_drawn_without_a_warning_at_every_size(shown, pixels, recwarn):
    for heads, length in ((1, 1), (1, 24), (4, 16), (12, 30)):
        views.attention(pattern(heads, length), tokens(length))
    for depth, length in ((1, 1), (5, 13)):
        views.logit_lens(torch.randn(depth, length, 9), tokens(length), NASTY)
    assert [str(warning.message) for warning in recwarn] == []
    for output in shown[::2]:
        with Image.open(io.BytesIO(base64.b64decode(output.data["image/png"]))) as image:
            assert image.width >= 600 and len(image.getcolors(256)) > 10
