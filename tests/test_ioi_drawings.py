"""Lesson 4's drawings and its notes: parts in the columns of their words, and what a head makes of a note."""

import pytest
import torch

from course_utils import ioi, plots, zoo
from course_utils.ioi.sentence import WORDS, Line, Spot, on_sentence

ASKED = {how: {"0.2": sign * 1.4, "1.2": sign * 0.2} for how, sign in (("noising, flip", -1), ("noising, ABC", -1),
         ("denoising, flip", 1), ("denoising, ABC", 1))}  # fmt: skip
IN_B = ("giver → 0.0, values", "0.0  → 1.0, values", "0.0 → logits", "1.0 → logits", "note → 1.1, 1.2, 1.3, values",
        "1.1, 1.2, 1.3 → logits")  # fmt: skip
IN_C = ("giver → 0.2, values", "0.2 → 1.0, 1.1, values", "0.2 → late, values", "1.0, 1.1 → late, values",
        "late → logits", "note → 1.0, 1.1, 1.3, values", "1.0, 1.1, 1.3 → logits")  # fmt: skip

LOST = {("movers", "logits"): 4.9, ("MLPs", "logits"): 3.9, ("0.3", "logits"): 1.6, ("1.1", "logits"): 1.8}


DRAWINGS = {
    **{f"after section {k}": lambda k=k: ioi.circuit_after(k) for k in range(2, 7)},
    "circuit": lambda: ioi.circuit_after(7, LOST),
    "b": lambda: ioi.circuit_of_b(dict.fromkeys(IN_B, 0.77)),
    "c": lambda: ioi.circuit_of_c(dict.fromkeys(IN_C, 0.87)),
    "nodes": lambda: ioi.nodes_drawn(ioi.FOUND),
    "partners": ioi.partners_drawn,
    "puzzle": lambda: ioi.puzzle_drawn(0.998, 0.997),
    "paths": ioi.paths_drawn,
    "asks": lambda: ioi.asks_drawn(ASKED),
    "beside": ioi.beside_drawn,
}


@pytest.fixture(scope="module")
def model():
    return zoo.load("ioi-natural", "cpu").requires_grad_(False)


def texts(picture):
    return [text.get_text() for text in picture.fig.axes[0].texts]


@pytest.mark.parametrize("name", DRAWINGS)
def test_no_words_of_a_drawing_leave_the_paper_or_lie_on_one_another(name):
    with plots.plt.rc_context(plots._STYLE):
        made = DRAWINGS[name]()
        made.fig.canvas.draw()
        scale, (wide, high) = made.fig.dpi_scale_trans.inverted(), made.fig.get_size_inches()
        boxes = []
        for text in made.fig.axes[0].texts:
            text.set_bbox(None)  # its halo may lie under other words
            if text.get_text():
                boxes.append((text.get_text(), text.get_window_extent().transformed(scale)))
        for i, (word, box) in enumerate(boxes):
            assert box.x0 >= 0 and box.x1 <= wide and box.y0 >= 0 and box.y1 <= high, word
            for other, second in boxes[:i]:
                apart = min(box.x1, second.x1) - max(box.x0, second.x0) < 0.02
                assert apart or min(box.y1, second.y1) - max(box.y0, second.y0) < 0.03, (word, other)
        plots.plt.close(made.fig)


def test_a_part_lies_in_the_column_of_its_word_and_a_line_needs_both_ends():
    made = on_sentence({"a": Spot(1, 0), "b": Spot(len(WORDS) - 1, 1)}, [Line("a", "b", "0.5")], "two parts")
    at = {text.get_text(): text.get_position() for text in made.fig.axes[0].texts}
    assert abs(at["a"][0] - at["and"][0]) < 1e-6 and abs(at["b"][0] - at["to"][0]) < 1e-6 and at["a"][1] < at["b"][1]
    assert "0.5" in at
    with pytest.raises(KeyError):
        on_sentence({"a": Spot(1, 0)}, [Line("a", "c")], "an end is missing")
    plots.plt.close(made.fig)


def test_the_circuit_grows_and_ends_with_what_each_message_is_worth():
    known = {k: texts(ioi.circuit_after(k)) for k in range(2, 8)}
    assert [known[k].count("?") for k in known] == [1, 2, 1, 0, 0, 0]
    assert [known[k].count("0.2") for k in known] == [0, 1, 1, 1, 1, 1]
    assert [known[k].count("0.2 …") for k in known] == [0, 0, 2, 2, 2, 2]  # at “and” and at the comma
    assert [k for k in known if "MLPs" in known[k]] == [5, 6, 7] and [k for k in known if "1.1" in known[k]] == [7]
    assert {"V", "K", "Q", "4.9", "3.9", "1.6", "1.8"} <= set(texts(ioi.circuit_after(7, LOST)))
    plots.plt.close("all")


def test_renamed_prompts_hold_each_name_once_in_its_role(model):
    some = ioi.make_ioi_batch(model.tokenizer, 90, torch.Generator().manual_seed(0))
    for role in ("IO", "S"):
        made = ioi.renamed(some, role)
        rows = torch.arange(80)
        place = {"IO": "IO", "S": "S2"}[role]
        assert (made.tokens[rows, made.positions[place]] == some.layout.names).all()
        assert (made.answer == made.names[:, 0]).all() and (made.names[:, 0] != made.names[:, 1]).all()
    with pytest.raises(ValueError, match="80 prompts"):
        ioi.renamed(some[:10], "IO")


