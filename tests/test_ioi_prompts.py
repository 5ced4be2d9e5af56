"""Prompts: one right answer, positions that say what they name, corruptions that change names and nothing else."""

import pytest
import torch

from course_utils import ioi
from course_utils.ioi import words as ioi_words
from course_utils.ioi.prompts import draw, layout
from course_utils.zoo import tokens
from models import ioi_english


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    folder = tmp_path_factory.mktemp("words")
    ioi_words.write(folder)
    return tokens.wrapped((folder / "tokenizer.json").read_bytes(), 24, folder)


def rng(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture(scope="module")
def prompts(tokenizer):
    return ioi.make_ioi_batch(tokenizer, 1500, rng(), ioi.TEMPLATES)


def words_of(prompts, row, tokenizer):
    return [tokenizer.decode([i]).strip() for i in prompts.tokens[row, 1:prompts.positions["END"][row] + 1]]


def test_every_prompt_has_exactly_one_right_answer(prompts, tokenizer):
    for row in range(len(prompts)):
        names = [word for word in words_of(prompts, row, tokenizer) if word in ioi.NAMES]
        assert len(names) == 3 and len(set(names)) == 2
        (once,) = [name for name in names if names.count(name) == 1]
        assert once in names[:2], "the answer is one of the two that are introduced"
        assert tokenizer.decode([prompts.answer[row]]).strip() == once
        assert tokenizer.decode([prompts.wrong[row]]).strip() == names[2]


def test_positions_say_where_each_role_is(prompts):
    row = torch.arange(len(prompts))
    at = {role: prompts.tokens[row, where] for role, where in prompts.positions.items()}
    assert torch.equal(at["IO"], prompts.answer)
    assert torch.equal(at["S1"], prompts.wrong) and torch.equal(at["S2"], prompts.wrong)
    assert (at["END"] == ioi_words.encode("to")[0]).all()
    assert (prompts.positions["S2"] > torch.maximum(prompts.positions["IO"], prompts.positions["S1"])).all()
    after = torch.arange(prompts.tokens.shape[1]) > prompts.positions["END"][:, None]
    assert (prompts.tokens[after] == 0).all() and (prompts.tokens[:, 0] == 0).all()
    assert (prompts.tokens[~after].view(-1) == 0).sum() == len(prompts), "only the beginning is BOS"


def test_a_prompt_reads_as_english(tokenizer):
    one = ioi.make_ioi_batch(tokenizer, 1, rng(3))
    text = tokenizer.decode(one.tokens[0, 1:]).strip()
    io, s = (tokenizer.decode([i[0]]).strip() for i in (one.answer, one.wrong))
    first, second = (io, s) if one.positions["IO"] < one.positions["S1"] else (s, io)
    assert text.startswith(f"When {first} and {second} went to the ") and f", {s} gave a " in text


def test_seeds(tokenizer):
    a, b, c = (ioi.make_ioi_batch(tokenizer, 50, rng(seed)).tokens for seed in (1, 1, 2))
    assert torch.equal(a, b) and not torch.equal(a, c)


def test_orders(tokenizer, prompts):
    for order, io_first in (("ABBA", True), ("BABA", False)):
        some = ioi.make_ioi_batch(tokenizer, 40, rng(), ioi.TEMPLATES, [order])
        assert ((some.positions["IO"] < some.positions["S1"]) == io_first).all()
        assert (some.first == (0 if io_first else 1)).all()
    assert 0.45 < prompts.first.float().mean() < 0.55
    assert (prompts.template.bincount() > 180).all()
    with pytest.raises(ValueError, match="ABBA, BABA"):
        ioi.make_ioi_batch(tokenizer, 1, rng(), orders=["AABB"])


@pytest.mark.parametrize("family", ioi.CORRUPTIONS)
def test_corruptions_change_names_and_nothing_else(prompts, family):
    before = prompts.tokens.clone()
    other = ioi.corrupt(prompts, family, rng(5))
    assert torch.equal(prompts.tokens, before), "the clean prompts are left alone"
    named = torch.zeros_like(before, dtype=torch.bool)
    for role in ("IO", "S1", "S2"):
        named[torch.arange(len(prompts)), prompts.positions[role]] = True
    assert torch.equal(other.tokens[~named], before[~named])
    for role, where in prompts.positions.items():
        assert torch.equal(other.positions[role], where)
    io, s, _ = prompts.names.T
    a, b, c = other.names.T
    assert (a != b).all()
    fresh = {"ABC": other.names, "names": other.names, "third": other.names[:, 2:], "flip": other.names[:, :0]}[family]
    assert not (fresh[:, :, None] == prompts.names[:, None]).any(), "new names are not in the prompt"
    if family in ("ABC", "third"):
        assert ((a != c) & (b != c)).all()
        with pytest.raises(ValueError, match="no name is repeated"):
            other.answer
    if family in ("third", "flip"):
        assert torch.equal(a, io) and torch.equal(b, s)
    if family == "flip":
        assert torch.equal(other.answer, s) and torch.equal(other.wrong, io)
        assert torch.equal(other.first, 1 - prompts.first)
    if family == "names":
        assert torch.equal(b, c) and torch.equal(other.answer, a)
        assert torch.equal(other.first, prompts.first)


def test_an_unknown_family_is_refused(prompts):
    with pytest.raises(ValueError, match="ABC, third, flip, names"):
        ioi.corrupt(prompts, "abc", rng())


def test_rows_can_be_taken(prompts):
    some = prompts[torch.tensor([5, 2])]
    assert torch.equal(some.tokens, prompts.tokens[[5, 2]]) and torch.equal(some.answer, prompts.answer[[5, 2]])
    assert torch.equal(some.positions["S2"], prompts.positions["S2"][[5, 2]])


def test_layouts_refuse_what_would_move_positions():
    letters = {}

    def encode(text):
        return [letters.setdefault(piece, len(letters) + 1) for piece in text.replace("Mary", "Ma ry").split()]

    with pytest.raises(ValueError, match="'Mary' is 2 tokens"):
        layout(encode, 0, names=("Mary", "Alice", "John", "Paul"))
    with pytest.raises(ValueError, match="'Alice', which fills slot 'A', is also a word of the template"):
        layout(encode, 0, ["Alice saw {A} and {B} , {S} gave it to"], names=("Alice", "John", "Paul"))


def test_slots_may_be_missing():
    plan = layout(ioi_words.encode, 0, ioi.TEMPLATES[1:2])
    assert plan.slots[0, 3] == -1
    assert (draw(plan, 20, rng()).tokens[:, 1:] != 0).all()


def test_gpt2_reads_the_same_prompts_position_for_position():
    from transformers import AutoTokenizer
    try:
        gpt2 = AutoTokenizer.from_pretrained("gpt2", local_files_only=True)
    except OSError:
        pytest.skip("GPT-2's tokenizer is not in the local cache")
    batch = ioi.make_ioi_batch(gpt2, 20, rng(), ioi.TEMPLATES)
    assert torch.equal(batch.tokens[torch.arange(20), batch.positions["IO"]], batch.answer)
    ours = layout(ioi_words.encode, 0)
    assert torch.equal(batch.layout.slots, ours.slots) and torch.equal(batch.layout.ends, ours.ends)


def test_words_and_tokens():
    words = ioi_words.vocabulary()
    assert len(set(words)) == len(words) and not set(ioi.WOMEN) & set(ioi.MEN)
    text = " When Mary and John left, John's ring was old."
    ids = ioi_words.encode(text)
    assert ioi_words.tokenizer().decode(ids) == text
    assert ioi_words.encode("Mary") == ioi_words.encode(" Mary")
    with pytest.raises(ValueError, match="'Zorro' is not in the vocabulary"):
        ioi_words.encode("When Zorro left")


def test_the_small_english_is_all_in_the_vocabulary_and_uses_all_of_it():
    texts = ioi_english.write(3000, 48, 0)
    assert (texts[:, 0] == 0).all() and (texts[:, 1:] != 0).all()
    assert texts.unique().numel() == len(ioi_words.vocabulary())
    assert torch.equal(texts[:50], ioi_english.write(50, 48, 0))


def test_rewording_exchanges_like_for_like():
    texts = ioi_english.write(200, 48, 1)
    new = ioi_english.reworded(texts, rng())
    words = ioi_words.vocabulary()
    lists = [{words.index(f" {word}") for word in group} for group in (ioi.WOMEN, ioi.MEN, ioi.PLACES, ioi.OBJECTS)]
    for old_row, new_row in zip(texts.tolist(), new.tolist(), strict=True):
        pairs = set(zip(old_row, new_row, strict=True))
        assert len(pairs) == len(set(old_row)) == len(set(new_row)), "the same word stays the same word"
        for a, b in pairs:
            assert next((group for group in lists if a in group), {a}) == next((g for g in lists if b in g), {b})
    assert (new != texts).float().mean() > 0.2
