"""Probes on the code model: rows and labels, files kept together, control tasks, what is removed, steering."""

import pytest
import torch

from course_utils import probing, zoo
from course_utils.probing import tokens
from course_utils.python_text import modules
from course_utils.python_text.labels import token_labels


@pytest.fixture(scope="module")
def model():
    return zoo.load("code-4l", device="cpu").requires_grad_(False)


@pytest.fixture(scope="module")
def halves(model):
    return probing.two_halves(model, contexts=6)


def test_rows_are_the_stream_at_their_place(model, halves):
    some = halves[0]
    _, cache = model.run_with_cache(some.contexts)
    for row in (0, 300, len(some) - 1):
        context, at = some.place[row].tolist()
        assert some.contexts[context, at] == some.ids[row]
        for layer, hook in enumerate(tokens.hooks(model)):
            torch.testing.assert_close(some.x[layer, row], cache[hook][context, at], rtol=1e-3, atol=1e-2)


def test_labels_are_those_of_the_token(model, halves):
    for some in halves:
        words = [model.tokenizer.decode([i]).strip() for i in some.ids.tolist()]
        opens = some.label("opens")
        assert all(word[0] in "([{" for word, is_it in zip(words, opens.tolist(), strict=True) if is_it)
        assert opens.any() and len(some[opens]) == opens.sum()


def test_line_breaks_are_blank_and_of_code(model, halves):
    some = halves[0]
    breaks = probing.line_breaks(some, model.tokenizer)
    words = [model.tokenizer.decode([i]) for i in some.ids.tolist()]
    quiet = some.label("in_string") | some.label("in_comment")
    assert breaks.any() and not breaks[quiet].any()
    assert all(
        is_it == (word.startswith("\n") and not word.strip())
        for word, is_it, q in zip(words, breaks.tolist(), quiet.tolist(), strict=True)
        if not q
    )


def test_pairs_of_lines_have_one_length_and_differ_in_one_word(model):
    pairs = probing.line_pairs(model, 50, seed=3)
    opened, closed = ([model.tokenizer.decode(row[1:]) for row in kind.tolist()] for kind in pairs)
    assert all(text.count("(") - text.count(")") == 1 for text in opened)
    assert all(text.count("(") == text.count(")") == 1 for text in closed)
    assert (pairs[0] != pairs[1]).sum(1).unique().tolist() == [2]  # the sign, and the word with a blank or without
    at_break = probing.stream_of(model, pairs, 0)[:, :, probing.BREAK]
    torch.testing.assert_close(at_break, at_break[:1, :1].expand_as(at_break))  # the same token: it cannot tell


def test_the_same_seed_draws_the_same_words_in_a_string(model):
    def texts(quoted):
        pairs = probing.line_pairs(model, 50, seed=3, quoted=quoted)
        return [[model.tokenizer.decode(row[1:]) for row in kind.tolist()] for kind in pairs]

    in_string = texts(quoted=True)
    assert [[text.replace('"', "") for text in kind] for kind in in_string] == texts(quoted=False)
    for kind, sign in zip(in_string, ("(", ", "), strict=True):
        assert all(text.count('"') == 2 and sign in text.split('"')[1] for text in kind)


def test_the_stream_is_what_the_model_itself_holds_there(model):
    pairs = probing.line_pairs(model, 3, seed=0)
    for place, name in enumerate(probing.hooks(model)):
        held = model.run_with_cache(pairs[1], names_filter=name)[1][name]
        torch.testing.assert_close(probing.stream_of(model, pairs, place)[1], held, rtol=1e-4, atol=1e-3)


def test_placebos_are_free_of_the_property():
    rng = torch.Generator().manual_seed(0)
    y = torch.rand(400, generator=rng) < 0.25
    x = 0.1 * torch.randn(400, 20, generator=rng)
    x[:, 0] += 10.0 * y  # the property, larger than all else
    ways = probing.placebos(x, y, 30, seed=1)
    assert ways.shape == (60, 20) and torch.equal(ways, probing.placebos(x, y, 30, seed=1))
    assert (ways[:30, 0].abs() < 0.2).all()  # labels shuffled over all rows would give about 1
    assert len(ways.unique(dim=0)) == 60


