"""The page in JupyterLab: predictions by hand, recorded at once; nothing waits; sharp figures; frames that move."""

import json

import harness
import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def notebook(browser, server):
    notebook = harness.Notebook.open(browser, server, "my/97_page.ipynb")
    notebook.run_all()
    assert notebook.errors() == []
    yield notebook
    notebook.close()


def kept(server, id, **wanted):
    """What is stored of a prediction, once it is what is wanted."""
    path = server.scratch / "course_home" / "progress.json"
    return path.exists() and json.loads(path.read_text(encoding="utf8")).get("predictions", {}).get(id) == wanted


def soon(notebook, true):
    notebook._until(true, 20, "the prediction to be recorded")
    return True


def test_a_click_and_a_key_are_recorded_at_once(notebook, server):
    assert notebook.text("between") == "not waited for"
    output = notebook.output("choice")
    buttons = output.locator("button")
    assert buttons.all_inner_texts() == ["pentagon", "a square", "neither of the two"]
    tops = {round(box["y"]) for box in (buttons.nth(i).bounding_box() for i in range(3))}
    assert len(tops) == 1  # one row
    assert "Which <shape>?" in output.inner_text()
    buttons.nth(1).click()
    assert soon(notebook, lambda: kept(server, "demo.shape", value="a square", sure=0.5))
    handle = notebook.sliders("choice").first
    handle.focus()
    handle.press("ArrowRight")
    assert soon(notebook, lambda: kept(server, "demo.shape", value="a square", sure=0.55))
    assert "Recorded: a square, 55% sure." in notebook.text("choice")
    buttons.nth(2).click()
    assert soon(notebook, lambda: kept(server, "demo.shape", value="neither of the two", sure=0.55))


def test_a_number_is_a_slider(notebook, server):
    assert notebook.sliders("number").count() == 2
    handle = notebook.sliders("number").first
    handle.focus()
    handle.press("ArrowRight")
    assert soon(notebook, lambda: kept(server, "demo.share", value=0.51, sure=0.5))


def test_the_page_of_text_is_not_shown_beside_the_buttons(notebook):
    assert notebook.text("choice").count("Before you look") == 1
    assert notebook.text("number").count("Before you look") == 1


def test_a_figure_is_sharp_undistorted_and_has_its_caption(notebook):
    image = notebook.output("figure").locator("img")
    wide, high, pixels_wide, pixels_high = image.evaluate("i => [i.width, i.height, i.naturalWidth, i.naturalHeight]")
    assert pixels_wide == 1440 and wide == 720
    assert abs(high / wide - pixels_high / pixels_wide) < 0.01
    assert "Three ways to take 2.2 out." in notebook.text("figure")


def test_frames_move_under_a_slider(notebook):
    assert len(notebook.images("frames")) == 1
    assert notebook.press_and_see("frames", slider=0)
    assert notebook.press_and_see("frames", slider=0)
    assert not notebook.press_and_see("frames", slider=0, seconds=3)  # there are three
    assert notebook.outside == []
