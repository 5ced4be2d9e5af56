"""What the pages of lesson 2 draw: planes, places, rows of labels, kinds of dictionary, ranks."""

import pytest
import torch

from course_utils import plots, sae
from course_utils.python_text import samples
from course_utils.python_text.labels import token_labels
from course_utils.sae import deeper_diagram, stored
from course_utils.sae.label_words import EXAMPLES, WORDS
from course_utils.sae.plane_views import in_pair_plane


@pytest.fixture(scope="module")
def reading():
    return sae.Reading.of(sae.load("resid-2"), [samples.read(samples.names()[0])], 2)


def test_both_ways_reach_the_vector_and_the_rays_take_less_strength():
    directions = torch.tensor([[0.0, 1], [-(3**0.5) / 2, -0.5], [3**0.5 / 2, -0.5]])
    axes = sae.two_ways(directions, 1).fig.axes
    ends = [[text.xy for text in ax.texts if hasattr(text, "xy")][-1] for ax in axes]
    assert all(end == pytest.approx(directions[1].tolist(), abs=1e-6) for end in ends)
    titles = [ax.get_title(loc="left") for ax in axes]
    assert "2 active, strengths 1.37" in titles[0] and "1 active, strengths 1.00" in titles[1]


def test_what_comes_back_is_the_sum_of_what_the_products_read():
    directions = torch.tensor([[0.0, 1], [-(3**0.5) / 2, -0.5], [3**0.5 / 2, -0.5]])
    axes = sae.read_off(directions, {"one": directions[0], "two": directions[0] + directions[1]}).fig.axes
    back = [next(line.get_xydata()[0].tolist() for line in ax.lines if line.get_marker() == "D") for ax in axes]
    assert back[0] == pytest.approx([0, 1], abs=1e-6)
    assert back[1] == pytest.approx((0.5 * (directions[0] + directions[1])).tolist(), abs=1e-6)
    assert sum("product ½" in text.get_text() for text in axes[1].texts) == 2
    feet = [line.get_xydata()[1].tolist() for line in axes[1].lines if line.get_linestyle() == ":"]
    assert feet == [pytest.approx((0.5 * directions[i]).tolist(), abs=1e-6) for i in (0, 1)]
    for ax, end in zip(axes, back, strict=True):
        arrows = [text.xy for text in ax.texts if getattr(text, "arrow_patch", None) is not None]
        assert any(tip == pytest.approx(end, abs=1e-6) for tip in arrows)


def test_each_arrow_ends_where_its_curve_does():
    path = [torch.nn.functional.normalize(torch.tensor([[1.0, t], [-1.0, t]]), dim=1) for t in (0.0, 0.5, 1.0)]
    ax = sae.turned(torch.zeros(1, 2), {"one": (path, [1, 0]), "two": (path, [0, 1])}).fig.axes[0]
    ends = [text.xy for text in ax.texts if hasattr(text, "xy")]
    curves = [line.get_xydata()[-1].tolist() for line in ax.lines if len(line.get_xdata()) == 3]
    assert [list(end) for end in ends] == curves and curves[0] == pytest.approx(path[-1][1].tolist())


def test_the_vectors_of_a_pair_lie_between_its_two_directions():
    truth = sae.Truth.draw(**stored.TRUTH, correlation="pairs", together=1.0)
    dictionary = sae.SparseAutoencoder(sae.Config(d_in=32, n_latents=96, k=3), torch.Generator().manual_seed(0))
    dictionary.requires_grad_(False)
    _, ax = plots.figure()
    in_pair_plane(ax, truth, dictionary, 3)
    x, y = (torch.tensor(v) for v in ax.lines[0].get_data())
    a, b = truth.directions[6:8]
    slope = float((b - a).norm() / (a + b).norm())  # of the two directions, to the left and right of their sum
    assert len(x) > 100 and bool((x.abs() <= slope * y + 1e-5).all()) and x.min() < 0 < x.max()
    torch.testing.assert_close(sae.pair_sums(truth)[3], a + b)
    bars = {"found": {"independent": [90.0, 95, 100], "in pairs": [1.0, 2, 6]}}
    ax = sae.pair_failure(truth, dictionary, 3, bars).fig.axes[1]
    assert [bar.get_height() for bar in ax.patches] == pytest.approx([95, 3])
    assert [line.get_ydata().tolist() for line in ax.lines] == [[90, 95, 100], [1, 2, 6]]


