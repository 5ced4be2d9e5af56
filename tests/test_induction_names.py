"""The program with a name of the reader's own: where its names stand, and what the field draws."""

import pytest
import torch

from course_utils import induction as ind
from course_utils import zoo


@pytest.fixture(scope="module")
def model():
    return zoo.load("code-attn-2l", "cpu")


@pytest.mark.parametrize("name", ["wozzle_frint", "a", "def_quab", "quab_quab", "x1__y", "print"])
def test_names_and_arguments_are_found_whatever_the_name(model, name):
    program = ind.with_name(model, name)
    assert program.tokens[0, 0] == 0 and program.tokens.shape == (1, len(program.parts) + 1)
    for span in program.names:
        assert "".join(program.parts[k] for k in span).strip("␣") == name
    assert [[program.parts[k] for k in span] for span in program.arguments] == [["qu", "ab"]] * 2
    assert program.names[0].stop <= program.arguments[0].start < program.arguments[1].start < program.names[1].start


@pytest.mark.parametrize("name", ["", "two words", "3", "wózzle", "quab", "n" * 25])
def test_what_is_no_name_is_refused(model, name):
    with pytest.raises(ValueError, match="no name of at most 24"):
        ind.with_name(model, name)


def test_the_field_draws_the_name_in_it_beside_what_is_chosen(model):
    def headless(tokens):
        return ind.ablate_heads(model, tokens, [(1, 1)])

    box = ind.try_name(model, {"itself": model, "headless": headless})
    field, beside, picture = box.children
    assert "itself 0.58, the model 0.58" in picture.value
    beside.value = "headless"
    assert "headless 0.0" in picture.value and "the model 0.58" in picture.value
    field.value = "zimbor_tal"
    assert "zimbor_tal: mean" in picture.value
    field.value = "a"
    assert "a is a single part" in picture.value
    field.value = "<b>"
    assert "&lt;b&gt;" in picture.value and "<b>" not in picture.value and "no name" in picture.value


def test_with_one_to_compare_there_is_nothing_to_choose_and_the_numbers_are_the_models(model):
    box = ind.try_name(model, {"uniform": lambda tokens: torch.zeros(*tokens.shape, model.cfg.d_vocab)}, name="bo_lim")
    program = ind.with_name(model, "bo_lim")
    chance = (-ind.token_losses(model(program.tokens), program.tokens)[0]).exp()[list(program.names[1])[1:]].mean()
    assert len(box.children) == 2 and f"uniform 0.00, the model {chance:.2f}" in box.children[-1].value
