"""Names of heads and readers: one meaning however they are spelled, and none for what is no name."""

from __future__ import annotations

import pytest
import torch
from patching_models import answers, model_of, prompts

from course_utils import patching
from course_utils.patching import Circuit

CLEAN, CORRUPT = prompts()
METRIC = patching.logit_diff(*answers())


@pytest.mark.parametrize("wrong", ["9.9.x", "embed.q", 3, "m"])
def test_names_that_mean_nothing_are_refused(wrong):
    with pytest.raises(ValueError, match="a reader is"):
        patching.Question(model_of("native"), CLEAN, CORRUPT, METRIC).path_patch(receivers=[wrong])


@pytest.mark.parametrize(
    "name", ["2.1", "L2H1", "L2.1", " 2.1 ", (2, 1), [2, 1], torch.tensor([2, 1]), patching.Writer(2, 1)]
)
def test_a_head_has_one_name_however_it_is_spelled(name):
    assert patching.head(name) == (2, 1) == patching.head(name, model_of("native"))
    assert patching.writer(name) == patching.Writer(2, 1)


@pytest.mark.parametrize("name", ["2", "2.1.q", "m2", "embed", (2, -1), (2, 1.0), (True, 1), (1, 2, 3), None, 2.1])
def test_what_is_no_head_is_refused(name):
    with pytest.raises(ValueError, match="a head is named by its layer and number"):
        patching.head(name)


@pytest.mark.parametrize("fields", [(0, -1), (-1, 0), (None, 1), ("a", 1), (2, 1.0), (True, 1), (torch.ones(2), 1)])
def test_a_writer_that_is_none_cannot_be_made(fields):
    with pytest.raises(ValueError, match="a Writer is"):
        patching.Writer(*fields)


@pytest.mark.parametrize("fields", [("x", 1, 1), ("q",), ("q", 1, -1), ("mlp", 1, 2), ("logits", 1), ([], 1, 1)])
def test_a_reader_that_is_none_cannot_be_made(fields):
    with pytest.raises(ValueError, match="a Reader is"):
        patching.Reader(*fields)


def test_a_part_is_one_value_whatever_its_numbers_are_kept_in():
    layer, number = torch.tensor([2, 1])
    assert {patching.Writer(layer, number), patching.Writer(2, 1)} == {patching.writer("2.1")}
    assert {patching.Reader("q", layer, number)} == {patching.reader("2.1.q")}


def test_a_head_is_asked_of_a_bridge():
    for call in (lambda: patching.head("2.1", model=3), lambda: Circuit.whole(None), lambda: Circuit.mlps(3)):
        with pytest.raises(ValueError, match="model is a TransformerBridge"):
            call()


def test_a_head_that_a_model_lacks_is_refused():
    with pytest.raises(ValueError, match=r"this model has no head 3\.0: it has 3 layers of 4 heads, counted from 0"):
        patching.head("3.0", model_of("native"))