def test_written_brackets_are_counted_in_strings_and_comments_too(model):
    text = "f(a, '(b) c', d)  # x) (y\nz = 'see (1) and [2'\nw = 3\n"
    ids = torch.tensor(model.tokenizer(text)["input_ids"][1:])
    flags = token_labels(text, model.tokenizer).flags
    labels = ("in_string", "in_comment", "in_brackets")
    y = torch.stack([torch.from_numpy(flags[name][1:].astype(bool)) for name in labels], 1)
    file = torch.zeros(len(ids), dtype=torch.long)
    some = probing.Tokens(torch.zeros(5, len(ids), 1), y, ids, file, labels, ids[None], torch.zeros(len(ids), 2))
    written = probing.brackets_written(some, model.tokenizer)
    words = [model.tokenizer.decode([i]).strip() for i in ids.tolist()]
    assert not (some.label("in_brackets") & ~written).any()
    found = {word for word, is_it in zip(words, written.tolist(), strict=True) if is_it}
    assert {"a", "b", "c", "d", "y", "1", "2"} <= found and not {"f", "x", "see", "and", "w", "3"} & found


def test_no_file_is_on_both_sides(halves):
    first, second = ({tuple(c) for c in some.contexts[:, :40].tolist()} for some in halves)
    assert not first & second and len(first) == len(second) == 6


def test_further_files_neither_choose_nor_judge(model, monkeypatch):
    names = []
    monkeypatch.setattr(tokens, "read", lambda model, files, contexts: names.append(set(files)))
    probing.two_halves(model)
    probing.further_files(model)
    choose, judge, further = names
    assert choose and judge and further and not choose & judge and not further & (choose | judge)
    assert choose | judge | further == set(modules.held_out_modules())


def test_another_model_reads_the_same_rows(halves):
    other = zoo.load("code-4l", device="cpu", checkpoint=0).requires_grad_(False)
    kept = halves[0][torch.arange(100, 160)]
    again = kept.read_by(other)
    assert torch.equal(again.ids, kept.ids) and again.x.shape == kept.x.shape
    _, cache = other.run_with_cache(kept.contexts)
    context, at = kept.place[7].tolist()
    torch.testing.assert_close(again.x[2, 7], cache["resid_pre", 2][context, at], rtol=1e-3, atol=1e-3)


def test_what_is_removed_is_nothing_for_one_who_knows_the_rate_and_all_for_one_who_knows(halves):
    train, test = halves
    rate = train.y.float().mean(0).logit()
    blind = probing.Probes(torch.zeros(5, 12, 192), rate.expand(5, 12))
    found = probing.removed(blind, train, test)
    assert found.share.abs().max() < 1e-4 and (found.low <= found.share + 1e-6).all()
    probes = probing.fit_logistic(train.x, train.y, 1000.0)
    found = probing.removed(probes, train, test)
    assert found.of("in_brackets")[2] > found.of("in_brackets")[0]


def test_auc_counts_pairs_and_keeps_files_together():
    rng = torch.Generator().manual_seed(0)
    scores, y = torch.randint(5, (60, 2), generator=rng).float(), torch.rand(60, 2, generator=rng) < 0.4
    file = torch.arange(60) % 4
    differences = [s[t][:, None] - s[~t] for s, t in zip(scores.T, y.T, strict=True)]
    by_pairs = sum(float(d.sign().double().mean() / 2 + 0.5) for d in differences) / 2
    found = probing.auc(scores, y, file)
    assert found[0] == pytest.approx(by_pairs) and found[1:].std() > 0
    one_file = probing.auc(scores, y, torch.zeros(60, dtype=torch.long))
    assert one_file.numpy() == pytest.approx(float(found[0]))  # drawn anew it is the same
    assert probing.ahead(found, found) == (0, 0, 0)
    assert probing.auc(y.float(), y, file)[0] == 1 and probing.auc(torch.zeros(60, 2), y, file)[0] == 0.5


def test_control_labels_belong_to_tokens_and_selectivity_compares_on_rows_not_trained_on(halves):
    some = halves[0]
    coins = torch.rand(2048, generator=torch.Generator().manual_seed(0))
    control = probing.control_labels(some.ids, coins, 0.3)
    for token in some.ids.unique()[:50]:
        assert len(control[some.ids == token].unique()) == 1
    train = some.file % 2 == 0
    y = some.label("in_brackets")

    def always_yes(x, y):
        return lambda rows: torch.ones(len(rows), dtype=torch.bool)

    share = probing.control_labels(some.ids, coins, float(y[train].float().mean()))
    expected = y[~train].float().mean() - share[~train].float().mean()
    found = probing.selectivity(some.x[2], y, some.ids, coins, train, always_yes)
    torch.testing.assert_close(found, expected)


