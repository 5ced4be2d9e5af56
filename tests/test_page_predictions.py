"""Predictions: asked by buttons where somebody may click, recorded at once, scored once, and never in the way."""

import pytest

from course_utils import learner_file
from course_utils.grading import asking, predictions
from course_utils.grading.exercise import Prediction
from course_utils.page import measured, predict


@pytest.fixture(autouse=True)
def learner(monkeypatch, tmp_path):
    """A learner without progress, outside of an autograder, and three questions."""
    monkeypatch.setenv("COURSE_HOME", str(tmp_path))
    monkeypatch.delenv("COURSE_STRICT", raising=False)
    monkeypatch.delenv("NBGRADER_EXECUTION", raising=False)
    monkeypatch.setattr(Prediction, "registry", {})
    Prediction(id="demo.shape", question="Which <shape>?", choices=("pentagon", "square", "64"))
    Prediction(id="demo.share", question="Which share?", between=(0, 1), tolerance=0.1)
    for i in range(8):
        Prediction(id=f"demo.q{i}", question="Which?", choices=("a", "b"))


@pytest.fixture
def live(monkeypatch):
    monkeypatch.setattr(asking, "live", lambda: True)


def kept(id="demo.shape"):
    return learner_file.read().get("predictions", {}).get(id, {})


def widgets(question):
    """(the answer's widget, the slider of confidence, what is said) of a question as it is shown."""
    made = []
    ask = asking.ask
    asking.ask = lambda *args: made.append(ask(*args)) or made[0]
    try:
        bundle = question._repr_mimebundle_()
    finally:
        asking.ask = ask
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert bundle["text/html"] == question._repr_html_()
    return made[0].children[1:]


def test_a_page_shows_the_question_and_its_choices():
    question = predict("demo.shape")
    assert set(question._repr_mimebundle_()) == {"text/plain", "text/html"}
    assert repr(question) == "Before you look: Which <shape>?\n  pentagon · square · 64"
    html = question._repr_html_()
    assert "Which &lt;shape&gt;?" in html and all(f">{choice}</span>" in html for choice in ("pentagon", "square"))
    assert "from 0 to 1" in repr(predict("demo.share"))
    assert learner_file.read() == {}


def test_nothing_is_said_where_nothing_was_predicted():
    predict("demo.shape")
    assert repr(measured("demo.shape", "square")) == "Measured: square."
    assert repr(measured("demo.share", 0.4431)) == "Measured: 0.443."


def test_a_click_is_recorded_at_once_and_the_slider_too(live):
    answer, sure, said = widgets(predict("demo.shape"))
    assert kept() == {} and answer.value is None
    sure.value = 80
    assert kept() == {}  # nothing has been chosen yet
    answer.value = "square"
    assert kept() == {"value": "square", "sure": 0.8}
    assert "square, 80% sure" in said.value
    sure.value = 65
    answer.value = "64"
    assert kept() == {"value": "64", "sure": 0.65}
    again, sure, _ = widgets(predict("demo.shape"))
    assert (again.value, sure.value) == ("64", 65)


def test_a_number_counts_once_its_slider_was_moved(live):
    answer, sure, _ = widgets(predict("demo.share"))
    assert (answer.min, answer.max) == (0, 1)
    sure.value = 90
    assert kept("demo.share") == {}
    answer.value = 0.3
    sure.value = 40
    assert kept("demo.share") == {"value": 0.3, "sure": 0.4}
    assert "as you predicted, 40% sure" in repr(measured("demo.share", 0.39))


def test_after_the_answer_the_buttons_are_closed(live):
    answer, _, _ = widgets(predict("demo.shape"))
    answer.value = "square"
    assert repr(measured("demo.shape", "pentagon")) == "Measured: pentagon; you predicted square, 50% sure."
    answer.value = "pentagon"  # still on the page
    assert kept()["value"] == "square" and kept()["right"] is False
    answer, sure, said = widgets(predict("demo.shape"))
    assert answer.disabled and sure.disabled and "first prediction, square" in said.value
    measured("demo.share", 0.5)
    answer, _, said = widgets(predict("demo.share"))
    assert answer.disabled and "not counted" in said.value


