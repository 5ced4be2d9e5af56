"""What the page of lesson 2 draws and tells beside the dictionaries: token lists, one token's parts, code in shades."""

import pytest
import torch

from course_utils import sae
from course_utils.sae import reading, stored
from course_utils.sae.anatomy import Anatomy, left_over
from course_utils.sae.code_view import Panel, shaded_panels
from course_utils.sae.lookup import pair_list, recent_list
from course_utils.sae.reading import Context, visible


def test_a_token_list_tells_a_label_that_the_token_decides_and_no_other():
    rng = torch.Generator().manual_seed(0)
    ids = torch.randint(0, 6, (4000,), generator=rng)
    module = torch.arange(4000) // 500
    by_token, by_chance = (ids == 2) | (ids == 5), torch.rand(4000, generator=rng) < 0.3
    labels = sae.Labels(("token", "chance"), torch.stack([by_token, by_chance], 1), module)
    best = sae.token_list(ids, labels, "token")
    assert best.f1 == 1 and set(best.units) == {2, 5}
    chance = sae.token_list(ids, labels, "chance")
    assert chance.f1 == pytest.approx(2 * 0.3 / 1.3, abs=0.05)  # no better than to say yes always


def test_what_is_left_falls_to_zero_when_the_latents_are_the_whole_vector():
    shape = sae.Config(d_in=8, n_latents=16, k=3)
    dictionary = sae.SparseAutoencoder(shape, torch.Generator().manual_seed(1)).requires_grad_(False)
    dictionary.W_dec[:8] = torch.eye(8)
    dictionary.W_enc.zero_()[:8] = torch.eye(8)
    x = torch.tensor([3.0, 0, 2, 0, 0, 1, 0, 0])
    left = left_over(dictionary, x)
    assert torch.allclose(left, torch.tensor([14, 5, 1, 0]) / 14, atol=1e-6)


def test_bars_of_latents_that_the_other_token_has_too_are_filled():
    sides = [Anatomy(word, torch.tensor(latents), torch.arange(9.0, 0, -1), ("?",) * 9, torch.linspace(1, 0.1, 10))
             for word, latents in (("a", [7, 3, 5, 11, 12, 13, 14, 15, 16]), ("b", [7, 5, 1, 21, 22, 23, 24, 25, 26]))]
    fig = sae.anatomy_bars(*sides, "b").fig
    bars = [patch for patch in fig.axes[0].patches if patch.get_x() == 2.75]
    full = [bar.get_facecolor()[:3] != (1, 1, 1) for bar in bars]
    assert full == [True, False, True] + [False] * 5
    assert {"90 %", "10 %", "and 1 more"} <= {text.get_text() for text in fig.axes[0].texts}


