"""Claims: listed, loud when false, and refused where they could not be."""

import numpy as np
import pytest
import torch

from course_utils import page
from course_utils.page import ClaimError, about, between, claim, claims, falling, rising, rounds_to


@pytest.fixture
def shown(monkeypatch):
    """What a cell displays."""
    values = []
    monkeypatch.setattr("IPython.display.display", values.append)
    return values


def test_true_claims_are_one_list(shown):
    share = 0.34
    with claims():
        claim("about a third is `left`", about(share, 1 / 3))
        claim("a < b", np.bool_(share < 0.5))
        claim("and a tensor's truth counts", torch.tensor(share) > 0.1)
    (listed,) = shown
    assert repr(listed).split("\n") == [
        "Checked here:", "  ✓ about a third is `left`", "  ✓ a < b", "  ✓ and a tensor's truth counts"
    ]  # fmt: skip
    html = listed._repr_html_()
    assert html.count("<li") == html.count("✓") == 3 and "✗" not in html
    assert "<code>left</code>" in html and "a &lt; b" in html
    assert html.startswith("<details style") and "Checked here: 3 statements</summary>" in html  # folded


def test_false_claims_are_named_after_all_have_been_listed(shown):
    numbers = list(range(1, 4))
    with pytest.raises(ClaimError) as error, claims():
        claim("the first is one", numbers[0] == 1)
        claim("the second is one", numbers[1] == 1)
        claim("the third is three", numbers[2] == 3)
        claim("there are four", len(numbers) == 4)
    assert str(error.value) == "Not true of what was measured: the second is one; there are four."
    (listed,) = shown
    assert [line[2] for line in repr(listed).split("\n")[1:]] == list("✓✗✓✗")
    assert listed._repr_html_().count("✗") == 2
    assert listed._repr_html_().startswith("<details open") and "4 statements, 2 false" in listed._repr_html_()


def test_a_condition_that_breaks_off_still_lists_what_was_checked(shown):
    values = {"a": 1}
    with pytest.raises(KeyError), claims():
        claim("there is an a", "a" in values)
        claim("b is one", values["b"] == 1)
    assert len(shown[0].claims) == 1
    with claims():  # and the next block begins anew
        claim("there is still an a", "a" in values)
    assert len(shown[1].claims) == 1


@pytest.mark.parametrize(
    ("condition", "kind", "sentence"),
    [
        (None, TypeError, "NoneType"),
        (1, TypeError, "int"),
        ("yes", TypeError, "str"),
        (np.array(1.0), TypeError, "ndarray"),
        (torch.tensor(1), TypeError, "Tensor"),
        (torch.tensor([True, False]), TypeError, "several truth values"),
        ([True], TypeError, "several truth values"),
    ],
)
def test_what_is_no_truth_value_is_refused(shown, condition, kind, sentence):
    with pytest.raises(kind, match=sentence), claims():
        claim("it is so", condition)


def test_what_cannot_fail_is_refused(shown):
    limit = len(shown) + 3
    with pytest.raises(ValueError, match="literal"), claims():
        claim("it is so", True)
    with pytest.raises(ValueError, match="literal"), claims():
        claim(
            "it is so",
            condition=1 < 2 and not False,
        )
    with claims():
        claim("a name is looked up", limit < 4)
    with pytest.raises(ValueError, match="holds none"), claims():
        pass
    with pytest.raises(ValueError, match="in words"), claims():
        claim(" ", limit < 4)
    with pytest.raises(ValueError, match="twice"), claims():
        claim("small", limit < 4)
        claim(" small ", limit < 5)


def test_a_claim_outside_of_the_block_is_refused(shown):
    with pytest.raises(RuntimeError, match="with claims"):
        claim("it is so", len(shown) == 0)
    assert shown == []


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ('claim("a", True)', 1),
        ('claim("a", 0.3 < 1 / 3)', 1),
        ('claim("a", condition=not ())', 1),
        ('page.claim("a", 1 == 1)', 1),
        ('claim("a", x < 1)', 0),
        ('claim("a", f(1))', 0),
        ('limit = 1\nclaim("a", limit < 2)', 1),
        ('for limit in values:\n    claim("a", limit < 2)', 0),
        ('limit = 1\nlimit = f()\nclaim("a", limit < 2)', 0),
        ('measured("q", "keys")', 1),
        ('measured("q", value=0.3)', 1),
        ('answer = "keys"\nmeasured("q", answer)', 1),
        ('measured("q", "many" if n > 3 else "few")', 0),
        ('measured("q", max(loss, key=loss.get))', 0),
        ('measured("q", "keys")\nclaim("a", True)', 2),
    ],
)
def test_the_source_of_a_cell_tells_what_is_refused(source, count):
    found = page.refusals(source)
    assert len(found) == count
    assert all("\n" not in sentence and sentence.endswith(".") for sentence in found)


def test_about_is_a_tenth():
    third = 1 / 3
    assert about(0.301, third) and about(0.366, third) and about(0.3, third) and about(-0.35, -third)
    assert not about(0.299, third) and not about(0.367, third) and not about(0.5, third) and not about(-0.33, third)
    assert about([0.32, 0.34], third) and not about([0.32, 0.5], third)
    assert about({"a": 0.32}, third) and not about(torch.tensor([[0.32], [0.2]]), third)
    assert not about(float("nan"), third)
    for bad, value in ((1, 0), ([], 1), ("third", third)):
        with pytest.raises(ValueError):
            about(bad, value)


def test_between_and_the_digits():
    assert between(0.2, 0.2, 0.33) and between([0.25, 0.33], 0.2, 0.33) and not between([0.25, 0.34], 0.2, 0.33)
    assert not between(float("nan"), 0, 1)
    with pytest.raises(ValueError, match="lower one first"):
        between(1, 2, 1)
    assert rounds_to(0.334, "0.33") and not rounds_to(0.336, "0.33") and rounds_to([-4.26, -4.255001], "−4.26")
    assert rounds_to(-0.001, "0.00") and rounds_to(12.4, "12") and rounds_to(3.1, "+3.1")
    with pytest.raises(ValueError):
        rounds_to(1, "a third")


def test_intervals_apart():
    assert rising((0, 1), (1.5, 2), (3, 4)) and falling((3.5, 3, 4), (1.7, 1.5, 2), (0.5, 0, 1))
    assert not rising((0, 1), (1, 2)) and not rising((0, 1), (3, 4), (1.5, 2)) and not falling((0, 1), (2, 3))
    assert rising(torch.tensor([0.0, 1.0]), torch.tensor([2.0, 3.0]))
    for bad in [((0, 1),), ((0, 1), 2), ((1, 0), (2, 3)), ((0, float("nan")), (2, 3))]:
        with pytest.raises(ValueError):
            rising(*bad)
