"""The end card, and GPT-2 beside the lesson's own model."""

import sys

import pytest

from course_utils import zoo
from course_utils.page import beside_gpt2, card, gpt2

FOUND = {
    "claim": "Heads copy.",
    "evidence": "0.93 in 3 of 3 seeds",
    "control": "0.02",
    "where it fails": "`<rare>` names",
}
LINK = ("A paper", "https://example.org/a?b=1&c=2", "It says why.")


def test_a_card_shows_findings_formulas_and_links():
    made = card(FOUND, FOUND | {"claim": "Others do not."}, formulas={"score": r"a < b_{i}"}, links=[LINK])
    html = made._repr_html_()
    places = [
        html.index(part) for part in ("claim", "evidence", "control", "where it fails", "Heads copy.", "Others do")
    ]
    assert places == sorted(places)
    assert "<code>&lt;rare&gt;</code>" in html and "$a &lt; b_{i}$" in html
    assert 'href="https://example.org/a?b=1&amp;c=2"' in html and "It says why." in html
    text = repr(made)
    assert "0.93 in 3 of 3 seeds" in text and "score: a < b_{i}" in text and LINK[1] in text


@pytest.mark.parametrize(
    ("findings", "links"),
    [
        ([], []),
        ([{"claim": "x"}], []),
        ([FOUND | {"control": " "}], []),
        ([FOUND | {"control": 0.02}], []),
        ([FOUND], [("A", "http://a", "why")]),
        ([FOUND], [("A", "https://a", "")]),
    ],
)
def test_a_card_lacks_nothing(findings, links):
    with pytest.raises(ValueError):
        card(*findings, links=links)


def rows(made):
    return {name: [cell.text for cell in cells] for name, cells in made.rows}


def test_without_weights_the_published_result_stands_beside_the_own_model(monkeypatch):
    monkeypatch.setattr(zoo, "cached", lambda name: False)
    made = beside_gpt2(
        lambda model: model / 2, {"own": 0.5}, {"share": 0.7}, source="Doe 2020, fig. 1", caption="Alike."
    )
    assert rows(made) == {"GPT-2 small, published": ["0.70", "Doe 2020, fig. 1"], "own": ["0.25", "measured here"]}
    assert made.caption == f"Alike. {gpt2.HOW}"


@pytest.mark.parametrize("where", ["cached", "colab"])
def test_with_weights_gpt2_is_measured_in_the_same_way(monkeypatch, where):
    monkeypatch.setattr(zoo, "cached", lambda name: where == "cached")
    if where == "colab":
        monkeypatch.setitem(sys.modules, "google.colab", object())
    monkeypatch.setattr(zoo, "load", {"gpt2": 0.6}.get)
    measure = lambda model: {"n": str(model), "share": (model, model - 0.1, model + 0.1)}  # noqa: E731
    made = beside_gpt2(measure, {"own": 0.5}, {"share": "most", "n": "144"}, source="Doe 2020", caption="Alike.")
    assert rows(made) == {
        "GPT-2 small, published": ["most", "–", "144", "Doe 2020"],
        "own": ["0.50", "0.40 to 0.60", "0.5", "measured here"],
        "GPT-2 small": ["0.60", "0.50 to 0.70", "0.6", "measured here"],
    }
    assert made.caption == "Alike."


def test_where_the_weights_cannot_be_fetched_after_all(monkeypatch):
    def offline(name):
        raise zoo.ZooError("no network")

    monkeypatch.setattr(zoo, "cached", lambda name: True)
    monkeypatch.setattr(zoo, "load", offline)
    made = beside_gpt2(lambda model: model, {"own": 0.5}, {"share": 0.7}, source="Doe 2020")
    assert list(rows(made)) == ["GPT-2 small, published", "own"] and made.caption == gpt2.HOW


def test_only_what_was_published_is_compared(monkeypatch):
    monkeypatch.setattr(zoo, "cached", lambda name: False)
    for measure, published, source in [
        (lambda model: {"other": 1}, {"share": 1}, "Doe 2020"),
        (lambda model: 1, {"share": 1, "other": 2}, "Doe 2020"),
        (lambda model: 1, {}, "Doe 2020"),
        (lambda model: 1, {"share": 1}, " "),
    ]:
        with pytest.raises(ValueError):
            beside_gpt2(measure, {"own": None}, published, source=source)