def test_from_a_program_a_prediction_is_an_argument():
    assert "Recorded: pentagon, 90% sure" in repr(predict("demo.shape", "pentagon", sure=0.9))
    measured("demo.shape", "square")
    assert "first prediction, pentagon" in repr(predict("demo.shape", "square"))
    assert kept()["value"] == "pentagon" and kept()["right"] is False
    assert predict("demo.shape", 64) is not None and kept()["value"] == "pentagon"


@pytest.mark.parametrize(
    ("id", "value", "sure", "sentence"),
    [
        ("demo.shape", "circle", 0.5, "none of the choices"),
        ("demo.share", 44, 0.5, "44 is not between 0 and 1"),
        ("demo.share", -0.01, 0.5, "not between"),
        ("demo.share", "0.3", 0.5, "not a number"),
        ("demo.share", True, 0.5, "not a number"),
        ("demo.share", float("nan"), 0.5, "not a number"),
        ("demo.shape", "square", 70, "probability"),
        ("demo.shape", "square", "0.7", "probability"),
        ("demo.shape", "square", float("nan"), "probability"),
    ],
)
def test_what_was_not_asked_for_is_refused(id, value, sure, sentence):
    with pytest.raises(ValueError, match=sentence):
        predict(id, value, sure=sure)
    assert kept(id) == {}


def test_a_question_asks_for_one_of_several_or_for_a_number():
    number = {"between": (0, 1), "tolerance": 1}
    for bad in ({}, {"between": (0, 1)}, {"between": (1, 0), "tolerance": 1}, {"choices": ("a",), **number}):
        with pytest.raises(ValueError, match="asks for"):
            Prediction(id="demo.bad", question="?", **bad)


def test_a_measured_answer_must_be_one_of_the_choices():
    with pytest.raises(ValueError, match="none of the choices"):
        measured("demo.shape", "circle")
    assert kept() == {}


def test_calibration_is_shown_from_the_fourth_prediction_on():
    sures, answers = (0.9, 0.9, 0.5, 0.5, 0.8, 0.8, 0.6, 0.6), "aabaabab"
    for i, (sure, answer) in enumerate(zip(sures, answers, strict=True)):
        predict(f"demo.q{i}", "a", sure=sure)
        said = repr(measured(f"demo.q{i}", answer))
        scored = list(zip(sures, answers, strict=True))[: i + 1]
        right = sum(answer == "a" for _, answer in scored)
        assert (f"So far {right} of {i + 1} right" in said) == (i >= 3)
        brier = sum((s - (a == "a")) ** 2 for s, a in scored) / (i + 1)
        assert (f"Brier score {brier:.2f}" in said) == (i >= 3)
        assert ("at least 70% sure, 3 of 4 were right; elsewhere 2 of 4" in said) == (i == 7)
    measured("demo.q0", "b")  # a second look changes nothing
    assert kept("demo.q0")["right"] is True


def test_an_autograder_records_nothing_and_sees_no_widget(monkeypatch, live):
    monkeypatch.setenv("COURSE_STRICT", "1")
    predict("demo.shape", "square")
    assert repr(measured("demo.shape", "square")) == "Measured: square."
    assert learner_file.read() == {}
    monkeypatch.undo()
    monkeypatch.setenv("COURSE_STRICT", "1")
    assert not asking.live()


def test_outside_of_a_kernel_no_widget_is_made():
    assert not asking.live()
    assert "IPython" not in repr(predictions.predict("demo.shape")._repr_mimebundle_())


def test_every_number_asked_for_has_a_range_that_holds_its_answer(monkeypatch):
    monkeypatch.undo()
    from course_utils.grading.exercise import declared

    declared()
    asked = [p for p in Prediction.registry.values() if not p.choices]
    assert asked and all(2 * p.tolerance < p.between[1] - p.between[0] for p in asked)
