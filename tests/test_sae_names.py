"""The names of lesson 2's four latents, and the text on which they are counted."""

import pytest
import torch

from course_utils import sae
from course_utils.sae import names, stored


def test_a_parenthesis_is_open_from_its_token_until_it_is_closed_in_code_and_in_text():
    words = [["f", "(", "a", "(", ")", "b", ")", "c"], ['"', "(", '"', "[", "]", ")", ")", "(("]]
    assert names.still_open(words).tolist() == [
        [False, True, True, True, True, True, False, False], [False, True, True, True, True, False, False, True],
    ]  # fmt: skip


def test_f1_is_that_of_the_counts_and_its_interval_holds_it():
    picked, named = torch.arange(12) < 4, torch.arange(12) % 2 == 0
    f1, low, high = names.counted(picked, named, torch.arange(12) // 3)
    assert f1 == pytest.approx(2 * 2 / (4 + 6)) and low <= f1 <= high
    assert names.counted(named, named, torch.arange(12) // 3) == (1, 1, 1)
    one_module = torch.zeros(12, dtype=torch.long)
    assert names.counted(picked, named, one_module) == pytest.approx((f1, f1, f1))


def test_the_stored_text_is_of_held_out_modules_and_its_names_are_those_of_its_tokens():
    text, dictionary = stored.held_out(), sae.load(stored.SHIPPED)
    left = text.left(dictionary.model.tokenizer.decode)
    assert text.tokens.shape == (stored.NAMED_CONTEXTS, 256) and len(text.module) == len(left) == len(text.first)
    held = {tuple(row) for row in sae.held_out_contexts(dictionary.model)[0].tolist()}
    assert all(tuple(row) in held for row in text.tokens.tolist())
    closing = dictionary.model.tokenizer.convert_tokens_to_ids(")")
    assert torch.equal(left[:, 0], text.tokens[:, 1:].flatten() == closing)
    assert left[:, 3].view(len(text.tokens), -1).sum(1).tolist() == [text.early] * len(text.tokens)
    assert text.others.shape == (len(names.READERS), len(names.LEFT), 3) and text.first[:, 3].all()
    f1, low, high = text.others.unbind(2)
    assert bool(((low <= f1) & (f1 <= high)).all())