@pytest.mark.parametrize("seed", range(3))
def test_movers_copy_what_they_read_in_a_note_and_a_head_of_layer_0_does_not(model, seed):
    some = ioi.make_ioi_batch(model.tokenizer, 80, torch.Generator().manual_seed(seed), orders=["ABBA"])
    found = ioi.copying_notes(model, some, [(1, 0), (1, 2), (1, 3), (1, 1)], "IO", "after IO")
    assert all(found[head][0] > 0.9 for head in ("1.0", "1.2", "1.3")) and found["1.1"][1] > 0.9
    elsewhere = ioi.copying_notes(model, some, [(1, 2)], "IO", "after S1")  # the verb holds no note
    assert elsewhere["1.2"][0] < 0.3


@pytest.mark.parametrize("seed", range(2))
def test_the_message_of_0_2_lowers_the_score_of_the_givers_note_and_that_of_another_head_does_not(model, seed):
    some = ioi.make_ioi_batch(model.tokenizer, 80, torch.Generator().manual_seed(seed), orders=["ABBA"])
    movers, own = [(1, 0), (1, 2), (1, 3)], torch.arange(80)
    found, null = (ioi.note_scores(model, some, (0, head), movers) for head in (2, 1))
    assert found.mean(1).abs().max() < 1e-4
    assert (found.argmin(1) == own).float().mean() > 0.9 and found.diagonal().mean() < -3
    assert null.abs().max() < 0.15  # twenty times smaller than what 0.2 does


def test_mlps_lower_the_giver_of_whom_0_2_tells_them_and_hardly_use_a_head_that_knows_no_giver(model):
    some = ioi.make_ioi_batch(model.tokenizer, 80, torch.Generator().manual_seed(3), orders=["ABBA"])
    found, null = (ioi.mlp_answers(model, some, (0, head)) for head in (2, 1))
    assert found.mean(1).abs().max() < 1e-4
    assert (found.argmin(1) == torch.arange(80)).float().mean() > 0.95 and found.diagonal().mean() < -2.5
    assert null.abs().max() < 0.1  # a twenty-fifth of it at most


def test_what_mlps_make_of_a_message_is_what_path_patching_measures(model):
    some = ioi.make_ioi_batch(model.tokenizer, 80, torch.Generator().manual_seed(4), orders=["ABBA"])
    base, names = ioi.corrupt(some[:8], "third", torch.Generator().manual_seed(0)), some.layout.names
    found, told = ioi.mlp_answers(model, some, (0, 2)), ioi.renamed(some, "S")
    _, cache = model.run_with_cache(told.tokens)
    _, kept = model.run_with_cache(base.tokens)
    rows = []
    for giver in (3, 50):

        def all_heads(z, hook, giver=giver):
            layer = int(hook.name.split(".")[1])
            z[:, -1] = kept["z", layer][:, -1]
            if layer == 0:
                z[:, -1, 2] = cache["z", 0][giver, -1, 2]
            return z

        with model.hooks(fwd_hooks=[(f"blocks.{layer}.attn.hook_z", all_heads) for layer in range(4)]):
            logits = model(base.tokens)[:, -1][:, names].mean(0)
        rows.append(logits - logits.mean())
    assert torch.allclose(found[3] - found[50], rows[0] - rows[1], atol=1e-3)


def test_the_words_of_a_text_get_the_attention_of_its_positions(model):
    words = ioi.read_words(model, ioi.TEXTS["IO twice, after the giver"], [(0, 2)], n=16)
    assert [word for word, _ in words][:4] == ["When", "Mary", "and", "John"]
    assert max(words, key=lambda pair: pair[1])[0] == "Mary" and words[-2][1] > 0.5


def test_several_heads_are_averaged(model):
    text, heads = ioi.TEXTS["a third gives"], [(1, 0), (1, 2)]
    each = [ioi.read_words(model, text, [head], n=8) for head in heads]
    both = ioi.read_words(model, text, heads, n=8)
    assert [share for _, share in both] == pytest.approx([(a + b) / 2 for (_, a), (_, b) in zip(*each, strict=True)])


def test_the_frames_of_path_patching_carry_what_is_lost():
    made = ioi.paths_drawn([-0.01, 6.8, 16.4])
    assert {"0.0 lost", "6.8 lost", "16.4 lost"} <= set(texts(made))
    plots.plt.close(made.fig)


def test_a_forged_note_is_what_a_patch_of_that_head_gives(model):
    some = ioi.make_ioi_batch(model.tokenizer, 16, torch.Generator().manual_seed(5), orders=["ABBA"])
    question, at = ioi.asked(model, some, "ABC", direction="noising"), int(some.positions["IO"][0]) + 1
    patched = question.sweep("z", ("layer", "position", "head"), layers=[0], positions=[at]).values[0, 0]
    for head in (0, 3):
        last = ioi.forged(model, some.tokens, question.donor, [at], [head])
        made = last.gather(1, some.answer[:, None]) - last.gather(1, some.wrong[:, None])
        torch.testing.assert_close(made[:, 0], patched[head], rtol=1e-3, atol=1e-3)
    same = ioi.forged(model, some.tokens, some.tokens, [at, at + 2])
    torch.testing.assert_close(same, model(some.tokens)[:, -1], rtol=1e-3, atol=1e-3)
