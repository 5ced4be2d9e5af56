"""A browser and a JupyterLab for the tests here; skipped where there is no Chromium, unless CI asks for it."""

import os
import shutil
from pathlib import Path

import harness
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

PROBE = {  # a notebook about the harness itself: what it must see, and what it must not miss
    "figures": """\
import ipywidgets as widgets
from course_utils import plots
from course_utils.runtime import setup
setup()

def draw(height=1, still=0):
    fig, ax = plots.figure()
    ax.bar([0], [height])
    ax.set_ylim(0, 9)
    plots.show(fig, alt="A bar.")

widgets.interact(draw, height=(1, 9), still=(0, 9));""",
    "page": "from IPython.display import HTML, display\nfor i in range(40): display(HTML('<p>filler</p>'))",
    "report": "print('a report')",
    "outside": 'HTML(\'<img src="https://example.invalid/x.png" alt="">\')',
    "failing": "raise ValueError('as it should')",
    "after": "print('not reached')",
}
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def browser():
    if harness.chromium_path() is None:
        reason = "no Chromium is installed here (Debian: apt install chromium)"
        if os.environ.get("COURSE_REQUIRE_BROWSER", "") not in ("", "0"):
            pytest.fail(f"{reason}, and COURSE_REQUIRE_BROWSER is set")
        pytest.skip(reason)
    with harness.chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """JupyterLab on a copy of this course and of the tests' own notebook, so that nothing here is changed."""
    course = tmp_path_factory.mktemp("course")
    for folder in ("notebooks", "exercises"):
        (course / folder).mkdir()
        for path in (ROOT / folder).glob("*.ipynb"):
            shutil.copy(path, course / folder)
        cells = [new_code_cell(source, id=name) for name, source in PROBE.items()]
        metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)"}}
        nbformat.write(new_notebook(cells=cells, metadata=metadata), course / folder / "99_probe.ipynb")
    with harness.Server(course, tmp_path_factory.mktemp("scratch")) as server:
        yield server
