"""The interactive views where they are used: drawn, answering the mouse and the keyboard, without a network."""

import sys

import harness
import pytest
import torch

from course_utils import views

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture(scope="module")
def notebook(browser, server):
    notebook = harness.Notebook.open(browser, server, "my/98_views.ipynb")
    notebook.run_all()
    assert notebook.errors() == []
    yield notebook
    notebook.close()


def drawn(notebook, cell):
    """How many of circuitsvis' canvases below a cell hold more than one colour, once there is one."""
    output = notebook.output(cell)
    output.locator("canvas").first.wait_for(timeout=30_000)
    notebook.page.wait_for_timeout(500)
    return output.locator("canvas").evaluate_all(
        """all => all.filter(canvas => {
            const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
            return new Set(new Uint32Array(pixels.buffer)).size > 1;
        }).length"""
    )


def test_in_a_frame_of_its_own_a_figure_needs_nothing_else(browser, monkeypatch):
    monkeypatch.setitem(sys.modules, "google.colab", object())  # whose outputs do not see one another
    html = []
    monkeypatch.setattr("IPython.display.display", lambda data, **how: html.append(data.get("text/html")))
    views.attention(torch.eye(4).expand(3, 4, 4), list("abcd"))
    page = browser.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.set_content(html[-1])
    page.locator("canvas").nth(3).wait_for(timeout=30_000)
    assert page.locator("canvas").count() == 4
    assert asked == []
    page.close()


def carriers(notebook):
    """The cells whose outputs hold circuitsvis' bundle."""
    return [
        cell["id"]
        for cell in notebook.cells()
        if any("DecompressionStream" in "".join(o.get("data", {}).get("text/html", "")) for o in cell["outputs"])
    ]


def test_circuitsvis_draws_its_heads_offline(notebook):
    assert drawn(notebook, "attention") == 3  # two heads, and the chosen one large
    assert drawn(notebook, "again") == 2
    assert "0.1" in notebook.text("attention") and "appears here" not in notebook.text("attention")
    assert len(notebook.images("attention")) == 1  # the figure stands beside it
    assert notebook.outside == []


def test_the_bundle_is_in_one_cell_whatever_is_run_again(notebook):
    assert carriers(notebook) == ["attention"]
    for cell in ("again", "attention"):
        notebook.run(cell)
        assert carriers(notebook) == ["attention"]
        assert drawn(notebook, cell) >= 2


def detail(notebook):
    """What the page shows of the cell under the mouse or the keyboard."""
    return notebook.page.evaluate(
        """() => [...document.querySelectorAll(".course-view td")]
            .map(cell => getComputedStyle(cell, "::after").content).filter(content => content !== "none")"""
    )


@pytest.mark.parametrize(
    ("cell", "first", "second"),
    [
        ("sweep", "layer 0, head 0: 0.05 [0, 0.1]", "layer 0, head 1: 0.25 [0.2, 0.3]"),
        ("lens", "after 0 layers, position 0 <bos>: <a> 0.974, ", "after 0 layers, position 1 if: b 0.974, "),
    ],
)
def test_a_table_answers_the_mouse_and_the_keyboard(notebook, cell, first, second):
    output = notebook.output(cell)
    summary = output.locator("summary")
    cells = output.locator("td")
    assert not cells.first.is_visible()
    summary.focus()
    notebook.page.keyboard.press("Enter")
    cells.first.wait_for(state="visible")
    assert cells.first.get_attribute("title").startswith(first)
    cells.first.hover()
    (shown,) = detail(notebook)
    assert shown.strip('"').startswith(first)
    summary.hover()
    summary.focus()
    notebook.page.keyboard.press("Tab")
    notebook.page.keyboard.press("Tab")
    (shown,) = detail(notebook)
    assert shown.strip('"').startswith(second)
    summary.focus()
