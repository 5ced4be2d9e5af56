"""The course in a real browser: JupyterLab started as a user would, notebooks opened, run, and read."""

import harness
import pytest

FIRST = "01_superposition"  # the harness is the same for the others, whose notebooks nbval runs
pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_the_harness_sees_what_a_learner_sees(browser, server):
    notebook = harness.Notebook.open(browser, server, "my/99_probe.ipynb")
    notebook.run_all()
    assert notebook.errors() == ["failing: ValueError: as it should"]
    assert notebook.text("report") == "a report"
    assert notebook.text("after") == ""
    assert len(notebook.images("figures")) == 1
    assert notebook.sliders("figures").count() == 2
    assert notebook.press_and_see("figures", slider=0)
    assert notebook.press_and_see("figures", slider=0, key="ArrowLeft")
    assert not notebook.press_and_see("figures", slider=1, seconds=3)  # moves, but changes nothing
    assert set(notebook.outside) == {"https://example.invalid/x.png"}
    notebook.close()


def test_a_lesson_runs_and_its_widget_answers_the_keyboard(browser, server):
    notebook = harness.Notebook.open(browser, server, f"notebooks/{FIRST}.ipynb")
    notebook.run_all()
    assert notebook.errors() == []
    with_sliders = [cell for cell in notebook.widgets() if notebook.sliders(cell).count()]
    drawn = [cell for cell in with_sliders if notebook.images(cell)]  # a prediction's slider moves no figure
    assert drawn
    for cell in drawn:
        for slider in range(notebook.sliders(cell).count()):
            keys = ("ArrowRight", "ArrowLeft")  # it may stand at one of its ends
            assert any(notebook.press_and_see(cell, slider, key, seconds=20) for key in keys), (cell, slider)
    assert notebook.outside == []
    notebook.close()


def test_the_blank_exercises_run_and_their_reports_are_seen(browser, server):
    notebook = harness.Notebook.open(browser, server, f"my/{FIRST}.ipynb")
    notebook.run_all()
    assert notebook.errors() == []
    graded = [cell["id"] for cell in notebook.cells() if cell["id"].startswith("grade-")]
    assert graded
    for cell in graded:
        assert "not attempted" in notebook.text(cell).lower(), cell
    assert notebook.outside == []
    notebook.close()