def test_a_list_of_pairs_tells_what_a_token_alone_does_not_and_its_null_tells_no_more():
    rng = torch.Generator().manual_seed(0)
    ids = torch.randint(0, 6, (8000,), generator=rng)
    before = torch.randint(0, 6, (8000,), generator=rng)
    flag = (ids == 2) & (before < 3)
    labels = sae.Labels(("pair",), flag[:, None], torch.arange(8000) // 500)
    alone = sae.token_list(ids, labels, "pair").f1
    assert pair_list(before, ids, labels, "pair").f1 == 1 > 0.75 > alone
    elsewhere = before[torch.randperm(8000, generator=rng)]
    assert pair_list(elsewhere, ids, labels, "pair").f1 == pytest.approx(alone, abs=0.05)


def test_a_list_of_recent_tokens_says_yes_after_its_token_at_any_of_its_places():
    rng = torch.Generator().manual_seed(0)
    before = torch.randint(0, 6, (8000, 3), generator=rng)
    flag = (before == torch.tensor([2, 4, 0])).any(1)
    labels = sae.Labels(("recent",), flag[:, None], torch.arange(8000) // 500)
    assert recent_list(before, labels, "recent").f1 == 1 > 0.8 > sae.token_list(before[:, 0], labels, "recent").f1


def test_tokens_that_are_asked_about_are_framed_and_numbered_in_order():
    fig = shaded_panels([Panel("", ["f", "(", ")\n", ")"], torch.zeros(4), asked=[2, 3])])
    frames = [patch for patch in fig.axes[0].patches if not patch.get_fill()]
    assert len(frames) == 2 and [t.get_text() for t in fig.axes[0].texts if t.get_text().isdigit()] == ["1", "2"]


def test_code_is_shaded_where_the_number_is_above_zero_and_most_where_it_is_largest():
    fig = sae.shaded_code(["", "f", "(", ")\n", "x"], {"one": torch.tensor([0, 0.0, 1, 2, 0])})
    grounds = sorted(patch.get_alpha() for patch in fig.axes[0].patches)
    assert grounds == pytest.approx([0.275, 0.55])
    assert [text.get_text() for text in fig.axes[0].texts] == ["one", "f", "(", ")", "x"]
    fig = sae.shaded_code(["a", "b"], {"one": torch.tensor([0.2, 0.1]), "two": torch.tensor([1.0, 0])}, top=1.0)
    assert sorted(patch.get_alpha() for patch in fig.axes[0].patches) == pytest.approx([0.055, 0.11, 0.55])


def test_blanks_are_made_visible():
    assert [visible(t) for t in ("\n", "\n    ", " ", " if", "a")] == ["⏎", "⏎ + 4 blanks", "␣", "if", "a"]


def test_one_latent_alone_answers_with_its_strength_less_half_lambda():
    prices = stored.prices()
    strengths = torch.linspace(0.5, 1.5, 100_001)
    for penalty, predicted in zip(prices.penalty.tolist(), prices.alone.tolist(), strict=True):
        f = (strengths - penalty * float(prices.scale.mean()) / 2).clamp(min=0)
        assert predicted == pytest.approx((f.sum() / strengths[f > 0].sum()).item(), abs=1e-3)
    assert (prices.factor[:-1] < prices.alone[:, None]).all() and len(prices.plot().axes[0].lines) == 4


def test_labels_at_which_a_latent_beats_the_token_are_out_of_reach_without_training():
    scores, lists = stored.label_scores(), stored.token_lists()
    assert set(lists) == set(scores.labels) == set(sae.WORDS)
    place = {name: i for i, name in enumerate(scores.labels)}
    wins = [name for name in scores.labels if scores.low[3, place[name]] > lists[name][2]]
    assert len(wins) >= 5 and all(scores.of("untrained")[name] < 0.15 for name in wins)
    assert scores.of("untrained")["closes"] > 0.75


def test_a_row_of_programs_is_as_high_as_its_highest_panel():
    short = Panel("one", ["a\n", "b"], torch.tensor([0.0, 1]), note="below")
    tall = Panel("two", ["a\n", "b\n", "c\n", "d"], torch.zeros(4), colour="#009E73")
    fig = shaded_panels([short, tall, short], columns=2)
    assert fig.get_figheight() == pytest.approx(max(short.height, tall.height) + short.height)
    assert {"one", "two", "below"} <= {text.get_text() for text in fig.axes[0].texts}


def test_the_error_of_l1_between_two_penalties_lies_between_theirs_and_topk_is_below():
    prices, kept = stored.prices(), stored.kept() | {3: stored.prices().topk}
    assert prices.error_with(float(prices.l0[2].mean())) == pytest.approx(float(prices.unexplained[2].mean()), abs=1e-5)
    between = prices.error_with(float((prices.l0[2].mean() * prices.l0[3].mean()).sqrt()))
    assert between == pytest.approx(float(prices.unexplained[2:4].mean()), abs=1e-5)
    below = [float(row["unexplained"].mean()) < prices.error_with(float(row["l0"].mean())) for row in kept.values()]
    assert all(below[1:])


def test_blanks_before_a_line_survive_in_the_places_of_a_latent():
    context = Context(("if", " x", ")", "\n    ", "y"), (0.0, 0.0, 2.0, 0.0, 0.0), 2)
    page = reading._coloured(context, 2.0)
    assert page.startswith("<pre") and '\n<span style="">    </span>' in page and page.count("border-bottom") == 1