def test_steering_by_nothing_changes_nothing_and_by_the_unembedding_raises_what_it_is_of(model, halves):
    contexts = halves[0].contexts[:2]
    wanted = torch.zeros(2048, dtype=torch.bool)
    wanted[[7, 30]] = True
    toward = model.W_U[:, wanted].mean(1)
    found = probing.steered(model, contexts, 4, {"unembedding": toward}, (0.0, 20.0), wanted)
    assert found.effect[0, 0].abs().max() < 1e-6 and found.side_effect[0, 0].abs().max() < 1e-6
    assert found.effect[0, 1].min() > 0.5 and found.share[0, 0].abs().max() < 1e-6 < found.share[0, 1].min()


def test_at_equal_price_effects_lie_on_the_lines_between_strengths():
    effect = torch.tensor([[1.0, 3.0], [2.0, 2.0], [5.0, 6.0]])
    price = torch.tensor([[0.1, 0.3], [-0.1, 0.3], [0.01, 0.02]])
    found = probing.Steered(("a", "b", "c"), (1.0, 2.0), effect[..., None], price[..., None], 2 * effect[..., None])
    torch.testing.assert_close(found.at_price(0.2)[:2], torch.tensor([2.0, 2.0]))
    torch.testing.assert_close(found.at_price(0.05)[0], torch.tensor(0.5))  # half of the way to the first
    assert found.at_price(0.2)[2].isnan()  # too cheap at every strength
    torch.testing.assert_close(found.drawn_at_price(0.2)[7, :2], torch.tensor([2.0, 2.0]))  # one context: no spread
    torch.testing.assert_close(found.at_price(0.2, "share")[:2], torch.tensor([4.0, 4.0]))


def test_contexts_of_one_file_are_drawn_together():
    effect = torch.tensor([0.0, 0.0, 1.0, 1.0]).expand(1, 1, 4)
    found = probing.Steered(("a",), (1.0,), effect, torch.ones(1, 1, 4), effect)
    assert set(found.drawn_at_price(1.0, clusters=[0, 0, 1, 1])[:, 0].tolist()) == {0.0, 0.5, 1.0}
    assert 0.25 in found.drawn_at_price(1.0)[:, 0].tolist()


def test_a_chosen_penalty_does_not_depend_on_the_size_of_the_vectors_and_is_one_of_those_tried(halves):
    from dataclasses import replace

    train, test = halves
    k = [train.labels.index(name) for name in ("opens", "attribute")]
    train, test = (replace(some, x=some.x[1:3].double(), y=some.y[:, k], labels=()) for some in (train, test))
    sizes = torch.tensor([1.0, 0.01]).double()[:, None, None]
    found = probing.fit_chosen(train)
    small = probing.fit_chosen(replace(train, x=train.x * sizes))
    torch.testing.assert_close(found.logits(test.x), small.logits(test.x * sizes), rtol=1e-3, atol=1e-3)
    rms = train.x.square().mean((1, 2), keepdim=True).sqrt()
    fits = [probing.fit_logistic(train.x / rms, train.y, p, tolerance=1e-4) for p in (10.0, 100.0, 1000.0)]
    tried = [fit.logits(test.x / rms) for fit in fits]
    for layer in range(2):
        for label in range(2):
            column = found.logits(test.x)[layer, :, label]
            assert min((column - one[layer, :, label]).abs().max() for one in tried) < 1e-2


def test_labels_shuffled_within_tokens_keep_each_token_s_share_and_not_the_places(halves):
    some = halves[0]
    y = some.label("in_brackets")
    dealt = probing.shuffled_within(some.ids, y, seed=0)
    for token in some.ids.unique():
        assert dealt[some.ids == token].sum() == y[some.ids == token].sum()
    assert (dealt != y).float().mean() > 0.05
    assert not torch.equal(dealt, probing.shuffled_within(some.ids, y, seed=1))
