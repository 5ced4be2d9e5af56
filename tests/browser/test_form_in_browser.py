"""A built lesson in JupyterLab: what is folded is folded, what is closed opens when it is clicked, links lead on."""

import harness
import nbformat
import pytest
from from_source import lesson
from nbformat.v4 import new_output

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SOURCE = """\
# %% [markdown]
# # Folds

# %% [markdown] contents

# %% setup

# %% [markdown]
# ## 1 · Open

# %%
print("an experiment")

# %% caption
from course_utils.page import caption
caption("A caption.")

# %% answer
print("the answer")

# %% [markdown]
# FILLER

# %% [markdown]
# ## 2 · What `x` is (really)?
# A **square** is a number times itself.
#
# FILLER

# %% [markdown] words
# ## Words
#
# - square: a number times itself.
"""


@pytest.fixture
def folds(browser, server, tmp_path):
    script = tmp_path / "lesson.py"
    script.write_text(SOURCE.replace("FILLER", "\n#\n# ".join(["filler"] * 90)), encoding="utf8")
    nb = lesson(script, "https://host/course")
    answer = next(cell for cell in nb.cells if cell.id == "1-open-3")
    answer.outputs, answer.execution_count = [new_output("stream", text="the answer\n")], 1  # as it is committed
    nbformat.write(nb, server.course / "notebooks" / "97_folds.ipynb")
    notebook = harness.Notebook.open(browser, server, "notebooks/97_folds.ipynb")
    yield notebook
    notebook.close()


def cell(notebook, name):
    """The cell of that id, scrolled into view."""
    panel = harness.PANEL
    index = notebook.page.evaluate(f"name => {panel}.content.widgets.findIndex(cell => cell.model.id === name)", name)
    notebook.page.evaluate(f"index => {{ {panel}.content.scrollToItem(index, 'start'); }}", index)
    found = notebook.page.locator(f'.jp-Notebook .jp-Cell[data-windowed-list-index="{index}"]')
    found.wait_for(state="attached", timeout=30_000)
    return found


def test_sources_are_folded_and_a_committed_answer_opens_on_a_click(folds):
    for name, folded in {"setup": True, "1-open-1": False, "1-open-2": True, "1-open-3": False}.items():
        assert cell(folds, name).locator(".cm-content").is_visible() is not folded, name
    answer = cell(folds, "1-open-3")
    said = answer.locator(".jp-OutputArea-output").get_by_text("the answer", exact=True)
    assert not said.is_visible()
    answer.locator(".jp-Placeholder").click()
    said.wait_for(timeout=5000)


def test_who_runs_the_cells_sees_all_outputs(folds):
    folds.run_all()
    assert folds.errors() == []
    said = {"1-open-1": "an experiment", "1-open-2": "A caption.", "1-open-3": "the answer"}
    assert {name: folds.text(name).split("\n")[-1] for name in said} == said  # a result has its number above it


@pytest.mark.parametrize("link", ["2 · What x is (really)?", "square"])
def test_links_lead_to_their_places(folds, link):
    cell(folds, "words" if link == "square" else "folds-1")
    heading = folds.page.get_by_role("heading", name="2 · What x is (really)?")
    if link == "square":
        folds.page.locator("summary").click()  # the words are folded
    before = heading.bounding_box()["y"] if heading.count() else 9e9
    folds.page.get_by_role("link", name=link).click()
    folds.page.wait_for_timeout(2000)
    assert 0 < heading.bounding_box()["y"] < 1000
    assert heading.bounding_box()["y"] != before