def test_places_are_shown_in_their_order_with_the_token_that_counts_underlined(reading):
    rows = [3, 300, 7]
    shown = reading.places(5, rows)
    ids = reading.tokens[:, 1:].flatten()[rows].tolist()
    words = [reading.dictionary.model.tokenizer.decode([i]) for i in ids]
    assert [context.tokens[context.centre] for context in shown.contexts] == words
    assert [context.activations[context.centre] for context in shown.contexts] == reading.rows[rows, 5].tolist()
    assert shown._repr_html_().count("border-bottom") >= 3 and len(repr(shown).splitlines()) == 3


def test_whoever_misses_a_latent_has_a_crossed_arrow():
    page = sae.who_reads(("MLP 3", "unembedding"), {"all\nread it": (), "MLP 3 alone\nmisses it": ("MLP 3",)})
    axes = page.fig.axes[0]
    assert {"MLP 3", "unem-\nbedding", "all\nread it"} <= {text.get_text() for text in axes.texts}
    assert len([line for line in axes.lines if line.get_linestyle() == "--"]) == 1
    assert "all read it: crossed out nothing; MLP 3 alone misses it: crossed out MLP 3" in page.alt


def test_labels_stand_in_rows_and_bold_are_those_at_which_the_latent_beats_the_list():
    scores, lists = stored.label_scores(), stored.token_lists()
    page = sae.label_rows(scores, lists, ["attribute", "closes"]).fig.axes[0]
    weight = {text.get_text(): text.get_fontweight() for text in page.texts}
    assert weight["names after a dot"] == "bold" and weight["closing brackets"] == "normal"


def test_every_label_has_an_example_that_python_labels_so():
    assert set(EXAMPLES) == set(WORDS) and all(part in code for code, part in EXAMPLES.values())
    complete = {"kind_keyword": "if x:\n    y\n", "function_name": "def read():\n    pass\n", "parameter":
                "def read(x):\n    pass\n", "class_name": "class Box:\n    pass\n"}  # fmt: skip
    tokenizer = sae.load("resid-2").model.tokenizer
    for name in ("kind_number", "in_comment", "opens", "closes", "definition", "use", "import", "attribute", *complete):
        code, part = EXAMPLES[name]
        text = complete.get(name, code + "\n")
        flags = token_labels(text, tokenizer).flags[name]
        ids = tokenizer(text)["input_ids"]
        said = "".join(tokenizer.decode([i]) for i, on in zip(ids, flags, strict=True) if on)
        assert said.strip() == part, name


def test_each_kind_keeps_what_its_note_says():
    kept, pre = deeper_diagram.kept_by(), torch.tensor(deeper_diagram.PRE)
    assert (kept["TopK, k = 2"] > 0).sum(1).tolist() == [2, 2]
    assert (kept["BatchTopK, k = 2"] > 0).sum().item() == 4 == (kept["Matryoshka"] > 0).sum().item()
    assert torch.equal(kept["JumpReLU"], torch.where(pre > torch.tensor(deeper_diagram.THRESHOLDS), pre, 0.0))
    assert not kept["gated"][torch.tensor(deeper_diagram.GATE) <= 0].any()
    drawn = (deeper_diagram.six_kinds, deeper_diagram.absorbed, deeper_diagram.three_coders)
    for picture in (draw() for draw in drawn):
        assert picture.alt and picture.fig.axes[0].texts


def test_features_and_error_are_drawn_against_active_latents_for_both_kinds():
    kept = stored.kept()
    for ax, measure in zip(stored.prices().against(kept).axes, ("found", "unexplained"), strict=True):
        topk = next(line for line in ax.lines if line.get_label().startswith("TopK"))
        assert topk.get_xdata().tolist() == pytest.approx([float(kept[k]["l0"].mean()) for k in sorted(kept)])
        assert topk.get_ydata().tolist() == pytest.approx([100 * float(kept[k][measure].mean()) for k in sorted(kept)])


def test_the_census_puts_every_latent_into_one_kind(reading):
    census = sae.Census.of(reading)
    assert sum(mask.int() for mask in census.kinds.values()).eq(1).all()
    latent = int(census.kinds["named"].nonzero()[0])
    assert reading.label(latent)[1] == pytest.approx(census.f1[latent].item(), abs=1e-5)
    assert [text.get_text() for text in census.plot([latent]).axes[0].texts] == [str(latent)]
